// SPDX-License-Identifier: GPL-2.0
/* What a guest asks by DHCP, and what it is answered (RFC 2131, 2132, 6842). */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"
#include "dhcp.h"

#define GUEST		0x0a090002u	/* 10.9.0.2 */
#define GATEWAY		0x0a090001u
#define XID		"\xde\xad\xbe\xef"

#define OPTIONS		240
#define ANSWER_MOST	548

static const struct vnic_dhcp_offer usual = {
	.address = 0x0200090a,
	.server = 0x0100090a,
	.gateway = 0x0100090a,
	.dns = { 0x08080808, 0x04040404 },
	.dns_count = 2,
	.prefix = 24,
	.mtu = 1500,
	.lease = 86400,
	.mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
};

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* --- asking --- */

/**
 * struct message - a request that grows
 * @length: octets so far
 * @at: they
 */
struct message {
	u32 length;
	u8 at[1200];
};

static void option(struct message *m, u8 code, u8 length, const void *value)
{
	m->at[m->length++] = code;
	m->at[m->length++] = length;
	memcpy(m->at + m->length, value, length);
	m->length += length;
}

static void address_option(struct message *m, u8 code, u32 address)
{
	address = htonl(address);
	option(m, code, 4, &address);
}

static void end(struct message *m)
{
	m->at[m->length++] = 255;
}

static void set_address(struct message *m, u32 at, u32 address)
{
	address = htonl(address);
	memcpy(m->at + at, &address, 4);
}

/* Its options are still to end. */
static struct message ask(u8 type)
{
	struct message m = { .length = OPTIONS };

	m.at[0] = 1;
	m.at[1] = 1;
	m.at[2] = 6;
	memcpy(m.at + 4, XID, 4);
	m.at[9] = 3;
	memcpy(m.at + 28, usual.mac, 6);
	memcpy(m.at + 236, "\x63\x82\x53\x63", 4);
	if (type)
		option(&m, 53, 1, &type);
	return m;
}

/* --- being answered --- */

/**
 * struct heard - an answer
 * @outcome: what became of the request
 * @a: what is sent
 * @at: octets
 */
struct heard {
	enum vnic_dhcp outcome;
	struct vnic_dhcp_answer a;
	u8 at[2048];
};

static struct heard answer_from(const struct message *m, const struct vnic_dhcp_offer *offer,
				u32 room)
{
	struct heard h = { .a.length = 1 };
	u8 *request = malloc(m->length ? m->length : 1), *at = malloc(room ? room : 1);

	memcpy(request, m->at, m->length);
	h.outcome = vnic_dhcp_answer(&h.a, at, room, request, m->length, offer);
	CHECK(h.a.length <= room, "%u of %u", h.a.length, room);
	CHECK_EQ(h.a.length != 0, h.outcome <= VNIC_DHCP_NAK);
	memcpy(h.at, at, h.a.length);
	free(request);
	free(at);
	return h;
}

static struct heard answer(struct message *m)
{
	end(m);
	return answer_from(m, &usual, ANSWER_MOST);
}

/* Where the value of an option is; its length is before it. NULL: it is not there. */
static const u8 *found(const struct heard *h, u8 code)
{
	const u8 *value = NULL;
	u32 i = OPTIONS;

	while (h->at[i] != 255) {
		CHECK(i + 2 < h->a.length, "options without an end");
		if (h->at[i] == code) {
			CHECK(!value, "option %u twice", code);
			value = h->at + i + 2;
		}
		i += 2 + h->at[i + 1];
	}
	CHECK(i < h->a.length, "the end is at %u", i);
	return value;
}

