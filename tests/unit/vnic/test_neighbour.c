// SPDX-License-Identifier: GPL-2.0
/* What a guest may say by neighbour discovery, and what the gateway answers (RFC 4861, 4862). */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"
#include "neighbour.h"

static const u8 guest_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const u8 gateway_mac[6] = { 0x02, 0, 0, 0, 0, 1 };

#define GUEST		"fe80::5054:ff:fe12:3456"
#define GATEWAY		"fe80::1"
#define PROBE_GROUP	"ff02::1:ff12:3456"
#define GATEWAY_GROUP	"ff02::1:ff00:1"

enum { RS = 133, RA, NS, NA, REDIRECT };

/* Sent by Linux on a new link: it probes its link-local address (with a nonce, RFC 7527), */
static const u8 linux_probes[] = {
	0x60, 0, 0, 0, 0, 0x20, 0x3a, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0x12, 0x34, 0x56,
	0x87, 0, 0x5d, 0x51, 0, 0, 0, 0,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56,
	0x0e, 1, 0x47, 0x26, 0xf3, 0x50, 0x1e, 0x31,
};

/* and looks for a router. */
static const u8 linux_solicits[] = {
	0x60, 0, 0, 0, 0, 0x10, 0x3a, 0xff,
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56,
	0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0x85, 0, 0x71, 0xb5, 0, 0, 0, 0,
	1, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56,
};

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	CHECK_EQ(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static bool is(const void *at, const char *text)
{
	struct in6_addr address = address_of(text);

	return !memcmp(at, &address, 16);
}

/* --- what is said --- */

/**
 * struct said - a message, made the plain way
 * @type: of the message
 * @code: likewise
 * @flags: likewise
 * @hops: limit
 * @source: of the packet
 * @destination: likewise
 * @target: NULL: the message has none
 * @option: octets, or NULL
 * @options: how many
 */
struct said {
	u8 type, code, flags, hops;
	const char *source;
	const char *destination;
	const char *target;
	const void *option;
	u32 options;
};

#define MAC_OPTION	"\1\1RT\0\x12\x34V"
#define TARGET_OPTION	"\2\1RT\0\x12\x34V"

static struct said solicitation(void)
{
	return (struct said){ NS, 0, 0, 255, GUEST, GATEWAY_GROUP, GATEWAY, MAC_OPTION, 8 };
}

static struct said advertisement(void)
{
	return (struct said){ NA, 0, 0x20, 255, GUEST, "ff02::1", GUEST, TARGET_OPTION, 8 };
}

static struct said router_solicitation(void)
{
	return (struct said){ RS, 0, 0, 255, GUEST, "ff02::2", NULL, MAC_OPTION, 8 };
}

static struct said probe(void)
{
	return (struct said){ NS, 0, 0, 255, "::", PROBE_GROUP, GUEST, NULL, 0 };
}

static void set_sum(u8 *at, u32 length)
{
	u16 sum;

	memset(at + 42, 0, 2);
	sum = ~sum_of(at + 40, length, sum_of(at + 8, 32, 58 + length));
	at[42] = sum >> 8;
	at[43] = sum;
}

static u32 put(u8 *at, const struct said *s)
{
	u32 header = s->target ? 24 : 8, length = header + s->options;
	struct in6_addr address;

	memset(at, 0, 40 + header);
	at[0] = 0x60;
	at[4] = length >> 8;
	at[5] = length;
	at[6] = 58;
	at[7] = s->hops;
	address = address_of(s->source);
	memcpy(at + 8, &address, 16);
	address = address_of(s->destination);
	memcpy(at + 24, &address, 16);
	at[40] = s->type;
	at[41] = s->code;
	at[44] = s->flags;
	if (s->target) {
		address = address_of(s->target);
		memcpy(at + 48, &address, 16);
	}
	memcpy(at + 40 + header, s->option ? s->option : "", s->options);
	set_sum(at, length);
	return 40 + length;
}

static enum vnic_neighbour judge_octets(struct vnic_neighbour_message *m, const u8 *at, u32 length)
{
	u8 *alone = malloc(length ? length : 1);
	enum vnic_neighbour verdict;

	memcpy(alone, at, length);
	verdict = vnic_neighbour_judge(m, alone, length, guest_mac);
	free(alone);
	return verdict;
}

static enum vnic_neighbour judge(const struct said *s)
{
	struct vnic_neighbour_message m;
	enum vnic_neighbour verdict;
	u8 at[400];

	verdict = judge_octets(&m, at, put(at, s));
	if (verdict > VNIC_NEIGHBOUR_TELLS)
		return verdict;
	CHECK(is(&m.source, s->source), "source");
	CHECK(is(&m.target, s->target ? s->target : "::"), "target");
	return verdict;
}

static void linux_is_understood(void)
{
	struct vnic_neighbour_message m;

	CHECK_EQ(judge_octets(&m, linux_probes, sizeof(linux_probes)), VNIC_NEIGHBOUR_PROBES);
	CHECK(is(&m.source, "::"), "source");
	CHECK(is(&m.target, GUEST), "target");
	CHECK_EQ(judge_octets(&m, linux_solicits, sizeof(linux_solicits)), VNIC_NEIGHBOUR_ROUTER);
	CHECK(is(&m.source, GUEST), "source");
}

static void rfc4861_7_1_1_a_solicitation(void)
{
	struct said s = solicitation();

	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_ASKS);
	/* To see whether it is still there: alone, without an option (RFC 4861 7.2.2). */
	s.destination = GATEWAY;
	s.options = 0;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_ASKS);
	s.target = "fd00::5";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_ASKS);
	s.target = "ff02::1";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
}

