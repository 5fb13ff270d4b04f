/* SPDX-License-Identifier: GPL-2.0-only */
/* cell: builds and runs containers. What main.c and the verbs share. */
#ifndef CELL_CELL_H
#define CELL_CELL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"
#include "init/container.h"
#include "net/net.h"
#include "schedule/schedule.h"
#include "state/state.h"

#define CELL_VERSION	"0.1"
/* Of the OCI runtime specification. */
#define CELL_SPEC	"1.2.0"

/* Marks a call that was not understood; main answers with status 2. */
#define EUSAGE	1000

/**
 * struct cell - what the options before the verb say
 * @root: descriptor of the state root; opened when the first verb asks
 * @root_path: where it is
 * @log: file that gets errors too, NULL: none
 * @log_json: as JSON lines
 * @systemd_cgroup: cgroupsPath has systemd's form
 * @debug: say what is done
 * @said: where messages go while standard error is somebody else's; NULL: there
 */
struct cell {
	int root;
	const char *root_option;
	char root_path[PATH_MAX];
	const char *log;
	bool log_json;
	bool systemd_cgroup;
	bool debug;
	FILE *said;
};

extern struct cell cell;

/**
 * struct verb - one
 * @run: argv[0] is the verb. Returns a negative error, or the exit status it wants
 * @enters: it puts a process into a container: the binary must not be within its reach
 */
struct verb {
	const char *name;
	int (*run)(int argc, char **argv, struct error *err);
	bool enters;
	const char *arguments;
	const char *summary;
};

int cmd_create(int argc, char **argv, struct error *err);
int cmd_delete(int argc, char **argv, struct error *err);
int cmd_events(int argc, char **argv, struct error *err);
int cmd_exec(int argc, char **argv, struct error *err);
int cmd_explain(int argc, char **argv, struct error *err);
int cmd_features(int argc, char **argv, struct error *err);
int cmd_kill(int argc, char **argv, struct error *err);
int cmd_list(int argc, char **argv, struct error *err);
int cmd_logs(int argc, char **argv, struct error *err);
int cmd_pause(int argc, char **argv, struct error *err);
int cmd_ps(int argc, char **argv, struct error *err);
int cmd_resume(int argc, char **argv, struct error *err);
int cmd_run(int argc, char **argv, struct error *err);
int cmd_spec(int argc, char **argv, struct error *err);
int cmd_start(int argc, char **argv, struct error *err);
int cmd_state(int argc, char **argv, struct error *err);
int cmd_stop(int argc, char **argv, struct error *err);
int cmd_top(int argc, char **argv, struct error *err);
int cmd_update(int argc, char **argv, struct error *err);
int cmd_wait(int argc, char **argv, struct error *err);

/* The state root's descriptor, or a negative errno. */
int cell_root(struct error *err);

/* One word of a message to the log, as an error or otherwise. */
void cell_log(const char *level, const char *text);

/* Run from where a container cannot write to us; see protect.c. Returns 0 or a negative errno. */
int protect_self(char **argv, struct error *err);

/* Is it so already? */
bool is_protected(void);

/**
 * struct create_options - of create and run
 * @run: it is to go on at once
 * @net: its network; NULL: what config.json says
 * @schedule: how it gets CPU time; NULL: as all do
 */
struct create_options {
	const char *id;
	const char *bundle;
	const char *config;
	const char *console_socket;
	const char *pid_file;
	unsigned int preserve_fds;
	bool no_pivot;
	bool no_keyring;
	bool run;
	bool detach;
	bool keep;
	const struct net_config *net;
	const struct schedule *schedule;
};

/**
 * struct world_options - words that every way of starting a container takes
 * @net: of --net and -p
 * @nets: how many --net there were
 * @ports: whether there was a -p
 * @schedule: of --sched
 * @sched: whether there was one
 */
struct world_options {
	struct net_config net;
	unsigned int nets;
	bool ports;
	struct schedule schedule;
	bool sched;
};

