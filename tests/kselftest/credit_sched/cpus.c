// SPDX-License-Identifier: GPL-2.0
/*
 * What others do to the CPUs and tasks that are being scheduled: hotplug, affinity,
 * cpusets, the freezer, a move from one cgroup to another. Nobody is stuck, and what
 * waits for a parked task waits no longer than the park bound. Needs two CPUs.
 */
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

#define CPU1	"/sys/devices/system/cpu/cpu1/online"
#define CGROUPS	"/sys/fs/cgroup"
#define TASKS	5

static int dev;
static uint32_t id[2];
static pid_t pid[TASKS];

static void need_two_cpus(void)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP("not two CPUs");
}

/* Two groups on @cpus, spinners of weights 100 and 20 by turns: some run, some are parked. */
static void populate(uint64_t cpus)
{
	struct csched_ioc_create args;
	int i;

	dev = device_open();
	for (i = 0; i < 2; i++) {
		group_init(&args, "share", i ? 20 : 100);
		args.cpus[0] = cpus;
		id[i] = group_create(dev, &args);
	}
	for (i = 0; i < TASKS; i++) {
		pid[i] = spin();
		CHECK_EQ(group_add(dev, id[i % 2], pid[i]), 0);
	}
}

static void everybody_runs(void)
{
	int i;

	for (i = 0; i < TASKS; i++)
		check_runs(pid[i]);
}

static void depopulate(void)
{
	int i;

	close(dev);
	for (i = 0; i < TASKS; i++)
		end(pid[i]);
}

/* How many of our tasks hold a slot. One that changes hands between the calls counts twice. */
static unsigned int held(void)
{
	return group_info(dev, id[0]).held + group_info(dev, id[1]).held;
}

/* Those who held a slot on a CPU that went park at their next return to user mode. */
static void check_one_is_held(void)
{
	int tries = 100;

	while (held() > 1 && tries--)
		sleep_ns(10 * MS);
	CHECK(tries >= 0, "more than one slot on one CPU for a second");
}

/* How much CPU time our tasks get, in percent of one CPU. */
static unsigned int busy(uint64_t ns)
{
	uint64_t ran = 0, wall = clock_ns();
	int i;

	for (i = 0; i < TASKS; i++)
		ran -= cpu_ns(pid[i]);
	sleep_ns(ns);
	wall = clock_ns() - wall;
	for (i = 0; i < TASKS; i++)
		ran += cpu_ns(pid[i]);
	return ran * 100 / wall;
}

/* --- hotplug --- */

static void online(const char *value)
{
	int tries = 100;

	/* EBUSY while the kernel is at another CPU. */
	while (!file_write(CPU1, value) && errno == EBUSY && tries--)
		sleep_ns(10 * MS);
	CHECK_EQ(file_number(CPU1, NULL), *value - '0');
}

static void a_cpu_may_go_and_come_back(void)
{
	int rounds = tap_scaled(10), i;

	need_two_cpus();
	populate(3);
	for (i = 0; i < rounds; i++) {
		online("0");
		sleep_ns(30 * MS);
		check_one_is_held();
		online("1");
		sleep_ns(30 * MS);
	}
	everybody_runs();
	i = busy(SEC);
	printf("# busy: %d %% of one CPU with two\n", i);
	CHECK(i > 120, "the second CPU is not used again: %d %%", i);
	online("0");
	everybody_runs();
	online("1");
	depopulate();
}

/* Where a task may run, of the CPUs that are online: a bit each. */
static uint64_t cpus_of(pid_t task)
{
	cpu_set_t cpus;

	CHECK_OK(sched_getaffinity(task, sizeof(cpus), &cpus));
	return CPU_ISSET(0, &cpus) | CPU_ISSET(1, &cpus) << 1;
}

/* The kernel moves them elsewhere, for want of their own; they come back when that does. */
static void the_only_cpu_of_a_pool_may_go(void)
{
	int i, tries;

	need_two_cpus();
	populate(2);
	sleep_ns(50 * MS);
	online("0");
	everybody_runs();
	check_one_is_held();
	for (i = 0; i < TASKS; i++)
		CHECK_EQ(cpus_of(pid[i]), 1);
	online("1");
	for (i = 0; i < TASKS; i++) {
		for (tries = 0; tries < 1000 && cpus_of(pid[i]) != 2; tries++)
			sleep_ns(10 * MS);
		CHECK_EQ(cpus_of(pid[i]), 2);
	}
	everybody_runs();
	depopulate();
}

/* Nobody can ask for a CPU that is not online, as if it had never been there. */
static void a_cpu_that_went_is_refused(void)
{
	struct csched_ioc_create args;

	need_two_cpus();
	dev = device_open();
	online("0");
	group_init(&args, "share", 100);
	args.cpus[0] = 2;
	CHECK_ERRNO(ioctl(dev, CSCHED_IOC_CREATE, &args), EINVAL);
	args.cpus[0] = 3;
	CHECK_ERRNO(ioctl(dev, CSCHED_IOC_CREATE, &args), EINVAL);
	CHECK_EQ(group_first(dev), 0);
	online("1");
	group_create(dev, &args);
	close(dev);
}

