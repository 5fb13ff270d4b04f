// SPDX-License-Identifier: GPL-2.0
/*
 * What to do when the guest stops: one handler for each reason, and the
 * completion of what the client was asked for. Knows x86, but no particular
 * hardware; the shadow tables are core/'s affair.
 *
 * A handler returns 1 to go on with the guest, 0 to return to the client with
 * vcpu->run filled in, or a negative errno for KVM_RUN.
 */
#include <linux/kernel.h>
#include <linux/kvm_para.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/msr.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include "trace.h"
#include "vm.h"

/* From insn_mem callbacks: the client must be asked first. */
#define ASK_CLIENT	(-EINPROGRESS)

/* --- exceptions --- */

/* Faults that make a double fault of each other. APM vol. 2, table 8-6. */
static bool is_contributory(u8 vector)
{
	return vector == X86_TRAP_DE || (vector >= X86_TRAP_TS && vector <= X86_TRAP_GP);
}

/**
 * spt_queue_exception - deliver an exception at the next entry
 * @vcpu: vCPU
 * @vector: which
 * @has_error: it comes with an error code
 * @error: that code
 *
 * If it happened while another exception was being delivered, the two may make a
 * double fault; if that was one already, the guest is shut down.
 */
void spt_queue_exception(struct spt_vcpu *vcpu, u8 vector, bool has_error, u32 error)
{
	struct spt_inject *first = &vcpu->inflight;

	if (first->valid && first->type == SPT_EVENT_EXCEPTION) {
		if (first->vector == X86_TRAP_DF) {
			vcpu->triple_fault = true;
			first->valid = false;
			return;
		}
		if ((is_contributory(first->vector) && is_contributory(vector)) ||
		    (first->vector == X86_TRAP_PF &&
		     (vector == X86_TRAP_PF || is_contributory(vector)))) {
			vector = X86_TRAP_DF;
			has_error = true;
			error = 0;
		}
	}
	/* An INT n that did not get through is executed again after the handler's IRET. */
	first->valid = false;
	vcpu->inject = (struct spt_inject) {
		.valid = true,
		.vector = vector,
		.type = SPT_EVENT_EXCEPTION,
		.has_error = has_error,
		.error = error,
	};
}

static int inject_gp(struct spt_vcpu *vcpu)
{
	spt_queue_exception(vcpu, X86_TRAP_GP, true, 0);
	return 1;
}

static int inject_ud(struct spt_vcpu *vcpu)
{
	spt_queue_exception(vcpu, X86_TRAP_UD, false, 0);
	return 1;
}

static int inject_pf(struct spt_vcpu *vcpu, gva_t gva, u32 error)
{
	bool was_df = vcpu->inflight.valid && vcpu->inflight.vector == X86_TRAP_DF;

	if (!was_df)
		vcpu->cr2 = gva;
	spt_queue_exception(vcpu, X86_TRAP_PF, true, error);
	return 1;
}

static bool is_canonical(u64 gva)
{
	return (s64)(gva << 16) >> 16 == (s64)gva;
}

/* An instruction has been completed for the guest; RIP is past it. */
static void retired(struct spt_vcpu *vcpu, u64 rflags_before)
{
	spt_hw->skip_shadow(vcpu);
	if (rflags_before & X86_EFLAGS_TF) {
		*spt_hw->dr6(vcpu) |= DR_STEP;
		spt_queue_exception(vcpu, X86_TRAP_DB, false, 0);
	}
}

static int skip(struct spt_vcpu *vcpu, const struct insn *insn)
{
	vcpu->regs.rip += insn->len;
	retired(vcpu, vcpu->regs.rflags);
	return 1;
}

/**
 * spt_exit_internal_error - tell the client that we are at our wits' end
 * @vcpu: vCPU
 * @exit: what could not be handled
 *
 * Returns 0.
 */
int spt_exit_internal_error(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_EMULATION;
	run->internal.ndata = 4;
	run->internal.data[0] = exit->code;
	run->internal.data[1] = exit->info1;
	run->internal.data[2] = exit->info2;
	run->internal.data[3] = vcpu->regs.rip;
	return 0;
}

/* --- the guest's memory, as one of its instructions sees it --- */

/* How the current privilege level colours an access. */
static u32 access_of(struct spt_vcpu *vcpu, u32 kind)
{
	if (spt_hw->cpl(vcpu) == 3)
		kind |= PF_USER;
	else if (vcpu->regs.rflags & X86_EFLAGS_AC)
		kind |= PF_SMAP_OK;
	return kind;
}

