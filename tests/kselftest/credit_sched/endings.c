// SPDX-License-Identifier: GPL-2.0
/*
 * Nobody stays parked: kill, stop, trace, close, remove, rmmod; and a system call
 * that is under way when its caller's group goes ends as if nothing had been.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include "../tap.h"
#include "crowd.h"
#include "groups.h"
#include "module.h"

static struct crowd crowd;

/* --- within a bound --- */

#define TRIES	7

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * How long @act takes to reach a parked task. A machine that stalls spoils one
 * measurement, not the median of them; and a task that is near its minimal slot may be
 * reached early, but not one in two.
 */
static uint64_t median(uint64_t took[TRIES])
{
	qsort(took, TRIES, sizeof(took[0]), by_size);
	printf("# median %llu us, longest %llu us\n", (unsigned long long)took[TRIES / 2] / 1000,
	       (unsigned long long)took[TRIES - 1] / 1000);
	return took[TRIES / 2];
}

static void within(uint64_t bound, void (*act)(pid_t pid))
{
	uint64_t took[TRIES];
	int i;

	go_first();
	crowd = crowd_make(0);
	for (i = 0; i < TRIES; i++) {
		pid_t pid = crowd_parked(&crowd);

		took[i] = clock_ns();
		act(pid);
		took[i] = clock_ns() - took[i];
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 0);
	}
	CHECK(median(took) <= bound, "more than %llu us", (unsigned long long)bound / 1000);
	check_runs(crowd.hog);
	end(crowd.hog);
}

static void kill_it(pid_t pid)
{
	kill(pid, SIGKILL);
	CHECK_EQ(CHECK_OK(waitpid(pid, NULL, __WALL)), pid);
}

/* How long it takes one that is not parked to die, beside a hog: on a slow machine, not no time. */
static uint64_t death(void)
{
	uint64_t took[TRIES];
	pid_t hog = spin();
	int i;

	go_first();
	for (i = 0; i < TRIES; i++) {
		pid_t pid = spin();

		sleep_ns(50 * MS);
		took[i] = clock_ns();
		kill_it(pid);
		took[i] = clock_ns() - took[i];
	}
	end(hog);
	return median(took);
}

/* One slot is 5 ms; without a signal's help it would wait 150 ms for a minimal one. */
static void a_parked_task_dies_at_once(void)
{
	within(25 * MS + 2 * death(), kill_it);
}

/*
 * On a slow machine a minimal slot is over before the task has come to run in it; then it
 * is reached in the next one, or the one after that. Without a bound it would wait for the
 * 50 s that weight 1 of 10001 makes of a slot of 5 ms.
 */
#define STOP_MAX	(4 * PARK_MAX)

static void stop_it(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	CHECK_EQ(CHECK_OK(waitpid(pid, &status, WUNTRACED)), pid);
	CHECK(WIFSTOPPED(status), "status 0x%x", status);
}

static void a_parked_task_stops_within_the_park_bound(void)
{
	within(STOP_MAX, stop_it);
}

static void trace_it(pid_t pid)
{
	int status;

	CHECK_OK(ptrace(PTRACE_SEIZE, pid, 0, 0));
	CHECK_OK(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CHECK_EQ(CHECK_OK(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSTOPPED(status), "status 0x%x", status);
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
}

static void a_parked_task_can_be_traced_within_the_park_bound(void)
{
	within(STOP_MAX, trace_it);
}

/* Nor is it charged, or in anybody's way, while it is stopped. */
static void a_stopped_task_gives_its_time_to_others(void)
{
	struct csched_ioc_group info;
	uint64_t before, wall;
	pid_t pid;

	crowd = crowd_make(0);
	pid = crowd_parked(&crowd);
	stop_it(pid);
	CHECK_OK(kill(crowd.hog, SIGSTOP));
	wall = clock_ns();
	before = group_info(crowd.dev, crowd.heavy).used_ns;
	sleep_ns(200 * MS);
	info = group_info(crowd.dev, crowd.heavy);
	CHECK(info.used_ns - before < 100 * MS, "it ran %llu us in %llu us",
	      (info.used_ns - before) / 1000, (unsigned long long)(clock_ns() - wall) / 1000);
	CHECK_EQ(info.active, 0);
	CHECK_EQ(group_info(crowd.dev, crowd.light).active, 0);
	/* Alone now, so it runs at once. */
	kill(pid, SIGCONT);
	check_runs(pid);
	end(pid);
	end(crowd.hog);
}

/* --- the device closes, the group goes --- */

static void close_lets_everyone_go(void)
{
	pid_t pid;

	crowd = crowd_make(0);
	pid = crowd_parked(&crowd);
	close(crowd.dev);
	check_let_go(pid);
	check_runs(crowd.hog);
	crowd.dev = device_open();
	CHECK_EQ(group_first(crowd.dev), 0);
	end(pid);
	end(crowd.hog);
}

static void removing_a_group_lets_its_tasks_go(void)
{
	pid_t pid;

	crowd = crowd_make(0);
	pid = crowd_parked(&crowd);
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light));
	check_let_go(pid);
	CHECK_ERRNO(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light), ENOENT);
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.heavy));
	CHECK_EQ(group_first(crowd.dev), 0);
	end(pid);
	end(crowd.hog);
}

