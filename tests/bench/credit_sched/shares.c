// SPDX-License-Identifier: GPL-2.0
/*
 * bench-credit_sched-shares: what spinning tasks get, under one regime, in one stretch of
 * time. Prints one line of JSON.
 *
 *	shares REGIME CPUS SLOT_US MS SAMPLE_US POLICY GROUP...
 *
 * A GROUP is WEIGHT[:CAP[:TASKS[:PAUSE]]]. With a PAUSE its tasks run 1 ms and sleep PAUSE ms
 * by turns. All tasks wait until all have joined and start at once, so lags count from 0. The
 * sampler sits on the last CPU, apart from the tasks if they do not need it.
 *
 * A task counts its rounds in memory that it shares with us: work done, beside CPU time.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "groups.h"
#include "regime.h"
#include "tap.h"

#define TASKS_MAX	64
#define WINDOW_NS	(100 * MS)
/* A sample that took longer mixes two moments: the host took the CPU away from us meanwhile. */
#define SAMPLE_NS	(1 * MS)

/* A cache line each, so that tasks on two CPUs do not slow each other down. */
struct counter {
	_Alignas(64) volatile uint64_t rounds;
};

struct shared {
	volatile int started;
	struct counter counters[TASKS_MAX];
};

struct group {
	struct place place;
	unsigned int tasks;
	unsigned int pause_ms;
	unsigned int first_task;
	uint64_t used_before;
	uint64_t rounds;
};

/* At one moment: when, and what each group had got since the start. */
struct sample {
	uint64_t at;
	uint64_t used[GROUPS_MAX];
};

static struct shared *shared;
static struct group groups[GROUPS_MAX];
static pid_t pids[TASKS_MAX];
static unsigned int n_groups, n_tasks;
static struct sample *samples;
static unsigned int n_samples, n_dropped;

/* --- tasks --- */

static void work(struct counter *counter, unsigned int pause_ms)
{
	struct timespec t;
	uint64_t until;

	for (;;) {
		if (!pause_ms) {
			counter->rounds++;
			continue;
		}
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		until = t.tv_sec * SEC + t.tv_nsec + MS;
		while (t.tv_sec * SEC + t.tv_nsec < until) {
			counter->rounds++;
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		}
		sleep_ns(pause_ms * MS);
	}
}

/* It sleeps until the start; a SIGSTOP would be part of what is measured. */
static pid_t start_task(unsigned int n, unsigned int pause_ms, const int *gate)
{
	pid_t pid = fork();
	char c;

	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(gate[1]);
	if (read(gate[0], &c, 1))
		_exit(1);
	close_range(3, ~0U, 0);
	work(&shared->counters[n], pause_ms);
	return 0;
}

static void parse_group(struct group *g, const char *text)
{
	unsigned int weight = 0, cap = 0, tasks = 1, pause = 0;

	CHECK(sscanf(text, "%u:%u:%u:%u", &weight, &cap, &tasks, &pause) >= 1 && weight && tasks &&
	      n_tasks + tasks <= TASKS_MAX, "group: %s: WEIGHT[:CAP[:TASKS[:PAUSE]]]", text);
	g->place.weight = weight;
	g->place.cap = cap;
	g->tasks = tasks;
	g->pause_ms = pause;
	g->first_task = n_tasks;
	n_tasks += tasks;
}

/* --- measuring --- */

static uint64_t used(const struct group *g)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < g->tasks; i++)
		ns += cpu_ns(pids[g->first_task + i]);
	return ns;
}

static void take_sample(uint64_t start, bool last)
{
	struct sample *s = &samples[n_samples];
	uint64_t before = clock_ns(), after;

	for (unsigned int i = 0; i < n_groups; i++)
		s->used[i] = used(&groups[i]) - groups[i].used_before;
	after = clock_ns();
	s->at = (before + after) / 2 - start;
	if (after - before > SAMPLE_NS && !last)
		n_dropped++;
	else
		n_samples++;
}

static uint64_t total(const struct sample *s)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < n_groups; i++)
		all += s->used[i];
	return all;
}

/* What a group was due by weight minus what it got. Only where all want to run all the time. */
static int64_t lag(const struct sample *s, unsigned int g, uint64_t weights)
{
	return (int64_t)(total(s) / weights * groups[g].place.weight) - (int64_t)s->used[g];
}

static int64_t largest_lag(unsigned int from, unsigned int to, unsigned int g)
{
	uint64_t weights = 0;
	int64_t most = 0;

	for (unsigned int i = 0; i < n_groups; i++)
		weights += groups[i].place.weight;
	for (unsigned int i = from; i < to; i++) {
		int64_t ns = lag(&samples[i], g, weights);

		ns = ns < 0 ? -ns : ns;
		most = ns > most ? ns : most;
	}
	return most;
}

/* The most by which a group exceeded its cap in any window of up to 100 ms. */
static int64_t over_cap(unsigned int g)
{
	int64_t most = 0;

	for (unsigned int i = 0; i < n_samples; i++)
		for (unsigned int j = i + 1; j < n_samples; j++) {
			uint64_t wall = samples[j].at - samples[i].at;
			int64_t ns = samples[j].used[g] - samples[i].used[g];

			if (wall > WINDOW_NS)
				break;
			ns -= wall * groups[g].place.cap / 100;
			most = ns > most ? ns : most;
		}
	return most;
}

