/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of a request, read as RFC 9112 asks and no more generously than it must be.
 *
 *	GET /a?b HTTP/1.1 CRLF      request line
 *	Host: example.org CRLF      field lines
 *	CRLF                        the end; a body may follow
 *
 * Where the RFC leaves a choice, this reader refuses: two parsers on one path that read a
 * message differently are how requests get smuggled (RFC 9112 11.2).
 *
 *	bare LF ends no line (2.2 lets one accept it), nor does a bare CR
 *	no folded lines, no space before the colon, none before the first field (2.2, 5.1, 5.2)
 *	one Content-Length, which is digits; not beside Transfer-Encoding (6.2, 6.3)
 *	Transfer-Encoding is "chunked", and only in HTTP/1.1 (6.1)
 *	one Host, which is a host and perhaps a port (3.2)
 *	versions 1.x only, and all after 1.1 as that (RFC 9110 6.2); 505 for every other one
 *	no https: there is no TLS here (RFC 9110 7.4)
 *
 * One thing is let in that RFC 3986 does not have: of visible ASCII a target may contain all
 * but " # < > and \, since browsers (URL standard) send [ ] ^ ` { | } as they are.
 *
 * The reader goes by lines and remembers how far it has looked, so that a head that comes in
 * small pieces costs no more than one that comes whole, and is judged the same. Positions are
 * offsets from the start of the head, so that the buffer may move between two calls.
 */
#ifndef VIRTLAB_HTTP_REQUEST_H
#define VIRTLAB_HTTP_REQUEST_H

#include "fields.h"
#include "outcome.h"
#include "text.h"

/* An unknown method is no error of the message: whoever handles it answers 501 (RFC 9110 9.1). */
enum http_method {
	HTTP_METHOD_OTHER,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_PATCH,
	HTTP_TRACE,
	HTTP_CONNECT,
};

/* RFC 9112 3.2. Authority-form is CONNECT's, which is answered 501. */
enum http_form { HTTP_ORIGIN_FORM, HTTP_ABSOLUTE_FORM, HTTP_ASTERISK_FORM };

/**
 * struct http_limits - how much of a head is read before it is too much
 * @request_line: octets of the request line without CRLF; more is 414
 * @head: octets of the whole head with all line ends, 64 to 65535; more is 431
 * @fields: field lines, 1 to 255; more is 431. As many must fit in the caller's array
 */
struct http_limits {
	uint16_t request_line;
	uint16_t head;
	uint8_t fields;
};

#define HTTP_DEFAULT_LIMITS ((struct http_limits){ 8192, 32768, 100 })

/* Empty lines before the request line that are read over (RFC 9112 2.2). */
#define HTTP_EMPTY_LINES 4
/* Octets of the longest method that is handed on (RFC 9112 3: 501 beyond). */
#define HTTP_METHOD_LENGTH 32

/**
 * struct http_slice - a piece of the head
 * @at: offset of its first octet from the start of the head
 * @length: in octets
 */
struct http_slice {
	uint16_t at;
	uint16_t length;
};

/**
 * struct http_field - one field line
 * @name: a token, as it came
 * @value: without white space around it; no control character but HTAB in it; may be empty
 * @id: enum http_field_id
 */
struct http_field {
	struct http_slice name;
	struct http_slice value;
	uint16_t id;
};

/**
 * struct http_request - a request's head, while and after it is read
 *
 * Set when http_request_parse() has said HTTP_DONE:
 * @method: which one
 * @form: form of the target
 * @minor: 0 or 1: the version is HTTP/1.@minor, or a later HTTP/1 than that
 * @keep_alive: the connection persists after this message (RFC 9112 9.3)
 * @expect_continue: the client waits for 100 (Continue) before it sends the body
 * @chunked: the body is chunked
 * @has_length: there is a Content-Length, and no @chunked
 * @length: its value, or 0. A request with neither has no body (RFC 9112 6.3)
 * @method_name: the method as it came, case kept
 * @target: as it came
 * @path: of the target, still encoded. Empty in absolute-form means "/"
 * @query: what follows the first "?" in the target, still encoded
 * @has_query: there was a "?"
 * @host: host and port, from an absolute target or else from Host (RFC 9112 3.2.2); may be empty
 * @fields: the caller's array
 * @field_count: how many of it are used
 * @first: by enum http_field_id: 1 + index of its first field line, 0 if there is none
 * @repeated: bits by enum http_field_id: there is more than one such line
 * @head_length: octets of the head, the empty line included: the body starts there
 *
 * Set when it has said HTTP_BAD:
 * @refusal: status and reason
 *
 * @limits: see there
 * @stage: what the next line is
 * @codings: how the transfer codings read so far end
 * @options: connection options seen
 * @empty_lines: before the request line
 * @line: offset of the line that is being read
 * @scanned: offset up to which that line has no line end
 */
struct http_request {
	enum http_method method;
	enum http_form form;
	uint8_t minor;
	bool keep_alive;
	bool expect_continue;
	bool chunked;
	bool has_length;
	bool has_query;
	uint64_t length;
	struct http_slice method_name;
	struct http_slice target;
	struct http_slice path;
	struct http_slice query;
	struct http_slice host;
	struct http_field *fields;
	uint8_t field_count;
	uint8_t first[HTTP_FIELD_IDS];
	uint32_t repeated;
	uint32_t head_length;
	struct http_refusal refusal;

	struct http_limits limits;
	uint8_t stage;
	uint8_t codings;
	uint8_t options;
	uint8_t empty_lines;
	uint32_t line;
	uint32_t scanned;
};

/**
 * http_request_init() - before the first octet of each request
 * @r: whose memory is the caller's
 * @fields: array of limits->fields, not read before it is written; must outlive @r
 * @limits: copied; out of range is brought into it
 */
void http_request_init(struct http_request *r, struct http_field *fields,
		       const struct http_limits *limits);

/**
 * http_request_parse() - read on
 * @r: initialised
 * @data: the head from its first octet, what was there in earlier calls included
 * @length: octets there are by now, those beyond the head do not matter
 *
 * Time is linear in the octets that are new since the last call, plus those of the last line
 * when it becomes complete. Nothing is copied.
 *
 * Return: HTTP_MORE, HTTP_DONE or HTTP_BAD; the last two again, if called again.
 */
enum http_outcome http_request_parse(struct http_request *r, const char *data, size_t length);

/* A slice as a text in @head, the buffer as it lies now. */
static inline struct http_text http_text_of(const char *head, struct http_slice slice)
{
	return (struct http_text){ head + slice.at, slice.length };
}

/**
 * http_request_field() - the first field line of a name
 * @r: after HTTP_DONE
 * @id: not HTTP_FIELD_OTHER
 *
 * Return: NULL if there is none.
 */
static inline const struct http_field *http_request_field(const struct http_request *r,
							  enum http_field_id id)
{
	return r->first[id] ? &r->fields[r->first[id] - 1] : NULL;
}

/**
 * http_request_next() - the next field line of the same name
 * @r: after HTTP_DONE
 * @field: from http_request_field() or this
 *
 * Lines of one list-valued field are one list, in this order (RFC 9110 5.3).
 *
 * Return: NULL if that was the last.
 */
const struct http_field *http_request_next(const struct http_request *r,
					   const struct http_field *field);

/**
 * http_request_single() - the value of a field that is no list
 * @r: after HTTP_DONE
 * @head: its buffer
 * @id: which
 * @value: set to it
 *
 * Return: false if there is none, or more than one line of it: then no value is to be trusted.
 */
bool http_request_single(const struct http_request *r, const char *head, enum http_field_id id,
			 struct http_text *value);

#endif
