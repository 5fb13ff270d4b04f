// SPDX-License-Identifier: GPL-2.0
/* Names of images and of content, paths, users; documents that say two things. */
#include "tap.h"
#include "bundle/bundle.h"
#include "path/tree.h"
#include "layer/seen.h"
#include "manifest.h"
#include "reference.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct reference ref;
static struct error err;

#define HOLDS(cond) CHECK(cond, "%s: %s", #cond, err.text)

static bool named(const char *text, const char *expected)
{
	char out[REFERENCE_TEXT];

	if (reference_parse(text, strlen(text), &ref, &err))
		return !expected;
	reference_complete(&ref, REFERENCE_PUBLIC);
	return expected && !strcmp(reference_text(&ref, out), expected);
}

static void what_is_left_out_is_said(void)
{
	HOLDS(named("a", "docker.io/library/a:latest"));
	HOLDS(named("a/b:1", "docker.io/a/b:1"));
	HOLDS(named("localhost/a", "localhost/a:latest"));
	HOLDS(named("x.y/a", "x.y/a:latest") && named("x:5000/a:t", "x:5000/a:t"));
	HOLDS(named("a@sha256:" HEX, "docker.io/library/a@sha256:" HEX));
}

static void what_is_no_name_is_refused(void)
{
	static const char *const wrong[] = {
		"", "A", "a//b", "a/../b", "/a", "a/", "a:", "a:b/c:", "a@", "a@sha256:12", "a b", "a..b", "-a", "a-",
		"a:-t", "a@sha512:" HEX, "x.y/", ".", "..",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(named(wrong[i], NULL), "%s", wrong[i]);
}

static void a_digest_is_64_lower_case_digits(void)
{
	struct digest digest;

	HOLDS(digest_parse("sha256:" HEX, 71, &digest) && digest_parse_hex(HEX, 64, &digest));
	HOLDS(!digest_parse("sha256:" HEX, 70, &digest) && !digest_parse_hex(HEX "0", 65, &digest));
	HOLDS(!digest_parse_hex("A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64, &digest));
	HOLDS(!digest_parse_hex("../3456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64, &digest));
}

static void a_clean_path_leads_nowhere_else(void)
{
	char out[16];

	HOLDS(!tree_clean("/a//./b/", out, sizeof(out)) && !strcmp(out, "a/b"));
	HOLDS(!tree_clean("./", out, sizeof(out)) && !out[0]);
	CHECK_EQ(tree_clean("a/../b", out, sizeof(out)), -22);
	CHECK_EQ(tree_clean("..", out, sizeof(out)), -22);
	HOLDS(!tree_clean("...", out, sizeof(out)));
	CHECK_EQ(tree_clean("abcdefgh/abcdefgh", out, sizeof(out)), -36);
}

static void a_set_of_names_has_what_was_added(void)
{
	struct seen seen = { 0 };
	char name[16];

	HOLDS(!seen_has(&seen, 1, "a"));
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		HOLDS(!seen_add(&seen, (ino_t)(i % 7), name));
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		HOLDS(seen_has(&seen, (ino_t)(i % 7), name));
		HOLDS(!seen_has(&seen, (ino_t)(i % 7 + 7), name));
	}
	seen_free(&seen);
}

static int find(const char *text, struct user *user)
{
	return user_find_in(text, "root:x:0:0::/root:/bin/sh\n12:x:99:99::/n:\nme:x:5:6::/home:\nbad:x:y:1::/:\n",
			    "root:x:0:\nthey:x:9:me,root\nmine:x:6:me\n", user, &err);
}

static void a_number_is_a_number_even_if_a_line_is_called_so(void)
{
	struct user user;

	/* CVE-2016-3697 */
	HOLDS(!find("12", &user) && user.uid == 12 && user.gid == 0);
	HOLDS(!find("99", &user) && user.uid == 99 && user.gid == 99 && !strcmp(user.home, "/n"));
	HOLDS(!find("", &user) && !user.uid && !strcmp(user.home, "/root"));
	HOLDS(!find("me", &user) && user.uid == 5 && user.gid == 6 && user.count == 1 && user.groups[0] == 9);
	HOLDS(!find("me:they", &user) && user.gid == 9 && !user.count);
	HOLDS(!find("7:8", &user) && user.uid == 7 && user.gid == 8);
	CHECK_EQ(find("you", &user), -2);
	CHECK_EQ(find("me:you", &user), -2);
	CHECK_EQ(find("bad", &user), -2);
	CHECK_EQ(find("4294967295", &user), -2);
}

static enum media media_of_text(const char *text, enum media claimed)
{
	json_object *root = json_tokener_parse(text);
	enum media media = MEDIA_OTHER;
	int ret = document_media(root, claimed, &media, &err);

	json_object_put(root);
	return ret ? MEDIA_OTHER : media;
}

static void a_document_is_one_thing(void)
{
	/* CVE-2021-41190 */
	CHECK_EQ(media_of_text("{\"schemaVersion\":2,\"layers\":[],\"config\":{}}", MEDIA_MANIFEST), MEDIA_MANIFEST);
	CHECK_EQ(media_of_text("{\"schemaVersion\":2,\"manifests\":[]}", MEDIA_INDEX), MEDIA_INDEX);
	CHECK_EQ(media_of_text("{\"schemaVersion\":2,\"manifests\":[],\"layers\":[],\"config\":{}}", MEDIA_INDEX),
		 MEDIA_OTHER);
	CHECK_EQ(media_of_text("{\"schemaVersion\":2,\"manifests\":[]}", MEDIA_MANIFEST), MEDIA_OTHER);
}

int main(void)
{
	RUN(what_is_left_out_is_said);
	RUN(what_is_no_name_is_refused);
	RUN(a_digest_is_64_lower_case_digits);
	RUN(a_clean_path_leads_nowhere_else);
	RUN(a_set_of_names_has_what_was_added);
	RUN(a_number_is_a_number_even_if_a_line_is_called_so);
	RUN(a_document_is_one_thing);
	return tap_done();
}
