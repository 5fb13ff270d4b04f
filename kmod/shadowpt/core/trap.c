// SPDX-License-Identifier: GPL-2.0
/*
 * Strategy "trap": shadow pages are cached and always true.
 *
 * A shadow page stands for one guest table (and role) and outlives CR3 loads.
 * For that the guest's table is made read-only wherever it is mapped (I3);
 * each write to it traps, is emulated, and carried into the shadow at once.
 * A load of a known CR3 finds its root in the cache, and INVLPG has nothing to
 * do. Dear for a guest that rewrites tables in bulk, so a table that is written
 * again and again while its shadow is not used ("flooded") is let go.
 *
 *	guest writes to a table --> #PF --> emulate --> guest_wrote --> sync_entry
 *	                                       |
 *	                                       +-- unknown instruction --> spt_unshadow
 *	                                       +-- that needs the table --> unsync
 *
 * The last: an instruction we cannot emulate may write to a table through which
 * it is itself fetched or addressed. Dropping the shadow of that table does not
 * help, for the instruction brings it back. So the table is made writable with
 * its shadow in place ("unsync"), which is as stale as a TLB may be, and
 * brought in line when the guest flushes.
 */
#include <linux/compiler.h>

#include "spt.h"
#include "../trace.h"

/* So many writes without a sign of use, and the table is let go. */
#define TRAP_FLOOD	3

/*
 * Make a frame read-only in every shadow mapping of it (I3).
 * The writes it saves from going unseen start as soon as the flush is done.
 */
static void write_protect(struct spt_mmu *mmu, struct spt_frame *frame)
{
	struct hlist_node *link;

	hlist_for_each(link, &frame->rmap) {
		struct spt_page *sp = spt_page_of(link);
		int index = link - sp->link;
		u64 spte = sp->spte[index];

		if (spte & PT_WRITABLE)
			spte_write(mmu, sp, index, (spte & ~PT_WRITABLE) | SPTE_WP_TRAP, frame);
	}
}

static void mark_unsync(struct spt_mmu *mmu, struct spt_page *sp)
{
	if (sp->unsync)
		return;
	sp->unsync = true;
	mmu->unsync_pages++;
}

static struct spt_page *get_page(struct spt_mmu *mmu, gfn_t gfn, union spt_role role)
{
	struct spt_page *sp = spt_hash_find(mmu, gfn, role);
	struct spt_frame *frame = NULL;

	if (sp)
		return sp;
	if (!role.direct) {
		frame = spt_frame(mmu, gfn);
		if (!frame)
			return NULL;
	}
	sp = spt_page_alloc(mmu, gfn, role);
	if (!sp)
		return NULL;
	spt_hash_add(mmu, sp, frame);
	if (frame && frame->unsync)
		mark_unsync(mmu, sp);
	else if (frame)
		write_protect(mmu, frame);
	return sp;
}

/*
 * A CR3 that points to no memory still needs a root for the CPU to fault on.
 * It stands for no table, so it is "direct" and maps nothing.
 */
static struct spt_page *trap_root(struct spt_cpu *cpu)
{
	gfn_t gfn = (cpu->cr3 & PT_ADDR) >> SPT_PAGE_SHIFT;
	union spt_role role = spt_base_role(cpu);
	struct spt_page *sp;
	u32 pages = cpu->mmu->pages;

	role.level = SPT_ROOT_LEVEL;
	role.access = ACC_ALL;
	role.direct = !spt_frame(cpu->mmu, gfn);
	sp = get_page(cpu->mmu, gfn, role);
	if (sp)
		spt_count(cpu->mmu, cpu->mmu->pages == pages ? SPT_EV_ROOT_HIT : SPT_EV_ROOT_MISS);
	return sp;
}

static struct spt_page *trap_child(struct spt_mmu *mmu, struct spt_page *parent, int index,
				   gfn_t gfn, union spt_role role)
{
	return get_page(mmu, gfn, role);
}

/* The tables on the way to this leaf are in use: not flooded. */
static void trap_leaf_filled(struct spt_cpu *cpu, const struct spt_walk *walk)
{
	struct spt_page *sp = cpu->root;
	int level;

	for (level = SPT_ROOT_LEVEL; ; level--) {
		sp->flood = 0;
		if (level == 1)
			break;
		sp = spte_child(sp->spte[spt_index(walk->gva, level)]);
	}
}

/* What a leaf entry of a level-1 shadow page must be, now that its guest entry is @gpte. */
static u64 leaf_for(struct spt_cpu *cpu, struct spt_page *sp, u64 gpte, struct spt_frame **frame)
{
	/* lab 02 step 6 begin: the leaf follows the guest's entry; skeleton: return 0; */
	if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))
		return 0;
	if (gpte_reserved(cpu, sp->role.nxe, gpte, 1))
		return 0;
	*frame = spt_frame(cpu->mmu, (gpte & PT_ADDR) >> SPT_PAGE_SHIFT);
	if (!*frame)
		return 0;
	/* A stays clear: if the CPU sets it, the entry made here was of use. */
	return spte_make_leaf(*frame, gpte, sp->role.access & gpte_access(gpte)) & ~PT_ACCESSED;
	/* lab 02 step 6 end */
}

