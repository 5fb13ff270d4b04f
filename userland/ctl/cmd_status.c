// SPDX-License-Identifier: GPL-2.0-only
/* csched status */
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_status(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group g = { .id = 0 };
	cleanup_close int dev = device_open(err);
	unsigned int groups = 0, tasks = 0;

	(void)argc;
	(void)argv;
	if (dev < 0)
		return dev;
	for (; !ioctl(dev, CSCHED_IOC_GROUP, &g); g.id++) {
		groups++;
		tasks += g.tasks;
	}
	printf("%s: version %d, tasks park at their return to user mode; %u groups, %u tasks\n",
	       CSCHED_DEVICE, CSCHED_ABI_VERSION, groups, tasks);
	return 0;
}
