/* SPDX-License-Identifier: GPL-2.0-only */
/* The file that trace and plot write: it appears when it is complete, or not at all. */
#ifndef CSCHED_OUTPUT_H
#define CSCHED_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"

/* For how long to record unless somebody says otherwise. */
#define OUTPUT_SECONDS (10 * 1000000000ull)

/**
 * struct output - a file that is being written
 * @file: write to this
 * @path: what it is called in the end; NULL: it is standard output
 * @temporary: what it is called until then
 */
struct output {
	FILE *file;
	const char *path;
	char temporary[4096];
};

int output_open(struct output *output, const char *path, struct error *err);
int output_keep(struct output *output, struct error *err);
void output_drop(struct output *output);
int output_words(int argc, char **argv, bool seconds, const char *from, char ***command,
		 struct error *err);

#define cleanup_output __attribute__((cleanup(output_drop)))

#endif