static u32 number(const u8 *at)
{
	return (u32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void check_number(const struct heard *h, u8 code, u32 want)
{
	const u8 *value = found(h, code);

	CHECK(value, "no option %u", code);
	CHECK_EQ(value[-1], 4);
	CHECK(number(value) == want, "option %u is %08x, not %08x", code, number(value), want);
}

static void check_type(const struct heard *h, u8 want)
{
	const u8 *type = found(h, 53);

	CHECK(type && type[-1] == 1 && *type == want, "type %d, not %u", type ? *type : -1, want);
	CHECK_EQ(h->at[OPTIONS], 53);
	check_number(h, 54, GATEWAY);
}

/* RFC 2131 table 3. */
static void check_fields(const struct heard *h, u32 ciaddr, u32 yiaddr)
{
	CHECK(!memcmp(h->at, "\2\1\6\0" XID "\0\0", 10), "head");
	CHECK_EQ(number(h->at + 12), ciaddr);
	CHECK_EQ(number(h->at + 16), yiaddr);
	CHECK_EQ(number(h->at + 20), 0);
	CHECK_EQ(number(h->at + 24), 0);
	CHECK(!memcmp(h->at + 28, usual.mac, 6), "chaddr");
	for (u32 i = 34; i < 236; i++)
		CHECK_EQ(h->at[i], 0);
	CHECK_EQ(number(h->at + 236), 0x63825363);
	CHECK(h->a.length >= 300, "%u octets", h->a.length);
}

static void check_to(const struct heard *h, u32 destination)
{
	CHECK_EQ(ntohl(h->a.destination), destination);
	CHECK_EQ(h->a.everybody, destination == 0xffffffff);
}

/* The codes in order, but for those that are always there, and the identifier. */
static void check_order(const struct heard *h, const char *want)
{
	char got[200] = "", *to = got;
	u32 i = OPTIONS;

	for (; h->at[i] != 255; i += 2 + h->at[i + 1])
		if (h->at[i] < 51 || (h->at[i] > 54 && h->at[i] != 61))
			to += sprintf(to, "%u ", h->at[i]);
	CHECK(!strcmp(got, want), "%s, not %s", got, want);
	for (i++; i < h->a.length; i++)
		CHECK_EQ(h->at[i], 0);
}

/* --- what is answered with what --- */

static void rfc2131_discover_is_offered_the_address(void)
{
	struct message m = ask(DISCOVER);
	struct heard h = answer(&m);

	CHECK_EQ(h.outcome, VNIC_DHCP_OFFER);
	check_type(&h, OFFER);
	check_fields(&h, 0, GUEST);
	check_number(&h, 51, 86400);
	check_number(&h, 1, 0xffffff00);
	check_number(&h, 3, GATEWAY);
	check_number(&h, 28, 0x0a0900ff);
	check_to(&h, GUEST);
	CHECK_EQ(h.a.length, 300);
}

/* Whatever address it would like to have. */
static void discover_with_a_wish_is_offered_the_same(void)
{
	struct message m = ask(DISCOVER);
	struct heard h;

	address_option(&m, 50, 0xc0a80005);
	address_option(&m, 51, 10);
	h = answer(&m);
	CHECK_EQ(h.outcome, VNIC_DHCP_OFFER);
	check_fields(&h, 0, GUEST);
	check_number(&h, 51, 86400);
}

static struct heard request(u32 server, u32 requested, u32 ciaddr)
{
	struct message m = ask(REQUEST);

	if (server)
		address_option(&m, 54, server);
	if (requested)
		address_option(&m, 50, requested);
	set_address(&m, 12, ciaddr);
	return answer(&m);
}

static void rfc2131_selecting(void)
{
	struct heard h = request(GATEWAY, GUEST, 0);

	CHECK_EQ(h.outcome, VNIC_DHCP_ACK);
	check_type(&h, ACK);
	check_fields(&h, 0, GUEST);
	check_number(&h, 51, 86400);
	check_to(&h, GUEST);
	/* Another server's offer was better. */
	CHECK_EQ(request(0x0a0900fe, GUEST, 0).outcome, VNIC_DHCP_HEARD);
	CHECK_EQ(request(0x0a0900fe, 0x0a090099, 0).outcome, VNIC_DHCP_HEARD);
	/* An address that was not offered. */
	CHECK_EQ(request(GATEWAY, 0x0a090003, 0).outcome, VNIC_DHCP_NAK);
}

static void rfc2131_init_reboot(void)
{
	struct heard h = request(0, GUEST, 0);

	CHECK_EQ(h.outcome, VNIC_DHCP_ACK);
	check_fields(&h, 0, GUEST);
	check_to(&h, GUEST);
	CHECK_EQ(request(0, 0xc0a80005, 0).outcome, VNIC_DHCP_NAK);
}

static void rfc2131_renewing_and_rebinding(void)
{
	struct heard h = request(0, 0, GUEST);

	CHECK_EQ(h.outcome, VNIC_DHCP_ACK);
	check_fields(&h, GUEST, GUEST);
	check_number(&h, 51, 86400);
	check_to(&h, GUEST);
	CHECK_EQ(request(0, 0, 0x0a090003).outcome, VNIC_DHCP_NAK);
}

/* RFC 2131 4.1: to everybody, for the guest is not to have an address. */
static void rfc2131_nak_says_nothing_else(void)
{
	struct heard h = request(0, 0, 0x0a090003);

	check_type(&h, NAK);
	check_fields(&h, 0, 0);
	check_order(&h, "");
	CHECK(!found(&h, 51), "a lease");
	check_to(&h, 0xffffffff);
}

static void a_request_for_nothing_or_two_is_malformed(void)
{
	CHECK_EQ(request(0, 0, 0).outcome, VNIC_DHCP_MALFORMED);
	CHECK_EQ(request(GATEWAY, 0, 0).outcome, VNIC_DHCP_MALFORMED);
	CHECK_EQ(request(0, GUEST, 0x0a090003).outcome, VNIC_DHCP_MALFORMED);
	CHECK_EQ(request(0, GUEST, GUEST).outcome, VNIC_DHCP_ACK);
}

static void rfc2131_4_3_5_inform(void)
{
	struct message m = ask(INFORM);
	struct heard h;

	set_address(&m, 12, GUEST);
	option(&m, 55, 5, "\1\3\72\73\63");
	h = answer(&m);
	CHECK_EQ(h.outcome, VNIC_DHCP_ACK);
	check_type(&h, ACK);
	check_fields(&h, GUEST, 0);
	check_order(&h, "1 3 ");
	CHECK(!found(&h, 51), "a lease");
	check_to(&h, GUEST);
	m = ask(INFORM);
	h = answer(&m);
	CHECK_EQ(h.outcome, VNIC_DHCP_ACK);
	check_to(&h, 0xffffffff);
	m = ask(INFORM);
	set_address(&m, 12, 0x0a090003);
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_ANOTHER);
}

static void decline_and_release_are_heard(void)
{
	struct message m = ask(DECLINE);

	address_option(&m, 50, GUEST);
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_HEARD);
	m = ask(RELEASE);
	set_address(&m, 12, GUEST);
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_HEARD);
}

