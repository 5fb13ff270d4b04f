// SPDX-License-Identifier: GPL-2.0-only
/* What changed becomes a layer, see difference.h. Called by step.c. */
#include "difference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "../../path/guard.h"
#include "../../path/tree.h"
#include "cleanup.h"

#define READ_OCTETS (64 << 10)

/**
 * struct link - a file of several names that is in the layer
 * @path: the name that has its content
 */
struct link {
	dev_t device;
	ino_t inode;
	const char *path;
};

/**
 * struct difference - a layer in the making
 * @begun: it has an entry
 * @links: files of several names
 * @own_uid: who is not root owns all files, as root of the image
 */
struct difference {
	const struct store *store;
	int root;
	time_t epoch;
	bool begun;
	struct layer_writer writer;
	struct link *links;
	size_t link_count;
	bool own_only;
	void *buffer;
};

static void difference_end(struct difference *d)
{
	layer_end(&d->writer);
	free(d->links);
	free(d->buffer);
}

#define cleanup_difference __attribute__((cleanup(difference_end)))
#define cleanup_entry __attribute__((cleanup(entry_free)))

static void entry_free(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

static int put_entry(struct difference *d, struct archive_entry *entry, const char *path,
		     struct error *err)
{
	struct error inner;
	int ret = 0;

	if (!d->begun) {
		ret = layer_begin(&d->writer, d->store, err);
		d->begun = true;
	}
	if (ret)
		return ret;
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mtime(entry, d->epoch, 0);
	ret = layer_entry(&d->writer, entry, &inner);
	return ret ? error_set(err, -ret, "%.200s: /%.200s", inner.text, path) : 0;
}

static int put_whiteout(struct difference *d, const char *path, struct error *err)
{
	cleanup_entry struct archive_entry *entry = archive_entry_new();
	const char *last = strrchr(path, '/');
	char name[PATH_MAX + 8];

	if (!entry)
		return error_set(err, ENOMEM, "build: out of memory");
	last = last ? last + 1 : path;
	snprintf(name, sizeof(name), "%.*s.wh.%s", (int)(last - path), path, last);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0);
	archive_entry_set_size(entry, 0);
	return put_entry(d, entry, name, err);
}

/* --- metadata --- */

static bool is_kept(const char *name)
{
	if (!strncmp(name, "user.overlay.", 13) || !strncmp(name, "trusted.", 8))
		return false;
	return !strncmp(name, "user.", 5) || !strcmp(name, "security.capability");
}

static int by_octets(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* @path is in /proc/self/fd: the image has no part in it. */
static int add_attributes(struct archive_entry *entry, const char *path)
{
	char names[8192], value[8192], *sorted[128];
	ssize_t length = llistxattr(path, names, sizeof(names)), got;
	size_t count = 0;

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (char *at = names; at < names + length && count < 128; at += strlen(at) + 1)
		if (is_kept(at))
			sorted[count++] = at;
	qsort(sorted, count, sizeof(*sorted), by_octets);
	for (size_t i = 0; i < count; i++) {
		got = lgetxattr(path, sorted[i], value, sizeof(value));
		if (got < 0)
			return -errno;
		archive_entry_xattr_add_entry(entry, sorted[i], value, (size_t)got);
	}
	return 0;
}

static void set_numbers(const struct difference *d, struct archive_entry *entry,
			const struct stat *info)
{
	archive_entry_set_filetype(entry, info->st_mode & S_IFMT);
	archive_entry_set_perm(entry, info->st_mode & 07777);
	archive_entry_set_uid(entry, d->own_only ? 0 : info->st_uid);
	archive_entry_set_gid(entry, d->own_only ? 0 : info->st_gid);
	archive_entry_set_size(entry, S_ISREG(info->st_mode) ? info->st_size : 0);
	if (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode)) {
		archive_entry_set_rdevmajor(entry, major(info->st_rdev));
		archive_entry_set_rdevminor(entry, minor(info->st_rdev));
	}
}

/* Files of the root have the time that they would have if the layer were unpacked. */
static int set_time(const struct difference *d, int parent, const char *name)
{
	const struct timespec times[2] = { { .tv_sec = d->epoch }, { .tv_sec = d->epoch } };

	return utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* --- entries --- */

static int put_content(struct difference *d, int parent, const char *name, const char *path,
		       int64_t size, struct error *err)
{
	cleanup_close int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;
	int ret;

	if (fd < 0)
		return error_errno(err, errno, NULL, "build: read /%.200s", path);
	while (size) {
		got = read(fd, d->buffer, READ_OCTETS);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || got > size)
			return error_set(err, EBUSY, "build: /%.200s: changes while it is read", path);
		ret = layer_data(&d->writer, d->buffer, (size_t)got, err);
		if (ret)
			return ret;
		size -= got;
	}
	return 0;
}

static const char *other_name(struct difference *d, const struct node *node)
{
	struct link *links;

	for (size_t i = 0; i < d->link_count; i++)
		if (d->links[i].inode == node->info.st_ino && d->links[i].device == node->info.st_dev)
			return d->links[i].path;
	if (d->link_count & (d->link_count - 1))
		goto room;
	links = reallocarray(d->links, d->link_count ? 2 * d->link_count : 1, sizeof(*links));
	/* Out of memory it is in the layer twice, which is right as well. */
	if (!links)
		return NULL;
	d->links = links;
room:
	d->links[d->link_count++] = (struct link){ node->info.st_dev, node->info.st_ino, node->path };
	return NULL;
}

