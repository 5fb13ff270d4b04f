// SPDX-License-Identifier: GPL-2.0
/*
 * One pool: events in, orders out. Owns the states of tasks (see csched.h) and
 * the slots; who gets one is the policy's affair.
 *
 * An event changes state and charges what has run; csched_settle() then decides.
 * Callers report all they know first and settle once.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "csched.h"

const struct csched_params csched_default_params = {
	.slot = 5 * CSCHED_NS_PER_MS,
	.min_slot = CSCHED_NS_PER_MS / 2,
	.ratelimit = CSCHED_NS_PER_MS / 2,
	.park_max = 150 * CSCHED_NS_PER_MS,
	.period = 30 * CSCHED_NS_PER_MS,
	.tick = 10 * CSCHED_NS_PER_MS,
};

/**
 * csched_policy_by_name - the policy that users call so
 * @name: any string
 *
 * Returns NULL if there is none.
 */
const struct csched_policy *csched_policy_by_name(const char *name)
{
#define ADDRESS(name)	&csched_##name,
	static const struct csched_policy *const policies[] = { CSCHED_POLICIES(ADDRESS) };
#undef ADDRESS
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i]->name, name))
			return policies[i];
	return NULL;
}

/* --- time and work --- */

static void charge(struct csched_task *t, u64 ns)
{
	struct csched_group *g = t->group;

	g->used += ns;
	csched_lag_charge(g, ns);
	csched_cap_charge(g, ns);
	if (g->pool->policy->charge)
		g->pool->policy->charge(t, ns);
}

/* Its slot counts from now on, at its full length. */
static void begin_slot(struct csched_task *t)
{
	u64 length = t->slot_end - t->since;

	t->since = t->group->pool->now;
	t->slot_end = t->since + length;
}

static void set_started(struct csched_task *t)
{
	if (t->state == CSCHED_RUNNING && !t->started)
		begin_slot(t);
	t->started = true;
}

/* Charge @t for what it has run since we last looked. A clock that went back counts nothing. */
static void account_task(struct csched_task *t)
{
	u64 runtime = t->group->pool->runtime(t);
	u64 ns = runtime > t->seen ? runtime - t->seen : 0;

	t->seen = runtime > t->seen ? runtime : t->seen;
	if (!ns)
		return;
	set_started(t);
	charge(t, ns);
}

/* It is @now: charge all that may be running. */
static void account(struct csched_pool *pool, u64 now)
{
	struct csched_task *t;

	if (now > pool->now) {
		pool->idle += (now - pool->now) * ((s64)pool->cpus - pool->nr_held);
		pool->now = now;
	}
	list_for_each_entry(t, &pool->held, queue)
		account_task(t);
	if (pool->policy->advance)
		pool->policy_timer = pool->policy->advance(pool);
}

/* --- the moves between states --- */

static void give_order(struct csched_task *t, enum csched_order order)
{
	if (t->order == CSCHED_NO_ORDER)
		list_add_tail(&t->orders, &t->group->pool->orders);
	t->order = order;
	t->told = order;
}

static void start_slot(struct csched_task *t, bool minimal)
{
	struct csched_group *g = t->group;
	const struct csched_params *params = &g->pool->params;

	t->since = g->pool->now;
	t->slot_end = g->pool->now + (minimal ? params->min_slot : params->slot);
	t->minimal = minimal;
	g->slots++;
	if (g->pool->policy->grant)
		g->pool->policy->grant(t);
}

static void stop_waiting(struct csched_task *t)
{
	struct csched_group *g = t->group;

	list_del_init(&t->turn);
	list_del_init(&t->queue);
	g->nr_waiting--;
	g->pool->nr_ready -= !g->throttled;
	g->pool->nr_strays -= !t->stopped;
}

static void give_up_slot(struct csched_task *t)
{
	struct csched_pool *pool = t->group->pool;

	list_del_init(&t->queue);
	if (t->state == CSCHED_LEAVING)
		pool->nr_leaving--;
	pool->nr_held--;
	t->group->nr_held--;
}

