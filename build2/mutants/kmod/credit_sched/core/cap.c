// SPDX-License-Identifier: GPL-2.0
/*
 * Caps: a group may use at most so many percent of one CPU, in every policy.
 *
 * Cap time flows in at that rate and out as the group runs. It never exceeds one
 * slot, so in any stretch of time the group runs at most its cap and one slot more (S6).
 */
#include <linux/math64.h>

#include "csched.h"

/* ns; while tasks are yet leaving, cap time may flow out as fast as in: do not look all the time */
#define PAUSE	10000ull

/* A throttled group stays so until it has this much, so that slots do not crumble. */
static u64 grain(const struct csched_group *g)
{
	return g->pool->params.slot / 2;
}

static void fill_up(struct csched_group *g)
{
	u64 now = g->pool->now;
	s64 most = g->pool->params.slot;

	/* lab 07 step 6 begin: cap time flows in */
	/* Beyond this it is full whatever it owed; and the product stays small. */
	if (now - g->cap_at > 1000 * CSCHED_NS_PER_S)
		g->cap_time = most;
	else
		g->cap_time += csched_scale(now - g->cap_at, g->attr.cap, 100);
	if (g->cap_time > most)
		g->cap_time = most;
	/* lab 07 step 6 end */
	g->cap_at = now;
}

/**
 * csched_cap_charge - a group has run
 * @g: the group
 * @ns: for how long
 */
void csched_cap_charge(struct csched_group *g, u64 ns)
{
	if (!g->attr.cap)
		return;
	g->cap_time -= ns;
	if (g->cap_time < -CSCHED_DEBT_MAX)
		g->cap_time = -CSCHED_DEBT_MAX;
}

/**
 * csched_throttle - a reason to hold a group back has come or gone
 * @g: the group
 * @why: CSCHED_BY_*
 * @on: it has come
 */
void csched_throttle(struct csched_group *g, u32 why, bool on)
{
	u32 was = g->throttled;

	g->throttled = on ? was | why : was & ~why;
	if (!was == !g->throttled)
		return;
	g->pool->nr_ready += on ? -g->nr_waiting : g->nr_waiting;
	csched_report(g, on ? CSCHED_EV_THROTTLE : CSCHED_EV_UNTHROTTLE, NULL, 0);
}

/**
 * csched_cap_set - the cap has changed
 * @g: the group, with its new cap
 */
void csched_cap_set(struct csched_group *g)
{
	csched_throttle(g, CSCHED_BY_CAP, false);
	g->cap_time = g->pool->params.slot;
	g->cap_at = g->pool->now;
}

/**
 * csched_cap_advance - throttle, or no longer
 * @g: a group; pool->now has moved on
 *
 * Returns when to be called next, or CSCHED_NO_TIMER.
 */
u64 csched_cap_advance(struct csched_group *g)
{
	u64 now = g->pool->now;
	u64 flow;

	if (!g->attr.cap)
		return CSCHED_NO_TIMER;
	fill_up(g);
	/* lab 07 step 6 begin: throttle, or no longer */
	if (g->cap_time <= 0)
		csched_throttle(g, CSCHED_BY_CAP, true);
	else if (g->cap_time >= (s64)grain(g))
		csched_throttle(g, CSCHED_BY_CAP, false);
	/* lab 07 step 6 end */

	if (g->throttled & CSCHED_BY_CAP)
		return now + div64_u64((grain(g) - g->cap_time) * 100, g->attr.cap) + PAUSE;
	flow = 100ull * g->nr_held;
	if (flow <= g->attr.cap)
		return CSCHED_NO_TIMER;
	return now + div64_u64(g->cap_time * 100ull, flow - g->attr.cap) + 1;
}
