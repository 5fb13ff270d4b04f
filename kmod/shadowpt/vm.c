// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual machine as a file: its memory, its strategy, its statistics. Guest
 * memory is user memory, pinned when a slot is set and counted against
 * RLIMIT_MEMLOCK, so a guest page never moves under a shadow entry.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include "vm.h"

/* --- the vCPU makes way --- */

/* The interrupt alone does it: it is intercepted. */
static void kick(void *unused)
{
}

/**
 * spt_vm_pause - take mmu_lock, also while the guest runs
 * @vm: the VM
 *
 * Gets the vCPU out of the guest if it is there. May sleep.
 */
void spt_vm_pause(struct spt_vm *vm)
{
	struct spt_vcpu *vcpu;
	int cpu;

	atomic_inc(&vm->pausers);
	/* Pairs with the barrier in vcpu_enter(): it sees @pausers, or we see @on_cpu. */
	smp_mb__after_atomic();
	vcpu = READ_ONCE(vm->vcpu);
	cpu = vcpu ? READ_ONCE(vcpu->on_cpu) : -1;
	if (cpu >= 0)
		smp_call_function_single(cpu, kick, NULL, 0);
	mutex_lock(&vm->mmu_lock);
}

/**
 * spt_vm_resume - undo spt_vm_pause()
 * @vm: the VM
 */
void spt_vm_resume(struct spt_vm *vm)
{
	mutex_unlock(&vm->mmu_lock);
	if (atomic_dec_and_test(&vm->pausers))
		wake_up_all(&vm->resume);
}

/* --- memory --- */

/* Pages are pinned in batches, so that a huge slot can be killed half way. */
#define PIN_BATCH	64

static void unpin_frames(struct spt_frame *frames, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		unpin_user_pages_dirty_lock((struct page *[]){ virt_to_page(frames[i].kva) },
					    1, true);
		if (!(i % 1024))
			cond_resched();
	}
}

static int pin_frames(struct spt_frame *frames, u64 npages, u64 uaddr)
{
	struct page *pages[PIN_BATCH];
	u64 done = 0;
	int i, n;

	while (done < npages) {
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			goto out_unpin;
		}
		n = min_t(u64, npages - done, PIN_BATCH);
		n = pin_user_pages_fast(uaddr + done * PAGE_SIZE, n, FOLL_WRITE | FOLL_LONGTERM,
					pages);
		if (n <= 0) {
			n = n == -ENOMEM || n == -EINTR ? n : -EFAULT;
			goto out_unpin;
		}
		for (i = 0; i < n; i++)
			frames[done + i].kva = page_address(pages[i]);
		done += n;
		cond_resched();
	}
	return 0;

out_unpin:
	unpin_frames(frames, done);
	return n;
}

/* Everything a slot needs, without touching the VM. */
static int slot_make(struct spt_vm *vm, struct spt_slot *slot)
{
	int ret;

	if (slot->npages > totalram_pages())
		return -ENOMEM;
	ret = account_locked_vm(vm->mm, slot->npages, true);
	if (ret)
		return ret;
	slot->frames = kvcalloc(slot->npages, sizeof(*slot->frames),
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!slot->frames) {
		ret = -ENOMEM;
		goto out_unaccount;
	}
	ret = pin_frames(slot->frames, slot->npages, slot->uaddr);
	if (ret)
		goto out_free;
	return 0;

out_free:
	kvfree(slot->frames);
out_unaccount:
	account_locked_vm(vm->mm, slot->npages, false);
	return ret;
}

static void slot_free(struct spt_vm *vm, struct spt_slot *slot)
{
	unpin_frames(slot->frames, slot->npages);
	kvfree(slot->frames);
	account_locked_vm(vm->mm, slot->npages, false);
}