static void what_no_client_sends_is_malformed(void)
{
	for (u32 type = 0; type < 256; type++) {
		struct message m = ask(0);
		u8 octet = type;

		if (type == DISCOVER || type == REQUEST || type == DECLINE || type == RELEASE ||
		    type == INFORM)
			continue;
		option(&m, 53, 1, &octet);
		CHECK_EQ(answer(&m).outcome, VNIC_DHCP_MALFORMED);
	}
}

/* --- where to --- */

static void rfc2131_4_1_broadcast_flag(void)
{
	struct message m = ask(DISCOVER);
	struct heard h;

	m.at[10] = 0xff;
	m.at[11] = 0xff;
	h = answer(&m);
	check_to(&h, 0xffffffff);
	/* The other bits must be zero. */
	CHECK(!memcmp(h.at + 10, "\x80\0", 2), "flags");
	m = ask(DISCOVER);
	m.at[10] = 0x7f;
	h = answer(&m);
	check_to(&h, GUEST);
	CHECK(!memcmp(h.at + 10, "\0\0", 2), "flags");
	/* Who has an address can be sent to. */
	m = ask(REQUEST);
	m.at[10] = 0x80;
	set_address(&m, 12, GUEST);
	h = answer(&m);
	check_to(&h, GUEST);
}

static u16 udp_sum(const u8 *at, const struct vnic_dhcp_answer *a)
{
	u32 length = a->length - 20;

	return sum_of(at + 20, length, sum_of(at + 12, 8, UDP + length));
}

static enum vnic_dhcp datagram_in(u8 *at, u32 room, const struct message *m,
				  struct vnic_dhcp_answer *a)
{
	return vnic_dhcp_datagram(a, at, room, m->at, m->length, &usual);
}

