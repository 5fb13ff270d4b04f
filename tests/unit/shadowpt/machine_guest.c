// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest and its surroundings do: one random thing a step. Made and unmade here.
 */
#include <stdlib.h>
#include <string.h>

#include "machine_parts.h"

static gfn_t some_frame(struct machine *m)
{
	return m->frames[choose(m, m->nframes)];
}

/* Some entry of some table, most often one that is in use. Returns false if there is none. */
static bool some_entry(struct machine *m, gfn_t *gfn, int *index)
{
	uint32_t n = choose(m, MACHINE_RECENT);

	if (n < m->nrecent && chance(m, 65)) {
		*gfn = m->recent[n].gfn;
		*index = m->recent[n].index;
	} else {
		*gfn = some_frame(m);
		*index = used_indexes[choose(m, N_USED)];
	}
	return slot_of(m, *gfn << 12);
}

/* An entry as an operating system, a careless one, or a hostile one would write it. */
static uint64_t some_gpte(struct machine *m)
{
	/* P, R/W, U/S, A, D, G, NX; and some that the CPU ignores. */
	static const struct { int bit, percent; } odds[] = {
		{ 0, 95 }, { 1, 85 }, { 2, 80 }, { 5, 60 }, { 6, 50 }, { 8, 25 }, { 63, 10 },
		{ 3, 3 }, { 4, 3 }, { 9, 3 }, { 10, 3 }, { 11, 3 }, { 52, 3 }, { 58, 3 },
	};
	bool friendly = chance(m, 75);
	uint64_t e = 0;
	uint32_t r = choose(m, 100);

	if (r < 60)
		e = m->frames[choose(m, m->nframes - 4)] << 12;
	else if (r < 97)
		e = m->frames[choose(m, 12)] << 12;
	else if (r < 99)
		e = (uint64_t)NO_MEMORY_GFN << 12;
	else
		e = some_frame(m) << 12;
	if (chance(m, 12)) {
		e |= 1 << 7;
		if (chance(m, 90))
			e &= ~(chance(m, 70) ? 0x1fffffull : 0x3fffffffull) | 1 << 7;
		e |= (uint64_t)chance(m, 20) << 12;
	}
	if (friendly)
		e |= 7 & ~((uint64_t)chance(m, 15) << 1);
	for (unsigned int i = 0; i < sizeof(odds) / sizeof(odds[0]) - 8 * friendly; i++)
		e |= (uint64_t)chance(m, odds[i].percent) << odds[i].bit;
	if (!friendly && chance(m, 8))
		e |= 1ull << (40 + choose(m, 12));
	return e;
}

/**
 * machine_write_table - the guest writes one of its table entries
 * @m: machine
 * @gfn: the table's frame
 * @index: entry
 * @gpte: value
 *
 * If the frame is write-protected the write is trapped and the core is told;
 * else it goes to memory and the core hears nothing.
 */
void machine_write_table(struct machine *m, gfn_t gfn, int index, uint64_t gpte)
{
	bool trapped = frame_at(m, gfn << 12)->shadowed;

	note(m, trapped ? "trapped write of entry" : "write of entry", gfn, index, gpte);
	write_both(m, (gfn << 12) + index * 8, &gpte, 8, trapped);
}

/* Clear or set one bit of an entry, as a guest that ages pages or changes rights does. */
static void flip_bit(struct machine *m)
{
	static const int bits[] = { 0, 1, 2, 5, 5, 6, 6, 7, 8, 12, 63 };
	uint64_t *table;
	gfn_t gfn;
	int index;

	if (!some_entry(m, &gfn, &index))
		return;
	table = expected_page(m, gfn << 12);
	machine_write_table(m, gfn, index,
			    table[index] ^ 1ull << bits[choose(m, sizeof(bits) / sizeof(*bits))]);
}

/* A locked operation on an entry, as the emulator carries it out. */
static void cmpxchg_entry(struct machine *m)
{
	u64 new = some_gpte(m), old;
	bool wrong = chance(m, 20);
	uint64_t *table;
	int ret, index;
	gfn_t gfn;

	if (!some_entry(m, &gfn, &index))
		return;
	table = expected_page(m, gfn << 12);
	old = table[index] ^ wrong;
	ret = spt_phys_cmpxchg(&m->cpu, (gfn << 12) + index * 8, &old, new, 8);
	note(m, "cmpxchg of entry", gfn, index, new);
	MUST(m, ret == (wrong ? -EAGAIN : 0), "cmpxchg returned %d", ret);
	MUST(m, old == table[index], "cmpxchg found 0x%llx", old);
	if (!wrong)
		table[index] = new;
}

