// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded, schedules, and is unloaded with tasks parked, over and over:
 * no task is stuck, no cycle is long, nothing leaks. CYCLES says how often.
 */
#include <sys/ioctl.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

#define TASKS	4

/*
 * A cycle, without the time to wait until somebody is parked: a second is the aim, and what
 * a machine of one's own does in half of that takes a loaded one three times as long.
 */
#define CYCLE_MAX	(3 * SEC)

static pid_t pid[TASKS];

static void wait_some_parked(uint32_t light)
{
	int tries = 5000, parked = 0, i;

	while (!parked && tries--) {
		for (i = 1; i < TASKS; i++)
			parked += state_of(pid[i]) == 'P';
		if (!parked)
			sleep_ns(MS / 4);
	}
	CHECK(parked, "nobody parks in group %u", light);
}

/* How long the parts of a cycle take, ns. */
enum { LOAD, SCHEDULE, UNLOAD, ALL, PARTS };

/* One task in a heavy group, the others in a light one; then all is undone. */
static void cycle(int n, uint64_t took[PARTS])
{
	uint64_t began = clock_ns(), loaded, left;
	uint32_t group[2];
	int dev, i;

	CHECK_OK(module_load());
	loaded = clock_ns();
	dev = device_open();
	for (i = 0; i < 2; i++) {
		struct csched_ioc_create args;

		group_init(&args, n % 3 ? "share" : "credit", i ? 1 : 10000);
		args.cpus[0] = n % 2 ? 0 : 1;
		args.flags = CSCHED_PERSIST;
		group[i] = group_create(dev, &args);
	}
	for (i = 0; i < TASKS; i++)
		CHECK_EQ(group_add(dev, group[i > 0], pid[i]), 0);
	took[SCHEDULE] = clock_ns() - loaded;
	wait_some_parked(group[1]);
	left = clock_ns();
	close(dev);
	module_unload();
	took[LOAD] = loaded - began;
	took[UNLOAD] = clock_ns() - left;
	took[ALL] = took[LOAD] + took[SCHEDULE] + took[UNLOAD];
}

static void nobody_is_stuck(void)
{
	uint64_t since[TASKS];
	int i, tries = 5000;

	for (i = 0; i < TASKS; i++)
		since[i] = cpu_ns(pid[i]);
	for (i = 0; i < TASKS; i++)
		while (cpu_ns(pid[i]) == since[i] && tries--)
			sleep_ns(MS / 4);
	CHECK(tries > 0, "a task does not run any more");
}

/* KiB that the kernel cannot take back. */
static long unreclaimable(void)
{
	return file_number("/proc/meminfo", "SUnreclaim:");
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of one part, of all cycles: the one that @of in 10 cycles do not exceed. */
static uint64_t tenth(uint64_t (*took)[PARTS], int cycles, int part, int of)
{
	uint64_t *sorted = calloc(cycles, sizeof(*sorted)), found;
	int i;

	for (i = 0; i < cycles; i++)
		sorted[i] = took[i][part];
	qsort(sorted, cycles, sizeof(*sorted), by_size);
	found = sorted[of == 10 ? cycles - 1 : cycles * of / 10];
	free(sorted);
	return found;
}

static void load_park_unload(void)
{
	static const char *const names[PARTS] = { "load", "schedule", "unload", "all" };
	int cycles = tap_setting("CYCLES", tap_scaled(30)), i;
	uint64_t (*took)[PARTS] = calloc(cycles, sizeof(*took));
	long before = 0;

	go_first();
	module_keep_parameters();
	module_unload();
	for (i = 0; i < TASKS; i++)
		pid[i] = spin();
	for (i = 0; i < cycles; i++) {
		/* Caches of the kernel have filled by then. */
		if (i == cycles / 4)
			before = unreclaimable();
		alarm(TAP_HANG);
		cycle(i, took[i]);
		nobody_is_stuck();
	}
	before = unreclaimable() - before;
	for (i = 0; i < TASKS; i++)
		end(pid[i]);
	CHECK_OK(module_load());
	printf("# %d cycles; unreclaimable slab grew by %ld KiB\n", cycles, before);
	for (i = 0; i < PARTS; i++)
		printf("# %s: median %llu ms, nine in ten within %llu ms, longest %llu ms\n", names[i],
		       (unsigned long long)(tenth(took, cycles, i, 5) / MS),
		       (unsigned long long)(tenth(took, cycles, i, 9) / MS),
		       (unsigned long long)(tenth(took, cycles, i, 10) / MS));
	CHECK(tenth(took, cycles, ALL, 5) <= CYCLE_MAX, "every second cycle takes longer than that");
	/*
	 * A member forgotten in each cycle would be 1 KiB and more of each. A debug kernel keeps
	 * what was freed for a while, and books on all that is not; its leak scan is the judge there.
	 */
	CHECK(before < (tap_slow() ? 16384 : 2048) + cycles / 2, "%ld KiB", before);
}

int main(void)
{
	RUN(load_park_unload);
	return tap_done();
}
