// SPDX-License-Identifier: GPL-2.0
/*
 * What each group is due, and its lag: due minus got. Kept for every policy, so
 * that they can be compared; share also decides by it.
 *
 * Whenever the pool's CPUs have done some ns of work, each active group was due
 * its part of them and one group has got them. So lags add up to 0 (S4).
 */
#include <linux/math64.h>

#include "csched.h"

/**
 * csched_scale - value * num / den, rounded down, without overflow on the way
 * @value: any
 * @num: below 2^32
 * @den: 1 to 2^32
 */
u64 csched_scale(u64 value, u64 num, u64 den)
{
	u64 whole, rest;

	if (!(value >> 32))
		return div64_u64(value * num, den);
	whole = div64_u64(value, den);
	rest = value - whole * den;
	return whole * num + div64_u64(rest * num, den);
}

/* All active groups are due @ns more, each its part: soon, see csched_lag_update(). */
static void give(struct csched_pool *pool, s64 ns)
{
	pool->ungiven += ns;
}

/**
 * csched_lag_update - bring all lags up to date
 * @pool: lags are about to be looked at, or parts to change
 *
 * Parts are cut from one row, so that what rounding takes from one the next one gets.
 */
void csched_lag_update(struct csched_pool *pool)
{
	s64 ns = pool->ungiven;
	u64 size = ns < 0 ? -ns : ns, row = 0, before = 0;
	struct csched_group *g;

	if (!ns)
		return;
	pool->ungiven = 0;
	list_for_each_entry(g, &pool->active, among_active) {
		u64 upto;

		row += g->due;
		upto = csched_scale(size, row, pool->due);
		g->lag += ns < 0 ? -(s64)(upto - before) : (s64)(upto - before);
		before = upto;
	}
}

/* What @g would have been due since it left, had it stayed. */
static u64 missed(const struct csched_group *g)
{
	const struct csched_group *other;
	u64 weight = g->attr.weight;

	list_for_each_entry(other, &g->pool->active, among_active)
		weight += other->attr.weight;
	return csched_scale(g->pool->work - g->left_at, g->attr.weight, weight);
}

/**
 * csched_lag_join - a group becomes active
 * @g: inactive so far
 *
 * It comes with what is left of the debt it left with: while it slept it was due
 * its part as ever, only that it can never be due more than nothing. The others
 * are due that rest now. Nobody to owe it to, no debt. csched_readjust() must follow:
 * until then its part is 0.
 */
void csched_lag_join(struct csched_group *g)
{
	g->lag += missed(g);
	if (g->lag > 0 || !g->pool->due)
		g->lag = 0;
	else
		give(g->pool, -g->lag);
	g->active = true;
	list_add_tail(&g->among_active, &g->pool->active);
}

/**
 * csched_lag_leave - a group becomes inactive
 * @g: active so far
 *
 * What it is due and does not take goes to the others; what it owes, it takes along.
 */
void csched_lag_leave(struct csched_group *g)
{
	s64 lag;

	csched_lag_update(g->pool);
	lag = g->lag;
	g->active = false;
	list_del_init(&g->among_active);
	g->due = 0;
	g->saturated = false;
	g->left_at = g->pool->work;
	csched_readjust(g->pool);
	/* lab 07 step 3 begin: what becomes of its lag */
	if (g->pool->due)
		give(g->pool, lag);
	if (lag > 0)
		g->lag = 0;
	/* lab 07 step 3 end */
}

/**
 * csched_lag_charge - a group has run
 * @g: the group
 * @ns: for how long
 */
void csched_lag_charge(struct csched_group *g, u64 ns)
{
	s64 forgiven;

	g->pool->work += ns;
	/* lab 07 step 2 begin: one has got it, all were due a part */
	g->lag -= ns;
	if (g->active)
		give(g->pool, ns);
	/* lab 07 step 2 end */
	forgiven = -CSCHED_DEBT_MAX - g->lag;
	if (forgiven > 0) {
		g->lag += forgiven;
		if (g->active)
			give(g->pool, -forgiven);
	}
}

/**
 * csched_lag_forfeit - a group cannot take what it is due
 * @g: active, but throttled
 */
void csched_lag_forfeit(struct csched_group *g)
{
	s64 lag = g->lag;

	if (lag <= 0)
		return;
	g->lag = 0;
	give(g->pool, lag);
}

/* Percent of a CPU that @g can use at most: it has so many tasks, a cap, a baseline. */
static u64 fills(const struct csched_group *g)
{
	u64 most = 100ull * (g->nr_active < g->pool->cpus ? g->nr_active : g->pool->cpus);

	if (g->attr.cap && g->attr.cap < most)
		most = g->attr.cap;
	return g->attr.baseline && g->attr.baseline < most ? g->attr.baseline : most;
}

/* It is due what it can use, out of @percent of a CPU; returns what that leaves. */
static u64 saturate(struct csched_group *g, u64 percent)
{
	u64 part = fills(g) < percent ? fills(g) : percent;

	g->saturated = true;
	g->due = part << g->pool->due_shift;
	return percent - part;
}

/**
 * csched_readjust - how many CPUs each active group is due
 * @pool: one of its groups, weights or task counts has changed
 *
 * A group cannot use more CPUs than it has tasks, nor more than its cap. One whose
 * weight asks for more is saturated: it is due just that, and the others divide the
 * rest, which may saturate the next. (Chandra et al., "Surplus Fair Scheduling", OSDI 2000.)
 * Groups with a baseline are due that, whatever their weight.
 */
void csched_readjust(struct csched_pool *pool)
{
	u64 weight = 0, percent = 100ull * pool->cpus;
	struct csched_group *g;
	bool again;

	csched_lag_update(pool);
	list_for_each_entry(g, &pool->active, among_active) {
		g->saturated = false;
		g->due = 0;
		if (g->attr.baseline)
			percent = saturate(g, percent);
		else
			weight += g->attr.weight;
	}
	do {
		again = false;
		list_for_each_entry(g, &pool->active, among_active) {
			if (g->saturated || g->attr.weight * percent < fills(g) * weight)
				continue;
			percent = saturate(g, percent);
			weight -= g->attr.weight;
			again = true;
		}
	} while (again);

	pool->due = 0;
	list_for_each_entry(g, &pool->active, among_active) {
		if (!g->saturated && weight)
			g->due = csched_scale(percent << pool->due_shift, g->attr.weight, weight);
		if (!g->due)
			g->due = 1;
		pool->due += g->due;
	}
}

/* ns until @g is due its next whole slot, in ns of pool work times its due. */
static s64 until_due(const struct csched_group *g)
{
	s64 left = (s64)g->pool->params.slot - g->lag;
	s64 most = 1ll << 31;

	return left > most ? most : left < -most ? -most : left;
}

/**
 * csched_due_before - must a run rather than b?
 * @a: a group
 * @b: another
 *
 * First those that have not had more than their due; among them the one that is
 * due its next whole slot first.
 */
bool csched_due_before(const struct csched_group *a, const struct csched_group *b)
{
	/* lab 07 step 2 begin: who is first; skeleton: return false; */
	bool a_may = a->lag >= 0, b_may = b->lag >= 0;

	if (a_may != b_may)
		return a_may;
	return until_due(a) * (s64)b->due < until_due(b) * (s64)a->due;
	/* lab 07 step 2 end */
}
