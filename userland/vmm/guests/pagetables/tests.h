/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pagetables guest: every rule of 4-level paging that a shadow of the
 * tables can get wrong, each checked by doing it. One file a subject; main.c
 * lists the tests.
 *
 * The tests ask only what the manuals promise (Intel SDM vol. 3, 4.10; AMD APM
 * vol. 2, 5.5), so they hold on any correct machine, TLB or none:
 *  - after INVLPG, or a CR3 load for non-global pages, the new entry counts;
 *  - before that either may, and nothing is asserted;
 *  - an entry that was not present, or faulted, is never cached;
 *  - A may be set early by speculation, so "A is clear" is asked only of pages
 *    that nothing near has touched; D is never set early.
 */
#ifndef PAGETABLES_TESTS_H
#define PAGETABLES_TESTS_H

#include "../lib/cpu.h"
#include "../lib/paging.h"
#include "../lib/probe.h"
#include "../lib/tap.h"

#define RW	(PTE_P | PTE_W)
#define RWU	(PTE_P | PTE_W | PTE_U)

/* The address space of the running test; fixture.c. */
extern uint64_t *space;

/* Begin a test: a new space, switched to; WP and NXE set, PGE, SMEP, SMAP clear. */
void fresh_space(void);

/* A 2 MiB-aligned address under an own PML4 entry, index 3 and 5 in the tables below. */
uint64_t fresh_gva(void);

/* What page number @n holds in its first word: its low byte is a RET, so it can be called. */
static inline uint64_t tag(uint64_t n)
{
	return n << 8 | 0xc3;
}

/* A frame whose first word is tag(@n). */
uint64_t *tagged_frame(uint64_t n);

static inline void flush_all(void)
{
	write_cr3(read_cr3());
}

void set_cr0_wp(bool on);
void set_cr4(uint64_t bits, bool on);
void set_nxe(bool on);
/* Is any of these bits set? Is EFER.NXE? */
bool have_cr4(uint64_t bits);
bool have_nxe(void);
/* CPUID: what the guest's CPU has. */
bool have_smep(void), have_smap(void), have_1g_pages(void);
unsigned int physical_address_bits(void);

/* Store @new into a live entry by one of many instructions; pte_writes.c. */
void write_entry_somehow(uint64_t *entry, uint64_t new, uint64_t choice);

/* Small deterministic generator (xorshift64*). */
uint64_t random_next(uint64_t *state);

/*
 * The access must go through, and a read must give @value. Or: it must raise
 * #PF at @gva, with @error (PF_P, PF_RSVD) plus the bits that follow from the
 * access itself. Both return whether it was so.
 */
#define EXPECT_OK(mode, op, gva, value)	expect_ok_at(__FILE__, __LINE__, mode, op, gva, value)
#define EXPECT_PF(mode, op, gva, error)	expect_pf_at(__FILE__, __LINE__, mode, op, gva, error)
bool expect_ok_at(const char *file, int line, enum mode mode, enum op op, uint64_t gva,
		  uint64_t value);
bool expect_pf_at(const char *file, int line, enum mode mode, enum op op, uint64_t gva,
		  uint32_t error);

/* The bits of the #PF error code that the kind of access decides. */
uint32_t access_error_bits(enum mode mode, enum op op);

/* Compare two numbers; on failure print both. */
#define EXPECT_EQ(got, wanted) expect_eq_at(__FILE__, __LINE__, #got, got, wanted)
bool expect_eq_at(const char *file, int line, const char *what, uint64_t got, uint64_t wanted);

#define FOR_EACH_LEVEL(level)	for (int level = 4; level >= 1; level--)
#define FOR_EACH_MODE(mode)	for (enum mode mode = KERNEL; mode <= USER; mode++)
#define FOR_EACH_OP(op)		for (enum op op = READ; op <= FETCH; op++)

