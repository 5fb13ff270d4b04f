/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams made the plain way, octet by octet, every sum computed over all that is under it. What
 * translation makes of one datagram has to be the one that is made with the new ends.
 */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include "packet.h"

#define ICMP	1
#define TCP	6
#define UDP	17

/* How its sum is told. */
enum sum_kind { SUM_FULL, SUM_NONE, SUM_PARTIAL };

#define PAYLOAD_MOST	64
#define OPTIONS_MOST	40

/**
 * struct plan - what a datagram is to be
 * @protocol: ICMP (a query), TCP or UDP
 * @sum: NONE: of UDP only; PARTIAL: not of ICMP
 * @reply: ICMP: the answer
 * @error: it is quoted by an ICMP error, whose ends are @reporter and @told
 * @quoted: octets of it that are quoted
 * @ttl: of the outer header
 * @fragment: field of the header
 * @options: octets of options, a multiple of 4
 * @payload: octets behind the transport header
 * @source: ends; ICMP has a port at the end that asks
 * @destination: likewise
 * @reporter: address of who sends the error
 * @told: address of who is told
 * @option: their octets
 * @content: of the payload
 */
struct plan {
	u8 protocol;
	enum sum_kind sum;
	bool reply;
	bool error;
	u32 quoted;
	u8 ttl;
	u16 fragment;
	u32 options;
	u32 payload;
	struct vnic_end source;
	struct vnic_end destination;
	__be32 reporter;
	__be32 told;
	u8 option[OPTIONS_MOST];
	u8 content[PAYLOAD_MOST];
};

/**
 * struct datagram - octets, in memory of exactly that size
 * @at: where
 * @length: how many
 */
struct datagram {
	u8 *at;
	u32 length;
};

struct datagram make(const struct plan *plan);
void throw_away(struct datagram d);

/* The one's complement sum of RFC 1071, as a number: most significant octet first. */
u16 sum_of(const u8 *at, u32 length, u32 sum);

/* Make the IPv4 header's sum right again. */
void set_ip_sum(u8 *ip);

/* Read all of it. */
enum vnic_fault read_all(struct vnic_packet *p, struct datagram d, const struct plan *plan);

struct vnic_end end_of(u32 address, u16 port);

#endif
