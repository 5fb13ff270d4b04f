// SPDX-License-Identifier: GPL-2.0-only
/* directory: which server, which port? This file finds the verb and prints what went wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verbs.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv, struct error *err);
	const char *arguments;
	const char *summary;
} verbs[] = {
	{ "serve", verb_serve, "[OPTION]...", "be the directory (the same without any verb)" },
	{ "lookup", verb_lookup, "NAME", "where it is served" },
	{ "list", verb_list, "[--json]", "all registrations" },
	{ "register", verb_register, "NAME PORT -- COMMAND", "keep a lease while COMMAND runs" },
	{ "unregister", verb_unregister, "NAME PORT --token T", "give a lease back" },
	{ "stats", verb_stats, "[--json]", "what the directory has counted" },
	{ "bench", verb_bench, "[OPTION]...", "how much a lookup costs it" },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: directory [VERB] ...\n"
	     "A directory of servers, by leases.\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-11s%-24s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\noptions of serve:\n"
	     "  --listen ADDRESS:PORT  UDP and TCP (" DIRECTORY_AT "; port 0: any)\n"
	     "  --lease-max TIME       longest lease (60s)\n"
	     "  --hard FILE            keep a journal in FILE; nothing expires\n"
	     "  --entries N            registrations in all (65536)\n"
	     "  --per-name N           registrations of a name (64)\n"
	     "  --per-end N            names of an end point (64)\n"
	     "  --connections N        TCP connections (256)\n"
	     "  --idle TIME            close one that has been quiet for so long (30s)\n"
	     "  --any-address          servers may register addresses that are not their own\n"
	     "\noptions of the others:\n"
	     "  --directory ADDRESS:PORT  the directory to ask (" DIRECTORY_AT ")\n"
	     "  --version N, --udp, --tcp   of the service; lookup: only such\n"
	     "  --timeout TIME            give up after that (2s)\n"
	     "  --address ADDRESS         register, unregister: not the one asked from\n"
	     "  --lease TIME              register: (10s)\n"
	     "  --token HEX               register, unregister: the owner's\n"
	     "  --seconds N, --names N    bench: (3, 1000)\n"
	     "  --json                    lookup, list, stats, bench\n"
	     "\ndirectory(1) has examples and exit statuses.");
}

int main(int argc, char **argv)
{
	int (*run)(int argc, char **argv, struct error *err) = verb_serve;
	struct error err = { "" };
	int ret;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		print_help();
		return 0;
	}
	if (argc > 1 && argv[1][0] != '-') {
		run = NULL;
		for (size_t i = 0; i < COUNT; i++)
			if (strcmp(argv[1], verbs[i].name) == 0)
				run = verbs[i].run;
		if (!run) {
			fprintf(stderr, "directory: unknown verb: %s: see directory --help\n",
				argv[1]);
			return STATUS_USAGE;
		}
		argc--;
		argv++;
	}
	ret = run(argc, argv, &err);
	if (err.text[0])
		fprintf(stderr, "directory: %s%s\n", err.text,
			ret == STATUS_USAGE ? ": see directory --help" : "");
	return ret < 0 ? STATUS_FAILED : ret;
}