static void rfc4862_5_4_2_a_probe(void)
{
	struct said s = probe();

	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_PROBES);
	s.target = GATEWAY;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_PROBES);
	/* RFC 4861 7.1.1: to the solicited-node group, and without a MAC address. */
	s.destination = "ff02::1";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s.destination = "ff02::1:fe12:3456";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s.destination = GATEWAY;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s = probe();
	s.option = MAC_OPTION;
	s.options = 8;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s.option = TARGET_OPTION;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_PROBES);
}

static void rfc4861_6_1_1_a_router_solicitation(void)
{
	struct said s = router_solicitation();

	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_ROUTER);
	s.source = "::";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s.options = 0;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_ROUTER);
}

static void rfc4861_7_1_2_an_advertisement(void)
{
	struct said s = advertisement();

	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_TELLS);
	s.flags = 0x60;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s.destination = GATEWAY;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_TELLS);
	s.source = "::";
	s.options = 0;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	s = advertisement();
	s.target = "ff02::1";
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
}

static void who_claims_to_be_another_is_found_out(void)
{
	struct said all[] = { solicitation(), advertisement(), router_solicitation() };
	struct said s;

	for (u32 i = 0; i < 3; i++) {
		s = all[i];
		s.source = GATEWAY;
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
		s = all[i];
		s.option = i == 1 ? "\2\1RT\0\x12\x34W" : "\1\1RT\0\x12\x34W";
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
		/* Of a link whose addresses are longer. */
		s.option = i == 1 ? "\2\2RT\0\x12\x34V\0\0\0\0\0\0\0\0" :
				    "\1\2RT\0\x12\x34V\0\0\0\0\0\0\0\0";
		s.options = 16;
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
		s = all[i];
		s.source = "ff02::5";
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	}
	s = advertisement();
	s.target = GATEWAY;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
}

static void rfc6105_no_guest_is_a_router(void)
{
	struct said s = router_solicitation();

	s.type = RA;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
	s.type = REDIRECT;
	CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_SPOOF);
}

