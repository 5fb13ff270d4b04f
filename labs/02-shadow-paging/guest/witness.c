// SPDX-License-Identifier: GPL-2.0-only
/*
 * witness SEED ROUNDS: edits its page tables and accesses memory at random, and
 * prints what came of each access. It judges nothing: witness.py draws the same
 * sequence from the same seed, computes what a CPU must do, and compares.
 *
 *	PML4[5] -> PDPT[3] -> PD[5] -> table 0 [0, 1, 8, 511] -> 6 frames
 *				[6] -> table 1 [0, 1, 8, 511] or a 2 MiB page
 *
 * Any change here is a change in witness.py too.
 */
#include "lib/console.h"
#include "lib/cpu.h"
#include "lib/paging.h"
#include "lib/probe.h"

#define BASE	(5ull << 39 | 3ull << 30 | 5ull << 21)
#define FRAMES	6
#define PAGES	4

static const unsigned int page_index[PAGES] = { 0, 1, 8, 511 };

static uint64_t seed, sum;
static uint64_t *space, *table[2], *frame[FRAMES], *large;

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* A number below @n. */
static uint64_t draw(uint64_t n)
{
	seed += 0x9e3779b97f4a7c15ull;
	return (mix(seed) >> 11) % n;
}

static void fold(uint64_t value)
{
	sum = mix(sum ^ value) + 1;
}

/* A word that can be read and, as its first byte is RET, called. */
static uint64_t draw_word(void)
{
	return draw(1ull << 48) << 8 | 0xc3;
}

static uint64_t draw_rights(void)
{
	uint64_t bits = draw(8) ? PTE_P : 0;

	bits |= draw(4) ? PTE_W : 0;
	bits |= draw(4) ? PTE_U : 0;
	bits |= draw(4) ? 0 : PTE_NX;
	bits |= draw(3) ? 0 : PTE_A;
	bits |= draw(3) ? 0 : PTE_D;
	return bits;
}

static void flush_all(void)
{
	write_cr3(read_cr3());
}

/* Change a leaf entry and forget that one address; or an upper entry, or a mode, and forget all. */
static void edit(void)
{
	uint64_t what = draw(8);
	uint64_t directory, page, rights, upper;

	if (what < 5) {
		directory = draw(2);
		page = page_index[draw(PAGES)];
		rights = draw_rights();
		table[directory][page] = (uint64_t)frame[draw(FRAMES)] | rights;
		invlpg(BASE + directory * LARGE_PAGE_SIZE + page * PAGE_SIZE);
		return;
	}
	if (what == 5) {
		rights = draw_rights();
		*pt_entry(space, BASE + LARGE_PAGE_SIZE, 2) =
			draw(2) ? (uint64_t)large | rights | PTE_PS :
				  (uint64_t)table[1] | (rights & ~PTE_D);
	} else if (what == 6) {
		uint64_t *entry = pt_entry(space, BASE, 2 + draw(3));

		upper = draw(3);
		rights = upper == 0 ? PTE_U : upper == 1 ? PTE_W : PTE_W | PTE_U;
		*entry = (*entry & PTE_FRAME) | PTE_P | rights | (draw(6) ? 0 : PTE_NX);
	} else {
		write_cr0(draw(2) ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
	}
	flush_all();
}

/* The flags of the entries on the way, as far as they are present, and of the leaf. */
static void fold_entries(uint64_t gva)
{
	for (int level = 4; level >= 1; level--) {
		uint64_t entry = *pt_entry(space, gva, level);

		fold(entry & ~PTE_FRAME);
		if (level > 1 && entry & PTE_PS)
			break;
		if (level > 1 && !(entry & PTE_P))
			break;
	}
}

static void access(void)
{
	uint64_t gva = BASE + draw(2) * LARGE_PAGE_SIZE + page_index[draw(PAGES)] * PAGE_SIZE;
	enum mode mode = draw(2) ? USER : KERNEL;
	enum op op = draw(3);
	struct fault fault = probe(mode, op, gva, draw_word());

	if (fault.vector == NO_FAULT) {
		fold(op == READ ? fault.value : 0);
		print("ok");
	} else {
		fold(fault.vector);
		fold(fault.cr2);
		print("%u:%x", (uint64_t)fault.vector, (uint64_t)fault.error);
	}
	fold_entries(gva);
	print(" %08x\n", sum & 0xffffffff);
}

int guest_main(void)
{
	uint64_t rounds;

	seed = argument(0, 1);
	rounds = argument(1, 100);
	trap_init();
	space = space_new();
	large = large_frame_alloc();
	for (unsigned int i = 0; i < 2; i++)
		table[i] = frame_alloc();
	for (unsigned int i = 0; i < FRAMES; i++) {
		frame[i] = frame_alloc();
		frame[i][0] = draw_word();
	}
	for (unsigned int i = 0; i < PAGES; i++)
		large[page_index[i] * PAGE_SIZE / 8] = draw_word();
	*pt_entry(space, BASE, 2) = (uint64_t)table[0] | PTE_TABLE;
	*pt_entry(space, BASE + LARGE_PAGE_SIZE, 2) = (uint64_t)table[1] | PTE_TABLE;
	space_switch(space);

	for (uint64_t i = 0; i < rounds; i++) {
		edit();
		access();
	}
	return 0;
}
