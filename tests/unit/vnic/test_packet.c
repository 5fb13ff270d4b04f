// SPDX-License-Identifier: GPL-2.0
/* Headers are found where they are, and what is replaced leaves every sum right. */
#include "tap.h"

#include <arpa/inet.h>

#include "datagram.h"

static uint64_t state;

static u32 draw(u32 n)
{
	return tap_next(&state) % n;
}

/* Often one of the words by which sums come to 0x0000 and 0xffff. */
static u32 draw_word(void)
{
	static const u32 odd[] = { 0, 1, 0xffff, 0xffff0000, 0xffffffff, 0x00010000 };

	return draw(3) ? (u32)tap_next(&state) : odd[draw(6)];
}

static struct vnic_end draw_end(void)
{
	u32 address = draw_word();

	return end_of(address, draw_word());
}

static const u8 kinds[] = { ICMP, TCP, UDP };

static struct plan draw_plan(void)
{
	struct plan plan = {
		.protocol = kinds[draw(3)],
		.ttl = 1 + draw(255),
		.options = draw(4) ? 0 : 4 * draw(OPTIONS_MOST / 4 + 1),
		.payload = draw(PAYLOAD_MOST + 1),
		.source = draw_end(),
		.destination = draw_end(),
		.error = !draw(3),
		.quoted = 28 + OPTIONS_MOST + draw(60),
		.reply = draw(2),
		.reporter = draw_word(),
		.told = draw_word(),
	};

	memset(plan.option, 1, sizeof(plan.option));
	for (u32 i = 0; i < plan.payload; i++)
		plan.content[i] = draw(3) ? draw(256) : draw(2) * 0xff;
	if (plan.protocol == UDP && !draw(4))
		plan.sum = SUM_NONE;
	else if (plan.protocol != ICMP && !plan.error && !draw(3))
		plan.sum = SUM_PARTIAL;
	/* Half of TCP's sum: what it was is not known, and nobody quotes an odd number of octets. */
	if (plan.quoted == 20 + plan.options + 17)
		plan.quoted++;
	return plan;
}

/* Choose two octets of content so that the sum of what is made comes to 0. */
static void steer(struct plan *plan)
{
	u32 at = 20 + plan->options + (plan->protocol == TCP ? 16 : plan->protocol == UDP ? 6 : 2);
	struct plan whole = *plan;
	struct datagram d;

	if (plan->payload < 2 || plan->sum != SUM_FULL)
		return;
	memset(plan->content, 0, 2);
	whole = *plan;
	whole.error = false;
	d = make(&whole);
	memcpy(plan->content, d.at + at, 2);
	throw_away(d);
}

static void set_ends(struct vnic_packet *p, const struct plan *to)
{
	if (!to->error) {
		vnic_packet_set_source(p, to->source);
		vnic_packet_set_destination(p, to->destination);
		return;
	}
	vnic_packet_set_inner_source(p, to->source);
	vnic_packet_set_inner_destination(p, to->destination);
	vnic_packet_set_source(p, (struct vnic_end){ to->reporter, 0 });
	vnic_packet_set_destination(p, (struct vnic_end){ to->told, 0 });
}

static void check_same(struct datagram got, struct datagram want)
{
	CHECK_EQ(got.length, want.length);
	for (u32 i = 0; i < want.length; i++)
		CHECK(got.at[i] == want.at[i], "octet %u of %u is %02x, not %02x", i, want.length,
		      got.at[i], want.at[i]);
}

#define DRAWS	1000000

static void replaced_is_as_if_made_so(void)
{
	u32 zeros = 0;

	state = tap_seed();
	for (u32 i = 0; i < DRAWS; i++) {
		struct plan from = draw_plan(), to = from;
		struct datagram got, want;
		u8 content[PAYLOAD_MOST];
		struct vnic_packet p;

		memcpy(content, from.content, sizeof(content));
		to.source = draw_end();
		to.destination = draw_end();
		to.reporter = draw_word();
		to.told = draw_word();
		if (!draw(3))
			steer(&to);
		else if (!draw(4))
			steer(&from);
		if (memcmp(from.content, content, sizeof(content)) != 0)
			memcpy(to.content, from.content, sizeof(content));
		else
			memcpy(from.content, to.content, sizeof(content));
		got = make(&from);
		want = make(&to);
		CHECK_EQ(read_all(&p, got, &from), VNIC_SOUND);
		set_ends(&p, &to);
		check_same(got, want);
		zeros += from.protocol == UDP && !from.error && from.sum == SUM_FULL &&
			 want.at[20 + from.options + 6] == 0xff && want.at[20 + from.options + 7] == 0xff;
		throw_away(got);
		throw_away(want);
	}
	printf("# %u sums of UDP that came to 0\n", zeros);
	CHECK(zeros > DRAWS / 1000, "%u sums came to 0", zeros);
}