static void the_datagram_around_it(void)
{
	struct message m = ask(DISCOVER);
	struct vnic_dhcp_answer a;
	struct heard h;
	u8 *at = malloc(VNIC_DHCP_DATAGRAM);

	h = answer(&m);
	CHECK_EQ(datagram_in(at, VNIC_DHCP_DATAGRAM, &m, &a), VNIC_DHCP_OFFER);
	CHECK_EQ(a.length, 28 + h.a.length);
	CHECK(!memcmp(at + 28, h.at, h.a.length), "what it carries");
	CHECK_EQ(sum_of(at, 20, 0), 0xffff);
	CHECK_EQ(udp_sum(at, &a), 0xffff);
	CHECK(!memcmp(at, "\x45\0\1\x48\0\0\x40\0\x40\x11", 10), "IPv4");
	CHECK(!memcmp(at + 12, "\x0a\x09\0\1\x0a\x09\0\2\0\x43\0\x44\1\x34", 14), "ends");
	for (u32 room = 0; room < VNIC_DHCP_DATAGRAM; room++) {
		CHECK_EQ(datagram_in(at, room, &m, &a), VNIC_DHCP_NO_ROOM);
		CHECK_EQ(a.length, 0);
	}
	/* Nothing to say needs no room. */
	m = ask(RELEASE);
	end(&m);
	CHECK_EQ(datagram_in(at, 0, &m, &a), VNIC_DHCP_HEARD);
	CHECK_EQ(a.length, 0);
	free(at);
}

/* A sum of UDP that comes to 0 is written as all ones, RFC 768. */
static void a_sum_of_0_is_written_as_ones(void)
{
	u8 at[VNIC_DHCP_DATAGRAM];
	u32 zeros = 0;

	for (u32 i = 0; i < 0x10000; i++) {
		struct message m = ask(DISCOVER);
		struct vnic_dhcp_answer a;

		m.at[4] = i >> 8;
		m.at[5] = i;
		end(&m);
		CHECK_EQ(datagram_in(at, sizeof(at), &m, &a), VNIC_DHCP_OFFER);
		CHECK(at[26] || at[27], "no sum");
		CHECK_EQ(udp_sum(at, &a), 0xffff);
		zeros += at[26] == 0xff && at[27] == 0xff;
	}
	CHECK(zeros, "none came to 0");
}

/* --- what is told --- */

static void rfc2132_9_8_in_the_order_of_the_wish(void)
{
	struct message m = ask(DISCOVER);
	struct heard h;

	option(&m, 55, 8, "\32\6\34\1\3\72\73\17");
	h = answer(&m);
	check_order(&h, "26 6 28 1 3 58 59 ");
	check_number(&h, 58, 43200);
	check_number(&h, 59, 75600);
	CHECK_EQ(found(&h, 26)[0] << 8 | found(&h, 26)[1], 1500);
	CHECK(!memcmp(found(&h, 6) - 1, "\x08\x08\x08\x08\x08\4\4\4\4", 9), "DNS");
	m = ask(DISCOVER);
	h = answer(&m);
	check_order(&h, "1 3 6 26 28 ");
	/* An empty wish is one. */
	m = ask(DISCOVER);
	option(&m, 55, 0, "");
	h = answer(&m);
	check_order(&h, "");
}

static void rfc2132_3_3_the_mask_before_the_router(void)
{
	struct message m = ask(DISCOVER);
	struct heard h;

	option(&m, 55, 5, "\6\3\34\1\32");
	h = answer(&m);
	check_order(&h, "6 1 3 28 26 ");
	m = ask(DISCOVER);
	option(&m, 55, 2, "\3\6");
	h = answer(&m);
	check_order(&h, "3 6 ");
}

/* RFC 3396: a list in two parts. And nothing is told twice. */
static void wishes_in_parts_are_one_list(void)
{
	struct message m = ask(DISCOVER);
	struct heard h;
	u8 many[255];

	option(&m, 55, 2, "\3\6");
	option(&m, 55, 3, "\6\3\1");
	h = answer(&m);
	check_order(&h, "1 3 6 ");
	m = ask(DISCOVER);
	for (u32 i = 0; i < 255; i++)
		many[i] = i;
	option(&m, 55, 255, many);
	option(&m, 55, 255, many);
	h = answer(&m);
	check_order(&h, "1 3 6 26 28 58 59 ");
}

