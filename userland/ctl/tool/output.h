/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that appears when all of it is written, or not at all. */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include <stdio.h>

#include "error.h"

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

#define cleanup_output __attribute__((cleanup(output_drop)))

#endif
