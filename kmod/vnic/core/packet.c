// SPDX-License-Identifier: GPL-2.0
/* Headers found, and words replaced under their sums: see packet.h. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "packet.h"

/* IPv4, RFC 791 3.1: where in the header. */
#define IP_LENGTH	2
#define IP_FRAGMENT	6
#define IP_TTL		8
#define IP_PROTOCOL	9
#define IP_SUM		10
#define IP_SOURCE	12
#define IP_DESTINATION	16
#define IP_HEADER	20

#define FRAGMENT	0x3fff	/* More fragments, and the offset; not DF. */
#define FRAGMENT_MORE	0x2000
#define FRAGMENT_OFFSET	0x1fff

#define PROTOCOL_ICMP	1
#define PROTOCOL_TCP	6
#define PROTOCOL_UDP	17

#define OPTION_END	0
#define OPTION_NOTHING	1
#define OPTION_LOOSE	131
#define OPTION_STRICT	137

/* TCP, RFC 9293 3.1; UDP, RFC 768: ports are where both have them. */
#define PORT_SOURCE	0
#define PORT_DESTINATION 2
#define TCP_OFFSET	12
#define TCP_FLAGS	13
#define TCP_SUM		16
#define TCP_HEADER	20
#define UDP_LENGTH	4
#define UDP_SUM		6
#define UDP_HEADER	8

/* ICMP, RFC 792. */
#define ICMP_SUM	2
#define ICMP_IDENTIFIER	4
#define ICMP_HEADER	8

#define ICMP_ECHO_REPLY		0
#define ICMP_UNREACHABLE	3
#define ICMP_ECHO_REQUEST	8
#define ICMP_TIME_EXCEEDED	11
#define ICMP_PARAMETER_PROBLEM	12

/* --- words --- */

static u16 word(const u8 *at)
{
	return at[0] << 8 | at[1];
}

static __be16 port_at(const u8 *at)
{
	__be16 port;

	memcpy(&port, at, sizeof(port));
	return port;
}

static __be32 address_at(const u8 *at)
{
	__be32 address;

	memcpy(&address, at, sizeof(address));
	return address;
}

static u16 fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static u16 updated(u16 sum, u16 from, u16 to)
{
	/* lab 04 step 1 begin: a sum, one of whose words has changed; skeleton: return sum; */
	return ~fold((u32)(u16)~sum + (u16)~from + to);
	/* lab 04 step 1 end */
}

/* --- finding the headers --- */

/* The header's own sum is under the sum: what is right comes to all ones. */
static bool header_sum_right(const u8 *ip, u32 size)
{
	u32 sum = 0;

	for (u32 i = 0; i < size; i += 2)
		sum += word(ip + i);
	return fold(sum) == 0xffff;
}

static enum vnic_fault read_options(const u8 *ip, u32 size)
{
	u32 at = IP_HEADER;

	while (at < size && ip[at] != OPTION_END) {
		if (ip[at] == OPTION_NOTHING) {
			at++;
			continue;
		}
		if (at + 1 == size || ip[at + 1] < 2 || ip[at + 1] > size - at)
			return VNIC_BAD_HEADER;
		if (ip[at] == OPTION_LOOSE || ip[at] == OPTION_STRICT)
			return VNIC_SOURCE_ROUTED;
		at += ip[at + 1];
	}
	return VNIC_SOUND;
}

/* What a whole header and a quoted one have in common. *@size: of the header. */
static enum vnic_fault read_ip(const u8 *ip, u32 linear, u32 *size)
{
	if (linear < IP_HEADER)
		return VNIC_TRUNCATED;
	if (ip[0] >> 4 != 4)
		return VNIC_NOT_IPV4;
	*size = (ip[0] & 0xf) * 4;
	if (*size < IP_HEADER)
		return VNIC_BAD_HEADER;
	if (linear < *size)
		return VNIC_TRUNCATED;
	if (!header_sum_right(ip, *size))
		return VNIC_BAD_SUM;
	return VNIC_SOUND;
}

