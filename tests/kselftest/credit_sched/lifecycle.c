// SPDX-License-Identifier: GPL-2.0
/*
 * Nobody stays parked: exit, kill, stop, fork, exec, close. A task is made to wait
 * by giving it weight 1 beside a hog of weight 10000 on the same CPU.
 */
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sched.h>

#include "../tap.h"
#include "groups.h"

static int dev;
static uint32_t heavy, light;
static pid_t hog;

/* A group that is hardly ever due anything. */
static void crowd(void)
{
	dev = device_open();
	heavy = group_on_cpu0(dev, "share", 10000);
	light = group_on_cpu0(dev, "share", 1);
	hog = spin();
	CHECK(!group_add(dev, heavy, hog), "add: %s", strerror(errno));
}

static pid_t parked_spinner(void)
{
	pid_t pid = spin();
	int tries = 1000;

	CHECK(!group_add(dev, light, pid), "add: %s", strerror(errno));
	while (state_of(pid) != 'D' && tries--)
		sleep_ns(MS);
	CHECK(state_of(pid) == 'D', "it does not park: state %c", state_of(pid));
	return pid;
}

static void a_parked_task_can_be_killed(void)
{
	uint64_t since;
	pid_t pid;

	crowd();
	pid = parked_spinner();
	since = clock_ns();
	end(pid);
	printf("# killed within %llu us\n", (unsigned long long)(clock_ns() - since) / 1000);
	CHECK(group_info(dev, light).tasks == 0, "still a member");
	end(hog);
}

static void a_parked_task_can_be_stopped(void)
{
	uint64_t since;
	int status;
	pid_t pid;

	crowd();
	pid = parked_spinner();
	since = clock_ns();
	kill(pid, SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "status 0x%x", status);
	printf("# stopped within %llu us\n", (unsigned long long)(clock_ns() - since) / 1000);
	kill(pid, SIGCONT);
	end(pid);
	end(hog);
}

static void a_parked_task_can_be_traced(void)
{
	int status;
	pid_t pid;

	crowd();
	pid = parked_spinner();
	CHECK(!ptrace(PTRACE_SEIZE, pid, 0, 0), "seize: %s", strerror(errno));
	CHECK(!ptrace(PTRACE_INTERRUPT, pid, 0, 0), "interrupt: %s", strerror(errno));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "status 0x%x", status);
	CHECK(!ptrace(PTRACE_DETACH, pid, 0, 0), "detach: %s", strerror(errno));
	end(pid);
	end(hog);
}

static void check_runs(pid_t pid)
{
	uint64_t before = cpu_ns(pid);
	int tries = 200;

	while (cpu_ns(pid) < before + 50 * MS && tries--)
		sleep_ns(10 * MS);
	CHECK(cpu_ns(pid) >= before + 50 * MS, "it has run %llu us only, state %c",
	      (unsigned long long)(cpu_ns(pid) - before) / 1000, state_of(pid));
}

static void close_lets_everyone_go(void)
{
	pid_t pid;

	crowd();
	pid = parked_spinner();
	close(dev);
	check_runs(pid);
	check_runs(hog);
	end(pid);
	end(hog);
}

static void removing_a_group_lets_its_tasks_go(void)
{
	pid_t pid;

	crowd();
	pid = parked_spinner();
	CHECK(!ioctl(dev, CSCHED_IOC_REMOVE, (long)light), "remove: %s", strerror(errno));
	check_runs(pid);
	CHECK(ioctl(dev, CSCHED_IOC_REMOVE, (long)light) < 0 && errno == ENOENT, "removed twice");
	end(pid);
	end(hog);
}

static void confinement_ends_with_membership(void)
{
	cpu_set_t cpus;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP("one CPU");
	crowd();
	pid = parked_spinner();
	CHECK(!sched_getaffinity(pid, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) == 1, "not confined");
	close(dev);
	CHECK(!sched_getaffinity(pid, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) > 1, "still confined");
	end(pid);
	end(hog);
}

static void children_inherit(void)
{
	int pipes[2], i;
	pid_t pid;
	char c;

	crowd();
	CHECK(!pipe(pipes), "pipe");
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		CHECK(read(pipes[0], &c, 1) == 1, "read");
		for (i = 0; i < 5 && fork(); i++)
			;
		for (;;)
			;
	}
	CHECK(!group_add(dev, heavy, pid), "add: %s", strerror(errno));
	CHECK(write(pipes[1], "", 1) == 1, "write");
	for (i = 0; i < 500 && group_info(dev, heavy).tasks < 7; i++)
		sleep_ns(10 * MS);
	CHECK(group_info(dev, heavy).tasks == 7, "%u tasks", group_info(dev, heavy).tasks);
	kill(-pid, SIGKILL);
	end(pid);
	for (i = 0; i < 500 && group_info(dev, heavy).tasks > 1; i++)
		sleep_ns(10 * MS);
	CHECK(group_info(dev, heavy).tasks == 1, "%u tasks left", group_info(dev, heavy).tasks);
	end(hog);
}

