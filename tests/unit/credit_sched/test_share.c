// SPDX-License-Identifier: GPL-2.0
/*
 * The policy share, and what holds in every policy: proportion, lag, what becomes
 * of unused time, more than one CPU, caps, bounded waits. One rule a test.
 */
#include "../tap.h"
#include "sim.h"

static struct sim sim;

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

static struct csched_params params(u64 slot)
{
	struct csched_params p = csched_default_params;

	p.slot = slot;
	/* Out of the way, but in its own test. */
	p.park_max = 10 * SEC;
	return p;
}

static void start(const struct csched_policy *policy, u64 slot, u32 cpus)
{
	struct csched_params p = params(slot);

	sim_init(&sim, policy, &p, cpus);
}

/* |@part of @whole - @want|, in millionths. */
static u64 off_by(u64 part, u64 whole, double want)
{
	double d = (double)part / whole - want;

	return (d < 0 ? -d : d) * 1e6;
}

static void hogs_get_their_share(const u32 *weights, int n, u64 slot)
{
	struct csched_group *g[16];
	u64 total = 0;
	int i;

	start(&csched_share, slot, 1);
	for (i = 0; i < n; i++) {
		g[i] = sim_group(&sim, weights[i], 0, 0);
		sim_task(&sim, g[i], SIM_FOREVER, 0);
		total += weights[i];
	}
	sim_run(&sim, 10 * SEC);
	for (i = 0; i < n; i++) {
		u64 off = off_by(sim_used(&sim, g[i]), 10 * SEC, (double)weights[i] / total);

		CHECK(off <= slot * 1000000 / (10 * SEC), "group %d is off by %llu millionths", i,
		      (unsigned long long)off);
	}
	CHECK(sim.lag_min >= -(s64)slot && sim.lag_max <= (s64)slot, "lag from %lld to %lld us",
	      sim.lag_min / 1000, sim.lag_max / 1000);
	CHECK_EQ(sim.lost, 0);
	sim_fini(&sim);
}

static void share_gives_time_in_proportion_within_one_slot(void)
{
	static const u32 a[] = { 1, 2, 4 }, b[] = { 10, 1 }, c[] = { 5, 4, 3, 2, 1 },
			 d[] = { 100, 100, 100, 100 }, e[] = { 10000, 1, 7, 300 },
			 f[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 1, 1, 1, 1, 50 };

	hogs_get_their_share(a, 3, 5 * MS);
	hogs_get_their_share(a, 3, MS);
	hogs_get_their_share(b, 2, 5 * MS);
	hogs_get_their_share(c, 5, 5 * MS);
	hogs_get_their_share(d, 4, 10 * MS);
	hogs_get_their_share(e, 4, MS);
	hogs_get_their_share(f, 16, 5 * MS);
}

static void share_of_random_weights_within_one_slot(void)
{
	uint64_t seed = tap_seed();
	int run;

	for (run = 0; run < 20; run++) {
		u32 weights[16];
		int n = 2 + tap_next(&seed) % 15, i;

		for (i = 0; i < n; i++)
			weights[i] = 1 + tap_next(&seed) % 1000;
		hogs_get_their_share(weights, n, 2 * MS);
	}
}

static void share_hands_unused_time_on_in_proportion(void)
{
	struct csched_group *a, *b, *c;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 200, 0, 0);
	c = sim_group(&sim, 300, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, 10 * MS, SEC);
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(sim.lost, 0);
	CHECK(off_by(sim_used(&sim, b), sim_used(&sim, a) + sim_used(&sim, b), 2. / 3) < 2000,
	      "%llu and %llu us", sim_used(&sim, a) / US, sim_used(&sim, b) / US);
	sim_fini(&sim);
}

/* Someone who sleeps cannot save up time: two sleepers and a hog, awake they are all alike. */
static void share_does_not_pay_for_sleep(void)
{
	struct csched_group *a, *b;
	u64 before;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, 5 * SEC);
	before = sim_used(&sim, a);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 6 * SEC);
	CHECK(off_by(sim_used(&sim, a) - before, SEC, .5) < 10000, "%llu us of 1 s",
	      (sim_used(&sim, a) - before) / US);
	sim_fini(&sim);
}

