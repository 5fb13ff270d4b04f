// SPDX-License-Identifier: GPL-2.0
/* Groups with a baseline: burstable instances. Save, burst, baseline. One rule a test. */
#include "../tap.h"
#include "sim.h"

static struct sim sim;

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

static void start(u32 cpus, bool sampled)
{
	struct csched_params p = csched_default_params;

	p.sampled = sampled;
	sim_init(&sim, &csched_credit, &p, cpus);
}

static struct csched_group *instance(u32 baseline, u32 cap, u64 burst)
{
	struct csched_group *g = sim_group(&sim, 256, cap, burst);

	sim_group_baseline(&sim, g, baseline);
	return g;
}

/* What @g ran from now until @until, in seconds. */
static double runs(struct csched_group *g, u64 until)
{
	u64 before = sim_used(&sim, g);

	sim_run(&sim, until);
	return (double)(sim_used(&sim, g) - before) / SEC;
}

#define NEAR(value, want, by)							\
	do {									\
		double _v = (value);						\
										\
		CHECK(_v > (want) - (by) && _v < (want) + (by), "%s is %f, not %f", #value, _v, \
		      (double)(want));						\
	} while (0)

static void an_idle_instance_saves_at_its_baseline_up_to_its_burst(void)
{
	struct csched_group *a, *b;

	start(2, false);
	a = instance(20, 0, 3 * SEC);
	b = instance(150, 0, 3 * SEC);
	sim_run(&sim, 1500 * MS);
	CHECK_EQ(a->credit, 300 * MS);
	CHECK_EQ(b->credit, 2250 * MS);
	sim_run(&sim, 60 * SEC);
	CHECK_EQ(a->credit, 3 * SEC);
	CHECK_EQ(a->earned, 12 * SEC);
	CHECK_EQ(a->discarded, 9 * SEC);
	sim_fini(&sim);
}

/* 30 s at 10 % save 3 s: at 200 % less 10 % they last for 1.58 s. Then 10 %, though CPUs idle. */
static void it_bursts_to_all_cpus_and_falls_back_to_its_baseline(void)
{
	struct csched_group *a;

	start(2, false);
	a = instance(10, 0, 100 * SEC);
	sim_run(&sim, 30 * SEC);
	CHECK_EQ(a->credit, 3 * SEC);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	NEAR(runs(a, 31500 * MS), 3, 0.0001);
	CHECK_EQ(csched_standing(a), CSCHED_UNDER);
	sim_run(&sim, 33 * SEC);
	NEAR(runs(a, 133 * SEC), 10, 0.01);
	CHECK(a->credit > -(s64)(MS / 2) && a->credit <= (s64)(3 * MS), "%lld us", a->credit / 1000);
	sim_fini(&sim);
}

static void it_bursts_to_its_cap_only(void)
{
	struct csched_group *a;

	start(1, false);
	a = instance(20, 60, 100 * SEC);
	sim_run(&sim, 10 * SEC);
	sim_task(&sim, a, SIM_FOREVER, 0);
	NEAR(runs(a, 14 * SEC), 4 * .6, .01);
	sim_run(&sim, 20 * SEC);
	NEAR(runs(a, 30 * SEC), 2, .01);
	sim_fini(&sim);
}

