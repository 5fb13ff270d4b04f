// SPDX-License-Identifier: GPL-2.0
/* One prefix for another, both ways, and no sum that notices (RFC 6296). */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"
#include "npt.h"

static uint64_t state;

static u32 draw(u32 n)
{
	return tap_next(&state) % n;
}

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	CHECK_EQ(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static struct vnic_npt npt_of(const char *inside, const char *outside, u32 prefix)
{
	struct in6_addr in = address_of(inside), out = address_of(outside);
	struct vnic_npt npt;

	CHECK(vnic_npt_init(&npt, &in, &out, prefix), "/%u", prefix);
	return npt;
}

static bool same(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* One address out and back. */
static void check_pair(const struct vnic_npt *npt, const char *inside, const char *outside)
{
	struct in6_addr in = address_of(inside), out = address_of(outside), a = in;
	char text[INET6_ADDRSTRLEN];

	CHECK(vnic_npt_address_out(npt, &a), "%s", inside);
	CHECK(same(&a, &out), "%s becomes %s", inside, inet_ntop(AF_INET6, &a, text, sizeof(text)));
	CHECK(vnic_npt_address_in(npt, &a), "%s", outside);
	CHECK(same(&a, &in), "%s becomes %s", outside, inet_ntop(AF_INET6, &a, text, sizeof(text)));
}

static void check_none(const struct vnic_npt *npt, const char *text, bool inside)
{
	struct in6_addr a = address_of(text), before = a;

	CHECK(!(inside ? vnic_npt_address_out(npt, &a) : vnic_npt_address_in(npt, &a)), "%s", text);
	CHECK(same(&a, &before), "%s has changed", text);
}

/* Adjustment 0xd54f. */
static void rfc6296_3_6_the_example(void)
{
	struct vnic_npt npt = npt_of("fd01:203:405::", "2001:db8:1::", 48);

	CHECK_EQ(npt.adjustment, 0xd54f);
	check_pair(&npt, "fd01:203:405:1::1234", "2001:db8:1:d550::1234");
	check_pair(&npt, "fd01:203:405::1", "2001:db8:1:d54f::1");
}

static void rfc6296_3_the_word_of_all_ones(void)
{
	struct vnic_npt npt = npt_of("fd01:203:405::", "2001:db8:1::", 48);

	/* 0x2ab0 + 0xd54f = 0xffff: written as 0; and back. */
	check_pair(&npt, "fd01:203:405:2ab0::1", "2001:db8:1:0::1");
	check_none(&npt, "fd01:203:405:ffff::1", true);
	check_none(&npt, "2001:db8:1:ffff::1", false);
}

/* Subnets stay; the adjustment is of the first word of the identifier that takes it. */
static void rfc6296_3_5_longer_prefixes(void)
{
	struct vnic_npt npt = npt_of("fd01:203:405:100::", "2001:db8:1:200::", 56);

	CHECK_EQ(npt.adjustment, 0xd44f);
	check_pair(&npt, "fd01:203:405:1ab:1::1", "2001:db8:1:2ab:d450::1");
	check_pair(&npt, "fd01:203:405:1ab:ffff::1", "2001:db8:1:2ab:ffff:d44f:0:1");
	check_pair(&npt, "fd01:203:405:1ab:ffff:ffff:ffff:1", "2001:db8:1:2ab:ffff:ffff:ffff:d450");
	check_pair(&npt, "fd01:203:405:1ff:2bb0::1", "2001:db8:1:2ff::1");
	/* The subnet may be all ones, as far as it is one. */
	npt = npt_of("fd01:203:405::", "2001:db8:1::", 49);
	check_pair(&npt, "fd01:203:405:7fff::1", "2001:db8:1:7fff:d54f::1");
}

static void rfc6296_3_7_identifiers_that_are_reserved(void)
{
	struct vnic_npt npt = npt_of("fd01:203:405:1::", "2001:db8:1:2::", 64);

	check_none(&npt, "fd01:203:405:1:ffff:ffff:ffff:ffff", true);
	check_none(&npt, "2001:db8:1:2:ffff:ffff:ffff:ffff", false);
	check_none(&npt, "fd01:203:405:1::", true);
	check_none(&npt, "2001:db8:1:2::", false);
	/* What would be all zeros on the other side: no way back. */
	CHECK_EQ(npt.adjustment, 0xd54e);
	check_none(&npt, "fd01:203:405:1:2ab1::", true);
	check_none(&npt, "2001:db8:1:2:d54e::", false);
}

static void what_is_not_of_the_prefix_is_left_alone(void)
{
	struct vnic_npt npt = npt_of("fd01:203:405:100::", "2001:db8:1:200::", 56);

	check_none(&npt, "fd01:203:405:200::1", true);
	check_none(&npt, "fd01:203:406:100::1", true);
	check_none(&npt, "fe01:203:405:100::1", true);
	check_none(&npt, "2001:db8:1:200::1", true);
	check_none(&npt, "fd01:203:405:100::1", false);
	check_none(&npt, "2001:db8:1:300::1", false);
	check_none(&npt, "fe80::1", true);
}

static void prefixes_are_48_to_64(void)
{
	struct in6_addr in = address_of("fd01:203:405:ffff:ffff::1");
	struct in6_addr out = address_of("2001:db8:1:ffff:ffff::1");
	struct vnic_npt npt;

	for (u32 prefix = 0; prefix < 130; prefix++)
		CHECK_EQ(vnic_npt_init(&npt, &in, &out, prefix), prefix >= 48 && prefix <= 64);
	/* Bits beyond are passed over. */
	CHECK(vnic_npt_init(&npt, &in, &out, 52), "/52");
	CHECK(vnic_npt_inside(&npt, &in), "inside");
	CHECK(vnic_npt_outside(&npt, &out), "outside");
	CHECK(!vnic_npt_inside(&npt, &out) && !vnic_npt_outside(&npt, &in), "the other way round");
	in = address_of("fd01:203:405:f000::");
	CHECK(same(&npt.inside, &in), "more bits than the prefix has");
	CHECK(vnic_npt_init(&npt, &in, &in, 48), "/48");
	in = address_of("fd01:203:405:1::");
	CHECK(vnic_npt_inside(&npt, &in), "any subnet");
}

/* --- any addresses --- */

static struct in6_addr draw_address(void)
{
	struct in6_addr a;

	for (u32 i = 0; i < 16; i += 2) {
		u16 word = draw(3) ? tap_next(&state) : draw(2) * 0xffff;

		a.s6_addr[i] = word >> 8;
		a.s6_addr[i + 1] = word;
	}
	return a;
}

/* Any address of the prefix. */
static struct in6_addr draw_of(const struct in6_addr *prefix, u32 bits)
{
	struct in6_addr a = draw_address();

	for (u32 i = 0; i < bits; i++) {
		u8 bit = 0x80 >> i % 8;

		a.s6_addr[i / 8] = (a.s6_addr[i / 8] & ~bit) | (prefix->s6_addr[i / 8] & bit);
	}
	return a;
}

/* As numbers in which 0xffff is 0. */
static u32 residue(const u8 *at, u32 length)
{
	return sum_of(at, length, 0) % 0xffff;
}

static void out_and_in_is_where_it_was_and_sums_stay(void)
{
	u32 translated = 0;

	state = tap_seed();
	for (u32 i = 0; i < 500000; i++) {
		struct in6_addr in = draw_address(), out = draw_address(), a, b;
		u32 prefix = 48 + draw(17);
		bool outwards = draw(2);
		struct vnic_npt npt;

		CHECK(vnic_npt_init(&npt, &in, &out, prefix), "/%u", prefix);
		a = draw_of(outwards ? &in : &out, prefix);
		b = a;
		if (!(outwards ? vnic_npt_address_out(&npt, &b) : vnic_npt_address_in(&npt, &b))) {
			CHECK(same(&a, &b), "changed without being translated");
			continue;
		}
		translated++;
		CHECK(outwards ? vnic_npt_outside(&npt, &b) : vnic_npt_inside(&npt, &b),
		      "its prefix");
		CHECK_EQ(residue(b.s6_addr, 16), residue(a.s6_addr, 16));
		/* The subnet of a longer prefix stays, bit by bit. */
		if (prefix > 48)
			for (u32 bit = prefix; bit < 64; bit++)
				CHECK_EQ(b.s6_addr[bit / 8] & 0x80 >> bit % 8,
					 a.s6_addr[bit / 8] & 0x80 >> bit % 8);
		CHECK(outwards ? vnic_npt_address_in(&npt, &b) : vnic_npt_address_out(&npt, &b),
		      "no way back");
		CHECK(same(&a, &b), "it came back as another");
	}
	printf("# %u of 500000 had a translation\n", translated);
	CHECK(translated > 400000, "%u", translated);
}

/* --- packets --- */

static const struct in6_addr server = { { { 0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 7 } } };

/**
 * struct packet6 - an IPv6 packet made the plain way
 * @extensions: octets of extension headers
 * @length: octets of all
 */
struct packet6 {
	u32 extensions;
	u32 length;
	u8 at[400];
};

static void put_ip6(u8 *at, u8 next, u32 payload, const struct in6_addr *source,
		    const struct in6_addr *destination)
{
	memset(at, 0, 8);
	at[0] = 0x60;
	at[4] = payload >> 8;
	at[5] = payload;
	at[6] = next;
	at[7] = 64;
	memcpy(at + 8, source, 16);
	memcpy(at + 24, destination, 16);
}

static u16 sum6(const u8 *at, const u8 *message, u32 length, u8 protocol)
{
	return sum_of(message, length, sum_of(at + 8, 32, protocol + length));
}

/* Its payload is UDP with a sum. */
static void put_udp6(struct packet6 *p, const struct in6_addr *source,
		     const struct in6_addr *destination)
{
	u16 sum;

	put_ip6(p->at, 17, 12, source, destination);
	memcpy(p->at + 40, "\x04\xd2\0\x50\0\x0c\0\0ping", 12);
	sum = ~sum6(p->at, p->at + 40, 12, 17);
	p->at[46] = sum >> 8;
	p->at[47] = sum;
	p->length = 52;
}

/* An error about @about, behind @extensions octets of a destination option each 8. */
static void put_error6(struct packet6 *p, u8 type, const struct packet6 *about, u32 extensions,
		       const struct in6_addr *source, const struct in6_addr *destination)
{
	u8 *icmp = p->at + 40 + extensions;
	u16 sum;

	p->extensions = extensions;
	p->length = 40 + extensions + 8 + about->length;
	put_ip6(p->at, extensions ? 60 : 58, p->length - 40, source, destination);
	for (u32 i = 0; i < extensions; i += 8) {
		memcpy(p->at + 40 + i, "\0\0\1\4\0\0\0\0", 8);
		p->at[40 + i] = i + 8 < extensions ? 60 : 58;
	}
	memset(icmp, 0, 8);
	icmp[0] = type;
	memcpy(icmp + 8, about->at, about->length);
	sum = ~sum6(p->at, icmp, 8 + about->length, 58);
	icmp[2] = sum >> 8;
	icmp[3] = sum;
}

typedef enum vnic_npt_verdict translation(const struct vnic_npt *npt, u8 *at, u32 linear,
					  u32 length);

/* In memory of exactly @linear octets; what becomes of it is copied back. */
static enum vnic_npt_verdict cut(translation *way, const struct vnic_npt *npt, struct packet6 *p,
				 u32 linear, u32 length)
{
	u8 *alone = malloc(linear ? linear : 1);
	enum vnic_npt_verdict verdict;
	bool changed;

	memcpy(alone, p->at, linear);
	verdict = way(npt, alone, linear, length);
	changed = memcmp(alone, p->at, linear);
	memcpy(p->at, alone, linear);
	free(alone);
	CHECK(verdict == VNIC_NPT_TRANSLATED || !changed, "changed without being translated");
	return verdict;
}

static enum vnic_npt_verdict whole(translation *way, const struct vnic_npt *npt, struct packet6 *p)
{
	return cut(way, npt, p, p->length, p->length);
}

static struct vnic_npt usual(void)
{
	return npt_of("fd01:203:405::", "2001:db8:1::", 48);
}

static void a_packet_out_and_its_answer_in(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr guest = address_of("fd01:203:405:1::1234");
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 p;

	put_udp6(&p, &guest, &server);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_TRANSLATED);
	CHECK(!memcmp(p.at + 8, &outside, 16), "source");
	CHECK(!memcmp(p.at + 24, &server, 16), "destination");
	CHECK_EQ(sum6(p.at, p.at + 40, 12, 17), 0xffff);
	put_udp6(&p, &server, &outside);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
	CHECK(!memcmp(p.at + 24, &guest, 16), "destination");
	CHECK(!memcmp(p.at + 8, &server, 16), "source");
	CHECK_EQ(sum6(p.at, p.at + 40, 12, 17), 0xffff);
}

/* From a router outside, about what a guest has sent. */
static void an_error_in_quotes_what_the_guest_sent(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr guest = address_of("fd01:203:405:1::1234");
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");

	for (u8 type = 1; type <= 4; type++)
		for (u32 extensions = 0; extensions < 32; extensions += 8) {
			struct packet6 about, p;
			u8 *quoted = p.at + 48 + extensions;

			put_udp6(&about, &outside, &server);
			put_error6(&p, type, &about, extensions, &server, &outside);
			CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
			CHECK(!memcmp(p.at + 24, &guest, 16), "destination");
			CHECK(!memcmp(quoted + 8, &guest, 16), "quoted source");
			CHECK(!memcmp(quoted + 24, &server, 16), "quoted destination");
			CHECK_EQ(sum6(quoted, quoted + 40, 12, 17), 0xffff);
			CHECK_EQ(sum6(p.at, quoted - 8, 60, 58), 0xffff);
		}
}

/* From a guest, about what was sent to it. */
static void an_error_out_quotes_what_the_guest_got(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr guest = address_of("fd01:203:405:1::1234");
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &server, &guest);
	put_error6(&p, 1, &about, 0, &guest, &server);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_TRANSLATED);
	CHECK(!memcmp(p.at + 8, &outside, 16), "source");
	CHECK(!memcmp(p.at + 48 + 24, &outside, 16), "quoted destination");
	CHECK(!memcmp(p.at + 48 + 8, &server, 16), "quoted source");
	CHECK_EQ(sum6(p.at, p.at + 40, 60, 58), 0xffff);
}