/* What has been run was due by the weights of then. */
static void a_new_weight_does_not_reach_back(void)
{
	struct csched_group *a, *b;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_pass(&sim, 3 * MS);
	sim_group_set(&sim, b, 300, 0, 0);
	CHECK_EQ(a->lag, 3 * (s64)MS / 2 - (s64)sim_used(&sim, a));
	CHECK_EQ(b->lag, 3 * (s64)MS / 2 - (s64)sim_used(&sim, b));
	sim_fini(&sim);
}

/* Nor does sleeping wipe out a debt: run over the slot, sleep, come back. */
static void share_remembers_debt_across_sleep(void)
{
	struct csched_group *a, *b;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, a, 18 * MS, US)->deaf = true;
	sim_run(&sim, 10 * SEC);
	CHECK(off_by(sim_used(&sim, a), 10 * SEC, .5) < 5000, "%llu us of 10 s", sim_used(&sim, a) / US);
	sim_fini(&sim);
}

static void share_on_two_cpus(void)
{
	struct csched_group *g[5];
	u64 total = 0;
	int i;

	start(&csched_share, 5 * MS, 2);
	for (i = 0; i < 5; i++) {
		g[i] = sim_group(&sim, 100 * (i + 1), 0, 0);
		sim_task(&sim, g[i], SIM_FOREVER, 0);
		total += i + 1;
	}
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(sim.lost, 0);
	for (i = 0; i < 5; i++)
		CHECK(off_by(sim_used(&sim, g[i]), 20 * SEC, (i + 1.) / total) < 1000, "group %d: %llu us", i,
		      sim_used(&sim, g[i]) / US);
	CHECK(sim.lag_min >= -(s64)(10 * MS) && sim.lag_max <= (s64)(10 * MS), "lag from %lld to %lld us",
	      sim.lag_min / 1000, sim.lag_max / 1000);
	sim_fini(&sim);
}

/* 10:1:1 on two CPUs: the first cannot use more than one; the others share the second. */
static void weights_that_cannot_be_met_are_readjusted(void)
{
	struct csched_group *a, *b, *c;

	start(&csched_share, 5 * MS, 2);
	a = sim_group(&sim, 1000, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	c = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, SIM_FOREVER, 0);
	sim_run(&sim, 5 * SEC);
	CHECK(a->saturated && !b->saturated, "a: %d, b: %d", a->saturated, b->saturated);
	CHECK(off_by(sim_used(&sim, a), 5 * SEC, 1) < 1000, "a: %llu us", sim_used(&sim, a) / US);
	CHECK(off_by(sim_used(&sim, b), 5 * SEC, .5) < 1000, "b: %llu us", sim_used(&sim, b) / US);
	/* A second task, and its weight can be met: 10/12 of two CPUs. */
	sim_task(&sim, a, SIM_FOREVER, 0);
	CHECK(!a->saturated, "still saturated");
	sim_run(&sim, 10 * SEC);
	CHECK(off_by(sim_used(&sim, b), 5 * SEC, .5 + 2. / 12) < 1000, "b: %llu us", sim_used(&sim, b) / US);
	sim_fini(&sim);
}

static void tasks_of_a_group_take_turns(void)
{
	struct csched_group *a, *b;
	struct sim_task *t[3];
	int i;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 300, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	for (i = 0; i < 3; i++)
		t[i] = sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 8 * SEC);
	for (i = 0; i < 3; i++)
		CHECK(off_by(t[i]->ran, 8 * SEC, .25) < 2000, "task %d: %llu us", i, t[i]->ran / US);
	sim_fini(&sim);
}

