// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of responses. Every case is fed whole, in two parts cut at every byte, and byte
 * by byte: all have to come to the same.
 */
#include "tap.h"
#include "response.h"

enum { FULL, BAD, MORE };

struct verdict {
	int what;
	unsigned int status;
	uint64_t body;
	bool keeps;
	bool found;
	size_t used;
};

static struct search search;

static struct verdict judge(const struct response *r, size_t used)
{
	return (struct verdict){
		.what = r->state == RESPONSE_DONE ? FULL : r->state == RESPONSE_BAD ? BAD : MORE,
		.status = r->status,
		.body = r->body,
		.keeps = response_keeps_open(r),
		.found = response_found(r),
		.used = used,
	};
}

/* Cut after @first bytes, then in parts of @rest. */
static struct verdict parse(const char *text, size_t size, size_t first, size_t rest, bool to_head,
			    bool eof)
{
	size_t at = 0, used = 0;
	struct response r;

	response_begin(&r, to_head, search.length ? &search : NULL);
	while (at < size && r.state != RESPONSE_DONE && r.state != RESPONSE_BAD) {
		size_t part = at ? rest : first, n;
		char *copy;

		part = part < size - at ? part : size - at;
		/* As large as it is, so that ASan sees a read beyond it. */
		copy = malloc(part ? part : 1);
		memcpy(copy, text + at, part);
		n = response_feed(&r, copy, part);
		free(copy);
		CHECK(n <= part, "took more than there is");
		CHECK(n == part || r.state == RESPONSE_DONE, "took less than all, and is not done");
		used += n;
		at += part;
		if (!part)
			first = rest;
	}
	if (eof)
		response_end(&r);
	CHECK((r.state == RESPONSE_BAD) == !!r.why, "bad without a reason, or the reverse");
	return judge(&r, used);
}

static struct verdict parse_every_way(const char *text, bool to_head, bool eof)
{
	size_t size = strlen(text);
	struct verdict whole = parse(text, size, size, size, to_head, eof), v;

	for (size_t cut = 0; cut <= size; cut++) {
		/* cut = 0: byte by byte. */
		v = parse(text, size, cut ? cut : 1, cut ? size : 1, to_head, eof);
		CHECK(v.what == whole.what && v.body == whole.body && v.keeps == whole.keeps &&
			      v.found == whole.found,
		      "cut at %zu it is another answer: %s", cut, text);
		CHECK(v.what == BAD || v.used == whole.used, "cut at %zu it ends elsewhere: %s",
		      cut, text);
	}
	return whole;
}

static void check_full(const char *text, unsigned int status, uint64_t body, bool keeps)
{
	struct verdict v = parse_every_way(text, false, false);

	CHECK(v.what == FULL, "not complete: %s", text);
	CHECK_EQ(v.status, status);
	CHECK_EQ(v.body, body);
	CHECK(v.keeps == keeps, "%s: %s", keeps ? "not kept" : "kept", text);
	CHECK_EQ(v.used, strlen(text));
}

static void check_bad(const char *text)
{
	struct verdict v = parse_every_way(text, false, false);

	CHECK(v.what == BAD, "is taken: %s", text);
}

static void check_more(const char *text)
{
	struct verdict v = parse_every_way(text, false, true);

	CHECK(v.what == MORE, "is complete, or bad: %s", text);
}

#define OK "HTTP/1.1 200 OK\r\n"

/* RFC 9112, 6.3. */
static void a_length_says_where_the_body_ends(void)
{
	check_full(OK "Content-Length: 5\r\n\r\nhello", 200, 5, true);
	check_full(OK "content-length:5\r\n\r\nhello", 200, 5, true);
	check_full(OK "CONTENT-LENGTH: \t 5 \t\r\n\r\nhello", 200, 5, true);
	check_full(OK "Content-Length: 0\r\n\r\n", 200, 0, true);
	check_full(OK "Content-Length: 0000000000003\r\n\r\nabc", 200, 3, true);
	check_full(OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, 3, true);
	check_more(OK "Content-Length: 5\r\n\r\nhell");
	check_more(OK "Content-Length: 5\r\n\r\n");
}

