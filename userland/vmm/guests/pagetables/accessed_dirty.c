// SPDX-License-Identifier: GPL-2.0-only
/* Accessed and dirty bits: SDM vol. 3, 4.8; APM vol. 2, 5.4.2. */
#include "tests.h"

static void clear_bits(uint64_t gva, uint64_t bits)
{
	FOR_EACH_LEVEL(level)
		*pt_entry(space, gva, level) &= ~bits;
}

/* A at all levels from 4 down to @leaf; D in the leaf exactly as told, and nowhere else. */
#define EXPECT_AD(gva, leaf, dirty) expect_ad(__LINE__, gva, leaf, dirty)
static void expect_ad(int line, uint64_t gva, int leaf, bool dirty)
{
	for (int level = 4; level >= leaf; level--) {
		uint64_t entry = *pt_entry(space, gva, level);
		bool want_dirty = level == leaf && dirty;

		if (!(entry & PTE_A) || !(entry & PTE_D) == want_dirty) {
			tap_note(__FILE__, line, "A and D");
			print("level %d entry for %x is %x, wanted A=1 D=%u\n", level, gva, entry,
			      (uint64_t)want_dirty);
		}
	}
}

const char *test_accessed_levels(void)
{
	fresh_space();
	FOR_EACH_MODE(mode) {
		FOR_EACH_OP(op) {
			uint64_t gva = fresh_gva();

			map_page(space, gva, tagged_frame(1), RWU);
			EXPECT_OK(mode, op, gva, tag(1));
			EXPECT_AD(gva, 1, op == WRITE);
		}
	}
	return NULL;
}

const char *test_accessed_untouched(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	for (unsigned int i = 0; i < 512; i += 64)
		map_page(space, gva + i * PAGE_SIZE, tagged_frame(i), RWU);
	EXPECT_OK(KERNEL, WRITE, gva + 128 * PAGE_SIZE, tag(128));
	for (unsigned int i = 0; i < 512; i += 64)
		if (i != 128)
			EXPECT_EQ(*pt_entry(space, gva + i * PAGE_SIZE, 1) & (PTE_A | PTE_D), 0);
	EXPECT_AD(gva + 128 * PAGE_SIZE, 1, true);
	return NULL;
}

const char *test_accessed_again(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	for (unsigned int round = 0; round < 8; round++) {
		EXPECT_OK(KERNEL, round % 4 == 1 ? WRITE : READ, gva, tag(1));
		EXPECT_AD(gva, 1, round % 4 == 1);
		clear_bits(gva, PTE_A | PTE_D);
		/* INVLPG drops all cached upper levels too. SDM vol. 3, 4.10.4.1. */
		if (round % 2)
			invlpg(gva);
		else
			flush_all();
	}
	return NULL;
}

const char *test_dirty_on_write(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_OK(USER, READ, gva, tag(1));
	EXPECT_OK(USER, FETCH, gva, 0);
	EXPECT_AD(gva, 1, false);
	EXPECT_OK(KERNEL, WRITE, gva, tag(1));
	EXPECT_AD(gva, 1, true);
	return NULL;
}

const char *test_dirty_again(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	for (unsigned int round = 0; round < 8; round++) {
		enum mode mode = round % 2 ? USER : KERNEL;

		EXPECT_OK(mode, READ, gva, tag(1));
		EXPECT_AD(gva, 1, false);
		EXPECT_OK(mode, WRITE, gva, tag(1));
		EXPECT_AD(gva, 1, true);
		*pt_entry(space, gva, 1) &= ~PTE_D;
		if (round % 4 < 2)
			invlpg(gva);
		else
			flush_all();
	}
	return NULL;
}

