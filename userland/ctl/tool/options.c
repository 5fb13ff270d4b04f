// SPDX-License-Identifier: GPL-2.0-only
/* Reading options one by one, with an error that helps. Called by every verb that has any. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

#define WORD_MAX 32

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * How many letters have to be changed, added, dropped, or swapped with their neighbour (optimal
 * string alignment); both words have at most WORD_MAX.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], na = strlen(a), nb = strlen(b);
	size_t *last = rows[0], *row = rows[1], *before = rows[2];

	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = smallest(last[j] + 1, row[j - 1] + 1,
					  last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

/*
 * The one of @words that @word was probably meant to be, or NULL if it is like none: at
 * most two letters and less than half of it may be wrong.
 */
const char *nearest(const char *word, const char *const *words, size_t count)
{
	size_t least = 3, wrong;
	const char *best = NULL;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) > WORD_MAX)
			continue;
		wrong = distance(word, words[i]);
		if (wrong < least && 2 * wrong < strlen(word)) {
			least = wrong;
			best = words[i];
		}
	}
	return best;
}

static int unknown(const char *verb, const char *given, const struct option *options,
		   struct error *err)
{
	const char *names[32], *meant;
	char word[WORD_MAX + 1];
	size_t count = 0;

	while (options[count].name && count < 32) {
		names[count] = options[count].name;
		count++;
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given + 2, "="), given + 2);
	meant = nearest(word, names, count);
	if (meant)
		return error_set(err, EUSAGE, "%s: --%s: no such option: did you mean --%s?", verb,
				 word, meant);
	return error_set(err, EUSAGE, "%s: --%s: no such option: see %s --help", verb, word,
			 program_invocation_short_name);
}

/*
 * The next option of argv[0], as getopt_long() would give it. Returns 1, or 0 when there
 * are no more (optind is at the first of the words), or a negative error.
 */
int next_option(int argc, char **argv, const char *letters, const struct option *options,
		int *option, struct error *err)
{
	char with_colon[16];
	const char *given;

	snprintf(with_colon, sizeof(with_colon), ":%s", letters);
	opterr = 0;
	*option = getopt_long(argc, argv, with_colon, options, NULL);
	if (*option == -1)
		return 0;
	given = argv[optind - 1];
	if (*option == ':')
		return error_set(err, EUSAGE, "%s: %s: its value is missing", argv[0], given);
	if (*option != '?')
		return 1;
	if (strncmp(given, "--", 2) != 0)
		return error_set(err, EUSAGE, "%s: -%c: no such option: see %s --help", argv[0],
				 optopt, program_invocation_short_name);
	if (optopt)
		return error_set(err, EUSAGE, "%s: %.*s: takes no value", argv[0],
				 (int)strcspn(given, "="), given);
	return unknown(argv[0], given, options, err);
}
