// SPDX-License-Identifier: GPL-2.0
/*
 * The shadow MMU under a guest that does random things, against the reference
 * translator and a CPU with a TLB: see machine.h for what is checked at each step.
 */
#include "tap.h"

#include <linux/gfp.h>
#include <linux/hash.h>

#include "machine.h"

_Noreturn void machine_failed(struct machine *m, const char *file, int line, const char *why)
{
	printf("# %s:%d: %s\n", file, line, why);
	machine_print_log(m, stdout);
	shim_live = 0;
	shim_fail_in = 0;
	longjmp(tap.out, 1);
}

static uint32_t from_seed(void *state, uint32_t n)
{
	return (tap_next(state) >> 32) * n >> 32;
}

/* STEPS in the environment: a factor in percent, for quick looks and long nights. */
static unsigned long scaled(unsigned long steps)
{
	const char *s = getenv("STEPS");

	return s ? steps * strtoul(s, NULL, 0) / 100 : steps;
}

static struct machine machine;

/* @machines guests one after another, @steps each. */
static void run(const struct spt_strategy *strategy, u32 pages_max, int machines,
		unsigned long steps, bool fail, bool audit)
{
	struct machine *m = &machine;
	uint64_t state = tap_seed();
	unsigned long total[9] = { 0 };

	for (int i = 0; i < machines; i++) {
		machine_start(m, strategy, pages_max, audit, from_seed, &state);
		m->fail_allocations = fail;
		for (unsigned long n = scaled(steps); n; n--)
			machine_step(m);
		machine_stop(m);
		total[0] += m->steps;
		total[1] += m->hits;
		total[2] += m->stale_hits;
		total[3] += m->faults;
		total[4] += m->injected;
		total[5] += m->pt_writes;
		total[6] += m->nomem;
		total[7] += m->emulated;
		total[8] += m->unsyncs;
	}
	printf("# %s: steps %lu hits %lu (stale %lu) faults %lu injected %lu table writes %lu no "
	       "memory %lu emulated %lu unsync %lu\n",
	       strategy->name, total[0], total[1], total[2], total[3], total[4], total[5], total[6],
	       total[7], total[8]);
	CHECK(scaled(100) < 100 || (total[1] > total[0] / 20 && total[4] < total[3]),
	      "the guest hardly did anything");
}

static void vtlb_agrees_with_the_reference(void)
{
	run(&spt_vtlb, 1024, 44, 1600, false, false);
}

static void vtlb_under_reclaim(void)
{
	run(&spt_vtlb, SPT_PAGES_MIN, 15, 1600, false, false);
}

static void vtlb_out_of_memory_at_any_point(void)
{
	run(&spt_vtlb, 64, 10, 1600, true, false);
}

static void vtlb_with_audit(void)
{
	run(&spt_vtlb, 64, 6, 1000, true, true);
}

static void trap_agrees_with_the_reference(void)
{
	run(&spt_trap, 1024, 44, 1600, false, false);
}

static void trap_under_reclaim(void)
{
	run(&spt_trap, SPT_PAGES_MIN, 15, 1600, false, false);
}

static void trap_out_of_memory_at_any_point(void)
{
	run(&spt_trap, 64, 10, 1600, true, false);
}

static void trap_with_audit(void)
{
	run(&spt_trap, 64, 6, 1000, true, true);
}

static void trap_when_all_hashes_collide(void)
{
	shim_hash_mask = 1;
	run(&spt_trap, 256, 5, 1000, false, false);
	shim_hash_mask = ~0u;
}

int main(void)
{
	RUN(vtlb_agrees_with_the_reference);
	RUN(vtlb_under_reclaim);
	RUN(vtlb_out_of_memory_at_any_point);
	RUN(vtlb_with_audit);
	RUN(trap_agrees_with_the_reference);
	RUN(trap_under_reclaim);
	RUN(trap_out_of_memory_at_any_point);
	RUN(trap_with_audit);
	RUN(trap_when_all_hashes_collide);
	return tap_done();
}
