// SPDX-License-Identifier: GPL-2.0-only
/* The walk over guest and shadow tables, see tables.h. Called by cmd_inspect.c. */
#include "tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "x86.h"

/* A hostile guest can make its tables look endless; this many are walked. */
#define MAX_TABLES	20000
/* Runs of pieces shown below one large page. */
#define MAX_PIECE_ROWS	8

struct walk {
	struct tables *tables;
	const struct guest_memory *memory;
	const struct spt_entry *shadow;		/* sorted: by gva, then upper levels first */
	unsigned int shadow_count;
	unsigned int tables_walked;
	uint64_t path[5];			/* tables above, by level */
	struct error *err;
};

const char *table_name(int level)
{
	static const char *const names[] = { "?", "PT", "PD", "PDPT", "PML4" };

	return names[level];
}

uint64_t entry_span(int level)
{
	return 1ull << (12 + 9 * (level - 1));
}

static uint64_t canonical(uint64_t gva)
{
	return gva & 1ull << 47 ? gva | 0xffff000000000000ull : gva & 0x0000ffffffffffffull;
}

static int compare_entries(const void *a, const void *b)
{
	const struct spt_entry *x = a, *y = b;

	if (x->gva != y->gva)
		return x->gva < y->gva ? -1 : 1;
	return (int)y->level - (int)x->level;
}

