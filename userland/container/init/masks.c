// SPDX-License-Identifier: GPL-2.0-only
/* Paths that the container sees empty, or cannot write (maskedPaths, readonlyPaths). Called by child.c. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../path/guard.h"
#include "../path/inroot.h"
#include "../path/mounts.h"
#include "cleanup.h"
#include "container.h"

/*
 * The cover of a file is the host's /dev/null, opened while the host is in sight and looked at: the
 * container's could be a link to what it should hide (CVE-2025-31133).
 */
static int open_null(const struct container *c, struct error *err)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (!GUARD(DEVNULL)) {
		fd = inroot_open(c->root_fd, "/dev/null", O_PATH);
		return keep_fd(&fd);
	}
	/* path-layer: the host's */
	fd = open("/dev/null", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, errno, NULL, "maskedPaths: /dev/null");
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, ENXIO, "maskedPaths: /dev/null: is not the null device");
	return keep_fd(&fd);
}

/* One empty file system covers all folders. */
static int open_empty(struct error *err)
{
	return mount_new("tmpfs", "tmpfs", "size=0k,nr_inodes=1",
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				 MOUNT_ATTR_NOEXEC, err);
}

struct covers {
	int null;
	int empty;
	bool empty_used;
};

/* A mount can be put once, so each place gets a copy; a detached one can only be copied from 6.15 on. */
static int copy_cover(struct covers *covers, bool folder, struct error *err)
{
	int copy;

	if (!folder) {
		copy = mount_clone(covers->null, "", false);
		return copy < 0 ? error_errno(err, -copy, NULL, "maskedPaths: /dev/null") : copy;
	}
	if (covers->empty < 0) {
		covers->empty = open_empty(err);
		if (covers->empty < 0)
			return covers->empty;
	}
	if (!covers->empty_used) {
		covers->empty_used = true;
		return dup(covers->empty);
	}
	copy = mount_clone(covers->empty, "", false);
	return copy < 0 ? error_errno(err, -copy, NULL, "maskedPaths: an empty folder") : copy;
}

static int mask(struct container *c, const char *path, struct covers *covers, struct error *err)
{
	cleanup_close int place = inroot_open(c->root_fd, path, O_PATH), cover = -1;
	struct stat st;
	int ret;

	if (place == -ENOENT || place == -ENOTDIR)
		return 0;
	if (place < 0)
		return error_errno(err, -place, NULL, "maskedPaths: %s", path);
	if (fstat(place, &st))
		return error_errno(err, errno, NULL, "maskedPaths: %s", path);
	cover = copy_cover(covers, S_ISDIR(st.st_mode), err);
	if (cover < 0)
		return cover;
	ret = mount_put(cover, place);
	return ret ? error_errno(err, -ret, NULL, "maskedPaths: %s", path) : 0;
}

static int make_readonly(struct container *c, const char *path, struct error *err)
{
	cleanup_close int place = inroot_open(c->root_fd, path, O_PATH), tree = -1;
	int ret;

	if (place == -ENOENT || place == -ENOTDIR)
		return 0;
	if (place < 0)
		return error_errno(err, -place, NULL, "readonlyPaths: %s", path);
	tree = mount_clone(place, "", true);
	ret = tree < 0 ? tree : mount_change(tree, MOUNT_ATTR_RDONLY, 0, 0, true);
	if (!ret)
		ret = mount_put(tree, place);
	return ret ? error_errno(err, -ret, NULL, "readonlyPaths: %s", path) : 0;
}

int masks_put(struct container *c, struct error *err)
{
	struct covers covers = { -1, -1, false };
	char **path;
	int ret = 0;

	for (path = c->config.readonly_paths; path && *path && !ret; path++)
		ret = make_readonly(c, *path, err);
	if (!ret && c->config.masked_paths && *c->config.masked_paths) {
		covers.null = open_null(c, err);
		if (covers.null < 0)
			return covers.null;
	}
	for (path = c->config.masked_paths; path && *path && !ret; path++)
		ret = mask(c, *path, &covers, err);
	cleanup_fd(&covers.null);
	cleanup_fd(&covers.empty);
	return ret;
}
