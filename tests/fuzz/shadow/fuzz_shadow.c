// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: a sequence of guest operations on the shadow MMU, in the machine
 * of the unit tests, with all its checks: see tests/unit/shadowpt/machine.h.
 *
 *	byte 0: bit 0: strategy; 1: audit data; 2: allocations fail now and then;
 *		3..4: bound on shadow pages; 5: all hashes collide
 *	bytes 1..4: the tables at the start
 *	then four bytes a step: what the guest does
 *
 * A step is the same wherever it stands, so inputs can be cut and spliced.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/gfp.h>
#include <linux/hash.h>

#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void machine_failed(struct machine *m, const char *file, int line, const char *why)
{
	fprintf(stderr, "fuzz_shadow: %s:%d: %s\n", file, line, why);
	machine_print_log(m, stderr);
	abort();
}

static uint32_t from_state(void *source, uint32_t n)
{
	uint64_t *state = source;
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return ((z ^ (z >> 31)) >> 32) * n >> 32;
}

static uint64_t take(const uint8_t **data)
{
	uint32_t v;

	memcpy(&v, *data, 4);
	*data += 4;
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u32 bounds[4] = { SPT_PAGES_MIN, 32, 64, 1024 };
	static struct machine m;
	const uint8_t *end = data + size;
	uint8_t options;
	uint64_t state;

	if (size < 5)
		return 0;
	options = *data++;
	state = take(&data);
	shim_fail_in = 0;
	shim_hash_mask = options & 32 ? 1 : ~0u;
	machine_start(&m, options & 1 ? &spt_trap : &spt_vtlb, bounds[options >> 3 & 3],
		      options & 2, from_state, &state);
	m.fail_allocations = options & 4;
	while (end - data >= 4) {
		state = take(&data);
		machine_step(&m);
	}
	machine_stop(&m);
	return 0;
}
