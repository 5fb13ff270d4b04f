// SPDX-License-Identifier: GPL-2.0-only
/* Mapping and unmapping: presence, CR2, INVLPG, many tables, the ends of the address space. */
#include "tests.h"

const char *test_map(void)
{
	uint64_t gva, *frame = tagged_frame(1);

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, frame, RWU);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_OK(KERNEL, WRITE, gva + 8, 0x1122334455667788);
	EXPECT_EQ(frame[1], 0x1122334455667788);
	EXPECT_OK(USER, WRITE, gva + 4088, 42);
	EXPECT_EQ(frame[511], 42);
	EXPECT_OK(KERNEL, FETCH, gva, 0);
	EXPECT_OK(USER, FETCH, gva, 0);
	return NULL;
}

const char *test_absent_levels(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		uint64_t *entry = pt_entry(space, gva, level);

		*entry &= ~PTE_P;
		flush_all();
		FOR_EACH_MODE(mode)
			FOR_EACH_OP(op)
				EXPECT_PF(mode, op, gva + 0x128, 0);
		/* An entry that is not present is never cached: no flush on the way back. */
		*entry |= PTE_P;
		EXPECT_OK(KERNEL, READ, gva, tag(1));
		EXPECT_OK(USER, WRITE, gva, tag(1));
	}
	return NULL;
}

const char *test_absent_garbage(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		uint64_t *entry = pt_entry(space, gva, level);
		uint64_t saved = *entry;

		*entry = ~PTE_P;
		flush_all();
		FOR_EACH_MODE(mode)
			FOR_EACH_OP(op)
				EXPECT_PF(mode, op, gva + 0x10, 0);
		*entry = saved;
		EXPECT_OK(KERNEL, READ, gva, tag(1));
	}
	return NULL;
}

const char *test_unmap(void)
{
	uint64_t gva, neighbour;

	fresh_space();
	gva = fresh_gva();
	neighbour = gva + PAGE_SIZE;
	map_page(space, gva, tagged_frame(1), RWU);
	map_page(space, neighbour, tagged_frame(2), RWU);
	EXPECT_OK(KERNEL, WRITE, gva, tag(1));
	EXPECT_OK(KERNEL, WRITE, neighbour, tag(2));
	*pt_entry(space, gva, 1) = 0;
	invlpg(gva + 0xfff);
	EXPECT_PF(KERNEL, READ, gva, 0);
	EXPECT_PF(USER, WRITE, gva, 0);
	EXPECT_OK(KERNEL, READ, neighbour, tag(2));
	return NULL;
}

const char *test_remap_invlpg(void)
{
	uint64_t gva, *frames[4];

	fresh_space();
	gva = fresh_gva();
	for (unsigned int i = 0; i < 4; i++)
		frames[i] = tagged_frame(i);
	for (unsigned int round = 0; round < 16; round++) {
		map_page(space, gva, frames[round % 4], RWU);
		invlpg(gva);
		EXPECT_OK(KERNEL, READ, gva, tag(round % 4));
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		EXPECT_EQ(frames[round % 4][1], round);
	}
	return NULL;
}

const char *test_remap_cr3(void)
{
	uint64_t gva, *frames[4];

	fresh_space();
	gva = fresh_gva();
	for (unsigned int i = 0; i < 4; i++)
		frames[i] = tagged_frame(i);
	for (unsigned int round = 0; round < 16; round++) {
		map_page(space, gva, frames[round % 4], RWU);
		flush_all();
		EXPECT_OK(USER, READ, gva, tag(round % 4));
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		EXPECT_EQ(frames[round % 4][1], round);
	}
	return NULL;
}

const char *test_remap_upper(void)
{
	uint64_t gva, other;

	fresh_space();
	gva = fresh_gva();
	other = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	map_page(space, other, tagged_frame(2), RWU);
	for (int level = 4; level >= 2; level--) {
		uint64_t *entry = pt_entry(space, gva, level);
		uint64_t mine = *entry, theirs = *pt_entry(space, other, level);

		for (unsigned int round = 0; round < 4; round++) {
			EXPECT_OK(KERNEL, READ, gva, tag(1));
			*entry = theirs;
			if (round % 2)
				invlpg(gva);
			else
				flush_all();
			EXPECT_OK(USER, READ, gva, tag(2));
			*entry = mine;
			if (round % 2)
				invlpg(gva);
			else
				flush_all();
		}
	}
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_OK(KERNEL, READ, other, tag(2));
	return NULL;
}

/* An 8-byte access, half in each page, must fault with CR2 in the page that lacks. */
static void expect_crossing(enum op op, uint64_t gva, uint64_t page)
{
	struct fault fault = probe(KERNEL, op, gva, 0x1122334455667788);

	expect(fault.vector == VECTOR_PF && fault.error == access_error_bits(KERNEL, op) &&
	       fault.cr2 >= page && fault.cr2 <= gva + 7 && fault.cr2 < page + PAGE_SIZE,
	       "access at %x: exception %d, error code %x, cr2 %x", gva, fault.vector,
	       (uint64_t)fault.error, fault.cr2);
}

