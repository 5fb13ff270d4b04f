/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of containers between two calls: a folder for each below --root.
 *
 *	ROOT/ID/state.json	struct state, below
 *	ROOT/ID/config.json	the bundle's, as it was when the container was made
 *	ROOT/ID/start		socket on which a container that is not started waits
 *	ROOT/.seccomp/		compiled filters, by a digest of their rules
 *
 * The folder is the container's name: who makes it has the name. Whoever changes the container
 * holds a lock on it (flock(2)).
 */
#ifndef CELL_STATE_STATE_H
#define CELL_STATE_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../config/config.h"
#include "error.h"

#define ID_MAX	1024

enum status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};

extern const char *const status_names[];

/**
 * struct state - of one container
 * @pid: of its first process
 * @started: when that began, in clock ticks since boot: tells it from a later one of that pid
 * @cgroup: path of its groups, "" if it has none
 * @cgroup_made: how much of that path is ours to remove
 * @created: RFC 3339
 * @owner: uid of who made it
 * @annotations: JSON, or ""
 */
struct state {
	char id[ID_MAX + 1];
	pid_t pid;
	uint64_t started;
	char bundle[PATH_MAX];
	char rootfs[PATH_MAX];
	char cgroup[PATH_MAX];
	unsigned int cgroup_made;
	char created[40];
	uint32_t owner;
	char *annotations;
};

/* Letters, digits, and _ + - . of which the last not first. Returns 0 or -EINVAL with @err set. */
int id_check(const char *id, struct error *err);

/* The state root, made if need be, 0700. @path NULL: the default. A descriptor or -errno. */
int state_root(const char *path, char *where, size_t room, struct error *err);

/* Make the folder of a container, locked. A descriptor, or a negative errno; -EEXIST: it is there. */
int state_make(int root, const char *id, struct error *err);

/* Open and lock the folder of a container. @wait false: -EBUSY if somebody is at it. */
int state_lock(int root, const char *id, bool wait, struct error *err);
void state_unlock(int dir);

/* Write and read state.json, the first atomically. state_free() after state_read(). */
int state_write(int dir, const struct state *state, struct error *err);
int state_read(int root, const char *id, struct state *state, struct error *err);
void state_free(struct state *state);

/* Remove the folder of a container. */
int state_remove(int root, const char *id, struct error *err);

/* Is it running, as far as its process tells: @waits is whether it has not been started. */
bool state_alive(const struct state *state);
bool state_waits(int root, const char *id);

/* Clock ticks since boot at which @pid began, 0: there is none, or it is a zombie. */
uint64_t process_started(pid_t pid);

/* The object of `cell state`, also hooks' standard input. The caller frees it. */
char *state_json(const struct state *state, const char *version, const char *status, pid_t pid);

/* A JSON string, quoted, onto @out. */
void json_print_string(FILE *out, const char *text);

/* RFC 3339 with nanoseconds, UTC. */
void time_text(char *text, size_t room);

#endif