static void what_is_no_neighbour_discovery_is_not_judged(void)
{
	struct vnic_neighbour_message m;
	struct said s = solicitation();
	u8 at[400];
	u32 length;

	for (u32 type = 0; type < 256; type++) {
		s.type = type;
		CHECK_EQ(judge(&s) == VNIC_NEIGHBOUR_OTHER, type < RS || type > REDIRECT);
	}
	length = put(at, &s);
	at[40] = NS;
	for (u32 next = 0; next < 256; next++) {
		at[6] = next;
		CHECK_EQ(judge_octets(&m, at, length) == VNIC_NEIGHBOUR_OTHER, next != 58);
	}
	at[6] = 58;
	at[0] = 0x45;
	CHECK_EQ(judge_octets(&m, at, length), VNIC_NEIGHBOUR_OTHER);
}

static void rfc4861_7_1_what_came_from_afar_is_malformed(void)
{
	struct said all[] = { solicitation(), advertisement(), router_solicitation(), probe() };

	for (u32 i = 0; i < 4; i++) {
		struct said s = all[i];

		s.hops = 254;
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
		s.hops = 255;
		s.code = 1;
		CHECK_EQ(judge(&s), VNIC_NEIGHBOUR_MALFORMED);
	}
}

static void what_was_damaged_is_malformed(void)
{
	struct vnic_neighbour_message m;
	u8 at[sizeof(linux_probes)];

	for (u32 i = 8; i < sizeof(at); i++)
		for (u32 bit = 0; bit < 8; bit++) {
			memcpy(at, linux_probes, sizeof(at));
			at[i] ^= 1 << bit;
			CHECK(judge_octets(&m, at, sizeof(at)) > VNIC_NEIGHBOUR_TELLS,
			      "octet %u", i);
		}
}

static void options_that_lie_are_malformed(void)
{
	static const struct {
		const char *octets;
		u32 length;
		enum vnic_neighbour verdict;
	} options[] = {
		{ "\1\0RT\0\x12\x34V", 8, VNIC_NEIGHBOUR_MALFORMED },
		{ "\1\2RT\0\x12\x34V", 8, VNIC_NEIGHBOUR_MALFORMED },
		{ "\1\1RT\0\x12\x34V", 7, VNIC_NEIGHBOUR_MALFORMED },
		{ "\1\1RT\0\x12\x34V\1", 9, VNIC_NEIGHBOUR_MALFORMED },
		{ "\5\0RT\0\x12\x34V", 8, VNIC_NEIGHBOUR_MALFORMED },
		{ "\5\1\0\0\0\0\5\0\1\1RT\0\x12\x34V", 16, VNIC_NEIGHBOUR_ASKS },
		{ "\5\1\0\0\0\0\5\0\1\1RT\0\x12\x34W", 16, VNIC_NEIGHBOUR_SPOOF },
		{ "\1\1RT\0\x12\x34V\xe\0\0\0\0\0\0\0", 16, VNIC_NEIGHBOUR_MALFORMED },
		{ "\1\1RT\0\x12\x34V\xe\1\0\0\0\0\0\0", 16, VNIC_NEIGHBOUR_ASKS },
		{ "\xe\xff\0\0\0\0\0\0", 8, VNIC_NEIGHBOUR_MALFORMED },
	};

	for (u32 i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct said s = solicitation();

		s.option = options[i].octets;
		s.options = options[i].length;
		CHECK(judge(&s) == options[i].verdict, "option %u", i);
	}
}

static void each_cut_is_noticed(void)
{
	struct said all[] = { solicitation(), advertisement(), router_solicitation(), probe() };

	for (u32 i = 0; i < 4; i++) {
		struct vnic_neighbour_message m;
		u8 at[400];
		u32 length = put(at, &all[i]);

		for (u32 cut = 0; cut < length; cut++)
			CHECK_EQ(judge_octets(&m, at, cut), VNIC_NEIGHBOUR_OTHER);
		/* And stated so: without its target, with a part of an option. */
		for (u32 cut = 0; cut < length - 40; cut++) {
			at[5] = cut;
			set_sum(at, cut);
			CHECK(judge_octets(&m, at, length) > VNIC_NEIGHBOUR_TELLS ||
			      cut == (all[i].target ? 24 : 8), "%u octets", cut);
		}
		/* Padding is no part of it. */
		put(at, &all[i]);
		memset(at + length, 0x5a, 20);
		CHECK(judge_octets(&m, at, length + 20) <= VNIC_NEIGHBOUR_TELLS, "padded");
	}
}

