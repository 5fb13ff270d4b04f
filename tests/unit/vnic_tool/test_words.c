// SPDX-License-Identifier: GPL-2.0
/* Packets, forwards and settings, as people type them. */
#include <arpa/inet.h>

#include "tap.h"
#include "vnic_tool.h"

static struct error err;
static struct words words;

/* The arguments end with NULL. */
#define SPLIT(...) words_split(&words, (char *[]){ __VA_ARGS__, NULL }, &err)
#define REFUSED(call, says)                                                                        \
	do {                                                                                       \
		err.text[0] = '\0';                                                                \
		CHECK_EQ(call, -EUSAGE);                                                           \
		CHECK(!strcmp(err.text, says), "%s", err.text);                                    \
	} while (0)

static void one_argument_or_several_are_the_same_words(void)
{
	CHECK(!SPLIT("udp 10.9.0.2:4000 -> 198.51.100.7:53"), "%s", err.text);
	CHECK_EQ(words.count, 4);
	CHECK(!strcmp(words.at[2], "->"), "%s", words.at[2]);
	CHECK(!SPLIT("udp", "10.9.0.2:4000->198.51.100.7:53"), "%s", err.text);
	CHECK_EQ(words.count, 4);
	CHECK(!strcmp(words.at[3], "198.51.100.7:53"), "%s", words.at[3]);
	CHECK(!SPLIT("  a\tb\n", "", "c"), "%s", err.text);
	CHECK_EQ(words.count, 3);
	CHECK(!SPLIT(""), "%s", err.text);
	CHECK_EQ(words.count, 0);
}

