// SPDX-License-Identifier: GPL-2.0-only
/* The rows of tables.h as text, guest left and shadow right. Called by cmd_inspect.c. */
#include <inttypes.h>
#include <string.h>

#include "tables.h"
#include "x86.h"

#define NAME_WIDTH	22
#define TARGET_WIDTH	42

static void print_place(const struct table_row *row, FILE *out)
{
	int indent = 2 * row->depth;
	char name[64];

	row_place(row, name, sizeof(name));
	fprintf(out, "%*s%-*s %016" PRIx64 "  ", indent, "", NAME_WIDTH - indent, name, row->gva);
}

static void print_row(const struct table_row *row, bool has_shadow, FILE *out)
{
	char target[128], shadow[128], letters[7] = "";

	row_target(row, target, sizeof(target));
	row_shadow(row, shadow, sizeof(shadow));
	if (row->entry)
		entry_letters(row->entry, letters);
	print_place(row, out);
	if (has_shadow)
		fprintf(out, "%-6s  %-*s | %s\n", letters, TARGET_WIDTH, target, shadow);
	else
		fprintf(out, "%-6s  %s\n", letters, target);
}

void tables_print_text(const struct tables *tables, const char *heading, FILE *out)
{
	fprintf(out, "%s\n", heading);
	fprintf(out, "cr3 0x%" PRIx64 "  CR0.WP=%u  EFER.NXE=%u  CR4.PGE=%u SMEP=%u SMAP=%u\n",
		tables->cr3, !!(tables->cr0 & CR0_WP), !!(tables->efer & EFER_NXE),
		!!(tables->cr4 & CR4_PGE), !!(tables->cr4 & CR4_SMEP), !!(tables->cr4 & CR4_SMAP));
	fprintf(out,
		"bits: W write, U user, X execute (NX clear), A accessed, D dirty, G global\n");
	if (tables->has_shadow)
		fprintf(out, "\n%-*s | %s\n", NAME_WIDTH + 27 + TARGET_WIDTH, "guest tables",
			"shadow tables");
	else
		fprintf(out,
			"no shadow tables: this accelerator does not show any; /dev/shadowpt does\n\n");
	for (unsigned int i = 0; i < tables->count; i++)
		print_row(&tables->rows[i], tables->has_shadow, out);
	if (tables->has_shadow)
		fprintf(out, "\nshadow: %u entries for tables, %u for pages\n",
			tables->shadow_tables, tables->shadow_pages);
}
