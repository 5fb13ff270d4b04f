// SPDX-License-Identifier: GPL-2.0
/* Heads of responses: octet by octet, within their buffer, and framed as the RFC has it. */
#include "reading.h"
#include "response.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define DATE2 "Mon, 07 Nov 1994 00:00:00 GMT"

static char buffer[2000];
static struct http_writer w;

static struct http_text written(void)
{
	return (struct http_text){ buffer, http_writer_length(&w) };
}

static enum http_framing frame(struct http_reply reply)
{
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, reply.status, NULL);
	return http_response_end(&w, &reply);
}

static void rfc9112_4_status_date_and_fields(void)
{
	struct http_reply reply = { 200, HTTP_GET, 1, true, 12, true };

	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, 200, DATE);
	http_response_field(&w, "Content-Type", T("text/plain"));
	http_response_number(&w, "Age", 0);
	http_response_date(&w, "Last-Modified", 784111777);
	CHECK_EQ(http_response_end(&w, &reply), HTTP_FRAME_LENGTH);
	CHECK_TEXT(written(),
		   "HTTP/1.1 200 OK\r\nDate: " DATE "\r\nContent-Type: text/plain\r\nAge: 0\r\n"
		   "Last-Modified: " DATE "\r\nContent-Length: 12\r\n\r\n");
}

static void rfc9110_15_reasons(void)
{
	CHECK_TEXT(http_reason(404), "Not Found");
	CHECK_TEXT(http_reason(431), "Request Header Fields Too Large");
	CHECK_TEXT(http_reason(299), "");
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, 299, NULL);
	CHECK_TEXT(written(), "HTTP/1.1 299 \r\n");
}

static void rfc9112_6_3_known_length_or_chunks_or_close(void)
{
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_GET, 1, true, 18446744073709551615ull,
		true }),
		 HTTP_FRAME_LENGTH);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_GET, 1, false, 0, true }),
		 HTTP_FRAME_CHUNKED);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_GET, 0, false, 0, true }), HTTP_FRAME_CLOSE);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 201, HTTP_POST, 1, true, 0, true }), HTTP_FRAME_LENGTH);
	CHECK_TEXT(written(), "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
}

static void a_close_for_framing_is_told_to_the_caller(void)
{
	struct http_reply reply = { 200, HTTP_GET, 0, false, 0, true };

	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_end(&w, &reply);
	CHECK_EQ(reply.keep_alive, false);
}

static void rfc9112_9_3_connection_says_what_is_not_usual(void)
{
	frame((struct http_reply){ 200, HTTP_GET, 1, true, 1, false });
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
	frame((struct http_reply){ 200, HTTP_GET, 0, true, 1, true });
	CHECK_TEXT(written(),
		   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n");
	frame((struct http_reply){ 200, HTTP_GET, 0, true, 1, false });
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n");
}

static void rfc9110_8_6_204_and_1xx_have_no_length(void)
{
	CHECK_EQ(frame((struct http_reply){ 204, HTTP_GET, 1, true, 5, true }), HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 204 No Content\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 204, HTTP_GET, 1, false, 0, false }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 100, HTTP_PUT, 1, true, 5, false }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 100 Continue\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 100, HTTP_PUT, 1, false, 0, true }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 100 Continue\r\n\r\n");
}

static void rfc9110_15_4_5_304_has_no_content(void)
{
	CHECK_EQ(frame((struct http_reply){ 304, HTTP_GET, 1, true, 5, true }), HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 304 Not Modified\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 304, HTTP_GET, 1, false, 0, true }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

static void rfc9110_9_3_2_head_says_the_length_and_sends_nothing(void)
{
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_HEAD, 1, true, 5, true }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_HEAD, 1, false, 0, true }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\n\r\n");
	CHECK_EQ(frame((struct http_reply){ 200, HTTP_HEAD, 0, false, 0, true }),
		 HTTP_FRAME_NOTHING);
	CHECK_TEXT(written(), "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
}

static void rfc9110_14_4_content_range(void)
{
	struct http_range range = { 0, 499 };

	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_range(&w, &range, 1234);
	http_response_range(&w, NULL, 47022);
	CHECK_TEXT(written(),
		   "Content-Range: bytes 0-499/1234\r\nContent-Range: bytes */47022\r\n");
}

static void rfc9110_5_5_no_value_brings_its_own_line(void)
{
	static const char *const bad[] = { "a\r\nSet-Cookie: b", "a\n", "\r", "a\x01", "a\x7f" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		http_writer_init(&w, buffer, sizeof(buffer));
		http_response_field(&w, "Location", (struct http_text){ bad[i], strlen(bad[i]) });
		http_write(&w, T("more"));
		CHECK(w.failed, "\"%s\" is written", bad[i]);
		CHECK_EQ(http_writer_length(&w), 0);
	}
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_field(&w, "X", T("a\0b"));
	CHECK_EQ(w.failed, true);
}

static size_t write_all_into(char *at, size_t size)
{
	struct http_reply reply = { 200, HTTP_GET, 1, true, 12, false };

	http_writer_init(&w, at, size);
	http_response_start(&w, 200, DATE);
	http_response_field(&w, "A", T("b"));
	http_response_end(&w, &reply);
	return http_writer_length(&w);
}