static void words_have_bounds(void)
{
	char text[1024];

	for (size_t length = 480; length < 600; length++) {
		memset(text, 'a', length);
		text[length] = '\0';
		CHECK(SPLIT(text) == (length < 511 ? 0 : -EUSAGE), "%zu octets", length);
		memcpy(text + length - 2, "->", 3);
		SPLIT(text);
	}
	CHECK(!SPLIT("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), "%s", err.text);
	CHECK_EQ(SPLIT("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), -EUSAGE);
}

/* What parse_tuple() makes of @text, written again. */
static const char *tuple_of(const char *text)
{
	static char back[64];
	struct tuple tuple;

	if (SPLIT((char *)text) || parse_tuple(&words, 0, &tuple, &err))
		return err.text;
	format_tuple(back, sizeof(back), &tuple);
	return back;
}

static void a_packet_is_read_and_written(void)
{
	static const char *const pairs[][2] = {
		{ "udp 10.9.0.2:4000 -> 198.51.100.7:53", "udp 10.9.0.2:4000 -> 198.51.100.7:53" },
		{ "tcp 10.9.0.2:4000 198.51.100.7:80", "tcp 10.9.0.2:4000 -> 198.51.100.7:80" },
		{ "icmp 10.9.0.2 -> 198.51.100.7", "icmp 10.9.0.2 -> 198.51.100.7" },
		{ "icmp 198.51.100.7 192.0.2.1:77", "icmp 198.51.100.7 -> 192.0.2.1:77" },
		{ "sctp 1.2.3.4:5 6.7.8.9:10", "protocol: sctp: there are tcp, udp and icmp" },
		{ "UDP 1.2.3.4:5 6.7.8.9:10", "protocol: UDP: there are tcp, udp and icmp" },
		{ "udp 10.9.0.2 198.51.100.7:53", "explain: 10.9.0.2: its port is missing: write 10.9.0.2:80" },
		{ "udp 10.9.0.2:4000", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "udp", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "udp 1.2.3.4:5 -> 6.7.8.9:10 more", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "udp 1.2.3.4:5 -> -> 6.7.8.9:10", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "udp 1.2.3.4:5 ->", "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'" },
		{ "icmp 10.9.0.2:x 1.2.3.4", "explain: 10.9.0.2:x: not an address and an identifier: write 10.9.0.2:77" },
		{ "icmp 10.9.0.2:0 1.2.3.4", "explain: 10.9.0.2:0: leave an identifier of 0 out" },
		{ "udp 10.9.0.2:4000 -",
		  "explain: the shell took -> as \"write to a file\": leave it out, or quote it: '->'" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(!strcmp(tuple_of(pairs[i][0]), pairs[i][1]), "%s: %s", pairs[i][0], tuple_of(pairs[i][0]));
}

/* What parse_tuple6() makes of @text, written again. */
static const char *tuple6_of(const char *text)
{
	static char back[TUPLE_SIZE];
	struct tuple6 tuple;

	if (SPLIT((char *)text) || !is_tuple6(&words, 0))
		return "not of IPv6";
	if (parse_tuple6(&words, 0, &tuple, &err))
		return err.text;
	format_tuple6(back, sizeof(back), &tuple);
	return back;
}

static void a_packet_of_ipv6_is_read_and_written(void)
{
	static const char *const pairs[][2] = {
		{ "udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53", "udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53" },
		{ "tcp [FD00:9:0::2]:4000 [2001:db8:5::7]:80", "tcp [fd00:9::2]:4000 -> [2001:db8:5::7]:80" },
		{ "icmp fd00:9::2->2001:db8:5::7", "icmp fd00:9::2 -> 2001:db8:5::7" },
		{ "icmp :: ff02::1", "icmp :: -> ff02::1" },
		{ "icmp [fd00:9::2]:77 -> 2001:db8:5::7", "icmp [fd00:9::2]:77 -> 2001:db8:5::7" },
		{ "tcp [1111:2222:3333:4444:5555:6666:7777:8888]:65535 [2001:db8:1111:2222:3333:4444:5555:6666]:65535",
		  "tcp [1111:2222:3333:4444:5555:6666:7777:8888]:65535 -> [2001:db8:1111:2222:3333:4444:5555:6666]:65535" },
		{ "udp 10.9.0.2:4000 198.51.100.7:53", "not of IPv6" },
		{ "udp 10.9.0.2:4000 -> [2001:db8:5::7]:53", "explain: 10.9.0.2:4000: the packet's other address is of IPv6" },
		{ "icmp fd00:9::2 198.51.100.7", "explain: 198.51.100.7: the packet's other address is of IPv6" },
		{ "udp fd00:9::2 [2001:db8:5::7]:53",
		  "explain: fd00:9::2: not an IPv6 address and a port: write [2001:db8::7]:80" },
		{ "udp [fd00:9::2] [2001:db8:5::7]:53", "explain: [fd00:9::2]: its port is missing: write [fd00:9::2]:80" },
		{ "udp [fd00:9::2]80 [2001:db8:5::7]:53",
		  "explain: [fd00:9::2]80: not an IPv6 address and a port: write [2001:db8::7]:80" },
		{ "udp [fd00:9::2:80 [2001:db8:5::7]:53",
		  "explain: [fd00:9::2:80: not an IPv6 address and a port: write [2001:db8::7]:80" },
		{ "udp [fd00:9::2]:0 [2001:db8:5::7]:53", "explain: 0: not a port: a number from 1 to 65535" },
		{ "udp [fd00::9::2]:80 [2001:db8:5::7]:53",
		  "explain: fd00::9::2: not an IPv6 address: write 2001:db8::7" },
		{ "icmp fd00:9::g 2001:db8:5::7", "explain: fd00:9::g: not an IPv6 address: write 2001:db8::7" },
		{ "icmp [fd00:9::2]:x 2001:db8:5::7",
		  "explain: [fd00:9::2]:x: not an address and an identifier: write [fd00:9::2]:77" },
		{ "sctp [fd00:9::2]:80 [2001:db8:5::7]:53", "protocol: sctp: there are tcp, udp and icmp" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		CHECK(!strcmp(tuple6_of(pairs[i][0]), pairs[i][1]), "%s: %s", pairs[i][0], tuple6_of(pairs[i][0]));
}

static void a_forward_is_of_a_port_or_of_an_address_and_a_port(void)
{
	struct forward forward;

	CHECK(!SPLIT("tcp 8080 -> 10.9.0.2:80") && !parse_forward(&words, 0, &forward, &err), "%s", err.text);
	CHECK_EQ(forward.protocol, IPPROTO_TCP);
	CHECK_EQ(forward.outside.address, 0);
	CHECK_EQ(ntohs(forward.outside.port), 8080);
	CHECK_EQ(ntohl(forward.inside.address), 0x0a090002);
	CHECK_EQ(ntohs(forward.inside.port), 80);
	CHECK(!SPLIT("lan udp 192.0.2.7:53 10.9.0.2:5353") && !parse_forward(&words, 1, &forward, &err), "%s", err.text);
	CHECK_EQ(forward.protocol, IPPROTO_UDP);
	CHECK_EQ(ntohl(forward.outside.address), 0xc0000207);
	CHECK_EQ(ntohs(forward.outside.port), 53);
	SPLIT("tcp", "8080", "-");
	REFUSED(parse_forward(&words, 0, &forward, &err),
		"forward: the shell took -> as \"write to a file\": leave it out, or quote it: '->'");
	SPLIT("icmp 1 10.9.0.2:1");
	REFUSED(parse_forward(&words, 0, &forward, &err), "forward: icmp: only ports of tcp and udp are forwarded");
	SPLIT("tcp 70000 10.9.0.2:80");
	REFUSED(parse_forward(&words, 0, &forward, &err), "forward: 70000: not a port: a number from 1 to 65535");
	SPLIT("tcp 192.0.2.7 10.9.0.2:80");
	REFUSED(parse_forward(&words, 0, &forward, &err),
		"forward: 192.0.2.7: its port is missing: write 192.0.2.7:80");
	SPLIT("tcp 8080");
	REFUSED(parse_forward(&words, 0, &forward, &err),
		"forward: say which port goes where: vnic forward tcp 8080 10.9.0.2:80");
	SPLIT("tcp 8080 10.9.0.2:80 10.9.0.3:80");
	CHECK_EQ(parse_forward(&words, 0, &forward, &err), -EUSAGE);
}

static void unforward_takes_what_forward_took(void)
{
	struct forward forward;

	CHECK(!SPLIT("tcp 8080") && !parse_unforward(&words, 0, &forward, &err), "%s", err.text);
	CHECK_EQ(ntohs(forward.outside.port), 8080);
	CHECK(!SPLIT("tcp 8080 -> 10.9.0.2:80") && !parse_unforward(&words, 0, &forward, &err), "%s", err.text);
	CHECK(!SPLIT("tcp 8080 10.9.0.2:80") && !parse_unforward(&words, 0, &forward, &err), "%s", err.text);
	SPLIT("tcp");
	REFUSED(parse_unforward(&words, 0, &forward, &err), "unforward: say which port: vnic unforward tcp 8080");
	SPLIT("tcp 8080 10.9.0.2:80 more");
	CHECK_EQ(parse_unforward(&words, 0, &forward, &err), -EUSAGE);
}

/* --- the command line of both --- */

static int line_of(struct packet_line *line, bool json, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	optind = 0;
	return packet_line(argc, argv, json, line, &err);
}

#define LINE(json, ...) line_of(&line, json, (char *[]){ __VA_ARGS__, NULL })

static void the_network_is_the_first_word_that_is_no_protocol(void)
{
	struct packet_line line;

	CHECK(!LINE(false, "forward", "tcp", "8080", "->", "10.9.0.2:80"), "%s", err.text);
	CHECK(!line.network, "%s", line.network);
	CHECK_EQ(line.words.count, 3);
	CHECK(!LINE(false, "forward", "lan", "tcp", "8080", "->10.9.0.2:80"), "%s", err.text);
	CHECK(line.network && !strcmp(line.network, "lan"), "%s", line.network);
	CHECK_EQ(line.first, 1);
	CHECK(!LINE(false, "forward", "--network", "tcp", "tcp", "8080", "10.9.0.2:80"), "%s", err.text);
	CHECK(line.network && !strcmp(line.network, "tcp"), "%s", line.network);
	CHECK_EQ(line.first, 0);
	CHECK(!LINE(true, "explain", "lan udp 1.2.3.4:5 -> 6.7.8.9:10", "--json"), "%s", err.text);
	CHECK(line.json && line.network && !strcmp(line.network, "lan"), "%s", line.network);
	CHECK_EQ(LINE(false, "forward", "--json", "tcp"), -EUSAGE);
	/* A protocol that there is not is not taken for a network, nor the other way round. */
	CHECK(!LINE(false, "forward", "tcp", "udp", "8080"), "%s", err.text);
	CHECK(!line.network, "%s", line.network);
	CHECK(!LINE(false, "forward", "tpc", "8080", "10.9.0.2:80"), "%s", err.text);
	CHECK(!line.network, "%s", line.network);
	CHECK(!LINE(true, "explain", "icpm", "fd00:9::2", "2001:db8::7"), "%s", err.text);
	CHECK(!line.network, "%s", line.network);
	CHECK(!LINE(false, "forward", "lan", "tpc", "8080", "10.9.0.2:80"), "%s", err.text);
	CHECK(line.network && !strcmp(line.network, "lan"), "%s", line.network);
}

/* --- settings --- */

static struct vnic_ioc_set set;

static int settings_of(char *text)
{
	char *at[16], *rest = NULL;
	size_t count = 0;

	set = (struct vnic_ioc_set){ .values = { .flags = VNIC_NET_JOINED } };
	text = strdupa(text);
	for (char *word; (word = strtok_r(text, " ", &rest)); text = NULL)
		at[count++] = word;
	return parse_settings(at, count, &set, &err);
}

static void each_setting_changes_its_own_value(void)
{
	CHECK(!settings_of("timeout udp 5m timeout tcp-syn 1"), "%s", err.text);
	CHECK_EQ(set.which, VNIC_SET_UDP | VNIC_SET_TCP_SYN);
	CHECK_EQ(set.values.timeouts.udp, 300);
	CHECK_EQ(set.values.timeouts.tcp_syn, 1);
	CHECK(!settings_of("timeout icmp 7d timeout tcp-established 2h timeout tcp-transitory 240s"), "%s", err.text);
	CHECK_EQ(set.which, VNIC_SET_ICMP | VNIC_SET_TCP_ESTABLISHED | VNIC_SET_TCP_TRANSITORY);
	CHECK_EQ(set.values.timeouts.icmp, 604800);
	CHECK_EQ(set.values.timeouts.tcp_established, 7200);
	CHECK_EQ(set.values.timeouts.tcp_transitory, 240);
	CHECK(!settings_of("filtering address-dependent"), "%s", err.text);
	CHECK_EQ(set.which, VNIC_SET_FLAGS);
	CHECK_EQ(set.values.flags, VNIC_NET_JOINED | VNIC_NET_ADDRESS_DEPENDENT);
	CHECK(!settings_of("joined off filtering endpoint-independent"), "%s", err.text);
	CHECK_EQ(set.values.flags, 0);
	CHECK(!settings_of("filtering address-dependent filtering endpoint-independent"), "%s", err.text);
	CHECK_EQ(set.values.flags, VNIC_NET_JOINED);
	CHECK(!settings_of("ports 2000-3000 quota 7"), "%s", err.text);
	CHECK_EQ(set.which, VNIC_SET_PORTS | VNIC_SET_QUOTA);
	CHECK_EQ(set.values.first_port, 2000);
	CHECK_EQ(set.values.last_port, 3000);
	CHECK_EQ(set.values.quota, 7);
	CHECK(!settings_of("dns 198.51.100.53,2001:db8::53"), "%s", err.text);
	CHECK_EQ(set.which, VNIC_SET_DNS);
	CHECK_EQ(ntohl(set.values.dns[0]), 0xc6336435);
	CHECK_EQ(set.values.dns6[0].s6_addr[15], 0x53);
}

static void what_is_wrong_with_a_setting_is_said(void)
{
	REFUSED(settings_of("timeout udp"), "set: timeout: its value is missing: vnic set timeout udp 300");
	REFUSED(settings_of("joined"), "set: joined: its value is missing: vnic set joined on");
	REFUSED(settings_of("timeout dns 5"),
		"timeout: dns: there are udp, icmp, tcp-established, tcp-transitory and tcp-syn");
	REFUSED(settings_of("timeout udp 0"), "timeout: udp: 0: not a time from 1s to 7d: write seconds, or 5m or 2h");
	REFUSED(settings_of("timeout udp 8d"), "timeout: udp: 8d: not a time from 1s to 7d: write seconds, or 5m or 2h");
	REFUSED(settings_of("timeout udp 604801"),
		"timeout: udp: 604801: not a time from 1s to 7d: write seconds, or 5m or 2h");
	REFUSED(settings_of("timeout udp 1.5"), "timeout: udp: 1.5: not a time from 1s to 7d: write seconds, or 5m or 2h");
	REFUSED(settings_of("quota 0"), "quota: 0: not a number of mappings, 1 or more");
	REFUSED(settings_of("joined yes"), "joined: yes: it is on or off");
	REFUSED(settings_of("filtering none"),
		"filtering: none: there are endpoint-independent and address-dependent");
	REFUSED(settings_of("tiemout udp 5"), "set: tiemout: no such setting: did you mean timeout?");
	REFUSED(settings_of("colour red"),
		"set: colour: no such setting: there are timeout, filtering, ports, quota, joined and dns");
	REFUSED(settings_of("quota 5 more"), "set: more: no such setting: there are timeout, filtering, ports, quota, joined and dns");
	REFUSED(settings_of("dns"), "set: dns: its value is missing: vnic set dns VALUE");
}

static void a_first_word_is_a_network_unless_it_is_a_setting(void)
{
	CHECK(names_network((char *[]){ "lan", "timeout", "udp", "5" }, 4), "lan timeout");
	CHECK(names_network((char *[]){ "lan" }, 1), "lan");
	CHECK(names_network((char *[]){ "lan", "tiemout", "udp", "5" }, 4), "lan tiemout");
	CHECK(names_network((char *[]){ "port", "quota", "5" }, 3), "port quota 5");
	CHECK(!names_network((char *[]){ "tiemout", "udp", "5" }, 3), "tiemout udp");
	CHECK(!names_network((char *[]){ "timeout", "udp", "5" }, 3), "timeout udp");
	CHECK(!names_network((char *[]){ "timeout" }, 1), "timeout");
	CHECK(!names_network((char *[]){ "quota", "joined" }, 2), "quota joined");
	CHECK(!names_network(NULL, 0), "nothing");
}

static void settings_are_printed_as_they_are_set(void)
{
	struct vnic_ioc_network network = { .flags = VNIC_NET_JOINED, .first_port = 1024, .last_port = 65535, .quota = 16384,
					    .timeouts = { 300, 60, 7440, 240, 6, 0 }, .dns = { 0x01010101 } };
	char *text = NULL, *at[32], *rest = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&text, &size);

	print_settings(out, &network);
	fclose(out);
	set = (struct vnic_ioc_set){ .which = 0 };
	for (char *word, *next = text; (word = strtok_r(next, " \n", &rest)); next = NULL)
		at[count++] = word;
	CHECK(!parse_settings(at, count, &set, &err), "%s", err.text);
	free(text);
	CHECK_EQ(set.which, 0x1ff);
	CHECK_EQ(set.values.flags, network.flags);
	CHECK_EQ(set.values.last_port, network.last_port);
	CHECK_EQ(set.values.quota, network.quota);
	CHECK(!memcmp(&set.values.dns, &network.dns, sizeof(network.dns)), "servers differ");
	CHECK(!memcmp(&set.values.timeouts, &network.timeouts, sizeof(network.timeouts)), "timeouts differ");
}

int main(void)
{
	RUN(one_argument_or_several_are_the_same_words);
	RUN(words_have_bounds);
	RUN(a_packet_is_read_and_written);
	RUN(a_packet_of_ipv6_is_read_and_written);
	RUN(a_forward_is_of_a_port_or_of_an_address_and_a_port);
	RUN(unforward_takes_what_forward_took);
	RUN(the_network_is_the_first_word_that_is_no_protocol);
	RUN(each_setting_changes_its_own_value);
	RUN(what_is_wrong_with_a_setting_is_said);
	RUN(a_first_word_is_a_network_unless_it_is_a_setting);
	RUN(settings_are_printed_as_they_are_set);
	return tap_done();
}
