// SPDX-License-Identifier: GPL-2.0-only
/* The entries of mounts, in their order (config.md#mounts). Called by child.c. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/mounts.h"
#include "../path/proc.h"
#include "cleanup.h"
#include "container.h"

#define COPY_DEPTH	32

static bool is_kernel_view(const char *type)
{
	return !strcmp(type, "proc") || !strcmp(type, "sysfs");
}

/* Where it goes, made if need be: a folder, or for a bound file a file. */
static int find_place(struct container *c, const struct config_mount *mount, int tree,
		      struct error *err)
{
	struct stat st = { .st_mode = S_IFDIR };
	int place;

	if (mount->bind && fstat(tree, &st))
		return error_errno(err, errno, NULL, "mounts: %s", mount->destination);
	if (S_ISDIR(st.st_mode))
		place = inroot_mkdir(c->root_fd, mount->destination, 0755);
	else
		place = inroot_touch(c->root_fd, mount->destination, 0644);
	/* A link to a tree that a volume controls would make us write into a false /proc. */
	if (place >= 0 && is_kernel_view(mount->type)) {
		close(place);
		place = inroot_open_plain(c->root_fd, mount->destination, O_PATH | O_DIRECTORY);
		if (place == -ELOOP)
			return error_set(err, ELOOP, "mounts: %s: %s must be mounted on an ordinary "
					 "folder: there is a symbolic link", mount->destination,
					 mount->type);
	}
	if (place < 0)
		return error_errno(err, -place,
				   place == -ENOTDIR ? "a folder goes on a folder, a file on a file"
				   : place == -EROFS ? "make this folder in the root file system"
						     : NULL,
				   "mounts: %s", mount->destination);
	return place;
}

static int change(const struct config_mount *mount, int tree, bool attributes, struct error *err)
{
	int ret = 0;

	if (attributes)
		ret = mount_change(tree, mount->set, mount->clear, 0, false);
	if (!ret)
		ret = mount_change(tree, mount->set_all, mount->clear_all, 0, true);
	if (!ret && mount->propagation)
		ret = mount_change(tree, 0, 0, mount->propagation & ~(uint64_t)MS_REC,
				   mount->propagation & MS_REC);
	if (ret)
		return error_errno(err, -ret,
				   ret == -EPERM ? "a user namespace may not take back what the "
						   "host's mount forbids" : NULL,
				   "mounts: %s: options", mount->destination);
	return 0;
}

static int bound(struct container *c, const struct config_mount *mount, int tree,
		 struct error *err)
{
	int ret;

	if (tree < 0) {
		char path[2 * PATH_MAX];
		bool absolute = mount->source[0] == '/';

		snprintf(path, sizeof(path), "%s%s%s", absolute ? "" : c->bundle,
			 absolute ? "" : "/", mount->source);
		tree = mount_clone(AT_FDCWD, path, mount->recursive);
		if (tree < 0)
			return error_errno(err, -tree, NULL, "mounts: %s: source %s",
					   mount->destination, path);
	}
	/* Of its own, unless it is asked to hear from the host, or to speak to it. */
	if (!mount->propagation) {
		ret = mount_change(tree, 0, 0, MS_PRIVATE, true);
		if (ret)
			return error_errno(err, -ret, NULL, "mounts: %s: private",
					   mount->destination);
	}
	ret = change(mount, tree, true, err);
	return ret ? ret : tree;
}

static int fresh(struct container *c, const struct config_mount *mount, struct error *err)
{
	const char *source = mount->source ? mount->source : mount->type;
	const char *label = c->config.mount_label ?: "";
	char data[4096];
	int tree, ret;

	snprintf(data, sizeof(data), "%s%s%s%s%s", mount->data, *label && *mount->data ? "," : "",
		 *label ? "context=\"" : "", label, *label ? "\"" : "");
	if (is_kernel_view(mount->type) || !strcmp(mount->type, "mqueue"))
		snprintf(data, sizeof(data), "%s", mount->data);
	tree = mount_new(mount->type, source, data, mount->set, err);
	/* A sysfs of a network that is not ours may be shown, not mounted. */
	if (tree == -EPERM && !strcmp(mount->type, "sysfs")) {
		tree = mount_clone(AT_FDCWD, "/sys", true);
		if (tree < 0)
			return error_errno(err, -tree, NULL, "mounts: %s: /sys",
					   mount->destination);
		ret = mount_change(tree, mount->set, 0, MS_SLAVE, true);
		if (ret)
			return error_errno(err, -ret, NULL, "mounts: %s", mount->destination);
	}
	if (tree < 0)
		return tree;
	ret = change(mount, tree, false, err);
	return ret ? ret : tree;
}