/* @there: octets of the transport header and what follows that may be looked at. */
static enum vnic_fault read_tcp(struct vnic_packet *p, u32 there)
{
	const u8 *tcp = p->at + p->transport;
	u32 payload = p->length - p->transport;

	if (there < TCP_HEADER)
		return VNIC_TRUNCATED;
	if (tcp[TCP_OFFSET] >> 4 < TCP_HEADER / 4 || (u32)(tcp[TCP_OFFSET] >> 4) * 4 > payload)
		return VNIC_BAD_HEADER;
	p->tcp_flags = tcp[TCP_FLAGS];
	return VNIC_SOUND;
}

static enum vnic_fault read_udp(const struct vnic_packet *p, u32 there)
{
	const u8 *udp = p->at + p->transport;

	if (there < UDP_HEADER)
		return VNIC_TRUNCATED;
	if (word(udp + UDP_LENGTH) < UDP_HEADER ||
	    (word(udp + UDP_LENGTH) > p->length - p->transport && !p->first))
		return VNIC_BAD_HEADER;
	return VNIC_SOUND;
}

static void read_ports(const u8 *transport, struct vnic_end *source, struct vnic_end *destination)
{
	source->port = port_at(transport + PORT_SOURCE);
	destination->port = port_at(transport + PORT_DESTINATION);
}

/* False if it is no query. The identifier is of the end that asks. */
static bool read_query(const u8 *icmp, struct vnic_end *source, struct vnic_end *destination)
{
	__be16 identifier = port_at(icmp + ICMP_IDENTIFIER);

	source->port = icmp[0] == ICMP_ECHO_REQUEST ? identifier : 0;
	destination->port = icmp[0] == ICMP_ECHO_REPLY ? identifier : 0;
	return icmp[0] == ICMP_ECHO_REQUEST || icmp[0] == ICMP_ECHO_REPLY;
}

/*
 * RFC 792: the header and 8 octets at least. What is stated of its length is that of a packet
 * which is not here: it is not compared with anything.
 */
static enum vnic_fault read_quoted(struct vnic_packet *p, u32 there)
{
	u32 quoted = there - ICMP_HEADER, size;
	enum vnic_fault fault;
	const u8 *ip, *transport;

	p->inner = p->transport + ICMP_HEADER;
	ip = p->at + p->inner;
	fault = read_ip(ip, quoted, &size);
	if (fault)
		return fault;
	if (quoted - size < ICMP_HEADER)
		return VNIC_TRUNCATED;
	/* Of one that was sent in pieces, only the first has ports. */
	if (word(ip + IP_FRAGMENT) & FRAGMENT_OFFSET)
		return VNIC_FRAGMENT;
	p->inner_transport = p->inner + size;
	transport = p->at + p->inner_transport;
	p->protocol = ip[IP_PROTOCOL];
	p->inner_source.address = address_at(ip + IP_SOURCE);
	p->inner_destination.address = address_at(ip + IP_DESTINATION);
	if (p->protocol == PROTOCOL_ICMP)
		return read_query(transport, &p->inner_source, &p->inner_destination) ?
		       VNIC_SOUND : VNIC_UNKNOWN_PROTOCOL;
	if (p->protocol != PROTOCOL_TCP && p->protocol != PROTOCOL_UDP)
		return VNIC_UNKNOWN_PROTOCOL;
	read_ports(transport, &p->inner_source, &p->inner_destination);
	p->quoted_sum = p->protocol == PROTOCOL_UDP || quoted - size >= TCP_SUM + 2;
	return VNIC_SOUND;
}

static enum vnic_fault read_icmp(struct vnic_packet *p, u32 there)
{
	const u8 *icmp = p->at + p->transport;