/* Bytes from elsewhere, at any place and of any length, in one page. */
static void odd_write(struct machine *m)
{
	uint64_t pa = (some_frame(m) << 12) + used_indexes[choose(m, N_USED)] * 8 + choose(m, 8);
	unsigned int len = 1 + choose(m, 24);
	uint8_t buf[24];

	if (!slot_of(m, pa))
		return;
	if (pa % 4096 + len > 4096)
		len = 4096 - pa % 4096;
	/* Only bytes that some entry in use could get: the tables stay comparable. */
	memcpy(buf, (uint8_t *)expected_page(m, pa) + pa % 4096, len);
	for (unsigned int i = 0; i < len; i++)
		if (chance(m, 50) && ((pa + i) % 4096 / 8 <= 2 || (pa + i) % 4096 / 8 == 511))
			buf[i] = choose(m, 256);
	note(m, "write of bytes", pa, len, buf[0]);
	write_both(m, pa, buf, len, true);
}

/**
 * machine_load_cr3 - the guest writes CR3
 * @m: machine
 * @cr3: its value
 */
void machine_load_cr3(struct machine *m, uint64_t cr3)
{
	note(m, "cr3", cr3, 0, 0);
	m->cpu.cr3 = cr3;
	m->mmu.strategy->load_cr3(&m->cpu);
	forget(m, -1, true);
}

static void toggle_mode(struct machine *m)
{
	switch (choose(m, 5)) {
	case 0:
		m->cpu.cr0 ^= CR0_WP_BIT;
		break;
	case 1:
		m->cpu.efer ^= EFER_NXE_BIT;
		break;
	case 2:
		m->cpu.cr4 ^= CR4_SMEP_BIT;
		break;
	case 3:
		m->cpu.cr4 ^= CR4_SMAP_BIT;
		break;
	default:
		m->cpu.cr4 ^= CR4_PGE_BIT;
		note(m, "pge", m->cpu.cr4, 0, 0);
		m->mmu.strategy->flush_all(&m->cpu);
		forget(m, -1, false);
		return;
	}
	note(m, "mode", m->cpu.cr0, m->cpu.cr4, m->cpu.efer);
	m->mmu.strategy->mode_changed(&m->cpu);
	forget(m, -1, false);
}

/* Memory comes and goes. */
static void change_slots(struct machine *m)
{
	int i, first = choose(m, MACHINE_SLOTS);

	/* One that is missing comes back first: a guest with little memory does little. */
	for (i = 0; i < MACHINE_SLOTS && m->ram[i].plugged; i++)
		;
	if (i == MACHINE_SLOTS)
		i = first;
	note(m, "slot", i, m->ram[i].plugged, 0);
	spt_zap_all(&m->mmu, &m->cpu);
	MUST(m, !m->mmu.pages && list_empty(&m->mmu.lru), "pages left after zap_all");
	if (m->ram[i].plugged)
		unplug(m, i);
	else
		plug(m, i);
}

/* I6: any page but the root may go at any time. */
static void drop_some_page(struct machine *m)
{
	struct spt_page *sp;
	u32 n;

	if (!m->mmu.pages)
		return;
	n = choose(m, m->mmu.pages);
	list_for_each_entry(sp, &m->mmu.lru, lru)
		if (!n--)
			break;
	if (sp->is_root)
		return;
	note(m, "drop", sp->gfn, sp->role.word, 0);
	spt_page_zap(&m->mmu, sp);
}

static void some_access(struct machine *m)
{
	uint32_t n = choose(m, MACHINE_RECENT);
	int v = n < m->nrecent_va && chance(m, 60) ? m->recent_va[n] : (int)choose(m, MACHINE_VAS);
	struct ref_access a = access_kind(choose(m, ACCESS_KINDS));
	uint64_t value = 0;

	if (a.write)
		value = chance(m, 85) ? some_gpte(m) : choose(m, 1u << 31);
	machine_access(m, v, a, value);
}

/**
 * machine_step - the guest does one thing, and everything is checked
 * @m: machine
 */
