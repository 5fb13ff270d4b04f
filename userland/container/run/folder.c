// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folders below DATA, and that of one container with its root file system. See run.h. What a
 * container left below its folder is a stranger's: nothing is followed there.
 */
#include <dirent.h>
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

#define DEPTH_MAX	1024

static int make_folders(char *path, struct error *err)
{
	for (char *slash = path + 1;; slash++) {
		char kept = *slash;

		if (kept && kept != '/')
			continue;
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return error_errno(err, errno, "set CELL_DATA to a folder that can be written",
					   "run: make %s", path);
		*slash = kept;
		if (!kept)
			return 0;
	}
}

int run_data(const char *name, char path[PATH_MAX], struct error *err)
{
	const char *set = getenv("CELL_DATA"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME"), *between = *name ? "/" : "";
	int used;

	if (set && set[0] == '/')
		used = snprintf(path, PATH_MAX, "%s%s%s", set, between, name);
	else if (set && set[0])
		return error_set(err, EINVAL, "run: CELL_DATA=%.100s: expected an absolute path", set);
	else if (!geteuid())
		used = snprintf(path, PATH_MAX, "/var/lib/cell%s%s", between, name);
	else if (data && data[0] == '/')
		used = snprintf(path, PATH_MAX, "%s/cell%s%s", data, between, name);
	else if (home && home[0] == '/')
		used = snprintf(path, PATH_MAX, "%s/.local/share/cell%s%s", home, between, name);
	else
		return error_set(err, ENOENT, "run: $HOME is not set: set CELL_DATA");
	/* Room for a container's name and what lies below it. */
	if (used > PATH_MAX - NET_ID_MAX - 64)
		return error_set(err, ENAMETOOLONG, "run: %.60s...: the path is too long", path);
	return make_folders(path, err);
}

/* Takes over @dir. */
static int empty_folder(int dir, dev_t device, int depth)
{
	DIR *entries = fdopendir(dir);
	struct dirent *entry;
	int ret = 0;

	if (!entries) {
		close(dir);
		return -errno;
	}
	while (!ret && (entry = readdir(entries))) {
		struct stat st;
		int below;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(entries), entry->d_name, 0))
			continue;
		if (errno != EISDIR && errno != EPERM)
			return closedir(entries), -errno;
		below = openat(dirfd(entries), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			ret = -errno;
		else if (fstat(below, &st) || st.st_dev != device || depth == DEPTH_MAX)
			ret = st.st_dev != device ? -EXDEV : -ELOOP, close(below);
		else
			ret = empty_folder(below, device, depth + 1);
		if (!ret && unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR))
			ret = -errno;
	}
	closedir(entries);
	return ret;
}

int run_remove_tree(int parent, const char *name)
{
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), ret;
	struct stat st;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(dir, &st)) {
		close(dir);
		return -errno;
	}
	ret = empty_folder(dir, st.st_dev, 0);
	return ret ? ret : unlinkat(parent, name, AT_REMOVEDIR) ? -errno : 0;
}

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
