// SPDX-License-Identifier: GPL-2.0
/*
 * AMD SVM without nested paging: switching it on, the VMCB, and translating its
 * exit codes into struct spt_exit. The only file that knows the hardware.
 * "APM" is the AMD64 Architecture Programmer's Manual, volume 2, chapter 15.
 *
 * The guest's CR0, CR3, CR4 and EFER in the VMCB are not the guest's: paging
 * is always on, CR0.WP and EFER.NXE too, and CR3 is the shadow root.
 */
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/msr.h>
#include <asm/processor-flags.h>
#include <asm/svm.h>

#include "vm.h"

/* MSR_VM_CR: the firmware has switched SVM off. APM 15.4. */
#define VM_CR_SVMDIS	BIT_ULL(4)

/* All vCPUs use one ASID; it is flushed when another vCPU ran on the CPU before. */
#define GUEST_ASID	1

/* I/O and MSR permission maps: every bit set, so everything leaves the guest. APM 15.10, 15.11. */
#define IOPM_ORDER	2
#define MSRPM_ORDER	1

struct svm_vcpu {
	struct vmcb *vmcb;
	u64 vmcb_pa;
	int last_cpu;
};

struct svm_cpu {
	void *host_save;	/* for VMRUN, APM 15.30.4 */
	void *host_state;	/* for VMSAVE and VMLOAD around it */
	struct svm_vcpu *last;	/* whose TLB entries the CPU may hold */
};

static DEFINE_PER_CPU(struct svm_cpu, svm_cpus);
static void *iopm, *msrpm;

/* How many VMs need SVM on. */
static DEFINE_MUTEX(users_lock);
static int users;
static enum cpuhp_state hotplug_state;

/* --- on and off --- */

static int svm_cpu_online(unsigned int cpu)
{
	struct svm_cpu *sc = per_cpu_ptr(&svm_cpus, cpu);
	u64 efer;

	rdmsrq(MSR_EFER, efer);
	if (efer & EFER_SVME)
		return -EBUSY;
	wrmsrq(MSR_EFER, efer | EFER_SVME);
	wrmsrq(MSR_VM_HSAVE_PA, __pa(sc->host_save));
	sc->last = NULL;
	return 0;
}

static int svm_cpu_offline(unsigned int cpu)
{
	u64 efer;

	wrmsrq(MSR_VM_HSAVE_PA, 0);
	rdmsrq(MSR_EFER, efer);
	wrmsrq(MSR_EFER, efer & ~EFER_SVME);
	return 0;
}

static int svm_get(void)
{
	int ret = 0;

	mutex_lock(&users_lock);
	if (!users) {
		ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "shadowpt:online", svm_cpu_online,
					svm_cpu_offline);
		if (ret == -EBUSY)
			pr_warn("SVM is in use by another hypervisor: unload it (rmmod kvm_amd)\n");
		if (ret >= 0) {
			hotplug_state = ret;
			ret = 0;
		}
	}
	if (!ret)
		users++;
	mutex_unlock(&users_lock);
	return ret;
}

static void svm_put(void)
{
	mutex_lock(&users_lock);
	if (!--users)
		cpuhp_remove_state(hotplug_state);
	mutex_unlock(&users_lock);
}

static void svm_teardown(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct svm_cpu *sc = per_cpu_ptr(&svm_cpus, cpu);

		free_page((unsigned long)sc->host_save);
		free_page((unsigned long)sc->host_state);
		sc->host_save = NULL;
		sc->host_state = NULL;
	}
	free_pages((unsigned long)iopm, IOPM_ORDER);
	free_pages((unsigned long)msrpm, MSRPM_ORDER);
}

static int svm_setup(void)
{
	u64 vm_cr;
	int cpu;

	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		pr_err("this CPU has no AMD SVM: use the course VM, which emulates it\n");
		return -ENODEV;
	}
	rdmsrq(MSR_VM_CR, vm_cr);
	if (vm_cr & VM_CR_SVMDIS) {
		pr_err("SVM is switched off by the firmware: switch it on in its setup\n");
		return -ENODEV;
	}

	iopm = (void *)__get_free_pages(GFP_KERNEL, IOPM_ORDER);
	msrpm = (void *)__get_free_pages(GFP_KERNEL, MSRPM_ORDER);
	if (!iopm || !msrpm)
		goto out_nomem;
	memset(iopm, 0xff, PAGE_SIZE << IOPM_ORDER);
	memset(msrpm, 0xff, PAGE_SIZE << MSRPM_ORDER);
	for_each_possible_cpu(cpu) {
		struct svm_cpu *sc = per_cpu_ptr(&svm_cpus, cpu);

		sc->host_save = (void *)get_zeroed_page(GFP_KERNEL);
		sc->host_state = (void *)get_zeroed_page(GFP_KERNEL);
		if (!sc->host_save || !sc->host_state)
			goto out_nomem;
	}
	return 0;

