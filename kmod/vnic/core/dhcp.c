// SPDX-License-Identifier: GPL-2.0
/* A DHCP server for one address: see dhcp.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "dhcp.h"
#include "headers.h"
#include "octets.h"

/* Fields of a message, RFC 2131 2. */
#define OP		0
#define HTYPE		1
#define HLEN		2
#define XID		4
#define FLAGS		10
#define CIADDR		12
#define YIADDR		16
#define GIADDR		24
#define CHADDR		28
#define SNAME		44
#define FILE		108
#define COOKIE		236
#define OPTIONS		240

#define BOOTREQUEST	1
#define BOOTREPLY	2
#define ETHERNET	1
#define BROADCAST_FLAG	0x8000
#define MAGIC		0x63825363	/* RFC 2132 2 */
#define CHADDR_LENGTH	16

/* Options, RFC 2132. */
#define PAD		0
#define MASK		1
#define ROUTER		3
#define DNS		6
#define MTU		26
#define BROADCAST	28
#define REQUESTED	50
#define LEASE		51
#define OVERLOAD	52
#define TYPE		53
#define SERVER		54
#define WISHES		55
#define MOST		57
#define T1		58
#define T2		59
#define CLIENT		61
#define END		255

/* What OVERLOAD says has options in it. */
#define IN_FILE		1
#define IN_SNAME	2

/* Values of TYPE. */
#define DISCOVER	1
#define OFFER		2
#define REQUEST		3
#define DECLINE		4
#define ACK		5
#define NAK		6
#define RELEASE		7
#define INFORM		8

#define FOR_EVER	0xffffffff
#define MESSAGE_LEAST	300	/* RFC 951 3, with what was "vend" then */
#define HEADERS		(VNIC_IPV4_HEADER + VNIC_UDP_HEADER)
/* What every client takes: RFC 2131 2, 312 octets of options. Whatever an answer must say fits. */
#define MESSAGE_MOST	(VNIC_DHCP_DATAGRAM - HEADERS)

/* What may be wished for. Without a wish all but the last two are told. */
static const u8 known[] = { MASK, ROUTER, DNS, MTU, BROADCAST, T1, T2 };
#define BY_DEFAULT	(ARRAY_SIZE(known) - 2)

/**
 * struct question - a request; options that are not there are NULL
 * @at: the message
 * @type: value of the option, and so on
 * @requested: address
 * @server: address
 * @most: octets of an answer, with headers
 * @overload: which other fields have options
 * @client: identifier
 * @client_length: octets of it
 * @wished: there is a list of wishes, be it empty
 * @wish_count: of those that are known
 * @wishes: the same, in order, none twice
 */
struct question {
	const u8 *at;
	const u8 *type;
	const u8 *requested;
	const u8 *server;
	const u8 *most;
	const u8 *overload;
	const u8 *client;
	u8 client_length;
	bool wished;
	u8 wish_count;
	u8 wishes[ARRAY_SIZE(known)];
};

/* --- reading --- */

/*
 * An option that comes twice is one of both lengths (RFC 3396): wrong, where the length is given.
 * No client's identifier is too long for one.
 */
static bool take(const u8 **option, const u8 *at, bool right)
{
	if (*option || !right)
		return false;
	*option = at;
	return true;
}

static bool has(const u8 *codes, u32 count, u8 code)
{
	return memchr(codes, code, count);
}

static void read_wishes(struct question *q, const u8 *at, u32 length)
{
	q->wished = true;
	for (u32 i = 0; i < length; i++)
		if (has(known, ARRAY_SIZE(known), at[i]) && !has(q->wishes, q->wish_count, at[i]))
			q->wishes[q->wish_count++] = at[i];
}

