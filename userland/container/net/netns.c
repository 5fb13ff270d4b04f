// SPDX-License-Identifier: GPL-2.0-only
/* Inside a container's network namespace, see netns.h. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "link.h"

static int sysctl_open(const char *name, int flags, struct error *err)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	return error_errno(err, errno,
			   errno == EROFS || errno == EACCES
				   ? "mount /proc/sys read-write on the host, as root"
				   : NULL,
			   "network: open %s", path);
}

int sysctl_write(const char *name, const char *value, struct error *err)
{
	cleanup_close int fd = sysctl_open(name, O_WRONLY, err);

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		return error_errno(err, errno, NULL, "network: write %s to /proc/sys/net/%s", value,
				   name);
	return 0;
}

int sysctl_read(const char *name, char *value, struct error *err)
{
	cleanup_close int fd = sysctl_open(name, O_RDONLY, err);

	if (fd < 0)
		return fd;
	if (read(fd, value, 1) != 1)
		return error_errno(err, errno ? errno : EIO, NULL,
				   "network: read /proc/sys/net/%s", name);
	return 0;
}

static int prepare(struct netlink *nl, bool quiet6, struct error *err)
{
	int ret = netlink_open(nl, NETLINK_ROUTE, err);

	if (!ret)
		ret = link_up(nl, "lo", err);
	if (ret || !quiet6)
		return ret;
	ret = sysctl_write("ipv6/conf/default/disable_ipv6", "1", err);
	return ret == -ENOENT ? 0 : ret;
}

int netns_prepare(struct netlink *nl, int netns, bool quiet6, struct error *err)
{
	cleanup_close int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int ret;

	nl->fd = -1;
	if (back < 0)
		return error_errno(err, errno, "is /proc mounted?",
				   "network: /proc/thread-self/ns/net");
	if (setns(netns, CLONE_NEWNET))
		return error_errno(err, errno, errno == EPERM ? "run as root" : NULL,
				   "network: enter the container's network namespace");
	ret = prepare(nl, quiet6, err);
	if (!setns(back, CLONE_NEWNET))
		return ret;
	/* Whatever this thread did next would be done to the container. */
	return error_errno(err, errno, "end this process",
			   "network: leave the container's network namespace");
}