/* Nor need another group come between them. */
static void tasks_of_a_group_take_turns_alone(void)
{
	struct csched_group *a;
	struct sim_task *t, *u;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 300, 0, 0);
	t = sim_task(&sim, a, SIM_FOREVER, 0);
	u = sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	CHECK(off_by(t->ran, SEC, .5) < 10000 && off_by(u->ran, SEC, .5) < 10000, "%llu and %llu us",
	      t->ran / US, u->ran / US);
	sim_fini(&sim);
}

/* 10:100:1 on three CPUs: the second is saturated at once, the first only when that is known. */
static void one_saturated_weight_may_saturate_the_next(void)
{
	struct csched_group *g[3];
	static const u32 weights[] = { 10, 100, 1 };
	int i;

	start(&csched_share, 5 * MS, 3);
	for (i = 0; i < 3; i++) {
		g[i] = sim_group(&sim, weights[i], 0, 0);
		sim_task(&sim, g[i], SIM_FOREVER, 0);
	}
	sim_task(&sim, g[2], SIM_FOREVER, 0);
	CHECK(g[0]->saturated && g[1]->saturated, "%d %d", g[0]->saturated, g[1]->saturated);
	for (i = 0; i < 3; i++)
		CHECK_EQ(g[i]->due, 100ull << sim.pool.due_shift);
	sim_fini(&sim);
}

/* A group does not get more by having more tasks. */
static void weight_is_the_groups_not_its_tasks(void)
{
	struct csched_group *a, *b;
	int i;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	for (i = 0; i < 10; i++)
		sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 5 * SEC);
	CHECK(off_by(sim_used(&sim, b), 5 * SEC, .5) < 2000, "b: %llu us", sim_used(&sim, b) / US);
	sim_fini(&sim);
}

static void a_woken_group_does_not_wait_for_the_slot_to_end(void)
{
	struct csched_group *hog, *io;
	struct sim_task *t;

	start(&csched_share, 100 * MS, 1);
	hog = sim_group(&sim, 100, 0, 0);
	io = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, hog, SIM_FOREVER, 0);
	t = sim_task(&sim, io, MS, 20 * MS);
	sim_run(&sim, SEC);
	t->worst_wake = 0;
	sim_run(&sim, 5 * SEC);
	CHECK(t->worst_wake <= sim.pool.params.ratelimit + sim.pool.params.min_slot, "woken after %llu us", t->worst_wake / US);
	sim_fini(&sim);
}

static void lottery_is_right_in_the_long_run_only(void)
{
	struct csched_group *a, *b;

	start(&csched_lottery, 5 * MS, 1);
	a = sim_group(&sim, 300, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 100 * SEC);
	/* 20000 draws: the standard deviation is 0.0031. */
	CHECK(off_by(sim_used(&sim, a), 100 * SEC, .75) < 12000, "a: %llu us", sim_used(&sim, a) / US);
	CHECK(sim.lag_max > (s64)(20 * MS), "lag up to %lld us only: no lottery", sim.lag_max / 1000);
	CHECK_EQ(sim.lost, 0);
	sim_fini(&sim);
}

static u64 lottery_run(u64 seed)
{
	struct csched_params p = params(5 * MS);
	struct csched_group *a, *b;
	u64 used;

	p.seed = seed;
	sim_init(&sim, &csched_lottery, &p, 1);
	a = sim_group(&sim, 300, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 5 * SEC);
	used = sim_used(&sim, a);
	sim_fini(&sim);
	return used;
}

static void lottery_repeats_itself_for_the_same_seed(void)
{
	CHECK_EQ(lottery_run(7), lottery_run(7));
	CHECK(lottery_run(7) != lottery_run(8), "another seed, the same draws");
}

static void caps_hold(const struct csched_policy *policy, u32 cpus)
{
	static const u32 caps[] = { 1, 25, 50, 75, 150 };
	u32 i;

	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct csched_group *a;

		if (caps[i] > 100 * cpus)
			continue;
		start(policy, 5 * MS, cpus);
		a = sim_group(&sim, 100, caps[i], 30 * MS);
		sim_task(&sim, a, SIM_FOREVER, 0);
		sim_task(&sim, a, SIM_FOREVER, 0);
		sim_run(&sim, 10 * SEC);
		CHECK(off_by(sim_used(&sim, a), 10 * SEC, caps[i] / 100.) <= 1000, "cap %u on %u CPUs: %llu us",
		      caps[i], cpus, sim_used(&sim, a) / US);
		sim_fini(&sim);
	}
}

