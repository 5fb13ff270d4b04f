// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames with more than one part to play: aliases, tables under two parents,
 * tables that become data and data that becomes tables, tables that map
 * themselves. What a cache of shadow tables by (frame, role) has to get right.
 */
#include "tests.h"

const char *test_alias(void)
{
	uint64_t a, b, *frame = tagged_frame(1);

	fresh_space();
	a = fresh_gva();
	b = fresh_gva() + 9 * PAGE_SIZE;
	map_page(space, a, frame, RWU);
	map_page(space, b, frame, PTE_P | PTE_U);
	for (unsigned int round = 0; round < 4; round++) {
		EXPECT_OK(USER, WRITE, a + 8, round);
		EXPECT_OK(USER, READ, b + 8, round);
		EXPECT_PF(USER, WRITE, b + 8, PF_P);
	}
	*pt_entry(space, a, 1) = 0;
	invlpg(a);
	EXPECT_PF(USER, READ, a, 0);
	EXPECT_OK(USER, READ, b, tag(1));
	return NULL;
}

/*
 * @wide and @narrow reach the same page through entries of @level with full
 * rights and with read-only, supervisor, NX.
 */
static void expect_two_parents(int level)
{
	uint64_t wide, narrow, *frame = tagged_frame(1), *frame2 = tagged_frame(2);

	fresh_space();
	wide = fresh_gva();
	narrow = fresh_gva();
	map_page(space, wide, frame, RWU);
	*pt_entry(space, narrow, level) =
		(uint64_t)pt_table(*pt_entry(space, wide, level)) | PTE_P | PTE_NX;
	for (unsigned int round = 0; round < 4; round++) {
		/* Each order: whichever comes first must not lend its rights to the other. */
		for (unsigned int turn = 0; turn < 2; turn++) {
			if ((round + turn) % 2) {
				EXPECT_OK(USER, WRITE, wide, tag(1));
				EXPECT_OK(USER, FETCH, wide, 0);
			} else {
				EXPECT_OK(KERNEL, READ, narrow, tag(1));
				EXPECT_PF(KERNEL, WRITE, narrow, PF_P);
				EXPECT_PF(USER, READ, narrow, PF_P);
				EXPECT_PF(KERNEL, FETCH, narrow, PF_P);
			}
		}
		flush_all();
	}
	/* One edit of the shared leaf counts for both. */
	map_page(space, wide, frame2, RWU);
	invlpg(wide);
	invlpg(narrow);
	EXPECT_OK(USER, READ, wide, tag(2));
	EXPECT_OK(KERNEL, READ, narrow, tag(2));
	EXPECT_PF(USER, READ, narrow, PF_P);
	*pt_entry(space, wide, 1) = 0;
	invlpg(wide);
	invlpg(narrow);
	EXPECT_PF(USER, READ, wide, 0);
	EXPECT_PF(KERNEL, READ, narrow, 0);
}

const char *test_shared_pt(void)
{
	expect_two_parents(2);
	return NULL;
}

const char *test_shared_pd(void)
{
	expect_two_parents(3);
	return NULL;
}

const char *test_pt_to_data(void)
{
	uint64_t gva, window, *table, *frame = tagged_frame(1);

	fresh_space();
	gva = fresh_gva();
	window = fresh_gva();
	map_page(space, gva, frame, RWU);
	EXPECT_OK(USER, WRITE, gva, tag(1));
	table = pt_table(*pt_entry(space, gva, 2));
	*pt_entry(space, gva, 2) = 0;
	flush_all();
	map_page(space, window, table, RWU);
	for (uint64_t i = 0; i < 512; i++)
		EXPECT_OK(USER, WRITE, window + i * 8, i * 0x0101010101010101);
	for (uint64_t i = 0; i < 512; i++)
		EXPECT_EQ(table[i], i * 0x0101010101010101);
	EXPECT_PF(USER, READ, gva, 0);
	EXPECT_OK(KERNEL, READ, (uint64_t)frame, tag(1));
	return NULL;
}

const char *test_data_to_pt(void)
{
	uint64_t gva, window, *table = frame_alloc();

	fresh_space();
	gva = fresh_gva();
	window = fresh_gva();
	map_page(space, window, table, RWU);
	EXPECT_OK(USER, WRITE, window, (uint64_t)tagged_frame(0) | RWU);
	EXPECT_OK(USER, WRITE, window + 8, (uint64_t)tagged_frame(1) | RWU);
	*pt_entry(space, gva, 2) = (uint64_t)table | RWU;
	EXPECT_OK(USER, READ, gva, tag(0));
	EXPECT_OK(USER, READ, gva + PAGE_SIZE, tag(1));
	for (unsigned int round = 2; round < 10; round++) {
		/* Ring 3 edits its own page tables: the mapping is still writable. */
		EXPECT_OK(USER, WRITE, window, (uint64_t)tagged_frame(round) | RWU);
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(round));
		EXPECT_OK(USER, READ, gva + PAGE_SIZE, tag(1));
		EXPECT_EQ(table[0] & PTE_A, PTE_A);
		EXPECT_OK(USER, READ, window, table[0]);
	}
	return NULL;
}

