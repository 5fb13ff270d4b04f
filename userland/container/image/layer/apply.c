// SPDX-License-Identifier: GPL-2.0-only
/* Entries of a layer become files, see apply.h. Called by unpack.c. */
#include "apply.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "cleanup.h"
#include "../../path/guard.h"
#include "../../path/tree.h"

/**
 * struct place - where an entry goes
 * @parent: O_PATH fd of the folder
 * @name: last component
 * @info: of the folder, before
 */
struct place {
	int parent;
	const char *name;
	struct stat info;
};

static void leave(struct place *place)
{
	cleanup_fd(&place->parent);
}

#define cleanup_place __attribute__((cleanup(leave)))

static int bad(const struct layer_entry *entry, int ret, const char *what, struct error *err)
{
	return error_errno(err, -ret, ret == -ENOSPC ? "make room, or unpack elsewhere" : NULL,
			   "layer: \"%.200s\": %s", entry->path[0] ? entry->path : "/", what);
}

static int enter(struct apply *apply, const struct layer_entry *entry, bool make,
		 struct place *place)
{
	place->parent = tree_parent(apply->root, entry->path, make, &place->name);
	if (place->parent < 0)
		return place->parent;
	return fstat(place->parent, &place->info) ? -errno : 0;
}

/* What changed in a folder is no change of the folder's, as layers see it. */
static int restore_times(const struct place *place)
{
	const struct timespec times[2] = { place->info.st_atim, place->info.st_mtim };

	return utimensat(place->parent, "", times, AT_EMPTY_PATH) ? -errno : 0;
}

/* --- whiteouts --- */

/* Removes all in a folder that the layer did not make. */
static int hide_below(struct apply *apply, int folder, int depth)
{
	struct dirent *entry;
	struct stat info;
	DIR *list;
	int ret = 0;

	if (depth > TREE_DEPTH || fstat(folder, &info)) {
		close(folder);
		return -ELOOP;
	}
	list = fdopendir(folder);
	if (!list) {
		close(folder);
		return -errno;
	}
	while (!ret && (errno = 0, entry = readdir(list))) {
		const char *name = entry->d_name;
		bool made = seen_has(&apply->seen, info.st_ino, name);
		int inner;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0)
			ret = hide_below(apply, inner, depth + 1);
		if (ret || made)
			continue;
		if (unlinkat(folder, name, inner >= 0 ? AT_REMOVEDIR : 0) &&
		    errno != ENOTEMPTY && errno != EEXIST)
			ret = -errno;
	}
	closedir(list);
	return ret;
}

static int apply_whiteout(struct apply *apply, const struct layer_entry *entry,
			  struct error *err)
{
	cleanup_place struct place place = { .parent = -1 };
	int ret = enter(apply, entry, false, &place), folder;

	/* To hide what is not there is no error: layer.md does not say so, but many do it. */
	if (ret == -ENOENT || ret == -ENOTDIR)
		return 0;
	if (ret)
		return bad(entry, ret, "hide", err);
	if (!seen_has(&apply->seen, place.info.st_ino, place.name)) {
		ret = tree_remove(place.parent, place.name);
	} else {
		folder = openat(place.parent, place.name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		ret = folder >= 0 ? hide_below(apply, folder, 0) : 0;
	}
	if (!ret)
		ret = restore_times(&place);
	return ret ? bad(entry, ret, "hide", err) : 0;
}

static int apply_opaque(struct apply *apply, const struct layer_entry *entry, struct error *err)
{
	int folder = inroot_open(apply->root, entry->path, O_RDONLY | O_DIRECTORY), ret;
	cleanup_close int kept = -1;
	struct stat info;

	if (folder == -ENOENT || folder == -ENOTDIR)
		return 0;
	if (folder < 0)
		return bad(entry, folder, "hide what is in it", err);
	kept = dup(folder);
	if (kept < 0 || fstat(kept, &info)) {
		close(folder);
		return bad(entry, -errno, "hide what is in it", err);
	}
	ret = hide_below(apply, folder, 0);
	if (!ret && futimens(kept, (struct timespec[]){ info.st_atim, info.st_mtim }))
		ret = -errno;
	return ret ? bad(entry, ret, "hide what is in it", err) : 0;
}

/* --- metadata --- */

/* overlayfs would take these for its own: a layer could redirect or hide by them. */
static bool is_overlays(const char *name)
{
	return !strncmp(name, "trusted.overlay.", 16) || !strncmp(name, "user.overlay.", 13);
}

static int set_xattrs(struct apply *apply, const struct layer_entry *entry, const char *path,
		      bool follow)
{
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(entry->raw);
	while (archive_entry_xattr_next(entry->raw, &name, &value, &size) == ARCHIVE_OK) {
		if (!name || (GUARD(XATTR) && is_overlays(name))) {
			apply->skipped++;
			continue;
		}
		if (!(follow ? setxattr : lsetxattr)(path, name, value, size, 0))
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM)
			return -errno;
		apply->skipped++;
	}
	return 0;
}

