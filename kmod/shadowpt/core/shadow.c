// SPDX-License-Identifier: GPL-2.0
/*
 * The shadow tables: making and dropping them, and the one function through
 * which every shadow entry changes. What the strategies have in common is
 * here; where they differ is vtlb.c and trap.c.
 *
 * A shadow page lives from spt_page_alloc() to spt_page_zap(). It may go at
 * any time (I6), except while it is the root in use.
 */
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "spt.h"
#include "../trace.h"

/* Upper sptes allow everything: the rights of the path are in the role. */
#define SPTE_TABLE	(PT_PRESENT | PT_WRITABLE | PT_USER | PT_ACCESSED)

static const struct spt_strategy *const spt_strategies[] = { &spt_vtlb, &spt_trap };

/**
 * spt_strategy_by_id - find a strategy by number
 * @id: enum spt_strategy_id
 *
 * Returns the strategy, or NULL.
 */
const struct spt_strategy *spt_strategy_by_id(u32 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spt_strategies); i++)
		if (spt_strategies[i]->id == id)
			return spt_strategies[i];
	return NULL;
}

/**
 * spt_strategy_by_name - find a strategy by name
 * @name: for example "vtlb"
 *
 * Returns the strategy, or NULL.
 */
const struct spt_strategy *spt_strategy_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spt_strategies); i++)
		if (!strcmp(spt_strategies[i]->name, name))
			return spt_strategies[i];
	return NULL;
}

/**
 * spt_base_role - the part of every role that the vCPU's mode decides
 * @cpu: vCPU
 *
 * Returns a role with @level, @direct and @access still to be set.
 */
union spt_role spt_base_role(const struct spt_cpu *cpu)
{
	bool nowp = !(cpu->cr0 & CR0_WP_BIT);
	union spt_role role = { .word = 0 };

	role.wp = !nowp;
	role.nxe = !!(cpu->efer & EFER_NXE_BIT);
	role.smep_nowp = nowp && (cpu->cr4 & CR4_SMEP_BIT);
	role.smap_nowp = nowp && (cpu->cr4 & CR4_SMAP_BIT);
	return role;
}

/* --- the life of a shadow page --- */

/**
 * spt_page_alloc - make an empty shadow page
 * @mmu: the VM's
 * @gfn: the guest table it will stand for, or first frame it will map
 * @role: its role
 *
 * The caller links it below a parent, hashes it, or makes it the root.
 *
 * Returns the page, or NULL if out of memory.
 */
struct spt_page *spt_page_alloc(struct spt_mmu *mmu, gfn_t gfn, union spt_role role)
{
	struct spt_page *sp;

	BUILD_BUG_ON(sizeof(*sp) > SPT_BLOCK_BYTES);

	sp = (struct spt_page *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, SPT_PAGE_ORDER);
	if (!sp)
		return NULL;
	if (mmu->audit) {
		sp->seen = kzalloc(SPT_PAGE_SIZE, GFP_KERNEL_ACCOUNT);
		if (!sp->seen) {
			free_pages((unsigned long)sp, SPT_PAGE_ORDER);
			return NULL;
		}
	}
	sp->gfn = gfn;
	sp->role = role;
	INIT_HLIST_NODE(&sp->hash);
	INIT_HLIST_HEAD(&sp->parents);
	list_add_tail(&sp->lru, &mmu->lru);
	if (++mmu->pages > mmu->pages_peak)
		mmu->pages_peak = mmu->pages;
	return sp;
}

/**
 * spt_hash_head - the hash chain for a gfn
 * @mmu: the VM's
 * @gfn: guest frame number
 *
 * Returns the chain; other gfns may be on it too.
 */
struct hlist_head *spt_hash_head(struct spt_mmu *mmu, gfn_t gfn)
{
	return &mmu->hash[hash_64(gfn, SPT_HASH_BITS)];
}