/* Number of the first shadow entry at or after @gva. */
static unsigned int first_at(const struct walk *walk, uint64_t gva)
{
	unsigned int low = 0, high = walk->shadow_count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (walk->shadow[middle].gva < gva)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct spt_entry *find_shadow(const struct walk *walk, uint64_t gva, int level)
{
	for (unsigned int i = first_at(walk, gva);
	     i < walk->shadow_count && walk->shadow[i].gva == gva; i++)
		if ((int)walk->shadow[i].level == level)
			return &walk->shadow[i];
	return NULL;
}

/* Shadow pages in @span bytes from @gva. */
static unsigned int count_shadow_pages(const struct walk *walk, uint64_t gva, uint64_t span)
{
	unsigned int count = 0;

	for (unsigned int i = first_at(walk, gva);
	     i < walk->shadow_count && walk->shadow[i].gva - gva < span; i++)
		count += !!(walk->shadow[i].flags & SPT_E_LEAF);
	return count;
}

/* Append a row; NULL when memory ran out. */
static struct table_row *add_row(struct walk *walk, enum row_kind kind, int level, uint64_t gva)
{
	struct tables *tables = walk->tables;
	struct table_row *row;

	if (tables->count == tables->room) {
		unsigned int room = tables->room ? tables->room * 2 : 64;
		struct table_row *grown = realloc(tables->rows, room * sizeof(*grown));

		if (!grown) {
			error_errno(walk->err, ENOMEM, NULL, "cannot hold %u rows", room);
			return NULL;
		}
		tables->rows = grown;
		tables->room = room;
	}
	row = &tables->rows[tables->count++];
	*row = (struct table_row){
		.kind = kind,
		.level = level,
		.depth = 4 - level,
		.gva = gva,
		.count = 1,
		.first = gva / entry_span(level) % PT_ENTRIES,
		.state = tables->has_shadow ? SHADOW_UNFILLED : SHADOW_NO_VIEW,
	};
	return row;
}

/*
 * How a present shadow page of @flags, @gpa stands to a guest page whose entry is
 * @entry, at @guest_gpa, with @rights (W, U, NX) as all levels together allow.
 */
static enum shadow_state compare(uint32_t flags, uint64_t gpa, uint64_t entry, uint64_t guest_gpa,
				 uint64_t rights)
{
	uint64_t have = (flags & SPT_E_WRITE ? PTE_W : 0) | (flags & SPT_E_USER ? PTE_U : 0) |
			(flags & SPT_E_NX ? PTE_NX : 0);

	if (gpa != guest_gpa)
		return SHADOW_STALE;
	if (flags & SPT_E_WP0)
		return SHADOW_WP0;
	if (!(have & PTE_W) && rights & PTE_W && (have | PTE_W) == rights) {
		if (flags & SPT_E_WP_TRAP)
			return SHADOW_TRAPPED;
		if (flags & SPT_E_WP_DIRTY)
			return SHADOW_CLEAN;
	}
	if (have != rights)
		return SHADOW_STALE;
	return (entry & (PTE_W | PTE_U | PTE_NX)) == rights ? SHADOW_SAME : SHADOW_INHERITED;
}

/* Can @next, the entry after those of @run, be folded into it? Then it is. */
static bool fold(struct table_row *run, const struct table_row *next)
{
	const uint64_t ignored = PTE_FRAME;
	uint64_t span = entry_span(next->level);

	if (run->kind != ROW_PAGES || run->level != next->level || run->state != next->state ||
	    run->first + run->count != next->first || run->note != next->note ||
	    run->state == SHADOW_SPLIT || run->state == SHADOW_STALE ||
	    (run->entry ^ next->entry) & ~ignored || run->shadow_flags != next->shadow_flags)
		return false;
	if (run->count == 1)
		run->shape = next->gpa == run->gpa + span ? RUN_CONTIGUOUS :
			     next->gpa == run->gpa ? RUN_SAME_FRAME : RUN_SCATTERED;
	else if (run->shape == RUN_CONTIGUOUS && next->gpa != run->gpa + run->count * span)
		return false;
	else if (run->shape == RUN_SAME_FRAME && next->gpa != run->gpa)
		return false;
	run->count++;
	return true;
}

/* The small shadow pages of the large guest page @large (a copy: rows move), in runs. */
static int add_pieces(struct walk *walk, struct table_row large, uint64_t rights)
{
	uint64_t span = entry_span(large.level);
	unsigned int shown = 0, hidden = 0;
	struct table_row *run = NULL;

	for (unsigned int i = first_at(walk, large.gva);
	     i < walk->shadow_count && walk->shadow[i].gva - large.gva < span; i++) {
		const struct spt_entry *piece = &walk->shadow[i];
		uint64_t offset = piece->gva - large.gva;
		enum shadow_state state;

		if (!(piece->flags & SPT_E_LEAF))
			continue;
		state = compare(piece->flags, piece->gpa, large.entry, large.gpa + offset, rights);
		/* Unfilled gaps do not part a run: what is filled is a matter of use alone. */
		if (run && run->state == state && run->shadow_flags == piece->flags) {
			run->count = offset / PAGE_SIZE - run->first + 1;
			run->filled++;
			continue;
		}
		if (shown == MAX_PIECE_ROWS) {
			hidden++;
			run = NULL;
			continue;
		}
		run = add_row(walk, ROW_PIECES, 1, piece->gva);
		if (!run)
			return -ENOMEM;
		run->depth = large.depth + 1;
		run->first = offset / PAGE_SIZE;
		run->filled = 1;
		run->state = state;
		run->shadow_flags = piece->flags;
		run->shadow_gpa = piece->gpa;
		run->gpa = large.gpa + offset;
		shown++;
	}
	if (hidden) {
		run = add_row(walk, ROW_NOTE, 1, large.gva);
		if (!run)
			return -ENOMEM;
		run->depth = large.depth + 1;
		run->filled = hidden;
		run->note = "more pieces";
	}
	return 0;
}

/* A guest entry that maps a page of its level's size. */
static int add_page(struct walk *walk, int level, uint64_t gva, uint64_t entry, uint64_t rights,
		    unsigned int first_row)
{
	struct tables *tables = walk->tables;
	uint64_t span = entry_span(level);
	const struct spt_entry *shadow = find_shadow(walk, gva, level);
	struct table_row *row = add_row(walk, ROW_PAGES, level, gva);

	if (!row)
		return -ENOMEM;
	row->entry = entry;
	row->gpa = entry & PTE_FRAME & ~(span - 1);
	if (row->gpa >= walk->memory->size)
		row->note = "no memory there";
	if (shadow && shadow->flags & SPT_E_LEAF) {
		row->state = compare(shadow->flags, shadow->gpa, entry, row->gpa, rights);
		row->shadow_flags = shadow->flags;
		row->shadow_gpa = shadow->gpa;
	} else if (level > 1 && tables->has_shadow) {
		row->filled = count_shadow_pages(walk, gva, span);
		row->pieces = span / PAGE_SIZE;
		if (row->filled) {
			row->state = SHADOW_SPLIT;
			return add_pieces(walk, *row, rights);
		}
	}
	if (tables->count - 1 > first_row && fold(row - 1, row))
		tables->count--;
	return 0;
}

static int walk_table(struct walk *walk, int level, uint64_t table, uint64_t base, uint64_t rights);

/* Why the table that @entry points to is not followed, or NULL. */
static const char *reason_to_stop(const struct walk *walk, int level, uint64_t table)
{
	for (int above = 4; above >= level; above--)
		if (walk->path[above] == table)
			return "this table again: recursive";
	if (table >= walk->memory->size || walk->memory->size - table < PAGE_SIZE)
		return "table outside memory";
	if (walk->tables_walked >= MAX_TABLES)
		return "too many tables: not followed";
	return NULL;
}

static int add_table(struct walk *walk, int level, uint64_t gva, uint64_t entry, uint64_t rights)
{
	const struct spt_entry *shadow = find_shadow(walk, gva, level);
	struct table_row *row = add_row(walk, ROW_TABLE, level, gva);

	if (!row)
		return -ENOMEM;
	row->entry = entry;
	row->gpa = entry & PTE_FRAME;
	if (shadow) {
		row->state = shadow->flags & SPT_E_LEAF || shadow->gpa != row->gpa ? SHADOW_STALE :
			     SHADOW_SAME;
		row->shadow_flags = shadow->flags;
		row->shadow_gpa = shadow->gpa;
	}
	row->note = reason_to_stop(walk, level, row->gpa);
	if (row->note) {
		row->filled = count_shadow_pages(walk, gva, entry_span(level));
		return 0;
	}
	return walk_table(walk, level - 1, row->gpa, gva, rights);
}

/* Shadow pages where the guest has nothing (any more). */
static int add_gone(struct walk *walk, int level, uint64_t gva)
{
	unsigned int pages = count_shadow_pages(walk, gva, entry_span(level));
	struct table_row *row;

	if (!pages)
		return 0;
	row = add_row(walk, ROW_GONE, level, gva);
	if (!row)
		return -ENOMEM;
	row->state = SHADOW_STALE;
	row->filled = pages;
	for (unsigned int i = first_at(walk, gva); i < walk->shadow_count; i++) {
		if (walk->shadow[i].flags & SPT_E_LEAF) {
			row->shadow_flags = walk->shadow[i].flags;
			row->shadow_gpa = walk->shadow[i].gpa;
			break;
		}
	}
	return 0;
}

/* All entries of the guest table at @table, whose first translates @base. */
static int walk_table(struct walk *walk, int level, uint64_t table, uint64_t base, uint64_t rights)
{
	const uint64_t *entries = (const uint64_t *)(walk->memory->host + table);
	unsigned int first_row = walk->tables->count;

	walk->tables_walked++;
	walk->path[level] = table;
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t gva = canonical(base + i * entry_span(level));
		uint64_t entry = entries[i];
		uint64_t below = (rights & entry & (PTE_W | PTE_U)) | ((rights | entry) & PTE_NX);
		int ret;

		if (!(entry & PTE_P))
			ret = add_gone(walk, level, gva);
		else if (level == 1 || (entry & PTE_PS && level < 4))
			ret = add_page(walk, level, gva, entry, below, first_row);
		else
			ret = add_table(walk, level, gva, entry, below);
		if (ret < 0)
			return ret;
	}
	walk->path[level] = ~0ull;
	return 0;
}