/*
 * Owner first: it takes setuid and capabilities away; times last. @path is in /proc/self/fd, which
 * the image has no part in; for what may be a symbolic link it ends with a name.
 */
static int set_metadata(struct apply *apply, const struct layer_entry *entry, int parent,
			const char *name)
{
	const struct timespec times[2] = { entry->mtime, entry->mtime };
	char path[64 + NAME_MAX];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d%s%s", parent, name[0] ? "/" : "", name);
	if (!apply->no_owners &&
	    (name[0] ? fchownat(parent, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW)
		     : fchown(parent, entry->uid, entry->gid)))
		return -errno;
	if (entry->kind != ENTRY_SYMLINK && chmod(path, entry->mode & 07777))
		return -errno;
	ret = set_xattrs(apply, entry, path, !name[0]);
	if (ret)
		return ret;
	return utimensat(AT_FDCWD, path, times, name[0] ? AT_SYMLINK_NOFOLLOW : 0) ? -errno : 0;
}

/* --- entries --- */

static int write_data(struct apply *apply, struct walk *walk, const struct layer_entry *entry,
		      int fd, struct error *err)
{
	int64_t offset = 0, end = 0;
	const void *data;
	size_t length;
	int ret;

	if (entry->size > apply->most)
		return error_set(err, EFBIG, "layer: \"%.200s\": has %lld octets: more than all files "
				 "may have: if that is meant, say --max-size", entry->path,
				 (long long)entry->size);
	apply->most -= entry->size;
	while ((ret = walk_data(walk, &data, &length, &offset, err)) > 0) {
		const char *from = data;

		if (offset < end || (int64_t)length > entry->size - offset)
			return error_set(err, EBADMSG, "layer: \"%.200s\": has data beyond its size",
					 entry->path);
		end = offset + (int64_t)length;
		while (length) {
			ssize_t put = pwrite(fd, from, length, offset);

			if (put < 0 && errno == EINTR)
				continue;
			if (put <= 0)
				return bad(entry, put ? -errno : -EIO, "write", err);
			from += put;
			offset += put;
			length -= (size_t)put;
		}
	}
	if (ret)
		return ret;
	return end < entry->size && ftruncate(fd, entry->size)
		       ? bad(entry, -errno, "write", err) : 0;
}