/**
 * spt_hash_find - find the shadow page for a gfn and role
 * @mmu: the VM's
 * @gfn: guest frame number
 * @role: the whole role must match
 *
 * Returns the page, or NULL.
 */
struct spt_page *spt_hash_find(struct spt_mmu *mmu, gfn_t gfn, union spt_role role)
{
	struct spt_page *sp;

	hlist_for_each_entry(sp, spt_hash_head(mmu, gfn), hash) {
		if (sp->gfn == gfn && sp->role.word == role.word) {
			list_move_tail(&sp->lru, &mmu->lru);
			return sp;
		}
	}
	return NULL;
}

/**
 * spt_hash_add - let a shadow page be found, and mark its frame as a table
 * @mmu: the VM's
 * @sp: a page that is not hashed
 * @frame: the guest table it stands for; NULL if @sp is direct
 */
void spt_hash_add(struct spt_mmu *mmu, struct spt_page *sp, struct spt_frame *frame)
{
	hlist_add_head(&sp->hash, spt_hash_head(mmu, sp->gfn));
	if (frame)
		frame->shadowed++;
}

static void hash_del(struct spt_mmu *mmu, struct spt_page *sp)
{
	struct spt_frame *frame = spt_frame(mmu, sp->gfn);

	hlist_del_init(&sp->hash);
	if (sp->unsync)
		mmu->unsync_pages--;
	if (!sp->role.direct && !--frame->shadowed)
		frame->unsync = false;
}

/**
 * spt_page_zap - drop a shadow page
 * @mmu: the VM's
 * @sp: page; freed. If it was the root in use, the caller replaces that.
 *
 * Also drops tables below it that nothing else holds.
 */
void spt_page_zap(struct spt_mmu *mmu, struct spt_page *sp)
{
	int i;

	list_del_init(&sp->lru);	/* spte_write() takes this as "being zapped" */
	while (sp->parents.first) {
		struct hlist_node *link = sp->parents.first;
		struct spt_page *parent = spt_page_of(link);

		spte_write(mmu, parent, link - parent->link, 0, NULL);
	}
	for (i = 0; sp->present; i++)
		spte_write(mmu, sp, i, 0, NULL);
	if (!hlist_unhashed(&sp->hash))
		hash_del(mmu, sp);

	mmu->pages--;
	kfree(sp->seen);
	free_pages((unsigned long)sp, SPT_PAGE_ORDER);
}

/*
 * Take back the pages longest unused until a fault's worth is free, so that no
 * page vanishes while a fill is hanging others below it.
 */
static void make_room(struct spt_mmu *mmu)
{
	struct spt_page *sp;

	while (mmu->pages + SPT_ROOT_LEVEL > mmu->pages_max) {
		sp = list_first_entry(&mmu->lru, struct spt_page, lru);
		if (sp->is_root) {
			list_move_tail(&sp->lru, &mmu->lru);
			continue;
		}
		spt_page_zap(mmu, sp);
		spt_count(mmu, SPT_EV_RECLAIM);
	}
}

/* --- the life of a shadow entry --- */

/**
 * spte_child - the shadow page an upper spte points to
 * @spte: present, not a leaf
 *
 * Returns the page.
 */
struct spt_page *spte_child(u64 spte)
{
	return __va(spte & PT_ADDR);
}

/* Would a TLB that still holds @old let something through that @new does not? (I5) */
static bool spte_is_downgrade(u64 old, u64 new)
{
	if (!(old & PT_PRESENT))
		return false;
	if (!(new & PT_PRESENT) || ((old ^ new) & PT_ADDR))
		return true;
	if ((old & ~new) & PT_WRITABLE)
		return true;
	/* With SMEP and SMAP, gaining U loses rights for the supervisor. */
	return (old ^ new) & PT_USER || (new & ~old) & PT_NX;
}

