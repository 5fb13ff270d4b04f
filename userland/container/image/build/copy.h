/* SPDX-License-Identifier: GPL-2.0-only */
/* COPY and ADD: files come into a root. */
#ifndef CELL_IMAGE_BUILD_COPY_H
#define CELL_IMAGE_BUILD_COPY_H

#include "source.h"

/**
 * struct copy - what is to come where
 * @source: from
 * @root: to; an open folder
 * @target: path in the root, absolute; a slash at the end: it is a folder
 * @own: owners and attributes stay as they are in the source; otherwise root's, and none
 * @uid: other owner, if @owner
 * @gid: other group, if @owner
 * @owner: whether there is another owner
 * @mode: of all that is copied; -1: as in the source
 * @unpack: what is a tar, packed or not, is unpacked (ADD)
 */
struct copy {
	const struct source *source;
	int root;
	const char *target;
	bool own;
	bool owner;
	uid_t uid;
	gid_t gid;
	int mode;
	bool unpack;
};

/**
 * copy_paths() - copy
 * @copy: where to and how
 * @paths: of the source, from source_choose()
 * @err: what failed
 *
 * Of a folder, what is in it is copied. Folders that are missing are made, with mode 0755 and
 * root's. Links within the root are followed on the way, never out of it.
 *
 * Return: 0 or a negative errno; the root is then half done.
 */
int copy_paths(const struct copy *copy, const struct words *paths, struct error *err);

#endif
