// SPDX-License-Identifier: GPL-2.0-only
/* Patterns of paths, see pattern.h. Called by source.c; fuzzed. */
#include "pattern.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The end of the class that begins at "[", or NULL. */
static const char *class_end(const char *at)
{
	at++;
	at += *at == '^';
	for (bool first = true; *at && (first || *at != ']'); first = false) {
		/* A low end, and perhaps a high one: neither is "-" or "]" without a backslash. */
		for (int i = 0; i < 2; i++) {
			if (*at == '-' || *at == ']')
				return NULL;
			at += *at == '\\';
			if (!*at)
				return NULL;
			at++;
			if (i || *at != '-')
				break;
			at++;
		}
	}
	return *at == ']' ? at : NULL;
}

static bool class_has(const char *at, const char *end, unsigned char c)
{
	bool not = at[1] == '^', found = false;

	for (at += 1 + not; at < end;) {
		unsigned char low, high;

		at += *at == '\\';
		low = high = (unsigned char)*at++;
		if (*at == '-' && at + 1 < end) {
			at++;
			at += *at == '\\';
			high = (unsigned char)*at++;
		}
		found = found || (low <= c && c <= high);
	}
	return found != not;
}

int pattern_check(const char *pattern, struct error *err)
{
	for (const char *at = pattern; *at; at++) {
		if (*at == '\\' && !*++at)
			return error_set(err, EINVAL, "\"%.100s\": ends with a backslash", pattern);
		else if (at[0] == '[' && (at == pattern || at[-1] != '\\')) {
			at = class_end(at);
			if (!at)
				return error_set(err, EINVAL, "\"%.100s\": expected ] after [", pattern);
		}
	}
	return strlen(pattern) < PATH_MAX ? 0 : error_set(err, EINVAL, "\"%.40s...\": is too long",
							 pattern);
}

bool pattern_is_plain(const char *text)
{
	return !strpbrk(text, "*?[\\");
}

/*
 * reached[i]: the pattern so far matches the first i octets of the path. Each token of the pattern
 * is one step from one such map to the next; both are the same array, walked from the right end.
 */
static void step_one(bool *reached, const char *path, size_t length, const char *at,
		     const char *end, bool literal)
{
	for (size_t i = length; i-- > 0;) {
		unsigned char c = (unsigned char)path[i];
		bool fits = c == (unsigned char)*at;

		if (!literal && *at == '?')
			fits = c != '/';
		else if (!literal && *at == '[')
			fits = c != '/' && class_has(at, end, c);

		reached[i + 1] = reached[i] && fits;
	}
	reached[0] = false;
}

/* *: any octets but a slash. */
static void step_star(bool *reached, const char *path, size_t length)
{
	for (size_t i = 0; i < length; i++)
		reached[i + 1] = reached[i + 1] || (reached[i] && path[i] != '/');
}

/* **: anything; with a slash behind, which is taken along: whole folders, or none. */
static void step_folders(bool *reached, const char *path, size_t length, bool slash)
{
	bool any = false;

	for (size_t i = 0; i <= length; i++) {
		bool was = reached[i];

		reached[i] = was || (any && (!slash || path[i - 1] == '/'));
		any = any || was;
	}
}

bool pattern_match(const char *pattern, const char *path)
{
	size_t length = strlen(path);
	bool reached[PATH_MAX] = { true };
	struct error unused;

	if (length >= PATH_MAX || pattern_check(pattern, &unused))
		return false;
	while (*pattern) {
		const char *end = pattern;
		bool literal = *pattern == '\\';

		if (pattern[0] == '*' && pattern[1] == '*') {
			while (*pattern == '*')
				pattern++;
			step_folders(reached, path, length, *pattern == '/');
			pattern += *pattern == '/';
			continue;
		}
		if (*pattern == '*') {
			step_star(reached, path, length);
			pattern++;
			continue;
		}
		if (*pattern == '[')
			end = class_end(pattern);
		else if (literal)
			end = ++pattern;
		step_one(reached, path, length, pattern, end, literal);
		pattern = end + 1;
	}
	return reached[length];
}

/* --- the list --- */

