// SPDX-License-Identifier: GPL-2.0-only
/* csched set */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_set(int argc, char **argv, struct error *err)
{
	struct csched_ioc_create wanted;
	struct csched_ioc_group group;
	struct csched_ioc_set args;
	cleanup_close int dev = -1;
	uint32_t which;
	int ret = parse_attributes(argc, argv, &wanted, &which, err);

	if (ret)
		return ret;
	if (!which)
		return error_set(err, EINVAL, "set: %s: nothing to change: give --weight, --cap or --burst",
				 wanted.name);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, wanted.name, &group, err);
	if (ret)
		return ret;
	args = (struct csched_ioc_set){
		.id = group.id,
		.which = which,
		.weight = wanted.weight,
		.cap = wanted.cap,
		.burst_ns = wanted.burst_ns,
	};
	if (!ioctl(dev, CSCHED_IOC_SET, &args))
		return 0;
	return error_errno(err, errno, "weights go to 10000 (credit: 65535), caps to 100 a CPU, bursts to 7 days",
			   "set: %s", wanted.name);
}
