// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for all that a client can send: a head, its body, and what stands in both. The
 * first octet says how the rest is cut in pieces: 0 is octet by octet, n is n octets, then the
 * rest; however it is cut, the result must be the same. corpus/ is made by make_corpus.py.
 *
 * What must hold of any input is said with must(), so that a search finds what breaks it.
 */
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "conditional.h"
#include "date.h"
#include "parameters.h"
#include "path.h"
#include "range.h"
#include "request.h"
#include "response.h"

#define MOST 1024
#define NOW 1795000000ll

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/**
 * struct message - a request as it was understood
 * @outcome: of the head
 * @r: the head
 * @fields: its fields
 * @body_outcome: of the body
 * @body: the body
 * @content: hash of its octets
 * @content_length: their number
 * @used: octets of head and body
 */
struct message {
	enum http_outcome outcome;
	struct http_request r;
	struct http_field fields[100];
	enum http_outcome body_outcome;
	struct http_body body;
	uint64_t content;
	uint64_t content_length;
	size_t used;
};

/* How much of @size there is when @had of it have been seen. */
static size_t next_cut(size_t had, size_t size, unsigned int cut)
{
	if (!cut)
		return had + 1 < size ? had + 1 : size;
	return had < cut && cut < size ? cut : size;
}

/* A copy of its own size, so that ASan sees a read beyond it. */
static char *block(const char *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	return copy;
}

static void read_head(struct message *m, const char *data, size_t size, unsigned int cut)
{
	struct http_limits limits = { 512, 1500, 40 };
	size_t had = 0;

	http_request_init(&m->r, m->fields, &limits);
	do {
		size_t next = next_cut(had, size, cut);
		char *copy = block(data, next);

		m->outcome = http_request_parse(&m->r, copy, next);
		free(copy);
		must(m->outcome != HTTP_DONE || (m->r.head_length > had &&
						 m->r.head_length <= next));
		had = next;
	} while (m->outcome == HTTP_MORE && had < size);
	m->used = m->outcome == HTTP_DONE ? m->r.head_length : 0;
}

static void take_piece(struct message *m, struct http_text piece)
{
	for (size_t i = 0; i < piece.length; i++)
		m->content = m->content * 1099511628211ull + (unsigned char)piece.at[i] + 1;
	m->content_length += piece.length;
}

static void read_body(struct message *m, const char *data, size_t size, unsigned int cut)
{
	m->body_outcome = http_body_init(&m->body, &m->r, MOST);
	while (m->body_outcome == HTTP_MORE && size) {
		size_t length = next_cut(0, size, cut), at = 0;
		char *copy = block(data, length);

		while (m->body_outcome == HTTP_MORE && at < length) {
			struct http_text piece;
			size_t used;

			m->body_outcome = http_body_read(&m->body, copy + at, length - at, &used,
							 &piece);
			must(used <= length - at && (used || m->body_outcome != HTTP_MORE));
			must(piece.at >= copy + at && piece.at + piece.length <= copy + at + used);
			take_piece(m, piece);
			at += used;
		}
		free(copy);
		m->used += at;
		data += at;
		size -= at;
		cut = cut && cut < 20 ? cut : 0;
	}
	must(m->content_length <= m->body.total && m->body.total <= MOST);
	must(m->body_outcome != HTTP_DONE || m->content_length == m->body.total);
}

static void read_message(struct message *m, const char *data, size_t size, unsigned int cut)
{
	memset(m, 0, sizeof(*m));
	read_head(m, data, size, cut);
	if (m->outcome == HTTP_DONE)
		read_body(m, data + m->used, size - m->used, cut);
	must(m->used <= size);
}

static void same(const struct message *a, const struct message *b)
{
	must(a->outcome == b->outcome && a->r.refusal.why == b->r.refusal.why);
	must(a->r.field_count == b->r.field_count);
	if (a->outcome != HTTP_DONE)
		return;
	must(!memcmp(a->fields, b->fields, a->r.field_count * sizeof(*a->fields)));
	must(a->r.head_length == b->r.head_length && a->r.length == b->r.length);
	must(a->r.chunked == b->r.chunked && a->r.keep_alive == b->r.keep_alive);
	must(!memcmp(&a->r.host, &b->r.host, sizeof(a->r.host)));
	must(a->body_outcome == b->body_outcome && a->body.refusal.why == b->body.refusal.why);
	must(a->content == b->content && a->content_length == b->content_length &&
	     a->used == b->used);
}

static void inside(const struct message *m, struct http_slice slice)
{
	must(slice.at + slice.length <= m->r.head_length);
}

static void check_head(const struct message *m, const char *head)
{
	const struct http_request *r = &m->r;

	inside(m, r->method_name);
	inside(m, r->target);
	inside(m, r->path);
	inside(m, r->query);
	inside(m, r->host);
	must(r->head_length >= 4 && !memcmp(head + r->head_length - 4, "\r\n\r\n", 4));
	must(!(r->chunked && r->has_length) && (r->minor || !r->chunked));
	for (unsigned int i = 0; i < r->field_count; i++) {
		const struct http_field *f = &r->fields[i];

		inside(m, f->name);
		inside(m, f->value);
		must(f->name.length && head[f->name.at + f->name.length] == ':');
		must(http_span(http_text_of(head, f->value), HTTP_VALUE_CHAR) == f->value.length);
		must(f->id == http_field_id(http_text_of(head, f->name)));
	}
}

