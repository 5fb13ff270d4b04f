// SPDX-License-Identifier: GPL-2.0-only
/* cell-image save */
#include "archive/archives.h"
#include "image_tool.h"
#include "output.h"

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, 'f' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

/* An image that is meant by its id, or by one of its names, keeps the name that was typed. */
static int find_all(const struct store *store, char **texts, struct descriptors *entries,
		    struct error *err)
{
	struct descriptor entry;
	int ret = 0;

	for (; !ret && *texts; texts++) {
		ret = store_find(store, *texts, &entry, err);
		if (!ret && descriptors_add(entries, &entry)) {
			free(entry.name);
			ret = error_set(err, ENOMEM, "save: out of memory");
		}
	}
	return ret;
}

static int save(const char *file, enum archive_format format, const char *path, char **texts,
		struct error *err)
{
	cleanup_descriptors struct descriptors entries = { NULL, 0 };
	cleanup_store struct store store = STORE_CLOSED;
	cleanup_output struct output output = { 0 };
	int ret = store_open(&store, path, err);

	if (!ret)
		ret = find_all(&store, texts, &entries, err);
	if (!ret)
		ret = output_open(&output, file, err);
	if (!ret)
		ret = archive_save(&store, &entries, format, fileno(output.file), err);
	return ret ? ret : output_keep(&output, err);
}

int cmd_save(int argc, char **argv, struct error *err)
{
	enum archive_format format = ARCHIVE_OCI;
	const char *file = NULL, *path = NULL;
	int ret, option;

	while ((ret = next_option(argc, argv, "o:", options, &option, err)) > 0) {
		if (option == 'o')
			file = optarg;
		else if (option == 'S')
			path = optarg;
		else if (!strcmp(optarg, "docker"))
			format = ARCHIVE_DOCKER;
		else if (strcmp(optarg, "oci") != 0)
			return error_set(err, EUSAGE, "save: --format %.40s: there are oci and docker",
					 optarg);
	}
	if (ret)
		return ret;
	if (optind == argc)
		return error_set(err, EUSAGE, "save: which image? write cell-image save -o FILE NAME");
	if ((!file || !strcmp(file, "-")) && isatty(STDOUT_FILENO))
		return error_set(err, EUSAGE, "save: a terminal is no place for an archive: say -o FILE");
	return save(file, format, path, argv + optind, err);
}
