// SPDX-License-Identifier: GPL-2.0-only
/* Reading and writing of what people write of networks, see words.h. */
#include "words.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool net_read_number(const char *text, size_t length, uint32_t least, uint32_t most,
		     uint32_t *number)
{
	uint64_t n = 0;

	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(text[i]))
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
		if (n > most)
			return false;
	}
	if (n < least)
		return false;
	*number = (uint32_t)n;
	return true;
}

bool net_read_address(const char *text, size_t length, uint32_t *address)
{
	uint32_t whole = 0;

	for (int i = 0; i < 4; i++) {
		const char *dot = i < 3 ? memchr(text, '.', length) : text + length;
		size_t part = dot ? (size_t)(dot - text) : 0;
		uint32_t octet;

		/* 010 is ten to one reader and eight to another. */
		if (!dot || (part > 1 && text[0] == '0') ||
		    !net_read_number(text, part, 0, 255, &octet))
			return false;
		whole = whole << 8 | octet;
		if (i < 3) {
			text += part + 1;
			length -= part + 1;
		}
	}
	*address = whole;
	return true;
}

bool net_read_subnet(const char *text, size_t length, uint32_t *subnet, unsigned int *prefix)
{
	const char *slash = memchr(text, '/', length);
	uint32_t address, bits;

	if (!slash || !net_read_address(text, (size_t)(slash - text), &address) ||
	    !net_read_number(slash + 1, length - (size_t)(slash - text) - 1, 8, 30, &bits) ||
	    address & ~net_mask(bits) || !address)
		return false;
	*subnet = address;
	*prefix = bits;
	return true;
}

const char *net_write_address(uint32_t address, char text[NET_ADDRESS_TEXT])
{
	snprintf(text, NET_ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
		 address >> 8 & 0xff, address & 0xff);
	return text;
}

const char *net_protocol_name(enum net_protocol protocol)
{
	return protocol == NET_UDP ? "udp" : "tcp";
}

static bool is_one_of(const char *those, char c)
{
	return c && strchr(those, c);
}

bool net_is_name(const char *text, size_t length)
{
	if (!length || length > NET_NAME_MAX || !is_alphanumeric(text[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!is_alphanumeric(text[i]) && !is_one_of("_.-", text[i]))
			return false;
	return true;
}

bool net_is_host_name(const char *text, size_t length)
{
	if (!length || length > NET_HOST_MAX || text[0] == '-' || text[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	return true;
}

bool net_is_id(const char *text, size_t length)
{
	if (!length || length > NET_ID_MAX || text[0] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_alphanumeric(text[i]) && !is_one_of("_+.-", text[i]))
			return false;
	return true;
}
