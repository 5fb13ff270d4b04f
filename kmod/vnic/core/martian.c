// SPDX-License-Identifier: GPL-2.0
/* Addresses that stay where they are: see martian.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "martian.h"

/* A prefix, up to 96 bits, in whole octets but for the last. */
struct prefix {
	u8 bits;
	u8 octets[12];
};

static const struct prefix ipv4[] = {
	{ 8, { 0 } },
	{ 8, { 127 } },
	{ 16, { 169, 254 } },
	{ 4, { 224 } },
	{ 4, { 240 } },
};

/* Without :: and ::1, of which all bits count. */
static const struct prefix ipv6[] = {
	{ 96, { [10] = 0xff, [11] = 0xff } },
	{ 10, { 0xfe, 0x80 } },
	{ 8, { 0xff } },
};

static bool is_of(const u8 *address, const struct prefix *prefix)
{
	u32 whole = prefix->bits / 8;
	u8 last = 0xff00 >> prefix->bits % 8;

	if (memcmp(address, prefix->octets, whole) != 0)
		return false;
	return !last || (address[whole] & last) == prefix->octets[whole];
}

static bool is_of_one(const u8 *address, const struct prefix *prefixes, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (is_of(address, &prefixes[i]))
			return true;
	return false;
}

bool vnic_martian(__be32 address)
{
	u8 octets[4];

	memcpy(octets, &address, sizeof(octets));
	return is_of_one(octets, ipv4, ARRAY_SIZE(ipv4));
}

bool vnic_martian6(const struct in6_addr *address)
{
	static const u8 zeros[15];
	const u8 *octets = address->s6_addr;

	if (memcmp(octets, zeros, sizeof(zeros)) == 0 && octets[15] <= 1)
		return true;
	return is_of_one(octets, ipv6, ARRAY_SIZE(ipv6));
}