static void what_is_not_known_is_not_told(void)
{
	struct vnic_dhcp_offer offer = usual;
	struct message m = ask(DISCOVER);
	struct heard h;

	offer.gateway = 0;
	offer.dns_count = 0;
	offer.mtu = 0;
	end(&m);
	h = answer_from(&m, &offer, ANSWER_MOST);
	check_order(&h, "1 28 ");
	offer.dns_count = VNIC_DHCP_DNS_MOST;
	h = answer_from(&m, &offer, ANSWER_MOST);
	CHECK_EQ(found(&h, 6)[-1], 12);
}

static void each_prefix_has_its_mask(void)
{
	static const u32 masks[][3] = {
		{ 8, 0xff000000, 0x0affffff }, { 30, 0xfffffffc, 0x0a090003 },
		{ 32, 0xffffffff, 0x0a090002 }, { 1, 0x80000000, 0x7fffffff }, { 0, 0, 0xffffffff },
	};

	for (u32 i = 0; i < 5; i++) {
		struct vnic_dhcp_offer offer = usual;
		struct message m = ask(DISCOVER);
		struct heard h;

		offer.prefix = masks[i][0];
		end(&m);
		h = answer_from(&m, &offer, ANSWER_MOST);
		check_number(&h, 1, masks[i][1]);
		check_number(&h, 28, masks[i][2]);
	}
}

static void for_ever_is_for_ever(void)
{
	static const u32 leases[][3] = { { 0xffffffff, 0xffffffff, 0xffffffff }, { 8, 4, 7 },
					 { 0xfffffffe, 0x7fffffff, 0xdfffffff }, { 1, 0, 1 } };

	for (u32 i = 0; i < 4; i++) {
		struct vnic_dhcp_offer offer = usual;
		struct message m = ask(DISCOVER);
		struct heard h;

		offer.lease = leases[i][0];
		option(&m, 55, 2, "\72\73");
		end(&m);
		h = answer_from(&m, &offer, ANSWER_MOST);
		check_number(&h, 51, leases[i][0]);
		check_number(&h, 58, leases[i][1]);
		check_number(&h, 59, leases[i][2]);
	}
}

static void rfc6842_the_identifier_comes_back(void)
{
	u8 identifier[255] = "\1RT\0\x12\x34V";

	for (u32 length = 2; length <= 255; length++) {
		struct message m = ask(length % 2 ? DISCOVER : REQUEST);
		struct heard h;

		/* Of NAK, too. */
		address_option(&m, 50, 0x01020304);
		option(&m, 61, length, identifier);
		option(&m, 55, 7, "\1\3\6\32\34\72\73");
		h = answer(&m);
		CHECK_EQ(h.outcome, length % 2 ? VNIC_DHCP_OFFER : VNIC_DHCP_NAK);
		CHECK(found(&h, 61) && found(&h, 61)[-1] == length, "%u octets", length);
		CHECK(!memcmp(found(&h, 61), identifier, length), "another");
	}
}

/* RFC 2132 9.10. With the longest identifier not all that is wished for fits 576 octets. */
static void no_more_is_sent_than_is_taken(void)
{
	static const u16 sizes[] = { 0, 68, 575, 576, 577, 584, 585, 600, 1500, 0xffff };
	u8 identifier[255] = { 0 };

	for (u32 i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		u32 most = (sizes[i] < 576 ? 576 : sizes[i]) - 28;
		struct message m = ask(DISCOVER);
		u8 size[2] = { sizes[i] >> 8, sizes[i] & 0xff };
		struct heard h;

		option(&m, 61, 255, identifier);
		option(&m, 57, 2, size);
		option(&m, 55, 7, "\1\3\6\32\34\72\73");
		end(&m);
		h = answer_from(&m, &usual, 1500);
		CHECK(h.a.length <= most, "%u octets for %u", h.a.length, sizes[i]);
		CHECK_EQ(found(&h, 59) != NULL, most >= 557);
		CHECK(found(&h, 51), "no lease");
		/* Whoever calls may have less room than the guest. */
		h = answer_from(&m, &usual, ANSWER_MOST);
		CHECK(!found(&h, 59), "there was room");
		check_order(&h, "1 3 6 26 28 ");
		CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST - 1).outcome, VNIC_DHCP_NO_ROOM);
	}
}

