// SPDX-License-Identifier: GPL-2.0-only
/* cell-image history: the steps that made an image, the last first, and their layers. */
#include "image_tool.h"

static const char *text_of(json_object *step, const char *key)
{
	json_object *value;

	return json_object_object_get_ex(step, key, &value) && value ? json_object_get_string(value)
								     : "";
}

static bool is_empty(json_object *step)
{
	json_object *value;

	return json_object_object_get_ex(step, "empty_layer", &value) &&
	       json_object_get_boolean(value);
}

static void print_step(const struct image *image, json_object *step, size_t *layer)
{
	char digest[DIGEST_HEX] = "-", size[SIZE_TEXT] = "0 B", created[20], line[2048];

	if (!is_empty(step) && *layer) {
		--*layer;
		short_id(&image->manifest.layers.at[*layer].digest, digest);
		size_text(image->manifest.layers.at[*layer].size, size);
	}
	snprintf(created, sizeof(created), "%s", text_of(step, "created"));
	snprintf(line, sizeof(line), "%s", text_of(step, "created_by"));
	printf("%-19s  %-12s  %9s  %s\n", printable(created), digest, size, printable(line));
}

int cmd_history(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_image struct image image = { 0 };
	struct descriptor entry = { 0 };
	json_object *steps = NULL;
	const char *path;
	size_t layer;
	int ret = only_store(argc, argv, 1, 1, "NAME", &path, err);

	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_find(&store, argv[optind], &entry, err);
	if (!ret)
		ret = image_read(&store, &entry, &image, err);
	free(entry.name);
	if (!ret)
		ret = document_get(image.config.json, "", "history", json_type_array, &steps, err);
	if (ret)
		return ret;
	layer = image.manifest.layers.count;
	printf("%-19s  %-12s  %9s  %s\n", "CREATED", "LAYER", "SIZE", "MADE BY");
	for (size_t i = steps ? json_object_array_length(steps) : 0; i-- > 0;) {
		json_object *step = json_object_array_get_idx(steps, i);

		if (!json_object_is_type(step, json_type_object))
			return error_set(err, EINVAL, "config: history[%zu]: is to be an object", i);
		print_step(&image, step, &layer);
	}
	/* The history may leave layers out: config.md says it is optional. */
	while (layer)
		print_step(&image, NULL, &layer);
	return 0;
}
