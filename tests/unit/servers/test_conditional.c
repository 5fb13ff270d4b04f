// SPDX-License-Identifier: GPL-2.0
/* Entity tags, and the precedence of preconditions (RFC 9110 13.2.2). */
#include "conditional.h"
#include "reading.h"

#define NOW 1795000000ll
#define MODIFIED 784111777ll
#define AT "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct http_representation file = {
	.exists = true,
	.etag = { "\"v2\"", 4 },
	.has_modified = true,
	.modified = MODIFIED,
	.modified_strong = true,
};

static enum http_verdict ask(const char *method, const char *fields,
			     const struct http_representation *rep)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	struct http_field array[100];
	struct http_request r;
	static char head[2000];
	int length = snprintf(head, sizeof(head), "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", method,
			      fields);

	http_request_init(&r, array, &limits);
	CHECK_EQ(http_request_parse(&r, head, length), HTTP_DONE);
	return http_conditional(&r, head, NOW, rep);
}

static const char *const names[] = { "go on", "go on, whole", "304", "412" };

#define ASK(method, fields, want)						\
	do {									\
		enum http_verdict _v = ask(method, fields, &file);		\
		CHECK(_v == (want), "%s %s: %s", method, fields, names[_v]);	\
	} while (0)

static void rfc9110_8_8_3_2_strong_and_weak_comparison(void)
{
	static const struct {
		const char *a, *b;
		bool strong, weak;
	} table[] = {
		{ "W/\"1\"", "W/\"1\"", false, true }, { "W/\"1\"", "W/\"2\"", false, false },
		{ "W/\"1\"", "\"1\"", false, true },   { "\"1\"", "\"1\"", true, true },
		{ "\"1\"", "\"2\"", false, false },    { "\"a\"", "\"A\"", false, false },
		{ "\"\"", "\"\"", true, true },	       { "\"1\"", "W/\"1\"", false, true },
		{ "", "", false, false },	       { "\"1\"", "", false, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_text a = { table[i].a, strlen(table[i].a) };
		struct http_text b = { table[i].b, strlen(table[i].b) };

		CHECK(http_etag_strong_equal(a, b) == table[i].strong, "%s %s", table[i].a,
		      table[i].b);
		CHECK(http_etag_weak_equal(a, b) == table[i].weak, "%s %s", table[i].a, table[i].b);
	}
}

static void rfc9110_8_8_3_lists_of_tags(void)
{
	struct http_text list = T("\"a,b\" , ,W/\"\x80!#\",\"\""), tag;

	CHECK(http_etag_next(&list, &tag), "none");
	CHECK_TEXT(tag, "\"a,b\"");
	CHECK(http_etag_next(&list, &tag), "none");
	CHECK_TEXT(tag, "W/\"\x80!#\"");
	CHECK(http_etag_next(&list, &tag), "none");
	CHECK_TEXT(tag, "\"\"");
	CHECK(!http_etag_next(&list, &tag), "one more");
	CHECK_EQ(list.length, 0);
}

static void rfc9110_8_8_3_what_is_no_tag(void)
{
	static const char *const bad[] = {
		"a", "\"", "\"a", "w/\"a\"", "W/a", "W/", "W", "W \"a\"", "W/ \"a\"", "'a'",
		"\"a b\"", "\"a\"b\"", "\"a\" \"b\"", "\"a\x7f\"", "\"\x01\"", "*",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct http_text list = { bad[i], strlen(bad[i]) }, tag;

		CHECK(!http_etag_next(&list, &tag), "%s is taken", bad[i]);
		CHECK(list.length, "%s is nothing", bad[i]);
	}
}

static void rfc9110_13_1_1_if_match(void)
{
	struct http_representation none = { .exists = false };

	ASK("PUT", "If-Match: \"v2\"\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Match: \"v1\", \"v2\"\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Match: \"v1\"\r\nIf-Match: \"v2\"\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Match: \"v1\"\r\n", HTTP_PRECONDITION_FAILED);
	ASK("PUT", "If-Match: W/\"v2\"\r\n", HTTP_PRECONDITION_FAILED);
	ASK("PUT", "If-Match: v2\r\n", HTTP_PRECONDITION_FAILED);
	ASK("PUT", "If-Match:\r\n", HTTP_PRECONDITION_FAILED);
	ASK("GET", "If-Match: \"v1\"\r\n", HTTP_PRECONDITION_FAILED);
	ASK("PUT", "If-Match: *\r\n", HTTP_PERFORM);
	CHECK_EQ(ask("PUT", "If-Match: *\r\n", &none), HTTP_PRECONDITION_FAILED);
	CHECK_EQ(ask("PUT", "If-Match: \"v2\"\r\n", &none), HTTP_PRECONDITION_FAILED);
}

static void rfc9110_13_1_4_if_unmodified_since(void)
{
	struct http_representation dateless = file;

	dateless.has_modified = false;
	ASK("PUT", "If-Unmodified-Since: " AT "\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Unmodified-Since: " AFTER "\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Unmodified-Since: " BEFORE "\r\n", HTTP_PRECONDITION_FAILED);
	ASK("GET", "If-Unmodified-Since: " BEFORE "\r\n", HTTP_PRECONDITION_FAILED);
	ASK("PUT", "If-Unmodified-Since: yesterday\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Unmodified-Since: " BEFORE "\r\nIf-Unmodified-Since: " BEFORE "\r\n",
	    HTTP_PERFORM);
	CHECK_EQ(ask("PUT", "If-Unmodified-Since: " BEFORE "\r\n", &dateless), HTTP_PERFORM);
}

static void rfc9110_13_1_2_if_none_match(void)
{
	struct http_representation none = { .exists = false };

	ASK("GET", "If-None-Match: \"v2\"\r\n", HTTP_NOT_MODIFIED);
	ASK("HEAD", "If-None-Match: \"v2\"\r\n", HTTP_NOT_MODIFIED);
	ASK("PUT", "If-None-Match: \"v2\"\r\n", HTTP_PRECONDITION_FAILED);
	ASK("GET", "If-None-Match: W/\"v2\"\r\n", HTTP_NOT_MODIFIED);
	ASK("GET", "If-None-Match: \"v0\", \"v1\",W/\"v2\"\r\n", HTTP_NOT_MODIFIED);
	ASK("GET", "If-None-Match: \"v1\"\r\n", HTTP_PERFORM);
	ASK("GET", "If-None-Match: v2\r\n", HTTP_PERFORM);
	ASK("GET", "If-None-Match: *\r\n", HTTP_NOT_MODIFIED);
	ASK("PUT", "If-None-Match: *\r\n", HTTP_PRECONDITION_FAILED);
	CHECK_EQ(ask("PUT", "If-None-Match: *\r\n", &none), HTTP_PERFORM);
	CHECK_EQ(ask("GET", "If-None-Match: \"v2\"\r\n", &none), HTTP_PERFORM);
}

static void rfc9110_13_1_3_if_modified_since(void)
{
	struct http_representation dateless = file;

	dateless.has_modified = false;
	ASK("GET", "If-Modified-Since: " AT "\r\n", HTTP_NOT_MODIFIED);
	ASK("HEAD", "If-Modified-Since: " AFTER "\r\n", HTTP_NOT_MODIFIED);
	ASK("GET", "If-Modified-Since: " BEFORE "\r\n", HTTP_PERFORM);
	ASK("GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", HTTP_NOT_MODIFIED);
	ASK("GET", "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", HTTP_NOT_MODIFIED);
	ASK("POST", "If-Modified-Since: " AT "\r\n", HTTP_PERFORM);
	ASK("GET", "If-Modified-Since: never\r\n", HTTP_PERFORM);
	ASK("GET", "If-Modified-Since: " AT "\r\nIf-Modified-Since: " AT "\r\n", HTTP_PERFORM);
	CHECK_EQ(ask("GET", "If-Modified-Since: " AT "\r\n", &dateless), HTTP_PERFORM);
}

static void rfc9110_13_2_2_step_1_before_2(void)
{
	ASK("PUT", "If-Match: \"v2\"\r\nIf-Unmodified-Since: " BEFORE "\r\n", HTTP_PERFORM);
	ASK("PUT", "If-Match: \"v1\"\r\nIf-Unmodified-Since: " AFTER "\r\n",
	    HTTP_PRECONDITION_FAILED);
}

static void rfc9110_13_2_2_steps_1_and_2_before_3_and_4(void)
{
	ASK("GET", "If-None-Match: \"v2\"\r\nIf-Match: \"v1\"\r\n", HTTP_PRECONDITION_FAILED);
	ASK("GET", "If-None-Match: \"v2\"\r\nIf-Match: \"v2\"\r\n", HTTP_NOT_MODIFIED);
	ASK("GET", "If-Modified-Since: " AT "\r\nIf-Unmodified-Since: " BEFORE "\r\n",
	    HTTP_PRECONDITION_FAILED);
	ASK("GET", "If-Modified-Since: " AT "\r\nIf-Unmodified-Since: " AT "\r\n",
	    HTTP_NOT_MODIFIED);
}

static void rfc9110_13_2_2_step_3_before_4(void)
{
	ASK("GET", "If-None-Match: \"v1\"\r\nIf-Modified-Since: " AFTER "\r\n", HTTP_PERFORM);
	ASK("GET", "If-None-Match: \"v2\"\r\nIf-Modified-Since: " BEFORE "\r\n", HTTP_NOT_MODIFIED);
}

static void rfc9110_13_1_5_if_range(void)
{
	struct http_representation weak = file, unsure = file;

	weak.etag = T("W/\"v2\"");
	unsure.modified_strong = false;
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\n", HTTP_PERFORM);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: W/\"v2\"\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: " AT "\r\n", HTTP_PERFORM);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: " AFTER "\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: " BEFORE "\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: *\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range:\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v2\", \"v3\"\r\n", HTTP_PERFORM_WHOLE);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\nIf-Range: \"v2\"\r\n",
	    HTTP_PERFORM_WHOLE);
	ASK("GET", "If-Range: \"v1\"\r\n", HTTP_PERFORM);
	ASK("HEAD", "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n", HTTP_PERFORM);
	CHECK_EQ(ask("GET", "Range: bytes=0-1\r\nIf-Range: W/\"v2\"\r\n", &weak),
		 HTTP_PERFORM_WHOLE);
	CHECK_EQ(ask("GET", "Range: bytes=0-1\r\nIf-Range: " AT "\r\n", &unsure),
		 HTTP_PERFORM_WHOLE);
}

