// SPDX-License-Identifier: GPL-2.0
/*
 * Noise: random ioctls, good, half-good and senseless, from several processes at
 * once, which also open, close, map, fork, stop and kill, beside tasks that are parked.
 * Whatever they do, afterwards nobody is stuck, the module can go, and the kernel log is
 * clean (that is judged by the caller). The module is gone at the end. SEED=n repeats the
 * choices, SECONDS=n says how long it lasts.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

#define PAGE		4096
#define FILES		6
#define CHILDREN	6
#define MAPPINGS	4
#define WORKERS		3

/**
 * struct worker - one source of noise
 * @state: of the random sequence
 * @file: open devices, -1 if not
 * @child: processes it may do anything to, 0 if there is none
 * @mapping: event rings, NULL if not; each of @length
 * @length: see there
 * @page: ends where nothing is mapped
 * @readonly: a page
 * @calls: how many ioctls
 * @good: how many of them succeeded
 */
struct worker {
	uint64_t state;
	int file[FILES];
	pid_t child[CHILDREN];
	void *mapping[MAPPINGS];
	size_t length[MAPPINGS];
	char *page;
	char *readonly;
	uint64_t calls;
	uint64_t good;
};

/* What the workers tell the test. */
static struct {
	uint64_t calls;
	uint64_t good;
} *sums;

static struct crowd crowd;

static uint64_t any(struct worker *w, uint64_t below)
{
	return tap_next(&w->state) % below;
}

static bool one_in(struct worker *w, unsigned int n)
{
	return !any(w, n);
}

/* --- half-sane structs --- */

/* A value that is likely to be at the edge of something. */
static uint64_t any_number(struct worker *w)
{
	static const uint64_t edges[] = { 0, 1, 2, 99, 100, 101, 256, 10000, 10001, 65535, 65536,
					  INT_MAX, UINT_MAX, LLONG_MAX, ULLONG_MAX };

	switch (any(w, 4)) {
	case 0:
		return tap_next(&w->state);
	case 1:
		return 1ull << any(w, 64);
	default:
		return edges[any(w, sizeof(edges) / sizeof(edges[0]))];
	}
}

static uint64_t or_any(struct worker *w, uint64_t good)
{
	return one_in(w, 12) ? any_number(w) : good;
}

/* Groups are numbered from one on, pools too. Most often it is one that is there. */
static uint32_t any_group(struct worker *w, int dev)
{
	struct csched_ioc_group info = { .id = 0 };
	int skip = any(w, 12);

	if (one_in(w, 8))
		return any_number(w);
	while (!ioctl(dev, CSCHED_IOC_GROUP, &info) && skip--)
		info.id++;
	return info.id;
}

/* Ours, and those that must be refused. Never the test itself. */
static int32_t any_pid(struct worker *w)
{
	switch (any(w, 10)) {
	case 0:
		return 0;
	case 1:
		return 1 + any(w, 2);
	case 2:
		return -(int32_t)any(w, 1000);
	case 3:
		return crowd.hog;
	default:
		return w->child[any(w, CHILDREN)];
	}
}

static void any_create(struct worker *w, struct csched_ioc_create *a)
{
	static const char *const policies[] = { "share", "credit", "lottery" };

	group_init(a, policies[one_in(w, 3) ? any(w, 3) : 0], or_any(w, any(w, 10001)));
	a->cap = or_any(w, one_in(w, 3) ? 1 + any(w, 100) : 0);
	a->burst_ns = or_any(w, any(w, 10 * SEC));
	a->slot_ns = or_any(w, one_in(w, 4) ? MS / 2 + any(w, 20 * MS) : 0);
	a->flags = or_any(w, any(w, 4));
	a->cpus[0] = or_any(w, any(w, 4));
	a->cpus[any(w, CSCHED_CPU_WORDS)] |= one_in(w, 20) ? any_number(w) : 0;
	a->seed = one_in(w, 8) ? any_number(w) : 0;
	a->park_max_ns = or_any(w, one_in(w, 4) ? 150 * MS + any(w, 350 * MS) : 0);
	a->baseline = or_any(w, one_in(w, 4) ? any(w, 60) : 0);
	a->reserved = or_any(w, 0);
	if (one_in(w, 20))
		a->name[any(w, sizeof(a->name))] = any(w, 256);
	if (one_in(w, 20))
		a->policy[any(w, sizeof(a->policy))] = any(w, 256);
}

