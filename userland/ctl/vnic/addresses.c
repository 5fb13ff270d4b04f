// SPDX-License-Identifier: GPL-2.0-only
/* Names, addresses, prefixes and ports as people write them, and back. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "options.h"
#include "values.h"

/* Of a network or a device: what the kernel takes. */
int parse_name(const char *text, const char *what, char name[VNIC_NAME_MAX], struct error *err)
{
	size_t length = strlen(text);
	bool good = length > 0 && length < VNIC_NAME_MAX && strcmp(text, ".") != 0 &&
		    strcmp(text, "..") != 0;

	for (const char *at = text; good && *at; at++)
		good = isgraph((unsigned char)*at) && *at != '/' && *at != ':';
	if (!good)
		return error_set(
			err, EUSAGE,
			"%s: \"%.40s\": a name has 1 to %d visible characters, no space, / or :",
			what, text, VNIC_NAME_MAX - 1);
	memcpy(name, text, length + 1);
	return 0;
}

int parse_address(const char *text, const char *what, __be32 *address, struct error *err)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return error_set(err, EUSAGE, "%s: %.64s: not an IPv4 address: write 10.9.0.2",
				 what, text);
	*address = in.s_addr;
	return 0;
}

int parse_address6(const char *text, const char *what, struct in6_addr *address, struct error *err)
{
	if (inet_pton(AF_INET6, text, address) != 1)
		return error_set(err, EUSAGE, "%s: %.64s: not an IPv6 address: write 2001:db8::7",
				 what, text);
	return 0;
}

__be32 mask_of(__u32 prefix)
{
	return prefix ? htonl(~0u << (32 - prefix)) : 0;
}

bool subnet_has(__be32 subnet, __u32 prefix, __be32 address)
{
	return !((subnet ^ address) & mask_of(prefix));
}

