// SPDX-License-Identifier: GPL-2.0
/* ICMPv6 that the gateway sends: see icmp6.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "headers.h"
#include "icmp6.h"
#include "martian.h"
#include "octets.h"

/* Where in the IPv6 header. */
#define IP_HOPS		7
#define IP_SOURCE	8
#define IP_DESTINATION	24

#define HOPS		64
#define ICMP6		58
#define MULTICAST	0xff	/* first octet */
#define LONGEST		(VNIC_IPV6_HEADER + 0xffff)

/* Where in the message. */
#define TYPE		0
#define CODE		1
#define SUM		2
#define MTU		4

#define FIRST_QUERY	128
#define ECHO_REQUEST	128
#define ECHO_REPLY	129
#define REDIRECT	137

static struct in6_addr address_at(const u8 *at)
{
	struct in6_addr address;

	memcpy(&address, at, sizeof(address));
	return address;
}

/* A guest that has no other address yet is told, too. */
static bool is_one(const struct in6_addr *source)
{
	bool link_local = source->s6_addr[0] == 0xfe && (source->s6_addr[1] & 0xc0) == 0x80;

	return link_local || !vnic_martian6(source);
}

/* RFC 4443 2.4 (e). */
static bool may_be_told(const struct vnic_ipv6 *p, u8 type)
{
	struct in6_addr source = address_at(p->at + IP_SOURCE);
	u8 quoted;

	if (!is_one(&source))
		return false;
	if (p->at[IP_DESTINATION] == MULTICAST && type != VNIC_ICMP6_TOO_BIG)
		return false;
	if (p->protocol != ICMP6)
		return true;
	if (p->there == p->upper)
		return false;
	quoted = p->at[p->upper];
	return quoted >= FIRST_QUERY && quoted != REDIRECT;
}

u32 vnic_icmp6_error(u8 *at, u32 room, const struct vnic_icmp6_error *error, const u8 *about,
		     u32 length)
{
	u32 headers = VNIC_IPV6_HEADER + VNIC_ICMP_HEADER;
	u8 *icmp = at + VNIC_IPV6_HEADER;
	struct in6_addr to;
	struct vnic_ipv6 p;

	/* It need not be here whole. */
	if (vnic_ipv6_read(&p, about, length, LONGEST) || !may_be_told(&p, error->type))
		return 0;
	room = min_t(u32, room, VNIC_ICMP6_ERROR_MOST);
	if (room < headers + VNIC_IPV6_HEADER)
		return 0;
	length = min(min(length, p.length), room - headers);
	memcpy(at + headers, about, length);
	icmp[TYPE] = error->type;
	icmp[CODE] = error->code;
	vnic_put32(icmp + MTU, error->mtu);
	to = address_at(about + IP_SOURCE);
	return vnic_put_icmp6(at, &error->from, &to, HOPS, VNIC_ICMP_HEADER + length);
}

/* RFC 1624, as in packet.c. The addresses' order makes no difference to the sum. */
static void set_type(u8 *icmp, u8 type)
{
	u16 sum = ~vnic_get16(icmp + SUM), from = ~vnic_get16(icmp);

	icmp[TYPE] = type;
	vnic_put16(icmp + SUM, ~vnic_sum(NULL, 0, (u32)sum + from + vnic_get16(icmp)));
}

bool vnic_icmp6_echo(u8 *at, u32 linear, u32 length)
{
	struct in6_addr asks;
	struct vnic_ipv6 p;

	if (vnic_ipv6_read(&p, at, linear, length) || p.protocol != ICMP6 ||
	    p.there - p.upper < VNIC_ICMP_HEADER || at[p.upper] != ECHO_REQUEST)
		return false;
	asks = address_at(at + IP_SOURCE);
	memcpy(at + IP_SOURCE, at + IP_DESTINATION, sizeof(asks));
	memcpy(at + IP_DESTINATION, &asks, sizeof(asks));
	at[IP_HOPS] = HOPS;
	set_type(at + p.upper, ECHO_REPLY);
	return true;
}
