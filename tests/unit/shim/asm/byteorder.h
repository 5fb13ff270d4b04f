/* SPDX-License-Identifier: GPL-2.0 */
/* Byte order, by the names that the kernel uses within itself. */
#ifndef SHIM_ASM_BYTEORDER_H
#define SHIM_ASM_BYTEORDER_H

#include_next <asm/byteorder.h>

#define be16_to_cpu	__be16_to_cpu
#define be32_to_cpu	__be32_to_cpu
#define cpu_to_be16	__cpu_to_be16
#define cpu_to_be32	__cpu_to_be32

#endif /* SHIM_ASM_BYTEORDER_H */
