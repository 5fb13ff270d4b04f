// SPDX-License-Identifier: GPL-2.0-only
/* cell-image images */
#include "image_tool.h"

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

/* Octets of layers that no other image has. */
static int64_t own_size(const struct manifest *manifest, const struct uses *uses)
{
	int64_t sum = 0;

	for (size_t i = 0; i < manifest->layers.count; i++)
		if (uses_of(uses, &manifest->layers.at[i].digest) == 1)
			sum += manifest->layers.at[i].size;
	return sum;
}

static void print_image(const struct descriptor *entry, const struct image *image,
			const struct uses *uses)
{
	char id[DIGEST_HEX], size[SIZE_TEXT], own[SIZE_TEXT], created[32] = "";
	json_object *value;

	if (json_object_object_get_ex(image->config.json, "created", &value))
		snprintf(created, sizeof(created), "%.19s", json_object_get_string(value));
	printf("%-44s  %s  %-19s  %9s  %9s\n", entry->name ? entry->name : "-",
	       short_id(&image->manifest.config.digest, id), printable(created),
	       size_text(layers_size(&image->manifest), size),
	       size_text(own_size(&image->manifest, uses), own));
}

static json_object *image_json(const struct descriptor *entry, const struct image *image,
			       const struct uses *uses)
{
	json_object *object = json_object_new_object();
	char text[DIGEST_TEXT];

	json_object_object_add(object, "name",
			       entry->name ? json_object_new_string(entry->name) : NULL);
	digest_text(&image->manifest.config.digest, text);
	json_object_object_add(object, "id", json_object_new_string(text));
	digest_text(&entry->digest, text);
	json_object_object_add(object, "digest", json_object_new_string(text));
	json_object_object_add(object, "size",
			       json_object_new_int64(layers_size(&image->manifest)));
	json_object_object_add(object, "own_size",
			       json_object_new_int64(own_size(&image->manifest, uses)));
	return object;
}

int cmd_images(int argc, char **argv, struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_uses struct uses uses = { NULL, 0 };
	cleanup_put json_object *list = NULL;
	const char *path = NULL;
	bool json = false, quiet = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "q", options, &option, err)) > 0) {
		if (option == 'S')
			path = optarg;
		json = json || option == 'j';
		quiet = quiet || option == 'q';
	}
	if (!ret && optind < argc)
		ret = error_set(err, EUSAGE, "images: %s: takes no name: see inspect", argv[optind]);
	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_names(&store, &names, err);
	if (!ret)
		ret = store_uses(&store, false, &uses, err);
	if (ret)
		return ret;
	list = json_object_new_array();
	if (!json && !quiet && names.count)
		printf("%-44s  %-12s  %-19s  %9s  %9s\n", "NAME", "ID", "CREATED", "SIZE", "OWN");
	for (size_t i = 0; i < names.count; i++) {
		cleanup_image struct image image = { 0 };
		char id[DIGEST_HEX];

		ret = image_read(&store, &names.at[i], &image, err);
		if (ret)
			return ret;
		if (json)
			json_object_array_add(list, image_json(&names.at[i], &image, &uses));
		else if (quiet)
			puts(short_id(&image.manifest.config.digest, id));
		else
			print_image(&names.at[i], &image, &uses);
	}
	if (json)
		puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}