/* A stretch of guest memory, in one page or two. */
struct span {
	struct {
		gpa_t gpa;
		unsigned int len;
	} part[2];
	int parts;
};

/* Translate all of it before any of it is touched. */
static int span_walk(struct spt_vcpu *vcpu, gva_t gva, unsigned int len, u32 access,
		     struct span *span)
{
	struct spt_walk walk;
	int ret;

	span->parts = 0;
	while (len) {
		unsigned int n = min_t(unsigned int, len, PAGE_SIZE - (gva & (PAGE_SIZE - 1)));

		if (!is_canonical(gva))
			return -ERANGE;
		ret = spt_gwalk(&vcpu->cpu, gva, access, &walk);
		if (ret) {
			vcpu->emulation_fault.gva = gva;
			vcpu->emulation_fault.error = walk.error;
			return ret;
		}
		span->part[span->parts].gpa = walk.gpa;
		span->part[span->parts].len = n;
		span->parts++;
		gva += n;
		len -= n;
	}
	return 0;
}

static bool is_memory(struct spt_vcpu *vcpu, gpa_t gpa)
{
	return spt_frame(&vcpu->vm->mmu, gpa >> SPT_PAGE_SHIFT);
}

static bool span_is_memory(struct spt_vcpu *vcpu, const struct span *span)
{
	int i;

	for (i = 0; i < span->parts; i++)
		if (!is_memory(vcpu, span->part[i].gpa))
			return false;
	return true;
}

static int span_read(struct spt_vcpu *vcpu, const struct span *span, void *buf)
{
	int i, ret;

	for (i = 0; i < span->parts; i++) {
		ret = spt_phys_read(&vcpu->vm->mmu, span->part[i].gpa, buf, span->part[i].len);
		if (ret)
			return ret;
		buf += span->part[i].len;
	}
	return 0;
}

static int span_write(struct spt_vcpu *vcpu, const struct span *span, const void *buf)
{
	int i, ret;

	for (i = 0; i < span->parts; i++) {
		ret = spt_phys_write(&vcpu->cpu, span->part[i].gpa, buf, span->part[i].len);
		if (ret)
			return ret;
		buf += span->part[i].len;
	}
	return 0;
}

static void mmio_exit(struct spt_vcpu *vcpu, gpa_t gpa, unsigned int len, bool write, u64 data)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = gpa;
	run->mmio.len = len;
	run->mmio.is_write = write;
	memcpy(run->mmio.data, &data, sizeof(data));
}

/* struct insn_mem: read. MMIO data comes from the client, the second time round. */
static int emu_read(void *ctx, u64 gva, u64 *value, unsigned int len)
{
	struct spt_vcpu *vcpu = ctx;
	struct span span;
	int ret;

	ret = span_walk(vcpu, gva, len, access_of(vcpu, 0), &span);
	if (ret)
		return ret;
	*value = 0;
	if (span_is_memory(vcpu, &span))
		return span_read(vcpu, &span, value);
	if (span.parts > 1)
		return -EOPNOTSUPP;
	if (vcpu->mmio.valid && vcpu->mmio.gpa == span.part[0].gpa && vcpu->mmio.len == len) {
		*value = vcpu->mmio.data;
		return 0;
	}
	mmio_exit(vcpu, span.part[0].gpa, len, false, 0);
	vcpu->pending = SPT_PENDING_MMIO_READ;
	return ASK_CLIENT;
}

/* struct insn_mem: write. The last thing an instruction does, so MMIO can follow it. */
static int emu_write(void *ctx, u64 gva, u64 value, unsigned int len)
{
	struct spt_vcpu *vcpu = ctx;
	struct span span;
	int ret;

	ret = span_walk(vcpu, gva, len, access_of(vcpu, PF_WRITE), &span);
	if (ret)
		return ret;
	if (span_is_memory(vcpu, &span))
		return span_write(vcpu, &span, &value);
	if (span.parts > 1)
		return -EOPNOTSUPP;
	mmio_exit(vcpu, span.part[0].gpa, len, true, value);
	vcpu->mmio_written = true;
	return 0;
}

/*
 * struct insn_mem: compare and exchange. There is one vCPU, so for operands that
 * the host cannot exchange in one go, a read and a write are as good.
 */
