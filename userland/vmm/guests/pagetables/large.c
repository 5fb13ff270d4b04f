// SPDX-License-Identifier: GPL-2.0-only
/*
 * 2 MiB and 1 GiB pages. When the page size at an address changes, only a CR3
 * load is sure to drop everything: INVLPG looks at the size that the tables
 * give now (SDM vol. 3, 4.10.2.3), and a CPU may hold a large page in pieces.
 */
#include "tests.h"

/* Offsets into a 2 MiB page, with its ends. */
static const uint64_t offsets[] = { 0, 0x1000, 0x7f000, 0x100000, 0x155000, 0x1ff000 };
#define OFFSETS	(sizeof(offsets) / sizeof(offsets[0]))

static uint64_t *tagged_large_frame(uint64_t n)
{
	uint64_t *frame = large_frame_alloc();

	for (uint64_t page = 0; page < 512; page++)
		frame[page * 512] = tag(n * 1000 + page);
	return frame;
}

/* Read, write and call through the page at @gva, which must be @frame. */
static bool expect_large(uint64_t gva, uint64_t *frame, uint64_t n)
{
	for (unsigned int i = 0; i < OFFSETS; i++) {
		uint64_t *word = frame + offsets[i] / 8;

		if (!EXPECT_OK(KERNEL, READ, gva + offsets[i],
			       tag(n * 1000 + offsets[i] / PAGE_SIZE)) ||
		    !EXPECT_OK(USER, WRITE, gva + offsets[i] + 4088, n + i) ||
		    !EXPECT_EQ(word[511], n + i) || !EXPECT_OK(USER, FETCH, gva + offsets[i], 0))
			return false;
	}
	return true;
}

const char *test_large_map(void)
{
	uint64_t gva, *frame = tagged_large_frame(1);

	fresh_space();
	gva = fresh_gva();
	map_large_page(space, gva, frame, RWU);
	expect_large(gva, frame, 1);
	EXPECT_PF(KERNEL, READ, gva - 8, 0);
	EXPECT_PF(KERNEL, READ, gva + LARGE_PAGE_SIZE, 0);
	EXPECT_PF(USER, WRITE, gva + LARGE_PAGE_SIZE + 0x123, 0);
	return NULL;
}

const char *test_large_invlpg(void)
{
	uint64_t gva, *frames[2] = { tagged_large_frame(1), tagged_large_frame(2) };

	fresh_space();
	gva = fresh_gva();
	for (unsigned int round = 0; round < 8; round++) {
		map_large_page(space, gva, frames[round % 2], RWU);
		invlpg(gva + offsets[round % OFFSETS] + 0x234);
		if (!expect_large(gva, frames[round % 2], round % 2 + 1))
			return NULL;
	}
	*pt_entry(space, gva, 2) &= ~PTE_W;
	invlpg(gva + 0x12345);
	for (unsigned int i = 0; i < OFFSETS; i++)
		EXPECT_PF(KERNEL, WRITE, gva + offsets[i], PF_P);
	*pt_entry(space, gva, 2) = 0;
	invlpg(gva + 0x1fffff);
	for (unsigned int i = 0; i < OFFSETS; i++)
		EXPECT_PF(USER, READ, gva + offsets[i], 0);
	return NULL;
}

const char *test_large_attributes(void)
{
	const uint64_t pat_bit_of_large = 1ull << 12;
	uint64_t gva, *frame = tagged_large_frame(1);

	fresh_space();
	gva = fresh_gva();
	map_large_page(space, gva, frame, RWU | PTE_PWT | PTE_PCD | pat_bit_of_large);
	expect_large(gva, frame, 1);
	return NULL;
}

