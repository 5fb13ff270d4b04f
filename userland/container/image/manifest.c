// SPDX-License-Identifier: GPL-2.0-only
/* Manifests and indexes, read and written. Called by the store, the archives and the registry. */
#include "manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../path/guard.h"

#define PATH_TEXT 64

static const char *const media_texts[MEDIA_COUNT] = {
	[MEDIA_INDEX] = "application/vnd.oci.image.index.v1+json",
	[MEDIA_DOCKER_INDEX] = "application/vnd.docker.distribution.manifest.list.v2+json",
	[MEDIA_MANIFEST] = "application/vnd.oci.image.manifest.v1+json",
	[MEDIA_DOCKER_MANIFEST] = "application/vnd.docker.distribution.manifest.v2+json",
	[MEDIA_CONFIG] = "application/vnd.oci.image.config.v1+json",
	[MEDIA_DOCKER_CONFIG] = "application/vnd.docker.container.image.v1+json",
	[MEDIA_LAYER] = "application/vnd.oci.image.layer.v1.tar",
	[MEDIA_LAYER_GZIP] = "application/vnd.oci.image.layer.v1.tar+gzip",
	[MEDIA_LAYER_ZSTD] = "application/vnd.oci.image.layer.v1.tar+zstd",
	[MEDIA_DOCKER_LAYER] = "application/vnd.docker.image.rootfs.diff.tar",
	[MEDIA_DOCKER_LAYER_GZIP] = "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

enum media media_of(const char *text)
{
	/* A Content-Type may have parameters. */
	size_t length = strcspn(text, "; \t");

	for (enum media m = MEDIA_INDEX; m < MEDIA_COUNT; m++)
		if (strlen(media_texts[m]) == length && !memcmp(media_texts[m], text, length))
			return m;
	return MEDIA_OTHER;
}

const char *media_text(enum media media)
{
	return media == MEDIA_OTHER ? "application/octet-stream" : media_texts[media];
}

enum media media_oci(enum media media)
{
	switch (media) {
	case MEDIA_DOCKER_INDEX:
		return MEDIA_INDEX;
	case MEDIA_DOCKER_MANIFEST:
		return MEDIA_MANIFEST;
	case MEDIA_DOCKER_CONFIG:
		return MEDIA_CONFIG;
	case MEDIA_DOCKER_LAYER:
		return MEDIA_LAYER;
	case MEDIA_DOCKER_LAYER_GZIP:
		return MEDIA_LAYER_GZIP;
	default:
		return media;
	}
}

void descriptors_free(struct descriptors *descriptors)
{
	for (size_t i = 0; i < descriptors->count; i++)
		free(descriptors->at[i].name);
	free(descriptors->at);
	*descriptors = (struct descriptors){ NULL, 0 };
}

int descriptors_add(struct descriptors *descriptors, const struct descriptor *descriptor)
{
	size_t count = descriptors->count;

	/* Room grows when the count is a power of two. */
	if (!(count & (count - 1))) {
		size_t room = count ? 2 * count : 1;
		struct descriptor *at = reallocarray(descriptors->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		descriptors->at = at;
	}
	descriptors->at[descriptors->count++] = *descriptor;
	return 0;
}

static int copy_text(json_object *object, const char *path, const char *key, char *out,
		     size_t size, struct error *err)
{
	json_object *value;
	int ret = document_get(object, path, key, json_type_string, &value, err);

	if (ret || !value)
		return ret;
	if ((size_t)json_object_get_string_len(value) >= size ||
	    strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return error_set(err, EINVAL, "%s.%s: has more than %zu octets, or a NUL", path, key,
				 size - 1);
	memcpy(out, json_object_get_string(value), (size_t)json_object_get_string_len(value) + 1);
	return 0;
}

static int read_platform(json_object *object, const char *path, struct platform *platform,
			 struct error *err)
{
	json_object *value;
	char inner[PATH_TEXT + 16];
	int ret = document_get(object, path, "platform", json_type_object, &value, err);

	if (ret || !value)
		return ret;
	snprintf(inner, sizeof(inner), "%s.platform", path);
	ret = copy_text(value, inner, "os", platform->os, sizeof(platform->os), err);
	if (!ret)
		ret = copy_text(value, inner, "architecture", platform->architecture,
				sizeof(platform->architecture), err);
	if (!ret)
		ret = copy_text(value, inner, "variant", platform->variant,
				sizeof(platform->variant), err);
	return ret;
}

static int read_name(json_object *object, const char *path, char **name, struct error *err)
{
	json_object *annotations, *value;
	char inner[PATH_TEXT + 16];
	int ret = document_get(object, path, "annotations", json_type_object, &annotations, err);

	if (ret || !annotations)
		return ret;
	snprintf(inner, sizeof(inner), "%s.annotations", path);
	ret = document_get(annotations, inner, "org.opencontainers.image.ref.name",
			   json_type_string, &value, err);
	if (ret || !value)
		return ret;
	*name = strdup(json_object_get_string(value));
	return *name ? 0 : error_set(err, ENOMEM, "%s: out of memory", inner);
}

/* On failure there is nothing to free. */
static int read_descriptor(json_object *object, const char *path, struct descriptor *descriptor,
			   struct error *err)
{
	json_object *value;
	int ret;

	memset(descriptor, 0, sizeof(*descriptor));
	if (!json_object_is_type(object, json_type_object))
		return error_set(err, EINVAL, "%s: is to be an object", path);
	ret = document_need(object, path, "mediaType", json_type_string, &value, err);
	if (ret)
		return ret;
	descriptor->media = media_of(json_object_get_string(value));
	ret = document_digest(object, path, "digest", &descriptor->digest, err);
	if (!ret)
		ret = document_need(object, path, "size", json_type_int, &value, err);
	if (ret)
		return ret;
	descriptor->size = json_object_get_int64(value);
	/* json-c gives the nearest int64 for what does not fit. */
	if (descriptor->size < 0 || descriptor->size == INT64_MAX)
		return error_set(err, EINVAL, "%s.size: %s: is no size", path,
				 json_object_get_string(value));
	ret = read_platform(object, path, &descriptor->platform, err);
	return ret ? ret : read_name(object, path, &descriptor->name, err);
}

static int read_list(json_object *root, const char *key, size_t most, struct descriptors *list,
		     struct error *err)
{
	struct descriptor descriptor;
	json_object *array;
	char path[PATH_TEXT];
	size_t count;
	int ret = document_need(root, "", key, json_type_array, &array, err);

	if (ret)
		return ret;
	count = json_object_array_length(array);
	if (count > most)
		return error_set(err, EINVAL, "%s: has %zu entries: more than %zu are not read", key,
				 count, most);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s[%zu]", key, i);
		ret = read_descriptor(json_object_array_get_idx(array, i), path, &descriptor, err);
		if (ret)
			return ret;
		ret = descriptors_add(list, &descriptor);
		if (ret) {
			free(descriptor.name);
			return error_set(err, ENOMEM, "%s: out of memory", path);
		}
	}
	return 0;
}

static bool has(json_object *root, const char *key)
{
	return json_object_object_get_ex(root, key, NULL);
}

int document_media(json_object *root, enum media claimed, enum media *media, struct error *err)
{
	json_object *version, *type;
	enum media said = MEDIA_OTHER;
	bool index = has(root, "manifests");
	bool manifest = has(root, "layers") || has(root, "config") || has(root, "fsLayers");
	int ret = document_need(root, "", "schemaVersion", json_type_int, &version, err);

	if (ret)
		return ret;
	if (json_object_get_int64(version) == 1)
		return error_set(err, EINVAL, "schemaVersion: 1: manifests of before 2016 are not "
				 "read: push the image again with a newer client");
	if (json_object_get_int64(version) != 2)
		return error_set(err, EINVAL, "schemaVersion: %s: is to be 2",
				 json_object_get_string(version));
	if (index == manifest && (GUARD(MEDIA) || !index))
		return error_set(err, EINVAL, index ? "is both a manifest and an index"
						    : "is neither a manifest nor an index");
	ret = document_get(root, "", "mediaType", json_type_string, &type, err);
	if (ret)
		return ret;
	if (type) {
		said = media_of(json_object_get_string(type));
		if (index ? !media_is_index(said) : !media_is_manifest(said))
			return error_set(err, EINVAL, "mediaType: \"%.80s\": but it is %s",
					 json_object_get_string(type),
					 index ? "an index" : "a manifest");
	}
	if (media_is_index(claimed) || media_is_manifest(claimed)) {
		if (index != media_is_index(claimed) || (said && said != claimed))
			return error_set(err, EINVAL, "is %s, but was announced as %s",
					 said ? media_text(said) : index ? "an index" : "a manifest",
					 media_text(claimed));
		said = claimed;
	}
	if (!said)
		said = index ? MEDIA_INDEX : MEDIA_MANIFEST;
	*media = said;
	return 0;
}

int manifest_read(json_object *root, enum media claimed, struct manifest *manifest,
		  struct error *err)
{
	json_object *config;
	int ret;

	memset(manifest, 0, sizeof(*manifest));
	ret = document_media(root, claimed, &manifest->media, err);
	if (ret)
		return ret;
	if (!media_is_manifest(manifest->media))
		return error_set(err, EINVAL, "is an index, not a manifest");
	ret = document_need(root, "", "config", json_type_object, &config, err);
	if (!ret)
		ret = read_descriptor(config, "config", &manifest->config, err);
	if (ret)
		return ret;
	free(manifest->config.name);
	manifest->config.name = NULL;
	if (manifest->config.size > DOCUMENT_MAX)
		return error_set(err, EINVAL, "config.size: %lld: more than %d are not read",
				 (long long)manifest->config.size, DOCUMENT_MAX);
	ret = read_list(root, "layers", MANIFEST_LAYERS, &manifest->layers, err);
	if (ret)
		manifest_free(manifest);
	return ret;
}

int index_read(json_object *root, enum media claimed, struct descriptors *index,
	       struct error *err)
{
	enum media media;
	int ret;

	*index = (struct descriptors){ NULL, 0 };
	ret = document_media(root, claimed, &media, err);
	if (ret)
		return ret;
	if (!media_is_index(media))
		return error_set(err, EINVAL, "is a manifest, not an index");
	ret = read_list(root, "manifests", INDEX_ENTRIES, index, err);
	if (ret)
		descriptors_free(index);
	return ret;
}

static bool put(json_object *object, const char *key, json_object *value)
{
	if (!value || json_object_object_add(object, key, value)) {
		json_object_put(value);
		return false;
	}
	return true;
}

static json_object *platform_json(const struct platform *platform)
{
	json_object *object = json_object_new_object();

	if (object &&
	    put(object, "architecture", json_object_new_string(platform->architecture)) &&
	    put(object, "os", json_object_new_string(platform->os)) &&
	    (!platform->variant[0] ||
	     put(object, "variant", json_object_new_string(platform->variant))))
		return object;
	json_object_put(object);
	return NULL;
}

static json_object *name_json(const char *name)
{
	json_object *object = json_object_new_object();

	if (object && put(object, "org.opencontainers.image.ref.name", json_object_new_string(name)))
		return object;
	json_object_put(object);
	return NULL;
}

json_object *descriptor_json(const struct descriptor *descriptor)
{
	json_object *object = json_object_new_object();
	char digest[DIGEST_TEXT];

	digest_text(&descriptor->digest, digest);
	if (object &&
	    put(object, "mediaType", json_object_new_string(media_text(descriptor->media))) &&
	    put(object, "digest", json_object_new_string(digest)) &&
	    put(object, "size", json_object_new_int64(descriptor->size)) &&
	    (!descriptor->platform.os[0] ||
	     put(object, "platform", platform_json(&descriptor->platform))) &&
	    (!descriptor->name || put(object, "annotations", name_json(descriptor->name))))
		return object;
	json_object_put(object);
	return NULL;
}

json_object *manifest_json(const struct manifest *manifest)
{
	json_object *object = json_object_new_object(), *layers = json_object_new_array();

	for (size_t i = 0; layers && i < manifest->layers.count; i++) {
		json_object *layer = descriptor_json(&manifest->layers.at[i]);

		if (!layer || json_object_array_add(layers, layer)) {
			json_object_put(layer);
			json_object_put(layers);
			layers = NULL;
		}
	}
	if (object && layers && put(object, "schemaVersion", json_object_new_int(2)) &&
	    put(object, "mediaType", json_object_new_string(media_text(manifest->media))) &&
	    put(object, "config", descriptor_json(&manifest->config))) {
		if (put(object, "layers", layers))
			return object;
		layers = NULL;
	}
	json_object_put(layers);
	json_object_put(object);
	return NULL;
}

void platform_host(struct platform *platform)
{
#if defined(__x86_64__)
	*platform = (struct platform){ "linux", "amd64", "" };
#elif defined(__aarch64__)
	*platform = (struct platform){ "linux", "arm64", "" };
#elif defined(__riscv) && __riscv_xlen == 64
	*platform = (struct platform){ "linux", "riscv64", "" };
#else
#error "what do images call this architecture?"
#endif
}

int platform_parse(const char *text, struct platform *platform, struct error *err)
{
	char rest;

	memset(platform, 0, sizeof(*platform));
	if (sscanf(text, "%31[a-z0-9]/%31[a-z0-9_]/%31[a-z0-9.]%c", platform->os,
		   platform->architecture, platform->variant, &rest) == 3)
		return 0;
	memset(platform, 0, sizeof(*platform));
	if (sscanf(text, "%31[a-z0-9]/%31[a-z0-9_]%c", platform->os, platform->architecture,
		   &rest) == 2)
		return 0;
	return error_set(err, EINVAL,
			 "platform: \"%.80s\": write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, "
			 "such as linux/amd64", text);
}

const struct descriptor *platform_choose(const struct descriptors *index,
					 const struct platform *platform)
{
	const struct descriptor *any = NULL;

	for (size_t i = 0; i < index->count; i++) {
		const struct descriptor *d = &index->at[i];

		if (!media_is_manifest(d->media))
			continue;
		if (!d->platform.os[0] && !d->platform.architecture[0]) {
			any = any ? any : d;
			continue;
		}
		if (!strcmp(d->platform.os, platform->os) &&
		    !strcmp(d->platform.architecture, platform->architecture) &&
		    (!platform->variant[0] || !strcmp(d->platform.variant, platform->variant)))
			return d;
	}
	return any;
}
