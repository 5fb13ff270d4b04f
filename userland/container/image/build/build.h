/* SPDX-License-Identifier: GPL-2.0-only */
/* From a Containerfile to an image in the store. */
#ifndef CELL_IMAGE_BUILD_BUILD_H
#define CELL_IMAGE_BUILD_BUILD_H

#include "stage.h"

/**
 * build_image_from() - build
 * @store: where base images are, and the image goes
 * @options: what and how
 * @id: digest of the image's config
 * @err: what failed: file, line, instruction, why
 *
 * What a killed build left is removed by the next one. Names are given at the end, so a build that
 * fails changes no image.
 *
 * Return: 0 or a negative errno.
 */
int build_image_from(struct store *store, const struct build_options *options, struct digest *id,
		     struct error *err);

#endif