static void spte_unlink(struct spt_mmu *mmu, struct spt_page *sp, int index, u64 spte)
{
	struct spt_page *child;

	hlist_del_init(&sp->link[index]);
	sp->present--;
	if (sp->role.level == 1) {
		sp->globals -= !!(spte & SPTE_GLOBAL);
		return;
	}
	/* A table in no hash, under no parent, is out of reach: it goes too. */
	child = spte_child(spte);
	if (hlist_empty(&child->parents) && hlist_unhashed(&child->hash) &&
	    !child->is_root && !list_empty(&child->lru))
		spt_page_zap(mmu, child);
}

/**
 * spte_write - change a shadow entry
 * @mmu: the VM's
 * @sp: page the entry is in
 * @index: which
 * @spte: its new value
 * @frame: if @spte is a present leaf: the frame it maps
 *
 * The only place where a shadow entry changes. Keeps rmap and parents (I2) and
 * owes the TLB flush (I5).
 */
void spte_write(struct spt_mmu *mmu, struct spt_page *sp, int index, u64 spte,
		struct spt_frame *frame)
{
	u64 old = sp->spte[index];
	bool moved = (old ^ spte) & (PT_ADDR | PT_PRESENT);

	if (old == spte)
		return;

	sp->spte[index] = spte;
	if (spte_is_downgrade(old, spte)) {
		spt_owe_flush(mmu);
		if (!(spte & PT_PRESENT)) {
			spt_count(mmu, SPT_EV_ZAP);
			trace_spt_zap(sp->gfn, sp->role.level, index, old, spte);
		}
	}
	if (!moved) {
		if (sp->role.level == 1)
			sp->globals += !!(spte & SPTE_GLOBAL) - !!(old & SPTE_GLOBAL);
		return;
	}
	if (old & PT_PRESENT)
		spte_unlink(mmu, sp, index, old);
	if (!(spte & PT_PRESENT))
		return;

	sp->present++;
	if (sp->role.level == 1) {
		hlist_add_head(&sp->link[index], &frame->rmap);
		sp->globals += !!(spte & SPTE_GLOBAL);
	} else {
		hlist_add_head(&sp->link[index], &spte_child(spte)->parents);
	}
}

/**
 * spte_make_leaf - the shadow entry for a guest entry
 * @frame: the frame it maps
 * @gpte: the guest's leaf entry; its D and G bits take part
 * @access: ACC_* that all levels of the walk allow together
 *
 * Not writable while guest D is clear: the first write must fault, so that D
 * can be set (I4). Not writable while the frame is a shadowed table: the write
 * must fault, so that the shadow can follow (I3).
 *
 * Returns the spte.
 */
u64 spte_make_leaf(const struct spt_frame *frame, u64 gpte, u32 access)
{
	u64 spte = 0;

	/* lab 02 step 2 begin: one shadow entry */
	spte = __pa(frame->kva) | PT_PRESENT | PT_ACCESSED | PT_DIRTY;
	if (gpte & PT_GLOBAL)
		spte |= SPTE_GLOBAL;
	if (access & ACC_USER)
		spte |= PT_USER;
	if (!(access & ACC_EXEC))
		spte |= PT_NX;
	if (access & ACC_WRITE) {
		if (frame->shadowed && !frame->unsync)
			spte |= SPTE_WP_TRAP;
		else if (!(gpte & PT_DIRTY))
			spte |= SPTE_WP_DIRTY;
		else
			spte |= PT_WRITABLE;
	}
	/* lab 02 step 2 end */
	return spte;
}

/*
 * With CR0.WP=0 a supervisor may write where the entries say read-only. The
 * CPU runs with WP=1, so the spte gets W; and must lose U then, lest the user
 * write there too; and with SMEP it must get NX, since without U the supervisor
 * could execute it. A later user access faults and turns it back.
 */
static u64 spte_allow_wp0(const struct spt_cpu *cpu, u64 spte, u32 access)
{
	spte |= PT_WRITABLE;
	if (access & ACC_USER) {
		spte &= ~PT_USER;
		spte |= SPTE_WP0;
		if (cpu->cr4 & CR4_SMEP_BIT)
			spte |= PT_NX;
	}
	return spte;
}

