/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of 64 frames whose tables a test builds by hand, entry by entry, and
 * a CPU without TLB: for tests of one rule at a time. machine.h is for the rest.
 *
 * Frames 0..31 are for data, 32..63 for tables; the root is frame 32. A second
 * slot holds the 512 frames of the 2 MiB at 1 GiB, for large pages.
 */
#ifndef SMALL_GUEST_H
#define SMALL_GUEST_H

#include <stdint.h>

#include "spt.h"

#define GUEST_FRAMES	64
#define GUEST_ROOT	32
#define GUEST_LARGE_GFN	0x40000ull
#define GUEST_LARGE_FRAMES	512

/* Flags of an entry, as a guest writes them. */
#define G_P	(1ull << 0)
#define G_W	(1ull << 1)
#define G_U	(1ull << 2)
#define G_A	(1ull << 5)
#define G_D	(1ull << 6)
#define G_PS	(1ull << 7)
#define G_G	(1ull << 8)
#define G_NX	(1ull << 63)
#define G_ALL	(G_P | G_W | G_U)

struct small_guest {
	struct spt_mmu mmu;
	struct spt_cpu cpu;
	struct spt_slot slot;
	struct spt_slot large;
	uint8_t *ram;
	uint8_t *large_ram;
	int next_table;
};

void guest_start(struct small_guest *g, const struct spt_strategy *strategy);
void guest_stop(struct small_guest *g);
u64 *guest_entry(struct small_guest *g, gva_t va, int level);
void guest_map(struct small_guest *g, gva_t va, u64 entry, int level);
struct spt_frame *guest_frame(struct small_guest *g, gfn_t gfn);
u64 *guest_table(struct small_guest *g, gfn_t gfn);
u64 *guest_spte(struct small_guest *g, gva_t va);
int guest_touch(struct small_guest *g, gva_t va, u32 access, enum spt_verdict *last);

#endif /* SMALL_GUEST_H */