/* RFC 6296 4.3: guests reach each other by their addresses outside. */
static void rfc6296_4_3_hairpin(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr a = address_of("fd01:203:405:1::1"), b = address_of("fd01:203:405:2::2");
	struct in6_addr outside = b;
	struct packet6 p;

	CHECK(vnic_npt_address_out(&npt, &outside), "outside");
	put_udp6(&p, &a, &outside);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_TRANSLATED);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
	CHECK(!memcmp(p.at + 24, &b, 16), "destination");
	CHECK(vnic_npt_outside(&npt, (void *)(p.at + 8)), "source");
	CHECK_EQ(sum6(p.at, p.at + 40, 12, 17), 0xffff);
}

static void an_error_about_a_stranger_is_foreign(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr guest = address_of("fd01:203:405:1::1234");
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &server, &server);
	put_error6(&p, 1, &about, 0, &server, &outside);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_FOREIGN);
	put_error6(&p, 1, &about, 0, &guest, &server);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_FOREIGN);
	put_udp6(&p, &server, &server);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_FOREIGN);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_FOREIGN);
}

static void no_word_is_told_apart(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr guest = address_of("fd01:203:405:ffff::1");
	struct packet6 p;

	put_udp6(&p, &guest, &server);
	CHECK_EQ(whole(vnic_npt_out, &npt, &p), VNIC_NPT_NO_WORD);
}

