// SPDX-License-Identifier: GPL-2.0-only
/*
 * The container's view of its control groups, usually on /sys/fs/cgroup. Called by mounts.c.
 *
 * What it sees is a bind mount of its own group in each hierarchy: so there is no release_agent
 * to write to, which only a hierarchy's root has (CVE-2022-0492), and no group of anybody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/mounts.h"
#include "cleanup.h"
#include "container.h"

/* Without a cgroup namespace the group's own limits are within reach: read-only then (CVE-2023-25809). */
static uint64_t attributes(const struct container *c, const struct config_mount *mount)
{
	uint64_t set = mount->set & ~(uint64_t)MOUNT_ATTR_RDONLY;

#ifndef CELL_WITHOUT_GUARD_CGROUP_RO
	if (!(c->config.namespaces.listed & 1u << NS_CGROUP))
		return set | MOUNT_ATTR_RDONLY;
#endif
	return set | (mount->set & MOUNT_ATTR_RDONLY);
}

static int view_of(struct container *c, unsigned int i, const struct config_mount *mount,
		   struct error *err)
{
	const struct cgroup_hierarchy *h = &c->cgroups.hierarchies[i];
	uint64_t set = attributes(c, mount);
	int tree = c->trees.cgroups[i], ret;

	if (tree < 0)
		return h->v2 ? mount_new("cgroup2", "cgroup2", NULL, set, err) : -ENOENT;
	ret = mount_change(tree, set, 0, MS_PRIVATE, false);
	return ret ? error_errno(err, -ret, NULL, "mounts: %s", mount->destination) : tree;
}

/* "cpu,cpuacct" can be found by either name, as on the host. */
static void link_names(int folder, const char *name)
{
	char copy[128], *rest = copy, *word;

	if (!strchr(name, ',') || strlen(name) >= sizeof(copy))
		return;
	strcpy(copy, name);
	while ((word = strsep(&rest, ",")))
		(void)!symlinkat(name, folder, word);
}

static int put_one(struct container *c, unsigned int i, const struct config_mount *mount,
		   int folder, struct error *err)
{
	const char *name = strrchr(c->cgroups.hierarchies[i].mount, '/') + 1;
	cleanup_close int place = -1;
	int tree = view_of(c, i, mount, err), ret;

	/* A hierarchy that we could not enter is not shown. */
	if (tree < 0)
		return tree == -ENOENT || tree == -EPERM ? 0 : tree;
	if (mkdirat(folder, name, 0755) && errno != EEXIST)
		return error_errno(err, errno, NULL, "mounts: %s/%s", mount->destination, name);
	place = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ret = place < 0 ? -errno : mount_put(tree, place);
	link_names(folder, name);
	return ret ? error_errno(err, -ret, NULL, "mounts: %s/%s", mount->destination, name) : 0;
}

int mount_cgroups(struct container *c, const struct config_mount *mount, int target,
		  struct error *err)
{
	cleanup_close int tmpfs = -1;
	int ret;

	if (c->cgroups.count == 1 && c->cgroups.hierarchies[0].v2) {
		int tree = view_of(c, 0, mount, err);

		if (tree < 0)
			return tree;
		ret = mount_put(tree, target);
		return ret ? error_errno(err, -ret, NULL, "mounts: %s", mount->destination) : 0;
	}
	tmpfs = mount_new("tmpfs", "tmpfs", "mode=755,size=1m", mount->set &
			  ~(uint64_t)MOUNT_ATTR_RDONLY, err);
	if (tmpfs < 0)
		return tmpfs;
	ret = mount_put(tmpfs, target);
	if (ret)
		return error_errno(err, -ret, NULL, "mounts: %s", mount->destination);
	for (unsigned int i = 0; !ret && i < c->cgroups.count; i++)
		ret = put_one(c, i, mount, tmpfs, err);
	if (!ret && mount->set & MOUNT_ATTR_RDONLY) {
		ret = mount_change(tmpfs, MOUNT_ATTR_RDONLY, 0, 0, false);
		if (ret)
			error_errno(err, -ret, NULL, "mounts: %s", mount->destination);
	}
	return ret;
}