static void cap_holds_on_an_idle_machine(void)
{
	caps_hold(&csched_share, 1);
	caps_hold(&csched_share, 2);
	caps_hold(&csched_lottery, 2);
	caps_hold(&csched_credit, 2);
}

static void what_a_cap_leaves_goes_to_the_others(void)
{
	struct csched_group *a, *b;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 900, 20, 0);
	b = sim_group(&sim, 100, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(sim.lost, 0);
	CHECK(off_by(sim_used(&sim, a), 10 * SEC, .2) < 2000, "a: %llu us", sim_used(&sim, a) / US);
	CHECK(off_by(sim_used(&sim, b), 10 * SEC, .8) < 2000, "b: %llu us", sim_used(&sim, b) / US);
	CHECK_EQ(a->due, 20ull << sim.pool.due_shift);
	sim_fini(&sim);
}

/* Weight 1 against 10000: its turn by weight would come once in 50 s. */
static void nobody_waits_longer_than_park_max(void)
{
	struct csched_params p = csched_default_params;
	struct csched_group *a, *b;

	sim_init(&sim, &csched_share, &p, 1);
	a = sim_group(&sim, 10000, 0, 0);
	b = sim_group(&sim, 1, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);	/* O3 */
	CHECK(b->slots >= 60, "%llu slots", (unsigned long long)b->slots);
	CHECK(sim_used(&sim, b) <= 10 * SEC / 150 * b->pool->params.min_slot / MS / 1 + 10 * MS,
	      "minimal slots add up to %llu us", sim_used(&sim, b) / US);
	sim_fini(&sim);
}

/* Where it takes long to get a woken task on a CPU, its minimal slot is not over by then. */
static void a_slot_counts_from_when_the_task_runs(bool silent)
{
	struct csched_params p = csched_default_params;
	struct sim_task *t;
	u64 before = 0;
	int i;

	sim_init(&sim, &csched_share, &p, 1);
	sim.obey = 50 * US;
	sim.start = 4 * MS;
	sim.silent = silent;
	sim_task(&sim, sim_group(&sim, 10000, 0, 0), SIM_FOREVER, 0);
	t = sim_task(&sim, sim_group(&sim, 1, 0, 0), SIM_FOREVER, 0);
	for (i = 1; i < 50; i++) {
		sim_run(&sim, i * 165 * MS);
		CHECK(t->ran >= before + p.min_slot / 2, "ran %llu us after %llu us",
		      (t->ran - before) / US, sim.now / US);
		before = t->ran;
	}
	CHECK(t->ran <= 60 * (p.min_slot + 2 * sim.obey) + 2 * p.slot, "minimal slots of %llu us",
	      t->ran / 60 / US);
	sim_fini(&sim);
}

static void a_slot_is_not_over_before_the_task_runs(void)
{
	a_slot_counts_from_when_the_task_runs(false);
	a_slot_counts_from_when_the_task_runs(true);
}

