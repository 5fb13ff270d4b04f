// SPDX-License-Identifier: GPL-2.0
/* Bodies: what is content, where it ends, and what is no chunk. Each is fed in all pieces. */
#include "body.h"
#include "reading.h"

#define MOST 100000

/**
 * struct result - what became of a body
 * @outcome: of the last call
 * @status: of its refusal
 * @used: octets
 * @content: that was handed out
 * @length: of it
 */
struct result {
	enum http_outcome outcome;
	unsigned int status;
	size_t used;
	char content[MOST];
	size_t length;
};

static struct http_request chunked_request(void)
{
	return (struct http_request){ .method = HTTP_POST, .minor = 1, .chunked = true };
}

static struct http_request counted_request(uint64_t length)
{
	return (struct http_request){ .has_length = true, .length = length };
}

/* Feed one block of its own size, to its end or that of the body. */
static void feed(struct http_body *b, struct result *got, const char *data, size_t length)
{
	char *block = malloc(length ? length : 1);
	size_t at = 0;

	memcpy(block, data, length);
	do {
		struct http_text piece;
		size_t used;

		got->outcome = http_body_read(b, block + at, length - at, &used, &piece);
		CHECK(used <= length - at, "it takes more than there is");
		CHECK(!piece.length || (piece.at >= block + at &&
					piece.at + piece.length <= block + at + used),
		      "content from elsewhere");
		memcpy(got->content + got->length, piece.at, piece.length);
		got->length += piece.length;
		at += used;
		CHECK(at == length || piece.length || got->outcome != HTTP_MORE, "it stands still");
	} while (got->outcome == HTTP_MORE && at < length);
	got->used += at;
	got->status = b->refusal.status;
	free(block);
}

static void read_in(struct result *got, const struct http_request *r, struct http_text text,
		    size_t first, size_t step)
{
	struct http_body body;
	size_t at = 0, size = first;

	got->length = got->used = 0;
	got->outcome = http_body_init(&body, r, MOST);
	got->status = body.refusal.status;
	while (got->outcome == HTTP_MORE && at < text.length) {
		size = size < text.length - at ? size : text.length - at;
		feed(&body, got, text.at + at, size);
		at += size;
		size = step;
	}
}

static struct result whole, pieces;

static void read_all_ways(const struct http_request *r, struct http_text text)
{
	read_in(&whole, r, text, text.length, text.length);
	for (size_t at = 0; at <= text.length; at++) {
		if (at < text.length)
			read_in(&pieces, r, text, at, text.length);
		else
			read_in(&pieces, r, text, 1, 1);
		CHECK_EQ(pieces.outcome, whole.outcome);
		CHECK_EQ(pieces.status, whole.status);
		CHECK_EQ(pieces.used, whole.used);
		CHECK_EQ(pieces.length, whole.length);
		CHECK(!memcmp(pieces.content, whole.content, whole.length), "other content");
	}
}

static void is(struct http_text text, const char *content, const char *behind)
{
	struct http_request r = chunked_request();

	read_all_ways(&r, text);
	CHECK(whole.outcome == HTTP_DONE, "%.*s: outcome %d", (int)text.length, text.at,
	      whole.outcome);
	CHECK_TEXT(((struct http_text){ whole.content, whole.length }), content);
	CHECK_EQ(text.length - whole.used, strlen(behind));
}

static void is_not(struct http_text text, unsigned int status)
{
	struct http_request r = chunked_request();

	read_all_ways(&r, text);
	CHECK(whole.outcome == HTTP_BAD, "%.*s is taken", (int)text.length, text.at);
	CHECK(whole.status == status, "%.*s: %u", (int)text.length, text.at, whole.status);
}

static void rfc9112_6_2_a_counted_body_is_as_long_as_it_says(void)
{
	struct http_request r = counted_request(5);

	read_all_ways(&r, T("helloGET "));
	CHECK_EQ(whole.outcome, HTTP_DONE);
	CHECK_EQ(whole.used, 5);
	CHECK_TEXT(((struct http_text){ whole.content, whole.length }), "hello");
	read_all_ways(&r, T("hell"));
	CHECK_EQ(whole.outcome, HTTP_MORE);
	CHECK_EQ(whole.used, 4);
}

static void rfc9112_6_3_no_body_is_done_at_once(void)
{
	struct http_request none = { .minor = 1 }, zero = counted_request(0);

	read_all_ways(&none, T("GET "));
	CHECK_EQ(whole.outcome, HTTP_DONE);
	CHECK_EQ(whole.used, 0);
	read_all_ways(&zero, T("GET "));
	CHECK_EQ(whole.outcome, HTTP_DONE);
}

static void rfc9110_15_5_14_too_large_is_413_before_it_comes(void)
{
	struct http_request r = counted_request(MOST + 1ull);

	read_all_ways(&r, T(""));
	CHECK_EQ(whole.outcome, HTTP_BAD);
	CHECK_EQ(whole.status, 413);
	r = counted_request(MOST);
	read_all_ways(&r, T(""));
	CHECK_EQ(whole.outcome, HTTP_MORE);
	is_not(T("186a1\r\n"), 413);
	is_not(T("1\r\na\r\n186a0\r\n"), 413);
	is_not(T("7fffffffffffffff\r\n"), 413);
}

