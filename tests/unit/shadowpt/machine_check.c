// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants I1..I6 of spt.h, written down a second time. machine_check() is
 * called after each step.
 */
#include <string.h>

#include "machine_parts.h"

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
