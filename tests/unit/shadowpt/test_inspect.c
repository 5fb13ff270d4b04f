// SPDX-License-Identifier: GPL-2.0
/*
 * Looking inside: the list of shadow entries for people, and the audit, which
 * must find every kind of damage. Damage is done here by hand.
 */
#include "tap.h"

#include <linux/gfp.h>
#include <linux/printk.h>

#include "small_guest.h"

#define VA	0x40201003000ul
#define VA2	0x40201004000ul
#define LARGE	0x40200000000ul
#define HIGH	0xffff800000000000ul

static struct small_guest guest;
static unsigned long live;	/* allocations before the test: a failed one leaves some */

static void touch(gva_t va, u32 access)
{
	enum spt_verdict last;

	guest_touch(&guest, va, access, &last);
	CHECK(last == SPT_RESUME, "va 0x%lx: verdict %d", va, last);
}

static void start(const struct spt_strategy *strategy)
{
	live = shim_live;
	shim_quiet = 0;
	guest_start(&guest, strategy);
	guest.mmu.audit = 1;
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	guest_map(&guest, VA2, 6 << 12 | G_ALL | G_G, 1);
	guest_map(&guest, LARGE, GUEST_LARGE_GFN << 12 | G_ALL | G_PS | G_NX, 2);
	guest_map(&guest, HIGH, 7 << 12 | G_P, 1);
	touch(VA, PF_WRITE);
	touch(VA2, 0);
	touch(LARGE + 0x5000, 0);
	touch(HIGH, 0);
	guest.mmu.flush_owed = false;
	spt_audit_entering(&guest.mmu);
	CHECK_EQ(spt_audit(&guest.cpu), 0);
}

static void stop(void)
{
	guest_stop(&guest);
	CHECK_EQ(shim_live, live);
}

/* --- the list --- */

static void entries_come_in_order_upper_before_lower(void)
{
	struct spt_entry e[64];
	u32 n;

	start(&spt_trap);
	n = spt_tables_list(&guest.cpu, e, 64);
	/* Levels 4 and 3; 2 and a piece of LARGE; 2 and two leaves of VA; four for HIGH. */
	CHECK_EQ(n, 11);
	for (u32 i = 1; i < n; i++)
		CHECK(e[i].gva > e[i - 1].gva ||
		      (e[i].gva == e[i - 1].gva && e[i].level == e[i - 1].level - 1),
		      "entry %u: 0x%llx level %u after 0x%llx level %u", i, e[i].gva, e[i].level,
		      e[i - 1].gva, e[i - 1].level);
	stop();
}

static void entries_say_where_they_lead_and_why(void)
{
	struct spt_entry e[64];
	u32 n, leaves = 0;

	start(&spt_trap);
	n = spt_tables_list(&guest.cpu, e, 64);
	for (u32 i = 0; i < n; i++) {
		u32 flags = e[i].flags & ~SPT_E_ACCESSED;

		if (!(flags & SPT_E_LEAF)) {
			CHECK(e[i].level > 1, "an upper entry at level %u", e[i].level);
			continue;
		}
		leaves++;
		CHECK_EQ(e[i].level, 1);
		if (e[i].gva == VA) {
			CHECK_EQ(e[i].gpa, 5 << 12);
			CHECK_EQ(flags, SPT_E_LEAF | SPT_E_WRITE | SPT_E_USER | SPT_E_DIRTY);
		} else if (e[i].gva == VA2) {
			CHECK_EQ(e[i].gpa, 6 << 12);
			CHECK_EQ(flags, SPT_E_LEAF | SPT_E_USER | SPT_E_DIRTY | SPT_E_GLOBAL |
				 SPT_E_WP_DIRTY);
		} else if (e[i].gva == LARGE + 0x5000) {
			CHECK_EQ(e[i].gpa, (GUEST_LARGE_GFN + 5) << 12);
			CHECK_EQ(flags, SPT_E_LEAF | SPT_E_USER | SPT_E_DIRTY | SPT_E_NX |
						SPT_E_DIRECT | SPT_E_WP_DIRTY);
		} else {
			CHECK_EQ(e[i].gva, HIGH);
			CHECK_EQ(e[i].gpa, 7 << 12);
			CHECK_EQ(flags, SPT_E_LEAF | SPT_E_DIRTY);
		}
	}
	CHECK_EQ(leaves, 4);
	stop();
}

static void upper_entries_name_the_guests_table(void)
{
	struct spt_entry e[64];
	u32 n, checked = 0;

	start(&spt_trap);
	n = spt_tables_list(&guest.cpu, e, 64);
	for (u32 i = 0; i < n; i++) {
		if (e[i].level == 1 || e[i].gva == LARGE || (e[i].gva >= HIGH))
			continue;
		CHECK_EQ(e[i].gpa, *guest_entry(&guest, VA, e[i].level) & PT_ADDR);
		checked++;
	}
	CHECK(checked >= 1, "nothing was checked");
	stop();
}

static void what_does_not_fit_is_counted_not_written(void)
{
	struct spt_entry e[4];

	start(&spt_vtlb);
	memset(e, 0xa5, sizeof(e));
	CHECK_EQ(spt_tables_list(&guest.cpu, e, 3), 11);
	CHECK_EQ(e[3].gva, 0xa5a5a5a5a5a5a5a5);
	CHECK_EQ(spt_tables_list(&guest.cpu, NULL, 0), 11);
	spt_zap_all(&guest.mmu, &guest.cpu);
	CHECK_EQ(spt_tables_list(&guest.cpu, e, 4), 0);
	stop();
}

