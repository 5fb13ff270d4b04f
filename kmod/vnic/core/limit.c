// SPDX-License-Identifier: GPL-2.0
/* A token bucket: see limit.h. */
#include <linux/kernel.h>

#include "limit.h"

/* A rate of 1 gives one thousandth a millisecond: no division, and nothing is rounded. */
#define TOKEN	1000ull

void vnic_limit_init(struct vnic_limit *limit, u32 rate, u32 burst, u64 now)
{
	limit->rate = rate;
	limit->burst = burst;
	limit->credit = burst * TOKEN;
	limit->then = now;
}

static void fill(struct vnic_limit *limit, u64 now)
{
	u64 missing = limit->burst * TOKEN - limit->credit;
	u64 elapsed;

	if (now <= limit->then)
		return;
	/* Longer ago than 49 days is as long ago as that: the product has 64 bits. */
	elapsed = min_t(u64, now - limit->then, U32_MAX);
	limit->credit += min_t(u64, elapsed * limit->rate, missing);
	limit->then = now;
}

bool vnic_limit_take(struct vnic_limit *limit, u64 now)
{
	fill(limit, now);
	if (limit->credit < TOKEN)
		return false;
	limit->credit -= TOKEN;
	return true;
}
