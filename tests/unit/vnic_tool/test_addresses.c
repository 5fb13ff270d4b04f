// SPDX-License-Identifier: GPL-2.0
/* Names, addresses, prefixes, ports: what is taken, what is refused, and what is said then. */
#include <arpa/inet.h>

#include "tap.h"
#include "addresses.h"
#include "options.h"

static struct error err;

#define REFUSED(call, words)                                                                       \
	do {                                                                                       \
		err.text[0] = '\0';                                                                \
		CHECK_EQ(call, -EUSAGE);                                                           \
		CHECK(!strcmp(err.text, words), "%s", err.text);                                   \
	} while (0)

static void names_are_those_the_kernel_takes(void)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\nb", "\x7f", "\xc3\xa4",
					   "sixteen-letters-" };
	char name[VNIC_NAME_MAX];

	CHECK(!parse_name("fifteen-letters", "x", name, &err), "%s", err.text);
	CHECK(!strcmp(name, "fifteen-letters"), "%s", name);
	CHECK(!parse_name("...", "x", name, &err), "%s", err.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_name(bad[i], "x", name, &err) == -EUSAGE, "\"%s\" is taken", bad[i]);
	REFUSED(parse_name("my lan", "create", name, &err),
		"create: \"my lan\": a name has 1 to 15 visible characters, no space, / or :");
}

static void addresses_have_four_numbers(void)
{
	static const char *const bad[] = { "", "10.9.0", "10.9.0.256", "10.9.0.2.1", "10.9.0.2 ", " 10.9.0.2", "0x0a.9.0.2",
					   "10.9.0.-1", "localhost", "::1", "10.9.0.2/24", "10.9.0.2:80", "168361986" };
	__be32 address;

	CHECK(!parse_address("10.9.0.2", "x", &address, &err), "%s", err.text);
	CHECK_EQ(ntohl(address), 0x0a090002);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_address(bad[i], "x", &address, &err) == -EUSAGE, "\"%s\" is taken", bad[i]);
	REFUSED(parse_address("10.9.0", "address", &address, &err),
		"address: 10.9.0: not an IPv4 address: write 10.9.0.2");
}

static void a_subnet_has_no_bits_beyond_its_prefix(void)
{
	__be32 subnet;
	__u32 prefix;

	CHECK(!parse_subnet("10.9.0.0/24", &subnet, &prefix, &err), "%s", err.text);
	CHECK_EQ(ntohl(subnet), 0x0a090000);
	CHECK_EQ(prefix, 24);
	CHECK(!parse_subnet("10.0.0.0/8", &subnet, &prefix, &err), "%s", err.text);
	CHECK(!parse_subnet("10.9.0.4/30", &subnet, &prefix, &err), "%s", err.text);
	REFUSED(parse_subnet("10.9.0.0", &subnet, &prefix, &err), "subnet: 10.9.0.0: not a subnet: write 10.9.0.0/24");
	REFUSED(parse_subnet("10.9.0.0/7", &subnet, &prefix, &err),
		"subnet: 10.9.0.0/7: its prefix has 8 to 30 bits, not 7");
	REFUSED(parse_subnet("10.9.0.0/31", &subnet, &prefix, &err),
		"subnet: 10.9.0.0/31: its prefix has 8 to 30 bits, not 31");
	REFUSED(parse_subnet("10.9.0.0/", &subnet, &prefix, &err), "subnet: 10.9.0.0/: its prefix has 8 to 30 bits, not ");
	REFUSED(parse_subnet("10.9.0.0/2x", &subnet, &prefix, &err),
		"subnet: 10.9.0.0/2x: its prefix has 8 to 30 bits, not 2x");
	REFUSED(parse_subnet("10.9/16", &subnet, &prefix, &err),
		"subnet: 10.9: not an IPv4 address: write 10.9.0.2");
	REFUSED(parse_subnet("10.9.0.77/24", &subnet, &prefix, &err),
		"subnet: 10.9.0.77/24: has bits beyond its prefix: did you mean 10.9.0.0/24?");
	CHECK_EQ(parse_subnet("1234567890123456789/24", &subnet, &prefix, &err), -EUSAGE);
}

