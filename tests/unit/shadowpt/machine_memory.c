// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's memory, as the core sees it and as it ought to be; which addresses
 * and entries the guest uses; the log of what was done last.
 */
#include <string.h>

#include "machine_parts.h"

/*
 * The guest uses few addresses and few entries of each table, so that random
 * walks meet each other. They are the corners: first, second, last, and both
 * sides of the canonical hole.
 */
static const int indexes4[] = { 0, 256, 511 };
static const int indexes3[] = { 0, 1, 511 };
static const int indexes2[] = { 0, 1, 511 };
static const int indexes1[] = { 0, 1, 2, 5, 511 };
const int used_indexes[N_USED] = { 0, 1, 2, 5, 256, 511 };

/*
 * Memory, so placed that pieces of large pages fall in it and out of it: the
 * start and the end of the first 2 MiB, the second 2 MiB, the last 2 MiB of the
 * first GiB, the second GiB, and beyond 36 address bits.
 */
const struct memory_range memory_map[MACHINE_SLOTS] = {
	{ 0, 16 }, { 508, 4 }, { 512, 8 }, { 261632, 4 }, { 262143, 1 }, { 0x40000, 4 },
	{ 1 << 24, 4 },
};

void note(struct machine *m, const char *what, unsigned long long a, unsigned long long b,
	  unsigned long long c)
{
	m->log[m->logged++ % MACHINE_LOG] = (struct machine_event){ what, a, b, c };
}

void machine_print_log(const struct machine *m, FILE *out)
{
	unsigned long i = m->logged > MACHINE_LOG ? m->logged - MACHINE_LOG : 0;

	fprintf(out, "# %s, step %lu, cr0 0x%llx cr3 0x%llx cr4 0x%llx efer 0x%llx width %d\n",
		m->mmu.strategy->name, m->steps, m->cpu.cr0, m->cpu.cr3, m->cpu.cr4, m->cpu.efer,
		m->cpu.maxphyaddr);
	fprintf(out, "# last events:\n");
	for (; i < m->logged; i++) {
		const struct machine_event *e = &m->log[i % MACHINE_LOG];

		fprintf(out, "#   %s 0x%llx 0x%llx 0x%llx\n", e->what, e->a, e->b, e->c);
	}
}

uint32_t choose(struct machine *m, uint32_t n)
{
	return m->choose(m->source, n);
}

bool chance(struct machine *m, uint32_t percent)
{
	return choose(m, 100) < percent;
}

/**
 * machine_va - the addresses that the guest uses
 * @i: below MACHINE_VAS
 */
gva_t machine_va(int i)
{
	static gva_t vas[MACHINE_VAS];
	uint64_t va;

	if (vas[MACHINE_VAS - 1])
		return vas[i];
	for (int n = 0; n < MACHINE_VAS; n++) {
		va = (uint64_t)indexes1[n % 5] << 12 | (uint64_t)indexes2[n / 5 % 3] << 21 |
		     (uint64_t)indexes3[n / 15 % 3] << 30 | (uint64_t)indexes4[n / 45] << 39;
		vas[n] = va & (1ull << 47) ? va | 0xffffull << 48 : va;
	}
	return vas[i];
}

struct ref_mode mode_of(const struct machine *m)
{
	return (struct ref_mode){
		.cr3 = m->cpu.cr3,
		.wp = m->cpu.cr0 >> 16 & 1,
		.pge = m->cpu.cr4 >> 7 & 1,
		.smep = m->cpu.cr4 >> 20 & 1,
		.smap = m->cpu.cr4 >> 21 & 1,
		.nxe = m->cpu.efer >> 11 & 1,
		.gbpages = m->cpu.gbpages,
		.width = m->cpu.maxphyaddr,
	};
}

/* --- memory --- */

struct machine_slot *slot_of(struct machine *m, uint64_t pa)
{
	for (int i = 0; i < MACHINE_SLOTS; i++)
		if (m->ram[i].plugged && (pa >> 12) >= memory_map[i].base &&
		    (pa >> 12) < memory_map[i].base + memory_map[i].npages)
			return &m->ram[i];
	return NULL;
}

void *expected_page(void *ctx, uint64_t pa)
{
	struct machine_slot *s = slot_of(ctx, pa);

	return s ? s->expected + ((pa >> 12) - s->slot.base) * 4096 : NULL;
}