out_nomem:
	svm_teardown();
	return -ENOMEM;
}

/* --- the VMCB --- */

static void intercept(struct vmcb *vmcb, unsigned int bit)
{
	__set_bit(bit, (unsigned long *)vmcb->control.intercepts);
}

/*
 * Everything that touches what the guest must not see: the real control
 * registers, the TLB, ports, MSRs. And #DB and #AC, or a guest could keep the
 * CPU in microcode for ever (CVE-2015-8104, CVE-2015-5307).
 */
static const u8 intercepts[] = {
	INTERCEPT_CR0_READ, INTERCEPT_CR3_READ, INTERCEPT_CR4_READ, INTERCEPT_CR8_READ,
	INTERCEPT_CR0_WRITE, INTERCEPT_CR3_WRITE, INTERCEPT_CR4_WRITE, INTERCEPT_CR8_WRITE,
	INTERCEPT_DR0_READ, INTERCEPT_DR1_READ, INTERCEPT_DR2_READ, INTERCEPT_DR3_READ,
	INTERCEPT_DR4_READ, INTERCEPT_DR5_READ, INTERCEPT_DR6_READ, INTERCEPT_DR7_READ,
	INTERCEPT_DR0_WRITE, INTERCEPT_DR1_WRITE, INTERCEPT_DR2_WRITE, INTERCEPT_DR3_WRITE,
	INTERCEPT_DR4_WRITE, INTERCEPT_DR5_WRITE, INTERCEPT_DR6_WRITE, INTERCEPT_DR7_WRITE,
	INTERCEPT_INTR, INTERCEPT_NMI, INTERCEPT_SMI, INTERCEPT_INIT,
	INTERCEPT_CPUID, INTERCEPT_INVD, INTERCEPT_WBINVD, INTERCEPT_RDPMC,
	INTERCEPT_INVLPG, INTERCEPT_INVLPGA, INTERCEPT_IOIO_PROT, INTERCEPT_MSR_PROT,
	INTERCEPT_TASK_SWITCH, INTERCEPT_FERR_FREEZE, INTERCEPT_SHUTDOWN, INTERCEPT_HLT,
	INTERCEPT_VMRUN, INTERCEPT_VMMCALL, INTERCEPT_VMLOAD, INTERCEPT_VMSAVE,
	INTERCEPT_STGI, INTERCEPT_CLGI, INTERCEPT_SKINIT, INTERCEPT_MONITOR, INTERCEPT_MWAIT,
	INTERCEPT_XSETBV, INTERCEPT_RDPRU, INTERCEPT_INVPCID,
	INTERCEPT_EXCEPTION_OFFSET + PF_VECTOR, INTERCEPT_EXCEPTION_OFFSET + DB_VECTOR,
	INTERCEPT_EXCEPTION_OFFSET + AC_VECTOR, INTERCEPT_EXCEPTION_OFFSET + MC_VECTOR,
};

static struct svm_vcpu *svm_of(struct spt_vcpu *vcpu)
{
	return vcpu->hw;
}

static struct vmcb_seg *segment_of(struct vmcb *vmcb, int seg)
{
	switch (seg) {
	case SEG_ES:
		return &vmcb->save.es;
	case SEG_CS:
		return &vmcb->save.cs;
	case SEG_SS:
		return &vmcb->save.ss;
	case SEG_DS:
		return &vmcb->save.ds;
	case SEG_FS:
		return &vmcb->save.fs;
	case SEG_GS:
		return &vmcb->save.gs;
	case SEG_LDTR:
		return &vmcb->save.ldtr;
	default:
		return &vmcb->save.tr;
	}
}

