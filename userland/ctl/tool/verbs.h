/* SPDX-License-Identifier: GPL-2.0-only */
/* The front door of a tool whose first word is a verb. */
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

#include <stddef.h>

#include "error.h"

/**
 * struct verb - one of a tool's
 * @name: as it is typed
 * @run: does it; argv[0] is the verb. Returns a negative error, 0, or the exit status it wants
 * @failure: exit status if it fails
 * @arguments: for --help
 * @summary: likewise
 */
struct verb {
	const char *name;
	int (*run)(int argc, char **argv, struct error *err);
	int failure;
	const char *arguments;
	const char *summary;
};

/* Finds the verb, runs it, prints its error if it fails. Returns the exit status. */
int verbs_main(const struct verb *verbs, size_t count, void (*print_help)(void), int argc,
	       char **argv);

#endif