static uint8_t *real_page(struct machine *m, uint64_t pa)
{
	struct machine_slot *s = slot_of(m, pa);

	return s ? s->ram + ((pa >> 12) - s->slot.base) * 4096 : NULL;
}

/* Guest physical address of the 4096 bytes at @page, or ~0 if it is no guest memory. */
uint64_t pa_of_page(struct machine *m, const uint8_t *page)
{
	for (int i = 0; i < MACHINE_SLOTS; i++) {
		struct machine_slot *s = &m->ram[i];

		if (s->plugged && page >= s->ram && page < s->ram + s->slot.npages * 4096)
			return (s->slot.base << 12) + (page - s->ram);
	}
	return ~0ull;
}

struct spt_frame *frame_at(struct machine *m, uint64_t pa)
{
	struct machine_slot *s = slot_of(m, pa);

	return s ? &s->slot.frames[(pa >> 12) - s->slot.base] : NULL;
}

void plug(struct machine *m, int i)
{
	struct machine_slot *s = &m->ram[i];

	MUST(m, spt_slot_check(&m->mmu, s->slot.id, s->slot.base, s->slot.npages) == 0,
	     "slot %d is free", i);
	spt_slot_add(&m->mmu, &s->slot);
	s->plugged = true;
}

void unplug(struct machine *m, int i)
{
	struct machine_slot *s = &m->ram[i];

	for (u64 n = 0; n < s->slot.npages; n++)
		MUST(m, !s->slot.frames[n].rmap.first && !s->slot.frames[n].shadowed,
		     "I2: frame 0x%llx is still mapped or shadowed after zap_all",
		     s->slot.base + n);
	spt_slot_by_id(&m->mmu, s->slot.id)->npages = 0;
	s->plugged = false;
}

/* The guest is about to write to a table that the core does not watch: keep what it held. */
void note_past(struct machine *m, uint64_t pa, unsigned int len)
{
	struct spt_frame *frame = frame_at(m, pa);
	uint64_t *table = expected_page(m, pa);

	if (!frame->unsync)
		return;
	for (unsigned int i = pa % 4096 / 8; i <= (pa % 4096 + len - 1) / 8; i++) {
		MUST(m, m->npast < MACHINE_PAST, "room for past entries: enlarge MACHINE_PAST");
		m->past[m->npast].gfn = pa >> 12;
		m->past[m->npast].index = i;
		m->past[m->npast++].value = table[i];
	}
}

/* A write by the guest or a device, with the core knowing (@known) or not. */
void write_both(struct machine *m, uint64_t pa, const void *buf, unsigned int len,
		bool known)
{
	if (!known)
		note_past(m, pa, len);
	memcpy((uint8_t *)expected_page(m, pa) + pa % 4096, buf, len);
	if (known)
		MUST(m, spt_phys_write(&m->cpu, pa, buf, len) == 0, "there is memory");
	else
		memcpy(real_page(m, pa) + pa % 4096, buf, len);
}

/* Which frame of expected memory an entry lies in. */
gfn_t gfn_of_entry(struct machine *m, const uint64_t *entry)
{
	const uint8_t *p = (const uint8_t *)entry;

	for (int i = 0; i < MACHINE_SLOTS; i++) {
		struct machine_slot *s = &m->ram[i];

		if (p >= s->expected && p < s->expected + s->slot.npages * 4096)
			return s->slot.base + (p - s->expected) / 4096;
	}
	MUST(m, false, "the reference read an entry from nowhere");
	return 0;
}

int index_of_entry(const uint64_t *entry)
{
	return ((unsigned long)entry & 0xfff) / 8;
}

/* Remember what a walk that succeeded went through: there the next steps will do most harm. */
void note_use(struct machine *m, int v, const struct ref_result *r)
{
	m->recent_va[m->nrecent_va++ % MACHINE_RECENT] = v;
	for (int i = 0; i < r->depth; i++) {
		unsigned int n = m->nrecent++ % MACHINE_RECENT;

		m->recent[n].gfn = gfn_of_entry(m, r->entry[i]);
		m->recent[n].index = index_of_entry(r->entry[i]);
	}
}
