/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMPv6 that the gateway itself sends (RFC 4443), other than neighbour discovery: errors about
 * packets that it did not pass on, and answers to echo requests. How often, is limit.h's.
 */
#ifndef VNIC_ICMP6_H
#define VNIC_ICMP6_H

#include <linux/in6.h>
#include <linux/types.h>

/* Octets of an error, at most: what every link takes (RFC 4443 2.4 (c)). */
#define VNIC_ICMP6_ERROR_MOST		1280

/* Types and codes of those that are sent here. */
#define VNIC_ICMP6_UNREACHABLE		1
#define VNIC_ICMP6_NO_ROUTE		0
#define VNIC_ICMP6_PROHIBITED		1
#define VNIC_ICMP6_ADDRESS_UNREACHABLE	3
#define VNIC_ICMP6_TOO_BIG		2
#define VNIC_ICMP6_TIME_EXCEEDED	3
#define VNIC_ICMP6_HOPS			0

/**
 * struct vnic_icmp6_error - what is said
 * @from: address of who says it
 * @type: of the message
 * @code: likewise
 * @mtu: VNIC_ICMP6_TOO_BIG: of the next hop; else 0
 */
struct vnic_icmp6_error {
	struct in6_addr from;
	u8 type;
	u8 code;
	u32 mtu;
};

/**
 * vnic_icmp6_error() - an error about a packet, to who sent it
 * @at: where the packet is written
 * @room: octets there; VNIC_ICMP6_ERROR_MOST are enough
 * @error: what is said
 * @about: the packet, from its IPv6 header on; not within what is written
 * @length: octets of it that are there to be read
 *
 * It quotes as much of the packet as there is, and fits. Nothing is said (RFC 4443 2.4 (e)) about
 * another error, a redirect, a packet from many or nobody, to many (but that it is too big), or
 * one whose headers are not sound. That a packet came as a broadcast of the link, the caller knows.
 *
 * Return: octets of the packet; 0: nothing is to be said.
 */
u32 vnic_icmp6_error(u8 *at, u32 room, const struct vnic_icmp6_error *error, const u8 *about,
		     u32 length);

/**
 * vnic_icmp6_echo() - turn a request into its reply (RFC 4443 4.2)
 * @at: the IPv6 header of a packet whose destination is whoever answers
 * @linear: octets that are there to be read and written: VNIC_IPV6_HEADERS or all of them
 * @length: octets that follow @at in all, padding included
 *
 * Only headers change, and the sum is updated: a damaged request gets a reply that is damaged.
 *
 * Return: false if it is no echo request: then nothing has changed.
 */
bool vnic_icmp6_echo(u8 *at, u32 linear, u32 length);

#endif /* VNIC_ICMP6_H */
