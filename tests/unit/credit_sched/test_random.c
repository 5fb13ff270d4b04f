// SPDX-License-Identifier: GPL-2.0
/*
 * Random workloads: CPU hogs, I/O tasks, on/off tasks, forks, exits, groups that
 * come and go, changes of weight, cap, burst and CPUs, under every policy, with
 * tasks that obey at once or late. The simulator checks S1..S7 and O1..O6 all along.
 *
 *	WORKLOADS=100000 test_random	how many (default 10000)
 *	SEED=7 WORKLOADS=1 test_random	the seed of a workload is SEED plus its number
 */
#include "../tap.h"
#include "sim.h"

/* A workload ends after so many, or after 2 s; a call of sim_run() is finished first. */
#define EVENTS	250

static struct sim sim;

/* The workload under way, to be told if it fails. */
static char what[200];

void sim_failed(void)
{
	printf("# workload %s\n", what);
	CHECK(false, "found by the simulator");
}

static u64 pick(const u64 *of, u64 n)
{
	return of[sim_random(&sim, n)];
}

#define PICK(...)	pick((u64[]){ __VA_ARGS__ }, sizeof((u64[]){ __VA_ARGS__ }) / sizeof(u64))

static struct csched_group *any_group(void)
{
	struct csched_group *g;

	do {
		g = &sim.groups[sim_random(&sim, SIM_GROUPS)];
	} while (!g->pool);
	return g;
}

static int count_tasks(void)
{
	int i, n = 0;

	for (i = 0; i < SIM_TASKS; i++)
		n += sim.tasks[i].used;
	return n;
}

static u32 any_weight(void)
{
	u64 max = sim.pool.policy->weight_max;

	return PICK(1, 100, 100, 256, 1 + sim_random(&sim, 1000), 1 + sim_random(&sim, max), max);
}

static u32 any_cap(void)
{
	u64 most = 100 * sim.pool.cpus;

	return PICK(0, 0, 0, 0, 1 + sim_random(&sim, most), 25, most);
}

static u64 any_burst(void)
{
	return PICK(0, 30 * MS, 30 * MS, SEC, 600 * SEC);
}

/* Some more than the CPUs can keep to, all together. */
static void set_baseline(struct csched_group *g)
{
	if (sim.pool.policy->baselines)
		sim_group_baseline(&sim, g, PICK(0, 0, 5, 10, 40, 1 + sim_random(&sim, 100 * sim.pool.cpus)));
}

static void add_group(void)
{
	if (sim.pool.nr_groups < 12)
		set_baseline(sim_group(&sim, any_weight(), any_cap(), any_burst()));
}

static void add_task(void)
{
	struct sim_task *t;
	u64 run, sleep = 0;

	if (count_tasks() >= 24)
		return;
	run = PICK(SIM_FOREVER, SIM_FOREVER, 100 * US, MS, 9 * MS, 50 * MS, 200 * MS);
	if (run != SIM_FOREVER)
		sleep = PICK(MS, 5 * MS, 20 * MS, 100 * MS, 500 * MS);
	t = sim_task(&sim, any_group(), run, sleep);
	t->jitter = sim_random(&sim, 100);
	t->deaf = sim.kernel && run <= 9 * MS && !sim_random(&sim, 4);
}

static void change_something(void)
{
	struct csched_group *g = any_group();
	struct sim_task *t = &sim.tasks[sim_random(&sim, SIM_TASKS)];

	switch (sim_random(&sim, 9)) {
	case 0:
		add_group();
		break;
	case 1:
		if (sim.pool.nr_groups > 1)
			sim_group_del(&sim, g);
		break;
	case 2:
	case 3:
		add_task();
		break;
	case 4:
		if (t->used)
			sim_exit(&sim, t);
		break;
	case 5:
	case 6:
		sim_group_set(&sim, g, any_weight(), any_cap(), any_burst());
		break;
	case 7:
		sim_set_cpus(&sim, 1 + sim_random(&sim, 4));
		break;
	case 8:
		set_baseline(g);
		break;
	}
}

/* O2, when all has been reported exactly. */
static void check_books(void)
{
	int i;

	for (i = 0; i < SIM_GROUPS && !sim.stale; i++)
		if (sim.groups[i].pool)
			CHECK(sim.groups[i].used == sim_used(&sim, &sim.groups[i]),
			      "O2: group %d: charged %llu, ran %llu ns", i, sim.groups[i].used,
			      sim_used(&sim, &sim.groups[i]));
}

static void workload(uint64_t seed)
{
	static const struct csched_policy *const policies[] = {
		&csched_share, &csched_credit, &csched_credit, &csched_lottery,
	};
	struct csched_params p = csched_default_params;
	u64 lost_most, calm;
	int i;

	sim.random = seed * 0x9e3779b97f4a7c15ull + 1;
	p.slot = PICK(MS, 5 * MS, 5 * MS, 10 * MS, 30 * MS);
	p.sampled = !sim_random(&sim, 4);
	p.seed = seed;
	sim_init(&sim, policies[sim_random(&sim, 4)], &p, PICK(1, 1, 2, 3, 4));
	sim.obey = PICK(0, 0, 50 * US, MS);
	sim.start = sim.obey ? PICK(0, 100 * US, 3 * MS) : 0;
	sim.silent = !sim_random(&sim, 4);
	sim.kernel = sim.obey ? PICK(0, 20 * MS) : 0;
	sim.stale = !sim_random(&sim, 3);
	snprintf(what, sizeof(what),
		 "%llu: %s, %u CPUs, slot %llu us, obey %llu us, start %llu us, kernel %llu us%s%s",
		 (unsigned long long)seed, sim.pool.policy->name, sim.pool.cpus, p.slot / US,
		 sim.obey / US, sim.start / US, sim.kernel / US, sim.stale ? ", stale" : "",
		 p.sampled ? ", sampled" : "");
	add_group();
	for (i = sim_random(&sim, 6); i >= 0; i--)
		add_group();
	for (i = sim_random(&sim, 12); i >= 0; i--)
		add_task();
	calm = PICK(2 * MS, 10 * MS, 50 * MS);
	while (sim.events < EVENTS && sim.now < 2 * SEC) {
		sim_run(&sim, sim.now + 1 + sim_random(&sim, 2 * calm));
		change_something();
	}
	check_books();
	/* O1: a slot changes hands in a stop and a start, and lies idle for so long at most. */
	lost_most = sim.moves * (sim.start + (sim.kernel ? sim.kernel / 50 : 0) + sim.obey) +
		    (sim.obey ? 20 * sim.kernel * sim.pool.cpus : 0);
	CHECK(sim.lost <= lost_most, "O1: %llu us lost in %llu moves: %s", sim.lost / US,
	      (unsigned long long)sim.moves, what);
	sim_fini(&sim);
}

static void every_invariant_holds_in_random_workloads(void)
{
	const char *many = getenv("WORKLOADS");
	u64 n = many ? strtoull(many, NULL, 0) : 10000, i;

	for (i = 0; i < n; i++) {
		workload(tap_seed() + i);
	}
	printf("# %llu workloads\n", (unsigned long long)n);
}

int main(void)
{
	RUN(every_invariant_holds_in_random_workloads);
	return tap_done();
}
