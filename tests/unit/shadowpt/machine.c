// SPDX-License-Identifier: GPL-2.0
/* See machine.h. */
#include <stdlib.h>
#include <string.h>

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "machine.h"

/*
 * The guest uses few addresses and few entries of each table, so that random
 * walks meet each other. They are the corners: first, second, last, and both
 * sides of the canonical hole.
 */
static const int indexes4[] = { 0, 256, 511 };
static const int indexes3[] = { 0, 1, 511 };
static const int indexes2[] = { 0, 1, 511 };
static const int indexes1[] = { 0, 1, 2, 5, 511 };
static const int used_indexes[] = { 0, 1, 2, 5, 256, 511 };

#define N_USED	((int)(sizeof(used_indexes) / sizeof(used_indexes[0])))

/*
 * Memory, so placed that pieces of large pages fall in it and out of it: the
 * start and the end of the first 2 MiB, the second 2 MiB, the last 2 MiB of the
 * first GiB, the second GiB, and beyond 36 address bits.
 */
static const struct { gfn_t base; u64 npages; } memory_map[MACHINE_SLOTS] = {
	{ 0, 16 }, { 508, 4 }, { 512, 8 }, { 261632, 4 }, { 262143, 1 }, { 0x40000, 4 },
	{ 1 << 24, 4 },
};

#define NO_MEMORY_GFN	100

