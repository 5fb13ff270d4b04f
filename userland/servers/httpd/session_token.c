// SPDX-License-Identifier: GPL-2.0-only
/* Seals by libsodium, see session_token.h. */
#include "session_token.h"

#include <errno.h>
#include <sodium.h>

#define FORMAT 1
#define HEADER 9u
#define SEAL crypto_auth_hmacsha256_BYTES
#define TOKEN_LEAST (HEADER + SEAL)
#define TOKEN_MOST (HEADER + SESSION_TOKEN_DATA + SEAL)
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(SESSION_SECRET == crypto_auth_hmacsha256_KEYBYTES, "the secret is the key");
_Static_assert(sodium_base64_ENCODED_LEN(TOKEN_MOST, BASE64) == SESSION_TOKEN_MOST + 1, "text");

size_t session_token_write(const struct session_secret *secret, int64_t end,
			   const struct session *s, char *text)
{
	uint8_t token[TOKEN_MOST];
	size_t length = HEADER + s->length;

	token[0] = FORMAT;
	for (int i = 0; i < 8; i++)
		token[1 + i] = (uint8_t)((uint64_t)end >> (56 - 8 * i));
	memcpy(token + HEADER, s->data, s->length);
	crypto_auth_hmacsha256(token + length, token, length, secret->octets);
	sodium_bin2base64(text, SESSION_TOKEN_MOST + 1, token, length + SEAL, BASE64);
	return strlen(text);
}

enum session_token session_token_read(const struct session_secret *secret, int64_t now,
				      struct http_text text, struct session *s)
{
	uint8_t token[TOKEN_MOST];
	uint64_t end = 0;
	size_t length;

	if (sodium_base642bin(token, sizeof(token), text.at, text.length, NULL, &length, NULL,
			      BASE64) || length < TOKEN_LEAST)
		return SESSION_TOKEN_FORGED;
	length -= SEAL;
	if (crypto_auth_hmacsha256_verify(token + length, token, length, secret->octets))
		return SESSION_TOKEN_FORGED;
	for (int i = 0; i < 8; i++)
		end = end << 8 | token[1 + i];
	if (token[0] != FORMAT || (int64_t)end <= now)
		return SESSION_TOKEN_OVER;
	return session_load(s, (const char *)token + HEADER, length - HEADER) ?
		       SESSION_TOKEN_SOUND : SESSION_TOKEN_OVER;
}
