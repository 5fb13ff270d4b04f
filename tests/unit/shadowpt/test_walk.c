// SPDX-License-Identifier: GPL-2.0
/* The walk of the guest's tables, rule by rule, and every combination of rights and modes. */
#include "tap.h"

#include <errno.h>

#include <linux/atomic.h>

#include "reference.h"
#include "small_guest.h"

#define VA	0x40201003000ul		/* a different index at each level */

static struct small_guest guest;

static void *page_at(void *ctx, uint64_t pa)
{
	struct spt_frame *frame = guest_frame(ctx, pa >> 12);

	return frame ? frame->kva : NULL;
}

static struct ref_mode mode(void)
{
	return (struct ref_mode){
		.cr3 = guest.cpu.cr3,
		.wp = !!(guest.cpu.cr0 & 1 << 16),
		.smep = !!(guest.cpu.cr4 & 1 << 20),
		.smap = !!(guest.cpu.cr4 & 1 << 21),
		.pge = !!(guest.cpu.cr4 & 1 << 7),
		.nxe = !!(guest.cpu.efer & 1 << 11),
		.gbpages = guest.cpu.gbpages,
		.width = guest.cpu.maxphyaddr,
	};
}

/* All accesses against the reference, A and D included. */
static void compare_all_accesses(gva_t va)
{
	uint64_t before[GUEST_FRAMES - GUEST_ROOT][512], after[sizeof(before) / 4096][512];
	void *tables = guest_table(&guest, GUEST_ROOT);

	memcpy(before, tables, sizeof(before));
	for (int k = 0; k < 12; k++) {
		struct ref_access a = {
			.user = k & 1, .write = k / 2 % 3 == 1, .fetch = k / 2 % 3 == 2, .ac = k / 6
		};
		u32 want = a.user * PF_USER | a.write * PF_WRITE | a.fetch * PF_FETCH |
			   a.ac * PF_SMAP_OK;
		struct ref_mode m = mode();
		struct ref_result r = ref_translate(&m, va, a, page_at, &guest);
		struct spt_walk walk;
		int ret = spt_gwalk(&guest.cpu, va, want, &walk);

		CHECK((ret == -EFAULT) == r.fault, "access 0x%x: returned %d, reference 0x%x", want,
		      ret, r.code);
		if (r.fault) {
			CHECK(walk.error == r.code, "access 0x%x: code 0x%x, not 0x%x", want,
			      walk.error, r.code);
			CHECK(!memcmp(before, tables, sizeof(before)),
			      "a failed walk changed a table");
			continue;
		}
		CHECK_EQ(walk.gpa, r.pa);
		CHECK_EQ(walk.level, 5 - r.depth);
		memcpy(after, tables, sizeof(after));
		memcpy(tables, before, sizeof(before));
		ref_commit(&r, a);
		CHECK(!memcmp(after, tables, sizeof(after)), "access 0x%x: A or D differ", want);
		memcpy(tables, before, sizeof(before));
	}
}

static void every_combination_of_rights_and_modes(void)
{
	static const uint64_t target[] = { 0, 5 << 12, GUEST_LARGE_GFN << 12,
					   GUEST_LARGE_GFN << 12 };

	guest_start(&guest, &spt_vtlb);
	for (int level = 1; level <= 3; level++) {
		guest_map(&guest, VA, 0, level);
		for (int n = 0; n < 64 * 16; n++) {
			/* Rights of the leaf and of the table above it, both ways round. */
			uint64_t leaf = G_P | (n & 1 ? G_W : 0) | (n & 2 ? G_U : 0) |
					(n & 4 ? G_NX : 0);
			uint64_t above = (n & 8 ? G_W : 0) | (n & 16 ? G_U : 0) |
					 (n & 32 ? G_NX : 0);
			u64 *up = guest_entry(&guest, VA, level + 1);

			guest.cpu.cr0 = 0x80000011 | (n & 64 ? CR0_WP_BIT : 0);
			guest.cpu.efer = 0x500 | (n & 128 ? EFER_NXE_BIT : 0);
			guest.cpu.cr4 = 0x20 | (n & 256 ? CR4_SMEP_BIT : 0) |
					(n & 512 ? CR4_SMAP_BIT : 0);
			*guest_entry(&guest, VA, level) = target[level] | leaf |
							  (level > 1 ? G_PS : 0);
			*up = (*up & PT_ADDR) | G_P | above;
			compare_all_accesses(VA | 0x123);
		}
		guest_map(&guest, VA, 0, level);
		*guest_entry(&guest, VA, level + 1) |= G_ALL;
		*guest_entry(&guest, VA, level + 1) &= ~G_NX;
		guest.next_table = GUEST_ROOT + 1;
		memset(guest_table(&guest, GUEST_ROOT), 0, (GUEST_FRAMES - GUEST_ROOT) * 4096);
	}
	guest_stop(&guest);
}