/* --- the audit --- */

/* Do @damage to a sound guest: the audit must complain. Once more undoes it. */
static void audit_finds(const struct spt_strategy *strategy, void (*damage)(void))
{
	start(strategy);
	damage();
	shim_quiet = 1;
	CHECK(spt_audit(&guest.cpu) > 0, "nothing was found");
	shim_quiet = 0;
	damage();
	CHECK_EQ(spt_audit(&guest.cpu), 0);
	stop();
}

static void flip(u64 *p, u64 bits)
{
	*p ^= bits;
}

static void guest_unmaps_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_P);
}

static void guest_moves_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), 1 << 13);
}

static void guest_forbids_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_W);
}

static void guest_takes_user_away_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_U);
}

static void guest_forbids_fetches_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_NX);
}

static void guest_unmaps_a_table_unseen(void)
{
	flip(guest_entry(&guest, VA, 2), G_P);
}

static void guest_forbids_above_unseen(void)
{
	flip(guest_entry(&guest, VA, 3), G_W);
}

static void guest_moves_a_table_unseen(void)
{
	flip(guest_entry(&guest, VA, 2), 1 << 17);
}

static void audit_finds_broken_i1(void)
{
	audit_finds(&spt_trap, guest_unmaps_unseen);
	audit_finds(&spt_trap, guest_moves_unseen);
	audit_finds(&spt_trap, guest_forbids_unseen);
	audit_finds(&spt_trap, guest_takes_user_away_unseen);
	audit_finds(&spt_trap, guest_forbids_fetches_unseen);
	audit_finds(&spt_trap, guest_unmaps_a_table_unseen);
	audit_finds(&spt_trap, guest_forbids_above_unseen);
	audit_finds(&spt_trap, guest_moves_a_table_unseen);
}

/* Under vtlb all that is no damage: the guest has not flushed. */
static void audit_lets_a_tlb_be_stale(void)
{
	start(&spt_vtlb);
	guest_unmaps_unseen();
	guest_moves_a_table_unseen();
	CHECK_EQ(spt_audit(&guest.cpu), 0);
	stop();
}

static void spte_moves_off_its_rmap(void)
{
	flip(guest_spte(&guest, VA), 1 << 12);
}

static void wrong_count(void)
{
	spt_page_of(guest_spte(&guest, VA))->present ^= 1;
}

static void wrong_count_of_globals(void)
{
	flip(guest_spte(&guest, VA), SPTE_GLOBAL);
}

static void audit_finds_broken_i2(void)
{
	audit_finds(&spt_trap, spte_moves_off_its_rmap);
	audit_finds(&spt_vtlb, spte_moves_off_its_rmap);
	audit_finds(&spt_trap, wrong_count);
	audit_finds(&spt_vtlb, wrong_count_of_globals);
}

static void a_table_is_mapped_writable(void)
{
	guest_frame(&guest, 5)->shadowed ^= 1;
}

static void audit_finds_broken_i3(void)
{
	audit_finds(&spt_trap, a_table_is_mapped_writable);
}

static void guest_clears_a_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_A);
}

static void guest_clears_d_unseen(void)
{
	flip(guest_entry(&guest, VA, 1), G_D);
}

static void guest_clears_a_above_unseen(void)
{
	flip(guest_entry(&guest, VA, 4), G_A);
}

static void audit_finds_broken_i4(void)
{
	audit_finds(&spt_trap, guest_clears_a_unseen);
	audit_finds(&spt_trap, guest_clears_d_unseen);
	audit_finds(&spt_trap, guest_clears_a_above_unseen);
}

static void a_right_goes_without_a_flush(void)
{
	flip(guest_spte(&guest, VA), PT_WRITABLE);
}

static void user_goes_without_a_flush(void)
{
	flip(guest_spte(&guest, VA), PT_USER);
}

static void nx_comes_without_a_flush(void)
{
	flip(guest_spte(&guest, VA), PT_NX);
}

static void audit_finds_broken_i5(void)
{
	audit_finds(&spt_vtlb, a_right_goes_without_a_flush);
	audit_finds(&spt_vtlb, user_goes_without_a_flush);
	audit_finds(&spt_vtlb, nx_comes_without_a_flush);

	/* A flush that is owed settles it. */
	start(&spt_vtlb);
	a_right_goes_without_a_flush();
	guest.mmu.flush_owed = true;
	CHECK_EQ(spt_audit(&guest.cpu), 0);
	stop();
}

static void pages_miscounted(void)
{
	guest.mmu.pages ^= 1;
}

static void audit_finds_lost_pages(void)
{
	audit_finds(&spt_vtlb, pages_miscounted);
}

int main(void)
{
	RUN(entries_come_in_order_upper_before_lower);
	RUN(entries_say_where_they_lead_and_why);
	RUN(upper_entries_name_the_guests_table);
	RUN(what_does_not_fit_is_counted_not_written);
	RUN(audit_finds_broken_i1);
	RUN(audit_lets_a_tlb_be_stale);
	RUN(audit_finds_broken_i2);
	RUN(audit_finds_broken_i3);
	RUN(audit_finds_broken_i4);
	RUN(audit_finds_broken_i5);
	RUN(audit_finds_lost_pages);
	return tap_done();
}
