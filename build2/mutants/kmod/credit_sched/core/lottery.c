// SPDX-License-Identifier: GPL-2.0
/*
 * The policy lottery: each slot is drawn, a group's chance is its weight. Fair
 * only in the long run: after n slots it is off by about the root of n, where
 * share is off by one. (Waldspurger and Weihl, OSDI 1994.)
 */
#include <linux/math64.h>

#include "csched.h"

/* The next number of the pool's sequence (splitmix64). */
static u64 draw(struct csched_pool *pool)
{
	u64 z = pool->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u64 tickets(const struct csched_group *g, const struct csched_group *also)
{
	return csched_can_run(g) || g == also ? g->attr.weight : 0;
}

/* Draw one of the groups that can run, and @also if not NULL. */
static struct csched_group *hold_lottery(struct csched_pool *pool, struct csched_group *also)
{
	struct csched_group *g;
	u64 total = 0, ticket;

	/* lab 07 step 1 begin: one draw, by weight; skeleton: return NULL; */
	list_for_each_entry(g, &pool->groups, link)
		total += tickets(g, also);
	if (!total)
		return NULL;
	div64_u64_rem(draw(pool), total, &ticket);
	list_for_each_entry(g, &pool->groups, link) {
		if (ticket < tickets(g, also))
			return g;
		ticket -= tickets(g, also);
	}
	return NULL;
	/* lab 07 step 1 end */
}

static struct csched_group *lottery_pick(struct csched_pool *pool)
{
	struct csched_group *winner = pool->winner;

	pool->winner = NULL;
	return winner && csched_can_run(winner) ? winner : hold_lottery(pool, NULL);
}

/* The one whose slot is over takes part; the winner is remembered until the slot is free. */
static bool lottery_yields(struct csched_task *t)
{
	struct csched_pool *pool = t->group->pool;
	struct csched_group *winner = hold_lottery(pool, t->group);

	if (winner == t->group && !t->group->nr_waiting)
		return false;
	pool->winner = winner;
	return true;
}

static u64 lottery_preempts(struct csched_group *woken, struct csched_group *running)
{
	return CSCHED_NO_TIMER;
}

const struct csched_policy csched_lottery = {
	.name = "lottery",
	.weight_default = 100,
	.weight_max = 10000,
	.pick = lottery_pick,
	.yields = lottery_yields,
	.preempts = lottery_preempts,
};