bool prefix6_has(const struct in6_addr *prefix, __u32 bits, const struct in6_addr *address)
{
	for (__u32 bit = 0; bit < bits; bit++)
		if ((prefix->s6_addr[bit / 8] ^ address->s6_addr[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

bool subnets_overlap(__be32 a, __u32 a_prefix, __be32 b, __u32 b_prefix)
{
	return subnet_has(a, a_prefix < b_prefix ? a_prefix : b_prefix, b);
}

/* RFC 1812 5.3.7 and RFC 6890, as kmod/vnic/core/martian.h has it. */
bool is_martian(__be32 address)
{
	__u32 host = ntohl(address);

	return host >> 24 == 0 || host >> 24 == 127 || host >> 16 == 0xa9fe || host >> 28 >= 0xe;
}

bool is_martian6(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) || IN6_IS_ADDR_LOOPBACK(address) ||
	       IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_LINKLOCAL(address) ||
	       IN6_IS_ADDR_MULTICAST(address);
}

/* The part before the slash goes to @before; returns what is behind, or NULL. */
static const char *cut_slash(const char *text, char *before, size_t size)
{
	size_t length = strcspn(text, "/");

	if (!text[length] || length >= size)
		return NULL;
	memcpy(before, text, length);
	before[length] = '\0';
	return text + length + 1;
}

/* 10.9.0.0/24 */
int parse_subnet(const char *text, __be32 *subnet, __u32 *prefix, struct error *err)
{
	char before[INET_ADDRSTRLEN], right[END_SIZE];
	const char *bits = cut_slash(text, before, sizeof(before));
	uint64_t number;
	int ret;

	if (!bits)
		return error_set(err, EUSAGE, "subnet: %.64s: not a subnet: write 10.9.0.0/24",
				 text);
	ret = parse_address(before, "subnet", subnet, err);
	if (ret)
		return ret;
	if (parse_number(bits, "subnet", 32, &number, err) || number < 8 || number > 30)
		return error_set(err, EUSAGE,
				 "subnet: %.64s: its prefix has 8 to 30 bits, not %.16s", text,
				 bits);
	*prefix = (__u32)number;
	if (!(*subnet & ~mask_of(*prefix)))
		return 0;
	format_address(right, *subnet & mask_of(*prefix));
	return error_set(err, EUSAGE,
			 "subnet: %.64s: has bits beyond its prefix: did you mean %s/%u?", text,
			 right, *prefix);
}

static bool read_prefix6(const char *text, struct in6_addr *address, uint64_t *bits)
{
	char before[INET6_ADDRSTRLEN];
	const char *behind = cut_slash(text, before, sizeof(before));
	struct error unused;

	return behind && inet_pton(AF_INET6, before, address) == 1 &&
	       !parse_number(behind, "", 128, bits, &unused);
}

static bool has_bits_beyond(const struct in6_addr *address, uint64_t prefix)
{
	for (uint64_t bit = prefix; bit < 128; bit++)
		if (address->s6_addr[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

/* INSIDE=OUTSIDE: fd00:9::/64=2001:db8:9::/64 */
int parse_prefixes6(const char *text, struct vnic_ioc_network *args, struct error *err)
{
	const char *outside = strchr(text, '=');
	char inside[INET6_ADDRSTRLEN + 4];
	uint64_t bits, outside_bits;

	if (outside && (size_t)(outside - text) < sizeof(inside))
		snprintf(inside, sizeof(inside), "%.*s", (int)(outside - text), text);
	if (!outside || (size_t)(outside - text) >= sizeof(inside) ||
	    !read_prefix6(inside, &args->inside6, &bits) ||
	    !read_prefix6(outside + 1, &args->outside6, &outside_bits))
		return error_set(
			err, EUSAGE,
			"ipv6: %.100s: not two prefixes: write fd00:9::/64=2001:db8:9::/64", text);
	if (bits != outside_bits || bits < 48 || bits > 64)
		return error_set(err, EUSAGE,
				 "ipv6: %.100s: both prefixes have the same length, 48 to 64 bits",
				 text);
	if (has_bits_beyond(&args->inside6, bits) || has_bits_beyond(&args->outside6, bits))
		return error_set(err, EUSAGE, "ipv6: %.100s: a prefix has bits beyond its length",
				 text);
	args->prefix6 = (__u32)bits;
	return 0;
}

/* A,A...: up to three of each protocol; none. */
int parse_dns(const char *text, struct vnic_ioc_network *args, struct error *err)
{
	size_t four = 0, six = 0, length;
	char one[INET6_ADDRSTRLEN];

	memset(args->dns, 0, sizeof(args->dns));
	memset(args->dns6, 0, sizeof(args->dns6));
	if (!strcmp(text, "none"))
		return 0;
	for (const char *at = text;; at += length + 1) {
		struct in6_addr address6;
		struct in_addr address;
		bool martian;

		length = strcspn(at, ",");
		snprintf(one, sizeof(one), "%.*s", length < sizeof(one) ? (int)length : 0, at);
		if (inet_pton(AF_INET, one, &address) == 1 && four < VNIC_DNS_MAX) {
			martian = is_martian(address.s_addr);
			args->dns[four++] = address.s_addr;
		} else if (inet_pton(AF_INET6, one, &address6) == 1 && six < VNIC_DNS_MAX) {
			martian = is_martian6(&address6);
			args->dns6[six++] = address6;
		} else {
			return error_set(err, EUSAGE,
					 "dns: %.64s: not one to three addresses of IPv4, and as "
					 "many of IPv6: write 198.51.100.53,2001:db8::53, or none",
					 text);
		}
		if (martian)
			return error_set(err, EUSAGE, "dns: %s: guests cannot send to it", one);
		if (!at[length])
			return 0;
	}
}

/* As it is read. */
void format_dns(char text[DNS_SIZE], const struct vnic_ioc_network *network)
{
	static const struct in6_addr nobody;
	size_t used = 0;

	snprintf(text, DNS_SIZE, "none");
	for (size_t i = 0; i < 2 * VNIC_DNS_MAX; i++) {
		const struct in6_addr *six = &network->dns6[i % VNIC_DNS_MAX];
		const __be32 *four = &network->dns[i % VNIC_DNS_MAX];
		bool is_four = i < VNIC_DNS_MAX;

		if (is_four ? !*four : !memcmp(six, &nobody, sizeof(nobody)))
			continue;
		if (used)
			text[used++] = ',';
		inet_ntop(is_four ? AF_INET : AF_INET6,
			  is_four ? (const void *)four : (const void *)six, text + used,
			  (socklen_t)(DNS_SIZE - used));
		used += strlen(text + used);
	}
}

/* Of one device: neither a group's nor nobody's. */
int parse_mac(const char *text, uint8_t mac[6], struct error *err)
{
	bool good = strlen(text) == MAC_SIZE - 1;
	uint8_t any = 0;

	for (size_t i = 0; good && i < MAC_SIZE - 1; i++)
		good = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]) != 0;
	for (size_t i = 0; good && i < 6; i++)
		any |= mac[i] = (uint8_t)strtoul(text + 3 * i, NULL, 16);
	if (!good)
		return error_set(err, EUSAGE,
				 "mac: %.40s: not a MAC address: write 02:00:00:00:00:02", text);
	if (!any || mac[0] & 1)
		return error_set(err, EUSAGE, "mac: %s: %s", text,
				 any ? "it is a group's: the first octet is even"
				     : "nobody has it");
	return 0;
}

int parse_port(const char *text, const char *what, __be16 *port, struct error *err)
{
	struct error unused;
	uint64_t number;

	if (parse_number(text, what, 65535, &number, &unused) || !number)
		return error_set(err, EUSAGE, "%s: %.40s: not a port: a number from 1 to 65535",
				 what, text);
	*port = htons((uint16_t)number);
	return 0;
}

/* 1024-65535 */
int parse_ports(const char *text, __u16 *first, __u16 *last, struct error *err)
{
	size_t length = strcspn(text, "-");
	struct error unused;
	__be16 low = 0, high = 0;
	char before[8];

	snprintf(before, sizeof(before), "%.*s", length < 7 ? (int)length : 7, text);
	if (!text[length] || parse_port(before, "", &low, &unused) ||
	    parse_port(text + length + 1, "", &high, &unused) || ntohs(low) > ntohs(high))
		return error_set(err, EUSAGE,
				 "ports: %.40s: not a range within 1 to 65535: write 1024-65535",
				 text);
	*first = ntohs(low);
	*last = ntohs(high);
	return 0;
}

/* ADDRESS:PORT */
int parse_end(const char *text, const char *what, struct end *end, struct error *err)
{
	size_t length = strcspn(text, ":");
	char before[INET_ADDRSTRLEN];
	int ret;

	snprintf(before, sizeof(before), "%.*s",
		 length < sizeof(before) ? (int)length : (int)sizeof(before) - 1, text);
	if (length >= sizeof(before))
		return parse_address(text, what, &end->address, err);
	ret = parse_address(before, what, &end->address, err);
	if (ret)
		return ret;
	if (!text[length])
		return error_set(err, EUSAGE, "%s: %s: its port is missing: write %s:80", what,
				 text, text);
	return parse_port(text + length + 1, what, &end->port, err);
}

/* [ADDRESS]:PORT */
int parse_end6(const char *text, const char *what, struct end6 *end, struct error *err)
{
	const char *behind = strchr(text, ']');
	char before[INET6_ADDRSTRLEN];
	size_t length;

	if (text[0] != '[' || !behind || (behind[1] && behind[1] != ':'))
		return error_set(err, EUSAGE,
				 "%s: %.64s: not an IPv6 address and a port: write "
				 "[2001:db8::7]:80",
				 what, text);
	length = (size_t)(behind - text - 1);
	snprintf(before, sizeof(before), "%.*s", length < sizeof(before) ? (int)length : 0,
		 text + 1);
	if (parse_address6(before, what, &end->address, err))
		return -EUSAGE;
	if (!behind[1])
		return error_set(err, EUSAGE, "%s: %s: its port is missing: write %s:80", what,
				 text, text);
	return parse_port(behind + 2, what, &end->port, err);
}

void format_address(char text[END_SIZE], __be32 address)
{
	inet_ntop(AF_INET, &address, text, END_SIZE);
}

void format_end(char text[END_SIZE], __be32 address, __be16 port)
{
	size_t length;

	format_address(text, address);
	length = strlen(text);
	snprintf(text + length, END_SIZE - length, ":%u", ntohs(port));
}

void format_address6(char text[END6_SIZE], const struct in6_addr *address)
{
	inet_ntop(AF_INET6, address, text, END6_SIZE);
}

void format_end6(char text[END6_SIZE], const struct in6_addr *address, __be16 port)
{
	char alone[END6_SIZE];

	format_address6(alone, address);
	snprintf(text, END6_SIZE, "[%.*s]:%u", INET6_ADDRSTRLEN, alone, ntohs(port));
}

void format_mac(char text[MAC_SIZE], const uint8_t mac[6])
{
	snprintf(text, MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
}