static void print_group(const struct setting *setting, unsigned int g)
{
	const struct sample *last = &samples[n_samples - 1];
	struct csched_ioc_group info;

	printf("%s{\"weight\": %u, \"cap\": %u, \"tasks\": %u, \"pause_ms\": %u, \"used_ns\": %llu, "
	       "\"rounds\": %llu, \"lag_max_ns\": %lld, \"lag_first_half_ns\": %lld, "
	       "\"lag_second_half_ns\": %lld, \"over_cap_ns\": %lld",
	       g ? ", " : "", groups[g].place.weight, groups[g].place.cap, groups[g].tasks,
	       groups[g].pause_ms, (unsigned long long)last->used[g],
	       (unsigned long long)groups[g].rounds, (long long)largest_lag(0, n_samples, g),
	       (long long)largest_lag(0, n_samples / 2, g),
	       (long long)largest_lag(n_samples / 2, n_samples, g),
	       groups[g].place.cap ? (long long)over_cap(g) : 0);
	if (place_info(setting, &groups[g].place, &info))
		printf(", \"csched\": {\"used_ns\": %llu, \"lag_ns\": %lld, \"slots\": %llu, \"boosts\": %llu, "
		       "\"earned_ns\": %llu, \"spent_ns\": %llu, \"credit_ns\": %lld, "
		       "\"discarded_ns\": %llu, \"burst_ns\": %llu}",
		       info.used_ns, info.lag_ns, info.slots, info.boosts, info.earned_ns, info.spent_ns,
		       info.credit_ns, info.discarded_ns, info.burst_ns);
	printf("}");
}

static void measure(uint64_t start, uint64_t length, uint64_t every)
{
	unsigned int i;

	for (i = 1; i * every <= length; i++) {
		uint64_t at = start + i * every, now = clock_ns();

		if (now >= at + every && i * every < length)
			continue;	/* we came late: the next one is due already */
		if (now < at)
			sleep_ns(at - now);
		take_sample(start, (i + 1) * every > length);
	}
	for (i = 0; i < n_groups; i++)
		for (unsigned int t = 0; t < groups[i].tasks; t++)
			groups[i].rounds += shared->counters[groups[i].first_task + t].rounds;
}

static void start_all(const struct setting *setting, int *gate)
{
	unsigned int i, t;

	CHECK(!pipe(gate), "pipe: %s", strerror(errno));
	for (i = 0; i < n_groups; i++) {
		struct group *g = &groups[i];

		place_make(setting, &g->place, i);
		for (t = 0; t < g->tasks; t++)
			pids[g->first_task + t] = start_task(g->first_task + t, g->pause_ms, gate);
	}
	sleep_ns(50 * MS);	/* all are asleep in read() */
	for (i = 0; i < n_groups; i++)
		for (t = 0; t < groups[i].tasks; t++)
			place_add(setting, &groups[i].place, pids[groups[i].first_task + t]);
	for (i = 0; i < n_groups; i++)
		groups[i].used_before = used(&groups[i]);
}

int main(int argc, char **argv)
{
	struct setting setting = { .policy = argc > 6 ? argv[6] : "" };
	uint64_t start, own, length, every;
	int gate[2];

	CHECK(argc > 7 && argc - 7 <= GROUPS_MAX && regime_by_name(argv[1], &setting.regime),
	      "usage: shares REGIME CPUS SLOT_US MS SAMPLE_US POLICY GROUP...");
	setting.cpus = atoi(argv[2]);
	setting.slot_ns = strtoull(argv[3], NULL, 10) * 1000;
	length = strtoull(argv[4], NULL, 10) * MS;
	every = strtoull(argv[5], NULL, 10) * 1000;
	for (; n_groups < (unsigned int)argc - 7; n_groups++)
		parse_group(&groups[n_groups], argv[7 + n_groups]);
	samples = calloc(length / every + 2, sizeof(*samples));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(samples && shared != MAP_FAILED, "no memory");

	prctl(PR_SET_TIMERSLACK, 1);
	pin(0, sysconf(_SC_NPROCESSORS_ONLN) - 1, 1);
	regime_begin(&setting);
	start_all(&setting, gate);
	own = cpu_ns(getpid());
	start = clock_ns();
	close(gate[0]);
	close(gate[1]);
	measure(start, length, every);
	own = cpu_ns(getpid()) - own;

	printf("{\"wall_ns\": %llu, \"cpus\": %u, \"slot_ns\": %llu, \"samples\": %u, \"samples_dropped\": %u, "
	       "\"sampler_ns\": %llu, \"sampler_apart\": %d, "
	       "\"groups\": [", (unsigned long long)samples[n_samples - 1].at, setting.cpus,
	       (unsigned long long)setting.slot_ns, n_samples, n_dropped, (unsigned long long)own,
	       setting.cpus < (unsigned int)sysconf(_SC_NPROCESSORS_ONLN));
	for (unsigned int i = 0; i < n_groups; i++)
		print_group(&setting, i);
	printf("]}\n");
	for (unsigned int i = 0; i < n_tasks; i++)
		end(pids[i]);
	for (unsigned int i = 0; i < n_groups; i++)
		place_remove(&setting, &groups[i].place);
	return 0;
}
