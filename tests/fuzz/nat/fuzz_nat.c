// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: a sequence of packets and requests to a translator, beside the model of the unit
 * tests, with all its checks: see tests/unit/vnic/nat_machine.h.
 *
 *	byte 0: bit 0: all hashes collide
 *	then four bytes a step: what happens
 *
 * A step is the same wherever it stands, so inputs can be cut and spliced.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static u32 from_state(void *source, u32 n)
{
	return (tap_next(source) >> 32) * n >> 32;
}

static void check(struct machine *machine, const char *why)
{
	if (!why)
		return;
	fprintf(stderr, "fuzz_nat: %s: %s\n", machine->done, why);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	uint64_t state = 0;
	bool collide;

	if (!size)
		return 0;
	collide = *data++ & 1;
	size--;
	machine_start(&machine, from_state, &state, collide);
	for (; size >= 4; data += 4, size -= 4) {
		u32 step;

		memcpy(&step, data, 4);
		state = step;
		check(&machine, machine_step(&machine));
	}
	check(&machine, machine_stop(&machine));
	return 0;
}