const char *test_dirty_denied(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), PTE_P | PTE_U);
	EXPECT_PF(KERNEL, WRITE, gva, PF_P);
	EXPECT_PF(USER, WRITE, gva, PF_P);
	EXPECT_EQ(*pt_entry(space, gva, 1) & PTE_D, 0);
	EXPECT_OK(USER, READ, gva, tag(1));
	EXPECT_PF(USER, WRITE, gva, PF_P);
	EXPECT_AD(gva, 1, false);

	/* A parent that denies: the leaf is not to blame. */
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	*pt_entry(space, gva, 2) &= ~PTE_W;
	EXPECT_PF(USER, WRITE, gva, PF_P);
	EXPECT_EQ(*pt_entry(space, gva, 1) & PTE_D, 0);

	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RW);
	EXPECT_PF(USER, WRITE, gva, PF_P);
	EXPECT_EQ(*pt_entry(space, gva, 1) & PTE_D, 0);
	return NULL;
}

const char *test_dirty_wp0(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), PTE_P | PTE_U);
	set_cr0_wp(false);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_AD(gva, 1, false);
	EXPECT_OK(KERNEL, WRITE, gva, tag(1));
	EXPECT_AD(gva, 1, true);
	return NULL;
}

const char *test_dirty_alias(void)
{
	uint64_t a, b, *frame = tagged_frame(1);

	fresh_space();
	a = fresh_gva();
	b = fresh_gva();
	map_page(space, a, frame, RWU);
	map_page(space, b, frame, RWU);
	EXPECT_OK(KERNEL, READ, a, tag(1));
	EXPECT_OK(KERNEL, WRITE, b, tag(1));
	EXPECT_AD(a, 1, false);
	EXPECT_AD(b, 1, true);
	EXPECT_OK(KERNEL, WRITE, a, tag(1));
	EXPECT_AD(a, 1, true);
	return NULL;
}

const char *test_ad_large(void)
{
	uint64_t gva, *large = large_frame_alloc();

	fresh_space();
	gva = fresh_gva();
	large[0] = tag(1);
	map_large_page(space, gva, large, RWU);
	for (unsigned int round = 0; round < 4; round++) {
		EXPECT_OK(KERNEL, READ, gva, tag(1));
		EXPECT_OK(USER, READ, gva + 300 * PAGE_SIZE, 0);
		EXPECT_AD(gva, 2, false);
		EXPECT_OK(USER, WRITE, gva + 200 * PAGE_SIZE + 8, round);
		EXPECT_AD(gva, 2, true);
		for (int level = 4; level >= 2; level--)
			*pt_entry(space, gva, level) &= ~(PTE_A | PTE_D);
		if (round % 2)
			invlpg(gva);
		else
			flush_all();
	}
	/* D alone: A stays, so the rest of the translation is as it was. */
	for (unsigned int round = 0; round < 4; round++) {
		EXPECT_OK(KERNEL, WRITE, gva + 100 * PAGE_SIZE, round);
		EXPECT_AD(gva, 2, true);
		*pt_entry(space, gva, 2) &= ~PTE_D;
		invlpg(gva + round % 2 * 100 * PAGE_SIZE);
		EXPECT_OK(USER, READ, gva + 100 * PAGE_SIZE, round);
		EXPECT_AD(gva, 2, false);
	}
	return NULL;
}

const char *test_ignored_bits(void)
{
	const uint64_t leaf = 7ull << 9 | 0x7ffull << 52; /* 59..62 are keys, off without CR4.PKE */
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		/* G is ignored in a directory entry; above that AMD reserves it. */
		*pt_entry(space, gva, level) |= leaf | (level == 2 ? PTE_G : 0);
	}
	flush_all();
	EXPECT_OK(USER, READ, gva, tag(1));
	EXPECT_OK(KERNEL, WRITE, gva, tag(1));
	EXPECT_AD(gva, 1, true);
	FOR_EACH_LEVEL(level)
		EXPECT_EQ(*pt_entry(space, gva, level) & leaf, leaf);

	/* In a leaf of 4 KiB, bit 7 is PAT, not PS. */
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(2), RWU | PTE_PWT | PTE_PCD | PTE_PS);
	EXPECT_OK(USER, READ, gva, tag(2));
	EXPECT_OK(KERNEL, WRITE, gva, tag(2));
	EXPECT_AD(gva, 1, true);
	return NULL;
}
