/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of box share: what a box is, and who does which part of making one.
 *
 *	box, an ordinary process			in the box
 *	  main.c     options, order of things
 *	  layers.c   image -> folders (tar.c)
 *	  limits.c   a cgroup
 *	  spawn.c    clone() -------------------------> waits for a byte
 *	  spawn.c    whose root is whose		 |
 *	  limits.c   its cgroup			 |
 *	  wire.c     a wire to it (netlink.c)		 |
 *	  main.c     the byte ------------------------> root.c    layers, pivot_root()
 *	  main.c     waits				wire.c    its end of the wire
 *						caps.c    capabilities
 *						filter.c  system calls
 *						spawn.c   fork(): process 2 is the command
 *	  limits.c   nothing is left <----------------- spawn.c   process 1 reaps until that ends
 */
#ifndef LAB_BOX_H
#define LAB_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "filter.h"
#include "layers.h"

/* What a limit is if nobody set it. */
#define UNLIMITED UINT64_MAX

/* Statuses of box itself; any other is the command's, or 128 + N for signal N (as in a shell). */
enum { BOX_TROUBLE = 125, BOX_CANNOT_RUN = 126, BOX_NOT_FOUND = 127 };

/**
 * struct ids - whose user and group ids are whose
 * @base: the id outside that is 0 inside
 * @count: how many there are, from 0 on; at least 1
 */
struct ids {
	unsigned int base;
	unsigned int count;
};

/**
 * struct limits - what a box may use (Documentation/admin-guide/cgroup-v2.rst)
 * @memory: octets; UNLIMITED
 * @pids: processes and threads at a time; UNLIMITED
 * @cpu_percent: of one processor's time: 250 is two and a half; 0: unlimited
 * @weight: its share when several want the same processor, 1 to 10000; 0: as it is (100)
 */
struct limits {
	uint64_t memory;
	uint64_t pids;
	unsigned int cpu_percent;
	unsigned int weight;
};

/**
 * struct wire - a wire between the box and where it was started; none if @inside is empty
 * @inside: the box's address, dotted
 * @outside: that of the other end; what the box sends elsewhere goes there, too
 * @prefix: how many bits both have in common, 8 to 30
 */
struct wire {
	char inside[16];
	char outside[16];
	unsigned int prefix;
};

/**
 * struct box - all there is to know of one
 * @name: host name, name of its cgroup and of the folder of what it writes
 * @cgroups: the cgroup (a folder) in which boxes have theirs
 * @folder: what is kept of it: @layers[] taken apart, upper/ and work/ (overlayfs), root/
 * @layers: what its files are made of, lowest first; names of folders in @folder
 * @caps: the capabilities that it keeps, a bit each (capabilities(7))
 * @command: what runs in it, and its arguments; ends with NULL
 */
struct box {
	const char *name;
	const char *cgroups;
	const char *folder;
	struct layers layers;
	struct ids ids;
	struct limits limits;
	struct wire wire;
	uint64_t caps;
	char *const *command;
};

/**
 * trouble() - says once what went wrong, on standard error
 * @format: what failed: which object: what to do; errno's meaning is added if @number is not 0
 *
 * Return: -1, so that `return trouble(...)` reads well.
 */
int trouble(int number, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* write_file() - one write() to a file that is there. Return: 0, or -errno. */
int write_file(const char *path, const char *text);

/* Each of these does what the picture says. Return: 0, or -1 after trouble(). */
int limits_make(const struct box *box);
int limits_enter(const struct box *box, pid_t pid);
int limits_remove(const struct box *box);
int spawn_map(const struct box *box, pid_t pid);
int spawn_become_root(const struct box *box);
int root_enter(const struct box *box);
int root_close_others(void);
int wire_lay(const struct box *box, pid_t pid);
int wire_take(const struct box *box);
int caps_drop(uint64_t keep);

/**
 * spawn() - a copy of this process in namespaces of its own: it is process 1 there
 *
 * Return: its id, 0 in it, -1 with errno.
 */
pid_t spawn(void);

/* spawn_map_line() - what is written to uid_map (user_namespaces(7)); @line holds @size octets. */
void spawn_map_line(char *line, size_t size, struct ids ids);

/**
 * spawn_serve() - the life of process 1: it waits until everything that comes to it has ended
 * @command: its child, the command
 *
 * Return: what the command left: its status, or 128 + N for signal N.
 */
int spawn_serve(pid_t command);

/**
 * limits_value() - what is written to a file of the box's cgroup
 * @file: "memory.max", "memory.swap.max", "pids.max", "cpu.max" or "cpu.weight"
 * @text: gets it, @size octets; "" for a file that is left as it is
 */
void limits_value(const struct limits *limits, const char *file, char *text, size_t size);

/* caps_words() - the kernel's form of a set of capabilities: the lower 32, and the others. */
void caps_words(uint64_t keep, uint32_t words[2]);

#endif /* LAB_BOX_H */
