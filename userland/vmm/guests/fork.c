// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork [FORKS [PAGES [WRITES]]]: what fork, exec-less child and exit cost in
 * page tables. The parent owns PAGES pages of user memory. A fork copies its
 * tables, write-protects both copies, and switches to the child, which writes
 * its first WRITES pages from ring 3: a copy-on-write fault each. Then the child's memory
 * and tables are freed and the parent runs on, taking its own faults to get
 * its pages back. The counts are exact, so a lost or a double fault shows.
 */
#include "lib/console.h"
#include "lib/cpu.h"
#include "lib/paging.h"
#include "lib/trap.h"

#define USER_BASE	(1ull << 39)
#define PTE_COW		(1ull << 9)	/* an ignored bit: "writable once it is your own" */

static uint64_t *current;
static uint64_t cow_faults, pages_copied, entry_writes;

/* How many spaces map a frame, by frame number; enough for 256 MiB. */
static uint8_t shares[65536];

static uint8_t *shares_of(uint64_t entry)
{
	uint64_t frame = (entry & PTE_FRAME) >> 12;

	if (frame >= sizeof(shares))
		panic("more than 256 MiB of memory");
	return &shares[frame];
}

static void set_entry(uint64_t *entry, uint64_t value)
{
	*entry = value;
	entry_writes++;
}

/* A write to a copy-on-write page: take a copy, or the page itself if nobody else has it. */
static bool resolve_page_fault(uint64_t gva, uint32_t error)
{
	uint64_t *entry = pt_entry(current, gva, 1), old = *entry;

	if (error != (PF_P | PF_W | PF_U) || !(old & PTE_COW))
		return false;
	cow_faults++;
	if (*shares_of(old) > 1) {
		uint64_t *copy = frame_alloc();

		frame_copy(copy, pt_table(old));
		(*shares_of(old))--;
		old = (uint64_t)copy | (old & ~PTE_FRAME);
		*shares_of(old) = 1;
		pages_copied++;
	}
	set_entry(entry, (old & ~PTE_COW) | PTE_W);
	invlpg(gva);
	return true;
}

static uint64_t *fork_space(uint64_t *parent, uint64_t pages)
{
	uint64_t *child = space_new();

	for (uint64_t page = 0; page < pages; page++) {
		uint64_t gva = USER_BASE + page * PAGE_SIZE;
		uint64_t *entry = pt_entry(parent, gva, 1);

		if (*entry & PTE_W)
			set_entry(entry, (*entry & ~PTE_W) | PTE_COW);
		set_entry(pt_entry(child, gva, 1), *entry & ~(PTE_A | PTE_D));
		(*shares_of(*entry))++;
	}
	/* The parent's entries lost W: flush, as it is the current space. */
	space_switch(parent);
	return child;
}

/* Free a space that does not run: pages that nobody else has, tables, PML4. */
static void exit_space(uint64_t *dead, uint64_t pages)
{
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t entry = *pt_entry(dead, USER_BASE + page * PAGE_SIZE, 1);

		if (--*shares_of(entry) == 0)
			frame_free(pt_table(entry));
	}
	for (uint64_t page = 0; page < pages; page += PT_ENTRIES)
		frame_free(pt_table(*pt_entry(dead, USER_BASE + page * PAGE_SIZE, 2)));
	frame_free(pt_table(*pt_entry(dead, USER_BASE, 3)));
	frame_free(pt_table(*pt_entry(dead, USER_BASE, 4)));
	space_free(dead);
}

/* Write @value into the first word of @count pages, in ring 3. */
static void write_pages(uint64_t count, uint64_t value)
{
	struct fault fault;

	if (!count)
		return;
	fault = user_call(user_address(user_write_pages), user_address(user_stack_top), USER_BASE,
			  count, value);
	if (fault.vector != NO_FAULT)
		panic("the process died: exception %u, error code %x, cr2 %x",
		      (uint64_t)fault.vector, (uint64_t)fault.error, fault.cr2);
}

int guest_main(void)
{
	uint64_t forks = argument(0, 100);
	uint64_t pages = argument(1, 256);
	uint64_t writes = argument(2, pages / 2);
	uint64_t *parent, started, wanted_faults;

	if (pages == 0 || writes > pages || pages > 1 << 17)
		panic("fork [FORKS [PAGES [WRITES]]]: PAGES from 1 to 131072, WRITES at most PAGES");
	trap_init();
	parent = space_new();
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t *frame = frame_alloc();

		map_page(parent, USER_BASE + page * PAGE_SIZE, frame,
			 PTE_P | PTE_W | PTE_U | PTE_NX);
		*shares_of((uint64_t)frame) = 1;
	}
	on_user_page_fault = resolve_page_fault;
	current = parent;
	space_switch(parent);

	started = read_tsc();
	for (uint64_t i = 1; i <= forks; i++) {
		uint64_t *child = fork_space(parent, pages);

		current = child;
		space_switch(child);
		write_pages(writes, 2 * i);
		current = parent;
		space_switch(parent);
		exit_space(child, pages);
		write_pages(writes, 2 * i + 1);
		for (uint64_t page = 0; page < writes; page++) {
			uint64_t *frame =
				pt_table(*pt_entry(parent, USER_BASE + page * PAGE_SIZE, 1));

			if (frame[0] != 2 * i + 1)
				panic("page %u of the parent holds %u after fork %u", page,
				      frame[0], i);
		}
	}
	print("forks %u pages %u writes %u\n", forks, pages, writes);
	print("faults %u copies %u entries written %u cycles %u\n", cow_faults, pages_copied,
	      entry_writes, read_tsc() - started);

	/* Each fork: the child copies each page it writes, the parent then takes its own back. */
	wanted_faults = 2 * forks * writes;
	if (cow_faults != wanted_faults || pages_copied != forks * writes) {
		print("wrong: wanted %u faults and %u copies\n", wanted_faults, forks * writes);
		return 1;
	}
	return 0;
}
