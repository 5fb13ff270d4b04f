// SPDX-License-Identifier: GPL-2.0-only
/*
 * .env, and the files of env_file: NAME=VALUE in lines (Compose Specification, "Env_file format").
 *
 *	NAME=value of the line  # not this
 *	export NAME="escapes \n and ${VARIABLES}, over several lines"
 *	NAME='as it is'
 *	NAME			the caller's
 *
 * See file.h. Called by main.c.
 */
#include <errno.h>
#include <string.h>

#include "file.h"

/**
 * struct scan - where it is
 * @at: octet; @line: its number; @begin: where that begins
 */
struct scan {
	struct values v;
	const char *at;
	const char *begin;
	unsigned int line;
};

static struct yaml_value here(const struct scan *s)
{
	return (struct yaml_value){ .kind = YAML_TEXT, .line = s->line,
				    .column = (unsigned int)(s->at - s->begin) + 1 };
}

static void skip_blanks(struct scan *s)
{
	s->at += strspn(s->at, " \t\r");
}

static void skip_line(struct scan *s)
{
	s->at += strcspn(s->at, "\n");
	if (!*s->at)
		return;
	s->begin = ++s->at;
	s->line++;
}

/* Behind a value. */
static void end_line(struct scan *s)
{
	struct yaml_value place;

	skip_blanks(s);
	place = here(s);
	if (*s->at && *s->at != '\n' && *s->at != '#')
		value_bad(&s->v, &place, NULL, "expected the end of the line: there is \"%.20s\"", s->at);
}

/* To the quote that closes, which may stand in another line. In double ones escapes are taken off. */
static char *take_quoted(struct scan *s, char quote)
{
	static const char escapes[] = "nrt", means[] = "\n\r\t";
	const struct yaml_value place = here(s);
	size_t length = 1;
	char *text, *out;

	while (s->at[length] && s->at[length] != quote)
		length += quote == '"' && s->at[length] == '\\' && s->at[length + 1] ? 2 : 1;
	text = out = arena_alloc(s->v.arena, 2 * length, 1);
	for (s->at++; text && *s->at && *s->at != quote; s->at++) {
		const char *escape = quote == '"' && *s->at == '\\' && s->at[1] ? ++s->at : NULL;
		const char *known = escape ? strchr(escapes, *escape) : NULL;

		if (*s->at == '\n') {
			s->begin = s->at + 1;
			s->line++;
		}
		/* A dollar that is meant is written twice where variables are replaced. */
		if (escape && *escape == '$')
			*out++ = '$';
		*out++ = known ? means[known - escapes] : *s->at;
	}
	if (text && *s->at != quote)
		value_bad(&s->v, &place, NULL, "a %c is not closed", quote);
	else if (text)
		s->at++;
	return text;
}

static char *take_plain(struct scan *s)
{
	size_t length = strcspn(s->at, "\n"), i = 0;
	const char *from = s->at;

	while (i < length && !(from[i] == '#' && (!i || from[i - 1] == ' ' || from[i - 1] == '\t')))
		i++;
	while (i && (from[i - 1] == ' ' || from[i - 1] == '\t' || from[i - 1] == '\r'))
		i--;
	s->at += length;
	return arena_text(s->v.arena, from, i);
}

static const char *take_value(struct scan *s)
{
	struct yaml_value place;
	char quote;

	skip_blanks(s);
	place = here(s);
	quote = *s->at == '\'' || *s->at == '"' ? *s->at : '\0';
	place.text = quote ? take_quoted(s, quote) : take_plain(s);
	if (quote && !s->v.failed)
		end_line(s);
	if (s->v.failed || !place.text || quote == '\'')
		return s->v.failed ? NULL : place.text;
	return value_text(&s->v, &place, NULL);
}

static const char *take_pair(struct scan *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	struct yaml_value place;
	const char *name, *value;
	size_t length;

	if (!strncmp(s->at, "export", 6) && strchr(" \t", s->at[6]) && s->at[6])
		s->at += 6;
	skip_blanks(s);
	place = here(s);
	length = strspn(s->at, letters);
	name = arena_text(s->v.arena, s->at, length);
	if (!length || (*s->at >= '0' && *s->at <= '9'))
		value_bad(&s->v, &place, NULL, "expected NAME=VALUE: it is \"%.*s\"",
			  (int)(strcspn(s->at, "\n") > 40 ? 40 : strcspn(s->at, "\n")), s->at);
	if (s->v.failed || !name)
		return NULL;
	s->at += length;
	skip_blanks(s);
	if (*s->at != '=') {
		end_line(s);
		return value_pair(&s->v, name, NULL);
	}
	s->at++;
	s->v.where = name;
	value = take_value(s);
	s->v.where = "";
	return value ? value_pair(&s->v, name, value) : NULL;
}

int compose_read_env(struct arena *arena, const char *name, const char *text, size_t length,
		     compose_variable variable, struct words *words, struct error *err)
{
	struct scan s = { .v = { .arena = arena, .file = name, .where = "", .variable = variable,
				 .more = words, .err = err }, .line = 1 };
	size_t lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	words->count = 0;
	words->at = arena_alloc(arena, lines + 1, sizeof(*words->at));
	s.at = s.begin = arena_text(arena, text, length);
	if (!words->at || !s.at)
		return error_set(err, ENOMEM, "%.120s: no memory", name);
	if (memchr(text, '\0', length))
		return error_set(err, EINVAL, "%.120s: has a NUL in it: expected lines of NAME=VALUE", name);
	while (*s.at && !s.v.failed) {
		const char *word = NULL;

		skip_blanks(&s);
		if (*s.at && *s.at != '#' && *s.at != '\n') {
			word = take_pair(&s);
			if (!word && !s.v.failed)
				return error_set(err, ENOMEM, "%.120s: no memory", name);
		}
		if (word)
			words->at[words->count++] = word;
		skip_line(&s);
	}
	return s.v.failed;
}
