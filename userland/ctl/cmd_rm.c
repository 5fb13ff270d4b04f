// SPDX-License-Identifier: GPL-2.0-only
/* csched rm */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_rm(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group group;
	cleanup_close int dev = -1;
	int ret = 0, i;

	if (argc < 2)
		return error_set(err, EINVAL, "rm: name a group");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	for (i = 1; i < argc && !ret; i++) {
		ret = device_find(dev, argv[i], &group, err);
		if (!ret && ioctl(dev, CSCHED_IOC_REMOVE, (unsigned long)group.id))
			ret = error_errno(err, errno, NULL, "rm: %s", argv[i]);
	}
	return ret;
}
