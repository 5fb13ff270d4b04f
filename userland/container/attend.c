// SPDX-License-Identifier: GPL-2.0-only
/* The foreground of a container: signals passed on, a terminal carried over. Called by run and exec. */
#include <errno.h>
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

struct foreground {
	pid_t pid;
	int pidfd;
	int master;
	int signals;
	bool raw;
	struct termios before;
};

static void copy_size(const struct foreground *f)
{
	struct winsize size;

	if (f->master >= 0 && !ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		ioctl(f->master, TIOCSWINSZ, &size);
}

static void pass_signal(const struct foreground *f)
{
	struct signalfd_siginfo info;

	if (read(f->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH && f->master >= 0)
		copy_size(f);
	else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE)
		syscall(SYS_pidfd_send_signal, f->pidfd, info.ssi_signo, NULL, 0);
}

static bool carry(int from, int to)
{
	char data[8192];
	ssize_t n = read(from, data, sizeof(data)), done = 0;

	while (n > 0 && done < n) {
		ssize_t written = write(to, data + done, (size_t)(n - done));

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		done += written;
	}
	return n > 0 || (n < 0 && errno == EINTR);
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

void attend_from_now(void)
{
	const sigset_t all = passed_on();

	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void begin(struct foreground *f)
{
	const sigset_t all = passed_on();
	struct termios raw;

	attend_from_now();
	f->signals = signalfd(-1, &all, SFD_CLOEXEC);
	if (f->master < 0 || tcgetattr(STDIN_FILENO, &f->before))
		return;
	copy_size(f);
	raw = f->before;
	cfmakeraw(&raw);
	f->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

/* What it wrote before it ended is still to be shown. */
static void drain(const struct foreground *f)
{
	struct pollfd rest = { .fd = f->master, .events = POLLIN };

	while (f->master >= 0 && poll(&rest, 1, 0) > 0 && rest.revents & POLLIN)
		if (!carry(f->master, STDOUT_FILENO))
			break;
	if (f->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &f->before);
}

static void watch(struct foreground *f)
{
	struct pollfd fds[4] = {
		{ .fd = f->pidfd, .events = POLLIN },
		{ .fd = f->signals, .events = POLLIN },
		{ .fd = f->master, .events = POLLIN },
		{ .fd = f->master >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
	};

	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, 4, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents & POLLIN)
			pass_signal(f);
		/* Hung up: nobody in the container has it open; somebody may open it again. */
		if (fds[2].revents & POLLIN && !carry(f->master, STDOUT_FILENO))
			fds[2].fd = -1;
		else if (fds[2].revents & (POLLHUP | POLLERR) && !(fds[2].revents & POLLIN))
			fds[2].fd = -1;
		if (fds[3].revents && !carry(STDIN_FILENO, f->master))
			fds[3].fd = -1;
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
