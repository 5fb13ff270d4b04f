/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames, page tables and address spaces. RAM is identity-mapped for the
 * supervisor in every space, so a table's address is its frame's:
 *
 *	PML4 slot	what
 *	0		RAM, identity, 2 MiB pages, supervisor (shared by all spaces)
 *	1 .. 253	free for the guest
 *	255		USER_ALIAS: the .user section with U set (shared)
 */
#ifndef GUEST_PAGING_H
#define GUEST_PAGING_H

#include <stdint.h>

#include "../../x86.h"

#define USER_ALIAS	0x00007f8000000000ull
/* Where a symbol of the .user section is for ring 3. */
#define user_address(symbol) (USER_ALIAS + ((uint64_t)(symbol) - (uint64_t)user_start))

extern char user_start[], user_end[], user_stack_top[];
extern char user_load[], user_store[], user_fetch[], user_write_pages[];

/* Rights given to tables that map_page makes on its way. */
#define PTE_TABLE	(PTE_P | PTE_W | PTE_U)

/* A zeroed 4 KiB frame; panics when RAM is used up. */
uint64_t *frame_alloc(void);
void frame_free(uint64_t *frame);
void frame_clear(uint64_t *frame);
void frame_copy(uint64_t *to, const uint64_t *from);
/* 2 MiB of RAM, aligned; never given back. */
uint64_t *large_frame_alloc(void);

/* A new PML4 with the shared slots. The first call makes the shared tables. */
uint64_t *space_new(void);
void space_switch(const uint64_t *pml4);
/* Free the PML4 alone. */
void space_free(uint64_t *pml4);

static inline unsigned int pt_index(uint64_t gva, int level)
{
	return gva >> (12 + 9 * (level - 1)) & (PT_ENTRIES - 1);
}

static inline uint64_t *pt_table(uint64_t entry)
{
	return (uint64_t *)(entry & PTE_FRAME);
}

/* The entry of @level (4..1) for @gva, making the tables above it where they lack. */
uint64_t *pt_entry(uint64_t *pml4, uint64_t gva, int level);

/* Map one 4 KiB or 2 MiB page: @flags without PTE_PS. Does not flush. */
void map_page(uint64_t *pml4, uint64_t gva, const void *frame, uint64_t flags);
void map_large_page(uint64_t *pml4, uint64_t gva, const void *frame, uint64_t flags);

#endif
