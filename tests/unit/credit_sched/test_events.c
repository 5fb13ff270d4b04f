// SPDX-License-Identifier: GPL-2.0
/*
 * What a pool reports to whoever listens, in short stories: a letter for the event (sim.c),
 * a letter for the group. That each task's events fit together the simulator checks always (O6).
 */
#include "../tap.h"
#include "sim.h"

static struct sim sim;
static char story[4096];

void sim_failed(void)
{
	CHECK(false, "found by the simulator");
}

static void start(const struct csched_policy *policy)
{
	struct csched_params p = csched_default_params;

	sim_init(&sim, policy, &p, 1);
	story[0] = '\0';
	sim.story = story;
}

#define STORY(want)	CHECK(!strcmp(story, want), "%s", story)

static void a_task_that_is_alone_is_picked_once(void)
{
	start(&csched_share);
	sim_task(&sim, sim_group(&sim, 100, 0, 0), SIM_FOREVER, 0);
	sim_run(&sim, SEC);
	sim_exit(&sim, &sim.tasks[0]);
	STORY("JaWaPaBaLa");
	sim_fini(&sim);
}

/* b need not wait for the end of a's first slot: it has just come. */
static void slots_alternate(void)
{
	start(&csched_share);
	sim_task(&sim, sim_group(&sim, 100, 0, 0), SIM_FOREVER, 0);
	sim_task(&sim, sim_group(&sim, 100, 0, 0), SIM_FOREVER, 0);
	sim_run(&sim, 16 * MS);
	STORY("JaWaPaJbWbSaPbSbPaSaPbSbPa");
	sim_fini(&sim);
}

static void one_that_sleeps_blocks_and_wakes(void)
{
	start(&csched_share);
	sim_task(&sim, sim_group(&sim, 100, 0, 0), MS, 10 * MS);
	sim_run(&sim, 13 * MS);
	STORY("JaWaPaBaWaPaBa");
	sim_fini(&sim);
}

static void a_cap_throttles_and_lets_go(void)
{
	start(&csched_share);
	sim_task(&sim, sim_group(&sim, 100, 50, 0), SIM_FOREVER, 0);
	sim_run(&sim, 16 * MS);
	STORY("JaWaPa!aSa.aPa");
	sim_fini(&sim);
}

static void credit_is_handed_out_each_period_and_boosts(void)
{
	start(&csched_credit);
	sim_group(&sim, 256, 0, SEC);
	sim_task(&sim, sim_group(&sim, 256, 0, SEC), SIM_FOREVER, 0);
	sim_run(&sim, 31 * MS);
	sim_task(&sim, &sim.groups[0], SIM_FOREVER, 0);
	sim_run(&sim, 32 * MS);
	STORY("JbWbPb$a$bJaWa+aSbPa");
	sim_fini(&sim);
}

static void nobody_need_listen(void)
{
	start(&csched_credit);
	sim.pool.event = NULL;
	sim_task(&sim, sim_group(&sim, 256, 50, SEC), 3 * MS, MS);
	sim_run(&sim, SEC);
	STORY("");
	sim_fini(&sim);
}

int main(void)
{
	RUN(a_task_that_is_alone_is_picked_once);
	RUN(slots_alternate);
	RUN(one_that_sleeps_blocks_and_wakes);
	RUN(a_cap_throttles_and_lets_go);
	RUN(credit_is_handed_out_each_period_and_boosts);
	RUN(nobody_need_listen);
	return tap_done();
}