static void control(pid_t hog, pid_t pid, int told)
{
	crowd.dev = device_open();
	crowd.heavy = group_on_cpu0(crowd.dev, "share", 10000);
	crowd.light = group_on_cpu0(crowd.dev, "share", 1);
	CHECK_EQ(group_add(crowd.dev, crowd.heavy, hog), 0);
	crowd_park(&crowd, pid);
	CHECK(write(told, "", 1) == 1, "write");
	for (;;)
		pause();
}

/* The process that holds the device is killed, its tasks are not. */
static void killing_the_controller_lets_everyone_go(void)
{
	pid_t controller, hog = spin(), pid = spin();
	int told[2];
	char c;

	CHECK_OK(pipe(told));
	controller = CHECK_OK(fork());
	if (!controller)
		control(hog, pid, told[1]);
	close(told[1]);
	CHECK(read(told[0], &c, 1) == 1, "it could not set them up");
	end(controller);
	crowd.dev = device_open();
	CHECK_EQ(group_first(crowd.dev), 0);
	check_let_go(pid);
	check_runs(hog);
	end(pid);
	end(hog);
}

static void what_persists_outlives_the_file(void)
{
	pid_t pid;

	crowd = crowd_make(CSCHED_PERSIST);
	pid = crowd_parked(&crowd);
	close(crowd.dev);
	crowd.dev = device_open();
	CHECK_EQ(group_info(crowd.dev, crowd.light).tasks, 1);
	wait_parked(pid);
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light));
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.heavy));
	check_let_go(pid);
	end(pid);
	end(crowd.hog);
}

/* A copy of the file, by dup or fork, is the same file. */
static void a_group_lives_as_long_as_any_copy_of_its_file(void)
{
	int copy;

	crowd = crowd_make(0);
	copy = CHECK_OK(dup(crowd.dev));
	close(crowd.dev);
	CHECK_EQ(group_info(copy, crowd.heavy).tasks, 1);
	close(copy);
	crowd.dev = device_open();
	CHECK_EQ(group_first(crowd.dev), 0);
	end(crowd.hog);
}

/* --- the module goes --- */

static void rmmod_lets_everyone_go(void)
{
	pid_t pid[3];
	int i;

	module_keep_parameters();
	crowd = crowd_make(CSCHED_PERSIST);
	for (i = 0; i < 3; i++)
		pid[i] = crowd_parked(&crowd);
	close(crowd.dev);
	module_unload();
	for (i = 0; i < 3; i++)
		check_let_go(pid[i]);
	check_runs(crowd.hog);
	CHECK_OK(module_load());
	crowd.dev = device_open();
	CHECK_EQ(group_first(crowd.dev), 0);
	for (i = 0; i < 3; i++)
		end(pid[i]);
	end(crowd.hog);
}

static void rmmod_is_refused_while_the_device_is_open(void)
{
	pid_t pid;

	crowd = crowd_make(0);
	pid = crowd_parked(&crowd);
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	sleep_ns(100 * MS);
	CHECK_ERRNO(module_try_unload(), EWOULDBLOCK);
	CHECK(module_loaded(), "it is gone");
	wait_parked(pid);
	end(pid);
	end(crowd.hog);
}

/* --- system calls that are under way --- */

