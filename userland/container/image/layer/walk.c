// SPDX-License-Identifier: GPL-2.0-only
/* From tar to entries, see walk.h. Called by apply.c; fuzzed by itself. */
#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "../../path/guard.h"
#include "../../path/tree.h"

#define READ_OCTETS (64 << 10)

static const char whiteout[] = ".wh.";
static const char aufs[] = ".wh..wh.";
static const char opaque[] = ".wh..wh..opq";

static la_ssize_t on_read(struct archive *archive, void *data, const void **buffer)
{
	struct walk *walk = data;
	ssize_t got = walk->read(walk->source, walk->buffer, READ_OCTETS, &walk->source_err);

	*buffer = walk->buffer;
	if (got < 0) {
		walk->failed = (int)got;
		archive_set_error(archive, (int)-got, "source");
		return ARCHIVE_FATAL;
	}
	return got;
}

int walk_open(struct walk *walk, walk_read read, void *source, struct error *err)
{
	memset(walk, 0, sizeof(*walk));
	walk->read = read;
	walk->source = source;
	walk->buffer = malloc(READ_OCTETS);
	walk->archive = archive_read_new();
	if (!walk->buffer || !walk->archive ||
	    archive_read_support_format_tar(walk->archive) ||
	    archive_read_support_format_empty(walk->archive))
		return error_set(err, ENOMEM, "layer: out of memory");
	if (archive_read_open(walk->archive, walk, NULL, on_read, NULL) == ARCHIVE_OK)
		return 0;
	if (walk->failed) {
		*err = walk->source_err;
		return walk->failed;
	}
	return error_set(err, EBADMSG, "layer: not a tar archive: %s",
			 archive_error_string(walk->archive));
}

static int bad(struct error *err, const struct walk *walk, const char *name, const char *why)
{
	return error_set(err, EINVAL, "layer: entry %lu: \"%.200s\": %s", walk->entries,
			 name ? name : "", why);
}

static int clean(const struct walk *walk, const char *name, char *out, struct error *err)
{
	int ret = name ? tree_clean(name, out, PATH_MAX) : -EINVAL;

	if (ret == -ENAMETOOLONG)
		return bad(err, walk, name, "the name is too long");
	return ret ? bad(err, walk, name, name ? "has \"..\": an image has no say outside of itself"
					       : "has no name, or one that is not UTF-8") : 0;
}

static int kind_of(struct archive_entry *raw, const struct walk *walk, const char *name,
		   enum entry_kind *kind, struct error *err)
{
	if (archive_entry_hardlink(raw)) {
		*kind = ENTRY_HARDLINK;
		return 0;
	}
	switch (archive_entry_filetype(raw)) {
	case AE_IFREG:
		*kind = ENTRY_FILE;
		return 0;
	case AE_IFDIR:
		*kind = ENTRY_FOLDER;
		return 0;
	case AE_IFLNK:
		*kind = ENTRY_SYMLINK;
		return 0;
	case AE_IFCHR:
	case AE_IFBLK:
		*kind = ENTRY_DEVICE;
		return 0;
	case AE_IFIFO:
		*kind = ENTRY_PIPE;
		return 0;
	default:
		return bad(err, walk, name, "is of a type that no layer has");
	}
}

/*
 * layer.md, "Whiteouts". AUFS left other names that begin so, for itself: they mean nothing.
 * Returns 1 for those.
 */
static int read_whiteout(const struct walk *walk, struct layer_entry *entry, struct error *err)
{
	char *last = strrchr(entry->path, '/'), *at = entry->path;

	last = last ? last + 1 : entry->path;
	for (; at < last; at = strchr(at, '/') + 1) {
		if (!strncmp(at, aufs, sizeof(aufs) - 1))
			return 1;
		if (!strncmp(at, whiteout, sizeof(whiteout) - 1))
			return bad(err, walk, entry->path, "is below a whiteout");
	}
	if (strncmp(last, whiteout, sizeof(whiteout) - 1) != 0)
		return 0;
	if (!strcmp(last, opaque)) {
		entry->kind = ENTRY_OPAQUE;
		*(last > entry->path ? last - 1 : last) = '\0';
		return 0;
	}
	if (!strncmp(last, aufs, sizeof(aufs) - 1))
		return 1;
	at = last + sizeof(whiteout) - 1;
	if (GUARD(WHITEOUT) && (!at[0] || !strcmp(at, ".") || !strcmp(at, "..")))
		return bad(err, walk, entry->path, "hides nothing that has a name");
	memmove(last, at, strlen(at) + 1);
	entry->kind = ENTRY_WHITEOUT;
	return 0;
}

static int read_target(const struct walk *walk, struct archive_entry *raw,
		       struct layer_entry *entry, struct error *err)
{
	const char *target;

