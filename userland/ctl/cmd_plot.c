// SPDX-License-Identifier: GPL-2.0-only
/* csched plot: records what happens and draws it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"
#include "output.h"
#include "recording/plot.h"

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

/**
 * struct wanted - what the command line says
 * @record: how to record
 * @from: a recording that there is, instead
 * @to: file to write
 * @kinds: PLOT_*
 */
struct wanted {
	struct recorder_options record;
	const char *from;
	const char *to;
	unsigned int kinds;
};

static int parse(int argc, char **argv, struct wanted *wanted, struct error *err)
{
	bool seconds = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "o:", options, &option, err)) > 0) {
		if (option == 'o')
			wanted->to = optarg;
		else if (option == 'F')
			wanted->from = optarg;
		else if (option == 'k')
			ret = take_kinds(optarg, &wanted->kinds, err);
		else
			ret = parse_seconds(optarg, "seconds", &wanted->record.duration_ns, err);
		seconds |= option == 's';
		if (ret < 0)
			return ret;
	}
	if (!ret && !wanted->to && isatty(STDOUT_FILENO))
		ret = error_set(err, EUSAGE,
				"plot: a picture is not for terminals: give -o FILE.svg");
	if (ret)
		return ret;
	return output_words(argc, argv, seconds, wanted->from, &wanted->record.command, err);
}

int cmd_plot(int argc, char **argv, struct error *err)
{
	struct wanted wanted = { .record = { .duration_ns = OUTPUT_SECONDS }, .kinds = PLOT_SHARE };
	cleanup_output struct output output = { .file = NULL };
	struct recording r;
	int ret = parse(argc, argv, &wanted, err);

	if (ret)
		return ret;
	ret = output_open(&output, wanted.to, err);
	if (ret)
		return ret;
	ret = wanted.from ? recording_load(wanted.from, &r, err) : record(&wanted.record, &r, err);
	if (ret)
		return ret;
	ret = plot_write(&r, wanted.kinds, output.file, err);
	recording_free(&r);
	return ret ? ret : output_keep(&output, err);
}
