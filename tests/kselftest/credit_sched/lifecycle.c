// SPDX-License-Identifier: GPL-2.0
/*
 * Who belongs to a group: processes and threads as they are born, exec and die, and
 * those that cannot be scheduled. How a task is let go is in endings.c.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

static struct crowd crowd;

static void wait_tasks(uint32_t id, uint32_t want)
{
	int tries = 6000;

	while (group_info(crowd.dev, id).tasks != want && tries--)
		sleep_ns(10 * MS);
	CHECK(group_info(crowd.dev, id).tasks == want, "%u tasks, not %u",
	      group_info(crowd.dev, id).tasks, want);
}

/* A process that runs @body in a group that gets its turns, and ends well. */
static pid_t member_of(uint32_t id, void (*body)(void))
{
	int go[2];
	pid_t pid;
	char c;

	CHECK_OK(pipe(go));
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CHECK(read(go[0], &c, 1) == 1, "read");
		close_range(3, ~0U, 0);
		body();
		_exit(0);
	}
	CHECK_EQ(group_add(crowd.dev, id, pid), 0);
	CHECK(write(go[1], "", 1) == 1, "write");
	close(go[0]);
	close(go[1]);
	return pid;
}

static void ends_well(pid_t pid)
{
	int status;

	CHECK_EQ(CHECK_OK(waitpid(pid, &status, 0)), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "status 0x%x", status);
}

/* --- exec and threads --- */

static void exec_sleep(void)
{
	sleep_ns(100 * MS);
	execl("/bin/sleep", "sleep", "1", NULL);
	_exit(1);
}

static void exec_stays_a_member(void)
{
	pid_t pid;
	int i;

	crowd = crowd_make(0);
	pid = member_of(crowd.heavy, exec_sleep);
	for (i = 0; i < 5; i++) {
		CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 2);
		sleep_ns(100 * MS);
	}
	ends_well(pid);
	CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 1);
	end(crowd.hog);
}

static void *exec_spin(void *unused)
{
	(void)unused;
	execl("/proc/self/exe", "lifecycle", "spin", NULL);
	_exit(1);
}

static void exec_by_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_spin, NULL);
	pause();
}

/* It takes over the leader's pid, but it is another task. */
static void exec_by_a_thread_that_does_not_lead_stays_a_member(void)
{
	char name[32];
	pid_t pid;
	int i;

	crowd = crowd_make(0);
	pid = member_of(crowd.light, exec_by_thread);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "/proc/%d/cmdline", pid);
		if (file_read(name, name, sizeof(name)) && !strcmp(name, "lifecycle"))
			break;
		sleep_ns(10 * MS);
	}
	CHECK(!strcmp(name, "lifecycle"), "it does not exec");
	wait_tasks(crowd.light, 1);
	wait_parked(pid);
	end(pid);
	wait_tasks(crowd.light, 0);
	end(crowd.hog);
}

/* Until whoever forked us dies. */
static void spin_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		__asm__ volatile("");
}

static void *spin_thread(void *unused)
{
	(void)unused;
	spin_on();
	return NULL;
}

static void leave_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, spin_thread, NULL);
	syscall(SYS_exit, 0);
}

/* State of the only thread of @pid that is not a zombie, '?' if there is none. */
static char state_of_thread(pid_t pid, pid_t *thread)
{
	char path[64], state = '?';
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (tid && tid != pid) {
			state = state_of(tid);
			*thread = tid;
		}
	}
	if (dir)
		closedir(dir);
	return state;
}

static void a_thread_outlives_the_leader_as_a_member(void)
{
	pid_t pid, thread = 0;
	int i;

	crowd = crowd_make(0);
	pid = member_of(crowd.light, leave_a_thread);
	for (i = 0; i < 2000 && state_of(pid) != 'Z'; i++)
		sleep_ns(10 * MS);
	CHECK(state_of(pid) == 'Z', "the leader is in state %c", state_of(pid));
	wait_tasks(crowd.light, 1);
	for (i = 0; i < 2000 && state_of_thread(pid, &thread) != 'P'; i++)
		sleep_ns(MS);
	CHECK(i < 2000, "the thread does not park");
	end(pid);
	wait_tasks(crowd.light, 0);
	end(crowd.hog);
}