/* --- what is not sound --- */

static struct plan plain(u8 protocol)
{
	return (struct plan){
		.protocol = protocol,
		.ttl = 64,
		.payload = 10,
		.source = end_of(0x0a090002, 1234),
		.destination = end_of(0xc0000201, 80),
		.quoted = 200,
		.reporter = htonl(0xc0000205),
		.told = htonl(0x0a090002),
	};
}

/* The octets of @d up to @length, alone, so that whoever reads on is found out. */
static enum vnic_fault read_cut(struct datagram d, u32 linear, u32 length)
{
	u8 *alone = malloc(linear);
	enum vnic_fault fault;
	struct vnic_packet p;

	memcpy(alone, d.at, linear);
	fault = vnic_packet_read(&p, alone, linear, length, false);
	free(alone);
	return fault;
}

static void each_cut_is_noticed(void)
{
	for (u32 i = 0; i < 6; i++) {
		struct plan plan = plain(kinds[i % 3]);
		struct datagram d;

		plan.error = i >= 3;
		plan.options = 8;
		memset(plan.option, 1, sizeof(plan.option));
		d = make(&plan);
		for (u32 length = 0; length < d.length; length++)
			CHECK(read_cut(d, length, length) != VNIC_SOUND, "%u of %u octets, protocol %u",
			      length, d.length, plan.protocol);
		CHECK_EQ(read_cut(d, d.length, d.length), VNIC_SOUND);
		throw_away(d);
	}
}

/* That it is short, it says itself; padding that follows is no help. */
static void a_transport_header_that_does_not_fit(void)
{
	for (u32 i = 0; i < 3; i++) {
		struct plan plan = plain(kinds[i]);
		struct datagram d = make(&plan);

		for (u32 octets = 0; octets < (plan.protocol == TCP ? 20 : 8); octets++) {
			d.at[3] = 20 + octets;
			set_ip_sum(d.at);
			CHECK_EQ(read_cut(d, 20 + octets, 20 + octets), VNIC_TRUNCATED);
			CHECK_EQ(read_cut(d, d.length, d.length), VNIC_TRUNCATED);
		}
		throw_away(d);
	}
}

static void all_headers_are_enough(void)
{
	struct plan plan = plain(TCP);
	struct datagram d;

	plan.error = true;
	plan.options = OPTIONS_MOST;
	memset(plan.option, 1, sizeof(plan.option));
	plan.payload = PAYLOAD_MOST;
	d = make(&plan);
	CHECK(d.length > VNIC_PACKET_HEADERS, "%u", d.length);
	CHECK_EQ(read_cut(d, VNIC_PACKET_HEADERS, d.length), VNIC_SOUND);
	throw_away(d);
}

static void padding_is_no_part_of_it(void)
{
	struct plan plan = plain(UDP);
	struct vnic_packet p;
	u8 frame[60] = { 0 };
	struct datagram d;

	plan.payload = 0;
	d = make(&plan);
	memcpy(frame, d.at, d.length);
	CHECK_EQ(vnic_packet_read(&p, frame, sizeof(frame), sizeof(frame), false), VNIC_SOUND);
	CHECK_EQ(p.length, 28);
	/* Into the padding. */
	frame[25] = 9;
	CHECK_EQ(vnic_packet_read(&p, frame, sizeof(frame), sizeof(frame), false), VNIC_BAD_HEADER);
	throw_away(d);
}

/* One octet of a datagram set, the header's sum made right, and then? */
static enum vnic_fault with(const struct plan *plan, u32 at, u8 value)
{
	struct datagram d = make(plan);
	enum vnic_fault fault;
	struct vnic_packet p;

