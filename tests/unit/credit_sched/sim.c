// SPDX-License-Identifier: GPL-2.0
/* The simulator: see sim.h. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: %s\n# ", __FILE__, __LINE__, #cond); \
			printf(__VA_ARGS__);				\
			printf("\n");					\
			sim_failed();					\
		}							\
	} while (0)

/* The core asks without saying which simulation it is in; there is one at a time. */
static struct sim *current_sim;

static u64 ran(const struct sim_task *t, u64 now)
{
	return t->ran + (t->executing ? now - t->from : 0);
}

static u64 runtime(struct csched_task *core)
{
	struct sim_task *t = container_of(core, struct sim_task, core);
	u64 now = current_sim->now;

	if (current_sim->stale && t->executing) {
		u64 tick = now - now % (4 * MS);

		return tick > t->from ? ran(t, tick) : t->ran;
	}
	return ran(t, now);
}

/* What may follow what, of one task: O6. 0 stands for before and after. */
static bool may_follow(char last, char next)
{
	switch (next) {
	case 'J':
		return !last;
	case 'W':
		return last == 'J' || last == 'B';
	case 'P':
		return last == 'W' || last == 'S';
	case 'S':
		return last == 'P';
	case 'B':
		return last == 'W' || last == 'P' || last == 'S';
	case 'L':
		return last == 'J' || last == 'B';
	}
	return false;
}

static bool reason_is_true(const struct csched_task *t, u32 reason)
{
	const struct csched_pool *pool = t->group->pool;

	switch (reason) {
	case CSCHED_STOP_SLOT:
		return pool->now >= t->slot_end;
	case CSCHED_STOP_PREEMPT:
		return pool->now >= t->since + pool->params.ratelimit;
	case CSCHED_STOP_THROTTLE:
		return t->group->throttled;
	case CSCHED_STOP_MINIMAL:
		return pool->making_room;
	case CSCHED_STOP_CPUS:
		return pool->nr_held > pool->cpus;
	}
	return false;
}

static void check_pick(struct csched_pool *pool, const struct csched_group *g)
{
	const struct csched_group *other;

	csched_lag_update(pool);
	list_for_each_entry(other, &pool->groups, link)
		CHECK(!csched_can_run(other) || !csched_due_before(other, g),
		      "O7: a slot for the wrong group at %llu us", pool->now / US);
}

static void on_event(struct csched_pool *pool, enum csched_event_type type,
		     struct csched_group *g, struct csched_task *core, u32 reason)
{
	static const char letters[] = "JLWPS--B+$!.";
	struct sim *sim = container_of(pool, struct sim, pool);
	struct sim_task *t;

	if (sim->story) {
		size_t n = strlen(sim->story);

		sim->story[n] = letters[type];
		sim->story[n + 1] = (char)('a' + (g - sim->groups));
		sim->story[n + 2] = '\0';
	}
	if (type >= CSCHED_EV_BOOST) {
		CHECK(!core, "an event of a group with a task");
		CHECK(type != CSCHED_EV_THROTTLE || g->throttled, "not throttled");
		CHECK(type != CSCHED_EV_UNTHROTTLE || !g->throttled, "still throttled");
		return;
	}
	t = container_of(core, struct sim_task, core);
	CHECK(core->group == g && g->pool == pool, "the task of another group");
	CHECK(may_follow(t->last, letters[type]), "O6: %c after %c", letters[type], t->last);
	CHECK(type == CSCHED_EV_STOP ? reason_is_true(core, reason) : !reason,
	      "O6: stopped for %u", reason);
	if (type == CSCHED_EV_PICK && !core->minimal && pool->policy == &csched_share)
		check_pick(pool, g);
	t->last = type == CSCHED_EV_LEAVE ? 0 : letters[type];
}