/* Fills @args; returns the request. */
static unsigned long any_request(struct worker *w, int dev, char *args)
{
	struct csched_ioc_set *set = (void *)args;
	struct csched_ioc_add *add = (void *)args;
	size_t i;

	switch (any(w, 12)) {
	case 0 ... 2:
		any_create(w, (void *)args);
		return CSCHED_IOC_CREATE;
	case 3:
		*set = (struct csched_ioc_set){ any_group(w, dev), or_any(w, any(w, 16)),
						or_any(w, any(w, 10001)), or_any(w, any(w, 100)),
						or_any(w, any(w, 10 * SEC)), or_any(w, any(w, 60)),
						or_any(w, 0) };
		return CSCHED_IOC_SET;
	case 4 ... 6:
		*add = (struct csched_ioc_add){ any_group(w, dev), any_pid(w), or_any(w, 0), or_any(w, 0) };
		if (one_in(w, 10)) {
			add->flags = CSCHED_ADD_PIDFD;
			add->pid = any(w, 40) - 2;
		}
		return CSCHED_IOC_ADD;
	case 7:
		((struct csched_ioc_group *)args)->id = any_group(w, dev);
		return CSCHED_IOC_GROUP;
	case 8:
		return CSCHED_IOC_STATUS;
	case 9:
		return CSCHED_IOC_VERSION;
	case 10:
		for (i = 0; i < 256; i += 8)
			memcpy(args + i, &(uint64_t){ any_number(w) }, 8);
		return _IOC(any(w, 4), 0xC5, any(w, 9), one_in(w, 2) ? any(w, 300) : 8 * any(w, 32));
	default:
		return tap_next(&w->state);
	}
}

static void *any_place(struct worker *w, char *args, unsigned long request)
{
	size_t size = _IOC_SIZE(request);

	switch (any(w, 24)) {
	case 0:
		return NULL;
	case 1:
		return (void *)any_number(w);
	case 2:
		return (void *)0xffffffff81000000;
	case 3:
		/* May be cut short by the end of the page. */
		memcpy(w->page - size % PAGE, args, size % PAGE);
		return w->page - any(w, size % PAGE + 1);
	case 4:
		return w->readonly;
	case 5:
		return w->mapping[any(w, MAPPINGS)];
	default:
		return args;
	}
}

static void do_ioctl(struct worker *w)
{
	static char args[PAGE * 8] __attribute__((aligned(16)));
	int dev = w->file[any(w, FILES)];
	unsigned long request;

	memset(args, 0, sizeof(args));
	if (one_in(w, 12)) {
		w->good += !ioctl(dev, CSCHED_IOC_REMOVE, (long)any_group(w, dev));
		w->calls++;
		return;
	}
	request = any_request(w, dev, args);
	w->good += ioctl(dev, request, any_place(w, args, request)) >= 0;
	w->calls++;
}

/* --- everything else that can happen --- */

static void *nap(void *unused)
{
	sleep_ns(MS);
	return unused;
}

static void do_child(struct worker *w)
{
	int i = any(w, CHILDREN), status;
	uint64_t seed = tap_next(&w->state);

	if (!w->child[i]) {
		w->child[i] = fork();
		if (w->child[i])
			return;
		/* Spins, sleeps, forks, makes threads; it dies with the worker's process group. */
		for (i = 0;; i++) {
			pthread_t thread;

			switch (tap_next(&seed) % 4) {
			case 0:
				sleep_ns(tap_next(&seed) % (3 * MS));
				break;
			case 1:
				if (!pthread_create(&thread, NULL, nap, NULL))
					pthread_detach(thread);
				break;
			case 2:
				if (!fork())
					_exit(0);
				waitpid(-1, NULL, WNOHANG);
				break;
			default:
				for (volatile int n = 0; n < 100000; n++)
					;
			}
		}
	}
	switch (any(w, 5)) {
	case 0:
		kill(w->child[i], SIGSTOP);
		break;
	case 1:
	case 2:
		kill(w->child[i], SIGCONT);
		break;
	case 3: {
		cpu_set_t cpus;

		CPU_ZERO(&cpus);
		CPU_SET(any(w, 2), &cpus);
		sched_setaffinity(w->child[i], sizeof(cpus), &cpus);
		break;
	}
	default:
		kill(w->child[i], SIGKILL);
		waitpid(w->child[i], &status, 0);
		w->child[i] = 0;
	}
}