/* Attributes are packed: type S DPL P, AVL L DB G. APM 15.5.1, "Segment State in the VMCB". */
static void svm_get_segment(struct spt_vcpu *vcpu, int seg, struct kvm_segment *s)
{
	struct vmcb_seg *v = segment_of(svm_of(vcpu)->vmcb, seg);

	*s = (struct kvm_segment) {
		.base = v->base,
		.limit = v->limit,
		.selector = v->selector,
		.type = v->attrib & 0xf,
		.s = v->attrib >> 4 & 1,
		.dpl = v->attrib >> 5 & 3,
		.present = v->attrib >> 7 & 1,
		.avl = v->attrib >> 8 & 1,
		.l = v->attrib >> 9 & 1,
		.db = v->attrib >> 10 & 1,
		.g = v->attrib >> 11 & 1,
	};
	s->unusable = !s->present;
	/* SS.DPL is the current privilege level by definition; hardware keeps CPL. */
	if (seg == SEG_SS)
		s->dpl = svm_of(vcpu)->vmcb->save.cpl;
}

static void svm_set_segment(struct spt_vcpu *vcpu, int seg, const struct kvm_segment *s)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	struct vmcb_seg *v = segment_of(vmcb, seg);

	v->base = s->base;
	v->limit = s->limit;
	v->selector = s->selector;
	v->attrib = (s->type & 0xf) | (s->s & 1) << 4 | (s->dpl & 3) << 5 |
		    (s->present && !s->unusable) << 7 | (s->avl & 1) << 8 | (s->l & 1) << 9 |
		    (s->db & 1) << 10 | (s->g & 1) << 11;
	if (seg == SEG_SS)
		vmcb->save.cpl = s->dpl & 3;
}

static void svm_get_table(struct spt_vcpu *vcpu, bool idt, struct kvm_dtable *t)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	struct vmcb_seg *v = idt ? &vmcb->save.idtr : &vmcb->save.gdtr;

	memset(t, 0, sizeof(*t));
	t->base = v->base;
	t->limit = v->limit;
}

static void svm_set_table(struct spt_vcpu *vcpu, bool idt, const struct kvm_dtable *t)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	struct vmcb_seg *v = idt ? &vmcb->save.idtr : &vmcb->save.gdtr;

	v->base = t->base;
	v->limit = t->limit;
}

static int svm_cpl(struct spt_vcpu *vcpu)
{
	return svm_of(vcpu)->vmcb->save.cpl;
}

static u64 *svm_dr6(struct spt_vcpu *vcpu)
{
	return &svm_of(vcpu)->vmcb->save.dr6;
}

static u64 *svm_msr(struct spt_vcpu *vcpu, u32 index)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	switch (index) {
	case MSR_FS_BASE:
		return &vmcb->save.fs.base;
	case MSR_GS_BASE:
		return &vmcb->save.gs.base;
	case MSR_KERNEL_GS_BASE:
		return &vmcb->save.kernel_gs_base;
	case MSR_STAR:
		return &vmcb->save.star;
	case MSR_LSTAR:
		return &vmcb->save.lstar;
	case MSR_CSTAR:
		return &vmcb->save.cstar;
	case MSR_SYSCALL_MASK:
		return &vmcb->save.sfmask;
	case MSR_IA32_SYSENTER_CS:
		return &vmcb->save.sysenter_cs;
	case MSR_IA32_SYSENTER_ESP:
		return &vmcb->save.sysenter_esp;
	case MSR_IA32_SYSENTER_EIP:
		return &vmcb->save.sysenter_eip;
	default:
		return NULL;
	}
}

static void svm_skip_shadow(struct spt_vcpu *vcpu)
{
	svm_of(vcpu)->vmcb->control.int_state &= ~SVM_INTERRUPT_SHADOW_MASK;
}

static int svm_vcpu_create(struct spt_vcpu *vcpu)
{
	struct svm_vcpu *svm;
	struct vmcb *vmcb;
	int i;

	BUILD_BUG_ON(sizeof(*vmcb) > PAGE_SIZE);

	svm = kzalloc(sizeof(*svm), GFP_KERNEL_ACCOUNT);
	vmcb = (struct vmcb *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!svm || !vmcb) {
		kfree(svm);
		free_page((unsigned long)vmcb);
		return -ENOMEM;
	}
	for (i = 0; i < ARRAY_SIZE(intercepts); i++)
		intercept(vmcb, intercepts[i]);
	vmcb->control.iopm_base_pa = __pa(iopm);
	vmcb->control.msrpm_base_pa = __pa(msrpm);
	vmcb->control.asid = GUEST_ASID;
	vmcb->control.int_ctl = V_INTR_MASKING_MASK;
	vmcb->save.dr6 = DR6_RESERVED;
	vmcb->save.dr7 = SPT_DR7_FIXED;
	vmcb->save.g_pat = 0x0007040600070406ull;

	svm->vmcb = vmcb;
	svm->vmcb_pa = __pa(vmcb);
	svm->last_cpu = -1;
	vcpu->hw = svm;
	return 0;
}

