/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a verb, one by one, and words that are nearly right. */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <getopt.h>
#include <stddef.h>

#include "error.h"

/* Not an errno: the command line is wrong, so the tool ends with status 2. */
#define EUSAGE 4096

int next_option(int argc, char **argv, const char *letters, const struct option *options,
		int *option, struct error *err);
const char *nearest(const char *word, const char *const *words, size_t count);

#endif
