/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store: every blob once, named by its digest; names that point to manifests.
 *
 *	STORE/oci-layout, index.json	an OCI image layout: other tools read it in place
 *	STORE/blobs/sha256/HEX		complete and checked, or not there
 *	STORE/tmp/			what is being written; HEX.part can be resumed
 *	STORE/layers/, mounts/		layers unpacked, and who stands on them: ../layer/overlay.h
 *	STORE/cache/			what a build step gave: ../build/cache.h
 *	STORE/build/PID/		where a build works: ../build/work.h
 *	STORE/sweep.lock, index.lock
 *
 * Invariants, whenever a process or the machine dies:
 *  S1 a file in blobs/ has the digest that its name says: it was synced before it got the name;
 *  S2 index.json is the old one or the new one, whole;
 *  S3 what index.json names is there: blobs come before the name, and go after it;
 *  S4 whoever adds blobs holds sweep.lock shared until they have a name; who removes, exclusive.
 *
 * Locks, in this order: sweep.lock, a .part file, index.lock. The kernel releases them for those
 * that die.
 */
#ifndef CELL_IMAGE_STORE_H
#define CELL_IMAGE_STORE_H

#include <limits.h>

#include "../manifest.h"
#include "../reference.h"

/**
 * struct store - an open one
 * @path: of the folder, for messages
 * @dir: the folder
 * @blobs: blobs/sha256
 * @temporary: tmp
 * @sweep: sweep.lock, held shared
 */
struct store {
	char path[PATH_MAX];
	int dir;
	int blobs;
	int temporary;
	int sweep;
};

/**
 * store_open() - open a store, making it if it is not there
 * @store: the caller's to close if it returns 0
 * @path: NULL: $CELL_STORE, or /var/lib/cell/images for root, or cell/images in the user's data
 *	folder (XDG base directory specification)
 * @err: why not
 *
 * Waits while another removes blobs. Return: 0 or a negative errno.
 */
int store_open(struct store *store, const char *path, struct error *err);
void store_close(struct store *store);

#define cleanup_store __attribute__((cleanup(store_close)))
#define STORE_CLOSED { .dir = -1, .blobs = -1, .temporary = -1, .sweep = -1 }

/* --- blobs: blob.c --- */

/**
 * struct blob_writer - a blob on its way in
 * @store: where to
 * @fd: the file in tmp, -1: none
 * @name: of that
 * @size: octets so far
 * @state: their digest so far
 * @keep: leave the file if it is not committed, to be resumed
 */
struct blob_writer {
	const struct store *store;
	int fd;
	char name[DIGEST_HEX + 8];
	int64_t size;
	int64_t flushed;
	struct sha256_ctx state;
	bool keep;
};

/* Is it here? */
bool store_has(const struct store *store, const struct digest *digest, int64_t *size);

/* Opens a blob for reading: an fd, -ENOENT or another negative errno. */
int store_open_blob(const struct store *store, const struct digest *digest, struct error *err);

/* Reads a document and checks its digest again. The caller frees @data. */
int store_read(const struct store *store, const struct descriptor *blob, char **data,
	       struct error *err);

/* Begins a blob whose digest is not known. */
int blob_begin(struct blob_writer *writer, const struct store *store, struct error *err);

/**
 * blob_resume() - begin or go on with a blob whose digest is known
 * @writer: has @size octets already if it returns 0
 * @store: where to
 * @blob: which one
 * @err: why not
 *
 * Waits while another process is at the same blob. Return: 0, 1 if the blob is there by now, or
 * a negative errno.
 */
int blob_resume(struct blob_writer *writer, const struct store *store,
		const struct descriptor *blob, struct error *err);

int blob_write(struct blob_writer *writer, const void *data, size_t length, struct error *err);

/* Throw away what was written, and begin again. */
int blob_restart(struct blob_writer *writer, struct error *err);

/**
 * blob_commit() - the blob is complete
 * @writer: over with, whatever is returned
 * @expected: what it is to be; NULL: not known
 * @blob: digest and size are set if it returns 0; may be NULL
 * @err: if it is not what was expected, or cannot be written
 *
 * Return: 0, -EBADMSG if digest or size are not as expected, or another negative errno.
 */
int blob_commit(struct blob_writer *writer, const struct descriptor *expected,
		struct descriptor *blob, struct error *err);
void blob_end(struct blob_writer *writer);

#define cleanup_blob __attribute__((cleanup(blob_end)))
#define BLOB_NONE { .fd = -1 }

/* Adds a document; media stays the caller's. */
int store_add(const struct store *store, const void *data, size_t length, struct descriptor *blob,
	      struct error *err);

/* Adds JSON, compact: equal objects are equal blobs. NULL: was out of memory. */
int store_add_json(const struct store *store, json_object *object, struct descriptor *blob,
		   struct error *err);

/* --- names: names.c --- */

/* index.lock, waited for: a descriptor that the caller closes, or a negative errno. */
int store_lock_index(const struct store *store, struct error *err);

/* All entries of index.json. */
int store_names(const struct store *store, struct descriptors *names, struct error *err);

/**
 * store_name() - let a name point to a manifest
 * @store: has the manifest and all it needs
 * @name: as of reference_text(), complete; NULL: only see to it that the manifest is in the index
 * @manifest: its descriptor
 * @err: why not
 */
int store_name(const struct store *store, const char *name, const struct descriptor *manifest,
	       struct error *err);

/* Removes the entries that have @name, or, if that is NULL, all that point to @manifest. */
int store_unname(const struct store *store, const char *name, const struct digest *manifest,
		 struct error *err);

/**
 * store_find() - which image is meant?
 * @store: to look in
 * @text: a name, with or without registry and tag, or the first 4 to 64 hex digits of the digest
 *	of a manifest or a config, with or without "sha256:"
 * @found: the entry; its name is the caller's to free
 * @err: if there is none, or more than one
 *
 * Return: 0, -ENOENT, -EINVAL, or another negative errno.
 */
int store_find(const struct store *store, const char *text, struct descriptor *found,
	       struct error *err);

/* Reads the manifest that an entry points to, which may be an index: then that of this machine. */
int store_manifest(const struct store *store, const struct descriptor *entry,
		   struct manifest *manifest, struct descriptor *which, struct error *err);

/* --- who needs what: sweep.c --- */

/**
 * struct uses - how many images need a blob
 * @at: sorted by digest
 */
struct uses {
	struct use {
		struct digest digest;
		unsigned int count;
	} *at;
	size_t count;
};

/* Counts for all blobs that images need; build steps that are remembered count once if @cache. */
int store_uses(const struct store *store, bool cache, struct uses *uses, struct error *err);
unsigned int uses_of(const struct uses *uses, const struct digest *digest);
void uses_free(struct uses *uses);

#define cleanup_uses __attribute__((cleanup(uses_free)))

/**
 * struct sweep - what to remove, and what was
 * @cache: forget build steps, too
 * @partial: interrupted pulls, too
 * @dry: only count
 * @blobs: removed, or that would be
 * @octets: of all files removed
 */
struct sweep {
	bool cache;
	bool partial;
	bool dry;
	unsigned int blobs;
	int64_t octets;
};

/**
 * store_sweep() - remove what no image needs
 * @store: open; it is held alone meanwhile
 * @sweep: what to do; the counts are set
 * @err: why not
 *
 * Return: 0, -EBUSY if another process is adding, or another negative errno; if one manifest
 * cannot be read, nothing is removed.
 */
int store_sweep(struct store *store, struct sweep *sweep, struct error *err);

#endif
