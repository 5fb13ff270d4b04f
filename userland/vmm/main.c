// SPDX-License-Identifier: GPL-2.0-only
/* vmm: builds and runs virtual machines. This file only finds the verb. */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "options.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} verbs[] = {
	{ "run", cmd_run, "run a guest image" },
	{ "inspect", cmd_inspect,
	  "stop a guest and draw its page tables beside the shadow tables" },
};

static void print_help(void)
{
	puts("usage: vmm VERB [OPTIONS] IMAGE [ARGS]\n"
	     "Build and run virtual machines on " SHADOWPT_DEVICE " or " KVM_DEVICE ".\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		printf("  %-9s %s\n", verbs[i].name, verbs[i].summary);
	puts("\n  vmm VERB --help   the options of a verb\n"
	     "  vmm --version     the version\n\n"
	     "See vmm(1) for exit statuses and the machine that a guest finds.");
}

int main(int argc, char **argv)
{
	struct error err;

	if (argc < 2) {
		error_set(&err, 0, "no verb given");
		return usage_error(NULL, &err);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help();
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("vmm (VirtLab) " VMM_VERSION);
		return 0;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	error_set(&err, 0, "unknown %s: %s", argv[1][0] == '-' ? "option" : "verb", argv[1]);
	return usage_error(NULL, &err);
}