u64 sim_random(struct sim *sim, u64 below)
{
	u64 z = sim->random += 0x9e3779b97f4a7c15ull;	/* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return below ? (z ^ (z >> 31)) % below : 0;
}

static void pause_task(struct sim *sim, struct sim_task *t)
{
	if (!t->executing)
		return;
	t->left -= sim->now - t->from;
	t->ran = ran(t, sim->now);
	t->executing = false;
}

static void resume_task(struct sim *sim, struct sim_task *t)
{
	if (t->executing)
		return;
	t->executing = true;
	t->from = sim->now;
}

static u64 vary(struct sim *sim, u64 ns, u32 jitter)
{
	if (ns == SIM_FOREVER || !jitter)
		return ns;
	return ns - ns * jitter / 200 + sim_random(sim, ns * jitter / 100 + 1);
}

static bool may_run(const struct csched_task *t)
{
	return t->state != CSCHED_BLOCKED && !t->group->throttled;
}

/* O1, over the time in which nothing happens. */
static void let_time_pass(struct sim *sim, u64 until)
{
	u32 want = 0, busy = 0;
	int i;

	for (i = 0; i < sim->top; i++) {
		struct sim_task *t = &sim->tasks[i];

		if (!t->used)
			continue;
		busy += t->executing;
		want += t->executing || may_run(&t->core);
	}
	if (want > sim->pool.cpus)
		want = sim->pool.cpus;
	if (busy < want)
		sim->lost += (want - busy) * (until - sim->now);
	sim->busy += busy * (until - sim->now);
	sim->now = until;
}

/* What a task may run on after it was told to stop. */
static u64 overrun(const struct sim *sim)
{
	return sim->obey + sim->kernel + (sim->stale ? 4 * MS : 0);
}

static void check_waits(struct sim *sim)
{
	u64 bound = sim->pool.params.park_max + 2 * sim->pool.params.slot + 2 * overrun(sim);
	const struct csched_task *t;

	bound += sim->top * (CSCHED_MINIMAL_PART * sim->pool.params.min_slot + overrun(sim) +
			     sim->start);
	list_for_each_entry(t, &sim->pool.waiting, queue)
		CHECK(t->group->attr.cap || t->group->attr.baseline || sim->now - t->since <= bound,
		      "O3: a task has waited for %llu us, more than %llu",
		      (sim->now - t->since) / US, bound / US);
}

/* O4: every 5 ms, over the last 100. */
static void check_caps(struct sim *sim)
{
	int i, n;

	for (i = 0; i < SIM_GROUPS; i++) {
		struct csched_group *g = &sim->groups[i];
		u64 used, most;
		u32 tasks = 0;

		if (!g->pool || !g->attr.cap)
			continue;
		for (n = 0; n < sim->top; n++)
			tasks += sim->tasks[n].used && sim->tasks[n].core.group == g;
		memmove(&sim->window[i][0], &sim->window[i][1], 20 * sizeof(u64));
		used = sim_used(sim, g);
		sim->window[i][20] = used;
		if (++sim->window_at[i] <= 21 || sim->kernel)
			continue;
		/* Minimal slots come at most one in park_max for each task. */
		most = g->attr.cap * MS + sim->pool.params.slot + tasks * overrun(sim) +
		       tasks * sim->pool.params.min_slot;
		/* A stray overruns once for each time it wakes. */
		for (n = 0; n < sim->top; n++)
			if (sim->tasks[n].used && sim->tasks[n].core.group == g && sim->tasks[n].sleep)
				most += 100 * MS / (sim->tasks[n].sleep / 2) * overrun(sim);
		CHECK(used - sim->window[i][0] <= most,
		      "O4: group %d with cap %u has run %llu us of 100000", i, g->attr.cap,
		      (used - sim->window[i][0]) / US);
	}
}

static void carry_out(struct sim *sim)
{
	enum csched_order order;
	struct csched_task *core;

	while ((core = csched_next_order(&sim->pool, &order))) {
		struct sim_task *t = container_of(core, struct sim_task, core);
		bool slow = sim->kernel && !sim_random(sim, 50);

		sim->moves++;
		t->park_at = SIM_NEVER;
		t->start_at = SIM_NEVER;
		if (order == CSCHED_STOP && !(t->deaf && core->state == CSCHED_LEAVING))
			t->park_at = sim->now + (slow ? sim->kernel : sim_random(sim, sim->obey + 1));
		else if (order == CSCHED_GO && !t->executing)
			t->start_at = sim->now + sim_random(sim, sim->start + 1);
		if (order == CSCHED_GO && t->woke != SIM_NEVER) {
			if (sim->now - t->woke > t->worst_wake)
				t->worst_wake = sim->now - t->woke;
			t->woke = SIM_NEVER;
		}
	}
}

static void settle(struct sim *sim)
{
	int violated, i;

	sim->events++;
	csched_settle(&sim->pool, sim->now);
	violated = csched_audit(&sim->pool);
	CHECK(!violated, "S%d does not hold at %llu us", violated, sim->now / US);
	CHECK(sim->pool.timer > sim->now, "the timer is set to the past or to now");
	carry_out(sim);
	check_waits(sim);
	for (i = 0; i < SIM_GROUPS; i++) {
		struct csched_group *g = &sim->groups[i];

		if (!g->pool || !g->active)
			continue;
		if (g->lag < sim->lag_min)
			sim->lag_min = g->lag;
		if (g->lag > sim->lag_max)
			sim->lag_max = g->lag;
	}
}

void sim_init(struct sim *sim, const struct csched_policy *policy,
	      const struct csched_params *params, u32 cpus)
{
	u64 seed = sim->random;

	memset(sim, 0, sizeof(*sim));
	sim->random = seed;
	current_sim = sim;
	CHECK(!csched_pool_init(&sim->pool, policy, params, cpus, runtime, 0), "parameters refused");
	sim->pool.event = on_event;
}

void sim_fini(struct sim *sim)
{
	int i;

	for (i = 0; i < SIM_GROUPS; i++)
		if (sim->groups[i].pool)
			sim_group_del(sim, &sim->groups[i]);
	CHECK(list_empty(&sim->pool.groups) && list_empty(&sim->pool.held) &&
	      list_empty(&sim->pool.waiting) && list_empty(&sim->pool.orders),
	      "something is left over");
	CHECK(!sim->pool.weight, "weight left over");
}

struct csched_group *sim_group(struct sim *sim, u32 weight, u32 cap, u64 burst)
{
	struct csched_attr attr = { .weight = weight, .cap = cap, .burst = burst };
	struct csched_group *g = sim->groups;
	int ret;

	while (g->pool)
		g++;
	memset(g, 0, sizeof(*g));
	ret = csched_group_add(&sim->pool, g, &attr, sim->now);
	CHECK(!ret, "csched_group_add: %d", ret);
	sim->gone[g - sim->groups] = 0;
	sim->window_at[g - sim->groups] = 0;
	settle(sim);
	return g;
}

void sim_group_set(struct sim *sim, struct csched_group *g, u32 weight, u32 cap, u64 burst)
{
	struct csched_attr attr = { .weight = weight, .cap = cap, .burst = burst };

	attr.baseline = g->attr.baseline;
	CHECK(!csched_group_set(g, &attr, sim->now), "refused");
	sim->window_at[g - sim->groups] = 0;
	settle(sim);
}

void sim_group_baseline(struct sim *sim, struct csched_group *g, u32 baseline)
{
	struct csched_attr attr = g->attr;

	attr.baseline = baseline;
	CHECK(!csched_group_set(g, &attr, sim->now), "refused");
	settle(sim);
}

void sim_group_del(struct sim *sim, struct csched_group *g)
{
	int i;

	for (i = 0; i < sim->top; i++)
		if (sim->tasks[i].used && sim->tasks[i].core.group == g)
			sim_exit(sim, &sim->tasks[i]);
	csched_group_del(g, sim->now);
	sim->earned_gone += g->earned;
	settle(sim);
}

void sim_set_cpus(struct sim *sim, u32 cpus)
{
	CHECK(!csched_pool_set_cpus(&sim->pool, cpus, sim->now), "refused");
	settle(sim);
}

struct sim_task *sim_task(struct sim *sim, struct csched_group *g, u64 run, u64 sleep)
{
	struct sim_task *t = sim->tasks;

	while (t->used)
		t++;
	CHECK(t < sim->tasks + SIM_TASKS, "too many tasks");
	if (t - sim->tasks >= sim->top)
		sim->top = t - sim->tasks + 1;
	memset(t, 0, sizeof(*t));
	t->used = true;
	t->run = run;
	t->sleep = sleep;
	t->left = run;
	t->wake_at = SIM_NEVER;
	t->start_at = SIM_NEVER;
	t->park_at = SIM_NEVER;
	t->woke = SIM_NEVER;
	csched_task_join(g, &t->core, sim->now);
	resume_task(sim, t);
	csched_task_wake(&t->core, sim->now);
	settle(sim);
	return t;
}

void sim_exit(struct sim *sim, struct sim_task *t)
{
	struct csched_group *g = t->core.group;

	pause_task(sim, t);
	csched_task_leave(&t->core, sim->now);
	sim->gone[g - sim->groups] += t->ran;
	t->used = false;
	settle(sim);
}

static u64 next_of(const struct sim_task *t)
{
	u64 next = t->wake_at;

	if (t->start_at < next)
		next = t->start_at;
	if (t->park_at < next)
		next = t->park_at;
	if (t->executing && t->left < SIM_FOREVER / 2 && t->from + t->left < next)
		next = t->from + t->left;
	return next;
}

/* The task's own next event is now. */
static void happen(struct sim *sim, struct sim_task *t)
{
	if (t->wake_at <= sim->now) {
		t->wake_at = SIM_NEVER;
		t->left = vary(sim, t->run, t->jitter);
		t->woke = sim->now;
		resume_task(sim, t);
		csched_task_wake(&t->core, sim->now);
	} else if (t->executing && t->left < SIM_FOREVER / 2 && t->from + t->left <= sim->now) {
		pause_task(sim, t);
		t->park_at = SIM_NEVER;
		t->woke = SIM_NEVER;
		t->wake_at = sim->now + vary(sim, t->sleep, t->jitter);
		if (sim->wake_phase)
			t->wake_at = sim->now - sim->now % t->sleep + t->sleep;
		csched_task_block(&t->core, sim->now);
	} else if (t->park_at <= sim->now) {
		t->park_at = SIM_NEVER;
		pause_task(sim, t);
		csched_task_stopped(&t->core, sim->now);
	} else if (t->start_at <= sim->now) {
		t->start_at = SIM_NEVER;
		resume_task(sim, t);
		if (!sim->silent)
			csched_task_started(&t->core, sim->now);
		return;
	}
	settle(sim);
}

/* O5 */
static void timer_comes(struct sim *sim)
{
	if (sim->now - sim->timers_at > MS) {
		sim->timers_at = sim->now;
		sim->timers = 0;
	}
	CHECK(++sim->timers <= 200, "O5: the timer has come %llu times in %llu us", sim->timers,
	      (sim->now - sim->timers_at) / US);
	settle(sim);
}

void sim_pass(struct sim *sim, u64 until)
{
	for (;;) {
		struct sim_task *who = NULL;
		u64 next = sim->pool.timer, when;
		int i;

		for (i = 0; i < sim->top; i++) {
			struct sim_task *t = &sim->tasks[i];

			if (!t->used)
				continue;
			when = next_of(t);
			if (when < next) {
				who = t;
				next = when;
			}
		}
		if (sim->sample_at < next && sim->sample_at < until) {
			let_time_pass(sim, sim->sample_at);
			check_caps(sim);
			sim->sample_at += 5 * MS;
			continue;
		}
		if (next >= until)
			break;
		let_time_pass(sim, next);
		if (who)
			happen(sim, who);
		else
			timer_comes(sim);
	}
	let_time_pass(sim, until);
}

void sim_run(struct sim *sim, u64 until)
{
	sim_pass(sim, until);
	settle(sim);
}

u64 sim_used(struct sim *sim, const struct csched_group *g)
{
	u64 ns = sim->gone[g - sim->groups];
	int i;

	for (i = 0; i < sim->top; i++)
		if (sim->tasks[i].used && sim->tasks[i].core.group == g)
			ns += ran(&sim->tasks[i], sim->now);
	return ns;
}