/* X(function, what it proves): in the order they run. */
#define PAGETABLES_TESTS(X)						\
	X(test_scene, "tables to look at: stops 1, 2 and 3 of vmm inspect")	\
	X(test_map, "a mapped page reads and writes its frame")		\
	X(test_absent_levels, "an absent entry at each level faults, with CR2 and error code")	\
	X(test_absent_garbage, "an absent entry may hold anything else")	\
	X(test_unmap, "after unmap and INVLPG the page faults")		\
	X(test_remap_invlpg, "after remap and INVLPG the new frame is seen")	\
	X(test_remap_cr3, "after remap and a CR3 load the new frame is seen")	\
	X(test_remap_upper, "after a change of each upper level the new tables count")	\
	X(test_crossing, "an access across two pages faults on the right one")	\
	X(test_invlpg_anything, "INVLPG of any address is harmless")	\
	X(test_sparse, "a thousand tables with one page each")		\
	X(test_many_aliases, "one frame mapped four thousand times")	\
	X(test_canonical_edges, "the highest addresses map, non-canonical ones raise #GP")	\
	X(test_write_bit_levels, "W counts at every level")		\
	X(test_user_bit_levels, "U counts at every level")		\
	X(test_nx_levels, "NX counts at every level")			\
	X(test_rights_combined, "rights of the four levels combine")	\
	X(test_rights_matrix, "every right, mode, access and CR0.WP, 4K and 2M")	\
	X(test_rw_to_ro, "read-write to read-only")			\
	X(test_ro_to_rw, "read-only to read-write, at most one fault more")	\
	X(test_user_to_supervisor, "user to supervisor and back")	\
	X(test_exec_to_nx, "executable to NX and back")			\
	X(test_wp0, "CR0.WP=0 lets the kernel write, and only the kernel")	\
	X(test_wp0_alternating, "CR0.WP=0, kernel and user in turns on one page")	\
	X(test_rmw_denied, "read-modify-write on a read-only page faults as a write")	\
	X(test_accessed_levels, "an access sets A at all levels, a read never D")	\
	X(test_accessed_untouched, "A and D of untouched pages stay clear")	\
	X(test_accessed_again, "A cleared and flushed is set again at every level")	\
	X(test_dirty_on_write, "D is set by a write, in the leaf only")	\
	X(test_dirty_again, "D cleared and flushed is set by the next write, not by a read")	\
	X(test_dirty_denied, "a denied write sets no D")		\
	X(test_dirty_wp0, "a CR0.WP=0 write sets D")			\
	X(test_dirty_alias, "D is set in the entry that was used, not in its alias")	\
	X(test_ad_large, "A and D of a 2M page")			\
	X(test_ignored_bits, "ignored bits stay as they are and do no harm")	\
	X(test_large_map, "a 2M page maps all of its two megabytes")	\
	X(test_large_invlpg, "one INVLPG drops all of a 2M page")	\
	X(test_large_attributes, "PWT, PCD and PAT of a 2M page are no part of the frame")	\
	X(test_large_split, "a 2M page split into 4K pages and joined again")	\
	X(test_large_table_swap, "a 2M page and a table in turns at one address")	\
	X(test_large_over_table, "a live page table written through a 2M mapping")	\
	X(test_huge, "a 1G page")					\
	X(test_alias, "one frame at two addresses")			\
	X(test_shared_pt, "one table under two parents with different rights")	\
	X(test_shared_pd, "one directory under two parents with different rights")	\
	X(test_pt_to_data, "a table unlinked becomes plain data")	\
	X(test_data_to_pt, "data linked becomes a table, and stays writable data")	\
	X(test_pt_changes_level, "a frame that is a table of one level, then of another")	\
	X(test_recursive, "a PML4 that maps itself")			\
	X(test_self_map, "a table that maps itself as data")		\
	X(test_two_levels_at_once, "a directory that is its own table")	\
	X(test_write_sizes, "entries written in 1, 2, 4 and 8 bytes")	\
	X(test_write_misaligned, "entries written across their borders")	\
	X(test_write_rmw, "entries written by xchg, cmpxchg, and, or, bts, btr and kin")	\
	X(test_write_strings, "entries written by rep stos and rep movs")	\
	X(test_write_push, "entries written by push, call and the like")	\
	X(test_write_flood, "one entry written a thousand times")	\
	X(test_write_upper, "entries of upper levels written live")	\
	X(test_spaces, "eight address spaces in turns")			\
	X(test_edit_inactive, "tables edited while another space runs")	\
	X(test_root_reused, "a PML4 frame with new contents is a new space")	\
	X(test_cr3_bits, "CR3 reads back as written, PWT and PCD too")	\
	X(test_global_without_pge, "G without CR4.PGE: a CR3 load flushes")	\
	X(test_global, "global pages: INVLPG and a CR4.PGE toggle flush")	\
	X(test_reserved_frame, "reserved frame bits fault with RSVD, at each level")	\
	X(test_reserved_ps, "PS where it is reserved, low frame bits of a 2M page")	\
	X(test_reserved_priority, "RSVD before rights, absent before RSVD below it")	\
	X(test_nxe_off, "EFER.NXE=0 makes NX a reserved bit")		\
	X(test_smep, "SMEP")						\
	X(test_smap, "SMAP")						\
	X(test_random_4k, "random edits of leaf entries against a software walk")	\
	X(test_random_all, "random edits of all levels against a software walk")	\
	X(test_random_global, "random edits with global pages against a software walk")	\
	X(test_random_modes, "random edits, CR0.WP, SMEP, SMAP, NXE against a software walk")

#define X(function, name) const char *function(void);
PAGETABLES_TESTS(X)
#undef X

#endif