static void start_waiting(struct csched_task *t, bool stopped)
{
	struct csched_group *g = t->group;

	t->state = CSCHED_WAITING;
	t->stopped = stopped;
	t->since = g->pool->now;
	list_add_tail(&t->turn, &g->waiting);
	list_add_tail(&t->queue, &g->pool->waiting);
	g->nr_waiting++;
	g->pool->nr_ready += !g->throttled;
	g->pool->nr_strays += !stopped;
}

/* WAITING -> RUNNING. */
static void grant(struct csched_task *t, bool minimal)
{
	struct csched_pool *pool = t->group->pool;

	stop_waiting(t);
	t->state = CSCHED_RUNNING;
	t->started = !t->stopped;
	t->stopped = false;
	t->group->woken = false;
	list_add_tail(&t->queue, &pool->held);
	pool->nr_held++;
	t->group->nr_held++;
	start_slot(t, minimal);
	give_order(t, CSCHED_GO);
	csched_report(t->group, CSCHED_EV_PICK, t, 0);
}

/* RUNNING -> LEAVING. */
static void stop(struct csched_task *t, enum csched_stop_reason reason)
{
	t->state = CSCHED_LEAVING;
	t->group->pool->nr_leaving++;
	give_order(t, CSCHED_STOP);
	csched_report(t->group, CSCHED_EV_STOP, t, reason);
}

/* LEAVING -> RUNNING: nobody wants the slot any more. */
static void unstop(struct csched_task *t)
{
	t->state = CSCHED_RUNNING;
	t->group->pool->nr_leaving--;
	start_slot(t, false);
	give_order(t, CSCHED_GO);
	csched_report(t->group, CSCHED_EV_PICK, t, 0);
}

/* A group has more or fewer tasks that can run. */
static void set_active(struct csched_group *g, int change)
{
	g->nr_active += change;
	if (g->nr_active && !g->active) {
		csched_lag_join(g);
		csched_readjust(g->pool);
		g->woken = true;
		if (g->pool->policy->wake)
			g->pool->policy->wake(g);
	} else if (!g->nr_active && g->active) {
		g->boost_left = 0;
		g->woken = false;
		csched_lag_leave(g);
	} else {
		csched_readjust(g->pool);
	}
}

/* --- events --- */

/**
 * csched_task_wake - a task can run again
 * @t: BLOCKED; otherwise nothing happens
 * @now: the time
 */
void csched_task_wake(struct csched_task *t, u64 now)
{
	account(t->group->pool, now);
	if (t->state != CSCHED_BLOCKED)
		return;
	t->told = CSCHED_NO_ORDER;
	start_waiting(t, false);
	csched_report(t->group, CSCHED_EV_WAKE, t, 0);
	set_active(t->group, 1);
}

/**
 * csched_task_block - a task sleeps of its own accord
 * @t: not BLOCKED; otherwise nothing happens
 * @now: the time
 */
void csched_task_block(struct csched_task *t, u64 now)
{
	account(t->group->pool, now);
	switch (t->state) {
	case CSCHED_BLOCKED:
		account_task(t);
		return;
	case CSCHED_WAITING:
		account_task(t);
		stop_waiting(t);
		break;
	case CSCHED_RUNNING:
	case CSCHED_LEAVING:
		give_up_slot(t);
		break;
	}
	t->state = CSCHED_BLOCKED;
	csched_report(t->group, CSCHED_EV_BLOCK, t, 0);
	set_active(t->group, -1);
}

/**
 * csched_task_stopped - a task has obeyed and is off the CPU
 * @t: LEAVING or WAITING; otherwise nothing happens but that it is charged
 * @now: the time
 */
void csched_task_stopped(struct csched_task *t, u64 now)
{
	account(t->group->pool, now);
	switch (t->state) {
	case CSCHED_LEAVING:
		give_up_slot(t);
		start_waiting(t, true);
		break;
	case CSCHED_WAITING:
		account_task(t);
		t->group->pool->nr_strays -= !t->stopped;
		t->stopped = true;
		break;
	case CSCHED_RUNNING:
	case CSCHED_BLOCKED:
		account_task(t);
		break;
	}
}