const char *test_crossing(void)
{
	uint64_t gva, *low = tagged_frame(1), *high = tagged_frame(2);

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, low, RWU);
	expect_crossing(READ, gva + 4092, gva + PAGE_SIZE);
	expect_crossing(WRITE, gva + 4092, gva + PAGE_SIZE);

	map_page(space, gva + PAGE_SIZE, high, RWU);
	EXPECT_OK(KERNEL, WRITE, gva + 4092, 0x1122334455667788);
	EXPECT_EQ(low[511], 0x5566778800000000);
	EXPECT_EQ(high[0], 0x11223344);
	EXPECT_OK(USER, READ, gva + 4092, 0x1122334455667788);

	*pt_entry(space, gva, 1) = 0;
	invlpg(gva);
	expect_crossing(READ, gva + 4092, gva);
	expect_crossing(WRITE, gva + 4092, gva);
	EXPECT_EQ(high[0], 0x11223344);
	return NULL;
}

const char *test_invlpg_anything(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	invlpg(gva + 64 * LARGE_PAGE_SIZE);
	invlpg(0x0000800000000000);
	invlpg(0xffff7fffffffffff);
	invlpg(0xfffffffffffff000);
	invlpg((uint64_t)&gva);
	invlpg((uint64_t)space);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	return NULL;
}

#define SPARSE_TABLES	1024

const char *test_sparse(void)
{
	uint64_t gva, *frames[16];

	fresh_space();
	gva = fresh_gva() & ~((1ull << 39) - 1);
	for (unsigned int i = 0; i < 16; i++)
		frames[i] = tagged_frame(i);
	for (unsigned int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < SPARSE_TABLES; i++)
			map_page(space, gva + i * LARGE_PAGE_SIZE + (i % 512) * PAGE_SIZE,
				 frames[(i + round) % 16], RWU);
		flush_all();
		for (uint64_t i = 0; i < SPARSE_TABLES; i++)
			if (!EXPECT_OK(KERNEL, READ,
				       gva + i * LARGE_PAGE_SIZE + (i % 512) * PAGE_SIZE,
				       tag((i + round) % 16)))
				return NULL;
	}
	for (uint64_t i = 0; i < SPARSE_TABLES; i++)
		frame_free(pt_table(*pt_entry(space, gva + i * LARGE_PAGE_SIZE, 2)));
	return NULL;
}

#define ALIASES	4096

const char *test_many_aliases(void)
{
	uint64_t gva, *frame = tagged_frame(1);

	fresh_space();
	gva = fresh_gva();
	for (uint64_t i = 0; i < ALIASES; i++)
		map_page(space, gva + i * PAGE_SIZE, frame, RWU);
	for (uint64_t i = 0; i < ALIASES; i++) {
		if (!EXPECT_OK(KERNEL, WRITE, gva + i * PAGE_SIZE + 8, i) ||
		    !EXPECT_EQ(frame[1], i))
			return NULL;
	}
	for (uint64_t i = 0; i < ALIASES; i += 2)
		*pt_entry(space, gva + i * PAGE_SIZE, 1) = 0;
	flush_all();
	for (uint64_t i = 0; i < ALIASES; i += 32) {
		if (!EXPECT_PF(KERNEL, READ, gva + i * PAGE_SIZE, 0) ||
		    !EXPECT_OK(KERNEL, READ, gva + (i + 1) * PAGE_SIZE, tag(1)))
			return NULL;
	}
	return NULL;
}

const char *test_canonical_edges(void)
{
	static const uint64_t good[] = {
		0xffff800000000000, 0xfffffffffffff000, 0x00007efffffff000,
	};
	static const uint64_t bad[] = {
		0x0000800000000000, 0xffff7ffffffff000, 0x0100000000000000, 0x8000000000001000,
	};

	fresh_space();
	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_PF(KERNEL, READ, good[i], 0);
		map_page(space, good[i], tagged_frame(i), RWU);
		EXPECT_OK(KERNEL, READ, good[i], tag(i));
		EXPECT_OK(KERNEL, WRITE, good[i] + 4088, 7);
		EXPECT_OK(KERNEL, FETCH, good[i], 0);
	}
	for (unsigned int i = 0; i < 4; i++) {
		FOR_EACH_MODE(mode) {
			for (enum op op = READ; op <= WRITE; op++) {
				struct fault fault = probe(mode, op, bad[i], 0);

				expect(fault.vector == VECTOR_GP && fault.error == 0,
				       "access at %x: exception %d, error code %x", bad[i],
				       fault.vector, (uint64_t)fault.error);
			}
		}
	}
	return NULL;
}
