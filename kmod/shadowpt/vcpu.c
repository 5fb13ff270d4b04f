// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual CPU as a file: its registers, and KVM_RUN, the loop that enters the
 * guest and deals with its exits until the client is needed.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/fpu/api.h>
#include <asm/processor-flags.h>

#include "vm.h"

/* --- KVM_RUN --- */

/*
 * The guests we can run: 64-bit mode or its compatibility mode, with 4-level
 * paging. Real mode, legacy paging and 5-level paging are not among them.
 */
static bool mode_supported(const struct spt_vcpu *vcpu)
{
	const struct spt_cpu *cpu = &vcpu->cpu;

	return (cpu->cr0 & X86_CR0_PG) && (cpu->cr0 & X86_CR0_PE) && (cpu->cr4 & X86_CR4_PAE) &&
	       (cpu->efer & EFER_LMA) && (cpu->efer & EFER_LME);
}

/* Must the vCPU leave the guest for a while, or not enter it? */
static bool work_pending_here(struct spt_vcpu *vcpu)
{
	return need_resched() || signal_pending(current) || test_thread_flag(TIF_NOTIFY_RESUME) ||
	       atomic_read(&vcpu->vm->pausers);
}

/*
 * Enter the guest once. Returns false if something else must be done first.
 * The guest's FPU registers are live only while preemption is off.
 */
static bool vcpu_enter(struct spt_vcpu *vcpu, struct spt_exit *exit)
{
	bool entered = false;

	kernel_fpu_begin();
	asm volatile("fxrstor64 %0" : : "m" (vcpu->fx));
	local_irq_disable();
	WRITE_ONCE(vcpu->on_cpu, smp_processor_id());
	/* Pairs with spt_vm_pause(): either we see @pausers, or it sees @on_cpu. */
	smp_mb();
	if (!work_pending_here(vcpu)) {
		vcpu->ran = true;
		spt_hw->enter(vcpu, exit);
		entered = true;
	}
	WRITE_ONCE(vcpu->on_cpu, -1);
	local_irq_enable();
	asm volatile("fxsave64 %0" : "=m" (vcpu->fx));
	kernel_fpu_end();
	return entered;
}

/* With mmu_lock held: let others have it and the CPU for a moment. */
static void make_way(struct spt_vm *vm)
{
	mutex_unlock(&vm->mmu_lock);
	cond_resched();
	wait_event(vm->resume, !atomic_read(&vm->pausers));
	mutex_lock(&vm->mmu_lock);
}

/* One round. Returns as an exit handler does. */
static int vcpu_step(struct spt_vcpu *vcpu)
{
	struct spt_vm *vm = vcpu->vm;
	struct spt_exit exit;
	bool audit;
	int ret;

	if (signal_pending(current)) {
		vcpu->run->exit_reason = KVM_EXIT_INTR;
		return -EINTR;
	}
	/*
	 * Other work for the return to user mode (rseq after a preemption, what a
	 * scheduler has queued for this task) is done there, and the client does not
	 * learn of it: as if for a signal that has gone, the system call starts again.
	 * Should a signal come meanwhile, KVM_RUN ends with EINTR after all.
	 */
	if (test_thread_flag(TIF_NOTIFY_RESUME)) {
		vcpu->run->exit_reason = KVM_EXIT_INTR;
		set_thread_flag(TIF_SIGPENDING);
		return -ERESTARTNOHAND;
	}
	if (need_resched() || atomic_read(&vm->pausers)) {
		make_way(vm);
		return 1;
	}
	if (!mode_supported(vcpu)) {
		exit = (struct spt_exit) { .reason = SPT_EXIT_OTHER };
		return spt_exit_internal_error(vcpu, &exit);
	}
	ret = spt_load_root(&vcpu->cpu);
	if (ret)
		return ret;
	/* The flush that may be owed comes first thing, so this is what a TLB can learn. */
	audit = vm->mmu.audit && !(++vcpu->entries % vm->mmu.audit);
	if (audit)
		spt_audit_entering(&vm->mmu);
	if (!vcpu_enter(vcpu, &exit))
		return 1;
	ret = spt_exit_handle(vcpu, &exit);
	if (audit && spt_audit(&vcpu->cpu))
		return spt_exit_internal_error(vcpu, &exit);
	return ret;
}

