// SPDX-License-Identifier: GPL-2.0
/* See groups.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../tap.h"
#include "groups.h"

int device_open(void)
{
	int fd = open("/dev/credit_sched", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/credit_sched: %s", strerror(errno));
	return fd;
}

void group_init(struct csched_ioc_create *args, const char *policy, uint32_t weight)
{
	static int n;

	memset(args, 0, sizeof(*args));
	snprintf(args->name, sizeof(args->name), "g%d-%d", getpid(), ++n);
	snprintf(args->policy, sizeof(args->policy), "%s", policy);
	args->weight = weight;
}

uint32_t group_create(int dev, struct csched_ioc_create *args)
{
	CHECK(!ioctl(dev, CSCHED_IOC_CREATE, args), "create: %s", strerror(errno));
	return args->id;
}

uint32_t group_on_cpu0(int dev, const char *policy, uint32_t weight)
{
	struct csched_ioc_create args;

	group_init(&args, policy, weight);
	args.cpus[0] = 1;
	return group_create(dev, &args);
}

struct csched_ioc_group group_info(int dev, uint32_t id)
{
	struct csched_ioc_group info = { .id = id };

	CHECK(!ioctl(dev, CSCHED_IOC_GROUP, &info) && info.id == id, "group %u: %s", id, strerror(errno));
	return info;
}

/* The first group whose number is @from or greater, or 0 if there is none. */
uint32_t group_next(int dev, uint32_t from, struct csched_ioc_group *info)
{
	info->id = from;
	if (!ioctl(dev, CSCHED_IOC_GROUP, info))
		return info->id;
	CHECK(errno == ENOENT, "group %u: %s", from, strerror(errno));
	return 0;
}

uint32_t group_first(int dev)
{
	struct csched_ioc_group info;

	return group_next(dev, 0, &info);
}

/* Returns 0 or a negative errno. */
int group_add(int dev, uint32_t id, pid_t pid)
{
	struct csched_ioc_add args = { .id = id, .pid = pid };

	return ioctl(dev, CSCHED_IOC_ADD, &args) ? -errno : 0;
}

/* Returns in the parent when the child has come so far that it may be parked. */
static pid_t child(void)
{
	int ready[2];
	pid_t pid;
	char c;

	CHECK(!pipe(ready), "pipe: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A copy of the device would keep the groups alive. Closing says that we are ready. */
		close_range(3, ~0U, 0);
		return 0;
	}
	close(ready[1]);
	CHECK(!read(ready[0], &c, 1), "pipe: %s", strerror(errno));
	close(ready[0]);
	return pid;
}

/* A process that wants a CPU all the time. */
pid_t spin(void)
{
	pid_t pid = child();

	if (pid)
		return pid;
	for (;;)
		__asm__ volatile("");
}

/* A process that runs and sleeps by turns. */
pid_t run_and_sleep(uint64_t run_ns, uint64_t pause_ns)
{
	pid_t pid = child();

	if (pid)
		return pid;
	for (;;) {
		struct timespec t;
		uint64_t until;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		until = t.tv_sec * SEC + t.tv_nsec + run_ns;
		while (t.tv_sec * SEC + t.tv_nsec < until)
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
		sleep_ns(pause_ns);
	}
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid, "waitpid: %s", strerror(errno));
}

void sleep_ns(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SEC + t.tv_nsec;
}

/* What the kernel says that a process has run, ns. */
uint64_t cpu_ns(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	CHECK(!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &t), "no CPU clock of %d", pid);
	return t.tv_sec * SEC + t.tv_nsec;
}

/* R, S, D, T, t, Z as in /proc/PID/stat; '?' if there is none. */
char state_of(pid_t pid)
{
	char path[40], text[300], *after;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	close(fd);
	if (n <= 0)
		return '?';
	text[n] = '\0';
	after = strrchr(text, ')');
	return after && after[1] ? after[2] : '?';
}
