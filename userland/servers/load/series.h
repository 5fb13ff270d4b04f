/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened in each 100 ms: lines of the CSV file, and the live line.
 *
 * A loop fills its own row and hands it in at the row's end; the last loop to do so writes it.
 * A row that waits for a loop is on a list, so that none waits for another.
 */
#ifndef LOAD_SERIES_H
#define LOAD_SERIES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "histogram.h"

#define SERIES_ROW_NS 100000000ull

/**
 * struct row - 100 ms
 * @number: counted from the beginning of the run
 * @loops: how many have handed it in
 * @sent, @done, @errors: requests sent, answered as they should be, failed
 * @latency: of those done
 */
struct row {
	struct row *next;
	uint64_t number;
	unsigned int loops;
	uint64_t sent, done, errors;
	struct histogram latency;
};

/**
 * struct series - all rows
 * @csv: file to write, or NULL
 * @live: whether to show the live line on standard error
 * @loops: how many there are
 * @warmup: how long before the measured window row 0 begins, in ns
 * @waiting: rows that not all loops have handed in, oldest first
 * @second: sum of the rows since the live line was written
 */
struct series {
	FILE *csv;
	bool live;
	unsigned int loops;
	uint64_t warmup;
	pthread_mutex_t lock;
	struct row *waiting;
	struct row *second;
	unsigned int shown;
};

int series_open(struct series *s, const char *csv, bool live, unsigned int loops, uint64_t warmup,
		struct error *err);
void series_hand_in(struct series *s, struct row *row);
int series_close(struct series *s, struct error *err);

#endif
