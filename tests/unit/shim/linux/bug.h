/* SPDX-License-Identifier: GPL-2.0 */
/* A kernel that warns has a bug: a test that makes it warn fails. */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

#include <linux/build_bug.h>

#define BUG_ON(cond)							\
	do {								\
		if (cond) {						\
			fprintf(stderr, "BUG: %s:%d: %s\n",		\
				__FILE__, __LINE__, #cond);		\
			abort();					\
		}							\
	} while (0)
#define BUG()			BUG_ON(1)
#define WARN_ON(cond)		({ BUG_ON(cond); 0; })
#define WARN_ON_ONCE(cond)	WARN_ON(cond)

#endif /* SHIM_LINUX_BUG_H */
