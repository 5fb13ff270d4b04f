/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "Physical" addresses of a process that has none: its virtual ones. User
 * addresses have 47 bits, so they fit where a page-table entry holds a frame.
 */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <linux/gfp.h>

#define __pa(p)		((u64)(unsigned long)(p))
#define __va(pa)	((void *)(unsigned long)(pa))

#endif /* SHIM_LINUX_MM_H */
