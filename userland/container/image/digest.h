/* SPDX-License-Identifier: GPL-2.0-only */
/* Digests: the names of all content. OCI image-spec descriptor.md#digests, sha256 only. */
#ifndef CELL_IMAGE_DIGEST_H
#define CELL_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

/* Octets of 64 hex digits, and of "sha256:" before them, each with its NUL. */
#define DIGEST_HEX 65
#define DIGEST_TEXT 72

struct digest {
	uint8_t octets[SHA256_DIGEST_SIZE];
};

/**
 * digest_parse() - read "sha256:" and 64 lower-case hex digits
 * @text: need not end with a NUL
 * @length: of @text, octets
 * @digest: set if it returns true
 *
 * Nothing else is one: a digest becomes a file's name.
 */
bool digest_parse(const char *text, size_t length, struct digest *digest);

/* The same without "sha256:". */
bool digest_parse_hex(const char *text, size_t length, struct digest *digest);

/* Both return @out. */
char *digest_text(const struct digest *digest, char out[DIGEST_TEXT]);
char *digest_hex(const struct digest *digest, char out[DIGEST_HEX]);

bool digest_equal(const struct digest *a, const struct digest *b);
void digest_of(const void *data, size_t length, struct digest *digest);

/* A digest in the making: sha256_init(), sha256_update(), then this. */
void digest_end(struct sha256_ctx *state, struct digest *digest);

#endif
