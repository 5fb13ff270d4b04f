// SPDX-License-Identifier: GPL-2.0-only
/*
 * --sched without the module: what control groups have that comes nearest, see schedule.h.
 *
 *	share, lottery: weight of 100	cpu.weight, same unit; v1: cpu.shares of 1024
 *	credit: weight of 256		likewise, 256 as 100
 *	cap: percent of one CPU		cpu.max; v1: cpu.cfs_quota_us
 *	burst: saved CPU time		cpu.max.burst, which needs a cap and cannot exceed its quota
 */
#include "schedule.h"

#include <stdio.h>
#include <string.h>

#define PERIOD_US	100000

static unsigned int weight_of_100(const struct schedule *s)
{
	unsigned int weight = s->policy == SCHEDULE_CREDIT ? (s->weight * 100 + 128) / 256 : s->weight;

	return weight < 1 ? 1 : weight > 10000 ? 10000 : weight;
}

static void set_weight(const struct schedule *s, bool v2, struct config_resources *r,
		       struct config_pair *pair, char *said, size_t size)
{
	static char text[16];
	unsigned int weight = weight_of_100(s);

	if (v2) {
		/* By its own name: what runtimes make of cpu.shares is another number. */
		snprintf(text, sizeof(text), "%u", weight);
		*pair = (struct config_pair){ "cpu.weight", text };
		r->unified = pair;
		r->unified_count = 1;
		snprintf(said, size, "cpu.weight %u", weight);
		return;
	}
	r->cpu_shares = ((int64_t)weight * 1024 + 50) / 100;
	if (r->cpu_shares < 2)
		r->cpu_shares = 2;
	snprintf(said, size, "cpu.shares %lld", (long long)r->cpu_shares);
}

static void set_cap(const struct schedule *s, struct config_resources *r, char *said, size_t size)
{
	uint64_t burst = s->burst_ns / 1000;
	size_t used;

	if (!s->cap)
		return;
	r->cpu_period = PERIOD_US;
	r->cpu_quota = (int64_t)s->cap * PERIOD_US / 100;
	/* The kernel's smallest. */
	if (r->cpu_quota < 1000)
		r->cpu_quota = 1000;
	used = strlen(said);
	snprintf(said + used, size - used, ", quota %lld us of %d", (long long)r->cpu_quota,
		 PERIOD_US);
	if (!burst)
		return;
	r->cpu_burst = burst > (uint64_t)r->cpu_quota ? r->cpu_quota : (int64_t)burst;
	used = strlen(said);
	snprintf(said + used, size - used, ", burst %lld us", (long long)r->cpu_burst);
}

void schedule_as_groups(const struct schedule *schedule, struct cgroups *groups,
			struct config_resources *r, struct config_pair *pairs, char *said,
			size_t size)
{
	const struct cgroup_hierarchy *cpu = cgroups_with(groups, CG_CPU);
	size_t used;

	said[0] = '\0';
	if (r->cpu_shares == CONFIG_UNSET && !r->unified_count)
		set_weight(schedule, cpu && cpu->v2, r, pairs, said, size);
	else
		snprintf(said, size, "the weight that config.json has");
	if (r->cpu_quota == CONFIG_UNSET)
		set_cap(schedule, r, said, size);
	used = strlen(said);
	if (schedule->burst_ns && !schedule->cap)
		snprintf(said + used, size - used, "; no burst, which needs a cap");
}