static void svm_vcpu_free(struct spt_vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	int cpu;

	/* A later vCPU may get the same address; it must not pass for this one. */
	for_each_possible_cpu(cpu)
		cmpxchg(&per_cpu_ptr(&svm_cpus, cpu)->last, svm, NULL);
	free_page((unsigned long)svm->vmcb);
	kfree(svm);
}

/* --- into the guest and out --- */

static u32 event_pack(const struct spt_inject *e)
{
	if (!e->valid)
		return 0;
	return SVM_EVTINJ_VALID | e->vector | e->type << SVM_EVTINJ_TYPE_SHIFT |
	       (e->has_error ? SVM_EVTINJ_VALID_ERR : 0);
}

static void event_unpack(struct spt_inject *e, u32 info, u32 error)
{
	e->valid = info & SVM_EXITINTINFO_VALID;
	e->vector = info & SVM_EXITINTINFO_VEC_MASK;
	e->type = (info & SVM_EXITINTINFO_TYPE_MASK) >> SVM_EVTINJ_TYPE_SHIFT;
	e->has_error = info & SVM_EXITINTINFO_VALID_ERR;
	e->error = error;
}

static void vmcb_load(struct spt_vcpu *vcpu, struct vmcb *vmcb)
{
	struct spt_cpu *cpu = &vcpu->cpu;

	vmcb->save.rax = vcpu->regs.gpr[REG_RAX];
	vmcb->save.rsp = vcpu->regs.gpr[REG_RSP];
	vmcb->save.rip = vcpu->regs.rip;
	vmcb->save.rflags = vcpu->regs.rflags;
	vmcb->save.cr2 = vcpu->cr2;
	/* Caching is the host's affair. */
	vmcb->save.cr0 = (cpu->cr0 & ~(u64)(X86_CR0_CD | X86_CR0_NW)) | X86_CR0_WP | X86_CR0_PG;
	vmcb->save.cr3 = __pa(cpu->root);
	vmcb->save.cr4 = cpu->cr4 | X86_CR4_PAE;
	vmcb->save.efer = cpu->efer | EFER_SVME | EFER_NX;
	vmcb->control.event_inj = event_pack(&vcpu->inject);
	vmcb->control.event_inj_err = vcpu->inject.error;
}

static void exit_translate(const struct vmcb *vmcb, struct spt_exit *exit)
{
	u64 info = vmcb->control.exit_info_1;

	*exit = (struct spt_exit) {
		.code = vmcb->control.exit_code,
		.info1 = info,
		.info2 = vmcb->control.exit_info_2,
	};

	switch (exit->code) {
	case SVM_EXIT_EXCP_BASE + PF_VECTOR:
		exit->reason = SPT_EXIT_PF;
		exit->error = info;
		exit->gva = exit->info2;
		break;
	case SVM_EXIT_EXCP_BASE ... SVM_EXIT_EXCP_BASE + PF_VECTOR - 1:
	case SVM_EXIT_EXCP_BASE + PF_VECTOR + 1 ... SVM_EXIT_EXCP_BASE + 31:
		exit->reason = SPT_EXIT_EXCEPTION;
		exit->vector = exit->code - SVM_EXIT_EXCP_BASE;
		exit->error = info;
		break;
	case SVM_EXIT_READ_CR0 ... SVM_EXIT_READ_CR0 + 15:
		exit->reason = SPT_EXIT_CR_READ;
		break;
	case SVM_EXIT_WRITE_CR0 ... SVM_EXIT_WRITE_CR0 + 15:
	case SVM_EXIT_CR0_SEL_WRITE:
		exit->reason = SPT_EXIT_CR_WRITE;
		break;
	case SVM_EXIT_READ_DR0 ... SVM_EXIT_WRITE_DR7:
		exit->reason = SPT_EXIT_DR;
		break;
	case SVM_EXIT_INTR:
	case SVM_EXIT_NMI:
	case SVM_EXIT_SMI:
	case SVM_EXIT_INIT:
		exit->reason = SPT_EXIT_INTR;
		break;
	case SVM_EXIT_INVLPG:
		exit->reason = SPT_EXIT_INVLPG;
		break;
	case SVM_EXIT_CPUID:
		exit->reason = SPT_EXIT_CPUID;
		break;
	case SVM_EXIT_MSR:
		exit->reason = SPT_EXIT_MSR;
		break;
	case SVM_EXIT_HLT:
		exit->reason = SPT_EXIT_HLT;
		break;
	case SVM_EXIT_SHUTDOWN:
		exit->reason = SPT_EXIT_SHUTDOWN;
		break;
	case SVM_EXIT_IOIO:
		exit->reason = SPT_EXIT_IO;
		exit->port = info >> 16;
		exit->size = (info & SVM_IOIO_SIZE_MASK) >> SVM_IOIO_SIZE_SHIFT;
		exit->in = info & SVM_IOIO_TYPE_MASK;
		exit->string = info & SVM_IOIO_STR_MASK;
		exit->next_rip = exit->info2;
		break;
	default:
		exit->reason = SPT_EXIT_OTHER;
	}
}

