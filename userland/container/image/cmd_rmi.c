// SPDX-License-Identifier: GPL-2.0-only
/* cell-image rmi */
#include "image_tool.h"

/* By its name only that name goes; by its id all names do, but not if there are several. */
static int remove_one(const struct store *store, const char *text, struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	struct descriptor entry = { 0 };
	char id[DIGEST_HEX];
	unsigned int same = 0;
	bool by_name;
	int ret = store_find(store, text, &entry, err);

	if (ret)
		return ret;
	by_name = entry.name && strspn(text, "0123456789abcdef") != strlen(text) &&
		  strncmp(text, "sha256:", 7) != 0;
	ret = store_names(store, &names, err);
	for (size_t i = 0; !ret && i < names.count; i++)
		same += digest_equal(&names.at[i].digest, &entry.digest);
	if (!ret && !by_name && same > 1)
		ret = error_set(err, EBUSY, "image %s: has %u names: remove them by name", text, same);
	if (!ret)
		ret = store_unname(store, by_name ? entry.name : NULL, &entry.digest, err);
	if (!ret)
		printf("removed %s\n", entry.name ? entry.name : short_id(&entry.digest, id));
	free(entry.name);
	return ret;
}

int cmd_rmi(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct sweep sweep = { 0 };
	char size[SIZE_TEXT];
	const char *path;
	int ret = only_store(argc, argv, 1, 4096, "NAME...", &path, err);

	if (!ret)
		ret = store_open(&store, path, err);
	for (char **at = argv + optind; !ret && *at; at++)
		ret = remove_one(&store, *at, err);
	if (ret)
		return ret;
	ret = store_sweep(&store, &sweep, err);
	if (ret == -EBUSY) {
		fprintf(stderr, "%s\n", err->text);
		return 0;
	}
	if (!ret)
		printf("%u blobs, %s\n", sweep.blobs, size_text(sweep.octets, size));
	return ret;
}
