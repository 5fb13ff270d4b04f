// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clone. Called by create.c and exec.c.
 *
 * One clone3(2) makes the child with all its new namespaces. Where it is to join some, another
 * process goes between: it joins them, clones the child as its own sibling (CLONE_PARENT), and
 * ends; so the runtime itself never enters anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"
#include "sync.h"

/*
 * Made by the child itself: a cgroup namespace begins where its maker is, clocks are set before, and
 * a network takes longer to make than all others, while we have something else to do.
 */
#define BY_CHILD	((uint64_t)CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWNET)

static uint64_t new_flags(const struct container *c)
{
	uint64_t flags = 0;

	for (int kind = 0; kind < NS_KINDS; kind++)
		if (makes_namespace(c, kind))
			flags |= config_namespace_flags[kind];
	return flags & ~BY_CHILD;
}

static bool has_paths(const struct container *c)
{
	for (int kind = 0; kind < NS_KINDS; kind++)
		if (c->config.namespaces.path[kind])
			return true;
	return false;
}

/* Into the unified group at birth, if there is one and the kernel lets us. */
static pid_t clone_child(struct container *c, uint64_t flags, int *pidfd)
{
	int group = cgroups_v2_dir(&c->cgroups);
	struct clone_args args = {
		.flags = flags | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid;

	if (group >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)group;
		c->entered = true;
		pid = syscall(SYS_clone3, &args, sizeof(args));
		if (pid >= 0 || (errno != EACCES && errno != EBUSY && errno != EOPNOTSUPP &&
				 errno != EPERM))
			return (pid_t)pid;
		args.flags &= ~CLONE_INTO_CGROUP;
	}
	c->entered = false;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int join_one(int fd, const char *what, uint64_t flags, struct error *err)
{
	return setns(fd, (int)flags) ? error_errno(err, errno, NULL, "cannot join %s", what) : 0;
}

/*
 * Namespaces may belong to the user namespace that is joined, or to the host's: what does not work
 * before works after.
 */
static int join_paths(const struct container *c, const int *fds, struct error *err)
{
	const struct config_namespaces *n = &c->config.namespaces;
	unsigned int left = 0;
	int ret = 0;

	for (int kind = 0; kind < NS_KINDS; kind++)
		if (fds[kind] >= 0 && kind != NS_USER &&
		    setns(fds[kind], (int)config_namespace_flags[kind]))
			left |= 1u << kind;
	if (fds[NS_USER] >= 0)
		ret = join_one(fds[NS_USER], n->path[NS_USER], CLONE_NEWUSER, err);
	for (int kind = 0; !ret && kind < NS_KINDS; kind++)
		if (left & 1u << kind)
			ret = join_one(fds[kind], n->path[kind], config_namespace_flags[kind], err);
	return ret;
}

static int open_paths(const struct container *c, int *fds, struct error *err)
{
	for (int kind = 0; kind < NS_KINDS; kind++) {
		const char *path = c->config.namespaces.path[kind];

		/* path-layer: the host's, of .linux.namespaces */
		fds[kind] = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (path && fds[kind] < 0)
			return error_errno(err, errno, "give such as /proc/PID/ns/net",
					   ".linux.namespaces: %s: %s",
					   config_namespace_names[kind], path);
	}
	return 0;
}

/*
 * As long as our files in /proc are still our own: without root the parent cannot write there once we
 * cannot be looked into. Whether it worked is for container_limits() to see.
 */
static void set_own_score(const struct container *c)
{
	char text[16];

	if (c->config.process.oom_score_adj == CONFIG_UNSET)
		return;
	snprintf(text, sizeof(text), "%d", (int)c->config.process.oom_score_adj);
	proc_write(c->proc, "self/oom_score_adj", text);
}

/* The process between. */
static void go_between(struct container *c) __attribute__((noreturn));
static void go_between(struct container *c)
{
	int fds[NS_KINDS], ret;
	struct error err;
	pid_t pid;

	set_own_score(c);
	/* Whoever is inside already must not look into us (CVE-2016-9962). */
	prctl(PR_SET_DUMPABLE, 0);
	if (c->joins)
		ret = join_one(c->join, "the container's namespaces", c->join_flags, &err);
	else
		ret = open_paths(c, fds, &err) ?: join_paths(c, fds, &err);
	if (!ret) {
		pid = clone_child(c, new_flags(c) | CLONE_PARENT, NULL);
		if (!pid)
			container_child(c);
		if (pid < 0)
			ret = error_errno(&err, errno, NULL, "clone3");
		else
			sync_say(c->sync, SYNC_CHILD, pid);
	}
	if (ret)
		sync_fail(c->sync, -ret, &err);
	_exit(ret ? 1 : 0);
}

/*
 * The child runs as soon as it is there: its first word may come before its maker has said who it
 * is. It then waits for an answer, so there is one such word at most; c->early keeps it.
 */
static int hear_of_child(struct container *c, struct sync_message *message, struct error *err)
{
	int ret = sync_hear(c->sync, message, err);

	if (ret || message->word == SYNC_CHILD)
		return ret;
	c->early = message->word;
	ret = sync_hear(c->sync, message, err);
	if (ret || message->word == SYNC_CHILD)
		return ret;
	return error_set(err, EPROTO, "unexpected word %d", message->word);
}

static int spawn_between(struct container *c, int child_side, struct error *err)
{
	struct sync_message message;
	int parent_side = c->sync, ret;
	pid_t between = fork();

	if (!between) {
		close(parent_side);
		c->sync = child_side;
		go_between(c);
	}
	close(child_side);
	if (between < 0)
		return error_errno(err, errno, NULL, "fork");
	/* A child that fails at once may be heard before its maker, too. */
	ret = hear_of_child(c, &message, err);
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (ret)
		return ret;
	c->pid = message.value;
	c->pidfd = pidfd_open(c->pid, 0);
	return c->pidfd < 0 ? error_errno(err, errno, NULL, "pidfd_open: %d", c->pid) : 0;
}

static int spawn_directly(struct container *c, int child_side, struct error *err)
{
	int parent_side = c->sync, failed;

	c->pid = clone_child(c, new_flags(c), &c->pidfd);
	if (!c->pid) {
		close(parent_side);
		c->sync = child_side;
		set_own_score(c);
		container_child(c);
	}
	failed = errno;
	close(child_side);
	if (c->pid > 0)
		return 0;
	c->pidfd = -1;
	return error_errno(err, failed,
			   failed == EPERM ? "needs root, or a user namespace in "
					     ".linux.namespaces (cell spec --rootless)"
			   : failed == ENOSPC ? "raise /proc/sys/user/max_*_namespaces"
			   : failed == EINVAL ? "a namespace that this kernel does not have?"
					      : NULL,
			   "clone3: new namespaces");
}

int container_ready(struct container *c, struct error *err)
{
	struct sync_message message;
	int ret;

	for (;;) {
		message.word = c->early;
		ret = c->early == SYNC_NONE ? sync_hear(c->sync, &message, err) : 0;
		c->early = SYNC_NONE;
		if (ret)
			return ret;
		if (message.word == SYNC_READY)
			return 0;
		if (message.word == SYNC_MAP) {
			ret = id_maps_write(c->proc, c->pid, &c->config.maps, err);
		} else if (message.word == SYNC_HOOKS) {
			cleanup_free char *state = c->state_json(c, "creating");

			c->hooked = true;
			ret = hooks_run(&c->config.hooks, HOOK_PRESTART, state, err);
			if (!ret)
				ret = hooks_run(&c->config.hooks, HOOK_CREATE_RUNTIME, state, err);
		} else {
			ret = error_set(err, EPROTO, "unexpected word %d", message.word);
		}
		if (ret)
			return ret;
		sync_say(c->sync, SYNC_GO, 0);
	}
}

int container_spawn(struct container *c, struct error *err)
{
	int pair[2];

	c->early = SYNC_NONE;
	c->pid = -1;
	c->pidfd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, NULL, "socketpair");
	c->sync = pair[0];
	return c->joins || has_paths(c) ? spawn_between(c, pair[1], err)
					: spawn_directly(c, pair[1], err);
}

