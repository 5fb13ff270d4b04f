// SPDX-License-Identifier: GPL-2.0-only
/* The device, and what its errors mean. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "csched.h"

/* Returns a file descriptor, or a negative errno. */
int device_open(struct error *err)
{
	int fd = open(CSCHED_DEVICE, O_RDWR | O_CLOEXEC), version, failed = errno;

	if (fd < 0)
		return error_errno(err, failed, failed == ENOENT ? "load credit_sched.ko" : "run as root",
				   "open: %s", CSCHED_DEVICE);
	version = ioctl(fd, CSCHED_IOC_VERSION, 0);
	if (version == CSCHED_ABI_VERSION)
		return fd;
	close(fd);
	return error_set(err, EPROTO, "open: %s: speaks version %d: this csched speaks %d", CSCHED_DEVICE,
			 version, CSCHED_ABI_VERSION);
}

/* The group called @name. Returns 0 or a negative errno. */
int device_find(int dev, const char *name, struct csched_ioc_group *group, struct error *err)
{
	group->id = 0;
	while (!ioctl(dev, CSCHED_IOC_GROUP, group)) {
		if (!strcmp(group->name, name))
			return 0;
		group->id++;
	}
	return error_set(err, ENOENT, "group: %s: there is none: csched list shows those there are", name);
}

static const char *why_not_created(int errnum)
{
	switch (errnum) {
	case EINVAL:
		return "the policy is unknown, the slot is not within 0.5ms to 1s, a CPU is not "
		       "online, or the name is taken or has spaces";
	case ERANGE:
		return "share and lottery take weights 1 to 10000, credit 1 to 65535";
	case EDOM:
		return "a cap is at most 100 for each CPU of the group";
	case EOVERFLOW:
		return "a burst is at most 7 days";
	case EEXIST:
		return "the groups on these CPUs have another policy, slot, accounting or seed";
	case EBUSY:
		return "some of these CPUs belong to other groups, and some do not: give the same --cpus";
	case ENOSPC:
		return "there are 1024 groups on these CPUs";
	}
	return NULL;
}

int device_create(int dev, struct csched_ioc_create *args, struct error *err)
{
	if (!ioctl(dev, CSCHED_IOC_CREATE, args))
		return 0;
	return error_errno(err, errno, why_not_created(errno), "create: %s", args->name);
}

static const char *why_not_added(int errnum)
{
	switch (errnum) {
	case ESRCH:
		return "there is no such process here";
	case EBUSY:
		return "it is in a group already";
	case EPERM:
		return "it is init, or another user's: CAP_SYS_NICE is needed";
	case EINVAL:
		return "it is a kernel thread";
	case EOPNOTSUPP:
		return "it is scheduled by real-time or deadline rules: chrt --other -p 0 PID";
	}
	return NULL;
}

int device_add(int dev, const struct csched_ioc_group *group, pid_t pid, struct error *err)
{
	struct csched_ioc_add args = { .id = group->id, .pid = pid };

	if (!ioctl(dev, CSCHED_IOC_ADD, &args))
		return 0;
	return error_errno(err, errno, why_not_added(errno), "add to %s: pid %d", group->name, (int)pid);
}