/* One of them: 'N' is --net, 'p' is -p, 'S' is --sched. Returns 0, or a negative error. */
int world_take(struct world_options *world, int option, const char *word, struct error *err);

/* All are read: into @options, checked together. */
int world_settle(struct world_options *world, struct create_options *options, struct error *err);

/* Take options of create and run; the operand is the id. */
int create_parse(int argc, char **argv, bool run, struct create_options *options,
		 struct error *err);

/**
 * container_make() - from a bundle to a process that waits
 * @options: what was asked for
 * @c: filled
 *
 * Whatever fails, at whichever step: no process, group, mount or file is left.
 */
int container_make(const struct create_options *options, struct container *c, struct error *err);

/* Undo container_make(), after the process is gone or to be. */
void container_unmake(struct container *c);

/* Connected to a socket that is to get a terminal; likewise seccomp's. -errno. */
int connect_socket(const char *path, const char *what, struct error *err);

int write_pid_file(const char *path, pid_t pid, struct error *err);

/* Check that a caller's descriptors are there. */
int check_preserved(unsigned int count, struct error *err);

/**
 * attend_from_now() - signals that we get wait for attend()
 * @master: the container's terminal, which gets the size of ours; or -1
 *
 * Called before the process is let go: a signal that comes when it has begun is for it, and it may
 * ask for the size.
 */
void attend_from_now(int master);

/**
 * attend() - be there until a container's process ends
 * @pid: a child of ours
 * @pidfd: of it
 * @master: its terminal, or -1: standard input and output are its own
 *
 * Signals that we get are passed on.
 *
 * Return: the exit status: that of the process, or 128 and its signal.
 */
int attend(pid_t pid, int pidfd, int master, struct error *err);

/**
 * network_attach() - the network that was asked for, instead of what config.json says
 * @net: NULL: nothing was asked for
 * @c: loaded; its configuration is changed, @c->id has the network then
 *
 * Return: 0 or a negative errno; network_detach() in any case.
 */
int network_attach(const struct net_config *net, struct container *c, struct error *err);

/* Take it away; @id may have none. Can be called again when it fails. */
int network_detach(const char *id, struct error *err);

/* "default 10.89.0.2; 0.0.0.0:8080->80/tcp", or "". */
void network_show(const char *id, char *text, size_t size);

/* Its groups, opened. cgroups_close() afterwards. */
int container_groups(const struct state *state, struct cgroups *groups, struct error *err);

enum status container_status(const struct state *state);

/**
 * container_run() - create, start and wait
 * @options: what was asked for; with @options->detach it does not wait
 * @c: CONTAINER_NONE; what it was, afterwards
 * @started: called when the process has become its program; may be NULL
 * @what: for @started
 *
 * Return: its exit status, or a negative errno with nothing left. The container is not removed.
 */
int container_run(const struct create_options *options, struct container *c,
		  void (*started)(void *what), void *what, struct error *err);

/* Remove all that the runtime has of one that container_run() has waited for. */
int container_finish(struct container *c, struct error *err);

/* Remove all that the runtime has of a container. It must be stopped, or @force kills it. */
int container_remove(const char *id, bool force, struct error *err);

/* Likewise, and what cell run --image made for it. */
int container_delete(const char *id, bool force, struct error *err);

/* A signal by name, with or without SIG, or number; -1. */
int signal_number(const char *text);

/* The program whose verb this is, beside this one; NULL: nobody's. */
const char *beside_program(const char *verb);

/* Keep in mind where this program lies, before protect_self() hides it. */
void beside_remember(void);

/* Where a program of ours is: beside this one, else in PATH. False: nowhere. */
bool beside_path(const char *program, char path[PATH_MAX]);

/* What to say then. */
int beside_missing(const char *verb, const char *program, struct error *err);

/* Become it; argv[1] is the verb. Returns on error, or the exit status of verbs that remove. */
int run_beside(const char *program, char **argv, struct error *err);

#endif
