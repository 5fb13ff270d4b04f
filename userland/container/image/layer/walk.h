/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tar walk: from the octets of a layer to entries that are fit to be applied. libarchive knows
 * the formats (ustar, pax, GNU); here is what an image makes of an entry: OCI image-spec layer.md.
 */
#ifndef CELL_IMAGE_WALK_H
#define CELL_IMAGE_WALK_H

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <sys/stat.h>

#include "error.h"

/* More entries, or more xattrs of one, are an attack. */
#define WALK_ENTRIES (4 << 20)
#define WALK_XATTRS 128

enum entry_kind {
	ENTRY_FILE,
	ENTRY_FOLDER,
	ENTRY_SYMLINK,
	ENTRY_HARDLINK,
	ENTRY_DEVICE,
	ENTRY_PIPE,
	/* @path is what is hidden from lower layers, or the folder whose content is. */
	ENTRY_WHITEOUT,
	ENTRY_OPAQUE,
};

/**
 * struct layer_entry - one entry of a layer
 * @kind: what it is
 * @path: relative to the root, as of tree_clean(); empty: the root, which is a folder
 * @target: of a symbolic link, as it is; of a hard link, as of tree_clean()
 * @mode: permissions with setuid, setgid and sticky; of a device also which kind
 * @uid: owner
 * @gid: group
 * @device: its number
 * @mtime: when it was changed
 * @size: octets, as announced
 * @raw: for the xattrs
 */
struct layer_entry {
	enum entry_kind kind;
	char path[PATH_MAX];
	char target[PATH_MAX];
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t device;
	struct timespec mtime;
	int64_t size;
	struct archive_entry *raw;
};

/* Where the octets come from: like read(2), with a negative errno. */
typedef ssize_t (*walk_read)(void *source, void *buffer, size_t size, struct error *err);

/**
 * struct walk - a layer being walked
 * @archive: for archive_read_data_block()
 * @entries: seen so far
 * @failed: of the source, with @source_err
 */
struct walk {
	struct archive *archive;
	unsigned long entries;
	walk_read read;
	void *source;
	void *buffer;
	int failed;
	struct error source_err;
};

int walk_open(struct walk *walk, walk_read read, void *source, struct error *err);

/**
 * walk_next() - the next entry
 * @walk: open
 * @entry: set if it returns 1
 * @err: what is wrong with it
 *
 * Return: 1, 0 at the end, -EBADMSG for what is no tar, -EINVAL for what no layer may have, or what
 * the source returned.
 */
int walk_next(struct walk *walk, struct layer_entry *entry, struct error *err);

/* The next piece of a file's data. 1, 0 at the end, or a negative errno. */
int walk_data(struct walk *walk, const void **data, size_t *length, int64_t *offset,
	      struct error *err);
void walk_close(struct walk *walk);

#define cleanup_walk __attribute__((cleanup(walk_close)))

#endif