/* RFC 9112, 7.1. */
static void chunks_say_where_the_body_ends(void)
{
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, 5, true);
	check_full(OK "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n", 200, 0, true);
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n0A\r\n0123456789\r\na;x=\"y\"\r\n0123456789"
		      "\r\n0;z\r\n\r\n", 200, 20, true);
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n1 ;x\r\na\r\n000\r\n\r\n", 200, 1, true);
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 9\r\nX: y\r\n"
		      "\r\n", 200, 1, true);
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n", 200, 0, true);
	check_full(OK "Transfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n", 200, 2, true);
	check_more(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
	check_more(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	check_more(OK "Transfer-Encoding: chunked\r\n\r\n");
	check_more(OK "Transfer-Encoding: chunked\r\n\r\nffff\r\nhello");
}

static void the_close_says_where_the_body_ends(void)
{
	struct verdict v = parse_every_way("HTTP/1.0 200 OK\r\n\r\nhello", false, true);

	CHECK(v.what == FULL && v.body == 5 && !v.keeps, "HTTP/1.0");
	v = parse_every_way(OK "Connection: keep-alive\r\n\r\n", false, true);
	CHECK(v.what == FULL && !v.body && !v.keeps, "an empty body, and nothing to tell the next");
	v = parse_every_way(OK "\r\nhello", false, false);
	CHECK(v.what == MORE && v.body == 5, "it is not closed yet");
}

static void some_answers_have_no_body(void)
{
	struct verdict v = parse_every_way(OK "Content-Length: 5\r\n\r\n", true, false);

	CHECK(v.what == FULL && v.keeps && !v.body, "to HEAD");
	v = parse_every_way(OK "Transfer-Encoding: chunked\r\n\r\n", true, false);
	CHECK(v.what == FULL && v.keeps, "to HEAD, chunked");
	check_full("HTTP/1.1 204 No Content\r\n\r\n", 204, 0, true);
	check_full("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, 0, true);
}

/* RFC 9110, 15.2: any number may come before, and none is the answer. */
static void interim_answers_are_skipped(void)
{
	char many[4096] = "";

	check_full("HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 200, 1, true);
	check_full("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: close\r\n\r\n"
		   "HTTP/1.1 102 \r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 200, 1, true);
	check_bad("HTTP/1.1 101 Switching Protocols\r\n\r\n");
	check_more("HTTP/1.1 100 Continue\r\n\r\n");
	for (int i = 0; i < 100; i++)
		strcat(many, "HTTP/1.1 100 \r\n\r\n");
	check_bad(many);
}

/* RFC 9112, 9.3 and 9.6. */
static void a_connection_is_kept_if_both_may(void)
{
	check_full(OK "Content-Length: 0\r\nConnection: close\r\n\r\n", 200, 0, false);
	check_full(OK "Content-Length: 0\r\nConnection: Keep-Alive, CLOSE \r\n\r\n", 200, 0, false);
	check_full(OK "Content-Length: 0\r\nConnection: upgrade\r\nConnection: close\r\n\r\n", 200, 0,
		   false);
	check_full(OK "Content-Length: 0\r\nConnection: closed, x-close,,\r\n\r\n", 200, 0, true);
	check_full("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0, false);
	check_full("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", 200, 0,
		   true);
}

/* RFC 9112, 4. */
static void status_lines_are_exact(void)
{
	static const char *const bad[] = {
		"HTTP/2.0 200 OK\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.10 200 OK\r\n", "http/1.1 200 OK\r\n",
		"HTTP/1.1  200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 X\r\n",
		"HTTP/1.1 600 X\r\n", "HTTP/1.1 999 X\r\n", "HTTP/1.1 200\r\n", "HTTP/1.1 2x0 OK\r\n",
		" HTTP/1.1 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 200 O\001K\r\n",
		"HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\rX", "HTTP/v.1 200 OK\r\n", "HTTP/1.v 200 OK\r\n",
		"HTTP/1.1 ddd OK\r\n", "<html>hello</html>", "HTTP/1.1\t200 OK\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i]);
	check_full("HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n", 599, 0, true);
	check_full("HTTP/1.1 503 a\tb \xc3\xa9\r\nContent-Length: 0\r\n\r\n", 503, 0, true);
}

static void headers_are_exact(void)
{
	static const char *const bad[] = {
		"X y\r\n", "X : y\r\n", ": y\r\n", " X: y\r\n", "\tX: y\r\n", "X: a\r\n b\r\n", "X\r\n",
		"X: a\001b\r\n", "X: a\x7f\r\n", "X: a\n", "X: a\rb\r\n", "X[]: a\r\n", "X: a\r\n\rX",
		"Content-Length: \r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n",
		"Content-Length: 1,1\r\n", "Content-Length: 0x1\r\n", "Content-Length: 1 1\r\n",
		"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 18446744073709551616\r\n",
		"Content-Length: 9223372036854775808\r\n",
		"Content-Length: 000000000000000000000000000000000000000000000000000000000000000001\r\n",
		"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: \r\n", "Transfer-Encoding: xchunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
		"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), OK "%s", bad[i]);
		check_bad(text);
	}
	check_bad("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	check_full(OK "Content-Length-X: 7\r\nX-Content-Length: 8\r\nContent-Length: 0\r\n"
		      "Transfer-Encodings: gzip\r\nX-Long-Name-Of-Content-Length: 9\r\nE:\r\n\r\n",
		   200, 0, true);
}

static void chunk_sizes_are_exact(void)
{
	static const char *const bad[] = {
		"\r\n", "g\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1\n", ";x\r\n", "1\r\nab\r\n", "1\r\na\n",
		"1\r\na0\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n", "1;\001\r\n", "1;x\n", "1\rx",
		"0\r\nX y\r\n", "0\r\n\n",
		"000000000000000000000000000000000000000000000000000000000000000000000000000000001\r\n",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), OK "Transfer-Encoding: chunked\r\n\r\n%s", bad[i]);
		check_bad(text);
	}
}

static void a_head_without_end_is_given_up(void)
{
	size_t size = RESPONSE_HEAD_MAX + 100;
	char *text = malloc(size);
	struct verdict v;

	memset(text, 'a', size);
	memcpy(text, OK "X: ", strlen(OK "X: "));
	v = parse(text, size, size, size, false, false);
	free(text);
	CHECK_EQ(v.what, BAD);
}

/* A big body in small chunks is not a long head. */
static void chunks_may_be_many(void)
{
	struct response r;

	response_begin(&r, false, NULL);
	response_feed(&r, OK "Transfer-Encoding: chunked\r\n\r\n", strlen(OK) + 30);
	for (int i = 0; i < 2 * RESPONSE_HEAD_MAX; i++)
		CHECK_EQ(response_feed(&r, "1\r\nx\r\n", 6), 6);
	CHECK_EQ(response_feed(&r, "0\r\n\r\n", 5), 5);
	CHECK(r.state == RESPONSE_DONE, "%s", r.why ? r.why : "not complete");
}

static void what_follows_is_left_for_the_next(void)
{
	static const char *const texts[] = {
		OK "Content-Length: 1\r\n\r\nx", OK "Content-Length: 0\r\n\r\n",
		OK "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	};
	char two[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(two, sizeof(two), "%sHTTP/1.1 ", texts[i]);
		CHECK_EQ(parse_every_way(two, false, false).used, strlen(texts[i]));
	}
}

/* Also where it crosses chunks, reads, and a false beginning of itself. */
static void a_text_is_found_across_all_cuts(void)
{
	static const char *const texts[] = { "aab", "abcab", "aaaa", "lo wor", "x" };
	static const char *const bodies[] = {
		OK "Content-Length: 11\r\n\r\nhello world", OK "Content-Length: 5\r\n\r\naaaab",
		OK "Content-Length: 8\r\n\r\nabcabcab", OK "Content-Length: 3\r\n\r\naab",
		OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n2\r\nab\r\n0\r\n\r\n",
		OK "Transfer-Encoding: chunked\r\n\r\n6\r\naaabaa\r\n0\r\nX: abcab x\r\n\r\n",
		OK "X: x\r\nContent-Length: 0\r\n\r\n",
	};
	static const bool there[7][5] = {
		{ 0, 0, 0, 1, 0 }, { 1, 0, 1, 0, 0 }, { 0, 1, 0, 0, 0 }, { 1, 0, 0, 0, 0 },
		{ 0, 1, 0, 0, 0 }, { 1, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 },
	};

	for (size_t t = 0; t < 5; t++) {
		search_begin(&search, texts[t]);
		for (size_t b = 0; b < 7; b++)
			CHECK(parse_every_way(bodies[b], false, false).found == there[b][t],
			      "%s in %s", texts[t], bodies[b]);
	}
	search.length = 0;
}

int main(void)
{
	RUN(a_length_says_where_the_body_ends);
	RUN(chunks_say_where_the_body_ends);
	RUN(the_close_says_where_the_body_ends);
	RUN(some_answers_have_no_body);
	RUN(interim_answers_are_skipped);
	RUN(a_connection_is_kept_if_both_may);
	RUN(status_lines_are_exact);
	RUN(headers_are_exact);
	RUN(chunk_sizes_are_exact);
	RUN(a_head_without_end_is_given_up);
	RUN(chunks_may_be_many);
	RUN(what_follows_is_left_for_the_next);
	RUN(a_text_is_found_across_all_cuts);
	return tap_done();
}
