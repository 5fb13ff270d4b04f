// SPDX-License-Identifier: GPL-2.0-only
/* csched rm */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const struct option options[] = {
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

/* As device_find(), but where the group was when @known was read it is found at once. */
static int find(int dev, const struct groups *known, const char *name, struct csched_ioc_group *group,
		struct error *err)
{
	for (size_t i = 0; i < known->count; i++) {
		if (strcmp(known->at[i].name, name) != 0)
			continue;
		group->id = known->at[i].id;
		if (!ioctl(dev, CSCHED_IOC_GROUP, group) && !strcmp(group->name, name))
			return 0;
		break;
	}
	return device_find(dev, name, group, err);
}

int cmd_rm(int argc, char **argv, struct error *err)
{
	struct groups known = { .count = 0 };
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
	ret = groups_read(dev, &known, err);
	/* One that is not there: nothing has changed. */
	for (i = optind; i < argc && !ret; i++)
		ret = find(dev, &known, argv[i], &group, err);
	for (i = optind; i < argc && !ret; i++) {
		ret = find(dev, &known, argv[i], &group, err);
		if (!ret)
			ret = device_remove(dev, &group, err);
		if (!ret && verbose)
			printf("%s: removed, %u tasks let go\n", argv[i], group.tasks);
	}
	groups_free(&known);
	return ret;
}
