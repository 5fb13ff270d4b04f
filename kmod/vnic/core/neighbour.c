// SPDX-License-Identifier: GPL-2.0
/* Neighbour discovery: see neighbour.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "headers.h"
#include "neighbour.h"
#include "octets.h"

/* Where in the IPv6 header. */
#define IP_LENGTH	4
#define IP_NEXT		6
#define IP_HOPS		7
#define IP_SOURCE	8
#define IP_DESTINATION	24

#define ICMP6		58
#define LINK_ONLY	255	/* hops: no router has passed it on */

/* RFC 4861 4. */
#define ROUTER_SOLICITATION	133
#define ROUTER_ADVERTISEMENT	134
#define SOLICITATION		135
#define ADVERTISEMENT		136
#define REDIRECT		137

#define TYPE		0
#define CODE		1
#define FLAGS		4
#define TARGET		8
#define WITH_TARGET	24	/* octets before the options */
#define WITHOUT_TARGET	8

#define FLAG_ROUTER	0x80
#define FLAG_SOLICITED	0x40
#define FLAG_OVERRIDE	0x20

#define ROUTER_HOPS	4
#define ROUTER_LIFETIME	6
#define ROUTER_HEADER	16
#define HOPS		64

#define OPTION_SOURCE	1
#define OPTION_TARGET	2
#define OPTION_PREFIX	3
#define OPTION_MTU	5
#define OPTION_DNS	25	/* RFC 8106 5.1 */
#define OPTION_UNIT	8	/* of an option's length */

#define PREFIX_LENGTH	2
#define PREFIX_FLAGS	3
#define PREFIX_VALID	4
#define PREFIX_PREFERRED 8
#define PREFIX_PREFIX	16
#define DNS_LIFETIME	4
#define DNS_SERVERS	8
#define FLAG_ON_LINK	0x80
#define FLAG_AUTONOMOUS	0x40

const struct in6_addr vnic_neighbour_gateway = { { { 0xfe, 0x80, [15] = 1 } } };
const struct in6_addr vnic_neighbour_everybody = { { { 0xff, 0x02, [15] = 1 } } };

static const struct in6_addr nobody;

