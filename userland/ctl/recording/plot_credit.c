// SPDX-License-Identifier: GPL-2.0-only
/*
 * The credit balance of each group, coloured by what it makes of it: BOOST, UNDER or OVER.
 * Grey behind it: its cap or its baseline holds it back. Called by plot.c.
 */
#include <string.h>

#include "plot.h"

#define HEIGHT 110
#define GAP 34
/* More panels than that nobody looks at. */
#define GROUPS_MAX 16

static const struct {
	const char *name;
	const char *colour;
} standings[] = { { "BOOST", COLOUR_BOOST }, { "UNDER", COLOUR_UNDER }, { "OVER", COLOUR_OVER } };

static bool drawn(const struct history *h, size_t i)
{
	return !strcmp(h->r->groups.at[i].policy, "credit") && group_took_part(h, i);
}

static size_t count_drawn(const struct history *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->r->groups.count; i++)
		n += drawn(h, i);
	return n < GROUPS_MAX ? n : GROUPS_MAX;
}

/**
 * struct scale - the unit that suits the balances of one group
 * @ns: how many it is
 * @name: for the axis
 */
struct scale {
	double ns;
	const char *name;
};

static struct scale suitable(double most)
{
	if (most >= 3 * 3600e9)
		return (struct scale){ 3600e9, "credit (h)" };
	if (most >= 2e9)
		return (struct scale){ 1e9, "credit (s)" };
	return (struct scale){ 1e6, "credit (ms)" };
}

static struct scale fit(const struct history *h, size_t i, struct panel *panel)
{
	double low = 0, high = 0, burst = (double)h->r->groups.at[i].burst_ns, credit;
	struct scale scale;

	for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
		credit = (double)h->at[k]->credit_ns;
		low = credit < low ? credit : low;
		high = credit > high ? credit : high;
	}
	/* The bound is shown where it matters. */
	if (burst < 1.5 * high)
		high = burst > high ? burst : high;
	scale = suitable(high > -low ? high : -low);
	panel_fit(panel, low / scale.ns, 1.08 * high / scale.ns);
	return scale;
}

static void draw_throttled(const struct history *h, size_t i, const struct panel *panel)
{
	double since = -1, now = 0;
	bool throttled = false;

	for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
		const struct csched_event *e = h->at[k];

		now = seconds_of(h, e);
		if (e->type == CSCHED_EVENT_THROTTLE || (e->type == EVENT_SAMPLE && e->reason))
			throttled = true;
		else if (e->type == CSCHED_EVENT_UNTHROTTLE || e->type == EVENT_SAMPLE)
			throttled = false;
		if (throttled && since < 0)
			since = now;
		if (!throttled && since >= 0)
			panel_span(panel, since, now, "#ddd");
		since = throttled ? since : -1;
	}
	if (since >= 0)
		panel_span(panel, since, panel->seconds, "#ddd");
}

/* A stroke for each stretch of one standing; the next begins where it ends. */
static void draw_balance(const struct history *h, size_t i, const struct panel *panel, double unit)
{
	struct stroke stroke;
	int standing = -1;

	for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
		const struct csched_event *e = h->at[k];
		double at = seconds_of(h, e), balance = (double)e->credit_ns / unit;

		if (standing >= 0)
			stroke_to(&stroke, at, balance);
		if (standing == e->standing)
			continue;
		if (standing >= 0)
			stroke_end(&stroke);
		standing = e->standing;
		stroke_begin(&stroke, panel, standings[standing].colour, 2.2, "none");
		stroke_to(&stroke, at, balance);
	}
	if (standing >= 0)
		stroke_end(&stroke);
}

static void draw_group(const struct history *h, size_t i, struct panel *panel, bool last)
{
	const struct csched_ioc_group *g = &h->r->groups.at[i];
	struct scale scale = fit(h, i, panel);
	char title[192], burst[32], cap[32] = "none", baseline[32] = "by weight";

	format_short(burst, sizeof(burst), g->burst_ns);
	if (g->cap)
		snprintf(cap, sizeof(cap), "%u%%", g->cap);
	if (g->baseline)
		snprintf(baseline, sizeof(baseline), "%u%%", g->baseline);
	snprintf(title, sizeof(title), "%s: weight %u, earns %s, cap %s, burst %s", g->name,
		 g->weight, baseline, cap, burst);
	draw_throttled(h, i, panel);
	panel_axes(panel, title, scale.name, last);
	if ((double)g->burst_ns / scale.ns <= panel->high)
		panel_level(panel, (double)g->burst_ns / scale.ns, "burst");
	draw_balance(h, i, panel, scale.ns);
}

static void legend(const struct panel *panel)
{
	double x = panel->left + panel->width + 16, y = panel->top + 8;

	for (int s = CSCHED_STANDING_BOOST; s <= CSCHED_STANDING_OVER; s++, y += 20) {
		fprintf(panel->out,
			"<path d=\"M%.1f %.1fh20\" stroke=\"%s\" stroke-width=\"4\"/>\n", x, y - 4,
			standings[s].colour);
		svg_text(panel->out, x + 26, y, "", standings[s].name);
	}
	fprintf(panel->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"20\" height=\"12\" fill=\"#ddd\"/>\n", x,
		y - 10);
	svg_text(panel->out, x + 26, y, "", "held back by its cap");
	svg_text(panel->out, x + 26, y + 15, "", "or baseline");
}

/* 0: there is nothing to draw. */
double plot_credit_height(const struct history *h)
{
	size_t n = count_drawn(h);

	return n ? (HEIGHT + GAP) * (double)n + 50 : 0;
}

void plot_credit(const struct history *h, struct panel *panel)
{
	size_t n = count_drawn(h), nth = 0;

	panel->height = HEIGHT;
	panel->top += 26;
	legend(panel);
	for (size_t i = 0; i < h->r->groups.count && nth < n; i++) {
		if (!drawn(h, i))
			continue;
		draw_group(h, i, panel, ++nth == n);
		panel->top += HEIGHT + GAP;
	}
}