static bool is_left_out(const struct node *node)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): of two nodes there is one at least */
	if (GUARD(COMMIT) && (!strncmp(node->path, ".wh.", 4) || strstr(node->path, "/.wh.")))
		return true;
	return S_ISSOCK(node->info.st_mode) ||
	       (S_ISCHR(node->info.st_mode) && !node->info.st_rdev);
}

static int fill_entry(struct difference *d, const struct node *node, int parent,
		      const char *name, struct archive_entry *entry)
{
	char path[64 + NAME_MAX], target[PATH_MAX];
	ssize_t length;

	set_numbers(d, entry, &node->info);
	if (S_ISLNK(node->info.st_mode)) {
		length = readlinkat(parent, name, target, sizeof(target) - 1);
		if (length < 0)
			return -errno;
		target[length] = '\0';
		archive_entry_set_symlink(entry, target);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", parent, name);
	return add_attributes(entry, path);
}

static int put_node(struct difference *d, const struct node *node, struct error *err)
{
	cleanup_entry struct archive_entry *entry = archive_entry_new();
	cleanup_close int parent = -1;
	const char *name = ".", *first;
	int ret = 0;

	if (!entry)
		return error_set(err, ENOMEM, "build: out of memory");
	parent = node->path[0] ? tree_parent(d->root, node->path, false, &name) : dup(d->root);
	if (parent < 0)
		return error_errno(err, -parent, NULL, "build: /%.200s", node->path);
	if (!S_ISDIR(node->info.st_mode) && node->info.st_nlink > 1) {
		first = other_name(d, node);
		if (first) {
			set_numbers(d, entry, &node->info);
			archive_entry_set_size(entry, 0);
			archive_entry_set_hardlink(entry, first);
			return put_entry(d, entry, node->path, err);
		}
	}
	ret = fill_entry(d, node, parent, name, entry);
	if (ret)
		return error_errno(err, -ret, NULL, "build: read /%.200s", node->path);
	ret = put_entry(d, entry, node->path[0] ? node->path : "./", err);
	if (!ret && S_ISREG(node->info.st_mode))
		ret = put_content(d, parent, name, node->path, node->info.st_size, err);
	if (ret)
		return ret;
	ret = set_time(d, parent, name);
	return ret ? error_errno(err, -ret, NULL, "build: set the time of /%.200s", node->path) : 0;
}

/* A folder that stays as it was, though names came or went: its time, too. */
static void restore_time(const struct difference *d, const struct node *before)
{
	const struct timespec times[2] = { before->info.st_atim, before->info.st_mtim };
	int fd = inroot_open(d->root, before->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

	if (fd < 0)
		return;
	futimens(fd, times);
	close(fd);
}

/* Is it in a folder that is not there any more? Then the folder's whiteout is enough. */
static bool went_with(const char *gone, const char *path)
{
	size_t length = gone ? strlen(gone) : 0;

	return gone && !strncmp(gone, path, length) && path[length] == '/';
}

static int write_all(struct difference *d, const struct snapshot *before,
		     const struct snapshot *after, struct error *err)
{
	const char *gone = NULL;
	size_t i = 0, k = 0;
	int ret = 0;

	while (!ret && (i < before->count || k < after->count)) {
		const struct node *old = i < before->count ? &before->at[i] : NULL;
		const struct node *new = k < after->count ? &after->at[k] : NULL;
		int order = !old ? 1 : !new ? -1 : node_compare(old->path, new->path);

		i += order <= 0;
		k += order >= 0;
		if (order < 0) {
			if (went_with(gone, old->path) || is_left_out(old))
				continue;
			gone = old->path;
			ret = put_whiteout(d, old->path, err);
		} else if (order == 0 && node_same(old, new)) {
			if (S_ISDIR(old->info.st_mode) &&
			    (old->info.st_mtim.tv_sec != new->info.st_mtim.tv_sec ||
			     old->info.st_mtim.tv_nsec != new->info.st_mtim.tv_nsec))
				restore_time(d, old);
		} else if (!is_left_out(new)) {
			/* A folder that is none now takes all below it along. */
			if (order == 0 && S_ISDIR(old->info.st_mode) && !S_ISDIR(new->info.st_mode))
				gone = old->path;
			ret = put_node(d, new, err);
		}
	}
	return ret;
}

int difference_write(const struct store *store, int root, const struct snapshot *before,
		     const struct snapshot *after, time_t epoch, struct built_layer *layer,
		     struct error *err)
{
	cleanup_difference struct difference d = {
		.store = store, .root = root, .epoch = epoch, .writer = LAYER_NONE,
		.own_only = geteuid() != 0, .buffer = malloc(READ_OCTETS),
	};
	int ret;

	if (!d.buffer)
		return error_set(err, ENOMEM, "build: out of memory");
	ret = write_all(&d, before, after, err);
	if (ret || !d.begun)
		return ret;
	ret = layer_commit(&d.writer, layer, err);
	return ret ? ret : 1;
}
