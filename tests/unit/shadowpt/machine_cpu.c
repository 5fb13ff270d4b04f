// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's CPU: it walks the shadow with a TLB of its own, takes faults to the
 * core under test, and knows what the reference would have given it.
 */
#include <string.h>

#include "machine_parts.h"

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
void forget(struct machine *m, int only, bool local)
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
struct ref_access access_kind(int k)
{
	return (struct ref_access){ .user = k & 1, .write = k / 2 % 3 == 1, .fetch = k / 2 % 3 == 2,
				    .ac = k / 6 };
}

/* What these rights grant to the guest in this mode. @dirty: a write needs no D to be set. */
unsigned int grants(const struct ref_mode *mode, bool w, bool u, bool nx, bool dirty)
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

bool once_allowed(struct machine *m, gva_t va, uint64_t pa, unsigned int need)
{
	return walk_could_give(m, va, 4, (m->cpu.cr3 & 0x000ffffffffff000) >> 12, 2 | 4 | 8, pa,
			       need);
}

/* The mode that the hardware is really in: WP and NXE always on. */
struct ref_mode hardware_mode(const struct machine *m)
{
	struct ref_mode mode = mode_of(m);

	mode.wp = true;
	mode.nxe = true;
	return mode;
}

/* Walk the shadow as the CPU does. Returns the leaf, or NULL and a TLB entry that is not valid. */
u64 *shadow_walk(struct machine *m, gva_t va, struct tlb_entry *e)
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
void check_tlb(struct machine *m)
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
