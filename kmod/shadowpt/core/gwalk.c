// SPDX-License-Identifier: GPL-2.0
/*
 * The walk of the guest's own page tables: what the CPU would do with the
 * guest's CR3 if it were allowed to see it. Gives the guest physical address
 * and the rights, or the #PF error code that the guest must get.
 *
 * Called on every shadow fault (shadow.c), and by the emulator for each
 * address an instruction touches. AMD APM vol. 2, 5.3 "Long-Mode Page
 * Translation", 5.6 "Page-Protection Checks".
 *
 *	gva  63    48 47    39 38    30 29    21 20    12 11       0
 *	    | sign   | PML4   | PDP    | PD     | PT     | offset   |
 *	                 |        |        |        |         |
 *	     CR3 --> level 4 --> 3   -->  2   -->  1   -->  page
 */
#include <linux/atomic.h>
#include <linux/compiler.h>

#include "spt.h"

/* A walk that loses this many races for an A or D bit has a hostile opponent. */
#define GWALK_RETRIES	64

/**
 * gpte_access - the rights that one guest entry grants
 * @gpte: a present guest entry of any level
 *
 * Returns a set of ACC_*.
 */
u32 gpte_access(u64 gpte)
{
	u32 access = 0;

	/* lab 02 step 3 begin: which rights does an entry grant? */
	if (gpte & PT_WRITABLE)
		access |= ACC_WRITE;
	if (gpte & PT_USER)
		access |= ACC_USER;
	if (!(gpte & PT_NX))
		access |= ACC_EXEC;
	/* lab 02 step 3 end */
	return access;
}

/**
 * gpte_is_leaf - does the walk end at this entry?
 * @gpte: a present guest entry without reserved bits
 * @level: level of the table it is in
 *
 * Returns true if the entry maps memory, false if it points to a table.
 */
bool gpte_is_leaf(u64 gpte, int level)
{
	/* lab 02 step 4 begin: where may a large page end the walk? */
	if (level == 2 || level == 3)
		return gpte & PT_PS;
	/* lab 02 step 4 end */
	return level == 1;
}

/**
 * gpte_reserved - does an entry have a bit set that must be zero?
 * @cpu: for its physical address width and 1 GiB page support
 * @nxe: EFER.NXE; without it NX is reserved
 * @gpte: a present guest entry
 * @level: level of the table it is in
 *
 * APM vol. 2, figures 5-17 to 5-25: bits between the physical address width
 * and 51; PS and G of a PML4E; the address bits of a large page below its
 * size, but for PAT in bit 12.
 */
bool gpte_reserved(const struct spt_cpu *cpu, bool nxe, u64 gpte, int level)
{
	u64 mask = 0;

	if (cpu->maxphyaddr < 52)
		mask = GENMASK_ULL(51, cpu->maxphyaddr);
	if (!nxe)
		mask |= PT_NX;
	if (level == 4)
		mask |= PT_PS | PT_GLOBAL;
	else if (level == 3 && !cpu->gbpages)
		mask |= PT_PS;
	else if (level == 3 && (gpte & PT_PS))
		mask |= GENMASK_ULL(29, 13);
	else if (level == 2 && (gpte & PT_PS))
		mask |= GENMASK_ULL(20, 13);
	return gpte & mask;
}

/*
 * May an access of kind @want use a page with rights @access? A supervisor's
 * write to a read-only page depends on CR0.WP, its touch of a user page on
 * SMEP and SMAP; a user gets exactly what the entries say.
 */
static bool access_allowed(const struct spt_cpu *cpu, u32 access, u32 want)
{
	/* lab 02 step 3 begin: who may do what? */
	if ((want & PF_FETCH) && !(access & ACC_EXEC))
		return false;
	if (want & PF_USER)
		return (access & ACC_USER) && (!(want & PF_WRITE) || (access & ACC_WRITE));

	if ((want & PF_WRITE) && !(access & ACC_WRITE) && (cpu->cr0 & CR0_WP_BIT))
		return false;
	if (access & ACC_USER) {
		if ((want & PF_FETCH) && (cpu->cr4 & CR4_SMEP_BIT))
			return false;
		if (!(want & (PF_FETCH | PF_SMAP_OK)) && (cpu->cr4 & CR4_SMAP_BIT))
			return false;
	}
	/* lab 02 step 3 end */
	return true;
}

