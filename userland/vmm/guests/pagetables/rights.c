// SPDX-License-Identifier: GPL-2.0-only
/* Access rights: W, U, NX at every level and together, CR0.WP, changes of rights. */
#include "tests.h"

const char *test_write_bit_levels(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		uint64_t *entry = pt_entry(space, gva, level);

		*entry &= ~PTE_W;
		flush_all();
		FOR_EACH_MODE(mode) {
			EXPECT_OK(mode, READ, gva, tag(1));
			EXPECT_OK(mode, FETCH, gva, 0);
			EXPECT_PF(mode, WRITE, gva, PF_P);
		}
		*entry |= PTE_W;
		invlpg(gva);
		FOR_EACH_MODE(mode)
			EXPECT_OK(mode, WRITE, gva, tag(1));
	}
	return NULL;
}

const char *test_user_bit_levels(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		uint64_t *entry = pt_entry(space, gva, level);

		*entry &= ~PTE_U;
		flush_all();
		FOR_EACH_OP(op) {
			EXPECT_OK(KERNEL, op, gva, tag(1));
			EXPECT_PF(USER, op, gva, PF_P);
		}
		*entry |= PTE_U;
		invlpg(gva);
		FOR_EACH_OP(op)
			EXPECT_OK(USER, op, gva, tag(1));
	}
	return NULL;
}

const char *test_nx_levels(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	FOR_EACH_LEVEL(level) {
		uint64_t *entry = pt_entry(space, gva, level);

		*entry |= PTE_NX;
		flush_all();
		FOR_EACH_MODE(mode) {
			EXPECT_OK(mode, READ, gva, tag(1));
			EXPECT_OK(mode, WRITE, gva, tag(1));
			EXPECT_PF(mode, FETCH, gva, PF_P);
		}
		*entry &= ~PTE_NX;
		invlpg(gva);
		FOR_EACH_MODE(mode)
			EXPECT_OK(mode, FETCH, gva, 0);
	}
	return NULL;
}

/* What the manual says of a present page with these rights; SDM vol. 3, 4.6.1. */
static bool allowed(uint64_t rights, bool wp, enum mode mode, enum op op)
{
	if (mode == USER && !(rights & PTE_U))
		return false;
	if (op == WRITE && !(rights & PTE_W))
		return mode == KERNEL && !wp;
	return op != FETCH || !(rights & PTE_NX);
}

static bool expect_rights(uint64_t gva, uint64_t rights, bool wp)
{
	FOR_EACH_MODE(mode) {
		FOR_EACH_OP(op) {
			bool ok = allowed(rights, wp, mode, op) ? EXPECT_OK(mode, op, gva, tag(1)) :
								  EXPECT_PF(mode, op, gva, PF_P);

			if (!ok) {
				print("#   with W=%u U=%u NX=%u WP=%u\n", rights / PTE_W % 2,
				      rights / PTE_U % 2, rights >> 63, (uint64_t)wp);
				return false;
			}
		}
	}
	return true;
}

static uint64_t pick_rights(unsigned int bits)
{
	return (bits & 1 ? PTE_W : 0) | (bits & 2 ? PTE_U : 0) | (bits & 4 ? PTE_NX : 0);
}

const char *test_rights_combined(void)
{
	uint64_t gva, seed = 0x5eed;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	for (unsigned int round = 0; round < 64; round++) {
		uint64_t effective = PTE_W | PTE_U;

		FOR_EACH_LEVEL(level) {
			/* Mostly permissive, or hardly anything would be allowed at the end. */
			uint64_t less = random_next(&seed) & random_next(&seed) & 7;
			uint64_t rights = pick_rights(3 ^ less);
			uint64_t *entry = pt_entry(space, gva, level);

			*entry = (*entry & ~(PTE_W | PTE_U | PTE_NX)) | rights;
			effective &= rights | PTE_NX;
			effective |= rights & PTE_NX;
		}
		if (round % 2)
			invlpg(gva);
		else
			flush_all();
		if (!expect_rights(gva, effective, true))
			return NULL;
	}
	return NULL;
}

