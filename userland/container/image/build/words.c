// SPDX-License-Identifier: GPL-2.0-only
/* Words, split and expanded, see words.h. Called by the stage; fuzzed. */
#include "words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->at[i]);
	free(words->at);
	*words = (struct words){ NULL, 0 };
}

int words_add(struct words *words, const char *word, size_t length)
{
	if (!(words->count & (words->count - 1))) {
		size_t room = words->count ? 2 * words->count : 1;
		char **at = reallocarray(words->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		words->at = at;
	}
	words->at[words->count] = strndup(word, length);
	return words->at[words->count] ? (words->count++, 0) : -ENOMEM;
}

int words_split(const char *text, struct words *words)
{
	int ret = 0;

	*words = (struct words){ NULL, 0 };
	while (!ret && *(text += strspn(text, " \t\r"))) {
		size_t length = strcspn(text, " \t\r");

		ret = words_add(words, text, length);
		text += length;
	}
	if (ret)
		words_free(words);
	return ret;
}

/* Octets of the word at @text; -1: a quote has no end. */
static long quoted_length(const char *text, char escape)
{
	const char *at = text;
	char quote = '\0';

	for (; *at && (quote || !strchr(" \t\r", *at)); at++) {
		if (quote == '\'' && *at != '\'')
			continue;
		if (*at == escape && at[1])
			at++;
		else if (*at == quote)
			quote = '\0';
		else if (!quote && (*at == '"' || *at == '\''))
			quote = *at;
	}
	return quote ? -1 : at - text;
}

int words_split_quoted(const char *text, char escape, struct words *words, struct error *err)
{
	*words = (struct words){ NULL, 0 };
	while (*(text += strspn(text, " \t\r"))) {
		long length = quoted_length(text, escape);

		if (length < 0) {
			words_free(words);
			return error_set(err, EINVAL, "%.60s: the quote has no end", text);
		}
		if (words_add(words, text, (size_t)length)) {
			words_free(words);
			return error_set(err, ENOMEM, "out of memory");
		}
		text += length;
	}
	return 0;
}

/**
 * struct expansion - a word in the making
 * @out: so far
 * @used: octets of it
 */
struct expansion {
	const char *at;
	char escape;
	words_lookup lookup;
	void *context;
	char *out;
	size_t used;
	int depth;
};

/* @out has room for WORD_MOST octets and a NUL. */
static int put(struct expansion *e, const char *text, size_t length, struct error *err)
{
	if (length > WORD_MOST - e->used)
		return error_set(err, EFBIG, "the word becomes longer than %d octets", WORD_MOST);
	memcpy(e->out + e->used, text, length);
	e->used += length;
	e->out[e->used] = '\0';
	return 0;
}

static size_t name_length(const char *at)
{
	size_t length = 0;

	while ((at[length] >= 'A' && at[length] <= 'Z') || (at[length] >= 'a' && at[length] <= 'z') ||
	       at[length] == '_' || (length && at[length] >= '0' && at[length] <= '9'))
		length++;
	return length;
}

static int expand(struct expansion *e, const char *stop, struct error *err);

/* What follows a name in braces. The word is expanded whether it is used or not. */
static int expand_modified(struct expansion *e, const char *name, size_t length,
			   const char *value, struct error *err)
{
	bool colon = *e->at == ':';
	bool set = value && !(colon && !value[0]);
	size_t before = e->used;
	char kind;
	int ret;

	e->at += colon;
	kind = *e->at;
	if (!kind || !strchr("-+?", kind))
		return error_set(err, EINVAL, "${%.*s: expected }, :-, :+ or :?", (int)length, name);
	if (++e->depth > WORDS_DEPTH)
		return error_set(err, EINVAL, "${%.*s: more than %d within each other", (int)length,
				 name, WORDS_DEPTH);
	e->at++;
	ret = expand(e, "}", err);
	e->depth--;
	if (ret)
		return ret;
	if (kind == '?' && !set)
		return error_set(err, EINVAL, "%.*s: %.200s", (int)length, name,
				 e->used > before ? e->out + before : "is not set");
	if ((kind == '-' && !set) || (kind == '+' && set))
		return 0;
	e->used = before;
	e->out[e->used] = '\0';
	/* Unset it would have been refused, or have become the word. */
	return kind == '+' || !value ? 0 : put(e, value, strlen(value), err);
}

static int expand_variable(struct expansion *e, struct error *err)
{
	bool braces = e->at[1] == '{';
	const char *name = e->at + 1 + braces, *value;
	size_t length = name_length(name);
	int ret;

	if (!length && !braces) {
		e->at++;
		return put(e, "$", 1, err);
	}
	if (!length)
		return error_set(err, EINVAL, "%.40s: expected a name after ${", e->at);
	value = e->lookup(e->context, name, length);
	e->at = name + length;
	if (braces && *e->at != '}') {
		ret = expand_modified(e, name, length, value, err);
		if (ret)
			return ret;
		if (*e->at != '}')
			return error_set(err, EINVAL, "${%.*s: expected }", (int)length, name);
		value = NULL;
	}
	e->at += braces;
	return value ? put(e, value, strlen(value), err) : 0;
}

/* Up to one of @stop, which is not taken, or the end. */
static int expand(struct expansion *e, const char *stop, struct error *err)
{
	bool quoted = false;
	int ret = 0;

	while (!ret && *e->at && (quoted || !strchr(stop, *e->at))) {
		const char *end;

		if (*e->at == '\'' && !quoted) {
			end = strchr(e->at + 1, '\'');
			if (!end)
				return error_set(err, EINVAL, "%.60s: the quote has no end", e->at);
			ret = put(e, e->at + 1, (size_t)(end - e->at - 1), err);
			e->at = end + 1;
		} else if (*e->at == '"') {
			quoted = !quoted;
			e->at++;
		} else if (*e->at == e->escape && e->at[1] &&
			   (!quoted || strchr("\"$", e->at[1]) || e->at[1] == e->escape)) {
			ret = put(e, e->at + 1, 1, err);
			e->at += 2;
		} else if (*e->at == '$') {
			ret = expand_variable(e, err);
		} else {
			ret = put(e, e->at++, 1, err);
		}
	}
	if (!ret && quoted)
		ret = error_set(err, EINVAL, "a quote has no end");
	return ret;
}

int word_expand(const char *word, char escape, words_lookup lookup, void *context, char **out,
		struct error *err)
{
	cleanup_free char *room = malloc(WORD_MOST + 1);
	struct expansion e = {
		.at = word, .escape = escape, .lookup = lookup, .context = context, .out = room,
	};
	int ret;

	if (!room)
		return error_set(err, ENOMEM, "out of memory");
	room[0] = '\0';
	ret = expand(&e, "", err);
	if (ret)
		return ret;
	*out = strdup(room);
	return *out ? 0 : error_set(err, ENOMEM, "out of memory");
}