/* As Go's filepath.Clean(), of what is relative: returns false if nothing is left. */
static bool clean(char *rule)
{
	char *out = rule, *at = rule;

	while (*at) {
		size_t length = strcspn(at, "/");

		if (length == 2 && at[0] == '.' && at[1] == '.') {
			while (out > rule && *--out != '/')
				;
		} else if (length && !(length == 1 && at[0] == '.')) {
			if (out > rule)
				*out++ = '/';
			memmove(out, at, length);
			out += length;
		}
		at += length;
		at += *at == '/';
	}
	*out = '\0';
	return out > rule;
}

/* Room doubles when the count is a power of two. */
static int grow(struct ignore *ignore, struct error *err)
{
	size_t room = ignore->count ? 2 * ignore->count : 1;
	char **rules;
	bool *except;

	if (ignore->count & (ignore->count - 1))
		return 0;
	rules = reallocarray(ignore->rules, room, sizeof(*rules));
	if (rules)
		ignore->rules = rules;
	except = reallocarray(ignore->except, room, sizeof(*except));
	if (except)
		ignore->except = except;
	return rules && except ? 0 : error_set(err, ENOMEM, "out of memory");
}

static int add_rule(struct ignore *ignore, const char *from, size_t length, struct error *err)
{
	bool except = *from == '!';
	char *rule;
	int ret;

	if (ignore->count == IGNORE_RULES)
		return error_set(err, EFBIG, "more than %d rules", IGNORE_RULES);
	rule = strndup(from + except, length - except);
	if (!rule)
		return error_set(err, ENOMEM, "out of memory");
	ret = pattern_check(rule, err);
	if (!ret && clean(rule))
		ret = grow(ignore, err);
	else
		rule[0] = '\0';
	if (ret || !rule[0]) {
		free(rule);
		return ret;
	}
	ignore->rules[ignore->count] = rule;
	ignore->except[ignore->count++] = except;
	ignore->exceptions = ignore->exceptions || except;
	return 0;
}

static int read_rules(const char *at, const char *end, const char *name, struct ignore *ignore,
		      struct error *err)
{
	for (unsigned int line = 1; at < end; line++) {
		const char *next = memchr(at, '\n', (size_t)(end - at)), *to = next ? next : end;
		struct error inner;
		int ret;

		if (*at != '#') {
			while (at < to && strchr(" \t\r", *at))
				at++;
			while (to > at && strchr(" \t\r", to[-1]))
				to--;
			ret = at < to ? add_rule(ignore, at, (size_t)(to - at), &inner) : 0;
			if (ret)
				return error_set(err, -ret, "%.80s:%u: %.300s", name, line, inner.text);
		}
		at = next ? next + 1 : end;
	}
	return 0;
}

int ignore_parse(const char *data, size_t length, const char *name, struct ignore *ignore,
		 struct error *err)
{
	int ret;

	*ignore = (struct ignore){ NULL, NULL, 0, false };
	if (length > IGNORE_MAX)
		return error_set(err, EFBIG, "%.80s: more than %d octets", name, IGNORE_MAX);
	if (length && memchr(data, '\0', length))
		return error_set(err, EINVAL, "%.80s: has a NUL: expected text", name);
	ret = read_rules(data, data + length, name, ignore, err);
	if (ret)
		ignore_free(ignore);
	return ret;
}

void ignore_free(struct ignore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++)
		free(ignore->rules[i]);
	free(ignore->rules);
	free(ignore->except);
	*ignore = (struct ignore){ NULL, NULL, 0, false };
}

static bool matches_or_is_below(const char *rule, const char *path)
{
	char above[PATH_MAX];

	if (strlen(path) >= sizeof(above))
		return false;
	strcpy(above, path);
	for (;;) {
		char *slash;

		if (pattern_match(rule, above))
			return true;
		slash = strrchr(above, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

bool ignore_has(const struct ignore *ignore, const char *path)
{
	bool has = false;

	for (size_t i = 0; i < ignore->count; i++)
		if (ignore->except[i] == has && matches_or_is_below(ignore->rules[i], path))
			has = !has;
	return has;
}