static void alone_nobody_is_disturbed(void)
{
	struct csched_group *a;
	struct sim_task *t;

	start(&csched_share, MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	t = sim_task(&sim, a, SIM_FOREVER, 0);
	CHECK_EQ(sim.pool.timer, CSCHED_NO_TIMER);
	sim_run(&sim, SEC);
	CHECK(t->executing, "stopped");
	CHECK(sim.moves <= 2, "%llu orders", (unsigned long long)sim.moves);
	sim_fini(&sim);
}

/* The next one starts only when the last one has stopped. */
static void a_slot_is_given_on_when_it_is_free(void)
{
	struct csched_group *a, *b;
	struct sim_task *ta, *tb;

	start(&csched_share, 5 * MS, 1);
	a = sim_group(&sim, 100, 0, 0);
	b = sim_group(&sim, 100, 0, 0);
	ta = sim_task(&sim, a, SIM_FOREVER, 0);
	tb = sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, MS / 4);
	CHECK(tb->core.state == CSCHED_WAITING && tb->core.stopped, "b runs");
	sim.now = 5 * MS;
	csched_settle(&sim.pool, sim.now);
	CHECK_EQ(ta->core.state, CSCHED_LEAVING);
	CHECK_EQ(tb->core.state, CSCHED_WAITING);
	/* Whom it was for has gone: it may stay. */
	csched_task_block(&tb->core, sim.now);
	csched_settle(&sim.pool, sim.now);
	CHECK_EQ(ta->core.state, CSCHED_RUNNING);
	/* And now in earnest. */
	csched_task_wake(&tb->core, sim.now);
	csched_task_stopped(&tb->core, sim.now);
	csched_settle(&sim.pool, sim.now);
	sim.now += 5 * MS;
	csched_settle(&sim.pool, sim.now);
	CHECK_EQ(ta->core.state, CSCHED_LEAVING);
	csched_task_stopped(&ta->core, sim.now);
	csched_settle(&sim.pool, sim.now);
	CHECK_EQ(ta->core.state, CSCHED_WAITING);
	CHECK_EQ(tb->core.state, CSCHED_RUNNING);
}

static void bad_attributes_are_refused(void)
{
	struct csched_params p = csched_default_params;
	struct csched_attr attr = { .weight = 100 };
	struct csched_group g = { 0 };

	start(&csched_share, 5 * MS, 2);
	attr.weight = 0;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -ERANGE);
	attr.weight = 10001;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -ERANGE);
	attr.weight = 10000;
	attr.cap = 201;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -EDOM);
	attr.cap = 200;
	attr.burst = CSCHED_BURST_MAX + 1;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -EOVERFLOW);
	CHECK(!g.pool && list_empty(&sim.pool.groups), "something has changed");
	attr.burst = CSCHED_BURST_MAX;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), 0);
	attr.weight = 0;
	CHECK_EQ(csched_group_set(&g, &attr, 0), -ERANGE);
	CHECK_EQ(g.attr.weight, 10000);
	csched_group_del(&g, 0);
	p.slot = 0;
	CHECK_EQ(csched_params_check(&p), -EINVAL);
	p = csched_default_params;
	p.tick = p.period + 1;
	CHECK_EQ(csched_params_check(&p), -EINVAL);
	CHECK_EQ(csched_params_check(&csched_default_params), 0);
	CHECK(csched_policy_by_name("share") == &csched_share && !csched_policy_by_name("fifo"), "names");
}

int main(void)
{
	RUN(share_gives_time_in_proportion_within_one_slot);
	RUN(share_of_random_weights_within_one_slot);
	RUN(share_hands_unused_time_on_in_proportion);
	RUN(share_does_not_pay_for_sleep);
	RUN(a_new_weight_does_not_reach_back);
	RUN(share_remembers_debt_across_sleep);
	RUN(share_on_two_cpus);
	RUN(weights_that_cannot_be_met_are_readjusted);
	RUN(tasks_of_a_group_take_turns);
	RUN(tasks_of_a_group_take_turns_alone);
	RUN(one_saturated_weight_may_saturate_the_next);
	RUN(weight_is_the_groups_not_its_tasks);
	RUN(a_woken_group_does_not_wait_for_the_slot_to_end);
	RUN(lottery_is_right_in_the_long_run_only);
	RUN(lottery_repeats_itself_for_the_same_seed);
	RUN(cap_holds_on_an_idle_machine);
	RUN(what_a_cap_leaves_goes_to_the_others);
	RUN(nobody_waits_longer_than_park_max);
	RUN(a_slot_is_not_over_before_the_task_runs);
	RUN(alone_nobody_is_disturbed);
	RUN(a_slot_is_given_on_when_it_is_free);
	RUN(bad_attributes_are_refused);
	return tap_done();
}