static bool region_sane(const struct kvm_userspace_memory_region *r)
{
	if (r->flags || r->slot >= SPT_MAX_SLOTS)
		return false;
	if ((r->memory_size | r->guest_phys_addr | r->userspace_addr) & (PAGE_SIZE - 1))
		return false;
	if (!access_ok((void __user *)(unsigned long)r->userspace_addr, r->memory_size))
		return false;
	/* The last byte, so that memory may end where addresses do. */
	if (r->memory_size && r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return false;
	return r->guest_phys_addr + r->memory_size <= 1ull << 52;
}

/*
 * Slots come, go, and move to another guest address; size and backing stay.
 * The new slot is made whole before the old one goes, so a failure changes
 * nothing.
 */
static int set_memory_region(struct spt_vm *vm, const struct kvm_userspace_memory_region *r)
{
	struct spt_slot old = {}, new = {
		.id = r->slot,
		.base = r->guest_phys_addr >> PAGE_SHIFT,
		.npages = r->memory_size >> PAGE_SHIFT,
		.uaddr = r->userspace_addr,
	};
	struct spt_slot *slot;
	int ret;

	if (!region_sane(r))
		return -EINVAL;
	slot = spt_slot_by_id(&vm->mmu, r->slot);
	if (!new.npages && !slot)
		return -EINVAL;
	if (new.npages && slot) {
		if (new.npages != slot->npages || new.uaddr != slot->uaddr)
			return -EINVAL;
		if (new.base == slot->base)
			return 0;
	}
	if (new.npages) {
		ret = spt_slot_check(&vm->mmu, new.id, new.base, new.npages);
		if (ret)
			return ret;
		if (slot) {
			new.frames = slot->frames;
		} else {
			ret = slot_make(vm, &new);
			if (ret)
				return ret;
		}
	}

	spt_vm_pause(vm);
	spt_zap_all(&vm->mmu, vm->vcpu ? &vm->vcpu->cpu : NULL);
	if (slot) {
		old = *slot;
		memset(slot, 0, sizeof(*slot));
	}
	if (new.npages)
		spt_slot_add(&vm->mmu, &new);
	spt_vm_resume(vm);

	if (old.npages && !new.npages)
		slot_free(vm, &old);
	return 0;
}

/* --- ioctls --- */

static int set_strategy(struct spt_vm *vm, u32 id)
{
	const struct spt_strategy *strategy = id == SPT_STRATEGY_DEFAULT ?
		spt_default_strategy() : spt_strategy_by_id(id);
	int ret = -EBUSY;

	if (!strategy)
		return -EINVAL;
	mutex_lock(&vm->slots_lock);
	if (!vm->vcpu) {
		vm->mmu.strategy = strategy;
		ret = 0;
	}
	mutex_unlock(&vm->slots_lock);
	return ret;
}

static int get_stats(struct spt_vm *vm, struct spt_stats __user *user)
{
	struct spt_stats *stats;
	int ret;

	BUILD_BUG_ON(SPT_EXIT_NR > SPT_STATS_ROOM || SPT_EV_NR > SPT_STATS_ROOM);

	stats = kzalloc(sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return -ENOMEM;
	spt_vm_pause(vm);
	stats->strategy = vm->mmu.strategy->id;
	stats->shadow_pages = vm->mmu.pages;
	stats->shadow_pages_peak = vm->mmu.pages_peak;
	stats->shadow_pages_max = vm->mmu.pages_max;
	memcpy(stats->exits, vm->exits, sizeof(vm->exits));
	memcpy(stats->events, vm->mmu.events, sizeof(vm->mmu.events));
	spt_vm_resume(vm);
	ret = copy_to_user(user, stats, sizeof(*stats)) ? -EFAULT : 0;
	kfree(stats);
	return ret;
}

static long vm_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct spt_vm *vm = file->private_data;
	struct kvm_userspace_memory_region region;
	u32 id;
	int ret;

	if (vm->mm != current->mm)
		return -EIO;

	switch (ioctl) {
	case KVM_CHECK_EXTENSION:
		return spt_check_extension(arg);
	case KVM_SET_USER_MEMORY_REGION:
		if (copy_from_user(&region, (void __user *)arg, sizeof(region)))
			return -EFAULT;
		mutex_lock(&vm->slots_lock);
		ret = set_memory_region(vm, &region);
		mutex_unlock(&vm->slots_lock);
		return ret;
	case KVM_CREATE_VCPU:
		/* One vCPU, number 0: KVM_CAP_MAX_VCPU_ID says so. */
		if (arg)
			return -EINVAL;
		mutex_lock(&vm->slots_lock);
		ret = vm->vcpu ? -EEXIST : spt_vcpu_create(vm);
		mutex_unlock(&vm->slots_lock);
		return ret;
	case SPT_SET_STRATEGY:
		if (get_user(id, (u32 __user *)arg))
			return -EFAULT;
		return set_strategy(vm, id);
	case SPT_GET_STATS:
		return get_stats(vm, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int vm_release(struct inode *inode, struct file *file)
{
	spt_vm_put(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = vm_release,
	.llseek = noop_llseek,
};

/**
 * spt_vm_put - drop a reference to a VM
 * @vm: the VM; freed with the last one
 */
void spt_vm_put(struct spt_vm *vm)
{
	struct spt_slot *slot;

	if (!refcount_dec_and_test(&vm->refs))
		return;
	if (vm->vcpu)
		spt_vcpu_free(vm->vcpu);
	spt_mmu_destroy(&vm->mmu);
	for (slot = vm->mmu.slots; slot < vm->mmu.slots + SPT_MAX_SLOTS; slot++)
		if (slot->npages)
			slot_free(vm, slot);
	mmdrop(vm->mm);
	mutex_destroy(&vm->slots_lock);
	mutex_destroy(&vm->mmu_lock);
	kvfree(vm);
	spt_hw->put();
}

/**
 * spt_vm_create - make a VM for the calling process
 *
 * Returns a file descriptor, -EBUSY if another hypervisor has the hardware, or
 * another error.
 */
int spt_vm_create(void)
{
	struct spt_vm *vm;
	int ret;

	ret = spt_hw->get();
	if (ret)
		return ret;
	vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm) {
		spt_hw->put();
		return -ENOMEM;
	}
	refcount_set(&vm->refs, 1);
	mutex_init(&vm->slots_lock);
	mutex_init(&vm->mmu_lock);
	init_waitqueue_head(&vm->resume);
	vm->mm = current->mm;
	mmgrab(vm->mm);
	spt_mmu_init(&vm->mmu, spt_default_strategy(), spt_max_shadow_pages());
	vm->mmu.audit = spt_audit_interval();

	ret = anon_inode_getfd("shadowpt-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (ret < 0)
		spt_vm_put(vm);
	return ret;
}
