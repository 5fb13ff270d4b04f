// SPDX-License-Identifier: GPL-2.0-only
/* csched add */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

/* All processes that are in the cgroup now; those they fork will follow. */
static int add_cgroup(int dev, const struct csched_ioc_group *group, const char *path,
		      struct error *err)
{
	cleanup_fclose FILE *procs = NULL;
	char file[4096];
	int pid, ret, n = 0;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	procs = fopen(file, "re");
	if (!procs)
		return error_errno(err, errno, "give the path of a folder under /sys/fs/cgroup", "cgroup: %s",
				   path);
	while (fscanf(procs, "%d", &pid) == 1) {
		ret = device_add(dev, group, pid, err);
		if (ret && ret != -ESRCH)
			return ret;
		n += !ret;
	}
	return n ? 0 : error_set(err, ESRCH, "cgroup: %s: no process is in it", path);
}

int cmd_add(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group group;
	cleanup_close int dev = -1;
	int ret, i;

	if (argc < 3)
		return error_set(err, EINVAL, "add: name a group and processes: csched add NAME PID...");
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, argv[1], &group, err);
	if (!ret && !strcmp(argv[2], "--cgroup"))
		return argc == 4 ? add_cgroup(dev, &group, argv[3], err)
				 : error_set(err, EINVAL, "add: --cgroup: exactly one path is to follow");
	for (i = 2; i < argc && !ret; i++) {
		uint64_t pid;

		ret = parse_number(argv[i], "pid", INT32_MAX, &pid, err);
		if (!ret && !pid)
			ret = error_set(err, EINVAL, "pid: 0: no process has it");
		if (!ret)
			ret = device_add(dev, &group, pid, err);
	}
	return ret;
}
