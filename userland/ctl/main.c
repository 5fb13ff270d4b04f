// SPDX-License-Identifier: GPL-2.0-only
/* csched: groups of tasks that share CPUs by weight or by credit. This file only finds the verb. */
#include "csched.h"
#include "verbs.h"

static const struct verb verbs[] = {
	{ "create", cmd_create, 1, "NAME [OPTION]...",
	  "make a group that stays until it is removed" },
	{ "add", cmd_add, 1, "NAME PID...|--cgroup PATH",
	  "processes join, and children they will have" },
	/* Other statuses are the command's: env(1), nohup(1) and timeout(1) use the same. */
	{ "run", cmd_run, 125, "NAME|OPTION... -- COMMAND",
	  "run a command in a group, or in one of its own" },
	{ "list", cmd_list, 1, "[--json]", "how every group fares" },
	{ "top", cmd_top, 1, "[-d TIME] [-n COUNT]", "the same, live, with what each CPU does" },
	{ "explain", cmd_explain, 1, "NAME", "why a group gets what it gets" },
	{ "set", cmd_set, 1, "NAME OPTION...", "change weight, cap, burst or baseline" },
	{ "rm", cmd_rm, 1, "NAME...", "let a group's tasks go and forget it" },
	{ "status", cmd_status, 1, "[--json]",
	  "the module: how it keeps tasks back, limits, totals" },
	{ "trace", cmd_trace, 1, "[-o FILE] [-- COMMAND]",
	  "record every slot: Perfetto JSON, or a chart in text" },
	{ "plot", cmd_plot, 1, "-o FILE.svg [-- COMMAND]",
	  "draw shares, lag and credit over time" },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: csched VERB ...\n"
	     "Schedule groups of tasks through " CSCHED_DEVICE ".\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-8s%-28s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\noptions of create and run (set: the first four):\n"
	     "  --weight N          part of the CPUs, against the others' (share 100, credit 256)\n"
	     "  --cap PERCENT       of one CPU, at most; 0: no limit\n"
	     "  --burst TIME        credit: how much it may save, such as 30ms or 2h\n"
	     "  --baseline PERCENT  credit: of one CPU; earn at this rate and have no more without credit\n"
	     "  --policy POLICY     share (default), lottery, credit\n"
	     "  --preset NAME       a burstable cloud instance, such as t3.micro; list: print them\n"
	     "  --cpus LIST         such as 0-1,4; default: all\n"
	     "  --slot TIME         how long a turn lasts (5ms)\n"
	     "  --park-max TIME     after that, whoever waits gets a very short turn (150ms)\n"
	     "  --accounting HOW    credit: exact (default) or tick\n"
	     "  --seed N            lottery: where the draws start\n"
	     "\noptions of trace and plot:\n"
	     "  -o FILE             trace: .json, .txt or .csched (a recording); plot: .svg; -: standard output\n"
	     "  --seconds TIME      for so long (10); or until the COMMAND ends, or Ctrl-C\n"
	     "  --from FILE         draw a recording that trace made\n"
	     "  --format FORMAT     trace: json, text, recording\n"
	     "  --kind KIND         plot: share (default), lag, credit, or several: share,lag\n"
	     "\ncsched(1) has examples, the keys of --json, and exit statuses.");
}

int main(int argc, char **argv)
{
	return verbs_main(verbs, COUNT, print_help, argc, argv);
}