static int copy_folder(int from, int to, int depth);

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	cleanup_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	cleanup_close int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				       st->st_mode & 07777);
	char data[16384];
	ssize_t n;

	if (in < 0 || out < 0)
		return -errno;
	while ((n = read(in, data, sizeof(data))) > 0)
		if (write(out, data, (size_t)n) != n)
			return -ENOSPC;
	if (n < 0 || fchown(out, st->st_uid, st->st_gid) || fchmod(out, st->st_mode & 07777))
		return -errno;
	return 0;
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (S_ISDIR(st.st_mode)) {
		cleanup_close int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
							  O_CLOEXEC), out = -1;

		if (in < 0 || mkdirat(to, name, 0755))
			return -errno;
		out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (out < 0 || fchown(out, st.st_uid, st.st_gid) ||
		    fchmod(out, st.st_mode & 07777))
			return -errno;
		return copy_folder(in, out, depth + 1);
	}
	if (S_ISLNK(st.st_mode)) {
		char text[PATH_MAX];
		ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		return symlinkat(text, to, name) ? -errno : 0;
	}
	return S_ISREG(st.st_mode) ? copy_file(from, to, name, &st) : 0;
}

static int copy_folder(int from, int to, int depth)
{
	DIR *entries = fdopendir(dup(from));
	struct dirent *entry;
	int ret = 0;

	if (!entries)
		return -errno;
	while (!ret && depth < COPY_DEPTH && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			ret = copy_entry(from, to, entry->d_name, depth);
	closedir(entries);
	return ret;
}

/* Who may enter what is hidden may enter what hides it, nobody else, unless the options say so. */
static int copy_owner(const struct config_mount *mount, int below, int top)
{
	struct stat st;

	if (fstat(below, &st))
		return -errno;
	if (!strstr(mount->data, "uid=") && !strstr(mount->data, "gid=") &&
	    fchown(top, st.st_uid, st.st_gid))
		return -errno;
	return !strstr(mount->data, "mode=") && fchmod(top, st.st_mode & 07777) ? -errno : 0;
}

/* "tmpcopyup": the new file system begins with what it hides. */
static int copy_up(struct container *c, const struct config_mount *mount, int tree,
		   struct error *err)
{
	cleanup_close int below = inroot_open(c->root_fd, mount->destination,
					      O_RDONLY | O_DIRECTORY);
	cleanup_close int top = inroot_open(tree, "", O_RDONLY | O_DIRECTORY);
	int ret = below < 0 ? below : top < 0 ? top : copy_folder(below, top, 0);

	if (!ret)
		ret = copy_owner(mount, below, top);
	return ret ? error_errno(err, -ret, NULL, "mounts: %s: tmpcopyup", mount->destination) : 0;
}

static int put(struct container *c, const struct config_mount *mount, int tree, struct error *err)
{
	cleanup_close int place = find_place(c, mount, tree, err);
	int ret;

	if (place < 0)
		return place;
	ret = mount->copy_up ? copy_up(c, mount, tree, err) : 0;
	if (ret)
		return ret;
	ret = mount_put(tree, place);
	return ret ? error_errno(err, -ret, NULL, "mounts: %s", mount->destination) : 0;
}

static int one(struct container *c, size_t i, struct error *err)
{
	const struct config_mount *mount = &c->config.mounts[i];
	cleanup_close int tree = -1;

	if (!strcmp(mount->type, "cgroup") || !strcmp(mount->type, "cgroup2")) {
		cleanup_close int place = find_place(c, mount, -1, err);
		int ret = place < 0 ? place : groups_join(c, err);

		return ret ? ret : mount_cgroups(c, mount, place, err);
	}
	tree = mount->bind ? bound(c, mount, c->trees.mounts[i], err) : fresh(c, mount, err);
	if (tree < 0) {
		char reason[sizeof(err->text)];

		if (!strncmp(err->text, "mounts: ", 8))
			return tree;
		snprintf(reason, sizeof(reason), "%s", err->text);
		return error_set(err, -tree, "mounts: %s: %.400s", mount->destination, reason);
	}
	return put(c, mount, tree, err);
}

int mounts_all(struct container *c, struct error *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->config.mount_count; i++)
		ret = one(c, i, err);
	return ret;
}
