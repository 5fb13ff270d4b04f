/* SPDX-License-Identifier: GPL-2.0 */
/* Error numbers: the same as the kernel's. The C library's <errno.h> comes here too. */
#ifndef SHIM_LINUX_ERRNO_H
#define SHIM_LINUX_ERRNO_H

#include_next <linux/errno.h>

#endif /* SHIM_LINUX_ERRNO_H */
