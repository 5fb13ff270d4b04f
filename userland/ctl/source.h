/* SPDX-License-Identifier: GPL-2.0-only */
/* What trace and plot have in common: what they record, and the file that they write. */
#ifndef CSCHED_OUTPUT_H
#define CSCHED_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "recording/recording.h"

/* For how long to record unless somebody says otherwise. */
#define SOURCE_DURATION_NS (10 * 1000000000ull)

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

/**
 * struct source - what the command line says of both ends
 * @record: how to record
 * @from: a recording that there is, instead; or NULL
 * @to: file to write, NULL for standard output
 * @seconds: --seconds was given
 */
struct source {
	struct recorder_options record;
	const char *from;
	const char *to;
	bool seconds;
};

int source_option(struct source *source, int option, struct error *err);
int source_words(struct source *source, int argc, char **argv, struct error *err);
int source_record(const struct source *source, struct output *output, struct recording *r,
		  struct error *err);

int output_keep(struct output *output, struct error *err);
void output_drop(struct output *output);

#define cleanup_output __attribute__((cleanup(output_drop)))

#endif
