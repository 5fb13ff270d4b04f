// SPDX-License-Identifier: GPL-2.0
/*
 * The shadow tables as a list for people to look at (SPT_GET_TABLES). Guest
 * addresses only: where the host keeps the guest's memory is the host's affair.
 */
#include "spt.h"

struct lister {
	struct spt_mmu *mmu;
	struct spt_entry *entries;
	u32 max;
	u32 count;
};

static u32 entry_flags(const struct spt_page *sp, u64 spte)
{
	u32 flags = 0;

	if (spte & PT_WRITABLE)
		flags |= SPT_E_WRITE;
	if (spte & PT_USER)
		flags |= SPT_E_USER;
	if (spte & PT_NX)
		flags |= SPT_E_NX;
	if (spte & PT_ACCESSED)
		flags |= SPT_E_ACCESSED;
	if (spte & PT_DIRTY)
		flags |= SPT_E_DIRTY;
	if (sp->role.direct || sp->large)
		flags |= SPT_E_DIRECT;
	if (sp->role.level > 1)
		return flags;
	flags |= SPT_E_LEAF;
	if (spte & SPTE_GLOBAL)
		flags |= SPT_E_GLOBAL;
	if (spte & SPTE_WP_TRAP)
		flags |= SPT_E_WP_TRAP;
	if (spte & SPTE_WP_DIRTY)
		flags |= SPT_E_WP_DIRTY;
	if (spte & SPTE_WP0)
		flags |= SPT_E_WP0;
	return flags;
}

static void list_page(struct lister *l, struct spt_page *sp, gva_t gva)
{
	int level = sp->role.level;
	int i;

	for (i = 0; i < SPT_ENTRIES; i++) {
		struct spt_entry e = { .level = level };
		u64 spte = sp->spte[i];

		if (!(spte & PT_PRESENT))
			continue;
		e.gva = gva | (u64)i << (SPT_PAGE_SHIFT + 9 * (level - 1));
		/* Canonical: bit 47 spreads upwards. */
		if (level == SPT_ROOT_LEVEL && i >= SPT_ENTRIES / 2)
			e.gva |= GENMASK_ULL(63, 48);
		e.flags = entry_flags(sp, spte);
		if (level == 1)
			e.gpa = spt_rmap_gfn(l->mmu, &sp->link[i]) << SPT_PAGE_SHIFT;
		else
			e.gpa = spte_child(spte)->gfn << SPT_PAGE_SHIFT;
		if (l->count < l->max)
			l->entries[l->count] = e;
		l->count++;
		if (level > 1)
			list_page(l, spte_child(spte), e.gva);
	}
}

/**
 * spt_tables_list - list the present shadow entries below the vCPU's root
 * @cpu: vCPU; without a root there is nothing to list
 * @entries: where to put them, by address, upper levels before lower
 * @max: how many fit
 *
 * Returns how many there are, which may be more than @max.
 */
u32 spt_tables_list(struct spt_cpu *cpu, struct spt_entry *entries, u32 max)
{
	struct lister l = { .mmu = cpu->mmu, .entries = entries, .max = max };

	if (cpu->root)
		list_page(&l, cpu->root, 0);
	return l.count;
}
