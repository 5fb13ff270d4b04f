/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Headers of datagrams that the gateway itself sends, each with its sum computed over all that is
 * under it. (What others sent is only ever updated: see packet.h.)
 *
 * A datagram is written from its end: first what it carries, at its place, then the headers in
 * front of that. It is never fragmented, so that it needs no identification (RFC 6864 4.1). Pure;
 * octets are put one by one, so any alignment will do.
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

#endif /* VNIC_HEADERS_H */
