// SPDX-License-Identifier: GPL-2.0-only
/* csched: groups of tasks that share CPUs by weight or by credit. This file only finds the verb. */
#include <stdio.h>
#include <string.h>

#include "csched.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct error *err);
	const char *arguments;
	const char *summary;
} verbs[] = {
	{ "create", cmd_create, "NAME [OPTION]...", "make a group that stays until it is removed" },
	{ "add", cmd_add, "NAME PID...|--cgroup PATH", "processes join, and children they will have" },
	{ "run", cmd_run, "NAME -- COMMAND...", "run a command in a group" },
	{ "list", cmd_list, "[--json]", "how every group fares" },
	{ "set", cmd_set, "NAME OPTION...", "change weight, cap or burst" },
	{ "rm", cmd_rm, "NAME...", "let a group's tasks go and forget it" },
	{ "status", cmd_status, "", "is the module there?" },
};

static void print_help(void)
{
	puts("usage: csched VERB ...\n"
	     "Schedule groups of tasks through " CSCHED_DEVICE ".\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		printf("  %-7s%-27s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\noptions of create (set: the first three):\n"
	     "  --weight N          part of the CPUs, against the others' (share 100, credit 256)\n"
	     "  --cap PERCENT       of one CPU, at most; 0: no limit\n"
	     "  --burst TIME        credit: how much it may save, such as 30ms or 5s\n"
	     "  --policy POLICY     share (default), lottery, credit\n"
	     "  --cpus LIST         such as 0-1,4; default: all\n"
	     "  --slot TIME         how long a turn lasts (5ms)\n"
	     "  --accounting HOW    credit: exact (default) or tick\n"
	     "  --seed N            lottery: where the draws start");
}

int main(int argc, char **argv)
{
	struct error err = { "" };

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		print_help();
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (!verbs[i].run(argc - 1, argv + 1, &err))
			return 0;
		fprintf(stderr, "csched: %s\n", err.text);
		return 1;
	}
	fprintf(stderr, "csched: %s: see csched --help\n", argc > 1 ? argv[1] : "no verb given");
	return 2;
}
