// SPDX-License-Identifier: GPL-2.0
/*
 * The policy credit: a group earns credit at the rate of its share, whether it
 * runs or not, and pays with it for running. What it leaves unused it saves, up
 * to its burst, and runs above its share later.
 *
 *	BOOST  woken with credit: before all others, for one tick of running
 *	UNDER  has credit: the one with most credit first
 *	OVER   has none: gets what nobody with credit wants, free, by weight
 *
 * With burst = period = 30 ms and tick = 10 ms this behaves like Xen's credit
 * scheduler; with a burst of minutes like a burstable cloud instance.
 *
 *	earned = spent + balance + discarded				(S5)
 */
#include <linux/math64.h>

#include "csched.h"

/**
 * csched_standing - BOOST, UNDER or OVER
 * @g: a group
 */
enum csched_standing csched_standing(const struct csched_group *g)
{
	if (g->boost_left)
		return CSCHED_BOOST;
	return g->credit > 0 || g->pool->policy != &csched_credit ? CSCHED_UNDER : CSCHED_OVER;
}

/* Must @a run rather than @b? */
static bool before(const struct csched_group *a, const struct csched_group *b)
{
	enum csched_standing sa = csched_standing(a), sb = csched_standing(b);

	if (sa != sb)
		return sa < sb;
	if (sa == CSCHED_OVER)
		return (s64)(a->surplus - b->surplus) < 0;
	return a->credit > b->credit;
}

static struct csched_group *credit_pick(struct csched_pool *pool)
{
	struct csched_group *g, *best = NULL;

	list_for_each_entry(g, &pool->groups, link)
		if (csched_can_run(g) && (!best || before(g, best)))
			best = g;
	return best;
}

static bool credit_yields(struct csched_task *t)
{
	struct csched_group *best = credit_pick(t->group->pool);

	return best == t->group || !before(t->group, best);
}

static u64 credit_preempts(struct csched_group *woken, struct csched_group *running)
{
	/* lab 07 step 7 begin: may it put off who runs; skeleton: return CSCHED_NO_TIMER; */
	return csched_standing(woken) < csched_standing(running) ? 0 : CSCHED_NO_TIMER;
	/* lab 07 step 7 end */
}

/* A slot given to a group without credit is free: nobody who could pay wanted it. */
static void credit_grant(struct csched_task *t)
{
	struct csched_group *g = t->group;

	t->surplus = csched_standing(g) == CSCHED_OVER;
	/* Surplus time cannot be saved: start level with those that took it. */
	if (t->surplus && (s64)(g->surplus - g->pool->surplus) < 0)
		g->surplus = g->pool->surplus;
	if (t->surplus)
		g->pool->surplus = g->surplus;
}

/* ns as they count against others': heavier groups may run longer for the same. */
static u64 weighted(const struct csched_group *g, u64 ns)
{
	return csched_scale(ns, CSCHED_WEIGHT_MAX, g->attr.weight);
}

static void pay(struct csched_task *t, u64 ns)
{
	struct csched_group *g = t->group;
	u64 most = g->credit + CSCHED_DEBT_MAX;

	/* lab 07 step 7 begin: it has run for ns */
	g->boost_left = g->boost_left > ns ? g->boost_left - ns : 0;
	/* lab 07 step 7 end */
	/* lab 07 step 4 begin: spend */
	if (t->surplus && (t->state == CSCHED_RUNNING || t->state == CSCHED_LEAVING)) {
		g->surplus += weighted(g, ns);
		return;
	}
	if (ns > most)
		ns = most;
	g->credit -= ns;
	g->spent += ns;
	/* lab 07 step 4 end */
}

static void credit_charge(struct csched_task *t, u64 ns)
{
	if (!t->group->pool->params.sampled)
		pay(t, ns);
}

/* Under accounting=tick: whoever is found running pays for the whole tick. */
static void sample(struct csched_pool *pool)
{
	struct csched_task *t;

	list_for_each_entry(t, &pool->held, queue)
		pay(t, pool->params.tick);
}

static void credit_wake(struct csched_group *g)
{
	/* lab 07 step 7 begin: a group wakes */
	if (g->credit <= 0)
		return;
	g->boost_left = g->pool->params.tick;
	g->boosts++;
	/* lab 07 step 7 end */
	csched_report(g, CSCHED_EV_BOOST, NULL, 0);
}

static void clip(struct csched_group *g)
{
	/* lab 07 step 5 begin: no more than burst */
	s64 excess = g->credit - (s64)g->attr.burst;

	if (excess > 0) {
		g->credit -= excess;
		g->discarded += excess;
	}
	/* lab 07 step 5 end */
}

/*
 * What the CPUs have done for our tasks, or could have done, in ns so far. Time that
 * went elsewhere while a slot was held does not count: credit for time that nobody
 * can get would pile up with all, and their weights would not matter any more.
 */
static s64 available(const struct csched_pool *pool)
{
	return pool->idle + (s64)pool->work;
}

/* Hand that out: to each group its part, cut from one row. */
static void hand_out(struct csched_pool *pool)
{
	s64 all = available(pool) - pool->handed;
	u64 row = 0, before_it = 0;
	struct csched_group *g;
	struct csched_task *t;

	if (all <= 0)
		return;
	pool->handed += all;
	list_for_each_entry(g, &pool->groups, link) {
		u64 upto, part;

		/* lab 07 step 4 begin: earn */
		row += g->attr.weight;
		upto = csched_scale(all, row, pool->weight);
		part = upto - before_it;
		before_it = upto;
		g->earned += part;
		g->credit += part;
		/* lab 07 step 4 end */
		clip(g);
		csched_report(g, CSCHED_EV_ACCOUNT, NULL, 0);
	}
	list_for_each_entry(t, &pool->held, queue)
		if (t->group->credit > 0)
			t->surplus = false;
}

static u64 credit_advance(struct csched_pool *pool)
{
	const struct csched_params *params = &pool->params;
	u64 late;

	if (params->sampled && pool->now - pool->tick_at >= params->tick) {
		sample(pool);
		/* Ticks keep their beat, whenever we look. */
		div64_u64_rem(pool->now - pool->tick_at, params->tick, &late);
		pool->tick_at = pool->now - late;
	}
	if (!pool->nr_groups) {
		pool->acct_at = pool->now;
		pool->handed = available(pool);
	}
	if (pool->now - pool->acct_at >= params->period) {
		hand_out(pool);
		pool->acct_at = pool->now;
	}
	/* While nobody runs nothing needs to be known; what was earned is made up for later. */
	if (list_empty(&pool->held) && list_empty(&pool->waiting))
		return CSCHED_NO_TIMER;
	if (params->sampled && pool->tick_at + params->tick < pool->acct_at + params->period)
		return pool->tick_at + params->tick;
	return pool->acct_at + params->period;
}

static void credit_set(struct csched_group *g)
{
	clip(g);
}

const struct csched_policy csched_credit = {
	.name = "credit",
	.weight_default = 256,
	.weight_max = CSCHED_WEIGHT_MAX,
	.pick = credit_pick,
	.yields = credit_yields,
	.preempts = credit_preempts,
	.charge = credit_charge,
	.wake = credit_wake,
	.grant = credit_grant,
	.advance = credit_advance,
	.set = credit_set,
};
