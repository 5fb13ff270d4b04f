// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of tables.h as one SVG picture. Called by cmd_inspect.c.
 *
 *	heading, registers, legend
 *	+-- guest tables ------------------------------+    +-- shadow -----------+
 *	| PML4[1]     address   WUXADG  points to      | -> | WUX  why            |
 *	|  `- PDPT[3] ...                              |    |                     |
 */
#include <inttypes.h>
#include <string.h>

#include "tables.h"
#include "x86.h"

#define WIDTH		1240
#define ROW_HEIGHT	24
#define GUEST_X		24
#define GUEST_WIDTH	800
#define INDENT		20
#define ADDRESS_X	228
#define BITS_X		380
#define TARGET_X	494
#define SHADOW_X	864
#define SHADOW_WIDTH	(WIDTH - SHADOW_X - GUEST_X)
#define BOX		15
/* A picture longer than that is of use to nobody; the text form has it all. */
#define MAX_ROWS	1000

static const char *const level_colours[] = { "#666", "#5c6bc0", "#3949ab", "#283593", "#1a237e" };

static const char *const state_colours[SHADOW_STATE_NR] = {
	[SHADOW_NO_VIEW] = "#90a4ae",
	[SHADOW_UNFILLED] = "#90a4ae",
	[SHADOW_SAME] = "#2e7d32",
	[SHADOW_INHERITED] = "#7a8f00",
	[SHADOW_TRAPPED] = "#c62828",
	[SHADOW_CLEAN] = "#e07a00",
	[SHADOW_WP0] = "#7b1fa2",
	[SHADOW_SPLIT] = "#0277bd",
	[SHADOW_STALE] = "#ad1457",
};

static void put_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			if ((unsigned char)*text >= 0x20)
				putc(*text, out);
		}
	}
}

static void put_text(int x, int y, const char *class, const char *text, FILE *out)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	put_escaped(text, out);
	fputs("</text>\n", out);
}

/* A box a bit: filled where @letters has the letter of @all, faint where it has '-'. */
static void put_bits(int x, int y, const char *letters, const char *all, FILE *out)
{
	for (int i = 0; letters[i]; i++, x += BOX + 2) {
		bool set = letters[i] != '-';

		fprintf(out,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" class=\"%s\"/>"
			"<text x=\"%d\" y=\"%d\" class=\"%s\">%c</text>\n",
			x, y - BOX / 2, BOX, BOX, set ? "on" : "off", x + BOX / 2 + 1, y + 4,
			set ? "bon" : "boff", all[i]);
	}
}

static int row_x(const struct table_row *row)
{
	return GUEST_X + 14 + row->depth * INDENT;
}

/* The lines that hang a row below its parent; @above[d] is where those of depth d begin. */
static void put_branch(const struct table_row *row, int y, int above[8], FILE *out)
{
	int x = row_x(row);

	if (row->depth > 0)
		fprintf(out, "<path d=\"M%d %d V%d H%d\" class=\"tree\"/>\n", x - INDENT + 8,
			above[row->depth], y, x - 2);
	above[row->depth] = y;
	above[row->depth + 1] = y + 9;
}

static const char *place_colour(const struct table_row *row)
{
	if (row->kind == ROW_PIECES)
		return "#b3c4d8";
	return row->kind == ROW_GONE ? "#fff" : level_colours[row->level];
}

static const char *place_class(const struct table_row *row)
{
	if (row->kind == ROW_PIECES)
		return "chip dark";
	return row->kind == ROW_GONE ? "chip gone" : "chip";
}

static const char *target_class(const struct table_row *row)
{
	if (row->kind == ROW_TABLE)
		return "body";
	return row->kind == ROW_PAGES ? "body strong" : "body faint";
}

static void put_place(const struct table_row *row, int y, FILE *out)
{
	char name[48], address[24];
	int x = row_x(row);

	if (row->kind == ROW_NOTE)
		return;
	row_place(row, name, sizeof(name));
	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"18\" rx=\"4\" fill=\"%s\"%s/>\n",
		x, y - 9, (int)strlen(name) * 7 + 12, place_colour(row),
		row->kind == ROW_GONE ? " stroke=\"#ad1457\" stroke-dasharray=\"3 2\"" : "");
	put_text(x + 6, y + 4, place_class(row), name, out);
	snprintf(address, sizeof(address), "%016" PRIx64, row->gva);
	put_text(ADDRESS_X, y + 4, "mono", address, out);
}

static void put_shadow(const struct table_row *row, int y, FILE *out)
{
	const char *colour = state_colours[row->state];
	char text[128], letters[4];
	int x = SHADOW_X + 30;

	if (row->state == SHADOW_NO_VIEW || row->kind == ROW_NOTE)
		return;
	fprintf(out,
		"<path d=\"M%d %d H%d\" stroke=\"%s\" class=\"link\"%s marker-end=\"url(#m%d)\"/>\n",
		GUEST_X + GUEST_WIDTH + 3, y, SHADOW_X - 7, colour,
		row->state == SHADOW_UNFILLED ? " stroke-dasharray=\"3 3\"" : "", row->state);
	fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"5.5\" fill=\"%s\" stroke=\"%s\"/>\n",
		SHADOW_X + 15, y, row->state == SHADOW_UNFILLED ? "#fff" : colour, colour);
	row_shadow(row, text, sizeof(text));
	shadow_letters(row->shadow_flags, letters);
	if (strncmp(text, letters, 3) == 0 && row->shadow_flags) {
		put_bits(x, y, letters, "WUX", out);
		x += 3 * (BOX + 2) + 8;
		memmove(text, text + 4, strlen(text + 4) + 1);
	}
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"body\" fill=\"%s\">", x, y + 4,
		row->state == SHADOW_UNFILLED ? "#78909c" : colour);
	put_escaped(text, out);
	fputs("</text>\n", out);
}

static void put_row(const struct table_row *row, int y, int above[8], FILE *out)
{
	char target[128], letters[7];

	put_branch(row, y, above, out);
	put_place(row, y, out);
	if (row->entry) {
		entry_letters(row->entry, letters);
		put_bits(BITS_X, y, letters, "WUXADG", out);
	}
	row_target(row, target, sizeof(target));
	put_text(row->kind == ROW_NOTE ? row_x(row) : TARGET_X, y + 4,
		 target_class(row), target, out);
	put_shadow(row, y, out);
}

static void put_style(FILE *out)
{
	fputs("<style>\n"
	      "text{font-family:'DejaVu Sans','Liberation Sans',Arial,sans-serif;font-size:12px;fill:#263238}\n"
	      ".title{font-size:18px;font-weight:bold}\n"
	      ".panel{font-size:13px;font-weight:bold;fill:#455a64}\n"
	      ".head{font-size:11px;fill:#78909c}\n"
	      ".mono,.chip{font-family:'DejaVu Sans Mono','Liberation Mono',monospace;font-size:11.5px}\n"
	      ".chip{fill:#fff}.dark{fill:#1c313a}.gone{fill:#ad1457}\n"
	      ".strong{font-weight:bold}.faint{fill:#78909c;font-style:italic}\n"
	      ".on{fill:#455a64}.off{fill:#fff;stroke:#dde3e7}\n"
	      ".bon,.boff{font-size:9.5px;font-weight:bold;text-anchor:middle}\n"
	      ".bon{fill:#fff}.boff{fill:#cfd8dc}\n"
	      ".tree{fill:none;stroke:#b0bec5;stroke-width:1.2}\n"
	      ".link{fill:none;stroke-width:1.5}\n"
	      "</style>\n", out);
}

static void put_markers(FILE *out)
{
	fputs("<defs>\n", out);
	for (int state = 0; state < SHADOW_STATE_NR; state++)
		fprintf(out,
			"<marker id=\"m%d\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"6\" "
			"markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"%s\"/></marker>\n",
			state, state_colours[state]);
	fputs("</defs>\n", out);
}

/* Only what occurs in the picture; returns the height used. */
static int put_legend(const struct tables *tables, int y, FILE *out)
{
	bool occurs[SHADOW_STATE_NR] = { 0 };
	int column = 0, top = y;

	for (unsigned int i = 0; i < tables->count; i++)
		if (tables->rows[i].kind != ROW_NOTE)
			occurs[tables->rows[i].state] = true;
	for (int state = SHADOW_UNFILLED; state < SHADOW_STATE_NR; state++) {
		if (!occurs[state])
			continue;
		fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"5.5\" fill=\"%s\" stroke=\"%s\"/>\n",
			GUEST_X + 8 + column * 300, y,
			state == SHADOW_UNFILLED ? "#fff" : state_colours[state],
			state_colours[state]);
		put_text(GUEST_X + 20 + column * 300, y + 4, "body", shadow_state_title(state),
			 out);
		if (++column == 4) {
			column = 0;
			y += 20;
		}
	}
	return y - top + (column ? 20 : 0);
}

static void put_panel(int x, int y, int width, int height, const char *title, FILE *out)
{
	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#fafbfc\" stroke=\"#cfd8dc\"/>\n",
		x, y, width, height);
	put_text(x + 14, y + 20, "panel", title, out);
}

void tables_print_svg(const struct tables *tables, const char *heading, FILE *out)
{
	unsigned int rows = tables->count < MAX_ROWS ? tables->count : MAX_ROWS;
	int above[8] = { 0 }, top, y;
	char line[256];

	/* The legend's height is known only when it is written: leave room for two lines. */
	top = 116;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
		WIDTH, top + 60 + (int)rows * ROW_HEIGHT + 40, WIDTH,
		top + 60 + (int)rows * ROW_HEIGHT + 40);
	put_style(out);
	put_markers(out);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	put_text(GUEST_X, 32, "title", heading, out);
	snprintf(line, sizeof(line),
		 "CR3 0x%" PRIx64 ", CR0.WP %u, EFER.NXE %u, CR4.PGE %u, SMEP %u, SMAP %u",
		 tables->cr3, !!(tables->cr0 & CR0_WP), !!(tables->efer & EFER_NXE),
		 !!(tables->cr4 & CR4_PGE), !!(tables->cr4 & CR4_SMEP), !!(tables->cr4 & CR4_SMAP));
	put_text(GUEST_X, 54, "body", line, out);
	put_text(TARGET_X, 54, "body", "W write, U user, X execute, A accessed, D dirty, G global",
		 out);
	put_legend(tables, 78, out);

	put_panel(GUEST_X, top, GUEST_WIDTH, 52 + rows * ROW_HEIGHT, "guest page tables", out);
	put_panel(SHADOW_X, top, SHADOW_WIDTH, 52 + rows * ROW_HEIGHT, "shadow page tables", out);
	put_text(ADDRESS_X, top + 20, "head", "guest virtual address", out);
	put_text(BITS_X, top + 20, "head", "bits of the entry", out);
	put_text(TARGET_X, top + 20, "head", "points to (guest physical)", out);
	y = top + 44;
	above[1] = y;
	for (unsigned int i = 0; i < rows; i++, y += ROW_HEIGHT)
		put_row(&tables->rows[i], y, above, out);
	if (!tables->has_shadow)
		put_text(SHADOW_X + 14, top + 48, "body faint", "this accelerator shows none", out);
	else
		snprintf(line, sizeof(line), "shadow: %u entries for tables, %u for pages",
			 tables->shadow_tables, tables->shadow_pages);
	if (tables->has_shadow)
		put_text(SHADOW_X, y + 26, "head", line, out);
	if (rows < tables->count) {
		snprintf(line, sizeof(line), "%u more rows: see --format text",
			 tables->count - rows);
		put_text(GUEST_X, y + 26, "head", line, out);
	}
	fputs("</svg>\n", out);
}
