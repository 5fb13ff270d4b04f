// SPDX-License-Identifier: GPL-2.0
/* .env and the files of env_file: what their lines mean, and where one is wrong. */
#include "file.h"
#include "tap.h"

static struct arena arena;
static struct error err;
static struct words words;

static const char *variable(const char *name)
{
	return !strcmp(name, "SET") ? "value" : NULL;
}

static int reads(const char *text)
{
	arena_free(&arena);
	err.text[0] = '\0';
	return compose_read_env(&arena, "f", text, strlen(text), variable, &words, &err);
}

static bool is(const char *joined)
{
	char text[400] = "";

	for (size_t i = 0; i < words.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "|" : "",
			 words.at[i]);
	if (strcmp(text, joined))
		printf("# %s\n", text);
	return !strcmp(text, joined);
}

static const struct {
	const char *text;
	const char *is;
} right[] = {
	{ "", "" },
	{ "\n# A=1\n  # B=2\n", "" },
	{ "A=1\nB = 2 \r\nexport C=3", "A=1|B=2|C=3" },
	{ "A=\nB=''\nC=\"\"", "A=|B=|C=" },
	{ "A=x # comment\nB=x#none\nC=#\n", "A=x|B=x#none|C=" },
	{ "A='x # $SET ${' # comment\nB=\"x # y\"", "A=x # $SET ${|B=x # y" },
	{ "A=\"two\\nlines\\t\\\"\\\\\"\nB='one\ntwo'\nC=3", "A=two\nlines\t\"\\|B=one\ntwo|C=3" },
	{ "A=$SET-${SET}-${NOT:-else}\nB=\"${SET}\\$SET\"\nC=$$x", "A=value-value-else|B=value$SET|C=$x" },
	{ "A=1\nB=${A}2\nA=3\nC=$A", "A=1|B=12|A=3|C=3" },
	{ "SET=mine\nB=$SET", "SET=mine|B=value" },
	{ "SET\nNOT\n", "SET=value|NOT" },
	{ "export=1\nexported=2\nA.b-c=3", "export=1|exported=2|A.b-c=3" },
	{ "A=a=b", "A=a=b" },
	{ "A='a\\nb'", "A=a\\nb" },
};

static void lines_mean(void)
{
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		CHECK(!reads(right[i].text), "%s: %s", right[i].text, err.text);
		CHECK(is(right[i].is), "%s", right[i].text);
	}
}

static const struct {
	const char *text;
	const char *says;
} wrong[] = {
	{ "A=1\n=2\n", "f:2:1: expected NAME=VALUE: it is \"=2\"" },
	{ "  1A=2", "f:1:3: expected NAME=VALUE: it is \"1A=2\"" },
	{ "A=1\n\nB='x\n", "f:3:3: B: a ' is not closed" },
	{ "A=\"x\\\"", "f:1:3: A: a \" is not closed" },
	{ "A='x' y", "f:1:7: A: expected the end of the line: there is \"y\"" },
	{ "A b", "f:1:3: expected the end of the line: there is \"b\"" },
	{ "A='\n'\nB=${NOT:?say which}", "f:3:3: B: ${NOT}: is not set: say which" },
	{ "A=a$", "f:1:3: A: a lone $" },
};

static void what_is_wrong_is_told_with_its_place(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK_EQ(reads(wrong[i].text), -22);
		CHECK(!strncmp(err.text, wrong[i].says, strlen(wrong[i].says)), "%s\n# gives %s",
		      wrong[i].text, err.text);
	}
	CHECK_EQ(compose_read_env(&arena, "f", "A=1\0B", 5, variable, &words, &err), -22);
	CHECK(strstr(err.text, "f: has a NUL in it"), "%s", err.text);
}

int main(void)
{
	RUN(lines_mean);
	RUN(what_is_wrong_is_told_with_its_place);
	arena_free(&arena);
	return tap_done();
}
