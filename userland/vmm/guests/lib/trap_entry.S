/* SPDX-License-Identifier: GPL-2.0-only */
/* Exception entry, and the way into ring 3 and back. The C half is trap.c. */
	.text

	.altmacro
	.macro	stub vector
	.globl	trap_stub_\vector
trap_stub_\vector:
	/* #DF #TS #NP #SS #GP #PF #AC push an error code; the others get a zero. */
	.if !(\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17)
	push	$0
	.endif
	push	$\vector
	jmp	trap_entry
	.endm

	.set	i, 0
	.rept	32
	stub	%i
	.set	i, i + 1
	.endr

trap_entry:
	cld
	push	%rax
	push	%rbx
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%rbp
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	call	trap_handle
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rbp
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rbx
	pop	%rax
	add	$16, %rsp
	iretq

/* void user_enter(rip, rsp, a, b, c): returns when trap_handle calls user_leave. */
	.globl	user_enter
user_enter:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, kernel_rsp(%rip)
	push	$0x23
	push	%rsi
	push	$2
	push	$0x1b
	push	%rdi
	mov	%rdx, %rdi
	mov	%rcx, %rsi
	mov	%r8, %rdx
	iretq

	.globl	user_leave
user_leave:
	mov	kernel_rsp(%rip), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .rodata
	.globl	trap_stubs
	.balign	8
	.macro	stub_address vector
	.quad	trap_stub_\vector
	.endm
trap_stubs:
	.set	i, 0
	.rept	32
	stub_address %i
	.set	i, i + 1
	.endr

	.bss
	.balign	8
kernel_rsp:
	.skip	8

	.section .note.GNU-stack, "", @progbits
