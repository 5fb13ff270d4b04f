// SPDX-License-Identifier: GPL-2.0-only
/* What a container uses, as JSON in the form that `events --stats` has everywhere. Called by cmd_events.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"

uint64_t cgroup_number(const struct cgroup_hierarchy *h, const char *file)
{
	char text[64];

	if (!h || h->dir < 0 || cgroup_read(h->dir, file, text, sizeof(text)) <= 0)
		return 0;
	return strtoull(text, NULL, 10);
}

uint64_t cgroup_keyed(const struct cgroup_hierarchy *h, const char *file, const char *key)
{
	char text[16384], *rest = text, *line;
	size_t length = strlen(key);

	if (!h || h->dir < 0 || cgroup_read(h->dir, file, text, sizeof(text)) <= 0)
		return 0;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, length) && line[length] == ' ')
			return strtoull(line + length + 1, NULL, 10);
	return 0;
}

static void print_cpu(struct cgroups *groups, FILE *out)
{
	const struct cgroup_hierarchy *cpu = cgroups_with(groups, CG_CPU);
	const struct cgroup_hierarchy *acct = cgroups_with(groups, CG_CPUACCT);
	uint64_t total, user, kernel;

	if (acct && !acct->v2) {
		total = cgroup_number(acct, "cpuacct.usage");
		user = cgroup_number(acct, "cpuacct.usage_user");
		kernel = cgroup_number(acct, "cpuacct.usage_sys");
	} else {
		total = cgroup_keyed(cpu, "cpu.stat", "usage_usec") * 1000;
		user = cgroup_keyed(cpu, "cpu.stat", "user_usec") * 1000;
		kernel = cgroup_keyed(cpu, "cpu.stat", "system_usec") * 1000;
	}
	fprintf(out, "\"cpu\":{\"usage\":{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64
		",\"user\":%" PRIu64 "},\"throttling\":{\"periods\":%" PRIu64
		",\"throttledPeriods\":%" PRIu64 ",\"throttledTime\":%" PRIu64 "}}",
		total, kernel, user, cgroup_keyed(cpu, "cpu.stat", "nr_periods"),
		cgroup_keyed(cpu, "cpu.stat", "nr_throttled"),
		cpu && cpu->v2 ? cgroup_keyed(cpu, "cpu.stat", "throttled_usec") * 1000
			       : cgroup_keyed(cpu, "cpu.stat", "throttled_time"));
}

static void print_memory(struct cgroups *groups, FILE *out)
{
	const struct cgroup_hierarchy *h = cgroups_with(groups, CG_MEMORY);
	bool v2 = h && h->v2;

	fprintf(out, ",\"memory\":{\"cache\":%" PRIu64 ",\"usage\":{\"limit\":%" PRIu64
		",\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64 "}",
		cgroup_keyed(h, "memory.stat", v2 ? "file" : "cache"),
		cgroup_number(h, v2 ? "memory.max" : "memory.limit_in_bytes"),
		cgroup_number(h, v2 ? "memory.current" : "memory.usage_in_bytes"),
		cgroup_number(h, v2 ? "memory.peak" : "memory.max_usage_in_bytes"),
		v2 ? cgroup_keyed(h, "memory.events", "max") : cgroup_number(h, "memory.failcnt"));
	fprintf(out, ",\"swap\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 "},\"oom_kill\":%" PRIu64
		",\"raw\":{\"anon\":%" PRIu64 ",\"file\":%" PRIu64 "}}",
		cgroup_number(h, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
		cgroup_number(h, v2 ? "memory.swap.current" : "memory.memsw.usage_in_bytes"),
		cgroup_keyed(h, v2 ? "memory.events" : "memory.oom_control", "oom_kill"),
		cgroup_keyed(h, "memory.stat", v2 ? "anon" : "rss"),
		cgroup_keyed(h, "memory.stat", v2 ? "file" : "cache"));
}

void cgroups_print_stats(struct cgroups *groups, FILE *out)
{
	const struct cgroup_hierarchy *pids = cgroups_with(groups, CG_PIDS);

	fputc('{', out);
	print_cpu(groups, out);
	print_memory(groups, out);
	fprintf(out, ",\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "}}",
		cgroup_number(pids, "pids.current"), cgroup_number(pids, "pids.max"));
}
