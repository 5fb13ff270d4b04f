// SPDX-License-Identifier: GPL-2.0
/* Query parameters and cookies, and the lists and numbers that all else is made of. */
#include "parameters.h"
#include "reading.h"

static enum http_found number(const char *query, uint64_t *value)
{
	return http_query_number((struct http_text){ query, strlen(query) }, T("us"), 1000, value);
}

static void a_number_in_a_query(void)
{
	uint64_t n = 77;

	CHECK_EQ(number("us=100", &n), HTTP_FOUND);
	CHECK_EQ(n, 100);
	CHECK_EQ(number("a=b&us=0&c", &n), HTTP_FOUND);
	CHECK_EQ(n, 0);
	CHECK_EQ(number("&&us=1000", &n), HTTP_FOUND);
	CHECK_EQ(n, 1000);
	n = 77;
	CHECK_EQ(number("", &n), HTTP_ABSENT);
	CHECK_EQ(number("u=1&uss=2&US=3&=us", &n), HTTP_ABSENT);
	CHECK_EQ(n, 77);
}

static void what_is_no_number_in_a_query(void)
{
	static const char *const bad[] = {
		"us", "us=", "us=1001", "us=-1", "us=+1", "us=1.5", "us=0x1", "us= 1", "us=1%30",
		"us=1=2", "us=18446744073709551617", "us=1&us=1", "us=1&us=2", "us=1&us",
	};
	uint64_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(number(bad[i], &n) == HTTP_MALFORMED, "%s is taken", bad[i]);
}

static void parameters_one_by_one(void)
{
	struct http_text query = T("&a=b&c&=d&e==f&");
	struct http_parameter p;

	CHECK(http_query_next(&query, &p), "none");
	CHECK_TEXT(p.name, "a");
	CHECK_TEXT(p.value, "b");
	CHECK(http_query_next(&query, &p), "none");
	CHECK_TEXT(p.name, "c");
	CHECK_TEXT(p.value, "");
	CHECK(http_query_next(&query, &p), "none");
	CHECK_TEXT(p.name, "");
	CHECK_TEXT(p.value, "d");
	CHECK(http_query_next(&query, &p), "none");
	CHECK_TEXT(p.value, "=f");
	CHECK(!http_query_next(&query, &p), "one more");
}

static enum http_found cookie(const char *cookies, struct http_text *value)
{
	return http_cookie((struct http_text){ cookies, strlen(cookies) }, T("session"), value);
}

static void rfc6265_4_2_1_a_cookie_by_name(void)
{
	struct http_text value;

	CHECK_EQ(cookie("session=abc", &value), HTTP_FOUND);
	CHECK_TEXT(value, "abc");
	CHECK_EQ(cookie("a=b; session=x.y-z=/+; c=d", &value), HTTP_FOUND);
	CHECK_TEXT(value, "x.y-z=/+");
	CHECK_EQ(cookie("a=b;session=\"q\"", &value), HTTP_FOUND);
	CHECK_TEXT(value, "q");
	CHECK_EQ(cookie("session=", &value), HTTP_FOUND);
	CHECK_EQ(value.length, 0);
	CHECK_EQ(cookie("session=a; session=a", &value), HTTP_FOUND);
	CHECK_EQ(cookie("", &value), HTTP_ABSENT);
	CHECK_EQ(cookie("Session=a; sessions=b; sessio=c; x=session", &value), HTTP_ABSENT);
	CHECK_EQ(cookie("session; =session; ;;", &value), HTTP_ABSENT);
}

static void rfc6265_5_4_what_is_no_cookie_is_skipped(void)
{
	struct http_text value;

	CHECK_EQ(cookie("b@d=1; \"; session=a b; session=\"; session=a,b; session=ok", &value),
		 HTTP_FOUND);
	CHECK_TEXT(value, "ok");
	CHECK_EQ(cookie("session =a; session=a\\b; session=\x80", &value), HTTP_ABSENT);
}