	if (there < ICMP_HEADER)
		return VNIC_TRUNCATED;
	switch (icmp[0]) {
	case ICMP_UNREACHABLE:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM:
		return p->first ? VNIC_FRAGMENT : read_quoted(p, there);
	default:
		return read_query(icmp, &p->source, &p->destination) ? VNIC_SOUND :
								       VNIC_UNKNOWN_PROTOCOL;
	}
}

/* @first: it is the first fragment, else the whole of a datagram. */
static enum vnic_fault read_packet(struct vnic_packet *p, u8 *at, u32 linear, u32 length,
				   bool partial, bool first)
{
	enum vnic_fault fault;
	u32 size, there;

	fault = read_ip(at, linear, &size);
	if (fault)
		return fault;
	*p = (struct vnic_packet){
		.at = at,
		.length = word(at + IP_LENGTH),
		.transport = size,
		.protocol = at[IP_PROTOCOL],
		.partial = partial,
		.first = first,
		.source.address = address_at(at + IP_SOURCE),
		.destination.address = address_at(at + IP_DESTINATION),
	};
	if (p->length < size)
		return VNIC_BAD_HEADER;
	if (p->length > length)
		return VNIC_TRUNCATED;
	fault = read_options(at, size);
	if (fault)
		return fault;
	if ((word(at + IP_FRAGMENT) & FRAGMENT) != (first ? FRAGMENT_MORE : 0))
		return VNIC_FRAGMENT;
	/* What follows the datagram is padding, and no part of it. */
	there = min(linear, p->length) - size;
	switch (p->protocol) {
	case PROTOCOL_TCP:
		fault = read_tcp(p, there);
		break;
	case PROTOCOL_UDP:
		fault = read_udp(p, there);
		break;
	case PROTOCOL_ICMP:
		return read_icmp(p, there);
	default:
		return VNIC_UNKNOWN_PROTOCOL;
	}
	if (!fault)
		read_ports(at + size, &p->source, &p->destination);
	return fault;
}

enum vnic_fault vnic_packet_read(struct vnic_packet *p, u8 *at, u32 linear, u32 length,
				 bool partial)
{
	return read_packet(p, at, linear, length, partial, false);
}

enum vnic_fault vnic_packet_read_first(struct vnic_packet *p, u8 *at, u32 linear, u32 length)
{
	return read_packet(p, at, linear, length, false, true);
}

/* --- replacing --- */

/* The only place that writes. What is quoted is under the sum of the error as well. */
static void put(struct vnic_packet *p, u32 at, u16 to)
{
	u8 *sum = p->at + p->transport + ICMP_SUM;
	u16 from = word(p->at + at);
	u16 s;

	p->at[at] = to >> 8;
	p->at[at + 1] = to & 0xff;
	/* lab 04 step 6 begin: what is quoted is under the sum of the error, too */
	if (!p->inner || at < p->inner)
		return;
	s = updated(word(sum), from, to);
	sum[0] = s >> 8;
	sum[1] = s & 0xff;
	/* lab 04 step 6 end */
}

/**
 * struct sum - a sum that a word is under
 * @at: where, from the IPv4 header on; 0: there is none
 * @optional: UDP: 0 says that there is none, and one that comes to 0 is written as all ones
 * @partial: see struct vnic_packet
 */
struct sum {
	u32 at;
	bool optional;
	bool partial;
};

static const struct sum no_sum;

static struct sum ip_sum(u32 ip)
{
	return (struct sum){ .at = ip + IP_SUM };
}

static void update(struct vnic_packet *p, struct sum sum, u16 from, u16 to)
{
	u16 s = word(p->at + sum.at);

	/* lab 04 step 1 begin: the three kinds of sums */
	if (sum.partial) {
		/* Not the complement: the pseudo-header's sum as it is. */
		put(p, sum.at, ~updated(~s, from, to));
		return;
	}
	if (sum.optional && !s)
		return;
	s = updated(s, from, to);
	put(p, sum.at, sum.optional && !s ? 0xffff : s);
	/* lab 04 step 1 end */
}

