/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run found, for people and for programs. */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "counts.h"
#include "fairness.h"
#include "options.h"
#include "process.h"

/* More of one CPU than that, and the generator may be what is measured. */
#define REPORT_BOUND_PERCENT 90.0
/* Whoever waits for a CPU for so long sends late, and sees answers late. */
#define REPORT_STARVED_PERCENT 20.0

/**
 * struct report - all loops together
 * @seconds: length of the window as it was
 * @latency, @service, @late: see struct loop
 * @served: by client, in the order of their numbers; @fairness: of them
 * @cpu_percent: of the busiest loop, of one CPU
 * @starved_percent: of the window, that the loop which got it worst wanted a CPU and had none
 * @has_usage: the server's processes were looked at
 * @interrupted: the user ended it
 */
struct report {
	const struct options *options;
	double seconds;
	struct counts counts;
	struct histogram latency, service, late;
	uint64_t *served;
	size_t clients;
	struct fairness fairness;
	double cpu_percent, starved_percent;
	bool has_usage, interrupted;
	struct usage usage;
};

double report_rate(const struct report *r);
double report_server_us(const struct report *r);
bool report_generator_bound(const struct report *r);
void report_text(const struct report *r, FILE *out);
void report_json(const struct report *r, FILE *out);

#endif
