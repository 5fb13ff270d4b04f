// SPDX-License-Identifier: GPL-2.0
/* Paths: escapes, dot segments, and no way out of the root. */
#include "path.h"
#include "reading.h"

static char out[64];

static unsigned int decode_text(struct http_text encoded)
{
	struct http_refusal refusal = { 0, NULL };
	size_t length = 0;

	memset(out, 'z', sizeof(out));
	if (http_path_decode(encoded, out, sizeof(out), &length, &refusal) == HTTP_DONE) {
		CHECK_EQ(strlen(out), length);
		return 200;
	}
	CHECK(strstr(refusal.why, "(RFC "), "%s", refusal.why);
	return refusal.status;
}

static unsigned int decode(const char *encoded)
{
	return decode_text((struct http_text){ encoded, strlen(encoded) });
}

static void becomes(const char *encoded, const char *want)
{
	unsigned int status = decode(encoded);

	CHECK(status == 200, "%s is refused with %u", encoded, status);
	CHECK(!strcmp(out, want), "%s becomes %s, not %s", encoded, out, want);
}

static void rfc3986_2_1_escapes_are_decoded_once(void)
{
	becomes("/a%20b", "/a b");
	becomes("/%7Euser/%c3%A9", "/~user/\xc3\xa9");
	becomes("/%2525", "/%25");
	becomes("/%0a%7f%FF", "/\n\x7f\xff");
	becomes("/a+b", "/a+b");
}

static void rfc3986_2_1_bad_escapes_are_refused(void)
{
	CHECK_EQ(decode("/%"), 400);
	CHECK_EQ(decode("/%2"), 400);
	CHECK_EQ(decode("/%g0"), 400);
	CHECK_EQ(decode("/%0g"), 400);
	CHECK_EQ(decode("/%2/0"), 400);
	CHECK_EQ(decode("/%%20"), 400);
	CHECK_EQ(decode("/%u0041"), 400);
	CHECK_EQ(decode("/% 1"), 400);
	/* What lies behind the path is not of it. */
	CHECK_EQ(decode_text((struct http_text){ "/%41", 3 }), 400);
	CHECK_EQ(decode_text((struct http_text){ "/%41", 2 }), 400);
}

static void rfc3986_7_3_nul_and_slash_cannot_be_encoded(void)
{
	CHECK_EQ(decode("/a%00.html"), 400);
	CHECK_EQ(decode("/%00"), 400);
	CHECK_EQ(decode("/..%2fetc"), 400);
	CHECK_EQ(decode("/a%2Fb"), 400);
}

static void rfc3986_5_2_4_dot_segments_are_taken_out(void)
{
	becomes("/", "/");
	becomes("/.", "/");
	becomes("/./", "/");
	becomes("/a/.", "/a/");
	becomes("/a/./b", "/a/b");
	becomes("/a/..", "/");
	becomes("/a/../", "/");
	becomes("/a/b/../c", "/a/c");
	becomes("/a/b/../../c", "/c");
	becomes("/a/b/..", "/a/");
	becomes("/a/../b/../c/./d/..", "/c/");
	becomes("/a...b/.../..a/a../.a/a.", "/a...b/.../..a/a../.a/a.");
}

static void rfc3986_6_2_2_2_encoded_dots_are_dots(void)
{
	becomes("/a/%2e%2E/b", "/b");
	becomes("/a/.%2e/b", "/b");
	becomes("/a/%2e/b", "/a/b");
	CHECK_EQ(decode("/%2e%2e/etc/passwd"), 400);
	/* Decoded once only: these are four octets of a name. */
	becomes("/%252e%252e/a", "/%2e%2e/a");
}

static void rfc3986_5_2_4_nobody_leaves_the_root(void)
{
	CHECK_EQ(decode("/.."), 400);
	CHECK_EQ(decode("/../"), 400);
	CHECK_EQ(decode("/../a"), 400);
	CHECK_EQ(decode("/a/../.."), 400);
	CHECK_EQ(decode("/a/../../a"), 400);
	CHECK_EQ(decode("/./.."), 400);
	CHECK_EQ(decode("//.."), 400);
	CHECK_EQ(decode("/a//../.."), 400);
}

static void empty_segments_are_one_slash(void)
{
	becomes("", "/");
	becomes("//", "/");
	becomes("///a", "/a");
	becomes("/a//b", "/a/b");
	becomes("/a//", "/a/");
	becomes("/a//..", "/");
}

static void rfc9112_3_2_1_a_path_starts_at_the_root(void)
{
	CHECK_EQ(decode("a"), 400);
	CHECK_EQ(decode("*"), 400);
	CHECK_EQ(decode("."), 400);
	CHECK_EQ(decode("%2fa"), 400);
}

static void rfc9110_15_5_15_too_long_is_414(void)
{
	char text[sizeof(out) + 2] = "/";

	memset(text + 1, 'a', sizeof(out) - 2);
	CHECK_EQ(decode(text), 200);
	CHECK_EQ(strlen(out), sizeof(out) - 1);
	text[sizeof(out) - 1] = 'a';
	CHECK_EQ(decode(text), 414);
	text[sizeof(out) - 1] = '/';
	CHECK_EQ(decode(text), 414);
	/* What is taken out again must fit too, but then the room is there for more. */
	becomes("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/../bbbbbbbbbbbbbbbbbbbbbbbbb",
		"/bbbbbbbbbbbbbbbbbbbbbbbbb");
}

int main(void)
{
	RUN(rfc3986_2_1_escapes_are_decoded_once);
	RUN(rfc3986_2_1_bad_escapes_are_refused);
	RUN(rfc3986_7_3_nul_and_slash_cannot_be_encoded);
	RUN(rfc3986_5_2_4_dot_segments_are_taken_out);
	RUN(rfc3986_6_2_2_2_encoded_dots_are_dots);
	RUN(rfc3986_5_2_4_nobody_leaves_the_root);
	RUN(empty_segments_are_one_slash);
	RUN(rfc9112_3_2_1_a_path_starts_at_the_root);
	RUN(rfc9110_15_5_15_too_long_is_414);
	return tap_done();
}
