/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory accesses that may fault: each reports what happened instead of ending
 * the guest. In ring 0 an instruction is made safe by an entry in .ex_table.
 */
#ifndef GUEST_PROBE_H
#define GUEST_PROBE_H

#include "trap.h"

enum mode { KERNEL, USER };
enum op { READ, WRITE, FETCH };

/* One access of 8 bytes, or a call (the page must hold a RET there, 0xc3). */
struct fault probe(enum mode mode, enum op op, uint64_t gva, uint64_t value);

/* Ring-0 data access with RFLAGS.AC set, which lifts SMAP. */
struct fault probe_with_ac(enum op op, uint64_t gva, uint64_t value);

/*
 * Run one ring-0 instruction (a string with operand %[p], the address) that may
 * fault and may use RAX; the fault is put in @result.
 */
#define probe_instruction(result, instruction, gva, ...)			\
	do {									\
		uint64_t rax_ = 0x55;						\
										\
		last_fault.vector = NO_FAULT;					\
		asm volatile("1:\t" instruction "\n"				\
			     "2:\n\t"						\
			     ".pushsection .ex_table, \"a\"\n\t"		\
			     ".quad 1b, 2b\n\t"					\
			     ".popsection"					\
			     : "+a"(rax_) : [p] "r"(gva), ##__VA_ARGS__ : "memory", "cc");	\
		(result).vector = last_fault.vector;				\
		(result).error = last_fault.error;				\
		(result).cr2 = last_fault.cr2;					\
	} while (0)

#endif