/* Hang @child below entry @index of @sp, unless it hangs there. */
static void link_child(struct spt_mmu *mmu, struct spt_page *sp, int index,
		       struct spt_page *child)
{
	spte_write(mmu, sp, index, __pa(child) | SPTE_TABLE, NULL);
}

/*
 * What stands below level @level of this walk: the shadow of the guest's next
 * table; or, where the guest's walk ended in a large page, a direct page that
 * splits it.
 */
static gfn_t child_gfn_role(const struct spt_cpu *cpu, const struct spt_walk *walk, int level,
			    union spt_role *role)
{
	*role = spt_base_role(cpu);
	role->level = level - 1;
	if (level > walk->level) {
		role->access = walk->path[level];
		return (walk->entry[level] & PT_ADDR) >> SPT_PAGE_SHIFT;
	}
	/* lab 02 step 4 begin: split a large page; skeleton: return 0; */
	role->direct = 1;
	role->access = walk->access;
	role->clean = !(walk->entry[walk->level] & PT_DIRTY);
	return (walk->gpa >> SPT_PAGE_SHIFT) & ~(spt_level_frames(level) - 1);
	/* lab 02 step 4 end */
}

/*
 * Make the shadow say what @walk found: tables down to level 1, then the leaf.
 * make_room() has run, so no page on the way can be reclaimed.
 */
static enum spt_verdict fill(struct spt_cpu *cpu, const struct spt_walk *walk, u32 want)
{
	struct spt_mmu *mmu = cpu->mmu;
	u64 gpte = walk->entry[walk->level];
	struct spt_page *sp = cpu->root;
	struct spt_frame *frame;
	int level, index;
	u64 old, spte;

	for (level = SPT_ROOT_LEVEL; level > 1; level--) {
		struct spt_page *child;
		union spt_role role;
		gfn_t gfn = child_gfn_role(cpu, walk, level, &role);

		index = spt_index(walk->gva, level);
		child = mmu->strategy->child(mmu, sp, index, gfn, role);
		if (!child)
			return SPT_NOMEM;
		link_child(mmu, sp, index, child);
		sp = child;
	}

	/* Looked up only now: the tables just made may have made it read-only. */
	frame = spt_frame(mmu, walk->gpa >> SPT_PAGE_SHIFT);
	if ((want & PF_WRITE) && frame->shadowed && !frame->unsync) {
		spt_count(mmu, SPT_EV_PT_WRITE);
		return SPT_PT_WRITE;
	}

	if (!(cpu->cr4 & CR4_PGE_BIT))
		gpte &= ~PT_GLOBAL;
	spte = spte_make_leaf(frame, gpte, walk->access);
	if ((want & PF_WRITE) && !(walk->access & ACC_WRITE))
		spte = spte_allow_wp0(cpu, spte, walk->access);

	index = spt_index(walk->gva, 1);
	old = sp->spte[index];
	if ((old | PT_ACCESSED) == spte)
		spt_count(mmu, SPT_EV_SPURIOUS);
	else
		spt_count(mmu, SPT_EV_FILL);
	spte_write(mmu, sp, index, spte, frame);
	trace_spt_fill(walk->gva, walk->gpa, walk->level, want, spte);
	if (mmu->strategy->leaf_filled)
		mmu->strategy->leaf_filled(cpu, walk);
	return SPT_RESUME;
}

/* --- what vcpu.c calls --- */

/**
 * spt_mmu_init - a shadow MMU with no memory
 * @mmu: zeroed
 * @strategy: how to keep the tables true
 * @pages_max: bound on shadow pages, at least SPT_PAGES_MIN
 */
void spt_mmu_init(struct spt_mmu *mmu, const struct spt_strategy *strategy, u32 pages_max)
{
	mmu->strategy = strategy;
	mmu->pages_max = pages_max;
	INIT_LIST_HEAD(&mmu->lru);
}

