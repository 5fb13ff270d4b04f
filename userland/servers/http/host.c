// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of hosts, RFC 3986 3.2.2, see host.h. */
#include "host.h"

#include <string.h>

/* dec-octet: 0 to 255, without zeros before it. */
static bool is_octet(struct http_text text)
{
	uint64_t value;

	return text.length <= 3 && http_read_number(text, &value) && value <= 255 &&
	       (text.length == 1 || text.at[0] != '0');
}

static bool is_ipv4(struct http_text text)
{
	for (int left = 3; left; left--) {
		size_t digits = http_span(text, HTTP_DIGIT);

		if (digits == text.length || text.at[digits] != '.' ||
		    !is_octet((struct http_text){ text.at, digits }))
			return false;
		text = http_text_from(text, digits + 1);
	}
	return is_octet(text);
}

/*
 * Eight groups of up to four digits, or fewer and one "::" for those that are zero. The last
 * two may be an IPv4 address.
 */
static bool is_ipv6(struct http_text text)
{
	unsigned int groups = 0;
	bool gap = false;

	while (text.length) {
		size_t digits;

		if (http_text_starts(text, HTTP_TEXT("::"))) {
			if (gap)
				return false;
			gap = true;
			text = http_text_from(text, 2);
			if (!text.length)
				break;
		} else if (groups) {
			if (text.at[0] != ':')
				return false;
			text = http_text_from(text, 1);
		}
		digits = http_span(text, HTTP_HEXDIG);
		if (digits < text.length && text.at[digits] == '.') {
			if (!is_ipv4(text))
				return false;
			groups += 2;
			break;
		}
		if (!digits || digits > 4)
			return false;
		groups++;
		text = http_text_from(text, digits);
	}
	return gap ? groups < 8 : groups == 8;
}

/* "v", a version in hexadecimal, ".", and whatever that version says. */
static bool is_ip_future(struct http_text text)
{
	size_t digits;

	if (!text.length || (text.at[0] | 0x20) != 'v')
		return false;
	text = http_text_from(text, 1);
	digits = http_span(text, HTTP_HEXDIG);
	if (!digits || text.length - digits < 2 || text.at[digits] != '.')
		return false;
	text = http_text_from(text, digits + 1);
	for (size_t i = 0; i < text.length; i++)
		if (!http_is(text.at[i], HTTP_HOST_CHAR) && text.at[i] != ':')
			return false;
	return true;
}

/* Octets of the literal in brackets that @text starts with, 0 if that is none. */
static size_t literal_length(struct http_text text)
{
	const char *close = memchr(text.at, ']', text.length);
	struct http_text inside;

	if (!close)
		return 0;
	inside = (struct http_text){ text.at + 1, close - text.at - 1 };
	return is_ipv6(inside) || is_ip_future(inside) ? inside.length + 2 : 0;
}

/* Octets of the name that @text starts with. An IPv4 address is one as well. */
static size_t name_length(struct http_text text)
{
	size_t n = http_span(text, HTTP_HOST_CHAR);

	while (text.length - n > 2 && text.at[n] == '%' && http_is(text.at[n + 1], HTTP_HEXDIG) &&
	       http_is(text.at[n + 2], HTTP_HEXDIG))
		n += 3 + http_span(http_text_from(text, n + 3), HTTP_HOST_CHAR);
	return n;
}

bool http_is_authority(struct http_text text)
{
	size_t n;

	if (text.length && text.at[0] == '[') {
		n = literal_length(text);
		if (!n)
			return false;
	} else {
		n = name_length(text);
	}
	if (n < text.length && text.at[n] == ':')
		n += 1 + http_span(http_text_from(text, n + 1), HTTP_DIGIT);
	return n == text.length;
}
