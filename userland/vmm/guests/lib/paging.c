// SPDX-License-Identifier: GPL-2.0-only
/* Frame allocator and page-table construction, see paging.h. */
#include "paging.h"

#include "console.h"
#include "cpu.h"

extern char image_end[];

static uint64_t next_frame;	/* grows up from the end of the image */
static uint64_t last_frame;	/* grows down: large frames */
static uint64_t *free_frames;	/* a list through the first word of each */
static uint64_t *shared_low, *shared_user;

void frame_clear(uint64_t *frame)
{
	uint64_t count = PT_ENTRIES;

	asm volatile("rep stosq" : "+D"(frame), "+c"(count) : "a"(0ull) : "memory");
}

void frame_copy(uint64_t *to, const uint64_t *from)
{
	uint64_t count = PT_ENTRIES;

	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void find_memory(void)
{
	next_frame = (uint64_t)image_end;
	last_frame = boot_info->memory & ~(LARGE_PAGE_SIZE - 1);
}

uint64_t *frame_alloc(void)
{
	uint64_t *frame = free_frames;

	if (!next_frame)
		find_memory();
	if (frame) {
		free_frames = (uint64_t *)frame[0];
	} else {
		if (next_frame + PAGE_SIZE > last_frame)
			panic("out of memory: give the guest more with --mem");
		frame = (uint64_t *)next_frame;
		next_frame += PAGE_SIZE;
	}
	frame_clear(frame);
	return frame;
}

void frame_free(uint64_t *frame)
{
	frame[0] = (uint64_t)free_frames;
	free_frames = frame;
}

uint64_t *large_frame_alloc(void)
{
	if (!next_frame)
		find_memory();
	if (last_frame - LARGE_PAGE_SIZE < next_frame)
		panic("out of memory: give the guest more with --mem");
	last_frame -= LARGE_PAGE_SIZE;
	return (uint64_t *)last_frame;
}

static void make_shared_tables(void)
{
	uint64_t *scratch = frame_alloc();

	for (uint64_t gpa = 0; gpa < boot_info->memory; gpa += LARGE_PAGE_SIZE)
		map_large_page(scratch, gpa, (void *)gpa, PTE_P | PTE_W);
	for (uint64_t offset = 0; offset < (uint64_t)(user_end - user_start); offset += PAGE_SIZE)
		map_page(scratch, USER_ALIAS + offset, user_start + offset, PTE_P | PTE_W | PTE_U);
	shared_low = pt_table(scratch[0]);
	shared_user = pt_table(scratch[pt_index(USER_ALIAS, 4)]);
	frame_free(scratch);
}

uint64_t *space_new(void)
{
	uint64_t *pml4;

	if (!shared_low)
		make_shared_tables();
	pml4 = frame_alloc();
	pml4[0] = (uint64_t)shared_low | PTE_P | PTE_W;
	pml4[pt_index(USER_ALIAS, 4)] = (uint64_t)shared_user | PTE_TABLE;
	return pml4;
}

void space_switch(const uint64_t *pml4)
{
	write_cr3((uint64_t)pml4);
}

void space_free(uint64_t *pml4)
{
	frame_free(pml4);
}

uint64_t *pt_entry(uint64_t *pml4, uint64_t gva, int level)
{
	uint64_t *table = pml4;

	for (int above = 4; above > level; above--) {
		uint64_t *entry = &table[pt_index(gva, above)];

		if (!(*entry & PTE_P))
			*entry = (uint64_t)frame_alloc() | PTE_TABLE;
		table = pt_table(*entry);
	}
	return &table[pt_index(gva, level)];
}

void map_page(uint64_t *pml4, uint64_t gva, const void *frame, uint64_t flags)
{
	*pt_entry(pml4, gva, 1) = (uint64_t)frame | flags;
}

void map_large_page(uint64_t *pml4, uint64_t gva, const void *frame, uint64_t flags)
{
	*pt_entry(pml4, gva, 2) = (uint64_t)frame | flags | PTE_PS;
}
