// SPDX-License-Identifier: GPL-2.0
/* Which addresses stay where they are: RFC 6890 in numbers, and what is next to them. */
#include "tap.h"

#include <arpa/inet.h>

#include "martian.h"

static const struct range {
	u32 first, last;
} martians[] = {
	{ 0x00000000, 0x00ffffff },	/* RFC 1122 3.2.1.3: this network */
	{ 0x7f000000, 0x7fffffff },	/* loopback */
	{ 0xa9fe0000, 0xa9feffff },	/* RFC 3927: link-local */
	{ 0xe0000000, 0xffffffff },	/* RFC 1112: multicast, and what is reserved */
};

static bool expected(u32 address)
{
	for (u32 i = 0; i < sizeof(martians) / sizeof(martians[0]); i++)
		if (address >= martians[i].first && address <= martians[i].last)
			return true;
	return false;
}

static void rfc6890_ipv4(void)
{
	static const u32 lows[] = { 0, 1, 0xff, 0x100, 0xffff };

	for (u32 high = 0; high < 0x10000; high++)
		for (u32 i = 0; i < 5; i++) {
			u32 address = high << 16 | lows[i];

			CHECK(vnic_martian(htonl(address)) == expected(address), "%08x", address);
		}
}

static void private_addresses_are_none(void)
{
	static const char *const fine[] = {
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
		"192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
	};

	for (u32 i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		CHECK(!vnic_martian(inet_addr(fine[i])), "%s", fine[i]);
}

static const struct {
	const char *text;
	bool martian;
} ipv6[] = {
	{ "::", true },
	{ "::1", true },
	{ "::2", false },
	{ "::1:0", false },
	{ "1::", false },
	{ "::fffe:ffff:ffff", false },
	{ "::ffff:0.0.0.0", true },
	{ "::ffff:192.0.2.1", true },
	{ "::ffff:255.255.255.255", true },
	{ "::1:0:0:0", false },
	{ "1::ffff:192.0.2.1", false },
	{ "64:ff9b::192.0.2.1", false },
	{ "2001:db8::1", false },
	{ "fc00::1", false },
	{ "fdff:ffff::1", false },
	{ "fe7f:ffff::", false },
	{ "fe80::", true },
	{ "febf:ffff::", true },
	{ "fec0::", false },
	{ "feff:ffff::", false },
	{ "ff00::", true },
	{ "ff02::1", true },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
};

static void rfc6890_ipv6(void)
{
	for (u32 i = 0; i < sizeof(ipv6) / sizeof(ipv6[0]); i++) {
		struct in6_addr address;

		CHECK_EQ(inet_pton(AF_INET6, ipv6[i].text, &address), 1);
		CHECK(vnic_martian6(&address) == ipv6[i].martian, "%s", ipv6[i].text);
	}
}

int main(void)
{
	RUN(rfc6890_ipv4);
	RUN(private_addresses_are_none);
	RUN(rfc6890_ipv6);
	return tap_done();
}
