// SPDX-License-Identifier: GPL-2.0-only
/* csched list */
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static void print_head(void)
{
	printf("%-16s %-7s %6s %5s %6s %10s %6s %9s %9s %10s %10s\n", "NAME", "POLICY", "WEIGHT",
	       "CAP", "STATE", "RUN/TASKS", "DUE", "USED", "LAG", "CREDIT", "BURST");
}

static void print_row(const struct csched_ioc_group *g)
{
	char used[32], lag[32], credit[32] = "-", burst[32] = "-", cap[16] = "-", tasks[32];

	format_duration(used, sizeof(used), g->used_ns);
	format_duration(lag, sizeof(lag), g->lag_ns);
	if (!strcmp(g->policy, "credit")) {
		format_duration(credit, sizeof(credit), g->credit_ns);
		format_short(burst, sizeof(burst), g->burst_ns);
	}
	if (g->cap)
		snprintf(cap, sizeof(cap), "%u%%", g->cap);
	snprintf(tasks, sizeof(tasks), "%u/%u", g->held, g->tasks);
	printf("%-16s %-7s %6u %5s %6s %10s %5.1f%%%s%8s %9s %10s %10s\n", g->name, g->policy,
	       g->weight, cap, group_state(g), tasks, g->due_ppm / 1e4, g->saturated ? "*" : " ",
	       used, lag, credit, burst);
}

static void print_table(const struct groups *groups)
{
	bool saturated = false;

	if (!groups->count) {
		puts("no groups: csched create NAME makes one");
		return;
	}
	print_head();
	for (size_t i = 0; i < groups->count; i++) {
		print_row(&groups->at[i]);
		saturated |= groups->at[i].saturated;
	}
	if (saturated)
		puts("* its weight asks for more CPUs than its tasks or its cap can use: the rest is the others'");
}

int cmd_list(int argc, char **argv, struct error *err)
{
	struct groups groups = { .count = 0 };
	cleanup_close int dev = -1;
	bool json = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0)
		json = true;
	if (ret)
		return ret;
	if (optind < argc)
		return error_set(err, EUSAGE,
				 "list: %s: it takes no names: csched explain NAME tells of one",
				 argv[optind]);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = groups_read(dev, &groups, err);
	if (!ret && json) {
		for (size_t i = 0; i < groups.count; i++) {
			fputs(i ? ",\n " : "[", stdout);
			group_print_json(stdout, &groups.at[i]);
		}
		puts(groups.count ? "]" : "[]");
	} else if (!ret) {
		print_table(&groups);
	}
	groups_free(&groups);
	return ret;
}
