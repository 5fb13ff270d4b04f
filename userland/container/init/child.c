// SPDX-License-Identifier: GPL-2.0-only
/* The container's first process, from the clone to its program: see the picture in container.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"
#include "sync.h"

/* Clocks can be set until somebody lives in the namespace; that is at execve. */
static int set_clocks(struct container *c, struct error *err)
{
	char text[128];
	int ret;

	if (!makes_namespace(c, NS_TIME))
		return 0;
	if (unshare(0x80 /* CLONE_NEWTIME: some headers lack it */))
		return error_errno(err, errno, NULL, "namespaces: time");
	snprintf(text, sizeof(text), "monotonic %lld %u\nboottime %lld %u\n",
		 (long long)c->config.monotonic.seconds, c->config.monotonic.nanoseconds,
		 (long long)c->config.boottime.seconds, c->config.boottime.nanoseconds);
	ret = proc_write(c->proc, "self/timens_offsets", text);
	return ret ? error_errno(err, -ret, NULL, "timeOffsets") : 0;
}

/* In its user namespace it becomes root as soon as there is one. */
static int become_root_inside(struct container *c, struct error *err)
{
	int ret;

	if (makes_namespace(c, NS_USER)) {
		ret = sync_say(c->sync, SYNC_MAP, 0);
		if (!ret)
			ret = sync_expect(c->sync, SYNC_GO, err);
		if (ret)
			return ret;
	}
	if (!(c->config.namespaces.listed & 1u << NS_USER))
		return 0;
	/* Where setgroups was given up there is nothing to clear. */
	if (syscall(SYS_setgroups, 0, NULL) && errno != EPERM)
		return error_errno(err, errno, NULL, "setgroups");
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return error_errno(err, errno, "map container id 0 in uidMappings and gidMappings",
				   "user namespace: root");
	return 0;
}

static int set_names(struct container *c, struct error *err)
{
	if (c->config.hostname && sethostname(c->config.hostname, strlen(c->config.hostname)))
		return error_errno(err, errno, "at most 64 characters", ".hostname: %.80s",
				   c->config.hostname);
	if (c->config.domainname &&
	    setdomainname(c->config.domainname, strlen(c->config.domainname)))
		return error_errno(err, errno, "at most 64 characters", ".domainname: %.80s",
				   c->config.domainname);
	return 0;
}

/* Its loopback card is down at first. */
static int make_network(struct container *c, struct error *err)
{
	struct ifreq request = { .ifr_name = "lo" };
	cleanup_close int fd = -1;

	if (!makes_namespace(c, NS_NETWORK))
		return 0;
	if (unshare(CLONE_NEWNET))
		return error_errno(err, errno,
				   errno == ENOSPC ? "raise /proc/sys/user/max_net_namespaces" : NULL,
				   "namespaces: network");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		return error_errno(err, errno, NULL, "network: lo");
	return 0;
}

