// SPDX-License-Identifier: GPL-2.0
/* ICMP that the gateway sends: see icmp.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "headers.h"
#include "icmp.h"
#include "martian.h"
#include "octets.h"

/* Where in the IPv4 header. */
#define IP_LENGTH	2
#define IP_FRAGMENT	6
#define IP_TTL		8
#define IP_PROTOCOL	9
#define IP_SUM		10
#define IP_SOURCE	12
#define IP_DESTINATION	16

#define FRAGMENT_OFFSET	0x1fff
#define PROTOCOL_ICMP	1
#define TTL		64
#define MULTICAST	224	/* first octet, and so on: nobody alone */

/* Where in the message. */
#define TYPE		0
#define CODE		1
#define SUM		2
#define REST		4
#define MTU		6

#define ECHO_REPLY	0
#define ECHO_REQUEST	8

/* RFC 792: octets behind the header that its sender needs to know which it was. */
#define QUOTED_LEAST	8

/* What is not known may be an error, and about those nothing is said. */
static bool is_query(u8 type)
{
	switch (type) {
	case ECHO_REPLY:
	case ECHO_REQUEST:
	case 13:	/* timestamp, and its reply */
	case 14:
	case 15:	/* information */
	case 16:
	case 17:	/* address mask */
	case 18:
		return true;
	default:
		return false;
	}
}

/* Octets of its header; 0: it is not sound, or its end is not there. */
static u32 header_of(const u8 *ip, u32 length)
{
	u32 size;

	if (length < VNIC_IPV4_HEADER || ip[0] >> 4 != 4)
		return 0;
	size = (ip[0] & 0xf) * 4;
	if (size < VNIC_IPV4_HEADER || size > length || vnic_get16(ip + IP_LENGTH) < size)
		return 0;
	return vnic_sum(ip, size, 0) == 0xffff ? size : 0;
}

/* RFC 1812 4.3.2.7. @there: octets of the datagram, @size of them its header. */
static bool may_be_told(const u8 *ip, u32 size, u32 there)
{
	if (vnic_martian(vnic_get_address(ip + IP_SOURCE)) || ip[IP_DESTINATION] >= MULTICAST)
		return false;
	if (vnic_get16(ip + IP_FRAGMENT) & FRAGMENT_OFFSET)
		return false;
	if (ip[IP_PROTOCOL] != PROTOCOL_ICMP)
		return true;
	return there > size && is_query(ip[size]);
}

u32 vnic_icmp_error(u8 *at, u32 room, const struct vnic_icmp_error *error, const u8 *about,
		    u32 length)
{
	u32 headers = VNIC_IPV4_HEADER + VNIC_ICMP_HEADER;
	u8 *icmp = at + VNIC_IPV4_HEADER;
	u32 size = header_of(about, length), whole;

	if (!size)
		return 0;
	whole = vnic_get16(about + IP_LENGTH);
	length = min(length, whole);
	if (!may_be_told(about, size, length))
		return 0;
	room = min_t(u32, room, VNIC_ICMP_ERROR_MOST);
	if (room < headers)
		return 0;
	length = min(length, room - headers);
	if (length < min(whole, size + QUOTED_LEAST))
		return 0;
	memcpy(at + headers, about, length);
	icmp[TYPE] = error->type;
	icmp[CODE] = error->code;
	vnic_put32(icmp + REST, 0);
	vnic_put16(icmp + MTU, error->mtu);
	return vnic_put_icmp(at, error->from, vnic_get_address(about + IP_SOURCE),
			     VNIC_ICMP_HEADER + length);
}

/* RFC 1624, as in packet.c: what was damaged stays so. */
static void set_type(u8 *icmp, u8 type)
{
	u16 sum = ~vnic_get16(icmp + SUM), from = ~vnic_get16(icmp);

	icmp[TYPE] = type;
	vnic_put16(icmp + SUM, ~vnic_sum(NULL, 0, (u32)sum + from + vnic_get16(icmp)));
}

bool vnic_icmp_echo(struct vnic_packet *p)
{
	u8 *icmp = p->at + p->transport;
	struct vnic_end asks = p->source;

	if (p->protocol != PROTOCOL_ICMP || vnic_packet_is_error(p) || icmp[TYPE] != ECHO_REQUEST)
		return false;
	p->source = p->destination;
	p->destination = asks;
	vnic_put_address(p->at + IP_SOURCE, p->source.address);
	vnic_put_address(p->at + IP_DESTINATION, p->destination.address);
	set_type(icmp, ECHO_REPLY);
	/* The header was sound, and is whole: its sum may be computed. */
	p->at[IP_TTL] = TTL;
	vnic_put16(p->at + IP_SUM, 0);
	vnic_put16(p->at + IP_SUM, ~vnic_sum(p->at, p->transport, 0));
	return true;
}
