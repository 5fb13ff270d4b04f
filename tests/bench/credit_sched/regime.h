/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who divides the CPUs among the groups of a measurement: the kernel alone, nice values,
 * cgroup v2, or credit_sched. The workload is the same program under each of them.
 */
#ifndef BENCH_REGIME_H
#define BENCH_REGIME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "credit_sched.h"

#define GROUPS_MAX	32

enum regime { PLAIN, NICE, CGROUP, CSCHED };

/* What is the same for all groups. */
struct setting {
	enum regime regime;
	const char *policy;
	uint64_t slot_ns;
	uint64_t burst_ns;
	unsigned int cpus;	/* CPUs 0 to cpus - 1 */
};

/* One group, where it lives under the regime. */
struct place {
	uint32_t weight;
	uint32_t cap;		/* percent of one CPU, 0: none */
	uint32_t id;		/* csched: its number */
	char path[80];		/* cgroup: its folder */
};

bool regime_by_name(const char *name, enum regime *regime);
const char *regime_name(enum regime regime);
void regime_begin(const struct setting *setting);
void place_make(const struct setting *setting, struct place *place, int n);
void place_add(const struct setting *setting, struct place *place, pid_t pid);
bool place_info(const struct setting *setting, const struct place *place,
		struct csched_ioc_group *info);
void place_remove(const struct setting *setting, struct place *place);
void pin(pid_t pid, unsigned int first, unsigned int count);

#endif /* BENCH_REGIME_H */
