// SPDX-License-Identifier: GPL-2.0-only
/* Writing heads, see response.h. */
#include "response.h"

#include <string.h>

#include "date.h"

static const struct {
	uint16_t status;
	struct http_text reason;
} reasons[] = {
#define R(status, text) { status, { text, sizeof(text) - 1 } }
	R(200, "OK"),
	R(206, "Partial Content"),
	R(304, "Not Modified"),
	R(404, "Not Found"),
	R(100, "Continue"),
	R(101, "Switching Protocols"),
	R(201, "Created"),
	R(202, "Accepted"),
	R(204, "No Content"),
	R(301, "Moved Permanently"),
	R(302, "Found"),
	R(303, "See Other"),
	R(307, "Temporary Redirect"),
	R(308, "Permanent Redirect"),
	R(400, "Bad Request"),
	R(401, "Unauthorized"),
	R(403, "Forbidden"),
	R(405, "Method Not Allowed"),
	R(406, "Not Acceptable"),
	R(408, "Request Timeout"),
	R(409, "Conflict"),
	R(410, "Gone"),
	R(411, "Length Required"),
	R(412, "Precondition Failed"),
	R(413, "Content Too Large"),
	R(414, "URI Too Long"),
	R(415, "Unsupported Media Type"),
	R(416, "Range Not Satisfiable"),
	R(417, "Expectation Failed"),
	R(421, "Misdirected Request"),
	R(422, "Unprocessable Content"),
	R(426, "Upgrade Required"),
	R(428, "Precondition Required"),
	R(429, "Too Many Requests"),
	R(431, "Request Header Fields Too Large"),
	R(500, "Internal Server Error"),
	R(501, "Not Implemented"),
	R(502, "Bad Gateway"),
	R(503, "Service Unavailable"),
	R(504, "Gateway Timeout"),
	R(505, "HTTP Version Not Supported"),
#undef R
};

struct http_text http_reason(unsigned int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return HTTP_TEXT("");
}

void http_write(struct http_writer *w, struct http_text text)
{
	if (w->failed || text.length > (size_t)(w->end - w->at)) {
		w->failed = true;
		return;
	}
	if (text.length)
		memcpy(w->at, text.at, text.length);
	w->at += text.length;
}

void http_write_number(struct http_writer *w, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n);
	http_write(w, (struct http_text){ digits + i, sizeof(digits) - i });
}

static void write_name(struct http_writer *w, const char *name)
{
	http_write(w, (struct http_text){ name, strlen(name) });
	http_write(w, HTTP_TEXT(": "));
}

void http_response_start(struct http_writer *w, unsigned int status, const char *date)
{
	http_write(w, HTTP_TEXT("HTTP/1.1 "));
	http_write_number(w, status);
	http_write(w, HTTP_TEXT(" "));
	http_write(w, http_reason(status));
	http_write(w, HTTP_TEXT("\r\n"));
	if (date)
		http_response_field(w, "Date", (struct http_text){ date, HTTP_DATE_LENGTH });
}

void http_response_field(struct http_writer *w, const char *name, struct http_text value)
{
	if (http_span(value, HTTP_VALUE_CHAR) != value.length) {
		w->failed = true;
		return;
	}
	write_name(w, name);
	http_write(w, value);
	http_write(w, HTTP_TEXT("\r\n"));
}

void http_response_number(struct http_writer *w, const char *name, uint64_t value)
{
	write_name(w, name);
	http_write_number(w, value);
	http_write(w, HTTP_TEXT("\r\n"));
}

void http_response_date(struct http_writer *w, const char *name, int64_t time)
{
	char date[HTTP_DATE_LENGTH];

	http_date_write(date, time);
	http_response_field(w, name, (struct http_text){ date, sizeof(date) });
}

void http_response_range(struct http_writer *w, const struct http_range *range, uint64_t length)
{
	http_write(w, HTTP_TEXT("Content-Range: bytes "));
	if (range) {
		http_write_number(w, range->first);
		http_write(w, HTTP_TEXT("-"));
		http_write_number(w, range->last);
	} else {
		http_write(w, HTTP_TEXT("*"));
	}
	http_write(w, HTTP_TEXT("/"));
	http_write_number(w, length);
	http_write(w, HTTP_TEXT("\r\n"));
}