static void subnets_overlap_if_one_has_the_other(void)
{
	__be32 a = inet_addr("10.9.0.0"), b = inet_addr("10.9.1.0"), big = inet_addr("10.8.0.0");

	CHECK(!subnets_overlap(a, 24, b, 24), "neighbours");
	CHECK(subnets_overlap(a, 24, b, 23), "the longer prefix is in the shorter");
	CHECK(subnets_overlap(b, 23, a, 24), "the other way round");
	CHECK(subnets_overlap(big, 15, b, 24), "10.8.0.0/15 has 10.9.1.0");
	CHECK(subnets_overlap(0, 0, b, 32), "everything has everything");
	CHECK(subnet_has(a, 24, inet_addr("10.9.0.255")), "the last");
	CHECK(!subnet_has(a, 24, inet_addr("10.9.1.0")), "the one behind");
}

static void ipv6_prefixes_come_in_pairs(void)
{
	struct vnic_ioc_network args = { 0 };
	char text[INET6_ADDRSTRLEN];

	CHECK(!parse_prefixes6("fd01:203:405::/48=2001:db8:1::/48", &args, &err), "%s", err.text);
	CHECK_EQ(args.prefix6, 48);
	CHECK(!strcmp(inet_ntop(AF_INET6, &args.outside6, text, sizeof(text)), "2001:db8:1::"), "%s", text);
	CHECK_EQ(parse_prefixes6("fd00::/64", &args, &err), -EUSAGE);
	CHECK_EQ(parse_prefixes6("fd00::/64=", &args, &err), -EUSAGE);
	CHECK_EQ(parse_prefixes6("=fd00::/64", &args, &err), -EUSAGE);
	CHECK_EQ(parse_prefixes6("10.0.0.0/48=fd00::/48", &args, &err), -EUSAGE);
	REFUSED(parse_prefixes6("fd00::/64=2001:db8::/48", &args, &err),
		"ipv6: fd00::/64=2001:db8::/48: both prefixes have the same length, 48 to 64 bits");
	CHECK_EQ(parse_prefixes6("fd00::/47=2001:db8::/47", &args, &err), -EUSAGE);
	CHECK_EQ(parse_prefixes6("fd00::/65=2001:db8::/65", &args, &err), -EUSAGE);
	REFUSED(parse_prefixes6("fd00::1/64=2001:db8::/64", &args, &err),
		"ipv6: fd00::1/64=2001:db8::/64: a prefix has bits beyond its length");
	REFUSED(parse_prefixes6("fd00::/48=2001:db8:0:1::/48", &args, &err),
		"ipv6: fd00::/48=2001:db8:0:1::/48: a prefix has bits beyond its length");
}

static void a_prefix_of_ipv6_has_its_bits(void)
{
	struct in6_addr prefix, address;

	inet_pton(AF_INET6, "2001:db8:1:ff00::", &prefix);
	inet_pton(AF_INET6, "2001:db8:1:ff40::1", &address);
	CHECK(prefix6_has(&prefix, 48, &address), "48");
	CHECK(prefix6_has(&prefix, 57, &address), "57");
	CHECK(!prefix6_has(&prefix, 58, &address), "58");
	CHECK(!prefix6_has(&prefix, 64, &address), "64");
}

/* What parse_dns() makes of @text, written again. */
static const char *dns_of(const char *text)
{
	struct vnic_ioc_network args = { .dns = { 1, 2, 3 }, .dns6 = { { { { 1 } } } } };
	static char back[DNS_SIZE];

	if (parse_dns(text, &args, &err))
		return err.text;
	format_dns(back, &args);
	return back;
}

static void dns_servers_are_three_of_each_protocol_at_most(void)
{
	static const char *const good[] = { "none", "198.51.100.53", "2001:db8::53", "198.51.100.53,198.51.100.54,8.8.8.8",
					    "198.51.100.53,2001:db8::53",
					    "198.151.100.151,198.151.100.152,198.151.100.153,"
					    "2001:db8:1111:2222:3333:4444:5555:6661,2001:db8:1111:2222:3333:4444:5555:6662,"
					    "2001:db8:1111:2222:3333:4444:5555:6663" };
	static const char *const bad[] = { "", ",", "1.1.1.1,", ",1.1.1.1", "1.1.1.1,none", "1.1.1.1 2.2.2.2", "1.1.1.1:53",
					   "dns.example", "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4", "::1:1,::1:2,::1:3,::1:4",
					   "2001:db8:1111:2222:3333:4444:5555:666677777777777777777777777777" };
	static const char *const unreachable[] = { "0.0.0.0", "127.0.0.53", "169.254.1.1", "224.0.0.251", "255.255.255.255",
						   "::", "::1", "::ffff:1.1.1.1", "fe80::1", "ff02::fb" };
	char says[128];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(!strcmp(dns_of(good[i]), good[i]), "%s: %s", good[i], dns_of(good[i]));
	CHECK(!strcmp(dns_of("2001:db8::53,198.51.100.53"), "198.51.100.53,2001:db8::53"), "by protocol");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(says, sizeof(says), "dns: %.64s: not one to three", bad[i]);
		CHECK(!strncmp(dns_of(bad[i]), says, strlen(says)), "%s: %s", bad[i], dns_of(bad[i]));
	}
	for (size_t i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++) {
		snprintf(says, sizeof(says), "dns: %s: guests cannot send to it", unreachable[i]);
		CHECK(!strcmp(dns_of(unreachable[i]), says), "%s", dns_of(unreachable[i]));
	}
}

