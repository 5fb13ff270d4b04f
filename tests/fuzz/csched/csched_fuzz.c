// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what csched reads: recordings (a file may come from anybody), and the
 * words of its command line. The first byte says which; corpus/ is made by make_corpus.py.
 */
#include <stdlib.h>
#include <string.h>

#include "recording/plot.h"
#include "recording/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(const struct recording *r)
{
	FILE *out = fopen("/dev/null", "w");
	struct error err;

	if (!out)
		abort();
	perfetto_write(r, out, &err);
	chart_write(r, 80, out, &err);
	plot_write(r, PLOT_SHARE | PLOT_LAG, out, &err);
	plot_write(r, PLOT_CREDIT, out, &err);
	fclose(out);
}

static void read_recording(const uint8_t *data, size_t size)
{
	struct recording r;
	struct error err;

	if (recording_parse(data, size, &r, &err))
		return;
	draw(&r);
	recording_free(&r);
}

static void read_words(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	uint64_t value, words[CSCHED_CPU_WORDS];
	struct error err;
	char back[32];

	if (!text)
		abort();
	if (!parse_duration(text, "x", &value, &err))
		format_short(back, sizeof(back), value);
	parse_seconds(text, "x", &value, &err);
	parse_number(text, "x", UINT32_MAX, &value, &err);
	parse_cpus(text, words, &err);
	preset_nearest(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 'R')
		read_recording(data + 1, size - 1);
	else
		read_words(data + 1, size - 1);
	return 0;
}
