// SPDX-License-Identifier: GPL-2.0
/* See small_guest.h. */
#include <stdlib.h>
#include <string.h>

#include "small_guest.h"

static void plug(struct small_guest *g, struct spt_slot *slot, uint8_t **ram, u32 id, gfn_t base,
		 u64 npages)
{
	*ram = aligned_alloc(4096, npages * 4096);
	memset(*ram, 0, npages * 4096);
	slot->id = id;
	slot->base = base;
	slot->npages = npages;
	slot->frames = calloc(npages, sizeof(*slot->frames));
	for (u64 i = 0; i < npages; i++)
		slot->frames[i].kva = *ram + i * 4096;
	spt_slot_add(&g->mmu, slot);
}

void guest_start(struct small_guest *g, const struct spt_strategy *strategy)
{
	memset(g, 0, sizeof(*g));
	spt_mmu_init(&g->mmu, strategy, 1024);
	plug(g, &g->slot, &g->ram, 0, 0, GUEST_FRAMES);
	plug(g, &g->large, &g->large_ram, 1, GUEST_LARGE_GFN, GUEST_LARGE_FRAMES);
	g->cpu.mmu = &g->mmu;
	g->cpu.cr0 = 0x80000011 | CR0_WP_BIT;
	g->cpu.cr3 = GUEST_ROOT << 12;
	g->cpu.cr4 = 0x20 | CR4_PGE_BIT;
	g->cpu.efer = 0x500 | EFER_NXE_BIT;
	g->cpu.maxphyaddr = 40;
	g->cpu.gbpages = true;
	g->next_table = GUEST_ROOT + 1;
}

void guest_stop(struct small_guest *g)
{
	spt_mmu_destroy(&g->mmu);
	free(g->slot.frames);
	free(g->large.frames);
	free(g->ram);
	free(g->large_ram);
}

struct spt_frame *guest_frame(struct small_guest *g, gfn_t gfn)
{
	return spt_frame(&g->mmu, gfn);
}

u64 *guest_table(struct small_guest *g, gfn_t gfn)
{
	return (u64 *)(g->ram + gfn * 4096);
}

/* The guest's own entry for @va at @level; tables above it must be there. */
u64 *guest_entry(struct small_guest *g, gva_t va, int level)
{
	u64 *table = guest_table(g, g->cpu.cr3 >> 12);

	for (int l = 4; l > level; l--)
		table = guest_table(g, (table[spt_index(va, l)] & PT_ADDR) >> 12);
	return &table[spt_index(va, level)];
}

/* Set the entry for @va at @level, making tables that allow all where there are none. */
void guest_map(struct small_guest *g, gva_t va, u64 entry, int level)
{
	for (int l = 4; l > level; l--) {
		u64 *e = guest_entry(g, va, l);

		if (!(*e & G_P))
			*e = (u64)g->next_table++ << 12 | G_ALL;
	}
	*guest_entry(g, va, level) = entry;
}

/* The leaf spte for @va, or NULL if a table on the way is missing. */
u64 *guest_spte(struct small_guest *g, gva_t va)
{
	struct spt_page *sp = g->cpu.root;

	for (int level = 4; sp && level > 1; level--) {
		u64 spte = sp->spte[spt_index(va, level)];

		sp = spte & PT_PRESENT ? spte_child(spte) : NULL;
	}
	return sp ? &sp->spte[spt_index(va, 1)] : NULL;
}

static bool shadow_allows(struct small_guest *g, gva_t va, u32 access)
{
	u64 *spte = guest_spte(g, va);
	bool user;

	if (!spte || !(*spte & PT_PRESENT))
		return false;
	user = *spte & PT_USER;
	if ((access & PF_WRITE) && !(*spte & PT_WRITABLE))
		return false;
	if ((access & PF_FETCH) && ((*spte & PT_NX) || (user && !(access & PF_USER) &&
							(g->cpu.cr4 & CR4_SMEP_BIT))))
		return false;
	if ((access & PF_USER) && !user)
		return false;
	if (!(access & (PF_USER | PF_FETCH | PF_SMAP_OK)) && user && (g->cpu.cr4 & CR4_SMAP_BIT))
		return false;
	*spte |= PT_ACCESSED;
	return true;
}

/*
 * Touch @va until the shadow allows it or the core says something other than to
 * try again. Returns how many faults it took; @last is the last verdict.
 */
int guest_touch(struct small_guest *g, gva_t va, u32 access, enum spt_verdict *last)
{
	struct spt_walk walk;
	int faults;

	*last = SPT_RESUME;
	for (faults = 0; faults < 8; faults++) {
		if (spt_load_root(&g->cpu)) {
			*last = SPT_NOMEM;
			return faults;
		}
		g->mmu.flush_owed = false;
		if (shadow_allows(g, va, access))
			return faults;
		*last = spt_page_fault(&g->cpu, va, access, &walk);
		if (*last != SPT_RESUME)
			return faults + 1;
	}
	return faults;
}
