/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYNs that nobody asked for. They are not answered at once: it may be the one half of a
 * simultaneous open, whose other half is yet to come (RFC 5382 4.3, REQ-4).
 *
 *	     first                        first + count
 *	       |                                |
 *	 . . . | SYN | SYN | (forgotten) | SYN  | . . .		a ring, in order of arrival
 */
#ifndef VNIC_SYN_H
#define VNIC_SYN_H

#include <linux/types.h>

#include "nat.h"

/* As many are held; of more, nobody is told: so much ICMP can be asked of us, and no more. */
#define VNIC_SYNS	64

/**
 * struct vnic_held_syn - one
 * @came: when
 * @source: ends
 * @destination: likewise
 * @syn: what is told of it; its length is 0 if it was forgotten
 */
struct vnic_held_syn {
	u64 came;
	struct vnic_end source;
	struct vnic_end destination;
	struct vnic_nat_syn syn;
};

/**
 * struct vnic_syns - those that are held
 * @first: the oldest
 * @count: how many, from there on
 * @ring: they
 */
struct vnic_syns {
	u32 first;
	u32 count;
	struct vnic_held_syn ring[VNIC_SYNS];
};

/**
 * vnic_syn_hold() - one came
 * @syns: those that are held
 * @p: it, as it came
 * @now: ms
 */
void vnic_syn_hold(struct vnic_syns *syns, const struct vnic_packet *p, u64 now);

/**
 * vnic_syn_forget() - the connection was opened otherwise
 * @syns: those that are held
 * @outside: where the SYN was sent to
 * @remote: who sent it
 */
void vnic_syn_forget(struct vnic_syns *syns, struct vnic_end outside, struct vnic_end remote);

/**
 * vnic_syn_forget_others() - outside addresses have changed
 * @nat: translator: SYNs to what is no address of it now are forgotten
 */
void vnic_syn_forget_others(struct vnic_nat *nat);

#endif /* VNIC_SYN_H */