/* Does an upper spte still stand for the guest entry @gpte? */
static bool table_still_true(struct spt_cpu *cpu, struct spt_page *sp, u64 spte, u64 gpte)
{
	struct spt_page *child = spte_child(spte);
	u32 access = sp->role.access & gpte_access(gpte);
	int level = sp->role.level;

	if (!(gpte & PT_PRESENT) || !(gpte & PT_ACCESSED))
		return false;
	if (gpte_reserved(cpu, sp->role.nxe, gpte, level))
		return false;
	if (child->role.direct != gpte_is_leaf(gpte, level))
		return false;
	if (child->role.direct && child->role.clean != !(gpte & PT_DIRTY))
		return false;
	return child->role.access == access &&
	       child->gfn == ((gpte & PT_ADDR) >> SPT_PAGE_SHIFT &
			      (child->role.direct ? ~(spt_level_frames(level) - 1) : ~0ull));
}

/* Bring entry @index of @sp in line with the guest's table. */
static void sync_entry(struct spt_cpu *cpu, struct spt_page *sp, int index)
{
	struct spt_mmu *mmu = cpu->mmu;
	struct spt_frame *table = spt_frame(mmu, sp->gfn);
	u64 gpte = READ_ONCE(((u64 *)table->kva)[index]);
	struct spt_frame *frame = NULL;
	u64 old = sp->spte[index];
	u64 spte = 0;

	if (sp->role.level == 1)
		spte = leaf_for(cpu, sp, gpte, &frame);
	else if ((old & PT_PRESENT) && table_still_true(cpu, sp, old, gpte))
		spte = old;

	if (!((spte ^ old) & ~PT_ACCESSED))
		return;
	spt_count(mmu, SPT_EV_SYNC);
	trace_spt_sync(sp->gfn, sp->role.level, index, old, spte);
	spte_write(mmu, sp, index, spte, frame);
}

/*
 * Is the table being rewritten without being used? A sign of use is a fill
 * through it (trap_leaf_filled), or that the CPU has set A in the entry that
 * the last write made.
 */
static void note_write(struct spt_page *sp, int index)
{
	if (sp->spte[sp->last_write] & PT_ACCESSED)
		sp->flood = 0;
	sp->last_write = index;
	sp->flood++;
}

static void trap_guest_wrote(struct spt_cpu *cpu, gpa_t gpa, unsigned int len)
{
	gfn_t gfn = gpa >> SPT_PAGE_SHIFT;
	int first = (gpa & (SPT_PAGE_SIZE - 1)) / sizeof(u64);
	int last = ((gpa & (SPT_PAGE_SIZE - 1)) + len - 1) / sizeof(u64);
	struct hlist_head *head = spt_hash_head(cpu->mmu, gfn);
	struct hlist_node *next;
	struct spt_page *sp;
	int i;

	spt_count(cpu->mmu, SPT_EV_PT_EMULATED);
	trace_spt_pt_write(gpa, len, true);

	/* Here a page is hashed for as long as it lives, so zapping one spares the next. */
	hlist_for_each_entry_safe(sp, next, head, hash) {
		if (sp->gfn != gfn || sp->role.direct)
			continue;
		note_write(sp, first);
		if (sp->flood > TRAP_FLOOD && !sp->is_root) {
			spt_page_zap(cpu->mmu, sp);
			continue;
		}
		for (i = first; i <= last; i++)
			sync_entry(cpu, sp, i);
	}
}

/* Bring what was left unsync in line, and watch those tables again. */
static void resync(struct spt_cpu *cpu)
{
	struct spt_mmu *mmu = cpu->mmu;
	struct spt_frame *frame;
	struct spt_page *sp;
	int i;

	if (!mmu->unsync_pages)
		return;
	/* Syncing drops no page, so the list holds still. */
	list_for_each_entry(sp, &mmu->lru, lru) {
		if (!sp->unsync)
			continue;
		sp->unsync = false;
		mmu->unsync_pages--;
		frame = spt_frame(mmu, sp->gfn);
		if (frame->unsync) {
			frame->unsync = false;
			write_protect(mmu, frame);
		}
		for (i = 0; i < SPT_ENTRIES; i++)
			sync_entry(cpu, sp, i);
	}
}

static void trap_unsync(struct spt_cpu *cpu, gfn_t gfn)
{
	struct spt_page *sp;

	spt_frame(cpu->mmu, gfn)->unsync = true;
	hlist_for_each_entry(sp, spt_hash_head(cpu->mmu, gfn), hash)
		if (sp->gfn == gfn && !sp->role.direct)
			mark_unsync(cpu->mmu, sp);
}

/* The shadow is true; but another CR3 or mode is another root. */
static void trap_drop_root(struct spt_cpu *cpu)
{
	resync(cpu);
	if (!cpu->root)
		return;
	cpu->root->is_root = false;
	cpu->root = NULL;
}

static void trap_invlpg(struct spt_cpu *cpu, gva_t gva)
{
	resync(cpu);
}

static void trap_flush_all(struct spt_cpu *cpu)
{
	resync(cpu);
}

const struct spt_strategy spt_trap = {
	.id = SPT_STRATEGY_TRAP,
	.name = "trap",
	.root = trap_root,
	.child = trap_child,
	.leaf_filled = trap_leaf_filled,
	.load_cr3 = trap_drop_root,
	.invlpg = trap_invlpg,
	.flush_all = trap_flush_all,
	.mode_changed = trap_drop_root,
	.guest_wrote = trap_guest_wrote,
	.unsync = trap_unsync,
};
