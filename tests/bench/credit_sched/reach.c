// SPDX-License-Identifier: GPL-2.0
/*
 * bench-credit_sched-reach: how long until a parked task obeys: SIGKILL, SIGSTOP, ptrace.
 * Prints one line of JSON.
 *
 *	reach TIMES SLOT_US
 *
 * The task is of weight 1 beside a hog of weight 10000, so it would wait for its turn for ever.
 * We sit on another CPU if there is one.
 */
#include <stdio.h>
#include <sys/ptrace.h>

#include "groups.h"
#include "regime.h"
#include "tap.h"

static struct setting setting = { .regime = CSCHED, .policy = "share", .cpus = 1 };
static struct place heavy = { .weight = 10000 }, light = { .weight = 1 };

static pid_t parked_spinner(void)
{
	pid_t pid = spin();
	int tries = 3000;
	char state;

	place_add(&setting, &light, pid);
	while ((state = state_of(pid)) != 'P' && tries--)
		sleep_ns(MS);
	CHECK(state == 'P', "it does not park: state %c", state);
	return pid;
}

static uint64_t kill_it(pid_t pid)
{
	uint64_t since = clock_ns();

	end(pid);
	return clock_ns() - since;
}

static uint64_t stop_it(pid_t pid)
{
	uint64_t since = clock_ns(), ns;
	int status;

	kill(pid, SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "status 0x%x", status);
	ns = clock_ns() - since;
	end(pid);
	return ns;
}

static uint64_t trace_it(pid_t pid)
{
	uint64_t since, ns;
	int status;

	CHECK(!ptrace(PTRACE_SEIZE, pid, 0, 0), "seize: %s", strerror(errno));
	since = clock_ns();
	CHECK(!ptrace(PTRACE_INTERRUPT, pid, 0, 0), "interrupt: %s", strerror(errno));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "status 0x%x", status);
	ns = clock_ns() - since;
	end(pid);
	return ns;
}

static void print_times(const char *name, uint64_t (*make)(pid_t pid), unsigned int times)
{
	printf("\"%s_us\": [", name);
	for (unsigned int i = 0; i < times; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)make(parked_spinner()) / 1000);
	printf("]");
}

int main(int argc, char **argv)
{
	unsigned int times;
	pid_t hog;

	CHECK(argc == 3, "usage: reach TIMES SLOT_US");
	times = atoi(argv[1]);
	setting.slot_ns = strtoull(argv[2], NULL, 10) * 1000;
	pin(0, sysconf(_SC_NPROCESSORS_ONLN) - 1, 1);
	regime_begin(&setting);
	place_make(&setting, &heavy, 0);
	place_make(&setting, &light, 1);
	hog = spin();
	place_add(&setting, &heavy, hog);
	printf("{\"times\": %u, ", times);
	print_times("kill", kill_it, times);
	printf(", ");
	print_times("stop", stop_it, times);
	printf(", ");
	print_times("trace", trace_it, times);
	printf("}\n");
	end(hog);
	return 0;
}
