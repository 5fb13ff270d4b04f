// SPDX-License-Identifier: GPL-2.0-only
/* csched create */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_create(int argc, char **argv, struct error *err)
{
	struct csched_ioc_create args;
	cleanup_close int dev = -1;
	uint32_t which;
	int ret = parse_attributes(argc, argv, &args, &which, err);

	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	args.flags |= CSCHED_PERSIST;
	return device_create(dev, &args, err);
}
