// SPDX-License-Identifier: GPL-2.0-only
/* Reserved bits, and the modes that change what is reserved or allowed: NXE, SMEP, SMAP. */
#include "tests.h"

/* @bits in the entry of @level must give RSVD faults; without them, and without a flush, none. */
static void expect_reserved(uint64_t gva, int level, uint64_t bits)
{
	uint64_t *entry = pt_entry(space, gva, level);
	uint64_t saved = *entry;

	*entry |= bits;
	flush_all();
	FOR_EACH_MODE(mode) {
		FOR_EACH_OP(op) {
			if (!EXPECT_PF(mode, op, gva + 0x208, PF_P | PF_RSVD))
				print("#   level %d, entry %x\n", level, *entry);
		}
	}
	/* An entry with a reserved bit is never cached either. */
	*entry = saved;
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_OK(USER, FETCH, gva, 0);
}

const char *test_reserved_frame(void)
{
	unsigned int width = physical_address_bits();
	uint64_t gva;

	if (width >= 52)
		return "52 physical address bits: none is reserved";
	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		expect_reserved(gva, level, 1ull << 51);
		expect_reserved(gva, level, 1ull << width);
	}
	return NULL;
}

const char *test_reserved_ps(void)
{
	uint64_t gva, *large = large_frame_alloc();

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	expect_reserved(gva, 4, PTE_PS);
	if (!have_1g_pages())
		expect_reserved(gva, 3, PTE_PS);
	else
		expect_reserved(gva, 3, PTE_PS | 1ull << 13 | 1ull << 29);

	gva = fresh_gva();
	large[0] = tag(1);
	map_large_page(space, gva, large, RWU);
	expect_reserved(gva, 2, 1ull << 13);
	expect_reserved(gva, 2, 1ull << 20);
	return NULL;
}

const char *test_reserved_priority(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), PTE_P);
	/* A large-page bit below bit 21 is reserved on every CPU. */
	*pt_entry(space, gva, 2) |= PTE_PS | 1ull << 13;
	FOR_EACH_MODE(mode)
		FOR_EACH_OP(op)
			EXPECT_PF(mode, op, gva, PF_P | PF_RSVD);
	/* The directory entry is gone: what lies in it does not count. */
	*pt_entry(space, gva, 2) &= ~PTE_P;
	flush_all();
	EXPECT_PF(USER, WRITE, gva, 0);
	/* An absent entry above a reserved one comes first ... */
	*pt_entry(space, gva, 2) |= PTE_P;
	*pt_entry(space, gva, 3) &= ~PTE_P;
	flush_all();
	EXPECT_PF(USER, WRITE, gva, 0);
	/* ... and a reserved one above an absent one does too. */
	*pt_entry(space, gva, 3) |= PTE_P;
	*pt_entry(space, gva, 4) |= PTE_PS;
	*pt_entry(space, gva, 2) = 0;
	flush_all();
	EXPECT_PF(KERNEL, READ, gva, PF_P | PF_RSVD);
	return NULL;
}

/* What was used with NX set, while that was allowed, must fault once it is not. */
static void expect_nx_in_use_faults(int level)
{
	uint64_t gva = fresh_gva();

	map_page(space, gva, tagged_frame(1), RWU);
	*pt_entry(space, gva, level) |= PTE_NX;
	for (unsigned int round = 0; round < 2; round++) {
		EXPECT_OK(USER, WRITE, gva, tag(1));
		EXPECT_OK(KERNEL, READ, gva, tag(1));
		set_nxe(false);
		flush_all();
		EXPECT_PF(KERNEL, READ, gva, PF_P | PF_RSVD);
		EXPECT_PF(KERNEL, WRITE, gva, PF_P | PF_RSVD);
		set_nxe(true);
		flush_all();
		EXPECT_PF(USER, FETCH, gva, PF_P);
	}
}

const char *test_nxe_off(void)
{
	uint64_t gva;

	fresh_space();
	FOR_EACH_LEVEL(level)
		expect_nx_in_use_faults(level);
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	EXPECT_OK(USER, FETCH, gva, 0);
	for (unsigned int round = 0; round < 2; round++) {
		set_nxe(false);
		flush_all();
		FOR_EACH_LEVEL(level)
			expect_reserved(gva, level, PTE_NX);
		EXPECT_PF(USER, FETCH, gva + PAGE_SIZE, 0);
		EXPECT_OK(KERNEL, WRITE, gva, tag(1));
		set_nxe(true);
		flush_all();
		*pt_entry(space, gva, 1) |= PTE_NX;
		invlpg(gva);
		EXPECT_OK(USER, READ, gva, tag(1));
		EXPECT_PF(USER, FETCH, gva, PF_P);
		EXPECT_PF(USER, FETCH, gva + PAGE_SIZE, 0);
		*pt_entry(space, gva, 1) &= ~PTE_NX;
		invlpg(gva);
		EXPECT_OK(USER, FETCH, gva, 0);
	}
	return NULL;
}

