/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cell run --image: from an image's name to a container that somebody keeps.
 *
 *	options.c	the command line; words.c: what its words mean; data.c: folders
 *	tree.c		the image's files, unpacked once:	DATA/trees/IMAGE-ID/{rootfs,config.json}
 *	folder.c	what is the container's own:		DATA/containers/ID/{rootfs,upper,work,log,...}
 *	log.c		what a detached one writes, bounded; log_read.c: read again
 *	bundle.c	its config.json: the image's, with what the command line says; seccomp.c: its filter
 *	record.c	that it is there, and whose it is:	ROOT/.run/ID/{record.json,ending,exit}
 *	keeper.c	the process that stays: starts it, waits, starts it again, removes it
 *
 * The root file system is an overlay: the image's tree below, the container's changes above; where
 * the host has no overlays, a copy. The record is made first and removed last, and `delete` follows
 * it, so that nothing is lost whoever is killed when. While its keeper lives it holds a lock on the
 * record's folder.
 *
 * DATA is $CELL_DATA, else /var/lib/cell, for users $XDG_DATA_HOME/cell or ~/.local/share/cell.
 */
#ifndef CELL_RUN_RUN_H
#define CELL_RUN_RUN_H

#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../cell.h"

#define RUN_WORDS	128	/* of each of -e, -v and --tmpfs */
#define RUN_LOG_SIZE	(10 << 20)	/* octets of a log's file, unless --log-opt says otherwise */
#define RUN_LOG_LEAST	1024
#define RUN_LOG_KEPT	2		/* files of a log, likewise */
#define RUN_LOG_FILES	100
#define RUN_TREE	64	/* octets of an image's id: hex */
/* Of Debian's golang-github-containers-common. */
#define SECCOMP_DEFAULT	"/usr/share/containers/seccomp.json"

struct run_words {
	const char *at[RUN_WORDS];
	unsigned int count;
};

enum run_restart {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_UNLESS_STOPPED,
	RESTART_ALWAYS,
};

/**
 * struct run_log - bounds of a log
 * @most: octets of a file
 * @files: how many there are at most
 */
struct run_log {
	uint64_t most;
	unsigned int files;
};

/**
 * struct run_options - what the command line says; pointers are into it
 * @image: NAME[:TAG], or the first digits of an id
 * @store: of images; NULL: the default
 * @id: of the container: --name, or made up
 * @hostname: NULL: @id up to 63 octets
 * @command: takes the place of the image's Cmd; NULL-terminated; may be empty
 * @entrypoint: takes the place of the image's Entrypoint, and of Cmd; NULL: the image's
 * @env: NAME=VALUE, or NAME: as it is here
 * @volumes: SOURCE:DESTINATION[:ro|rw]
 * @tmpfs: DESTINATION[:SIZE]
 * @secrets: FILE:DESTINATION[:MODE]
 * @log: of a detached one
 * @workdir: NULL: the image's
 * @user: NULL: the image's
 * @memory: octets, 0: no limit
 * @cpu_quota: microseconds in each 100 ms, 0: no limit
 * @cpuset: NULL: all
 * @pids: 0: the default
 * @read_only: its root
 * @remove: all of it when it ends
 * @detach: do not wait
 * @tty: a terminal
 * @restart: when it ends by itself
 * @restart_most: RESTART_ON_FAILURE: how often; 0: always
 * @labels: NAME=VALUE: annotations
 * @seccomp: a profile, or unconfined; NULL: the default one, if the host has it
 * @world: --net, -p, --sched
 */
struct run_options {
	const char *image;
	const char *store;
	char id[ID_MAX + 1];
	const char *hostname;
	char **command;
	const char *entrypoint;
	struct run_words env;
	struct run_words volumes;
	struct run_words tmpfs;
	struct run_words secrets;
	struct run_log log;
	struct run_words labels;
	const char *seccomp;
	const char *workdir;
	const char *user;
	int64_t memory;
	int64_t cpu_quota;
	const char *cpuset;
	int64_t pids;
	bool read_only;
	bool remove;
	bool detach;
	bool tty;
	enum run_restart restart;
	unsigned int restart_most;
	struct world_options world;
};

/* argv[0] is "run". Returns 0 or a negative error. */
int run_parse(int argc, char **argv, struct run_options *o, struct error *err);

/* "512m", "64k", "1g", "1048576": octets, at least 1. "1.5": microseconds of 100 ms. */
int run_read_size(const char *what, const char *text, int64_t *octets, struct error *err);
int run_read_cpus(const char *text, int64_t *quota, struct error *err);
int run_read_restart(const char *text, enum run_restart *restart, unsigned int *most,
		     struct error *err);

/**
 * struct run_volume - a word of -v, taken apart
 * @source: a path if it has a slash or is a dot, else the name of a volume; @source_length octets
 * @named: it is a name
 * @destination: absolute; @destination_length octets
 */
struct run_volume {
	const char *source;
	size_t source_length;
	bool named;
	const char *destination;
	size_t destination_length;
	bool read_only;
};

int run_read_volume(const char *word, struct run_volume *volume, struct error *err);

/**
 * struct run_secret - a word of --secret, taken apart
 * @source: path of a file; @source_length octets
 * @destination: absolute; @destination_length octets
 * @mode: of the file inside
 */
