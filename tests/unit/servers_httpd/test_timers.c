// SPDX-License-Identifier: GPL-2.0
/* The timer wheel: no timer before its time, none much after it, and none twice. */
#include "tap.h"
#include "timers.h"

#define START 1000003

static struct timers wheel;

static void a_timer_expires_at_its_deadline_and_not_before(void)
{
	struct timer timer = { 0 };

	for (int64_t wait = 1; wait < 400000; wait = wait * 5 / 2 + 1) {
		int64_t now = START;

		timers_init(&wheel, now);
		timer_set(&wheel, &timer, START + wait);
		for (; now < START + wait; now++)
			CHECK(!timers_expired(&wheel, now), "%lld ms too early",
			      (long long)(START + wait - now));
		while (!timers_expired(&wheel, now))
			now++;
		CHECK(now - START - wait < 2 * TIMER_TICK, "%lld ms late",
		      (long long)(now - START - wait));
		CHECK(!timers_expired(&wheel, now + 1000000), "it expired twice");
		CHECK_EQ(wheel.count, 0);
	}
}

static void a_deadline_may_be_moved_both_ways(void)
{
	struct timer timer = { 0 };

	timers_init(&wheel, START);
	timer_set(&wheel, &timer, START + 10000);
	timer_set(&wheel, &timer, START + 20000);
	CHECK(!timers_expired(&wheel, START + 19999), "put off, and yet it came");
	timer_set(&wheel, &timer, START + 20500);
	CHECK(timers_expired(&wheel, START + 20500 + 2 * TIMER_TICK) == &timer, "it did not come");

	timer_set(&wheel, &timer, START + 90000);
	timer_set(&wheel, &timer, START + 22000);
	CHECK(timers_expired(&wheel, START + 22000 + 2 * TIMER_TICK) == &timer, "brought forward in vain");
	CHECK_EQ(wheel.count, 0);
}

/* A connection whose handler works has the deadline INT64_MAX. */
static void no_deadline_is_never(void)
{
	struct timer timer = { 0 };

	timers_init(&wheel, START);
	timer_set(&wheel, &timer, INT64_MAX);
	for (int64_t now = START; now < START + 10 * TIMER_SLOTS * TIMER_TICK; now += TIMER_TICK)
		CHECK(!timers_expired(&wheel, now), "it came");
	timer_set(&wheel, &timer, START);
	CHECK(timers_expired(&wheel, START + 11 * TIMER_SLOTS * TIMER_TICK) == &timer, "it did not come");
}

static void a_stopped_timer_does_not_come(void)
{
	struct timer timer = { 0 }, other = { 0 };

	timers_init(&wheel, START);
	timer_set(&wheel, &timer, START + 100);
	timer_set(&wheel, &other, START + 100);
	timer_clear(&wheel, &timer);
	timer_clear(&wheel, &timer);
	CHECK(timers_expired(&wheel, START + 1000) == &other, "the wrong one");
	CHECK(!timers_expired(&wheel, START + 1000), "both");
}

static void a_long_sleep_loses_none(void)
{
	struct timer timers[50] = { 0 };
	int found = 0;

	timers_init(&wheel, START);
	for (int i = 0; i < 50; i++)
		timer_set(&wheel, &timers[i], START + i * 3000);
	while (timers_expired(&wheel, START + 86400000))
		found++;
	CHECK_EQ(found, 50);
	timer_set(&wheel, &timers[0], START + 86400000 + 500);
	CHECK(!timers_expired(&wheel, START + 86400000 + 499), "too early after the sleep");
	CHECK(timers_expired(&wheel, START + 86400000 + 500 + 2 * TIMER_TICK), "never");
}

/* Beside a list that is searched in full: the same timers, each in its time. */
static void any_sequence_is_that_of_a_plain_list(void)
{
	struct timer timers[64] = { 0 };
	uint64_t state = tap_seed();
	int64_t now = START;

	timers_init(&wheel, now);
	for (int step = 0; step < 20000; step++) {
		struct timer *timer = &timers[tap_next(&state) % 64], *due;

		if (tap_next(&state) % 8)
			timer_set(&wheel, timer, now + (int64_t)(tap_next(&state) % 100000));
		else
			timer_clear(&wheel, timer);
		now += (int64_t)(tap_next(&state) % 100);
		while ((due = timers_expired(&wheel, now)))
			CHECK(due->deadline <= now, "%lld ms early", (long long)(due->deadline - now));
		for (int i = 0; i < 64; i++)
			CHECK(!timers[i].next || timers[i].deadline > now - 2 * TIMER_TICK,
			      "%lld ms late", (long long)(now - timers[i].deadline));
	}
}

int main(void)
{
	RUN(a_timer_expires_at_its_deadline_and_not_before);
	RUN(a_deadline_may_be_moved_both_ways);
	RUN(no_deadline_is_never);
	RUN(a_stopped_timer_does_not_come);
	RUN(a_long_sleep_loses_none);
	RUN(any_sequence_is_that_of_a_plain_list);
	return tap_done();
}
