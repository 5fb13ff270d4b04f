// SPDX-License-Identifier: GPL-2.0
/* See crowd.h. */
#include <sched.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"

/* No hog keeps us waiting. Our children are ordinary tasks again. */
void go_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	CHECK_OK(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
}

static uint32_t group_of_weight(int dev, uint32_t weight, uint32_t flags)
{
	struct csched_ioc_create args;

	group_init(&args, "share", weight);
	args.cpus[0] = 1;
	args.flags = flags;
	return group_create(dev, &args);
}

struct crowd crowd_make(uint32_t flags)
{
	struct crowd c = { .dev = device_open() };

	c.heavy = group_of_weight(c.dev, 10000, flags);
	c.light = group_of_weight(c.dev, 1, flags);
	c.hog = spin();
	CHECK_EQ(group_add(c.dev, c.heavy, c.hog), 0);
	return c;
}

/* Returns when the process, all of it one task, has been seen parked. */
void wait_parked(pid_t pid)
{
	int tries = 5000;
	char state;

	/* Now and then it has a minimal slot: what counts is that it was seen asleep once. */
	while ((state = state_of(pid)) != 'P' && tries--)
		sleep_ns(MS);
	CHECK(state == 'P', "it does not park: state %c", state);
}

/* @pid joins the light group, and waits. */
void crowd_park(const struct crowd *c, pid_t pid)
{
	CHECK_EQ(group_add(c->dev, c->light, pid), 0);
	wait_parked(pid);
}

/* A spinner that waits. */
pid_t crowd_parked(const struct crowd *c)
{
	pid_t pid = spin();

	crowd_park(c, pid);
	return pid;
}

/* A process is not stuck: it gets 20 ms of CPU time, in minimal slots if it has no others. */
void check_runs(pid_t pid)
{
	uint64_t before = cpu_ns(pid);
	int tries = 1000;

	while (cpu_ns(pid) < before + 20 * MS && tries--)
		sleep_ns(10 * MS);
	CHECK(cpu_ns(pid) >= before + 20 * MS, "it has run %llu us only, state %c",
	      (unsigned long long)(cpu_ns(pid) - before) / 1000, state_of(pid));
}

/* A process has been let go for good: it runs, and is not parked however often one looks. */
void check_let_go(pid_t pid)
{
	int i;

	check_runs(pid);
	for (i = 0; i < 100; i++) {
		CHECK(state_of(pid) != 'P', "it is parked");
		sleep_ns(2 * MS);
	}
}
