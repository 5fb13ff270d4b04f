// SPDX-License-Identifier: GPL-2.0-only
/* cell-image build: an image by a Containerfile. */
#include <limits.h>

#include "build/build.h"
#include "image_tool.h"
#include "output.h"

/* Text that is no time is told; the time of a build is not that of the clock. */
static int parse_epoch(const char *text, const char *what, time_t *epoch, struct error *err)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	/* Up to the year 9999: RFC 3339 has four digits. */
	if (errno || !*text || *end || value < 0 || value > 253402300799)
		return error_set(err, EUSAGE, "build: %s: \"%.40s\": expected seconds since 1970", what,
				 text);
	*epoch = (time_t)value;
	return 0;
}

static const struct option options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "tag", required_argument, NULL, 't' },
	{ "build-arg", required_argument, NULL, 'a' },
	{ "label", required_argument, NULL, 'l' },
	{ "target", required_argument, NULL, 'T' },
	{ "ignorefile", required_argument, NULL, 'i' },
	{ "iidfile", required_argument, NULL, 'I' },
	{ "no-cache", no_argument, NULL, 'n' },
	{ "pull", no_argument, NULL, 'p' },
	{ "plain-http", no_argument, NULL, 'h' },
	{ "network", required_argument, NULL, 'N' },
	{ "timestamp", required_argument, NULL, 'e' },
	{ "quiet", no_argument, NULL, 'q' },
	STORE_OPTION,
	{ NULL, 0, NULL, 0 },
};

static int add_text(struct words *list, const char *text, struct error *err)
{
	return words_add(list, text, strlen(text)) ? error_set(err, ENOMEM, "build: out of memory") : 0;
}

/* NAME=VALUE; of an argument also NAME: its value is this process's. */
static int add_assignment(struct words *list, const char *what, const char *text, bool own,
			  struct error *err)
{
	const char *value = own && !strchr(text, '=') ? getenv(text) : NULL;
	char *whole;
	int ret;

	if (own && text[0] && !strchr(text, '=') && !value)
		return 0;
	if (text[0] == '=' || (!value && !strchr(text, '=')))
		return error_set(err, EUSAGE, "build: %s %.60s: expected NAME=VALUE", what, text);
	if (!value)
		return add_text(list, text, err);
	if (asprintf(&whole, "%s=%s", text, value) < 0)
		return error_set(err, ENOMEM, "build: out of memory");
	ret = add_text(list, whole, err);
	free(whole);
	return ret;
}

static int take_option(struct build_options *o, int option, const char **path, const char **id_file,
		       struct error *err)
{
	char name[REFERENCE_TEXT];
	int ret;

	switch (option) {
	case 'f':
		o->file = optarg;
		return 0;
	case 't':
		ret = own_name(optarg, name, err);
		return ret ? ret : add_text(&o->names, name, err);
	case 'a':
		return add_assignment(&o->arguments, "--build-arg", optarg, true, err);
	case 'l':
		return add_assignment(&o->labels, "--label", optarg, false, err);
	case 'T':
		o->target = optarg;
		return 0;
	case 'i':
		o->ignore = optarg;
		return 0;
	case 'I':
		*id_file = optarg;
		return 0;
	case 'n':
		o->no_cache = true;
		return 0;
	case 'p':
		o->pull = true;
		return 0;
	case 'h':
		o->plain_http = true;
		return 0;
	case 'N':
		o->network = !strcmp(optarg, "host");
		return o->network || !strcmp(optarg, "none") ? 0
			: error_set(err, EUSAGE, "build: --network %.40s: there are none and host", optarg);
	case 'e':
		return parse_epoch(optarg, "--timestamp", &o->epoch, err);
	case 'q':
		o->quiet = true;
		return 0;
	default:
		*path = optarg;
		return 0;
	}
}

static int write_id(const char *path, const char *text, struct error *err)
{
	cleanup_output struct output output = { 0 };
	int ret = output_open(&output, path, err);

	if (ret)
		return ret;
	fputs(text, output.file);
	return output_keep(&output, err);
}

static int build(const struct build_options *o, const char *path, const char *id_file,
		 struct error *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	char text[DIGEST_TEXT];
	struct digest id;
	int ret = store_open(&store, path, err);

	if (!ret)
		ret = build_image_from(&store, o, &id, err);
	if (ret)
		return ret;
	puts(digest_text(&id, text));
	return id_file ? write_id(id_file, text, err) : 0;
}

int cmd_build(int argc, char **argv, struct error *err)
{
	struct build_options o = { .context = "." };
	const char *path = NULL, *id_file = NULL, *epoch = getenv("SOURCE_DATE_EPOCH");
	int ret = epoch && *epoch ? parse_epoch(epoch, "SOURCE_DATE_EPOCH", &o.epoch, err) : 0, option;

	while (!ret && (ret = next_option(argc, argv, "f:t:q", options, &option, err)) > 0)
		ret = take_option(&o, option, &path, &id_file, err);
	if (!ret && argc - optind > 1)
		ret = error_set(err, EUSAGE, "build: %s: too many words: write cell-image build [-f FILE] "
				"[-t NAME] DIR", argv[optind + 1]);
	if (!ret && optind < argc)
		o.context = argv[optind];
	if (!ret)
		ret = build(&o, path, id_file, err);
	words_free(&o.names);
	words_free(&o.arguments);
	words_free(&o.labels);
	return ret;
}