/* False: it is not as it has to be. */
static bool read_option(struct question *q, u8 code, const u8 *at, u8 length)
{
	switch (code) {
	case TYPE:
		return take(&q->type, at, length == 1);
	case REQUESTED:
		return take(&q->requested, at, length == 4);
	case SERVER:
		return take(&q->server, at, length == 4);
	case MOST:
		return take(&q->most, at, length == 2);
	case OVERLOAD:
		return take(&q->overload, at,
			    length == 1 && at[0] && at[0] <= (IN_FILE | IN_SNAME));
	case CLIENT:
		q->client_length = length;
		return take(&q->client, at, length >= 2);
	case WISHES:
		read_wishes(q, at, length);
		return true;
	default:
		return true;
	}
}

/* A field that has options in it. RFC 2131 4.1: their end is marked, in each. */
static bool read_field(struct question *q, const u8 *at, u32 size)
{
	u32 i = 0;

	while (i < size && at[i] != END) {
		if (at[i] == PAD) {
			i++;
			continue;
		}
		if (size - i < 2 || at[i + 1] > size - i - 2)
			return false;
		if (!read_option(q, at[i], at + i + 2, at[i + 1]))
			return false;
		i += 2 + at[i + 1];
	}
	return i < size;
}

static bool read_options(struct question *q, u32 length)
{
	if (!read_field(q, q->at + OPTIONS, length - OPTIONS))
		return false;
	if (!q->overload)
		return true;
	/* A field that says of itself that it has options comes twice: see take(). */
	if (*q->overload & IN_FILE && !read_field(q, q->at + FILE, COOKIE - FILE))
		return false;
	return !(*q->overload & IN_SNAME) || read_field(q, q->at + SNAME, FILE - SNAME);
}

/* VNIC_DHCP_HEARD, or what is wrong. */
static enum vnic_dhcp read_question(struct question *q, const u8 *at, u32 length,
				    const struct vnic_dhcp_offer *offer)
{
	*q = (struct question){ .at = at };
	if (length < OPTIONS)
		return VNIC_DHCP_TRUNCATED;
	if (at[OP] != BOOTREQUEST || at[HTYPE] != ETHERNET || at[HLEN] != sizeof(offer->mac))
		return VNIC_DHCP_MALFORMED;
	if (vnic_get32(at + COOKIE) != MAGIC)
		return VNIC_DHCP_NOT_DHCP;
	if (vnic_get32(at + GIADDR))
		return VNIC_DHCP_RELAYED;
	if (memcmp(at + CHADDR, offer->mac, sizeof(offer->mac)) != 0)
		return VNIC_DHCP_ANOTHER;
	if (!read_options(q, length))
		return VNIC_DHCP_MALFORMED;
	return q->type ? VNIC_DHCP_HEARD : VNIC_DHCP_NOT_DHCP;
}

/* --- judging --- */

/*
 * RFC 2131 4.3.2. Which state the client is in shows in what it says (table 4), but makes no
 * difference: it means one address, and that is right or is not.
 */
static enum vnic_dhcp judge_request(const struct question *q, const struct vnic_dhcp_offer *offer)
{
	__be32 own = vnic_get_address(q->at + CIADDR);
	__be32 wants = q->requested ? vnic_get_address(q->requested) : own;

	/* It has chosen another server. */
	if (q->server && vnic_get_address(q->server) != offer->server)
		return VNIC_DHCP_HEARD;
	if (!wants || (own && own != wants))
		return VNIC_DHCP_MALFORMED;
	return wants == offer->address ? VNIC_DHCP_ACK : VNIC_DHCP_NAK;
}

/* RFC 2131 4.3.5: it has an address, by other means. */
static enum vnic_dhcp judge_inform(const struct question *q, const struct vnic_dhcp_offer *offer)
{
	__be32 own = vnic_get_address(q->at + CIADDR);

	return !own || own == offer->address ? VNIC_DHCP_ACK : VNIC_DHCP_ANOTHER;
}

static enum vnic_dhcp judge(const struct question *q, const struct vnic_dhcp_offer *offer)
{
	switch (*q->type) {
	case DISCOVER:
		return VNIC_DHCP_OFFER;
	case REQUEST:
		return judge_request(q, offer);
	case INFORM:
		return judge_inform(q, offer);
	case DECLINE:
	case RELEASE:
		return VNIC_DHCP_HEARD;
	default:
		return VNIC_DHCP_MALFORMED;
	}
}