/**
 * csched_task_started - a task that was told to go is on a CPU again
 * @t: RUNNING; otherwise it is noted at most
 * @now: the time
 *
 * There is no need to settle.
 */
void csched_task_started(struct csched_task *t, u64 now)
{
	account(t->group->pool, now);
	set_started(t);
}

/**
 * csched_task_join - a task becomes a member of a group
 * @g: the group
 * @t: zeroed; BLOCKED from now on: csched_task_wake() follows if it can run
 * @now: the time
 */
void csched_task_join(struct csched_group *g, struct csched_task *t, u64 now)
{
	account(g->pool, now);
	t->group = g;
	t->state = CSCHED_BLOCKED;
	INIT_LIST_HEAD(&t->turn);
	INIT_LIST_HEAD(&t->queue);
	INIT_LIST_HEAD(&t->orders);
	list_add_tail(&t->sibling, &g->tasks);
	t->seen = g->pool->runtime(t);
	csched_report(g, CSCHED_EV_JOIN, t, 0);
}

/**
 * csched_task_leave - a task is no longer ours
 * @t: a member; forgotten
 * @now: the time
 *
 * The caller lets it go, whatever it was told before.
 */
void csched_task_leave(struct csched_task *t, u64 now)
{
	csched_task_block(t, now);
	if (t->order != CSCHED_NO_ORDER)
		list_del_init(&t->orders);
	t->order = CSCHED_NO_ORDER;
	list_del_init(&t->sibling);
	csched_report(t->group, CSCHED_EV_LEAVE, t, 0);
	t->group = NULL;
}

/* --- pools and groups --- */

/**
 * csched_params_check - are these parameters sound?
 * @p: as a user gave them
 *
 * Returns 0, or -EINVAL.
 */
int csched_params_check(const struct csched_params *p)
{
	if (p->slot < CSCHED_NS_PER_MS / 2 || p->slot > CSCHED_NS_PER_S ||
	    p->min_slot < CSCHED_NS_PER_MS / 10 || p->min_slot > p->slot ||
	    p->ratelimit > p->slot ||
	    p->park_max < p->slot || p->park_max > 10 * CSCHED_NS_PER_S ||
	    p->period < CSCHED_NS_PER_MS || p->period > CSCHED_NS_PER_S ||
	    p->tick < CSCHED_NS_PER_MS || p->tick > p->period)
		return -EINVAL;
	return 0;
}

static u32 due_shift(u32 cpus)
{
	u32 shift = 0;

	while (((u64)cpus * 100) << (shift + 1) < 1ull << 31)
		shift++;
	return shift;
}

/**
 * csched_pool_init - an empty pool
 * @pool: to be filled in
 * @policy: who decides
 * @params: checked here
 * @cpus: how many slots
 * @runtime: asks the caller how long a task has run in its life
 * @now: the time
 *
 * Returns 0, or -EINVAL.
 */
int csched_pool_init(struct csched_pool *pool, const struct csched_policy *policy,
		     const struct csched_params *params, u32 cpus,
		     u64 (*runtime)(struct csched_task *t), u64 now)
{
	int ret = csched_params_check(params);

	if (ret)
		return ret;
	if (!cpus || cpus > CSCHED_CPUS_MAX)
		return -EINVAL;
	memset(pool, 0, sizeof(*pool));
	pool->policy = policy;
	pool->params = *params;
	pool->cpus = cpus;
	pool->runtime = runtime;
	INIT_LIST_HEAD(&pool->groups);
	INIT_LIST_HEAD(&pool->active);
	INIT_LIST_HEAD(&pool->waiting);
	INIT_LIST_HEAD(&pool->held);
	INIT_LIST_HEAD(&pool->orders);
	pool->now = now;
	pool->acct_at = now;
	pool->tick_at = now;
	pool->random = params->seed;
	pool->timer = CSCHED_NO_TIMER;
	pool->policy_timer = CSCHED_NO_TIMER;
	pool->due_shift = due_shift(cpus);
	return 0;
}