static void check_path(struct http_text path)
{
	struct http_refusal refusal;
	char out[256];
	size_t length;

	if (http_path_decode(path, out, sizeof(out), &length, &refusal) == HTTP_BAD) {
		must(refusal.status == 400 || refusal.status == 414);
		return;
	}
	must(out[0] == '/' && length < sizeof(out) && strlen(out) == length);
	must(!strstr(out, "//") && !strstr(out, "/../") && !strstr(out, "/./"));
	must(length < 3 || strcmp(out + length - 3, "/..") != 0);
	must(length < 2 || strcmp(out + length - 2, "/.") != 0);
}

static void check_range(struct http_text value, uint64_t length)
{
	struct http_range ranges[HTTP_RANGES_MOST];
	unsigned int count;
	uint64_t sum = 0;

	if (http_range_read(value, length, ranges, &count) != HTTP_RANGE_PARTIAL)
		return;
	must(count && count <= HTTP_RANGES_MOST);
	for (unsigned int i = 0; i < count; i++) {
		must(ranges[i].first <= ranges[i].last && ranges[i].last < length);
		sum += ranges[i].last - ranges[i].first + 1;
	}
	must(sum <= length);
}

static void check_date(struct http_text value)
{
	char text[HTTP_DATE_LENGTH];
	int64_t time, again;

	if (!http_date_read(value, NOW, &time))
		return;
	must(time >= HTTP_TIME_LEAST && time <= HTTP_TIME_MOST + 1);
	http_date_write(text, time);
	must(http_date_read((struct http_text){ text, sizeof(text) }, NOW, &again));
	must(again == time || time == HTTP_TIME_MOST + 1);
}

/* Any value may be sent as any field. */
static void check_value(struct http_text value)
{
	struct http_text rest = value, piece;
	struct http_parameter p;
	uint64_t number;

	check_range(value, 0);
	check_range(value, 1000);
	check_date(value);
	while (http_etag_next(&rest, &piece))
		must(piece.length >= 2 && http_etag_weak_equal(piece, piece));
	for (rest = value; http_cookie_next(&rest, &p);)
		must(p.name.length && http_span(p.value, HTTP_COOKIE_OCTET) == p.value.length);
	for (rest = value; http_query_next(&rest, &p);)
		must(p.name.length + p.value.length <= value.length);
	http_query_number(value, HTTP_TEXT("us"), 1000, &number);
	http_cookie(value, HTTP_TEXT("session"), &piece);
}

static void check_answers(const struct message *m, const char *head)
{
	struct http_representation rep = { true, HTTP_TEXT("\"v2\""), true, 784111777, true };
	struct http_reply reply = { 200, m->r.method, m->r.minor, true, 5, m->r.keep_alive };
	enum http_verdict verdict = http_conditional(&m->r, head, NOW, &rep);
	char out[512];
	struct http_writer w;

	must(verdict != HTTP_NOT_MODIFIED || m->r.method == HTTP_GET || m->r.method == HTTP_HEAD);
	http_writer_init(&w, out, sizeof(out));
	http_response_start(&w, 200, NULL);
	http_response_field(&w, "Location", http_text_of(head, m->r.target));
	must((http_response_end(&w, &reply) == HTTP_FRAME_NOTHING) == (m->r.method == HTTP_HEAD));
	must(!memmem(out, http_writer_length(&w), "\r\n\r\n", 4) ||
	     !memcmp(out + http_writer_length(&w) - 4, "\r\n\r\n", 4));
}

static void check_refusal(const struct http_refusal *refusal)
{
	char out[512];
	struct http_writer w;

	must(refusal->status >= 400 && refusal->status < 600 && strstr(refusal->why, "(RFC "));
	http_writer_init(&w, out, sizeof(out));
	http_response_refusal(&w, refusal, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_METHOD_OTHER);
	must(!w.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct message whole, pieces;
	unsigned int cut;
	char *text;

	if (!size)
		return 0;
	cut = data[0];
	size--;
	text = block((const char *)data + 1, size);
	read_message(&whole, text, size, 0xffff);
	read_message(&pieces, text, size, cut);
	same(&whole, &pieces);
	if (whole.outcome == HTTP_BAD)
		check_refusal(&whole.r.refusal);
	if (whole.outcome == HTTP_DONE) {
		check_head(&whole, text);
		check_path(http_text_of(text, whole.r.path));
		check_value(http_text_of(text, whole.r.query));
		for (unsigned int i = 0; i < whole.r.field_count; i++)
			check_value(http_text_of(text, whole.fields[i].value));
		check_answers(&whole, text);
		if (whole.body_outcome == HTTP_BAD)
			check_refusal(&whole.body.refusal);
	}
	free(text);
	return 0;
}
