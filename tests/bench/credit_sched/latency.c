// SPDX-License-Identifier: GPL-2.0
/*
 * bench-credit_sched-latency: how long a task that wakes has to wait until it runs, while
 * others want the same CPU all the time. Prints one line of JSON.
 *
 *	latency REGIME POLICY SLOT_US MS HOGS SLEEPERS RUN_US
 *
 * Every 20 ms each sleeper wakes at a time it knows and notes how late it is; then it runs
 * RUN_US of CPU time. All are groups of their own, of one weight, on CPU 0.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "groups.h"
#include "regime.h"
#include "tap.h"

#define PERIOD_NS	(20 * MS)
#define NOTES_MAX	3000

struct notes {
	volatile unsigned int n;
	uint32_t late_us[NOTES_MAX];
};

static struct notes *notes;
static struct place places[GROUPS_MAX];
static pid_t pids[GROUPS_MAX];

static void sleep_until(uint64_t at)
{
	struct timespec t = { .tv_sec = at / SEC, .tv_nsec = at % SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static void run_for(uint64_t ns)
{
	uint64_t until = cpu_ns(getpid()) + ns;

	while (cpu_ns(getpid()) < until)
		;
}

static void be_sleeper(struct notes *mine, uint64_t at, uint64_t run_ns)
{
	while (mine->n < NOTES_MAX) {
		at += PERIOD_NS;
		sleep_until(at);
		mine->late_us[mine->n] = (clock_ns() - at) / 1000;
		mine->n++;
		run_for(run_ns);
		/* Too late for the next one: that one is not to wake it, so it is no wake-up. */
		while (at + PERIOD_NS < clock_ns())
			at += PERIOD_NS;
	}
	pause();
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* All notes of all sleepers, in order. */
static unsigned int gather(unsigned int sleepers, uint32_t *all)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < sleepers; i++)
		for (unsigned int k = 0; k < notes[i].n; k++)
			all[n++] = notes[i].late_us[k];
	qsort(all, n, sizeof(*all), compare);
	return n;
}

static void print(const struct setting *setting, unsigned int hogs, unsigned int sleepers)
{
	uint32_t *all = calloc(sleepers, sizeof(notes->late_us));
	unsigned int n = gather(sleepers, all);
	struct csched_ioc_group info;
	uint64_t boosts = 0;

	CHECK(n > 20, "only %u wake-ups", n);
	for (unsigned int i = hogs; i < hogs + sleepers; i++)
		if (place_info(setting, &places[i], &info))
			boosts += info.boosts;
	printf("{\"wakeups\": %u, \"boosts\": %llu, \"max_us\": %u, \"percentiles_us\": [", n,
	       (unsigned long long)boosts, all[n - 1]);
	for (unsigned int p = 1; p < 100; p++)
		printf("%s%u", p > 1 ? ", " : "", all[n * p / 100]);
	printf("]}\n");
}

static pid_t start_sleeper(struct notes *mine, uint64_t at, uint64_t run_ns)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	close_range(3, ~0U, 0);
	sleep_until(at);
	be_sleeper(mine, at, run_ns);
	return 0;
}

int main(int argc, char **argv)
{
	struct setting setting = { .cpus = 1, .policy = argc > 2 ? argv[2] : "" };
	unsigned int hogs, sleepers, i;
	uint64_t start;

	CHECK(argc == 8 && regime_by_name(argv[1], &setting.regime),
	      "usage: latency REGIME POLICY SLOT_US MS HOGS SLEEPERS RUN_US");
	setting.slot_ns = strtoull(argv[3], NULL, 10) * 1000;
	hogs = atoi(argv[5]);
	sleepers = atoi(argv[6]);
	CHECK(sleepers && hogs + sleepers <= GROUPS_MAX, "too many, or none");
	notes = mmap(NULL, sleepers * sizeof(*notes), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(notes != MAP_FAILED, "no memory");

	pin(0, sysconf(_SC_NPROCESSORS_ONLN) - 1, 1);
	regime_begin(&setting);
	start = clock_ns() + 300 * MS;
	for (i = 0; i < hogs + sleepers; i++) {
		places[i].weight = strcmp(setting.policy, "credit") ? 100 : 256;
		place_make(&setting, &places[i], i);
		/* Spread over the period, so that two do not wake at once by design. */
		pids[i] = i < hogs ? spin() :
			start_sleeper(&notes[i - hogs], start + (i - hogs) * PERIOD_NS / sleepers,
				      strtoull(argv[7], NULL, 10) * 1000);
		place_add(&setting, &places[i], pids[i]);
	}
	sleep_ns(start + strtoull(argv[4], NULL, 10) * MS - clock_ns());
	print(&setting, hogs, sleepers);
	for (i = 0; i < hogs + sleepers; i++)
		end(pids[i]);
	for (i = 0; i < hogs + sleepers; i++)
		place_remove(&setting, &places[i]);
	return 0;
}
