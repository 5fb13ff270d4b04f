/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world switch: the few instructions in which the CPU belongs to the guest.
 * APM vol. 2, 15.5 "VMRUN Instruction".
 */
#include <linux/linkage.h>
#include <asm/nospec-branch.h>

/* Offsets in gpr[], which is in ModRM order. RAX and RSP live in the VMCB. */
#define GPR(n)	(8 * (n))

.text

/*
 * void spt_svm_run(u64 vmcb_pa, u64 *gpr, u64 host_pa)
 *
 * Global interrupts are off (CLGI), so setting IF here only means that a host
 * interrupt ends the guest's run. FS, GS, TR, LDTR and the system-call MSRs are
 * the guest's from the first VMLOAD to the second; nothing may touch per-CPU
 * data in between.
 */
SYM_FUNC_START(spt_svm_run)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdx			/* host_pa */
	push	%rsi			/* gpr */

	mov	%rdi, %rax
	mov	GPR(1)(%rsi), %rcx
	mov	GPR(2)(%rsi), %rdx
	mov	GPR(3)(%rsi), %rbx
	mov	GPR(5)(%rsi), %rbp
	mov	GPR(7)(%rsi), %rdi
	mov	GPR(8)(%rsi), %r8
	mov	GPR(9)(%rsi), %r9
	mov	GPR(10)(%rsi), %r10
	mov	GPR(11)(%rsi), %r11
	mov	GPR(12)(%rsi), %r12
	mov	GPR(13)(%rsi), %r13
	mov	GPR(14)(%rsi), %r14
	mov	GPR(15)(%rsi), %r15
	mov	GPR(6)(%rsi), %rsi

	vmload	%rax
	sti
	vmrun	%rax
	cli
	vmsave	%rax

	xchg	%rsi, (%rsp)		/* %rsi = gpr, the guest's is on the stack */
	mov	%rcx, GPR(1)(%rsi)
	mov	%rdx, GPR(2)(%rsi)
	mov	%rbx, GPR(3)(%rsi)
	mov	%rbp, GPR(5)(%rsi)
	mov	%rdi, GPR(7)(%rsi)
	mov	%r8, GPR(8)(%rsi)
	mov	%r9, GPR(9)(%rsi)
	mov	%r10, GPR(10)(%rsi)
	mov	%r11, GPR(11)(%rsi)
	mov	%r12, GPR(12)(%rsi)
	mov	%r13, GPR(13)(%rsi)
	mov	%r14, GPR(14)(%rsi)
	mov	%r15, GPR(15)(%rsi)
	pop	GPR(6)(%rsi)

	pop	%rax			/* host_pa */
	vmload	%rax

	/* What the guest left must not steer the host, not even speculatively. */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET
SYM_FUNC_END(spt_svm_run)
