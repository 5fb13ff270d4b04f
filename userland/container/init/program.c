// SPDX-License-Identifier: GPL-2.0-only
/* The container's program: found, and become. Called by child.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "cleanup.h"
#include "container.h"

#define DEFAULT_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PASSWD_MAX	(1 << 20)

static const char *find_variable(char **env, const char *name)
{
	size_t length = strlen(name);

	for (; env && *env; env++)
		if (!strncmp(*env, name, length) && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

/* Is it there, as far as its user will see? A folder is executable too, to access(2). */
static int check_file(const char *path)
{
	struct stat st;

	/* The container's root is ours by now; what is a link there is followed there. */
	if (stat(path, &st)) /* path-layer: after pivot_root */
		return -errno;
	if (S_ISDIR(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

static int find_program(const struct config_process *process, char *found, size_t room)
{
	const char *path = find_variable(process->env, "PATH") ?: DEFAULT_PATH;
	const char *name = process->args[0];
	int best = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		snprintf(found, room, "%s", name);
		/* Relative to cwd, which is not entered yet: execve will tell. */
		return name[0] == '/' ? check_file(name) : 0;
	}
	while (*path) {
		size_t length = strcspn(path, ":");
		int ret;

		snprintf(found, room, "%.*s/%s", (int)length, path, name);
		ret = check_file(found);
		if (!ret)
			return 0;
		if (ret == -EACCES)
			best = ret;
		path += length + (path[length] == ':');
	}
	return best;
}

static int not_found(const struct config_process *process, int failed, struct error *err)
{
	/* podman tells these apart by the words, and exits with 127 and 126. */
	if (failed == ENOENT && !strchr(process->args[0], '/'))
		return error_set(err, ENOENT, "exec: %.100s: executable file not found in $PATH: No "
				 "such file or directory", process->args[0]);
	return error_errno(err, failed,
			   failed == ENOEXEC ? "not a program, nor a script that begins with #!"
			   : failed == ENOENT ? "or its interpreter is missing"
					      : NULL,
			   "exec: %.100s", process->args[0]);
}

int program_check(const struct container *c, struct error *err)
{
	const struct config_process *process = &c->config.process;
	char found[PATH_MAX];
	int ret;

	/* A missing working folder is made, as other runtimes do, while we may. */
	if (!c->joins) {
		int fd = inroot_mkdir(c->root_fd, process->cwd, 0755);

		if (fd >= 0)
			close(fd);
	}
	ret = find_program(process, found, sizeof(found));
	return ret ? not_found(process, -ret, err) : 0;
}

/*
 * The folder is resolved inside of the root, without magic links: /proc/self/fd/7 could be a folder
 * of the host that leaked (CVE-2024-21626). And what we then stand in is looked at again.
 */
int program_chdir(int root, const struct config_process *process, struct error *err)
{
	char where[PATH_MAX];
#ifdef CELL_WITHOUT_GUARD_CWD
	/* path-layer: the attack that the guard is there for */
	cleanup_close int fd = open(process->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fd = -errno;
	(void)root;
#else
	cleanup_close int fd = inroot_open(root, process->cwd, O_PATH | O_DIRECTORY);
#endif

	if (fd < 0)
		return error_errno(err, -fd,
				   fd == -ELOOP ? "it leads out of the container's root" : NULL,
				   ".process.cwd: %.200s", process->cwd);
	if (fchdir(fd))
		return error_errno(err, errno, NULL, ".process.cwd: %.200s", process->cwd);
#ifndef CELL_WITHOUT_GUARD_CWD
	if (syscall(SYS_getcwd, where, sizeof(where)) < 0 || where[0] != '/')
		return error_set(err, EPERM, ".process.cwd: %.200s: lies outside of the container's "
				 "root", process->cwd);
#else
	(void)where;
#endif
	return 0;
}

/* The third field decides, and only as a number: "1000:x:0:..." is not user 1000 (CVE-2016-3697). */
static bool home_of(char *passwd, uint32_t uid, char *home, size_t room)
{
	char *rest = passwd, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *field[7] = { NULL }, *end;

		for (int i = 0; i < 7; i++)
			field[i] = strsep(&line, ":");
		if (!field[5] || !field[2][0] || field[2][strspn(field[2], "0123456789")] ||
		    strtoull(field[2], &end, 10) != uid)
			continue;
		snprintf(home, room, "HOME=%.4000s", field[5]);
		return true;
	}
	return false;
}

/* The configuration's, and HOME if it says nothing of it. Never freed: execve follows. */
static char **make_environment(const struct container *c)
{
	const struct config_process *process = &c->config.process;
	static char home[4096] = "HOME=/";
	size_t count = 0;
	char **env, *passwd;

	while (process->env && process->env[count])
		count++;
	env = calloc(count + 3, sizeof(*env));
	if (!env)
		return NULL;
	if (count)
		memcpy(env, process->env, count * sizeof(*env));
	if (!find_variable(process->env, "HOME")) {
		passwd = malloc(PASSWD_MAX);
		if (passwd && inroot_read(c->root_fd, "/etc/passwd", passwd, PASSWD_MAX) > 0)
			home_of(passwd, process->uid, home, sizeof(home));
		env[count++] = home;
		free(passwd);
	}
	if (c->preserve_fds) {
		static char listen[48];

		if (find_variable(process->env, "LISTEN_FDS") == NULL && getenv("LISTEN_FDS")) {
			snprintf(listen, sizeof(listen), "LISTEN_FDS=%.20s", getenv("LISTEN_FDS"));
			env[count] = listen;
		}
	}
	return env;
}

/* Last, as it counts the runtime's descriptors too; what raises it container_limits() has done. */
static int limit_descriptors(const struct config_process *process, struct error *err)
{
	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct config_rlimit *limit = &process->rlimits[i];
		struct rlimit value = { limit->soft, limit->hard };

		if (limit->resource == RLIMIT_NOFILE && setrlimit(RLIMIT_NOFILE, &value))
			return error_errno(err, errno, NULL, ".process.rlimits: %s", limit->name);
	}
	return 0;
}

/* A signal that the runtime ignored or held back must not be so for the program. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * What is only marked for closing is open while the kernel looks for the program and its interpreter, and
 * a container may call those /proc/self/fd/N/.. (CVE-2024-21626). Left are two sockets, which lead nowhere.
 */
static int close_ours(const struct container *c, struct error *err)
{
#ifndef CELL_WITHOUT_GUARD_CLOSE
	int other = c->listener >= 0 ? c->listener : c->sync;
	unsigned int first = 3 + c->preserve_fds;
	unsigned int low = (unsigned int)(c->sync < other ? c->sync : other);
	unsigned int high = (unsigned int)(c->sync < other ? other : c->sync);

	if ((first < low && close_range(first, low - 1, 0)) ||
	    (low + 1 < high && close_range(low + 1, high - 1, 0)) || close_range(high + 1, ~0U, 0))
		return error_errno(err, errno, NULL, "close_range");
#endif
	return 0;
}

int program_become(struct container *c, struct error *err)
{
	const struct config_process *process = &c->config.process;
	char found[PATH_MAX], **env;
	int ret, before;

	env = make_environment(c);
	if (!env)
		return error_set(err, ENOMEM, "no memory for the environment");
	/* As root it may enter what its user cannot, and the other way round (a FUSE of its own). */
	before = program_chdir(c->root_fd, process, err);
	ret = credentials_take(c, err);
	if (!ret && before)
		ret = program_chdir(c->root_fd, process, err);
	if (!ret)
		ret = find_program(process, found, sizeof(found)) ?
			      not_found(process, ENOENT, err) : 0;
	if (ret)
		return ret;
	reset_signals();
	ret = c->listener >= 0 ? seccomp_describe(c, err) : 0;
	if (!ret)
		ret = close_ours(c, err);
	if (!ret)
		ret = limit_descriptors(process, err);
	if (!ret && !process->no_new_privileges && c->filter.len)
		ret = seccomp_install(c, err);
	if (!ret)
		ret = credentials_finish(c, err);
	if (!ret && process->no_new_privileges && c->filter.len)
		ret = seccomp_install(c, err);
	if (ret)
		return ret;
	execve(found, process->args, env);
	return not_found(process, errno, err);
}