/* The caller's keys are not the container's. */
static void leave_keyring(const struct container *c)
{
	char name[256];

	snprintf(name, sizeof(name), "_ses.%s", c->id);
	if (!c->no_keyring)
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

static const struct {
	const char *prefix;
	enum config_namespace_kind kind;
} sysctl_namespaces[] = {
	{ "net.", NS_NETWORK },		{ "kernel.shm", NS_IPC },	{ "kernel.msg", NS_IPC },
	{ "kernel.sem", NS_IPC },	{ "fs.mqueue.", NS_IPC },	{ "kernel.domainname", NS_UTS },
	{ "kernel.hostname", NS_UTS },
};

/* One that no namespace confines would change the host. */
static int check_sysctl(const struct container *c, const char *key, struct error *err)
{
	for (size_t i = 0; i < sizeof(sysctl_namespaces) / sizeof(sysctl_namespaces[0]); i++) {
		enum config_namespace_kind kind = sysctl_namespaces[i].kind;

		if (strncmp(key, sysctl_namespaces[i].prefix, strlen(sysctl_namespaces[i].prefix)) != 0)
			continue;
		if (c->config.namespaces.listed & 1u << kind)
			return 0;
		return error_set(err, EINVAL, ".linux.sysctl: %.100s: needs a %s namespace: it "
				 "would change the host's", key, config_namespace_names[kind]);
	}
	return error_set(err, EINVAL, ".linux.sysctl: %.100s: belongs to no namespace: it would "
			 "change the host's", key);
}

/* "net.ipv4.ip_forward" is net/ipv4/ip_forward; a name with slashes has dots in its parts. */
static int set_sysctls(struct container *c, struct error *err)
{
	char path[512];
	int ret = 0, proc = c->proc;

#ifdef CELL_WITHOUT_GUARD_PROC
	/* The container's, whatever that is. */
	proc = inroot_open(c->root_fd, "/proc", O_PATH | O_DIRECTORY);
#endif
	for (size_t i = 0; !ret && i < c->config.sysctl_count; i++) {
		const struct config_pair *pair = &c->config.sysctls[i];
		bool slashes = strchr(pair->key, '/');
		char dotted[256];

		snprintf(dotted, sizeof(dotted), "%s", pair->key);
		snprintf(path, sizeof(path), "sys/%s", pair->key);
		for (char *p = dotted; slashes && *p; p++)
			*p = *p == '/' ? '.' : *p;
		for (char *p = path; !slashes && *p; p++)
			*p = *p == '.' ? '/' : *p;
		ret = check_sysctl(c, dotted, err);
		if (ret)
			break;
		ret = path_is_clean(path) ? proc_write(proc, path, pair->value) : -EINVAL;
		if (ret)
			error_errno(err, -ret, NULL, ".linux.sysctl: %.100s = %.60s", pair->key,
				    pair->value);
	}
	return ret;
}

static int prepare_world(struct container *c, struct error *err)
{
	int ret = set_clocks(c, err);

	if (!ret)
		ret = become_root_inside(c, err);
	prctl(PR_SET_DUMPABLE, 0);
	if (!ret)
		ret = set_names(c, err);
	if (!ret)
		ret = make_network(c, err);
	leave_keyring(c);
	return ret;
}

static int call_hooks(struct container *c, struct error *err)
{
	const struct config_hooks *hooks = &c->config.hooks;
	int ret = 0;

	/* From the first hook on, a failure is an end of life, with its hooks. */
	if (hooks->count[HOOK_PRESTART] || hooks->count[HOOK_CREATE_RUNTIME] ||
	    hooks->count[HOOK_POSTSTOP]) {
		ret = sync_say(c->sync, SYNC_HOOKS, 0);
		if (!ret)
			ret = sync_expect(c->sync, SYNC_GO, err);
	}
	if (!ret && hooks->count[HOOK_CREATE_CONTAINER]) {
		cleanup_free char *state = c->state_json(c, "creating");

		ret = hooks_run(hooks, HOOK_CREATE_CONTAINER, state, err);
	}
	return ret;
}

static int build_root(struct container *c, struct error *err)
{
	int ret = rootfs_attach(c, err);

	if (!ret)
		ret = mounts_all(c, err);
	if (!ret)
		ret = devices_make(c, err);
	if (!ret)
		ret = set_sysctls(c, err);
	if (!ret)
		ret = masks_put(c, err);
	if (!ret && c->config.process.terminal)
		ret = terminal_open(c, err);
	if (!ret)
		ret = groups_join(c, err);
	if (!ret)
		ret = call_hooks(c, err);
	if (!ret)
		ret = rootfs_pivot(c, err);
	return ret ? ret : rootfs_finish(c, err);
}

/* A session of its own: the caller's terminal is not ours to type into (TIOCSTI). */
static int leave_session(struct error *err)
{
#ifndef CELL_WITHOUT_GUARD_SESSION
	if (setsid() < 0 && errno != EPERM)
		return error_errno(err, errno, NULL, "setsid");
#endif
	return 0;
}

static int get_ready(struct container *c, struct error *err)
{
	/* While we are who may: in a user namespace of ours we are soon somebody else. */
	int ret = c->late ? 0 : groups_join(c, err);

	if (!ret)
		ret = leave_session(err);
	if (!ret)
		ret = prepare_world(c, err);
	if (!ret)
		ret = build_root(c, err);
	if (!ret && c->config.process.terminal)
		ret = terminal_take(c, err);
	if (!ret && c->config.personality != CONFIG_UNSET &&
	    personality((unsigned long)c->config.personality) < 0)
		ret = error_errno(err, errno, NULL, ".linux.personality");
	return ret ? ret : program_check(c, err);
}

/* `exec`: everything is there, and we are in it. */
static int get_ready_inside(struct container *c, struct error *err)
{
	int ret = groups_join(c, err);

	if (!ret)
		ret = leave_session(err);
	if (ret)
		return ret;
	leave_keyring(c);
	c->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return error_errno(err, errno, NULL, "the container's root");
	if (c->join_flags & CLONE_NEWUSER && (setresgid(0, 0, 0) || setresuid(0, 0, 0)))
		return error_errno(err, errno, NULL, "user namespace: root");
	prctl(PR_SET_DUMPABLE, 0);
	if (c->config.process.terminal) {
		ret = terminal_open(c, err);
		if (!ret)
			ret = terminal_take(c, err);
	}
	return ret ? ret : program_check(c, err);
}

/* `start` connects; from then on its connection hears what happens. */
static int wait_for_start(struct container *c)
{
	int fd;

	do
		fd = accept4(c->start, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return -errno;
	close(c->start);
	c->start = -1;
	close(c->sync);
	c->sync = fd;
	return 0;
}

void container_child(struct container *c)
{
	struct error err = { "" };
	int ret;

	c->terminal = -1;
	ret = c->joins ? get_ready_inside(c, &err) : get_ready(c, &err);
	if (!ret)
		ret = sync_say(c->sync, SYNC_READY, 0);
	if (!ret)
		ret = sync_expect(c->sync, SYNC_GO, &err);
	if (!ret && c->start >= 0)
		ret = wait_for_start(c);
	if (!ret && c->config.hooks.count[HOOK_START_CONTAINER] && !c->joins) {
		cleanup_free char *state = c->state_json(c, "created");

		ret = hooks_run(&c->config.hooks, HOOK_START_CONTAINER, state, &err);
	}
	if (!ret)
		ret = program_become(c, &err);
	sync_fail(c->sync, -ret, &err);
	_exit(1);
}