static int emu_compare_exchange(void *ctx, u64 gva, u64 *old, u64 new, unsigned int len)
{
	struct spt_vcpu *vcpu = ctx;
	struct span span;
	u64 found = 0;
	int ret;

	ret = span_walk(vcpu, gva, len, access_of(vcpu, PF_WRITE), &span);
	if (ret)
		return ret;
	if (!span_is_memory(vcpu, &span))
		return emu_write(ctx, gva, new, len);
	if (span.parts == 1 && !(gva & (len - 1)))
		return spt_phys_cmpxchg(&vcpu->cpu, span.part[0].gpa, old, new, len);
	ret = span_read(vcpu, &span, &found);
	if (ret)
		return ret;
	if (found != *old) {
		*old = found;
		return -EAGAIN;
	}
	return span_write(vcpu, &span, &new);
}

static const struct insn_mem emu_mem = {
	.read = emu_read,
	.write = emu_write,
	.compare_exchange = emu_compare_exchange,
};

/* --- instructions --- */

/* Turn the failure of an emulated access into what the guest or client must see. */
static int access_failed(struct spt_vcpu *vcpu, int err, const struct spt_exit *exit)
{
	switch (err) {
	case -EFAULT:
		return inject_pf(vcpu, vcpu->emulation_fault.gva, vcpu->emulation_fault.error);
	case -ERANGE:
		return inject_gp(vcpu);
	case -EAGAIN:
		return 1;	/* lost a race: the guest will try again */
	case ASK_CLIENT:
		return 0;
	default:
		return spt_exit_internal_error(vcpu, exit);
	}
}

/*
 * Fetch and decode the instruction at RIP, through the guest's tables, for SVM
 * need not tell its bytes. Returns 0, -EOPNOTSUPP, or an access_failed() error.
 */
static int fetch(struct spt_vcpu *vcpu, struct insn *insn)
{
	struct kvm_segment cs;
	u8 bytes[INSN_MAX_LEN];
	struct span span;
	unsigned int n;
	u64 rip;
	int ret, again;

	spt_hw->get_segment(vcpu, SEG_CS, &cs);
	vcpu->regs.code64 = cs.l;
	if (!cs.l && !cs.db)
		return -EOPNOTSUPP;	/* 16-bit code */
	rip = cs.l ? vcpu->regs.rip : (u32)(cs.base + vcpu->regs.rip);

	/* What is on this page may be all there is; look at the next only if need be. */
	n = min_t(unsigned int, INSN_MAX_LEN, PAGE_SIZE - (rip & (PAGE_SIZE - 1)));
	ret = span_walk(vcpu, rip, n, access_of(vcpu, PF_FETCH), &span);
	if (!ret)
		ret = span_read(vcpu, &span, bytes) ? -EOPNOTSUPP : 0;
	if (ret)
		return ret;
	ret = insn_decode(bytes, n, cs.l, insn);
	if (ret != -ENODATA)
		return ret;
	again = span_walk(vcpu, rip + n, INSN_MAX_LEN - n, access_of(vcpu, PF_FETCH), &span);
	if (!again)
		again = span_read(vcpu, &span, bytes + n) ? -EOPNOTSUPP : 0;
	return again ? again : insn_decode(bytes, INSN_MAX_LEN, cs.l, insn);
}

static void load_segment_bases(struct spt_vcpu *vcpu)
{
	struct kvm_segment s;
	int i;

	for (i = 0; i < SEG_NR; i++) {
		spt_hw->get_segment(vcpu, i, &s);
		vcpu->regs.seg_base[i] = s.base;
	}
}

/* Carry out a decoded instruction and say how KVM_RUN goes on. */
static int execute(struct spt_vcpu *vcpu, const struct insn *insn, const struct spt_exit *exit)
{
	u64 rflags = vcpu->regs.rflags;
	int ret;

	vcpu->mmio_written = false;
	ret = insn_execute(insn, &vcpu->regs, &emu_mem, vcpu);
	if (ret)
		return access_failed(vcpu, ret, exit);
	vcpu->mmio.valid = false;
	retired(vcpu, rflags);
	return !vcpu->mmio_written;
}

static int emulate(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct insn insn;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	load_segment_bases(vcpu);
	return execute(vcpu, &insn, exit);
}

/* --- page faults --- */

/*
 * A write to a shadowed table. If we know the instruction, and it is really its
 * operand that faulted (not the stack of an event being delivered), carry it
 * out; else let the table go and run it again.
 *
 * That does not help if the instruction needs the very table it writes to: the
 * shadow comes back before it gets through. So if it is here again, the table is
 * left writable until the guest flushes.
 */