const char *test_rights_matrix(void)
{
	uint64_t gva, *large = large_frame_alloc();

	fresh_space();
	gva = fresh_gva();
	large[0] = tag(1);
	for (unsigned int size = 1; size <= 2; size++) {
		for (unsigned int bits = 0; bits < 8; bits++) {
			if (size == 1)
				map_page(space, gva, large, PTE_P | pick_rights(bits));
			else
				map_large_page(space, gva, large, PTE_P | pick_rights(bits));
			flush_all();
			for (unsigned int wp = 0; wp < 4; wp++) {
				set_cr0_wp(wp % 2);
				if (!expect_rights(gva, pick_rights(bits), wp % 2))
					return NULL;
			}
		}
	}
	return NULL;
}

const char *test_rw_to_ro(void)
{
	uint64_t gva, *entry, *frame = tagged_frame(1);

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, frame, RWU);
	entry = pt_entry(space, gva, 1);
	for (unsigned int round = 0; round < 8; round++) {
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		*entry &= ~PTE_W;
		invlpg(gva);
		EXPECT_PF(KERNEL, WRITE, gva + 8, PF_P);
		EXPECT_PF(USER, WRITE, gva + 8, PF_P);
		EXPECT_OK(USER, READ, gva + 8, round);
		*entry |= PTE_W;
		invlpg(gva);
	}
	return NULL;
}

/*
 * More rights need no flush, but a stale entry may cost one fault, which drops it.
 * SDM vol. 3, 4.10.4.3.
 */
static void expect_at_most_one_fault(enum mode mode, enum op op, uint64_t gva)
{
	struct fault fault = probe(mode, op, gva, tag(1));

	if (fault.vector != NO_FAULT)
		expect(fault.vector == VECTOR_PF && fault.cr2 == gva &&
		       fault.error == (PF_P | access_error_bits(mode, op)),
		       "at %x: exception %d, error code %x, cr2 %x", gva, fault.vector,
		       (uint64_t)fault.error, fault.cr2);
	EXPECT_OK(mode, op, gva, tag(1));
}

const char *test_ro_to_rw(void)
{
	uint64_t gva;

	fresh_space();
	FOR_EACH_LEVEL(level) {
		uint64_t *entry;

		gva = fresh_gva();
		map_page(space, gva, tagged_frame(1), RWU);
		entry = pt_entry(space, gva, level);
		*entry = (*entry & ~(PTE_W | PTE_U)) | PTE_NX;
		EXPECT_OK(KERNEL, READ, gva, tag(1));
		EXPECT_PF(KERNEL, WRITE, gva, PF_P);
		EXPECT_PF(USER, READ, gva, PF_P);
		EXPECT_PF(USER, FETCH, gva, PF_P);
		*entry |= PTE_W;
		expect_at_most_one_fault(KERNEL, WRITE, gva);
		*entry |= PTE_U;
		expect_at_most_one_fault(USER, WRITE, gva);
		*entry &= ~PTE_NX;
		expect_at_most_one_fault(USER, FETCH, gva);
	}
	return NULL;
}

const char *test_user_to_supervisor(void)
{
	uint64_t gva, *entry;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	entry = pt_entry(space, gva, 1);
	for (unsigned int round = 0; round < 4; round++) {
		EXPECT_OK(USER, WRITE, gva, tag(1));
		*entry &= ~PTE_U;
		invlpg(gva);
		EXPECT_PF(USER, READ, gva, PF_P);
		EXPECT_OK(KERNEL, WRITE, gva, tag(1));
		*entry |= PTE_U;
		invlpg(gva);
	}
	return NULL;
}