/*
 * What blocked processes share with the test. They are members that sleep in the kernel
 * when their group goes, some with a park queued: it is then run by interrupting
 * the call, which must be restarted without the caller's noticing.
 */
struct shared {
	int event;	/* an eventfd: a write of 1 wakes all readers, and one gets it */
	int empty[2];	/* a pipe */
	int epoll;
	uint32_t futex;
	int done;
	int wrong;
	int err;
	int early;
};

static struct shared *shared;

static void share(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED, "mmap");
	shared->event = CHECK_OK(eventfd(0, EFD_SEMAPHORE));
	CHECK_OK(pipe(shared->empty));
	shared->epoll = CHECK_OK(epoll_create1(0));
	CHECK_OK(epoll_ctl(shared->epoll, EPOLL_CTL_ADD, shared->empty[0], &event));
}

static void expect(long got, long want)
{
	int err = errno;

	if (got == want) {
		__atomic_add_fetch(&shared->done, 1, __ATOMIC_SEQ_CST);
		return;
	}
	shared->err = got < 0 ? err : 0;
	__atomic_add_fetch(&shared->wrong, 1, __ATOMIC_SEQ_CST);
}

static void read_event(void)
{
	uint64_t value = 0;

	expect(read(shared->event, &value, sizeof(value)), sizeof(value));
}

static void read_pipe(void)
{
	char c;

	expect(read(shared->empty[0], &c, 1), 1);
}

static void nap_for(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / SEC, .tv_nsec = ns % SEC };
	uint64_t since = clock_ns();
	long ret = nanosleep(&t, NULL);

	expect(ret, 0);
	if (clock_ns() - since < ns)
		shared->early++;
}

/* Longer than it takes to get all of them to sleep. */
static void nap(void)
{
	nap_for(tap_slow() ? 8 * SEC : 1500 * MS);
}

static void wait_futex(void)
{
	struct timespec t = { .tv_sec = 60 };

	expect(syscall(SYS_futex, &shared->futex, FUTEX_WAIT, 0, &t), 0);
}

/* epoll_wait(2) is never restarted (signal(7)): as after a SIGSTOP, EINTR is all right. */
static void wait_epoll(void)
{
	struct epoll_event event;
	int ret;

	do
		ret = epoll_wait(shared->epoll, &event, 1, 60000);
	while (ret < 0 && errno == EINTR);
	expect(ret, 1);
}

static pid_t blocked_in(void (*call)(void))
{
	pid_t pid;
	int i;

	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(crowd.dev);
		call();
		_exit(0);
	}
	for (i = 0; i < 2000 && state_of(pid) != 'S'; i++)
		sleep_ns(MS);
	CHECK(state_of(pid) == 'S', "it does not block: state %c", state_of(pid));
	return pid;
}

static void group_goes_by_ioctl(void)
{
	CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light));
}

#define READERS	6

static void calls_end_well_after(void (*group_goes)(void))
{
	void (*const calls[])(void) = { read_pipe, nap, wait_futex, wait_epoll };
	pid_t pid[READERS + 4];
	uint64_t one = 1;
	int i, n = 0;

	share();
	crowd = crowd_make(0);
	for (i = 0; i < READERS; i++)
		pid[n++] = blocked_in(read_event);
	for (i = 0; i < 4; i++)
		pid[n++] = blocked_in(calls[i]);
	for (i = 0; i < n; i++)
		CHECK_EQ(group_add(crowd.dev, crowd.light, pid[i]), 0);
	/* All readers wake, are told to park, and all but one or two sleep on in the kernel. */
	for (i = 0; i < 2; i++)
		CHECK(write(shared->event, &one, sizeof(one)) == sizeof(one), "write");
	sleep_ns(100 * MS);
	group_goes();
	CHECK_EQ(shared->wrong, 0);
	for (i = 0; i < READERS - 2; i++)
		CHECK(write(shared->event, &one, sizeof(one)) == sizeof(one), "write");
	/* The futex may be on the way back into its queue. */
	for (i = 0; i < 1000 && !syscall(SYS_futex, &shared->futex, FUTEX_WAKE, 1); i++)
		sleep_ns(MS);
	CHECK(write(shared->empty[1], "a", 1) == 1, "write");
	for (i = 0; i < 20000 && shared->done + shared->wrong < READERS + 3; i++)
		sleep_ns(MS);
	CHECK(write(shared->empty[1], "b", 1) == 1, "write");
	for (i = 0; i < n; i++) {
		int status;

		CHECK_EQ(CHECK_OK(waitpid(pid[i], &status, 0)), pid[i]);
		CHECK(!status, "number %d: status 0x%x", i, status);
	}
	CHECK(!shared->wrong, "%d calls were spoilt, errno %s", shared->wrong,
	      strerrorname_np(shared->err));
	CHECK_EQ(shared->done, READERS + 4);
	CHECK_EQ(shared->early, 0);
	kill(crowd.hog, SIGKILL);
}

