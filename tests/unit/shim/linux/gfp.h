/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page allocation: aligned to its own size, as the kernel's is, with a count
 * of what is live and failures on demand.
 */
#ifndef SHIM_LINUX_GFP_H
#define SHIM_LINUX_GFP_H

#include <linux/build_bug.h>
#include <linux/types.h>

#define GFP_KERNEL		0u
#define __GFP_ZERO		1u
#define __GFP_ACCOUNT		2u
#define __GFP_NOWARN		4u
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_ATOMIC		8u

#ifndef PAGE_SHIFT
#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#endif

/* The n-th allocation from now fails (1: the next); 0: none does. Counts itself down. */
extern unsigned long shim_fail_in;
/* Allocations of any kind that have been made and not been freed. */
extern unsigned long shim_live;

unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);

static inline unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

static inline void free_page(unsigned long addr)
{
	free_pages(addr, 0);
}

#endif /* SHIM_LINUX_GFP_H */
