// SPDX-License-Identifier: GPL-2.0
/*
 * The figures that the module must reach on real tasks, reached here beside a kernel that
 * takes 0.1 ms to stop a task and 0.05 ms to start one; shares also where the runtime of
 * one that runs is known as of the last tick of 4 ms only. Ten seconds of CPU hogs.
 */
#include "../tap.h"
#include "sim.h"

#define SLOT	(5 * MS)

static struct sim sim;

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

static void start(const struct csched_policy *policy, u32 cpus, u64 slot, bool imprecise)
{
	struct csched_params p = csched_default_params;

	p.slot = slot;
	sim_init(&sim, policy, &p, cpus);
	if (!imprecise)
		return;
	sim.obey = 100 * US;
	sim.start = 50 * US;
	sim.stale = true;
}

static void hogs(const u32 *weights, int n, int tasks)
{
	int i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < tasks; k++)
			sim_task(&sim, k ? &sim.groups[i] : sim_group(&sim, weights[i], 0, 30 * MS),
				 SIM_FOREVER, 0);
}

/* How exactly time can be told: by the slot, or by the tick. */
static u64 grain(u64 slot)
{
	return sim.stale && slot < 4 * MS ? 4 * MS : slot;
}

/* Each has had its part of what was done, within 0.5 % or what is open at the end. */
static void check_shares(const u32 *weights, int n, u64 slot)
{
	double total = 0, off, most;
	int i;

	for (i = 0; i < n; i++)
		total += weights[i];
	for (i = 0; i < n; i++) {
		double due = sim.busy * weights[i] / total;

		off = sim_used(&sim, &sim.groups[i]) - due;
		most = grain(slot) * (sim.pool.cpus + (sim.pool.policy == &csched_credit));
		if (most < due * .005)
			most = due * .005;
		CHECK(off <= most && -off <= most, "%s, %u CPUs, group %d of %d: %.3f ms of %.3f",
		      sim.pool.policy->name, sim.pool.cpus, i, n, off / MS, due / MS);
	}
}

static void ten_seconds(const struct csched_policy *policy, u32 cpus, u64 slot, bool imprecise,
			const u32 *weights, int n, int tasks)
{
	s64 lag;

	start(policy, cpus, slot, imprecise);
	hogs(weights, n, tasks);
	sim_run(&sim, 10 * SEC);
	check_shares(weights, n, slot);
	CHECK(sim.busy >= .99 * cpus * sim.now, "busy for %llu us", sim.busy / US);
	/* For credit a period is settled late. */
	lag = (policy == &csched_credit ? 4 : 2) * grain(slot) * cpus;
	CHECK(sim.lag_min >= -lag && sim.lag_max <= lag, "%s: lag from %lld to %lld us",
	      policy->name, sim.lag_min / 1000, sim.lag_max / 1000);
	sim_run(&sim, 25 * SEC);
	CHECK(sim.lag_min >= -lag && sim.lag_max <= lag, "%s: lag grows to %lld, %lld us",
	      policy->name, sim.lag_min / 1000, sim.lag_max / 1000);
	sim_fini(&sim);
}

static void all_weights(const struct csched_policy *policy, u32 cpus, u64 slot, bool imprecise)
{
	static const u32 a[] = { 100, 200, 400 }, b[] = { 1000, 100 }, c[] = { 500, 400, 300, 200, 100 },
			 d[] = { 100, 100, 100, 100 },
			 e[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 1, 1, 1, 1, 5 };

	ten_seconds(policy, cpus, slot, imprecise, a, 3, cpus);
	ten_seconds(policy, cpus, slot, imprecise, b, 2, cpus);
	ten_seconds(policy, cpus, slot, imprecise, c, 5, 1);
	ten_seconds(policy, cpus, slot, imprecise, d, 4, 1);
	ten_seconds(policy, cpus, slot, imprecise, e, 16, 1);
}

static void share_is_within_half_a_percent_on_one_cpu(void)
{
	all_weights(&csched_share, 1, SLOT, false);
	all_weights(&csched_share, 1, SLOT, true);
	all_weights(&csched_share, 1, MS, true);
}

static void share_is_within_half_a_percent_on_two_cpus(void)
{
	all_weights(&csched_share, 2, SLOT, false);
	all_weights(&csched_share, 2, SLOT, true);
}

static void credit_is_within_half_a_percent_on_one_cpu(void)
{
	all_weights(&csched_credit, 1, SLOT, false);
	all_weights(&csched_credit, 1, SLOT, true);
}

/* A group that is due more than one CPU earns more than 30 ms in each 30 ms. */
static void credit_is_within_half_a_percent_on_two_cpus(void)
{
	all_weights(&csched_credit, 2, SLOT, false);
	all_weights(&csched_credit, 2, SLOT, true);
}

static void cap_of(u32 cap, u32 cpus, const struct csched_policy *policy)
{
	struct csched_group *a;
	double got;

	start(policy, cpus, SLOT, true);
	sim.stale = false;
	a = sim_group(&sim, 100, cap, 30 * MS);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, a, SIM_FOREVER, 0);
	sim_task(&sim, sim_group(&sim, 100, 0, 30 * MS), SIM_FOREVER, 0);
	sim_run(&sim, 10 * SEC);	/* O4: any 100 ms */
	got = sim_used(&sim, a) / (10. * SEC) * 100;
	CHECK(got > cap - 1. && got < cap + .1, "%s: cap %u: %.3f", policy->name, cap, got);
	sim_fini(&sim);
}

/* Beside a hog, on as many CPUs as the cap and the hog's weight leave room for. */
static void caps_are_within_one_percent(void)
{
	cap_of(25, 1, &csched_share);
	cap_of(25, 1, &csched_credit);
	cap_of(25, 2, &csched_share);
	cap_of(50, 2, &csched_share);
	cap_of(50, 2, &csched_credit);
	cap_of(75, 2, &csched_share);
	cap_of(150, 3, &csched_share);
	cap_of(150, 3, &csched_credit);
}

int main(void)
{
	RUN(share_is_within_half_a_percent_on_one_cpu);
	RUN(share_is_within_half_a_percent_on_two_cpus);
	RUN(credit_is_within_half_a_percent_on_one_cpu);
	RUN(credit_is_within_half_a_percent_on_two_cpus);
	RUN(caps_are_within_one_percent);
	return tap_done();
}
