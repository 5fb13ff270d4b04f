/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs of directory: verb_*.c. Each parses its arguments and returns an exit status, or
 * -errno with @err set; STATUS_USAGE asks for the hint to see --help.
 */
#ifndef VIRTLAB_DIRECTORY_VERBS_H
#define VIRTLAB_DIRECTORY_VERBS_H

#include "error.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define DIRECTORY_AT "127.0.0.1:4111"

int verb_serve(int argc, char **argv, struct error *err);
int verb_lookup(int argc, char **argv, struct error *err);
int verb_list(int argc, char **argv, struct error *err);
int verb_register(int argc, char **argv, struct error *err);
int verb_unregister(int argc, char **argv, struct error *err);
int verb_stats(int argc, char **argv, struct error *err);
int verb_bench(int argc, char **argv, struct error *err);

/*
 * Read a time such as 500ms, 1.5s, 2m, or 3 (seconds), as milliseconds from 1 to @most. Like
 * all that reads arguments: 0, or STATUS_USAGE with @err set.
 */
int verb_time(const char *text, unsigned int most, unsigned int *ms, struct error *err);

/* Read a number from @least to @most. */
int verb_number(const char *text, unsigned long least, unsigned long most, unsigned long *n,
		struct error *err);

#endif
