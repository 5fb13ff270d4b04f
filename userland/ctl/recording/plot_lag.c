// SPDX-License-Identifier: GPL-2.0-only
/* How far each group is from what it is due, with the band of one slot. Called by plot.c. */
#include "plot.h"

#define HEIGHT 260

static double slot_ms(const struct history *h)
{
	double slot = 0;

	for (size_t i = 0; i < h->r->groups.count; i++)
		if (group_took_part(h, i) && (double)h->r->groups.at[i].slot_ns / 1e6 > slot)
			slot = (double)h->r->groups.at[i].slot_ns / 1e6;
	return slot;
}

static double ms(const struct csched_event *e)
{
	return (double)e->lag_ns / 1e6;
}

static void fit(const struct history *h, struct panel *panel, double slot)
{
	double low = -1.2 * slot, high = 1.2 * slot;

	for (size_t i = 0; i < h->r->groups.count; i++) {
		if (!group_took_part(h, i))
			continue;
		for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
			low = ms(h->at[k]) < low ? ms(h->at[k]) : low;
			high = ms(h->at[k]) > high ? ms(h->at[k]) : high;
		}
	}
	panel_fit(panel, low, high);
}

/* Its line and its words beside: the greatest distance, either way. */
static void draw_group(const struct history *h, const struct panel *panel, size_t i, size_t nth)
{
	double x = panel->left + panel->width + 16, y = panel->top + 26 + 18 * (double)nth;
	double ahead = 0, behind = 0;
	struct stroke stroke;
	char text[96];

	stroke_begin(&stroke, panel, svg_colour(nth), 0.8, svg_dash(nth));
	for (size_t k = h->first[i]; k < h->first[i + 1]; k++) {
		double lag = ms(h->at[k]);

		stroke_to(&stroke, seconds_of(h, h->at[k]), lag);
		behind = lag > behind ? lag : behind;
		ahead = -lag > ahead ? -lag : ahead;
	}
	stroke_end(&stroke);
	if (nth >= (HEIGHT - 40) / 18)
		return;
	fprintf(panel->out,
		"<path d=\"M%.1f %.1fh20\" stroke=\"%s\" stroke-width=\"2.5\" "
		"stroke-dasharray=\"%s\"/>\n",
		x, y - 4, svg_colour(nth), svg_dash(nth));
	snprintf(text, sizeof(text), "%.14s -%.1f +%.1f", h->r->groups.at[i].name, ahead, behind);
	svg_text(panel->out, x + 26, y, "", text);
}

double plot_lag_height(const struct history *h)
{
	(void)h;
	return HEIGHT + 76;
}

void plot_lag(const struct history *h, struct panel *panel)
{
	double slot = slot_ms(h);
	size_t nth = 0;
	char words[64];
	bool wide;

	panel->top += 26;
	panel->height = HEIGHT;
	fit(h, panel, slot);
	panel_band(panel, -slot, slot, "#eaf3fa");
	panel_axes(panel, "Lag: what it was due minus what it got (above 0: it waits for its due)",
		   "lag (ms)", true);
	/* Where the band is narrow there is room for words above it only. */
	wide = panel_y(panel, -slot) - panel_y(panel, slot) > 30;
	snprintf(words, sizeof(words), "one slot, %gms%s", slot, wide ? "" : ", either way");
	panel_level(panel, slot, words);
	panel_level(panel, -slot, wide ? "one slot ahead" : "");
	svg_text(panel->out, panel->left + panel->width + 16, panel->top + 8, "fill=\"#555\"",
		 "greatest lag (ms)");
	for (size_t i = 0; i < h->r->groups.count; i++)
		if (group_took_part(h, i))
			draw_group(h, panel, i, nth++);
}
