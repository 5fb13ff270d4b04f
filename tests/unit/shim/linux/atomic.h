/* SPDX-License-Identifier: GPL-2.0 */
/* cmpxchg(), with a hook by which a test can win the race against it. */
#ifndef SHIM_LINUX_ATOMIC_H
#define SHIM_LINUX_ATOMIC_H

#include <linux/types.h>

/* Called, if set, with the address that a cmpxchg() is about to touch. */
extern void (*shim_cmpxchg_race)(void *p);

#define cmpxchg(p, old, new)						\
	({								\
		__typeof__(*(p)) _found = (old);			\
		if (shim_cmpxchg_race)					\
			shim_cmpxchg_race(p);				\
		__atomic_compare_exchange_n(p, &_found, new, 0,		\
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		_found;							\
	})

#endif /* SHIM_LINUX_ATOMIC_H */
