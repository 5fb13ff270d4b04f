/* SPDX-License-Identifier: GPL-2.0-only */
/* Where every guest starts: 64-bit mode, RDI = struct boot_info. Ends through the exit port. */
	.section .text.start, "ax"
	.globl	_start
_start:
	lea	stack_top(%rip), %rsp
	xor	%ebp, %ebp
	mov	%rdi, boot_info(%rip)
	call	guest_main
	mov	%eax, %edi
	jmp	guest_exit

	.bss
	.balign	4096
	.skip	16384
stack_top:
	.globl	boot_info
	.balign	8
boot_info:
	.skip	8

	.section .note.GNU-stack, "", @progbits
