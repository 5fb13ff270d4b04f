// SPDX-License-Identifier: GPL-2.0-only
/* Address spaces: CR3 loads, global pages, PML4 frames that come back with new contents. */
#include "tests.h"

#define SPACES	8

const char *test_spaces(void)
{
	uint64_t *spaces[SPACES], *frames[SPACES], gva;

	fresh_space();
	gva = fresh_gva();
	for (unsigned int i = 0; i < SPACES; i++) {
		spaces[i] = space_new();
		frames[i] = tagged_frame(i);
		map_page(spaces[i], gva, frames[i], RWU);
	}
	for (unsigned int round = 0; round < 8 * SPACES; round++) {
		unsigned int i = round * 5 % SPACES;

		space_switch(spaces[i]);
		EXPECT_OK(USER, READ, gva, tag(i));
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		EXPECT_EQ(frames[i][1], round);
		if (i == 3)
			EXPECT_OK(USER, FETCH, gva, 0);
	}
	space_switch(space);
	EXPECT_PF(KERNEL, READ, gva, 0);
	return NULL;
}

const char *test_edit_inactive(void)
{
	uint64_t *other, gva, lower;

	fresh_space();
	gva = fresh_gva();
	lower = gva + PAGE_SIZE;
	other = space_new();
	map_page(other, gva, tagged_frame(0), RWU);
	map_page(other, lower, tagged_frame(0), RWU);
	for (unsigned int round = 1; round < 12; round++) {
		space_switch(other);
		EXPECT_OK(USER, READ, gva, tag(round - 1));
		EXPECT_OK(USER, WRITE, lower, tag(round - 1));
		space_switch(space);
		EXPECT_PF(USER, READ, gva, 0);
		map_page(other, gva, tagged_frame(round), RWU);
		map_page(other, lower, tagged_frame(round), round % 2 ? RWU : PTE_P | PTE_U);
		if (round % 4 == 3)
			*pt_entry(other, gva, 4) &= ~PTE_W;
		space_switch(other);
		EXPECT_OK(USER, READ, gva, tag(round));
		if (round % 2 && round % 4 != 3)
			EXPECT_OK(USER, WRITE, lower, tag(round));
		else
			EXPECT_PF(USER, WRITE, lower, PF_P);
		*pt_entry(other, gva, 4) |= PTE_W;
		*pt_entry(other, lower, 1) |= PTE_W;
	}
	return NULL;
}

const char *test_root_reused(void)
{
	uint64_t *root, gva, other;

	fresh_space();
	gva = fresh_gva();
	other = fresh_gva();
	root = space_new();
	for (unsigned int round = 0; round < 6; round++) {
		uint64_t here = round % 2 ? gva : other, there = round % 2 ? other : gva;

		map_page(root, here, tagged_frame(round), RWU);
		space_switch(root);
		EXPECT_OK(USER, READ, here, tag(round));
		EXPECT_PF(USER, READ, there, 0);
		space_switch(space);
		EXPECT_PF(USER, READ, here, 0);
		/* The frame goes back, and comes again as the next PML4: the list is LIFO. */
		space_free(root);
		root = space_new();
	}
	/* Loaded at once, without another space between. */
	map_page(root, gva, tagged_frame(77), RWU);
	space_switch(root);
	EXPECT_OK(USER, READ, gva, tag(77));
	root[pt_index(gva, 4)] = 0;
	space_switch(root);
	EXPECT_PF(USER, READ, gva, 0);
	return NULL;
}

const char *test_cr3_bits(void)
{
	uint64_t gva, root;

	fresh_space();
	gva = fresh_gva();
	root = (uint64_t)space;
	map_page(space, gva, tagged_frame(1), RWU);
	EXPECT_EQ(read_cr3(), root);
	for (unsigned int i = 1; i < 4; i++) {
		uint64_t bits = (i & 1 ? PTE_PWT : 0) | (i & 2 ? PTE_PCD : 0);

		write_cr3(root | bits);
		EXPECT_EQ(read_cr3(), root | bits);
		EXPECT_OK(USER, READ, gva, tag(1));
	}
	write_cr3(root);
	EXPECT_EQ(read_cr3(), root);
	return NULL;
}

const char *test_global_without_pge(void)
{
	uint64_t gva, *frames[2] = { tagged_frame(0), tagged_frame(1) };

	fresh_space();
	gva = fresh_gva();
	for (unsigned int round = 0; round < 8; round++) {
		map_page(space, gva, frames[round % 2], RWU | PTE_G);
		flush_all();
		EXPECT_OK(USER, READ, gva, tag(round % 2));
	}
	return NULL;
}

static void toggle_pge(void)
{
	set_cr4(CR4_PGE, false);
	set_cr4(CR4_PGE, true);
}

const char *test_global(void)
{
	uint64_t *other, gva, plain, *frames[2] = { tagged_frame(0), tagged_frame(1) };

	fresh_space();
	gva = fresh_gva();
	plain = gva + PAGE_SIZE;
	other = space_new();
	map_page(space, gva, frames[0], RWU | PTE_G);
	map_page(space, plain, frames[0], RWU);
	/* The same table, so that a global page is the same everywhere, as it must be. */
	other[pt_index(gva, 4)] = space[pt_index(gva, 4)];
	set_cr4(CR4_PGE, true);
	for (unsigned int round = 1; round < 9; round++) {
		struct fault stale;

		EXPECT_OK(USER, READ, gva, tag((round - 1) % 2));
		EXPECT_OK(USER, READ, plain, tag((round - 1) % 2));
		map_page(space, gva, frames[round % 2], RWU | PTE_G);
		map_page(space, plain, frames[round % 2], RWU);
		space_switch(round % 4 < 2 ? other : space);
		EXPECT_OK(USER, READ, plain, tag(round % 2));
		/* The global one may be old or new, but nothing else. */
		stale = probe(USER, READ, gva, 0);
		expect(stale.vector == NO_FAULT && (stale.value == tag(0) || stale.value == tag(1)),
		       "exception %d, read %x", stale.vector, stale.value);
		if (round % 2)
			invlpg(gva);
		else
			toggle_pge();
		EXPECT_OK(USER, READ, gva, tag(round % 2));
	}
	*pt_entry(space, gva, 1) = 0;
	toggle_pge();
	EXPECT_PF(USER, READ, gva, 0);
	/* A global 2 MiB page. */
	map_large_page(space, gva + LARGE_PAGE_SIZE, large_frame_alloc(), RWU | PTE_G);
	EXPECT_OK(USER, WRITE, gva + LARGE_PAGE_SIZE + 0x5000, tag(5));
	map_large_page(space, gva + LARGE_PAGE_SIZE, large_frame_alloc(), RWU | PTE_G);
	invlpg(gva + LARGE_PAGE_SIZE);
	EXPECT_OK(USER, READ, gva + LARGE_PAGE_SIZE + 0x5000, 0);
	set_cr4(CR4_PGE, false);
	return NULL;
}
