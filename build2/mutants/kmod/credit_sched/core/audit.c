// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of csched.h as code. Called by the tests after each step, and
 * by the module when its parameter audit is set.
 */
#include "csched.h"

static int audit_task(const struct csched_task *t)
{
	switch (t->state) {
	case CSCHED_RUNNING:
		return t->told == CSCHED_GO && !t->stopped ? 0 : 3;
	case CSCHED_LEAVING:
		return t->told == CSCHED_STOP && !t->stopped ? 0 : 3;
	case CSCHED_WAITING:
		return t->stopped || t->told == CSCHED_STOP ? 0 : 3;
	case CSCHED_BLOCKED:
		return 0;
	}
	return 3;
}

static int audit_credit(const struct csched_group *g)
{
	const struct csched_params *params = &g->pool->params;
	u64 all = params->period * g->pool->cpus + params->slot;

	if (g->pool->policy != &csched_credit)
		return 0;
	if ((g->credit > csched_credit_most(g) && g->credit > (s64)all) ||
	    g->credit < -CSCHED_DEBT_MAX)
		return 5;
	return (s64)(g->earned - g->spent - g->discarded) == g->credit ? 0 : 5;
}

/**
 * csched_audit - does every invariant hold?
 * @pool: settled
 *
 * Returns 0, or n if Sn is violated.
 */
int csched_audit(const struct csched_pool *pool)
{
	u32 running = 0, leaving = 0, ready = 0, strays = 0;
	const struct csched_group *g;
	const struct csched_task *t;
	s64 lags = 0;

	list_for_each_entry(g, &pool->groups, link) {
		u32 nr[4] = { 0 }, paying = 0;

		list_for_each_entry(t, &g->tasks, sibling) {
			if (audit_task(t))
				return audit_task(t);
			nr[t->state]++;
			strays += t->state == CSCHED_WAITING && !t->stopped;
			paying += t->state == CSCHED_RUNNING && !t->minimal;
		}
		ready += g->throttled ? 0 : nr[CSCHED_WAITING];
		running += nr[CSCHED_RUNNING];
		leaving += nr[CSCHED_LEAVING];
		if (nr[CSCHED_WAITING] != g->nr_waiting ||
		    nr[CSCHED_RUNNING] + nr[CSCHED_LEAVING] != g->nr_held ||
		    g->nr_waiting + g->nr_held != g->nr_active || g->active != !!g->nr_active)
			return 1;
		if (csched_can_run(g) && pool->nr_held < pool->cpus)
			return 2;
		if (g->active)
			lags += g->lag;
		if (audit_credit(g))
			return 5;
		if (g->attr.cap && (g->cap_time > (s64)pool->params.slot ||
				    (paying && g->cap_time <= 0)))
			return 6;
		if (g->attr.baseline && paying && g->credit <= 0)
			return 6;
	}
	if (running + leaving != pool->nr_held || leaving != pool->nr_leaving ||
	    running > pool->cpus || ready != pool->nr_ready || strays != pool->nr_strays)
		return 1;
	return lags + pool->ungiven ? 4 : 0;
}
