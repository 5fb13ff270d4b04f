/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * --sched: a container as one customer of a CPU, under the policies of kmod/credit_sched, or under
 * the kernel's own groups where the module is not loaded.
 *
 *	words.c		"credit:weight=256,cap=50,burst=30s" -> struct schedule (pure)
 *	device.c	a group of /dev/credit_sched with all of the container's tasks
 *	groups.c	the same as far as cpu.weight, cpu.max and cpu.shares can express it
 *
 * The group persists (CSCHED_PERSIST): a detached container has nobody who could hold a descriptor.
 * It is found again by its name, which follows from the container's id.
 *
 * Called by create.c and cmd_delete.c.
 */
#ifndef CELL_SCHEDULE_H
#define CELL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../cgroup/cgroup.h"
#include "error.h"

#define SCHEDULE_DEVICE "/dev/credit_sched"
/* A group's name: CSCHED_NAME_MAX. */
#define SCHEDULE_NAME	32

enum schedule_policy {
	SCHEDULE_SHARE,
	SCHEDULE_LOTTERY,
	SCHEDULE_CREDIT,
};

/**
 * struct schedule - what --sched asks for
 * @policy: how CPU time is handed out
 * @weight: share and lottery 1 to 10000 (100), credit 1 to 65535 (256)
 * @cap: credit: percent of one CPU, 1 to 100000; 0: none
 * @burst_ns: credit: how much CPU time it may save; 0: the policy's default
 */
struct schedule {
	enum schedule_policy policy;
	unsigned int weight;
	unsigned int cap;
	uint64_t burst_ns;
};

extern const char *const schedule_policies[];

/**
 * schedule_parse() - read the word of --sched
 * @word: share[:N], lottery[:N], credit[:weight=N][,cap=PERCENT][,burst=TIME]; N alone is a weight,
 *	TIME is a number with ns, us, ms or s
 * @schedule: filled
 * @err: what is wrong, where, what was expected
 *
 * Return: 0 or -EINVAL.
 */
int schedule_parse(const char *word, struct schedule *schedule, struct error *err);

/* The name of a container's group, of SCHEDULE_NAME octets: its id, or as much of it and a hash. */
void schedule_name(const char *id, char *name);

/**
 * schedule_open() - the device
 *
 * Return: a descriptor; -ENOENT: the module is not loaded, which is no error; or a negative errno
 * with @err set.
 */
int schedule_open(struct error *err);

/**
 * schedule_join() - a group for a container
 * @device: of schedule_open()
 * @id: of the container
 * @schedule: how
 * @pidfd: of its first process, which has no children yet
 * @err: what failed
 *
 * Return: 0, or a negative errno, with no group left.
 */
int schedule_join(int device, const char *id, const struct schedule *schedule, int pidfd,
		  struct error *err);

/* Remove a container's group; there may be none, and no module. */
void schedule_leave(const char *id);

/**
 * schedule_show() - how a container's group fares, in words
 * @text: "credit: weight 256, cap 50 %, used 1.32 s, credit 0.02 s"; empty: there is no group
 */
void schedule_show(const char *id, char *text, size_t size);

/**
 * schedule_as_groups() - the same by limits of control groups
 * @schedule: what was asked for
 * @groups: of this host, found
 * @r: limits that are changed; those that somebody set by hand stay
 * @pairs: room for one entry of cgroup v2's own, which @r then refers to
 * @said: what the user is to know: which file has which value in its place
 * @size: of @said
 */
void schedule_as_groups(const struct schedule *schedule, struct cgroups *groups,
			struct config_resources *r, struct config_pair *pairs, char *said,
			size_t size);

#endif
