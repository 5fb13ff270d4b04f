// SPDX-License-Identifier: GPL-2.0
/* The policy credit: earning, saving, spending, boost, and how to steal. One rule a test. */
#include "../tap.h"
#include "sim.h"

static struct sim sim;

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

static void start(u64 slot, u32 cpus, bool sampled)
{
	struct csched_params p = csched_default_params;

	p.slot = slot;
	p.sampled = sampled;
	p.park_max = 10 * SEC;
	sim_init(&sim, &csched_credit, &p, cpus);
}

static double part(struct csched_group *g, u64 since, u64 from)
{
	return (double)(sim_used(&sim, g) - from) / (sim.now - since);
}

#define NEAR(value, want, by)							\
	CHECK((value) > (want) - (by) && (value) < (want) + (by), "%s is %f, not %f", #value, \
	      (double)(value), (double)(want))

static void hogs_get_their_share(void)
{
	struct csched_group *a, *b, *c;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 256, 0, 30 * MS);
	b = sim_group(&sim, 512, 0, 30 * MS);
	c = sim_group(&sim, 1024, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_task(&sim, c, SIM_FOREVER, 0);
	sim_run(&sim, 20 * SEC);
	NEAR(part(a, 0, 0), 1. / 7, .003);
	NEAR(part(b, 0, 0), 2. / 7, .003);
	NEAR(part(c, 0, 0), 4. / 7, .003);
	CHECK_EQ(sim.lost, 0);
	sim_fini(&sim);
}

/* A third group is idle: what it does not use is free, and goes by weight. */
static void surplus_goes_by_weight(void)
{
	struct csched_group *a, *b, *idle;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 100, 0, 30 * MS);
	b = sim_group(&sim, 300, 0, 30 * MS);
	idle = sim_group(&sim, 400, 0, 100 * SEC);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 20 * SEC);
	NEAR(part(a, 0, 0), .25, .003);
	NEAR(part(b, 0, 0), .75, .003);
	CHECK_EQ(idle->credit, sim.pool.acct_at / 2);
	sim_fini(&sim);
}

/* Idle, burst, baseline: 10 s asleep at half a CPU save 5 s, which last for 10 s. */
static void saved_credit_is_spent_above_the_share(void)
{
	struct csched_group *a, *b;
	u64 before;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 256, 0, 30 * SEC);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	NEAR((double)a->credit / SEC, 5, .05);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, 15 * SEC);
	NEAR(part(a, 10 * SEC, 0), 1, .02);
	CHECK_EQ(csched_standing(a), CSCHED_UNDER);
	sim_run(&sim, 21 * SEC);
	before = sim_used(&sim, a);
	sim_run(&sim, 31 * SEC);
	NEAR(part(a, 21 * SEC, before), .5, .01);
	sim_fini(&sim);
}

static void burst_bounds_the_balance(void)
{
	struct csched_group *a, *b;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 256, 0, 200 * MS);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(a->credit, 200 * MS);
	CHECK_EQ(a->earned - a->discarded, 200 * MS);
	/* A smaller burst takes effect at once, and S5 holds. */
	sim_group_set(&sim, a, 256, 0, 100 * MS);
	CHECK_EQ(a->credit, 100 * MS);
	sim_fini(&sim);
}

static void all_that_the_cpus_can_do_is_earned(void)
{
	struct csched_group *g[3];
	u64 earned = 0;
	int i;

	start(5 * MS, 3, false);
	for (i = 0; i < 3; i++) {
		g[i] = sim_group(&sim, 1 + 1000 * i, 0, SEC);
		sim_task(&sim, g[i], SIM_FOREVER, 0);
	}
	sim_run(&sim, 7 * SEC + 1);
	for (i = 0; i < 3; i++)
		earned += g[i]->earned;
	CHECK_EQ(earned, 3 * sim.pool.acct_at);
	CHECK(sim.pool.acct_at > 7 * SEC - 31 * MS, "handed out last at %llu us", sim.pool.acct_at / US);
	sim_fini(&sim);
}

static void while_the_cpus_idle_credit_is_earned_too(void)
{
	struct csched_group *a;

	start(5 * MS, 2, false);
	a = sim_group(&sim, 256, 0, 100 * SEC);
	sim_run(&sim, 2 * SEC);
	CHECK_EQ(a->earned, 4 * SEC);
	CHECK_EQ(a->credit, 4 * SEC);
	sim_fini(&sim);
}

static u64 worst_wake_among_hogs(u64 slot)
{
	struct csched_group *io;
	struct sim_task *t;
	int i;

	start(slot, 1, false);
	for (i = 0; i < 3; i++)
		sim_task(&sim, sim_group(&sim, 256, 0, 30 * MS), SIM_FOREVER, 0);
	io = sim_group(&sim, 256, 0, 30 * MS);
	t = sim_task(&sim, io, MS, 20 * MS);
	sim_run(&sim, SEC);
	t->worst_wake = 0;
	sim_run(&sim, 10 * SEC);
	CHECK(io->boosts > 300, "%llu boosts", (unsigned long long)io->boosts);
	return t->worst_wake;
}