static enum http_framing framing_of(const struct http_reply *reply)
{
	if (reply->status < 200 || reply->status == 204 || reply->status == 304 ||
	    reply->method == HTTP_HEAD)
		return HTTP_FRAME_NOTHING;
	if (reply->has_length)
		return HTTP_FRAME_LENGTH;
	return reply->minor ? HTTP_FRAME_CHUNKED : HTTP_FRAME_CLOSE;
}

/* The answer to HEAD says how long that to GET would be. */
static bool says_length(const struct http_reply *reply)
{
	return reply->has_length && reply->status >= 200 && reply->status != 204 &&
	       reply->status != 304;
}

/* What is to be said is what differs from the version's own habit, RFC 9112 9.3. */
static void write_connection(struct http_writer *w, uint8_t minor, bool keep_alive)
{
	if (!keep_alive)
		http_write(w, HTTP_TEXT("Connection: close\r\n"));
	else if (!minor)
		http_write(w, HTTP_TEXT("Connection: keep-alive\r\n"));
}

enum http_framing http_response_end(struct http_writer *w, struct http_reply *reply)
{
	enum http_framing framing = framing_of(reply);

	if (framing == HTTP_FRAME_CLOSE)
		reply->keep_alive = false;
	if (says_length(reply))
		http_response_number(w, "Content-Length", reply->length);
	if (framing == HTTP_FRAME_CHUNKED)
		http_write(w, HTTP_TEXT("Transfer-Encoding: chunked\r\n"));
	if (reply->status >= 200)
		write_connection(w, reply->minor, reply->keep_alive);
	http_write(w, HTTP_TEXT("\r\n"));
	return framing;
}

void http_response_refusal(struct http_writer *w, const struct http_refusal *refusal,
			   const char *date, enum http_method method)
{
	struct http_text why = { refusal->why, strlen(refusal->why) };
	struct http_reply reply = {
		.status = refusal->status,
		.method = method,
		.minor = 1,
		.has_length = true,
		.length = why.length + 1,
	};

	http_response_start(w, refusal->status, date);
	http_response_field(w, "Content-Type", HTTP_TEXT("text/plain"));
	if (http_response_end(w, &reply) == HTTP_FRAME_NOTHING)
		return;
	http_write(w, why);
	http_write(w, HTTP_TEXT("\n"));
}

void http_chunk_head(struct http_writer *w, uint64_t size)
{
	char line[HTTP_CHUNK_HEAD_MOST];
	size_t i = sizeof(line);

	line[--i] = '\n';
	line[--i] = '\r';
	do {
		line[--i] = "0123456789abcdef"[size & 0xf];
		size >>= 4;
	} while (size);
	http_write(w, (struct http_text){ line + i, sizeof(line) - i });
}

bool http_prepare(struct http_prepared *p, const struct http_writer *w, uint64_t length)
{
	static const char date[] = "\r\nDate: ";
	struct http_writer out;
	const char *found;

	http_writer_init(&out, p->text, sizeof(p->text));
	http_write(&out, (struct http_text){ w->start, http_writer_length(w) });
	http_response_number(&out, "Content-Length", length);
	found = memmem(p->text, out.at - out.start, date, sizeof(date) - 1);
	if (w->failed || out.failed || !found)
		return false;
	p->length = out.at - out.start;
	p->date_at = found + sizeof(date) - 1 - p->text;
	return true;
}

void http_write_prepared(struct http_writer *w, const struct http_prepared *p, const char *date,
			 uint8_t minor, bool keep_alive)
{
	char *start = w->at;

	http_write(w, (struct http_text){ p->text, p->length });
	if (w->failed)
		return;
	memcpy(start + p->date_at, date, HTTP_DATE_LENGTH);
	write_connection(w, minor, keep_alive);
	http_write(w, HTTP_TEXT("\r\n"));
}
