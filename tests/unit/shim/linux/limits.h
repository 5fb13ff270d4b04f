/* SPDX-License-Identifier: GPL-2.0 */
/* Largest values. */
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U8_MAX	((__u8)~0u)
#define U16_MAX	((__u16)~0u)
#define U32_MAX	((__u32)~0u)
#define U64_MAX	((__u64)~0ull)
#define S64_MAX	((__s64)(U64_MAX >> 1))

#endif /* SHIM_LINUX_LIMITS_H */
