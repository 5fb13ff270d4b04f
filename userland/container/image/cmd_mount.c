// SPDX-License-Identifier: GPL-2.0-only
/* cell-image mount, umount: a bundle that shares its image's files with others. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../path/mounts.h"
#include "../path/tree.h"
#include "bundle/bundle.h"
#include "image_tool.h"
#include "layer/holder.h"
#include "layer/overlay.h"

static const char *const folders[] = { "rootfs", "upper", "work" };

static bool is_mount(int bundle, struct statx *info)
{
	return !statx(bundle, "rootfs", AT_SYMLINK_NOFOLLOW, STATX_TYPE, info) &&
	       info->stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int make_folders(int bundle, int fds[3], struct error *err)
{
	for (int i = 0; i < 3; i++) {
		if (mkdirat(bundle, folders[i], 0755))
			return error_errno(err, errno, errno == EEXIST ? "give another folder, or "
					   "cell-image umount it" : NULL, "mount: %s", folders[i]);
		fds[i] = openat(bundle, folders[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds[i] < 0)
			return error_errno(err, errno, NULL, "mount: %s", folders[i]);
	}
	return 0;
}

static int fill(const struct store *store, const struct image *image, int bundle,
		const char *path, struct error *err)
{
	cleanup_put json_object *json = NULL;
	cleanup_free struct digest *chains = NULL;
	cleanup_close int root = -1;
	int fds[3] = { -1, -1, -1 };
	size_t count = image->manifest.layers.count;
	int ret = overlay_prepare(store, image, &chains, err);

	if (!ret)
		ret = make_folders(bundle, fds, err);
	if (!ret)
		ret = overlay_mount(store, chains, count, fds[1], fds[2], fds[0], err);
	for (int i = 0; i < 3; i++)
		cleanup_fd(&fds[i]);
	if (!ret && overlay_keep(store, path, chains, count))
		ret = error_errno(err, errno, NULL, "store: %s/mounts", store->path);
	if (ret)
		return ret;
	root = openat(bundle, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, NULL, "mount: rootfs");
	ret = bundle_config(&image->config, root, &json, err);
	return ret ? ret : bundle_write(bundle, json, err);
}

/* Only what mount made: a folder that has more keeps it. Returns -errno of the first that stays. */
static int remove_made(int bundle)
{
	static const char *const files[] = { "config.json", "config.json.new" };
	int ret = 0;

	for (int i = 0; i < 3; i++) {
		int failed = tree_remove(bundle, folders[i]);

		ret = ret ?: failed;
	}
	for (int i = 0; i < 2; i++)
		if (unlinkat(bundle, files[i], 0) && errno != ENOENT)
			ret = ret ?: -errno;
	return ret;
}

static void undo(const char *path, int bundle)
{
	char root[PATH_MAX + 16];

	snprintf(root, sizeof(root), "%s/rootfs", path);
	umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW);
	remove_made(bundle);
}

int cmd_mount(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_image struct image image = { 0 };
	struct descriptor entry = { 0 };
	cleanup_close int bundle = -1;
	char whole[PATH_MAX];
	struct statx info;
	const char *path;
	bool made;
	int ret = only_store(argc, argv, 2, 2, "NAME DIR", &path, err);

	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_find(&store, argv[optind], &entry, err);
	if (!ret)
		ret = image_read(&store, &entry, &image, err);
	free(entry.name);
	if (ret)
		return ret;
	path = argv[optind + 1];
	made = !mkdir(path, 0755);
	if ((!made && errno != EEXIST) || !realpath(path, whole))
		return error_errno(err, errno, NULL, "mount: %s", path);
	bundle = open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return error_errno(err, errno, NULL, "mount: %s", path);
	if (!faccessat(bundle, "rootfs", F_OK, AT_SYMLINK_NOFOLLOW))
		return error_set(err, EEXIST, "mount: %s/rootfs: is already there: give another folder, or "
				 "%s", path, is_mount(bundle, &info) ? "cell-image umount it" : "remove it");
	ret = fill(&store, &image, bundle, whole, err);
	if (ret)
		undo(whole, bundle);
	if (ret && made)
		rmdir(whole);
	return ret;
}

static int is_used(const char *path, const struct holder *holder, struct error *err)
{
	if (holder->own)
		return error_set(err, EBUSY, "umount: %.100s: is mounted at %.100s, too: umount that "
				 "first", path, holder->place);
	if (holder->container[0])
		return error_set(err, EBUSY, "umount: %.100s: container %.100s uses it (process %d, %s)"
				 ": end it first: cell delete --force %.100s", path, holder->container,
				 holder->pid, holder->name, holder->container);
	return error_set(err, EBUSY, "umount: %.100s: process %d (%s) uses it, in a mount namespace of "
			 "its own: end it first", path, holder->pid, holder->name);
}

/*
 * A container has the mount in its own namespace: there it stays when ours goes, and needs the
 * files that it lies on. Namespaces that follow ours (mount_namespaces(7), "slave") lose it with
 * us, so the question is who has it after that; a copy that no one sees brings ours back.
 */
static int umount_unused(int bundle, const char *path, dev_t device, struct error *err)
{
	cleanup_close int copy = mount_clone(bundle, "rootfs", false), place = -1;
	struct holder holder;
	char root[PATH_MAX + 16];
	int ret, back;

	if (copy < 0)
		return error_errno(err, -copy, NULL, "umount: %s", path);
	snprintf(root, sizeof(root), "%.4000s/rootfs", path);
	if (umount2(root, UMOUNT_NOFOLLOW))
		return error_errno(err, errno, errno == EBUSY ? "is a container still running there?"
							      : NULL, "umount: %s", root);
	ret = holder_find(device, &holder, err);
	if (!ret)
		return 0;
	if (ret > 0)
		ret = is_used(path, &holder, err);
	place = openat(bundle, "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	back = place < 0 ? -errno : mount_put(copy, place);
	if (back)
		return error_errno(err, -back, "its files are kept: remove the folder when nothing uses it",
				   "umount: %s: is used, but cannot be mounted again", path);
	return ret;
}

int cmd_umount(int argc, char **argv, struct error *err)
{
	cleanup_close int bundle = -1;
	struct statx info;
	const char *path;
	int ret = only_store(argc, argv, 1, 1, "DIR", &path, err);

	if (ret)
		return ret;
	path = argv[optind];
	bundle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return error_errno(err, errno, NULL, "umount: %s", path);
	if (!is_mount(bundle, &info))
		return error_set(err, EINVAL, "umount: %s: has no rootfs that cell-image mount made", path);
	ret = umount_unused(bundle, path, makedev(info.stx_dev_major, info.stx_dev_minor), err);
	if (ret)
		return ret;
	ret = remove_made(bundle);
	/* One that has more, is named ".", or something is mounted on, stays. */
	if (!ret && rmdir(path) && errno != ENOTEMPTY && errno != EINVAL && errno != EBUSY)
		ret = -errno;
	return ret ? error_errno(err, -ret, "it is not mounted any more: remove the folder",
				 "umount: %s: its files", path) : 0;
}
