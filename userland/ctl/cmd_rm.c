// SPDX-License-Identifier: GPL-2.0-only
/* csched rm */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int cmd_rm(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group group;
	cleanup_close int dev = -1;
	bool verbose = false;
	int ret, option, i;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0)
		verbose = true;
	if (ret)
		return ret;
	if (optind == argc)
		return error_set(err, EUSAGE, "rm: name a group: csched rm NAME...");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	/* One that is not there: nothing has changed. */
	for (i = optind; i < argc && !ret; i++)
		ret = device_find(dev, argv[i], &group, err);
	for (i = optind; i < argc && !ret; i++) {
		ret = device_find(dev, argv[i], &group, err);
		if (!ret)
			ret = device_remove(dev, &group, err);
		if (!ret && verbose)
			printf("%s: removed, %u tasks let go\n", argv[i], group.tasks);
	}
	return ret;
}