	entry->target[0] = '\0';
	if (entry->kind == ENTRY_HARDLINK) {
		int ret = clean(walk, archive_entry_hardlink(raw), entry->target, err);

		if (!ret && !entry->target[0])
			ret = bad(err, walk, entry->path, "is a link to the root");
		return ret;
	}
	if (entry->kind != ENTRY_SYMLINK)
		return 0;
	target = archive_entry_symlink(raw);
	if (!target || !target[0] || strlen(target) >= sizeof(entry->target))
		return bad(err, walk, entry->path, "is a symbolic link to nothing, or too long");
	memcpy(entry->target, target, strlen(target) + 1);
	return 0;
}

static int read_numbers(const struct walk *walk, struct archive_entry *raw,
			struct layer_entry *entry, struct error *err)
{
	la_int64_t uid = archive_entry_uid(raw), gid = archive_entry_gid(raw);

	/* (uid_t)-1 means "leave it" to chown(2). */
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return bad(err, walk, entry->path, "has an owner that is out of range");
	entry->uid = (uid_t)uid;
	entry->gid = (gid_t)gid;
	entry->mode = archive_entry_perm(raw) & 07777;
	entry->mtime.tv_sec = archive_entry_mtime(raw);
	entry->mtime.tv_nsec = archive_entry_mtime_nsec(raw);
	if (entry->mtime.tv_nsec < 0 || entry->mtime.tv_nsec >= 1000000000)
		entry->mtime.tv_nsec = 0;
	entry->size = archive_entry_size_is_set(raw) ? archive_entry_size(raw) : 0;
	if (entry->size < 0)
		return bad(err, walk, entry->path, "has a negative size");
	entry->device = 0;
	if (entry->kind == ENTRY_DEVICE) {
		bool character = archive_entry_filetype(raw) == AE_IFCHR;

		entry->mode |= character ? S_IFCHR : S_IFBLK;
		entry->device = makedev((unsigned int)archive_entry_rdevmajor(raw),
					(unsigned int)archive_entry_rdevminor(raw));
		/* overlayfs.rst: that is its whiteout, and would hide what is below. */
		if (GUARD(DEVICE) && character && !entry->device)
			return bad(err, walk, entry->path, "is character device 0:0, which is "
				   "overlayfs's whiteout: a layer says .wh.NAME");
	}
	return archive_entry_xattr_count(raw) > WALK_XATTRS
		       ? bad(err, walk, entry->path, "has too many extended attributes") : 0;
}

static int read_entry(struct walk *walk, struct archive_entry *raw, struct layer_entry *entry,
		      struct error *err)
{
	const char *name = archive_entry_pathname(raw);
	int ret = clean(walk, name, entry->path, err);

	if (!ret)
		ret = kind_of(raw, walk, name, &entry->kind, err);
	/* CVE-2021-29136: a root that is a link sends all that comes after elsewhere. */
	if (GUARD(ROOT) && !ret && !entry->path[0] && entry->kind != ENTRY_FOLDER)
		ret = bad(err, walk, name, "is the root, and not a folder");
	if (!ret)
		ret = read_whiteout(walk, entry, err);
	if (ret)
		return ret;
	entry->raw = raw;
	if (entry->kind == ENTRY_WHITEOUT || entry->kind == ENTRY_OPAQUE)
		return 0;
	ret = read_target(walk, raw, entry, err);
	return ret ? ret : read_numbers(walk, raw, entry, err);
}

static int failed(struct walk *walk, struct error *err)
{
	if (walk->failed) {
		*err = walk->source_err;
		return walk->failed;
	}
	return error_set(err, EBADMSG, "layer: entry %lu: damaged: %s", walk->entries,
			 archive_error_string(walk->archive) ?: "not a tar archive");
}

int walk_next(struct walk *walk, struct layer_entry *entry, struct error *err)
{
	struct archive_entry *raw;
	int ret;

	do {
		ret = archive_read_next_header(walk->archive, &raw);
		if (ret == ARCHIVE_EOF)
			return walk->failed ? failed(walk, err) : 0;
		/* A warning is about an entry that would not be what it was. */
		if (ret != ARCHIVE_OK)
			return failed(walk, err);
		if (++walk->entries > WALK_ENTRIES)
			return error_set(err, EFBIG, "layer: more than %d entries", WALK_ENTRIES);
		ret = read_entry(walk, raw, entry, err);
	} while (ret == 1);
	return ret ? ret : 1;
}

int walk_data(struct walk *walk, const void **data, size_t *length, int64_t *offset,
	      struct error *err)
{
	la_int64_t at = 0;
	int ret = archive_read_data_block(walk->archive, data, length, &at);

	*offset = at;
	if (ret == ARCHIVE_EOF)
		return 0;
	return ret == ARCHIVE_OK ? 1 : failed(walk, err);
}

void walk_close(struct walk *walk)
{
	archive_read_free(walk->archive);
	free(walk->buffer);
	memset(walk, 0, sizeof(*walk));
}
