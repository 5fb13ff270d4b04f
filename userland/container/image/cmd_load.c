// SPDX-License-Identifier: GPL-2.0-only
/* cell-image load */
#include <fcntl.h>

#include "archive/archives.h"
#include "image_tool.h"

static const struct option options[] = {
	{ "input", required_argument, NULL, 'i' },
	{ "quiet", no_argument, NULL, 'q' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

static int load(const char *file, const char *name, const char *path, bool quiet,
		struct error *err)
{
	cleanup_descriptors struct descriptors loaded = { NULL, 0 };
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_close int fd = -1;
	char full[REFERENCE_TEXT], id[DIGEST_TEXT];
	int ret = name ? own_name(name, full, err) : 0;

	if (ret)
		return ret;
	fd = strcmp(file, "-") != 0 ? open(file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (fd < 0)
		return error_errno(err, errno, NULL, "load: %s", file);
	ret = store_open(&store, path, err);
	if (!ret)
		ret = archive_load(&store, fd, name ? full : NULL, &loaded, err);
	if (ret) {
		struct sweep sweep = { 0 };
		struct error unused;

		/* What came for nothing goes, unless somebody is at it. */
		if (store.dir >= 0)
			store_sweep(&store, &sweep, &unused);
		return ret;
	}
	for (size_t i = 0; !quiet && i < loaded.count; i++)
		printf("loaded %s\n", loaded.at[i].name ? loaded.at[i].name
						       : digest_text(&loaded.at[i].digest, id));
	return 0;
}

int cmd_load(int argc, char **argv, struct error *err)
{
	const char *file = "-", *path = NULL;
	bool quiet = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "i:q", options, &option, err)) > 0) {
		if (option == 'i')
			file = optarg;
		else if (option == 'S')
			path = optarg;
		else
			quiet = true;
	}
	if (ret)
		return ret;
	if (argc - optind > 1)
		return error_set(err, EUSAGE, "load: %s: one name at most: an archive of several "
				 "images says theirs", argv[optind + 1]);
	if (!strcmp(file, "-") && isatty(STDIN_FILENO))
		return error_set(err, EUSAGE, "load: which archive? write cell-image load -i FILE");
	return load(file, argv[optind], path, quiet, err);
}
