// SPDX-License-Identifier: GPL-2.0-only
/* Axes and lines in SVG. Called by plot*.c. Knows nothing of scheduling. */
#include <math.h>
#include <string.h>

#include "panel.h"

double panel_x(const struct panel *panel, double seconds)
{
	return panel->left + panel->width * seconds / panel->seconds;
}

/* A value off the scale stays at its edge. */
double panel_y(const struct panel *panel, double value)
{
	double part = (value - panel->low) / (panel->high - panel->low);

	part = part < 0 ? 0 : part > 1 ? 1 : part;
	return panel->top + panel->height * (1 - part);
}

/* 1, 2 or 5 times a power of ten, such that @range has four to nine of them. */
static double nice_step(double range)
{
	double power = pow(10, floor(log10(range / 4)));
	double times = range / 4 / power;

	return power * (times >= 5 ? 5 : times >= 2 ? 2 : 1);
}

/* From @low to @high, extended to whole steps. */
void panel_fit(struct panel *panel, double low, double high)
{
	double step;

	if (!(high > low))
		high = low + 1;
	step = nice_step(high - low);
	panel->low = floor(low / step) * step;
	panel->high = ceil(high / step) * step;
}

static void axis_line(const struct panel *panel, double x1, double y1, double x2, double y2,
		      const char *colour)
{
	fprintf(panel->out, "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" fill=\"none\"/>\n", x1,
		y1, x2, y2, colour);
}

static void value_axis(const struct panel *panel)
{
	double step = nice_step(panel->high - panel->low), right = panel->left + panel->width;
	char text[32];

	for (int i = 0; i <= 20; i++) {
		double value = panel->low + i * step;

		if (value > panel->high + step / 2)
			break;
		axis_line(panel, panel->left, panel_y(panel, value), right, panel_y(panel, value),
			  fabs(value) < step / 2 ? "#888" : "#e4e4e4");
		snprintf(text, sizeof(text), "%g", fabs(value) < step / 2 ? 0 : value);
		svg_text(panel->out, panel->left - 7, panel_y(panel, value) + 4,
			 "text-anchor=\"end\"", text);
	}
}

static void time_axis(const struct panel *panel, bool words)
{
	double step = nice_step(panel->seconds), bottom = panel->top + panel->height;
	char text[32];

	for (int i = 0; i <= 20 && i * step <= panel->seconds * 1.0001; i++) {
		double x = panel_x(panel, i * step);

		axis_line(panel, x, panel->top, x, bottom + (words ? 4 : 0), "#e4e4e4");
		snprintf(text, sizeof(text), "%g", i * step);
		if (words)
			svg_text(panel->out, x, bottom + 17, "text-anchor=\"middle\"", text);
	}
	if (words)
		svg_text(panel->out, panel->left + panel->width / 2, bottom + 34,
			 "text-anchor=\"middle\"", "time (s)");
}

/* @values: what the value axis shows; @times: label the time axis, too. */
void panel_axes(const struct panel *panel, const char *title, const char *values, bool times)
{
	double middle = panel->top + panel->height / 2;
	char turned[96];

	time_axis(panel, times);
	value_axis(panel);
	fprintf(panel->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
		"stroke=\"#888\"/>\n",
		panel->left, panel->top, panel->width, panel->height);
	svg_text(panel->out, panel->left, panel->top - 8, "font-weight=\"bold\"", title);
	snprintf(turned, sizeof(turned),
		 "text-anchor=\"middle\" transform=\"rotate(-90 %.1f %.1f)\"", panel->left - 48,
		 middle);
	svg_text(panel->out, panel->left - 48, middle, turned, values);
}

/* Between two values, all the time. */
void panel_band(const struct panel *panel, double low, double high, const char *colour)
{
	fprintf(panel->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
		panel->left, panel_y(panel, high), panel->width,
		panel_y(panel, low) - panel_y(panel, high), colour);
}

/* Between two times, all values. */
void panel_span(const struct panel *panel, double from, double to, const char *colour)
{
	fprintf(panel->out,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\"/>\n",
		panel_x(panel, from), panel->top, panel_x(panel, to) - panel_x(panel, from),
		panel->height, colour);
}

/* A dashed line at one value, and what it means. */
void panel_level(const struct panel *panel, double value, const char *words)
{
	double y = panel_y(panel, value);

	fprintf(panel->out,
		"<path d=\"M%.1f %.1fh%.1f\" stroke=\"#666\" stroke-dasharray=\"5 4\"/>\n",
		panel->left, y, panel->width);
	svg_text(panel->out, panel->left + 6, y - 4, "fill=\"#666\" font-size=\"11\"", words);
}

void stroke_begin(struct stroke *stroke, const struct panel *panel, const char *colour,
		  double width, const char *dash)
{
	*stroke = (struct stroke){ .panel = panel };
	fprintf(panel->out,
		"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-dasharray=\"%s\" "
		"stroke-linejoin=\"round\" points=\"",
		colour, width, dash);
}

static void flush_points(struct stroke *stroke)
{
	for (int i = 0; i < stroke->count; i++)
		fprintf(stroke->panel->out, "%.1f,%.1f ", stroke->points[i].x, stroke->points[i].y);
	stroke->count = 0;
}

/* Five points in one column: of the middle three, the one between the others in height is not seen. */
static void drop_one(struct stroke *stroke)
{
	double a = stroke->points[1].y, b = stroke->points[2].y, c = stroke->points[3].y;
	int drop = (a - b) * (a - c) <= 0 ? 1 : (b - a) * (b - c) <= 0 ? 2 : 3;

	for (int i = drop; i < 3; i++)
		stroke->points[i] = stroke->points[i + 1];
	stroke->count = 3;
}

void stroke_to(struct stroke *stroke, double seconds, double value)
{
	double x = panel_x(stroke->panel, seconds);

	if (stroke->count && (long)x != stroke->column)
		flush_points(stroke);
	stroke->column = (long)x;
	if (stroke->count == 4)
		drop_one(stroke);
	stroke->points[stroke->count].x = x;
	stroke->points[stroke->count++].y = panel_y(stroke->panel, value);
}

void stroke_end(struct stroke *stroke)
{
	flush_points(stroke);
	fputs("\"/>\n", stroke->panel->out);
}
