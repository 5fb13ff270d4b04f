// SPDX-License-Identifier: GPL-2.0-only
/* cell-image pull and push: the same options. */
#include "image_tool.h"
#include "registry/registry.h"
#include "values.h"

static const struct option options[] = {
	{ "platform", required_argument, NULL, 'p' },
	{ "parallel", required_argument, NULL, 'n' },
	{ "plain-http", no_argument, NULL, 'h' },
	{ "auth-file", required_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

static int read_options(int argc, char **argv, struct remote_options *remote, const char **path,
			struct error *err)
{
	uint64_t number;
	int ret, option;

	*remote = (struct remote_options){ .parallel = 4 };
	platform_host(&remote->platform);
	while ((ret = next_option(argc, argv, "q", options, &option, err)) > 0) {
		ret = 0;
		if (option == 'S') {
			*path = optarg;
		} else if (option == 'p') {
			ret = platform_parse(optarg, &remote->platform, err);
		} else if (option == 'n') {
			ret = parse_number(optarg, "--parallel", 16, &number, err);
			if (!ret && !number)
				ret = error_set(err, EUSAGE, "%s: --parallel 0: 1 to 16 at once",
						argv[0]);
			remote->parallel = ret ? 1 : (unsigned int)number;
		} else if (option == 'a') {
			remote->auth_file = optarg;
		}
		remote->plain_http = remote->plain_http || option == 'h';
		remote->quiet = remote->quiet || option == 'q';
		if (ret)
			return ret;
	}
	return ret;
}

int cmd_pull(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct remote_options remote;
	struct reference reference;
	struct descriptor pulled;
	char text[DIGEST_TEXT];
	const char *path = NULL;
	int ret = read_options(argc, argv, &remote, &path, err);

	if (!ret && argc - optind != 1)
		ret = error_set(err, EUSAGE, "pull: write cell-image pull NAME");
	if (!ret)
		ret = reference_parse(argv[optind], strlen(argv[optind]), &reference, err);
	if (ret)
		return ret;
	reference_complete(&reference, REFERENCE_PUBLIC);
	ret = store_open(&store, path, err);
	if (!ret)
		ret = registry_pull(&store, &reference, &remote, &pulled, err);
	if (!ret)
		puts(digest_text(&pulled.digest, text));
	return ret;
}

int cmd_push(int argc, char **argv, struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	struct descriptor entry = { 0 };
	struct remote_options remote;
	struct reference reference;
	char text[DIGEST_TEXT];
	const char *path = NULL, *there;
	int ret = read_options(argc, argv, &remote, &path, err);

	if (!ret && (argc - optind < 1 || argc - optind > 2))
		ret = error_set(err, EUSAGE, "push: write cell-image push NAME [NAME-THERE]");
	if (!ret)
		ret = store_open(&store, path, err);
	if (!ret)
		ret = store_find(&store, argv[optind], &entry, err);
	if (ret)
		return ret;
	there = argv[optind + 1] ? argv[optind + 1] : entry.name ? entry.name : argv[optind];
	ret = reference_parse(there, strlen(there), &reference, err);
	if (!ret && (!reference.registry[0] || !strcmp(reference.registry, REFERENCE_LOCAL)))
		ret = error_set(err, EINVAL, "push: %.200s: names no registry: write cell-image push "
				"NAME registry.example/team/app:1.0", there);
	if (!ret && reference.has_digest)
		ret = error_set(err, EINVAL, "push: %.200s: give it a tag, it has a digest", there);
	if (!ret) {
		reference_complete(&reference, REFERENCE_PUBLIC);
		ret = registry_push(&store, &entry, &reference, &remote, err);
	}
	if (!ret)
		puts(digest_text(&entry.digest, text));
	free(entry.name);
	return ret;
}
