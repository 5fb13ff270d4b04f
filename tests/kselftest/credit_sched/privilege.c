// SPDX-License-Identifier: GPL-2.0
/*
 * What a user without CAP_SYS_NICE may do: schedule his own tasks, within what the
 * administrator set. EPERM: it is not his. EACCES: it is more than he may.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"

#define USER	65534
#define OTHER	65533

static int dev;

static void become(uid_t uid)
{
	CHECK_OK(setgid(uid));
	CHECK_OK(setuid(uid));
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
}

/* @body as user @uid, in a process of its own. */
static void as_user(uid_t uid, void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		become(uid);
		body();
		_exit(0);
	}
	CHECK_EQ(CHECK_OK(waitpid(pid, &status, 0)), pid);
	if (status)
		_exit(KSFT_FAIL);	/* it has said why */
}

static struct csched_ioc_status status_of(int fd)
{
	struct csched_ioc_status status;

	CHECK_OK(ioctl(fd, CSCHED_IOC_STATUS, &status));
	return status;
}

static int create(const char *policy, uint32_t weight, uint32_t cap, uint32_t flags, uint32_t *id)
{
	struct csched_ioc_create args;

	group_init(&args, policy, weight);
	args.cap = cap;
	args.flags = flags;
	args.cpus[0] = 1;
	if (ioctl(dev, CSCHED_IOC_CREATE, &args))
		return -errno;
	if (id)
		*id = args.id;
	return 0;
}

static int set(uint32_t id, uint32_t which, uint32_t weight, uint32_t cap)
{
	struct csched_ioc_set args = { .id = id, .which = which, .weight = weight, .cap = cap };

	return ioctl(dev, CSCHED_IOC_SET, &args) ? -errno : 0;
}

static int removed(uint32_t id)
{
	return ioctl(dev, CSCHED_IOC_REMOVE, (long)id) ? -errno : 0;
}

static void anybody_may_open_the_device(void)
{
	struct stat st;

	CHECK_OK(stat("/dev/credit_sched", &st));
	CHECK_EQ(st.st_mode & 0777, 0666);
}

/* --- his own --- */

static void schedule_own_tasks(void)
{
	uint32_t id = 0;
	pid_t pid;

	dev = device_open();
	CHECK_EQ(create("share", 0, 0, 0, &id), 0);
	CHECK_EQ(group_info(dev, id).uid, USER);
	pid = spin();
	CHECK_EQ(group_add(dev, id, pid), 0);
	CHECK_EQ(group_add(dev, id, 0), 0);
	CHECK_EQ(group_info(dev, id).tasks, 2);
	CHECK_EQ(set(id, CSCHED_SET_WEIGHT, 1, 0), 0);
	CHECK_EQ(set(id, CSCHED_SET_CAP, 0, 50), 0);
	check_runs(pid);
	CHECK_EQ(removed(id), 0);
	end(pid);
}

static void a_user_may_schedule_his_own_tasks(void)
{
	as_user(USER, schedule_own_tasks);
}

/* --- the administrator's limits --- */

static void exceed_weight(void)
{
	uint32_t id = 0, most;

	dev = device_open();
	most = status_of(dev).user_weight_max;
	CHECK_EQ(create("share", (most ? most : 100) + 1, 0, 0, NULL), -EACCES);
	CHECK_EQ(create("share", 10000, 0, 0, NULL), -EACCES);
	CHECK_EQ(group_first(dev), 0);
	CHECK_EQ(create("share", most ? most : 100, 0, 0, &id), 0);
	CHECK_EQ(set(id, CSCHED_SET_WEIGHT, (most ? most : 100) + 1, 0), -EACCES);
	CHECK_EQ(group_info(dev, id).weight, most ? most : 100);
	/* What is no weight at all is that first. */
	CHECK_EQ(set(id, CSCHED_SET_WEIGHT, 0, 0), -ERANGE);
	CHECK_EQ(removed(id), 0);
	/* The default of credit is another. */
	CHECK_EQ(create("credit", most ? most : 256, 0, 0, &id), 0);
	CHECK_EQ(create("credit", (most ? most : 256) + 1, 0, 0, NULL), -EACCES);
	CHECK_EQ(removed(id), 0);
}

