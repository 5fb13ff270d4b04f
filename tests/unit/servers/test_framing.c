// SPDX-License-Identifier: GPL-2.0
/*
 * Where a request ends: Content-Length and Transfer-Encoding, and the forms with which one
 * request is made to look like two (RFC 9112 11.2). Each must be refused as a whole: what
 * stands behind the head is then not read as anything.
 */
#include "reading.h"

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CL "Content-Length: "
#define TE "Transfer-Encoding: "
#define NEXT "\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

static void rfc9110_8_6_content_length_is_digits(void)
{
	static const char *const bad[] = {
		"", "+5", "-5", "5 ", "0x5", "5;", "5.0", "5e0", "a", "5 5", "5,", "5_0",
		"\xef\xbc\x95", "\"5\"",
	};
	struct reading got;

	taken(&got, T(POST CL "0\r\n\r\n"));
	CHECK(got.r.has_length && got.r.length == 0, "0 is no length");
	taken(&got, T(POST CL "\t 0042 \r\n\r\n"));
	CHECK_EQ(got.r.length, 42);
	taken(&got, T(POST CL "9223372036854775807\r\n\r\n"));
	CHECK_EQ(got.r.length, INT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[200];
		int length = snprintf(text, sizeof(text), POST CL "%s" NEXT, bad[i]);

		if (strcmp(bad[i], "5 "))	/* white space behind it is no part of it */
			refused((struct http_text){ text, length }, 400);
	}
}

static void rfc9110_8_6_content_length_does_not_overflow(void)
{
	refused(T(POST CL "9223372036854775808" NEXT), 413);
	refused(T(POST CL "18446744073709551615" NEXT), 413);
	refused(T(POST CL "18446744073709551616" NEXT), 413);
	refused(T(POST CL "18446744073709551621" NEXT), 413);
	refused(T(POST CL "999999999999999999999999999999999999" NEXT), 413);
}

static void rfc9112_6_3_one_content_length(void)
{
	refused(T(POST CL "5\r\n" CL "5" NEXT), 400);
	refused(T(POST CL "5\r\n" CL "6" NEXT), 400);
	refused(T(POST CL "5, 5" NEXT), 400);
	refused(T(POST CL "5, 6" NEXT), 400);
	refused(T(POST CL "5\r\ncontent-LENGTH: 0" NEXT), 400);
	refused(T("GET / HTTP/1.0\r\n" CL "5\r\n" CL "5" NEXT), 400);
}

static void rfc9112_6_1_chunked_is_known_whatever_its_case(void)
{
	struct reading got;

	taken(&got, T(POST TE "chunked\r\n\r\n"));
	CHECK(got.r.chunked && !got.r.has_length, "it is not chunked");
	taken(&got, T(POST TE "CHUNKED\r\n\r\n"));
	CHECK_EQ(got.r.chunked, true);
	taken(&got, T(POST "tRANSFER-eNCODING:\tChunked \r\n\r\n"));
	CHECK_EQ(got.r.chunked, true);
	taken(&got, T(POST TE ", chunked,\r\n\r\n"));
	CHECK_EQ(got.r.chunked, true);
	taken(&got, T(POST TE "\r\n" TE "chunked\r\n" TE ",\r\n\r\n"));
	CHECK_EQ(got.r.chunked, true);
}

static void rfc9112_6_1_codings_before_chunked_are_not_implemented(void)
{
	refused(T(POST TE "gzip, chunked" NEXT), 501);
	refused(T(POST TE "gzip\r\n" TE "chunked" NEXT), 501);
	refused(T(POST TE "identity, chunked" NEXT), 501);
	refused(T(POST TE "x y, chunked" NEXT), 501);
}

static void rfc9112_6_3_chunked_must_be_the_last_coding(void)
{
	static const char *const bad[] = {
		"gzip", "identity", "xchunked", "chunkedx", "chunked, gzip", "chunked, identity",
		"chunked, chunked", "gzip, chunked, chunked", "chunked, gzip, chunked", "", ",",
		"chunked;a=b", "chunked chunked", "\"chunked\"", "'chunked'", "chunk", "cow",
		"\x0b" "chunked", "chunked\x0b", "\xff" "chunked", "\xc2\xa0" "chunked",
		"c\xc5\xbf" "unked", "chunked\x7f",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[200];
		int length = snprintf(text, sizeof(text), POST TE "%s" NEXT, bad[i]);

		refused((struct http_text){ text, length }, 400);
	}
	refused(T(POST TE "chunked\r\n" TE "chunked" NEXT), 400);
	refused(T(POST TE "chunked\r\n" TE "identity" NEXT), 400);
}

