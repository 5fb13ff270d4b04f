// SPDX-License-Identifier: GPL-2.0-only
/* cell-image prune */
#include "image_tool.h"
#include "layer/overlay.h"

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "dry-run", no_argument, NULL, 'n' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

int cmd_prune(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct sweep sweep = { .partial = true };
	const char *path = NULL;
	char size[SIZE_TEXT];
	int ret, option;

	while ((ret = next_option(argc, argv, "an", options, &option, err)) > 0) {
		if (option == 'S')
			path = optarg;
		sweep.cache = sweep.cache || option == 'a';
		sweep.dry = sweep.dry || option == 'n';
	}
	if (!ret && optind < argc)
		ret = error_set(err, EUSAGE, "prune: %s: takes no name: rmi removes an image",
				argv[optind]);
	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_sweep(&store, &sweep, err);
	if (!ret && sweep.cache && !sweep.dry)
		overlay_sweep(&store);
	if (!ret)
		printf("%s%u blobs, %s\n", sweep.dry ? "would remove " : "removed ", sweep.blobs,
		       size_text(sweep.octets, size));
	return ret;
}
