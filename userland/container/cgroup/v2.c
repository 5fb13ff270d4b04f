// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits in the words of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst). config.json speaks
 * v1's words, so they are translated (config-linux.md#unified is v2's own). Called by create.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"

/* Shares are 2..262144 around 1024, weights 1..10000 around 100: the straight line between the ends. */
uint64_t cgroup_weight_of_shares(uint64_t shares)
{
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + (shares - 2) * 9999 / 262142;
}

/* 10..1000 to 1..10000, likewise. */
uint64_t cgroup_io_weight(uint64_t weight)
{
	if (weight < 10)
		weight = 10;
	if (weight > 1000)
		weight = 1000;
	return 1 + (weight - 10) * 9999 / 990;
}

struct setter {
	struct cgroups *groups;
	struct error *err;
	int ret;
};

static void set_text(struct setter *s, enum cgroup_controller controller, const char *what,
		     const char *name, const char *file, const char *value)
{
	struct cgroup_hierarchy *h = cgroups_with(s->groups, controller);

	/* v1 has it: v1.c has said what there was to say. */
	if (s->ret || !h || !h->v2)
		return;
	s->ret = cgroups_set(h, what, name, file, value, s->err);
}

static void set_bound(struct setter *s, enum cgroup_controller controller, const char *what,
		      const char *name, const char *file, int64_t value)
{
	char text[32];

	if (value == CONFIG_UNSET)
		return;
	snprintf(text, sizeof(text), "%" PRId64, value);
	set_text(s, controller, what, name, file, value < 0 ? "max" : text);
}

static void set_memory(struct setter *s, const struct config_resources *r)
{
	const struct cgroup_hierarchy *h = cgroups_with(s->groups, CG_MEMORY);
	int64_t swap = r->memory_swap;

	if (!h || !h->v2)
		return;
	/* v1's bound is on both together. */
	if (swap > 0 && (r->memory_limit < 0 || swap < r->memory_limit)) {
		s->ret = error_set(s->err, EINVAL, ".linux.resources.memory.swap: %s: it is memory and "
				   "swap together", r->memory_limit < 0 ? "needs a limit"
									: "must not be below limit");
		return;
	}
	if (swap > 0 && r->memory_limit > 0)
		swap -= r->memory_limit;
	else if (swap == 0)
		swap = CONFIG_UNSET;
	set_bound(s, CG_MEMORY, "swap limit", "memory", "memory.swap.max", swap);
	set_bound(s, CG_MEMORY, "memory limit", "memory", "memory.max", r->memory_limit);
	set_bound(s, CG_MEMORY, "memory reservation", "memory", "memory.low",
		  r->memory_reservation);
}

/* One file holds both: a number alone leaves the period, and a period needs the quota that is there. */
static void set_quota(struct setter *s, const struct config_resources *r)
{
	const struct cgroup_hierarchy *h = cgroups_with(s->groups, CG_CPU);
	bool period = r->cpu_period > 0;
	char text[64] = "max";
	size_t used;

	if (!h || !h->v2 || (r->cpu_quota <= 0 && r->cpu_quota != -1 && !period))
		return;
	if (r->cpu_quota > 0)
		snprintf(text, sizeof(text), "%" PRId64, r->cpu_quota);
	else if (r->cpu_quota != -1)
		cgroup_read(h->dir, "cpu.max", text, sizeof(text));
	used = strcspn(text, " ");
	if (period)
		snprintf(text + used, sizeof(text) - used, " %" PRId64, r->cpu_period);
	set_text(s, CG_CPU, "cpu quota", "cpu", "cpu.max", text);
}

static void set_cpu(struct setter *s, const struct config_resources *r)
{
	char text[64];

	if (r->cpu_shares > 0) {
		snprintf(text, sizeof(text), "%" PRIu64,
			 cgroup_weight_of_shares((uint64_t)r->cpu_shares));
		set_text(s, CG_CPU, "cpu shares", "cpu", "cpu.weight", text);
	}
	set_quota(s, r);
	set_bound(s, CG_CPU, "cpu burst", "cpu", "cpu.max.burst", r->cpu_burst);
	set_bound(s, CG_CPU, "cpu idle", "cpu", "cpu.idle", r->cpu_idle);
	if (r->cpus && *r->cpus)
		set_text(s, CG_CPUSET, "cpus", "cpuset", "cpuset.cpus", r->cpus);
	if (r->mems && *r->mems)
		set_text(s, CG_CPUSET, "memory nodes", "cpuset", "cpuset.mems", r->mems);
}

static void set_io(struct setter *s, const struct config_resources *r)
{
	static const char *const keys[IO_LIMITS] = { "rbps", "wbps", "riops", "wiops" };
	struct cgroup_hierarchy *h = cgroups_with(s->groups, CG_IO);
	char text[96];

	if (h && h->v2 && r->io_weight > 0) {
		/* bfq's own file takes the number as it is; the other is that of blk-iocost. */
		snprintf(text, sizeof(text), "%" PRId64, r->io_weight);
		if (cgroup_write(h->dir, "io.bfq.weight", text)) {
			snprintf(text, sizeof(text), "%" PRIu64,
				 cgroup_io_weight((uint64_t)r->io_weight));
			set_text(s, CG_IO, "io weight", "io", "io.weight", text);
		}
	}
	for (size_t i = 0; i < r->io_weight_count; i++) {
		snprintf(text, sizeof(text), "%u:%u %" PRIu64, r->io_weights[i].major,
			 r->io_weights[i].minor, r->io_weights[i].value);
		set_text(s, CG_IO, "io weight", "io", "io.bfq.weight", text);
	}
	for (int k = 0; k < IO_LIMITS; k++)
		for (size_t i = 0; i < r->io_limit_count[k]; i++) {
			const struct config_io_device *d = &r->io_limits[k][i];

			/* In v1 a rate of 0 is none, and here it has a word. */
			if (d->value)
				snprintf(text, sizeof(text), "%u:%u %s=%" PRIu64, d->major, d->minor,
					 keys[k], d->value);
			else
				snprintf(text, sizeof(text), "%u:%u %s=max", d->major, d->minor, keys[k]);
			set_text(s, CG_IO, "io limit", "io", "io.max", text);
		}
}

static void set_unified(struct setter *s, const struct config_resources *r)
{
	for (size_t i = 0; !s->ret && i < r->unified_count; i++) {
		struct cgroup_hierarchy v2 = { .dir = cgroups_v2_dir(s->groups) };
		size_t length = strcspn(r->unified[i].key, ".");
		char controller[64];

		snprintf(controller, sizeof(controller), "%.*s", (int)length, r->unified[i].key);
		s->ret = cgroups_set(&v2, r->unified[i].key, controller, r->unified[i].key,
				     r->unified[i].value, s->err);
	}
}

int cgroups_apply_v2(struct cgroups *groups, const struct config_resources *r, struct error *err)
{
	struct setter s = { groups, err, 0 };

	set_memory(&s, r);
	set_cpu(&s, r);
	if (r->pids_limit != 0)
		set_bound(&s, CG_PIDS, "pids limit", "pids", "pids.max", r->pids_limit);
	set_io(&s, r);
	for (size_t i = 0; i < r->huge_count; i++) {
		char file[64], text[32];

		snprintf(file, sizeof(file), "hugetlb.%s.max", r->huge[i].page_size);
		snprintf(text, sizeof(text), "%" PRIu64, r->huge[i].limit);
		set_text(&s, CG_HUGETLB, "huge pages", "hugetlb", file, text);
	}
	set_unified(&s, r);
	return s.ret;
}
