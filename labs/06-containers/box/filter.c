// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy for system calls, made into the small program that the kernel runs at each of them:
 * classic BPF, whose only memory is struct seccomp_data (seccomp(2)). main.c installs it last.
 *
 *	offset	0	4	8			16 + 8 * n
 *		nr	arch	instruction pointer	argument n: lower 32 bits, then the upper 32
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <stdlib.h>

#include "box.h"

/* Numbers from here on are of x32: the same kernel, other calls (arch/x86/entry/syscalls). */
#define X32_BIT 0x40000000U

/* "Load the word at @offset"; "go @yes or @no instructions on, if it is so"; "that is the verdict". */
#define LOAD(offset) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset)))
#define MASK(bits) ((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits)))
#define IF_EQUAL(k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no)))
#define IF_LEAST(k, yes, no) ((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (k), (yes), (no)))
#define RETURN(verdict) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (verdict)))

/* The calls that are none of ours. Leaves the number loaded. */
static size_t build_frame(struct sock_filter *code)
{
	size_t n = 0;

	/* lab 06 step 5 begin: whose numbers are these?; skeleton: (void)code; */
	code[n++] = LOAD(offsetof(struct seccomp_data, arch));
	code[n++] = IF_EQUAL(AUDIT_ARCH_X86_64, 1, 0);
	code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	code[n++] = LOAD(offsetof(struct seccomp_data, nr));
	code[n++] = IF_LEAST(X32_BIT, 0, 1);
	code[n++] = RETURN(SECCOMP_RET_KILL_PROCESS);
	/* lab 06 step 5 end */
	return n;
}

/* One rule: the number is loaded before, and after, if the rule does not hold. */
static size_t build_rule(const struct filter_rule *rule, struct sock_filter *code)
{
	size_t n = 0;

	/* lab 06 step 5 begin: a number, and perhaps an argument, of 64 bits; skeleton: (void)rule; (void)code; */
	const uint32_t at = offsetof(struct seccomp_data, args) + 8 * (uint32_t)rule->argument;

	if (rule->argument == FILTER_ANY) {
		code[n++] = IF_EQUAL(rule->number, 0, 1);
		code[n++] = RETURN(rule->verdict);
		return n;
	}
	code[n++] = IF_EQUAL(rule->number, 0, 8);
	code[n++] = LOAD(at);
	code[n++] = MASK((uint32_t)rule->mask);
	code[n++] = IF_EQUAL((uint32_t)rule->value, 0, 4);
	code[n++] = LOAD(at + 4);
	code[n++] = MASK((uint32_t)(rule->mask >> 32));
	code[n++] = IF_EQUAL((uint32_t)(rule->value >> 32), 0, 1);
	code[n++] = RETURN(rule->verdict);
	code[n++] = LOAD(offsetof(struct seccomp_data, nr));
	/* lab 06 step 5 end */
	return n;
}

size_t filter_build(const struct filter_policy *policy, struct sock_filter *code)
{
	size_t n = build_frame(code);

	for (size_t i = 0; i < policy->count; i++)
		n += build_rule(&policy->rules[i], code + n);
	code[n++] = RETURN(policy->otherwise);
	return n;
}

int filter_install(const struct filter_policy *policy)
{
	struct sock_filter *code = calloc(FILTER_FRAME_MOST + policy->count * FILTER_RULE_MOST,
					  sizeof(*code));
	struct sock_fprog program = { .filter = code };
	int result = 0;

	if (!code)
		return trouble(ENOMEM, "cannot make a filter");
	program.len = (unsigned short)filter_build(policy, code);
	/* lab 06 step 5 begin: give it to the kernel; skeleton: (void)program; */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		result = trouble(errno, "cannot install a filter of %u instructions", program.len);
	/* lab 06 step 5 end */
	free(code);
	return result;
}