/*
 * Run the guest until it stops. Called with interrupts off; they are recognised
 * while the guest runs and taken after the caller switches them on.
 */
static void svm_enter(struct spt_vcpu *vcpu, struct spt_exit *exit)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);
	struct svm_vcpu *svm = svm_of(vcpu);
	struct vmcb *vmcb = svm->vmcb;
	unsigned long dr7;
	u64 efer;

	/* Somebody (kvm_amd unloading) may have switched SVM off under us. */
	rdmsrq(MSR_EFER, efer);
	if (!(efer & EFER_SVME)) {
		*exit = (struct spt_exit) { .reason = SPT_EXIT_OTHER, .code = SVM_EXIT_ERR };
		return;
	}

	vmcb_load(vcpu, vmcb);
	vmcb->control.tlb_ctl = TLB_CONTROL_DO_NOTHING;
	if (vcpu->vm->mmu.flush_owed || sc->last != svm || svm->last_cpu != smp_processor_id())
		vmcb->control.tlb_ctl = TLB_CONTROL_FLUSH_ALL_ASID;
	vcpu->vm->mmu.flush_owed = false;
	sc->last = svm;
	svm->last_cpu = smp_processor_id();

	/* VMEXIT leaves DR7 with all breakpoints off. APM 15.6. */
	get_debugreg(dr7, 7);

	asm volatile("clgi" : : : "memory");
	asm volatile("vmsave %0" : : "a" (__pa(sc->host_state)) : "memory");
	spt_svm_run(svm->vmcb_pa, vcpu->regs.gpr, __pa(sc->host_state));
	asm volatile("stgi" : : : "memory");

	if (dr7 != SPT_DR7_FIXED)
		set_debugreg(dr7, 7);

	vcpu->regs.gpr[REG_RAX] = vmcb->save.rax;
	vcpu->regs.gpr[REG_RSP] = vmcb->save.rsp;
	vcpu->regs.rip = vmcb->save.rip;
	vcpu->regs.rflags = vmcb->save.rflags;
	vcpu->cr2 = vmcb->save.cr2;
	/* The guest sets TS in the real CR0 on a task switch only; those are intercepted. */
	event_unpack(&vcpu->inflight, vmcb->control.exit_int_info,
		     vmcb->control.exit_int_info_err);
	vcpu->inject.valid = false;
	exit_translate(vmcb, exit);
	if (exit->code == SVM_EXIT_EXCP_BASE + MC_VECTOR) {
		/* The machine's trouble, not the guest's: hand it to the host's handler. */
		asm volatile("int $18");
		exit->reason = SPT_EXIT_INTR;
	}
}

const struct spt_cpu_ops spt_svm_ops = {
	.name = "AMD SVM, shadow paging",
	.setup = svm_setup,
	.teardown = svm_teardown,
	.get = svm_get,
	.put = svm_put,
	.vcpu_create = svm_vcpu_create,
	.vcpu_free = svm_vcpu_free,
	.enter = svm_enter,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.get_table = svm_get_table,
	.set_table = svm_set_table,
	.cpl = svm_cpl,
	.msr = svm_msr,
	.dr6 = svm_dr6,
	.skip_shadow = svm_skip_shadow,
};