/* --- how options may be written --- */

/* RFC 2131 4.1: the options field first, then file, then sname. */
static void rfc2132_9_3_options_in_file_and_sname(void)
{
	for (u8 overload = 0; overload < 6; overload++) {
		struct message m = ask(0), file = { .length = 108 }, sname = { .length = 44 };
		struct heard h;

		option(&file, 53, 1, "\3");
		address_option(&file, 50, GUEST);
		end(&file);
		address_option(&sname, 54, GATEWAY);
		option(&sname, 55, 2, "\6\3");
		end(&sname);
		option(&m, 55, 1, "\34");
		option(&m, 52, 1, &overload);
		memcpy(m.at + 108, file.at + 108, 128);
		memcpy(m.at + 44, sname.at + 44, 64);
		h = answer(&m);
		CHECK_EQ(h.outcome, overload == 1 || overload == 3 ? VNIC_DHCP_ACK :
			 overload == 2 ? VNIC_DHCP_NOT_DHCP : VNIC_DHCP_MALFORMED);
		if (h.outcome == VNIC_DHCP_ACK)
			check_order(&h, overload == 1 ? "28 " : "28 6 3 ");
		/* The server's name in sname decides. */
		sname = (struct message){ .length = 44 };
		address_option(&sname, 54, 0x0a0900fe);
		end(&sname);
		memcpy(m.at + 44, sname.at + 44, 64);
		if (overload == 3)
			CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_HEARD);
	}
}

static void a_field_ends_where_it_ends(void)
{
	struct message m = ask(DISCOVER);

	/* No end in file; what follows, the cookie, is not looked at. */
	option(&m, 52, 1, "\1");
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_MALFORMED);
	m.at[235] = 255;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_OFFER);
	m.at[235] = 0;
	m.at[234] = 12;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_MALFORMED);
	m.at[234] = 0;
	m.at[235] = 12;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_MALFORMED);
	/* A field within a field. */
	m.at[108] = 52;
	m.at[109] = 1;
	m.at[110] = 2;
	m.at[111] = 255;
	m.at[44] = 255;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_MALFORMED);
	/* And of sname. */
	m = ask(DISCOVER);
	option(&m, 52, 1, "\2");
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_MALFORMED);
	m.at[107] = 255;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_OFFER);
	m.at[107] = 0;
	m.at[108] = 255;
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_MALFORMED);
}

static void padding_is_passed_over(void)
{
	struct message m = ask(0);
	struct heard h;

	m.length += 5;
	option(&m, 53, 1, "\1");
	m.length += 3;
	option(&m, 55, 1, "\3");
	m.length++;
	end(&m);
	m.length += 60;
	h = answer_from(&m, &usual, ANSWER_MOST);
	CHECK_EQ(h.outcome, VNIC_DHCP_OFFER);
	check_order(&h, "3 ");
}

/* Behind the end there is nothing. */
static void what_follows_the_end_is_not_read(void)
{
	struct message m = ask(DISCOVER);

	end(&m);
	option(&m, 53, 1, "\7");
	option(&m, 50, 200, m.at);
	CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome, VNIC_DHCP_OFFER);
}

