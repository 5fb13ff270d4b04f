// SPDX-License-Identifier: GPL-2.0
/*
 * The audit: is everything true that spt.h says is? Run after every Nth exit when
 * the module parameter "audit" is N, and after every step of the unit tests.
 *
 * It matters because emulated SVM flushes the whole TLB at each VMRUN, and so
 * forgives what silicon punishes. The audit keeps the entries as they were when
 * the guest last ran, which is the most that a TLB can hold, and asks whether a
 * flush is owed for those that lost something since (I5).
 */
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "spt.h"

/* Say what is wrong with entry @i of @sp. Returns 1, to be counted. */
static int finding(int invariant, const struct spt_page *sp, int i, const char *why)
{
	pr_err("audit: I%d broken: %s: gfn 0x%llx level %d entry %d spte 0x%llx\n", invariant, why,
	       (unsigned long long)sp->gfn, sp->role.level, i, (unsigned long long)sp->spte[i]);
	return 1;
}

static bool on_list(const struct hlist_head *head, const struct hlist_node *node)
{
	const struct hlist_node *n;

	for (n = head->first; n; n = n->next)
		if (n == node)
			return true;
	return false;
}

/* trap: does a leaf spte allow nothing that the guest's entry forbids? (I1, I4) */
static int audit_leaf(struct spt_cpu *cpu, struct spt_page *sp, int i, gfn_t gfn)
{
	u64 spte = sp->spte[i];
	struct spt_frame *table;
	u32 access;
	u64 gpte;
	int found = 0;

	if (sp->role.direct) {
		if (gfn != sp->gfn + i)
			found += finding(1, sp, i, "a piece of a large page maps the wrong frame");
		access = sp->role.access;
		gpte = PT_PRESENT | PT_ACCESSED | (sp->role.clean ? 0 : PT_DIRTY);
	} else {
		table = spt_frame(cpu->mmu, sp->gfn);
		gpte = READ_ONCE(((u64 *)table->kva)[i]);
		if (!(gpte & PT_PRESENT))
			found += finding(1, sp, i, "the guest's entry is not present");
		else if ((gpte & PT_ADDR) >> SPT_PAGE_SHIFT != gfn)
			found += finding(1, sp, i, "the guest's entry maps another frame");
		access = sp->role.access & gpte_access(gpte);
	}

	if (!(gpte & PT_ACCESSED))
		found += finding(4, sp, i, "guest A is clear");
	if ((spte & PT_USER) && !(access & ACC_USER))
		found += finding(1, sp, i, "the user may, the guest says no");
	if (!(spte & PT_NX) && !(access & ACC_EXEC))
		found += finding(1, sp, i, "may be executed, the guest says no");
	if (!(spte & PT_WRITABLE))
		return found;
	if (!(access & ACC_WRITE) && (sp->role.wp || ((access & ACC_USER) && (spte & PT_USER))))
		found += finding(1, sp, i, "may be written, the guest says no");
	if (!(gpte & PT_DIRTY))
		found += finding(4, sp, i, "may be written, guest D is clear");
	return found;
}

/* trap: does an upper spte lead where the guest's entry leads? (I1, I4) */
static int audit_upper(struct spt_cpu *cpu, struct spt_page *sp, int i)
{
	struct spt_page *child = spte_child(sp->spte[i]);
	struct spt_frame *table;
	int found = 0;
	u64 gpte;

	if (sp->role.direct) {
		if (!child->role.direct || (child->role.access & ~sp->role.access))
			found += finding(1, sp, i, "a large page is split into something else");
		return found;
	}
	table = spt_frame(cpu->mmu, sp->gfn);
	gpte = READ_ONCE(((u64 *)table->kva)[i]);
	if (!(gpte & PT_PRESENT))
		found += finding(1, sp, i, "the guest's entry is not present");
	else if (!child->role.direct && (gpte & PT_ADDR) >> SPT_PAGE_SHIFT != child->gfn)
		found += finding(1, sp, i, "the guest's entry points to another table");
	if (!(gpte & PT_ACCESSED))
		found += finding(4, sp, i, "guest A is clear");
	if (child->role.access & ~(sp->role.access & gpte_access(gpte)))
		found += finding(1, sp, i, "the table below inherits too many rights");
	return found;
}

