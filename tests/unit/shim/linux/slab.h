/* SPDX-License-Identifier: GPL-2.0 */
/* Small allocations. Counted and failed as in gfp.h. */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/types.h>

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *p);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return size && n > (size_t)-1 / size ? NULL : kzalloc(n * size, gfp);
}

#define kvzalloc	kzalloc
#define kvcalloc	kcalloc
#define kvfree		kfree

#endif /* SHIM_LINUX_SLAB_H */
