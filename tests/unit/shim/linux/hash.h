/* SPDX-License-Identifier: GPL-2.0 */
/* Multiplicative hashing, with a way to make every value collide. */
#ifndef SHIM_LINUX_HASH_H
#define SHIM_LINUX_HASH_H

#include <linux/types.h>

/* Buckets that hash_64() may use: a test narrows it to get collisions. Default: all. */
extern u32 shim_hash_mask;

static inline u32 hash_64(u64 value, unsigned int bits)
{
	return (u32)((value * 0x9e3779b97f4a7c15ull) >> (64 - bits)) & shim_hash_mask;
}

#endif /* SHIM_LINUX_HASH_H */