/* --- what is answered --- */

static void check_sound(const u8 *at, u32 length, const char *source, const char *destination)
{
	CHECK_EQ(at[0], 0x60);
	CHECK_EQ(at[1] | at[2] | at[3], 0);
	CHECK_EQ(at[4] << 8 | at[5], length - 40);
	CHECK_EQ(at[6], 58);
	CHECK_EQ(at[7], 255);
	CHECK(is(at + 8, source), "source");
	CHECK(is(at + 24, destination), "destination");
	CHECK_EQ(sum_of(at + 40, length - 40, sum_of(at + 8, 32, 58 + length - 40)), 0xffff);
}

static u32 advertise(u8 *at, u32 room, const char *source, const char *target)
{
	struct vnic_neighbour_message m = { address_of(source), address_of(target) };
	u8 *alone = malloc(room ? room : 1);
	u32 length = vnic_neighbour_advertise(alone, room, &m, gateway_mac);

	memcpy(at, alone, length);
	free(alone);
	return length;
}

static void rfc4861_7_2_4_who_asks_is_told(void)
{
	u8 at[100];

	CHECK_EQ(advertise(at, 72, GUEST, GATEWAY), 72);
	check_sound(at, 72, GATEWAY, GUEST);
	CHECK(!memcmp(at + 40, "\x88\0", 2), "type");
	/* A router, asked, and this is the newest. */
	CHECK(!memcmp(at + 44, "\xe0\0\0\0", 4), "flags %02x", at[44]);
	CHECK(is(at + 48, GATEWAY), "target");
	CHECK(!memcmp(at + 64, "\2\1\2\0\0\0\0\1", 8), "option");
	/* Of another guest. */
	CHECK_EQ(advertise(at, 72, GUEST, "fd00::5"), 72);
	check_sound(at, 72, "fd00::5", GUEST);
	CHECK_EQ(at[44], 0x60);
	for (u32 room = 0; room < 72; room++)
		CHECK_EQ(advertise(at, room, GUEST, GATEWAY), 0);
}

/* RFC 4861 7.2.4: who probes has no address to be told at. */
static void rfc4861_7_2_4_who_probes_is_told_by_way_of_all(void)
{
	u8 at[100];

	CHECK_EQ(advertise(at, 72, "::", GATEWAY), 72);
	check_sound(at, 72, GATEWAY, "ff02::1");
	CHECK_EQ(at[44], 0xa0);
}

/* Of a router with an MTU. */
#define WITHOUT_DNS	104

static u32 route(u8 *at, u32 room, const struct vnic_router *router, const char *to)
{
	struct in6_addr destination = address_of(to);
	u8 *alone = malloc(room ? room : 1);
	u32 length = vnic_neighbour_route(alone, room, router, &destination);

	memcpy(at, alone, length);
	free(alone);
	return length;
}

static struct vnic_router usual(void)
{
	return (struct vnic_router){
		.mac = { 2, 0, 0, 0, 0, 1 },
		.lifetime = 1800,
		.mtu = 1500,
		.prefix = address_of("fd01:203:405:6:7:8:9:a"),
		.valid = 86400,
		.preferred = 14400,
	};
}

