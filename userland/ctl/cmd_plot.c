// SPDX-License-Identifier: GPL-2.0-only
/* csched plot: records what happens and draws it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"
#include "recording/plot.h"
#include "source.h"

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 's' },
	{ "kind", required_argument, NULL, 'k' },
	{ "from", required_argument, NULL, 'F' },
	{ NULL, 0, NULL, 0 },
};

/* share, lag, credit, or several of them with commas. */
static int take_kinds(const char *value, unsigned int *kinds, struct error *err)
{
	static const char *const names[] = { "share", "lag", "credit" };
	const char *at = value;

	*kinds = 0;
	for (;;) {
		size_t length = strcspn(at, ","), i = 0;

		while (i < 3 && (strlen(names[i]) != length || strncmp(at, names[i], length) != 0))
			i++;
		if (i == 3)
			return error_set(err, EUSAGE, "kind: %.*s: there are share, lag and credit",
					 (int)(length < 32 ? length : 32), at);
		*kinds |= 1u << i;
		if (!at[length])
			return 0;
		at += length + 1;
	}
}

static int parse(int argc, char **argv, struct source *source, unsigned int *kinds,
		 struct error *err)
{
	int ret, option;

	while ((ret = next_option(argc, argv, "o:", options, &option, err)) > 0) {
		if (option == 'k')
			ret = take_kinds(optarg, kinds, err);
		else
			ret = source_option(source, option, err);
		if (ret < 0)
			return ret;
	}
	if (!ret && !source->to && isatty(STDOUT_FILENO))
		ret = error_set(err, EUSAGE,
				"plot: a picture is not for terminals: give -o FILE.svg");
	return ret ? ret : source_words(source, argc, argv, err);
}

int cmd_plot(int argc, char **argv, struct error *err)
{
	struct source source = { .record = { .duration_ns = SOURCE_DURATION_NS } };
	cleanup_output struct output output = { .file = NULL };
	unsigned int kinds = PLOT_SHARE;
	struct recording r;
	int ret;

	ret = parse(argc, argv, &source, &kinds, err);
	if (!ret)
		ret = source_record(&source, &output, &r, err);
	if (ret)
		return ret;
	ret = plot_write(&r, kinds, output.file, err);
	recording_free(&r);
	return ret ? ret : output_keep(&output, err);
}