static int pt_write(struct spt_vcpu *vcpu, const struct spt_exit *exit, gpa_t gpa)
{
	gfn_t gfn = gpa >> SPT_PAGE_SHIFT;
	struct insn insn;
	int ret;

	if (!vcpu->inflight.valid) {
		ret = fetch(vcpu, &insn);
		if (!ret && insn.op >= INSN_MOV && insn.has_mem && insn.mem_dst) {
			load_segment_bases(vcpu);
			if (exit->gva - insn_address(&insn, &vcpu->regs) < insn_mem_size(&insn))
				return execute(vcpu, &insn, exit);
		} else if (ret && ret != -EOPNOTSUPP) {
			return access_failed(vcpu, ret, exit);
		}
	}

	trace_spt_pt_write(gpa, 0, false);
	if (vcpu->unshadow_rip == vcpu->regs.rip && vcpu->unshadow_gfn == gfn) {
		vcpu->vm->mmu.strategy->unsync(&vcpu->cpu, gfn);
		return 1;
	}
	vcpu->unshadow_rip = vcpu->regs.rip;
	vcpu->unshadow_gfn = gfn;
	spt_unshadow(&vcpu->cpu, gfn);
	return 1;
}

static int handle_pf(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	u32 error = exit->error & PF_ACCESS;
	struct spt_walk walk;

	if (!(error & PF_USER) && spt_hw->cpl(vcpu) < 3 && (vcpu->regs.rflags & X86_EFLAGS_AC))
		error |= PF_SMAP_OK;

	switch (spt_page_fault(&vcpu->cpu, exit->gva, error, &walk)) {
	case SPT_RESUME:
		return 1;
	case SPT_INJECT:
		return inject_pf(vcpu, exit->gva, walk.error);
	case SPT_PT_WRITE:
		return pt_write(vcpu, exit, walk.gpa);
	case SPT_MMIO:
	case SPT_EMULATE:
		return emulate(vcpu, exit);
	default:
		return -ENOMEM;
	}
}

/* --- control registers --- */

/**
 * spt_cr0_valid - may CR0 have this value?
 * @cr0: value
 *
 * APM vol. 2, 3.1.1: reserved bits, paging without protection, NW without CD.
 */
bool spt_cr0_valid(u64 cr0)
{
	if (cr0 >> 32)
		return false;
	if ((cr0 & X86_CR0_PG) && !(cr0 & X86_CR0_PE))
		return false;
	return !((cr0 & X86_CR0_NW) && !(cr0 & X86_CR0_CD));
}

/**
 * spt_cr3_valid - may CR3 have this value?
 * @vcpu: for its physical address width
 * @cr3: value
 */
bool spt_cr3_valid(const struct spt_vcpu *vcpu, u64 cr3)
{
	return !(cr3 >> vcpu->cpu.maxphyaddr);
}

/**
 * spt_apic_base_valid - may the APIC base MSR have this value?
 * @vcpu: for its physical address width
 * @base: value
 *
 * Reserved: below bit 8, bit 9, x2APIC (which CPUID does not offer), beyond physical addresses.
 */
bool spt_apic_base_valid(const struct spt_vcpu *vcpu, u64 base)
{
	return !(base & 0x6ff) && !(base >> vcpu->cpu.maxphyaddr);
}

static int guest_write_cr0(struct spt_vcpu *vcpu, u64 value)
{
	struct spt_cpu *cpu = &vcpu->cpu;
	u64 changed;

	value |= X86_CR0_ET;
	if (!spt_cr0_valid(value))
		return -EINVAL;
	changed = cpu->cr0 ^ value;
	if (changed & X86_CR0_PG) {
		/* Off, from compatibility mode only: long mode is left. APM vol. 2, 14.6.2. */
		if (vcpu->regs.code64)
			return -EINVAL;
		cpu->efer &= ~(u64)EFER_LMA;
	}
	cpu->cr0 = value;
	if (changed & X86_CR0_WP)
		vcpu->vm->mmu.strategy->mode_changed(cpu);
	if (changed & X86_CR0_PG)
		vcpu->vm->mmu.strategy->flush_all(cpu);
	return 0;
}

static int guest_write_cr3(struct spt_vcpu *vcpu, u64 value)
{
	if (!spt_cr3_valid(vcpu, value))
		return -EINVAL;
	vcpu->cpu.cr3 = value;
	vcpu->vm->mmu.strategy->load_cr3(&vcpu->cpu);
	return 0;
}

