/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program in TAP (Test Anything Protocol). main() reads as a checklist:
 *
 *	int main(void)
 *	{
 *		RUN(walk_sets_accessed_at_every_level);
 *		RUN(walk_sets_dirty_in_the_leaf_only);
 *		return tap_done();
 *	}
 *
 * A test is a function whose name says the rule it guards. The first CHECK()
 * that does not hold ends it and says where and with which seed. Randomised
 * tests draw from a seed that is fixed, so that a run can be repeated; SEED=n
 * in the environment sets another, SEED=random takes one from the clock.
 */
#ifndef TAP_H
#define TAP_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	jmp_buf out;
	int run;
	int failed;
	uint64_t seed;
} tap;

/* The seed of this run: SEED in the environment, or 1. */
static inline uint64_t tap_seed(void)
{
	const char *s = getenv("SEED");

	if (!tap.seed && s && !strcmp(s, "random"))
		tap.seed = (uint64_t)time(NULL) * 1000003 + clock();
	else if (!tap.seed && s)
		tap.seed = strtoull(s, NULL, 0);
	if (!tap.seed)
		tap.seed = 1;
	return tap.seed;
}

/* Next number of a sequence (splitmix64). @state starts as any value. */
static inline uint64_t tap_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: %s\n# ", __FILE__, __LINE__, #cond); \
			printf(__VA_ARGS__);				\
			printf("\n");					\
			longjmp(tap.out, 1);				\
		}							\
	} while (0)

/* Two integers must be the same. */
#define CHECK_EQ(got, want)						\
	do {								\
		unsigned long long _g = (unsigned long long)(got);	\
		unsigned long long _w = (unsigned long long)(want);	\
		CHECK(_g == _w, "%s is 0x%llx, not 0x%llx", #got, _g, _w); \
	} while (0)

#define RUN(test)	tap_run(test, #test)

static inline void tap_run(void (*test)(void), const char *name)
{
	const char *only = getenv("ONLY");

	if (only && !strstr(name, only))
		return;
	tap.run++;
	if (!setjmp(tap.out)) {
		test();
		printf("ok %d - %s\n", tap.run, name);
	} else {
		tap.failed++;
		printf("# run again with SEED=%llu ONLY=%s\n",
		       (unsigned long long)tap_seed(), name);
		printf("not ok %d - %s\n", tap.run, name);
	}
	fflush(stdout);
}

/* Print the plan. Returns the program's exit status. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap.run);
	return tap.failed ? 1 : 0;
}

#endif /* TAP_H */
