// SPDX-License-Identifier: GPL-2.0-only
/* csched add */
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

static const struct option options[] = {
	{ "cgroup", required_argument, NULL, 'c' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static int read_pid(const char *text, uint64_t *pid, struct error *err)
{
	int ret = parse_number(text, "pid", INT32_MAX, pid, err);

	if (!ret && !*pid)
		ret = error_set(err, EUSAGE, "pid: 0: no process has it");
	return ret;
}

static int add_pids(int dev, const struct csched_ioc_group *group, char **pids, bool verbose,
		    struct error *err)
{
	uint64_t pid;
	int ret = 0;

	for (; *pids && !ret; pids++) {
		ret = read_pid(*pids, &pid, err);
		if (!ret)
			ret = device_add(dev, group, (pid_t)pid, err);
		if (!ret && verbose)
			printf("%s: pid %s joined\n", group->name, *pids);
	}
	return ret;
}

int cmd_add(int argc, char **argv, struct error *err)
{
	struct csched_ioc_group group;
	const char *cgroup = NULL;
	cleanup_close int dev = -1;
	uint64_t pid;
	bool verbose = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "v", options, &option, err)) > 0) {
		if (option == 'c')
			cgroup = optarg;
		else
			verbose = true;
	}
	if (ret)
		return ret;
	if (optind == argc || (optind == argc - 1 && !cgroup))
		return error_set(
			err, EUSAGE,
			"add: name a group and who is to join: csched add NAME PID...|--cgroup PATH");
	if (cgroup && optind < argc - 1)
		return error_set(err, EUSAGE, "add: %s: give either processes or --cgroup",
				 argv[optind + 1]);
	for (char **at = argv + optind + 1; *at && !ret; at++)
		ret = read_pid(*at, &pid, err);
	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	ret = device_find(dev, argv[optind], &group, err);
	if (ret)
		return ret;
	if (cgroup)
		return add_cgroup(dev, &group, cgroup, verbose, err);
	return add_pids(dev, &group, argv + optind + 1, verbose, err);
}
