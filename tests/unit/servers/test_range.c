// SPDX-License-Identifier: GPL-2.0
/* Range fields: which octets they ask for, of a representation of a thousand. */
#include "range.h"
#include "reading.h"

static struct http_range ranges[HTTP_RANGES_MOST];
static unsigned int count;

static enum http_range_verdict of(const char *value, uint64_t length)
{
	memset(ranges, 0xa5, sizeof(ranges));
	count = 77;
	return http_range_read((struct http_text){ value, strlen(value) }, length, ranges, &count);
}

/* "0-9,20-29", as they come out. */
static const char *shown(void)
{
	static char text[500];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < count; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s%llu-%llu", i ? "," : "",
			       (unsigned long long)ranges[i].first,
			       (unsigned long long)ranges[i].last);
	return text;
}

static void gives(const char *value, const char *want)
{
	enum http_range_verdict verdict = of(value, 1000);

	CHECK(verdict == HTTP_RANGE_PARTIAL, "%s: %d", value, verdict);
	CHECK(!strcmp(shown(), want), "%s gives %s, not %s", value, shown(), want);
}

static void rfc9110_14_1_2_one_range(void)
{
	gives("bytes=0-0", "0-0");
	gives("bytes=0-499", "0-499");
	gives("bytes=500-999", "500-999");
	gives("bytes=500-", "500-999");
	gives("bytes=0-", "0-999");
	gives("bytes=999-", "999-999");
	gives("bytes=900-1000", "900-999");
	gives("bytes=900-99999999999999999999999", "900-999");
	gives("bytes= 5-6 ", "5-6");
}

static void rfc9110_14_1_2_suffixes(void)
{
	gives("bytes=-1", "999-999");
	gives("bytes=-500", "500-999");
	gives("bytes=-1000", "0-999");
	gives("bytes=-1001", "0-999");
	gives("bytes=-99999999999999999999999", "0-999");
}

static void rfc9110_14_1_the_unit_has_no_case(void)
{
	gives("BYTES=0-0", "0-0");
	CHECK_EQ(of("octets=0-0", 1000), HTTP_RANGE_NONE);
	CHECK_EQ(of("byte=0-0", 1000), HTTP_RANGE_NONE);
	CHECK_EQ(of("=0-0", 1000), HTTP_RANGE_NONE);
}

static void rfc9110_14_2_what_is_no_range_is_ignored(void)
{
	static const char *const bad[] = {
		"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5", "bytes=5-4", "bytes=a-b",
		"bytes=0-1x", "bytes=0x0-5", "bytes=--5", "bytes=1--5", "bytes=0 -5", "bytes=0- 5",
		"bytes=0-5;", "bytes =0-5", "bytes=0-5,x", "bytes=0-5,6", "bytes=0-5 6-7",
		"bytes:0-5", "bytes=+0-5", "bytes=0-5,9-8",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(of(bad[i], 1000) == HTTP_RANGE_NONE, "%s is taken", bad[i]);
}

static void rfc9110_15_5_17_beyond_the_end_is_unsatisfiable(void)
{
	CHECK_EQ(of("bytes=1000-", 1000), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=1000-2000", 1000), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=99999999999999999999-", 1000), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=-0", 1000), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=1000-,-0", 1000), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=0-", 0), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(of("bytes=0-0", 0), HTTP_RANGE_UNSATISFIABLE);
	CHECK_EQ(count, 0);
}

static void rfc9110_14_1_2_the_end_of_nothing_is_all_of_it(void)
{
	CHECK_EQ(of("bytes=-5", 0), HTTP_RANGE_NONE);
	CHECK_EQ(of("bytes=-0", 0), HTTP_RANGE_UNSATISFIABLE);
}

static void rfc9110_14_1_2_what_can_be_satisfied_is(void)
{
	gives("bytes=1000-,0-9", "0-9");
	gives("bytes=0-9,-0,2000-3000", "0-9");
}