/**
 * csched_pool_set_cpus - CPUs came or went
 * @pool: the pool
 * @cpus: how many it has now
 * @now: the time
 *
 * Returns 0, or -EINVAL.
 */
int csched_pool_set_cpus(struct csched_pool *pool, u32 cpus, u64 now)
{
	struct csched_group *g;

	if (!cpus || cpus > CSCHED_CPUS_MAX)
		return -EINVAL;
	account(pool, now);
	pool->cpus = cpus;
	pool->due_shift = due_shift(cpus);
	list_for_each_entry(g, &pool->groups, link)
		if (pool->policy->set)
			pool->policy->set(g);
	csched_readjust(pool);
	return 0;
}

/**
 * csched_attr_check - can a group of this pool be so?
 * @pool: the pool
 * @attr: as a user gave it
 *
 * Returns 0; -ERANGE for the weight, -EDOM for the cap or the baseline, -EOVERFLOW for the
 * burst; -EOPNOTSUPP: no baselines in this policy.
 */
int csched_attr_check(const struct csched_pool *pool, const struct csched_attr *attr)
{
	if (!attr->weight || attr->weight > pool->policy->weight_max)
		return -ERANGE;
	if (attr->cap > pool->cpus * 100 || attr->baseline > pool->cpus * 100)
		return -EDOM;
	if (attr->baseline && !pool->policy->baselines)
		return -EOPNOTSUPP;
	if (attr->burst > CSCHED_BURST_MAX)
		return -EOVERFLOW;
	return 0;
}

static u32 earns_by(const struct csched_attr *attr)
{
	return attr->baseline ? 0 : attr->weight;
}

/**
 * csched_group_add - a new group, without tasks
 * @pool: where
 * @g: zeroed
 * @attr: checked here
 * @now: the time
 *
 * Returns 0; as csched_attr_check(); -ENOSPC if the pool has too many.
 */
int csched_group_add(struct csched_pool *pool, struct csched_group *g,
		     const struct csched_attr *attr, u64 now)
{
	int ret = csched_attr_check(pool, attr);

	if (ret)
		return ret;
	if (pool->nr_groups == CSCHED_GROUPS_MAX)
		return -ENOSPC;
	account(pool, now);
	g->pool = pool;
	g->attr = *attr;
	INIT_LIST_HEAD(&g->tasks);
	INIT_LIST_HEAD(&g->waiting);
	list_add_tail(&g->link, &pool->groups);
	pool->nr_groups++;
	pool->weight += earns_by(attr);
	csched_cap_set(g);
	if (pool->policy->set)
		pool->policy->set(g);
	return 0;
}

/* What it has is not refused because CPUs have gone since. */
static int check_change(const struct csched_group *g, struct csched_attr attr)
{
	if (attr.cap == g->attr.cap)
		attr.cap = 0;
	if (attr.baseline == g->attr.baseline)
		attr.baseline = 0;
	return csched_attr_check(g->pool, &attr);
}

/**
 * csched_group_set - change a group's weight, cap, baseline or burst
 * @g: the group
 * @attr: all of them; checked here
 * @now: the time
 *
 * Returns 0 or as csched_attr_check(), and then nothing has changed.
 */
int csched_group_set(struct csched_group *g, const struct csched_attr *attr, u64 now)
{
	struct csched_pool *pool = g->pool;
	int ret = check_change(g, *attr);
	bool cap = attr->cap != g->attr.cap;

	if (ret)
		return ret;
	account(pool, now);
	pool->weight += (u64)earns_by(attr) - earns_by(&g->attr);
	g->attr = *attr;
	if (cap)
		csched_cap_set(g);
	if (pool->policy->set)
		pool->policy->set(g);
	csched_readjust(pool);
	return 0;
}

/**
 * csched_group_del - a group goes
 * @g: without tasks
 * @now: the time
 */
