// SPDX-License-Identifier: GPL-2.0
/* Errors that the gateway sends, and those it must not; echo. Sums are computed from scratch. */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"
#include "icmp.h"

static const struct vnic_icmp_error hops = {
	.type = VNIC_ICMP_TIME_EXCEEDED,
	.code = VNIC_ICMP_HOPS,
};

static struct plan plain(u8 protocol)
{
	return (struct plan){
		.protocol = protocol,
		.ttl = 1,
		.payload = 40,
		.source = end_of(0x0a090002, 1234),
		.destination = end_of(0xc6336407, 80),
	};
}

static u16 get(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* An error into memory of exactly @room octets. */
static struct datagram error_in(const struct vnic_icmp_error *error, const u8 *about, u32 length,
				u32 room)
{
	struct vnic_icmp_error e = *error;
	struct datagram d = { malloc(room ? room : 1), 0 };
	u8 *alone = malloc(length ? length : 1);

	e.from = htonl(0x0a090001);
	memcpy(alone, about, length);
	d.length = vnic_icmp_error(d.at, room, &e, alone, length);
	free(alone);
	CHECK(d.length <= room, "%u of %u", d.length, room);
	return d;
}

static u32 told_about(struct datagram about)
{
	struct datagram d = error_in(&hops, about.at, about.length, VNIC_ICMP_ERROR_MOST);
	u32 length = d.length;

	throw_away(d);
	return length;
}

/* One octet of a datagram set, the header's sum made right: is an error sent about it? */
static bool told_with(const struct plan *plan, u32 at, u8 value)
{
	struct datagram d = make(plan);
	bool told;

	d.at[at] = value;
	if (at < 20 && (d.at[0] & 0xf) >= 5 && at != 10)
		set_ip_sum(d.at);
	told = told_about(d);
	throw_away(d);
	return told;
}

/* A probe of traceroute and what Linux says about it as a router; the identification is its own. */
static void linux_says_the_same(void)
{
	static const u8 about[] = {
		0x45, 0, 0, 0x20, 0x94, 0xa8, 0x40, 0, 1, 17, 0xb0, 0xdf, 10, 9, 0, 2,
		198, 51, 100, 7,
		0xa8, 0xc0, 0x82, 0x9a, 0, 0x0c, 0x34, 0x63, 'p', 'i', 'n', 'g',
	};
	static const u8 want[] = {
		0x45, 0xc0, 0, 60, 0, 0, 0x40, 0, 64, 1, 0x25, 0xed, 10, 9, 0, 1, 10, 9, 0, 2,
		11, 0, 0xb6, 0x64, 0, 0, 0, 0,
	};
	struct datagram d = error_in(&hops, about, sizeof(about), VNIC_ICMP_ERROR_MOST);

	CHECK_EQ(d.length, 60);
	for (u32 i = 0; i < 28; i++)
		CHECK(d.at[i] == want[i], "octet %u is %02x, not %02x", i, d.at[i], want[i]);
	CHECK(!memcmp(d.at + 28, about, 32), "the quotation");
	throw_away(d);
}

static void check_error(struct datagram d, struct datagram about,
			const struct vnic_icmp_error *error)
{
	u32 quoted = about.length < 548 ? about.length : 548;

	CHECK_EQ(d.length, 28 + quoted);
	CHECK_EQ(get(d.at + 2), d.length);
	CHECK_EQ(sum_of(d.at, 20, 0), 0xffff);
	CHECK_EQ(sum_of(d.at + 20, d.length - 20, 0), 0xffff);
	CHECK_EQ(d.at[9], ICMP);
	CHECK(!memcmp(d.at + 16, about.at + 12, 4), "who is told");
	CHECK_EQ(d.at[20], error->type);
	CHECK_EQ(d.at[21], error->code);
	CHECK_EQ(get(d.at + 24), 0);
	CHECK_EQ(get(d.at + 26), error->mtu);
	CHECK(!memcmp(d.at + 28, about.at, quoted), "what is quoted");
}

/* RFC 1812 4.3.2.3: as much as fits 576 octets. The packet's own length is any. */
static void rfc1812_4_3_2_3_as_much_is_quoted_as_fits(void)
{
	struct vnic_icmp_error big = { .type = VNIC_ICMP_UNREACHABLE, .code = VNIC_ICMP_TOO_BIG };
	uint64_t state = tap_seed();

	for (u32 length = 28; length < 700; length++) {
		struct datagram about = { calloc(1, length), length }, d;

		big.mtu = tap_next(&state);
		about.at[0] = 0x45;
		about.at[2] = length >> 8;
		about.at[3] = length & 0xff;
		about.at[8] = 3;
		about.at[9] = 47;
		about.at[12] = 10;
		about.at[16] = 11;
		for (u32 i = 20; i < length; i++)
			about.at[i] = tap_next(&state);
		set_ip_sum(about.at);
		d = error_in(&big, about.at, length, 2000);
		check_error(d, about, &big);
		throw_away(d);
		throw_away(about);
	}
}

/* The packet goes on elsewhere; padding is no part of it. */
static void only_what_is_there_is_quoted(void)
{
	struct plan plan = plain(UDP);
	struct datagram about = make(&plan), d;
	u8 padded[100] = { 0 };

	d = error_in(&hops, about.at, 40, 576);
	CHECK_EQ(d.length, 68);
	CHECK_EQ(sum_of(d.at + 20, 48, 0), 0xffff);
	throw_away(d);
	memcpy(padded, about.at, about.length);
	d = error_in(&hops, padded, sizeof(padded), 576);
	CHECK_EQ(d.length, 28 + about.length);
	throw_away(d);
	throw_away(about);
}

/* RFC 792: the header and 8 octets, or its sender would not know which it was. */
static void too_little_room_or_packet_is_nothing(void)
{
	struct plan plan = plain(UDP);
	struct datagram about, d;

	plan.options = 4;
	memset(plan.option, 1, 4);
	about = make(&plan);
	for (u32 room = 0; room < 28 + about.length; room++) {
		d = error_in(&hops, about.at, about.length, room);
		CHECK_EQ(d.length, room < 28 + 32 ? 0 : room);
		throw_away(d);
	}
	for (u32 length = 0; length < about.length; length++) {
		d = error_in(&hops, about.at, length, 576);
		CHECK_EQ(d.length, length < 32 ? 0 : 28 + length);
		throw_away(d);
	}
	throw_away(about);
}

/* A datagram that has less than 8 octets of payload is quoted whole. */
static void a_short_packet_is_quoted_whole(void)
{
	u8 about[] = {
		0x45, 0, 0, 22, 0, 0, 0, 0, 1, 47, 0, 0, 10, 9, 0, 2, 11, 0, 0, 1, 0xab, 0xcd,
	};
	struct datagram d;

	set_ip_sum(about);
	d = error_in(&hops, about, sizeof(about), 576);
	CHECK_EQ(d.length, 50);
	throw_away(d);
	d = error_in(&hops, about, sizeof(about) - 1, 576);
	CHECK_EQ(d.length, 0);
	throw_away(d);
}

static void rfc1812_4_3_2_7_never_about_an_error(void)
{
	struct plan plan = plain(ICMP), error = plain(UDP);
	struct datagram d;

	for (u32 type = 0; type < 256; type++)
		CHECK(told_with(&plan, 20, type) ==
		      (!type || type == 8 || (type >= 13 && type <= 18)),
		      "type %u", type);
	error.error = true;
	error.quoted = 60;
	error.reporter = htonl(0x0a090002);
	error.told = htonl(0xc6336407);
	d = make(&error);
	CHECK_EQ(told_about(d), 0);
	throw_away(d);
	/* Nor about one whose type is not there to be looked at. */
	plan.payload = 0;
	d = make(&plan);
	d.at[3] = 20;
	set_ip_sum(d.at);
	CHECK_EQ(told_about(d), 0);
	throw_away(d);
}

static void rfc1812_4_3_2_7_never_about_a_later_fragment(void)
{
	struct plan plan = plain(UDP);

	CHECK(told_with(&plan, 6, 0x20), "the first");
	CHECK(told_with(&plan, 6, 0x40), "none");
	CHECK(!told_with(&plan, 7, 0x01), "the last");
	CHECK(!told_with(&plan, 6, 0x21), "one between");
	CHECK(!told_with(&plan, 6, 0x10), "a far one");
}

static void rfc1812_4_3_2_7_never_to_nobody_or_many(void)
{
	static const u8 martians[] = { 0, 127, 224, 239, 240, 255 };
	struct plan plan = plain(UDP);

	for (u32 i = 0; i < sizeof(martians); i++)
		CHECK(!told_with(&plan, 12, martians[i]), "from %u.9.0.2", martians[i]);
	CHECK(told_with(&plan, 12, 172), "from 172.9.0.2");
	for (u32 first = 0; first < 256; first++)
		CHECK(told_with(&plan, 16, first) == (first < 224), "to %u.51.100.7", first);
}

static void rfc1812_4_3_2_7_never_about_what_is_not_sound(void)
{
	struct plan plan = plain(UDP);

	CHECK(!told_with(&plan, 0, 0x65), "version");
	CHECK(!told_with(&plan, 0, 0x44), "header");
	CHECK(!told_with(&plan, 10, 0), "sum");
	CHECK(!told_with(&plan, 3, 19), "length");
}

static void rfc1122_3_2_2_6_an_echo(void)
{
	uint64_t state = tap_seed();

	for (u32 i = 0; i < 20000; i++) {
		struct plan from = plain(ICMP), to;
		struct datagram got, want;
		struct vnic_packet p;

		from.ttl = 1 + tap_next(&state) % 255;
		from.payload = tap_next(&state) % (PAYLOAD_MOST + 1);
		from.source = end_of(tap_next(&state), tap_next(&state));
		from.destination = end_of(tap_next(&state), 0);
		for (u32 j = 0; j < from.payload; j++)
			from.content[j] = tap_next(&state) % 3 ? 0xff * (tap_next(&state) % 2) :
								 tap_next(&state);
		to = from;
		to.ttl = 64;
		to.reply = true;
		to.source = (struct vnic_end){ from.destination.address, 0 };
		to.destination = from.source;
		got = make(&from);
		want = make(&to);
		CHECK_EQ(read_all(&p, got, &from), VNIC_SOUND);
		CHECK(vnic_icmp_echo(&p), "no reply");
		for (u32 j = 0; j < want.length; j++)
			CHECK(got.at[j] == want.at[j], "octet %u is %02x, not %02x", j, got.at[j],
			      want.at[j]);
		/* And it is found as what it is. */
		CHECK_EQ(p.source.address, to.source.address);
		CHECK_EQ(p.source.port, 0);
		CHECK_EQ(p.destination.port, from.source.port);
		throw_away(got);
		throw_away(want);
	}
}

static void a_damaged_echo_stays_so(void)
{
	struct plan plan = plain(ICMP);
	struct datagram d = make(&plan);
	struct vnic_packet p;

	d.at[40] ^= 1;
	CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
	CHECK(vnic_icmp_echo(&p), "no reply");
	CHECK_EQ(sum_of(d.at, 20, 0), 0xffff);
	CHECK(sum_of(d.at + 20, d.length - 20, 0) != 0xffff, "the damage is hidden");
	throw_away(d);
}

static void an_echo_keeps_its_options(void)
{
	struct plan plan = plain(ICMP);
	struct datagram d;
	struct vnic_packet p;

	plan.options = 8;
	memcpy(plan.option, "\x94\x04\x00\x00\x01\x01\x01\x00", 8);
	d = make(&plan);
	CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
	CHECK(vnic_icmp_echo(&p), "no reply");
	CHECK(!memcmp(d.at + 20, plan.option, 8), "other options");
	CHECK_EQ(sum_of(d.at, 28, 0), 0xffff);
	CHECK_EQ(sum_of(d.at + 28, d.length - 28, 0), 0xffff);
	throw_away(d);
}

static void what_is_no_request_is_left_alone(void)
{
	static const u8 kinds[] = { ICMP, TCP, UDP, UDP };

	for (u32 i = 0; i < 4; i++) {
		struct plan plan = plain(kinds[i]);
		struct datagram d, before;
		struct vnic_packet p;

		plan.reply = true;
		plan.error = i == 3;
		plan.quoted = 60;
		/* Where the type of an ICMP message would be. */
		plan.source.port = htons(0x0800);
		d = make(&plan);
		before = make(&plan);
		CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
		CHECK(!vnic_icmp_echo(&p), "kind %u", i);
		CHECK(!memcmp(d.at, before.at, d.length), "kind %u", i);
		throw_away(d);
		throw_away(before);
	}
}

int main(void)
{
	RUN(linux_says_the_same);
	RUN(rfc1812_4_3_2_3_as_much_is_quoted_as_fits);
	RUN(only_what_is_there_is_quoted);
	RUN(too_little_room_or_packet_is_nothing);
	RUN(a_short_packet_is_quoted_whole);
	RUN(rfc1812_4_3_2_7_never_about_an_error);
	RUN(rfc1812_4_3_2_7_never_about_a_later_fragment);
	RUN(rfc1812_4_3_2_7_never_to_nobody_or_many);
	RUN(rfc1812_4_3_2_7_never_about_what_is_not_sound);
	RUN(rfc1122_3_2_2_6_an_echo);
	RUN(a_damaged_echo_stays_so);
	RUN(an_echo_keeps_its_options);
	RUN(what_is_no_request_is_left_alone);
	return tap_done();
}