/* --- affinity and cpusets --- */

static void pin(pid_t task, int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	CHECK_OK(sched_setaffinity(task, sizeof(cpus), &cpus));
}

/*
 * All on CPU 0 though the pool has two: no slot is lost for good on those that cannot run.
 * (Slots go to groups, not to CPUs: when the heavier group is pinned to one CPU
 * the other CPU may idle.)
 */
static void tasks_may_be_pinned_by_the_user(void)
{
	int i;

	need_two_cpus();
	populate(3);
	for (i = 0; i < TASKS; i++)
		pin(pid[i], 0);
	everybody_runs();
	i = busy(SEC);
	printf("# all on one CPU: busy %d %% of it\n", i);
	CHECK(i > 60, "CPU 0 is idle: %d %%", i);
	for (i = 0; i < TASKS; i++)
		pin(pid[i], i % 2);
	everybody_runs();
	i = busy(SEC);
	printf("# a group on each CPU: busy %d %% of one CPU\n", i);
	CHECK(i > 60, "both CPUs are idle: %d %%", i);
	depopulate();
}

/* Out of the pool: still scheduled, and not stuck. */
static void tasks_may_be_pinned_outside_their_pool(void)
{
	int i;

	need_two_cpus();
	populate(1);
	for (i = 0; i < TASKS; i++)
		pin(pid[i], 1);
	everybody_runs();
	check_one_is_held();
	depopulate();
}

static void confinement_ends_with_membership(void)
{
	struct crowd crowd;
	pid_t task;

	need_two_cpus();
	crowd = crowd_make(0);
	task = crowd_parked(&crowd);
	CHECK_EQ(cpus_of(task), 1);
	close(crowd.dev);
	CHECK_EQ(cpus_of(task), 3);
	end(task);
	end(crowd.hog);
}

static void cgroup_make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s", name);
	CHECK(!mkdir(path, 0755) || errno == EEXIST, "%s: %s", path, strerror(errno));
}

static void cgroup_write(const char *name, const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s/%s", name, file);
	CHECK(file_write(path, value), "%s: %s: %s", path, value, strerror(errno));
}

static void cgroup_enter(const char *name, pid_t task)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", task);
	cgroup_write(name, "cgroup.procs", text);
}

/* When its processes are gone. */
static void cgroup_remove(const char *name)
{
	char path[128];
	int tries = 500;

	snprintf(path, sizeof(path), CGROUPS "/%s", name);
	while (rmdir(path) && tries--)
		sleep_ns(10 * MS);
	CHECK(tries >= 0, "%s: %s", path, strerror(errno));
}

static void a_cpuset_may_change_under_a_group(void)
{
	static const char *const cpus[] = { "0", "1", "0-1" };
	int rounds = tap_scaled(10), i;

	need_two_cpus();
	cgroup_write("", "cgroup.subtree_control", "+cpuset");
	cgroup_make("csched-cpus");
	populate(3);
	for (i = 0; i < TASKS; i++)
		cgroup_enter("csched-cpus", pid[i]);
	for (i = 0; i < 3 * rounds; i++) {
		cgroup_write("csched-cpus", "cpuset.cpus", cpus[i % 3]);
		sleep_ns(20 * MS);
	}
	for (i = 0; i < 3; i++) {
		cgroup_write("csched-cpus", "cpuset.cpus", cpus[i]);
		everybody_runs();
	}
	depopulate();
	cgroup_remove("csched-cpus");
}

/* --- cgroups --- */

static long frozen(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUPS "/%s/cgroup.events", name);
	return file_number(path, "frozen ");
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define TRIES	5

/* The parked ones are reached at a minimal slot, see endings.c. The median: a machine may stall. */
static void the_freezer_gets_through_within_the_park_bound(void)
{
	uint64_t took[TRIES];
	struct crowd crowd = crowd_make(0);
	int i, tries;

	cgroup_make("csched-freezer");
	for (i = 0; i < TASKS; i++) {
		pid[i] = crowd_parked(&crowd);
		cgroup_enter("csched-freezer", pid[i]);
	}
	for (i = 0; i < TRIES; i++) {
		uint64_t since = clock_ns();

		cgroup_write("csched-freezer", "cgroup.freeze", "1");
		for (tries = 0; tries < 10000 && frozen("csched-freezer") != 1; tries++)
			sleep_ns(MS);
		took[i] = clock_ns() - since;
		CHECK_EQ(frozen("csched-freezer"), 1);
		/*
		 * Frozen, they ask for nothing. (One that was thawed and parked before it left
		 * the freezer counts as frozen at once, and blocks at its next minimal slot.)
		 */
		for (tries = 0; tries < 2000 && group_info(crowd.dev, crowd.light).active; tries++)
			sleep_ns(MS);
		CHECK_EQ(group_info(crowd.dev, crowd.light).active, 0);
		cgroup_write("csched-freezer", "cgroup.freeze", "0");
		for (tries = 0; tries < 10000 && frozen("csched-freezer") != 0; tries++)
			sleep_ns(MS);
		sleep_ns(50 * MS);
	}
	qsort(took, TRIES, sizeof(took[0]), by_size);
	printf("# frozen within: median %llu us, longest %llu us\n",
	       (unsigned long long)took[TRIES / 2] / 1000, (unsigned long long)took[TRIES - 1] / 1000);
	CHECK(took[TRIES / 2] <= 4 * PARK_MAX, "more than the bound");
	end(crowd.hog);
	for (i = 0; i < TASKS; i++) {
		check_runs(pid[i]);
		end(pid[i]);
	}
	cgroup_remove("csched-freezer");
}

