// SPDX-License-Identifier: GPL-2.0-only
/*
 * Into the groups: at once, or late. Called by create.c (parent), child.c and mounts.c (child).
 *
 * cgroup v1 has a hierarchy for each controller, and to make a group in each takes about as long as
 * the child needs to make a network and mount most of what it mounts. So they are made meanwhile; the
 * child has no copy of their descriptors then, and gets them over the socket.
 */
#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container.h"

/**
 * struct handover - which descriptors come with it, in this order
 * @groups: bit of each hierarchy whose group it has
 * @trees: bit of each that is to be shown
 */
struct handover {
	uint32_t groups;
	uint32_t trees;
};

#define DESCRIPTORS	(2 * CGROUP_HIERARCHIES)

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
};

static_assert(CGROUP_HIERARCHIES <= 32, "a bit for each");

/* Version 2's is there before the child is. */
static bool is_late(const struct container *c, unsigned int i)
{
	return !c->cgroups.hierarchies[i].v2;
}

int groups_give(const struct container *c, struct error *err)
{
	struct handover handover = { 0 };
	union control control = { 0 };
	int *fds = (int *)CMSG_DATA(&control.header), count = 0;
	struct iovec data = { &handover, sizeof(handover) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	for (unsigned int i = 0; i < c->cgroups.count; i++)
		if (is_late(c, i) && c->cgroups.hierarchies[i].dir >= 0) {
			handover.groups |= 1u << i;
			fds[count++] = c->cgroups.hierarchies[i].dir;
		}
	for (unsigned int i = 0; i < c->cgroups.count; i++)
		if (c->trees.cgroups[i] >= 0) {
			handover.trees |= 1u << i;
			fds[count++] = c->trees.cgroups[i];
		}
	control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	if (count) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
	}
	/* A child that has failed says so itself: container_ready() hears it. */
	if (sendmsg(c->sync, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return error_errno(err, errno, NULL, "cgroup: handing over");
	return 0;
}

static int receive(struct container *c, struct error *err)
{
	struct handover handover = { 0 };
	union control control = { 0 };
	const int *fds = (const int *)CMSG_DATA(&control.header);
	struct iovec data = { &handover, sizeof(handover) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	do
		n = recvmsg(c->sync, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(handover) || message.msg_flags & MSG_CTRUNC)
		return error_set(err, EPROTO, "cgroup: groups were not handed over");
	for (unsigned int i = 0; i < c->cgroups.count; i++)
		if (handover.groups & 1u << i)
			c->cgroups.hierarchies[i].dir = *fds++;
	for (unsigned int i = 0; i < c->cgroups.count; i++)
		if (handover.trees & 1u << i)
			c->trees.cgroups[i] = *fds++;
	return 0;
}

int groups_join(struct container *c, struct error *err)
{
	int ret;

	if (c->joined)
		return 0;
	ret = c->late ? receive(c, err) : 0;
	if (ret)
		return ret;
	ret = cgroups_enter(&c->cgroups, c->entered);
	if (ret)
		return error_errno(err, -ret, NULL, "cgroup: cannot enter %s", c->cgroups.path);
	if (makes_namespace(c, NS_CGROUP) && unshare(CLONE_NEWCGROUP))
		return error_errno(err, errno, NULL, "namespaces: cgroup");
	c->joined = true;
	return 0;
}
