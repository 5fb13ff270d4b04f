// SPDX-License-Identifier: GPL-2.0
/* See reference.h. Bits are written as in the manual's figures: bit 0 is P, 1 R/W, 2 U/S ... */
#include <string.h>

#include "reference.h"

static bool bit(uint64_t v, int n)
{
	return (v >> n) & 1;
}

static bool any_bits(uint64_t v, int high, int low)
{
	for (int n = low; n <= high; n++)
		if (bit(v, n))
			return true;
	return false;
}

/**
 * ref_reserved - does an entry have a bit set that must be zero (MBZ)?
 *
 * Figures 5-20 to 5-25, for each kind of entry.
 */
bool ref_reserved(const struct ref_mode *m, uint64_t e, int level)
{
	if (m->width < 52 && any_bits(e, 51, m->width))
		return true;
	if (bit(e, 63) && !m->nxe)
		return true;
	switch (level) {
	case 4:		/* PML4E: bits 7 and 8 */
		return any_bits(e, 8, 7);
	case 3:		/* PDPE: bit 7 makes a 1 GiB page, if there is such a thing */
		if (!bit(e, 7))
			return false;
		return !m->gbpages || any_bits(e, 29, 13);
	case 2:		/* PDE: bit 7 makes a 2 MiB page */
		return bit(e, 7) && any_bits(e, 20, 13);
	default:	/* PTE: bit 7 is PAT */
		return false;
	}
}

/**
 * ref_allows - may an access use a page with these rights?
 *
 * 5.6.1 to 5.6.6: U/S, R/W with CR0.WP, NX, SMEP, SMAP.
 */
bool ref_allows(const struct ref_mode *m, bool writable, bool user, bool nx,
		struct ref_access a)
{
	if (a.user && !user)
		return false;
	if (a.fetch && nx)
		return false;
	if (a.write && !writable && (a.user || m->wp))
		return false;
	if (!a.user && user) {
		if (a.fetch && m->smep)
			return false;
		if (!a.fetch && m->smap && !a.ac)
			return false;
	}
	return true;
}

/* 8.4.2: P, R/W, U/S, RSV, I/D. I/D exists where NX or SMEP is on. */
static struct ref_result page_fault(const struct ref_mode *m, struct ref_result r,
				    struct ref_access a, bool present, bool reserved)
{
	r.fault = true;
	r.code = present ? 1 : 0;
	if (a.write)
		r.code += 2;
	if (a.user)
		r.code += 4;
	if (reserved)
		r.code += 8;
	if (a.fetch && (m->nxe || m->smep))
		r.code += 16;
	return r;
}

/**
 * ref_translate - translate @va as the CPU would
 *
 * Changes nothing: see ref_commit() for A and D. A table where there is no
 * memory reads as zeros; that is the module's rule, the manual has none.
 */
struct ref_result ref_translate(const struct ref_mode *m, uint64_t va, struct ref_access a,
				ref_memory memory, void *ctx)
{
	struct ref_result r;
	uint64_t table = m->cr3 & 0x000ffffffffff000;
	int level;

	memset(&r, 0, sizeof(r));
	r.writable = r.user = r.used = true;
	for (level = 4; level > 0; level--) {
		int shift = level == 4 ? 39 : level == 3 ? 30 : level == 2 ? 21 : 12;
		uint64_t *page = memory(ctx, table);
		uint64_t e;

		if (!page)
			return page_fault(m, r, a, false, false);
		e = page[(va >> shift) % 512];
		r.entry[r.depth++] = &page[(va >> shift) % 512];
		if (!bit(e, 0))
			return page_fault(m, r, a, false, false);
		if (ref_reserved(m, e, level))
			return page_fault(m, r, a, true, true);
		r.writable = r.writable && bit(e, 1);
		r.user = r.user && bit(e, 2);
		r.nx = r.nx || bit(e, 63);
		r.used = r.used && bit(e, 5);
		table = e & 0x000ffffffffff000;
		if (level == 1 || (level < 4 && bit(e, 7))) {
			r.size = 1ull << shift;
			r.pa = table / r.size * r.size + va % r.size;
			r.dirty = bit(e, 6);
			r.global = bit(e, 8) && m->pge;
			break;
		}
	}
	if (!ref_allows(m, r.writable, r.user, r.nx, a))
		return page_fault(m, r, a, true, false);
	return r;
}

/**
 * ref_commit - set A and D as the CPU does for an access that succeeds
 *
 * 5.4.2: A at every level, D in the entry that maps the page, for a write.
 */
void ref_commit(const struct ref_result *r, struct ref_access a)
{
	for (int i = 0; i < r->depth; i++)
		*r->entry[i] |= 1 << 5;
	if (a.write)
		*r->entry[r->depth - 1] |= 1 << 6;
}