/* The #PF error code of a failed access. The I/D bit exists only with NX or SMEP. */
static u32 fault_code(const struct spt_cpu *cpu, u32 want, u32 why)
{
	u32 code = why | (want & (PF_WRITE | PF_USER));

	if ((cpu->efer & EFER_NXE_BIT) || (cpu->cr4 & CR4_SMEP_BIT))
		code |= want & PF_FETCH;
	return code;
}

/*
 * Set A in each entry of a walk that has succeeded, and D in the leaf if it is
 * for a write, as the CPU would: atomically, and only if the entry is still
 * what the walk read. Returns false if it is not; the walk must start again.
 */
static bool mark_used(struct spt_cpu *cpu, struct spt_walk *walk, u32 want)
{
	int level;

	for (level = SPT_ROOT_LEVEL; level >= walk->level; level--) {
		struct spt_frame *frame = spt_frame(cpu->mmu, walk->table[level]);
		u64 *entry = frame->kva;
		u64 old = walk->entry[level];
		u64 new = old | PT_ACCESSED;

		if (level == walk->level && (want & PF_WRITE))
			new |= PT_DIRTY;
		if (new == old)
			continue;
		if (cmpxchg(&entry[spt_index(walk->gva, level)], old, new) != old)
			return false;
		walk->entry[level] = new;
	}
	return true;
}

/* One attempt. Returns 0, -EFAULT with walk->error set, or -EAGAIN. */
static int walk_once(struct spt_cpu *cpu, gva_t gva, u32 want, struct spt_walk *walk)
{
	bool nxe = cpu->efer & EFER_NXE_BIT;
	gfn_t table = (cpu->cr3 & PT_ADDR) >> SPT_PAGE_SHIFT;
	u32 access = ACC_ALL;
	u64 gpte = 0;
	int level;

	walk->gva = gva;
	walk->level = 0;
	walk->access = 0;

	/* lab 02 step 1 begin: from CR3 to the page; skeleton: walk->error = 0; return -EFAULT; */
	for (level = SPT_ROOT_LEVEL; level >= 1; level--) {
		struct spt_frame *frame = spt_frame(cpu->mmu, table);

		/* A table where there is no memory reads as nothing present. */
		if (!frame) {
			walk->error = fault_code(cpu, want, 0);
			return -EFAULT;
		}
		gpte = READ_ONCE(((u64 *)frame->kva)[spt_index(gva, level)]);
		walk->table[level] = table;
		walk->entry[level] = gpte;
		if (!(gpte & PT_PRESENT)) {
			walk->error = fault_code(cpu, want, 0);
			return -EFAULT;
		}
		if (gpte_reserved(cpu, nxe, gpte, level)) {
			walk->error = fault_code(cpu, want, PF_PRESENT | PF_RSVD);
			return -EFAULT;
		}
		access &= gpte_access(gpte);
		walk->path[level] = access;
		walk->level = level;
		if (gpte_is_leaf(gpte, level))
			break;
		table = (gpte & PT_ADDR) >> SPT_PAGE_SHIFT;
	}
	/* lab 02 step 1 end */

	walk->access = access;
	if (!access_allowed(cpu, access, want)) {
		walk->error = fault_code(cpu, want, PF_PRESENT);
		return -EFAULT;
	}
	if (!mark_used(cpu, walk, want))
		return -EAGAIN;

	/* The offset is all bits below the page's size. Bit 12 of a large entry is PAT. */
	walk->gpa = (gpte & PT_ADDR) & ~((spt_level_frames(level) << SPT_PAGE_SHIFT) - 1);
	walk->gpa |= gva & ((spt_level_frames(level) << SPT_PAGE_SHIFT) - 1);
	return 0;
}

/**
 * spt_gwalk - translate a guest virtual address as the guest's tables say
 * @cpu: vCPU in long mode; its CR0, CR3, CR4 and EFER take part
 * @gva: canonical address
 * @access: kind of access: PF_WRITE, PF_USER, PF_FETCH, PF_SMAP_OK
 * @walk: filled; on success @walk->gpa need not be memory
 *
 * Sets the guest's A and D bits as the CPU would for such an access, and only
 * if it is allowed (I4).
 *
 * Returns 0; -EFAULT with the #PF error code in @walk->error; or -EAGAIN if
 * somebody kept changing the entries: let the guest run into it again.
 */
int spt_gwalk(struct spt_cpu *cpu, gva_t gva, u32 access, struct spt_walk *walk)
{
	int ret, tries = GWALK_RETRIES;

	do {
		ret = walk_once(cpu, gva, access, walk);
	} while (ret == -EAGAIN && --tries);
	return ret;
}
