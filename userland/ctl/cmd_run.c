// SPDX-License-Identifier: GPL-2.0-only
/* csched run: joins the group, then becomes the command. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_run(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group group;
	cleanup_close int dev = -1;
	int ret;

	if (argc < 4 || strcmp(argv[2], "--") != 0)
		return error_set(err, EINVAL, "run: name a group and a command: csched run NAME -- COMMAND");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, argv[1], &group, err);
	if (!ret)
		ret = device_add(dev, &group, getpid(), err);
	if (ret)
		return ret;
	execvp(argv[3], argv + 3);
	return error_errno(err, errno, NULL, "run: %s", argv[3]);
}
