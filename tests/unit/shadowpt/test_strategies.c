// SPDX-License-Identifier: GPL-2.0
/*
 * Rules of the strategies that a random guest cannot see fail: what must stay
 * cached, what must be let go, and what it costs in faults.
 */
#include "tap.h"

#include <linux/gfp.h>

#include "small_guest.h"

#define VA	0x40201003000ul
#define VA2	0x40201004000ul		/* the same tables, next entry */
#define LARGE	0x40200000000ul		/* 2 MiB aligned, another level 2 entry than VA's */
#define HUGE	0x40280000000ul		/* 1 GiB aligned */

static struct small_guest guest;
static unsigned long live;	/* allocations before the test: a failed one leaves some */

static void start(const struct spt_strategy *strategy)
{
	live = shim_live;
	shim_fail_in = 0;
	guest_start(&guest, strategy);
	guest_map(&guest, VA, 5 << 12 | G_ALL, 1);
	guest_map(&guest, VA2, 6 << 12 | G_ALL, 1);
}

static void stop(void)
{
	CHECK_EQ(spt_audit(&guest.cpu), 0);
	guest_stop(&guest);
	CHECK_EQ(shim_live, live);
}

/* How many faults does it take to touch @va? It must be allowed in the end. */
static int faults(gva_t va, u32 access)
{
	enum spt_verdict last;
	int n = guest_touch(&guest, va, access, &last);

	CHECK(last == SPT_RESUME, "va 0x%lx: verdict %d", va, last);
	return n;
}

static enum spt_verdict verdict(gva_t va, u32 access)
{
	enum spt_verdict last;

	guest_touch(&guest, va, access, &last);
	return last;
}

static void load_cr3(uint64_t cr3)
{
	guest.cpu.cr3 = cr3;
	guest.mmu.strategy->load_cr3(&guest.cpu);
}

/* The guest writes its own entry; trapped if the table is shadowed. */
static void write_entry(gva_t va, int level, uint64_t value)
{
	u64 *e = guest_entry(&guest, va, level);

	CHECK_EQ(spt_phys_write(&guest.cpu, (uint8_t *)e - guest.ram, &value, 8), 0);
}

static gfn_t table_gfn(gva_t va, int level)
{
	return ((uint8_t *)guest_entry(&guest, va, level) - guest.ram) >> 12;
}

/* --- both --- */

static void a_page_costs_one_fault(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		CHECK_EQ(faults(VA, 0), 1);
		CHECK_EQ(faults(VA, PF_USER), 0);
		CHECK_EQ(faults(VA2, 0), 1);
		CHECK_EQ(guest.mmu.events[SPT_EV_FILL], 2);
		stop();
	}
}

static void the_first_write_to_a_clean_page_faults_and_sets_dirty(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		CHECK_EQ(faults(VA, 0), 1);
		CHECK_EQ(*guest_entry(&guest, VA, 1), 5 << 12 | G_ALL | G_A);
		CHECK(*guest_spte(&guest, VA) & SPTE_WP_DIRTY, "no mark of why it is read-only");
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		CHECK_EQ(*guest_entry(&guest, VA, 1), 5 << 12 | G_ALL | G_A | G_D);
		CHECK_EQ(faults(VA, PF_WRITE), 0);
		/* A write to begin with needs only one. */
		CHECK_EQ(faults(VA2, PF_WRITE), 1);
		CHECK_EQ(faults(VA2, PF_WRITE), 0);
		stop();
	}
}

/* CR0.WP=0: the supervisor writes to the user's read-only page, the user still may not. */
static void wp0_takes_user_away_and_gives_it_back(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		*guest_entry(&guest, VA, 1) &= ~G_W;
		guest.cpu.cr0 &= ~CR0_WP_BIT;
		CHECK_EQ(faults(VA, PF_USER), 1);
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		CHECK(*guest_spte(&guest, VA) & SPTE_WP0, "no mark of why it is not the user's");
		CHECK_EQ(faults(VA, PF_WRITE), 0);
		CHECK_EQ(faults(VA, PF_USER), 1);
		CHECK_EQ(verdict(VA, PF_USER | PF_WRITE), SPT_INJECT);
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		/* With SMEP the supervisor must not execute what has lost its U. */
		guest.cpu.cr4 |= CR4_SMEP_BIT;
		guest.mmu.strategy->mode_changed(&guest.cpu);
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		CHECK_EQ(verdict(VA, PF_FETCH), SPT_INJECT);
		CHECK_EQ(faults(VA, PF_USER | PF_FETCH), 1);
		stop();
	}
}