static void calls_are_restarted_when_the_group_goes(void)
{
	calls_end_well_after(group_goes_by_ioctl);
}

static void device_closes(void)
{
	close(crowd.dev);
}

static void calls_are_restarted_when_the_device_closes(void)
{
	calls_end_well_after(device_closes);
}

static void module_goes(void)
{
	module_keep_parameters();
	close(crowd.dev);
	module_unload();
	CHECK_OK(module_load());
}

/* The device is closed and the module unloaded though members sleep with work queued. */
static void calls_are_restarted_when_the_module_goes(void)
{
	calls_end_well_after(module_goes);
}

/* Calls of every kind, while the group comes and goes all the time. */
static void call_again_and_again(void)
{
	int event = eventfd(0, 0);
	uint64_t value = 1;

	for (;;) {
		expect(write(event, &value, sizeof(value)), sizeof(value));
		expect(read(event, &value, sizeof(value)), sizeof(value));
		nap_for(MS / 2);
		read_event();
	}
}

static void calls_are_not_spoilt_by_groups_that_come_and_go(void)
{
	uint64_t one = 1, state = tap_setting("SEED", 1), until;
	int rounds = 0, i;
	pid_t pid[6];

	share();
	crowd = crowd_make(0);
	for (i = 0; i < 6; i++) {
		fflush(stdout);
		pid[i] = CHECK_OK(fork());
		if (!pid[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(crowd.dev);
			call_again_and_again();
		}
	}
	for (until = clock_ns() + tap_scaled(6000) * MS; clock_ns() < until; rounds++) {
		for (i = 0; i < 6; i++) {
			CHECK_EQ(group_add(crowd.dev, crowd.light, pid[i]), 0);
			CHECK(write(shared->event, &one, sizeof(one)) == sizeof(one), "write");
		}
		sleep_ns(tap_next(&state) % (5 * MS));
		CHECK_OK(ioctl(crowd.dev, CSCHED_IOC_REMOVE, (long)crowd.light));
		crowd.light = group_on_cpu0(crowd.dev, "share", 1);
	}
	printf("# %d rounds, %d calls\n", rounds, shared->done);
	CHECK(!shared->wrong, "%d calls of %d were spoilt, errno %s", shared->wrong, shared->done,
	      strerrorname_np(shared->err));
	CHECK_EQ(shared->early, 0);
	CHECK(shared->done > rounds, "%d calls in %d rounds", shared->done, rounds);
	for (i = 0; i < 6; i++)
		end(pid[i]);
	end(crowd.hog);
}

int main(void)
{
	RUN_TIMED(a_parked_task_dies_at_once);
	RUN_TIMED(a_parked_task_stops_within_the_park_bound);
	RUN_TIMED(a_parked_task_can_be_traced_within_the_park_bound);
	RUN_TIMED(a_stopped_task_gives_its_time_to_others);
	RUN(close_lets_everyone_go);
	RUN(removing_a_group_lets_its_tasks_go);
	RUN(killing_the_controller_lets_everyone_go);
	RUN(what_persists_outlives_the_file);
	RUN(a_group_lives_as_long_as_any_copy_of_its_file);
	RUN(rmmod_lets_everyone_go);
	RUN(rmmod_is_refused_while_the_device_is_open);
	RUN(calls_are_restarted_when_the_group_goes);
	RUN(calls_are_restarted_when_the_device_closes);
	RUN(calls_are_restarted_when_the_module_goes);
	RUN(calls_are_not_spoilt_by_groups_that_come_and_go);
	return tap_done();
}
