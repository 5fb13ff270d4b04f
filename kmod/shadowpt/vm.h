/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shell around core/: virtual machines and vCPUs as file descriptors that
 * speak the KVM ioctl ABI, and the hardware behind them.
 *
 *	main.c  /dev/shadowpt --KVM_CREATE_VM--> vm.c --KVM_CREATE_VCPU--> vcpu.c
 *	                                                                      | run
 *	              core/ <-- faults, CR3, INVLPG -- exits.c <-- svm.c <==> guest
 *
 * Locks, outermost first:
 *
 *	spt_vcpu.lock	one ioctl at a time on a vCPU; held for all of KVM_RUN
 *	spt_vm.slots_lock	one change of the memory map at a time
 *	spt_vm.mmu_lock	core/ state of the VM. Held while the guest runs; who
 *			wants it meanwhile takes it by spt_vm_pause().
 *
 * One vCPU a VM for now. What more would take: a root for each in core/, and a
 * TLB flush on the others before an spte loses a right.
 */
#ifndef SHADOWPT_VM_H
#define SHADOWPT_VM_H

#include <linux/kvm.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/wait.h>

#include "core/insn.h"
#include "core/spt.h"

struct spt_vcpu;
struct mm_struct;

/**
 * struct spt_vm - a virtual machine
 * @refs: its own fd and each vCPU's hold one
 * @mm: address space that backs its memory; ioctls from another get EIO
 * @slots_lock: see above
 * @mmu_lock: see above
 * @pausers: how many want @mmu_lock; the vCPU makes way while there are any
 * @resume: where the vCPU waits meanwhile
 * @vcpu: its vCPU, or NULL; set once
 * @mmu: the shadow MMU
 * @exits: by enum spt_exit_reason
 */
struct spt_vm {
	refcount_t refs;
	struct mm_struct *mm;
	struct mutex slots_lock;	/* changes of the memory map */
	struct mutex mmu_lock;		/* core/ state */
	atomic_t pausers;
	wait_queue_head_t resume;
	struct spt_vcpu *vcpu;
	struct spt_mmu mmu;
	u64 exits[SPT_EXIT_NR];
};

/* Kinds of event, numbered as in SVM's EVENTINJ. APM vol. 2, 15.20. */
enum spt_event_type { SPT_EVENT_INTR = 0, SPT_EVENT_NMI = 2, SPT_EVENT_EXCEPTION = 3,
		      SPT_EVENT_SOFT = 4 };

/**
 * struct spt_inject - an event that is being delivered to the guest
 * @valid: there is one
 * @vector: 0..255
 * @type: enum spt_event_type
 * @has_error: exception with an error code
 * @error: that code
 */
struct spt_inject {
	bool valid;
	u8 vector;
	u8 type;
	bool has_error;
	u32 error;
};

/**
 * struct spt_exit - why the guest stopped, free of hardware names
 * @reason: enum spt_exit_reason
 * @code: the hardware's own exit code, for traces and error reports
 * @info1: the hardware's own details, for the same
 * @info2: more of them
 * @vector: EXCEPTION: which
 * @error: PF: error code
 * @gva: PF: address
 * @port: IO: port number
 * @size: IO: operand size in bytes
 * @in: IO: from the port to the guest
 * @string: IO: INS or OUTS
 * @next_rip: IO: address of the next instruction
 */
struct spt_exit {
	enum spt_exit_reason reason;
	u64 code;
	u64 info1;
	u64 info2;
	u8 vector;
	u32 error;
	gva_t gva;
	u16 port;
	u8 size;
	bool in;
	bool string;
	u64 next_rip;
};

/* What KVM_RUN has to do with the client's answer before the guest goes on. */
enum spt_pending { SPT_PENDING_NONE, SPT_PENDING_IN, SPT_PENDING_STRING, SPT_PENDING_MMIO_READ };

/**
 * struct spt_vcpu - a virtual CPU
 * @vm: its VM; holds a reference
 * @lock: see above
 * @run: page shared with the client, the port data page behind it
 * @cpu: its part of the shadow MMU, with CR0, CR3, CR4 and EFER
 * @regs: general registers, RIP, RFLAGS
 * @cr2: as the guest believes it to be; so the next three
 * @cr8: kept, without effect
 * @dr: DR0 to DR3: kept, without effect
 * @dr7: kept, without effect
 * @apic_base: MSR: kept, without effect
 * @pat: MSR: kept, without effect
 * @inject: to be delivered at the next entry
 * @inflight: was being delivered when the guest last stopped
 * @pending: see above
 * @io: the exit that @pending belongs to
 * @mmio: read data handed in by the client, for the instruction that asked
 * @mmio_written: the instruction just emulated wrote to MMIO: tell the client
 * @triple_fault: a fault while delivering a double fault: shut down
 * @emulation_fault: the #PF that an emulated access met
 * @fx: FXSAVE image of the guest's FPU and SSE registers
 * @cpuid: what CPUID tells the guest
 * @cpuid_nent: how many entries that is
 * @cr4_allowed: CR4 bits the guest may set, from its CPUID
 * @efer_allowed: the same for EFER
 * @ran: has been in the guest; CPUID is fixed
 * @entries: how often it has entered the guest
 * @unshadow_rip: the last write that cost a table its shadow: where it was ...
 * @unshadow_gfn: ... and the table
 * @on_cpu: host CPU it is in the guest on, or -1
 * @hw: the back end's part
 */