/* The same, with SMAP: no spte can say it. */
static void wp0_with_smap_is_emulated(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		*guest_entry(&guest, VA, 1) &= ~G_W;
		guest.cpu.cr0 &= ~CR0_WP_BIT;
		guest.cpu.cr4 |= CR4_SMAP_BIT;
		CHECK_EQ(verdict(VA, PF_WRITE), SPT_INJECT);
		CHECK_EQ(verdict(VA, PF_WRITE | PF_SMAP_OK), SPT_EMULATE);
		CHECK_EQ(faults(VA, PF_SMAP_OK), 1);
		CHECK_EQ(verdict(VA, 0), SPT_INJECT);
		stop();
	}
}

static void no_memory_means_mmio(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		*guest_entry(&guest, VA, 1) = 0xfee00000 | G_ALL;
		CHECK_EQ(verdict(VA, 0), SPT_MMIO);
		CHECK_EQ(verdict(VA, PF_WRITE), SPT_MMIO);
		CHECK(!guest_spte(&guest, VA) || !*guest_spte(&guest, VA), "a spte for no memory");
		stop();
	}
}

/* A shadow page allocation fails: the guest loses nothing but time. */
static void out_of_memory_is_survived(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		for (unsigned long n = 1; n <= 4; n++) {
			spt_zap_all(&guest.mmu, &guest.cpu);
			shim_fail_in = n;
			CHECK_EQ(verdict(VA, PF_WRITE), SPT_NOMEM);
			CHECK_EQ(shim_fail_in, 0);
			CHECK_EQ(spt_audit(&guest.cpu), 0);
		}
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		stop();
	}
}

static void the_bound_on_shadow_pages_holds(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		start(both[i]);
		guest.mmu.pages_max = SPT_PAGES_MIN;
		/* Nine 2 MiB apart need a table each, and upper ones. */
		for (uint64_t n = 0; n < 9; n++)
			guest_map(&guest, n << 39, 7 << 12 | G_ALL, 1);
		for (int round = 0; round < 3; round++) {
			for (uint64_t n = 0; n < 9; n++) {
				faults(n << 39, 0);
				CHECK(guest.mmu.pages <= SPT_PAGES_MIN, "%u pages",
				      guest.mmu.pages);
			}
		}
		CHECK(guest.mmu.events[SPT_EV_RECLAIM], "nothing was reclaimed");
		CHECK(guest.mmu.pages_peak <= SPT_PAGES_MIN, "%u pages", guest.mmu.pages_peak);
		stop();
	}
}

/* --- vtlb --- */