/* --- answering --- */

/**
 * struct writer - a message that grows
 * @at: its beginning
 * @used: octets so far
 * @most: octets that it may have, its end marked
 */
struct writer {
	u8 *at;
	u32 used;
	u32 most;
};

/* An option for which there is no room is left out. */
static void put_option(struct writer *w, u8 code, const void *value, u8 length)
{
	if (w->most - w->used < 2u + length + 1)
		return;
	w->at[w->used] = code;
	w->at[w->used + 1] = length;
	memcpy(w->at + w->used + 2, value, length);
	w->used += 2 + length;
}

static void put_address(struct writer *w, u8 code, __be32 address)
{
	put_option(w, code, &address, sizeof(address));
}

static void put_number(struct writer *w, u8 code, u32 number)
{
	u8 octets[4];

	vnic_put32(octets, number);
	put_option(w, code, octets, sizeof(octets));
}

static u32 mask_of(u8 prefix)
{
	return prefix ? 0xffffffff << (32 - prefix) : 0;
}

static void put_broadcast(struct writer *w, const struct vnic_dhcp_offer *offer)
{
	u8 address[4];

	vnic_put_address(address, offer->address);
	put_number(w, BROADCAST, vnic_get32(address) | ~mask_of(offer->prefix));
}

static void put_mtu(struct writer *w, u16 mtu)
{
	u8 octets[2];

	vnic_put16(octets, mtu);
	put_option(w, MTU, octets, sizeof(octets));
}

/* RFC 2131 4.4.5: when to renew (a half), when to rebind (seven eighths). */
static void put_time(struct writer *w, u8 code, u32 lease)
{
	u32 time = code == T1 ? lease / 2 : lease - lease / 8;

	put_number(w, code, lease == FOR_EVER ? FOR_EVER : time);
}

/* @lease: an address is leased, else there are no times either. */
static void put_parameter(struct writer *w, u8 code, const struct vnic_dhcp_offer *offer,
			  bool lease)
{
	switch (code) {
	case MASK:
		put_number(w, MASK, mask_of(offer->prefix));
		break;
	case ROUTER:
		if (offer->gateway)
			put_address(w, ROUTER, offer->gateway);
		break;
	case DNS:
		if (offer->dns_count)
			put_option(w, DNS, offer->dns, offer->dns_count * sizeof(offer->dns[0]));
		break;
	case MTU:
		if (offer->mtu)
			put_mtu(w, offer->mtu);
		break;
	case BROADCAST:
		put_broadcast(w, offer);
		break;
	case T1:
	case T2:
		if (lease)
			put_time(w, code, offer->lease);
		break;
	}
}

/* In the order of the wish (RFC 2132 9.8), but a mask before a router (RFC 2132 3.3). */
static void put_parameters(struct writer *w, const struct question *q,
			   const struct vnic_dhcp_offer *offer, bool lease)
{
	const u8 *wishes = q->wished ? q->wishes : known;
	u32 count = q->wished ? q->wish_count : BY_DEFAULT;
	bool masked = !has(wishes, count, MASK);

	for (u32 i = 0; i < count; i++) {
		if (!masked && (wishes[i] == ROUTER || wishes[i] == MASK)) {
			put_parameter(w, MASK, offer, lease);
			masked = true;
		}
		if (wishes[i] != MASK)
			put_parameter(w, wishes[i], offer, lease);
	}
}

/* RFC 2131 table 3: what is not set here is 0. */
static void put_fields(u8 *at, const struct question *q, enum vnic_dhcp outcome,
		       const struct vnic_dhcp_offer *offer)
{
	memset(at, 0, OPTIONS);
	at[OP] = BOOTREPLY;
	at[HTYPE] = ETHERNET;
	at[HLEN] = sizeof(offer->mac);
	memcpy(at + XID, q->at + XID, 4);
	vnic_put16(at + FLAGS, vnic_get16(q->at + FLAGS) & BROADCAST_FLAG);
	memcpy(at + CHADDR, q->at + CHADDR, CHADDR_LENGTH);
	vnic_put32(at + COOKIE, MAGIC);
	if (outcome == VNIC_DHCP_ACK)
		memcpy(at + CIADDR, q->at + CIADDR, 4);
	if (outcome != VNIC_DHCP_NAK && *q->type != INFORM)
		vnic_put_address(at + YIADDR, offer->address);
}

