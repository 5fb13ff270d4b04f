// SPDX-License-Identifier: GPL-2.0
/* What is said of a packet: each way, each refusal, in the order in which the module looks. */
#include <arpa/inet.h>

#include "tap.h"
#include "vnic_tool.h"

/* enum vnic_way of kmod/vnic/core/nat.h */
enum { DROP, HOST, OUT, IN };

static struct vnic_ioc_network network;
static struct link_addresses uplink;
static struct question q;
static struct sentences s;

/* lan, 10.9.0.0/24 on eth0 with 192.0.2.1; @text is a packet. */
static void scene(const char *text)
{
	struct words words;
	struct error err;

	network = (struct vnic_ioc_network){ .name = "lan", .uplink = "eth0", .subnet = inet_addr("10.9.0.0"),
					     .prefix = 24, .first_port = 1024, .last_port = 65535, .most = 65536,
					     .quota = 16384, .timeouts = { 300, 60, 7440, 240, 6, 0 } };
	uplink = (struct link_addresses){ .up = true, .count = 1, .at = { inet_addr("192.0.2.1") }, .prefix = { 24 } };
	q = (struct question){ .network = &network, .uplink = &uplink, .card = "v0" };
	if (words_split(&words, (char *[]){ (char *)text, NULL }, &err) || parse_tuple(&words, 0, &q.tuple, &err))
		abort();
	q.inbound = !subnet_has(network.subnet, network.prefix, q.tuple.source.address);
}

static void answered(uint8_t way, uint8_t reason)
{
	q.answer.way = way;
	q.answer.reason = reason;
	q.answer.new_source = q.tuple.source.address;
	q.answer.new_source_port = q.tuple.source.port;
	q.answer.new_destination = q.tuple.destination.address;
	q.answer.new_destination_port = q.tuple.destination.port;
}

#define SAYS(field, words) CHECK(!strcmp(s.field, words), "%s", s.field)