static void rfc9110_13_2_2_step_5_after_the_others(void)
{
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\nIf-None-Match: \"v2\"\r\n",
	    HTTP_NOT_MODIFIED);
	ASK("GET", "Range: bytes=0-1\r\nIf-Range: \"v2\"\r\nIf-Match: \"v1\"\r\n",
	    HTTP_PRECONDITION_FAILED);
}

static void rfc9110_13_2_1_methods_without_preconditions(void)
{
	ASK("OPTIONS", "If-Match: \"v1\"\r\n", HTTP_PERFORM);
	ASK("TRACE", "If-None-Match: *\r\n", HTTP_PERFORM);
	ASK("GET", "", HTTP_PERFORM);
}

int main(void)
{
	RUN(rfc9110_8_8_3_2_strong_and_weak_comparison);
	RUN(rfc9110_8_8_3_lists_of_tags);
	RUN(rfc9110_8_8_3_what_is_no_tag);
	RUN(rfc9110_13_1_1_if_match);
	RUN(rfc9110_13_1_4_if_unmodified_since);
	RUN(rfc9110_13_1_2_if_none_match);
	RUN(rfc9110_13_1_3_if_modified_since);
	RUN(rfc9110_13_2_2_step_1_before_2);
	RUN(rfc9110_13_2_2_steps_1_and_2_before_3_and_4);
	RUN(rfc9110_13_2_2_step_3_before_4);
	RUN(rfc9110_13_1_5_if_range);
	RUN(rfc9110_13_2_2_step_5_after_the_others);
	RUN(rfc9110_13_2_1_methods_without_preconditions);
	return tap_done();
}
