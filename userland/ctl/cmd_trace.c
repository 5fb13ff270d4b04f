// SPDX-License-Identifier: GPL-2.0-only
/* csched trace: records what happens and writes it in one of three forms. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"
#include "recording/recording.h"
#include "source.h"

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 's' },
	{ "format", required_argument, NULL, 'f' },
	{ "from", required_argument, NULL, 'F' },
	{ NULL, 0, NULL, 0 },
};

enum format { BY_NAME, JSON, TEXT, RECORDING };

static const struct {
	const char *name;
	const char *suffix;
	enum format format;
} formats[] = {
	{ "json", ".json", JSON },
	{ "text", ".txt", TEXT },
	{ "recording", ".csched", RECORDING },
};

static int take_format(const char *value, enum format *format, struct error *err)
{
	for (size_t i = 0; i < 3; i++) {
		if (!strcmp(value, formats[i].name)) {
			*format = formats[i].format;
			return 0;
		}
	}
	return error_set(err, EUSAGE, "format: %.32s: there are json, text and recording", value);
}

static enum format format_of(const char *path)
{
	const char *suffix = path ? strrchr(path, '.') : NULL;

	for (size_t i = 0; suffix && i < 3; i++)
		if (!strcmp(suffix, formats[i].suffix))
			return formats[i].format;
	/* A name tells a tool; without one somebody is looking. */
	return path && strcmp(path, "-") != 0 ? JSON : TEXT;
}

static unsigned int chart_width(FILE *out)
{
	struct winsize size;

	if (!ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col > 60)
		return size.ws_col - 22;
	return 100;
}

static int write_as(enum format format, const struct recording *r, FILE *out, struct error *err)
{
	int ret;

	if (format == JSON)
		return perfetto_write(r, out, err);
	if (format == TEXT)
		return chart_write(r, chart_width(out), out, err);
	ret = recording_write(r, out);
	return ret ? error_set(err, -ret, "trace: cannot write the recording") : 0;
}

static int parse(int argc, char **argv, struct source *source, enum format *format,
		 struct error *err)
{
	int ret, option;

	while ((ret = next_option(argc, argv, "o:", options, &option, err)) > 0) {
		if (option == 'f')
			ret = take_format(optarg, format, err);
		else
			ret = source_option(source, option, err);
		if (ret < 0)
			return ret;
	}
	if (ret)
		return ret;
	if (*format == BY_NAME)
		*format = format_of(source->to);
	if (*format == RECORDING && !source->to && isatty(STDOUT_FILENO))
		return error_set(err, EUSAGE,
				 "trace: a recording is not for terminals: give -o FILE.csched");
	return source_words(source, argc, argv, err);
}

int cmd_trace(int argc, char **argv, struct error *err)
{
	struct source source = { .record = { .duration_ns = SOURCE_DURATION_NS, .events = true } };
	cleanup_output struct output output = { .file = NULL };
	enum format format = BY_NAME;
	struct recording r;
	int ret;

	ret = parse(argc, argv, &source, &format, err);
	if (!ret)
		ret = source_record(&source, &output, &r, err);
	if (ret)
		return ret;
	ret = write_as(format, &r, output.file, err);
	recording_free(&r);
	return ret ? ret : output_keep(&output, err);
}
