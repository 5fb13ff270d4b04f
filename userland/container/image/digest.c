// SPDX-License-Identifier: GPL-2.0-only
/* Digests as text and as octets. Called by everything that names content. */
#include "digest.h"

#include <string.h>

#include "../path/guard.h"

static const char prefix[] = "sha256:";

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse_hex(const char *text, size_t length, struct digest *digest)
{
	struct digest read;

	if (length != DIGEST_HEX - 1)
		return false;
	for (size_t i = 0; i < sizeof(read.octets); i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		read.octets[i] = (uint8_t)(high << 4 | low);
	}
	*digest = read;
	return true;
}

bool digest_parse(const char *text, size_t length, struct digest *digest)
{
	size_t skipped = sizeof(prefix) - 1;

	return length > skipped && !memcmp(text, prefix, skipped) &&
	       digest_parse_hex(text + skipped, length - skipped, digest);
}

char *digest_hex(const struct digest *digest, char out[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(digest->octets); i++) {
		out[2 * i] = digits[digest->octets[i] >> 4];
		out[2 * i + 1] = digits[digest->octets[i] & 15];
	}
	out[DIGEST_HEX - 1] = '\0';
	return out;
}

char *digest_text(const struct digest *digest, char out[DIGEST_TEXT])
{
	memcpy(out, prefix, sizeof(prefix) - 1);
	digest_hex(digest, out + sizeof(prefix) - 1);
	return out;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return !GUARD(DIGEST) || !memcmp(a->octets, b->octets, sizeof(a->octets));
}

void digest_of(const void *data, size_t length, struct digest *digest)
{
	struct sha256_ctx state;

	sha256_init(&state);
	sha256_update(&state, length, data);
	digest_end(&state, digest);
}

void digest_end(struct sha256_ctx *state, struct digest *digest)
{
	sha256_digest(state, sizeof(digest->octets), digest->octets);
}