void machine_step(struct machine *m)
{
	uint32_t what = choose(m, 1000);
	int i;

	m->steps++;
	if (m->fail_allocations)
		shim_fail_in = choose(m, 4) ? 0 : 1 + choose(m, 8);
	if (what < 580) {
		some_access(m);
	} else if (what < 700) {
		gfn_t gfn;

		if (some_entry(m, &gfn, &i))
			machine_write_table(m, gfn, i, some_gpte(m));
	} else if (what < 800) {
		flip_bit(m);
	} else if (what < 830) {
		cmpxchg_entry(m);
	} else if (what < 840) {
		odd_write(m);
	} else if (what < 900) {
		i = chance(m, 50) ? m->recent_va[choose(m, MACHINE_RECENT)]
				  : (int)choose(m, MACHINE_VAS);
		note(m, "invlpg", machine_va(i), 0, 0);
		m->mmu.strategy->invlpg(&m->cpu, machine_va(i));
		forget(m, i, false);
	} else if (what < 950) {
		uint64_t cr3 = (uint64_t)NO_MEMORY_GFN << 12;

		if (chance(m, 97))
			cr3 = m->frames[choose(m, 4)] << 12;
		machine_load_cr3(m, cr3 | choose(m, 4) << 3);
	} else if (what < 975) {
		toggle_mode(m);
	} else if (what < 990) {
		drop_some_page(m);
	} else if (what < 994) {
		gfn_t gfn = some_frame(m);

		note(m, "unshadow", gfn, 0, 0);
		spt_unshadow(&m->cpu, gfn);
	} else if (what < 997) {
		change_slots(m);
	} else {
		note(m, "flush all", 0, 0, 0);
		m->mmu.strategy->flush_all(&m->cpu);
		forget(m, -1, false);
	}
	shim_fail_in = 0;
	machine_check(m);
	if (!(m->steps % 16))
		MUST(m, !spt_audit(&m->cpu), "the audit finds what this checker does not");
}

/**
 * machine_start - build a machine with random tables
 * @m: uninitialised
 * @strategy: under test
 * @pages_max: bound on shadow pages
 * @audit: run with the core's audit data
 * @choose_from, @source: source of choices
 */
void machine_start(struct machine *m, const struct spt_strategy *strategy, u32 pages_max,
		   bool audit, uint32_t (*choose_from)(void *, uint32_t), void *source)
{
	static const int widths[] = { 32, 36, 40, 48, 52, 52 };

	memset(m, 0, sizeof(*m));
	m->choose = choose_from;
	m->source = source;
	spt_mmu_init(&m->mmu, strategy, pages_max);
	m->mmu.audit = audit;
	for (int i = 0; i < MACHINE_SLOTS; i++) {
		struct machine_slot *s = &m->ram[i];
		size_t bytes = memory_map[i].npages * 4096;

		s->slot.id = 10 + i;
		s->slot.base = memory_map[i].base;
		s->slot.npages = memory_map[i].npages;
		s->slot.frames = calloc(s->slot.npages, sizeof(*s->slot.frames));
		s->ram = aligned_alloc(4096, bytes);
		s->expected = aligned_alloc(4096, bytes);
		memset(s->ram, 0, bytes);
		memset(s->expected, 0, bytes);
		for (u64 n = 0; n < s->slot.npages; n++) {
			s->slot.frames[n].kva = s->ram + n * 4096;
			m->frames[m->nframes++] = s->slot.base + n;
		}
		plug(m, i);
	}
	m->cpu.mmu = &m->mmu;
	m->cpu.cr0 = 0x80000011 | CR0_WP_BIT;
	m->cpu.cr4 = 0x20 | CR4_PGE_BIT;
	m->cpu.efer = 0x500 | EFER_NXE_BIT;
	m->cpu.maxphyaddr = widths[choose(m, sizeof(widths) / sizeof(widths[0]))];
	m->cpu.gbpages = chance(m, 80);
	for (int f = 0; f < m->nframes; f++)
		for (int n = 0; n < N_USED; n++)
			machine_write_table(m, m->frames[f], used_indexes[n], some_gpte(m));
}

/**
 * machine_stop - take it apart, and see that nothing is left
 * @m: machine
 */
void machine_stop(struct machine *m)
{
	spt_mmu_destroy(&m->mmu);
	MUST(m, !shim_live, "%lu allocations are left", shim_live);
	for (int i = 0; i < MACHINE_SLOTS; i++) {
		if (m->ram[i].plugged)
			unplug(m, i);
		free(m->ram[i].slot.frames);
		free(m->ram[i].ram);
		free(m->ram[i].expected);
	}
}
