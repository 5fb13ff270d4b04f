/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Histogram of times: log-linear buckets, so that three digits of any value are kept in
 * fixed memory.
 *
 *	 ns          0 ... 1023   1024 ... 2047   2048 ... 4095   4096 ... 8191   ...
 *	 width            1             1               2               4
 *	 buckets       1024          1024            1024            1024
 *
 * Above 1023 ns every power of two has 1024 buckets: one is never wider than a 1024th of the
 * values in it. The last power holds an hour. Two histograms are merged by adding them up.
 */
#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 10
#define HISTOGRAM_SUB (1u << HISTOGRAM_SUB_BITS)
/* The first power of two that is out of range: 2^42 ns is 73 minutes. */
#define HISTOGRAM_TOP_BIT 42
#define HISTOGRAM_BUCKETS ((HISTOGRAM_TOP_BIT - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

/**
 * struct histogram - how often each time occurred
 * @count: values in all
 * @sum: of them
 * @max: the greatest, exact
 * @buckets: values beyond the range are in the last one
 */
struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);
void histogram_record(struct histogram *h, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_percentile(const struct histogram *h, double percent);
double histogram_mean(const struct histogram *h);

#endif
