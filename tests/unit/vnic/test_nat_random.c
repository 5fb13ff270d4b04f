// SPDX-License-Identifier: GPL-2.0
/* Random steps: a translator does what its model says (nat_model.c), and every invariant holds. */
#include "nat_machine.h"

#define RUNS	256
#define STEPS	400

static u32 from_seed(void *source, u32 n)
{
	return (tap_next(source) >> 32) * n >> 32;
}

static u32 percent(void)
{
	const char *steps = getenv("STEPS");

	return steps ? atoi(steps) : 100;
}

static void run(bool collide)
{
	static struct machine machine;
	uint64_t seed = tap_seed() + collide;

	for (u32 i = 0; i < RUNS * percent() / 100 / 2; i++) {
		machine_start(&machine, from_seed, &seed, collide);
		for (u32 step = 0; step < STEPS; step++) {
			const char *why = machine_step(&machine);

			CHECK(!why, "run %u, step %u, %s: %s (%u: %u)", i, step, machine.done, why,
			      world.v.way, world.v.reason);
		}
		CHECK(!machine_stop(&machine), "in the end");
	}
}

static void random_steps_as_the_model_says(void)
{
	run(false);
}

static void random_steps_while_all_hashes_collide(void)
{
	run(true);
}

int main(void)
{
	RUN(random_steps_as_the_model_says);
	RUN(random_steps_while_all_hashes_collide);
	return tap_done();
}
