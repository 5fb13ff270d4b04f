// SPDX-License-Identifier: GPL-2.0
/* ICMPv6 errors that the gateway sends, and those it must not; echo. All sums are computed anew. */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"
#include "icmp6.h"

#define GUEST	"fd01:203:405:1::1234"
#define SERVER	"2001:db8:ff::7"
#define GATEWAY	"fe80::1"

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	CHECK_EQ(inet_pton(AF_INET6, text, &address), 1);
	return address;
}

static u32 put(u8 *at, u8 next, u32 payload, const char *source, const char *destination)
{
	struct in6_addr from = address_of(source), to = address_of(destination);

	memset(at, 0, 40);
	at[0] = 0x60;
	at[4] = payload >> 8;
	at[5] = payload;
	at[6] = next;
	at[7] = 1;
	memcpy(at + 8, &from, 16);
	memcpy(at + 24, &to, 16);
	for (u32 i = 0; i < payload; i++)
		at[40 + i] = 7 * i;
	return 40 + payload;
}

static u32 sum6(const u8 *at, u32 message)
{
	return sum_of(at + 40, message, sum_of(at + 8, 32, 58 + message));
}

/* Into memory of exactly @room octets, and back. */
static u32 error_in(u8 *to, u32 room, u8 type, const u8 *about, u32 length)
{
	struct vnic_icmp6_error error = { address_of(GATEWAY), type, 0, 0 };
	u8 *at = malloc(room ? room : 1), *alone = malloc(length ? length : 1);
	u32 got;

	error.mtu = type == VNIC_ICMP6_TOO_BIG ? 1400 : 0;
	memcpy(alone, about, length);
	got = vnic_icmp6_error(at, room, &error, alone, length);
	CHECK(got <= room, "%u of %u", got, room);
	memcpy(to, at, got);
	free(at);
	free(alone);
	return got;
}

static bool told(u8 type, const u8 *about, u32 length)
{
	u8 at[VNIC_ICMP6_ERROR_MOST];

	return error_in(at, sizeof(at), type, about, length);
}

static void rfc4443_2_4_c_as_much_is_quoted_as_fits(void)
{
	u8 about[2000], at[2000];

	for (u32 payload = 0; payload < 1500; payload++) {
		u32 length = put(about, 17, payload, GUEST, SERVER);
		u32 got = error_in(at, sizeof(at), VNIC_ICMP6_TOO_BIG, about, length);

		CHECK_EQ(got, 48 + length < 1280 ? 48 + length : 1280);
		CHECK_EQ(at[0], 0x60);
		CHECK_EQ(at[4] << 8 | at[5], got - 40);
		CHECK(!memcmp(at + 6, "\x3a\x40\xfe\x80", 4), "header");
		CHECK(!memcmp(at + 24, about + 8, 16), "who is told");
		CHECK(!memcmp(at + 40, "\2\0", 2), "type");
		CHECK(!memcmp(at + 44, "\0\0\5\x78", 4), "MTU");
		CHECK(!memcmp(at + 48, about, got - 48), "what is quoted");
		CHECK_EQ(sum6(at, got - 40), 0xffff);
	}
}

static void only_what_is_there_is_quoted(void)
{
	u8 about[200], at[300];
	u32 length = put(about, 17, 60, GUEST, SERVER);

	for (u32 cut = 0; cut < length; cut++)
		CHECK_EQ(error_in(at, sizeof(at), 1, about, cut), cut < 40 ? 0 : 48 + cut);
	/* Padding is no part of it. */
	CHECK_EQ(error_in(at, sizeof(at), 1, about, length + 20), 48 + length);
	for (u32 room = 0; room < 48 + length; room++)
		CHECK_EQ(error_in(at, room, 1, about, length), room < 88 ? 0 : room);
}

static void rfc4443_2_4_e_never_about_an_error_or_redirect(void)
{
	u8 about[100];
	u32 length = put(about, 58, 20, GUEST, SERVER);

	for (u32 type = 0; type < 256; type++) {
		about[40] = type;
		CHECK(told(1, about, length) == (type >= 128 && type != 137), "type %u", type);
	}
	/* Nor behind an extension header, nor where its type is not there. */
	put(about, 60, 20, GUEST, SERVER);
	memcpy(about + 40, "\x3a\0\1\4\0\0\0\0\1", 9);
	CHECK(!told(1, about, length), "behind options");
	about[48] = 128;
	CHECK(told(1, about, length), "an echo behind options");
	CHECK(!told(1, about, 48), "cut");
	put(about, 58, 0, GUEST, SERVER);
	CHECK(!told(1, about, 40), "without a message");
}

/* But that it is too big may be said of any. */
static void rfc4443_2_4_e_3_never_to_many(void)
{
	u8 about[100];
	u32 length = put(about, 17, 20, GUEST, "ff05::1");

	CHECK(!told(VNIC_ICMP6_UNREACHABLE, about, length), "unreachable");
	CHECK(!told(VNIC_ICMP6_TIME_EXCEEDED, about, length), "hops");
	CHECK(told(VNIC_ICMP6_TOO_BIG, about, length), "too big");
}