const char *test_pt_changes_level(void)
{
	uint64_t a, b, *table, *leaf;

	fresh_space();
	for (unsigned int round = 0; round < 4; round++) {
		a = fresh_gva();
		b = fresh_gva();
		map_page(space, a, tagged_frame(1), RWU);
		EXPECT_OK(USER, READ, a, tag(1));
		table = pt_table(*pt_entry(space, a, 2));
		leaf = pt_table(*pt_entry(space, a, 1));
		*pt_entry(space, a, 2) = 0;
		flush_all();

		/* As a page directory: its entry for b leads to a table again. */
		for (unsigned int i = 0; i < 512; i++)
			table[i] = 0;
		*pt_entry(space, b, 3) = (uint64_t)table | RWU;
		map_page(space, b, leaf, RWU);
		EXPECT_OK(USER, READ, b, tag(1));
		EXPECT_PF(USER, READ, a, 0);
		*pt_entry(space, b, 3) = 0;
		flush_all();
		EXPECT_PF(USER, READ, b, 0);

		/* And as a leaf table again. */
		table[0] = (uint64_t)leaf | RWU;
		*pt_entry(space, a, 2) = (uint64_t)table | RWU;
		EXPECT_OK(USER, READ, a, tag(1));
	}
	return NULL;
}

#define RECURSIVE	252ull

/* Where the recursive slot shows the entry of @level for @gva. */
static volatile uint64_t *recursive_entry(uint64_t gva, int level)
{
	uint64_t address = gva & 0x0000ffffffffffff;

	/* Each turn through the slot makes the walk end one level earlier. */
	for (int i = 0; i < level; i++)
		address = RECURSIVE << 39 | (address >> 9 & 0x0000007ffffffff8);
	return (volatile uint64_t *)address;
}

const char *test_recursive(void)
{
	uint64_t gva, fresh, *frames[4];

	fresh_space();
	space[RECURSIVE] = (uint64_t)space | RW;
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(0), RWU);
	EXPECT_OK(USER, READ, gva, tag(0));
	FOR_EACH_LEVEL(level)
		EXPECT_EQ(*recursive_entry(gva, level) & ~(PTE_A | PTE_D),
			  *pt_entry(space, gva, level) & ~(PTE_A | PTE_D));
	EXPECT_EQ(*recursive_entry(RECURSIVE << 39, 4) & PTE_FRAME, (uint64_t)space);

	for (unsigned int i = 0; i < 4; i++)
		frames[i] = tagged_frame(i);
	for (unsigned int round = 0; round < 8; round++) {
		*recursive_entry(gva, 1) = (uint64_t)frames[round % 4] | RWU;
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(round % 4));
	}

	/* Build a new path from the top, each table through the recursive slot alone. */
	fresh = fresh_gva();
	for (int level = 4; level >= 2; level--)
		*recursive_entry(fresh, level) = (uint64_t)frame_alloc() | RWU;
	*recursive_entry(fresh, 1) = (uint64_t)frames[3] | RWU;
	EXPECT_OK(USER, READ, fresh, tag(3));

	*recursive_entry(gva, 3) &= ~PTE_U;
	invlpg(gva);
	EXPECT_PF(USER, READ, gva, PF_P);
	EXPECT_OK(KERNEL, READ, gva, tag(3));
	*recursive_entry(gva, 4) = 0;
	flush_all();
	EXPECT_PF(KERNEL, READ, gva, 0);
	return NULL;
}

const char *test_self_map(void)
{
	uint64_t gva, window, *table;
	volatile uint64_t *through;

	fresh_space();
	gva = fresh_gva();
	window = gva + 100 * PAGE_SIZE;
	map_page(space, gva, tagged_frame(0), RWU);
	table = pt_table(*pt_entry(space, gva, 2));
	map_page(space, window, table, RW);
	through = (volatile uint64_t *)window;

	EXPECT_EQ(through[0] & PTE_FRAME, table[0] & PTE_FRAME);
	for (unsigned int round = 1; round < 5; round++) {
		through[0] = (uint64_t)tagged_frame(round) | RWU;
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(round));
	}
	EXPECT_EQ(table[100] & (PTE_A | PTE_D), PTE_A | PTE_D);

	/* The entry takes its own right to write away. */
	through[100] = (uint64_t)table | PTE_P;
	invlpg(window);
	EXPECT_PF(KERNEL, WRITE, window, PF_P);
	EXPECT_OK(KERNEL, READ, window + 8 * 101, 0);
	EXPECT_EQ(table[100] & PTE_D, 0);

	/* And gives itself another frame, through the identity mapping. */
	table[100] = (uint64_t)tagged_frame(9) | RW;
	invlpg(window);
	EXPECT_OK(KERNEL, READ, window, tag(9));
	EXPECT_OK(KERNEL, WRITE, window, tag(9));
	return NULL;
}

const char *test_two_levels_at_once(void)
{
	uint64_t gva, window, *directory, *table;

	fresh_space();
	gva = fresh_gva();			/* directory index 5 */
	map_page(space, gva, tagged_frame(0), RWU);
	directory = pt_table(*pt_entry(space, gva, 3));
	table = pt_table(*pt_entry(space, gva, 2));
	/* Directory entry 7 is the directory: as a table, its entry 5 maps the real table. */
	directory[7] = (uint64_t)directory | RW;
	window = (gva & ~((1ull << 30) - 1)) | 7ull << 21;
	EXPECT_OK(USER, READ, gva, tag(0));
	EXPECT_OK(KERNEL, READ, window + 5 * PAGE_SIZE + 8, table[1]);
	for (unsigned int round = 1; round < 5; round++) {
		*(volatile uint64_t *)(window + 5 * PAGE_SIZE) =
			(uint64_t)tagged_frame(round) | RWU;
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(round));
	}
	/* Page 7 of the window is the directory itself, as data: make entry 6 by it. */
	*(volatile uint64_t *)(window + 7 * PAGE_SIZE + 6 * 8) = (uint64_t)table | RWU;
	EXPECT_OK(USER, READ, gva + LARGE_PAGE_SIZE, tag(4));
	*(volatile uint64_t *)(window + 7 * PAGE_SIZE + 5 * 8) = 0;
	flush_all();
	EXPECT_PF(USER, READ, gva, 0);
	EXPECT_OK(USER, READ, gva + LARGE_PAGE_SIZE, tag(4));
	return NULL;
}
