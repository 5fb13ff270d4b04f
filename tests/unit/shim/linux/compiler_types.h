/* SPDX-License-Identifier: GPL-2.0 */
/* What kbuild includes ahead of every file; the Makefile does the same. */
#ifndef SHIM_LINUX_COMPILER_TYPES_H
#define SHIM_LINUX_COMPILER_TYPES_H

#define fallthrough	__attribute__((__fallthrough__))

#endif /* SHIM_LINUX_COMPILER_TYPES_H */
