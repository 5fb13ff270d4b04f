// SPDX-License-Identifier: GPL-2.0-only
/* Hooks run (config.md#posix-platform-hooks). Called by spawn.c, child.c, and the verbs. */
#include <errno.h>
#include <fcntl.h>
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

/* Not all hooks read it, and one that does not may leave the pipe full. */
static void feed(int fd, const char *state)
{
	size_t left = strlen(state);

	while (left) {
		ssize_t n = write(fd, state, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		state += n;
		left -= (size_t)n;
	}
}

/* Returns 0: it has ended; -ETIMEDOUT. Without pidfds (a namespace without /proc is fine) it waits. */
static int wait_until(pid_t pid, unsigned int timeout)
{
	cleanup_close int fd = timeout ? pidfd_open(pid, 0) : -1;
	struct pollfd ends = { .fd = fd, .events = POLLIN };
	int n;

	if (fd < 0)
		return 0;
	do
		n = poll(&ends, 1, (int)timeout * 1000);
	while (n < 0 && errno == EINTR);
	return n ? 0 : -ETIMEDOUT;
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
	feed(pipes[1], state);
	close(pipes[1]);
	late = wait_until(pid, hook->timeout);
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
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