static void replace(struct vnic_packet *p, u32 at, u16 to, struct sum first, struct sum second)
{
	u16 from = word(p->at + at);

	if (from == to)
		return;
	put(p, at, to);
	if (first.at)
		update(p, first, from, to);
	if (second.at)
		update(p, second, from, to);
}

/* Of the transport header at @transport; none, if an error does not quote that far. */
static struct sum transport_sum(const struct vnic_packet *p, u32 transport)
{
	bool quoted = transport != p->transport;
	bool partial = p->partial && !quoted;

	switch (p->protocol) {
	case PROTOCOL_TCP:
		if (quoted && !p->quoted_sum)
			return no_sum;
		return (struct sum){ .at = transport + TCP_SUM, .partial = partial };
	case PROTOCOL_UDP:
		return (struct sum){ transport + UDP_SUM, !partial, partial };
	default:
		return (struct sum){ .at = transport + ICMP_SUM };
	}
}

static void set_address(struct vnic_packet *p, u32 ip, u32 field, __be32 to, struct sum transport)
{
	u8 bytes[4];

	memcpy(bytes, &to, sizeof(bytes));
	for (u32 i = 0; i < sizeof(bytes); i += 2)
		replace(p, ip + field + i, word(bytes + i), ip_sum(ip), transport);
}

/* No port is in a pseudo-header: who completes a partial sum adds it. */
static void set_port(struct vnic_packet *p, u32 at, __be16 to, struct sum sum)
{
	u8 bytes[2];

	memcpy(bytes, &to, sizeof(bytes));
	replace(p, at, word(bytes), sum.partial ? no_sum : sum, no_sum);
}

/* One end of the packet whose headers are at @ip and @transport. Returns what it is then. */
static struct vnic_end set_end(struct vnic_packet *p, u32 ip, u32 transport, bool source,
			       struct vnic_end to)
{
	struct sum sum = transport_sum(p, transport);
	bool icmp = p->protocol == PROTOCOL_ICMP;
	u8 asks = source ? ICMP_ECHO_REQUEST : ICMP_ECHO_REPLY;

	/* ICMP has no pseudo-header. */
	set_address(p, ip, source ? IP_SOURCE : IP_DESTINATION, to.address,
		    icmp ? no_sum : sum);
	if (!icmp)
		set_port(p, transport + (source ? PORT_SOURCE : PORT_DESTINATION), to.port, sum);
	else if (p->at[transport] == asks)
		set_port(p, transport + ICMP_IDENTIFIER, to.port, sum);
	else
		to.port = 0;
	return to;
}

/* Of an error itself: it has no ports, and nothing of its addresses in its sum. */
static struct vnic_end set_outer(struct vnic_packet *p, u32 field, struct vnic_end to)
{
	set_address(p, 0, field, to.address, no_sum);
	to.port = 0;
	return to;
}

void vnic_packet_set_source(struct vnic_packet *p, struct vnic_end to)
{
	p->source = vnic_packet_is_error(p) ? set_outer(p, IP_SOURCE, to) :
					      set_end(p, 0, p->transport, true, to);
}

void vnic_packet_set_destination(struct vnic_packet *p, struct vnic_end to)
{
	p->destination = vnic_packet_is_error(p) ? set_outer(p, IP_DESTINATION, to) :
						   set_end(p, 0, p->transport, false, to);
}

void vnic_packet_set_inner_source(struct vnic_packet *p, struct vnic_end to)
{
	p->inner_source = set_end(p, p->inner, p->inner_transport, true, to);
}

void vnic_packet_set_inner_destination(struct vnic_packet *p, struct vnic_end to)
{
	p->inner_destination = set_end(p, p->inner, p->inner_transport, false, to);
}

bool vnic_packet_hop(struct vnic_packet *p)
{
	u8 ttl = p->at[IP_TTL];

	if (ttl <= 1)
		return false;
	replace(p, IP_TTL, (ttl - 1) << 8 | p->at[IP_PROTOCOL], ip_sum(0), no_sum);
	return true;
}
