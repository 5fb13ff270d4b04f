// SPDX-License-Identifier: GPL-2.0
/* Patterns of paths, beside a slow matcher that follows the definition; ignore files. */
#include "tap.h"
#include "build/pattern.h"
#include "build/snapshot.h"

static struct error err;

#define HOLDS(cond) CHECK(cond, "%s: %s", #cond, err.text)

static void stars_stay_within_a_folder(void)
{
	HOLDS(pattern_match("*.o", "b.o"));
	HOLDS(!pattern_match("*.o", "a/b.o"));
	HOLDS(pattern_match("a/*/c", "a/b/c"));
	HOLDS(!pattern_match("a/*/c", "a/b/x/c"));
	HOLDS(!pattern_match("a?b", "a/b"));
	HOLDS(!pattern_match("a[^x]b", "a/b"));
	HOLDS(pattern_match("*", "a") && pattern_match("a*", "a"));
}

static void two_stars_are_any_number_of_folders(void)
{
	HOLDS(pattern_match("**/a", "a") && pattern_match("**/a", "x/y/a"));
	HOLDS(!pattern_match("**/a", "xa") && !pattern_match("**/a", "x/ya"));
	HOLDS(pattern_match("a/**/b", "a/b") && pattern_match("a/**/b", "a/x/y/b"));
	HOLDS(pattern_match("a/**", "a/x/y") && !pattern_match("a/**", "a"));
	HOLDS(pattern_match("**", "a/b"));
}

static void classes_have_ranges_negation_and_escapes(void)
{
	HOLDS(pattern_match("[a-c]", "b") && !pattern_match("[a-c]", "d"));
	HOLDS(pattern_match("[^a-c]", "d") && !pattern_match("[^a-c]", "b"));
	HOLDS(pattern_match("[\\]x]", "]") && pattern_match("[a\\-c]", "-"));
	HOLDS(!pattern_match("[a\\-c]", "b"));
	HOLDS(pattern_check("[", &err) && pattern_check("[a", &err) && pattern_check("[]", &err));
	HOLDS(pattern_check("[a-]", &err) && pattern_check("[-a]", &err) && pattern_check("a\\", &err));
	HOLDS(!pattern_match("[a", "[a"));
}

static void an_escaped_wildcard_is_itself(void)
{
	HOLDS(pattern_match("\\*", "*") && !pattern_match("\\*", "a"));
	HOLDS(pattern_match("\\?\\[", "?[") && !pattern_match("\\?", "a"));
	HOLDS(pattern_match("\\a", "a"));
}

/* filepath.Match as it is defined, for *, ? and literals; exponential. */
static bool slow(const char *p, const char *s)
{
	if (*p == '*') {
		for (;; s++) {
			if (slow(p + 1, s))
				return true;
			if (!*s || *s == '/')
				return false;
		}
	}
	if (!*p || !*s)
		return !*p && !*s;
	return (*p == *s || (*p == '?' && *s != '/')) && slow(p + 1, s + 1);
}

static void random_patterns_match_as_the_definition_says(void)
{
	uint64_t state = tap_seed();

	for (int i = 0; i < 200000; i++) {
		char p[9], s[9];
		uint64_t r = tap_next(&state);
		size_t a = r % 8, b = r / 8 % 8;

		for (size_t k = 0; k < a; k++) {
			p[k] = "ab/?*"[(r >> (8 + 3 * k)) % 5];
			/* Two stars are another thing. */
			if (k && p[k] == '*' && p[k - 1] == '*')
				p[k] = 'a';
		}
		for (size_t k = 0; k < b; k++)
			s[k] = "ab/"[(r >> (32 + 2 * k)) % 3];
		p[a] = s[b] = '\0';
		CHECK(pattern_match(p, s) == slow(p, s), "%s %s", p, s);
	}
}

static bool ignored(const char *rules, const char *path)
{
	struct ignore ignore;
	bool has;

	if (ignore_parse(rules, strlen(rules), "i", &ignore, &err))
		return false;
	has = ignore_has(&ignore, path);
	ignore_free(&ignore);
	return has;
}

static void the_last_rule_that_matches_says(void)
{
	HOLDS(ignored("a", "a") && ignored("a", "a/b/c") && !ignored("a", "ab"));
	HOLDS(!ignored("a\n!a/b", "a/b") && ignored("a\n!a/b", "a/c"));
	HOLDS(ignored("!a\na", "a") && !ignored("a\n!a", "a") && ignored("a\n!a\na", "a"));
	HOLDS(!ignored("", "a") && !ignored("#a\n", "a"));
	HOLDS(ignored(" /a/../b/ \r\n", "b") && ignored("./a//b", "a/b"));
}

static void a_wrong_rule_is_told_with_its_line(void)
{
	struct ignore ignore;

	CHECK_EQ(ignore_parse("a\n[b", 4, "i", &ignore, &err), -22);
	CHECK(!strncmp(err.text, "i:2: ", 5), "%s", err.text);
	CHECK_EQ(ignore_parse("a\0b", 3, "i", &ignore, &err), -22);
}

static void folders_come_before_what_is_in_them_and_after_nothing_else(void)
{
	HOLDS(node_compare("a", "a/b") < 0 && node_compare("a/b", "a-b") < 0);
	HOLDS(node_compare("a/z", "a.b") < 0 && node_compare("", "a") < 0);
	HOLDS(node_compare("b", "a/z") > 0 && !node_compare("a/b", "a/b"));
	HOLDS(node_compare("a\x01", "a/b") > 0 && node_compare("\xff", "a") > 0);
}

int main(void)
{
	RUN(stars_stay_within_a_folder);
	RUN(two_stars_are_any_number_of_folders);
	RUN(classes_have_ranges_negation_and_escapes);
	RUN(an_escaped_wildcard_is_itself);
	RUN(random_patterns_match_as_the_definition_says);
	RUN(the_last_rule_that_matches_says);
	RUN(a_wrong_rule_is_told_with_its_line);
	RUN(folders_come_before_what_is_in_them_and_after_nothing_else);
	return tap_done();
}
