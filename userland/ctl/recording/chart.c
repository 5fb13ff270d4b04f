// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording as a chart in text, for those who have only a terminal: a line for each CPU
 * and stretch of time, a letter for each column: the group that had most of it.
 *
 *	    0ms CPU 0 |aaabbcaaabbcaaa..|
 *
 * Called by cmd_trace.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

#define LETTERS (sizeof(letters) - 1)
/* Beyond this a chart is too long to look at, so its columns grow. */
#define COLUMNS_MAX 10000u

/**
 * struct chart - what is known when it is drawn
 * @r: the recording
 * @timeline: its slices
 * @column_ns: what one column stands for
 * @columns: how many in all
 * @width: how many in a line
 * @used: ns that each group had; one row a column of one CPU is worked out from it
 * @row: of one CPU: the letters
 */
struct chart {
	const struct recording *r;
	const struct timeline *timeline;
	uint64_t column_ns;
	size_t columns;
	unsigned int width;
	uint64_t *used;
	char *row;
};

/* Half of the shortest slot, so that one can see slots come and go; a round figure, 0.1 ms at least. */
static uint64_t column_length(const struct recording *r)
{
	uint64_t most = UINT64_MAX, round = 100000, length = r->end_ns - r->begin_ns;
	static const unsigned int steps[] = { 2, 5, 10 };

	for (size_t i = 0; i < r->groups.count; i++)
		if (r->groups.at[i].slot_ns && r->groups.at[i].slot_ns < most)
			most = r->groups.at[i].slot_ns;
	if (most == UINT64_MAX)
		most = 5000000;
	most = most / 2 > length / COLUMNS_MAX ? most / 2 : length / COLUMNS_MAX;
	for (;;) {
		for (size_t i = 0; i < 3; i++)
			if (round * steps[i] > most)
				return i ? round * steps[i - 1] : round;
		round *= 10;
	}
}

static uint64_t column_begin(const struct chart *chart, size_t column)
{
	return chart->r->begin_ns + column * chart->column_ns;
}

/* The letter for one column of the CPU whose slices are [@first, @end); @first moves on. */
static char letter(struct chart *chart, size_t column, size_t *first, size_t end)
{
	uint64_t from = column_begin(chart, column), to = from + chart->column_ns, most = 0, had;
	const struct slice *s = chart->timeline->at;
	uint64_t busy = 0;
	ssize_t best = -1, group;

	while (*first < end && s[*first].end <= from)
		(*first)++;
	memset(chart->used, 0, chart->r->groups.count * sizeof(*chart->used));
	for (size_t i = *first; i < end && s[i].begin < to; i++) {
		group = recording_group(chart->r, s[i].group);
		had = (s[i].end < to ? s[i].end : to) - (s[i].begin > from ? s[i].begin : from);
		busy += had;
		if (group < 0)
			continue;
		chart->used[group] += had;
		if (chart->used[group] > most) {
			most = chart->used[group];
			best = group;
		}
	}
	if (best < 0 || busy < chart->column_ns / 2)
		return '.';
	return best < (ssize_t)LETTERS ? letters[best] : '?';
}

static void draw_cpu(struct chart *chart, size_t first, size_t end, FILE *out)
{
	uint32_t cpu = chart->timeline->at[first].cpu;

	for (size_t column = 0; column < chart->columns; column++)
		chart->row[column] = letter(chart, column, &first, end);
	for (size_t column = 0; column < chart->columns; column += chart->width) {
		size_t n = chart->columns - column < chart->width ? chart->columns - column
								  : chart->width;

		fprintf(out, "%8.1fms CPU %-3u |%.*s|\n",
			(double)(column_begin(chart, column) - chart->r->begin_ns) / 1e6, cpu,
			(int)n, chart->row + column);
	}
}

static void draw_legend(const struct chart *chart, FILE *out)
{
	const struct recording *r = chart->r;
	uint64_t busy = 0;

	memset(chart->used, 0, r->groups.count * sizeof(*chart->used));
	for (size_t i = 0; i < chart->timeline->count; i++) {
		const struct slice *s = &chart->timeline->at[i];
		ssize_t group = recording_group(r, s->group);

		if (group >= 0)
			chart->used[group] += s->end - s->begin;
		busy += s->end - s->begin;
	}
	fprintf(out, "one column is %gms; . idle, or not ours\n", (double)chart->column_ns / 1e6);
	for (size_t i = 0; i < r->groups.count; i++)
		if (chart->used[i])
			fprintf(out, "%c  %-16s %5.1f%% of the slots' time\n",
				i < LETTERS ? letters[i] : '?', r->groups.at[i].name,
				100.0 * (double)chart->used[i] / (double)busy);
	if (r->lost)
		fprintf(out, "%llu events are missing: they came too fast to be read\n",
			(unsigned long long)r->lost);
}

static int draw(struct chart *chart, FILE *out)
{
	const struct timeline *t = chart->timeline;
	size_t end;

	chart->column_ns = column_length(chart->r);
	chart->columns =
		(chart->r->end_ns - chart->r->begin_ns + chart->column_ns - 1) / chart->column_ns;
	chart->used = calloc(chart->r->groups.count + 1, sizeof(*chart->used));
	chart->row = malloc(chart->columns + 1);
	if (!chart->used || !chart->row)
		return -ENOMEM;
	for (size_t first = 0; first < t->count; first = end) {
		for (end = first; end < t->count && t->at[end].cpu == t->at[first].cpu; end++)
			continue;
		draw_cpu(chart, first, end, out);
	}
	if (!t->count)
		fputs("no slot was given in this time\n", out);
	draw_legend(chart, out);
	return 0;
}

/* @width columns a line. Returns 0 or a negative errno. */
int chart_write(const struct recording *r, unsigned int width, FILE *out, struct error *err)
{
	struct timeline timeline;
	struct chart chart = { .r = r, .timeline = &timeline, .width = width };
	int ret = timeline_make(r, &timeline, err);

	if (ret)
		return ret;
	ret = draw(&chart, out);
	if (ret)
		error_set(err, ENOMEM, "trace: out of memory");
	free(chart.used);
	free(chart.row);
	timeline_free(&timeline);
	return ret;
}
