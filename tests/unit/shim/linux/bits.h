/* SPDX-License-Identifier: GPL-2.0 */
/* Single bits and runs of bits. */
#ifndef SHIM_LINUX_BITS_H
#define SHIM_LINUX_BITS_H

#define BIT(n)			(1ul << (n))
#define BIT_ULL(n)		(1ull << (n))
#define GENMASK(high, low)	((~0ul >> (63 - (high))) & (~0ul << (low)))
#define GENMASK_ULL(high, low)	((~0ull >> (63 - (high))) & (~0ull << (low)))

#endif /* SHIM_LINUX_BITS_H */
