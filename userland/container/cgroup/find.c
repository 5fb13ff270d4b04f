// SPDX-License-Identifier: GPL-2.0-only
/* Which control group hierarchies this host has. Called by the verbs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../path/proc.h"
#include "cgroup.h"
#include "cleanup.h"

static const struct {
	const char *name;
	enum cgroup_controller controller;
} names[] = {
	{ "cpu", CG_CPU },	   { "cpuacct", CG_CPUACCT },	{ "cpuset", CG_CPUSET },
	{ "memory", CG_MEMORY },   { "devices", CG_DEVICES },	{ "freezer", CG_FREEZER },
	{ "blkio", CG_IO },	   { "io", CG_IO },		{ "pids", CG_PIDS },
	{ "hugetlb", CG_HUGETLB }, { "net_cls", CG_NET_CLS },	{ "net_prio", CG_NET_PRIO },
	{ "rdma", CG_RDMA },	   { "perf_event", CG_PERF },
};

static unsigned int controllers_of(char *list, const char *between)
{
	unsigned int found = 0;
	char *rest = list, *word;

	while ((word = strsep(&rest, between)))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strcmp(word, names[i].name))
				found |= 1u << names[i].controller;
	return found;
}

static unsigned int controllers_of_v2(int root)
{
	char list[512];

	/* Freezing and device programs are part of every group but the root. */
	return (cgroup_read(root, "cgroup.controllers", list, sizeof(list)) > 0
			? controllers_of(list, " ")
			: 0) | 1u << CG_FREEZER | 1u << CG_DEVICES;
}

static int add(struct cgroups *groups, const char *mount, bool v2, char *options)
{
	struct cgroup_hierarchy *h = &groups->hierarchies[groups->count];
	int root;

	if (groups->count == CGROUP_HIERARCHIES || strlen(mount) >= sizeof(h->mount))
		return -E2BIG;
	root = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	/* Something else may be mounted on it. */
	if (!on_filesystem(root, v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC)) {
		close(root);
		return 0;
	}
	*h = (struct cgroup_hierarchy){ .root = root, .v2 = v2, .dir = -1 };
	strcpy(h->mount, mount);
	h->controllers = v2 ? controllers_of_v2(root) : controllers_of(options, ",");
	groups->count++;
	return 0;
}

/* The same hierarchy may be mounted at more than one place: the first counts. */
static bool known(const struct cgroups *groups, bool v2, const char *options)
{
	char copy[512];
	unsigned int controllers;

	snprintf(copy, sizeof(copy), "%s", options);
	controllers = v2 ? 0 : controllers_of(copy, ",");
	for (unsigned int i = 0; i < groups->count; i++)
		if (groups->hierarchies[i].v2 == v2 &&
		    (v2 || (controllers && groups->hierarchies[i].controllers == controllers)))
			return true;
	return false;
}

/* "36 35 98:0 /root /mount/point options - cgroup source super,options" (proc_pid_mountinfo(5)) */
static int add_line(struct cgroups *groups, char *line, struct error *err)
{
	char *end = strstr(line, " - "), *mount, *type, *options, *rest = line;
	bool v2;
	int ret = 0;

	if (!end)
		return 0;
	*end = '\0';
	end += 3;
	type = strsep(&end, " ");
	strsep(&end, " ");
	options = end;
	if (!options || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
		return 0;
	options[strcspn(options, "\n")] = '\0';
	v2 = type[6] == '2';
	for (int i = 0; i < 4; i++)
		strsep(&rest, " ");
	mount = strsep(&rest, " ");
	if (mount && !known(groups, v2, options))
		ret = add(groups, mount, v2, options);
	/* One out of our reach is none; one passed over for want of memory would keep its groups. */
	if (!ret || ret == -ENOENT || ret == -ENOTDIR || ret == -EACCES || ret == -EPERM ||
	    ret == -E2BIG)
		return 0;
	return error_errno(err, -ret, NULL, "cgroup: %s", mount);
}

int cgroups_find(struct cgroups *groups, struct error *err)
{
	cleanup_close int fd = -1;
	cleanup_fclose FILE *file = NULL;
	cleanup_free char *line = NULL;
	size_t room = 0;
	int ret = 0;

	groups->count = 0;
	groups->made = 0;
	groups->path[0] = '\0';
	groups->enabled = true;
	fd = open("/sys/fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && on_filesystem(fd, CGROUP2_SUPER_MAGIC))
		return add(groups, "/sys/fs/cgroup", true, NULL);
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return error_errno(err, errno, "mount a procfs", "/proc/self/mountinfo");
	while (!ret && getline(&line, &room, file) > 0)
		ret = add_line(groups, line, err);
	if (!ret && ferror(file))
		ret = error_set(err, EIO, "/proc/self/mountinfo: cannot be read");
	return ret;
}

void cgroups_close(struct cgroups *groups)
{
	for (unsigned int i = 0; i < groups->count; i++) {
		cleanup_fd(&groups->hierarchies[i].root);
		cleanup_fd(&groups->hierarchies[i].dir);
	}
	groups->count = 0;
}

struct cgroup_hierarchy *cgroups_with(struct cgroups *groups, enum cgroup_controller controller)
{
	struct cgroup_hierarchy *found = NULL;

	/* Where v1 has it, v2 does not; freezer and devices are the exception, and v1's win. */
	for (unsigned int i = 0; i < groups->count; i++) {
		struct cgroup_hierarchy *h = &groups->hierarchies[i];

		if (h->controllers & 1u << controller && (!found || found->v2))
			found = h;
	}
	return found;
}

unsigned int cgroups_versions(const struct cgroups *groups)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < groups->count; i++)
		found |= groups->hierarchies[i].v2 ? CGROUPS_V2 : CGROUPS_V1;
	return found;
}

int cgroups_v2_dir(const struct cgroups *groups)
{
	for (unsigned int i = 0; groups->enabled && i < groups->count; i++)
		if (groups->hierarchies[i].v2)
			return groups->hierarchies[i].dir;
	return -1;
}
