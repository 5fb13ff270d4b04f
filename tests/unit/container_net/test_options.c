// SPDX-License-Identifier: GPL-2.0
/* The words of --net and -p. */
#include "tap.h"
#include "words.h"

static struct net_config config;
static struct error err;

static int port(const char *word)
{
	net_config_init(&config);
	return net_parse_port(&config, word, &err);
}

static int network(const char *word)
{
	net_config_init(&config);
	return net_parse_network(&config, word, 0, &err);
}

static void a_port_has_an_address_two_ports_and_a_protocol(void)
{
	CHECK_EQ(port("127.0.0.1:8080:80/udp"), 0);
	CHECK_EQ(config.port_count, 1);
	CHECK_EQ(config.ports[0].outside, 0x7f000001);
	CHECK_EQ(config.ports[0].outside_port, 8080);
	CHECK_EQ(config.ports[0].inside_port, 80);
	CHECK_EQ(config.ports[0].protocol, NET_UDP);
	CHECK_EQ(port("65535:1"), 0);
	CHECK_EQ(config.ports[0].outside, 0);
	CHECK_EQ(config.ports[0].protocol, NET_TCP);
}

static void a_range_is_each_of_its_ports(void)
{
	CHECK_EQ(port("8000-8002:80-82/tcp"), 0);
	CHECK_EQ(config.port_count, 3);
	CHECK_EQ(config.ports[2].outside_port, 8002);
	CHECK_EQ(config.ports[2].inside_port, 82);
	CHECK_EQ(port("1-256:1-256"), 0);
	CHECK_EQ(config.port_count, NET_PORTS);
	CHECK_EQ(port("65535-65535:1-1"), 0);
	CHECK_EQ(config.port_count, 1);
}

static void no_port(void)
{
	static const char *const words[] = {
		"", ":", "::", "80", "80:", ":80", "0:80", "80:0", "65536:80", "80:65536", "-1:80",
		"80:80/", "80:80/sctp", "80:80/TCP", "a:80", "80:a", "80 :80", "1.2.3:80:80",
		"1.2.3.4.5:80:80", "256.0.0.1:80:80", "01.2.3.4:80:80", "::1:80:80", "80-79:80-79",
		"80-:80-", "80-81:80", "80:80-81", "80-81-82:80", "1-257:1-257", "1:2:3:4", "+80:80",
		"99999999999999999999:80",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		CHECK_EQ(port(words[i]), -22);
		CHECK(strstr(err.text, words[i]), "%s is not in: %s", words[i], err.text);
		CHECK_EQ(config.port_count, 0);
	}
}

static void ports_are_as_many_as_there_is_room(void)
{
	char word[32];

	net_config_init(&config);
	for (int i = 1; i <= NET_PORTS; i++) {
		snprintf(word, sizeof(word), "%d:80", i);
		CHECK_EQ(net_parse_port(&config, word, &err), 0);
	}
	CHECK_EQ(net_parse_port(&config, "9999:80", &err), -22);
	CHECK_EQ(config.port_count, NET_PORTS);
}

static void a_private_network_has_what_was_said(void)
{
	CHECK_EQ(network("private:web_1.x,via=veth,subnet=10.1.0.0/16,ip=10.1.2.3,mtu=1400,"
			 "alias=a,alias=b-c,dns=9.9.9.9"), 0);
	CHECK_EQ(config.join_count, 1);
	CHECK(!strcmp(config.joins[0].network, "web_1.x"), "%s", config.joins[0].network);
	CHECK_EQ(config.joins[0].via, NET_VIA_VETH);
	CHECK_EQ(config.joins[0].subnet, 0x0a010000);
	CHECK_EQ(config.joins[0].prefix, 16);
	CHECK_EQ(config.joins[0].address, 0x0a010203);
	CHECK_EQ(config.joins[0].mtu, 1400);
	CHECK_EQ(config.joins[0].alias_count, 2);
	CHECK(!strcmp(config.joins[0].aliases[1], "b-c"), "%s", config.joins[0].aliases[1]);
	CHECK_EQ(config.servers[0], 0x09090909);
}