static int guest_write_cr4(struct spt_vcpu *vcpu, u64 value)
{
	const struct spt_strategy *strategy = vcpu->vm->mmu.strategy;
	u64 changed = vcpu->cpu.cr4 ^ value;

	if (value & ~vcpu->cr4_allowed)
		return -EINVAL;
	/* Long mode needs PAE. */
	if ((vcpu->cpu.efer & EFER_LMA) && !(value & X86_CR4_PAE))
		return -EINVAL;
	vcpu->cpu.cr4 = value;
	if (changed & (X86_CR4_SMEP | X86_CR4_SMAP)) {
		strategy->mode_changed(&vcpu->cpu);
		spt_owe_flush(&vcpu->vm->mmu);
	}
	if (changed & (X86_CR4_PGE | X86_CR4_PAE | X86_CR4_PSE))
		strategy->flush_all(&vcpu->cpu);
	return 0;
}

static int guest_write_cr8(struct spt_vcpu *vcpu, u64 value)
{
	if (value & ~0xfull)
		return -EINVAL;
	vcpu->cr8 = value;
	return 0;
}

static int handle_cr(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct spt_cpu *cpu = &vcpu->cpu;
	struct insn insn;
	u64 value;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	if (spt_hw->cpl(vcpu) && insn.op != INSN_SMSW)
		return inject_gp(vcpu);

	switch (insn.op) {
	case INSN_MOV_FROM_CR:
		value = insn.reg == 0 ? cpu->cr0 : insn.reg == 3 ? cpu->cr3 :
			insn.reg == 4 ? cpu->cr4 : vcpu->cr8;
		insn_reg_write(&vcpu->regs, &insn, insn.rm, insn.opsize, value);
		return skip(vcpu, &insn);
	case INSN_MOV_TO_CR:
		value = insn_reg_read(&vcpu->regs, &insn, insn.rm, insn.opsize);
		ret = insn.reg == 0 ? guest_write_cr0(vcpu, value) :
		      insn.reg == 3 ? guest_write_cr3(vcpu, value) :
		      insn.reg == 4 ? guest_write_cr4(vcpu, value) :
				      guest_write_cr8(vcpu, value);
		break;
	case INSN_CLTS:
		ret = guest_write_cr0(vcpu, cpu->cr0 & ~(u64)X86_CR0_TS);
		break;
	case INSN_LMSW:
		load_segment_bases(vcpu);
		if (insn.has_mem)
			ret = emu_read(vcpu, insn_address(&insn, &vcpu->regs), &value, 2);
		else
			value = insn_reg_read(&vcpu->regs, &insn, insn.rm, 2);
		if (ret)
			return access_failed(vcpu, ret, exit);
		/* Sets PE, MP, EM, TS; cannot clear PE. APM vol. 3, LMSW. */
		ret = guest_write_cr0(vcpu, (cpu->cr0 & ~0xeull) | (value & 0xf));
		break;
	case INSN_SMSW:
		load_segment_bases(vcpu);
		if (!insn.has_mem)
			insn_reg_write(&vcpu->regs, &insn, insn.rm, insn.opsize, cpu->cr0);
		else
			ret = emu_write(vcpu, insn_address(&insn, &vcpu->regs),
					cpu->cr0 & 0xffff, 2);
		if (ret)
			return access_failed(vcpu, ret, exit);
		break;
	default:
		return spt_exit_internal_error(vcpu, exit);
	}
	return ret ? inject_gp(vcpu) : skip(vcpu, &insn);
}

/* Breakpoint addresses are kept for the guest to read back; they do not break. */
static int handle_dr(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	u64 *dr, value;
	struct insn insn;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	if (spt_hw->cpl(vcpu))
		return inject_gp(vcpu);
	/* DR4 and DR5 are DR6 and DR7, or #UD with CR4.DE. */
	if (insn.reg > 7 || ((insn.reg == 4 || insn.reg == 5) && (vcpu->cpu.cr4 & X86_CR4_DE)))
		return inject_ud(vcpu);
	dr = insn.reg < 4 ? &vcpu->dr[insn.reg] : insn.reg & 1 ? &vcpu->dr7 : spt_hw->dr6(vcpu);

	if (insn.op == INSN_MOV_FROM_DR) {
		insn_reg_write(&vcpu->regs, &insn, insn.rm, insn.opsize, *dr);
		return skip(vcpu, &insn);
	}
	value = insn_reg_read(&vcpu->regs, &insn, insn.rm, insn.opsize);
	if (insn.reg >= 4) {
		if (value >> 32)
			return inject_gp(vcpu);
		value = insn.reg & 1 ? (value & 0xffff2fff) | SPT_DR7_FIXED :
				       (value & 0xe00f) | DR6_RESERVED;
	}
	*dr = value;
	return skip(vcpu, &insn);
}

