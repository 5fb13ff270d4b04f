// SPDX-License-Identifier: GPL-2.0
/*
 * Strategy "vtlb": the shadow tables are a software TLB, in the shape of a tree.
 *
 * A TLB may be stale until it is told to forget, and that is all this strategy
 * does: entries are filled on faults and dropped when the guest executes INVLPG,
 * loads CR3, or changes a mode. The guest's tables stay writable and nobody
 * watches them. There is one tree; every CR3 load empties it, but for global
 * entries. Simple, right by construction, and dear for a guest that switches
 * address spaces often. APM vol. 2, 5.5.
 */
#include "spt.h"

/* The tree is the CPU's, not any CR3's: once made, the root stays. */
static struct spt_page *vtlb_root(struct spt_cpu *cpu)
{
	union spt_role role = { .word = 0 };

	role.level = SPT_ROOT_LEVEL;
	spt_count(cpu->mmu, SPT_EV_ROOT_MISS);
	return spt_page_alloc(cpu->mmu, 0, role);
}

static struct spt_page *vtlb_child(struct spt_mmu *mmu, struct spt_page *parent, int index,
				   gfn_t gfn, union spt_role role)
{
	struct spt_page *child;

	if (parent->spte[index] & PT_PRESENT)
		child = spte_child(parent->spte[index]);
	else
		child = spt_page_alloc(mmu, gfn, role);
	/* Below a large guest page, INVLPG of one address must drop all its pieces. */
	if (child && role.direct)
		child->large = true;
	return child;
}

/* Drop the non-global leaves below @sp, and tables that end up empty. */
static void drop_local(struct spt_mmu *mmu, struct spt_page *sp)
{
	int i;

	for (i = 0; i < SPT_ENTRIES; i++) {
		struct spt_page *child;

		if (!(sp->spte[i] & PT_PRESENT))
			continue;
		if (sp->role.level == 1) {
			if (!(sp->spte[i] & SPTE_GLOBAL))
				spte_write(mmu, sp, i, 0, NULL);
			continue;
		}
		child = spte_child(sp->spte[i]);
		if (child->role.level > 1 || child->globals)
			drop_local(mmu, child);
		if (child->role.level > 1 ? !child->present : !child->globals)
			spte_write(mmu, sp, i, 0, NULL);
	}
}

static void vtlb_load_cr3(struct spt_cpu *cpu)
{
	if (cpu->root)
		drop_local(cpu->mmu, cpu->root);
}

static void vtlb_invlpg(struct spt_cpu *cpu, gva_t gva)
{
	/* lab 02 step 5 begin: forget one address */
	struct spt_page *sp = cpu->root;
	int level, i;

	if (!sp)
		return;
	for (level = SPT_ROOT_LEVEL; level > 1; level--) {
		u64 spte = sp->spte[spt_index(gva, level)];

		if (!(spte & PT_PRESENT))
			return;
		if (spte_child(spte)->large) {
			spte_write(cpu->mmu, sp, spt_index(gva, level), 0, NULL);
			return;
		}
		sp = spte_child(spte);
	}
	i = spt_index(gva, 1);
	spte_write(cpu->mmu, sp, i, 0, NULL);
	/* lab 02 step 5 end */
}

static void vtlb_flush_all(struct spt_cpu *cpu)
{
	int i;

	if (!cpu->root)
		return;
	for (i = 0; i < SPT_ENTRIES; i++)
		spte_write(cpu->mmu, cpu->root, i, 0, NULL);
}

const struct spt_strategy spt_vtlb = {
	.id = SPT_STRATEGY_VTLB,
	.name = "vtlb",
	.root = vtlb_root,
	.child = vtlb_child,
	.load_cr3 = vtlb_load_cr3,
	.invlpg = vtlb_invlpg,
	.flush_all = vtlb_flush_all,
	/* Sptes were made under the old mode's rules; no role keeps them apart. */
	.mode_changed = vtlb_flush_all,
};