static void a_woken_group_with_credit_is_boosted(void)
{
	CHECK(worst_wake_among_hogs(30 * MS) <= csched_default_params.ratelimit, "not boosted");
	sim_fini(&sim);
}

static void boost_ends_after_one_tick(void)
{
	struct csched_group *a, *b;

	start(30 * MS, 1, false);
	a = sim_group(&sim, 256, 0, 30 * SEC);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	sim_task(&sim, a, SIM_FOREVER, 0);
	CHECK_EQ(csched_standing(a), CSCHED_BOOST);
	sim_run(&sim, SEC + 9 * MS);
	CHECK_EQ(csched_standing(a), CSCHED_BOOST);
	sim_run(&sim, SEC + 31 * MS);
	CHECK_EQ(csched_standing(a), CSCHED_UNDER);
	sim_fini(&sim);
}

/* Without credit no boost: a group that always runs when it can has none. */
static void without_credit_there_is_no_boost(void)
{
	struct csched_group *a, *b;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 1, 0, 30 * MS);
	b = sim_group(&sim, 1000, 0, 30 * MS);
	sim_task(&sim, a, 20 * MS, MS);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	a->boosts = 0;
	sim_run(&sim, 2 * SEC);
	CHECK(a->boosts <= 1, "%llu boosts", (unsigned long long)a->boosts);
	sim_fini(&sim);
}

/* Run, and sleep across each tick: sampled, it is never seen. (Zhou et al., 2011) */
static double stolen(bool sampled)
{
	struct csched_group *thief, *hogs;
	struct sim_task *t;
	double got;

	start(10 * MS, 1, sampled);
	thief = sim_group(&sim, 256, 0, 30 * MS);
	hogs = sim_group(&sim, 256 * 3, 0, 30 * MS);
	sim_task(&sim, hogs, SIM_FOREVER, 0);
	sim_run(&sim, 100 * MS + 50 * US);
	sim.wake_phase = true;
	t = sim_task(&sim, thief, 9400 * US, 10 * MS);
	t->woke = SIM_NEVER;
	sim_run(&sim, 10 * SEC);
	got = part(thief, 0, 0);
	if (sampled)
		CHECK(thief->spent < SEC, "paid for %llu us", thief->spent / US);
	sim_fini(&sim);
	return got;
}

static void sampled_accounting_can_be_cheated(void)
{
	CHECK(stolen(true) > .85, "stole %f", stolen(true));
}

static void exact_accounting_cannot(void)
{
	CHECK(stolen(false) < .3, "stole %f", stolen(false));
}

/* A surplus slot is free, one with credit is paid for. */
static void alone_a_group_pays_only_what_it_earns(void)
{
	struct csched_group *a, *idle;

	start(5 * MS, 1, false);
	a = sim_group(&sim, 256, 0, 30 * MS);
	idle = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);
	CHECK_EQ(sim.lost, 0);
	NEAR((double)a->spent / SEC, 5, .1);
	CHECK(a->credit > -(s64)(35 * MS), "%lld us", a->credit / 1000);
	CHECK_EQ(idle->spent, 0);
	sim_fini(&sim);
}

/* One that weighs next to nothing gets by on minimal slots, and owes for them. */
static void minimal_slots_are_paid_for(void)
{
	struct csched_params p = csched_default_params;
	struct csched_group *a, *b;

	sim_init(&sim, &csched_credit, &p, 1);
	a = sim_group(&sim, 60000, 0, 30 * MS);
	b = sim_group(&sim, 1, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 20 * SEC);
	CHECK(b->slots >= 120, "%llu slots", (unsigned long long)b->slots);
	CHECK(b->spent >= b->used * 9 / 10, "paid for %llu of %llu us", b->spent / US, b->used / US);
	sim_fini(&sim);
}

int main(void)
{
	RUN(hogs_get_their_share);
	RUN(surplus_goes_by_weight);
	RUN(saved_credit_is_spent_above_the_share);
	RUN(burst_bounds_the_balance);
	RUN(all_that_the_cpus_can_do_is_earned);
	RUN(while_the_cpus_idle_credit_is_earned_too);
	RUN(a_woken_group_with_credit_is_boosted);
	RUN(boost_ends_after_one_tick);
	RUN(without_credit_there_is_no_boost);
	RUN(sampled_accounting_can_be_cheated);
	RUN(exact_accounting_cannot);
	RUN(alone_a_group_pays_only_what_it_earns);
	RUN(minimal_slots_are_paid_for);
	return tap_done();
}
