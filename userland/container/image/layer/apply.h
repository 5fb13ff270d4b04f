/* SPDX-License-Identifier: GPL-2.0-only */
/* One layer onto what lower ones left: OCI image-spec layer.md, "Applying Changesets". */
#ifndef CELL_IMAGE_APPLY_H
#define CELL_IMAGE_APPLY_H

#include "seen.h"
#include "walk.h"

/**
 * struct apply - a root that layers are applied to
 * @root: an open folder
 * @no_owners: who is not root gives no files away and makes no devices
 * @most: octets of file data that may still be written, less with each file
 * @seen: what this layer made
 * @skipped: xattrs that were left out: those of overlayfs itself, and those that the file system
 *	does not take
 */
struct apply {
	int root;
	bool no_owners;
	int64_t most;
	struct seen seen;
	unsigned long skipped;
};

/**
 * apply_layer() - apply all entries of a layer
 * @apply: the root; @seen is emptied first
 * @walk: the layer
 * @err: what failed, at which entry
 *
 * Nothing outside of the root is read, made or changed, whatever the layer has. Times of folders
 * are those of their entries, or as they were.
 *
 * Return: 0 or a negative errno; the root is then half done.
 */
int apply_layer(struct apply *apply, struct walk *walk, struct error *err);

#endif
