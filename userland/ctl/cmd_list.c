// SPDX-License-Identifier: GPL-2.0-only
/* csched list */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const char *state(const struct csched_ioc_group *g)
{
	static const char *const standings[] = { "BOOST", "UNDER", "OVER" };

	if (g->throttled)
		return "CAPPED";
	if (strcmp(g->policy, "credit") != 0)
		return g->active ? "active" : "idle";
	return standings[g->standing];
}

static void print_row(const struct csched_ioc_group *g)
{
	char used[32], lag[32], credit[32] = "-";

	format_duration(used, sizeof(used), g->used_ns);
	format_duration(lag, sizeof(lag), g->lag_ns);
	if (strcmp(g->policy, "credit") == 0)
		format_duration(credit, sizeof(credit), g->credit_ns);
	printf("%-16s %-8s %6u %5u %5u/%-3u %5.1f%%%s %-7s %10s %11s %11s\n", g->name, g->policy, g->weight,
	       g->cap, g->held, g->tasks, g->due_ppm / 1e4, g->saturated ? "*" : " ", state(g), used, lag,
	       credit);
}

/* Names have neither quotes nor control characters: the module refuses all but visible ones. */
static void print_json(const struct csched_ioc_group *g, bool first)
{
	printf("%s{\"id\": %u, \"pool\": %u, \"name\": \"", first ? "" : ",\n ", g->id, g->pool);
	for (const char *c = g->name; *c; c++)
		printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	printf("\", \"policy\": \"%s\", \"state\": \"%s\", \"weight\": %u, \"cap\": %u, \"burst_ns\": %llu, "
	       "\"slot_ns\": %llu, \"tasks\": %u, \"active\": %u, \"running\": %u, \"saturated\": %s, "
	       "\"due_ppm\": %llu, \"now_ns\": %llu, \"used_ns\": %llu, \"lag_ns\": %lld, \"credit_ns\": %lld, "
	       "\"earned_ns\": %llu, \"spent_ns\": %llu, \"discarded_ns\": %llu, \"slots\": %llu, "
	       "\"boosts\": %llu}",
	       g->policy, state(g), g->weight, g->cap, g->burst_ns, g->slot_ns, g->tasks, g->active, g->held,
	       g->saturated ? "true" : "false", g->due_ppm, g->now_ns, g->used_ns, g->lag_ns, g->credit_ns,
	       g->earned_ns, g->spent_ns, g->discarded_ns, g->slots, g->boosts);
}

int cmd_list(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group g = { .id = 0 };
	cleanup_close int dev = -1;
	bool json = argc == 2 && !strcmp(argv[1], "--json"), first = true;

	if (argc > 1 && !json)
		return error_set(err, EINVAL, "list: %s: unknown: there is --json", argv[1]);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	if (json)
		printf("[");
	else
		printf("%-16s %-8s %6s %5s %9s %7s %-7s %10s %11s %11s\n", "NAME", "POLICY", "WEIGHT", "CAP",
		       "RUN/TASKS", "DUE", "STATE", "USED", "LAG", "CREDIT");
	while (!ioctl(dev, CSCHED_IOC_GROUP, &g)) {
		if (json)
			print_json(&g, first);
		else
			print_row(&g);
		first = false;
		g.id++;
	}
	if (json)
		puts("]");
	return errno == ENOENT ? 0 : error_errno(err, errno, NULL, "list");
}