	d.at[at] = value;
	if (at < 20 && at != 10 && (d.at[0] & 0xf) >= 5)
		set_ip_sum(d.at);
	fault = read_all(&p, d, plan);
	throw_away(d);
	return fault;
}

static void lengths_that_lie_are_noticed(void)
{
	struct plan tcp = plain(TCP), udp = plain(UDP);

	for (u8 words = 0; words < 5; words++)
		CHECK_EQ(with(&tcp, 0, 0x40 + words), VNIC_BAD_HEADER);
	CHECK_EQ(with(&udp, 3, 19), VNIC_BAD_HEADER);
	CHECK_EQ(with(&udp, 3, 39), VNIC_TRUNCATED);
	CHECK_EQ(with(&udp, 2, 0xff), VNIC_TRUNCATED);
	CHECK_EQ(with(&udp, 20 + 5, 7), VNIC_BAD_HEADER);
	CHECK_EQ(with(&udp, 20 + 5, 8), VNIC_SOUND);
	CHECK_EQ(with(&udp, 20 + 5, 18), VNIC_SOUND);
	CHECK_EQ(with(&udp, 20 + 5, 19), VNIC_BAD_HEADER);
	CHECK_EQ(with(&tcp, 20 + 12, 0x40), VNIC_BAD_HEADER);
	CHECK_EQ(with(&tcp, 20 + 12, 0x70), VNIC_SOUND);
	CHECK_EQ(with(&tcp, 20 + 12, 0x80), VNIC_BAD_HEADER);
}

static void others_are_told_apart(void)
{
	struct plan plan = plain(UDP), ping = plain(ICMP);

	CHECK_EQ(with(&plan, 0, 0x65), VNIC_NOT_IPV4);
	CHECK_EQ(with(&plan, 9, 132), VNIC_UNKNOWN_PROTOCOL);
	CHECK_EQ(with(&plan, 10, 0), VNIC_BAD_SUM);
	CHECK_EQ(with(&plan, 6, 0x20), VNIC_FRAGMENT);
	CHECK_EQ(with(&plan, 7, 0x01), VNIC_FRAGMENT);
	CHECK_EQ(with(&plan, 6, 0x40), VNIC_SOUND);
	CHECK_EQ(with(&ping, 20, 0), VNIC_SOUND);
	for (u32 type = 1; type < 256; type++)
		if (type != 8 && type != 3 && type != 11 && type != 12)
			CHECK_EQ(with(&ping, 20, type), VNIC_UNKNOWN_PROTOCOL);
}

static void options_are_looked_at(void)
{
	struct plan plan = plain(UDP);
	struct datagram d;

	plan.options = 8;
	memcpy(plan.option, "\x01\x94\x04\x00\x00\x00\xff\xff", 8);	/* router alert, the end, rest */
	CHECK_EQ(with(&plan, 8, 9), VNIC_SOUND);
	plan.option[1] = 131;
	CHECK_EQ(with(&plan, 8, 9), VNIC_SOURCE_ROUTED);
	plan.option[1] = 137;
	CHECK_EQ(with(&plan, 8, 9), VNIC_SOURCE_ROUTED);
	memcpy(plan.option, "\x94\x00\x01\x01\x01\x01\x01\x01", 8);
	CHECK_EQ(with(&plan, 8, 9), VNIC_BAD_HEADER);
	memcpy(plan.option, "\x94\x09\x01\x01\x01\x01\x01\x01", 8);
	CHECK_EQ(with(&plan, 8, 9), VNIC_BAD_HEADER);
	memcpy(plan.option, "\x01\x01\x01\x01\x01\x01\x01\x94", 8);
	CHECK_EQ(with(&plan, 8, 9), VNIC_BAD_HEADER);
	/* And nothing behind the header, where its length would be. */
	d = make(&plan);
	d.at[3] = 28;
	set_ip_sum(d.at);
	CHECK_EQ(read_cut(d, 28, 28), VNIC_BAD_HEADER);
	throw_away(d);
}

