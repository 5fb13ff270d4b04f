/* SPDX-License-Identifier: GPL-2.0-only */
/* From two snapshots of a root to a layer: OCI image-spec layer.md, "Change Types". */
#ifndef CELL_IMAGE_BUILD_DIFFERENCE_H
#define CELL_IMAGE_BUILD_DIFFERENCE_H

#include <time.h>

#include "layer_writer.h"
#include "snapshot.h"

/**
 * difference_write() - make a layer of what changed
 * @store: where to
 * @root: open, as it is now
 * @before: a snapshot
 * @after: one of now
 * @epoch: the time that every entry, and every changed file of the root, gets
 * @layer: set if it returns 1
 * @err: what failed, at which file
 *
 * Entries are in order of their names; a file that went is a whiteout. What no tar can say is left
 * out: sockets; overlayfs's whiteouts; and names that begin with ".wh.", which would be read as
 * whiteouts and remove files of lower layers. Of extended attributes, those of overlayfs and of
 * the host's security modules stay behind.
 *
 * Return: 1, 0 if nothing changed, or a negative errno.
 */
int difference_write(const struct store *store, int root, const struct snapshot *before,
		     const struct snapshot *after, time_t epoch, struct built_layer *layer,
		     struct error *err);

#endif
