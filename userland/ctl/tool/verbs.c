// SPDX-License-Identifier: GPL-2.0-only
/* The front door of a tool whose first word is a verb. Called by its main(). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "verbs.h"

#define VERBS_MAX 32

static int unknown_verb(const struct verb *verbs, size_t count, const char *word)
{
	const char *names[VERBS_MAX], *meant;

	for (size_t i = 0; i < count && i < VERBS_MAX; i++)
		names[i] = verbs[i].name;
	meant = nearest(word, names, count < VERBS_MAX ? count : VERBS_MAX);
	if (meant)
		fprintf(stderr, "%s: %s: no such verb: did you mean %s?\n",
			program_invocation_short_name, word, meant);
	else
		fprintf(stderr, "%s: %s: no such verb: see %s --help\n",
			program_invocation_short_name, word, program_invocation_short_name);
	return 2;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct error err = { "" };
	int ret = verb->run(argc, argv, &err);

	if (ret >= 0 && (fflush(stdout) || ferror(stdout))) {
		fprintf(stderr, "%s: standard output: cannot write\n",
			program_invocation_short_name);
		return verb->failure;
	}
	if (ret >= 0)
		return ret;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, err.text);
	return ret == -EUSAGE && verb->failure == 1 ? 2 : verb->failure;
}

int verbs_main(const struct verb *verbs, size_t count, void (*print_help)(void), int argc,
	       char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "%s: no verb given: see %s --help\n", program_invocation_short_name,
			program_invocation_short_name);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help();
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!strcmp(argv[1], verbs[i].name))
			return run(&verbs[i], argc - 1, argv + 1);
	return unknown_verb(verbs, count, argv[1]);
}