/**
 * spt_zap_all - drop every shadow page, the root too
 * @mmu: the VM's
 * @cpu: its vCPU; NULL if there is none
 *
 * Needed before guest memory changes. spt_load_root() before the guest runs again.
 */
void spt_zap_all(struct spt_mmu *mmu, struct spt_cpu *cpu)
{
	if (cpu && cpu->root) {
		cpu->root->is_root = false;
		cpu->root = NULL;
	}
	while (!list_empty(&mmu->lru))
		spt_page_zap(mmu, list_first_entry(&mmu->lru, struct spt_page, lru));
	spt_owe_flush(mmu);
}

/**
 * spt_load_root - have a root for the vCPU's CR3 and mode
 * @cpu: vCPU
 *
 * To be called before the guest runs, after CR3 or a mode bit changed, or after
 * the root was dropped. Cheap if there is nothing to do.
 *
 * Returns 0 or -ENOMEM.
 */
int spt_load_root(struct spt_cpu *cpu)
{
	struct spt_page *root;

	if (cpu->root)
		return 0;
	make_room(cpu->mmu);
	root = cpu->mmu->strategy->root(cpu);
	if (!root)
		return -ENOMEM;
	root->is_root = true;
	cpu->root = root;
	spt_owe_flush(cpu->mmu);
	return 0;
}

/**
 * spt_page_fault - deal with a #PF of the guest
 * @cpu: vCPU with a root
 * @gva: CR2
 * @error: the kind of access (PF_ACCESS bits of the error code, PF_SMAP_OK)
 * @walk: filled with the guest walk
 *
 * The error code that the CPU gave speaks of the shadow; only its kind-of-access
 * bits mean anything to the guest. So the guest's tables are asked first.
 *
 * Returns what to do next.
 */
enum spt_verdict spt_page_fault(struct spt_cpu *cpu, gva_t gva, u32 error, struct spt_walk *walk)
{
	struct spt_mmu *mmu = cpu->mmu;
	u32 want = error & (PF_ACCESS | PF_SMAP_OK);
	int ret;

	ret = spt_gwalk(cpu, gva, want, walk);
	if (ret == -EAGAIN)
		return SPT_RESUME;
	if (ret) {
		spt_count(mmu, SPT_EV_GUEST_FAULT);
		return SPT_INJECT;
	}
	if (!spt_frame(mmu, walk->gpa >> SPT_PAGE_SHIFT)) {
		spt_count(mmu, SPT_EV_MMIO);
		return SPT_MMIO;
	}
	/*
	 * A WP=0 write to a user page takes U from the spte, which would switch
	 * SMAP off for it. So it is not mapped but emulated.
	 */
	if ((want & PF_WRITE) && !(walk->access & ACC_WRITE) && (walk->access & ACC_USER) &&
	    (cpu->cr4 & CR4_SMAP_BIT))
		return SPT_EMULATE;

	make_room(mmu);
	return fill(cpu, walk, want);
}

/**
 * spt_unshadow - forget that a frame is a page table, so that it can be written
 * @cpu: vCPU; if its root stands for the frame, it needs a new one
 * @gfn: the frame
 */
void spt_unshadow(struct spt_cpu *cpu, gfn_t gfn)
{
	struct hlist_head *head = spt_hash_head(cpu->mmu, gfn);
	struct spt_page *sp;

again:
	hlist_for_each_entry(sp, head, hash) {
		if (sp->gfn != gfn || sp->role.direct)
			continue;
		if (sp == cpu->root)
			cpu->root = NULL;
		/* May drop others on the chain as well: start over. */
		spt_page_zap(cpu->mmu, sp);
		goto again;
	}
	spt_count(cpu->mmu, SPT_EV_PT_UNSHADOW);
}

/**
 * spt_mmu_destroy - free every shadow page
 * @mmu: the VM's; its slots and frames stay the caller's
 */
void spt_mmu_destroy(struct spt_mmu *mmu)
{
	spt_zap_all(mmu, NULL);
}
