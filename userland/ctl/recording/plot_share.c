// SPDX-License-Identifier: GPL-2.0-only
/*
 * What part of the CPUs each group had, in windows of time, against the part it was due.
 * Lag is due minus got, so what a group was due by some time is used + lag, weights
 * readjusted and sleepers left out; the dashed line is how fast that grew. Called by plot.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "plot.h"

#define WINDOWS_MAX 60
/* A window shorter than this shows slots, not shares. */
#define SLOTS_IN_WINDOW 16
#define HEIGHT 300

/**
 * struct shares - by group and window, row by row
 * @windows: how many
 * @got: part of what all groups of its pool got, 0 to 1
 * @due: the same of what they were due
 */
struct shares {
	size_t windows;
	double *got;
	double *due;
};

static size_t count_windows(const struct history *h)
{
	uint64_t length = h->r->end_ns - h->r->begin_ns, least = 1, n;

	for (size_t i = 0; i < h->r->groups.count; i++)
		if (h->r->groups.at[i].slot_ns > least)
			least = h->r->groups.at[i].slot_ns;
	n = length / least / SLOTS_IN_WINDOW;
	return n < 1 ? 1 : n > WINDOWS_MAX ? WINDOWS_MAX : n;
}

/* @value of @a and @b, two events of one group, in between at @time. */
static double between(const struct csched_event *a, const struct csched_event *b, double a_value,
		      double b_value, double time)
{
	double length = (double)(b->time_ns - a->time_ns);

	return length > 0 ? a_value + (b_value - a_value) * (time - (double)a->time_ns) / length
			  : b_value;
}

/* How much group @i had got, and was due, when each window began; and when the last ended. */
static void totals(const struct history *h, size_t i, const struct shares *s, double *got,
		   double *due)
{
	double begin = (double)h->r->begin_ns, length = (double)h->r->end_ns - begin;
	size_t k = h->first[i], end = h->first[i + 1];

	for (size_t w = 0; w <= s->windows; w++) {
		double time = begin + length * (double)w / (double)s->windows;
		const struct csched_event *a, *b;

		if (k == end) {
			got[w] = due[w] = 0;
			continue;
		}
		while (k + 1 < end && (double)h->at[k + 1]->time_ns < time)
			k++;
		a = h->at[k];
		b = k + 1 < end ? h->at[k + 1] : a;
		if ((double)a->time_ns > time)
			b = a; /* before its first event: nothing yet */
		got[w] = between(a, b, (double)a->used_ns, (double)b->used_ns, time);
		due[w] = between(a, b, (double)a->used_ns + (double)a->lag_ns,
				 (double)b->used_ns + (double)b->lag_ns, time);
	}
}

/* From totals to what was added in each window. */
static void differences(double *row, size_t windows)
{
	for (size_t w = 0; w < windows; w++) {
		row[w] = row[w + 1] - row[w];
		if (row[w] < 0)
			row[w] = 0;
	}
}

/* From ns to parts of the pool's ns. */
static void divide(const struct history *h, const struct shares *s, double *rows, size_t w)
{
	const struct csched_ioc_group *g = h->r->groups.at;
	size_t n = h->r->groups.count, row = s->windows + 1;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		/* The first of each pool does it for all of them. */
		for (size_t j = 0; j < n; j++) {
			if (g[j].pool == g[i].pool && j < i)
				break;
			if (g[j].pool == g[i].pool)
				sum += rows[j * row + w];
		}
		for (size_t j = i; j < n && sum > 0; j++)
			if (g[j].pool == g[i].pool)
				rows[j * row + w] /= sum;
	}
}

static int make_shares(const struct history *h, struct shares *s, struct error *err)
{
	size_t n = h->r->groups.count;

	s->windows = count_windows(h);
	s->got = calloc(n * (s->windows + 1), sizeof(*s->got));
	s->due = calloc(n * (s->windows + 1), sizeof(*s->due));
	if (!s->got || !s->due)
		return error_set(err, ENOMEM, "plot: out of memory");
	for (size_t i = 0; i < n; i++) {
		size_t row = i * (s->windows + 1);

		totals(h, i, s, s->got + row, s->due + row);
		differences(s->got + row, s->windows);
		differences(s->due + row, s->windows);
	}
	for (size_t w = 0; w < s->windows; w++) {
		divide(h, s, s->got, w);
		divide(h, s, s->due, w);
	}
	return 0;
}