/* ASan watches the end of the block. */
static void a_buffer_that_is_too_small_is_not_overrun(void)
{
	size_t need = write_all_into(buffer, sizeof(buffer));

	for (size_t size = 1; size <= need; size++) {
		char *block = malloc(size);
		size_t length = write_all_into(block, size);

		free(block);
		CHECK_EQ(length, size == need ? need : 0);
		CHECK_EQ(w.failed, size != need);
	}
}

static void rfc9112_9_6_a_refusal_says_why_and_closes(void)
{
	struct http_refusal refusal = { 414, "it is long (RFC 1)" };

	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_refusal(&w, &refusal, DATE, HTTP_METHOD_OTHER);
	CHECK_TEXT(written(),
		   "HTTP/1.1 414 URI Too Long\r\nDate: " DATE "\r\nContent-Type: text/plain\r\n"
		   "Content-Length: 19\r\nConnection: close\r\n\r\nit is long (RFC 1)\n");
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_refusal(&w, &refusal, DATE, HTTP_HEAD);
	CHECK_TEXT(written(),
		   "HTTP/1.1 414 URI Too Long\r\nDate: " DATE "\r\nContent-Type: text/plain\r\n"
		   "Content-Length: 19\r\nConnection: close\r\n\r\n");
}

static void rfc9112_7_1_chunk_heads(void)
{
	static const struct {
		uint64_t size;
		const char *line;
	} chunks[] = {
		{ 1, "1\r\n" }, { 10, "a\r\n" }, { 16, "10\r\n" }, { 65536, "10000\r\n" },
		{ UINT64_MAX, "ffffffffffffffff\r\n" },
	};

	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		http_writer_init(&w, buffer, HTTP_CHUNK_HEAD_MOST);
		http_chunk_head(&w, chunks[i].size);
		CHECK_TEXT(written(), chunks[i].line);
	}
}

static void a_prepared_head_is_the_same_but_for_its_date(void)
{
	struct http_reply reply = { 200, HTTP_GET, 1, true, 612, true };
	struct http_prepared prepared;
	static char plain[2000];
	struct http_writer once;

	http_writer_init(&once, plain, sizeof(plain));
	http_response_start(&once, 200, DATE);
	http_response_field(&once, "ETag", T("\"a\""));
	CHECK(http_prepare(&prepared, &once, 612), "not prepared");
	for (int minor = 0; minor <= 1; minor++) {
		for (int keep = 0; keep <= 1; keep++) {
			http_writer_init(&once, plain, sizeof(plain));
			http_response_start(&once, 200, DATE2);
			http_response_field(&once, "ETag", T("\"a\""));
			reply.minor = minor;
			reply.keep_alive = keep;
			http_response_end(&once, &reply);
			http_write(&once, T(""));
			plain[http_writer_length(&once)] = '\0';
			http_writer_init(&w, buffer, sizeof(buffer));
			http_write_prepared(&w, &prepared, DATE2, minor, keep);
			CHECK_TEXT(written(), plain);
		}
	}
}

static void what_cannot_be_prepared_is_not(void)
{
	struct http_prepared prepared;
	static char value[HTTP_PREPARED_MOST];
	struct http_writer small;

	memset(value, 'v', sizeof(value));
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, 200, DATE);
	http_response_field(&w, "X", (struct http_text){ value, sizeof(value) });
	CHECK(!http_prepare(&prepared, &w, 1), "too long a head");
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, 200, NULL);
	CHECK(!http_prepare(&prepared, &w, 1), "a head without a date");
	http_writer_init(&w, buffer, 30);
	http_response_start(&w, 200, DATE);
	CHECK(!http_prepare(&prepared, &w, 1), "a head that was not written");
	http_writer_init(&w, buffer, sizeof(buffer));
	http_response_start(&w, 200, DATE);
	CHECK(http_prepare(&prepared, &w, 1), "not prepared");
	http_writer_init(&small, value, 40);
	http_write_prepared(&small, &prepared, DATE2, 1, true);
	CHECK_EQ(http_writer_length(&small), 0);
}

int main(void)
{
	RUN(rfc9112_4_status_date_and_fields);
	RUN(rfc9110_15_reasons);
	RUN(rfc9112_6_3_known_length_or_chunks_or_close);
	RUN(a_close_for_framing_is_told_to_the_caller);
	RUN(rfc9112_9_3_connection_says_what_is_not_usual);
	RUN(rfc9110_8_6_204_and_1xx_have_no_length);
	RUN(rfc9110_15_4_5_304_has_no_content);
	RUN(rfc9110_9_3_2_head_says_the_length_and_sends_nothing);
	RUN(rfc9110_14_4_content_range);
	RUN(rfc9110_5_5_no_value_brings_its_own_line);
	RUN(a_buffer_that_is_too_small_is_not_overrun);
	RUN(rfc9112_9_6_a_refusal_says_why_and_closes);
	RUN(rfc9112_7_1_chunk_heads);
	RUN(a_prepared_head_is_the_same_but_for_its_date);
	RUN(what_cannot_be_prepared_is_not);
	return tap_done();
}
