// SPDX-License-Identifier: GPL-2.0-only
/* What a container uses, as numbers. Called by cmd_top.c and cmd_explain.c. */
#include "cgroup.h"

/* v1 says "no limit" by the largest number of whole pages. */
#define NO_LIMIT	((uint64_t)1 << 62)

static uint64_t cpu_time(struct cgroups *groups)
{
	const struct cgroup_hierarchy *acct = cgroups_with(groups, CG_CPUACCT);

	if (acct && !acct->v2)
		return cgroup_number(acct, "cpuacct.usage");
	return cgroup_keyed(cgroups_with(groups, CG_CPU), "cpu.stat", "usage_usec") * 1000;
}

void cgroups_sample(struct cgroups *groups, struct cgroup_sample *s)
{
	const struct cgroup_hierarchy *memory = cgroups_with(groups, CG_MEMORY);
	const struct cgroup_hierarchy *pids = cgroups_with(groups, CG_PIDS);
	const struct cgroup_hierarchy *cpu = cgroups_with(groups, CG_CPU);
	bool v2 = memory && memory->v2;

	*s = (struct cgroup_sample){
		.cpu_ns = cpu_time(groups),
		.throttled_ns = cpu && cpu->v2 ? cgroup_keyed(cpu, "cpu.stat", "throttled_usec") * 1000
					       : cgroup_keyed(cpu, "cpu.stat", "throttled_time"),
		.memory = cgroup_number(memory, v2 ? "memory.current" : "memory.usage_in_bytes"),
		.memory_limit = cgroup_number(memory, v2 ? "memory.max" : "memory.limit_in_bytes"),
		.pids = cgroup_number(pids, "pids.current"),
		.pids_limit = cgroup_number(pids, "pids.max"),
		.oom_kills = cgroup_keyed(memory, v2 ? "memory.events" : "memory.oom_control",
					  "oom_kill"),
	};
	if (s->memory_limit >= NO_LIMIT)
		s->memory_limit = 0;
}
