// SPDX-License-Identifier: GPL-2.0-only
/*
 * The foreground of a container: signals passed on, a terminal carried over. Called by run and exec.
 *
 *     stdin ──▶ typed ──▶ master        waits while the container does not read; nothing else waits with it
 *     stdout ◀─────────── master
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"

enum { HANG_UP_MS = 100 };

/*
 * @typed: [@from, @to) is not with the container yet
 * @quiet: nothing more will be typed
 * @hung_up: nobody in the container has the terminal open; somebody may open it again
 */
struct foreground {
	pid_t pid;
	int pidfd;
	int master;
	int signals;
	bool raw;
	bool quiet;
	bool hung_up;
	struct termios before;
	char typed[4096];
	size_t from;
	size_t to;
};

static void copy_size(int master)
{
	struct winsize size;

	if (master >= 0 && !ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		ioctl(master, TIOCSWINSZ, &size);
}

static void pass_signal(const struct foreground *f)
{
	struct signalfd_siginfo info;

	if (read(f->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH && f->master >= 0)
		copy_size(f->master);
	else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE)
		syscall(SYS_pidfd_send_signal, f->pidfd, info.ssi_signo, NULL, 0);
}

/* Whoever else has our output may not want to wait on it; what nobody takes is lost. */
static void write_out(const char *data, size_t length)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (length) {
		ssize_t n = write(STDOUT_FILENO, data, length);

		if (n < 0 && errno == EAGAIN)
			poll(&out, 1, -1);
		else if (n < 0 && errno != EINTR)
			return;
		data += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
}

/* False if there is no terminal to read. */
static bool show(const struct foreground *f)
{
	char data[8192];
	ssize_t n = read(f->master, data, sizeof(data));

	if (n > 0) {
		write_out(data, (size_t)n);
		return true;
	}
	return n < 0 && (errno == EINTR || errno == EAGAIN);
}

static void take_typed(struct foreground *f)
{
	ssize_t n = read(STDIN_FILENO, f->typed, sizeof(f->typed));

	f->from = 0;
	f->to = n > 0 ? (size_t)n : 0;
	f->quiet = !n || (n < 0 && errno != EINTR && errno != EAGAIN);
}

static void pass_typed(struct foreground *f)
{
	ssize_t n = write(f->master, f->typed + f->from, f->to - f->from);

	if (n > 0)
		f->from += (size_t)n;
}

/* All but those that a fault of our own makes. */
static sigset_t passed_on(void)
{
	sigset_t all;

	sigfillset(&all);
	for (const int *s = (const int[]){ SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, 0 }; *s; s++)
		sigdelset(&all, *s);
	return all;
}

void attend_from_now(int master)
{
	const sigset_t all = passed_on();

	sigprocmask(SIG_SETMASK, &all, NULL);
	copy_size(master);
}

static void begin(struct foreground *f)
{
	const sigset_t all = passed_on();
	struct termios raw;

	attend_from_now(f->master);
	f->signals = signalfd(-1, &all, SFD_CLOEXEC);
	if (f->master >= 0)
		fcntl(f->master, F_SETFL, O_RDWR | O_NONBLOCK);
	if (f->master < 0 || tcgetattr(STDIN_FILENO, &f->before))
		return;
	raw = f->before;
	cfmakeraw(&raw);
	f->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* What it wrote before it ended is still to be shown. */
static void drain(const struct foreground *f)
{
	struct pollfd rest = { .fd = f->master, .events = POLLIN };

	while (f->master >= 0 && poll(&rest, 1, 0) > 0 && rest.revents & POLLIN)
		if (!show(f))
			break;
	if (f->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &f->before);
}

/* Hung up and readable: what is left comes first. */
static void serve_terminal(struct foreground *f, short master, short typed)
{
	f->hung_up = master & POLLIN ? !show(f) : master & (POLLHUP | POLLERR);
	if (master & POLLOUT && !(master & POLLHUP))
		pass_typed(f);
	if (typed)
		take_typed(f);
}

static void watch(struct foreground *f)
{
	struct pollfd fds[4] = {
		{ .fd = f->pidfd, .events = POLLIN },
		{ .fd = f->signals, .events = POLLIN },
		{ .fd = f->master },
		{ .events = POLLIN },
	};

	while (!(fds[0].revents & POLLIN)) {
		bool all_passed = f->from == f->to;

		fds[2].events = (short)(POLLIN | (all_passed ? 0 : POLLOUT));
		fds[2].fd = f->hung_up ? -1 : f->master;
		fds[3].fd = f->master < 0 || f->hung_up || f->quiet || !all_passed ? -1 : STDIN_FILENO;
		if (poll(fds, 4, f->hung_up ? HANG_UP_MS : -1) < 0) {
			if (errno != EINTR)
				break;
			continue;
		}
		if (fds[1].revents & POLLIN)
			pass_signal(f);
		if (f->master >= 0)
			serve_terminal(f, fds[2].revents, fds[3].revents);
	}
}

int attend(pid_t pid, int pidfd, int master, struct error *err)
{
	struct foreground f = { .pid = pid, .pidfd = pidfd, .master = master, .signals = -1 };
	int status;

	begin(&f);
	watch(&f);
	drain(&f);
	cleanup_fd(&f.signals);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, NULL, "wait");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