static int handle_invlpg(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct insn insn;
	u64 gva;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	if (insn.op != INSN_INVLPG)
		return spt_exit_internal_error(vcpu, exit);
	if (spt_hw->cpl(vcpu))
		return inject_gp(vcpu);
	load_segment_bases(vcpu);
	gva = insn_address(&insn, &vcpu->regs);
	/* A non-canonical address is no error; nothing is cached for it. */
	if (is_canonical(gva))
		vcpu->vm->mmu.strategy->invlpg(&vcpu->cpu, gva);
	return skip(vcpu, &insn);
}

/* --- CPUID, MSRs --- */

static int handle_cpuid(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	u64 *gpr = vcpu->regs.gpr;
	u32 eax = gpr[REG_RAX], ebx, ecx = gpr[REG_RCX], edx;
	struct insn insn;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	spt_cpuid_run(vcpu, &eax, &ebx, &ecx, &edx);
	gpr[REG_RAX] = eax;
	gpr[REG_RBX] = ebx;
	gpr[REG_RCX] = ecx;
	gpr[REG_RDX] = edx;
	return skip(vcpu, &insn);
}

static int read_msr(struct spt_vcpu *vcpu, u32 index, u64 *value)
{
	u64 *kept = spt_hw->msr(vcpu, index);

	if (kept) {
		*value = *kept;
		return 0;
	}
	switch (index) {
	case MSR_EFER:
		*value = vcpu->cpu.efer;
		return 0;
	case MSR_IA32_TSC:
		*value = rdtsc();
		return 0;
	case MSR_IA32_APICBASE:
		*value = vcpu->apic_base;
		return 0;
	case MSR_IA32_CR_PAT:
		*value = vcpu->pat;
		return 0;
	default:
		return -EINVAL;
	}
}

static int write_efer(struct spt_vcpu *vcpu, u64 value)
{
	u64 changed = vcpu->cpu.efer ^ value;

	if (value & ~vcpu->efer_allowed)
		return -EINVAL;
	if ((changed & EFER_LME) && (vcpu->cpu.cr0 & X86_CR0_PG))
		return -EINVAL;
	/* LMA is the CPU's to set. */
	vcpu->cpu.efer = (value & ~(u64)EFER_LMA) | (vcpu->cpu.efer & EFER_LMA);
	if (changed & EFER_NX)
		vcpu->vm->mmu.strategy->mode_changed(&vcpu->cpu);
	return 0;
}

/* Eight memory types; 2, 3 and those above 7 are reserved. APM vol. 2, 7.8.1. */
static bool is_pat(u64 value)
{
	int i;

	for (i = 0; i < 8; i++, value >>= 8)
		if ((value & 0xff) > 7 || (value & 0xfe) == 2)
			return false;
	return true;
}

static int write_msr(struct spt_vcpu *vcpu, u32 index, u64 value)
{
	u64 *kept = spt_hw->msr(vcpu, index);

	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_IA32_SYSENTER_ESP:
	case MSR_IA32_SYSENTER_EIP:
		if (!is_canonical(value))
			return -EINVAL;
		break;
	case MSR_EFER:
		return write_efer(vcpu, value);
	case MSR_IA32_APICBASE:
		if (!spt_apic_base_valid(vcpu, value))
			return -EINVAL;
		vcpu->apic_base = value;
		return 0;
	case MSR_IA32_CR_PAT:
		if (!is_pat(value))
			return -EINVAL;
		vcpu->pat = value;
		return 0;
	}
	if (!kept)
		return -EINVAL;
	*kept = value;
	return 0;
}

static int handle_msr(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	u64 *gpr = vcpu->regs.gpr;
	u32 index = gpr[REG_RCX];
	struct insn insn;
	u64 value;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	if (insn.op == INSN_WRMSR) {
		value = (u32)gpr[REG_RAX] | gpr[REG_RDX] << 32;
		ret = write_msr(vcpu, index, value);
	} else {
		ret = read_msr(vcpu, index, &value);
		if (!ret) {
			gpr[REG_RAX] = (u32)value;
			gpr[REG_RDX] = value >> 32;
		}
	}
	return ret ? inject_gp(vcpu) : skip(vcpu, &insn);
}

/* --- ports --- */

static void io_exit(struct spt_vcpu *vcpu, const struct spt_exit *exit, u64 data)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = exit->in ? KVM_EXIT_IO_IN : KVM_EXIT_IO_OUT;
	run->io.size = exit->size;
	run->io.port = exit->port;
	run->io.count = 1;
	run->io.data_offset = SPT_PIO_OFFSET;
	memcpy((void *)run + SPT_PIO_OFFSET, &data, sizeof(data));
}