struct spt_vcpu {
	struct spt_vm *vm;
	struct mutex lock;		/* one ioctl at a time */
	struct kvm_run *run;
	struct spt_cpu cpu;
	struct insn_state regs;
	u64 cr2;
	u64 cr8;
	u64 dr[4];
	u64 dr7;
	u64 apic_base;
	u64 pat;
	struct spt_inject inject;
	struct spt_inject inflight;
	enum spt_pending pending;
	struct spt_exit io;
	struct {
		bool valid;
		gpa_t gpa;
		u32 len;
		u64 data;
	} mmio;
	bool mmio_written;
	bool triple_fault;
	struct {
		gva_t gva;
		u32 error;
	} emulation_fault;
	u8 fx[512] __aligned(16);
	struct kvm_cpuid_entry2 *cpuid;
	u32 cpuid_nent;
	u64 cr4_allowed;
	u64 efer_allowed;
	bool ran;
	u64 entries;
	u64 unshadow_rip;
	gfn_t unshadow_gfn;
	int on_cpu;
	void *hw;
};

/**
 * struct spt_cpu_ops - a kind of hardware virtualisation
 * @name: for the log
 * @setup: once, at module load; -ENODEV with a line in the log if it is not there
 * @teardown: undoes it
 * @get: switch it on, on every CPU, for one more VM; -EBUSY if somebody else has it
 * @put: undoes one @get
 * @vcpu_create: make the back end's part of a vCPU
 * @vcpu_free: undo that
 * @enter: run the guest until it stops; interrupts are off before and after
 * @get_segment: by enum insn_seg, then LDTR, TR
 * @set_segment: the same
 * @get_table: GDTR or IDTR
 * @set_table: the same
 * @cpl: current privilege level
 * @msr: where an MSR that the hardware switches is kept, or NULL
 * @dr6: where the guest's DR6 is kept
 * @skip_shadow: an instruction was completed for the guest: no interrupt shadow
 */
struct spt_cpu_ops {
	const char *name;
	int (*setup)(void);
	void (*teardown)(void);
	int (*get)(void);
	void (*put)(void);
	int (*vcpu_create)(struct spt_vcpu *vcpu);
	void (*vcpu_free)(struct spt_vcpu *vcpu);
	void (*enter)(struct spt_vcpu *vcpu, struct spt_exit *exit);
	void (*get_segment)(struct spt_vcpu *vcpu, int seg, struct kvm_segment *s);
	void (*set_segment)(struct spt_vcpu *vcpu, int seg, const struct kvm_segment *s);
	void (*get_table)(struct spt_vcpu *vcpu, bool idt, struct kvm_dtable *t);
	void (*set_table)(struct spt_vcpu *vcpu, bool idt, const struct kvm_dtable *t);
	int (*cpl)(struct spt_vcpu *vcpu);
	u64 *(*msr)(struct spt_vcpu *vcpu, u32 index);
	u64 *(*dr6)(struct spt_vcpu *vcpu);
	void (*skip_shadow)(struct spt_vcpu *vcpu);
};

/* DR7 with no breakpoint set: bit 10 always reads as one. APM vol. 2, 13.1.1.4. */
#define SPT_DR7_FIXED	0x400ull

/* Segments beyond enum insn_seg. */
enum { SEG_LDTR = SEG_NR, SEG_TR, SEG_ALL };

/* svm.c, svm_enter.S */
extern const struct spt_cpu_ops spt_svm_ops;
void spt_svm_run(u64 vmcb_pa, u64 *gpr, u64 host_pa);

/* The kind in use. */
extern const struct spt_cpu_ops *spt_hw;

/* Pages of the vCPU's mapping: struct kvm_run, then port data. */
#define SPT_VCPU_MMAP_PAGES	2
#define SPT_PIO_OFFSET		PAGE_SIZE

/* main.c */
long spt_check_extension(unsigned long ext);
const struct spt_strategy *spt_default_strategy(void);
u32 spt_max_shadow_pages(void);
u32 spt_audit_interval(void);

/* vm.c */
int spt_vm_create(void);
void spt_vm_put(struct spt_vm *vm);
void spt_vm_pause(struct spt_vm *vm);
void spt_vm_resume(struct spt_vm *vm);

/* vcpu.c */
int spt_vcpu_create(struct spt_vm *vm);
void spt_vcpu_free(struct spt_vcpu *vcpu);

/* exits.c: what each returns is explained there */
int spt_exit_handle(struct spt_vcpu *vcpu, const struct spt_exit *exit);
int spt_exit_complete(struct spt_vcpu *vcpu);
int spt_exit_internal_error(struct spt_vcpu *vcpu, const struct spt_exit *exit);
void spt_queue_exception(struct spt_vcpu *vcpu, u8 vector, bool has_error, u32 error);
bool spt_cr0_valid(u64 cr0);
bool spt_cr3_valid(const struct spt_vcpu *vcpu, u64 cr3);
bool spt_apic_base_valid(const struct spt_vcpu *vcpu, u64 base);

/* cpuid.c */
int spt_cpuid_supported(struct kvm_cpuid2 __user *user);
int spt_cpuid_set(struct spt_vcpu *vcpu, const struct kvm_cpuid2 __user *user);
void spt_cpuid_none(struct spt_vcpu *vcpu);
void spt_cpuid_run(const struct spt_vcpu *vcpu, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);

#endif /* SHADOWPT_VM_H */