static void options_of_wrong_length_are_malformed(void)
{
	static const struct {
		u8 code, right;
	} fixed[] = { { 50, 4 }, { 52, 1 }, { 53, 1 }, { 54, 4 }, { 57, 2 } };

	for (u32 i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		for (u8 length = 0; length < 9; length++) {
			struct message m = ask(fixed[i].code == 53 ? 0 : DISCOVER);

			m.at[44] = 255;
			m.at[108] = 255;
			option(&m, fixed[i].code, length, "\1\1\1\1\1\1\1\1\1");
			CHECK(answer(&m).outcome ==
			      (length == fixed[i].right ? VNIC_DHCP_OFFER : VNIC_DHCP_MALFORMED),
			      "option %u of %u octets", fixed[i].code, length);
			/* Twice is one of both lengths, RFC 3396. */
			m.length--;
			option(&m, fixed[i].code, fixed[i].right, "\1\1\1\1");
			if (length == fixed[i].right)
				CHECK_EQ(answer(&m).outcome, VNIC_DHCP_MALFORMED);
		}
	for (u8 length = 0; length < 3; length++) {
		struct message m = ask(DISCOVER);

		option(&m, 61, length, "\1\1\1");
		CHECK_EQ(answer(&m).outcome, length < 2 ? VNIC_DHCP_MALFORMED : VNIC_DHCP_OFFER);
	}
}

static void each_cut_is_noticed(void)
{
	struct message m = ask(REQUEST);
	u32 length;

	address_option(&m, 50, GUEST);
	address_option(&m, 54, GATEWAY);
	option(&m, 12, 5, "guest");
	option(&m, 61, 7, "\1RT\0\x12\x34V");
	option(&m, 55, 3, "\1\3\6");
	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_ACK);
	length = m.length;
	for (m.length = 0; m.length < length; m.length++)
		CHECK_EQ(answer_from(&m, &usual, ANSWER_MOST).outcome,
			 m.length < OPTIONS ? VNIC_DHCP_TRUNCATED : VNIC_DHCP_MALFORMED);
}

/* --- who asks --- */

static enum vnic_dhcp with(u32 at, u8 value)
{
	struct message m = ask(DISCOVER);

	m.at[at] = value;
	return answer(&m).outcome;
}

static void who_is_not_the_guest_is_told_apart(void)
{
	CHECK_EQ(with(0, 2), VNIC_DHCP_MALFORMED);
	CHECK_EQ(with(1, 6), VNIC_DHCP_MALFORMED);
	CHECK_EQ(with(2, 16), VNIC_DHCP_MALFORMED);
	CHECK_EQ(with(3, 1), VNIC_DHCP_OFFER);
	CHECK_EQ(with(24, 10), VNIC_DHCP_RELAYED);
	CHECK_EQ(with(27, 1), VNIC_DHCP_RELAYED);
	CHECK_EQ(with(28, 0x50), VNIC_DHCP_ANOTHER);
	CHECK_EQ(with(33, 0x57), VNIC_DHCP_ANOTHER);
	CHECK_EQ(with(236, 0), VNIC_DHCP_NOT_DHCP);
	CHECK_EQ(with(239, 0), VNIC_DHCP_NOT_DHCP);
}

/* RFC 951, without RFC 1534. */
static void bootp_is_not_answered(void)
{
	struct message m = ask(0);

	CHECK_EQ(answer(&m).outcome, VNIC_DHCP_NOT_DHCP);
}

int main(void)
{
	RUN(rfc2131_discover_is_offered_the_address);
	RUN(discover_with_a_wish_is_offered_the_same);
	RUN(rfc2131_selecting);
	RUN(rfc2131_init_reboot);
	RUN(rfc2131_renewing_and_rebinding);
	RUN(rfc2131_nak_says_nothing_else);
	RUN(a_request_for_nothing_or_two_is_malformed);
	RUN(rfc2131_4_3_5_inform);
	RUN(decline_and_release_are_heard);
	RUN(what_no_client_sends_is_malformed);
	RUN(rfc2131_4_1_broadcast_flag);
	RUN(the_datagram_around_it);
	RUN(a_sum_of_0_is_written_as_ones);
	RUN(rfc2132_9_8_in_the_order_of_the_wish);
	RUN(rfc2132_3_3_the_mask_before_the_router);
	RUN(wishes_in_parts_are_one_list);
	RUN(what_is_not_known_is_not_told);
	RUN(each_prefix_has_its_mask);
	RUN(for_ever_is_for_ever);
	RUN(rfc6842_the_identifier_comes_back);
	RUN(no_more_is_sent_than_is_taken);
	RUN(rfc2132_9_3_options_in_file_and_sname);
	RUN(a_field_ends_where_it_ends);
	RUN(padding_is_passed_over);
	RUN(what_follows_the_end_is_not_read);
	RUN(options_of_wrong_length_are_malformed);
	RUN(each_cut_is_noticed);
	RUN(who_is_not_the_guest_is_told_apart);
	RUN(bootp_is_not_answered);
	return tap_done();
}
