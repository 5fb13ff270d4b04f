/* SPDX-License-Identifier: GPL-2.0-only */
/* Words and colours in SVG. */
#ifndef TOOL_SVG_H
#define TOOL_SVG_H

#include <stddef.h>
#include <stdio.h>

void svg_begin(FILE *out, double width, double height, const char *title, const char *subtitle);
void svg_end(FILE *out);
void svg_text(FILE *out, double x, double y, const char *attributes, const char *text);
const char *svg_colour(size_t i);
const char *svg_dash(size_t i);

#endif
