// SPDX-License-Identifier: GPL-2.0
/* The head of a request: what is taken, what it says, and how much of it there may be. */
#include "reading.h"

#define HOST "Host: a.example\r\n"

static struct http_text target_path(const struct reading *reading)
{
	return http_text_of(reading->head, reading->r.path);
}

/* --- request line --- */

static void rfc9112_3_a_plain_request(void)
{
	struct reading got;

	taken(&got, T("GET /a/b?c=d HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_EQ(got.r.method, HTTP_GET);
	CHECK_EQ(got.r.form, HTTP_ORIGIN_FORM);
	CHECK_EQ(got.r.minor, 1);
	CHECK_TEXT(target_path(&got), "/a/b");
	CHECK_EQ(got.r.has_query, true);
	CHECK_TEXT(http_text_of(got.head, got.r.query), "c=d");
	CHECK_TEXT(http_text_of(got.head, got.r.target), "/a/b?c=d");
	CHECK_TEXT(http_text_of(got.head, got.r.host), "a.example");
	CHECK_EQ(got.r.field_count, 1);
	CHECK_EQ(got.r.has_length, false);
	CHECK_EQ(got.r.chunked, false);
}

static void rfc9110_9_1_methods_are_known_by_their_case(void)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {
		{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST },
		{ "PUT", HTTP_PUT },
		{ "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS }, { "PATCH", HTTP_PATCH },
		{ "TRACE", HTTP_TRACE }, { "get", HTTP_METHOD_OTHER },
		{ "GETS", HTTP_METHOD_OTHER },
		{ "GE", HTTP_METHOD_OTHER }, { "M-SEARCH", HTTP_METHOD_OTHER },
		{ "!#$%&'*+-.^_`|~09", HTTP_METHOD_OTHER },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct reading got;
		char text[100];
		int length = snprintf(text, sizeof(text), "%s / HTTP/1.1\r\n" HOST "\r\n",
				      methods[i].name);

		taken(&got, (struct http_text){ text, length });
		CHECK(got.r.method == methods[i].method, "%s is %d", methods[i].name, got.r.method);
		CHECK_TEXT(http_text_of(got.head, got.r.method_name), methods[i].name);
	}
}

static void rfc9112_3_1_a_method_is_a_token(void)
{
	refused(T(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GE(T / HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("G\xc3\x89T / HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET:/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET\r\n" HOST "\r\n"), 400);
	refused(T("\x16\x03\x01\x02"), 400);
}

static void rfc9112_3_a_method_longer_than_any_is_not_implemented(void)
{
	struct reading got;

	taken(&got, T("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\n" HOST "\r\n"));
	refused(T("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n" HOST "\r\n"), 501);
}

static void rfc9112_3_one_space_between_the_parts(void)
{
	refused(T("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400);
	refused(T("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /\tHTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1.1\t\r\n" HOST "\r\n"), 400);
}

static void rfc9112_3_a_request_has_a_version(void)
{
	refused(T("GET /\r\n"), 400);
	refused(T("GET / \r\n"), 400);
	refused(T("GET /\r\n" HOST "\r\n"), 400);
}

static void rfc9112_2_3_a_version_is_two_digits_and_upper_case(void)
{
	refused(T("GET / http/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1.10\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/01.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1,1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/a.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTP/1.a\r\n" HOST "\r\n"), 400);
	refused(T("GET / HTTPS/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET / XTTP/1.1\r\n" HOST "\r\n"), 400);
}

static void rfc9110_15_6_6_other_versions_are_not_supported(void)
{
	refused(T("GET / HTTP/2.0\r\n" HOST "\r\n"), 505);
	refused(T("GET / HTTP/0.9\r\n" HOST "\r\n"), 505);
	refused(T("GET / HTTP/9.9\r\n" HOST "\r\n"), 505);
	refused(T("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

static void rfc9110_6_2_a_later_minor_version_is_understood_as_1_1(void)
{
	struct reading got;

	for (char c = '2'; c <= '9'; c++) {
		char text[] = "GET / HTTP/1.x\r\n" HOST "\r\n";

		text[sizeof("GET / HTTP/1.") - 1] = c;
		taken(&got, T(text));
		CHECK_EQ(got.r.minor, 1);
		CHECK_EQ(got.r.keep_alive, true);
	}
	refused(T("GET / HTTP/1.2\r\n\r\n"), 400);
}

/* --- target --- */

static void rfc9112_3_2_1_origin_form(void)
{
	struct reading got;

	taken(&got, T("GET / HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_TEXT(target_path(&got), "/");
	CHECK_EQ(got.r.has_query, false);
	taken(&got, T("GET /? HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_EQ(got.r.has_query, true);
	CHECK_EQ(got.r.query.length, 0);
	taken(&got, T("GET /a?b?c/../d HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_TEXT(target_path(&got), "/a");
	CHECK_TEXT(http_text_of(got.head, got.r.query), "b?c/../d");
	taken(&got, T("GET //evil.example/x HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_TEXT(target_path(&got), "//evil.example/x");
	CHECK_EQ(got.r.form, HTTP_ORIGIN_FORM);
	taken(&got, T("GET /a[0]={x}|^`~!$&'()*+,;=:@%20 HTTP/1.1\r\n" HOST "\r\n"));
}

static void rfc9112_3_2_what_no_target_has(void)
{
	refused(T("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /a\"b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /a<b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /a>b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /a\\b HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /\x7f HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET /\x00 HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET a HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET ?a HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET ../a HTTP/1.1\r\n" HOST "\r\n"), 400);
}

static void rfc9112_3_2_2_absolute_form_has_the_host(void)
{
	struct reading got;

	taken(&got, T("GET http://b.example:81/x?y HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_EQ(got.r.form, HTTP_ABSOLUTE_FORM);
	CHECK_TEXT(http_text_of(got.head, got.r.host), "b.example:81");
	CHECK_TEXT(target_path(&got), "/x");
	CHECK_TEXT(http_text_of(got.head, got.r.query), "y");
	CHECK_TEXT(value_of(&got, HTTP_FIELD_HOST), "a.example");
	taken(&got, T("GET HTTP://b.example HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_TEXT(http_text_of(got.head, got.r.host), "b.example");
	CHECK_EQ(got.r.path.length, 0);
	taken(&got, T("GET http://b.example?q HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_EQ(got.r.path.length, 0);
	CHECK_TEXT(http_text_of(got.head, got.r.query), "q");
	refused(T("GET http://b.example/ HTTP/1.1\r\n\r\n"), 400);
}

static void rfc9110_4_2_uris_that_are_not_served(void)
{
	refused(T("GET ftp://b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET https://b.example/ HTTP/1.1\r\n" HOST "\r\n"), 421);
	refused(T("GET HTTPS://b.example/ HTTP/1.1\r\n" HOST "\r\n"), 421);
	refused(T("GET httpss://b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http:/b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http:b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http:///x HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http://?x HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http://:80/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http://user@b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http://user:pw@b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("GET http://b.example:8x/ HTTP/1.1\r\n" HOST "\r\n"), 400);
}

static void rfc9112_3_2_4_asterisk_is_for_options(void)
{
	struct reading got;

	taken(&got, T("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_EQ(got.r.form, HTTP_ASTERISK_FORM);
	refused(T("GET * HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("OPTIONS ** HTTP/1.1\r\n" HOST "\r\n"), 400);
}

static void rfc9110_9_3_6_connect_is_not_implemented(void)
{
	refused(T("CONNECT b.example:443 HTTP/1.1\r\n" HOST "\r\n"), 501);
	refused(T("GET b.example:443 HTTP/1.1\r\n" HOST "\r\n"), 400);
}

/* --- lines --- */

static void rfc9112_2_2_empty_lines_before_it(void)
{
	struct reading got;

	taken(&got, T("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"));
	taken(&got, T("\r\n\r\n\r\n\r\nGET /x HTTP/1.1\r\n" HOST "\r\n"));
	CHECK_TEXT(target_path(&got), "/x");
	refused(T("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400);
	refused(T("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400);
}

static void rfc9112_2_2_a_bare_lf_ends_no_line(void)
{
	refused(T("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
	refused(T("GET / HTTP/1.1\r\nX: a\nHost: a\r\n\r\n"), 400);
}

static void rfc9112_2_2_a_bare_cr_ends_no_line(void)
{
	refused(T("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\r\n\rX"), 400);
	refused(T("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void rfc9112_2_2_no_space_before_the_first_field(void)
{
	refused(T("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n \r\n" HOST "\r\n"), 400);
}

static void rfc9112_2_1_it_goes_on_behind_the_head(void)
{
	struct reading got;

	reading_of(&got, T("GET / HTTP/1.1\r\n" HOST "\r\nGET /next\x00\n"));
	CHECK_EQ(got.outcome, HTTP_DONE);
	CHECK_EQ(got.r.head_length, 35);
}

static void incomplete_is_neither_good_nor_bad(void)
{
	struct reading got;

	reading_of(&got, T(""));
	CHECK_EQ(got.outcome, HTTP_MORE);
	reading_of(&got, T("GET / HTTP/1.1\r\n" HOST "\r"));
	CHECK_EQ(got.outcome, HTTP_MORE);
	reading_of(&got, T("GET / HTTP/1.1\r\n" HOST));
	CHECK_EQ(got.outcome, HTTP_MORE);
}

/* --- fields --- */

static void rfc9112_5_1_a_name_is_a_token_up_to_its_colon(void)
{
	struct reading got;

	taken(&got, T("GET / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~09aZ: x\r\n\r\n"));
	CHECK_TEXT(http_text_of(got.head, got.fields[1].name), "!#$%&'*+-.^_`|~09aZ");
	refused(T("GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X\t: y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST ": y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X[]: y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X\xc3\xa9: y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X\x00: y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "(X): y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "\"X\": y\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X/Y: y\r\n\r\n"), 400);
}

static void rfc9110_5_5_white_space_around_a_value_is_not_of_it(void)
{
	struct reading got;

	taken(&got, T("GET / HTTP/1.1\r\n" HOST "A:b\r\nA: \t b c\t d \t\r\nA:\r\nA: \t \r\n\r\n"));
	CHECK_TEXT(http_text_of(got.head, got.fields[1].value), "b");
	CHECK_TEXT(http_text_of(got.head, got.fields[2].value), "b c\t d");
	CHECK_EQ(got.fields[3].value.length, 0);
	CHECK_EQ(got.fields[4].value.length, 0);
}

static void rfc9110_5_5_a_value_may_have_obs_text_and_no_controls(void)
{
	struct reading got;

	taken(&got, T("GET / HTTP/1.1\r\n" HOST "A: \x80\xc3\xa9\xff:\"()[]{}\r\n\r\n"));
	for (int c = 0; c < 256; c++) {
		char text[] =
			"GET / HTTP/1.1\r\nHost: a\r\nX: 0123456789abcdefghi?jklmnopqrstuv\r\n\r\n";
		struct http_text all = { text, sizeof(text) - 1 };

		*strchr(text, '?') = (char)c;
		if (c >= ' ' && c != 0x7f)
			taken(&got, all);
		else if (c == '\t')
			taken(&got, all);
		else
			refused(all, 400);
	}
}

static void rfc9112_5_2_folded_lines_are_refused(void)
{
	refused(T("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X: a\r\n \r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "X:\r\n a: b\r\n\r\n"), 400);
}

static void rfc9110_5_1_names_are_known_whatever_their_case(void)
{
	static const struct {
		const char *name;
		enum http_field_id id;
	} names[] = {
#define X(id, name, first, last) { name, HTTP_FIELD_##id },
		HTTP_FIELDS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[32], *c;
		size_t length = strlen(names[i].name);

		strcpy(name, names[i].name);
		CHECK_EQ(http_field_id((struct http_text){ name, length }), names[i].id);
		for (c = name; *c; c++)
			*c = *c >= 'a' && *c <= 'z' ? *c - 32 : *c;
		CHECK_EQ(http_field_id((struct http_text){ name, length }), names[i].id);
		/* One octet wrong, wherever it is: not that name. */
		for (c = name; *c; c++) {
			char was = *c;

			*c = was == '-' ? '_' : '0';
			CHECK(http_field_id((struct http_text){ name, length }) != names[i].id,
			      "%s", name);
			*c = was == 'Z' ? '-' : was + 1;
			CHECK(http_field_id((struct http_text){ name, length }) != names[i].id,
			      "%s", name);
			*c = was;
		}
		CHECK_EQ(http_field_id((struct http_text){ name, length - 1 }), HTTP_FIELD_OTHER);
	}
	CHECK_EQ(http_field_id(T("x-host")), HTTP_FIELD_OTHER);
	CHECK_EQ(http_field_id(T("")), HTTP_FIELD_OTHER);
}

static void rfc9110_5_3_lines_of_one_name_in_order(void)
{
	struct reading got;
	const struct http_field *field;
	struct http_text value;

	taken(&got,
	      T("GET / HTTP/1.1\r\nAccept: a\r\n" HOST "accept: b\r\nX: y\r\nACCEPT: c\r\n\r\n"));
	field = http_request_field(&got.r, HTTP_FIELD_ACCEPT);
	CHECK_TEXT(http_text_of(got.head, field->value), "a");
	field = http_request_next(&got.r, field);
	CHECK_TEXT(http_text_of(got.head, field->value), "b");
	field = http_request_next(&got.r, field);
	CHECK_TEXT(http_text_of(got.head, field->value), "c");
	CHECK(!http_request_next(&got.r, field), "there is a fourth");
	CHECK(!http_request_next(&got.r, http_request_field(&got.r, HTTP_FIELD_HOST)),
	      "another Host");
	CHECK(!http_request_field(&got.r, HTTP_FIELD_RANGE), "a Range out of nothing");
	CHECK(!http_request_single(&got.r, got.head, HTTP_FIELD_ACCEPT, &value),
	      "three are single");
	CHECK(http_request_single(&got.r, got.head, HTTP_FIELD_HOST, &value), "one is not");
	CHECK_TEXT(value, "a.example");
	CHECK(!http_request_single(&got.r, got.head, HTTP_FIELD_RANGE, &value), "none is single");
}

/* --- Host --- */

static void rfc9112_3_2_one_host_in_1_1(void)
{
	struct reading got;

	refused(T("GET / HTTP/1.1\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nX-Host: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
	taken(&got, T("GET / HTTP/1.0\r\n\r\n"));
	CHECK_EQ(got.r.host.length, 0);
}

static void rfc9112_3_2_host_is_a_host(void)
{
	static const char *const good[] = {
		"", "a", "a.example", "a:80", "a:", "127.0.0.1:8080", "[::1]", "[::1]:8080",
		"[2001:db8::a]", "[::]", "[1::]", "[::2]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]",
		"[::2:3:4:5:6:7:8]", "[1::3:ABCD]", "[::ffff:127.0.0.1]", "[1:2:3:4:5:6:255.10.0.99]",
		"[v1.fe80:a]", "[VAF.x]", "x_y~z", "a%20b", "!$&'()*+,;=",
	};
	static const char *const bad[] = {
		"a b", "a,b c", "a/b", "a?b", "a@b", "http://a", "a:80:80", "a:8x", "a:-1", "[::1",
		"[]", "::1]", "[::1]x", "[::1]:x", "a%2", "a%zz", "%", "a\"", "a\x80", "a#",
		"[a/b]", "a\\b", "a]", "[x]", "[:]", "[:::]", "[1]", "[1:]", "[:1]", "[1::2::3]",
		"[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1:2:3:4::5:6:7:8]", "[12345::]", "[::g]",
		"[1.2.3.4]", "[::1.2.3]", "[::1.2.3.4.5]", "[::1.2.3.256]", "[::1.2.3.04]", "[::1.2.3.]",
		"[::1.2.3.4:5]", "[1:2:3:4:5:6:7:1.2.3.4]", "[::1%25eth0]", "[v.x]", "[v1]", "[v1.]",
		"[vg.x]", "[v1.a@b]", "127.0.0.1]",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct reading got;
		char text[100];
		int length = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
				      good[i]);

		taken(&got, (struct http_text){ text, length });
		CHECK_TEXT(http_text_of(got.head, got.r.host), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[100];
		int length = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
				      bad[i]);

		refused((struct http_text){ text, length }, 400);
	}
}

/* --- Expect, Connection --- */

static void rfc9110_10_1_1_expect_100_continue(void)
{
	struct reading got;

	taken(&got,
	      T("PUT / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"));
	CHECK_EQ(got.r.expect_continue, true);
	taken(&got, T("PUT / HTTP/1.1\r\n" HOST "Expect: \r\n\r\n"));
	CHECK_EQ(got.r.expect_continue, false);
	taken(&got, T("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
	CHECK_EQ(got.r.expect_continue, false);
	refused(T("PUT / HTTP/1.1\r\n" HOST "Expect: 100-continues\r\n\r\n"), 417);
	refused(T("PUT / HTTP/1.1\r\n" HOST "Expect: 100-continue, x=y\r\n\r\n"), 417);
	refused(T("PUT / HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n"), 417);
}

static void rfc9112_9_3_who_keeps_the_connection(void)
{
	static const struct {
		const char *head;
		bool keep;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x,,\t close ,y\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n",
		  false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection:\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nKeep-Alive: 5\r\n\r\n", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reading got;

		taken(&got, (struct http_text){ cases[i].head, strlen(cases[i].head) });
		CHECK(got.r.keep_alive == cases[i].keep, "%s", cases[i].head);
	}
	refused(T("GET / HTTP/1.1\r\n" HOST "Connection: a b\r\n\r\n"), 400);
	refused(T("GET / HTTP/1.1\r\n" HOST "Connection: \"close\"\r\n\r\n"), 400);
}

/* --- limits --- */

/* "GET /aaa... HTTP/1.1" of @line octets, then field lines up to @head octets in all. */
static struct http_text sized(char *text, size_t line, size_t head)
{
	size_t n = line - strlen("GET / HTTP/1.1");
	int length = sprintf(text, "GET /");

	memset(text + length, 'a', n);
	length += n;
	length += sprintf(text + length, " HTTP/1.1\r\nHost: a\r\n");
	if (head) {
		n = head - length - strlen("X: \r\n\r\n");
		length += sprintf(text + length, "X: ");
		memset(text + length, 'x', n);
		length += n;
		length += sprintf(text + length, "\r\n");
	}
	length += sprintf(text + length, "\r\n");
	return (struct http_text){ text, length };
}

static void rfc9112_3_request_lines_to_the_limit_and_not_beyond(void)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	static char text[70000];
	struct reading got;
	struct http_text endless = { text, 20000 };

	taken(&got, sized(text, 8192, 0));
	refused(sized(text, 8193, 0), 414);
	limits.request_line = 100;
	refused_with(sized(text, 101, 0), &limits, 414);
	reading_with(&got, sized(text, 100, 0), &limits);
	CHECK_EQ(got.outcome, HTTP_DONE);
	memset(text, 'A', endless.length);
	refused(endless, 414);
	/* What lies beyond the limit is not even looked at. */
	text[9000] = '\0';
	refused(endless, 414);
}

static void rfc6585_5_heads_to_the_limit_and_not_beyond(void)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	static char text[70000];
	struct reading got;

	taken(&got, sized(text, 100, 32768));
	refused(sized(text, 100, 32769), 431);
	refused(sized(text, 100, 65000), 431);
	limits.head = 500;
	reading_with(&got, sized(text, 100, 500), &limits);
	CHECK_EQ(got.outcome, HTTP_DONE);
	refused_with(sized(text, 100, 501), &limits, 431);
	limits.head = 65535;
	reading_with(&got, sized(text, 100, 65535), &limits);
	CHECK_EQ(got.outcome, HTTP_DONE);
	CHECK_EQ(got.r.head_length, 65535);
}

static struct http_text with_fields(char *text, int count)
{
	int length = sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");

	for (int i = 1; i < count; i++)
		length += sprintf(text + length, "X: y\r\n");
	length += sprintf(text + length, "\r\n");
	return (struct http_text){ text, length };
}

static void rfc6585_5_fields_to_the_limit_and_not_beyond(void)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	static char text[4000];
	struct reading got;

	taken(&got, with_fields(text, 100));
	CHECK_EQ(got.r.field_count, 100);
	refused(with_fields(text, 101), 431);
	limits.fields = 255;
	reading_with(&got, with_fields(text, 255), &limits);
	CHECK_EQ(got.outcome, HTTP_DONE);
	CHECK_EQ(got.r.field_count, 255);
	refused_with(with_fields(text, 256), &limits, 431);
	limits.fields = 1;
	refused_with(with_fields(text, 2), &limits, 431);
}

static void limits_out_of_range_are_brought_into_it(void)
{
	struct http_limits limits = { 0, 0, 0 };
	struct reading got;

	refused_with(T("GET / HTTP/1.1\r\n"), &limits, 414);
	limits.request_line = 65535;
	reading_with(&got, T("GET / HTTP/1.1\r\n" HOST "\r\n"), &limits);
	CHECK_EQ(got.outcome, HTTP_DONE);
	refused_with(T("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n"),
		     &limits, 414);
}

/* Octets that were found sound could turn into anything: nobody looks. So time is linear. */
static void what_was_looked_at_is_not_looked_at_again(void)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	char text[] = "GET /aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaa\r\n\r\n";
	size_t length = sizeof(text) - 1, line = 0;
	struct http_field fields[100];
	struct http_request r;

	http_request_init(&r, fields, &limits);
	for (size_t n = 1; n < length; n++) {
		char kept = text[line];

		if (n > line + 1)
			text[line] = '\0';
		CHECK_EQ(http_request_parse(&r, text, n), HTTP_MORE);
		text[line] = kept;
		/* The octet that completes a line has it read as a whole. */
		if (text[n] == '\n') {
			CHECK_EQ(http_request_parse(&r, text, ++n),
				 n < length ? HTTP_MORE : HTTP_DONE);
			line = n;
		}
	}
	CHECK_EQ(r.head_length, length);
}

/* A verdict is for ever: more octets do not change it. */
static void a_verdict_stays(void)
{
	struct http_limits limits = HTTP_DEFAULT_LIMITS;
	struct http_field fields[100];
	struct http_request r;
	static const char good[] = "GET / HTTP/1.0\r\n\r\n", bad[] = "GET / HTTP/3.0\r\n\r\n";

	http_request_init(&r, fields, &limits);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(http_request_parse(&r, good, sizeof(good) - 1), HTTP_DONE);
		CHECK_EQ(r.head_length, sizeof(good) - 1);
	}
	http_request_init(&r, fields, &limits);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(http_request_parse(&r, bad, sizeof(bad) - 1), HTTP_BAD);
	CHECK_EQ(r.refusal.status, 505);
}

int main(void)
{
	RUN(rfc9112_3_a_plain_request);
	RUN(rfc9110_9_1_methods_are_known_by_their_case);
	RUN(rfc9112_3_1_a_method_is_a_token);
	RUN(rfc9112_3_a_method_longer_than_any_is_not_implemented);
	RUN(rfc9112_3_one_space_between_the_parts);
	RUN(rfc9112_3_a_request_has_a_version);
	RUN(rfc9112_2_3_a_version_is_two_digits_and_upper_case);
	RUN(rfc9110_15_6_6_other_versions_are_not_supported);
	RUN(rfc9110_6_2_a_later_minor_version_is_understood_as_1_1);
	RUN(rfc9112_3_2_1_origin_form);
	RUN(rfc9112_3_2_what_no_target_has);
	RUN(rfc9112_3_2_2_absolute_form_has_the_host);
	RUN(rfc9110_4_2_uris_that_are_not_served);
	RUN(rfc9112_3_2_4_asterisk_is_for_options);
	RUN(rfc9110_9_3_6_connect_is_not_implemented);
	RUN(rfc9112_2_2_empty_lines_before_it);
	RUN(rfc9112_2_2_a_bare_lf_ends_no_line);
	RUN(rfc9112_2_2_a_bare_cr_ends_no_line);
	RUN(rfc9112_2_2_no_space_before_the_first_field);
	RUN(rfc9112_2_1_it_goes_on_behind_the_head);
	RUN(incomplete_is_neither_good_nor_bad);
	RUN(rfc9112_5_1_a_name_is_a_token_up_to_its_colon);
	RUN(rfc9110_5_5_white_space_around_a_value_is_not_of_it);
	RUN(rfc9110_5_5_a_value_may_have_obs_text_and_no_controls);
	RUN(rfc9112_5_2_folded_lines_are_refused);
	RUN(rfc9110_5_1_names_are_known_whatever_their_case);
	RUN(rfc9110_5_3_lines_of_one_name_in_order);
	RUN(rfc9112_3_2_one_host_in_1_1);
	RUN(rfc9112_3_2_host_is_a_host);
	RUN(rfc9110_10_1_1_expect_100_continue);
	RUN(rfc9112_9_3_who_keeps_the_connection);
	RUN(rfc9112_3_request_lines_to_the_limit_and_not_beyond);
	RUN(rfc6585_5_heads_to_the_limit_and_not_beyond);
	RUN(rfc6585_5_fields_to_the_limit_and_not_beyond);
	RUN(limits_out_of_range_are_brought_into_it);
	RUN(what_was_looked_at_is_not_looked_at_again);
	RUN(a_verdict_stays);
	return tap_done();
}
