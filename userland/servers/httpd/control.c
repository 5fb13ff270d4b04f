// SPDX-License-Identifier: GPL-2.0-only
/* Signals, see control.h. Handlers do nothing but what signal-safety(7) allows. */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define RECHECK_MS 200

atomic_bool control_drains;

static struct {
	atomic_bool handed_over;
	atomic_bool restart;
	atomic_bool child;
	atomic_llong drain_began;
	_Atomic(atomic_int *) idle_fd;
	atomic_int tell;
	uint32_t drain_ms;
	int wake;
} control = { .wake = -1, .tell = -1 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool draining_for(int64_t ms)
{
	return control_draining() && now_ms() - atomic_load(&control.drain_began) >= ms;
}

bool control_grace_over(void)
{
	return draining_for(CONTROL_GRACE_MS);
}

bool control_late(void)
{
	return draining_for(control.drain_ms);
}

bool control_handed_over(void)
{
	return atomic_load(&control.handed_over);
}

bool control_restart_wanted(void)
{
	return atomic_exchange(&control.restart, false);
}

bool control_child_ended(void)
{
	return atomic_load_explicit(&control.child, memory_order_relaxed) &&
	       atomic_exchange(&control.child, false);
}

int control_fd(void)
{
	return control.wake;
}

static void make_readable(int fd)
{
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n; /* Fails only if it is readable already. */
}

void control_wake(void)
{
	make_readable(control.wake);
}

void control_tell(int fd)
{
	atomic_store(&control.tell, fd);
}

void control_wait(int ms)
{
	struct pollfd wake = { .fd = control.wake, .events = POLLIN };
	uint64_t count;

	if (poll(&wake, 1, ms) <= 0)
		return;
	while (read(control.wake, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

void control_drain(bool handed_over)
{
	struct itimerval again = {
		.it_interval.tv_usec = RECHECK_MS * 1000,
		.it_value.tv_usec = RECHECK_MS * 1000,
	};

	if (handed_over)
		atomic_store(&control.handed_over, true);
	if (control_draining())
		return;
	atomic_store(&control.drain_began, now_ms());
	atomic_store(&control_drains, true);
	if (atomic_load(&control.idle_fd))
		setitimer(ITIMER_REAL, &again, NULL);
	if (atomic_load(&control.tell) >= 0)
		make_readable(atomic_load(&control.tell));
	control_wake();
}

/* Wake a thread that waits for a request which need not come any more. */
static void end_idle(void)
{
	atomic_int *idle_fd = atomic_load(&control.idle_fd);
	int fd = idle_fd ? atomic_load(idle_fd) : -1;

	if (fd >= 0 && control_grace_over())
		shutdown(fd, SHUT_RD);
	if (idle_fd && control_late())
		_exit(0);
}

static void on_signal(int signal)
{
	int saved = errno;

	switch (signal) {
	case SIGTERM:
	case SIGINT:
		control_drain(false);
		break;
	case SIGALRM:
		end_idle();
		break;
	case SIGCHLD:
		atomic_store(&control.child, true);
		control_wake();
		break;
	default:
		atomic_store(&control.restart, true);
		control_wake();
	}
	errno = saved;
}

static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD, SIGALRM };

#define HANDLED (sizeof(handled) / sizeof(handled[0]))

int control_init(uint32_t drain_ms)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (control.wake >= 0)
		close(control.wake);
	control.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (control.wake < 0)
		return -errno;
	control.drain_ms = drain_ms;
	atomic_store(&control_drains, false);
	atomic_store(&control.handed_over, false);
	atomic_store(&control.restart, false);
	atomic_store(&control.child, false);
	atomic_store(&control.idle_fd, NULL);
	atomic_store(&control.tell, -1);
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < HANDLED; i++)
		sigaction(handled[i], &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

void control_block(bool block)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < HANDLED; i++)
		sigaddset(&set, handled[i]);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void control_reader(atomic_int *idle_fd)
{
	atomic_store(&control.idle_fd, idle_fd);
}
