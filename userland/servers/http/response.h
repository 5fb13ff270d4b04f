/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Heads of responses, appended to a buffer of the caller's. A writer that has run out of room,
 * or was given a value that would break the message, writes nothing more and says so at the
 * end, so that only the end need be checked:
 *
 *	http_writer_init(&w, buffer, sizeof(buffer));
 *	http_response_start(&w, 200, http_clock_date(&clock, now));
 *	http_response_field(&w, "Content-Type", HTTP_TEXT("text/plain"));
 *	framing = http_response_end(&w, &reply);
 *	length = http_writer_length(&w);
 */
#ifndef VIRTLAB_HTTP_RESPONSE_H
#define VIRTLAB_HTTP_RESPONSE_H

#include "outcome.h"
#include "range.h"
#include "request.h"

/**
 * struct http_writer - a buffer that is being filled
 * @start: its first octet
 * @at: where the next one goes
 * @end: behind its last
 * @failed: it did not fit, or was not fit to be sent; what is there is worth nothing
 */
struct http_writer {
	char *start;
	char *at;
	char *end;
	bool failed;
};

static inline void http_writer_init(struct http_writer *w, char *buffer, size_t size)
{
	*w = (struct http_writer){ buffer, buffer, buffer + size, false };
}

/* Octets written, 0 if any were not. */
static inline size_t http_writer_length(const struct http_writer *w)
{
	return w->failed ? 0 : w->at - w->start;
}

/**
 * http_write() - append octets
 * @w: writer
 * @text: what to append, all or nothing of it
 */
void http_write(struct http_writer *w, struct http_text text);

/**
 * http_write_number() - append a number in decimal
 * @w: writer
 * @n: number
 */
void http_write_number(struct http_writer *w, uint64_t n);

/**
 * http_reason() - the reason phrase of a status (RFC 9110 15)
 * @status: 100 to 599
 *
 * Return: a constant; empty for a status that is not in the list, as RFC 9112 4 permits.
 */
struct http_text http_reason(unsigned int status);

/**
 * http_response_start() - status line and Date
 * @w: writer
 * @status: 100 to 599
 * @date: HTTP_DATE_LENGTH octets; NULL for none, which is for 1xx (RFC 9110 6.6.1)
 *
 * The version is HTTP/1.1 whatever the request's was (RFC 9110 6.2).
 */
void http_response_start(struct http_writer *w, unsigned int status, const char *date);

/**
 * http_response_field() - a field line
 * @w: writer
 * @name: a token
 * @value: may come from anywhere: with a control character in it the writer fails, so that
 *	nobody can slip in a line of his own (RFC 9110 5.5). Framing and Connection are not for
 *	this, but for http_response_end()
 */
void http_response_field(struct http_writer *w, const char *name, struct http_text value);

/**
 * http_response_number() - a field line with a number
 * @w: writer
 * @name: a token
 * @value: number
 */
void http_response_number(struct http_writer *w, const char *name, uint64_t value);

/**
 * http_response_date() - a field line with a date, such as Last-Modified
 * @w: writer
 * @name: a token
 * @time: seconds since 1970
 */
void http_response_date(struct http_writer *w, const char *name, int64_t time);

/**
 * http_response_range() - Content-Range (RFC 9110 14.4)
 * @w: writer
 * @range: what is sent with 206; NULL with 416
 * @length: octets of the whole representation
 */
void http_response_range(struct http_writer *w, const struct http_range *range, uint64_t length);

/**
 * struct http_reply - what the framing of a response depends on
 * @status: of the response
 * @method: of the request; of one that was refused HTTP_METHOD_OTHER
 * @minor: of the request's version
 * @has_length: the length of the content is known
 * @length: it, in octets; for HEAD that of the answer to GET
 * @keep_alive: in: the connection is to persist; out: it can
 */
struct http_reply {
	unsigned int status;
	enum http_method method;
	uint8_t minor;
	bool has_length;
	uint64_t length;
	bool keep_alive;
};

/* How content follows the head (RFC 9112 6.3). */
enum http_framing {
	HTTP_FRAME_NOTHING, /* none may be sent: HEAD, 1xx, 204, 304 */
	HTTP_FRAME_LENGTH,  /* as many octets as were announced */
	HTTP_FRAME_CHUNKED, /* chunks, then HTTP_LAST_CHUNK */
	HTTP_FRAME_CLOSE,   /* octets, then close: HTTP/1.0 and length not known */
};

/**
 * http_response_end() - framing fields, Connection, and the empty line
 * @w: writer
 * @reply: keep_alive is cleared if the connection must be closed for the framing's sake
 *
 * 1xx and 204 have neither Content-Length nor Transfer-Encoding (RFC 9110 8.6, RFC 9112 6.1);
 * 304 could have, and has not.
 *
 * Return: how to send the content.
 */
enum http_framing http_response_end(struct http_writer *w, struct http_reply *reply);

/**
 * http_response_refusal() - a whole response that says why, and closes
 * @w: writer
 * @refusal: of a reader
 * @date: HTTP_DATE_LENGTH octets
 * @method: if it is known: HEAD gets no content
 */
void http_response_refusal(struct http_writer *w, const struct http_refusal *refusal,
			   const char *date, enum http_method method);

/* --- content in chunks, RFC 9112 7.1 --- */

#define HTTP_CHUNK_HEAD_MOST 18
#define HTTP_CHUNK_END HTTP_TEXT("\r\n")
#define HTTP_LAST_CHUNK HTTP_TEXT("0\r\n\r\n")

/**
 * http_chunk_head() - the line before a chunk
 * @w: writer; HTTP_CHUNK_HEAD_MOST octets are always enough
 * @size: octets of the chunk; not 0, which would end the content
 */
void http_chunk_head(struct http_writer *w, uint64_t size);

/* --- heads that are the same each time but for the date --- */

#define HTTP_PREPARED_MOST 512

/**
 * struct http_prepared - a head, written once
 * @length: octets
 * @date_at: offset of the date in it
 * @text: all but Connection and the empty line
 *
 * For a cached file, whose 200 differs from the last one in nothing but the date.
 */
struct http_prepared {
	uint16_t length;
	uint16_t date_at;
	char text[HTTP_PREPARED_MOST];
};

/**
 * http_prepare() - keep the head that a writer has
 * @p: set to it
 * @w: after http_response_start() with a date, and all fields; not http_response_end()
 * @length: octets of the content, for Content-Length
 *
 * Return: false if it is too long or the writer has failed.
 */
bool http_prepare(struct http_prepared *p, const struct http_writer *w, uint64_t length);

/**
 * http_write_prepared() - append it with today's date, to its end
 * @w: writer
 * @p: prepared
 * @date: HTTP_DATE_LENGTH octets
 * @minor: of the request's version
 * @keep_alive: the connection persists
 */
void http_write_prepared(struct http_writer *w, const struct http_prepared *p, const char *date,
			 uint8_t minor, bool keep_alive);

#endif