/* Each bit of each entry in turn: present, reserved, ignored, address. */
static void every_single_bit_of_an_entry(void)
{
	guest_start(&guest, &spt_vtlb);
	for (int leaf = 1; leaf <= 3; leaf++) {
		memset(guest_table(&guest, GUEST_ROOT), 0, (GUEST_FRAMES - GUEST_ROOT) * 4096);
		guest.next_table = GUEST_ROOT + 1;
		guest_map(&guest, VA, leaf == 1 ? 5 << 12 | G_ALL :
			  GUEST_LARGE_GFN << 12 | G_ALL | G_PS, leaf);
		for (int level = 4; level >= leaf; level--) {
			for (int n = 0; n < 64 * 4; n++) {
				u64 *e = guest_entry(&guest, VA, level), saved = *e;

				guest.cpu.efer = 0x500 | (n & 64 ? EFER_NXE_BIT : 0);
				guest.cpu.gbpages = n & 128;
				*e ^= 1ull << (n % 64);
				compare_all_accesses(VA);
				*e = saved;
			}
		}
	}
	guest_stop(&guest);
}

static void the_walk_tells_its_course(void)
{
	struct spt_walk walk;

	guest_start(&guest, &spt_vtlb);
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	*guest_entry(&guest, VA, 3) &= ~G_W;
	*guest_entry(&guest, VA, 2) &= ~G_U;
	*guest_entry(&guest, VA, 1) |= G_NX;
	CHECK_EQ(spt_gwalk(&guest.cpu, VA | 0x678, 0, &walk), 0);
	CHECK_EQ(walk.gva, VA | 0x678);
	CHECK_EQ(walk.gpa, 0x5678);
	CHECK_EQ(walk.level, 1);
	for (int level = 4; level >= 1; level--) {
		CHECK_EQ(walk.table[level], GUEST_ROOT + 4 - level);
		CHECK_EQ(walk.entry[level], *guest_entry(&guest, VA, level));
	}
	CHECK_EQ(walk.path[4], ACC_ALL);
	CHECK_EQ(walk.path[3], ACC_USER | ACC_EXEC);
	CHECK_EQ(walk.path[2], ACC_EXEC);
	CHECK_EQ(walk.path[1], 0);
	CHECK_EQ(walk.access, 0);
	guest_stop(&guest);
}

/* --- races for the A and D bits --- */

static u64 *raced_entry;
static u64 raced_value;
static int races_left;

static void change_under_the_walk(void *p)
{
	if (p == raced_entry && races_left) {
		races_left--;
		*raced_entry = raced_value;
	}
}

static void an_entry_that_changes_under_the_walk_is_read_again(void)
{
	struct spt_walk walk;
	int ret;

	guest_start(&guest, &spt_vtlb);
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	raced_entry = guest_entry(&guest, VA, 1);
	raced_value = 6 << 12 | G_ALL;
	races_left = 1;
	shim_cmpxchg_race = change_under_the_walk;
	ret = spt_gwalk(&guest.cpu, VA, PF_WRITE, &walk);
	shim_cmpxchg_race = NULL;
	CHECK_EQ(ret, 0);
	CHECK_EQ(walk.gpa, 0x6000);
	CHECK_EQ(*raced_entry, 6 << 12 | G_ALL | G_A | G_D);

	/* Taken away meanwhile: a fault, and no A or D in what the guest wrote. */
	*raced_entry = 5 << 12 | G_ALL;
	raced_value = 5 << 12 | G_P;
	races_left = 1;
	shim_cmpxchg_race = change_under_the_walk;
	ret = spt_gwalk(&guest.cpu, VA, PF_WRITE, &walk);
	shim_cmpxchg_race = NULL;
	CHECK_EQ(ret, -EFAULT);
	CHECK_EQ(walk.error, PF_PRESENT | PF_WRITE);
	CHECK_EQ(*raced_entry, raced_value);
	guest_stop(&guest);
}

static void flip_under_the_walk(void *p)
{
	if (p == raced_entry)
		*raced_entry ^= 1ull << 52;
}

static void a_race_without_end_is_given_up(void)
{
	struct spt_walk walk;
	int ret;

	guest_start(&guest, &spt_vtlb);
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	CHECK_EQ(spt_load_root(&guest.cpu), 0);
	raced_entry = guest_entry(&guest, VA, 1);
	shim_cmpxchg_race = flip_under_the_walk;
	ret = spt_gwalk(&guest.cpu, VA, 0, &walk);
	CHECK_EQ(ret, -EAGAIN);
	CHECK_EQ(spt_page_fault(&guest.cpu, VA, 0, &walk), SPT_RESUME);
	shim_cmpxchg_race = NULL;
	CHECK(!guest_spte(&guest, VA), "a spte was made from a lost race");
	guest_stop(&guest);
}

static void a_table_outside_memory_is_not_present(void)
{
	struct spt_walk walk;

	guest_start(&guest, &spt_vtlb);
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	*guest_entry(&guest, VA, 2) = (uint64_t)GUEST_FRAMES << 12 | G_ALL;
	CHECK_EQ(spt_gwalk(&guest.cpu, VA, PF_USER, &walk), -EFAULT);
	CHECK_EQ(walk.error, PF_USER);
	guest.cpu.cr3 = 0xffffff000;
	CHECK_EQ(spt_gwalk(&guest.cpu, VA, PF_WRITE, &walk), -EFAULT);
	CHECK_EQ(walk.error, PF_WRITE);
	guest_stop(&guest);
}

int main(void)
{
	RUN(every_combination_of_rights_and_modes);
	RUN(every_single_bit_of_an_entry);
	RUN(the_walk_tells_its_course);
	RUN(an_entry_that_changes_under_the_walk_is_read_again);
	RUN(a_race_without_end_is_given_up);
	RUN(a_table_outside_memory_is_not_present);
	return tap_done();
}
