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
 *
 * A group with a baseline is such an instance: it earns that part of a CPU in real
 * time, and without credit it is not OVER but throttled until it has earned some, so
 * that it runs at its baseline, exactly, on however idle a machine.
 *
 * What is there to earn is what the CPUs can do (available()), and no more: else credit
 * would pile up with all, and weights would not matter. Baselines come off it first; the
 * others get the rest by weight. Should the baselines promise more than there is, they
 * get it all the same, and it is taken off what comes next: the others earn nothing
 * until that is made up for, or, if it is more than one period, forgiven.
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

	list_for_each_entry(g, &pool->active, among_active)
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

/* At a baseline nothing is free, and a slot is over when the credit is. */
static void grant_at_baseline(struct csched_task *t)
{
	const struct csched_params *params = &t->group->pool->params;
	u64 lasts = t->group->credit > 0 ? t->group->credit : 0;

	t->surplus = false;
	lasts = div64_u64(lasts, t->group->nr_held ? t->group->nr_held : 1);
	if (lasts < params->min_slot / 4)
		lasts = params->min_slot / 4;
	if (!params->sampled && !t->minimal && t->slot_end > t->since + lasts)
		t->slot_end = t->since + lasts;
}

/*
 * A slot given to a group without credit is free, for nobody who could pay wanted it;
 * but not a minimal one.
 */
static void credit_grant(struct csched_task *t)
{
	struct csched_group *g = t->group;

	if (g->attr.baseline) {
		grant_at_baseline(t);
		return;
	}
	t->surplus = csched_standing(g) == CSCHED_OVER && !t->minimal;
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

/* Out of credit it waits at its baseline until it can run for a moment at least. */
static void hold_to_baseline(struct csched_group *g)
{
	if (!g->attr.baseline || g->credit >= (s64)g->pool->params.min_slot)
		csched_throttle(g, CSCHED_BY_BASELINE, false);
	else if (g->credit <= 0)
		csched_throttle(g, CSCHED_BY_BASELINE, true);
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
	hold_to_baseline(g);
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

/* What a baseline earns in @ns. */
static u64 at_baseline(const struct csched_group *g, u64 ns)
{
	return csched_scale(ns, g->attr.baseline, 100);
}

/* What a group earns in one period. */
static u64 income(const struct csched_group *g)
{
	const struct csched_pool *pool = g->pool;

	if (g->attr.baseline)
		return at_baseline(g, pool->params.period);
	return csched_scale(pool->params.period * pool->cpus, g->attr.weight, pool->weight);
}

/**
 * csched_credit_most - how much credit a group may have
 * @g: a group
 *
 * Its burst, but no less than it earns in a period and one slot: else one that is due more
 * than a CPU, or uses all that it earns but a little late, would lose some of it each time.
 * A burst of 0 says that it is to save nothing.
 */
s64 csched_credit_most(const struct csched_group *g)
{
	u64 least = income(g) + g->pool->params.slot;

	if (!g->attr.burst && !g->attr.baseline)
		return 0;
	return g->attr.burst > least ? g->attr.burst : least;
}

static void clip(struct csched_group *g)
{
	/* lab 07 step 5 begin: no more than it may save */
	s64 excess = g->credit - csched_credit_most(g);

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

static void earn(struct csched_group *g, u64 ns)
{
	/* lab 07 step 4 begin: earn */
	g->earned += ns;
	g->credit += ns;
	/* lab 07 step 4 end */
	clip(g);
	hold_to_baseline(g);
	csched_report(g, CSCHED_EV_ACCOUNT, NULL, 0);
}

/* What is left to hand out after baselines were served. */
static s64 serve_baselines(struct csched_pool *pool)
{
	s64 much = pool->params.period * pool->cpus;
	struct csched_group *g;

	list_for_each_entry(g, &pool->groups, link) {
		u64 part = at_baseline(g, pool->now - pool->acct_at);

		if (!g->attr.baseline)
			continue;
		earn(g, part);
		pool->handed += part;
	}
	if (pool->handed > available(pool) + much)
		pool->handed = available(pool) + much;
	return available(pool) - pool->handed;
}

/* To each group its part, cut from one row. */
static void hand_out(struct csched_pool *pool)
{
	u64 row = 0, before_it = 0;
	s64 rest = serve_baselines(pool);
	struct csched_group *g;
	struct csched_task *t;

	if (rest <= 0)
		return;
	pool->handed += rest;
	list_for_each_entry(g, &pool->groups, link) {
		u64 upto;

		if (g->attr.baseline)
			continue;
		/* lab 07 step 4 begin: each its weight's part */
		row += g->attr.weight;
		upto = csched_scale(rest, row, pool->weight);
		earn(g, upto - before_it);
		before_it = upto;
		/* lab 07 step 4 end */
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
	hold_to_baseline(g);
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
	.baselines = true,
};
