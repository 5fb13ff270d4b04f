/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A container's control groups: cgroup v2, v1, and hosts that have both (cgroups(7)).
 *
 *	pure v2		one hierarchy with all controllers
 *	v1		a hierarchy for each controller, or for some together ("cpu,cpuacct")
 *	hybrid		v1 hierarchies, and v2 with the controllers that are left, maybe none
 *
 * The container has a group of the same path in each hierarchy. A limit goes to the
 * hierarchy that has its controller, in that version's words.
 */
#ifndef CELL_CGROUP_CGROUP_H
#define CELL_CGROUP_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../config/config.h"
#include "error.h"

#define CGROUP_HIERARCHIES	24

enum cgroup_controller {
	CG_CPU,
	CG_CPUACCT,
	CG_CPUSET,
	CG_MEMORY,
	CG_DEVICES,
	CG_FREEZER,
	CG_IO,
	CG_PIDS,
	CG_HUGETLB,
	CG_NET_CLS,
	CG_NET_PRIO,
	CG_RDMA,
	CG_PERF,
	CG_CONTROLLERS,
};

/**
 * struct cgroup_hierarchy - one
 * @root: descriptor of where it is mounted
 * @v2: it is the unified one
 * @controllers: bit of each cgroup_controller it has
 * @mount: where it is mounted
 * @dir: descriptor of the container's group in it, or -1
 */
struct cgroup_hierarchy {
	int root;
	bool v2;
	unsigned int controllers;
	char mount[128];
	int dir;
};

/**
 * struct cgroups - a container's
 * @hierarchies: of this host, @count of them
 * @path: of the group, relative to each mount, without a leading slash; "" if there is none
 * @made: components from the end that were not there before: what cgroups_remove() removes
 * @enabled: false: the container stays in its creator's groups
 */
struct cgroups {
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES];
	unsigned int count;
	char path[PATH_MAX];
	unsigned int made;
	bool enabled;
};

#define CGROUPS_NONE	((struct cgroups){ .count = 0 })

/**
 * cgroups_find() - the hierarchies of this host
 * @groups: filled; cgroups_close() in any case
 *
 * Return: 0 or a negative errno with @err set.
 */
int cgroups_find(struct cgroups *groups, struct error *err);

/**
 * cgroups_path() - where a container's groups are to be
 * @wanted: linux.cgroupsPath, NULL: none
 * @id: of the container
 * @systemd: @wanted has the form slice:prefix:name
 * @path: of PATH_MAX octets
 *
 * Return: 0; -EINVAL: a path that leads elsewhere ("..") or is malformed.
 */
int cgroups_path(const char *wanted, const char *id, bool systemd, char *path,
		 struct error *err);

/* Of which version. */
#define CGROUPS_V1	1u
#define CGROUPS_V2	2u
#define CGROUPS_ALL	(CGROUPS_V1 | CGROUPS_V2)

/* Of which versions there are hierarchies here. */
unsigned int cgroups_versions(const struct cgroups *groups);

/**
 * cgroups_create() - make the groups, or open those that are there
 * @groups: found, with their path
 * @versions: CGROUPS_*: only those; may be called once for each, v2 first
 *
 * Return: 0 or a negative errno with @err set; -EBUSY: somebody else's processes are in them.
 */
int cgroups_create(struct cgroups *groups, unsigned int versions, struct error *err);
int cgroups_open(struct cgroups *groups, const char *path, struct error *err);

/* Write limits. Those that are CONFIG_UNSET stay. */
int cgroups_apply(struct cgroups *groups, const struct config_resources *resources,
		  struct error *err);

/**
 * cgroups_enter() - the calling thread, alone in its process, joins all of them
 * @groups: made or opened
 * @entered_v2: it was born in the unified one (CLONE_INTO_CGROUP)
 *
 * In v1 a process that moves itself by "tasks" needs no lock on all forks of the machine, which
 * costs an RCU grace period (milliseconds); so the child does it, not its parent.
 *
 * Return: 0 or a negative errno.
 */