static void rfc4443_2_4_e_6_never_to_nobody_or_many(void)
{
	static const char *const nobody[] = { "::", "::1", "ff02::1", "::ffff:10.9.0.2" };
	u8 about[100];

	for (u32 i = 0; i < 4; i++)
		CHECK(!told(2, about, put(about, 17, 20, nobody[i], SERVER)), "%s", nobody[i]);
	CHECK(told(2, about, put(about, 17, 20, "fe80::5", SERVER)), "link-local");
	CHECK(told(2, about, put(about, 17, 20, "febf::5", SERVER)), "link-local");
}

static void never_about_what_is_not_sound(void)
{
	u8 about[100];
	u32 length = put(about, 60, 20, GUEST, SERVER);

	about[41] = 9;
	CHECK(!told(1, about, length), "an option too long");
	put(about, 17, 20, GUEST, SERVER);
	about[0] = 0x45;
	CHECK(!told(1, about, length), "version");
}

/* An echo request behind @extensions octets of options. */
static u32 put_echo(u8 *at, u32 extensions, u8 type)
{
	u32 length = put(at, extensions ? 60 : 58, extensions + 28, "fe80::5", GATEWAY);
	u8 *icmp = at + 40 + extensions;
	u16 sum;

	if (extensions)
		memcpy(at + 40, "\x3a\0\1\4\0\0\0\0", 8);
	memset(icmp, 0, 4);
	icmp[0] = type;
	sum = ~sum_of(icmp, 28, sum_of(at + 8, 32, 58 + 28));
	icmp[2] = sum >> 8;
	icmp[3] = sum;
	return length;
}

static bool echo_cut(u8 *at, u32 linear, u32 length)
{
	u8 *alone = malloc(linear ? linear : 1);
	bool done;

	memcpy(alone, at, linear);
	done = vnic_icmp6_echo(alone, linear, length);
	CHECK(done || !memcmp(alone, at, linear), "changed");
	memcpy(at, alone, linear);
	free(alone);
	return done;
}

static void rfc4443_4_2_an_echo(void)
{
	struct in6_addr guest = address_of("fe80::5"), gateway = address_of(GATEWAY);

	for (u32 extensions = 0; extensions <= 8; extensions += 8) {
		u8 at[200], before[200], *icmp = at + 40 + extensions;
		u32 length = put_echo(at, extensions, 128);

		memcpy(before, at, length);
		CHECK(echo_cut(at, length, length), "no reply");
		CHECK(!memcmp(at + 8, &gateway, 16) && !memcmp(at + 24, &guest, 16), "ends");
		CHECK_EQ(at[7], 64);
		CHECK_EQ(icmp[0], 129);
		CHECK_EQ(sum_of(icmp, 28, sum_of(at + 8, 32, 58 + 28)), 0xffff);
		CHECK(!memcmp(icmp + 4, before + 44 + extensions, 24), "what it carries");
		/* A reply is no request. */
		CHECK(!echo_cut(at, length, length), "a reply to a reply");
		/* Not all of it need be there; a header has to. */
		memcpy(at, before, length);
		for (u32 linear = 0; linear < 48 + extensions; linear++)
			CHECK(!echo_cut(at, linear, length), "%u octets", linear);
		CHECK(!echo_cut(at, length - 1, length - 1), "truncated");
		CHECK(echo_cut(at, 48 + extensions, length), "the header is there");
		CHECK_EQ(sum_of(icmp, 28, sum_of(at + 8, 32, 58 + 28)), 0xffff);
	}
}

static void a_damaged_echo_stays_so(void)
{
	u8 at[200], *icmp = at + 40;
	u32 length = put_echo(at, 0, 128);

	at[60] ^= 1;
	CHECK(echo_cut(at, length, length), "no reply");
	CHECK(sum_of(icmp, 28, sum_of(at + 8, 32, 58 + 28)) != 0xffff, "the damage is hidden");
}

static void what_is_no_request_is_left_alone(void)
{
	u8 at[200];

	for (u32 type = 0; type < 256; type++)
		CHECK_EQ(echo_cut(at, 68, put_echo(at, 0, type)), type == 128);
	put_echo(at, 0, 128);
	at[6] = 17;
	CHECK(!echo_cut(at, 68, 68), "UDP");
	put_echo(at, 0, 128);
	at[0] = 0x45;
	CHECK(!echo_cut(at, 68, 68), "IPv4");
}

int main(void)
{
	RUN(rfc4443_2_4_c_as_much_is_quoted_as_fits);
	RUN(only_what_is_there_is_quoted);
	RUN(rfc4443_2_4_e_never_about_an_error_or_redirect);
	RUN(rfc4443_2_4_e_3_never_to_many);
	RUN(rfc4443_2_4_e_6_never_to_nobody_or_many);
	RUN(never_about_what_is_not_sound);
	RUN(rfc4443_4_2_an_echo);
	RUN(a_damaged_echo_stays_so);
	RUN(what_is_no_request_is_left_alone);
	return tap_done();
}
