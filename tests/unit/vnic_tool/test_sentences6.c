// SPDX-License-Identifier: GPL-2.0
/* What is said of a packet of IPv6: each way, each refusal. */
#include <arpa/inet.h>

#include "tap.h"
#include "vnic_tool.h"

/* enum vnic_way of kmod/vnic/core/nat.h */
enum { DROP, HOST, OUT, IN };

static struct vnic_ioc_network network;
static struct link_addresses uplink;
static struct question6 q;
static struct sentences s;

static struct in6_addr address_of(const char *text)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		abort();
	return address;
}

/* lan, whose guests have fd00:9::/64 inside and 2001:db8:9::/64 outside; @text is a packet. */
static void scene(const char *text)
{
	struct words words;
	struct error err;

	network = (struct vnic_ioc_network){ .name = "lan", .uplink = "eth0", .inside6 = address_of("fd00:9::"),
					     .outside6 = address_of("2001:db8:9::"), .prefix6 = 64 };
	uplink = (struct link_addresses){ .up = true };
	q = (struct question6){ .network = &network, .uplink = &uplink, .card = "v0" };
	if (words_split(&words, (char *[]){ (char *)text, NULL }, &err) || parse_tuple6(&words, 0, &q.tuple, &err))
		abort();
	q.inbound = !sends6(&network, &q.tuple.source.address);
}

static void answered(uint8_t way, uint8_t reason)
{
	q.answer.way = way;
	q.answer.reason = reason;
	q.answer.new_source = q.tuple.source.address;
	q.answer.new_destination = q.tuple.destination.address;
	explain6_in_sentences(&q, &s);
}

#define SAYS(field, words) CHECK(!strcmp(s.field, words), "%s", s.field)

static void what_is_of_the_link_is_not_translated(void)
{
	static const struct {
		const char *packet;
		enum where6 where;
	} cases[] = {
		{ "udp [fd00:9::2]:4000 [2001:db8:5::7]:53", WHERE6_TRANSLATOR },
		{ "udp [fd00:9::2]:4000 [fd00:9::3]:53", WHERE6_TRANSLATOR },
		{ "udp [fd00:9::2]:4000 [::1]:53", WHERE6_TRANSLATOR },
		{ "udp [fe80::2]:4000 [2001:db8:5::7]:53", WHERE6_TRANSLATOR },
		{ "udp [fd00:9::2]:4000 [fe80::1]:53", WHERE6_LINK },
		{ "udp [fd00:9::2]:4000 [febf::1]:53", WHERE6_LINK },
		{ "udp [fd00:9::2]:4000 [fec0::1]:53", WHERE6_TRANSLATOR },
		{ "udp [fd00:9::2]:4000 [ff0e::1]:53", WHERE6_LINK },
		{ "udp [::]:4000 [ff02::1]:53", WHERE6_LINK },
		{ "udp [2001:db8:5::7]:53 [2001:db8:9::2]:4000", WHERE6_TRANSLATOR },
		{ "udp [2001:db8:5::7]:53 [ff0e::1]:4000", WHERE6_TRANSLATOR },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene(cases[i].packet);
		CHECK(where6_to(&q) == cases[i].where, "%s: %d", cases[i].packet, where6_to(&q));
		network.prefix6 = 0;
		CHECK_EQ(where6_to(&q), WHERE6_NO_IPV6);
	}
}

static void who_sends_is_a_guest_or_outside(void)
{
	scene("udp [fd00:9::2]:4000 [2001:db8:5::7]:53");
	CHECK(!q.inbound, "of the prefix");
	scene("udp [fd00:9:0:1::2]:4000 [2001:db8:5::7]:53");
	CHECK(q.inbound, "of another prefix");
	scene("udp [fe80::2]:4000 [2001:db8:5::7]:53");
	CHECK(!q.inbound, "of a link");
	scene("icmp :: ff02::1");
	CHECK(!q.inbound, "of nobody");
	network.prefix6 = 0;
	CHECK(sends6(&network, &(struct in6_addr){ { { 0x20 } } }), "of a network without IPv6");
}

