// SPDX-License-Identifier: GPL-2.0
/* Words: quotes, escapes, variables. Dockerfile reference, "Environment replacement". */
#include "tap.h"
#include "build/words.h"

static struct error err;

#define HOLDS(cond) CHECK(cond, "%s: %s", #cond, err.text)

static const char *lookup(void *context, const char *name, size_t length)
{
	(void)context;
	return length == 3 && !memcmp(name, "SET", 3) ? "v" : length == 5 && !memcmp(name, "EMPTY", 5) ? "" : NULL;
}

/* What becomes of a word; NULL: an error. The last one is kept. */
static const char *expanded(const char *word)
{
	static char *out;

	free(out);
	out = NULL;
	return word_expand(word, '\\', lookup, NULL, &out, &err) ? NULL : out;
}

#define IS(word, expected) do {							\
		const char *got = expanded(word);				\
		CHECK(got && !strcmp(got, expected), "%s: %s", word, got ? got : err.text); \
	} while (0)

static void quotes_are_removed(void)
{
	IS("a\"b c\"d", "ab cd");
	IS("'a\"b'\"c'd\"", "a\"bc'd");
	IS("'$SET\\'", "$SET\\");
	IS("\"\\\"\\$\\\\\\x\"", "\"$\\\\x");
	IS("\\a\\$\\\"", "a$\"");
	IS("a\\", "a\\");
	HOLDS(!expanded("\"a") && !expanded("'a"));
}

static void variables_are_replaced(void)
{
	IS("$SET$EMPTY$NONE.", "v.");
	IS("${SET}X$SET_X", "vX");
	IS("\"$SET\"", "v");
	IS("$ $1 a$", "$ $1 a$");
	HOLDS(!expanded("${SET") && !expanded("${}") && !expanded("${SET!x}") && !expanded("${NONE:-x"));
}

static void modifiers_with_a_colon_take_empty_for_unset(void)
{
	IS("${SET:-w}|${EMPTY:-w}|${NONE:-w}", "v|w|w");
	IS("${SET-w}|${EMPTY-w}|${NONE-w}", "v||w");
	IS("${SET:+w}|${EMPTY:+w}|${NONE:+w}", "w||");
	IS("${SET+w}|${EMPTY+w}|${NONE+w}", "w|w|");
	IS("${SET:?w}${EMPTY?w}", "v");
	HOLDS(!expanded("${EMPTY:?say $SET}") && !strcmp(err.text, "EMPTY: say v"));
	HOLDS(!expanded("${NONE?}") && !strcmp(err.text, "NONE: is not set"));
	IS("${NONE:-${NONE:-\"a b\"}}", "a b");
}

static void depth_and_length_are_bounded(void)
{
	char text[WORD_MOST + 8];
	int depth;

	for (depth = 0; depth < 9; depth++)
		memcpy(text + 5 * depth, "${N:-", 5);
	memset(text + 45, '}', 9);
	text[54] = '\0';
	HOLDS(!expanded(text));
	memset(text, 'x', WORD_MOST + 1);
	text[WORD_MOST + 1] = '\0';
	HOLDS(!expanded(text));
	text[WORD_MOST] = '\0';
	HOLDS(expanded(text) && strlen(expanded(text)) == WORD_MOST);
}

static void words_are_split_outside_of_quotes(void)
{
	struct words words;

	CHECK_EQ(words_split_quoted(" a=\"b c\" d\\ e 'f  g'h\t", '\\', &words, &err), 0);
	CHECK_EQ(words.count, 3);
	HOLDS(!strcmp(words.at[0], "a=\"b c\"") && !strcmp(words.at[1], "d\\ e") &&
	      !strcmp(words.at[2], "'f  g'h"));
	words_free(&words);
	HOLDS(words_split_quoted("a 'b", '\\', &words, &err));
	CHECK_EQ(words_split_quoted("'\\' b", '\\', &words, &err), 0);
	CHECK_EQ(words.count, 2);
	words_free(&words);
	CHECK_EQ(words_split(" a  \"b c\" ", &words), 0);
	CHECK_EQ(words.count, 3);
	words_free(&words);
}

int main(void)
{
	RUN(quotes_are_removed);
	RUN(variables_are_replaced);
	RUN(modifiers_with_a_colon_take_empty_for_unset);
	RUN(depth_and_length_are_bounded);
	RUN(words_are_split_outside_of_quotes);
	return tap_done();
}