struct run_secret {
	const char *source;
	size_t source_length;
	const char *destination;
	size_t destination_length;
	unsigned int mode;
};

int run_read_secret(const char *word, struct run_secret *secret, struct error *err);

/* "max-size=10m", "max-file=3", or both with a comma: what it does not name stays. */
int run_read_log(const char *word, struct run_log *log, struct error *err);

/* Folder below DATA, "" for itself; made (0700). 0 or a negative errno. */
int run_data(const char *name, char path[PATH_MAX], struct error *err);

/**
 * run_tree() - an image's files
 * @o: image and store
 * @tree: of RUN_TREE + 1 octets: its id
 * @image: what cell-image inspect says; json_object_put() it
 *
 * Return: a descriptor, which keeps the tree from being swept until it is closed; or a negative
 * errno; -ENOENT: there is no such image, or no cell-image.
 */
int run_tree(const struct run_options *o, char *tree, json_object **image, struct error *err);

/* Remove trees that no container and no image needs. */
int run_sweep(const char *store, struct error *err);

/**
 * run_folder_make() - DATA/containers/ID with a root file system
 * @tree: of the image
 * @path: the folder
 */
int run_folder_make(const struct run_options *o, const char *tree, char path[PATH_MAX],
		    struct error *err);

/* Take it all away. One that is not there is fine. */
int run_folder_remove(const char *path, struct error *err);

/* Remove a folder and all below it, following no link and entering no other mount. */
int run_remove_tree(int parent, const char *name);

/**
 * run_seccomp() - the filter for linux.seccomp
 * @path: see struct run_options
 * @capabilities: array of names: those that the container can have
 * @filter: object, the caller's; NULL: none
 */
int run_seccomp(const char *path, json_object *capabilities, json_object **filter,
		struct error *err);

/* Write @folder/config.json. */
int run_bundle(const struct run_options *o, const char *tree, json_object *image,
	       const char *folder, struct error *err);

/**
 * struct run_record - of one container
 * @dir: descriptor of ROOT/.run/ID, locked while its keeper lives
 * @folder: DATA/containers/ID
 * @tree: of its image
 * @image: as it was named
 */
struct run_record {
	int dir;
	char folder[PATH_MAX];
	char tree[RUN_TREE + 1];
	char image[512];
};

/* Make it, and hold it. -EEXIST: there is such a container. */
int record_make(const struct run_options *o, struct run_record *record, struct error *err);
int record_write(const struct run_record *record, struct error *err);

/* Read that of @id; close record->dir. -ENOENT: it has none. */
int record_read(const char *id, struct run_record *record, struct error *err);

/* Nobody is to start it again. */
void record_end(const char *id);
bool record_ending(const struct run_record *record);

/* How its program ended: exit status, or 128 and a signal. -1: it has not. */
void record_exit(const struct run_record *record, int status);
int record_status(const struct run_record *record);

/* Does its keeper live? Waits up to @wait_ms for it to end. */
bool record_kept(const struct run_record *record, int wait_ms);

/**
 * record_remove() - all that cell run --image made for @id: folder, then record
 * @held: the caller is its keeper
 *
 * Return: 0, also if there is nothing; -EBUSY: its keeper does not end.
 */
int record_remove(const char *id, bool held, struct error *err);

/* --- log.c, log_read.c --- */

/**
 * struct log_writer - the end of a log that grows
 * @dir: folder with its files, log.1, log.2, ...; the greatest number is the latest
 * @fd: of that one, -1: none yet; @number of it; @size of it
 * @inside_line: it does not end with a whole line
 * @lost: octets that could not be written since the last that could
 */
struct log_writer {
	int dir;
	int fd;
	unsigned int number;
	uint64_t size;
	bool inside_line;
	uint64_t lost;
	struct run_log bounds;
};

#define LOG_NONE	((struct log_writer){ .dir = -1, .fd = -1 })

/* Write; a line stays in one file unless it is longer than LOG_LINE. What is too much goes. */
void log_put(struct log_writer *w, const char *data, size_t length);

/**
 * log_start() - a process that writes the log in @folder
 * @pipe: what is written there becomes the log; it ends when nobody has it any more
 * @pid: of the process
 */
int log_start(const char *folder, const struct run_log *bounds, int *pipe, pid_t *pid,
	      struct error *err);

/* Wait until it has ended, but not for ever: whoever left the container may write on. */
void log_finish(pid_t pid);

struct log_reader {
	int dir;
	int fd;
	unsigned int number;
};

#define LOG_UNREAD	((struct log_reader){ .dir = -1, .fd = -1 })

/* The oldest that is kept. -ENOENT: there is no log. */
int log_open(struct log_reader *r, const char *folder, struct error *err);

/* Copy all that is there by now to @out. */
int log_copy(struct log_reader *r, int out, struct error *err);
void log_close(struct log_reader *r);

/* Until what has been written before is in the files, but not for ever. */
void log_settle(const struct log_reader *r);

/* Run cell-image with @words, NULL-terminated. @output: NULL, or what it says. */
int image_tool(const char *const *words, char **output, struct error *err);

/* From the command line to the exit status. */
int run_image(int argc, char **argv, struct error *err);

#endif