int tables_build(struct tables *tables, const struct guest_memory *memory,
		 struct spt_entry *shadow, unsigned int shadow_count, struct error *err)
{
	struct walk walk = {
		.tables = tables,
		.memory = memory,
		.shadow = shadow,
		.shadow_count = shadow_count,
		.path = { ~0ull, ~0ull, ~0ull, ~0ull, ~0ull },
		.err = err,
	};
	uint64_t root = tables->cr3 & PTE_FRAME;

	if (!(tables->cr0 & CR0_PG) || !(tables->cr4 & CR4_PAE) || !(tables->efer & EFER_LMA) ||
	    tables->cr4 & CR4_LA57)
		return error_set(err, ENOTSUP,
				 "cannot draw the page tables: the guest is not in 4-level paging: cr0 0x%"
				 PRIx64 ", cr4 0x%" PRIx64 ", efer 0x%" PRIx64,
				 tables->cr0, tables->cr4, tables->efer);
	if (root >= memory->size || memory->size - root < PAGE_SIZE)
		return error_set(err, EFAULT,
				 "cannot draw the page tables: CR3 0x%" PRIx64 " is outside guest memory",
				 tables->cr3);
	for (unsigned int i = 0; i < shadow_count; i++) {
		shadow[i].gva = canonical(shadow[i].gva);
		if (shadow[i].flags & SPT_E_LEAF)
			tables->shadow_pages++;
		else
			tables->shadow_tables++;
	}
	qsort(shadow, shadow_count, sizeof(*shadow), compare_entries);
	return walk_table(&walk, 4, root, 0, PTE_W | PTE_U);
}

void entry_letters(uint64_t entry, char letters[7])
{
	letters[0] = entry & PTE_W ? 'W' : '-';
	letters[1] = entry & PTE_U ? 'U' : '-';
	letters[2] = entry & PTE_NX ? '-' : 'X';
	letters[3] = entry & PTE_A ? 'A' : '-';
	letters[4] = entry & PTE_D ? 'D' : '-';
	letters[5] = entry & PTE_G ? 'G' : '-';
	letters[6] = '\0';
}

