// SPDX-License-Identifier: GPL-2.0-only
/* cell-image inspect: what the documents say, together, and who else needs each layer. */
#include "image_tool.h"

static void put_text(json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text && text[0] ? json_object_new_string(text) : NULL);
}

static json_object *layer_json(const struct image *image, size_t i, const struct uses *uses)
{
	const struct descriptor *layer = &image->manifest.layers.at[i];
	json_object *object = json_object_new_object();
	char text[DIGEST_TEXT];

	put_text(object, "digest", digest_text(&layer->digest, text));
	put_text(object, "diff_id", digest_text(&image->config.diff_ids[i], text));
	put_text(object, "mediaType", media_text(layer->media));
	json_object_object_add(object, "size", json_object_new_int64(layer->size));
	json_object_object_add(object, "images",
			       json_object_new_int64(uses_of(uses, &layer->digest)));
	return object;
}

static json_object *names_of(const struct store *store, const struct digest *digest)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	json_object *list = json_object_new_array();
	struct error unused;

	if (!store_names(store, &names, &unused))
		for (size_t i = 0; i < names.count; i++)
			if (names.at[i].name && digest_equal(&names.at[i].digest, digest))
				json_object_array_add(list, json_object_new_string(names.at[i].name));
	return list;
}

static void print(const struct store *store, const struct descriptor *entry,
		  const struct image *image, const struct uses *uses)
{
	cleanup_put json_object *object = json_object_new_object();
	json_object *layers = json_object_new_array();
	char text[DIGEST_TEXT];

	json_object_object_add(object, "names", names_of(store, &entry->digest));
	put_text(object, "id", digest_text(&image->manifest.config.digest, text));
	put_text(object, "digest", digest_text(&entry->digest, text));
	put_text(object, "mediaType", media_text(image->manifest.media));
	put_text(object, "os", image->config.platform.os);
	put_text(object, "architecture", image->config.platform.architecture);
	put_text(object, "variant", image->config.platform.variant);
	json_object_object_add(object, "size",
			       json_object_new_int64(layers_size(&image->manifest)));
	for (size_t i = 0; i < image->manifest.layers.count; i++)
		json_object_array_add(layers, layer_json(image, i, uses));
	json_object_object_add(object, "layers", layers);
	json_object_object_add(object, "image", json_object_get(image->config.json));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
}

int cmd_inspect(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_uses struct uses uses = { NULL, 0 };
	cleanup_image struct image image = { 0 };
	struct descriptor entry = { 0 };
	const char *path;
	int ret = only_store(argc, argv, 1, 1, "NAME", &path, err);

	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_find(&store, argv[optind], &entry, err);
	if (!ret)
		ret = image_read(&store, &entry, &image, err);
	if (!ret)
		ret = store_uses(&store, false, &uses, err);
	if (!ret)
		print(&store, &entry, &image, &uses);
	free(entry.name);
	return ret;
}
