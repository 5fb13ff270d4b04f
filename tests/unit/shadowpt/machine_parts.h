/* SPDX-License-Identifier: GPL-2.0 */
/* What the files machine_*.c share with each other and with nobody else. */
#ifndef MACHINE_PARTS_H
#define MACHINE_PARTS_H

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "machine.h"

/* A frame that is in no slot. */
#define NO_MEMORY_GFN	100
/* How many entries of each table the guest uses. */
#define N_USED		6

struct memory_range {
	gfn_t base;
	u64 npages;
};

extern const int used_indexes[N_USED];
extern const struct memory_range memory_map[MACHINE_SLOTS];

/* machine_memory.c */
void note(struct machine *m, const char *what, unsigned long long a, unsigned long long b,
	  unsigned long long c);
uint32_t choose(struct machine *m, uint32_t n);
bool chance(struct machine *m, uint32_t percent);
struct ref_mode mode_of(const struct machine *m);
struct machine_slot *slot_of(struct machine *m, uint64_t pa);
void *expected_page(void *ctx, uint64_t pa);
uint64_t pa_of_page(struct machine *m, const uint8_t *page);
struct spt_frame *frame_at(struct machine *m, uint64_t pa);
void plug(struct machine *m, int i);
void unplug(struct machine *m, int i);
void note_past(struct machine *m, uint64_t pa, unsigned int len);
void write_both(struct machine *m, uint64_t pa, const void *buf, unsigned int len,
		bool known);
gfn_t gfn_of_entry(struct machine *m, const uint64_t *entry);
int index_of_entry(const uint64_t *entry);
void note_use(struct machine *m, int v, const struct ref_result *r);

/* machine_cpu.c */
#define ACCESS_KINDS	12	/* of access_kind() */
struct ref_access access_kind(int k);
unsigned int grants(const struct ref_mode *mode, bool w, bool u, bool nx, bool dirty);
bool once_allowed(struct machine *m, gva_t va, uint64_t pa, unsigned int need);
struct ref_mode hardware_mode(const struct machine *m);
u64 *shadow_walk(struct machine *m, gva_t va, struct tlb_entry *e);
void check_tlb(struct machine *m);
void forget(struct machine *m, int only, bool local);

#endif /* MACHINE_PARTS_H */
