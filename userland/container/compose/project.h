/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell-compose: several containers as one. What its verbs share.
 *
 *	main.c		finds file, project and verb
 *	cells.c		runs cell, which does all that is done to containers
 *	health.c	waits for what depends_on asks for
 *	cmd_*.c		a verb each
 *
 * It keeps nothing: which containers a project has is told by their labels.
 */
#ifndef CELL_COMPOSE_PROJECT_H
#define CELL_COMPOSE_PROJECT_H

#include <limits.h>
#include <sys/types.h>

#include "../cell.h"
#include "file.h"

/**
 * struct project - what the options before the verb say, and the file
 * @path: of the file; empty: there is none (down, ps and logs go without)
 * @folder: absolute: where it lies
 * @name: of the project
 */
struct project {
	char path[PATH_MAX];
	char folder[PATH_MAX];
	char name[COMPOSE_NAME + 1];
	struct compose_file file;
	bool has_file;
};

/**
 * struct member - a container of the project
 * @config: digest of the command that made it
 */
struct member {
	char id[256];
	char service[COMPOSE_NAME + 1];
	char status[16];
	char config[20];
	char created[40];
};

struct members {
	struct member *at;
	size_t count;
};

/**
 * cell_call() - run cell and wait
 * @words: of its command line, after --root
 * @output: what it wrote, the caller's to free; NULL: it writes where we do
 * @err: its own last word, if it fails
 *
 * Return: 0, or -ECHILD if its exit status was not 0.
 */
int cell_call(const char *const *words, char **output, struct error *err);

/* Start it; @out becomes its standard output and error, -1: ours. A pid, or a negative errno. */
pid_t cell_start(const char *const *words, int out, struct error *err);

/* Exit status, 128 and the signal, or -ETIMEDOUT; @timeout_ms 0: as long as it takes. */
int cell_wait(pid_t pid, uint64_t timeout_ms);

/* Containers of @project, in the order in which they were made. */
int members_find(const char *project, struct members *members, struct error *err);
void members_free(struct members *members);
const struct member *members_named(const struct members *members, const char *id);

/* Until a service that another needs is as it needs it. */
int health_await(struct project *p, const struct compose_need *need, struct error *err);

/* "healthy", "unhealthy", or "" if nothing says. Runs the test once. */
const char *health_now(const struct compose_health *health, const char *id);

/* Stop and delete, all at once. @count of @ids. */
int members_delete(const char *const *ids, size_t count, const char *patience, struct error *err);

/* Show what they write, each line with its name; @follow: until all have ended, or a signal. */
int logs_show(const struct members *members, bool follow, struct error *err);

int compose_up(struct project *p, int argc, char **argv, struct error *err);
int compose_down(struct project *p, int argc, char **argv, struct error *err);
int compose_ps(struct project *p, int argc, char **argv, struct error *err);
int compose_logs(struct project *p, int argc, char **argv, struct error *err);
int compose_plan(struct project *p, int argc, char **argv, struct error *err);

#endif
