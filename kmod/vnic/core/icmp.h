/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP that the gateway itself sends (RFC 792): errors about packets that it did not pass on, and
 * answers to echo requests. How often, is limit.h's.
 */
#ifndef VNIC_ICMP_H
#define VNIC_ICMP_H

#include <linux/types.h>

#include "packet.h"

/* Octets of an error, at most (RFC 1812 4.3.2.3). */
#define VNIC_ICMP_ERROR_MOST	576

/* Types and codes of those that are sent here. */
#define VNIC_ICMP_UNREACHABLE		3
#define VNIC_ICMP_NET_UNREACHABLE	0
#define VNIC_ICMP_HOST_UNREACHABLE	1
#define VNIC_ICMP_PORT_UNREACHABLE	3
#define VNIC_ICMP_TOO_BIG		4	/* "fragmentation needed and DF set" */
#define VNIC_ICMP_PROHIBITED		13	/* RFC 1812 5.2.7.1 */
#define VNIC_ICMP_TIME_EXCEEDED		11
#define VNIC_ICMP_HOPS			0

/**
 * struct vnic_icmp_error - what is said
 * @from: address of who says it
 * @type: of the message
 * @code: likewise
 * @mtu: VNIC_ICMP_TOO_BIG: of the next hop (RFC 1191 4); else 0
 */
struct vnic_icmp_error {
	__be32 from;
	u8 type;
	u8 code;
	u16 mtu;
};

/**
 * vnic_icmp_error() - an error about a packet, to who sent it
 * @at: where the datagram is written
 * @room: octets there; VNIC_ICMP_ERROR_MOST are enough
 * @error: what is said
 * @about: the packet, from its IPv4 header on; not within what is written
 * @length: octets of it that are there to be read
 *
 * It quotes as much of the packet as there is, and fits. Nothing is said (RFC 1812 4.3.2.7) about
 * another error, a fragment other than the first, a packet to or from many or nobody, or one
 * whose header is not sound. That a packet came as a broadcast of the link, or is one of the
 * subnet, the caller knows.
 *
 * Return: octets of the datagram; 0: nothing is to be said.
 */
u32 vnic_icmp_error(u8 *at, u32 room, const struct vnic_icmp_error *error, const u8 *about,
		    u32 length);

/**
 * vnic_icmp_echo() - turn a request into its reply (RFC 1122 3.2.2.6)
 * @p: a sound packet whose destination is whoever answers
 *
 * Only headers change, and sums are updated: a damaged request gets a reply that is damaged.
 *
 * Return: false if it is no echo request: then nothing has changed.
 */
bool vnic_icmp_echo(struct vnic_packet *p);

#endif /* VNIC_ICMP_H */