static void rfc6265_8_6_two_values_of_a_cookie_are_none(void)
{
	struct http_text value;

	CHECK_EQ(cookie("session=a; session=b", &value), HTTP_MALFORMED);
}

static void rfc9110_5_6_1_2_empty_elements_of_lists(void)
{
	struct http_text list = T(" , a ,,\tb\t, c d ,"), element;

	CHECK(http_list_next(&list, &element), "none");
	CHECK_TEXT(element, "a");
	CHECK(http_list_next(&list, &element), "none");
	CHECK_TEXT(element, "b");
	CHECK(http_list_next(&list, &element), "none");
	CHECK_TEXT(element, "c d");
	CHECK(!http_list_next(&list, &element), "one more");
}

static void numbers_are_digits_and_saturate(void)
{
	uint64_t n;

	CHECK(http_read_number(T("18446744073709551615"), &n) && n == UINT64_MAX, "the largest");
	CHECK(http_read_number(T("18446744073709551614"), &n) && n == UINT64_MAX - 1, "one less");
	CHECK(http_read_number(T("18446744073709551616"), &n) && n == UINT64_MAX, "one more");
	CHECK(http_read_number(T("99999999999999999999999"), &n) && n == UINT64_MAX, "a lot more");
	CHECK(http_read_number(T("000000000000000000000000000007"), &n) && n == 7, "zeros");
	CHECK(!http_read_number(T(""), &n), "nothing");
	CHECK(!http_read_number(T("1 "), &n), "a blank");
	CHECK(!http_read_number(T("99999999999999999999999x"), &n), "an x");
}

static void rfc9110_5_6_2_classes_of_octets(void)
{
	for (int c = 0; c < 256; c++) {
		bool alnum = (c >= '0' && c <= '9') ||
			((c | 32) >= 'a' && (c | 32) <= 'z' && c < 128);

		CHECK(http_is(c, HTTP_TCHAR) == (alnum || (c && strchr("!#$%&'*+-.^_`|~", c))),
		      "tchar %d", c);
		CHECK(http_is(c, HTTP_DIGIT) == (c >= '0' && c <= '9'), "digit %d", c);
		CHECK(http_is(c, HTTP_HEXDIG) == (c && strchr("0123456789abcdefABCDEF", c)),
		      "hexdig %d", c);
		CHECK(http_is(c, HTTP_TARGET) == (c > 32 && c < 127 && !strchr("\"#<>\\", c)),
		      "target %d", c);
		CHECK(http_is(c, HTTP_HOST_CHAR) == (alnum || (c && strchr("-._~!$&'()*+,;=", c))),
		      "host %d", c);
		CHECK(http_is(c, HTTP_VALUE_CHAR) == (c == '\t' || (c >= 32 && c != 127)),
		      "value %d", c);
		CHECK(http_is(c, HTTP_ETAGC) == (c > 32 && c != '"' && c != 127), "etagc %d", c);
		CHECK(http_is(c, HTTP_COOKIE_OCTET) == (c > 32 && c < 127 && !strchr("\",;\\", c)),
		      "cookie %d", c);
		if (http_is(c, HTTP_HEXDIG)) {
			char text[2] = { (char)c, 0 };

			CHECK_EQ(http_hex((char)c), strtoul(text, NULL, 16));
		}
	}
}

int main(void)
{
	RUN(a_number_in_a_query);
	RUN(what_is_no_number_in_a_query);
	RUN(parameters_one_by_one);
	RUN(rfc6265_4_2_1_a_cookie_by_name);
	RUN(rfc6265_5_4_what_is_no_cookie_is_skipped);
	RUN(rfc6265_8_6_two_values_of_a_cookie_are_none);
	RUN(rfc9110_5_6_1_2_empty_elements_of_lists);
	RUN(numbers_are_digits_and_saturate);
	RUN(rfc9110_5_6_2_classes_of_octets);
	return tap_done();
}
