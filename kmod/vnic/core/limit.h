/* SPDX-License-Identifier: GPL-2.0 */
/*
 * So many a second, and some at once: a token bucket.
 *
 *	         rate tokens a second
 *	            |
 *	            v
 *	        |       |   burst tokens at most
 *	        | o o o |
 *	        +---.---+
 *	            |
 *	            v  one for each message that is sent (RFC 1812 4.3.2.8, RFC 4443 2.4 (f))
 *
 * In any t seconds at most burst + rate * t are taken, and no token is lost to rounding however
 * often one asks. Pure: the caller serialises calls on one limit, and tells the time.
 */
#ifndef VNIC_LIMIT_H
#define VNIC_LIMIT_H

#include <linux/types.h>

/**
 * struct vnic_limit - a token bucket
 * @rate: tokens a second; 0: what is there at first, and no more
 * @burst: what it holds; 0: nothing is ever allowed
 * @credit: thousandths of a token that are there
 * @then: ms, when @credit was right
 */
struct vnic_limit {
	u32 rate;
	u32 burst;
	u64 credit;
	u64 then;
};

/**
 * vnic_limit_init() - a full bucket
 * @limit: bucket
 * @rate: see there
 * @burst: see there
 * @now: ms
 */
void vnic_limit_init(struct vnic_limit *limit, u32 rate, u32 burst, u64 now);

/**
 * vnic_limit_take() - take a token
 * @limit: bucket
 * @now: ms; if it goes backwards, time stands still
 *
 * Return: whether there was one.
 */
bool vnic_limit_take(struct vnic_limit *limit, u64 now);

#endif /* VNIC_LIMIT_H */