static double middle(const struct panel *panel, const struct shares *s, size_t w)
{
	return panel->seconds * ((double)w + 0.5) / (double)s->windows;
}

static void draw_row(const struct panel *panel, const struct shares *s, const double *row,
		     const char *colour, double width, const char *dash)
{
	struct stroke stroke;

	stroke_begin(&stroke, panel, colour, width, dash);
	for (size_t w = 0; w < s->windows; w++)
		stroke_to(&stroke, middle(panel, s, w), 100 * row[w]);
	stroke_end(&stroke);
}

/* One line of the legend: what it got over the whole time. */
static void legend(const struct history *h, const struct panel *panel, size_t i, size_t nth)
{
	const struct csched_ioc_group *g = h->r->groups.at;
	double x = panel->left + panel->width + 16, y = panel->top + 26 + 18 * (double)nth, sum = 0,
	       own = 0;
	char text[96];

	for (size_t j = 0; j < h->r->groups.count; j++) {
		double used;

		if (g[j].pool != g[i].pool || h->first[j] == h->first[j + 1])
			continue;
		used = (double)h->at[h->first[j + 1] - 1]->used_ns -
		       (double)h->at[h->first[j]]->used_ns;
		sum += used;
		own = j == i ? used : own;
	}
	fprintf(panel->out,
		"<path d=\"M%.1f %.1fh20\" stroke=\"%s\" stroke-width=\"2.5\" "
		"stroke-dasharray=\"%s\"/>\n",
		x, y - 4, svg_colour(nth), svg_dash(nth));
	snprintf(text, sizeof(text), "%.14s %.1f%%", g[i].name, sum > 0 ? 100 * own / sum : 0);
	svg_text(panel->out, x + 26, y, "", text);
}

static double highest(const struct history *h, const struct shares *s)
{
	size_t all = h->r->groups.count * (s->windows + 1);
	double most = 0.1;

	for (size_t k = 0; k < all; k++) {
		if (k % (s->windows + 1) == s->windows)
			continue; /* the last of a row is a total */
		most = s->got[k] > most ? s->got[k] : most;
		most = s->due[k] > most ? s->due[k] : most;
	}
	return most;
}

static void draw_all(const struct history *h, const struct shares *s, const struct panel *panel)
{
	size_t nth = 0, row = s->windows + 1;

	svg_text(panel->out, panel->left + panel->width + 16, panel->top + 8, "fill=\"#555\"",
		 "got, over all");
	for (size_t i = 0; i < h->r->groups.count; i++) {
		if (!group_took_part(h, i))
			continue;
		draw_row(panel, s, s->due + i * row, svg_colour(nth), 1.2, "5 4");
		draw_row(panel, s, s->got + i * row, svg_colour(nth), 2.2, svg_dash(nth));
		/* More do not fit beside the panel; the lines are there. */
		if (nth < (HEIGHT - 60) / 18 - 2)
			legend(h, panel, i, nth);
		nth++;
	}
	svg_text(panel->out, panel->left + panel->width + 16, panel->top + panel->height - 2,
		 "fill=\"#555\"", "dashed: due by weight");
}

double plot_share_height(const struct history *h)
{
	(void)h;
	return HEIGHT + 70;
}

/* Returns 0 or -ENOMEM. */
int plot_share(const struct history *h, struct panel *panel, struct error *err)
{
	struct shares s = { .windows = 0 };
	char title[96], window[32];
	int ret = make_shares(h, &s, err);

	if (!ret) {
		panel->top += 22;
		panel->height = HEIGHT;
		panel_fit(panel, 0, 100 * highest(h, &s));
		if (panel->high > 100)
			panel->high = 100;
		format_short(window, sizeof(window),
			     (h->r->end_ns - h->r->begin_ns) / s.windows / 1000000 * 1000000);
		snprintf(title, sizeof(title), "CPU time, in windows of %s", window);
		panel_axes(panel, title, "share (%)", true);
		draw_all(h, &s, panel);
	}
	free(s.got);
	free(s.due);
	return ret;
}
