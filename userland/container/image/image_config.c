// SPDX-License-Identifier: GPL-2.0-only
/* An image's config, read. Called by the store, the unpacking and the build. */
#include "image_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_string(json_object *value, const char *path, bool assignment, struct error *err)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return error_set(err, EINVAL, "config: %s: is to be a string", path);
	text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return error_set(err, EINVAL, "config: %s: has a NUL", path);
	if (assignment && (text[0] == '=' || !strchr(text, '=')))
		return error_set(err, EINVAL, "config: %s: \"%.60s\": is to be NAME=VALUE", path,
				 text);
	return 0;
}

static int check_array(json_object *run, const char *key, bool assignments, struct error *err)
{
	json_object *array;
	char path[64];
	int ret = document_get(run, "config", key, json_type_array, &array, err);

	for (size_t i = 0; !ret && array && i < json_object_array_length(array); i++) {
		snprintf(path, sizeof(path), "config.%s[%zu]", key, i);
		ret = check_string(json_object_array_get_idx(array, i), path, assignments, err);
	}
	return ret;
}

static int check_run(json_object *run, struct error *err)
{
	static const char *const strings[] = { "User", "WorkingDir", "StopSignal" };
	static const char *const arrays[] = { "Env", "Cmd", "Entrypoint", "OnBuild" };
	static const char *const objects[] = { "ExposedPorts", "Volumes", "Labels", "Healthcheck" };
	json_object *value;
	char path[64];
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(strings) / sizeof(strings[0]); i++) {
		ret = document_get(run, "config", strings[i], json_type_string, &value, err);
		snprintf(path, sizeof(path), "config.%s", strings[i]);
		if (!ret && value)
			ret = check_string(value, path, false, err);
	}
	for (size_t i = 0; !ret && i < sizeof(arrays) / sizeof(arrays[0]); i++)
		ret = check_array(run, arrays[i], i == 0, err);
	for (size_t i = 0; !ret && i < sizeof(objects) / sizeof(objects[0]); i++)
		ret = document_get(run, "config", objects[i], json_type_object, &value, err);
	if (ret)
		return ret;
	ret = document_get(run, "config", "Labels", json_type_object, &value, err);
	if (!ret && value) {
		json_object_object_foreach(value, key, label) {
			if (!ret)
				ret = check_string(label, "config.Labels", false, err);
			(void)key;
		}
	}
	return ret;
}

static int read_diff_ids(struct image_config *config, struct error *err)
{
	json_object *rootfs, *list, *value;
	int ret = document_need(config->json, "", "rootfs", json_type_object, &rootfs, err);

	/* Docker's engine and podman leave it out if there are no layers. */
	if (!ret)
		ret = document_get(rootfs, "rootfs", "diff_ids", json_type_array, &list, err);
	if (ret || !list)
		return ret;
	if (json_object_array_length(list) > MANIFEST_LAYERS)
		return error_set(err, EINVAL, "rootfs.diff_ids: more than %d layers",
				 MANIFEST_LAYERS);
	config->count = json_object_array_length(list);
	config->diff_ids = calloc(config->count + 1, sizeof(*config->diff_ids));
	if (!config->diff_ids)
		return error_set(err, ENOMEM, "config: out of memory");
	for (size_t i = 0; i < config->count; i++) {
		value = json_object_array_get_idx(list, i);
		if (!json_object_is_type(value, json_type_string) ||
		    !digest_parse(json_object_get_string(value),
				  (size_t)json_object_get_string_len(value), &config->diff_ids[i]))
			return error_set(err, EINVAL, "config: rootfs.diff_ids[%zu]: is to be "
					 "sha256: and 64 hex digits", i);
	}
	return 0;
}

static int read_text(json_object *root, const char *key, char *out, size_t size,
		     struct error *err)
{
	json_object *value;
	int ret = document_get(root, "", key, json_type_string, &value, err);

	if (!ret && value && (size_t)json_object_get_string_len(value) >= size)
		return error_set(err, EINVAL, "config: %s: has more than %zu octets", key, size - 1);
	if (!ret && value)
		memcpy(out, json_object_get_string(value),
		       (size_t)json_object_get_string_len(value) + 1);
	return ret;
}

static int read_all(struct image_config *config, struct error *err)
{
	struct platform *p = &config->platform;
	int ret = read_text(config->json, "os", p->os, sizeof(p->os), err);

	if (!ret)
		ret = read_text(config->json, "architecture", p->architecture,
				sizeof(p->architecture), err);
	if (!ret)
		ret = read_text(config->json, "variant", p->variant, sizeof(p->variant), err);
	if (!ret)
		ret = document_get(config->json, "", "config", json_type_object, &config->run, err);
	if (!ret && config->run)
		ret = check_run(config->run, err);
	return ret ? ret : read_diff_ids(config, err);
}

int image_config_read(const char *data, size_t length, struct image_config *config,
		      struct error *err)
{
	int ret;

	memset(config, 0, sizeof(*config));
	ret = document_parse(data, length, "config", &config->json, err);
	if (!ret)
		ret = read_all(config, err);
	if (ret)
		image_config_free(config);
	return ret;
}

void image_config_free(struct image_config *config)
{
	json_object_put(config->json);
	free(config->diff_ids);
	memset(config, 0, sizeof(*config));
}

const char *image_config_text(const struct image_config *config, const char *key)
{
	json_object *value = image_config_member(config, key);

	return value ? json_object_get_string(value) : "";
}

json_object *image_config_member(const struct image_config *config, const char *key)
{
	json_object *value = NULL;

	if (config->run)
		json_object_object_get_ex(config->run, key, &value);
	return value;
}