const char *test_large_split(void)
{
	uint64_t gva, *frame = tagged_large_frame(1), *table = frame_alloc();

	fresh_space();
	gva = fresh_gva();
	for (unsigned int round = 0; round < 3; round++) {
		map_large_page(space, gva, frame, RWU);
		flush_all();
		if (!expect_large(gva, frame, 1))
			return NULL;

		for (uint64_t i = 0; i < 512; i++)
			table[i] = ((uint64_t)frame + i * PAGE_SIZE) | RWU;
		table[1] &= ~PTE_W;
		table[2] = 0;
		*pt_entry(space, gva, 2) = (uint64_t)table | RWU;
		flush_all();
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		EXPECT_PF(KERNEL, WRITE, gva + PAGE_SIZE, PF_P);
		EXPECT_OK(KERNEL, READ, gva + PAGE_SIZE, tag(1001));
		EXPECT_PF(KERNEL, READ, gva + 2 * PAGE_SIZE, 0);
		EXPECT_OK(USER, READ, gva + 3 * PAGE_SIZE, tag(1003));
		EXPECT_EQ(table[0] & PTE_D, PTE_D);
		EXPECT_EQ(table[1] & PTE_D, 0);
	}
	return NULL;
}

const char *test_large_table_swap(void)
{
	uint64_t gva, *entry, as_page, as_table;
	uint64_t *frame = tagged_large_frame(1), *table = frame_alloc();

	fresh_space();
	gva = fresh_gva();
	for (uint64_t i = 0; i < 8; i++)
		table[i] = (uint64_t)tagged_frame(i) | RWU;
	entry = pt_entry(space, gva, 2);
	as_page = (uint64_t)frame | RWU | PTE_PS;
	as_table = (uint64_t)table | RWU;
	for (unsigned int round = 0; round < 6; round++) {
		*entry = as_page;
		flush_all();
		if (!expect_large(gva, frame, 1))
			return NULL;
		*entry = as_table;
		flush_all();
		for (uint64_t i = 0; i < 8; i++)
			EXPECT_OK(USER, READ, gva + i * PAGE_SIZE, tag(i));
		EXPECT_PF(USER, READ, gva + 8 * PAGE_SIZE, 0);
	}
	return NULL;
}

const char *test_large_over_table(void)
{
	uint64_t window, gva, *frame = large_frame_alloc();
	uint64_t *table = frame + 77 * 512, *through;

	fresh_space();
	window = fresh_gva();
	gva = fresh_gva();
	map_large_page(space, window, frame, RW);
	through = (uint64_t *)(window + 77 * PAGE_SIZE);
	through[0] = (uint64_t)tagged_frame(0) | RWU;	/* plain data as yet */
	*pt_entry(space, gva, 2) = (uint64_t)table | RWU;
	EXPECT_OK(USER, READ, gva, tag(0));
	for (unsigned int round = 1; round < 8; round++) {
		through[0] = (uint64_t)tagged_frame(round) | RWU;
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(round));
		/* The rest of the large page is still plain memory. */
		EXPECT_OK(KERNEL, WRITE, window + 76 * PAGE_SIZE, round);
		EXPECT_EQ(frame[76 * 512], round);
	}
	return NULL;
}

const char *test_huge(void)
{
	uint64_t gva, *frame = tagged_frame(1);

	if (!have_1g_pages())
		return "CPUID shows no 1G pages";
	fresh_space();
	gva = fresh_gva() & ~((1ull << 30) - 1);
	*pt_entry(space, gva, 3) = 0 | RWU | PTE_PS;
	EXPECT_OK(KERNEL, READ, gva + (uint64_t)frame, tag(1));
	EXPECT_OK(USER, WRITE, gva + (uint64_t)frame + 8, 5);
	EXPECT_EQ(frame[1], 5);
	EXPECT_EQ(*pt_entry(space, gva, 3) & (PTE_A | PTE_D), PTE_A | PTE_D);
	*pt_entry(space, gva, 3) &= ~PTE_W;
	invlpg(gva);
	EXPECT_PF(USER, WRITE, gva + (uint64_t)frame, PF_P);
	return NULL;
}