static void rfc9112_7_1_chunks(void)
{
	is(T("0\r\n\r\n"), "", "");
	is(T("5\r\nhello\r\n0\r\n\r\n"), "hello", "");
	is(T("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET /"), "hello, world", "GET /");
	is(T("A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"), "0123456789abcdefghij", "");
	is(T("00a\r\n0123456789\r\n000\r\n\r\n"), "0123456789", "");
	is(T("0000000000000001\r\na\r\n0000000000000000\r\n\r\n"), "a", "");
	is(T("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "\r\n\r\n", "");
	is(T("F\r\n0\r\n\r\nGET / HTTP\r\n0\r\n\r\n"), "0\r\n\r\nGET / HTTP", "");
}

static void rfc9112_7_1_a_size_is_hexadecimal(void)
{
	is_not(T("\r\n"), 400);
	is_not(T(" 5\r\nhello\r\n"), 400);
	is_not(T("5 \r\nhello\r\n"), 400);
	is_not(T("5\t\r\nhello\r\n"), 400);
	is_not(T("g\r\n"), 400);
	is_not(T("5g\r\n"), 400);
	is_not(T("0x5\r\nhello\r\n"), 400);
	is_not(T("-5\r\nhello\r\n"), 400);
	is_not(T("+5\r\nhello\r\n"), 400);
	is_not(T("5_0\r\n"), 400);
	is_not(T("5.\r\n"), 400);
	is_not(T("5,5\r\n"), 400);
	is_not(T("\x00\r\n"), 400);
	is_not(T("@\r\n"), 400);
	is_not(T("`\r\n"), 400);
}

static void rfc9112_7_1_a_size_does_not_overflow(void)
{
	is_not(T("8000000000000000\r\n"), 400);
	is_not(T("ffffffffffffffff\r\n"), 400);
	is_not(T("10000000000000005\r\nhello\r\n"), 400);
	is_not(T("00000000000000005\r\nhello\r\n"), 400);
}

static void rfc9112_7_1_chunks_end_in_crlf(void)
{
	is_not(T("5\nhello\r\n0\r\n\r\n"), 400);
	is_not(T("5\r\r\nhello\r\n"), 400);
	is_not(T("5\rhello\r\n"), 400);
	is_not(T("5\r hello\r\n0\r\n\r\n"), 400);
	is_not(T("5\r\nhello\n0\r\n\r\n"), 400);
	is_not(T("5\r\nhello\r0\r\n\r\n"), 400);
	is_not(T("5\r\nhello0\r\n\r\n"), 400);
	is_not(T("5\r\nhello \r\n0\r\n\r\n"), 400);
	is_not(T("3\r\nhello\r\n0\r\n\r\n"), 400);
	is_not(T("0\n\n"), 400);
	is_not(T("0\r\n\n"), 400);
	is_not(T("0\r\n\rX"), 400);
	is_not(T("5\r\nhello\r\n\r\n0\r\n\r\n"), 400);
}

static void rfc9112_7_1_1_extensions_are_read_over(void)
{
	is(T("1;a\r\nx\r\n0;b=c\r\n\r\n"), "x", "");
	is(T("1;a=b;c;d=\"e\"\r\nx\r\n0\r\n\r\n"), "x", "");
	is(T("1 ;\ta \t= b ; c = \"d\" ;e\r\nx\r\n0\r\n\r\n"), "x", "");
	is(T("1;a=\"; \\\" \\\\ = \x80\"\r\nx\r\n0\r\n\r\n"), "x", "");
	is(T("1;a=\"\"\r\nx\r\n0\r\n\r\n"), "x", "");
}

static void rfc9112_7_1_1_what_is_no_extension(void)
{
	is_not(T("1;\r\nx\r\n"), 400);
	is_not(T("1;;a\r\nx\r\n"), 400);
	is_not(T("1;=a\r\nx\r\n"), 400);
	is_not(T("1;a=\r\nx\r\n"), 400);
	is_not(T("1;a=b=c\r\nx\r\n"), 400);
	is_not(T("1;a b\r\nx\r\n"), 400);
	is_not(T("1;a \r\nx\r\n"), 400);
	is_not(T("1;a=b \r\nx\r\n"), 400);
	is_not(T("1;a=\"b\"c\r\nx\r\n"), 400);
	is_not(T("1;a=\"b\r\nx\r\n"), 400);
	is_not(T("1;a=\"\\\r\nx\r\n"), 400);
	is_not(T("1;a=\"\n\"\r\nx\r\n"), 400);
	is_not(T("1;a=\"\x00\"\r\nx\r\n"), 400);
	is_not(T("1;a\nx\r\n"), 400);
	is_not(T("1;a=b\nx\r\n"), 400);
	is_not(T("1;a[]\r\nx\r\n"), 400);
	is_not(T("1 a\r\nx\r\n"), 400);
}

static void rfc9112_7_1_1_extensions_are_bounded_over_all_chunks(void)
{
	struct http_request r = chunked_request();
	static char text[20000];
	size_t length = 0;

	length += sprintf(text, "1;");
	memset(text + length, 'a', HTTP_EXTENSIONS_MOST - 1);
	length += HTTP_EXTENSIONS_MOST - 1;
	sprintf(text + length, "\r\nx\r\n0\r\n\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, strlen(text), 1);
	CHECK_EQ(whole.outcome, HTTP_DONE);
	sprintf(text + length, "a\r\nx\r\n0\r\n\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, 1, 1);
	CHECK_EQ(whole.status, 413);
	for (length = 0; length < 15000;)
		length += sprintf(text + length, "1;extension=value\r\nx\r\n");
	read_in(&whole, &r, (struct http_text){ text, length }, 7, 7);
	CHECK_EQ(whole.status, 413);
}

static void rfc9112_7_1_2_trailer_fields_are_fields(void)
{
	is(T("0\r\nA: b\r\n\r\n"), "", "");
	is(T("1\r\nx\r\n0\r\nA:\r\nB:\tc d \x80\r\n\r\nGET"), "x", "GET");
	is(T("0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"), "", "hello");
	is_not(T("0\r\n A: b\r\n\r\n"), 400);
	is_not(T("0\r\nA : b\r\n\r\n"), 400);
	is_not(T("0\r\n: b\r\n\r\n"), 400);
	is_not(T("0\r\nA\r\n\r\n"), 400);
	is_not(T("0\r\nA: b\n\r\n"), 400);
	is_not(T("0\r\nA: b\rc\r\n\r\n"), 400);
	is_not(T("0\r\nA: b\r\n c\r\n\r\n"), 400);
	is_not(T("0\r\nA: \x00\r\n\r\n"), 400);
	is_not(T("0\r\nA: \x7f\r\n\r\n"), 400);
	is_not(T("0\r\nA: b\r\n\n"), 400);
	is_not(T("0\r\nA[: b\r\n\r\n"), 400);
	is_not(T("0\r\n0\r\n\r\n"), 400);
}

static void rfc6585_5_the_trailer_section_is_bounded(void)
{
	struct http_request r = chunked_request();
	static char text[20000];
	size_t length;

	length = sprintf(text, "0\r\nA:");
	memset(text + length, 'b', HTTP_TRAILER_MOST - 6);
	length += HTTP_TRAILER_MOST - 6;
	sprintf(text + length, "\r\n\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, 1, 1);
	CHECK_EQ(whole.outcome, HTTP_DONE);
	sprintf(text + length, "b\r\n\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, 1, 1);
	CHECK_EQ(whole.status, 431);
	length = sprintf(text, "0\r\n");
	for (int i = 0; i < HTTP_TRAILER_LINES_MOST; i++)
		length += sprintf(text + length, "A:b\r\n");
	sprintf(text + length, "\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, 1, 1);
	CHECK_EQ(whole.outcome, HTTP_DONE);
	sprintf(text + length, "A:b\r\n\r\n");
	read_in(&whole, &r, (struct http_text){ text, strlen(text) }, 1, 1);
	CHECK_EQ(whole.status, 431);
}

/* What one can know of a body's size while it comes: never more than the most. */
static void a_verdict_stays(void)
{
	struct http_request r = chunked_request();
	struct http_text piece;
	struct http_body body;
	size_t used;

	http_body_init(&body, &r, MOST);
	CHECK_EQ(http_body_read(&body, "3\r\nabc\r\n0\r\n\r\n", 6, &used, &piece), HTTP_MORE);
	CHECK_EQ(body.total, 3);
	CHECK_EQ(used, 6);
	CHECK_EQ(http_body_read(&body, "\r\n0\r\n\r\nX", 8, &used, &piece), HTTP_DONE);
	CHECK_EQ(used, 7);
	CHECK_EQ(http_body_read(&body, "X", 1, &used, &piece), HTTP_DONE);
	CHECK_EQ(used, 0);
	http_body_init(&body, &r, MOST);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(http_body_read(&body, "x", 1, &used, &piece), HTTP_BAD);
	CHECK_EQ(used, 0);
}

int main(void)
{
	RUN(rfc9112_6_2_a_counted_body_is_as_long_as_it_says);
	RUN(rfc9112_6_3_no_body_is_done_at_once);
	RUN(rfc9110_15_5_14_too_large_is_413_before_it_comes);
	RUN(rfc9112_7_1_chunks);
	RUN(rfc9112_7_1_a_size_is_hexadecimal);
	RUN(rfc9112_7_1_a_size_does_not_overflow);
	RUN(rfc9112_7_1_chunks_end_in_crlf);
	RUN(rfc9112_7_1_1_extensions_are_read_over);
	RUN(rfc9112_7_1_1_what_is_no_extension);
	RUN(rfc9112_7_1_1_extensions_are_bounded_over_all_chunks);
	RUN(rfc9112_7_1_2_trailer_fields_are_fields);
	RUN(rfc6585_5_the_trailer_section_is_bounded);
	RUN(a_verdict_stays);
	return tap_done();
}
