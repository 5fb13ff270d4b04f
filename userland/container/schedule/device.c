// SPDX-License-Identifier: GPL-2.0-only
/* A container's group in /dev/credit_sched, see schedule.h and kmod/credit_sched/uapi. */
#include "schedule.h"

#include <credit_sched.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"

int schedule_open(struct error *err)
{
	cleanup_close int fd = open(SCHEDULE_DEVICE, O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return -ENOENT;
	if (fd < 0)
		return error_errno(err, errno, "run as root, or let the administrator open it",
				   "--sched: %s", SCHEDULE_DEVICE);
	version = ioctl(fd, CSCHED_IOC_VERSION);
	if (version != CSCHED_ABI_VERSION)
		return error_set(err, EPROTO, "--sched: %s: has version %d of the interface, this "
				 "program %d: load the module of the same tree", SCHEDULE_DEVICE,
				 version, CSCHED_ABI_VERSION);
	return keep_fd(&fd);
}

/* 0: found; -ENOENT. */
static int find(int device, const char *id, struct csched_ioc_group *group)
{
	char name[SCHEDULE_NAME];

	schedule_name(id, name);
	memset(group, 0, sizeof(*group));
	while (!ioctl(device, CSCHED_IOC_GROUP, group)) {
		if (!strcmp(group->name, name))
			return 0;
		group->id++;
	}
	return -ENOENT;
}

static const char *advice(int failed)
{
	switch (failed) {
	case EEXIST:
		return "groups on the same CPUs have one policy: csched list shows them";
	case EBUSY:
		return "its CPUs belong to several pools: csched list shows them";
	case EPERM:
		return "such a weight or cap needs CAP_SYS_NICE";
	default:
		return NULL;
	}
}

int schedule_join(int device, const char *id, const struct schedule *schedule, int pidfd,
		  struct error *err)
{
	struct csched_ioc_create create = {
		.weight = schedule->weight, .cap = schedule->cap,
		.burst_ns = schedule->burst_ns, .flags = CSCHED_PERSIST,
	};
	struct csched_ioc_add add = { .pid = pidfd, .flags = CSCHED_ADD_PIDFD };

	schedule_name(id, create.name);
	strcpy(create.policy, schedule_policies[schedule->policy]);
	if (ioctl(device, CSCHED_IOC_CREATE, &create))
		return error_errno(err, errno, advice(errno), "--sched: make group %s: %s",
				   create.name, create.policy);
	add.id = create.id;
	if (ioctl(device, CSCHED_IOC_ADD, &add)) {
		int failed = errno;

		ioctl(device, CSCHED_IOC_REMOVE, create.id);
		return error_errno(err, failed, NULL, "--sched: put container %s into group %s", id,
				   create.name);
	}
	return 0;
}

void schedule_leave(const char *id)
{
	cleanup_close int device = open(SCHEDULE_DEVICE, O_RDWR | O_CLOEXEC);
	struct csched_ioc_group group;

	if (device >= 0 && !find(device, id, &group))
		ioctl(device, CSCHED_IOC_REMOVE, group.id);
}

void schedule_show(const char *id, char *text, size_t size)
{
	cleanup_close int device = open(SCHEDULE_DEVICE, O_RDWR | O_CLOEXEC);
	struct csched_ioc_group group;
	int used;

	text[0] = '\0';
	if (device < 0 || find(device, id, &group))
		return;
	used = snprintf(text, size, "%s: weight %u", group.policy, group.weight);
	if (group.cap && (size_t)used < size)
		used += snprintf(text + used, size - (size_t)used, ", cap %u %%", group.cap);
	if ((size_t)used < size)
		used += snprintf(text + used, size - (size_t)used, ", %u tasks, used %.2f s",
				 group.tasks, (double)group.used_ns / 1e9);
	if (!strcmp(group.policy, "credit") && (size_t)used < size)
		snprintf(text + used, size - (size_t)used, ", credit %.2f s of %.2f s",
			 (double)group.credit_ns / 1e9, (double)group.burst_ns / 1e9);
}
