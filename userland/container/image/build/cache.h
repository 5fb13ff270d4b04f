/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a step of a build gave, by all that it depends on: STORE/cache/KEY is
 * "DIFF_ID LAYER_DIGEST SIZE\n", or "-\n" if nothing changed. ../store/sweep.c keeps those layers
 * until `prune --all`.
 */
#ifndef CELL_IMAGE_BUILD_CACHE_H
#define CELL_IMAGE_BUILD_CACHE_H

#include "layer_writer.h"

/* What is remembered: 1 and @layer, 0 if the step changed nothing, -ENOENT if it is not known. */
int cache_find(const struct store *store, const struct digest *key, struct built_layer *layer);

/* Remembers; NULL: nothing changed. That it cannot is no error: the step is done again then. */
void cache_keep(const struct store *store, const struct digest *key,
		const struct built_layer *layer);

#endif
