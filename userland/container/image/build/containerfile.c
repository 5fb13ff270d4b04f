// SPDX-License-Identifier: GPL-2.0-only
/* From text to statements, see containerfile.h. Called by plan.c; fuzzed by itself. */
#include "containerfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "options.h"
#include "statement.h"

/**
 * struct reading - a text being read
 * @at: of the next line
 * @end: of the text
 * @line: its number, from 1
 * @buffer: a statement whose lines are joined; as large as the text
 */
struct reading {
	struct containerfile *file;
	const char *at;
	const char *end;
	unsigned int line;
	char *buffer;
};

static const char *const names[INSTRUCTION_COUNT] = {
	[INSTRUCTION_ADD] = "ADD", [INSTRUCTION_ARG] = "ARG", [INSTRUCTION_CMD] = "CMD",
	[INSTRUCTION_COPY] = "COPY", [INSTRUCTION_ENTRYPOINT] = "ENTRYPOINT",
	[INSTRUCTION_ENV] = "ENV", [INSTRUCTION_EXPOSE] = "EXPOSE", [INSTRUCTION_FROM] = "FROM",
	[INSTRUCTION_HEALTHCHECK] = "HEALTHCHECK", [INSTRUCTION_LABEL] = "LABEL",
	[INSTRUCTION_MAINTAINER] = "MAINTAINER", [INSTRUCTION_RUN] = "RUN",
	[INSTRUCTION_SHELL] = "SHELL", [INSTRUCTION_STOPSIGNAL] = "STOPSIGNAL",
	[INSTRUCTION_USER] = "USER", [INSTRUCTION_VOLUME] = "VOLUME",
	[INSTRUCTION_WORKDIR] = "WORKDIR",
};

const char *instruction_name(enum instruction kind)
{
	return names[kind];
}

const char *statement_flag(const struct statement *statement, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < statement->flag_count; i++)
		if (!strncmp(statement->flags[i], name, length) &&
		    (!statement->flags[i][length] || statement->flags[i][length] == '='))
			return statement->flags[i] + length + (statement->flags[i][length] == '=');
	return NULL;
}

int statement_error(const struct containerfile *file, const struct statement *statement,
		    int errnum, struct error *err, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(err, errnum, "%.80s:%u: %s: %s", file->name, statement->line,
			 names[statement->kind], text);
}

static int line_error(const struct reading *r, unsigned int line, struct error *err,
		      const char *what)
{
	return error_set(err, EINVAL, "%.80s:%u: %s", r->file->name, line, what);
}

/* --- lines --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without its end and the space around it. */
static bool next_line(struct reading *r, const char **from, const char **to)
{
	const char *end;

	if (r->at >= r->end)
		return false;
	end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	*from = r->at;
	*to = end ? end : r->end;
	r->at = end ? end + 1 : r->end;
	r->line++;
	while (*from < *to && is_blank(**from))
		(*from)++;
	while (*to > *from && is_blank((*to)[-1]))
		(*to)--;
	return true;
}

/* "# escape=`", before all else. Other directives are for other builders. */
static int read_directives(const struct reading *r, struct error *err)
{
	struct reading ahead = *r;
	const char *from, *to;

	while (next_line(&ahead, &from, &to) && from < to && *from == '#') {
		const char *equals = memchr(from, '=', (size_t)(to - from)), *end = equals;

		for (from++; from < to && is_blank(*from); from++)
			;
		while (end && end > from && is_blank(end[-1]))
			end--;
		if (!equals || end <= from || memchr(from, ' ', (size_t)(end - from)))
			break;
		if (end - from != 6 || strncasecmp(from, "escape", 6) != 0)
			continue;
		for (equals++; equals < to && is_blank(*equals); equals++)
			;
		if (to - equals != 1 || (*equals != '\\' && *equals != '`'))
			return line_error(r, ahead.line, err, "escape: expected \\ or `");
		r->file->escape = *equals;
	}
	return 0;
}

/*
 * Lines up to one that is not continued, joined; comments between them are left out, and the space
 * before a line that goes on stays: it may part two words. Returns the number of the first, 0 at
 * the end.
 */
static unsigned int join_lines(struct reading *r, size_t *length)
{
	const char *from, *to, *whole = r->at;
	unsigned int first = 0;

	*length = 0;
	for (; next_line(r, &from, &to); whole = r->at) {
		bool more;

		if (from == to || *from == '#')
			continue;
		from = first ? whole : from;
		first = first ? first : r->line;
		more = to[-1] == r->file->escape;
		to -= more;
		memcpy(r->buffer + *length, from, (size_t)(to - from));
		*length += (size_t)(to - from);
		if (!more)
			break;
	}
	return first;
}

/* --- statements --- */

static int find_instruction(const struct reading *r, unsigned int line, const char *word,
			    enum instruction *kind, struct error *err)
{
	char upper[24];
	const char *meant;
	size_t i;

	for (i = 0; word[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)word[i]);
	upper[i] = '\0';
	for (i = 0; i < INSTRUCTION_COUNT; i++)
		if (!strcasecmp(word, names[i])) {
			*kind = (enum instruction)i;
			return 0;
		}
	if (!strcmp(upper, "ONBUILD"))
		return line_error(r, line, err, "ONBUILD: OCI images have no such field: write the "
				  "instruction where it is to run");
	meant = nearest(upper, names, INSTRUCTION_COUNT);
	return error_set(err, EINVAL, "%.80s:%u: \"%.40s\": expected an instruction such as FROM, COPY "
			 "or RUN%s%s%s", r->file->name, line, word, meant ? ": did you mean " : "",
			 meant ? meant : "", meant ? "?" : "");
}