static void the_smallest_baseline_and_the_smallest_burst_are_kept(void)
{
	struct csched_group *a;

	start(1, false);
	a = instance(1, 0, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	NEAR(runs(a, 101 * SEC), 1, .01);
	/* 0.3 ms come each period, and it waits until they make a minimal slot. */
	CHECK(a->slots <= 101 * 1000 / 60 + 1, "%llu slots: they crumble",
	      (unsigned long long)a->slots);
	sim_fini(&sim);
}

/* Hogs: 20 % and 30 % by baseline whatever they weigh, and the rest for one that has none. */
static void instances_beside_an_ordinary_group(bool stale)
{
	struct csched_group *a, *b, *c;

	start(1, false);
	sim.stale = stale;
	a = instance(20, 0, 2 * SEC);
	b = instance(30, 0, 30 * MS);
	c = sim_group(&sim, 10, 0, 30 * MS);
	sim_group_set(&sim, a, 60000, 0, 2 * SEC);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, SIM_FOREVER, 0);
	CHECK_EQ(a->due, 20ull << sim.pool.due_shift);
	CHECK_EQ(c->due, 50ull << sim.pool.due_shift);
	sim_run(&sim, SEC);
	NEAR(runs(a, 21 * SEC), 4, .02);
	NEAR(runs(b, 41 * SEC), 6, .02);
	NEAR(runs(c, 61 * SEC), 10, .05);
	CHECK_EQ(sim.lost, 0);
	sim_fini(&sim);
}

static void the_others_get_what_baselines_leave(void)
{
	instances_beside_an_ordinary_group(false);
	instances_beside_an_ordinary_group(true);
}

/* What they earn together is what two CPUs can do. */
static void a_baseline_is_not_handed_out_twice(void)
{
	struct csched_group *a, *b, *c;

	start(2, false);
	a = instance(30, 0, SEC);
	b = sim_group(&sim, 100, 0, SEC);
	c = sim_group(&sim, 300, 0, SEC);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(a->earned + b->earned + c->earned, 2 * sim.pool.acct_at);
	CHECK_EQ(a->earned, sim.pool.acct_at * 3 / 10);
	NEAR((double)c->earned / b->earned, 3, .0001);
	sim_fini(&sim);
}

/* Twice 80 % of one CPU: no credit for the third; but as soon as they stop, all of it. */
static void baselines_beyond_the_cpus_are_forgiven(void)
{
	struct csched_group *a, *b, *c;
	u64 before;

	start(1, false);
	a = instance(80, 0, SEC);
	b = instance(80, 0, SEC);
	c = sim_group(&sim, 100, 0, SEC);
	CHECK_EQ(a->due, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, SIM_FOREVER, 0);
	CHECK_EQ(sim.pool.due, (100ull << sim.pool.due_shift) + 1);
	NEAR(runs(a, 10 * SEC), 5, .2);
	CHECK_EQ(c->earned, 0);
	sim_group_baseline(&sim, a, 0);
	sim_group_baseline(&sim, b, 0);
	before = c->earned;
	sim_run(&sim, 11 * SEC);
	/* A third of it, from the second period on. */
	NEAR((double)(c->earned - before) / SEC, (1 - .06) * 100 / 612, .01);
	sim_fini(&sim);
}

/*
 * By the stale clock of a running task CPUs do less than both baselines in one period, and
 * more in the next: that is nobody's gain.
 */
static void baselines_that_fill_the_cpus_leave_nothing(void)
{
	struct csched_group *c;

	start(1, false);
	sim.stale = true;
	instance(50, 0, SEC);
	instance(50, 0, SEC);
	c = sim_group(&sim, 100, 0, SEC);
	sim_task(&sim, c, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	CHECK(c->earned <= 4 * MS, "%llu us", c->earned / US);
	sim_fini(&sim);
}

static void without_a_baseline_it_earns_by_weight_again(void)
{
	struct csched_group *a, *b;

	start(1, false);
	a = instance(10, 0, 30 * MS);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, 5 * SEC);
	CHECK(a->throttled, "not throttled");
	sim_group_baseline(&sim, a, 0);
	CHECK(!a->throttled, "still throttled");
	sim_task(&sim, b, SIM_FOREVER, 0);
	NEAR(runs(a, 15 * SEC), 5, .05);
	/* And back, in the midst of a slot. */
	sim_group_baseline(&sim, a, 10);
	sim_run(&sim, 16 * SEC);
	NEAR(runs(a, 26 * SEC), 1, .02);
	sim_fini(&sim);
}

