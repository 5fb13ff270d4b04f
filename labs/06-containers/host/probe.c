// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of box that ask nothing of the kernel, with questions for them: a line of standard input each.
 * The answer has the line's number in front; labs/try and checks.py ask.
 *
 *	map BASE COUNT			the line for uid_map
 *	limit FILE MEMORY PIDS CPU WEIGHT	what is written to FILE; 0: not limited; "-" for nothing
 *	caps HEX			both words
 *	name TEXT			what it means in a layer
 *	options FOLDER LAYER...		the text for mount(2); "-" if there is no room
 *	rule NUMBER ARGUMENT MASK VALUE VERDICT	one more for the next filter (hex from MASK on)
 *	filter OTHERWISE		the program for all rules so far, in hex
 *	policy				the program of box's own policy
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "crash.h"

#define RULES_MOST 1024
#define WORDS_MOST 80

static struct filter_rule rules[RULES_MOST];
static size_t rules_count;

static void refuse(const char *line)
{
	fprintf(stderr, "probe: '%.60s'\n", line);
	exit(2);
}

/* A line's end is where the answer ends. */
static void say_line(const char *text)
{
	printf("%.*s\n", *text ? (int)strcspn(text, "\n") : 1, *text ? text : "-");
}

static void ask_map(char **words)
{
	char line[64] = "";

	spawn_map_line(line, sizeof(line), (struct ids){ (unsigned int)strtoul(words[1], NULL, 10),
							 (unsigned int)strtoul(words[2], NULL, 10) });
	say_line(line);
}

static void ask_limit(char **words)
{
	uint64_t values[4];
	char text[64] = "";

	for (int i = 0; i < 4; i++)
		values[i] = strtoull(words[2 + i], NULL, 10);
	limits_value(&(struct limits){ .memory = values[0] ? values[0] : UNLIMITED,
				       .pids = values[1] ? values[1] : UNLIMITED,
				       .cpu_percent = (unsigned int)values[2],
				       .weight = (unsigned int)values[3] }, words[1], text, sizeof(text));
	say_line(text);
}

static void ask_caps(char **words)
{
	uint32_t two[2] = {};

	caps_words(strtoull(words[1], NULL, 16), two);
	printf("%08x %08x\n", two[0], two[1]);
}

static void ask_name(char **words)
{
	static const char *const kinds[] = { "file", "whiteout", "opaque", "refused" };
	const char *hidden = NULL;
	unsigned int kind = layer_classify(words[1], &hidden);

	printf("%s%s%s\n", kind < 4 ? kinds[kind] : "?", hidden ? " " : "", hidden ? hidden : "");
}

static void ask_options(char **words)
{
	/* short, to see that it is not overrun */
	char *text = malloc(512);
	struct layers layers = {};

	if (!text)
		exit(2);
	for (char **word = words + 2; *word && layers.count < LAYERS_MOST; word++)
		layers.names[layers.count++] = *word;
	if (layers_options(&layers, words[1], text, 512))
		say_line(text);
	else
		say_line("");
	free(text);
}

static void ask_rule(char **words)
{
	if (rules_count == RULES_MOST)
		refuse("rule: too many");
	rules[rules_count++] = (struct filter_rule){
		.number = (uint32_t)strtoul(words[1], NULL, 10), .argument = atoi(words[2]),
		.mask = strtoull(words[3], NULL, 16), .value = strtoull(words[4], NULL, 16),
		.verdict = (uint32_t)strtoul(words[5], NULL, 16),
	};
}

static void print_program(const struct filter_policy *policy)
{
	const size_t most = FILTER_FRAME_MOST + policy->count * FILTER_RULE_MOST;
	struct sock_filter *code = calloc(most, sizeof(*code));
	size_t n;

	if (!code)
		exit(2);
	n = filter_build(policy, code);
	for (size_t i = 0; i < n * sizeof(*code) && n <= most; i++)
		printf("%02x", ((unsigned char *)code)[i]);
	printf("\n");
	free(code);
}

static void ask_filter(char **words)
{
	print_program(&(struct filter_policy){ rules, rules_count,
					       (uint32_t)strtoul(words[1], NULL, 16) });
	rules_count = 0;
}

static void ask_policy(char **words)
{
	(void)words;
	print_program(&filter_default);
}

static const struct {
	const char *name;
	int words;
	bool answers;
	void (*ask)(char **words);
} questions[] = {
	{ "map", 3, true, ask_map }, { "limit", 6, true, ask_limit }, { "caps", 2, true, ask_caps },
	{ "name", 2, true, ask_name }, { "options", 3, true, ask_options },
	{ "rule", 6, false, ask_rule }, { "filter", 2, true, ask_filter }, { "policy", 1, true, ask_policy },
};

static void ask(char *line, unsigned int number)
{
	char *words[WORDS_MOST + 1] = {}, *whole = strdup(line);
	int count = 0;

	for (char *word = strtok(line, " \n"); word && count < WORDS_MOST; word = strtok(NULL, " \n"))
		words[count++] = word;
	if (!count) {
		free(whole);
		return;
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (strcmp(words[0], questions[i].name) || count < questions[i].words)
			continue;
		if (questions[i].answers)
			printf("%u ", number);
		questions[i].ask(words);
		fflush(stdout);
		free(whole);
		return;
	}
	refuse(whole);
}

int main(void)
{
	static char line[8192];
	unsigned int number = 0;

	report_crashes();
	while (fgets(line, sizeof(line), stdin))
		ask(line, ++number);
	return 0;
}