static int vcpu_run(struct spt_vcpu *vcpu)
{
	struct spt_vm *vm = vcpu->vm;
	struct kvm_run *run = vcpu->run;
	u64 cr8 = READ_ONCE(run->cr8);
	int ret;

	/* There is no interrupt controller here: CR8 is the client's to keep. */
	if (cr8 & ~0xfull)
		return -EINVAL;
	vcpu->cr8 = cr8;
	mutex_lock(&vm->mmu_lock);
	ret = spt_exit_complete(vcpu);
	if (ret > 0 && READ_ONCE(run->immediate_exit)) {
		run->exit_reason = KVM_EXIT_INTR;
		ret = -EINTR;
	}
	while (ret > 0)
		ret = vcpu_step(vcpu);
	mutex_unlock(&vm->mmu_lock);

	run->if_flag = !!(vcpu->regs.rflags & X86_EFLAGS_IF);
	run->ready_for_interrupt_injection = 0;
	run->cr8 = vcpu->cr8;
	run->apic_base = vcpu->apic_base;
	return ret;
}

/* --- registers --- */

static void get_regs(struct spt_vcpu *vcpu, struct kvm_regs *r)
{
	const u64 *g = vcpu->regs.gpr;

	*r = (struct kvm_regs) {
		.rax = g[REG_RAX], .rbx = g[REG_RBX], .rcx = g[REG_RCX], .rdx = g[REG_RDX],
		.rsi = g[REG_RSI], .rdi = g[REG_RDI], .rsp = g[REG_RSP], .rbp = g[REG_RBP],
		.r8 = g[8], .r9 = g[9], .r10 = g[10], .r11 = g[11],
		.r12 = g[12], .r13 = g[13], .r14 = g[14], .r15 = g[15],
		.rip = vcpu->regs.rip, .rflags = vcpu->regs.rflags,
	};
}

static void set_regs(struct spt_vcpu *vcpu, const struct kvm_regs *r)
{
	const u64 gpr[16] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
			      r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };

	memcpy(vcpu->regs.gpr, gpr, sizeof(gpr));
	vcpu->regs.rip = r->rip;
	vcpu->regs.rflags = r->rflags | X86_EFLAGS_FIXED;
	vcpu->inject.valid = false;
	/* The instruction that asked for it may not be the next one any more. */
	vcpu->mmio.valid = false;
}

/* A segment of kvm_sregs by number, so that getting and setting can loop. */
static struct kvm_segment *sregs_segment(struct kvm_sregs *s, int seg)
{
	struct kvm_segment *const by_number[SEG_ALL] = {
		[SEG_ES] = &s->es, [SEG_CS] = &s->cs, [SEG_SS] = &s->ss, [SEG_DS] = &s->ds,
		[SEG_FS] = &s->fs, [SEG_GS] = &s->gs, [SEG_LDTR] = &s->ldt, [SEG_TR] = &s->tr,
	};

	return by_number[seg];
}

static void get_sregs(struct spt_vcpu *vcpu, struct kvm_sregs *s)
{
	int seg;

	memset(s, 0, sizeof(*s));
	for (seg = 0; seg < SEG_ALL; seg++)
		spt_hw->get_segment(vcpu, seg, sregs_segment(s, seg));
	spt_hw->get_table(vcpu, false, &s->gdt);
	spt_hw->get_table(vcpu, true, &s->idt);
	s->cr0 = vcpu->cpu.cr0;
	s->cr2 = vcpu->cr2;
	s->cr3 = vcpu->cpu.cr3;
	s->cr4 = vcpu->cpu.cr4;
	s->cr8 = vcpu->cr8;
	s->efer = vcpu->cpu.efer;
	s->apic_base = vcpu->apic_base;
}

static bool sregs_valid(const struct spt_vcpu *vcpu, const struct kvm_sregs *s)
{
	if (!spt_apic_base_valid(vcpu, s->apic_base))
		return false;
	if (!spt_cr0_valid(s->cr0) || (s->cr4 & ~vcpu->cr4_allowed) ||
	    (s->efer & ~vcpu->efer_allowed))
		return false;
	if ((s->efer & EFER_LME) && (s->cr0 & X86_CR0_PG))
		return (s->cr4 & X86_CR4_PAE) && (s->efer & EFER_LMA) &&
		       spt_cr3_valid(vcpu, s->cr3);
	return !(s->efer & EFER_LMA) && !s->cs.l;
}

static int set_sregs(struct spt_vcpu *vcpu, struct kvm_sregs *s)
{
	struct spt_vm *vm = vcpu->vm;
	struct spt_cpu *cpu = &vcpu->cpu;
	int seg;

	if (!sregs_valid(vcpu, s))
		return -EINVAL;
	for (seg = 0; seg < SEG_ALL; seg++)
		spt_hw->set_segment(vcpu, seg, sregs_segment(s, seg));
	spt_hw->set_table(vcpu, false, &s->gdt);
	spt_hw->set_table(vcpu, true, &s->idt);
	vcpu->cr2 = s->cr2;
	vcpu->cr8 = s->cr8 & 0xf;
	vcpu->apic_base = s->apic_base;

	spt_vm_pause(vm);
	cpu->cr0 = s->cr0 | X86_CR0_ET;
	cpu->cr3 = s->cr3;
	cpu->cr4 = s->cr4;
	cpu->efer = s->efer;
	/* A strategy need not know what changed: everything may have. */
	vm->mmu.strategy->mode_changed(cpu);
	vm->mmu.strategy->flush_all(cpu);
	vm->mmu.strategy->load_cr3(cpu);
	spt_owe_flush(&vm->mmu);
	spt_vm_resume(vm);
	return 0;
}