static void a_baseline_and_a_cap_throttle_one_by_one(void)
{
	struct csched_group *a;

	start(1, false);
	a = instance(10, 50, 30 * MS);
	CHECK_EQ(a->throttled, CSCHED_BY_BASELINE);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	csched_throttle(a, CSCHED_BY_CAP, true);
	csched_throttle(a, CSCHED_BY_BASELINE, false);
	CHECK_EQ(a->throttled, CSCHED_BY_CAP);
	csched_throttle(a, CSCHED_BY_CAP, false);
	CHECK_EQ(a->throttled, 0);
	sim_fini(&sim);
}

/* Fifty tasks that may each have a minimal slot in 150 ms would be 16 %. */
static void minimal_slots_are_paid_for(void)
{
	struct csched_group *a;
	int i;

	start(1, false);
	a = instance(5, 0, 30 * MS);
	for (i = 0; i < 50; i++)
		sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, 2 * SEC);
	NEAR(runs(a, 22 * SEC), 1, .02);
	sim_fini(&sim);
}

/* However little credit there is, they are long enough for a signal to get through. */
static void minimal_slots_are_not_cut_short(void)
{
	struct csched_task *t;
	struct csched_group *a;
	int i;

	start(1, false);
	a = instance(1, 0, 30 * MS);
	for (i = 0; i < 6; i++)
		sim_task(&sim, a, SIM_FOREVER, 0);
	t = &sim_task(&sim, a, SIM_FOREVER, 0)->core;
	while (!(t->state == CSCHED_RUNNING && t->minimal) && sim.now < SEC)
		sim_run(&sim, sim.now + MS / 4);
	CHECK(t->minimal, "no minimal slot");
	CHECK_EQ(t->slot_end - t->since, sim.pool.params.min_slot);
	sim_fini(&sim);
}

static void sampled_it_holds_on_average(void)
{
	struct csched_group *a, *b;

	start(1, true);
	a = instance(20, 0, 30 * MS);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	NEAR(runs(a, 61 * SEC), 12, 1.2);
	sim_fini(&sim);
}

static void bad_baselines_are_refused(void)
{
	struct csched_attr attr = { .weight = 100, .baseline = 201 };
	struct csched_group g = { 0 };

	start(2, false);
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -EDOM);
	attr.baseline = 200;
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), 0);
	/* It may keep what it has, but not take more, when a CPU goes. */
	sim_set_cpus(&sim, 1);
	attr.weight = 200;
	CHECK_EQ(csched_group_set(&g, &attr, 0), 0);
	attr.baseline = 150;
	CHECK_EQ(csched_group_set(&g, &attr, 0), -EDOM);
	csched_group_del(&g, 0);
	memset(&g, 0, sizeof(g));
	sim_init(&sim, &csched_share, &csched_default_params, 2);
	CHECK_EQ(csched_group_add(&sim.pool, &g, &attr, 0), -EOPNOTSUPP);
	CHECK(!g.pool && list_empty(&sim.pool.groups), "something has changed");
}

int main(void)
{
	RUN(an_idle_instance_saves_at_its_baseline_up_to_its_burst);
	RUN(it_bursts_to_all_cpus_and_falls_back_to_its_baseline);
	RUN(it_bursts_to_its_cap_only);
	RUN(the_smallest_baseline_and_the_smallest_burst_are_kept);
	RUN(the_others_get_what_baselines_leave);
	RUN(a_baseline_is_not_handed_out_twice);
	RUN(baselines_beyond_the_cpus_are_forgiven);
	RUN(baselines_that_fill_the_cpus_leave_nothing);
	RUN(without_a_baseline_it_earns_by_weight_again);
	RUN(a_baseline_and_a_cap_throttle_one_by_one);
	RUN(minimal_slots_are_paid_for);
	RUN(minimal_slots_are_not_cut_short);
	RUN(sampled_it_holds_on_average);
	RUN(bad_baselines_are_refused);
	return tap_done();
}
