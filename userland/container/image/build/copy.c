// SPDX-License-Identifier: GPL-2.0-only
/* Files are copied, tars unpacked, see copy.h. Called by stage.c. */
#include "copy.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "../layer/apply.h"
#include "../../path/guard.h"
#include "../../path/tree.h"
#include "../layer/unpack.h"
#include "cleanup.h"

#define UNPACK_OCTETS (64 << 10)

/**
 * struct copying - one path on its way
 * @base: path in the root where it begins; as of tree_clean()
 */
struct copying {
	const struct copy *copy;
	char base[PATH_MAX];
};

static int bad(const char *path, int ret, const char *what, struct error *err)
{
	return error_errno(err, -ret, NULL, "/%.200s: %s", path, what);
}

/* @from is a link of /proc itself if @follow: the open file. */
static int set_attributes(const char *from, bool follow, const char *to)
{
	char names[8192], value[8192];
	ssize_t length = (follow ? listxattr : llistxattr)(from, names, sizeof(names)), got;

	for (char *at = names; at < names + length; at += strlen(at) + 1) {
		if (strncmp(at, "user.", 5) != 0 && strcmp(at, "security.capability") != 0)
			continue;
		got = (follow ? getxattr : lgetxattr)(from, at, value, sizeof(value));
		if (got >= 0 && lsetxattr(to, at, value, (size_t)got, 0) && errno != EOPNOTSUPP &&
		    errno != EPERM)
			return -errno;
	}
	return 0;
}

/* Owner first: it takes setuid and capabilities away. */
static int set_metadata(const struct copy *copy, const struct visit *visit, int parent,
			const char *name)
{
	bool own = copy->own || !GUARD(OWNERS);
	uid_t uid = copy->owner ? copy->uid : own ? visit->info.st_uid : 0;
	gid_t gid = copy->owner ? copy->gid : own ? visit->info.st_gid : 0;
	mode_t mode = copy->mode >= 0 ? (mode_t)copy->mode : visit->info.st_mode & 07777;
	char from[64 + NAME_MAX], to[64 + NAME_MAX];

	if (!geteuid() && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW))
		return -errno;
	snprintf(to, sizeof(to), "/proc/self/fd/%d/%s", parent, name);
	if (!S_ISLNK(visit->info.st_mode) && chmod(to, mode))
		return -errno;
	if (!own)
		return 0;
	snprintf(from, sizeof(from), "/proc/self/fd/%d%s%s", visit->parent,
		 visit->name[0] ? "/" : "", visit->name);
	return set_attributes(from, !visit->name[0], to);
}

static int copy_content(int from, int parent, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	cleanup_close int to = openat(parent, name, flags, 0600);
	ssize_t put;

	if (to < 0)
		return -errno;
	do
		put = sendfile(to, from, NULL, 1 << 30);
	while (put > 0 || (put < 0 && errno == EINTR));
	return put < 0 ? -errno : 0;
}

static int copy_link(const struct visit *visit, int parent, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(visit->parent, visit->name, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, parent, name) ? -errno : 0;
}

static int copy_folder(const struct copying *c, const struct visit *visit, const char *path,
		       struct error *err)
{
	cleanup_close int there = inroot_open(c->copy->root, path, O_PATH | O_DIRECTORY);
	cleanup_close int parent = -1;
	const char *name;
	int ret;

	/* A folder that is there, perhaps by a link, keeps its owner and mode. */
	if (there >= 0)
		return 0;
	if (there != -ENOENT)
		return bad(path, there, "is to be a folder", err);
	parent = tree_parent(c->copy->root, path, true, &name);
	if (parent < 0 || (mkdirat(parent, name, 0700) && errno != EEXIST))
		return bad(path, parent < 0 ? parent : -errno, "make the folder", err);
	ret = set_metadata(c->copy, visit, parent, name);
	return ret ? bad(path, ret, "set owner and mode", err) : 0;
}

static int copy_one(void *context, const struct visit *visit, struct error *err)
{
	const struct copying *c = context;
	cleanup_close int parent = -1, from = -1;
	char path[PATH_MAX];
	struct stat info;
	const char *name;
	int ret = 0;

	if (snprintf(path, sizeof(path), "%s%s%s", c->base, c->base[0] && visit->below[0] ? "/" : "",
		     visit->below) >= (int)sizeof(path))
		return bad(visit->path, -ENAMETOOLONG, "copy", err);
	if (S_ISDIR(visit->info.st_mode))
		return copy_folder(c, visit, path, err);
	if (S_ISSOCK(visit->info.st_mode))
		return 0;
	if (!c->copy->own && !S_ISREG(visit->info.st_mode) && !S_ISLNK(visit->info.st_mode))
		return error_set(err, EINVAL, "/%.200s: is neither a file, a folder nor a link: leave "
				 "it out by .containerignore", visit->path);
	if (S_ISREG(visit->info.st_mode)) {
		from = source_open(visit, err);
		if (from < 0)
			return from;
	}
	parent = tree_parent(c->copy->root, path, true, &name);
	if (parent < 0)
		return bad(path, parent, "open its folder", err);
	if (!fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) && S_ISDIR(info.st_mode))
		return bad(path, -EISDIR, "is to be a file", err);
	if (unlinkat(parent, name, 0) && errno != ENOENT)
		return bad(path, -errno, "replace it", err);
	if (S_ISREG(visit->info.st_mode))
		ret = copy_content(from, parent, name);
	else if (S_ISLNK(visit->info.st_mode))
		ret = copy_link(visit, parent, name);
	else
		ret = mknodat(parent, name, visit->info.st_mode, visit->info.st_rdev) ? -errno : 0;
	if (!ret)
		ret = set_metadata(c->copy, visit, parent, name);
	return ret ? bad(path, ret, "copy", err) : 0;
}