/* struct kvm_fpu and the FXSAVE image differ in layout only. APM vol. 2, 11.4. */
static void get_fpu(struct spt_vcpu *vcpu, struct kvm_fpu *f)
{
	const u8 *fx = vcpu->fx;

	memset(f, 0, sizeof(*f));
	memcpy(&f->fcw, fx, 2);
	memcpy(&f->fsw, fx + 2, 2);
	f->ftwx = fx[4];
	memcpy(&f->last_opcode, fx + 6, 2);
	memcpy(&f->last_ip, fx + 8, 8);
	memcpy(&f->last_dp, fx + 16, 8);
	memcpy(&f->mxcsr, fx + 24, 4);
	memcpy(f->fpr, fx + 32, sizeof(f->fpr));
	memcpy(f->xmm, fx + 160, sizeof(f->xmm));
}

static void set_fpu(struct spt_vcpu *vcpu, const struct kvm_fpu *f)
{
	u8 *fx = vcpu->fx;
	u32 mxcsr = f->mxcsr & 0xffbf;	/* other bits would make FXRSTOR fault */

	memcpy(fx, &f->fcw, 2);
	memcpy(fx + 2, &f->fsw, 2);
	fx[4] = f->ftwx;
	memcpy(fx + 6, &f->last_opcode, 2);
	memcpy(fx + 8, &f->last_ip, 8);
	memcpy(fx + 16, &f->last_dp, 8);
	memcpy(fx + 24, &mxcsr, 4);
	memcpy(fx + 32, f->fpr, sizeof(f->fpr));
	memcpy(fx + 160, f->xmm, sizeof(f->xmm));
}

/* --- looking inside --- */

#define TABLES_MAX	1048576u

static int get_tables(struct spt_vcpu *vcpu, struct spt_tables __user *user)
{
	struct spt_vm *vm = vcpu->vm;
	struct spt_entry *entries = NULL;
	struct spt_tables t;
	int ret = 0;

	if (copy_from_user(&t, user, sizeof(t)))
		return -EFAULT;
	if (t.pad)
		return -EINVAL;
	t.max = min(t.max, TABLES_MAX);
	if (t.max) {
		entries = kvcalloc(t.max, sizeof(*entries), GFP_KERNEL_ACCOUNT);
		if (!entries)
			return -ENOMEM;
	}
	spt_vm_pause(vm);
	t.count = spt_tables_list(&vcpu->cpu, entries, t.max);
	t.cr3 = vcpu->cpu.cr3;
	t.strategy = vm->mmu.strategy->id;
	spt_vm_resume(vm);

	if (copy_to_user(user, &t, sizeof(t)))
		ret = -EFAULT;
	else if (t.count > t.max)
		ret = -E2BIG;
	else if (copy_to_user((void __user *)(unsigned long)t.entries, entries,
			      t.count * sizeof(*entries)))
		ret = -EFAULT;
	kvfree(entries);
	return ret;
}

/* --- the file --- */

static long vcpu_ioctl_locked(struct spt_vcpu *vcpu, unsigned int ioctl, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	union {
		struct kvm_regs regs;
		struct kvm_sregs sregs;
		struct kvm_fpu fpu;
	} u;

	switch (ioctl) {
	case KVM_RUN:
		return arg ? -EINVAL : vcpu_run(vcpu);
	case KVM_GET_REGS:
		get_regs(vcpu, &u.regs);
		return copy_to_user(user, &u.regs, sizeof(u.regs)) ? -EFAULT : 0;
	case KVM_SET_REGS:
		if (copy_from_user(&u.regs, user, sizeof(u.regs)))
			return -EFAULT;
		set_regs(vcpu, &u.regs);
		return 0;
	case KVM_GET_SREGS:
		get_sregs(vcpu, &u.sregs);
		return copy_to_user(user, &u.sregs, sizeof(u.sregs)) ? -EFAULT : 0;
	case KVM_SET_SREGS:
		if (copy_from_user(&u.sregs, user, sizeof(u.sregs)))
			return -EFAULT;
		return set_sregs(vcpu, &u.sregs);
	case KVM_GET_FPU:
		get_fpu(vcpu, &u.fpu);
		return copy_to_user(user, &u.fpu, sizeof(u.fpu)) ? -EFAULT : 0;
	case KVM_SET_FPU:
		if (copy_from_user(&u.fpu, user, sizeof(u.fpu)))
			return -EFAULT;
		set_fpu(vcpu, &u.fpu);
		return 0;
	case KVM_SET_CPUID2:
		return spt_cpuid_set(vcpu, user);
	case SPT_GET_TABLES:
		return get_tables(vcpu, user);
	default:
		return -EINVAL;
	}
}