/* Queries, and errors that no RFC has, quote nothing. */
static void what_quotes_nothing_is_not_looked_into(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	static const u8 types[] = { 0, 5, 100, 127, 128, 129, 255 };
	struct packet6 about, p;

	put_udp6(&about, &server, &server);
	for (u32 i = 0; i < sizeof(types); i++) {
		put_error6(&p, types[i], &about, 0, &server, &outside);
		CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
		CHECK(!memcmp(p.at + 48, about.at, about.length), "type %u", types[i]);
	}
}

static void each_cut_is_noticed(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &outside, &server);
	put_error6(&p, 1, &about, 16, &server, &outside);
	for (u32 length = 0; length < p.length; length++)
		CHECK(cut(vnic_npt_in, &npt, &p, length, length) != VNIC_NPT_TRANSLATED,
		      "%u octets", length);
	/* Not all of it need be there. */
	for (u32 linear = 0; linear < 40 + 16 + 8 + 40; linear++)
		CHECK(cut(vnic_npt_in, &npt, &p, linear, p.length) != VNIC_NPT_TRANSLATED,
		      "%u octets", linear);
	CHECK_EQ(cut(vnic_npt_in, &npt, &p, 40 + 16 + 8 + 40, p.length), VNIC_NPT_TRANSLATED);
}

