// SPDX-License-Identifier: GPL-2.0-only
/* Accesses that may fault, see probe.h. */
#include "probe.h"

#include "console.h"
#include "paging.h"

#define EX_TABLE(from, to)					\
	".pushsection .ex_table, \"a\"\n\t"			\
	".quad " #from ", " #to "\n\t"				\
	".popsection\n\t"

static struct fault taken(uint64_t value)
{
	struct fault fault = {
		.vector = last_fault.vector,
		.error = last_fault.error,
		.cr2 = last_fault.cr2,
		.value = value,
	};
	return fault;
}

static struct fault kernel_probe(enum op op, uint64_t gva, uint64_t value)
{
	uint64_t result = 0;

	last_fault.vector = NO_FAULT;
	switch (op) {
	case READ:
		asm volatile("1:\tmov (%1), %0\n2:\n\t" EX_TABLE(1b, 2b)
			     : "+r"(result) : "r"(gva) : "memory");
		break;
	case WRITE:
		asm volatile("1:\tmov %0, (%1)\n2:\n\t" EX_TABLE(1b, 2b)
			     : : "r"(value), "r"(gva) : "memory");
		break;
	case FETCH:
		probed_fetch = gva;
		asm volatile("call *%0" : : "r"(gva) : "memory");
		probed_fetch = 0;
		break;
	}
	return taken(result);
}

struct fault probe(enum mode mode, enum op op, uint64_t gva, uint64_t value)
{
	static char *const user_code[] = {
		[READ] = user_load, [WRITE] = user_store, [FETCH] = user_fetch,
	};

	if (mode == KERNEL)
		return kernel_probe(op, gva, value);
	return user_call(user_address(user_code[op]), user_address(user_stack_top), gva, value, 0);
}

#define RFLAGS_AC	(1ull << 18)

/* As STAC and CLAC do it; POPF is older, and emulated where those are not. */
static void set_ac(bool on)
{
	uint64_t flags;

	asm volatile("pushfq\n\tpopq %0" : "=r"(flags));
	flags = on ? flags | RFLAGS_AC : flags & ~RFLAGS_AC;
	asm volatile("pushq %0\n\tpopfq" : : "r"(flags) : "memory", "cc");
}

struct fault probe_with_ac(enum op op, uint64_t gva, uint64_t value)
{
	struct fault fault;

	set_ac(true);
	fault = kernel_probe(op, gva, value);
	set_ac(false);
	return fault;
}