static int make_file(struct apply *apply, struct walk *walk, const struct layer_entry *entry,
		     const struct place *place, struct error *err)
{
	cleanup_close int fd = openat(place->parent, place->name,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return bad(entry, -errno, "make the file", err);
	ret = write_data(apply, walk, entry, fd, err);
	if (ret)
		return ret;
	ret = set_metadata(apply, entry, fd, "");
	return ret ? bad(entry, ret, "set owner, mode, attributes and time", err) : 0;
}

static int make_folder(struct apply *apply, const struct layer_entry *entry,
		       const struct place *place, struct error *err)
{
	cleanup_close int fd = -1;
	int ret;

	if (mkdirat(place->parent, place->name, 0700) && errno != EEXIST)
		return bad(entry, -errno, "make the folder", err);
	fd = openat(place->parent, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bad(entry, -errno, "make the folder", err);
	ret = set_metadata(apply, entry, fd, "");
	return ret ? bad(entry, ret, "set owner, mode, attributes and time", err) : 0;
}

/* layer.md: a link's target is a name of the root, and is not followed. */
static int make_hardlink(struct apply *apply, const struct layer_entry *entry,
			 const struct place *place, struct error *err)
{
	cleanup_close int from = -1;
	const char *name;

	from = tree_parent(apply->root, entry->target, false, &name);
	if (from < 0)
		return bad(entry, from, "find what it is a hard link to", err);
	if (linkat(from, name, place->parent, place->name, 0))
		return bad(entry, -errno, "make the hard link", err);
	return 0;
}

static int make_special(struct apply *apply, const struct layer_entry *entry,
			const struct place *place, struct error *err)
{
	int ret = 0;

	if (entry->kind == ENTRY_SYMLINK)
		ret = symlinkat(entry->target, place->parent, place->name);
	else if (entry->kind == ENTRY_PIPE)
		ret = mkfifoat(place->parent, place->name, 0600);
	/* As umoci does without privileges: a file stands for the device. */
	else if (apply->no_owners)
		ret = mknodat(place->parent, place->name, S_IFREG | 0600, 0);
	else
		ret = mknodat(place->parent, place->name, (entry->mode & S_IFMT) | 0600,
			      entry->device);
	if (ret)
		return bad(entry, -errno, "make it", err);
	ret = set_metadata(apply, entry, place->parent, place->name);
	return ret ? bad(entry, ret, "set owner, mode, attributes and time", err) : 0;
}

/* A folder stays if a folder comes; all else makes way for what comes. */
static int make_way(const struct layer_entry *entry, const struct place *place)
{
	struct stat info;

	if (fstatat(place->parent, place->name, &info, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(info.st_mode) && entry->kind == ENTRY_FOLDER)
		return 0;
	return tree_remove(place->parent, place->name);
}

static int apply_entry(struct apply *apply, struct walk *walk, const struct layer_entry *entry,
		       struct error *err)
{
	cleanup_place struct place place = { .parent = -1 };
	int ret;

	if (entry->kind == ENTRY_WHITEOUT)
		return apply_whiteout(apply, entry, err);
	if (entry->kind == ENTRY_OPAQUE)
		return apply_opaque(apply, entry, err);
	if (!entry->path[0]) {
		ret = set_metadata(apply, entry, apply->root, "");
		return ret ? bad(entry, ret, "set owner, mode, attributes and time", err) : 0;
	}
	ret = enter(apply, entry, true, &place);
	if (ret)
		return bad(entry, ret, "open its folder", err);
	ret = make_way(entry, &place);
	if (ret)
		return bad(entry, ret, "replace what is there", err);
	if (entry->kind == ENTRY_FILE)
		ret = make_file(apply, walk, entry, &place, err);
	else if (entry->kind == ENTRY_FOLDER)
		ret = make_folder(apply, entry, &place, err);
	else if (entry->kind == ENTRY_HARDLINK)
		ret = make_hardlink(apply, entry, &place, err);
	else
		ret = make_special(apply, entry, &place, err);
	if (ret)
		return ret;
	if (seen_add(&apply->seen, place.info.st_ino, place.name))
		return error_set(err, ENOMEM, "layer: out of memory");
	ret = restore_times(&place);
	return ret ? bad(entry, ret, "leave its folder's time", err) : 0;
}

int apply_layer(struct apply *apply, struct walk *walk, struct error *err)
{
	struct layer_entry *entry = malloc(sizeof(*entry));
	int ret;

	if (!entry)
		return error_set(err, ENOMEM, "layer: out of memory");
	seen_free(&apply->seen);
	while ((ret = walk_next(walk, entry, err)) > 0) {
		ret = apply_entry(apply, walk, entry, err);
		if (ret)
			break;
	}
	seen_free(&apply->seen);
	free(entry);
	return ret;
}