int cgroups_enter(const struct cgroups *groups, bool entered_v2);

/* Descriptor of the unified group, or -1; borrowed. */
int cgroups_v2_dir(const struct cgroups *groups);

/* Remove the groups that were made, and whatever the container made below. -EBUSY: processes. */
int cgroups_remove(struct cgroups *groups, struct error *err);

void cgroups_close(struct cgroups *groups);

/* The hierarchy with that controller, or NULL. */
struct cgroup_hierarchy *cgroups_with(struct cgroups *groups, enum cgroup_controller controller);

/**
 * cgroups_processes() - all in the group and below
 * @pids: room for @room of them
 *
 * Return: how many there are, maybe more than @room; or a negative errno.
 */
ssize_t cgroups_processes(struct cgroups *groups, pid_t *pids, size_t room);

/* Freeze or thaw; waits until it is so. */
int cgroups_freeze(struct cgroups *groups, bool freeze, struct error *err);
bool cgroups_frozen(struct cgroups *groups);

/* A signal to all of them, also to those that are forked meanwhile. */
int cgroups_signal(struct cgroups *groups, int signal, struct error *err);

/* The "data" of an event of `events --stats`, as JSON. */
void cgroups_print_stats(struct cgroups *groups, FILE *out);

/**
 * struct cgroup_sample - what a container uses at one moment
 * @cpu_ns: since it began
 * @throttled_ns: for which its quota held it back
 * @memory: octets; @memory_limit likewise, 0: none
 * @pids: tasks; @pids_limit likewise, 0: none
 * @oom_kills: how many processes were killed for want of memory
 */
struct cgroup_sample {
	uint64_t cpu_ns;
	uint64_t throttled_ns;
	uint64_t memory;
	uint64_t memory_limit;
	uint64_t pids;
	uint64_t pids_limit;
	uint64_t oom_kills;
};

void cgroups_sample(struct cgroups *groups, struct cgroup_sample *sample);

/* A file that holds one number; "max" and absent files are 0; @h may be NULL. */
uint64_t cgroup_number(const struct cgroup_hierarchy *h, const char *file);

/* Of "key value" lines, as in memory.stat. */
uint64_t cgroup_keyed(const struct cgroup_hierarchy *h, const char *file, const char *key);

/* One file of a group: write, read (0-terminated, without the last newline). -errno. */
int cgroup_write(int dir, const char *file, const char *value);
ssize_t cgroup_read(int dir, const char *file, char *text, size_t room);

/* Parts of cgroups_apply(), a file each. */
int cgroups_apply_v1(struct cgroups *groups, const struct config_resources *r, struct error *err);
int cgroups_apply_v2(struct cgroups *groups, const struct config_resources *r, struct error *err);
int cgroups_apply_devices(struct cgroups *groups, const struct config_resources *r,
			  struct error *err);

/**
 * cgroups_set() - write one limit and say so if it cannot be
 * @h: NULL: no hierarchy has the controller, which is the error
 * @what: for the message, such as "memory limit"
 * @controller: its name, for the message
 */
int cgroups_set(const struct cgroup_hierarchy *h, const char *what, const char *controller,
		const char *file, const char *value, struct error *err);

/* cpu.weight of cgroup v2 for cpu.shares of v1, and io.weight for blkio.weight. */
uint64_t cgroup_weight_of_shares(uint64_t shares);
uint64_t cgroup_io_weight(uint64_t weight);

struct bpf_insn;

/**
 * device_program() - what decides about a device in cgroup v2
 * @rules: in the order of the configuration: the last that matches counts
 * @program: room for @room instructions
 *
 * Return: how many instructions; -E2BIG if they do not fit.
 */
int device_program(const struct config_device_rule *rules, size_t count, struct bpf_insn *program,
		   size_t room);

/* What every container may use, whatever its rules say (config-linux.md#default-devices). */
extern const struct config_device_rule device_defaults[];
extern const size_t device_default_count;

#endif