/* --- ADD --- */

static ssize_t read_raw(void *source, void *buffer, size_t size, struct error *err)
{
	la_ssize_t got = archive_read_data(source, buffer, size);

	return got >= 0 ? got : error_set(err, EBADMSG, "%s", archive_error_string(source));
}

/* What comes out of any packing that libarchive knows; it says "raw" to what is none. */
static struct archive *open_raw(int fd)
{
	struct archive *raw = archive_read_new();
	struct archive_entry *entry;

	if (raw && !archive_read_support_filter_all(raw) && !archive_read_support_format_raw(raw) &&
	    archive_read_open_fd(raw, fd, UNPACK_OCTETS) == ARCHIVE_OK &&
	    archive_read_next_header(raw, &entry) == ARCHIVE_OK)
		return raw;
	archive_read_free(raw);
	return NULL;
}

/* By its content, not by its name: a tar says so at octet 257 (POSIX pax, "ustar"). */
static bool is_tar(int fd)
{
	struct archive *raw = open_raw(fd);
	char head[512];
	bool is = raw && archive_read_data(raw, head, sizeof(head)) == sizeof(head) &&
		  !memcmp(head + 257, "ustar", 5);

	archive_read_free(raw);
	return lseek(fd, 0, SEEK_SET) == 0 && is;
}

static int unpack(const struct copy *copy, int fd, const char *target, struct error *err)
{
	cleanup_walk struct walk walk = { 0 };
	cleanup_close int root = -1;
	struct apply apply = { .no_owners = geteuid() != 0, .most = UNPACK_MOST };
	struct archive *raw;
	int ret;

	root = tree_make(copy->root, target);
	if (root < 0)
		return bad(target, root, "make the folder", err);
	/* Of an O_PATH one neither times nor owner can be set. */
	apply.root = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	raw = apply.root < 0 ? NULL : open_raw(fd);
	ret = raw ? walk_open(&walk, read_raw, raw, err) : bad(target, -EIO, "unpack", err);
	if (!ret)
		ret = apply_layer(&apply, &walk, err);
	archive_read_free(raw);
	cleanup_fd(&apply.root);
	return ret;
}

/* 1: it was a tar, and was unpacked. */
static int unpack_if_tar(const struct copy *copy, const char *path, const char *target,
			 struct error *err)
{
	cleanup_close int fd = inroot_open(copy->source->root, path, O_RDONLY | O_NONBLOCK);
	struct stat info;
	int ret;

	if (fd < 0 || fstat(fd, &info) || !S_ISREG(info.st_mode) || !is_tar(fd))
		return 0;
	ret = unpack(copy, fd, target, err);
	return ret ? ret : 1;
}

/* --- all --- */

static int copy_path(const struct copy *copy, const char *path, const char *target, bool folder,
		     struct error *err)
{
	struct copying c = { .copy = copy };
	const char *last = strrchr(path, '/');
	int is_folder = source_is_folder(copy->source, path), fd, ret;

	if (is_folder < 0)
		return bad(path, is_folder, "copy", err);
	if (copy->unpack && !is_folder) {
		ret = unpack_if_tar(copy, path, target, err);
		if (ret)
			return ret < 0 ? ret : 0;
	}
	last = last ? last + 1 : path;
	snprintf(c.base, sizeof(c.base), "%s", target);
	if (is_folder) {
		fd = tree_make(copy->root, target);
		if (fd < 0)
			return bad(target, fd, "make the folder", err);
		close(fd);
	} else if (folder && snprintf(c.base, sizeof(c.base), "%s%s%s", target, target[0] ? "/" : "",
				      last) >= (int)sizeof(c.base)) {
		return bad(target, -ENAMETOOLONG, "copy", err);
	}
	return source_walk(copy->source, path, copy_one, &c, err);
}

int copy_paths(const struct copy *copy, const struct words *paths, struct error *err)
{
	size_t length = strlen(copy->target);
	struct source there = { .root = copy->root };
	char target[PATH_MAX];
	bool folder;
	int ret = tree_clean(copy->target, target, sizeof(target));

	if (ret)
		return error_set(err, -ret, "%.200s: is no path within the image", copy->target);
	folder = !target[0] || (length && copy->target[length - 1] == '/') ||
		 source_is_folder(&there, target) == 1;
	if (!folder && paths->count > 1)
		return error_set(err, EINVAL, "%.200s: there are %zu sources: expected a folder as the "
				 "target, with a slash at its end", copy->target, paths->count);
	for (size_t i = 0; !ret && i < paths->count; i++)
		ret = copy_path(copy, paths->at[i], target, folder, err);
	return ret;
}