static void the_module_looks_in_this_order(void)
{
	static const struct {
		const char *packet;
		enum where where;
	} cases[] = {
		{ "udp 10.9.0.2:4000 198.51.100.7:53", WHERE_TRANSLATOR },
		{ "udp 10.9.0.2:4000 192.0.2.1:53", WHERE_TRANSLATOR },
		{ "udp 10.9.0.2:4000 10.9.0.1:53", WHERE_GATEWAY },
		{ "udp 10.9.0.2:4000 10.9.0.3:53", WHERE_GUEST },
		{ "udp 10.9.0.2:4000 10.9.1.3:53", WHERE_TRANSLATOR },
		{ "udp 10.9.0.2:4000 0.1.2.3:53", WHERE_MARTIAN },
		{ "udp 10.9.0.2:4000 127.0.0.1:53", WHERE_MARTIAN },
		{ "udp 10.9.0.2:4000 169.254.3.4:53", WHERE_MARTIAN },
		{ "udp 10.9.0.2:4000 169.253.3.4:53", WHERE_TRANSLATOR },
		{ "udp 10.9.0.2:4000 224.0.0.1:53", WHERE_MARTIAN },
		{ "udp 10.9.0.2:4000 223.255.255.255:53", WHERE_TRANSLATOR },
		{ "udp 10.9.0.2:4000 255.255.255.255:53", WHERE_MARTIAN },
		{ "udp 198.51.100.7:53 192.0.2.1:4000", WHERE_TRANSLATOR },
		{ "udp 198.51.100.7:53 192.0.2.2:4000", WHERE_NOWHERE },
		{ "udp 198.51.100.7:53 10.9.0.2:4000", WHERE_NOWHERE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene(cases[i].packet);
		CHECK(where_to(&q) == cases[i].where, "%s: %d", cases[i].packet, where_to(&q));
	}
}

static void a_new_mapping_is_announced(void)
{
	scene("udp 10.9.0.2:4000 -> 198.51.100.7:53");
	answered(OUT, VNIC_COUNT_CREATED);
	q.answer.new_source = 0;
	q.answer.new_source_port = 0;
	explain_in_sentences(&q, &s);
	SAYS(way, "out");
	SAYS(reason, "created");
	SAYS(what, "it leaves by eth0 from a port of the uplink's, 4000 if that is free");
	SAYS(why, "nobody outside knows 10.9.0.2:4000 yet: a mapping is made");
	SAYS(advice, "");
}

static void a_known_mapping_says_how_it_leaves(void)
{
	scene("udp 10.9.0.2:4000 -> 198.51.100.7:53");
	answered(OUT, VNIC_COUNT_OUT);
	q.answer.new_source = inet_addr("192.0.2.1");
	q.answer.new_source_port = htons(4002);
	explain_in_sentences(&q, &s);
	SAYS(what, "it leaves by eth0 as udp 192.0.2.1:4002 -> 198.51.100.7:53, if the host has a route");
	SAYS(why, "10.9.0.2:4000 has a mapping, whomever it sends to");
}

static void the_way_back_says_who_may_use_it(void)
{
	struct vnic_flow forward = { .flags = VNIC_FLOW_FORWARD };

	scene("udp 198.51.100.7:53 -> 192.0.2.1:4000");
	answered(IN, VNIC_COUNT_IN);
	q.answer.new_destination = inet_addr("10.9.0.2");
	explain_in_sentences(&q, &s);
	SAYS(way, "in");
	SAYS(what, "it is delivered to v0 as udp 198.51.100.7:53 -> 10.9.0.2:4000");
	SAYS(why, "192.0.2.1:4000 is the guest's, and with endpoint-independent filtering anybody may send to it");
	network.flags = VNIC_NET_ADDRESS_DEPENDENT;
	explain_in_sentences(&q, &s);
	SAYS(why, "192.0.2.1:4000 is the guest's, and it has sent to this address");
	q.mapping = &forward;
	explain_in_sentences(&q, &s);
	SAYS(why, "192.0.2.1:4000 is forwarded to the guest, for everybody");
}

static void what_nobody_inside_has_is_the_hosts(void)
{
	scene("tcp 198.51.100.7:5000 -> 192.0.2.1:22");
	answered(HOST, VNIC_COUNT_OUT);
	explain_in_sentences(&q, &s);
	SAYS(way, "host");
	SAYS(reason, "");
	SAYS(why, "no guest of lan is known outside as 192.0.2.1:22");
	SAYS(advice, "vnic forward lan tcp 22 ADDRESS:PORT takes it to a guest");
	scene("icmp 198.51.100.7 -> 192.0.2.1:9");
	answered(HOST, VNIC_COUNT_OUT);
	explain_in_sentences(&q, &s);
	SAYS(advice, "");
	scene("tcp 198.51.100.7:5000 -> 192.0.2.9:22");
	explain_in_sentences(&q, &s);
	SAYS(why, "192.0.2.9 is not an address of eth0, which has 192.0.2.1");
	SAYS(advice, "from outside, guests are known by addresses of eth0 only");
}

/* With one network a SYN is held; of several none knows whose it may be. */
static void of_several_networks_only_what_one_knows_is_translated(void)
{
	struct vnic_flow mapping = { .protocol = IPPROTO_TCP };

	scene("tcp 198.51.100.7:5000 -> 192.0.2.1:4000");
	q.shared = true;
	CHECK_EQ(where_to(&q), WHERE_HOST);
	explain_in_sentences(&q, &s);
	SAYS(way, "host");
	SAYS(why, "no guest of any network on eth0 is known outside as 192.0.2.1:4000");
	q.mapping = &mapping;
	CHECK_EQ(where_to(&q), WHERE_TRANSLATOR);
	scene("tcp 10.9.0.2:4000 -> 198.51.100.7:53");
	q.shared = true;
	CHECK_EQ(where_to(&q), WHERE_TRANSLATOR);
}

static void hairpinning_is_named(void)
{
	scene("udp 10.9.0.2:4000 -> 192.0.2.1:4001");
	answered(IN, VNIC_COUNT_HAIRPIN);
	q.answer.new_source = inet_addr("192.0.2.1");
	q.answer.new_destination = inet_addr("10.9.0.3");
	explain_in_sentences(&q, &s);
	SAYS(what, "it turns around here, and is delivered to a guest as udp 192.0.2.1:4000 -> 10.9.0.3:4001");
	SAYS(reason, "hairpin");
}

static void guests_are_isolated_unless_joined(void)
{
	scene("udp 10.9.0.2:4000 -> 10.9.0.3:53");
	explain_in_sentences(&q, &s);
	SAYS(reason, "drop_isolated");
	SAYS(why, "no guest of lan has 10.9.0.3");
	q.neighbour = "v1";
	explain_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(why, "10.9.0.3 is another guest of lan, and its guests are isolated from each other");
	SAYS(advice, "vnic set lan joined on lets its guests send to each other");
	network.flags = VNIC_NET_JOINED;
	explain_in_sentences(&q, &s);
	SAYS(way, "in");
	SAYS(what, "it is delivered to v1, as it is");
	q.neighbour = NULL;
	explain_in_sentences(&q, &s);
	SAYS(way, "drop");
}

static void the_gateway_answers_echo_only(void)
{
	scene("icmp 10.9.0.2 -> 10.9.0.1");
	explain_in_sentences(&q, &s);
	SAYS(way, "gateway");
	SAYS(reason, "echo");
	scene("tcp 10.9.0.2:4000 -> 10.9.0.1:22");
	explain_in_sentences(&q, &s);
	SAYS(way, "drop");
	SAYS(reason, "drop_no_mapping");
	SAYS(advice, "to reach the host itself, send to an address of eth0");
}

static void each_refusal_has_its_own_reason_and_advice(void)
{
	static const struct {
		uint8_t reason;
		const char *name;
		const char *why;
		const char *advice;
	} cases[] = {
		{ VNIC_DROP_QUOTA, "drop_quota", "the guest has its 16384 mappings, and this would be one more",
		  "vnic flows lan shows them; vnic set lan quota N allows more" },
		{ VNIC_DROP_NO_PORT, "drop_no_port",
		  "all ports from 1024 to 65535 that the packet could get are taken",
		  "vnic flows lan shows by whom; vnic set lan ports A-B gives more" },
		{ VNIC_DROP_FULL, "drop_full",
		  "there are 0 mappings and 0 sessions, of 65536 and 131072; or the guest has its part of the sessions",
		  "wait for some to expire, or vnic set lan timeout tcp-established TIME" },
		{ VNIC_DROP_NO_MEMORY, "drop_no_memory", "the kernel is out of memory", "" },
		{ VNIC_DROP_NO_SESSION, "drop_no_session", "TCP of no connection, and it opens none", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scene("tcp 10.9.0.2:4000 -> 198.51.100.7:53");
		answered(DROP, cases[i].reason);
		explain_in_sentences(&q, &s);
		SAYS(way, "drop");
		SAYS(reason, cases[i].name);
		SAYS(why, cases[i].why);
		SAYS(advice, cases[i].advice);
		SAYS(what, cases[i].reason <= VNIC_DROP_NO_MEMORY ?
			   "it is dropped; the guest is told that it is prohibited" : "it is dropped");
	}
}

static void an_uplink_without_an_address_is_why_there_is_no_port(void)
{
	scene("tcp 10.9.0.2:4000 -> 198.51.100.7:53");
	answered(DROP, VNIC_DROP_NO_PORT);
	uplink.up = false;
	explain_in_sentences(&q, &s);
	SAYS(why, "eth0 is down: there is nothing to translate to");
	uplink = (struct link_addresses){ .up = true };
	explain_in_sentences(&q, &s);
	SAYS(why, "eth0 has no IPv4 address: there is nothing to translate to");
}

static void strangers_are_filtered_and_syns_are_held(void)
{
	scene("udp 198.51.100.7:53 -> 192.0.2.1:4000");
	answered(DROP, VNIC_DROP_FILTERED);
	explain_in_sentences(&q, &s);
	SAYS(what, "it is dropped");
	SAYS(why, "the guest has sent nothing to 198.51.100.7 lately, and filtering is address-dependent");
	SAYS(advice, "let the guest send first; or forward the port; or vnic set lan filtering endpoint-independent");
	scene("tcp 198.51.100.7:5000 -> 192.0.2.1:4000");
	answered(DROP, VNIC_DROP_SYN_HELD);
	explain_in_sentences(&q, &s);
	SAYS(what, "it is held: if the guest opens the same connection within 6 s, good; if not, its sender is told that "
		   "the port is unreachable");
	SAYS(advice, "vnic forward lan tcp 4000 ADDRESS:PORT takes such connections to a guest");
}

static void every_counter_has_a_name_and_words(void)
{
	for (unsigned int i = 0; i < VNIC_COUNTERS; i++) {
		CHECK(counter_name(i) && counter_words(i), "counter %u", i);
		CHECK(!strncmp(counter_name(i), "drop_", 5) == (i >= VNIC_DROP_FRAME), "%s", counter_name(i));
		for (unsigned int k = 0; k < i; k++)
			CHECK(strcmp(counter_name(i), counter_name(k)) != 0, "%s twice", counter_name(i));
	}
	CHECK(counter_name(VNIC_COUNTERS) && counter_words(255), "beyond the last");
}

int main(void)
{
	RUN(the_module_looks_in_this_order);
	RUN(a_new_mapping_is_announced);
	RUN(a_known_mapping_says_how_it_leaves);
	RUN(the_way_back_says_who_may_use_it);
	RUN(what_nobody_inside_has_is_the_hosts);
	RUN(of_several_networks_only_what_one_knows_is_translated);
	RUN(hairpinning_is_named);
	RUN(guests_are_isolated_unless_joined);
	RUN(the_gateway_answers_echo_only);
	RUN(each_refusal_has_its_own_reason_and_advice);
	RUN(an_uplink_without_an_address_is_why_there_is_no_port);
	RUN(strangers_are_filtered_and_syns_are_held);
	RUN(every_counter_has_a_name_and_words);
	return tap_done();
}
