// SPDX-License-Identifier: GPL-2.0-only
/* Another program's output, see program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

int program_start(struct program *program, const char *const argv[], struct error *err)
{
	/* Of the environment they need no more. LC_ALL: what they print is read. */
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *const environment[] = { path, locale, NULL };
	posix_spawn_file_actions_t actions;
	cleanup_close int to = -1;
	int ends[2], failed;

	*program = (struct program){ argv[0], -1, NULL };
	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, errno, NULL, "base: pipe");
	to = ends[1];
	program->output = fdopen(ends[0], "r");
	if (!program->output) {
		close(ends[0]);
		return error_errno(err, errno, NULL, "base: %s", argv[0]);
	}
	failed = posix_spawn_file_actions_init(&actions);
	if (!failed) {
		failed = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
		if (!failed)
			failed = posix_spawnp(&program->pid, argv[0], &actions, NULL, (char *const *)argv,
					      environment);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (!failed)
		return 0;
	fclose(program->output);
	return error_errno(err, failed, "are Debian's tools installed?", "base: %s", argv[0]);
}

int program_end(struct program *program, int ret, struct error *err)
{
	bool is_torn = ferror(program->output);
	int status = 0;

	/* Who is still printing is told by SIGPIPE that nobody listens. */
	fclose(program->output);
	while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret)
		return ret;
	if (is_torn)
		return error_set(err, EIO, "base: %s: its output cannot be read", program->name);
	if (!status)
		return 0;
	return error_set(err, ECHILD, "base: %s: ended with %s %d", program->name,
			 WIFSIGNALED(status) ? "signal" : "status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
