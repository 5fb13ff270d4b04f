// SPDX-License-Identifier: GPL-2.0-only
/* A perfect hash of the names that matter, checked by the compiler, see fields.h. */
#include "fields.h"

#include <string.h>

#define HASH(length, first, last) (((length) + (first) * 2 + (last) * 36) % 64)

/* Two names with one hash would be one index initialised twice: -Woverride-init says so. */
static const uint8_t by_hash[64] = {
#define X(id, name, first, last) [HASH(sizeof(name) - 1, first, last)] = HTTP_FIELD_##id,
	HTTP_FIELDS(X)
#undef X
};

/* Room for the longest name; 24 octets in all. */
struct name {
	char text[23];
	uint8_t length;
};

static const struct name names[HTTP_FIELD_IDS] = {
#define X(id, name, first, last) [HTTP_FIELD_##id] = { name, sizeof(name) - 1 },
	HTTP_FIELDS(X)
#undef X
};

/*
 * Of the octets of a token only letters differ in bit 5 from another octet of a token that
 * is in our names; "-" has it set. So setting it everywhere makes A an a and nothing else
 * equal to what it is not.
 */
#define LOWER 0x20

static bool same8(const char *token, const char *lower)
{
	uint64_t a, b;

	memcpy(&a, token, 8);
	memcpy(&b, lower, 8);
	return (a | 0x0101010101010101ull * LOWER) == b;
}

static bool same(const char *token, const char *lower, size_t length)
{
	size_t i = 0;

	if (length < 8) {
		while (i < length && (token[i] | LOWER) == lower[i])
			i++;
		return i == length;
	}
	for (; i + 8 < length; i += 8)
		if (!same8(token + i, lower + i))
			return false;
	/* The last eight, some of which may have been looked at already. */
	return same8(token + length - 8, lower + length - 8);
}

enum http_field_id http_field_id(struct http_text name)
{
	unsigned int first, last;
	uint8_t id;

	if (!name.length)
		return HTTP_FIELD_OTHER;
	first = (unsigned char)name.at[0] | LOWER;
	last = (unsigned char)name.at[name.length - 1] | LOWER;
	id = by_hash[HASH(name.length, first, last)];
	if (names[id].length != name.length || !same(name.at, names[id].text, name.length))
		return HTTP_FIELD_OTHER;
	return id;
}