static char *skip_blank(char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* Words that begin with two dashes, before all others. */
static int take_flags(const struct reading *r, struct statement *s, char **rest, struct error *err)
{
	char *at = *rest;

	while (at[0] == '-' && at[1] == '-') {
		size_t length = strcspn(at, " \t");

		if (s->flag_count == CONTAINERFILE_FLAGS)
			return statement_error(r->file, s, EINVAL, err, "more than %d flags",
					       CONTAINERFILE_FLAGS);
		s->flags[s->flag_count] = strndup(at + 2, length - 2);
		if (!s->flags[s->flag_count])
			return error_set(err, ENOMEM, "%s: out of memory", r->file->name);
		s->flag_count++;
		at = skip_blank(at + length);
	}
	*rest = at;
	return 0;
}

/* ["a", "b"], or NULL. What only looks like one is a command for the shell. */
static json_object *string_list(const char *text)
{
	struct json_tokener *tokener;
	json_object *list;
	size_t end;

	if (text[0] != '[')
		return NULL;
	tokener = json_tokener_new_ex(2);
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	list = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	for (size_t i = 0; list && json_object_is_type(list, json_type_array) &&
			   i < json_object_array_length(list); i++) {
		json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_string) ||
		    strlen(json_object_get_string(item)) !=
			    (size_t)json_object_get_string_len(item))
			goto other;
	}
	if (list && json_object_is_type(list, json_type_array) && !text[end])
		return list;
other:
	json_object_put(list);
	return NULL;
}

static int read_statement(struct reading *r, unsigned int line, char *text, struct error *err)
{
	struct containerfile *file = r->file;
	struct statement *s;
	char *rest;
	int ret;

	if (file->count == CONTAINERFILE_STATEMENTS)
		return line_error(r, line, err, "more instructions than are read");
	/* Room grows when the count is a power of two. */
	if (!(file->count & (file->count - 1))) {
		s = reallocarray(file->at, file->count ? 2 * file->count : 1, sizeof(*s));
		if (!s)
			return error_set(err, ENOMEM, "%.80s: out of memory", file->name);
		file->at = s;
	}
	s = &file->at[file->count];
	*s = (struct statement){ .line = line };
	rest = text + strcspn(text, " \t");
	if (*rest)
		*rest++ = '\0';
	ret = find_instruction(r, line, text, &s->kind, err);
	if (ret)
		return ret;
	file->count++;
	rest = skip_blank(rest);
	ret = take_flags(r, s, &rest, err);
	if (ret)
		return ret;
	s->text = strdup(rest);
	if (!s->text)
		return error_set(err, ENOMEM, "%s: out of memory", file->name);
	s->list = string_list(rest);
	return statement_check(file, s, err);
}

static int read_all(struct reading *r, struct error *err)
{
	bool begun = false;
	unsigned int line;
	size_t length;
	int ret = read_directives(r, err);

	while (!ret && (line = join_lines(r, &length))) {
		while (length && is_blank(r->buffer[length - 1]))
			length--;
		r->buffer[length] = '\0';
		/* A line that is nothing but its continuation, at the end. */
		if (!length)
			continue;
		ret = read_statement(r, line, skip_blank(r->buffer), err);
		if (ret)
			break;
		begun = begun || r->file->at[r->file->count - 1].kind == INSTRUCTION_FROM;
		if (!begun && r->file->at[r->file->count - 1].kind != INSTRUCTION_ARG)
			ret = line_error(r, line, err, "expected FROM: only ARG may come before it");
	}
	if (!ret && !begun)
		ret = error_set(err, EINVAL, "%.80s: has no FROM: expected \"FROM NAME\" or "
				"\"FROM scratch\"", r->file->name);
	return ret;
}

int containerfile_parse(const char *data, size_t length, const char *name,
			struct containerfile *file, struct error *err)
{
	cleanup_free char *buffer = NULL;
	struct reading r = { .file = file, .at = data, .end = data + length };
	int ret;

	*file = (struct containerfile){ .name = name, .escape = '\\' };
	if (length > CONTAINERFILE_MAX)
		return error_set(err, EFBIG, "%.80s: %zu octets: more than %d are not read", name,
				 length, CONTAINERFILE_MAX);
	if (memchr(data, '\0', length))
		return error_set(err, EINVAL, "%.80s: has a NUL: expected text", name);
	/* A mark of some editors. */
	if (length >= 3 && !memcmp(data, "\xef\xbb\xbf", 3))
		r.at += 3;
	r.buffer = buffer = malloc(length + 1);
	ret = buffer ? read_all(&r, err) : error_set(err, ENOMEM, "%.80s: out of memory", name);
	if (ret)
		containerfile_free(file);
	return ret;
}

void containerfile_free(struct containerfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		for (size_t k = 0; k < file->at[i].flag_count; k++)
			free(file->at[i].flags[k]);
		free(file->at[i].text);
		json_object_put(file->at[i].list);
	}
	free(file->at);
	file->at = NULL;
	file->count = 0;
}
