/* SPDX-License-Identifier: GPL-2.0-only */
/* From an image to a root file system. */
#ifndef CELL_IMAGE_UNPACK_H
#define CELL_IMAGE_UNPACK_H

#include "../image_config.h"
#include "../store/store.h"

/* Of all files of an image, unless the command line says otherwise. */
#define UNPACK_MOST (64LL << 30)

/**
 * struct image - what is known of an image in the store
 * @which: its manifest
 * @manifest: read
 * @config: read; it has as many diff_ids as the manifest has layers
 */
struct image {
	struct descriptor which;
	struct manifest manifest;
	struct image_config config;
};

/* Reads manifest and config, and checks that they belong together. */
int image_read(const struct store *store, const struct descriptor *entry, struct image *image,
	       struct error *err);
void image_free(struct image *image);

#define cleanup_image __attribute__((cleanup(image_free)))

/**
 * unpack_layer() - apply one layer to an open root
 * @store: has it
 * @layer: which one
 * @diff_id: what its octets are to be once decompressed
 * @root: where to
 * @most: octets that files may have, less what this layer had when it returns
 * @err: what failed
 *
 * Return: 0, -EBADMSG if the layer is not what @diff_id says, or another negative errno; the root
 * is then not to be used.
 */
int unpack_layer(const struct store *store, const struct descriptor *layer,
		 const struct digest *diff_id, int root, int64_t *most, struct error *err);

/**
 * unpack_image() - make a folder that has an image's files
 * @store: has the image
 * @image: which one
 * @folder: an open folder
 * @name: made in it; there at the end with all that the image has, or not at all
 * @most: octets that all files may have
 * @err: what failed
 */
int unpack_image(const struct store *store, const struct image *image, int folder,
		 const char *name, int64_t most, struct error *err);

#endif