static void a_prefix_becomes_another_and_a_word_makes_up_for_it(void)
{
	scene("udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53");
	q.answer.new_source = address_of("2001:db8:9:0:cf47::2");
	q.answer.new_destination = q.tuple.destination.address;
	q.answer.way = OUT;
	q.answer.reason = VNIC_COUNT_OUT;
	explain6_in_sentences(&q, &s);
	SAYS(way, "out");
	SAYS(reason, "out");
	SAYS(what, "it leaves by eth0 as udp [2001:db8:9:0:cf47::2]:4000 -> [2001:db8:5::7]:53");
	SAYS(why, "fd00:9::/64 is 2001:db8:9::/64 outside, and bits 64 to 79 are 0 inside and cf47 outside, so that no "
		  "checksum changes (RFC 6296)");
	SAYS(advice, "");
	q.card = NULL;
	explain6_in_sentences(&q, &s);
	SAYS(advice, "no guest has the address yet: the first that sends from it has it");
}

/* RFC 6296 3.4, 3.5. */
static void the_word_is_the_first_that_can_change(void)
{
	static const struct {
		const char *inside;
		const char *outside;
		__u32 prefix;
		const char *says;
	} cases[] = {
		{ "fd00:9::ffff:0:0:2", "2001:db8:9:0:ffff:1::2", 64, "bits 80 to 95 are 0 inside and 1 outside" },
		{ "fd00:9::ffff:ffff:ffff:2", "2001:db8:9:0:ffff:ffff:ffff:3", 64,
		  "bits 112 to 127 are 2 inside and 3 outside" },
		{ "fd00:9:0:1::2", "2001:db8:9:d550::2", 48, "bits 48 to 63 are 1 inside and d550 outside" },
		{ "fd00:9:0:1:a::2", "2001:db8:9:1:b::2", 56, "bits 64 to 79 are a inside and b outside" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene("udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53");
		network.prefix6 = cases[i].prefix;
		q.tuple.source.address = address_of(cases[i].inside);
		answered(OUT, VNIC_COUNT_OUT);
		q.answer.new_source = address_of(cases[i].outside);
		explain6_in_sentences(&q, &s);
		CHECK(strstr(s.why, cases[i].says), "%s", s.why);
	}
	scene("udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53");
	answered(OUT, VNIC_COUNT_OUT);
	SAYS(why, "fd00:9::/64 is 2001:db8:9::/64 outside, which has the same sum (RFC 6296)");
}

static void from_outside_anybody_may_send(void)
{
	scene("tcp [2001:db8:5::7]:53 -> [2001:db8:9:0:cf47::2]:4000");
	q.receiver = "v0";
	answered(IN, VNIC_COUNT_IN);
	q.answer.new_destination = address_of("fd00:9::2");
	explain6_in_sentences(&q, &s);
	SAYS(way, "in");
	SAYS(reason, "in");
	SAYS(what, "it is delivered to v0 as tcp [2001:db8:5::7]:53 -> [fd00:9::2]:4000");
	SAYS(why, "fd00:9::/64 is 2001:db8:9::/64 outside, and bits 64 to 79 are 0 inside and cf47 outside, so that no "
		  "checksum changes (RFC 6296); nothing is remembered or filtered: anybody may send");
	SAYS(advice, "rules of the host's firewall before its routing keep strangers out");
}

static void from_outside_to_nobody(void)
{
	scene("tcp [2001:db8:5::7]:53 -> [2001:db8:9:0:cf47::2]:4000");
	answered(DROP, VNIC_DROP_NO_MAPPING);
	SAYS(why, "2001:db8:9:0:cf47::2 has no translation (RFC 6296 3.7)");
	q.answer.new_destination = address_of("fd00:9::2");
	explain6_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(reason, "drop_no_mapping");
	SAYS(what, "it is dropped");
	SAYS(why, "it is for fd00:9::2 inside, and no guest of lan has that");
	scene("tcp [2001:db8:5::7]:53 -> [2001:db8:8::2]:4000");
	answered(HOST, VNIC_COUNTERS);
	SAYS(way, "host");
	SAYS(reason, "");
	SAYS(why, "2001:db8:8::2 is not of 2001:db8:9::/64, by which the guests of lan are known outside");
}

static void between_guests(void)
{
	scene("tcp [fd00:9::2]:53 -> [fd00:9::3]:4000");
	answered(DROP, VNIC_DROP_ISOLATED);
	SAYS(what, "it is dropped; the guest is told that the address is unreachable");
	SAYS(why, "no guest of lan has fd00:9::3");
	q.answer.receiver = inet_addr("10.9.0.3");
	explain6_in_sentences(&q, &s);
	SAYS(why, "fd00:9::3 is another guest's of lan, and its guests are isolated from each other");
	SAYS(advice, "vnic set lan joined on lets its guests send to each other");
	q.receiver = "v1";
	answered(IN, VNIC_COUNTERS);
	SAYS(way, "in");
	SAYS(reason, "");
	SAYS(what, "it is delivered to v1, as it is");
	SAYS(why, "fd00:9::3 is a guest's of lan, and its guests are joined");
	scene("tcp [fd00:9::2]:53 -> [2001:db8:9:0:cf47::3]:4000");
	q.receiver = "v1";
	answered(IN, VNIC_COUNT_HAIRPIN);
	q.answer.new_source = address_of("2001:db8:9:0:cf47::2");
	q.answer.new_destination = address_of("fd00:9::3");
	explain6_in_sentences(&q, &s);
	SAYS(reason, "hairpin");
	SAYS(what, "it turns around here, and is delivered to v1 as tcp [2001:db8:9:0:cf47::2]:53 -> [fd00:9::3]:4000");
}

static void on_the_link_is_only_the_gateway(void)
{
	scene("icmp fd00:9::2 -> fe80::1");
	explain6_in_sentences(&q, &s);
	SAYS(way, "gateway");
	SAYS(reason, "echo");
	SAYS(what, "the gateway answers it");
	scene("tcp [fd00:9::2]:4000 -> [fe80::1]:22");
	explain6_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(reason, "");
	SAYS(what, "it goes nowhere, and nothing is counted");
	SAYS(advice, "to reach the host itself, send to a global address of eth0");
	scene("icmp fd00:9::2 -> fe80::2");
	explain6_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(why, "link-local addresses are of the guest's own link, where nobody is but the gateway, fe80::1");
	scene("udp [fe80::2]:5353 -> [ff02::fb]:5353");
	explain6_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(why, "groups are of the guest's own link, where nobody is but the gateway: it hears neighbour discovery "
		  "(RFC 4861) only");
}

static void each_refusal_has_its_own_reason_and_advice(void)
{
	scene("udp [fe80::2]:4000 -> [2001:db8:5::7]:53");
	answered(DROP, VNIC_DROP_SOURCE);
	SAYS(reason, "drop_source");
	SAYS(what, "it is dropped");
	SAYS(why, "fe80::2 is not of fd00:9::/64, of which the guests' addresses are: it goes no further than the link");
	scene("udp [fd00:9::2]:4000 -> [::1]:53");
	answered(DROP, VNIC_DROP_MARTIAN);
	SAYS(reason, "drop_martian");
	SAYS(why, "such an address means nothing beyond its own link or host (RFC 6890)");
	scene("udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53");
	answered(DROP, VNIC_DROP_NO_ROUTE);
	SAYS(reason, "drop_no_route");
	SAYS(what, "it is dropped; the guest is told that there is no route");
	SAYS(why, "the host has no route to 2001:db8:5::7 by eth0");
	SAYS(advice, "ip -6 route add default via ADDRESS dev eth0");
	uplink.up = false;
	explain6_in_sentences(&q, &s);
	SAYS(why, "eth0 is down");
	scene("udp [fd00:9::]:4000 -> [2001:db8:5::7]:53");
	answered(DROP, VNIC_DROP_NO_PORT);
	SAYS(what, "it is dropped; the guest is told that the address is unreachable");
	SAYS(why, "fd00:9:: has no translation: its last 64 bits, here or outside, are all zeros or all ones "
		  "(RFC 6296 3.7)");
	network.prefix6 = 48;
	q.tuple.source.address = address_of("fd00:9:0:ffff::2");
	explain6_in_sentences(&q, &s);
	SAYS(why, "fd00:9:0:ffff::2 has no translation: its bits 48 to 63 are all ones (RFC 6296 3.4)");
	network.prefix6 = 0;
	explain6_in_sentences(&q, &s);
	SAYS(reason, "drop_frame");
	SAYS(why, "lan has no IPv6: it was created without prefixes");
}

int main(void)
{
	RUN(what_is_of_the_link_is_not_translated);
	RUN(who_sends_is_a_guest_or_outside);
	RUN(a_prefix_becomes_another_and_a_word_makes_up_for_it);
	RUN(the_word_is_the_first_that_can_change);
	RUN(from_outside_anybody_may_send);
	RUN(from_outside_to_nobody);
	RUN(between_guests);
	RUN(on_the_link_is_only_the_gateway);
	RUN(each_refusal_has_its_own_reason_and_advice);
	return tap_done();
}