/* A process lives as long as any of its threads does. */
static void a_process_whose_leader_is_gone_can_join(void)
{
	pid_t pid, thread;
	int i;

	crowd = crowd_make(0);
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(3, ~0U, 0);
		leave_a_thread();
	}
	for (i = 0; i < 2000 && state_of(pid) != 'Z'; i++)
		sleep_ns(10 * MS);
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), 0);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 1);
	for (i = 0; i < 2000 && state_of_thread(pid, &thread) != 'P'; i++)
		sleep_ns(MS);
	CHECK(i < 2000, "the thread does not park");
	end(pid);
	end(crowd.hog);
}

static void *do_nothing(void *unused)
{
	(void)unused;
	return NULL;
}

static void thread_storm(void)
{
	int rounds = tap_scaled(100), i;
	pthread_t threads[8];

	while (rounds--) {
		for (i = 0; i < 8; i++)
			if (pthread_create(&threads[i], NULL, do_nothing, NULL))
				_exit(1);
		for (i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
	}
}

static void threads_come_and_go(void)
{
	pid_t pid[3];
	int i;

	crowd = crowd_make(0);
	for (i = 0; i < 3; i++)
		pid[i] = member_of(crowd.heavy, thread_storm);
	for (i = 0; i < 3; i++)
		ends_well(pid[i]);
	CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 1);
	end(crowd.hog);
}

/* All threads of a process join, also while it makes more. */
static void a_process_joins_with_all_its_threads(void)
{
	pid_t pid;
	int i;

	crowd = crowd_make(0);
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(3, ~0U, 0);
		for (i = 0; i < 19; i++)
			pthread_create(&thread, NULL, spin_thread, NULL);
		spin_on();
	}
	sleep_ns(20 * MS);
	CHECK_EQ(group_add(crowd.dev, crowd.heavy, pid), 0);
	wait_tasks(crowd.heavy, 21);
	end(pid);
	wait_tasks(crowd.heavy, 1);
	end(crowd.hog);
}

/* --- fork --- */

static void fork_five(void)
{
	int i;

	setpgid(0, 0);
	for (i = 0; i < 5 && fork(); i++)
		;
	spin_on();
}

static void children_inherit(void)
{
	pid_t pid;

	crowd = crowd_make(0);
	pid = member_of(crowd.heavy, fork_five);
	wait_tasks(crowd.heavy, 7);
	kill(-pid, SIGKILL);
	end(pid);
	wait_tasks(crowd.heavy, 1);
	end(crowd.hog);
}

static void vfork_and_wait(void)
{
	int rounds = tap_scaled(50);

	while (rounds--) {
		pid_t pid = vfork();
		int status;

		if (!pid)
			_exit(7);
		if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
			_exit(1);
	}
}

/* The parent sleeps until the child is done, and the child may be parked. */
static void vfork_ends(void)
{
	pid_t pid[2];

	crowd = crowd_make(0);
	pid[0] = member_of(crowd.heavy, vfork_and_wait);
	pid[1] = member_of(crowd.heavy, vfork_and_wait);
	ends_well(pid[0]);
	ends_well(pid[1]);
	CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 1);
	end(crowd.hog);
}

#define CHILDREN	500

static int *born;

/* Everybody forks until there are enough of them; then all spin. */
static void fork_bomb(void)
{
	setpgid(0, 0);
	while (__atomic_fetch_add(born, 1, __ATOMIC_SEQ_CST) < CHILDREN)
		if (fork() < 0)
			_exit(1);
	spin_on();
}

static void a_fork_bomb_stays_in_its_group(void)
{
	pid_t pid;

	born = mmap(NULL, sizeof(*born), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(born != MAP_FAILED, "mmap");
	crowd = crowd_make(0);
	pid = member_of(crowd.heavy, fork_bomb);
	wait_tasks(crowd.heavy, CHILDREN + 2);
	kill(-pid, SIGKILL);
	end(pid);
	wait_tasks(crowd.heavy, 1);
	check_runs(crowd.hog);
	end(crowd.hog);
}

static void many_come_and_go(void)
{
	uint64_t state = tap_setting("SEED", 1);
	int rounds = tap_scaled(10), i;
	pid_t pid[10];

	while (rounds--) {
		crowd = crowd_make(0);
		for (i = 0; i < 10; i++) {
			pid[i] = tap_next(&state) % 2 ? spin() : run_and_sleep(MS, MS);
			CHECK_EQ(group_add(crowd.dev, tap_next(&state) % 2 ? crowd.light : crowd.heavy,
					   pid[i]), 0);
		}
		sleep_ns(20 * MS);
		if (rounds % 2)
			close(crowd.dev);
		for (i = 0; i < 10; i++)
			end(pid[i]);
		end(crowd.hog);
		if (rounds % 2)
			continue;
		/* The dead are not counted, and do not stay. */
		CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
		CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 0);
		close(crowd.dev);
	}
}

