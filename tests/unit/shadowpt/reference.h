/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reference translator: what an AMD64 CPU in long mode does with a virtual
 * address, written down from the manual (APM vol. 2, 5.3 to 5.6) in the plainest
 * way, and with nothing taken from the module. The tests compare the module to it.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct ref_mode - the control-register bits that take part
 * @cr3: physical address of the top table, bits 12 and up
 * @wp: CR0.WP; @smep, @smap, @pge: CR4's; @nxe: EFER.NXE
 * @gbpages: CPUID says 1 GiB pages exist
 * @width: physical address bits
 */
struct ref_mode {
	uint64_t cr3;
	bool wp, smep, smap, pge, nxe, gbpages;
	int width;
};

/* Who does what to memory. @ac: EFLAGS.AC is set and the access is explicit. */
struct ref_access {
	bool user, write, fetch, ac;
};

/**
 * struct ref_result - what the CPU does
 * @fault: it raises #PF; @code: the error code
 * @pa: else: the physical address
 * @size: of the page in bytes
 * @writable, @user, @nx: rights of all levels together
 * @dirty, @global: of the entry that maps the page
 * @used: A is set at every level
 * @depth: how many entries the walk read; @entry: where each is
 */
struct ref_result {
	bool fault;
	uint32_t code;
	uint64_t pa;
	uint64_t size;
	bool writable, user, nx;
	bool dirty, global, used;
	int depth;
	uint64_t *entry[4];
};

/* Where the 4096 bytes at physical address @pa are, or NULL if there are none. */
typedef void *(*ref_memory)(void *ctx, uint64_t pa);

struct ref_result ref_translate(const struct ref_mode *mode, uint64_t va, struct ref_access access,
				ref_memory memory, void *ctx);
void ref_commit(const struct ref_result *r, struct ref_access access);
bool ref_reserved(const struct ref_mode *mode, uint64_t entry, int level);
bool ref_allows(const struct ref_mode *mode, bool writable, bool user, bool nx,
		struct ref_access access);

#endif /* REFERENCE_H */
