// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for the documents and names of images. The first octet says what the rest is: 'm' a
 * manifest or an index, which are also read as each other; 'c' a config; 'n' a name; 'd' a
 * digest; 'o' a platform; 'u' a URL, a newline, where it redirects to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_config.h"
#include "manifest.h"
#include "reference.h"
#include "registry/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What was understood, written and read again, is the same. */
static void again(const struct manifest *manifest)
{
	json_object *json = manifest_json(manifest);
	struct manifest copy;
	struct error err;

	must(json && !manifest_read(json, MEDIA_OTHER, &copy, &err));
	must(copy.media == manifest->media && copy.layers.count == manifest->layers.count);
	must(digest_equal(&copy.config.digest, &manifest->config.digest));
	for (size_t i = 0; i < copy.layers.count; i++)
		must(copy.layers.at[i].size == manifest->layers.at[i].size && copy.layers.at[i].size >= 0);
	manifest_free(&copy);
	json_object_put(json);
}

static void fuzz_manifest(const char *text, size_t size)
{
	struct descriptors index;
	struct manifest manifest;
	enum media media, claims[] = { MEDIA_OTHER, MEDIA_MANIFEST, MEDIA_DOCKER_MANIFEST, MEDIA_INDEX };
	bool is_manifest = false, is_index = false;
	struct platform platform;
	json_object *root;
	struct error err;

	if (document_parse(text, size, "document", &root, &err))
		return;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (!document_media(root, claims[i], &media, &err))
			must(media_is_index(media) || media_is_manifest(media));
		if (!manifest_read(root, claims[i], &manifest, &err)) {
			is_manifest = true;
			must(media_is_manifest(manifest.media) && manifest.layers.count <= MANIFEST_LAYERS);
			again(&manifest);
			manifest_free(&manifest);
		}
		if (!index_read(root, claims[i], &index, &err)) {
			is_index = true;
			platform_host(&platform);
			platform_choose(&index, &platform);
			must(index.count <= INDEX_ENTRIES);
			descriptors_free(&index);
		}
	}
	/* CVE-2021-41190: whoever asks, it is one of the two. */
	must(!is_manifest || !is_index);
	json_object_put(root);
}

static void fuzz_config(const char *text, size_t size)
{
	struct image_config config;
	struct error err;
	json_object *env;

	if (image_config_read(text, size, &config, &err))
		return;
	must(config.json && config.count <= MANIFEST_LAYERS);
	env = image_config_member(&config, "Env");
	for (size_t i = 0; env && i < json_object_array_length(env); i++) {
		json_object *item = json_object_array_get_idx(env, i);

		must(strchr(json_object_get_string(item), '=') != NULL);
		must(strlen(json_object_get_string(item)) == (size_t)json_object_get_string_len(item));
	}
	must(strlen(image_config_text(&config, "User")) < DOCUMENT_MAX);
	image_config_free(&config);
}

static void fuzz_name(const char *text, size_t size)
{
	struct reference reference, copy;
	char out[REFERENCE_TEXT], twice[REFERENCE_TEXT];
	struct error err;

	if (reference_parse(text, size, &reference, &err))
		return;
	reference_complete(&reference, REFERENCE_LOCAL);
	reference_text(&reference, out);
	/* No part of a file's name or a URL that leads elsewhere. */
	must(!strstr(out, "..") || !strstr(out, "/../"));
	must(!strpbrk(out, " ?#%\\\n") && reference.repository[0] != '/');
	must(!reference_parse(out, strlen(out), &copy, &err));
	reference_complete(&copy, REFERENCE_LOCAL);
	must(!strcmp(reference_text(&copy, twice), out));
}

static void fuzz_digest(const char *text, size_t size)
{
	char out[DIGEST_TEXT];
	struct digest digest;

	if (!digest_parse(text, size, &digest))
		return;
	must(size == DIGEST_TEXT - 1 && !memcmp(digest_text(&digest, out), text, size));
}

/* Rules H1 to H4 of registry/http.h rest on this: what is understood is what is written. */
static void fuzz_url(const char *text, size_t size)
{
	const char *line = memchr(text, '\n', size);
	size_t length = line ? (size_t)(line - text) : size;
	struct http_url url, copy, to;
	char out[HTTP_URL], *location;
	struct error err;

	if (http_url_parse(text, length, &url, &err))
		return;
	http_url_text(&url, out);
	must(!strchr(out, '\n') && !strchr(url.host, '@') && !strchr(url.host, '/'));
	must(!http_url_parse(out, strlen(out), &copy, &err) && http_same_origin(&url, &copy));
	if (!line)
		return;
	location = strndup(line + 1, size - length - 1);
	if (!http_url_join(&url, location, &to, &err) && location[0] == '/' && location[1] != '/')
		must(http_same_origin(&url, &to));
	free(location);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct platform platform;
	struct error err;
	char *exact;

	if (!size)
		return 0;
	/* A copy of its own size, so that ASan sees a read beyond it. */
	exact = malloc(size > 1 ? size - 1 : 1);
	must(exact);
	memcpy(exact, data + 1, size - 1);
	if (data[0] == 'm')
		fuzz_manifest(exact, size - 1);
	else if (data[0] == 'c')
		fuzz_config(exact, size - 1);
	else if (data[0] == 'n')
		fuzz_name(exact, size - 1);
	else if (data[0] == 'd')
		fuzz_digest(exact, size - 1);
	else if (data[0] == 'u')
		fuzz_url(exact, size - 1);
	else if (data[0] == 'o') {
		char *text = strndup(exact, size - 1);

		if (!platform_parse(text, &platform, &err))
			must(platform.os[0] && platform.architecture[0]);
		free(text);
	}
	free(exact);
	return 0;
}