/* --- who can join --- */

static int add_pidfd(uint32_t id, int fd)
{
	struct csched_ioc_add args = { .id = id, .pid = fd, .flags = CSCHED_ADD_PIDFD };

	return ioctl(crowd.dev, CSCHED_IOC_ADD, &args) ? -errno : 0;
}

static void a_process_can_be_named_by_pidfd(void)
{
	pid_t pid;
	int fd;

	crowd = crowd_make(0);
	pid = spin();
	fd = CHECK_OK(syscall(SYS_pidfd_open, pid, 0));
	CHECK_EQ(add_pidfd(crowd.light, fd), 0);
	wait_parked(pid);
	CHECK_EQ(add_pidfd(crowd.heavy, fd), -EBUSY);
	end(pid);
	CHECK_EQ(add_pidfd(crowd.light, fd), -ESRCH);
	close(fd);
	CHECK_EQ(add_pidfd(crowd.light, fd), -EBADF);
	CHECK_EQ(add_pidfd(crowd.light, -1), -EBADF);
	CHECK_EQ(add_pidfd(crowd.light, crowd.dev), -EBADF);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	end(crowd.hog);
}

static void the_dead_are_refused(void)
{
	pid_t pid;
	int i;

	crowd = crowd_make(0);
	pid = spin();
	kill(pid, SIGKILL);
	for (i = 0; i < 1000 && state_of(pid) != 'Z'; i++)
		sleep_ns(MS);
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -ESRCH);
	end(pid);
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -ESRCH);
	CHECK_EQ(group_add(crowd.dev, crowd.light, 4000000), -ESRCH);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	end(crowd.hog);
}

static void kernel_threads_and_init_are_refused(void)
{
	struct dirent *entry;
	int kthreads = 0;
	DIR *proc;

	crowd = crowd_make(0);
	CHECK_EQ(group_add(crowd.dev, crowd.light, 1), -EPERM);
	proc = opendir("/proc");
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		char path[64], text[8];

		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		/* Neither a command line nor memory: not a zombie, a kernel thread. */
		if (pid <= 1 || !file_read(path, text, sizeof(text)) || text[0] || state_of(pid) == 'Z')
			continue;
		CHECK(group_add(crowd.dev, crowd.light, pid) == -EINVAL, "pid %d joined", pid);
		kthreads++;
	}
	closedir(proc);
	CHECK(kthreads > 10, "%d kernel threads", kthreads);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	end(crowd.hog);
}

static void nobody_is_in_two_groups(void)
{
	crowd = crowd_make(0);
	CHECK_EQ(group_add(crowd.dev, crowd.light, crowd.hog), -EBUSY);
	CHECK_EQ(group_add(crowd.dev, crowd.heavy, crowd.hog), -EBUSY);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 1);
	end(crowd.hog);
}

static pid_t clone_pid_namespace(void)
{
	struct clone_args args = { .flags = CLONE_NEWPID, .exit_signal = SIGCHLD };

	fflush(stdout);
	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Numbers are those that the caller sees. */
static void pids_are_of_the_callers_namespace(void)
{
	pid_t pid, outer = getppid();

	crowd = crowd_make(0);
	pid = CHECK_OK(clone_pid_namespace());
	if (!pid) {
		/* 1 is ourselves here: an init, but not the machine's. */
		CHECK_EQ(getpid(), 1);
		CHECK_EQ(group_add(crowd.dev, crowd.heavy, crowd.hog), -ESRCH);
		CHECK_EQ(group_add(crowd.dev, crowd.heavy, outer), -ESRCH);
		CHECK_EQ(group_add(crowd.dev, crowd.heavy, 1), 0);
		CHECK_EQ(group_info(crowd.dev, crowd.heavy).tasks, 2);
		_exit(0);
	}
	ends_well(pid);
	pid = CHECK_OK(clone_pid_namespace());
	if (!pid)
		spin_on();
	crowd_park(&crowd, pid);
	end(pid);
	end(crowd.hog);
}

/* struct sched_attr: its header and <sched.h> do not go together. */
static int set_deadline(pid_t pid)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { .size = sizeof(attr), .policy = 6 /* SCHED_DEADLINE */, .runtime = MS,
		   .deadline = 100 * MS, .period = 100 * MS };

	return syscall(SYS_sched_setattr, pid, &attr, 0);
}

