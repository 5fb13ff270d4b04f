/* SPDX-License-Identifier: GPL-2.0-only */
/* Axes and lines in SVG, for plot*.c. */
#ifndef CSCHED_PANEL_H
#define CSCHED_PANEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "svg.h"

/**
 * struct panel - one pair of axes
 * @out: where it is drawn
 * @left: pixels
 * @top: pixels
 * @width: pixels
 * @height: pixels
 * @seconds: from 0 to this, left to right
 * @low: value at the bottom
 * @high: value at the top
 */
struct panel {
	FILE *out;
	double left, top, width, height;
	double seconds;
	double low, high;
};

/**
 * struct stroke - a line that is being drawn, at most four points for each pixel of width
 * @panel: where
 * @column: the pixel that the points below belong to
 * @points: of them the first, the last, the lowest and the highest, in order
 * @count: how many of these
 */
struct stroke {
	const struct panel *panel;
	long column;
	struct {
		double x, y;
	} points[4];
	int count;
};

#define COLOUR_BOOST "#e69f00"
#define COLOUR_UNDER "#009e73"
#define COLOUR_OVER "#d55e00"

double panel_x(const struct panel *panel, double seconds);
double panel_y(const struct panel *panel, double value);
void panel_fit(struct panel *panel, double low, double high);
void panel_axes(const struct panel *panel, const char *title, const char *values, bool times);
void panel_band(const struct panel *panel, double low, double high, const char *colour);
void panel_span(const struct panel *panel, double from, double to, const char *colour);
void panel_level(const struct panel *panel, double value, const char *words);
void stroke_begin(struct stroke *stroke, const struct panel *panel, const char *colour,
		  double width, const char *dash);
void stroke_to(struct stroke *stroke, double seconds, double value);
void stroke_end(struct stroke *stroke);

#endif
