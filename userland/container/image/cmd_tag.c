// SPDX-License-Identifier: GPL-2.0-only
/* cell-image tag */
#include "image_tool.h"

int cmd_tag(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct descriptor entry = { 0 };
	char name[REFERENCE_TEXT];
	const char *path;
	int ret = only_store(argc, argv, 2, 2, "NAME NEW-NAME", &path, err);

	if (!ret)
		ret = own_name(argv[optind + 1], name, err);
	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_find(&store, argv[optind], &entry, err);
	free(entry.name);
	return ret ? ret : store_name(&store, name, &entry, err);
}
