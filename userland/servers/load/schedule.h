/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The open loop's timetable: request i is due at t0 + i/R, whatever became of those before.
 *
 * Each moment is computed from i alone, so that no rounding adds up and nobody can be late by
 * being late before. Loops share a timetable as cards are dealt: of N loops, loop k has the
 * requests k, k + N, k + 2N, ...
 */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* Rates are in thousandths of a request a second. */
#define SCHEDULE_RATE_MAX (10000000ull * 1000)

/**
 * struct schedule - what of a timetable one loop has to send
 * @begin: when request 0 is due
 * @end: requests due from here on are not sent
 * @rate: of all loops together, in thousandths a second
 * @next: the request to send next
 * @queued: those before this were due when no connection was free
 * @step: how many loops share
 * @limit: no request beyond this one
 */
struct schedule {
	uint64_t begin;
	uint64_t end;
	uint64_t rate;
	uint64_t next;
	uint64_t queued;
	uint64_t step;
	uint64_t limit;
};

void schedule_begin(struct schedule *s, uint64_t begin, uint64_t end, uint64_t rate,
		    unsigned int loop, unsigned int loops, uint64_t limit);
uint64_t schedule_next(const struct schedule *s);
bool schedule_take(struct schedule *s, uint64_t now, uint64_t *intended, bool *queued);
uint64_t schedule_queue(struct schedule *s, uint64_t now);
uint64_t schedule_waiting(const struct schedule *s);

#endif
