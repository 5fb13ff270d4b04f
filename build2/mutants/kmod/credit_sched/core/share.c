// SPDX-License-Identifier: GPL-2.0
/*
 * The policy share: CPU time in proportion to weights, each group within one
 * slot of its due. csched.h says why (S8); lag.c keeps the books.
 */
#include "csched.h"

static struct csched_group *share_pick(struct csched_pool *pool)
{
	struct csched_group *g, *best = NULL;

	list_for_each_entry(g, &pool->active, among_active)
		if (csched_can_run(g) && (!best || csched_due_before(g, best)))
			best = g;
	return best;
}

static bool share_yields(struct csched_task *t)
{
	struct csched_group *best = share_pick(t->group->pool);

	return best == t->group || csched_due_before(best, t->group);
}

/* The longer @running runs the less it is due, so it pays to look again. */
static u64 share_preempts(struct csched_group *woken, struct csched_group *running)
{
	return csched_due_before(running, woken) ? woken->pool->params.min_slot : 0;
}

const struct csched_policy csched_share = {
	.name = "share",
	.weight_default = 100,
	.weight_max = 10000,
	.pick = share_pick,
	.yields = share_yields,
	.preempts = share_preempts,
};
