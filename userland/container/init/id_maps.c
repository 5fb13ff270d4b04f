// SPDX-License-Identifier: GPL-2.0-only
/* Maps of user namespaces (user_namespaces(7)). Called by spawn.c and prepare.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"

/* The kernel takes 340 lines. */
#define LINES_MAX	340

static int write_text(const struct config_id_map *maps, size_t count, char *text, size_t room)
{
	size_t used = 0;

	if (count > LINES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%u %u %u\n", maps[i].container,
					 maps[i].host, maps[i].size);
	return used < room ? 0 : -E2BIG;
}

/* newuidmap PID CONTAINER HOST SIZE ...: what /etc/subuid grants to this user. */
static int run_helper(const char *helper, pid_t pid, const struct config_id_map *maps,
		      size_t count, struct error *err)
{
	size_t words = 2 + 3 * count;
	char (*texts)[16] = calloc(words, sizeof(*texts));
	char **argv = calloc(words + 1, sizeof(*argv));
	pid_t child;
	int status = 0;

	if (!texts || !argv)
		goto out_memory;
	argv[0] = (char *)helper;
	snprintf(texts[1], sizeof(texts[1]), "%d", pid);
	for (size_t i = 0; i < count; i++) {
		snprintf(texts[2 + 3 * i], sizeof(*texts), "%u", maps[i].container);
		snprintf(texts[3 + 3 * i], sizeof(*texts), "%u", maps[i].host);
		snprintf(texts[4 + 3 * i], sizeof(*texts), "%u", maps[i].size);
	}
	for (size_t i = 1; i < words; i++)
		argv[i] = texts[i];
	child = fork();
	if (!child) {
		execvp(helper, argv);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	free(texts);
	free(argv);
	if (child < 0)
		return error_errno(err, errno, NULL, "%s: fork", helper);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return error_set(err, EPERM, "%s: failed: %s", helper,
				 WIFEXITED(status) && WEXITSTATUS(status) == 127
					 ? "not found: install the package uidmap"
					 : "are these ids granted to you in /etc/subuid and "
					   "/etc/subgid?");
	return 0;
out_memory:
	free(texts);
	free(argv);
	return error_set(err, ENOMEM, "%s: no memory", helper);
}

static int write_map(int proc, pid_t pid, const char *file, const char *helper,
		     const struct config_id_map *maps, size_t count, struct error *err)
{
	char path[64], text[16384];
	int ret = write_text(maps, count, text, sizeof(text));

	if (ret)
		return error_errno(err, -ret, "the kernel takes 340 lines", "%s", file);
	snprintf(path, sizeof(path), "%d/%s", pid, file);
	ret = proc_write(proc, path, text);
	if (ret == -EPERM && geteuid())
		return run_helper(helper, pid, maps, count, err);
	return ret ? error_errno(err, -ret, ret == -EINVAL ? "do its ranges overlap?"
					    : ret == -EPERM ? "are all of its host ids ours to give?"
							    : NULL,
				 "%s", file)
		   : 0;
}

int id_maps_write(int proc, pid_t pid, const struct config_id_maps *maps, struct error *err)
{
	char path[64];
	int ret = write_map(proc, pid, "uid_map", "newuidmap", maps->uid, maps->uid_count, err);

	if (ret)
		return ret;
	/* A single id of one's own can be mapped by anybody, if setgroups is given up. */
	if (geteuid() && maps->gid_count == 1 && maps->gid[0].size == 1 &&
	    maps->gid[0].host == getegid()) {
		snprintf(path, sizeof(path), "%d/setgroups", pid);
		proc_write(proc, path, "deny");
	}
	return write_map(proc, pid, "gid_map", "newgidmap", maps->gid, maps->gid_count, err);
}

int id_maps_namespace(int proc, const struct config_id_maps *maps, struct error *err)
{
	cleanup_close int ours = -1, theirs = -1;
	int pair[2], fd = -1, ret;
	char path[64], octet;
	pid_t pid;

	/* It lives as long as something holds it; a process has to be its first. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, NULL, "socketpair");
	ours = pair[0];
	theirs = pair[1];
	pid = (pid_t)syscall(SYS_clone, (long)CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		close(ours);
		_exit(read(theirs, &octet, 1) ? 1 : 0);
	}
	if (pid < 0)
		return error_errno(err, errno, NULL, "clone: a user namespace for an idmapped mount");
	ret = id_maps_write(proc, pid, maps, err);
	snprintf(path, sizeof(path), "%d/ns/user", pid);
	if (!ret) {
		/* The last component is a magic link by design. */
		fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			ret = error_errno(err, errno, NULL, "/proc/%s", path);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ret ? ret : fd;
}
