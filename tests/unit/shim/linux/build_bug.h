/* SPDX-License-Identifier: GPL-2.0 */
/* Conditions that the compiler checks. */
#ifndef SHIM_LINUX_BUILD_BUG_H
#define SHIM_LINUX_BUILD_BUG_H

#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), "BUILD_BUG_ON: " #cond)

#endif /* SHIM_LINUX_BUILD_BUG_H */