const char *test_smep(void)
{
	uint64_t gva, supervisor;

	if (!have_smep())
		return "CPUID shows no SMEP";
	fresh_space();
	gva = fresh_gva();
	supervisor = gva + PAGE_SIZE;
	map_page(space, gva, tagged_frame(1), RWU);
	map_page(space, supervisor, tagged_frame(1), RW);
	EXPECT_OK(KERNEL, FETCH, gva, 0);
	for (unsigned int round = 0; round < 3; round++) {
		set_cr4(CR4_SMEP, true);
		EXPECT_PF(KERNEL, FETCH, gva, PF_P);
		EXPECT_OK(KERNEL, READ, gva, tag(1));
		EXPECT_OK(KERNEL, WRITE, gva, tag(1));
		EXPECT_OK(USER, FETCH, gva, 0);
		EXPECT_OK(KERNEL, FETCH, supervisor, 0);
		EXPECT_PF(KERNEL, FETCH, gva + 2 * PAGE_SIZE, 0);

		/* A page is the user's only if all levels say so. */
		*pt_entry(space, gva, 3) &= ~PTE_U;
		invlpg(gva);
		EXPECT_OK(KERNEL, FETCH, gva, 0);
		*pt_entry(space, gva, 3) |= PTE_U;
		invlpg(gva);
		EXPECT_PF(KERNEL, FETCH, gva, PF_P);

		/* SMEP alone makes fetches distinguishable: I is reported without NXE. */
		set_nxe(false);
		flush_all();
		EXPECT_PF(KERNEL, FETCH, gva, PF_P);
		set_nxe(true);

		/* A read-only user page that a CR0.WP=0 write went to is still the user's. */
		*pt_entry(space, gva, 1) &= ~PTE_W;
		invlpg(gva);
		set_cr0_wp(false);
		EXPECT_OK(KERNEL, WRITE, gva, tag(1));
		EXPECT_PF(KERNEL, FETCH, gva, PF_P);
		EXPECT_OK(USER, READ, gva, tag(1));
		set_cr0_wp(true);
		*pt_entry(space, gva, 1) |= PTE_W;
		invlpg(gva);

		set_cr4(CR4_SMEP, false);
		flush_all();
		EXPECT_OK(KERNEL, FETCH, gva, 0);
	}
	return NULL;
}

static void expect_with_ac(enum op op, uint64_t gva, uint64_t value)
{
	struct fault fault = probe_with_ac(op, gva, value);

	expect(fault.vector == NO_FAULT && (op != READ || fault.value == value),
	       "with AC at %x: exception %d, error code %x, value %x", gva, fault.vector,
	       (uint64_t)fault.error, fault.value);
}

const char *test_smap(void)
{
	uint64_t gva, supervisor;

	if (!have_smap())
		return "CPUID shows no SMAP";
	fresh_space();
	gva = fresh_gva();
	supervisor = gva + PAGE_SIZE;
	map_page(space, gva, tagged_frame(1), RWU);
	map_page(space, supervisor, tagged_frame(2), RW);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	for (unsigned int round = 0; round < 3; round++) {
		set_cr4(CR4_SMAP, true);
		flush_all();
		EXPECT_PF(KERNEL, READ, gva, PF_P);
		EXPECT_PF(KERNEL, WRITE, gva, PF_P);
		EXPECT_OK(KERNEL, FETCH, gva, 0);
		EXPECT_OK(USER, WRITE, gva, tag(1));
		EXPECT_OK(KERNEL, WRITE, supervisor, tag(2));
		expect_with_ac(READ, gva, tag(1));
		expect_with_ac(WRITE, gva, tag(1));

		/* With CR0.WP=0, SMAP still holds; with AC the write reaches a read-only page. */
		*pt_entry(space, gva, 1) &= ~PTE_W;
		invlpg(gva);
		set_cr0_wp(false);
		EXPECT_PF(KERNEL, WRITE, gva, PF_P);
		expect_with_ac(WRITE, gva, tag(1));
		EXPECT_PF(KERNEL, READ, gva, PF_P);
		EXPECT_PF(USER, WRITE, gva, PF_P);
		EXPECT_OK(USER, READ, gva, tag(1));
		set_cr0_wp(true);
		*pt_entry(space, gva, 1) |= PTE_W;
		invlpg(gva);

		set_cr4(CR4_SMAP, false);
		flush_all();
		EXPECT_OK(KERNEL, READ, gva, tag(1));
	}
	return NULL;
}
