/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's page tables and the shadow tables beside them, as one list of
 * rows in the order of a depth-first walk, with runs of like entries folded:
 *
 *	guest					shadow
 *	PML4[1]      -> table 0x302000		table
 *	  PDPT[3]    -> table 0x303000		table
 *	    PD[5]    -> table 0x304000		table
 *	      PT[0..3]  -> pages 0x30a000	same
 *	      PT[4..7]  -> pages 0x30e000	not filled yet
 *	      PT[32]    -> page 0x304000	read-only: it is a page table
 *	    PD[6]    -> 2M page 0x3e00000	split, 3 of 512 pieces
 *	      pieces 0..2			same
 *
 * Built by tables.c, printed by tables_text.c, drawn by tables_svg.c.
 */
#ifndef VMM_TABLES_H
#define VMM_TABLES_H

#include <shadowpt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"
#include "loader/loader.h"

enum row_kind {
	ROW_TABLE,	/* a guest entry that points to a table */
	ROW_PAGES,	/* guest entries that map pages */
	ROW_PIECES,	/* shadow pages that are parts of the large page above */
	ROW_GONE,	/* shadow pages whose guest entry is not present */
	ROW_NOTE,	/* only text */
};

/* How the shadow of a row stands to the guest. */
enum shadow_state {
	SHADOW_NO_VIEW,		/* the accelerator shows no shadow tables */
	SHADOW_UNFILLED,	/* no entry: nothing was accessed through it yet */
	SHADOW_SAME,
	SHADOW_INHERITED,	/* less than the guest entry: the parents allow no more */
	SHADOW_TRAPPED,		/* read-only: the frame is a page table */
	SHADOW_CLEAN,		/* read-only: guest D is clear, the first write must be seen */
	SHADOW_WP0,		/* kernel only: a CR0.WP=0 write went through */
	SHADOW_SPLIT,		/* a large guest page in small shadow pages */
	SHADOW_STALE,		/* the guest entry changed; no flush has come yet */
	SHADOW_STATE_NR,
};

/* Where the pages of a folded row lie. */
enum run_shape { RUN_CONTIGUOUS, RUN_SAME_FRAME, RUN_SCATTERED };

struct table_row {
	enum row_kind kind;
	enum shadow_state state;
	enum run_shape shape;
	int level;		/* 4 PML4 .. 1 PT: of the table the entry is in */
	int depth;		/* of indentation */
	unsigned int first;	/* index of the first entry in its table, or of the first piece */
	unsigned int count;
	uint64_t gva;		/* that the first entry translates */
	uint64_t entry;		/* the first guest entry; 0 for ROW_PIECES, ROW_GONE */
	uint64_t gpa;		/* where it points */
	uint32_t shadow_flags;	/* SPT_E_*, of the first shadow entry */
	uint64_t shadow_gpa;
	unsigned int filled;	/* pieces present; of a table that is not followed: pages below */
	unsigned int pieces;	/* SHADOW_SPLIT: 4 KiB pieces in the page */
	const char *note;	/* static text or NULL */
};

/* The vCPU's paging registers, and the strategy, for the heading. */
struct tables {
	uint64_t cr0, cr3, cr4, efer;
	bool has_shadow;
	uint32_t strategy;
	unsigned int shadow_tables, shadow_pages;
	struct table_row *rows;
	unsigned int count, room;
};

/*
 * Walk the guest tables at tables->cr3 in @memory, comparing with @shadow
 * (@shadow_count entries in any order; NULL and has_shadow false: no view).
 * The registers in @tables are filled by the caller, who frees tables->rows.
 * ENOTSUP when the guest is not in 4-level paging.
 */
int tables_build(struct tables *tables, const struct guest_memory *memory,
		 struct spt_entry *shadow, unsigned int shadow_count, struct error *err);

/* "PML4", "PDPT", "PD", "PT". */
const char *table_name(int level);
/* Bytes that an entry of @level translates. */
uint64_t entry_span(int level);

/* One letter a bit, '-' where clear: W U X A D G, of a guest entry ... */
void entry_letters(uint64_t entry, char letters[7]);
/* ... and W U X of a shadow entry. */
void shadow_letters(uint32_t flags, char letters[4]);

/*
 * In words: which entries the row is about, what its guest side points to, and
 * what its shadow side is.
 */
void row_place(const struct table_row *row, char *text, size_t size);
void row_target(const struct table_row *row, char *text, size_t size);
void row_shadow(const struct table_row *row, char *text, size_t size);

/* What each state means, for the legend. */
const char *shadow_state_title(enum shadow_state state);

void tables_print_text(const struct tables *tables, const char *heading, FILE *out);
void tables_print_svg(const struct tables *tables, const char *heading, FILE *out);

#endif
