/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A layer on its way into the store: a tar (pax), packed by gzip, as it is written; the same
 * entries make the same octets (of one zlib). Nothing of the host is in it but what is said:
 * no names of users, no device, no inode, no time of access (buildah issue 4180).
 */
#ifndef CELL_IMAGE_BUILD_LAYER_WRITER_H
#define CELL_IMAGE_BUILD_LAYER_WRITER_H

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "../store/store.h"

/**
 * struct layer_writer - a layer being written
 * @blob: packed
 * @state: digest of what is packed
 * @zlib: packs it
 */
struct layer_writer {
	struct archive *archive;
	struct blob_writer blob;
	struct sha256_ctx state;
	z_stream zlib;
	bool packing;
	int failed;
	struct error failed_err;
};

/**
 * struct built_layer - one that is done
 * @blob: its descriptor; packed
 * @diff_id: unpacked
 */
struct built_layer {
	struct descriptor blob;
	struct digest diff_id;
};

int layer_begin(struct layer_writer *writer, const struct store *store, struct error *err);

/* An entry; if it is a file of some size, its data come after by layer_data(). */
int layer_entry(struct layer_writer *writer, struct archive_entry *entry, struct error *err);
int layer_data(struct layer_writer *writer, const void *data, size_t length, struct error *err);

/* The writer is over with, whatever is returned. */
int layer_commit(struct layer_writer *writer, struct built_layer *layer, struct error *err);
void layer_end(struct layer_writer *writer);

#define cleanup_layer __attribute__((cleanup(layer_end)))
#define LAYER_NONE { .blob = BLOB_NONE }

#endif