const char *test_exec_to_nx(void)
{
	uint64_t gva, *entry;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	entry = pt_entry(space, gva, 1);
	for (unsigned int round = 0; round < 4; round++) {
		EXPECT_OK(USER, FETCH, gva, 0);
		EXPECT_OK(KERNEL, FETCH, gva, 0);
		*entry |= PTE_NX;
		invlpg(gva);
		EXPECT_PF(USER, FETCH, gva, PF_P);
		EXPECT_PF(KERNEL, FETCH, gva, PF_P);
		EXPECT_OK(USER, WRITE, gva, tag(1));
		*entry &= ~PTE_NX;
		invlpg(gva);
	}
	return NULL;
}

const char *test_wp0(void)
{
	uint64_t *frame = tagged_frame(1);

	fresh_space();
	FOR_EACH_LEVEL(level) {
		for (unsigned int user = 0; user < 2; user++) {
			uint64_t gva = fresh_gva();

			map_page(space, gva, frame, user ? RWU : RW);
			*pt_entry(space, gva, level) &= ~PTE_W;
			EXPECT_PF(KERNEL, WRITE, gva, PF_P);
			set_cr0_wp(false);
			EXPECT_OK(KERNEL, WRITE, gva + 8, level);
			EXPECT_EQ(frame[1], level);
			EXPECT_OK(KERNEL, READ, gva + 8, level);
			if (user)
				EXPECT_OK(USER, READ, gva + 8, level);
			EXPECT_PF(USER, WRITE, gva + 8, PF_P);
			set_cr0_wp(true);
			EXPECT_PF(KERNEL, WRITE, gva + 8, PF_P);
		}
	}
	return NULL;
}

const char *test_wp0_alternating(void)
{
	uint64_t gva;

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, tagged_frame(1), PTE_P | PTE_U);
	set_cr0_wp(false);
	for (unsigned int round = 0; round < 8; round++) {
		EXPECT_OK(KERNEL, WRITE, gva + 8, round);
		EXPECT_OK(USER, READ, gva + 8, round);
		EXPECT_PF(USER, WRITE, gva + 8, PF_P);
		EXPECT_OK(USER, FETCH, gva, 0);
		EXPECT_OK(KERNEL, FETCH, gva, 0);
		if (round % 4 == 3)
			invlpg(gva);
	}
	set_cr0_wp(true);
	EXPECT_PF(KERNEL, WRITE, gva, PF_P);
	EXPECT_OK(USER, READ, gva, tag(1));
	return NULL;
}

/* The instruction must fault as a write at @gva and leave @frame as it was. */
#define EXPECT_WRITE_DENIED(instruction, gva, frame)					\
	do {										\
		struct fault f;								\
		uint64_t target = (gva);						\
											\
		probe_instruction(f, instruction, target, [v] "r"(0x1234ull));		\
		expect(f.vector == VECTOR_PF && f.error == (PF_P | PF_W) &&		\
		       f.cr2 == target,							\
		       "%s: exception %d, error code %x, cr2 %x", instruction,		\
		       f.vector, (uint64_t)f.error, f.cr2);				\
		EXPECT_EQ((frame)[0], tag(1));						\
	} while (0)

const char *test_rmw_denied(void)
{
	uint64_t gva, *frame = tagged_frame(1);

	fresh_space();
	gva = fresh_gva();
	map_page(space, gva, frame, PTE_P | PTE_U);
	EXPECT_OK(KERNEL, READ, gva, tag(1));
	EXPECT_WRITE_DENIED("movq %[v], (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("movb $1, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("movw $1, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("xchgq %%rax, (%[p])", gva, frame);
	/* The comparison fails, yet the bus cycle is a write. */
	EXPECT_WRITE_DENIED("lock cmpxchgq %[v], (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("andq $-1, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("lock orq $0, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("incq (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("btsq $0, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("lock btrq $5, (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("negb (%[p])", gva, frame);
	EXPECT_WRITE_DENIED("movnti %[v], (%[p])", gva, frame);
	return NULL;
}