static void note(struct machine *m, const char *what, unsigned long long a, unsigned long long b,
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

static uint32_t choose(struct machine *m, uint32_t n)
{
	return m->choose(m->source, n);
}

static bool chance(struct machine *m, uint32_t percent)
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

static struct ref_mode mode_of(const struct machine *m)
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

static struct machine_slot *slot_of(struct machine *m, uint64_t pa)
{
	for (int i = 0; i < MACHINE_SLOTS; i++)
		if (m->ram[i].plugged && (pa >> 12) >= memory_map[i].base &&
		    (pa >> 12) < memory_map[i].base + memory_map[i].npages)
			return &m->ram[i];
	return NULL;
}

static void *expected_page(void *ctx, uint64_t pa)
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
static uint64_t pa_of_page(struct machine *m, const uint8_t *page)
{
	for (int i = 0; i < MACHINE_SLOTS; i++) {
		struct machine_slot *s = &m->ram[i];

		if (s->plugged && page >= s->ram && page < s->ram + s->slot.npages * 4096)
			return (s->slot.base << 12) + (page - s->ram);
	}
	return ~0ull;
}

static struct spt_frame *frame_at(struct machine *m, uint64_t pa)
{
	struct machine_slot *s = slot_of(m, pa);

	return s ? &s->slot.frames[(pa >> 12) - s->slot.base] : NULL;
}

static void plug(struct machine *m, int i)
{
	struct machine_slot *s = &m->ram[i];

	MUST(m, spt_slot_check(&m->mmu, s->slot.id, s->slot.base, s->slot.npages) == 0,
	     "slot %d is free", i);
	spt_slot_add(&m->mmu, &s->slot);
	s->plugged = true;
}

static void unplug(struct machine *m, int i)
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
static void note_past(struct machine *m, uint64_t pa, unsigned int len)
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
static void write_both(struct machine *m, uint64_t pa, const void *buf, unsigned int len,
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
static gfn_t gfn_of_entry(struct machine *m, const uint64_t *entry)
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

static int index_of_entry(const uint64_t *entry)
{
	return ((unsigned long)entry & 0xfff) / 8;
}

/* Remember what a walk that succeeded went through: there the next steps will do most harm. */
static void note_use(struct machine *m, int v, const struct ref_result *r)
{
	m->recent_va[m->nrecent_va++ % MACHINE_RECENT] = v;
	for (int i = 0; i < r->depth; i++) {
		unsigned int n = m->nrecent++ % MACHINE_RECENT;

		m->recent[n].gfn = gfn_of_entry(m, r->entry[i]);
		m->recent[n].index = index_of_entry(r->entry[i]);
	}
}

/* --- what the guest may still see (vtlb) --- */

static void remember(struct machine *m, int va, const struct ref_result *r)
{
	struct once_true t = { r->pa & ~0xfffull, r->size, r->writable, r->user, r->nx, r->dirty,
			       r->global };

	for (int i = 0; i < m->nonce[va]; i++)
		if (!memcmp(&m->once[va][i], &t, sizeof(t)))
			return;
	MUST(m, m->nonce[va] < MACHINE_STALE, "room for stale translations: enlarge MACHINE_STALE");
	m->once[va][m->nonce[va]++] = t;
}

/* Forget translations of page @va, or of any (-1); with @local only the non-global ones. */
static void forget(struct machine *m, int only, bool local)
{
	m->npast = 0;
	for (int v = 0; v < MACHINE_VAS; v++) {
		int kept = 0;

		for (int i = 0; i < m->nonce[v]; i++) {
			struct once_true *t = &m->once[v][i];
			bool keep = local && t->global;

			/* A large page goes whole: all its pieces, at any address. */
			if (only >= 0)
				keep = machine_va(v) / t->size != machine_va(only) / t->size;
			if (keep)
				m->once[v][kept++] = *t;
		}
		m->nonce[v] = kept;
	}
}

/* --- the CPU --- */

/* All kinds of access, as bit numbers of a set. */
static struct ref_access access_kind(int k)
{
	return (struct ref_access){ .user = k & 1, .write = k / 2 % 3 == 1, .fetch = k / 2 % 3 == 2,
				    .ac = k / 6 };
}

#define ACCESS_KINDS	12

/* What these rights grant to the guest in this mode. @dirty: a write needs no D to be set. */
static unsigned int grants(const struct ref_mode *mode, bool w, bool u, bool nx, bool dirty)
{
	static unsigned int known[128];
	int n = w | u << 1 | nx << 2 | dirty << 3 | mode->wp << 4 | mode->smep << 5 |
		mode->smap << 6;
	unsigned int set = 0;

	if (known[n])
		return known[n] & ~(1u << 31);
	for (int k = 0; k < ACCESS_KINDS; k++) {
		struct ref_access a = access_kind(k);

		if (ref_allows(mode, w, u, nx, a) && (!a.write || dirty))
			set |= 1u << k;
	}
	known[n] = set | 1u << 31;
	return set;
}

static bool walk_could_give(struct machine *m, gva_t va, int level, gfn_t table,
			    unsigned int rights, uint64_t pa, unsigned int need);

/* Could the walk go on with this entry, and end as walk_could_give() says? */
static bool entry_could_give(struct machine *m, gva_t va, int level, uint64_t e,
			     unsigned int rights, uint64_t pa, unsigned int need)
{
	struct ref_mode mode = mode_of(m);
	uint64_t size = 1ull << (12 + 9 * (level - 1));

	if (!(e & 1) || !(e & 1 << 5) || ref_reserved(&mode, e, level))
		return false;
	rights &= (e & 6) | (e >> 63 ? 0 : 8);
	if (level > 1 && !(e & 1 << 7))
		return walk_could_give(m, va, level - 1, (e & 0x000ffffffffff000) >> 12, rights, pa,
				       need);
	return (((e & 0x000ffffffffff000) & ~(size - 1)) | (va & (size - 1) & ~0xffful)) == pa &&
	       !(need & ~grants(&mode, rights & 2, rights & 4, !(rights & 8), e >> 6 & 1));
}

/*
 * May a CPU that cached entries of unsync tables at any time since the last
 * flush translate @va to @pa with the rights @need? Each entry counts by itself:
 * CPUs cache upper levels, too. APM vol. 2, 5.5.
 */
static bool walk_could_give(struct machine *m, gva_t va, int level, gfn_t table,
			    unsigned int rights, uint64_t pa, unsigned int need)
{
	struct spt_frame *frame = frame_at(m, table << 12);
	int index = va >> (12 + 9 * (level - 1)) & 511;

	if (!frame)
		return false;
	if (entry_could_give(m, va, level, ((uint64_t *)expected_page(m, table << 12))[index],
			     rights, pa, need))
		return true;
	for (int i = 0; frame->unsync && i < m->npast; i++)
		if (m->past[i].gfn == table && m->past[i].index == index &&
		    entry_could_give(m, va, level, m->past[i].value, rights, pa, need))
			return true;
	return false;
}

static bool once_allowed(struct machine *m, gva_t va, uint64_t pa, unsigned int need)
{
	return walk_could_give(m, va, 4, (m->cpu.cr3 & 0x000ffffffffff000) >> 12, 2 | 4 | 8, pa,
			       need);
}

/* The mode that the hardware is really in: WP and NXE always on. */
static struct ref_mode hardware_mode(const struct machine *m)
{
	struct ref_mode mode = mode_of(m);

	mode.wp = true;
	mode.nxe = true;
	return mode;
}

/* Walk the shadow as the CPU does. Returns the leaf, or NULL and a TLB entry that is not valid. */
static u64 *shadow_walk(struct machine *m, gva_t va, struct tlb_entry *e)
{
	struct spt_page *sp = m->cpu.root;

	memset(e, 0, sizeof(*e));
	e->writable = e->user = true;
	for (int level = 4; ; level--) {
		u64 *spte = &sp->spte[va >> (12 + 9 * (level - 1)) & 511];

		if (!(*spte & 1))
			return NULL;
		MUST(m, !(*spte & (1ull << 7)) && !(*spte & (1ull << 8)),
		     "spte 0x%llx at level %d has PS or G", *spte, level);
		e->writable &= *spte >> 1 & 1;
		e->user &= *spte >> 2 & 1;
		e->nx |= *spte >> 63;
		if (level == 1) {
			e->valid = true;
			e->page = (uint8_t *)(unsigned long)(*spte & 0x000ffffffffff000);
			return spte;
		}
		sp = (struct spt_page *)(unsigned long)(*spte & 0x000ffffffffff000);
		e->path[level - 1] = sp;
	}
}

/* The path of a TLB entry, and the entry itself, must still be so unless a flush is owed (I5). */
static void check_tlb(struct machine *m)
{
	struct ref_mode mode = hardware_mode(m);

	if (m->mmu.flush_owed || !m->cpu.root)
		return;
	for (int v = 0; v < MACHINE_VAS; v++) {
		struct tlb_entry *old = &m->tlb[v], now;

		shadow_walk(m, machine_va(v), &now);
		for (int level = 3; level >= 1; level--)
			MUST(m, !old->path[level] || old->path[level] == now.path[level],
			     "I5: the CPU remembers a level %d table for va 0x%lx that is gone",
			     level, machine_va(v));
		if (!old->valid)
			continue;
		MUST(m, now.valid && now.page == old->page,
		     "I5: va 0x%lx was remapped and no flush is owed", machine_va(v));
		MUST(m, !(grants(&mode, old->writable, old->user, old->nx, true) &
			  ~grants(&mode, now.writable, now.user, now.nx, true)),
		     "I5: va 0x%lx lost a right and no flush is owed", machine_va(v));
	}
}

/* What happens on the way into the guest. Returns false if out of memory. */
static bool enter_guest(struct machine *m)
{
	struct tlb_entry e;

	if (spt_load_root(&m->cpu)) {
		m->nomem++;
		MUST(m, m->fail_allocations, "out of memory without cause");
		shim_fail_in = 0;
		return false;
	}
	if (m->mmu.flush_owed) {
		memset(m->tlb, 0, sizeof(m->tlb));
		m->mmu.flush_owed = false;
		m->flushes++;
	}
	check_tlb(m);
	if (m->mmu.audit)
		spt_audit_entering(&m->mmu);
	/* A CPU may fill its TLB whenever it likes; here it takes all there is. */
	if (chance(m, 30))
		for (int v = 0; v < MACHINE_VAS; v++)
			if (!m->tlb[v].valid) {
				shadow_walk(m, machine_va(v), &e);
				m->tlb[v] = e;
			}
	return true;
}

/* Does the CPU, with its TLB and the shadow, let this access through? */
static bool cpu_allows(struct machine *m, int v, struct ref_access a)
{
	struct ref_mode mode = hardware_mode(m);
	struct tlb_entry *e = &m->tlb[v];
	u64 *spte;

	if (e->valid && ref_allows(&mode, e->writable, e->user, e->nx, a))
		return true;
	/* Denied by the TLB: some CPUs look again before they fault. */
	if (e->valid && chance(m, 50)) {
		memset(e, 0, sizeof(*e));
		return false;
	}
	spte = shadow_walk(m, machine_va(v), e);
	if (!spte)
		return false;
	if (!ref_allows(&mode, e->writable, e->user, e->nx, a)) {
		e->valid = false;
		return false;
	}
	*spte |= 1 << 5;
	return true;
}

/* An access went through without the core knowing. Was it right? Returns the guest address. */
static uint64_t check_hit(struct machine *m, int v, struct ref_access a)
{
	struct ref_mode mode = mode_of(m);
	struct ref_result r = ref_translate(&mode, machine_va(v), a, expected_page, m);
	uint64_t pa = pa_of_page(m, m->tlb[v].page);

	MUST(m, pa != ~0ull, "I1: va 0x%lx leads to no guest memory", machine_va(v));
	m->hits++;
	if (!r.fault && (r.pa & ~0xfffull) == pa && r.used && (!a.write || r.dirty))
		return pa;
	m->stale_hits++;
	if (m->mmu.strategy == &spt_trap &&
	    once_allowed(m, machine_va(v), pa,
			 1u << (a.user + 2 * (a.fetch ? 2 : a.write) + 6 * a.ac)))
		return pa;
	MUST(m, m->mmu.strategy != &spt_trap,
	     "I1: va 0x%lx goes to 0x%llx; the guest's tables say %s 0x%llx, A %d, D %d",
	     machine_va(v), (unsigned long long)pa, r.fault ? "fault" : "",
	     (unsigned long long)(r.fault ? r.code : r.pa), r.used, r.dirty);
	for (int i = 0; i < m->nonce[v]; i++) {
		struct once_true *t = &m->once[v][i];

		if (t->pa == pa && ref_allows(&mode, t->writable, t->user, t->nx, a) &&
		    (!a.write || t->dirty))
			return pa;
	}
	MUST(m, false, "I1: va 0x%lx goes to 0x%llx, which was never so since the last flush",
	     machine_va(v), (unsigned long long)pa);
	return 0;
}

/* The guest's page-fault handler: make the next try go further. */
static void mend(struct machine *m, const struct ref_result *r)
{
	uint64_t *last;

	if (!r->depth) {
		machine_load_cr3(m, m->frames[choose(m, 4)] << 12);
		return;
	}
	last = r->entry[r->depth - 1];
	if ((r->code & 9) != 1) {
		machine_write_table(m, gfn_of_entry(m, last), index_of_entry(last),
				    m->frames[choose(m, 12)] << 12 | 7);
		return;
	}
	for (int i = 0; i < r->depth; i++)
		machine_write_table(m, gfn_of_entry(m, r->entry[i]), index_of_entry(r->entry[i]),
				    (*r->entry[i] | 7) & ~(1ull << 63));
}

/*
 * The CPU faulted. Let the core deal with it and check what it says. Returns
 * true if the access is over, with *@done telling whether it took place.
 */
static bool take_fault(struct machine *m, int v, struct ref_access a, const uint8_t *buf,
		       unsigned int len, unsigned int offset, int tries, bool *done)
{
	struct ref_mode mode = mode_of(m);
	gva_t va = machine_va(v) | offset;
	struct ref_result r = ref_translate(&mode, va, a, expected_page, m);
	struct spt_walk walk;
	u32 error = choose(m, 2) | a.write << 1 | a.user << 2 | a.fetch << 4;
	enum spt_verdict verdict;
	bool emulates;

	if (a.ac)
		error |= PF_SMAP_OK;
	if (!r.fault) {
		ref_commit(&r, a);
		r.dirty |= a.write;
	}
	m->faults++;
	verdict = spt_page_fault(&m->cpu, va, error, &walk);
	note(m, "  fault, verdict", va, error, verdict);

	if (verdict == SPT_INJECT) {
		m->injected++;
		MUST(m, r.fault,
		     "va 0x%lx access 0x%x: the core faults with 0x%x, the tables allow it", va,
		     error, walk.error);
		MUST(m, walk.error == r.code, "va 0x%lx access 0x%x: error code 0x%x, not 0x%x",
		     va, error, walk.error, r.code);
		if (chance(m, 40))
			mend(m, &r);
		*done = false;
		return true;
	}
	MUST(m, !r.fault, "va 0x%lx access 0x%x: verdict %d, the tables say #PF 0x%x", va, error,
	     verdict, r.code);
	MUST(m, walk.gpa == r.pa, "va 0x%lx: gpa 0x%llx, not 0x%llx", va, walk.gpa,
	     (unsigned long long)r.pa);
	if (verdict == SPT_NOMEM) {
		MUST(m, m->fail_allocations, "out of memory without cause");
		m->nomem++;
		shim_fail_in = 0;
		return false;
	}
	MUST(m, (verdict == SPT_MMIO) == !slot_of(m, r.pa), "gpa 0x%llx: verdict %d", walk.gpa,
	     verdict);
	if (verdict == SPT_MMIO) {
		*done = false;
		return true;
	}

	emulates = a.write && !a.user && !mode.wp && !r.writable && r.user && mode.smap;
	MUST(m, (verdict == SPT_EMULATE) == emulates, "va 0x%lx: verdict %d", va, verdict);
	if (verdict == SPT_EMULATE) {
		m->emulated++;
		write_both(m, r.pa, buf, len, true);
		*done = true;
		return true;
	}
	if (verdict == SPT_PT_WRITE) {
		MUST(m, a.write && frame_at(m, r.pa)->shadowed && !frame_at(m, r.pa)->unsync,
		     "va 0x%lx is no table", va);
		m->pt_writes++;
		if (chance(m, 20)) {
			m->unsyncs++;
			note(m, "  unsync", r.pa >> 12, 0, 0);
			m->mmu.strategy->unsync(&m->cpu, r.pa >> 12);
			return false;
		}
		/* A table that the write itself goes through comes back each time: not for ever. */
		if (tries < 2 && chance(m, 50)) {
			spt_unshadow(&m->cpu, r.pa >> 12);
			MUST(m, !frame_at(m, r.pa)->shadowed, "gfn 0x%llx is still shadowed",
			     (unsigned long long)r.pa >> 12);
			return false;
		}
		write_both(m, r.pa, buf, len, true);
		*done = true;
		return true;
	}
	MUST(m, verdict == SPT_RESUME, "verdict %d", verdict);
	note_use(m, v, &r);
	if (m->mmu.strategy == &spt_vtlb)
		remember(m, v, &r);
	return false;
}

/**
 * machine_access - the guest touches memory
 * @m: machine
 * @v: index of machine_va()
 * @a: kind of access
 * @value: what a write writes: 8 bytes at one of the entries in use, picked by its low bits
 *
 * Returns true if it took place, false if it faulted or met no memory.
 */
bool machine_access(struct machine *m, int v, struct ref_access a, uint64_t value)
{
	unsigned int offset = used_indexes[value % N_USED] * 8;
	uint8_t buf[8];
	bool done = false;
	uint64_t pa;
	int tries;

	memcpy(buf, &value, 8);
	note(m, a.write ? "write va" : a.fetch ? "fetch va" : "read va", machine_va(v) | offset,
	     value, a.user | a.ac << 1);
	for (tries = 0; tries < 12; tries++) {
		if (!enter_guest(m))
			continue;
		if (!cpu_allows(m, v, a)) {
			if (take_fault(m, v, a, buf, 8, offset, tries, &done))
				return done;
			continue;
		}
		pa = check_hit(m, v, a);
		if (a.write) {
			note_past(m, pa + offset, 8);
			memcpy(m->tlb[v].page + offset, buf, 8);
			memcpy((uint8_t *)expected_page(m, pa) + offset, buf, 8);
		}
		return true;
	}
	MUST(m, false, "va 0x%lx: no progress", machine_va(v));
	return false;
}

/* --- invariants --- */

/*
 * I1, I4 for one entry of a cached table (trap), given the guest's own entry.
 * Returns what is wrong, or NULL.
 */
static const char *entry_fits(struct machine *m, struct spt_page *sp, int i, uint64_t gpte)
{
	struct ref_mode mode = mode_of(m);
	u64 spte = sp->spte[i];
	int level = sp->role.level;
	bool w = sp->role.access & ACC_WRITE;
	bool u = sp->role.access & ACC_USER;
	bool x = sp->role.access & ACC_EXEC;
	bool d = !sp->role.clean;
	bool large = sp->role.direct;
	struct spt_page *child;
	uint64_t target;

	if (large) {
		target = (sp->gfn + ((uint64_t)i << 9 * (level - 1))) << 12;
	} else {
		if (!(gpte & 1))
			return "I1: guest P is clear";
		if (!(gpte & 1 << 5))
			return "I4: guest A is clear";
		if (!sp->role.nxe && gpte >> 63)
			return "I1: NX is reserved here";
		w &= gpte >> 1 & 1;
		u &= gpte >> 2 & 1;
		x &= !(gpte >> 63);
		target = gpte & 0x000ffffffffff000;
		large = level > 1 && gpte & 1 << 7;
		d = !(large || level == 1) || gpte >> 6 & 1;
		if (large)
			target &= ~((1ull << (12 + 9 * (level - 1))) - 1);
	}
	if (level > 1) {
		child = (struct spt_page *)(unsigned long)(spte & 0x000ffffffffff000);
		if (child->role.level != level - 1)
			return "I1: the table below is of the wrong level";
		if (child->role.direct != large)
			return "I1: a large page and a table mixed up";
		if (child->gfn != target >> 12)
			return "I1: the table below stands for another";
		if (!child->role.clean && !d)
			return "I4: guest D is clear, the pieces of the large page take writes";
		if (child->role.access & ~(w * ACC_WRITE | u * ACC_USER | x * ACC_EXEC))
			return "I1: the table below inherits too many rights";
		/* With WP=0, a page that is not the user's is writable for the supervisor. */
		if (u && !(child->role.access & ACC_USER))
			return "I1: the table below lost U";
		if (child->role.wp != sp->role.wp || child->role.nxe != sp->role.nxe ||
		    child->role.smep_nowp != sp->role.smep_nowp ||
		    child->role.smap_nowp != sp->role.smap_nowp)
			return "I1: tables of two modes mixed";
		return NULL;
	}
	if (pa_of_page(m, (uint8_t *)(unsigned long)(spte & 0x000ffffffffff000)) != target)
		return "I1: maps the wrong frame";
	for (int modes = 0; modes < 4; modes++) {
		struct ref_mode hw;

		mode.wp = sp->role.wp;
		mode.nxe = sp->role.nxe;
		mode.smep = mode.wp ? modes & 1 : sp->role.smep_nowp;
		mode.smap = mode.wp ? modes >> 1 : sp->role.smap_nowp;
		hw = mode;
		hw.wp = hw.nxe = true;
		if (grants(&hw, spte >> 1 & 1, spte >> 2 & 1, spte >> 63, true) &
		    ~grants(&mode, w, u, !x, d))
			return "I1: allows too much";
	}
	return NULL;
}

static void check_entry(struct machine *m, struct spt_page *sp, int i)
{
	uint64_t *table = expected_page(m, sp->gfn << 12);
	uint64_t gpte = !sp->role.direct && table ? table[i] : 0;
	const char *why = entry_fits(m, sp, i, gpte);

	/* Unsync: it may stand for what the guest had written there before. */
	for (int n = 0; why && sp->unsync && n < m->npast; n++)
		if (m->past[n].gfn == sp->gfn && m->past[n].index == i)
			why = entry_fits(m, sp, i, m->past[n].value);
	MUST(m, !why, "%s: level %d entry %d of gfn 0x%llx: spte 0x%llx, guest 0x%llx", why,
	     sp->role.level, i, sp->gfn, sp->spte[i], (unsigned long long)gpte);
}

static void check_page(struct machine *m, struct spt_page *sp, unsigned int *leaves,
		       unsigned int *uppers)
{
	int present = 0, globals = 0, stride = m->steps % 64 ? 0 : 1;

	for (int n = 0; n < (stride ? 512 : N_USED); n++) {
		int i = stride ? n : used_indexes[n];
		u64 spte = sp->spte[i];

		if (!(spte & 1)) {
			MUST(m, !spte && !sp->link[i].pprev, "I2: an empty entry is linked");
			continue;
		}
		present++;
		MUST(m, sp->link[i].pprev && *sp->link[i].pprev == &sp->link[i], "I2: not linked");
		if (sp->role.level == 1) {
			(*leaves)++;
			globals += spte >> 9 & 1;
		} else {
			(*uppers)++;
		}
		if (m->mmu.strategy == &spt_trap)
			check_entry(m, sp, i);
	}
	MUST(m, present == sp->present, "I2: %d present, %d counted", present, sp->present);
	MUST(m, globals == sp->globals, "I2: %d global, %d counted", globals, sp->globals);
	MUST(m, !sp->is_root || sp == m->cpu.root, "two roots");
	for (struct hlist_node *l = sp->parents.first; l; l = l->next) {
		struct spt_page *parent = spt_page_of(l);
		u64 spte = parent->spte[l - parent->link];

		MUST(m, l >= parent->link && l < parent->link + 512 && parent->role.level > 1 &&
		     (spte & 1) && (spte & 0x000ffffffffff000) == (unsigned long)sp,
		     "I2: a parent that does not point here");
		(*uppers)--;
	}
	if (m->mmu.strategy == &spt_trap) {
		MUST(m, sp->hash.pprev, "a cached page that cannot be found");
		if (!sp->role.direct && slot_of(m, sp->gfn << 12))
			MUST(m, frame_at(m, sp->gfn << 12)->shadowed &&
			     frame_at(m, sp->gfn << 12)->unsync == sp->unsync,
			     "I3: gfn 0x%llx not marked", sp->gfn);
	} else {
		MUST(m, sp->parents.first || sp == m->cpu.root, "a page out of reach");
	}
}

static void check_frames(struct machine *m, unsigned int leaves)
{
	for (int f = 0; f < m->nframes; f++) {
		struct spt_frame *frame = frame_at(m, m->frames[f] << 12);
		unsigned int shadowed = 0;
		struct spt_page *sp;

		if (!frame)
			continue;
		for (struct hlist_node *l = frame->rmap.first; l; l = l->next) {
			u64 spte;

			sp = spt_page_of(l);
			spte = sp->spte[l - sp->link];
			MUST(m, sp->role.level == 1 && (spte & 1) &&
			     (spte & 0x000ffffffffff000) == (unsigned long)frame->kva,
			     "I2: rmap of gfn 0x%llx: spte 0x%llx", m->frames[f], spte);
			MUST(m, !frame->shadowed || frame->unsync || !(spte >> 1 & 1),
			     "I3: gfn 0x%llx is a shadowed table and mapped writable",
			     m->frames[f]);
			leaves--;
		}
		list_for_each_entry(sp, &m->mmu.lru, lru)
			shadowed += sp->gfn == m->frames[f] && !sp->role.direct && sp->hash.pprev;
		MUST(m, frame->shadowed == shadowed, "I3: gfn 0x%llx: %u shadows, %u counted",
		     m->frames[f], shadowed, frame->shadowed);
		MUST(m, !frame->unsync || shadowed, "I3: gfn 0x%llx is unsync without a shadow",
		     m->frames[f]);
	}
	MUST(m, !leaves, "I2: %d leaf sptes are on no rmap", (int)leaves);
}

/* I1 for the tables that the CPU would walk now, address by address. */
static void check_translations(struct machine *m)
{
	struct ref_mode mode = mode_of(m), hw = hardware_mode(m);

	for (int v = 0; m->cpu.root && v < MACHINE_VAS; v++) {
		struct tlb_entry e;
		unsigned int allowed = 0, shadow;
		uint64_t pa;

		if (!shadow_walk(m, machine_va(v), &e))
			continue;
		pa = pa_of_page(m, e.page);
		shadow = grants(&hw, e.writable, e.user, e.nx, true);
		if (m->mmu.strategy == &spt_vtlb) {
			for (int i = 0; i < m->nonce[v] && shadow & ~allowed; i++) {
				struct once_true *t = &m->once[v][i];

				if (t->pa == pa)
					allowed = grants(&mode, t->writable, t->user, t->nx,
							 t->dirty);
			}
		} else {
			struct ref_access kind = { .ac = true };
			struct ref_result r = ref_translate(&mode, machine_va(v), kind,
							    expected_page, m);

			/* A fault of rights still tells the place: P set, RSV clear. */
			if ((!r.fault || (r.code & 9) == 1) && (r.pa & ~0xfffull) == pa && r.used)
				allowed = grants(&mode, r.writable, r.user, r.nx, r.dirty);
		}
		MUST(m,
		     !(shadow & ~allowed) || (m->mmu.strategy == &spt_trap && m->mmu.unsync_pages &&
					      once_allowed(m, machine_va(v), pa, shadow)),
		     "I1: va 0x%lx -> 0x%llx: the shadow grants 0x%x, the guest 0x%x",
		     machine_va(v), (unsigned long long)pa, shadow, allowed);
	}
}

static void check_memory(struct machine *m)
{
	for (int i = 0; i < MACHINE_SLOTS; i++) {
		struct machine_slot *s = &m->ram[i];

		for (u64 p = 0; p < s->slot.npages; p++) {
			uint64_t *real = (uint64_t *)(s->ram + p * 4096);
			uint64_t *want = (uint64_t *)(s->expected + p * 4096);

			for (int n = 0; n < N_USED; n++)
				MUST(m, real[used_indexes[n]] == want[used_indexes[n]],
				     "gfn 0x%llx entry %d is 0x%llx, not 0x%llx (A or D?)",
				     s->slot.base + p, used_indexes[n],
				     (unsigned long long)real[used_indexes[n]],
				     (unsigned long long)want[used_indexes[n]]);
			if (!(m->steps % 256))
				MUST(m, !memcmp(real, want, 4096), "gfn 0x%llx differs",
				     s->slot.base + p);
		}
	}
}

/**
 * machine_check - is everything true that spt.h promises?
 * @m: machine
 */
void machine_check(struct machine *m)
{
	unsigned int pages = 0, leaves = 0, uppers = 0, hashed = 0, unsync = 0;
	struct spt_page *sp;

	check_memory(m);
	list_for_each_entry(sp, &m->mmu.lru, lru) {
		pages++;
		unsync += sp->unsync;
		check_page(m, sp, &leaves, &uppers);
	}
	MUST(m, !uppers, "I2: %d upper sptes are on no parents list", (int)uppers);
	MUST(m, pages == m->mmu.pages && pages <= m->mmu.pages_peak, "%u pages, %u counted", pages,
	     m->mmu.pages);
	MUST(m, unsync == m->mmu.unsync_pages, "%u pages unsync, %u counted", unsync,
	     m->mmu.unsync_pages);
	MUST(m, pages <= m->mmu.pages_max, "%u pages, %u allowed", pages, m->mmu.pages_max);
	MUST(m, shim_live == pages * (m->mmu.audit ? 2 : 1), "%lu allocations for %u pages",
	     shim_live, pages);
	MUST(m, !m->cpu.root || m->cpu.root->is_root, "the root is not marked");
	check_frames(m, leaves);
	check_translations(m);
	check_tlb(m);
	if (m->steps % 64)
		return;
	for (int h = 0; h < 1 << SPT_HASH_BITS; h++)
		hlist_for_each_entry(sp, &m->mmu.hash[h], hash) {
			struct spt_page *other = sp;

			hashed++;
			hlist_for_each_entry(other, &m->mmu.hash[h], hash)
				MUST(m, other == sp || other->gfn != sp->gfn ||
				     other->role.word != sp->role.word, "two pages for one role");
		}
	MUST(m, hashed == (m->mmu.strategy == &spt_trap ? pages : 0), "%u of %u pages hashed",
	     hashed, pages);
}

/* --- the guest --- */

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