static void rfc9112_6_3_not_both_length_and_codings(void)
{
	refused(T(POST CL "5\r\n" TE "chunked" NEXT), 400);
	refused(T(POST TE "chunked\r\n" CL "5" NEXT), 400);
	refused(T(POST TE "chunked\r\n" CL "0" NEXT), 400);
	refused(T(POST TE "gzip\r\n" CL "5" NEXT), 400);
	refused(T(POST TE "\r\n" CL "5" NEXT), 400);
	refused(T(POST TE ", ,\r\n" CL "5" NEXT), 400);
	refused(T(POST CL "5\r\nX: y\r\ntransfer-encoding:chunked" NEXT), 400);
}

static void rfc9112_6_1_no_transfer_encoding_in_1_0(void)
{
	refused(T("POST / HTTP/1.0\r\nHost: a\r\n" TE "chunked" NEXT), 400);
	refused(T("POST / HTTP/1.0\r\n" TE "chunked\r\n" CL "5" NEXT), 400);
	refused(T("POST / HTTP/1.0\r\n" TE "identity" NEXT), 400);
}

/* A name that is nearly one of framing is refused, or is another name: then there is no body. */
static void rfc9112_11_2_names_that_look_like_framing(void)
{
	struct reading got;

	refused(T(POST "Transfer-Encoding : chunked" NEXT), 400);
	refused(T(POST "Transfer-Encoding\t: chunked" NEXT), 400);
	refused(T(POST " Transfer-Encoding: chunked" NEXT), 400);
	refused(T(POST "X: y\r\n Transfer-Encoding: chunked" NEXT), 400);
	refused(T(POST "Transfer\rEncoding: chunked" NEXT), 400);
	refused(T(POST "X: y\rTransfer-Encoding: chunked" NEXT), 400);
	refused(T(POST "X: y\nTransfer-Encoding: chunked" NEXT), 400);
	refused(T(POST "Transfer-Encoding:\r\n chunked" NEXT), 400);
	refused(T(POST "Transfer-Encoding:\x00 chunked" NEXT), 400);
	refused(T(POST "Content-Length\x00: 5" NEXT), 400);
	refused(T(POST "Content-Length: 5\x00" NEXT), 400);
	refused(T(POST "Content Length: 5" NEXT), 400);
	refused(T(POST "Content-Length" NEXT), 400);
	taken(&got,
	      T(POST "Transfer_Encoding: chunked\r\nContent_Length: 5\r\nX-Length: 7\r\n\r\n"));
	CHECK(!got.r.chunked && !got.r.has_length, "a name with _ frames");
}

static void rfc9112_6_3_without_either_there_is_no_body(void)
{
	struct reading got;

	taken(&got, T(POST "\r\n"));
	CHECK(!got.r.chunked && !got.r.has_length && !got.r.length, "a body out of nothing");
	taken(&got, T("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"));
	CHECK(got.r.has_length && got.r.length == 3, "GET has no body");
}

int main(void)
{
	RUN(rfc9110_8_6_content_length_is_digits);
	RUN(rfc9110_8_6_content_length_does_not_overflow);
	RUN(rfc9112_6_3_one_content_length);
	RUN(rfc9112_6_1_chunked_is_known_whatever_its_case);
	RUN(rfc9112_6_1_codings_before_chunked_are_not_implemented);
	RUN(rfc9112_6_3_chunked_must_be_the_last_coding);
	RUN(rfc9112_6_3_not_both_length_and_codings);
	RUN(rfc9112_6_1_no_transfer_encoding_in_1_0);
	RUN(rfc9112_11_2_names_that_look_like_framing);
	RUN(rfc9112_6_3_without_either_there_is_no_body);
	return tap_done();
}
