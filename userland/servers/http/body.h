/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The body of a request: where it is, and where it ends. Chunked (RFC 9112 7.1) and counted
 * bodies are read in one way:
 *
 *	http_body_init(&body, &request, most);
 *	do {
 *		outcome = http_body_read(&body, data, length, &used, &piece);
 *		... piece is the next of the body, perhaps empty ...
 *		data += used, length -= used;
 *	} while (outcome == HTTP_MORE && length);
 *
 * The grammar of chunks is taken by its letter: CRLF and nothing else ends a line, extensions
 * are read and left alone, trailer fields are held to the rules of fields (RFC 9110 6.5) and
 * then dropped, as 6.5.1 lets one do: none of them may change how the message was framed.
 */
#ifndef VIRTLAB_HTTP_BODY_H
#define VIRTLAB_HTTP_BODY_H

#include "outcome.h"
#include "request.h"
#include "text.h"

/* Octets of chunk extensions in one body (RFC 9112 7.1.1); more is 413. */
#define HTTP_EXTENSIONS_MOST 4096
/* Octets and lines of a trailer section; more is 431. */
#define HTTP_TRAILER_MOST 8192
#define HTTP_TRAILER_LINES_MOST 32

/**
 * struct http_body - a body while it is read
 * @refusal: after HTTP_BAD: status and reason
 * @total: octets of content handed out, or about to be: those of the chunk that is being read
 *	are in it
 * @most: octets of content there may be; more is 413
 * @left: octets that are left of the chunk, or of the counted body
 * @state: what the next octet is
 * @digits: of the chunk size that is being read
 * @trailer_lines: so far
 * @extensions: octets of them so far
 * @trailer: octets of the trailer section so far
 */
struct http_body {
	struct http_refusal refusal;
	uint64_t total;
	uint64_t most;
	uint64_t left;
	uint8_t state;
	uint8_t digits;
	uint8_t trailer_lines;
	uint16_t extensions;
	uint16_t trailer;
};

/**
 * http_body_init() - before the first octet behind the head
 * @b: the caller's
 * @r: the head, read to its end
 * @most: octets of content that the caller is ready to take
 *
 * A request with neither Content-Length nor chunked has a body of no octets (RFC 9112 6.3).
 *
 * Return: HTTP_DONE if there is no body to read, HTTP_BAD with 413 if its announced length is
 * above @most, so that one can refuse before it is sent; else HTTP_MORE.
 */
enum http_outcome http_body_init(struct http_body *b, const struct http_request *r, uint64_t most);

/**
 * http_body_read() - read on, up to the end of the next piece of content
 * @b: initialised
 * @data: what follows what was used up before
 * @length: its octets
 * @used: set to how many of them belong to the body and are done with, 0 to @length
 * @piece: set to content, a part of @data; empty if there was none
 *
 * All octets are used before HTTP_MORE is returned with an empty piece. Nothing is copied.
 *
 * Return: HTTP_DONE if the body ends with the octets used; HTTP_MORE; HTTP_BAD.
 */
enum http_outcome http_body_read(struct http_body *b, const char *data, size_t length,
				 size_t *used, struct http_text *piece);

#endif