static int limit_error(const struct config_rlimit *limit, int failed, struct error *err)
{
	return error_errno(err, failed,
			   failed == EPERM ? "a hard limit above ours needs CAP_SYS_RESOURCE: ask "
					     "for less"
					   : NULL,
			   ".process.rlimits: %s: %llu, %llu", limit->name,
			   (unsigned long long)limit->soft, (unsigned long long)limit->hard);
}

/* It has descriptors of ours open still, and lowers the limit itself, in the end. */
static bool lowers_itself(const struct config_rlimit *limit, rlim_t most)
{
	return limit->resource == RLIMIT_NOFILE && limit->hard <= most;
}

bool container_has_limits(const struct container *c)
{
	const struct config_process *process = &c->config.process;
	struct rlimit ours;

	if (process->oom_score_adj != CONFIG_UNSET || getrlimit(RLIMIT_NOFILE, &ours))
		return true;
	for (size_t i = 0; i < process->rlimit_count; i++)
		if (!lowers_itself(&process->rlimits[i], ours.rlim_max))
			return true;
	return false;
}

int container_limits(const struct container *c, struct error *err)
{
	const struct config_process *process = &c->config.process;
	char path[64], text[16], there[16];
	int ret;

	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct config_rlimit *limit = &process->rlimits[i];
		struct rlimit value = { limit->soft, limit->hard }, now;

		if (limit->resource == RLIMIT_NOFILE && !prlimit(c->pid, RLIMIT_NOFILE, NULL, &now) &&
		    lowers_itself(limit, now.rlim_max))
			continue;
		if (prlimit(c->pid, (enum __rlimit_resource)limit->resource, &value, NULL))
			return limit_error(limit, errno, err);
	}
	if (process->oom_score_adj == CONFIG_UNSET)
		return 0;
	snprintf(path, sizeof(path), "%d/oom_score_adj", c->pid);
	snprintf(text, sizeof(text), "%d", (int)process->oom_score_adj);
	ret = proc_write(c->proc, path, text);
	if (ret == -EACCES && proc_read(c->proc, path, there, sizeof(there)) > 0 &&
	    atoi(there) == (int)process->oom_score_adj)
		return 0;
	if (ret == -EACCES || ret == -EPERM)
		return error_errno(err, -ret, "a value below ours needs CAP_SYS_RESOURCE",
				   ".process.oomScoreAdj: %s", text);
	return ret ? error_errno(err, -ret, NULL, ".process.oomScoreAdj: %s", text) : 0;
}

void container_go_ahead(struct container *c)
{
	/* One that has failed says so itself: container_ready() hears it. */
	c->ahead = !sync_say(c->sync, SYNC_GO, 0);
}

int container_go(struct container *c, bool wait, struct error *err)
{
	struct sync_message message;
	int ret = c->ahead ? 0 : sync_say(c->sync, SYNC_GO, 0);

	if (ret)
		return error_errno(err, -ret, NULL, "the container's first process is gone");
	if (!wait)
		return 0;
	ret = sync_hear(c->sync, &message, err);
	/* The end of file is what success sounds like. */
	return ret == -EPIPE ? 0 : ret;
}

void container_abandon(struct container *c)
{
	if (c->pid > 0) {
		if (c->pidfd >= 0)
			syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
		else
			kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	c->pid = -1;
}