static void his_weight_is_limited(void)
{
	as_user(USER, exceed_weight);
}

static void ask_for_baseline(void)
{
	struct csched_ioc_set set_args = { .which = CSCHED_SET_BASELINE, .baseline = 1 };
	struct csched_ioc_create args;

	dev = device_open();
	group_init(&args, "credit", 1);
	args.cpus[0] = 1;
	args.baseline = 1;
	CHECK(ioctl(dev, CSCHED_IOC_CREATE, &args) < 0 && errno == EACCES, "errno %s",
	      strerrorname_np(errno));
	args.baseline = 0;
	set_args.id = group_create(dev, &args);
	CHECK(ioctl(dev, CSCHED_IOC_SET, &set_args) < 0 && errno == EACCES, "errno %s",
	      strerrorname_np(errno));
	CHECK_EQ(group_info(dev, set_args.id).baseline, 0);
}

/* It would earn whatever the others' weights. */
static void he_has_no_baseline(void)
{
	as_user(USER, ask_for_baseline);
}

static void make_many(void)
{
	uint32_t most, i, id = 0;

	dev = device_open();
	most = status_of(dev).user_groups_max;
	CHECK(most >= 1 && most <= 1000, "user_groups_max is %u", most);
	for (i = 0; i < most; i++)
		CHECK_EQ(create("share", 1, 0, 0, &id), 0);
	CHECK_EQ(create("share", 1, 0, 0, NULL), -EACCES);
	/* Another file does not help, one less does. */
	dev = device_open();
	CHECK_EQ(create("share", 1, 0, 0, NULL), -EACCES);
	CHECK_EQ(removed(id), 0);
	CHECK_EQ(create("share", 1, 0, 0, NULL), 0);
	CHECK_EQ(create("share", 1, 0, 0, NULL), -EACCES);
}

static void make_one(void)
{
	dev = device_open();
	CHECK_EQ(create("share", 1, 0, 0, NULL), 0);
}

static void his_groups_are_limited(void)
{
	uint32_t i;

	as_user(USER, make_many);
	/* His are gone, and root has no such limit. */
	dev = device_open();
	CHECK_EQ(group_first(dev), 0);
	for (i = 0; i < 100; i++)
		CHECK_EQ(create("share", 1, 0, 0, NULL), 0);
	/* Nor do they count for anybody else. */
	as_user(OTHER, make_one);
}

static void persist(void)
{
	dev = device_open();
	CHECK_EQ(create("share", 1, 0, CSCHED_PERSIST, NULL), -EPERM);
	CHECK_EQ(group_first(dev), 0);
}

static void his_groups_do_not_persist(void)
{
	as_user(USER, persist);
}

/* --- what is others' --- */

static uint32_t roots;
static pid_t roots_pid;

static void touch_roots(void)
{
	struct csched_ioc_group info = group_info(dev, roots);
	uint32_t own = 0;

	CHECK_EQ(info.uid, 0);
	/* On root's open file and on his own. */
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(set(roots, CSCHED_SET_WEIGHT, 1, 0), -EPERM);
		CHECK_EQ(removed(roots), -EPERM);
		CHECK_EQ(group_add(dev, roots, getpid()), -EPERM);
		CHECK_EQ(create("share", 1, 0, 0, &own), 0);
		CHECK_EQ(group_add(dev, own, roots_pid), -EPERM);
		CHECK_EQ(group_add(dev, own, 1), -EPERM);
		CHECK_EQ(group_info(dev, own).tasks, 0);
		CHECK_EQ(removed(own), 0);
		dev = device_open();
	}
	CHECK_EQ(group_info(dev, roots).weight, info.weight);
	CHECK_EQ(group_info(dev, roots).tasks, 0);
}

