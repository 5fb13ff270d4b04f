/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Headers written: of datagrams that the gateway itself sends, each with its sum computed over all
 * that is under it. (What others sent is only ever updated: see packet.h.) A datagram is written
 * from its end: first what it carries, at its place, then the headers in front of that. It is never
 * fragmented, so that it needs no identification (RFC 6864 4.1).
 *
 * And headers passed over: those that an IPv6 packet may have before what it is about (RFC 8200 4).
 *
 *	at                              upper
 *	| IPv6 header | extension ... | TCP, UDP, ICMPv6, ...
 *
 * Pure; octets are put and read one by one, so any alignment will do.
 */
#ifndef VNIC_HEADERS_H
#define VNIC_HEADERS_H

#include <linux/in6.h>
#include <linux/types.h>

#define VNIC_IPV4_HEADER	20
#define VNIC_IPV6_HEADER	40
#define VNIC_UDP_HEADER		8
#define VNIC_ICMP_HEADER	8

/**
 * vnic_sum() - the one's complement sum of octets (RFC 1071)
 * @at: octets; the first is the more significant one of its word
 * @length: how many, 65535 at most; an odd one is as if a 0 followed
 * @sum: what is added before: a sum, or several that together have at most 32 bits
 *
 * Return: the sum, not its complement. All ones: whatever holds its own sum is undamaged.
 */
u16 vnic_sum(const u8 *at, u32 length, u32 sum);

/**
 * struct vnic_udp_ends - from where to where a UDP datagram goes
 * @source: address
 * @destination: address
 * @source_port: in the host's order
 * @destination_port: likewise
 */
struct vnic_udp_ends {
	__be32 source;
	__be32 destination;
	u16 source_port;
	u16 destination_port;
};

/**
 * vnic_put_udp() - the IPv4 and UDP headers in front of a payload (RFC 768)
 * @at: VNIC_IPV4_HEADER + VNIC_UDP_HEADER octets, then the payload
 * @ends: whose they are
 * @payload: octets of it, 65507 at most
 *
 * Return: octets of the datagram.
 */
u32 vnic_put_udp(u8 *at, const struct vnic_udp_ends *ends, u16 payload);

/**
 * vnic_put_icmp() - the IPv4 header and the sum of an ICMP error (RFC 792)
 * @at: VNIC_IPV4_HEADER octets, then the message
 * @source: address
 * @destination: address
 * @message: octets of it
 *
 * Its precedence is that of internetwork control (RFC 1812 4.3.2.5).
 *
 * Return: octets of the datagram.
 */
u32 vnic_put_icmp(u8 *at, __be32 source, __be32 destination, u16 message);

/**
 * vnic_put_icmp6() - the IPv6 header and the sum of an ICMPv6 message (RFC 8200 3, RFC 4443 2.3)
 * @at: VNIC_IPV6_HEADER octets, then the message
 * @source: address
 * @destination: address
 * @hops: hop limit
 * @message: octets of it
 *
 * Return: octets of the datagram.
 */
u32 vnic_put_icmp6(u8 *at, const struct in6_addr *source, const struct in6_addr *destination,
		   u8 hops, u16 message);

/**
 * vnic_icmp6_sum_right() - whether an ICMPv6 message is as it was sent (RFC 8200 8.1)
 * @ip: the IPv6 header, whose addresses are those of the pseudo-header
 * @message: the message
 * @length: octets of it
 */
bool vnic_icmp6_sum_right(const u8 *ip, const u8 *message, u32 length);

/* Octets from the IPv6 header on that are looked at: extension headers, an error, its quotation. */
#define VNIC_IPV6_HEADERS	256

/**
 * enum vnic_ipv6_fault - why a packet is not looked into
 * @VNIC_IPV6_SOUND: it may be
 * @VNIC_IPV6_TRUNCATED: it ends within its header, or before the length that it states
 * @VNIC_IPV6_OTHER: the version says so
 * @VNIC_IPV6_BAD_HEADER: lengths that contradict each other, or more headers than are looked at
 * @VNIC_IPV6_SOURCE_ROUTED: routing header of type 0 (RFC 5095)
 */
enum vnic_ipv6_fault {
	VNIC_IPV6_SOUND,
	VNIC_IPV6_TRUNCATED,
	VNIC_IPV6_OTHER,
	VNIC_IPV6_BAD_HEADER,
	VNIC_IPV6_SOURCE_ROUTED,
};

/**
 * struct vnic_ipv6 - a packet whose headers were found
 * @at: the IPv6 header
 * @length: of the packet, as its header says
 * @there: octets of it that may be looked at
 * @upper: where what follows the extension headers begins, from @at; @there at most
 * @protocol: what that is; of a fragment other than the first, VNIC_IPV6_NOTHING
 */
struct vnic_ipv6 {
	const u8 *at;
	u32 length;
	u32 there;
	u32 upper;
	u8 protocol;
};

#define VNIC_IPV6_NOTHING	59	/* "no next header" */

/**
 * vnic_ipv6_read() - find the headers of a packet
 * @p: set, if it is sound
 * @at: the IPv6 header; any alignment
 * @linear: octets that are there to be read: VNIC_IPV6_HEADERS or all of them
 * @length: octets that follow @at in all, padding included
 *
 * Return: VNIC_IPV6_SOUND, or what is wrong first.
 */
enum vnic_ipv6_fault vnic_ipv6_read(struct vnic_ipv6 *p, const u8 *at, u32 linear, u32 length);

#endif /* VNIC_HEADERS_H */
