/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and ring 3. A guest calls trap_init once; after that an exception
 * goes to the first of these that wants it:
 *
 *	1. from ring 3: on_user_page_fault, if set, may resolve a #PF; else the
 *	   fault (or the final UD2) ends user_call, which returns what happened
 *	2. in ring 0, at an instruction listed in .ex_table (see probe.c): noted in
 *	   last_fault, execution goes on at the fixup address
 *	3. in ring 0, on the first fetch of a probed call: noted, returns to the caller
 *	4. otherwise the guest prints the registers and panics
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#define VECTOR_UD	6
#define VECTOR_GP	13
#define VECTOR_PF	14
#define NO_FAULT	(-1)

#define KERNEL_CODE	0x08
#define KERNEL_DATA	0x10
#define USER_CODE	0x1b
#define USER_DATA	0x23
#define TSS_SELECTOR	0x28

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* @vector: NO_FAULT when the access went through; @value: what it read */
struct fault {
	int vector;
	uint32_t error;
	uint64_t cr2;
	uint64_t value;
};

extern volatile struct fault last_fault;
/* Set while a probed call into unknown memory is under way: its target. */
extern volatile uint64_t probed_fetch;
/* Returns true when the access can be tried again. */
extern bool (*on_user_page_fault)(uint64_t gva, uint32_t error);

void trap_init(void);

/*
 * Run ring-3 code at @rip with RDI, RSI, RDX = @a, @b, @c and the stack @rsp,
 * until UD2 (value: RAX) or a fault that nobody resolves.
 */
struct fault user_call(uint64_t rip, uint64_t rsp, uint64_t a, uint64_t b, uint64_t c);

#endif