static void exec_stays_a_member(void)
{
	int status, i;
	pid_t pid;

	crowd();
	pid = fork();
	if (!pid) {
		sleep_ns(300 * MS);
		execl("/bin/sleep", "sleep", "1", NULL);
		_exit(1);
	}
	CHECK(!group_add(dev, heavy, pid), "add: %s", strerror(errno));
	for (i = 0; i < 3; i++) {
		CHECK(group_info(dev, heavy).tasks == 2, "not a member");
		sleep_ns(200 * MS);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status, "status 0x%x", status);
	CHECK(group_info(dev, heavy).tasks == 1, "still a member");
	end(hog);
}

static void who_cannot_be_scheduled_is_refused(void)
{
	struct sched_param param = { .sched_priority = 1 };
	pid_t pid;

	crowd();
	CHECK(group_add(dev, light, hog) == -EBUSY, "in two groups");
	CHECK(group_add(dev, 9999, getpid()) == -ENOENT, "no such group");
	CHECK(group_add(dev, light, 1) == -EPERM, "init");
	CHECK(group_add(dev, light, 2) == -EINVAL, "kthreadd");
	CHECK(group_add(dev, light, 4000000) == -ESRCH, "no such process");
	CHECK(group_add(dev, light, -1) == -EINVAL, "pid -1");
	pid = spin();
	CHECK(!sched_setscheduler(pid, SCHED_FIFO, &param), "FIFO: %s", strerror(errno));
	CHECK(group_add(dev, light, pid) == -EOPNOTSUPP, "a real-time task");
	end(pid);
	end(hog);
}

static int refused(struct csched_ioc_create *args)
{
	return ioctl(dev, CSCHED_IOC_CREATE, args) ? -errno : 0;
}

static void groups_that_make_no_sense_are_refused(void)
{
	struct csched_ioc_create args;

	crowd();
	group_init(&args, "fifo", 0);
	CHECK(refused(&args) == -EINVAL, "policy");
	group_init(&args, "share", 10001);
	args.cpus[0] = 1;
	CHECK(refused(&args) == -ERANGE, "weight");
	group_init(&args, "share", 0);
	args.cpus[0] = 1;
	args.cap = 101;
	CHECK(refused(&args) == -EDOM, "cap");
	group_init(&args, "share", 0);
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) < 2 || refused(&args) == -EBUSY, "overlapping CPUs");
	group_init(&args, "credit", 0);
	args.cpus[0] = 1;
	CHECK(refused(&args) == -EEXIST, "another policy");
	group_init(&args, "share", 0);
	args.cpus[1] = 1;
	CHECK(refused(&args) == -EINVAL, "no such CPU");
	group_init(&args, "share", 0);
	args.flags = 4;
	CHECK(refused(&args) == -EINVAL, "flags");
	group_init(&args, "share", 0);
	args.name[0] = '\0';
	CHECK(refused(&args) == -EINVAL, "name");
	end(hog);
}

static void many_come_and_go(void)
{
	uint64_t seed = 1;
	pid_t pid[10] = { 0 };
	int n, i;

	for (n = 0; n < (int)tap_scaled(20); n++) {
		crowd();
		for (i = 0; i < 10; i++) {
			pid[i] = tap_next(&seed) % 2 ? spin() : run_and_sleep(MS, MS);
			CHECK(!group_add(dev, tap_next(&seed) % 2 ? light : heavy, pid[i]), "add");
		}
		sleep_ns(20 * MS);
		if (n % 2)
			close(dev);
		for (i = 0; i < 10; i++)
			end(pid[i]);
		end(hog);
		if (!(n % 2))
			close(dev);
	}
}

int main(void)
{
	RUN(a_parked_task_can_be_killed);
	RUN(a_parked_task_can_be_stopped);
	RUN(a_parked_task_can_be_traced);
	RUN(close_lets_everyone_go);
	RUN(removing_a_group_lets_its_tasks_go);
	RUN(confinement_ends_with_membership);
	RUN(children_inherit);
	RUN(exec_stays_a_member);
	RUN(who_cannot_be_scheduled_is_refused);
	RUN(groups_that_make_no_sense_are_refused);
	RUN(many_come_and_go);
	return tap_done();
}