/* RFC 5508 REQ-3: what is quoted has a sound IPv4 header, and ports. */
static void nonsense_that_is_quoted_is_noticed(void)
{
	struct plan plan = plain(UDP);

	plan.error = true;
	CHECK_EQ(with(&plan, 28, 0x65), VNIC_NOT_IPV4);
	CHECK_EQ(with(&plan, 28, 0x44), VNIC_BAD_HEADER);
	CHECK_EQ(with(&plan, 28 + 10, 0), VNIC_BAD_SUM);
	plan.protocol = ICMP;
	plan.quoted = 27;
	CHECK_EQ(with(&plan, 8, 9), VNIC_TRUNCATED);
	plan.quoted = 28;
	CHECK_EQ(with(&plan, 8, 9), VNIC_SOUND);
	/* An error about an error: nobody is to send one (RFC 1122 3.2.2). */
	CHECK_EQ(with(&plan, 28 + 20, 3), VNIC_UNKNOWN_PROTOCOL);
	/* Of a fragment only the first has ports. */
	plan.fragment = 0x2000;
	CHECK_EQ(with(&plan, 8, 9), VNIC_SOUND);
	plan.fragment = 0x2001;
	CHECK_EQ(with(&plan, 8, 9), VNIC_FRAGMENT);
}

static void three_kinds_of_errors_quote(void)
{
	struct plan plan = plain(TCP);

	plan.error = true;
	for (u32 type = 1; type < 256; type++)
		CHECK_EQ(with(&plan, 20, type) == VNIC_SOUND,
			 type == 3 || type == 11 || type == 12 || type == 8);
}

/* --- what is found, and what is not touched --- */

static void a_query_has_its_number_at_the_end_that_asks(void)
{
	struct plan plan = plain(ICMP);
	struct datagram d = make(&plan);
	struct vnic_packet p;

	CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
	CHECK_EQ(p.source.port, htons(1234));
	CHECK_EQ(p.destination.port, 0);
	vnic_packet_set_destination(&p, end_of(0x01020304, 99));
	CHECK_EQ(p.destination.port, 0);
	CHECK_EQ(d.at[24] << 8 | d.at[25], 1234);
	throw_away(d);
	plan.reply = true;
	d = make(&plan);
	CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
	CHECK_EQ(p.source.port, 0);
	CHECK_EQ(p.destination.port, htons(80));
	throw_away(d);
}

static void what_was_damaged_stays_so(void)
{
	for (u32 i = 0; i < 3; i++) {
		struct plan from = plain(kinds[i]), to = from;
		struct datagram got = make(&from), want;
		struct vnic_packet p;

		to.source = end_of(0x05060708, 9);
		want = make(&to);
		got.at[got.length - 1] ^= 0x10;
		want.at[want.length - 1] ^= 0x10;
		CHECK_EQ(read_all(&p, got, &from), VNIC_SOUND);
		set_ends(&p, &to);
		check_same(got, want);
		throw_away(got);
		throw_away(want);
	}
}

static void the_last_hop_is_the_last(void)
{
	for (u32 ttl = 0; ttl < 256; ttl++) {
		struct plan from = plain(UDP), to;
		struct datagram got, want;
		struct vnic_packet p;

		from.ttl = ttl;
		to = from;
		to.ttl = ttl > 1 ? ttl - 1 : ttl;
		got = make(&from);
		want = make(&to);
		CHECK_EQ(read_all(&p, got, &from), VNIC_SOUND);
		CHECK_EQ(vnic_packet_hop(&p), ttl > 1);
		check_same(got, want);
		throw_away(got);
		throw_away(want);
	}
}

int main(void)
{
	RUN(replaced_is_as_if_made_so);
	RUN(each_cut_is_noticed);
	RUN(a_transport_header_that_does_not_fit);
	RUN(all_headers_are_enough);
	RUN(padding_is_no_part_of_it);
	RUN(lengths_that_lie_are_noticed);
	RUN(others_are_told_apart);
	RUN(options_are_looked_at);
	RUN(nonsense_that_is_quoted_is_noticed);
	RUN(three_kinds_of_errors_quote);
	RUN(a_query_has_its_number_at_the_end_that_asks);
	RUN(what_was_damaged_stays_so);
	RUN(the_last_hop_is_the_last);
	return tap_done();
}