static u8 type_of(enum vnic_dhcp outcome)
{
	return outcome == VNIC_DHCP_OFFER ? OFFER : outcome == VNIC_DHCP_ACK ? ACK : NAK;
}

/* What the client takes, if it says so; RFC 2132 9.10: 576 octets it has to. */
static u32 most_of(const struct question *q)
{
	u32 most = q->most ? vnic_get16(q->most) : 0;

	return max_t(u32, most, VNIC_DHCP_DATAGRAM) - HEADERS;
}

static u32 put_answer(u8 *at, u32 room, const struct question *q, enum vnic_dhcp outcome,
		      const struct vnic_dhcp_offer *offer)
{
	struct writer w = { at, OPTIONS, min(room, most_of(q)) };
	bool lease = outcome != VNIC_DHCP_NAK && *q->type != INFORM;
	u8 type = type_of(outcome);

	put_fields(at, q, outcome, offer);
	put_option(&w, TYPE, &type, sizeof(type));
	put_address(&w, SERVER, offer->server);
	/* RFC 6842: whatever is answered. */
	if (q->client)
		put_option(&w, CLIENT, q->client, q->client_length);
	if (lease)
		put_number(&w, LEASE, offer->lease);
	if (outcome != VNIC_DHCP_NAK)
		put_parameters(&w, q, offer, lease);
	at[w.used++] = END;
	while (w.used < MESSAGE_LEAST)
		at[w.used++] = PAD;
	return w.used;
}

/* RFC 2131 4.1. Who has no address yet may not hear what is sent to one: it says so by the flag. */
static bool for_everybody(const struct question *q, enum vnic_dhcp outcome)
{
	bool has_address = vnic_get32(q->at + CIADDR);

	if (outcome == VNIC_DHCP_NAK)
		return true;
	if (has_address)
		return false;
	return *q->type == INFORM || vnic_get16(q->at + FLAGS) & BROADCAST_FLAG;
}

enum vnic_dhcp vnic_dhcp_answer(struct vnic_dhcp_answer *answer, u8 *at, u32 room,
				const u8 *request, u32 length,
				const struct vnic_dhcp_offer *offer)
{
	enum vnic_dhcp outcome;
	struct question q;

	*answer = (struct vnic_dhcp_answer){ 0 };
	outcome = read_question(&q, request, length, offer);
	if (outcome != VNIC_DHCP_HEARD)
		return outcome;
	outcome = judge(&q, offer);
	if (outcome > VNIC_DHCP_NAK)
		return outcome;
	if (room < MESSAGE_MOST)
		return VNIC_DHCP_NO_ROOM;
	answer->length = put_answer(at, room, &q, outcome, offer);
	answer->everybody = for_everybody(&q, outcome);
	memset(&answer->destination, 0xff, sizeof(answer->destination));
	if (!answer->everybody)
		answer->destination = offer->address;
	return outcome;
}

enum vnic_dhcp vnic_dhcp_datagram(struct vnic_dhcp_answer *answer, u8 *at, u32 room,
				  const u8 *request, u32 length,
				  const struct vnic_dhcp_offer *offer)
{
	enum vnic_dhcp outcome = vnic_dhcp_answer(answer, at + HEADERS,
						  room < HEADERS ? 0 : room - HEADERS, request,
						  length, offer);
	struct vnic_udp_ends ends = {
		.source = offer->server,
		.destination = answer->destination,
		.source_port = VNIC_DHCP_SERVER_PORT,
		.destination_port = VNIC_DHCP_CLIENT_PORT,
	};

	if (answer->length)
		answer->length = vnic_put_udp(at, &ends, answer->length);
	return outcome;
}
