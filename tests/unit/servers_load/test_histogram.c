// SPDX-License-Identifier: GPL-2.0
/* The histogram against sorting, the index of fairness, and rows of the series. */
#include <math.h>
#include <unistd.h>

#include "tap.h"
#include "fairness.h"
#include "histogram.h"
#include "series.h"

#define VALUES 20000

static struct histogram h, other;
static uint64_t values[VALUES];

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Never less than the exact one, and at most a 1024th more. */
static void check_percentiles(size_t count)
{
	static const double percents[] = { 0, 0.01, 1, 25, 50, 75, 90, 99, 99.9, 99.99, 100 };

	qsort(values, count, sizeof(*values), by_value);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		double rank = ceil(percents[i] * (double)count / 100 - 1e-9);
		uint64_t exact = values[rank < 1 ? 0 : (size_t)rank - 1];
		uint64_t got = histogram_percentile(&h, percents[i]);

		CHECK(got >= exact && got - exact <= exact / 1024, "p%g of %zu is %llu, not %llu",
		      percents[i], count, (unsigned long long)got, (unsigned long long)exact);
	}
}

static void percentiles_are_those_of_sorting(void)
{
	uint64_t random = tap_seed();

	for (int bits = 1; bits <= 41; bits++) {
		size_t count = 1 + tap_next(&random) % VALUES;
		uint64_t sum = 0;

		histogram_clear(&h);
		for (size_t i = 0; i < count; i++) {
			values[i] = tap_next(&random) >> (64 - 1 - tap_next(&random) % bits);
			histogram_record(&h, values[i]);
			sum += values[i];
		}
		check_percentiles(count);
		CHECK_EQ(h.count, count);
		CHECK_EQ(h.max, values[count - 1]);
		CHECK(fabs(histogram_mean(&h) - (double)sum / (double)count) < 1, "mean");
	}
}

/* Each value around every power of two, where buckets change their width. */
static void every_value_is_kept_to_three_digits(void)
{
	for (unsigned int bit = 0; bit < HISTOGRAM_TOP_BIT; bit++) {
		for (int64_t off = -3; off <= 3; off++) {
			uint64_t value = (1ull << bit) + (uint64_t)off;
			uint64_t got;

			if ((int64_t)(1ull << bit) + off < 0 || value >> HISTOGRAM_TOP_BIT)
				continue;
			histogram_clear(&h);
			histogram_record(&h, value);
			histogram_record(&h, 1ull << HISTOGRAM_TOP_BIT);
			got = histogram_percentile(&h, 50);
			CHECK(got >= value && got - value <= value / 1024, "%llu is kept as %llu",
			      (unsigned long long)value, (unsigned long long)got);
		}
	}
}

static void an_hour_fits_and_more_is_not_lost(void)
{
	uint64_t hour = 3600ull * 1000000000, got;

	histogram_clear(&h);
	histogram_record(&h, hour);
	histogram_record(&h, UINT64_MAX / 2);
	got = histogram_percentile(&h, 50);
	CHECK(got >= hour && got - hour <= hour / 1024, "%llu", (unsigned long long)got);
	CHECK_EQ(histogram_percentile(&h, 100), UINT64_MAX / 2);
	CHECK_EQ(h.count, 2);
}

static void no_percentile_is_above_the_max(void)
{
	histogram_clear(&h);
	histogram_record(&h, 1000001);
	CHECK_EQ(histogram_percentile(&h, 50), 1000001);
}

static void merging_is_recording_all_in_one(void)
{
	uint64_t random = tap_seed();

	histogram_clear(&h);
	histogram_clear(&other);
	for (size_t i = 0; i < VALUES; i++) {
		values[i] = tap_next(&random) >> (24 + tap_next(&random) % 32);
		histogram_record(i % 3 ? &h : &other, values[i]);
	}
	histogram_merge(&h, &other);
	CHECK_EQ(h.count, VALUES);
	check_percentiles(VALUES);
	CHECK_EQ(h.max, values[VALUES - 1]);
	histogram_clear(&other);
	histogram_merge(&h, &other);
	CHECK_EQ(h.count, VALUES);
	CHECK_EQ(h.max, values[VALUES - 1]);
}

static void nothing_has_no_percentile(void)
{
	histogram_clear(&h);
	CHECK_EQ(histogram_percentile(&h, 99), 0);
	CHECK(histogram_mean(&h) == 0, "mean of nothing");
}

static void jains_index_of_known_cases(void)
{
	uint64_t even[] = { 5, 5, 5, 5 }, one[] = { 0, 0, 8, 0 }, half[] = { 3, 0, 3, 0 };
	uint64_t some[] = { 1, 2, 3 }, none[] = { 0, 0 };

	CHECK(fairness_of(even, 4).jain == 1, "all alike");
	CHECK(fairness_of(one, 4).jain == 0.25, "one of four has all");
	CHECK(fairness_of(half, 4).jain == 0.5, "two of four have all");
	CHECK(fabs(fairness_of(some, 3).jain - 36.0 / 42) < 1e-12, "1, 2, 3");
	CHECK(fairness_of(none, 2).jain == 1, "nobody was served");
	CHECK(fairness_of(none, 0).jain == 1, "nobody is there");
}

static void served_counts_are_ordered(void)
{
	uint64_t odd[] = { 9, 1, 4 }, even[] = { 8, 1, 3, 4 };
	struct fairness f = fairness_of(odd, 3);

	CHECK(f.min == 1 && f.median == 4 && f.max == 9, "odd");
	f = fairness_of(even, 4);
	CHECK(f.min == 1 && f.median == 3.5 && f.max == 8, "even");
}

/* A row is written when the last loop hands it in, whichever is ahead. */
static void rows_of_two_loops_are_added_up(void)
{
	static struct series s;
	static struct row a, b;
	char path[] = "/tmp/load_rows.XXXXXX", text[1024] = "";
	int fd = mkstemp(path);
	struct error err;
	FILE *file;

	CHECK(fd >= 0 && !series_open(&s, path, false, 2, 200000000, &err), "cannot open");
	a = b = (struct row){ .number = 0 };
	a.sent = 3;
	series_hand_in(&s, &a);
	CHECK(a.number == 1 && !a.sent, "the row is not a new one");
	a.sent = 5;
	series_hand_in(&s, &a);
	b.sent = 4;
	b.done = 1;
	histogram_record(&b.latency, 2000);
	series_hand_in(&s, &b);
	b.errors = 7;
	series_hand_in(&s, &b);
	series_hand_in(&s, &b);
	CHECK(!series_close(&s, &err), "cannot close");
	file = fdopen(fd, "r");
	CHECK(fread(text, 1, sizeof(text) - 1, file) > 0, "it is empty");
	fclose(file);
	unlink(path);
	CHECK(!strcmp(text, "seconds,sent,done,errors,p50_us,p99_us\n"
			    "-0.1,7,1,0,2.0,2.0\n0.0,5,0,7,0.0,0.0\n0.1,0,0,0,0.0,0.0\n"),
	      "%s", text);
}

int main(void)
{
	RUN(percentiles_are_those_of_sorting);
	RUN(every_value_is_kept_to_three_digits);
	RUN(an_hour_fits_and_more_is_not_lost);
	RUN(no_percentile_is_above_the_max);
	RUN(merging_is_recording_all_in_one);
	RUN(nothing_has_no_percentile);
	RUN(jains_index_of_known_cases);
	RUN(served_counts_are_ordered);
	RUN(rows_of_two_loops_are_added_up);
	return tap_done();
}
