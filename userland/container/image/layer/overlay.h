/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layers unpacked once, each into a folder of its own, and stacked by overlayfs: an image's second
 * container costs a mount, not a copy.
 *
 *	STORE/layers/CHAIN_ID	what a layer makes of those below it, in overlayfs's form
 *	STORE/layers/.new-PID-N	being made; as CHAIN_ID when it is complete, checked and on the disk
 *	STORE/layers/.work-*	overlayfs's own, while one is made
 *	STORE/mounts/NAME	"BUNDLE\nCHAIN_ID\n...": who stands on which, for prune
 *
 * A layer is keyed by its chain id (OCI image-spec config.md, "Layer ChainID"), not by its diff_id
 * alone: what it gives depends on those below, by whose links its names may lead, to whose files it
 * may link. So it is applied to a mount of those, and the kernel writes whiteouts and opaque folders.
 */
#ifndef CELL_IMAGE_OVERLAY_H
#define CELL_IMAGE_OVERLAY_H

#include "unpack.h"

/* overlayfs takes no more (OVL_MAX_STACK). */
#define OVERLAY_LAYERS 500

/**
 * overlay_prepare() - see to it that all layers of an image are unpacked
 * @store: has the image
 * @image: which one
 * @chains: chain ids, the lowest first; the caller's to free
 * @err: what failed
 *
 * Two processes may do it at once: one's work is used, the other's thrown away.
 *
 * Return: 0, -EPERM if overlayfs cannot be mounted here, or another negative errno.
 */
int overlay_prepare(const struct store *store, const struct image *image, struct digest **chains,
		    struct error *err);

/**
 * overlay_mount() - stack layers
 * @store: has them
 * @chains: which ones, the lowest first
 * @count: of @chains, 1 at least
 * @upper: an open folder that gets all changes
 * @work: an open folder beside @upper, for overlayfs
 * @target: an open folder, mounted on
 * @err: what failed
 */
int overlay_mount(const struct store *store, const struct digest *chains, size_t count, int upper,
		  int work, int target, struct error *err);

/* Remembers that a bundle stands on layers, so that they stay; -1 if that cannot be written. */
int overlay_keep(const struct store *store, const char *bundle, const struct digest *chains,
		 size_t count);

/* Removes layers that no mounted bundle stands on: their blobs are still there. Octets are not told. */
void overlay_sweep(const struct store *store);

#endif
