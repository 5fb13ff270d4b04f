// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the parts of a box cost on this machine: an experiment of step 8 for each verb. Any user may run it,
 * where user namespaces are allowed. costs.py runs it.
 *
 *	clone ROUNDS		us until a process has begun and ended: median
 *	syscall RULES ROUNDS	ns of a call that does nothing, without and with filters: median
 *	write MIB FOLDER	us until an octet is written to a file of a lower layer, and once more
 *	compute ROUNDS		us for the same piece of work, outside and inside: median
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define MOST 4096
#define CALLS 20000

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "costs: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

static int rounds_of(const char *text)
{
	int n = atoi(text);

	return n < 1 ? 1 : n > MOST ? MOST : n;
}

static double begin_and_end(unsigned long flags)
{
	const double from = now_us();
	pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(0);
	if (pid < 0)
		die("clone");
	waitpid(pid, NULL, 0);
	return now_us() - from;
}

static void clone_costs(int rounds)
{
	static const struct {
		const char *name;
		unsigned long flags;
	} kinds[] = {
		{ "process", 0 },
		{ "user", CLONE_NEWUSER },
		{ "four", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC },
		{ "net", CLONE_NEWUSER | CLONE_NEWNET },
	};
	static double took[4][MOST];

	/* in turn, so that what else the machine does hits all alike */
	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < 4; k++)
			took[k][i] = begin_and_end(kinds[k].flags);
	for (int k = 0; k < 4; k++)
		printf("%s %.1f\n", kinds[k].name, median(took[k], rounds));
}

/* ns of one getppid(), in a child with a filter of so many rules; the last one looks at an argument, if asked to. */
static double call_cost(int rules, bool looks)
{
	struct filter_rule *list = calloc((size_t)rules + 1, sizeof(*list));
	struct filter_policy policy = { list, (size_t)rules + looks, SECCOMP_RET_ALLOW };
	double *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double cost;
	pid_t pid;

	if (!list || told == MAP_FAILED)
		die("memory");
	/* of calls that nobody makes here */
	for (int i = 0; i < rules; i++)
		list[i] = (struct filter_rule){ 600 + (uint32_t)i, FILTER_ANY, 0, 0, SECCOMP_RET_ERRNO | EPERM };
	list[rules] = (struct filter_rule){ SYS_getppid, 0, ~0ULL, 0x123456789, SECCOMP_RET_ERRNO | EPERM };
	pid = fork();
	if (!pid) {
		double from;

		if (rules && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_install(&policy)))
			_exit(1);
		from = now_us();
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_getppid, 0L);
		*told = (now_us() - from) * 1000 / CALLS;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	cost = *told;
	munmap(told, sizeof(*told));
	free(list);
	return cost;
}

static void syscall_costs(int rules, int rounds)
{
	static double took[3][MOST];

	for (int i = 0; i < rounds; i++) {
		took[0][i] = call_cost(0, false);
		took[1][i] = call_cost(rules, false);
		took[2][i] = call_cost(rules, true);
	}
	printf("none %.1f\nnumber %.1f\nargument %.1f\n", median(took[0], rounds), median(took[1], rounds),
	       median(took[2], rounds));
}

static void write_text(const char *path, const char *text)
{
	if (write_file(path, text))
		die(path);
}

/* This process in user and mount namespaces, root there. */
static void enter(void)
{
	const unsigned int uid = geteuid(), gid = getegid();
	char line[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		die("unshare");
	write_text("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1", uid);
	write_text("/proc/self/uid_map", line);
	snprintf(line, sizeof(line), "0 %u 1", gid);
	write_text("/proc/self/gid_map", line);
}

static double write_one(const char *path)
{
	const double from = now_us();
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "x", 1) != 1)
		die(path);
	close(fd);
	return now_us() - from;
}

/* Layers in a file system in memory, so that no disk is measured. */
static void write_costs(int mib, const char *folder)
{
	static char block[1 << 20];
	double first;
	int fd;

	enter();
	if (mount("tmpfs", folder, "tmpfs", 0, NULL) || chdir(folder))
		die(folder);
	if (mkdir("lower", 0755) || mkdir("upper", 0755) || mkdir("work", 0755) || mkdir("root", 0755))
		die("mkdir");
	memset(block, 1, sizeof(block));
	fd = open("lower/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	for (int i = 0; i < mib; i++)
		if (write(fd, block, sizeof(block)) != sizeof(block))
			die("lower/file");
	close(fd);
	if (mount("overlay", "root", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr"))
		die("overlay");
	first = write_one("root/file");
	printf("first %.1f\nsecond %.1f\n", first, write_one("root/file"));
}

static double work(void)
{
	const double from = now_us();
	uint64_t x = 88172645463325252ULL;

	for (int i = 0; i < 2000000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	/* or nothing of it would be done */
	if (!x)
		die("zero");
	return now_us() - from;
}

static void compute_costs(int rounds)
{
	double *took = mmap(NULL, 2 * MOST * sizeof(*took), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (took == MAP_FAILED)
		die("memory");
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			enter();
			if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_install(&filter_default))
				_exit(1);
			took[MOST + i] = work();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		pid = fork();
		if (!pid) {
			took[i] = work();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	printf("outside %.1f\ninside %.1f\n", median(took, rounds), median(took + MOST, rounds));
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "clone"))
		clone_costs(rounds_of(argv[2]));
	else if (argc == 4 && !strcmp(argv[1], "syscall"))
		syscall_costs(rounds_of(argv[2]), rounds_of(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "write"))
		write_costs(rounds_of(argv[2]), argv[3]);
	else if (argc == 3 && !strcmp(argv[1], "compute"))
		compute_costs(rounds_of(argv[2]));
	else
		return 2;
	return 0;
}
