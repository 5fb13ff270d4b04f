/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Manifests and indexes: which blobs an image is made of.
 *
 *	index --> manifest of a platform --> config
 *	                                 \-> layer, layer, ...  (the lowest first)
 *
 * OCI image-spec descriptor.md, manifest.md and image-index.md, and their elder twins, Docker's
 * "image manifest version 2, schema 2". A document says itself which it is; where others say it
 * as well (the descriptor, the Content-Type), all must agree: CVE-2021-41190.
 */
#ifndef CELL_IMAGE_MANIFEST_H
#define CELL_IMAGE_MANIFEST_H

#include "document.h"

#define MANIFEST_LAYERS 512
#define INDEX_ENTRIES 4096

enum media {
	MEDIA_OTHER,
	MEDIA_INDEX,
	MEDIA_DOCKER_INDEX,
	MEDIA_MANIFEST,
	MEDIA_DOCKER_MANIFEST,
	MEDIA_CONFIG,
	MEDIA_DOCKER_CONFIG,
	MEDIA_LAYER,
	MEDIA_LAYER_GZIP,
	MEDIA_LAYER_ZSTD,
	MEDIA_DOCKER_LAYER,
	MEDIA_DOCKER_LAYER_GZIP,
	MEDIA_COUNT,
};

/**
 * struct platform - what an image runs on
 * @os: such as "linux"; empty: not said
 * @architecture: such as "amd64"
 * @variant: such as "v8"; empty: not said
 */
struct platform {
	char os[32];
	char architecture[32];
	char variant[32];
};

/**
 * struct descriptor - names a blob
 * @media: what it is
 * @digest: of its octets
 * @size: octets, never negative
 * @platform: in an index: which one it is for
 * @name: in an index: org.opencontainers.image.ref.name; NULL: none. The descriptor's
 */
struct descriptor {
	enum media media;
	struct digest digest;
	int64_t size;
	struct platform platform;
	char *name;
};

/**
 * struct descriptors - a manifest's layers, or an index
 * @at: the descriptors, to be freed by descriptors_free()
 */
struct descriptors {
	struct descriptor *at;
	size_t count;
};

/**
 * struct manifest - an image of one platform
 * @media: MEDIA_MANIFEST or MEDIA_DOCKER_MANIFEST
 * @config: of the image
 * @layers: the lowest first
 */
struct manifest {
	enum media media;
	struct descriptor config;
	struct descriptors layers;
};

enum media media_of(const char *text);
const char *media_text(enum media media);

/* What OCI calls what Docker calls otherwise. */
enum media media_oci(enum media media);

static inline bool media_is_index(enum media media)
{
	return media == MEDIA_INDEX || media == MEDIA_DOCKER_INDEX;
}
static inline bool media_is_manifest(enum media media)
{
	return media == MEDIA_MANIFEST || media == MEDIA_DOCKER_MANIFEST;
}
static inline bool media_is_layer(enum media media)
{
	return media >= MEDIA_LAYER && media <= MEDIA_DOCKER_LAYER_GZIP;
}

/**
 * document_media() - is it a manifest or an index?
 * @root: the document
 * @claimed: what its descriptor or Content-Type says; MEDIA_OTHER: nothing
 * @media: set if it returns 0
 * @err: if it is neither, or says two things
 *
 * Return: 0 or -EINVAL.
 */
int document_media(json_object *root, enum media claimed, enum media *media, struct error *err);

/* Both check all of it. On success the caller frees; on failure there is nothing to free. */
int manifest_read(json_object *root, enum media claimed, struct manifest *manifest,
		  struct error *err);
int index_read(json_object *root, enum media claimed, struct descriptors *index,
	       struct error *err);

/* A descriptor, or a manifest, as JSON: the caller's to put. NULL: out of memory. */
json_object *descriptor_json(const struct descriptor *descriptor);
json_object *manifest_json(const struct manifest *manifest);

/* The platform of this machine: linux, and the architecture as images name it. */
void platform_host(struct platform *platform);

/* Read OS/ARCHITECTURE[/VARIANT]. */
int platform_parse(const char *text, struct platform *platform, struct error *err);

/* The entry of an index for a platform, or NULL. One without a platform is for all. */
const struct descriptor *platform_choose(const struct descriptors *index,
					 const struct platform *platform);

void descriptors_free(struct descriptors *descriptors);

/* Takes @descriptor's name along. Returns 0 or -ENOMEM. */
int descriptors_add(struct descriptors *descriptors, const struct descriptor *descriptor);

static inline void manifest_free(struct manifest *manifest)
{
	descriptors_free(&manifest->layers);
}

#define cleanup_descriptors __attribute__((cleanup(descriptors_free)))
#define cleanup_manifest __attribute__((cleanup(manifest_free)))

#endif
