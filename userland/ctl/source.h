/* SPDX-License-Identifier: GPL-2.0-only */
/* What trace and plot have in common: what they record, and where it goes. */
#ifndef CSCHED_SOURCE_H
#define CSCHED_SOURCE_H

#include <stdbool.h>

#include "error.h"
#include "output.h"
#include "recording/recording.h"

/* For how long to record unless somebody says otherwise. */
#define SOURCE_DURATION_NS (10 * 1000000000ull)

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

#endif
