// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator behind linux/gfp.h and linux/slab.h. Memory not asked to be
 * zero is filled with junk, so that reading it before writing shows.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/hash.h>
#include <linux/printk.h>
#include <linux/slab.h>

#define JUNK	0xa5

unsigned long shim_fail_in;
unsigned long shim_live;
u32 shim_hash_mask = ~0u;
int shim_quiet;
void (*shim_cmpxchg_race)(void *p);

static void *hand_out(void *p, size_t size, gfp_t gfp)
{
	if (!p)
		abort(); /* the host is out of memory: no result is better than a wrong one */
	memset(p, gfp & __GFP_ZERO ? 0 : JUNK, size);
	shim_live++;
	return p;
}

static bool fails_now(void)
{
	return shim_fail_in && !--shim_fail_in;
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	size_t size = PAGE_SIZE << order;

	if (fails_now())
		return 0;
	return (unsigned long)hand_out(aligned_alloc(size, size), size, gfp);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (!addr)
		return;
	memset((void *)addr, JUNK, PAGE_SIZE << order);
	shim_live--;
	free((void *)addr);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (fails_now())
		return NULL;
	return hand_out(malloc(size), size, gfp);
}

void kfree(const void *p)
{
	if (!p)
		return;
	shim_live--;
	free((void *)p);
}
