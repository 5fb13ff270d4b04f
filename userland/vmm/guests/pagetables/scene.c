// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small address space with one of everything, to be drawn by `vmm inspect`:
 * stop 1 just built, stop 2 used, stop 3 edited but not yet flushed.
 *
 *	base + 0 .. 7	eight frames in a row, read-write; 0..3 read, 0..1 written
 *	base + 16	read-only, user; written by the kernel under CR0.WP=0
 *	base + 17	NX
 *	base + 32	the table of this very region, written
 *	base + 2M	a 2 MiB page, three of its 4 KiB pieces used
 *	base + 4M	the same table again, read-only
 */
#include "tests.h"

const char *test_scene(void)
{
	uint64_t *frames[8], *large = large_frame_alloc();
	uint64_t base, *table;

	fresh_space();
	base = fresh_gva();
	for (unsigned int i = 0; i < 8; i++) {
		frames[i] = tagged_frame(i);
		map_page(space, base + i * PAGE_SIZE, frames[i], RWU);
	}
	map_page(space, base + 16 * PAGE_SIZE, tagged_frame(16), PTE_P | PTE_U);
	map_page(space, base + 17 * PAGE_SIZE, tagged_frame(17), RWU | PTE_NX);
	table = pt_table(*pt_entry(space, base, 2));
	map_page(space, base + 32 * PAGE_SIZE, table, RW);
	map_large_page(space, base + LARGE_PAGE_SIZE, large, RW | PTE_NX);
	*pt_entry(space, base + 2 * LARGE_PAGE_SIZE, 2) = (uint64_t)table | PTE_P | PTE_U;
	flush_all();
	stop_point(1);

	/* CR0.WP stays clear to the end: a change of it may drop all translations. */
	set_cr0_wp(false);
	for (unsigned int i = 0; i < 4; i++)
		EXPECT_OK(USER, READ, base + i * PAGE_SIZE, tag(i));
	EXPECT_OK(USER, WRITE, base, tag(0));
	EXPECT_OK(USER, WRITE, base + PAGE_SIZE, tag(1));
	EXPECT_OK(KERNEL, WRITE, base + 16 * PAGE_SIZE, tag(16));
	EXPECT_OK(KERNEL, READ, base + 17 * PAGE_SIZE, tag(17));
	EXPECT_OK(KERNEL, WRITE, base + 32 * PAGE_SIZE + 8 * 511, 0);
	EXPECT_OK(KERNEL, READ, base + 32 * PAGE_SIZE + 8 * 511, 0);
	EXPECT_OK(KERNEL, READ, (uint64_t)&table[511], 0);
	for (unsigned int i = 0; i < 3; i++)
		EXPECT_OK(KERNEL, WRITE, base + LARGE_PAGE_SIZE + i * PAGE_SIZE, tag(i));
	EXPECT_OK(USER, READ, base + 2 * LARGE_PAGE_SIZE, tag(0));
	EXPECT_PF(USER, WRITE, base + 2 * LARGE_PAGE_SIZE, PF_P);
	stop_point(2);

	table[2] = 0;
	table[3] = (uint64_t)frames[5] | RWU | PTE_A;
	stop_point(3);
	invlpg(base + 2 * PAGE_SIZE);
	invlpg(base + 3 * PAGE_SIZE);
	EXPECT_PF(USER, READ, base + 2 * PAGE_SIZE, 0);
	EXPECT_OK(USER, READ, base + 3 * PAGE_SIZE, tag(5));
	set_cr0_wp(true);
	return NULL;
}
