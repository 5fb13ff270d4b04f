// SPDX-License-Identifier: GPL-2.0-only
/* The form of each instruction: flags, words. Called by containerfile.c for each statement. */
#include "statement.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/**
 * struct form - what an instruction is to look like
 * @flags: it may have, separated by spaces
 * @least: words at least, outside of a list
 * @most: words at most; 0: any
 * @list: whether a JSON array may stand for the words
 * @expected: how to write it
 */
struct form {
	const char *flags;
	size_t least;
	size_t most;
	bool list;
	const char *expected;
};

static const struct form forms[INSTRUCTION_COUNT] = {
	[INSTRUCTION_ADD] = { "chown chmod", 2, 0, true, "ADD [--chown=USER] SOURCE... TARGET" },
	[INSTRUCTION_ARG] = { "", 1, 0, false, "ARG NAME[=VALUE]..." },
	[INSTRUCTION_CMD] = { "", 0, 0, true, "CMD [\"PROGRAM\", \"WORD\"...] or CMD COMMAND" },
	[INSTRUCTION_COPY] = { "from chown chmod link", 2, 0, true,
			       "COPY [--from=STAGE] SOURCE... TARGET" },
	[INSTRUCTION_ENTRYPOINT] = { "", 0, 0, true, "ENTRYPOINT [\"PROGRAM\", \"WORD\"...]" },
	[INSTRUCTION_ENV] = { "", 1, 0, false, "ENV NAME=VALUE..." },
	[INSTRUCTION_EXPOSE] = { "", 1, 0, false, "EXPOSE PORT[/PROTOCOL]..." },
	[INSTRUCTION_FROM] = { "platform", 1, 3, false, "FROM NAME [AS STAGE]" },
	[INSTRUCTION_HEALTHCHECK] = { "interval timeout start-period start-interval retries", 1, 0,
				      false, "HEALTHCHECK [--interval=30s] CMD COMMAND, or NONE" },
	[INSTRUCTION_LABEL] = { "", 1, 0, false, "LABEL NAME=VALUE..." },
	[INSTRUCTION_MAINTAINER] = { "", 1, 0, false, "MAINTAINER NAME" },
	[INSTRUCTION_RUN] = { "network", 1, 0, true, "RUN COMMAND or RUN [\"PROGRAM\", \"WORD\"...]" },
	[INSTRUCTION_SHELL] = { "", 1, 0, true, "SHELL [\"PROGRAM\", \"OPTION\"...]" },
	[INSTRUCTION_STOPSIGNAL] = { "", 1, 1, false, "STOPSIGNAL SIGNAL" },
	[INSTRUCTION_USER] = { "", 1, 1, false, "USER NAME[:GROUP]" },
	[INSTRUCTION_VOLUME] = { "", 1, 0, true, "VOLUME PATH..." },
	[INSTRUCTION_WORKDIR] = { "", 1, 0, false, "WORKDIR PATH" },
};

static bool is_listed(const char *list, const char *word, size_t length)
{
	while (*list) {
		size_t one = strcspn(list, " ");

		if (one == length && !memcmp(list, word, length))
			return true;
		list += one + (list[one] == ' ');
	}
	return false;
}

static int check_flags(const struct containerfile *file, const struct statement *s,
		       const struct form *form, struct error *err)
{
	for (size_t i = 0; i < s->flag_count; i++) {
		size_t length = strcspn(s->flags[i], "=");

		if (!is_listed(form->flags, s->flags[i], length))
			return statement_error(file, s, EINVAL, err, "--%.60s: is no flag of it here: "
					       "%s%s", s->flags[i],
					       form->flags[0] ? "there are: " : "it has none",
					       form->flags);
		if (s->flags[i][length] != '=' && strcmp(s->flags[i], "link") != 0)
			return statement_error(file, s, EINVAL, err, "--%.60s: expected --%.60s=VALUE",
					       s->flags[i], s->flags[i]);
		for (size_t k = 0; k < i; k++)
			if (!strncmp(s->flags[k], s->flags[i], length) &&
			    (!s->flags[k][length] || s->flags[k][length] == '='))
				return statement_error(file, s, EINVAL, err, "--%.*s: is there twice",
						       (int)length, s->flags[i]);
	}
	return 0;
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	while (*(text += strspn(text, " \t"))) {
		count++;
		text += strcspn(text, " \t");
	}
	return count;
}

/* "<<EOF" as a word, but not "<<<" nor "1<<2": the lines after it would be taken for others. */
static bool has_here_document(const char *text)
{
	for (const char *at = strstr(text, "<<"); at; at = strstr(at + 2, "<<")) {
		const char *word = at + 2 + (at[2] == '-');

		if (at > text && at[-1] != ' ' && at[-1] != '\t')
			continue;
		word += *word == '"' || *word == '\'';
		if ((*word >= 'A' && *word <= 'Z') || (*word >= 'a' && *word <= 'z') || *word == '_')
			return true;
	}
	return false;
}

static int check_from(const struct containerfile *file, const struct statement *s,
		      struct error *err)
{
	const char *second = s->text + strcspn(s->text, " \t");

	second += strspn(second, " \t");
	if (*second && (strncasecmp(second, "as", 2) != 0 || !strchr(" \t", second[2]) ||
			!second[2]))
		return statement_error(file, s, EINVAL, err, "\"%.60s\": expected FROM NAME AS STAGE",
				       second);
	return 0;
}

static int check_health(const struct containerfile *file, const struct statement *s,
			struct error *err)
{
	size_t length = strcspn(s->text, " \t");
	const char *rest = s->text + length + strspn(s->text + length, " \t");

	if (length == 4 && !strncasecmp(s->text, "NONE", 4) && !*rest && !s->flag_count)
		return 0;
	if (length == 3 && !strncasecmp(s->text, "CMD", 3) && *rest)
		return 0;
	return statement_error(file, s, EINVAL, err, "expected %s",
			       forms[INSTRUCTION_HEALTHCHECK].expected);
}

int statement_check(const struct containerfile *file, const struct statement *s,
		    struct error *err)
{
	const struct form *form = &forms[s->kind];
	bool list = s->list && form->list;
	size_t count = list ? json_object_array_length(s->list) : count_words(s->text);
	int ret = check_flags(file, s, form, err);

	if (ret)
		return ret;
	if (count < form->least || (form->most && count > form->most) ||
	    (!list && !count && !form->least))
		return statement_error(file, s, EINVAL, err, "expected %s", form->expected);
	if (s->kind == INSTRUCTION_SHELL && !list)
		return statement_error(file, s, EINVAL, err, "expected %s, as JSON", form->expected);
	if ((s->kind == INSTRUCTION_RUN || s->kind == INSTRUCTION_COPY ||
	     s->kind == INSTRUCTION_ADD) && !list && has_here_document(s->text))
		return statement_error(file, s, EINVAL, err, "here-documents are not read: join the "
				       "lines with && and %c, or COPY a file", file->escape);
	if (s->kind == INSTRUCTION_FROM)
		return check_from(file, s, err);
	return s->kind == INSTRUCTION_HEALTHCHECK ? check_health(file, s, err) : 0;
}
