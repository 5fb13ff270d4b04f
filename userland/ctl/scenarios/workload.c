// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload: tasks that want a CPU in the ways that the scenarios need. Started by the scripts of
 * this folder, as a rule through `csched run GROUP -- workload ...`.
 *
 *	workload spin				all the time
 *	workload turns RUN PAUSE		RUN ms of CPU time, then PAUSE ms asleep
 *	workload wake PERIOD RUN COUNT		wakes every PERIOD ms, COUNT times, runs RUN ms each
 *						time; prints how late it was as a line of JSON
 *	workload steal GROUP TICK		runs, but sleeps whenever the tick comes that it would pay for
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <credit_sched.h>

#define MS		1000000ull
#define SEC		1000000000ull
#define WAKEUPS_MAX	10000

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

static void sleep_until(uint64_t at)
{
	struct timespec t = { .tv_sec = at / SEC, .tv_nsec = at % SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void run_for(uint64_t ns)
{
	uint64_t until = read_clock(CLOCK_PROCESS_CPUTIME_ID) + ns;

	while (read_clock(CLOCK_PROCESS_CPUTIME_ID) < until)
		;
}

static void spin(char **arguments)
{
	(void)arguments;
	for (;;)
		__asm__ volatile("");
}

static void take_turns(char **arguments)
{
	uint64_t run = strtoull(arguments[0], NULL, 10) * MS, rest = strtoull(arguments[1], NULL, 10) * MS;

	for (;;) {
		run_for(run);
		sleep_until(read_clock(CLOCK_MONOTONIC) + rest);
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void wake_often(char **arguments)
{
	static uint32_t late_us[WAKEUPS_MAX];
	uint64_t period = strtoull(arguments[0], NULL, 10) * MS, run = strtoull(arguments[1], NULL, 10) * MS;
	unsigned int count = strtoul(arguments[2], NULL, 10), i;
	uint64_t at = read_clock(CLOCK_MONOTONIC);

	if (!count || count > WAKEUPS_MAX || !period) {
		fprintf(stderr, "workload: wake: %s times every %s ms: give 1 to %d times and a period\n",
			arguments[2], arguments[0], WAKEUPS_MAX);
		exit(2);
	}
	for (i = 0; i < count; i++) {
		/* Whoever is late already is not woken, so that would not be a wake-up. */
		do
			at += period;
		while (at < read_clock(CLOCK_MONOTONIC));
		sleep_until(at);
		late_us[i] = (read_clock(CLOCK_MONOTONIC) - at) / 1000;
		run_for(run);
	}
	qsort(late_us, count, sizeof(late_us[0]), compare);
	printf("{\"wakeups\": %u, \"p50_us\": %u, \"p99_us\": %u}\n", count, late_us[count / 2],
	       late_us[count * 99 / 100]);
}

/* What the group has paid so far: everybody may read the books. */
static uint64_t bill(int device, const char *name)
{
	struct csched_ioc_group g = { .id = 0 };

	for (; !ioctl(device, CSCHED_IOC_GROUP, &g); g.id++)
		if (!strcmp(g.name, name))
			return g.spent_ns;
	return 0;
}

/*
 * The thief does not know when ticks come. It sleeps for the last quarter of each period of
 * its own; when it finds itself charged the tick has come while it ran, and it moves its
 * period on by a little. So its sleep comes to lie where the ticks are.
 */
static void steal(char **arguments)
{
	uint64_t tick = strtoull(arguments[1], NULL, 10) * MS, at = read_clock(CLOCK_MONOTONIC), paid = 0;
	int device = open("/dev/credit_sched", O_RDWR | O_CLOEXEC);

	if (device < 0 || !tick) {
		fprintf(stderr, "workload: steal: %s: load credit_sched.ko, and give a tick in ms\n", strerror(errno));
		exit(1);
	}
	for (;;) {
		uint64_t now = bill(device, arguments[0]);

		at += tick + (now > paid ? tick / 8 : 0);
		paid = now;
		while (read_clock(CLOCK_MONOTONIC) < at - tick / 4)
			;
		sleep_until(at);
		if (read_clock(CLOCK_MONOTONIC) > at + tick)
			at = read_clock(CLOCK_MONOTONIC);
	}
}

static const struct {
	const char *name;
	int arguments;
	void (*run)(char **arguments);
} verbs[] = {
	{ "spin", 0, spin },
	{ "turns", 2, take_turns },
	{ "wake", 3, wake_often },
	{ "steal", 2, steal },
};

int main(int argc, char **argv)
{
	prctl(PR_SET_TIMERSLACK, 1);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc == 2 + verbs[i].arguments) {
			verbs[i].run(argv + 2);
			return 0;
		}
	fprintf(stderr, "usage: workload spin | turns RUN PAUSE | wake PERIOD RUN COUNT | steal GROUP TICK (all in ms)\n");
	return 2;
}