/* A datagram of less than is there, and of more. */
static void padding_is_no_part_of_it(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &outside, &server);
	put_error6(&p, 1, &about, 0, &server, &outside);
	p.at[5] = 8 + 39;
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRUNCATED);
	p.at[5] = 7;
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRUNCATED);
	p.at[5] = p.length - 40 + 1;
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRUNCATED);
	p.at[5] = 8 + 40;
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
}

/* One octet of an error behind 16 octets of options is another. */
static enum vnic_npt_verdict with(u32 at, u8 value)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &outside, &server);
	put_error6(&p, 1, &about, 16, &server, &outside);
	p.at[at] = value;
	return whole(vnic_npt_in, &npt, &p);
}

static void headers_that_lie_are_noticed(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	CHECK_EQ(with(0, 0x45), VNIC_NPT_NOT_IPV6);
	CHECK_EQ(with(41, 13), VNIC_NPT_BAD_HEADER);
	CHECK_EQ(with(41, 255), VNIC_NPT_BAD_HEADER);
	CHECK_EQ(with(40 + 16 + 8, 0x45), VNIC_NPT_NOT_IPV6);
	/* Ends behind its options, whatever should follow. */
	CHECK_EQ(with(5, 15), VNIC_NPT_BAD_HEADER);
	CHECK_EQ(with(5, 16), VNIC_NPT_TRUNCATED);
	/* More extension headers than are looked at. */
	put_udp6(&about, &outside, &server);
	put_error6(&p, 1, &about, 160, &server, &outside);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
	put_error6(&p, 1, &about, 224, &server, &outside);
	CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_BAD_HEADER);
}

