// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for what a build reads. The first octet says what the rest is: 'f' a Containerfile;
 * 'w' a word to expand; 'p' a pattern, a newline, a path; 'i' an ignore file, then, after a NUL, a
 * path.
 */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "containerfile.h"
#include "pattern.h"
#include "words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const char *lookup(void *context, const char *name, size_t length)
{
	(void)context;
	/* Set, empty, not set. */
	return length == 1 && *name == 'A' ? "a value" : length == 1 && *name == 'E' ? "" : NULL;
}

static void fuzz_file(const char *text, size_t size)
{
	struct containerfile file;
	struct error err = { "" };
	bool begun = false;

	if (containerfile_parse(text, size, "f", &file, &err)) {
		must(err.text[0] == 'f' && err.text[1] == ':');
		return;
	}
	for (size_t i = 0; i < file.count; i++) {
		const struct statement *s = &file.at[i];
		struct words words;

		must(s->kind < INSTRUCTION_COUNT && s->text && instruction_name(s->kind));
		must(!i || file.at[i - 1].line < s->line);
		begun = begun || s->kind == INSTRUCTION_FROM;
		must(begun || s->kind == INSTRUCTION_ARG);
		if (!words_split_quoted(s->text, file.escape, &words, &err)) {
			for (size_t k = 0; k < words.count; k++)
				must(words.at[k][0]);
			words_free(&words);
		}
	}
	must(begun);
	containerfile_free(&file);
}

static void fuzz_word(const char *word)
{
	struct error err;
	char *out = NULL;

	if (!word_expand(word, '\\', lookup, NULL, &out, &err)) {
		must(out && strlen(out) <= WORD_MOST);
		/* What has nothing to replace stays as it is. */
		if (!strpbrk(word, "\\$'\""))
			must(!strcmp(word, out));
		free(out);
	}
}

static void fuzz_pattern(char *text)
{
	char *path = strchr(text, '\n');
	struct error err;

	if (!path)
		return;
	*path++ = '\0';
	if (pattern_check(text, &err))
		must(!pattern_match(text, path));
	else if (pattern_is_plain(text) && strlen(path) < PATH_MAX)
		must(pattern_match(text, path) == !strcmp(text, path));
	if (strlen(path) < PATH_MAX)
		must(pattern_match("**", path));
}

static void fuzz_ignore(const char *data, size_t size)
{
	const char *nul = memchr(data, '\0', size);
	size_t length = nul ? (size_t)(nul - data) : size;
	struct ignore ignore;
	struct error err;

	if (ignore_parse(data, length, "i", &ignore, &err))
		return;
	for (size_t i = 0; i < ignore.count; i++)
		must(ignore.rules[i][0] && ignore.rules[i][0] != '/');
	must(!ignore.exceptions || ignore.count);
	if (nul) {
		char *path = strndup(nul + 1, size - length - 1);

		if (!ignore.count)
			must(!ignore_has(&ignore, path));
		ignore_has(&ignore, path);
		free(path);
	}
	ignore_free(&ignore);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact, *text;

	if (!size)
		return 0;
	/* One of its own size, so that ASan sees a read beyond it, and one with a NUL. */
	exact = malloc(size);
	text = strndup((const char *)data + 1, size - 1);
	must(exact && text);
	memmove(exact, data + 1, size - 1);
	exact = realloc(exact, size > 1 ? size - 1 : 1);
	if (data[0] == 'f')
		fuzz_file(exact, size - 1);
	else if (data[0] == 'w')
		fuzz_word(text);
	else if (data[0] == 'p')
		fuzz_pattern(text);
	else if (data[0] == 'i')
		fuzz_ignore(exact, size - 1);
	free(exact);
	free(text);
	return 0;
}
