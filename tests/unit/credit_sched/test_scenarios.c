// SPDX-License-Identifier: GPL-2.0
/*
 * What the course shows with the policies, in figures that hold loosely: where boost ends to
 * help, how far off a lottery is, what Xen's constants do. The attack is in test_credit.c.
 */
#include "../tap.h"
#include "sim.h"

static struct sim sim;

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

/* The longest that any of @n tasks waited that run 1 ms in 20, beside three hogs. */
static u64 worst_of_boosted(int n)
{
	struct sim_task *t[8];
	u64 worst = 0;
	int i;

	sim_init(&sim, &csched_credit, &csched_default_params, 1);
	sim.random = 1;
	for (i = 0; i < 3; i++)
		sim_task(&sim, sim_group(&sim, 256, 0, 30 * MS), SIM_FOREVER, 0);
	for (i = 0; i < n; i++) {
		t[i] = sim_task(&sim, sim_group(&sim, 256, 0, 30 * MS), MS, 20 * MS);
		t[i]->jitter = 50;
	}
	sim_run(&sim, SEC);
	for (i = 0; i < n; i++)
		t[i]->worst_wake = 0;
	sim_run(&sim, 10 * SEC);
	for (i = 0; i < n; i++)
		worst = t[i]->worst_wake > worst ? t[i]->worst_wake : worst;
	CHECK_EQ(sim.lost, 0);
	sim_fini(&sim);
	return worst;
}

/* One boosted task goes first; eight are in each other's way. (Ongaro et al., VEE 2008) */
static void boost_helps_the_less_the_more_are_boosted(void)
{
	u64 one = worst_of_boosted(1), eight = worst_of_boosted(8);
	int n;

	CHECK(one <= csched_default_params.ratelimit, "one alone waits %llu us", one / US);
	for (n = 2; n <= 8; n++)
		CHECK(worst_of_boosted(n) <= csched_default_params.ratelimit + n * 2 * MS,
		      "%d boosted: more than all of them run", n);
	CHECK(eight >= 3 * one, "eight wait %llu us, one %llu", eight / US, one / US);
}

/* Mean distance from its half, in slots, of one of two equal groups after @slots slots. */
static double distance(const struct csched_policy *policy, int slots)
{
	struct csched_params p = csched_default_params;
	double sum = 0, off;
	int run;

	for (run = 0; run < 40; run++) {
		p.seed = run;
		sim_init(&sim, policy, &p, 1);
		sim_task(&sim, sim_group(&sim, 100, 0, 0), SIM_FOREVER, 0);
		sim_task(&sim, sim_group(&sim, 100, 0, 0), SIM_FOREVER, 0);
		sim_run(&sim, slots * p.slot);
		off = ((double)sim_used(&sim, &sim.groups[0]) - slots * p.slot / 2.) / p.slot;
		sum += off < 0 ? -off : off;
		sim_fini(&sim);
	}
	return sum / run;
}

/* 0.4 times the root of n is what half a binomial's mean deviation comes to. */
static void a_lottery_is_off_by_the_root_share_by_one(void)
{
	double few = distance(&csched_lottery, 100), many = distance(&csched_lottery, 2500);

	CHECK(few > 2 && few < 8, "after 100 draws off by %f slots", few);
	CHECK(many > 10 && many < 40, "after 2500 draws off by %f slots", many);
	CHECK(many > 2.5 * few && many < 10 * few, "from %f to %f slots", few, many);
	CHECK(distance(&csched_share, 100) <= 1 && distance(&csched_share, 2500) <= 1, "share is off");
}

static void xen(u32 cpus)
{
	struct csched_params p = csched_default_params;

	p.slot = 30 * MS;
	p.ratelimit = MS;
	sim_init(&sim, &csched_credit, &p, cpus);
}

static double percent(const struct csched_group *g)
{
	return 100. * sim_used(&sim, g) / sim.now;
}

static void with_xens_constants_weights_hold(void)
{
	struct csched_group *a, *b;

	xen(1);
	a = sim_group(&sim, 256, 0, 30 * MS);
	b = sim_group(&sim, 512, 0, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, 30 * SEC);
	CHECK(percent(a) > 33 && percent(a) < 34, "%f %%", percent(a));
	CHECK(a->credit > -(s64)(60 * MS) && a->credit <= (s64)(60 * MS), "%lld us", a->credit / 1000);
	sim_fini(&sim);
}

/* The hog of a capped group stands still at times, though the CPU idles. */
static void with_xens_constants_a_cap_parks(void)
{
	struct csched_group *a;
	u64 parked = 0;

	xen(1);
	a = sim_group(&sim, 256, 40, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	while (sim.now < 10 * SEC) {
		sim_run(&sim, sim.now + 5 * MS);
		parked += a->throttled && !a->nr_held;
	}
	CHECK(percent(a) > 39 && percent(a) < 41, "%f %%", percent(a));
	CHECK(parked > 1000 && parked < 1400, "parked in %llu of 2000 looks", (unsigned long long)parked);
	sim_fini(&sim);
}

/* A task that wakes and computes for 25 ms is first for 10 of them. */
static void with_xens_constants_boost_lasts_a_tick(void)
{
	struct csched_group *a, *b;

	xen(1);
	a = sim_group(&sim, 256, 0, 30 * MS);
	b = sim_group(&sim, 256, 0, 30 * MS);
	sim_task(&sim, b, SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	sim_task(&sim, a, 25 * MS, 500 * MS);
	sim_run(&sim, SEC + 2 * MS);
	CHECK_EQ(csched_standing(a), CSCHED_BOOST);
	CHECK(sim_used(&sim, a) >= MS, "ran %llu us", sim_used(&sim, a) / US);
	sim_run(&sim, SEC + 12 * MS);
	CHECK_EQ(csched_standing(a), CSCHED_UNDER);
	CHECK_EQ(a->boosts, 1);
	sim_fini(&sim);
}

int main(void)
{
	RUN(boost_helps_the_less_the_more_are_boosted);
	RUN(a_lottery_is_off_by_the_root_share_by_one);
	RUN(with_xens_constants_weights_hold);
	RUN(with_xens_constants_a_cap_parks);
	RUN(with_xens_constants_boost_lasts_a_tick);
	return tap_done();
}
