// SPDX-License-Identifier: GPL-2.0-only
/* cell-image unpack: an image becomes a bundle of its own. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "bundle/bundle.h"
#include "image_tool.h"
#include "../path/tree.h"

static const struct option options[] = {
	{ "max-size", required_argument, NULL, 'm' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

static int fill(const struct store *store, const struct image *image, int bundle, int64_t most,
		struct error *err)
{
	cleanup_put json_object *json = NULL;
	cleanup_close int root = -1;
	int ret = unpack_image(store, image, bundle, "rootfs", most, err);

	if (ret)
		return ret;
	root = openat(bundle, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, NULL, "unpack: rootfs");
	ret = bundle_config(&image->config, root, &json, err);
	return ret ? ret : bundle_write(bundle, json, err);
}

static int unpack(const char *name, const char *folder, const char *path, int64_t most,
		  struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_image struct image image = { 0 };
	cleanup_close int above = -1, bundle = -1;
	struct descriptor entry = { 0 };
	char last[NAME_MAX + 1];
	bool made;
	int ret = store_open(&store, path, err);

	if (!ret)
		ret = store_find(&store, name, &entry, err);
	if (!ret)
		ret = image_read(&store, &entry, &image, err);
	free(entry.name);
	if (ret)
		return ret;
	above = open_above(folder, last, err);
	if (above < 0)
		return above;
	made = !mkdirat(above, last, 0755);
	if (!made && errno != EEXIST)
		return error_errno(err, errno, NULL, "unpack: make %s", folder);
	bundle = openat(above, last, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return error_errno(err, errno, NULL, "unpack: %s", folder);
	if (!faccessat(bundle, "rootfs", F_OK, AT_SYMLINK_NOFOLLOW))
		return error_set(err, EEXIST, "unpack: %s/rootfs: is already there: give another "
				 "folder, or remove it", folder);
	ret = fill(&store, &image, bundle, most, err);
	if (ret) {
		tree_remove(bundle, "rootfs");
		unlinkat(bundle, "config.json.new", 0);
		if (made)
			unlinkat(above, last, AT_REMOVEDIR);
	}
	return ret;
}

int cmd_unpack(int argc, char **argv, struct error *err)
{
	const char *path = NULL;
	int64_t most = UNPACK_MOST;
	int ret, option;

	while ((ret = next_option(argc, argv, "", options, &option, err)) > 0) {
		if (option == 'S')
			path = optarg;
		else if ((ret = parse_size(optarg, "unpack: --max-size", &most, err)))
			return ret;
	}
	if (ret)
		return ret;
	if (argc - optind != 2)
		return error_set(err, EUSAGE, "unpack: write cell-image unpack NAME DIR");
	return unpack(argv[optind], argv[optind + 1], path, most, err);
}