static long vcpu_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct spt_vcpu *vcpu = file->private_data;
	long ret;

	if (vcpu->vm->mm != current->mm)
		return -EIO;
	if (mutex_lock_killable(&vcpu->lock))
		return -EINTR;
	ret = vcpu_ioctl_locked(vcpu, ioctl, arg);
	mutex_unlock(&vcpu->lock);
	return ret;
}

static int vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct spt_vcpu *vcpu = file->private_data;

	return remap_vmalloc_range(vma, vcpu->run, vma->vm_pgoff);
}

static int vcpu_release(struct inode *inode, struct file *file)
{
	struct spt_vcpu *vcpu = file->private_data;

	spt_vm_put(vcpu->vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vcpu_mmap,
	.release = vcpu_release,
	.llseek = noop_llseek,
};

/**
 * spt_vcpu_free - free a vCPU
 * @vcpu: vCPU; its VM goes as well
 */
void spt_vcpu_free(struct spt_vcpu *vcpu)
{
	spt_hw->vcpu_free(vcpu);
	kvfree(vcpu->cpuid);
	vfree(vcpu->run);
	mutex_destroy(&vcpu->lock);
	kfree(vcpu);
}

/* The state after reset. APM vol. 2, 14.1.3. */
static void vcpu_reset(struct spt_vcpu *vcpu)
{
	const struct kvm_segment code = { .base = 0xffff0000, .limit = 0xffff, .selector = 0xf000,
					  .type = 11, .present = 1, .s = 1 };
	const struct kvm_segment data = { .limit = 0xffff, .type = 3, .present = 1, .s = 1 };
	const struct kvm_segment ldt = { .limit = 0xffff, .type = 2, .present = 1 };
	const struct kvm_segment tss = { .limit = 0xffff, .type = 11, .present = 1 };
	const struct kvm_dtable table = { .limit = 0xffff };
	const u16 fcw = 0x37f;
	const u32 mxcsr = 0x1f80;
	int seg;

	for (seg = 0; seg < SEG_NR; seg++)
		spt_hw->set_segment(vcpu, seg, seg == SEG_CS ? &code : &data);
	spt_hw->set_segment(vcpu, SEG_LDTR, &ldt);
	spt_hw->set_segment(vcpu, SEG_TR, &tss);
	spt_hw->set_table(vcpu, false, &table);
	spt_hw->set_table(vcpu, true, &table);
	vcpu->regs.rip = 0xfff0;
	vcpu->regs.rflags = X86_EFLAGS_FIXED;
	vcpu->cpu.cr0 = X86_CR0_CD | X86_CR0_NW | X86_CR0_ET;
	vcpu->dr7 = SPT_DR7_FIXED;
	vcpu->apic_base = 0xfee00900;
	vcpu->pat = 0x0007040600070406ull;
	memcpy(vcpu->fx, &fcw, 2);
	memcpy(vcpu->fx + 24, &mxcsr, 4);
}

/**
 * spt_vcpu_create - give a VM its vCPU
 * @vm: the VM, slots_lock held, without a vCPU
 *
 * Returns a file descriptor or an errno.
 */
int spt_vcpu_create(struct spt_vm *vm)
{
	struct spt_vcpu *vcpu;
	int ret;

	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	if (!vcpu)
		return -ENOMEM;
	vcpu->run = vmalloc_user(SPT_VCPU_MMAP_PAGES * PAGE_SIZE);
	if (!vcpu->run) {
		ret = -ENOMEM;
		goto out_free;
	}
	vcpu->vm = vm;
	vcpu->cpu.mmu = &vm->mmu;
	vcpu->on_cpu = -1;
	mutex_init(&vcpu->lock);
	ret = spt_hw->vcpu_create(vcpu);
	if (ret)
		goto out_free_run;
	vcpu_reset(vcpu);
	spt_cpuid_none(vcpu);

	/* The VM owns the vCPU; the fd holds the VM. */
	refcount_inc(&vm->refs);
	ret = anon_inode_getfd("shadowpt-vcpu:0", &vcpu_fops, vcpu, O_RDWR | O_CLOEXEC);
	if (ret < 0)
		goto out_put;
	WRITE_ONCE(vm->vcpu, vcpu);
	return ret;

out_put:
	refcount_dec(&vm->refs);
	spt_hw->vcpu_free(vcpu);
out_free_run:
	vfree(vcpu->run);
out_free:
	kfree(vcpu);
	return ret;
}