static void rfc9110_14_2_several_in_the_order_asked_for(void)
{
	gives("bytes=0-9,200-209", "0-9,200-209");
	gives("bytes=200-209, 0-9", "200-209,0-9");
	gives("bytes=,0-9,,200-209,", "0-9,200-209");
	gives("bytes=0-0,-1", "0-0,999-999");
}

static void rfc9110_14_2_overlapping_and_near_ones_are_one(void)
{
	gives("bytes=0-9,5-20", "0-20");
	gives("bytes=5-20,0-9", "0-20");
	gives("bytes=0-9,10-20", "0-20");
	gives("bytes=0-99,10-20", "0-99");
	gives("bytes=10-20,0-99", "0-99");
	gives("bytes=0-9,90-99", "0-99");
	gives("bytes=0-9,91-99", "0-9,91-99");
	gives("bytes=91-99,0-9", "91-99,0-9");
	gives("bytes=0-9,500-509,400-450,9-499", "0-509");
	gives("bytes=0-9,300-309,150-159,80-230", "0-309");
	gives("bytes=0-,0-,0-,0-", "0-999");
}

static void rfc9110_14_2_too_many_are_answered_whole(void)
{
	char value[400] = "bytes=0-0";
	uint64_t length = 1000000;

	for (int i = 1; i < HTTP_RANGES_MOST; i++)
		sprintf(value + strlen(value), ",%d-%d", i * 1000, i * 1000);
	CHECK_EQ(of(value, length), HTTP_RANGE_PARTIAL);
	CHECK_EQ(count, HTTP_RANGES_MOST);
	strcat(value, ",-1");
	CHECK_EQ(of(value, length), HTTP_RANGE_NONE);
	strcpy(value, "bytes=0-0");
	for (int i = 1; i < HTTP_RANGES_MOST + 1; i++)
		strcat(value, ",0-0");
	CHECK_EQ(of(value, length), HTTP_RANGE_NONE);
}

/* Whatever is asked for: in order, in bounds, apart, and so no more than there is. */
static void any_set_is_sent_within_bounds(void)
{
	uint64_t seed = tap_seed();

	for (int round = 0; round < 20000; round++) {
		uint64_t length = tap_next(&seed) % 2000, sum = 0;
		char value[600] = "bytes=";
		int specs = 1 + tap_next(&seed) % HTTP_RANGES_MOST;

		for (int i = 0; i < specs; i++) {
			unsigned int first = tap_next(&seed) % 2100;

			sprintf(value + strlen(value), "%s%u-%u", i ? "," : "", first,
				first + (unsigned int)(tap_next(&seed) % 50));
		}
		if (of(value, length) != HTTP_RANGE_PARTIAL)
			continue;
		for (unsigned int i = 0; i < count; i++) {
			CHECK(ranges[i].first <= ranges[i].last && ranges[i].last < length, "%s",
			      value);
			sum += ranges[i].last - ranges[i].first + 1;
			for (unsigned int j = 0; j < i; j++)
				CHECK(ranges[i].first > ranges[j].last + HTTP_RANGE_GAP ||
				      ranges[j].first > ranges[i].last + HTTP_RANGE_GAP,
				      "%s", value);
		}
		CHECK(sum <= length, "%s", value);
	}
}

int main(void)
{
	RUN(rfc9110_14_1_2_one_range);
	RUN(rfc9110_14_1_2_suffixes);
	RUN(rfc9110_14_1_the_unit_has_no_case);
	RUN(rfc9110_14_2_what_is_no_range_is_ignored);
	RUN(rfc9110_15_5_17_beyond_the_end_is_unsatisfiable);
	RUN(rfc9110_14_1_2_the_end_of_nothing_is_all_of_it);
	RUN(rfc9110_14_1_2_what_can_be_satisfied_is);
	RUN(rfc9110_14_2_several_in_the_order_asked_for);
	RUN(rfc9110_14_2_overlapping_and_near_ones_are_one);
	RUN(rfc9110_14_2_too_many_are_answered_whole);
	RUN(any_set_is_sent_within_bounds);
	return tap_done();
}