static void a_mac_is_of_one_device(void)
{
	static const char *const bad[] = { "", "02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:022", "2:0:0:0:0:2",
					   "02-00-00-00-00-02", "02:00:00:00:00:0g", "020000000002", "0x:00:00:00:00:02" };
	char text[MAC_SIZE];
	uint8_t mac[6];

	CHECK(!parse_mac("02:00:0a:0B:00:fe", mac, &err), "%s", err.text);
	format_mac(text, mac);
	CHECK(!strcmp(text, "02:00:0a:0b:00:fe"), "%s", text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_mac(bad[i], mac, &err) == -EUSAGE, "\"%s\" is taken", bad[i]);
	REFUSED(parse_mac("03:00:00:00:00:02", mac, &err),
		"mac: 03:00:00:00:00:02: it is a group's: the first octet is even");
	REFUSED(parse_mac("00:00:00:00:00:00", mac, &err), "mac: 00:00:00:00:00:00: nobody has it");
}

static void ports_are_a_range(void)
{
	static const char *const bad[] = { "", "-", "1024", "1024-", "-65535", "0-10", "1-65536", "10-9", "1-2-3", "a-b",
					   "1000000001-2", "1 - 2" };
	__u16 first, last;

	CHECK(!parse_ports("1-65535", &first, &last, &err), "%s", err.text);
	CHECK_EQ(first, 1);
	CHECK_EQ(last, 65535);
	CHECK(!parse_ports("5000-5000", &first, &last, &err), "%s", err.text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_ports(bad[i], &first, &last, &err) == -EUSAGE, "\"%s\" is taken", bad[i]);
	REFUSED(parse_ports("5-3", &first, &last, &err),
		"ports: 5-3: not a range within 1 to 65535: write 1024-65535");
}

static void an_end_has_both(void)
{
	char text[END_SIZE];
	struct end end;

	CHECK(!parse_end("255.255.255.255:65535", "x", &end, &err), "%s", err.text);
	format_end(text, end.address, end.port);
	CHECK(!strcmp(text, "255.255.255.255:65535"), "%s", text);
	REFUSED(parse_end("10.9.0.2", "forward", &end, &err),
		"forward: 10.9.0.2: its port is missing: write 10.9.0.2:80");
	REFUSED(parse_end("10.9.0.2:0", "forward", &end, &err),
		"forward: 0: not a port: a number from 1 to 65535");
	REFUSED(parse_end("10.9.0.2:65536", "forward", &end, &err),
		"forward: 65536: not a port: a number from 1 to 65535");
	REFUSED(parse_end("10.9.0:80", "forward", &end, &err),
		"forward: 10.9.0: not an IPv4 address: write 10.9.0.2");
	REFUSED(parse_end("10.9.0.2.10.9.0.2.10.9:80", "forward", &end, &err),
		"forward: 10.9.0.2.10.9.0.2.10.9:80: not an IPv4 address: write 10.9.0.2");
	CHECK_EQ(parse_end("10.9.0.2:", "x", &end, &err), -EUSAGE);
	CHECK_EQ(parse_end("10.9.0.2:80:80", "x", &end, &err), -EUSAGE);
	CHECK_EQ(parse_end(":80", "x", &end, &err), -EUSAGE);
}

int main(void)
{
	RUN(names_are_those_the_kernel_takes);
	RUN(addresses_have_four_numbers);
	RUN(a_subnet_has_no_bits_beyond_its_prefix);
	RUN(subnets_overlap_if_one_has_the_other);
	RUN(ipv6_prefixes_come_in_pairs);
	RUN(a_prefix_of_ipv6_has_its_bits);
	RUN(dns_servers_are_three_of_each_protocol_at_most);
	RUN(a_mac_is_of_one_device);
	RUN(ports_are_a_range);
	RUN(an_end_has_both);
	return tap_done();
}
