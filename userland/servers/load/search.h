/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking for a text in a stream that comes in pieces (Knuth, Morris and Pratt): nothing of
 * the stream is kept, only how much of the text has matched so far.
 */
#ifndef LOAD_SEARCH_H
#define LOAD_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#define SEARCH_MAX 1024

/**
 * struct search - a text to look for
 * @length: of it
 * @fallback: after so many letters that match and one that does not, this many still match
 */
struct search {
	const char *text;
	size_t length;
	uint16_t fallback[SEARCH_MAX + 1];
};

void search_begin(struct search *s, const char *text);
size_t search_feed(const struct search *s, size_t matched, const char *data, size_t size);

#endif