static void what_is_roots_is_not_his(void)
{
	dev = device_open();
	CHECK_EQ(create("share", 77, 0, 0, &roots), 0);
	roots_pid = spin();
	as_user(USER, touch_roots);
	CHECK_EQ(group_add(dev, roots, roots_pid), 0);
	end(roots_pid);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* A process of uid @real whose effective one is @effective. */
static pid_t process_of(uid_t real, uid_t effective)
{
	int ready[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(ready));
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (pid) {
		close(ready[1]);
		CHECK(!read(ready[0], &c, 1), "read");
		close(ready[0]);
		return pid;
	}
	CHECK_OK(setresuid(real, effective, effective));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(3, ~0U, 0);
	wait_for_ever();
	return 0;
}

static pid_t others[4];

static void add_others(void)
{
	uint32_t own = 0;
	unsigned int i;

	dev = device_open();
	CHECK_EQ(create("share", 1, 0, 0, &own), 0);
	for (i = 0; i < 3; i++)
		CHECK(group_add(dev, own, others[i]) == -EPERM, "number %u could be added", i);
	CHECK_EQ(group_info(dev, own).tasks, 0);
	CHECK_EQ(group_add(dev, own, others[3]), 0);
}

/* Both uids must be his: a set-uid program does not become his by being started by him. */
static void tasks_of_others_are_not_his(void)
{
	int i;

	others[0] = process_of(OTHER, OTHER);
	others[1] = process_of(USER, 0);
	others[2] = process_of(OTHER, USER);
	others[3] = process_of(USER, USER);
	as_user(USER, add_others);
	for (i = 0; i < 4; i++)
		end(others[i]);
}

/* Inside a user namespace of his own he has every capability, which is worth nothing here. */
static void in_a_user_namespace(void)
{
	CHECK_OK(unshare(CLONE_NEWUSER));
	dev = device_open();
	CHECK_EQ(create("share", 10000, 0, 0, NULL), -EACCES);
	CHECK_EQ(create("share", 1, 0, CSCHED_PERSIST, NULL), -EPERM);
	CHECK_EQ(removed(roots), -EPERM);
	CHECK_EQ(create("share", 1, 0, 0, NULL), 0);
}

static void capabilities_in_a_user_namespace_do_not_count(void)
{
	dev = device_open();
	CHECK_EQ(create("share", 77, 0, 0, &roots), 0);
	as_user(USER, in_a_user_namespace);
}

static void map_a_ring(void)
{
	uint64_t bytes;

	dev = device_open();
	bytes = status_of(dev).ring_bytes;
	CHECK(mmap(NULL, bytes, PROT_READ, MAP_SHARED, dev, 0) == MAP_FAILED && errno == EPERM,
	      "errno %s", strerrorname_np(errno));
}

static void the_event_ring_is_not_his(void)
{
	as_user(USER, map_a_ring);
}

/* --- with the capability --- */

static void with_cap_sys_nice(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	pid_t pid = others[0];
	uint32_t id = 0;

	CHECK_OK(prctl(PR_SET_KEEPCAPS, 1));
	become(USER);
	data[0].effective = data[0].permitted = 1u << CAP_SYS_NICE;
	CHECK_OK(syscall(SYS_capset, &header, data));
	dev = device_open();
	CHECK_EQ(create("share", 10000, 0, CSCHED_PERSIST, &id), 0);
	CHECK_EQ(group_add(dev, id, pid), 0);
	CHECK_EQ(set(roots, CSCHED_SET_WEIGHT, 5000, 0), 0);
	CHECK_EQ(removed(id), 0);
	CHECK_EQ(removed(roots), 0);
}

static void cap_sys_nice_is_enough_for_everything(void)
{
	int status;
	pid_t pid;

	dev = device_open();
	CHECK_EQ(create("share", 77, 0, 0, &roots), 0);
	others[0] = process_of(OTHER, OTHER);
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		with_cap_sys_nice();
		_exit(0);
	}
	CHECK_EQ(CHECK_OK(waitpid(pid, &status, 0)), pid);
	CHECK_EQ(status, 0);
	end(others[0]);
}

int main(void)
{
	RUN(anybody_may_open_the_device);
	RUN(a_user_may_schedule_his_own_tasks);
	RUN(his_weight_is_limited);
	RUN(he_has_no_baseline);
	RUN(his_groups_are_limited);
	RUN(his_groups_do_not_persist);
	RUN(what_is_roots_is_not_his);
	RUN(tasks_of_others_are_not_his);
	RUN(capabilities_in_a_user_namespace_do_not_count);
	RUN(the_event_ring_is_not_his);
	RUN(cap_sys_nice_is_enough_for_everything);
	return tap_done();
}