/* One element of INS or OUTS has been moved: step the registers. */
static void string_io_step(struct spt_vcpu *vcpu, const struct insn *insn)
{
	u64 rflags = vcpu->regs.rflags;
	s64 step = rflags & X86_EFLAGS_DF ? -(s64)insn->opsize : insn->opsize;
	u64 mask = insn->adsize == 4 ? U32_MAX : U64_MAX;
	u64 *reg = &vcpu->regs.gpr[insn->op == INSN_INS ? REG_RDI : REG_RSI];
	u64 *count = &vcpu->regs.gpr[REG_RCX];

	*reg = (*reg + step) & mask;
	if (insn->rep)
		*count = (*count - 1) & mask;
	if (!insn->rep || !*count) {
		vcpu->regs.rip += insn->len;
		retired(vcpu, rflags);
	}
}

static int string_io(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct insn insn;
	struct span span;
	u64 value = 0, count;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	if (insn.op != INSN_INS && insn.op != INSN_OUTS)
		return spt_exit_internal_error(vcpu, exit);
	load_segment_bases(vcpu);
	count = vcpu->regs.gpr[REG_RCX];
	if (insn.rep && !(insn.adsize == 4 ? (u32)count : count))
		return skip(vcpu, &insn);

	if (insn.op == INSN_OUTS) {
		ret = emu_read(vcpu, insn_address(&insn, &vcpu->regs), &value, insn.opsize);
		/* A read from MMIO is answered first; then the instruction runs again. */
		if (ret)
			return access_failed(vcpu, ret, exit);
		vcpu->mmio.valid = false;
		io_exit(vcpu, exit, value);
		string_io_step(vcpu, &insn);
		return 0;
	}
	/* Fault before the port is read, or its data would be lost. */
	ret = span_walk(vcpu, insn_address(&insn, &vcpu->regs), insn.opsize,
			access_of(vcpu, PF_WRITE), &span);
	if (!ret && !span_is_memory(vcpu, &span))
		ret = -EOPNOTSUPP;
	if (ret)
		return access_failed(vcpu, ret, exit);
	io_exit(vcpu, exit, 0);
	vcpu->pending = SPT_PENDING_STRING;
	vcpu->io = *exit;
	return 0;
}

static int handle_io(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	u64 rflags = vcpu->regs.rflags;

	if (exit->string)
		return string_io(vcpu, exit);

	io_exit(vcpu, exit, vcpu->regs.gpr[REG_RAX]);
	vcpu->io = *exit;
	if (exit->in) {
		vcpu->pending = SPT_PENDING_IN;
		return 0;
	}
	vcpu->regs.rip = exit->next_rip;
	retired(vcpu, rflags);
	return 0;
}

static int complete_in(struct spt_vcpu *vcpu)
{
	static const struct insn no_prefix;
	u64 rflags = vcpu->regs.rflags;
	u64 value = 0;

	memcpy(&value, (void *)vcpu->run + SPT_PIO_OFFSET, vcpu->io.size);
	insn_reg_write(&vcpu->regs, &no_prefix, REG_RAX, vcpu->io.size, value);
	vcpu->regs.rip = vcpu->io.next_rip;
	retired(vcpu, rflags);
	return 1;
}

static int complete_ins(struct spt_vcpu *vcpu)
{
	struct insn insn;
	u64 value = 0;
	int ret;

	ret = fetch(vcpu, &insn);
	if (!ret && insn.op != INSN_INS)
		ret = -EOPNOTSUPP;
	if (!ret) {
		load_segment_bases(vcpu);
		memcpy(&value, (void *)vcpu->run + SPT_PIO_OFFSET, insn.opsize);
		ret = emu_write(vcpu, insn_address(&insn, &vcpu->regs), value, insn.opsize);
	}
	if (ret)
		return access_failed(vcpu, ret, &vcpu->io);
	string_io_step(vcpu, &insn);
	return 1;
}

/**
 * spt_exit_complete - give the guest the client's answer
 * @vcpu: vCPU on whose exit the client has acted
 *
 * Returns as a handler does.
 */
int spt_exit_complete(struct spt_vcpu *vcpu)
{
	enum spt_pending pending = vcpu->pending;

	vcpu->pending = SPT_PENDING_NONE;
	switch (pending) {
	case SPT_PENDING_IN:
		return complete_in(vcpu);
	case SPT_PENDING_STRING:
		return complete_ins(vcpu);
	case SPT_PENDING_MMIO_READ:
		vcpu->mmio.valid = true;
		vcpu->mmio.gpa = vcpu->run->mmio.phys_addr;
		vcpu->mmio.len = vcpu->run->mmio.len;
		vcpu->mmio.data = 0;
		memcpy(&vcpu->mmio.data, vcpu->run->mmio.data, min(vcpu->mmio.len, 8u));
		/* RIP is still at the instruction: the guest asks again and is served. */
		return 1;
	default:
		return 1;
	}
}