void csched_group_del(struct csched_group *g, u64 now)
{
	struct csched_pool *pool = g->pool;

	WARN_ON(!list_empty(&g->tasks));
	account(pool, now);
	if (pool->winner == g)
		pool->winner = NULL;
	list_del(&g->link);
	pool->nr_groups--;
	pool->weight -= earns_by(&g->attr);
	g->pool = NULL;
}

/* --- decisions --- */

/**
 * csched_can_run - could a task of this group take a free slot?
 * @g: a group
 */
bool csched_can_run(const struct csched_group *g)
{
	return g->nr_waiting && !g->throttled;
}

/* How many slots are free, or will be when those that were told to stop have stopped. */
static u32 supply(const struct csched_pool *pool)
{
	u32 busy = pool->nr_held - pool->nr_leaving;

	return pool->cpus > busy ? pool->cpus - busy : 0;
}

/* Look again at @when. */
static void call_at(struct csched_pool *pool, u64 when)
{
	if (when < pool->timer)
		pool->timer = when;
}

/*
 * Is its slot over? Not before the task has started: it would park again without having
 * seen a signal, and the CPU is not free before it has done that.
 */
static bool slot_is_over(struct csched_task *t)
{
	if (t->group->pool->now < t->slot_end)
		return false;
	if (t->started)
		return true;
	begin_slot(t);
	return false;
}

/* Slots that are over, and those that cannot go on. */
static void end_slots(struct csched_pool *pool)
{
	struct csched_task *t;

	list_for_each_entry(t, &pool->held, queue) {
		if (t->state != CSCHED_RUNNING)
			continue;
		bool over = slot_is_over(t);

		if (t->group->throttled && (over || !t->minimal)) {
			stop(t, CSCHED_STOP_THROTTLE);
		} else if (pool->nr_held - pool->nr_leaving > pool->cpus) {
			stop(t, CSCHED_STOP_CPUS);
		} else if (over) {
			if (pool->nr_ready > supply(pool) && pool->policy->yields(t))
				stop(t, CSCHED_STOP_SLOT);
			else
				start_slot(t, false);
		}
	}
}

/*
 * The running task that @woken may put off, the one longest at it, or NULL; the
 * timer is set to when there may be one.
 */
static struct csched_task *victim(struct csched_pool *pool, struct csched_group *woken)
{
	struct csched_task *t, *found = NULL;

	list_for_each_entry(t, &pool->held, queue) {
		u64 ready = (t->started ? t->since : pool->now) + pool->params.ratelimit;
		u64 wait;

		if (t->state != CSCHED_RUNNING || t->group == woken)
			continue;
		wait = pool->policy->preempts(woken, t->group);
		if (wait == CSCHED_NO_TIMER)
			continue;
		if (wait || pool->now < ready)
			call_at(pool, wait ? pool->now + wait : ready);
		else if (!found || t->since < found->since)
			found = t;
	}
	return found;
}

/* Groups that were idle and have just woken need not wait for a slot to end. */
static void preempt(struct csched_pool *pool)
{
	struct csched_group *g;

	list_for_each_entry(g, &pool->active, among_active) {
		struct csched_task *t = NULL;

		if (g->woken && csched_can_run(g) && pool->nr_ready > supply(pool))
			t = victim(pool, g);
		if (t)
			stop(t, CSCHED_STOP_PREEMPT);
	}
}

/* It had more than a slot beyond its cap or baseline, and must work that off first. */
static bool in_deep_debt(const struct csched_group *g)
{
	s64 much = -(s64)g->pool->params.slot;

	return (g->attr.cap && g->cap_time < much) || (g->attr.baseline && g->credit < much);
}

/*
 * The task that has waited longest, of those that may have a minimal slot, and at
 * which time; or NULL.
 */
static struct csched_task *longest_waiting(struct csched_pool *pool, u64 *when)
{
	struct csched_task *t;

	list_for_each_entry(t, &pool->waiting, queue) {
		if (in_deep_debt(t->group))
			continue;
		*when = t->since + pool->params.park_max;
		if (*when < pool->minimal_next)
			*when = pool->minimal_next;
		return t;
	}
	return NULL;
}