static void no_network(void)
{
	static const char *const words[] = {
		"", "bridge", "non", "hosts", "private:", "private:,", "private:-a", "private:a/b",
		"private:a b", "private:01234567890123456789012345678901", "privateer", "private,",
		"private,x", "private,x=1", "private,=1", "private,via=", "private,via=tap",
		"private,mtu=575", "private,mtu=65536", "private,mtu=", "private,ip=0.0.0.0",
		"private,ip=1.2.3", "private,subnet=10.0.0.0", "private,subnet=10.0.0.0/7",
		"private,subnet=10.0.0.0/31", "private,subnet=10.0.0.1/24",
		"private,subnet=0.0.0.0/8", "private,alias=", "private,alias=-a", "private,alias=a.b",
		"private,dns=", "private,dns=1.1.1.1,dns=2.2.2.2,dns=3.3.3.3,dns=4.4.4.4",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		CHECK(network(words[i]) == -22, "%s is taken", words[i]);
		CHECK_EQ(config.join_count, 0);
	}
}

static void several_networks_are_private(void)
{
	net_config_init(&config);
	CHECK_EQ(net_parse_network(&config, "private:a", 0, &err), 0);
	CHECK_EQ(net_parse_network(&config, "private:b", 1, &err), 0);
	CHECK_EQ(net_parse_network(&config, "private:a", 2, &err), -22);
	CHECK_EQ(net_parse_network(&config, "host", 2, &err), -22);
	CHECK_EQ(network("host"), 0);
	CHECK_EQ(net_parse_network(&config, "private", 1, &err), -22);
}

static void what_is_said_is_checked_together(void)
{
	CHECK_EQ(network("none"), 0);
	CHECK_EQ(net_config_check(&config, &err), 0);
	CHECK_EQ(net_parse_port(&config, "80:80", &err), 0);
	CHECK_EQ(net_config_check(&config, &err), -22);

	CHECK_EQ(port("80:80"), 0);
	CHECK_EQ(net_config_check(&config, &err), 0);
	CHECK_EQ(config.join_count, 1);
	CHECK(!strcmp(config.joins[0].network, "default"), "%s", config.joins[0].network);
	CHECK_EQ(net_parse_port(&config, "80:81/udp", &err), 0);
	CHECK_EQ(net_config_check(&config, &err), 0);
	CHECK_EQ(net_parse_port(&config, "1.1.1.1:80:82", &err), 0);
	CHECK_EQ(net_config_check(&config, &err), -22);

	CHECK_EQ(port("1.1.1.1:80:80"), 0);
	CHECK_EQ(net_parse_port(&config, "1.1.1.2:80:80", &err), 0);
	CHECK_EQ(net_config_check(&config, &err), 0);
}

static void addresses_are_written_as_they_are_read(void)
{
	uint64_t seed = tap_seed();
	char text[NET_ADDRESS_TEXT];

	for (int i = 0; i < 1000; i++) {
		uint32_t address = (uint32_t)tap_next(&seed), again = 0;

		net_write_address(address, text);
		CHECK(net_read_address(text, strlen(text), &again), "%s", text);
		CHECK_EQ(again, address);
	}
}

static void ids_are_no_paths(void)
{
	CHECK(net_is_id("a.b_c+d-e", 9), "a fine one");
	CHECK(!net_is_id("", 0) && !net_is_id("..", 2) && !net_is_id(".a", 2) &&
	      !net_is_id("a/b", 3) && !net_is_id("a b", 3) && !net_is_id("a\0b", 3), "not fine");
}

int main(void)
{
	RUN(a_port_has_an_address_two_ports_and_a_protocol);
	RUN(a_range_is_each_of_its_ports);
	RUN(no_port);
	RUN(ports_are_as_many_as_there_is_room);
	RUN(a_private_network_has_what_was_said);
	RUN(no_network);
	RUN(several_networks_are_private);
	RUN(what_is_said_is_checked_together);
	RUN(addresses_are_written_as_they_are_read);
	RUN(ids_are_no_paths);
	return tap_done();
}
