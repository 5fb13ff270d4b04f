/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter for system calls: rules, and the program for the kernel that is made of them (seccomp(2)).
 * filter.c makes it; main.c's policy is policy.c.
 */
#ifndef LAB_FILTER_H
#define LAB_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct filter_rule - a system call, and what becomes of it
 * @number: as in <asm/unistd.h>, x86-64
 * @argument: which one is looked at, 0 to 5; FILTER_ANY: none, the rule is for every such call
 * @mask: the bits of that argument that count, all 64
 * @value: what they must be for the rule to hold
 * @verdict: SECCOMP_RET_...
 */
struct filter_rule {
	uint32_t number;
	int argument;
	uint64_t mask;
	uint64_t value;
	uint32_t verdict;
};

#define FILTER_ANY (-1)

/**
 * struct filter_policy - rules in order; the first that holds decides
 * @otherwise: the verdict if none does
 */
struct filter_policy {
	const struct filter_rule *rules;
	size_t count;
	uint32_t otherwise;
};

/* So many instructions are enough for a rule; and for what comes before and after all rules. */
#define FILTER_RULE_MOST 9
#define FILTER_FRAME_MOST 8

/* policy.c's own. */
extern const struct filter_policy filter_default;

/**
 * filter_build() - makes the kernel's program
 * @code: gets it; has room for FILTER_FRAME_MOST + count * FILTER_RULE_MOST instructions
 *
 * A call by another architecture's numbers, x32 among them, ends the process, whatever the rules say.
 *
 * Return: how many instructions it has.
 */
size_t filter_build(const struct filter_policy *policy, struct sock_filter *code);

/* filter_install() - from now on, for this process and all that come of it. Return: 0, or -1 after trouble(). */
int filter_install(const struct filter_policy *policy);

#endif /* LAB_FILTER_H */
