/* SPDX-License-Identifier: GPL-2.0-only */
/* An image's config: what runs in it, and which layers it has. OCI image-spec config.md. */
#ifndef CELL_IMAGE_IMAGE_CONFIG_H
#define CELL_IMAGE_IMAGE_CONFIG_H

#include "manifest.h"

/**
 * struct image_config - a config that was checked
 * @json: all of it; the config's
 * @run: its "config" object, of @json; NULL: there is none
 * @diff_ids: digests of the layers, uncompressed, the lowest first; the config's
 * @count: of @diff_ids
 * @platform: what it runs on
 */
struct image_config {
	json_object *json;
	json_object *run;
	struct digest *diff_ids;
	size_t count;
	struct platform platform;
};

/**
 * image_config_read() - read a config
 * @data: text, need not end with a NUL
 * @length: of @data
 * @config: the caller's to free if it returns 0
 * @err: what is wrong and where
 *
 * All fields that others here use have their types checked: in "config": User, WorkingDir and
 * StopSignal strings, Env, Cmd, Entrypoint and OnBuild arrays of strings, Labels an object of
 * strings, ExposedPorts and Volumes objects. No string has a NUL, and each of Env has a "=".
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int image_config_read(const char *data, size_t length, struct image_config *config,
		      struct error *err);
void image_config_free(struct image_config *config);

/* A member of "config" as a string, "" if it is not there. */
const char *image_config_text(const struct image_config *config, const char *key);

/* A member of "config" as an array or object, or NULL. */
json_object *image_config_member(const struct image_config *config, const char *key);

#define cleanup_image_config __attribute__((cleanup(image_config_free)))

#endif
