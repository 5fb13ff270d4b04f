// SPDX-License-Identifier: GPL-2.0-only
/* Log-linear histogram, see histogram.h. */
#include "histogram.h"

#include <math.h>
#include <string.h>

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < HISTOGRAM_SUB)
		return (unsigned int)ns;
	if (ns >> HISTOGRAM_TOP_BIT)
		return HISTOGRAM_BUCKETS - 1;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
	/* What is left of ns has its top bit at SUB: each shift is a row further on. */
	return shift * HISTOGRAM_SUB + (unsigned int)(ns >> shift);
}

/* The greatest value that goes into @bucket: a percentile must not flatter. */
static uint64_t bucket_top(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < 2 * HISTOGRAM_SUB)
		return bucket;
	shift = bucket / HISTOGRAM_SUB - 1;
	return (((uint64_t)bucket - shift * HISTOGRAM_SUB + 1) << shift) - 1;
}

void histogram_clear(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
}

void histogram_record(struct histogram *h, uint64_t ns)
{
	h->buckets[bucket_of(ns)]++;
	h->count++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (!from->count)
		return;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	into->sum += from->sum;
	if (from->max > into->max)
		into->max = from->max;
}

/*
 * The least value that is no less than @percent of all: the nearest-rank percentile, at most
 * a 1024th too great. 0 if there are no values.
 */
uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	double exact = ceil(percent / 100 * (double)h->count - 1e-9);
	uint64_t rank = exact < 1 ? 1 : (uint64_t)exact, seen = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			return bucket_top(i) < h->max ? bucket_top(i) : h->max;
	}
	return h->max;
}

double histogram_mean(const struct histogram *h)
{
	return h->count ? (double)h->sum / (double)h->count : 0;
}