static void rfc4861_4_2_a_router_advertisement(void)
{
	static const u8 want[] = {
		64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 1, 2, 0, 0, 0, 0, 1,
		5, 1, 0, 0, 0, 0, 0x05, 0xdc,
		3, 4, 64, 0x40, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0,
		0xfd, 1, 2, 3, 4, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	CHECK_EQ(route(at, sizeof(at), &router, GUEST), WITHOUT_DNS);
	check_sound(at, WITHOUT_DNS, GATEWAY, GUEST);
	CHECK(!memcmp(at + 40, "\x86\0", 2), "type");
	for (u32 i = 0; i < sizeof(want); i++)
		CHECK(at[44 + i] == want[i], "octet %u is %02x, not %02x", i, at[44 + i], want[i]);
	for (u32 room = 0; room < sizeof(at); room++)
		CHECK_EQ(route(at, room, &router, GUEST), 0);
}

static void who_has_no_address_is_told_by_way_of_all(void)
{
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	route(at, sizeof(at), &router, "::");
	check_sound(at, WITHOUT_DNS, GATEWAY, "ff02::1");
	route(at, sizeof(at), &router, "ff02::1");
	check_sound(at, WITHOUT_DNS, GATEWAY, "ff02::1");
}

static void joined_guests_are_on_one_link(void)
{
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	router.joined = true;
	route(at, sizeof(at), &router, GUEST);
	CHECK_EQ(at[40 + 16 + 8 + 8 + 3], 0xc0);
}

static void rfc8106_5_1_dns_servers(void)
{
	static const u8 want[] = {
		25, 5, 0, 0, 0, 0, 0x07, 0x08,
		0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,
		0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
	};
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	router.dns[0] = address_of("2001:db8::53");
	router.dns[1] = address_of("fd00::1");
	router.dns_count = 2;
	CHECK_EQ(route(at, sizeof(at), &router, GUEST), WITHOUT_DNS + sizeof(want));
	check_sound(at, WITHOUT_DNS + sizeof(want), GATEWAY, GUEST);
	for (u32 i = 0; i < sizeof(want); i++)
		CHECK(at[WITHOUT_DNS + i] == want[i], "octet %u is %02x, not %02x", i,
		      at[WITHOUT_DNS + i], want[i]);
	router.dns_count = VNIC_NEIGHBOUR_DNS_MOST;
	CHECK_EQ(route(at, sizeof(at), &router, GUEST), sizeof(at));
	check_sound(at, sizeof(at), GATEWAY, GUEST);
}

static void a_router_without_an_mtu(void)
{
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	router.mtu = 0;
	CHECK_EQ(route(at, sizeof(at), &router, GUEST), WITHOUT_DNS - 8);
	check_sound(at, WITHOUT_DNS - 8, GATEWAY, GUEST);
	CHECK(!memcmp(at + 64, "\3\4\x40", 3), "the prefix follows the MAC address");
}

/* RFC 4862 5.5.3 (c): or it would be passed over. */
static void preferred_is_not_longer_than_valid(void)
{
	struct vnic_router router = usual();
	u8 at[VNIC_NEIGHBOUR_ROUTE];

	router.preferred = 0xffffffff;
	route(at, sizeof(at), &router, GUEST);
	CHECK(!memcmp(at + 76, "\0\1\x51\x80\0\1\x51\x80", 8), "lifetimes");
}

int main(void)
{
	RUN(linux_is_understood);
	RUN(rfc4861_7_1_1_a_solicitation);
	RUN(rfc4862_5_4_2_a_probe);
	RUN(rfc4861_6_1_1_a_router_solicitation);
	RUN(rfc4861_7_1_2_an_advertisement);
	RUN(who_claims_to_be_another_is_found_out);
	RUN(rfc6105_no_guest_is_a_router);
	RUN(what_is_no_neighbour_discovery_is_not_judged);
	RUN(rfc4861_7_1_what_came_from_afar_is_malformed);
	RUN(what_was_damaged_is_malformed);
	RUN(options_that_lie_are_malformed);
	RUN(each_cut_is_noticed);
	RUN(rfc4861_7_2_4_who_asks_is_told);
	RUN(rfc4861_7_2_4_who_probes_is_told_by_way_of_all);
	RUN(rfc4861_4_2_a_router_advertisement);
	RUN(who_has_no_address_is_told_by_way_of_all);
	RUN(joined_guests_are_on_one_link);
	RUN(rfc8106_5_1_dns_servers);
	RUN(a_router_without_an_mtu);
	RUN(preferred_is_not_longer_than_valid);
	return tap_done();
}
