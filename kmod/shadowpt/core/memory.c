// SPDX-License-Identifier: GPL-2.0
/*
 * Guest physical memory: which host memory backs a guest frame, and reads and
 * writes of it on the guest's behalf. A write that hits a shadowed page table
 * is carried into the shadow here, so no caller can forget to.
 *
 * Owns spt_mmu.slots. Called by every other file of core/ and by vm.c.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "spt.h"

/**
 * spt_frame - find the memory behind a guest frame
 * @mmu: the VM's
 * @gfn: guest frame number
 *
 * Returns the frame, or NULL if no slot covers it (the address is MMIO).
 */
struct spt_frame *spt_frame(struct spt_mmu *mmu, gfn_t gfn)
{
	struct spt_slot *slot;

	for (slot = mmu->slots; slot < mmu->slots + SPT_MAX_SLOTS; slot++)
		if (gfn - slot->base < slot->npages)
			return &slot->frames[gfn - slot->base];
	return NULL;
}

/**
 * spt_slot_by_id - find a slot by the client's number
 * @mmu: the VM's
 * @id: slot number
 *
 * Returns the slot in use under that number, or NULL.
 */
struct spt_slot *spt_slot_by_id(struct spt_mmu *mmu, u32 id)
{
	struct spt_slot *slot;

	for (slot = mmu->slots; slot < mmu->slots + SPT_MAX_SLOTS; slot++)
		if (slot->npages && slot->id == id)
			return slot;
	return NULL;
}

/**
 * spt_slot_check - may this run of frames be added?
 * @mmu: the VM's
 * @id: slot number it will have; a slot already under that number does not count
 * @base: first gfn
 * @npages: frames, not 0
 *
 * Returns 0, -EEXIST if it overlaps another slot, -EINVAL if no slot is free.
 */
int spt_slot_check(struct spt_mmu *mmu, u32 id, gfn_t base, u64 npages)
{
	struct spt_slot *slot;
	int ret = -EINVAL;

	for (slot = mmu->slots; slot < mmu->slots + SPT_MAX_SLOTS; slot++) {
		if (!slot->npages || slot->id == id)
			ret = 0;
		else if (base < slot->base + slot->npages && slot->base < base + npages)
			return -EEXIST;
	}
	return ret;
}

/**
 * spt_slot_add - make guest memory known
 * @mmu: the VM's
 * @slot: copied; spt_slot_check() has passed. The frames stay the caller's.
 */
void spt_slot_add(struct spt_mmu *mmu, const struct spt_slot *slot)
{
	struct spt_slot *free;

	for (free = mmu->slots; free->npages; free++)
		;
	*free = *slot;
}

/**
 * spt_rmap_gfn - which guest frame does this leaf spte map?
 * @mmu: the VM's
 * @link: the spte's link, on some frame's rmap
 *
 * Sptes do not record the gfn; the head of the list they hang on lies in the
 * slot's frame array and gives it away. Linear in the length of the list: for
 * the audit and the inspector only.
 *
 * Returns the gfn, or U64_MAX if the link is on no frame's list (a broken I2).
 */
gfn_t spt_rmap_gfn(struct spt_mmu *mmu, const struct hlist_node *link)
{
	struct spt_slot *slot;

	while (link && link->pprev) {
		unsigned long at = (unsigned long)link->pprev;

		for (slot = mmu->slots; slot < mmu->slots + SPT_MAX_SLOTS; slot++) {
			unsigned long frames = (unsigned long)slot->frames;

			if (slot->npages && at >= frames &&
			    at < frames + slot->npages * sizeof(*slot->frames))
				return slot->base + (at - frames) / sizeof(*slot->frames);
		}
		link = container_of((struct hlist_node **)at, struct hlist_node, next);
	}
	return U64_MAX;
}

/* Where the bytes are, or NULL if they are not all in one frame of memory. */
static void *phys_ptr(struct spt_mmu *mmu, gpa_t gpa, unsigned int len)
{
	struct spt_frame *frame = spt_frame(mmu, gpa >> SPT_PAGE_SHIFT);
	unsigned long offset = gpa & (SPT_PAGE_SIZE - 1);

	if (!frame || offset + len > SPT_PAGE_SIZE)
		return NULL;
	return frame->kva + offset;
}

/**
 * spt_phys_read - read guest physical memory
 * @mmu: the VM's
 * @gpa: guest physical address; the bytes must not cross a page
 * @buf: where to put them
 * @len: how many
 *
 * Returns 0, or -EFAULT if there is no memory.
 */
int spt_phys_read(struct spt_mmu *mmu, gpa_t gpa, void *buf, unsigned int len)
{
	void *p = phys_ptr(mmu, gpa, len);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static void phys_wrote(struct spt_cpu *cpu, gpa_t gpa, unsigned int len)
{
	struct spt_frame *frame = spt_frame(cpu->mmu, gpa >> SPT_PAGE_SHIFT);

	if (frame->shadowed)
		cpu->mmu->strategy->guest_wrote(cpu, gpa, len);
}

/**
 * spt_phys_write - write guest physical memory, and the shadow if it is a table
 * @cpu: the vCPU on whose behalf
 * @gpa: guest physical address; the bytes must not cross a page
 * @buf: what to write
 * @len: how many bytes
 *
 * Aligned 1, 2, 4 and 8 byte writes are single accesses, as the guest's would be.
 *
 * Returns 0, or -EFAULT if there is no memory.
 */
int spt_phys_write(struct spt_cpu *cpu, gpa_t gpa, const void *buf, unsigned int len)
{
	void *p = phys_ptr(cpu->mmu, gpa, len);
	u64 v = 0;

	if (!p)
		return -EFAULT;
	if (len == 8 && !(gpa & 7)) {
		memcpy(&v, buf, 8);
		WRITE_ONCE(*(u64 *)p, v);
	} else if (len == 4 && !(gpa & 3)) {
		memcpy(&v, buf, 4);
		WRITE_ONCE(*(u32 *)p, v);
	} else {
		memcpy(p, buf, len);
	}
	phys_wrote(cpu, gpa, len);
	return 0;
}

/**
 * spt_phys_cmpxchg - compare and exchange guest physical memory
 * @cpu: the vCPU on whose behalf
 * @gpa: guest physical address, a multiple of @len
 * @old: in: expected value; out: value found
 * @new: value to store if it was as expected
 * @len: 1, 2, 4 or 8
 *
 * Returns 0 if stored, -EAGAIN if the value was another, -EFAULT if there is
 * no memory, -EINVAL if misaligned.
 */
int spt_phys_cmpxchg(struct spt_cpu *cpu, gpa_t gpa, u64 *old, u64 new, unsigned int len)
{
	void *p = phys_ptr(cpu->mmu, gpa, len);
	u64 found;

	if (!p)
		return -EFAULT;
	if (gpa & (len - 1))
		return -EINVAL;

	switch (len) {
	case 1:
		found = cmpxchg((u8 *)p, (u8)*old, (u8)new);
		break;
	case 2:
		found = cmpxchg((u16 *)p, (u16)*old, (u16)new);
		break;
	case 4:
		found = cmpxchg((u32 *)p, (u32)*old, (u32)new);
		break;
	case 8:
		found = cmpxchg((u64 *)p, *old, new);
		break;
	default:
		return -EINVAL;
	}
	if (found != *old) {
		*old = found;
		return -EAGAIN;
	}
	phys_wrote(cpu, gpa, len);
	return 0;
}