static void do_mapping(struct worker *w)
{
	int i = any(w, MAPPINGS);
	struct csched_ioc_status status;
	int dev = w->file[any(w, FILES)];
	void *p;

	if (w->mapping[i]) {
		munmap(w->mapping[i], w->length[i]);
		w->mapping[i] = NULL;
	}
	if (ioctl(dev, CSCHED_IOC_STATUS, &status))
		return;
	w->length[i] = or_any(w, status.ring_bytes) & 0xffffffff;
	p = mmap(NULL, w->length[i], one_in(w, 8) ? PROT_READ | PROT_WRITE : PROT_READ,
		 one_in(w, 8) ? MAP_PRIVATE : MAP_SHARED, dev,
		 or_any(w, any(w, 3) * status.ring_bytes) & ~(PAGE - 1ull));
	if (p == MAP_FAILED)
		return;
	w->mapping[i] = p;
	/* Some read what is there, some leave a part. */
	if (w->length[i] > PAGE && one_in(w, 2))
		*(volatile char *)((char *)p + any(w, w->length[i]));
	if (w->length[i] > PAGE && one_in(w, 4))
		munmap((char *)p + PAGE, PAGE);
}

static void do_file(struct worker *w)
{
	int i = any(w, FILES);

	if (w->file[i] >= 0)
		close(w->file[i]);
	w->file[i] = one_in(w, 4) ? dup(w->file[any(w, FILES)]) : open("/dev/credit_sched", O_RDWR);
}

static void make_noise(struct worker *w)
{
	char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	CHECK(p != MAP_FAILED, "mmap");
	munmap(p + 8 * PAGE, PAGE);
	w->page = p + 8 * PAGE;
	w->readonly = p + 9 * PAGE;
	mprotect(w->readonly, PAGE, PROT_READ);
	for (i = 0; i < FILES; i++)
		w->file[i] = device_open();
	for (;;) {
		switch (any(w, 16)) {
		case 0:
			do_child(w);
			break;
		case 1:
			do_mapping(w);
			break;
		case 2:
			do_file(w);
			break;
		default:
			do_ioctl(w);
		}
		if (w->calls < 64)
			continue;
		__atomic_add_fetch(&sums->calls, w->calls, __ATOMIC_RELAXED);
		__atomic_add_fetch(&sums->good, w->good, __ATOMIC_RELAXED);
		w->calls = w->good = 0;
	}
}

/* A worker that has put itself into a starved group has little to say: it is replaced. */
static pid_t start_worker(uint64_t seed)
{
	struct worker w = { .state = seed };
	pid_t pid;

	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid)
		make_noise(&w);
	CHECK_OK(setpgid(pid, pid));
	return pid;
}

/* With all that it has forked, also what is stopped, or parked since it was born. */
static void end_worker(pid_t pid)
{
	CHECK_OK(kill(-pid, SIGKILL));
	CHECK_EQ(CHECK_OK(waitpid(pid, NULL, 0)), pid);
}

static void remove_all_groups(int dev)
{
	uint32_t id;

	while ((id = group_first(dev)))
		CHECK_OK(ioctl(dev, CSCHED_IOC_REMOVE, (long)id));
}

static void random_ioctls(void)
{
	uint64_t seconds = tap_setting("SECONDS", 60), seed = tap_setting("SEED", 1), until;
	pid_t worker[WORKERS], parked[3];
	int i, generation = 0;

	alarm(seconds + TAP_HANG);
	sums = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(sums != MAP_FAILED, "mmap");
	crowd = crowd_make(CSCHED_PERSIST);
	for (i = 0; i < 3; i++)
		parked[i] = crowd_parked(&crowd);
	for (i = 0; i < WORKERS; i++)
		worker[i] = start_worker(seed * 1000003 + i);
	for (until = clock_ns() + seconds * SEC; clock_ns() < until;) {
		sleep_ns(SEC);
		generation++;
		i = generation % WORKERS;
		end_worker(worker[i]);
		worker[i] = start_worker(seed * 1000003 + WORKERS + generation);
	}
	for (i = 0; i < WORKERS; i++)
		end_worker(worker[i]);
	printf("# seed %llu: %llu ioctls, of which %llu succeeded\n", (unsigned long long)seed,
	       (unsigned long long)sums->calls, (unsigned long long)sums->good);
	CHECK(sums->good * 20 > sums->calls, "hardly any ioctl succeeds: this tests nothing");
	remove_all_groups(crowd.dev);
	check_runs(crowd.hog);
	for (i = 0; i < 3; i++) {
		check_runs(parked[i]);
		end(parked[i]);
	}
	end(crowd.hog);
	close(crowd.dev);
	module_unload();
}

int main(void)
{
	RUN(random_ioctls);
	return tap_done();
}