static void real_time_and_deadline_tasks_are_refused(void)
{
	struct sched_param param = { .sched_priority = 1 };
	pid_t pid;

	crowd = crowd_make(0);
	pid = spin();
	CHECK_OK(sched_setscheduler(pid, SCHED_FIFO, &param));
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -EOPNOTSUPP);
	CHECK_OK(sched_setscheduler(pid, SCHED_RR, &param));
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -EOPNOTSUPP);
	CHECK_OK(set_deadline(pid));
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -EOPNOTSUPP);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	end(pid);
	end(crowd.hog);
}

/* @arg: where to write an octet when it is so. */
static void *fifo_thread(void *arg)
{
	struct sched_param param = { .sched_priority = 1 };
	const int *ready = arg;

	CHECK(!pthread_setschedparam(pthread_self(), SCHED_FIFO, &param), "FIFO");
	CHECK_EQ(write(*ready, "", 1), 1);
	for (;;)
		pause();
}

/* On refusal nothing has changed: the threads that could join have not. */
static void a_process_with_one_real_time_thread_is_refused_whole(void)
{
	int i, ready[2];
	char octet;
	pid_t pid;

	crowd = crowd_make(0);
	CHECK_OK(pipe(ready));
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(crowd.dev);
		close(ready[0]);
		for (i = 0; i < 4; i++)
			pthread_create(&thread, NULL, i == 2 ? fifo_thread : spin_thread, &ready[1]);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	CHECK_EQ(group_add(crowd.dev, crowd.light, pid), -EOPNOTSUPP);
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	end(pid);
	end(crowd.hog);
}

static void a_member_that_turns_real_time_harms_nobody(void)
{
	struct sched_param param = { .sched_priority = 1 };
	pid_t pid;

	crowd = crowd_make(0);
	pid = crowd_parked(&crowd);
	CHECK_OK(sched_setscheduler(pid, SCHED_FIFO, &param));
	/* Other rules than ours are what it waits by: once it was let go, nobody parks it. */
	check_let_go(pid);
	check_runs(crowd.hog);
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light));
	check_runs(pid);
	end(pid);
	end(crowd.hog);
}

static void a_thousand_files_may_be_open(void)
{
	struct rlimit limit = { 2048, 2048 };
	struct csched_ioc_create args;
	int dev[1000], i;

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 1000; i++) {
		dev[i] = device_open();
		if (i % 100)
			continue;
		group_init(&args, "share", 1);
		group_create(dev[i], &args);
	}
	crowd.dev = device_open();
	for (i = 0; i < 1000; i++) {
		uint32_t id = group_first(crowd.dev);

		close(dev[i]);
		/* Each takes its own group along, and no other. */
		CHECK(i % 100 ? group_first(crowd.dev) == id : group_first(crowd.dev) != id,
		      "file %d, group %u", i, id);
	}
	CHECK_EQ(group_first(crowd.dev), 0);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "spin"))
		spin_on();
	RUN(exec_stays_a_member);
	RUN(exec_by_a_thread_that_does_not_lead_stays_a_member);
	RUN(a_thread_outlives_the_leader_as_a_member);
	RUN(a_process_whose_leader_is_gone_can_join);
	RUN(threads_come_and_go);
	RUN(a_process_joins_with_all_its_threads);
	RUN(children_inherit);
	RUN(vfork_ends);
	RUN(a_fork_bomb_stays_in_its_group);
	RUN(many_come_and_go);
	RUN(a_process_can_be_named_by_pidfd);
	RUN(the_dead_are_refused);
	RUN(kernel_threads_and_init_are_refused);
	RUN(nobody_is_in_two_groups);
	RUN(pids_are_of_the_callers_namespace);
	RUN(real_time_and_deadline_tasks_are_refused);
	RUN(a_process_with_one_real_time_thread_is_refused_whole);
	RUN(a_member_that_turns_real_time_harms_nobody);
	RUN(a_thousand_files_may_be_open);
	return tap_done();
}
