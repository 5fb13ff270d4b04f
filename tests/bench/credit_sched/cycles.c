// SPDX-License-Identifier: GPL-2.0
/*
 * bench-credit_sched-cycles: load the module, put tasks in groups until some are parked,
 * unload it; again and again. Prints one line of JSON.
 *
 *	cycles MODULE.ko TIMES
 *
 * Four tasks of four groups on CPU 0: three of them are parked when the groups go. None may
 * be left parked: each has to run on after that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "groups.h"
#include "regime.h"
#include "tap.h"

#define TASKS	4
#define PATIENCE_NS	(2 * SEC)

static unsigned int parked(const pid_t *pids)
{
	unsigned int n = 0;

	for (int i = 0; i < TASKS; i++)
		n += state_of(pids[i]) == 'P';
	return n;
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0 && !syscall(SYS_finit_module, fd, "", 0), "load %s: %s", path, strerror(errno));
	close(fd);
}

/* While work is queued on a task the module is in use; it is not for long. */
static void unload(void)
{
	uint64_t since = clock_ns();

	while (syscall(SYS_delete_module, "credit_sched", O_NONBLOCK)) {
		CHECK((errno == EAGAIN || errno == EBUSY) && clock_ns() - since < 5 * SEC, "unload: %s",
		      strerror(errno));
		sleep_ns(MS);
	}
}

static void park_some(int device, const pid_t *pids)
{
	uint64_t since = clock_ns();

	for (int i = 0; i < TASKS; i++) {
		int ret = group_add(device, group_on_cpu0(device, "share", 100), pids[i]);

		CHECK(!ret, "add: %s", strerror(-ret));
	}
	while (parked(pids) < TASKS - 1)
		CHECK(clock_ns() - since < PATIENCE_NS, "only %u tasks are parked", parked(pids));
}

/* How many never run again. */
static unsigned int stuck(const pid_t *pids)
{
	uint64_t since = clock_ns();
	unsigned int n;

	do {
		n = parked(pids);
		if (n)
			sleep_ns(MS);
	} while (n && clock_ns() - since < PATIENCE_NS);
	return n;
}

int main(int argc, char **argv)
{
	unsigned int times, all_stuck = 0;
	uint64_t longest = 0, longest_park = 0, longest_unload = 0, sum = 0;
	pid_t pids[TASKS];
	int i;

	CHECK(argc == 3, "usage: cycles MODULE.ko TIMES");
	times = atoi(argv[2]);
	pin(0, sysconf(_SC_NPROCESSORS_ONLN) - 1, 1);
	for (i = 0; i < TASKS; i++)
		pids[i] = spin();
	for (unsigned int n = 0; n < times; n++) {
		uint64_t start = clock_ns(), loaded, closed, end;
		int device;

		load(argv[1]);
		loaded = clock_ns();
		device = device_open();
		park_some(device, pids);
		close(device);
		closed = clock_ns();
		unload();
		end = clock_ns();
		sum += end - start;
		longest = end - start > longest ? end - start : longest;
		longest_park = closed - loaded > longest_park ? closed - loaded : longest_park;
		longest_unload = end - closed > longest_unload ? end - closed : longest_unload;
		all_stuck += stuck(pids);
	}
	printf("{\"cycles\": %u, \"mean_us\": %llu, \"max_us\": %llu, \"park_max_us\": %llu, \"unload_max_us\": %llu, \"stuck\": %u}\n",
	       times, (unsigned long long)(sum / times / 1000), (unsigned long long)longest / 1000,
	       (unsigned long long)longest_park / 1000, (unsigned long long)longest_unload / 1000, all_stuck);
	for (i = 0; i < TASKS; i++)
		end(pids[i]);
	return 0;
}
