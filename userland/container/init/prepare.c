// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts of host paths, made detached while we still have the host's privileges: the child's user
 * namespace may not reach them. Without those privileges (rootless) the child makes them itself.
 * Called by create.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../path/mounts.h"
#include "cleanup.h"
#include "container.h"

static bool maps_are(const struct config_id_maps *maps)
{
	return maps->uid_count;
}

static int idmap(const struct container *c, const struct config_mount *mount, int tree,
		 struct error *err)
{
	const struct config_id_maps *maps = maps_are(&mount->maps) ? &mount->maps
								     : &c->config.maps;
	cleanup_close int userns = -1;
	int ret;

	if (!maps_are(maps))
		return error_set(err, EINVAL, "mounts: %s: idmap: the container has no id maps: give "
				 "uidMappings and gidMappings with the mount", mount->destination);
	userns = id_maps_namespace(c->proc, maps, err);
	if (userns < 0)
		return userns;
	ret = mount_idmap(tree, userns, mount->idmap_all);
	return ret ? error_errno(err, -ret,
				 ret == -EINVAL ? "this file system cannot have its ids mapped"
						: NULL,
				 "mounts: %s: idmap", mount->destination)
		   : 0;
}

/* Relative sources are the bundle's (config.md#mounts). */
static void source_path(const struct container *c, const struct config_mount *mount, char *path,
			size_t room)
{
	snprintf(path, room, "%s%s%s", mount->source[0] == '/' ? "" : c->bundle,
		 mount->source[0] == '/' ? "" : "/", mount->source);
}

static int prepare_mount(struct container *c, size_t i, struct error *err)
{
	const struct config_mount *mount = &c->config.mounts[i];
	char path[2 * PATH_MAX];
	int tree, ret;

	c->trees.mounts[i] = -1;
	if (!mount->bind)
		return 0;
	source_path(c, mount, path, sizeof(path));
	tree = mount_clone(AT_FDCWD, path, mount->recursive);
	if (tree == -EPERM && geteuid())
		return mount->idmap ? error_set(err, EPERM,
						"mounts: %s: idmap: needs root",
						mount->destination)
				    : 0;
	if (tree < 0)
		return error_errno(err, -tree,
				   tree == -EINVAL ? "it is not in our mount namespace, or must be "
						     "bound with all below it (rbind)" : NULL,
				   "mounts: %s: source %s", mount->destination, path);
	c->trees.mounts[i] = tree;
	if (!mount->idmap)
		return 0;
	ret = idmap(c, mount, tree, err);
	return ret;
}

static int prepare_rootfs(struct container *c, struct error *err)
{
	int tree = mount_clone(AT_FDCWD, c->rootfs, true);

	if (tree == -EPERM && geteuid())
		tree = -1;
	else if (tree < 0)
		return error_errno(err, -tree, NULL, "root: %s", c->rootfs);
	c->trees.rootfs = tree;
	return 0;
}

static bool shows_groups(const struct container *c)
{
	for (size_t i = 0; i < c->config.mount_count; i++)
		if (!strncmp(c->config.mounts[i].type, "cgroup", 6))
			return true;
	return false;
}

void container_prepare_groups(struct container *c)
{
	if (!shows_groups(c))
		return;
	for (unsigned int i = 0; i < c->cgroups.count; i++) {
		int dir = c->cgroups.hierarchies[i].dir;
		int tree = dir >= 0 ? mount_clone(dir, "", false) : -1;

		c->trees.cgroups[i] = tree < 0 ? -1 : tree;
	}
}

int container_prepare(struct container *c, struct error *err)
{
	int ret = prepare_rootfs(c, err);

	c->trees.mounts = calloc(c->config.mount_count + 1, sizeof(int));
	if (!c->trees.mounts)
		return error_set(err, ENOMEM, "mounts: no memory");
	for (size_t i = 0; i < CGROUP_HIERARCHIES; i++)
		c->trees.cgroups[i] = -1;
	for (size_t i = 0; !ret && i < c->config.mount_count; i++)
		ret = prepare_mount(c, i, err);
	return ret;
}
