/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine without hardware: guest memory, a CPU that walks the shadow tables
 * the way silicon does, and a guest that does random things to its own tables.
 *
 *	random or fuzzed choices ─▶ guest step ─▶ core under test ─▶ real RAM
 *	                                 └──────▶ reference ───────▶ expected RAM
 *
 * Every step ends with a comparison of the two and with a check of the
 * invariants I1..I6 of spt.h, written down a second time here.
 *
 * The CPU has a TLB that forgets only when the core asks for a flush, so a flush
 * that is missing shows. Under vtlb, and under trap where a table is unsync, the
 * guest may see stale translations, as on any CPU; the machine keeps the set of
 * those it may still see.
 *
 * Used by test_random.c, test_rules.c and tests/fuzz/shadow.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdio.h>

#include "spt.h"
#include "reference.h"

#define MACHINE_SLOTS	7
#define MACHINE_FRAMES	64	/* at most, all slots together */
#define MACHINE_VAS	135
#define MACHINE_STALE	48	/* stale translations remembered per address */
#define MACHINE_LOG	24
#define MACHINE_RECENT	16
#define MACHINE_PAST	256

/* What a TLB holds for one 4 KiB page. */
struct tlb_entry {
	bool valid;
	bool writable, user, nx;
	uint8_t *page;
	struct spt_page *path[SPT_ROOT_LEVEL];	/* tables below the root that led here */
};

/* A translation that was true at some time since the guest last asked to forget it. */
struct once_true {
	uint64_t pa;
	uint64_t size;
	bool writable, user, nx, dirty, global;
};

struct machine_slot {
	bool plugged;
	struct spt_slot slot;
	uint8_t *ram;
	uint8_t *expected;
};

struct machine_event {
	const char *what;
	unsigned long long a, b, c;
};

/**
 * struct machine - the whole of it
 * @mmu, @cpu: the core under test
 * @width: what cpu.maxphyaddr was set to
 * @ram: memory, plugged or not
 * @tlb: by index of machine_va()
 * @once, @nonce: stale translations permitted, by index of machine_va() (vtlb)
 * @past: what entries of unsync tables held since the last flush (trap)
 * @recent, @recent_va: entries and addresses lately in use: the guest edits and uses those most
 * @steps, @hits, @faults, @flushes ...: how much was done
 * @choose: a number below @n, from @source; the only source of randomness
 * @log: the last things done, for a report
 */
struct machine {
	struct spt_mmu mmu;
	struct spt_cpu cpu;
	struct machine_slot ram[MACHINE_SLOTS];
	gfn_t frames[MACHINE_FRAMES];
	int nframes;
	struct tlb_entry tlb[MACHINE_VAS];
	struct once_true once[MACHINE_VAS][MACHINE_STALE];
	int nonce[MACHINE_VAS];
	struct { gfn_t gfn; int index; } recent[MACHINE_RECENT];
	int recent_va[MACHINE_RECENT];
	unsigned long nrecent, nrecent_va;
	struct { gfn_t gfn; int index; uint64_t value; } past[MACHINE_PAST];
	int npast;
	unsigned long steps, hits, stale_hits, faults, flushes, injected, pt_writes, unsyncs, nomem,
		emulated;
	uint32_t (*choose)(void *source, uint32_t n);
	void *source;
	bool fail_allocations;
	struct machine_event log[MACHINE_LOG];
	unsigned long logged;
};

/* Defined by the program: report @why (and machine_print_log()) and do not return. */
_Noreturn void machine_failed(struct machine *m, const char *file, int line, const char *why);

#define MUST(m, cond, ...)						\
	do {								\
		if (!(cond)) {						\
			char _why[256];					\
			int _n = snprintf(_why, sizeof(_why), "%s: ", #cond); \
			if (_n < (int)sizeof(_why))			\
				snprintf(_why + _n, sizeof(_why) - _n, __VA_ARGS__); \
			machine_failed(m, __FILE__, __LINE__, _why);	\
		}							\
	} while (0)

void machine_start(struct machine *m, const struct spt_strategy *strategy, u32 pages_max,
		   bool audit, uint32_t (*choose)(void *, uint32_t), void *source);
void machine_step(struct machine *m);
void machine_stop(struct machine *m);
void machine_print_log(const struct machine *m, FILE *out);

/* Single steps, for tests that direct them. */
gva_t machine_va(int i);
bool machine_access(struct machine *m, int va, struct ref_access access, uint64_t value);
void machine_write_table(struct machine *m, gfn_t gfn, int index, uint64_t gpte);
void machine_load_cr3(struct machine *m, uint64_t cr3);
void machine_check(struct machine *m);

#endif /* MACHINE_H */