static int audit_page(struct spt_cpu *cpu, struct spt_page *sp)
{
	bool exact = cpu->mmu->strategy->guest_wrote && !sp->unsync;
	int i, present = 0, globals = 0, found = 0;

	for (i = 0; i < SPT_ENTRIES; i++) {
		u64 spte = sp->spte[i];

		if (!(spte & PT_PRESENT)) {
			if (!hlist_unhashed(&sp->link[i]))
				found += finding(2, sp, i, "not present but linked");
			continue;
		}
		present++;
		if (sp->role.level == 1) {
			gfn_t gfn = spt_rmap_gfn(cpu->mmu, &sp->link[i]);
			struct spt_frame *frame = spt_frame(cpu->mmu, gfn);

			globals += !!(spte & SPTE_GLOBAL);
			if (!frame || (__pa(frame->kva) ^ spte) & PT_ADDR) {
				found += finding(2, sp, i, "not on the rmap of the frame it maps");
				continue;
			}
			if ((spte & PT_WRITABLE) && frame->shadowed && !frame->unsync)
				found += finding(3, sp, i, "a shadowed table may be written");
			if (exact)
				found += audit_leaf(cpu, sp, i, gfn);
		} else {
			if (!on_list(&spte_child(spte)->parents, &sp->link[i]))
				found += finding(2, sp, i, "unknown to the table below");
			if (exact)
				found += audit_upper(cpu, sp, i);
		}
	}
	if (present != sp->present || globals != sp->globals)
		found += finding(2, sp, 0, "counters are wrong");
	return found;
}

/* Could a TLB filled when the entry was @seen now allow more than the entry? */
static bool tlb_knows_more(u64 seen, u64 now)
{
	if (!(seen & PT_PRESENT))
		return false;
	if (!(now & PT_PRESENT))
		return true;
	return ((seen ^ now) & (PT_ADDR | PT_USER)) ||
	       ((seen & PT_WRITABLE) && !(now & PT_WRITABLE)) ||
	       (!(seen & PT_NX) && (now & PT_NX));
}

/**
 * spt_audit - check every invariant
 * @cpu: vCPU whose VM is checked
 *
 * Each finding is logged with the number of the invariant. Visits every shadow
 * page, and walks rmaps: slow.
 *
 * Returns the number of findings; 0 is good.
 */
int spt_audit(struct spt_cpu *cpu)
{
	struct spt_page *sp;
	u32 pages = 0;
	int i, found = 0;

	list_for_each_entry(sp, &cpu->mmu->lru, lru) {
		pages++;
		found += audit_page(cpu, sp);
		if (!sp->seen || cpu->mmu->flush_owed)
			continue;
		for (i = 0; i < SPT_ENTRIES; i++)
			if (tlb_knows_more(sp->seen[i], sp->spte[i]))
				found += finding(5, sp, i, "it lost a right and no flush is owed");
	}
	if (pages != cpu->mmu->pages) {
		pr_err("audit: I6 broken: %u shadow pages listed, %u counted\n",
		       pages, cpu->mmu->pages);
		found++;
	}
	return found;
}

/**
 * spt_audit_entering - remember what a TLB may hold from now on
 * @mmu: the VM's; its flush has been done if one was owed
 */
void spt_audit_entering(struct spt_mmu *mmu)
{
	struct spt_page *sp;

	list_for_each_entry(sp, &mmu->lru, lru)
		if (sp->seen)
			memcpy(sp->seen, sp->spte, SPT_PAGE_SIZE);
}
