// SPDX-License-Identifier: GPL-2.0-only
/* A container's folder below DATA, and its root file system. See run.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* Characters that are syntax in the options of an overlay. */
static bool fits_options(const char *path)
{
	return !strpbrk(path, ",:\\\"");
}

static int mount_overlay(const char *tree, const char *folder)
{
	char data[3 * PATH_MAX + 64], place[PATH_MAX + 16];

	if (!fits_options(tree) || !fits_options(folder))
		return -EINVAL;
	snprintf(data, sizeof(data), "lowerdir=%s/rootfs,upperdir=%s/upper,workdir=%s/work%s", tree,
		 folder, folder, geteuid() ? ",userxattr" : "");
	snprintf(place, sizeof(place), "%s/rootfs", folder);
	return mount("overlay", place, "overlay", MS_NODEV, data) ? -errno : 0;
}

/* An overlay if the host has it; -ENODEV and the like: it has not. */
static int try_overlay(const char *tree, const char *folder, struct error *err)
{
	static const char *const names[] = { "upper", "work", "rootfs" };
	cleanup_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char root[PATH_MAX + RUN_TREE + 16];
	int ret;

	for (int i = 0; i < 3; i++)
		if (mkdirat(dir, names[i], 0755))
			return error_errno(err, errno, NULL, "run: make %s/%s", folder, names[i]);
	/* The top's own mode is the root's: that of the image. */
	snprintf(root, sizeof(root), "%s/rootfs", tree);
	if (stat(root, &st) || fchownat(dir, "upper", st.st_uid, st.st_gid, 0) ||
	    fchmodat(dir, "upper", st.st_mode & 07777, 0))
		return error_errno(err, errno, NULL, "run: %s", root);
	ret = mount_overlay(tree, folder);
	if (!ret)
		return 0;
	for (int i = 0; i < 3; i++)
		run_remove_tree(dir, names[i]);
	return error_errno(err, -ret, NULL, "run: overlay on %s", folder);
}

static int copy_image(const struct run_options *o, const char *tree, const char *folder,
		      struct error *err)
{
	const char *words[6] = { "unpack" };
	int used = 1;

	/* By its id: the name may mean another image by now. */
	if (o->store) {
		words[used++] = "--store";
		words[used++] = o->store;
	}
	words[used++] = strrchr(tree, '/') + 1;
	words[used++] = folder;
	words[used] = NULL;
	return image_tool(words, NULL, err);
}

/* For run_sweep(): containers of all roots are here. */
static int note_tree(const char *path, const char *tree, struct error *err)
{
	char file[PATH_MAX + 8];
	cleanup_close int fd = -1;

	snprintf(file, sizeof(file), "%s/tree", path);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, tree, strlen(tree)) != (ssize_t)strlen(tree))
		return error_errno(err, errno, NULL, "run: %s", file);
	return 0;
}

int run_folder_make(const struct run_options *o, const char *tree, char path[PATH_MAX],
		    struct error *err)
{
	char trees[PATH_MAX], files[PATH_MAX + RUN_TREE + 8];
	int ret = run_data("trees", trees, err);

	if (ret)
		return ret;
	snprintf(files, sizeof(files), "%s/%s", trees, tree);
	if (mkdir(path, 0700))
		return error_errno(err, errno, errno == EEXIST ? "left of a container of another "
				   "--root: choose another --name, or remove it" : NULL,
				   "run: make %s", path);
	ret = note_tree(path, tree, err);
	if (ret)
		return ret;
	ret = try_overlay(files, path, err);
	if (ret && cell.debug)
		fprintf(stderr, "cell: %s: files are copied\n", err->text);
	return ret ? copy_image(o, files, path, err) : 0;
}

int run_folder_remove(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *above = slash ? strndup(path, (size_t)(slash - path)) : NULL;
	cleanup_close int dir = above ? open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	char place[PATH_MAX + 16];
	int ret;

	if (dir < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, NULL, "delete: %s", path);
	snprintf(place, sizeof(place), "%s/rootfs", path);
	/* EINVAL: it is a copy, and nothing is mounted. */
	if (umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW) && errno != EINVAL && errno != ENOENT)
		return error_errno(err, errno, NULL, "delete: umount %s", place);
	ret = run_remove_tree(dir, slash + 1);
	return ret ? error_errno(err, -ret, NULL, "delete: %s", path) : 0;
}
