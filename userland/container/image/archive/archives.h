/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images in one file: an OCI image layout in a tar ("oci-archive"), and what `docker save` writes
 * ("docker-archive"). Both are read as they come, so also from a pipe.
 */
#ifndef CELL_IMAGE_ARCHIVES_H
#define CELL_IMAGE_ARCHIVES_H

#include "../store/store.h"

/* Files of an archive, and names in it; more is an attack. */
#define ARCHIVE_FILES 16384
#define ARCHIVE_IMAGES 256

/**
 * archive_load() - add the images of an archive to a store
 * @store: where to
 * @fd: of the archive, plain or compressed by gzip or zstd
 * @name: give this name to its only image; NULL: as the archive says
 * @loaded: entries with their names; the caller's to free
 * @err: what is wrong with it
 *
 * Every blob is checked against its name before any image gets one. Blobs that were added for
 * nothing stay until the next sweep.
 *
 * Return: 0 or a negative errno.
 */
int archive_load(const struct store *store, int fd, const char *name, struct descriptors *loaded,
		 struct error *err);

enum archive_format {
	ARCHIVE_OCI,
	ARCHIVE_DOCKER,
};

/**
 * archive_save() - write images to an archive
 * @store: has them
 * @entries: which ones, with the names they are to have
 * @format: of the archive. OCI: what has Docker's media types gets OCI's, and so another digest.
 *	Docker: layers are decompressed
 * @fd: where to
 * @err: what failed
 *
 * The same images make the same octets.
 */
int archive_save(const struct store *store, const struct descriptors *entries,
		 enum archive_format format, int fd, struct error *err);

#endif
