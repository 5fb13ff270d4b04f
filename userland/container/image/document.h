/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON from strangers: bounded in size and depth, and read by fields whose type and range are
 * checked. An error names the document and the path of the field: "manifest: layers[3].size".
 */
#ifndef CELL_IMAGE_DOCUMENT_H
#define CELL_IMAGE_DOCUMENT_H

#include <json-c/json.h>
#include <stdint.h>

#include "digest.h"
#include "error.h"

/* Of a manifest, an index or a config; registries limit manifests to 4 MiB. */
#define DOCUMENT_MAX (4 << 20)
#define DOCUMENT_DEPTH 32

/**
 * document_parse() - read one JSON object
 * @data: text, need not end with a NUL
 * @length: of @data, at most DOCUMENT_MAX octets
 * @what: names the document in errors
 * @root: set if it returns 0; the caller's, to be put
 * @err: what is wrong and where
 *
 * Strict: UTF-8, no trailing text, no comments, DOCUMENT_DEPTH levels.
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int document_parse(const char *data, size_t length, const char *what, json_object **root,
		   struct error *err);

/*
 * A member of an object: NULL if it is not there or null. If it is there and of another type,
 * returns -EINVAL with @err set; @path is the object's, "" at the top.
 */
int document_get(json_object *object, const char *path, const char *key, enum json_type type,
		 json_object **value, struct error *err);

/* As above, and it must be there. */
int document_need(json_object *object, const char *path, const char *key, enum json_type type,
		  json_object **value, struct error *err);

/* A digest that must be there. */
int document_digest(json_object *object, const char *path, const char *key, struct digest *digest,
		    struct error *err);

static inline void cleanup_json(json_object **object)
{
	json_object_put(*object);
}

#define cleanup_put __attribute__((cleanup(cleanup_json)))

#endif