/* Waited for park_max: a slot, however short, so that signals and the freezer get through. */
static void give_minimal_slot(struct csched_pool *pool)
{
	struct csched_task *t, *running;
	u64 when;

	t = longest_waiting(pool, &when);
	pool->making_room = t && pool->now >= when && pool->nr_held >= pool->cpus;
	if (!t || pool->now < when)
		return;
	if (!pool->making_room) {
		grant(t, true);
		pool->minimal_next = pool->now + CSCHED_MINIMAL_PART * pool->params.min_slot;
		return;
	}
	if (pool->nr_leaving)
		return;
	list_for_each_entry(running, &pool->held, queue) {
		if (running->state == CSCHED_RUNNING && running->started) {
			stop(running, CSCHED_STOP_MINIMAL);
			return;
		}
	}
}

static void fill_slots(struct csched_pool *pool)
{
	/* lab 07 step 3 begin: no slot is left free */
	while (pool->nr_held < pool->cpus) {
		struct csched_group *g = pool->policy->pick(pool);

		if (!g)
			return;
		grant(list_first_entry(&g->waiting, struct csched_task, turn), false);
	}
	/* lab 07 step 3 end */
}

/* Slots are being vacated, but who they were for has gone elsewhere. */
static void keep_slots(struct csched_pool *pool)
{
	struct csched_task *t;

	if (pool->making_room)
		return;
	list_for_each_entry(t, &pool->held, queue)
		if (t->state == CSCHED_LEAVING && !t->group->throttled &&
		    !pool->nr_ready && supply(pool))
			unstop(t);
}

/*
 * Whoever runs without a slot pays for it and must park at its next return to user mode.
 * Those that came last are the ones that may not have stopped yet.
 */
static void charge_strays(struct csched_pool *pool, bool stop)
{
	u32 left = pool->nr_strays;
	struct csched_task *t;

	list_for_each_entry_reverse(t, &pool->waiting, queue) {
		if (!left)
			return;
		if (t->stopped)
			continue;
		left--;
		if (!stop)
			account_task(t);
		else if (t->told != CSCHED_STOP)
			give_order(t, CSCHED_STOP);
	}
}

/**
 * csched_settle - decide, after events or when the timer has come
 * @pool: the pool
 * @now: the time
 *
 * Then csched_next_order() says what to do, and pool->timer when to settle again.
 */
void csched_settle(struct csched_pool *pool, u64 now)
{
	struct csched_group *g;
	struct csched_task *t;
	u64 when;

	account(pool, now);
	charge_strays(pool, false);
	csched_lag_update(pool);
	pool->timer = pool->policy_timer;
	list_for_each_entry(g, &pool->active, among_active)
		csched_cap_advance(g);

	end_slots(pool);
	preempt(pool);
	give_minimal_slot(pool);
	fill_slots(pool);
	keep_slots(pool);
	charge_strays(pool, true);

	list_for_each_entry(g, &pool->active, among_active) {
		call_at(pool, csched_cap_advance(g));
		if (g->throttled)
			csched_lag_forfeit(g);
	}
	csched_lag_update(pool);
	/* A slot ends only for somebody else, or because it has to be paid for. */
	list_for_each_entry(t, &pool->held, queue)
		if (t->state == CSCHED_RUNNING &&
		    (pool->nr_ready || t->minimal || pool->policy->charge))
			call_at(pool, t->slot_end);
	if (!pool->making_room && longest_waiting(pool, &when))
		call_at(pool, when);
}

/**
 * csched_next_order - what to do
 * @pool: settled
 * @order: CSCHED_GO: let the task run; CSCHED_STOP: make it stop, and then report
 *	csched_task_stopped()
 *
 * Returns the task, or NULL when all orders are carried out.
 */
struct csched_task *csched_next_order(struct csched_pool *pool, enum csched_order *order)
{
	struct csched_task *t = list_first_entry_or_null(&pool->orders, struct csched_task, orders);

	if (!t)
		return NULL;
	list_del_init(&t->orders);
	*order = t->order;
	t->order = CSCHED_NO_ORDER;
	return t;
}
