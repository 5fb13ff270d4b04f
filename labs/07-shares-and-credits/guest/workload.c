// SPDX-License-Identifier: GPL-2.0-only
/*
 * workload KEY FILE: runs tasks in groups of /dev/credit_sched as its standard input
 * says, and writes the ledger of what they worked to FILE. It judges nothing:
 * ledger.py and host/verify.c do, on the host.
 *
 *	pool share slot=5000		(times are in us)
 *	group a weight=100
 *	task a				works whenever it may
 *	task a work=12 sleep=20000	12 pieces, sleep, and again
 *	task b delay=500000		sleeps first
 *	spare				a task of no group, which the kernel runs last of all
 *	run 2000000
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "credit_sched.h"
#include "ledger.h"

#define ENTRIES_MAX	(1 << 20)
#define TASKS_MAX	32

struct ledger {
	_Atomic uint32_t count;
	struct entry entry[ENTRIES_MAX];
};

static struct ledger *ledger;
static uint64_t key;
static int device;
static struct csched_ioc_create pool;
static uint32_t group_id[26];
static pid_t tasks[TASKS_MAX];
static int nr_tasks;
/* Closed when all tasks are in their groups: then they begin. */
static int begin[2];

static void sleep_us(uint64_t us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* The newest entry that is finished. One task may be stopped between taking a place and filling it. */
static uint32_t newest(void)
{
	uint32_t i = atomic_load(&ledger->count);

	while (i && !__atomic_load_n(&ledger->entry[i - 1].proof, __ATOMIC_ACQUIRE))
		i--;
	return i ? i - 1 : FROM_KEY;
}

static void work(uint32_t owner)
{
	uint32_t from = newest();
	uint64_t proof = piece_of_work(from == FROM_KEY ? key : ledger->entry[from].proof, owner);
	uint32_t place = atomic_fetch_add(&ledger->count, 1);

	if (place >= ENTRIES_MAX)
		_exit(1);
	ledger->entry[place].owner = owner;
	ledger->entry[place].from = from;
	__atomic_store_n(&ledger->entry[place].proof, proof, __ATOMIC_RELEASE);
}

/* The life of a task; 0 pieces: it never sleeps. */
static _Noreturn void live(uint32_t owner, uint64_t pieces, uint64_t sleep, uint64_t delay)
{
	char c;

	prctl(PR_SET_TIMERSLACK, 1);
	close(begin[1]);
	if (read(begin[0], &c, 1) < 0)
		_exit(1);
	if (delay)
		sleep_us(delay);
	for (;;) {
		for (uint64_t i = 0; !pieces || i < pieces; i++)
			work(owner);
		sleep_us(sleep);
	}
}

static pid_t start(uint32_t owner, uint64_t pieces, uint64_t sleep, uint64_t delay)
{
	pid_t pid = nr_tasks < TASKS_MAX ? fork() : -1;

	if (pid < 0)
		error(1, errno, "fork");
	if (!pid)
		live(owner, pieces, sleep, delay);
	tasks[nr_tasks++] = pid;
	return pid;
}

/* The number after "NAME=" in the line, or @otherwise. */
static uint64_t option(const char *line, const char *name, uint64_t otherwise)
{
	char pattern[32];
	const char *at;

	snprintf(pattern, sizeof(pattern), " %s=", name);
	at = strstr(line, pattern);
	return at ? strtoull(at + strlen(pattern), NULL, 10) : otherwise;
}

static uint32_t letter(const char *line)
{
	const char *at = strchr(line, ' ');

	if (!at || at[1] < 'a' || at[1] > 'z')
		error(1, 0, "no group in: %s", line);
	return at[1] - 'a';
}

static void new_group(const char *line)
{
	struct csched_ioc_create args = pool;

	snprintf(args.name, sizeof(args.name), "%c", 'a' + letter(line));
	args.weight = option(line, "weight", 0);
	args.cap = option(line, "cap", 0);
	args.burst_ns = option(line, "burst", 0) * 1000;
	if (ioctl(device, CSCHED_IOC_CREATE, &args))
		error(1, errno, "create: %s", line);
	group_id[letter(line)] = args.id;
}

static void new_task(const char *line)
{
	uint32_t owner = letter(line);
	struct csched_ioc_add add = { .id = group_id[owner] };

	add.pid = start(owner, option(line, "work", 0), option(line, "sleep", 0), option(line, "delay", 0));
	if (ioctl(device, CSCHED_IOC_ADD, &add))
		error(1, errno, "add: %s", line);
}

static void new_spare(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(start(IDLE_OWNER, 0, 0, 0), SCHED_IDLE, &none))
		error(1, errno, "sched_setscheduler");
}

static void run(uint64_t us)
{
	close(begin[0]);
	close(begin[1]);
	sleep_us(us);
	for (int i = 0; i < nr_tasks; i++)
		kill(tasks[i], SIGKILL);
	for (int i = 0; i < nr_tasks; i++)
		waitpid(tasks[i], NULL, 0);
}

static void obey(const char *line)
{
	if (!strncmp(line, "pool ", 5)) {
		if (sscanf(line, "pool %15s", pool.policy) != 1)
			error(1, 0, "no policy in: %s", line);
		pool.slot_ns = option(line, "slot", 0) * 1000;
		pool.seed = option(line, "seed", 0);
		/* Minimal slots would blur the picture. */
		pool.park_max_ns = 10000000000;
	} else if (!strncmp(line, "group ", 6)) {
		new_group(line);
	} else if (!strncmp(line, "task ", 5)) {
		new_task(line);
	} else if (!strcmp(line, "spare")) {
		new_spare();
	} else if (!strncmp(line, "run ", 4)) {
		run(strtoull(line + 4, NULL, 10));
	} else {
		error(1, 0, "what does it mean: %s", line);
	}
}

static void save(const char *path)
{
	uint32_t count = atomic_load(&ledger->count);
	FILE *file = fopen(path, "w");

	if (!file || fwrite(ledger->entry, sizeof(struct entry), count, file) != count || fclose(file))
		error(1, errno, "%s", path);
}

int main(int argc, char **argv)
{
	char line[256];

	if (argc != 3)
		error(2, 0, "usage: workload KEY FILE <lines");
	key = strtoull(argv[1], NULL, 0);
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ledger == MAP_FAILED)
		error(1, errno, "mmap");
	device = open("/dev/credit_sched", O_RDWR | O_CLOEXEC);
	if (device < 0)
		error(1, errno, "/dev/credit_sched");
	if (pipe(begin))
		error(1, errno, "pipe");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	save(argv[2]);
	return 0;
}
