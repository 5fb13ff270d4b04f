// SPDX-License-Identifier: GPL-2.0-only
/* csched set */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_set(int argc, char **argv, struct error *err)
{
	struct attributes wanted;
	struct csched_ioc_group group;
	struct csched_ioc_set args;
	cleanup_close int dev = -1;
	int ret = parse_attributes(argc, argv, &wanted, err);

	if (ret)
		return ret;
	if (!wanted.args.name[0])
		return error_set(err, EUSAGE, "set: name a group: csched set NAME OPTION...");
	if (wanted.fixed)
		return error_set(err, EUSAGE,
				 "set: --%s: is fixed when a group is made: make another one",
				 wanted.fixed);
	if (!wanted.set)
		return error_set(
			err, EUSAGE,
			"set: %s: nothing to change: give --weight, --cap, --burst or --baseline",
			wanted.args.name);
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, wanted.args.name, &group, err);
	if (ret)
		return ret;
	args = (struct csched_ioc_set){
		.id = group.id,
		.which = wanted.set,
		.weight = wanted.args.weight,
		.cap = wanted.args.cap,
		.burst_ns = wanted.args.burst_ns,
		.baseline = wanted.args.baseline,
	};
	ret = device_set(dev, wanted.args.name, &args, err);
	if (!ret && wanted.verbose)
		printf("%s: changed\n", wanted.args.name);
	return ret;
}
