// SPDX-License-Identifier: GPL-2.0
/* The open loop's timetable: no drift, no omission, cards dealt to all loops. */
#include "tap.h"
#include "clock.h"
#include "schedule.h"

#define T0 1000000007ull

static void begin(struct schedule *s, uint64_t end, uint64_t rate)
{
	schedule_begin(s, T0, end, rate, 0, 1, UINT64_MAX);
}

/* 3 requests a second for a day: the last is where it should be to the ns. */
static void no_rounding_adds_up(void)
{
	uint64_t intended = 0, i = 0;
	struct schedule s;
	bool queued;

	begin(&s, T0 + 86400 * NS_PER_S, 3000);
	while (schedule_take(&s, UINT64_MAX - 1, &intended, &queued)) {
		CHECK_EQ(intended, T0 + i * NS_PER_S / 3);
		i++;
	}
	CHECK_EQ(i, 86400 * 3);
	CHECK_EQ(schedule_next(&s), NEVER);
}

static void none_is_sent_before_it_is_due(void)
{
	struct schedule s;
	uint64_t intended;
	bool queued;

	begin(&s, NEVER, 1000 * 1000);
	CHECK(!schedule_take(&s, T0 - 1, &intended, &queued), "the first is early");
	CHECK(schedule_take(&s, T0, &intended, &queued), "the first is not there");
	CHECK_EQ(intended, T0);
	CHECK_EQ(schedule_next(&s), T0 + NS_PER_MS);
	CHECK(!schedule_take(&s, T0 + NS_PER_MS - 1, &intended, &queued), "the second is early");
	CHECK(schedule_take(&s, T0 + NS_PER_MS, &intended, &queued), "the second is not there");
}

/* A loop that slept for a second still has a second's requests to send, each with its own time. */
static void whoever_is_late_omits_nothing(void)
{
	struct schedule s;
	uint64_t intended, i = 0;
	bool queued;

	begin(&s, NEVER, 100 * 1000);
	while (schedule_take(&s, T0 + NS_PER_S - 1, &intended, &queued)) {
		CHECK_EQ(intended, T0 + i * 10 * NS_PER_MS);
		CHECK(!queued, "nobody said that no connection was free");
		i++;
	}
	CHECK_EQ(i, 100);
}

static void the_end_is_not_part_of_it(void)
{
	struct schedule s;
	uint64_t intended;
	bool queued;

	begin(&s, T0 + 2 * NS_PER_S, 1000);
	CHECK(schedule_take(&s, NEVER - 1, &intended, &queued), "0");
	CHECK(schedule_take(&s, NEVER - 1, &intended, &queued), "1");
	CHECK(!schedule_take(&s, NEVER - 1, &intended, &queued), "2 is due at the end");
}

static void rates_may_be_fractions(void)
{
	struct schedule s;
	uint64_t intended;
	bool queued;

	begin(&s, NEVER, 1);
	CHECK(schedule_take(&s, T0, &intended, &queued), "0");
	CHECK_EQ(schedule_next(&s), T0 + 1000 * NS_PER_S);
	begin(&s, NEVER, SCHEDULE_RATE_MAX);
	CHECK(schedule_take(&s, T0, &intended, &queued), "0");
	CHECK_EQ(schedule_next(&s), T0 + 100);
}

static void loops_share_it_without_gap_or_double(void)
{
	enum { LOOPS = 3, ALL = 100 };
	bool seen[ALL] = { false };
	uint64_t intended;
	bool queued;

	for (unsigned int loop = 0; loop < LOOPS; loop++) {
		struct schedule s;

		schedule_begin(&s, T0, NEVER, 1000 * 1000, loop, LOOPS, ALL);
		while (schedule_take(&s, NEVER - 1, &intended, &queued)) {
			uint64_t i = (intended - T0) / NS_PER_MS;

			CHECK(i < ALL && i % LOOPS == loop && !seen[i], "%llu",
			      (unsigned long long)i);
			seen[i] = true;
		}
		CHECK_EQ(schedule_next(&s), NEVER);
	}
	for (int i = 0; i < ALL; i++)
		CHECK(seen[i], "%d is not sent", i);
}

/* Each that found no connection is counted once, and known when it is taken. */
static void queued_requests_are_counted_once(void)
{
	struct schedule s;
	uint64_t intended;
	bool queued;

	begin(&s, NEVER, 1000 * 1000);
	CHECK_EQ(schedule_queue(&s, T0 - 1), 0);
	CHECK_EQ(schedule_queue(&s, T0 + 2 * NS_PER_MS), 3);
	CHECK_EQ(schedule_waiting(&s), 3);
	CHECK_EQ(schedule_queue(&s, T0 + 2 * NS_PER_MS), 0);
	CHECK_EQ(schedule_queue(&s, T0 + 3 * NS_PER_MS), 1);
	CHECK(schedule_take(&s, T0 + 4 * NS_PER_MS, &intended, &queued) && queued, "0 queued");
	CHECK_EQ(schedule_waiting(&s), 3);
	for (int i = 1; i < 4; i++)
		CHECK(schedule_take(&s, T0 + 4 * NS_PER_MS, &intended, &queued) && queued, "%d", i);
	CHECK(schedule_take(&s, T0 + 4 * NS_PER_MS, &intended, &queued) && !queued, "4 did not");
	CHECK_EQ(schedule_waiting(&s), 0);
	CHECK_EQ(schedule_queue(&s, T0 + 4 * NS_PER_MS), 0);
	CHECK_EQ(schedule_queue(&s, T0 + 5 * NS_PER_MS), 1);
}

static void queueing_ends_with_the_timetable(void)
{
	struct schedule s;

	schedule_begin(&s, T0, T0 + 10 * NS_PER_MS, 1000 * 1000, 1, 2, UINT64_MAX);
	CHECK_EQ(schedule_queue(&s, NEVER - 1), 5);
	CHECK_EQ(schedule_waiting(&s), 5);
	CHECK_EQ(schedule_queue(&s, NEVER), 0);
}

int main(void)
{
	RUN(no_rounding_adds_up);
	RUN(none_is_sent_before_it_is_due);
	RUN(whoever_is_late_omits_nothing);
	RUN(the_end_is_not_part_of_it);
	RUN(rates_may_be_fractions);
	RUN(loops_share_it_without_gap_or_double);
	RUN(queued_requests_are_counted_once);
	RUN(queueing_ends_with_the_timetable);
	return tap_done();
}
