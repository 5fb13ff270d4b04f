/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs in ring 3. The pages of this section are mapped a second time, with
 * U set, at USER_ALIAS (paging.h); the code is position independent. Each ends
 * with UD2, result in RAX: unlike a software interrupt that exception is delivered
 * even where a hypervisor emulates the instructions of ring 3.
 */
	.section .user, "awx"

	.globl	user_load, user_store, user_fetch, user_write_pages
user_load:			/* rdi: address */
	mov	(%rdi), %rax
	ud2
user_store:			/* rdi: address, rsi: value */
	mov	%rsi, (%rdi)
	ud2
user_fetch:			/* rdi: address of a RET */
	call	*%rdi
	ud2
user_write_pages:		/* rdi: first page, rsi: number of pages, rdx: value */
1:	mov	%rdx, (%rdi)
	add	$4096, %rdi
	dec	%rsi
	jnz	1b
	ud2

	.balign	4096
	.skip	4096
	.globl	user_stack_top
user_stack_top:

	.section .note.GNU-stack, "", @progbits