static bool same(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool is_multicast(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0xff;
}

/* ff02::1:ff00:0/104, RFC 4291 2.7.1. */
static bool is_solicited_node(const struct in6_addr *address)
{
	static const u8 prefix[13] = { 0xff, 0x02, [11] = 0x01, [12] = 0xff };

	return !memcmp(address, prefix, sizeof(prefix));
}

/* --- judging --- */

/**
 * struct said - a message of neighbour discovery
 * @source: of the packet
 * @destination: likewise
 * @icmp: the message
 * @length: octets of it
 */
struct said {
	struct in6_addr source;
	struct in6_addr destination;
	const u8 *icmp;
	u32 length;
};

/* VNIC_NEIGHBOUR_TELLS: no option is wrong. @about: the one that has a MAC address. */
static enum vnic_neighbour judge_options(const struct said *s, u32 at, u8 about, const u8 mac[6])
{
	while (at < s->length) {
		const u8 *option = s->icmp + at;
		u32 left = s->length - at;

		if (left < OPTION_UNIT || !option[1] || option[1] * OPTION_UNIT > left)
			return VNIC_NEIGHBOUR_MALFORMED;
		at += option[1] * OPTION_UNIT;
		if (option[0] != about)
			continue;
		/* Who has no address has nobody answer to it. */
		if (same(&s->source, &nobody))
			return VNIC_NEIGHBOUR_MALFORMED;
		if (option[1] != 1 || memcmp(option + 2, mac, 6) != 0)
			return VNIC_NEIGHBOUR_SPOOF;
	}
	return VNIC_NEIGHBOUR_TELLS;
}

/* RFC 4861 7.1.1. */
static enum vnic_neighbour judge_solicitation(const struct said *s, const struct in6_addr *target)
{
	if (is_multicast(target))
		return VNIC_NEIGHBOUR_MALFORMED;
	if (!same(&s->source, &nobody))
		return VNIC_NEIGHBOUR_ASKS;
	return is_solicited_node(&s->destination) ? VNIC_NEIGHBOUR_PROBES :
						    VNIC_NEIGHBOUR_MALFORMED;
}

/* RFC 4861 7.1.2, 4.4. */
static enum vnic_neighbour judge_advertisement(const struct said *s, const struct in6_addr *target)
{
	bool solicited = s->icmp[FLAGS] & FLAG_SOLICITED;

	if (same(target, &vnic_neighbour_gateway))
		return VNIC_NEIGHBOUR_SPOOF;
	if (is_multicast(target) || same(&s->source, &nobody))
		return VNIC_NEIGHBOUR_MALFORMED;
	if (is_multicast(&s->destination) && solicited)
		return VNIC_NEIGHBOUR_MALFORMED;
	return VNIC_NEIGHBOUR_TELLS;
}

static enum vnic_neighbour judge_with_target(struct vnic_neighbour_message *message,
					     const struct said *s, const u8 mac[6])
{
	bool asks = s->icmp[TYPE] == SOLICITATION;
	enum vnic_neighbour verdict;

	if (s->length < WITH_TARGET)
		return VNIC_NEIGHBOUR_MALFORMED;
	verdict = judge_options(s, WITH_TARGET, asks ? OPTION_SOURCE : OPTION_TARGET, mac);
	if (verdict != VNIC_NEIGHBOUR_TELLS)
		return verdict;
	memcpy(&message->target, s->icmp + TARGET, sizeof(message->target));
	return asks ? judge_solicitation(s, &message->target) :
		      judge_advertisement(s, &message->target);
}

/* RFC 4861 6.1.1. */
static enum vnic_neighbour judge_router_solicitation(const struct said *s, const u8 mac[6])
{
	enum vnic_neighbour verdict = judge_options(s, WITHOUT_TARGET, OPTION_SOURCE, mac);

	return verdict == VNIC_NEIGHBOUR_TELLS ? VNIC_NEIGHBOUR_ROUTER : verdict;
}

/* Whether it is neighbour discovery at all. */
static bool read_said(struct said *s, const u8 *at, u32 length)
{
	if (length < VNIC_IPV6_HEADER || at[0] >> 4 != 6 || at[IP_NEXT] != ICMP6)
		return false;
	s->icmp = at + VNIC_IPV6_HEADER;
	s->length = vnic_get16(at + IP_LENGTH);
	memcpy(&s->source, at + IP_SOURCE, sizeof(s->source));
	memcpy(&s->destination, at + IP_DESTINATION, sizeof(s->destination));
	if (s->length < WITHOUT_TARGET || s->length > length - VNIC_IPV6_HEADER)
		return false;
	return s->icmp[TYPE] >= ROUTER_SOLICITATION && s->icmp[TYPE] <= REDIRECT;
}

enum vnic_neighbour vnic_neighbour_judge(struct vnic_neighbour_message *message, const u8 *at,
					 u32 length, const u8 mac[6])
{
	struct said s;

	if (!read_said(&s, at, length))
		return VNIC_NEIGHBOUR_OTHER;
	if (at[IP_HOPS] != LINK_ONLY || s.icmp[CODE] || is_multicast(&s.source) ||
	    !vnic_icmp6_sum_right(at, s.icmp, s.length))
		return VNIC_NEIGHBOUR_MALFORMED;
	if (same(&s.source, &vnic_neighbour_gateway))
		return VNIC_NEIGHBOUR_SPOOF;
	*message = (struct vnic_neighbour_message){ .source = s.source };
	switch (s.icmp[TYPE]) {
	case ROUTER_SOLICITATION:
		return judge_router_solicitation(&s, mac);
	case SOLICITATION:
	case ADVERTISEMENT:
		return judge_with_target(message, &s, mac);
	default:
		return VNIC_NEIGHBOUR_SPOOF;
	}
}

/* --- answering --- */

/* Returns what follows it. */
static u8 *put_mac(u8 *at, u8 option, const u8 mac[6])
{
	at[0] = option;
	at[1] = 1;
	memcpy(at + 2, mac, 6);
	return at + OPTION_UNIT;
}

static u8 *put_mtu(u8 *at, u32 mtu)
{
	at[0] = OPTION_MTU;
	at[1] = 1;
	vnic_put32(at + 4, mtu);
	return at + OPTION_UNIT;
}

/* RFC 4861 4.6.2; an address is made of 64 bits of prefix (RFC 4862 5.5.3 (d), RFC 2464 4). */
static u8 *put_prefix(u8 *at, const struct vnic_router *router)
{
	at[0] = OPTION_PREFIX;
	at[1] = 4;
	at[PREFIX_LENGTH] = 64;
	at[PREFIX_FLAGS] = FLAG_AUTONOMOUS | (router->joined ? FLAG_ON_LINK : 0);
	vnic_put32(at + PREFIX_VALID, router->valid);
	vnic_put32(at + PREFIX_PREFERRED, min(router->preferred, router->valid));
	memcpy(at + PREFIX_PREFIX, &router->prefix, 8);
	return at + 4 * OPTION_UNIT;
}

static u8 *put_dns(u8 *at, const struct vnic_router *router)
{
	u32 octets = router->dns_count * sizeof(router->dns[0]);

	at[0] = OPTION_DNS;
	at[1] = 1 + octets / OPTION_UNIT;
	vnic_put32(at + DNS_LIFETIME, router->lifetime);
	memcpy(at + DNS_SERVERS, router->dns, octets);
	return at + DNS_SERVERS + octets;
}

u32 vnic_neighbour_advertise(u8 *at, u32 room, const struct vnic_neighbour_message *message,
			     const u8 mac[6])
{
	bool probed = same(&message->source, &nobody);
	u8 *icmp = at + VNIC_IPV6_HEADER;

	if (room < VNIC_NEIGHBOUR_ADVERTISEMENT)
		return 0;
	memset(icmp, 0, WITH_TARGET);
	icmp[TYPE] = ADVERTISEMENT;
	icmp[FLAGS] = FLAG_OVERRIDE | (probed ? 0 : FLAG_SOLICITED);
	if (same(&message->target, &vnic_neighbour_gateway))
		icmp[FLAGS] |= FLAG_ROUTER;
	memcpy(icmp + TARGET, &message->target, sizeof(message->target));
	put_mac(icmp + WITH_TARGET, OPTION_TARGET, mac);
	return vnic_put_icmp6(at, &message->target,
			      probed ? &vnic_neighbour_everybody : &message->source, LINK_ONLY,
			      WITH_TARGET + OPTION_UNIT);
}

u32 vnic_neighbour_route(u8 *at, u32 room, const struct vnic_router *router,
			 const struct in6_addr *to)
{
	u8 *icmp = at + VNIC_IPV6_HEADER, *end;

	if (room < VNIC_NEIGHBOUR_ROUTE)
		return 0;
	memset(icmp, 0, VNIC_NEIGHBOUR_ROUTE - VNIC_IPV6_HEADER);
	icmp[TYPE] = ROUTER_ADVERTISEMENT;
	icmp[ROUTER_HOPS] = HOPS;
	vnic_put16(icmp + ROUTER_LIFETIME, router->lifetime);
	end = put_mac(icmp + ROUTER_HEADER, OPTION_SOURCE, router->mac);
	if (router->mtu)
		end = put_mtu(end, router->mtu);
	end = put_prefix(end, router);
	if (router->dns_count)
		end = put_dns(end, router);
	return vnic_put_icmp6(at, &vnic_neighbour_gateway,
			      same(to, &nobody) ? &vnic_neighbour_everybody : to, LINK_ONLY,
			      end - icmp);
}