/* What follows extension headers is found; behind anything else nothing is. */
static void extension_headers_are_told_apart(void)
{
	static const u8 extensions[] = { 0, 43, 60, 135, 139, 140 };
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct vnic_npt npt = usual();
	struct packet6 about, p;
	u8 *quoted = p.at + 40 + 16 + 8;
	bool passed;

	put_udp6(&about, &outside, &server);
	for (u32 next = 0; next < 256; next++) {
		put_error6(&p, 1, &about, 16, &server, &outside);
		p.at[40] = next;
		/* A fragment's header has no length; an error does not quote a packet there. */
		if (next == 44 || next == 58)
			continue;
		CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
		passed = memchr(extensions, next, sizeof(extensions));
		CHECK(!memcmp(quoted, about.at, 40) == !passed, "header %u", next);
	}
}

static void rfc5095_source_routes_are_refused(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;

	put_udp6(&about, &outside, &server);
	for (u32 type = 0; type < 4; type++)
		for (u32 left = 0; left < 2; left++) {
			put_error6(&p, 1, &about, 16, &server, &outside);
			p.at[6] = 43;
			p.at[42] = type;
			p.at[43] = left;
			CHECK_EQ(whole(vnic_npt_in, &npt, &p),
				 !type && left ? VNIC_NPT_SOURCE_ROUTED : VNIC_NPT_TRANSLATED);
		}
}

static void fragments_other_than_the_first_quote_nothing(void)
{
	struct vnic_npt npt = usual();
	struct in6_addr outside = address_of("2001:db8:1:d550::1234");
	struct packet6 about, p;
	u8 *quoted = p.at + 40 + 16 + 8;

	put_udp6(&about, &outside, &server);
	for (u32 offset = 0; offset < 3; offset++) {
		put_error6(&p, 1, &about, 16, &server, &outside);
		p.at[40] = 44;
		memset(p.at + 48, 0, 8);
		p.at[48] = 58;
		p.at[49] = 0xff;	/* reserved, no length */
		p.at[50] = offset >> 5;
		p.at[51] = offset << 3 | 1;
		CHECK_EQ(whole(vnic_npt_in, &npt, &p), VNIC_NPT_TRANSLATED);
		CHECK_EQ(!memcmp(quoted, about.at, 40), offset != 0);
	}
}

static void the_last_hop_is_the_last(void)
{
	u8 at[40] = { 0x60 };

	for (u32 hops = 0; hops < 256; hops++) {
		at[7] = hops;
		CHECK_EQ(vnic_npt_hop(at), hops > 1);
		CHECK_EQ(at[7], hops > 1 ? hops - 1 : hops);
	}
}

int main(void)
{
	RUN(rfc6296_3_6_the_example);
	RUN(rfc6296_3_the_word_of_all_ones);
	RUN(rfc6296_3_5_longer_prefixes);
	RUN(rfc6296_3_7_identifiers_that_are_reserved);
	RUN(what_is_not_of_the_prefix_is_left_alone);
	RUN(prefixes_are_48_to_64);
	RUN(out_and_in_is_where_it_was_and_sums_stay);
	RUN(a_packet_out_and_its_answer_in);
	RUN(an_error_in_quotes_what_the_guest_sent);
	RUN(an_error_out_quotes_what_the_guest_got);
	RUN(rfc6296_4_3_hairpin);
	RUN(an_error_about_a_stranger_is_foreign);
	RUN(no_word_is_told_apart);
	RUN(what_quotes_nothing_is_not_looked_into);
	RUN(each_cut_is_noticed);
	RUN(padding_is_no_part_of_it);
	RUN(headers_that_lie_are_noticed);
	RUN(extension_headers_are_told_apart);
	RUN(rfc5095_source_routes_are_refused);
	RUN(fragments_other_than_the_first_quote_nothing);
	RUN(the_last_hop_is_the_last);
	return tap_done();
}