void shadow_letters(uint32_t flags, char letters[4])
{
	letters[0] = flags & SPT_E_WRITE ? 'W' : '-';
	letters[1] = flags & SPT_E_USER ? 'U' : '-';
	letters[2] = flags & SPT_E_NX ? '-' : 'X';
	letters[3] = '\0';
}

void row_place(const struct table_row *row, char *text, size_t size)
{
	unsigned int last = row->first + row->count - 1;

	if (row->kind == ROW_NOTE)
		snprintf(text, size, "...");
	else if (row->kind == ROW_PIECES && row->count == 1)
		snprintf(text, size, "piece %u", row->first);
	else if (row->kind == ROW_PIECES)
		snprintf(text, size, "pieces %u..%u", row->first, last);
	else if (row->count == 1)
		snprintf(text, size, "%s[%u]", table_name(row->level), row->first);
	else
		snprintf(text, size, "%s[%u..%u]", table_name(row->level), row->first, last);
}

void row_target(const struct table_row *row, char *text, size_t size)
{
	static const char *const sizes[] = { "", "4K page", "2M page", "1G page" };
	static const char *const shapes[] = {
		[RUN_CONTIGUOUS] = "from",
		[RUN_SAME_FRAME] = "all at",
		[RUN_SCATTERED] = "scattered from",
	};
	const char *note = row->note;

	switch (row->kind) {
	case ROW_TABLE:
		snprintf(text, size, "%s at 0x%" PRIx64 "%s%s", table_name(row->level - 1),
			 row->gpa, note ? ", " : "", note ? note : "");
		break;
	case ROW_PAGES:
		if (row->count == 1)
			snprintf(text, size, "%s 0x%" PRIx64 "%s%s", sizes[row->level], row->gpa,
				 note ? ", " : "", note ? note : "");
		else
			snprintf(text, size, "%u x %s, %s 0x%" PRIx64 "%s%s", row->count,
				 sizes[row->level], shapes[row->shape], row->gpa, note ? ", " : "",
				 note ? note : "");
		break;
	case ROW_GONE:
		snprintf(text, size, "not present");
		break;
	case ROW_PIECES:
		if (row->filled < row->count)
			snprintf(text, size, "%u of them filled", row->filled);
		else
			text[0] = '\0';
		break;
	case ROW_NOTE:
		snprintf(text, size, "%u %s", row->filled, note);
		break;
	}
}

const char *shadow_state_title(enum shadow_state state)
{
	static const char *const titles[SHADOW_STATE_NR] = {
		[SHADOW_NO_VIEW] = "",
		[SHADOW_UNFILLED] = "not filled yet",
		[SHADOW_SAME] = "same",
		[SHADOW_INHERITED] = "less: the tables above allow no more",
		[SHADOW_TRAPPED] = "read-only: it is a page table",
		[SHADOW_CLEAN] = "read-only: guest D is clear",
		[SHADOW_WP0] = "kernel only: CR0.WP=0 write",
		[SHADOW_SPLIT] = "split into 4K pages",
		[SHADOW_STALE] = "stale: no flush since the guest changed it",
	};

	return titles[state];
}

void row_shadow(const struct table_row *row, char *text, size_t size)
{
	char letters[4];

	shadow_letters(row->shadow_flags, letters);
	if (row->state == SHADOW_NO_VIEW || row->kind == ROW_NOTE)
		text[0] = '\0';
	else if (row->state == SHADOW_UNFILLED)
		snprintf(text, size, "%s",
			 row->kind == ROW_TABLE ? "none yet" : shadow_state_title(row->state));
	else if (row->kind == ROW_TABLE && row->note)
		snprintf(text, size, "table, %u pages below", row->filled);
	else if (row->kind == ROW_TABLE && row->state == SHADOW_SAME)
		snprintf(text, size, "table");
	else if (row->kind == ROW_TABLE)
		snprintf(text, size, "table for 0x%" PRIx64 ": stale", row->shadow_gpa);
	else if (row->state == SHADOW_SPLIT)
		snprintf(text, size, "split: %u of %u pieces", row->filled, row->pieces);
	else if (row->kind == ROW_GONE)
		snprintf(text, size, "%s 0x%" PRIx64 "%s stale: unmapped, not flushed", letters,
			 row->shadow_gpa, row->filled > 1 ? " ..." : "");
	else if (row->state == SHADOW_STALE)
		snprintf(text, size, "%s 0x%" PRIx64 " stale: not flushed yet", letters,
			 row->shadow_gpa);
	else
		snprintf(text, size, "%s %s", letters, shadow_state_title(row->state));
}
