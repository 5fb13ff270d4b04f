// SPDX-License-Identifier: GPL-2.0-only
/* Words and colours in SVG. */
#include "svg.h"

static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '<' || c == '>' || c == '&' || c == '"')
			fprintf(out, "&#%u;", c);
		else if (c < ' ' || c >= 0x7f)
			putc('?', out);
		else
			putc(c, out);
	}
}

void svg_begin(FILE *out, double width, double height, const char *title, const char *subtitle)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
		"font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\" fill=\"#222\">\n<title>",
		width, height, width, height);
	escape(out, title);
	fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	svg_text(out, 16, 26, "font-size=\"17\" font-weight=\"bold\"", title);
	svg_text(out, 16, 46, "fill=\"#555\"", subtitle);
}

void svg_end(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_text(FILE *out, double x, double y, const char *attributes, const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	escape(out, text);
	fputs("</text>\n", out);
}

/* Okabe and Ito's palette: the colour-blind can tell them apart, too. */
const char *svg_colour(size_t i)
{
	static const char *const colours[] = {
		"#0072b2", "#d55e00", "#009e73", "#cc79a7",
		"#e69f00", "#56b4e9", "#000000", "#999933",
	};

	return colours[i % 8];
}

/* For the ninth line and on, which must share a colour with another. */
const char *svg_dash(size_t i)
{
	return i < 8 ? "none" : i < 16 ? "6 3" : "2 2";
}
