// SPDX-License-Identifier: GPL-2.0
/* Headers written, and passed over: see headers.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "headers.h"
#include "octets.h"

/* Where in the IPv4 header. */
#define IP_SERVICE	1
#define IP_LENGTH	2
#define IP_FRAGMENT	6
#define IP_TTL		8
#define IP_PROTOCOL	9
#define IP_SUM		10
#define IP_SOURCE	12
#define IP_DESTINATION	16

#define DONT_FRAGMENT	0x4000
#define TTL		64	/* RFC 1700 */
#define INTERNETWORK_CONTROL 0xc0

#define IP6_LENGTH	4
#define IP6_NEXT	6
#define IP6_HOPS	7
#define IP6_SOURCE	8
#define IP6_DESTINATION	24

#define UDP_LENGTH	4
#define UDP_SUM		6
#define ICMP_SUM	2

#define PROTOCOL_ICMP	1
#define PROTOCOL_UDP	17
#define PROTOCOL_ICMP6	58

/* Extension headers, RFC 8200 4, 7045; all but the fragment's tell their length in octet 1. */
#define HOP_BY_HOP	0
#define ROUTING		43
#define FRAGMENT	44
#define OPTIONS		60
#define MOBILITY	135
#define HIP		139
#define SHIM6		140
#define EXTENSION_LEAST	8

#define ROUTING_TYPE	2
#define ROUTING_LEFT	3
#define FRAGMENT_OFFSET	2

/* --- writing --- */

u16 vnic_sum(const u8 *at, u32 length, u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	for (u32 i = 0; i < length; i++)
		sum += i % 2 ? at[i] : at[i] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static void put_ipv4(u8 *at, u8 protocol, __be32 source, __be32 destination, u16 payload)
{
	memset(at, 0, VNIC_IPV4_HEADER);
	at[0] = 4 << 4 | VNIC_IPV4_HEADER / 4;
	at[IP_SERVICE] = protocol == PROTOCOL_ICMP ? INTERNETWORK_CONTROL : 0;
	vnic_put16(at + IP_LENGTH, VNIC_IPV4_HEADER + payload);
	vnic_put16(at + IP_FRAGMENT, DONT_FRAGMENT);
	at[IP_TTL] = TTL;
	at[IP_PROTOCOL] = protocol;
	vnic_put_address(at + IP_SOURCE, source);
	vnic_put_address(at + IP_DESTINATION, destination);
	vnic_put16(at + IP_SUM, ~vnic_sum(at, VNIC_IPV4_HEADER, 0));
}

u32 vnic_put_udp(u8 *at, const struct vnic_udp_ends *ends, u16 payload)
{
	u8 *udp = at + VNIC_IPV4_HEADER;
	u16 length = VNIC_UDP_HEADER + payload, sum;

	put_ipv4(at, PROTOCOL_UDP, ends->source, ends->destination, length);
	vnic_put16(udp, ends->source_port);
	vnic_put16(udp + 2, ends->destination_port);
	vnic_put16(udp + UDP_LENGTH, length);
	vnic_put16(udp + UDP_SUM, 0);
	/* The addresses, where they are, are the greater part of the pseudo-header. */
	sum = vnic_sum(at + IP_SOURCE, 8, PROTOCOL_UDP + length);
	sum = ~vnic_sum(udp, length, sum);
	/* 0 would say that there is none (RFC 768). */
	vnic_put16(udp + UDP_SUM, sum ? sum : 0xffff);
	return VNIC_IPV4_HEADER + length;
}

u32 vnic_put_icmp(u8 *at, __be32 source, __be32 destination, u16 message)
{
	u8 *icmp = at + VNIC_IPV4_HEADER;

	put_ipv4(at, PROTOCOL_ICMP, source, destination, message);
	vnic_put16(icmp + ICMP_SUM, 0);
	vnic_put16(icmp + ICMP_SUM, ~vnic_sum(icmp, message, 0));
	return VNIC_IPV4_HEADER + message;
}

/* The pseudo-header is under this sum too, other than in IPv4. */
static u16 icmp6_sum(const u8 *ip, const u8 *message, u32 length)
{
	u16 pseudo = vnic_sum(ip + IP6_SOURCE, 32, PROTOCOL_ICMP6 + length);

	return vnic_sum(message, length, pseudo);
}

u32 vnic_put_icmp6(u8 *at, const struct in6_addr *source, const struct in6_addr *destination,
		   u8 hops, u16 message)
{
	u8 *icmp = at + VNIC_IPV6_HEADER;

	memset(at, 0, VNIC_IPV6_HEADER);
	at[0] = 6 << 4;
	vnic_put16(at + IP6_LENGTH, message);
	at[IP6_NEXT] = PROTOCOL_ICMP6;
	at[IP6_HOPS] = hops;
	memcpy(at + IP6_SOURCE, source, sizeof(*source));
	memcpy(at + IP6_DESTINATION, destination, sizeof(*destination));
	vnic_put16(icmp + ICMP_SUM, 0);
	vnic_put16(icmp + ICMP_SUM, ~icmp6_sum(at, icmp, message));
	return VNIC_IPV6_HEADER + message;
}

bool vnic_icmp6_sum_right(const u8 *ip, const u8 *message, u32 length)
{
	return icmp6_sum(ip, message, length) == 0xffff;
}

/* --- passing over --- */

static bool is_extension(u8 next)
{
	switch (next) {
	case HOP_BY_HOP:
	case ROUTING:
	case FRAGMENT:
	case OPTIONS:
	case MOBILITY:
	case HIP:
	case SHIM6:
		return true;
	default:
		return false;
	}
}

/* One extension header further. */
static enum vnic_ipv6_fault step(struct vnic_ipv6 *p)
{
	const u8 *header = p->at + p->upper;
	u32 left = p->there - p->upper, size = EXTENSION_LEAST;

	if (left < size)
		return VNIC_IPV6_BAD_HEADER;
	if (p->protocol != FRAGMENT)
		size += header[1] * 8;
	if (left < size)
		return VNIC_IPV6_BAD_HEADER;
	if (p->protocol == ROUTING && !header[ROUTING_TYPE] && header[ROUTING_LEFT])
		return VNIC_IPV6_SOURCE_ROUTED;
	/* What follows is the middle of something. */
	if (p->protocol == FRAGMENT && vnic_get16(header + FRAGMENT_OFFSET) >> 3)
		p->protocol = VNIC_IPV6_NOTHING;
	else
		p->protocol = header[0];
	p->upper += size;
	return VNIC_IPV6_SOUND;
}

enum vnic_ipv6_fault vnic_ipv6_read(struct vnic_ipv6 *p, const u8 *at, u32 linear, u32 length)
{
	enum vnic_ipv6_fault fault;
	u32 whole;

	if (linear < VNIC_IPV6_HEADER)
		return VNIC_IPV6_TRUNCATED;
	if (at[0] >> 4 != 6)
		return VNIC_IPV6_OTHER;
	whole = VNIC_IPV6_HEADER + vnic_get16(at + IP6_LENGTH);
	if (whole > length)
		return VNIC_IPV6_TRUNCATED;
	*p = (struct vnic_ipv6){
		.at = at,
		.length = whole,
		.there = min_t(u32, min(linear, whole), VNIC_IPV6_HEADERS),
		.upper = VNIC_IPV6_HEADER,
		.protocol = at[IP6_NEXT],
	};
	while (is_extension(p->protocol)) {
		fault = step(p);
		if (fault)
			return fault;
	}
	return VNIC_IPV6_SOUND;
}
