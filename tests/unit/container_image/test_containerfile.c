// SPDX-License-Identifier: GPL-2.0
/* Containerfiles: lines, continuations, comments, flags, lists. */
#include "tap.h"
#include "build/containerfile.h"

static struct containerfile file;
static struct error err;

#define HOLDS(cond) CHECK(cond, "%s: %s", #cond, err.text)

static int parse(const char *text)
{
	containerfile_free(&file);
	return containerfile_parse(text, strlen(text), "f", &file, &err);
}

static bool says(const char *text, const char *why)
{
	return parse(text) && strstr(err.text, why);
}

static void lines_are_joined_and_comments_left_out(void)
{
	CHECK_EQ(parse("# c\n\nFROM a\n  RUN x \\\n# between\n\n  y \\  \n z\nCMD w"), 0);
	CHECK_EQ(file.count, 3);
	CHECK(!strcmp(file.at[1].text, "x   y  z"), "%s", file.at[1].text);
	CHECK_EQ(file.at[1].line, 4);
	CHECK_EQ(file.at[2].line, 9);
	CHECK_EQ(parse("FROM a\nRUN a\\\nb"), 0);
	HOLDS(!strcmp(file.at[1].text, "ab"));
	CHECK_EQ(parse("\xef\xbb\xbf" "FROM a\r\nRUN b\r\n"), 0);
	HOLDS(!strcmp(file.at[1].text, "b"));
}

static void a_directive_counts_only_at_the_top(void)
{
	CHECK_EQ(parse("# Escape = `\nFROM a\nRUN a`\nb\\\nCMD c"), 0);
	CHECK_EQ(file.escape, '`');
	HOLDS(!strcmp(file.at[1].text, "ab\\"));
	CHECK_EQ(parse("# a comment\n# escape=`\nFROM a"), 0);
	CHECK_EQ(file.escape, '\\');
	HOLDS(says("#escape=x\nFROM a", "f:1: escape: expected \\ or `"));
}

static void flags_come_before_words(void)
{
	CHECK_EQ(parse("FROM a\nCOPY --from=b  --chmod=755 c --d e"), 0);
	CHECK_EQ(file.at[1].flag_count, 2);
	HOLDS(!strcmp(statement_flag(&file.at[1], "from"), "b"));
	HOLDS(!strcmp(statement_flag(&file.at[1], "chmod"), "755"));
	HOLDS(!statement_flag(&file.at[1], "chown") && !statement_flag(&file.at[1], "fro"));
	HOLDS(!strcmp(file.at[1].text, "c --d e"));
	CHECK_EQ(parse("FROM a\nCMD -x y"), 0);
	HOLDS(!strcmp(file.at[1].text, "-x y"));
	HOLDS(says("FROM a\nCOPY --frim=b c d", "--frim=b: is no flag"));
	HOLDS(says("FROM a\nCOPY --from c d", "--from: expected --from=VALUE"));
	HOLDS(says("FROM a\nCOPY --from=a --from=b c d", "--from: is there twice"));
	HOLDS(says("FROM a\nENV --x=y A=1", "it has none"));
}

static void a_list_is_json_and_all_strings(void)
{
	CHECK_EQ(parse("FROM a\nCMD [\"b c\", \"d\"]\nCMD ['b']\nCMD [\"a\", 1]\nCMD [\"a\"] x\nCMD [\"a\\u0000\"]\nCMD [null]"), 0);
	HOLDS(file.at[1].list && json_object_array_length(file.at[1].list) == 2);
	for (int i = 2; i < 7; i++)
		HOLDS(!file.at[i].list);
}

static void from_comes_first_and_arg_before_it(void)
{
	CHECK_EQ(parse("ARG a\nfrom b As c"), 0);
	HOLDS(says("RUN a\nFROM b", "f:1: expected FROM"));
	HOLDS(says("ARG a", "has no FROM"));
	HOLDS(says("", "has no FROM"));
	HOLDS(says("FROM a b", "expected FROM NAME AS STAGE"));
	HOLDS(says("FROM a as", "expected FROM NAME AS STAGE"));
	HOLDS(says("FROM a ask b", "expected FROM NAME AS STAGE"));
}

static void words_are_counted(void)
{
	HOLDS(says("FROM a\nCOPY b", "expected COPY"));
	HOLDS(says("FROM a\nCOPY [\"b\"]", "expected COPY"));
	HOLDS(says("FROM a\nUSER b c", "expected USER"));
	HOLDS(says("FROM a\nRUN", "expected RUN"));
	HOLDS(says("FROM a\nCMD", "expected CMD"));
	CHECK_EQ(parse("FROM a\nCMD []"), 0);
	HOLDS(says("FROM a\nSHELL a b", "as JSON"));
	HOLDS(says("FROM a\nHEALTHCHECK CMD", "expected HEALTHCHECK"));
	HOLDS(says("FROM a\nHEALTHCHECK --interval=1s NONE", "expected HEALTHCHECK"));
	CHECK_EQ(parse("FROM a\nHEALTHCHECK none\nHEALTHCHECK cmd x"), 0);
}

static void here_documents_are_told_and_shifts_are_not(void)
{
	HOLDS(says("FROM a\nRUN cat <<EOF\nx\nEOF", "f:2: RUN: here-documents"));
	HOLDS(says("FROM a\nCOPY <<-\"E\" /x", "here-documents"));
	CHECK_EQ(parse("FROM a\nRUN echo $((1<<2)) <<< x 1 << 2 a<<B"), 0);
}

static void what_is_nearly_an_instruction_is_guessed(void)
{
	HOLDS(says("FROM a\nentrypiont x", "did you mean ENTRYPOINT?"));
	HOLDS(says("FROM a\nxyzzy x", "\"xyzzy\": expected an instruction"));
	HOLDS(!strstr(err.text, "did you mean"));
	HOLDS(says("FROM a\nONBUILD RUN x", "f:2: ONBUILD"));
}

int main(void)
{
	RUN(lines_are_joined_and_comments_left_out);
	RUN(a_directive_counts_only_at_the_top);
	RUN(flags_come_before_words);
	RUN(a_list_is_json_and_all_strings);
	RUN(from_comes_first_and_arg_before_it);
	RUN(words_are_counted);
	RUN(here_documents_are_told_and_shifts_are_not);
	RUN(what_is_nearly_an_instruction_is_guessed);
	containerfile_free(&file);
	return tap_done();
}
