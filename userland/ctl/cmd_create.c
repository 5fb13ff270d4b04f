// SPDX-License-Identifier: GPL-2.0-only
/* csched create */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

int cmd_create(int argc, char **argv, struct error *err)
{
	struct attributes attributes;
	struct csched_ioc_create *args = &attributes.args;
	cleanup_close int dev = -1;
	int ret = parse_attributes(argc, argv, &attributes, err);

	if (ret)
		return ret;
	if (attributes.list_presets) {
		presets_print(stdout);
		return 0;
	}
	if (!args->name[0])
		return error_set(err, EUSAGE,
				 "create: name the group: csched create NAME [OPTION]...");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	args->flags |= CSCHED_PERSIST;
	ret = device_create(dev, args, err);
	if (!ret && attributes.verbose)
		printf("%s: created, number %u, policy %s\n", args->name, args->id, args->policy);
	return ret;
}
