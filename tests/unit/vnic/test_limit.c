// SPDX-License-Identifier: GPL-2.0
/* So many a second and some at once, exactly. */
#include "tap.h"

#include <linux/limits.h>

#include "limit.h"

static u32 take_all(struct vnic_limit *limit, u64 now)
{
	u32 taken = 0;

	while (vnic_limit_take(limit, now))
		CHECK(++taken < 1000000, "it never ends");
	return taken;
}

static void some_at_once_then_none(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, 10, 5, 7777);
	CHECK_EQ(take_all(&limit, 7777), 5);
	CHECK_EQ(take_all(&limit, 7777), 0);
}

/* Three a second: one each 333 1/3 ms. */
static void one_is_there_when_it_is_whole(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, 3, 2, 0);
	CHECK_EQ(take_all(&limit, 0), 2);
	CHECK_EQ(take_all(&limit, 333), 0);
	CHECK_EQ(take_all(&limit, 334), 1);
	CHECK_EQ(take_all(&limit, 666), 0);
	CHECK_EQ(take_all(&limit, 667), 1);
	CHECK_EQ(take_all(&limit, 1000), 1);
}

static void nothing_is_lost_by_asking_often(void)
{
	struct vnic_limit limit;
	u32 taken = 0;

	vnic_limit_init(&limit, 7, 20, 0);
	for (u64 now = 0; now <= 100000; now++)
		taken += take_all(&limit, now);
	CHECK_EQ(taken, 20 + 700);
}

static void no_more_than_the_burst_is_kept(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, 1000, 50, 0);
	CHECK_EQ(take_all(&limit, 0), 50);
	CHECK_EQ(take_all(&limit, 10), 10);
	CHECK_EQ(take_all(&limit, 10 + 49), 49);
	CHECK_EQ(take_all(&limit, 1000000), 50);
	CHECK_EQ(take_all(&limit, 1000000), 0);
}

/* Whatever the times: from any moment on, at most the burst and what the rate gives. */
static void never_more_than_rate_and_burst(void)
{
	uint64_t state = tap_seed();

	for (u32 run = 0; run < 200; run++) {
		u32 rate = tap_next(&state) % 2000, burst = tap_next(&state) % 30;
		unsigned long long start = tap_next(&state) % 100000, now = start, taken = 0;
		struct vnic_limit limit;

		vnic_limit_init(&limit, rate, burst, start);
		for (u32 i = 0; i < 300; i++) {
			now += tap_next(&state) % 4 * (tap_next(&state) % 20);
			taken += vnic_limit_take(&limit, now);
			CHECK(taken <= burst + (now - start) * rate / 1000,
			      "%llu of %u + %u/s in %llu ms", taken, burst, rate, now - start);
		}
	}
}

static void time_that_goes_backwards_stands_still(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, 1000, 10, 5000);
	CHECK_EQ(take_all(&limit, 5000), 10);
	CHECK_EQ(take_all(&limit, 1000), 0);
	/* And what was before is not given a second time. */
	CHECK_EQ(take_all(&limit, 5001), 1);
	CHECK_EQ(take_all(&limit, 0), 0);
	CHECK_EQ(take_all(&limit, 5003), 2);
}

static void zeros_are_what_they_say(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, 0, 3, 0);
	CHECK_EQ(take_all(&limit, 1ull << 60), 3);
	CHECK_EQ(take_all(&limit, 1ull << 61), 0);
	vnic_limit_init(&limit, 1000, 0, 0);
	CHECK_EQ(take_all(&limit, 1ull << 60), 0);
}

static void the_greatest_numbers_do_not_wrap(void)
{
	struct vnic_limit limit;

	vnic_limit_init(&limit, U32_MAX, U32_MAX, 0);
	for (u32 i = 0; i < 1000; i++)
		CHECK(vnic_limit_take(&limit, 0), "%u", i);
	CHECK(vnic_limit_take(&limit, U64_MAX), "after ages");
	CHECK_EQ(limit.credit, (U32_MAX - 1ull) * 1000);
	vnic_limit_init(&limit, 1, 100, 0);
	CHECK_EQ(take_all(&limit, 0), 100);
	CHECK_EQ(take_all(&limit, 1ull << 32), 100);
	CHECK_EQ(take_all(&limit, U64_MAX), 100);
	/* A rate and a time whose product has more than 64 bits. */
	vnic_limit_init(&limit, 1u << 31, U32_MAX, 0);
	limit.credit = 0;
	CHECK(vnic_limit_take(&limit, 1ull << 33), "full");
	CHECK_EQ(limit.credit, (U32_MAX - 1ull) * 1000);
}

int main(void)
{
	RUN(some_at_once_then_none);
	RUN(one_is_there_when_it_is_whole);
	RUN(nothing_is_lost_by_asking_often);
	RUN(no_more_than_the_burst_is_kept);
	RUN(never_more_than_rate_and_burst);
	RUN(time_that_goes_backwards_stands_still);
	RUN(zeros_are_what_they_say);
	RUN(the_greatest_numbers_do_not_wrap);
	return tap_done();
}