/* Of cgroup v1: like suspend, and unlike v2's, it takes who sleeps freezably as it sleeps. */
#define FREEZER		"/tmp/csched-freezer"
#define FREEZER_STATE	FREEZER "/csched/freezer.state"

static bool freezer_says(const char *state)
{
	char text[16] = "";
	FILE *file = fopen(FREEZER_STATE, "re");

	CHECK(file && fgets(text, sizeof(text), file), FREEZER_STATE ": %s", strerror(errno));
	fclose(file);
	return !strncmp(text, state, strlen(state));
}

static void freezer_write(const char *what)
{
	CHECK(file_write(FREEZER_STATE, what), "%s: %s", what, strerror(errno));
}

static void freezer_comes_to(const char *state)
{
	int tries;

	for (tries = 0; tries < 10000 && !freezer_says(state); tries++)
		sleep_ns(MS);
	CHECK(freezer_says(state), "not %s", state);
}

/* What ps shows of them is P while they are parked, and D when they are frozen. */
static int in_state(char state)
{
	int i, n = 0;

	for (i = 0; i < TASKS; i++)
		n += state_of(pid[i]) == state;
	return n;
}

static void a_parked_task_is_frozen_where_it_is(void)
{
	int i, tries, at_once = 0;
	struct crowd crowd;
	char text[16];

	CHECK(!mkdir(FREEZER, 0755) || errno == EEXIST, FREEZER ": %s", strerror(errno));
	/* Busy: it is there from a try before. */
	if (mount("csched", FREEZER, "cgroup", 0, "freezer") && errno != EBUSY)
		SKIP("no freezer of cgroup v1: %s", strerror(errno));
	CHECK(!mkdir(FREEZER "/csched", 0755) || errno == EEXIST, "%s", strerror(errno));
	freezer_write("THAWED");
	crowd = crowd_make(0);
	for (i = 0; i < TASKS; i++) {
		pid[i] = crowd_parked(&crowd);
		snprintf(text, sizeof(text), "%d", pid[i]);
		CHECK(file_write(FREEZER "/csched/cgroup.procs", text), "%s", strerror(errno));
	}
	for (i = 0; i < TRIES; i++) {
		freezer_write("FROZEN");
		/* Those that sleep are frozen by who asks, others when they get that far. */
		at_once += in_state('D');
		freezer_comes_to("FROZEN");
		CHECK_EQ(in_state('D'), TASKS);
		/* Once it was let go, and did not run, it asks for nothing. */
		tries = 0;
		while (group_info(crowd.dev, crowd.light).active && tries++ < 5000)
			sleep_ns(MS);
		CHECK_EQ(group_info(crowd.dev, crowd.light).active, 0);
		freezer_write("THAWED");
		freezer_comes_to("THAWED");
		sleep_ns(50 * MS);
	}
	printf("# %d of %d frozen at once\n", at_once, TRIES * TASKS);
	CHECK(at_once > TRIES * TASKS / 2, "they waited for a minimal slot");
	end(crowd.hog);
	for (i = 0; i < TASKS; i++) {
		check_runs(pid[i]);
		end(pid[i]);
	}
	for (i = 0; i < 500 && rmdir(FREEZER "/csched"); i++)
		sleep_ns(10 * MS);
	CHECK_OK(umount(FREEZER));
}

static void a_parked_task_may_change_its_cgroup(void)
{
	struct crowd crowd = crowd_make(0);
	pid_t task = crowd_parked(&crowd);
	uint64_t since = clock_ns();
	int i;

	cgroup_make("csched-a");
	cgroup_make("csched-b");
	for (i = 0; i < 20; i++)
		cgroup_enter(i % 2 ? "csched-a" : "csched-b", task);
	printf("# 20 moves in %llu us\n", (unsigned long long)(clock_ns() - since) / 1000);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 1);
	wait_parked(task);
	end(crowd.hog);
	check_runs(task);
	end(task);
	cgroup_remove("csched-a");
	cgroup_remove("csched-b");
}

int main(void)
{
	RUN(a_cpu_may_go_and_come_back);
	RUN(the_only_cpu_of_a_pool_may_go);
	RUN(a_cpu_that_went_is_refused);
	RUN(tasks_may_be_pinned_by_the_user);
	RUN(tasks_may_be_pinned_outside_their_pool);
	RUN(confinement_ends_with_membership);
	RUN(a_cpuset_may_change_under_a_group);
	RUN_TIMED(the_freezer_gets_through_within_the_park_bound);
	RUN(a_parked_task_is_frozen_where_it_is);
	RUN(a_parked_task_may_change_its_cgroup);
	return tap_done();
}