/* --- the rest --- */

static int handle_hlt(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct insn insn;
	int ret;

	ret = fetch(vcpu, &insn);
	if (ret)
		return access_failed(vcpu, ret, exit);
	skip(vcpu, &insn);
	vcpu->run->exit_reason = KVM_EXIT_HLT;
	return 0;
}

static int handle_shutdown(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
	return 0;
}

/* #DB and #AC go back to the guest they came from; the others are not intercepted. */
static int handle_exception(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	spt_queue_exception(vcpu, exit->vector, exit->vector == X86_TRAP_AC, 0);
	return 1;
}

static int handle_intr(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	return 1;
}

/* Instructions that are intercepted because they need an answer, not an exit of their own. */
static int handle_other(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	struct insn insn;
	int ret;

	/* The hardware refused the state it was to start from. */
	if (exit->code == ~0ull || (u32)exit->code == ~0u) {
		vcpu->run->exit_reason = KVM_EXIT_FAIL_ENTRY;
		vcpu->run->fail_entry.hardware_entry_failure_reason = exit->code;
		vcpu->run->fail_entry.cpu = raw_smp_processor_id();
		return 0;
	}
	ret = fetch(vcpu, &insn);
	if (ret == -EOPNOTSUPP)
		return inject_ud(vcpu);	/* SVM, MONITOR and others that CPUID does not offer */
	if (ret)
		return access_failed(vcpu, ret, exit);
	switch (insn.op) {
	case INSN_INVD:
	case INSN_WBINVD:
		return skip(vcpu, &insn);
	case INSN_VMMCALL:
		/* There is no hypercall. What KVM says to that. */
		vcpu->regs.gpr[REG_RAX] = -(u64)KVM_ENOSYS;
		return skip(vcpu, &insn);
	case INSN_RDPMC:
		return inject_gp(vcpu);
	default:
		return inject_ud(vcpu);
	}
}

static int (*const handlers[SPT_EXIT_NR])(struct spt_vcpu *, const struct spt_exit *) = {
	[SPT_EXIT_PF] = handle_pf,
	[SPT_EXIT_CR_READ] = handle_cr,
	[SPT_EXIT_CR_WRITE] = handle_cr,
	[SPT_EXIT_DR] = handle_dr,
	[SPT_EXIT_INVLPG] = handle_invlpg,
	[SPT_EXIT_CPUID] = handle_cpuid,
	[SPT_EXIT_MSR] = handle_msr,
	[SPT_EXIT_IO] = handle_io,
	[SPT_EXIT_HLT] = handle_hlt,
	[SPT_EXIT_EXCEPTION] = handle_exception,
	[SPT_EXIT_INTR] = handle_intr,
	[SPT_EXIT_SHUTDOWN] = handle_shutdown,
	[SPT_EXIT_OTHER] = handle_other,
};

/**
 * spt_exit_handle - deal with one exit
 * @vcpu: vCPU
 * @exit: why the guest stopped
 *
 * Returns 1 to go on with the guest, 0 to return to the client, or an errno.
 */
int spt_exit_handle(struct spt_vcpu *vcpu, const struct spt_exit *exit)
{
	int ret;

	vcpu->vm->exits[exit->reason]++;
	trace_spt_exit(vcpu->regs.rip, exit->reason, exit->code, exit->info1, exit->info2);
	ret = handlers[exit->reason](vcpu, exit);

	if (vcpu->triple_fault) {
		vcpu->triple_fault = false;
		vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
		return 0;
	}
	/*
	 * An event whose delivery was cut short by an exit that is now dealt with
	 * is delivered anew. INT n, INT3 and INTO are not: RIP is still at them.
	 */
	if (vcpu->inflight.valid && !vcpu->inject.valid &&
	    vcpu->inflight.type != SPT_EVENT_SOFT &&
	    !(vcpu->inflight.type == SPT_EVENT_EXCEPTION &&
	      (vcpu->inflight.vector == X86_TRAP_BP || vcpu->inflight.vector == X86_TRAP_OF)))
		vcpu->inject = vcpu->inflight;
	vcpu->inflight.valid = false;
	return ret;
}
