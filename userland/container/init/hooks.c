// SPDX-License-Identifier: GPL-2.0-only
/* Hooks run (config.md#posix-platform-hooks). Called by spawn.c, child.c, and the verbs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "container.h"

static void become_hook(const struct config_hook *hook, int input) __attribute__((noreturn));
static void become_hook(const struct config_hook *hook, int input)
{
	char *alone[] = { (char *)hook->path, NULL }, *nothing[] = { NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* One that starts inside may be a script of the container's: see close_ours(). */
	if (dup2(input, STDIN_FILENO) < 0 || close_range(3, ~0U, 0))
		_exit(126);
	execve(hook->path, hook->args ? hook->args : alone, hook->env ? hook->env : nothing);
	_exit(127);
}

/* Milliseconds until @end: 0 if it is past, -1: no end. */
static int left_until(int64_t end)
{
	struct timespec now;
	int64_t left;

	if (!end)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	left = end - now.tv_sec * 1000 - now.tv_nsec / 1000000;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/*
 * Tell it the state, and wait until it has ended. Not all hooks read, and one that does not may
 * leave the pipe full; its time runs meanwhile.
 *
 * @input: of the pipe, closed in any case
 * @timeout: seconds, 0: as long as it takes
 *
 * Return: 0: it has ended; -ETIMEDOUT; another negative errno: it cannot be watched.
 */
static int attend(pid_t pid, int input, const char *state, unsigned int timeout)
{
	cleanup_close int telling = input, ended = pidfd_open(pid, 0);
	int64_t end = 0;
	struct timespec now;

	if (ended < 0 || fcntl(telling, F_SETFL, O_NONBLOCK))
		return -errno;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (timeout)
		end = (now.tv_sec + (int64_t)timeout) * 1000 + now.tv_nsec / 1000000;
	for (;;) {
		struct pollfd events[] = {
			{ .fd = ended, .events = POLLIN }, { .fd = telling, .events = POLLOUT },
		};
		int n = poll(events, 2, left_until(end));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && left_until(end) == 0)
			return -ETIMEDOUT;
		if (n > 0 && events[0].revents)
			return 0;
		if (n > 0 && events[1].revents) {
			ssize_t told = write(telling, state, strlen(state));

			if (told > 0)
				state += told;
			if (!*state || (told < 0 && errno != EAGAIN && errno != EINTR))
				close(keep_fd(&telling));
		}
	}
}

static int judge(const struct config_hook *hook, const char *kind, int status, struct error *err)
{
	if (WIFSIGNALED(status))
		return error_set(err, EPROTO, "hooks: %s: %.200s: killed by signal %d", kind,
				 hook->path, WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return error_set(err, ENOENT, "hooks: %s: %.200s: cannot be run", kind, hook->path);
	if (WEXITSTATUS(status))
		return error_set(err, EPROTO, "hooks: %s: %.200s: failed with status %d", kind,
				 hook->path, WEXITSTATUS(status));
	return 0;
}

static int run_one(const struct config_hook *hook, const char *kind, const char *state,
		   struct error *err)
{
	int pipes[2], status = 0, late;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return error_errno(err, errno, NULL, "hooks: %s: pipe", kind);
	pid = fork();
	if (!pid)
		become_hook(hook, pipes[0]);
	close(pipes[0]);
	if (pid < 0) {
		close(pipes[1]);
		return error_errno(err, errno, NULL, "hooks: %s: fork", kind);
	}
	late = attend(pid, pipes[1], state, hook->timeout);
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late && late != -ETIMEDOUT)
		return error_errno(err, -late, NULL, "hooks: %s: %.200s", kind, hook->path);
	if (late)
		return error_set(err, ETIMEDOUT, "hooks: %s: %.200s: took longer than %u s", kind,
				 hook->path, hook->timeout);
	return judge(hook, kind, status, err);
}

int hooks_run(const struct config_hooks *hooks, enum config_hook_kind kind, const char *state,
	      struct error *err)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int ret = 0;

	for (size_t i = 0; !ret && i < hooks->count[kind]; i++)
		ret = run_one(&hooks->list[kind][i], config_hook_names[kind],
			      state ? state : "{}", err);
	signal(SIGPIPE, before);
	return ret;
}
