/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program for the course VM, in TAP (Test Anything Protocol) with the
 * exit statuses of the kernel's selftests. main() reads as a checklist:
 *
 *	int main(int argc, char **argv)
 *	{
 *		RUN(close_order_does_not_matter);
 *		return tap_done();
 *	}
 *
 * A test is a function whose name says the rule it guards. Each runs in a
 * process of its own, so it may leak, die or hang without harm to the next; the
 * first CHECK() that does not hold ends it. ONLY=word in the environment runs
 * the tests whose names contain that word, EXCEPT=word the others, SEED=n
 * chooses the random sequence, PERCENT=n scales what is counted in loops; up
 * to 20, it is a debug kernel, which is slow.
 */
#ifndef KSELFTEST_TAP_H
#define KSELFTEST_TAP_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KSFT_PASS = 0, KSFT_FAIL = 1, KSFT_SKIP = 4 };

/* A test that has not ended by then hangs. Seconds of the guest's clock. */
#define TAP_HANG	120

static struct {
	int run;
	int failed;
} tap;

/* A number from the environment, or @otherwise. */
static inline uint64_t tap_setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s && *s ? strtoull(s, NULL, 0) : otherwise;
}

/* @n, scaled by PERCENT; at least 1. */
static inline uint64_t tap_scaled(uint64_t n)
{
	n = n * tap_setting("PERCENT", 100) / 100;
	return n ? n : 1;
}

/* A debug kernel under emulation: its overhead is not small against a slot. */
static inline int tap_slow(void)
{
	return tap_setting("PERCENT", 100) <= 20;
}

/* Next number of a sequence (splitmix64). @state starts as any value. */
static inline uint64_t tap_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

#define TAP_STOP(status, ...)						\
	do {								\
		printf("# %s:%d: ", __FILE__, __LINE__);		\
		printf(__VA_ARGS__);					\
		printf("\n");						\
		fflush(stdout);						\
		_exit(status);						\
	} while (0)

#define FAIL(...)	TAP_STOP(KSFT_FAIL, __VA_ARGS__)
#define SKIP(...)	TAP_STOP(KSFT_SKIP, __VA_ARGS__)

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond)) {						\
			printf("# not so: %s\n", #cond);		\
			FAIL(__VA_ARGS__);				\
		}							\
	} while (0)

/* Two integers must be the same. */
#define CHECK_EQ(got, want)						\
	do {								\
		unsigned long long _g = (unsigned long long)(got);	\
		unsigned long long _w = (unsigned long long)(want);	\
		if (_g != _w)						\
			FAIL("%s is 0x%llx, not 0x%llx", #got, _g, _w);	\
	} while (0)

/* A system call must fail, and with this errno. */
#define CHECK_ERRNO(call, err)						\
	do {								\
		long _r;						\
		errno = 0;						\
		_r = (long)(call);					\
		if (_r != -1 || errno != (err))				\
			FAIL("%s returned %ld, errno %s, not %s", #call, _r, \
			     errno ? strerrorname_np(errno) : "0", #err); \
	} while (0)

/* A system call must succeed. The value is its result. */
#define CHECK_OK(call)							\
	({								\
		long _r;						\
		errno = 0;						\
		_r = (long)(call);					\
		if (_r == -1)						\
			FAIL("%s failed: %s", #call, strerrorname_np(errno)); \
		_r;							\
	})

#define RUN(test)	tap_run(test, #test, 1)

/*
 * For a test that measures time: a host that takes the processors away for a while spoils
 * one try, but not three. What is wrong fails them all.
 */
#define RUN_TIMED(test)	tap_run(test, #test, 3)

/* Run it in a process of its own. Returns its status as from waitpid(). */
static inline int tap_try(void (*test)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		printf("Bail out! fork: %s\n", strerror(errno));
		exit(KSFT_FAIL);
	}
	if (!pid) {
		alarm(TAP_HANG);
		test();
		fflush(stdout);
		_exit(KSFT_PASS);
	}
	waitpid(pid, &status, 0);
	return status;
}

static inline void tap_run(void (*test)(void), const char *name, int tries)
{
	const char *only = getenv("ONLY"), *except = getenv("EXCEPT");
	int status;

	if ((only && !strstr(name, only)) || (except && strstr(name, except)))
		return;
	tap.run++;
	status = tap_try(test);
	while (--tries && WIFEXITED(status) && WEXITSTATUS(status) == KSFT_FAIL) {
		printf("# once more: %s\n", name);
		status = tap_try(test);
	}
	if (WIFSIGNALED(status))
		printf("# ended by signal %d%s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? ": it hung" : "");
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_PASS) {
		printf("ok %d - %s\n", tap.run, name);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP) {
		printf("ok %d - %s # SKIP\n", tap.run, name);
	} else {
		tap.failed++;
		printf("not ok %d - %s\n", tap.run, name);
	}
	fflush(stdout);
}

/* Print the plan. Returns the program's exit status. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap.run);
	return tap.failed ? KSFT_FAIL : KSFT_PASS;
}

#endif /* KSELFTEST_TAP_H */