static void vtlb_global_pages_outlive_a_cr3_load(void)
{
	start(&spt_vtlb);
	*guest_entry(&guest, VA, 1) |= G_G;
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(faults(VA2, 0), 1);
	load_cr3(guest.cpu.cr3);
	CHECK_EQ(faults(VA, 0), 0);
	CHECK_EQ(faults(VA2, 0), 1);
	guest.mmu.strategy->flush_all(&guest.cpu);
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

static void vtlb_without_pge_nothing_is_global(void)
{
	start(&spt_vtlb);
	guest.cpu.cr4 &= ~CR4_PGE_BIT;
	*guest_entry(&guest, VA, 1) |= G_G;
	CHECK_EQ(faults(VA, 0), 1);
	load_cr3(guest.cpu.cr3);
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

/* A page refilled with another G than before is counted right, and dropped or kept so. */
static void vtlb_a_refill_can_change_what_is_global(void)
{
	start(&spt_vtlb);
	CHECK_EQ(faults(VA, 0), 1);
	*guest_entry(&guest, VA, 1) |= G_G;
	CHECK_EQ(faults(VA, PF_WRITE), 1);
	load_cr3(guest.cpu.cr3);
	CHECK_EQ(faults(VA, PF_WRITE), 0);
	stop();
}

static void vtlb_invlpg_forgets_one_page_only(void)
{
	start(&spt_vtlb);
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(faults(VA2, 0), 1);
	guest.mmu.flush_owed = false;
	guest.mmu.strategy->invlpg(&guest.cpu, VA | 0x777);
	CHECK(guest.mmu.flush_owed, "no flush is owed");
	CHECK_EQ(faults(VA2, 0), 0);
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

static void vtlb_invlpg_forgets_all_of_a_large_page(void)
{
	start(&spt_vtlb);
	guest_map(&guest, LARGE, GUEST_LARGE_GFN << 12 | G_ALL | G_PS, 2);
	guest_map(&guest, HUGE, GUEST_LARGE_GFN << 12 | G_ALL | G_PS, 3);
	for (int n = 0; n < 3; n++) {
		CHECK_EQ(faults(LARGE + n * 4096, 0), 1);
		CHECK_EQ(faults(HUGE + n * 4096, 0), 1);
	}
	guest.mmu.strategy->invlpg(&guest.cpu, LARGE + 0x1ff000);
	guest.mmu.strategy->invlpg(&guest.cpu, HUGE + 0x3ffff000);
	for (int n = 0; n < 3; n++) {
		CHECK_EQ(faults(LARGE + n * 4096, 0), 1);
		CHECK_EQ(faults(HUGE + n * 4096, 0), 1);
	}
	stop();
}

/* Guest tables stay writable: that is what makes this strategy simple. */
static void vtlb_does_not_watch_tables(void)
{
	start(&spt_vtlb);
	*guest_entry(&guest, VA2, 1) = table_gfn(VA, 1) << 12 | G_ALL;
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(faults(VA2, PF_WRITE), 1);
	CHECK_EQ(guest.mmu.events[SPT_EV_PT_WRITE], 0);
	stop();
}

/* --- trap --- */

static void trap_a_known_cr3_finds_its_root_again(void)
{
	uint64_t first, other = 60ull << 12;

	start(&spt_trap);
	first = guest.cpu.cr3;
	memcpy(guest_table(&guest, 60), guest_table(&guest, GUEST_ROOT), 4096);
	CHECK_EQ(faults(VA, 0), 1);
	load_cr3(other);
	/* The lower tables are shared, and so are their shadows: only the root is new. */
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(guest.mmu.pages, 5);
	CHECK_EQ(guest.mmu.events[SPT_EV_ROOT_MISS], 2);
	load_cr3(first);
	CHECK_EQ(faults(VA, 0), 0);
	CHECK_EQ(guest.mmu.events[SPT_EV_ROOT_HIT], 1);
	stop();
}

static void change_mode(u64 cr0, u64 cr4, u64 efer)
{
	guest.cpu.cr0 ^= cr0;
	guest.cpu.cr4 ^= cr4;
	guest.cpu.efer ^= efer;
	guest.mmu.strategy->mode_changed(&guest.cpu);
}

/* A spte that one mode made may allow what another forbids: they must not meet. */
static void modes_do_not_share_shadows(void)
{
	const struct spt_strategy *both[] = { &spt_vtlb, &spt_trap };

	for (int i = 0; i < 2; i++) {
		/* WP: the supervisor's write to a read-only page. */
		start(both[i]);
		*guest_entry(&guest, VA, 1) &= ~(G_W | G_U);
		change_mode(CR0_WP_BIT, 0, 0);
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		change_mode(CR0_WP_BIT, 0, 0);
		CHECK_EQ(verdict(VA, PF_WRITE), SPT_INJECT);
		stop();

		/* NXE: without it, NX is a reserved bit. */
		start(both[i]);
		*guest_entry(&guest, VA, 1) |= G_NX;
		CHECK_EQ(faults(VA, 0), 1);
		change_mode(0, 0, EFER_NXE_BIT);
		CHECK_EQ(verdict(VA, 0), SPT_INJECT);
		stop();

		/* SMEP and SMAP, where WP=0 has taken U from the spte. */
		start(both[i]);
		*guest_entry(&guest, VA, 1) &= ~G_W;
		change_mode(CR0_WP_BIT, 0, 0);
		CHECK_EQ(faults(VA, PF_WRITE), 1);
		CHECK_EQ(faults(VA, PF_FETCH), 0);
		change_mode(0, CR4_SMEP_BIT, 0);
		CHECK_EQ(verdict(VA, PF_FETCH), SPT_INJECT);
		change_mode(0, CR4_SMEP_BIT, 0);
		CHECK_EQ(verdict(VA, PF_WRITE), SPT_RESUME);
		change_mode(0, CR4_SMAP_BIT, 0);
		CHECK_EQ(verdict(VA, 0), SPT_INJECT);
		stop();
	}
}

static void trap_a_write_to_a_table_is_trapped(void)
{
	start(&spt_trap);
	*guest_entry(&guest, VA2, 1) = table_gfn(VA, 1) << 12 | G_ALL | G_D;
	/* Mapped writable first, and protected when it becomes a table. */
	guest_map(&guest, LARGE, table_gfn(VA, 2) << 12 | G_ALL, 1);
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(faults(VA2, 0), 1);
	CHECK(*guest_spte(&guest, VA2) & SPTE_WP_TRAP, "no mark of why it is read-only");
	CHECK_EQ(verdict(VA2, PF_WRITE), SPT_PT_WRITE);
	CHECK_EQ(guest.mmu.events[SPT_EV_PT_WRITE], 1);
	stop();
}

static void trap_every_mapping_of_a_new_table_loses_its_w(void)
{
	gfn_t table;

	start(&spt_trap);
	guest_map(&guest, LARGE, 0, 1);
	table = table_gfn(LARGE, 1);
	*guest_entry(&guest, LARGE, 1) = 7 << 12 | G_ALL;
	*guest_entry(&guest, VA, 1) = table << 12 | G_ALL;
	*guest_entry(&guest, VA2, 1) = table << 12 | G_ALL;
	CHECK_EQ(faults(VA, PF_WRITE), 1);
	CHECK_EQ(faults(VA2, PF_WRITE), 1);
	guest.mmu.flush_owed = false;
	CHECK_EQ(faults(LARGE, 0), 1);
	CHECK(!(*guest_spte(&guest, VA) & PT_WRITABLE), "the first mapping");
	CHECK(!(*guest_spte(&guest, VA2) & PT_WRITABLE), "the second mapping");
	stop();
}

/* A trapped write of a used entry is carried over at once: no fault afterwards. */
static void trap_a_carried_write_needs_no_fault(void)
{
	start(&spt_trap);
	CHECK_EQ(faults(VA, 0), 1);
	write_entry(VA, 1, 7 << 12 | G_ALL | G_A | G_D);
	CHECK_EQ(faults(VA, PF_WRITE), 0);
	CHECK_EQ(*guest_spte(&guest, VA) & PT_ADDR, (unsigned long)guest_frame(&guest, 7)->kva);
	CHECK_EQ(guest.mmu.events[SPT_EV_SYNC], 1);
	/* One that is not A yet cannot be: A must not be set by nobody. */
	write_entry(VA, 1, 7 << 12 | G_ALL);
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

/* A write that changes nothing the shadow shows leaves it alone. */
static void trap_a_write_of_ignored_bits_is_not_synced(void)
{
	start(&spt_trap);
	CHECK_EQ(faults(VA, PF_WRITE), 1);
	guest.mmu.flush_owed = false;
	write_entry(VA, 1, *guest_entry(&guest, VA, 1) | 1 << 9);
	write_entry(VA, 2, *guest_entry(&guest, VA, 2) | 1 << 9);
	CHECK_EQ(faults(VA, PF_WRITE), 0);
	CHECK_EQ(guest.mmu.events[SPT_EV_SYNC], 0);
	CHECK(!guest.mmu.flush_owed, "a flush for nothing");
	stop();
}

static void trap_both_entries_of_a_split_write_follow(void)
{
	uint8_t bytes[16];
	gpa_t gpa;

	start(&spt_trap);
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(faults(VA2, 0), 1);
	gpa = (uint8_t *)guest_entry(&guest, VA, 1) - guest.ram;
	memset(bytes, 0, sizeof(bytes));
	CHECK_EQ(spt_phys_write(&guest.cpu, gpa + 4, bytes, 5), 0);
	CHECK_EQ(faults(VA, 0), 0);		/* its upper half was zero already */
	CHECK_EQ(verdict(VA2, 0), SPT_INJECT);	/* P is in the byte that went */
	stop();
}

static void trap_a_table_written_again_and_again_is_let_go(void)
{
	gfn_t table;

	start(&spt_trap);
	CHECK_EQ(faults(VA, 0), 1);
	table = table_gfn(VA, 1);
	for (int n = 0; n < 16 && guest_frame(&guest, table)->shadowed; n++)
		write_entry(VA2, 1, (uint64_t)(n + 8) << 12 | G_ALL);
	CHECK(!guest_frame(&guest, table)->shadowed, "still shadowed after 16 writes without use");
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

static void trap_a_table_in_use_is_kept(void)
{
	gfn_t table;

	start(&spt_trap);
	table = table_gfn(VA, 1);
	for (int n = 0; n < 16; n++) {
		CHECK(faults(VA2, 0) <= 1, "more than one fault");
		write_entry(VA2, 1, (uint64_t)(n + 8) << 12 | G_ALL);
		CHECK(guest_frame(&guest, table)->shadowed, "let go after %d writes, each used", n);
	}
	/* Use can also show in the A bit that the CPU sets in an entry carried over. */
	for (int n = 0; n < 16; n++) {
		write_entry(VA2, 1, (uint64_t)(n + 8) << 12 | G_ALL | G_A);
		CHECK_EQ(faults(VA2, 0), 0);
		CHECK(guest_frame(&guest, table)->shadowed, "let go after %d writes, each used", n);
	}
	stop();
}

/* A fill anywhere in the table is a sign of use, also if not of the entry written last. */
static void trap_a_fill_is_a_sign_of_use(void)
{
	start(&spt_trap);
	for (int n = 0; n < 16; n++)
		guest_map(&guest, VA + 0x10000 + n * 4096, 5 << 12 | G_ALL, 1);
	CHECK_EQ(faults(VA, 0), 1);
	for (int n = 0; n < 16; n++) {
		write_entry(VA2, 1, (uint64_t)(n + 8) << 12 | G_ALL);
		CHECK(guest_frame(&guest, table_gfn(VA, 1))->shadowed, "let go after %d writes", n);
		CHECK_EQ(faults(VA + 0x10000 + n * 4096, 0), 1);
	}
	stop();
}

static void trap_the_root_is_never_let_go(void)
{
	start(&spt_trap);
	CHECK_EQ(faults(VA, 0), 1);
	for (int n = 0; n < 16; n++)
		write_entry(VA ^ 1ul << 45, 4, 0);
	CHECK(guest.cpu.root && guest_frame(&guest, GUEST_ROOT)->shadowed, "the root is gone");
	CHECK_EQ(faults(VA, 0), 0);
	stop();
}

static void trap_unshadow_drops_every_shadow_of_a_frame(void)
{
	gfn_t table;

	start(&spt_trap);
	table = table_gfn(VA, 1);
	/* The same table under two rights, and as root: three shadows. */
	guest_map(&guest, LARGE, 0, 2);
	*guest_entry(&guest, LARGE, 2) = table << 12 | G_P;
	CHECK_EQ(faults(VA, 0), 1);
	faults(LARGE + (VA & 0x1ff000), 0);
	load_cr3(table << 12);
	CHECK_EQ(spt_load_root(&guest.cpu), 0);
	CHECK_EQ(guest_frame(&guest, table)->shadowed, 3);
	spt_unshadow(&guest.cpu, table);
	CHECK_EQ(guest_frame(&guest, table)->shadowed, 0);
	CHECK(!guest.cpu.root, "the root that went is still in use");
	CHECK(guest.mmu.flush_owed, "no flush is owed");
	load_cr3((uint64_t)GUEST_ROOT << 12);
	CHECK_EQ(faults(VA, 0), 1);
	stop();
}

/*
 * A write by an unknown instruction to a table that its own translation goes
 * through: unshadowing brings it back each time, unsync lets it through.
 */
static void trap_unsync_lets_a_table_write_to_itself(void)
{
	gfn_t table;

	start(&spt_trap);
	table = table_gfn(VA, 1);
	*guest_entry(&guest, VA2, 1) = table << 12 | G_ALL;
	CHECK_EQ(faults(VA, 0), 1);
	CHECK_EQ(verdict(VA2, PF_WRITE), SPT_PT_WRITE);
	spt_unshadow(&guest.cpu, table);
	CHECK_EQ(verdict(VA2, PF_WRITE), SPT_PT_WRITE);
	guest.mmu.strategy->unsync(&guest.cpu, table);
	CHECK_EQ(faults(VA2, PF_WRITE), 1);
	CHECK_EQ(faults(VA, 0), 1);
	/* Now the guest writes unseen, and may see the old page until it flushes. */
	*guest_entry(&guest, VA, 1) = 9 << 12 | G_ALL | G_A | G_D;
	CHECK_EQ(faults(VA, 0), 0);
	CHECK_EQ(*guest_spte(&guest, VA) & PT_ADDR, (unsigned long)guest_frame(&guest, 5)->kva);
	guest.mmu.flush_owed = false;
	guest.mmu.strategy->invlpg(&guest.cpu, VA);
	CHECK(guest.mmu.flush_owed, "no flush is owed");
	CHECK_EQ(*guest_spte(&guest, VA) & PT_ADDR, (unsigned long)guest_frame(&guest, 9)->kva);
	CHECK_EQ(verdict(VA2, PF_WRITE), SPT_PT_WRITE);
	stop();
}

static void trap_each_flush_ends_unsync(void)
{
	for (int how = 0; how < 4; how++) {
		gfn_t table;

		start(&spt_trap);
		table = table_gfn(VA, 1);
		CHECK_EQ(faults(VA, 0), 1);
		guest.mmu.strategy->unsync(&guest.cpu, table);
		*guest_entry(&guest, VA, 1) = 0;
		if (how == 0)
			guest.mmu.strategy->invlpg(&guest.cpu, VA);
		else if (how == 1)
			load_cr3(guest.cpu.cr3);
		else if (how == 2)
			guest.mmu.strategy->flush_all(&guest.cpu);
		else
			guest.mmu.strategy->mode_changed(&guest.cpu);
		CHECK(!guest_frame(&guest, table)->unsync && !guest.mmu.unsync_pages, "way %d",
		      how);
		CHECK_EQ(verdict(VA, 0), SPT_INJECT);
		stop();
	}
}

int main(void)
{
	RUN(a_page_costs_one_fault);
	RUN(the_first_write_to_a_clean_page_faults_and_sets_dirty);
	RUN(wp0_takes_user_away_and_gives_it_back);
	RUN(wp0_with_smap_is_emulated);
	RUN(no_memory_means_mmio);
	RUN(out_of_memory_is_survived);
	RUN(the_bound_on_shadow_pages_holds);
	RUN(vtlb_global_pages_outlive_a_cr3_load);
	RUN(vtlb_without_pge_nothing_is_global);
	RUN(vtlb_a_refill_can_change_what_is_global);
	RUN(vtlb_invlpg_forgets_one_page_only);
	RUN(vtlb_invlpg_forgets_all_of_a_large_page);
	RUN(vtlb_does_not_watch_tables);
	RUN(trap_a_known_cr3_finds_its_root_again);
	RUN(modes_do_not_share_shadows);
	RUN(trap_a_write_to_a_table_is_trapped);
	RUN(trap_every_mapping_of_a_new_table_loses_its_w);
	RUN(trap_a_carried_write_needs_no_fault);
	RUN(trap_a_write_of_ignored_bits_is_not_synced);
	RUN(trap_both_entries_of_a_split_write_follow);
	RUN(trap_a_table_written_again_and_again_is_let_go);
	RUN(trap_a_table_in_use_is_kept);
	RUN(trap_a_fill_is_a_sign_of_use);
	RUN(trap_the_root_is_never_let_go);
	RUN(trap_unshadow_drops_every_shadow_of_a_frame);
	RUN(trap_unsync_lets_a_table_write_to_itself);
	RUN(trap_each_flush_ends_unsync);
	return tap_done();
}
