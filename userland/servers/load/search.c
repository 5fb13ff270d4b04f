// SPDX-License-Identifier: GPL-2.0-only
/* Knuth, Morris and Pratt, see search.h. */
#include "search.h"

#include <string.h>

/* @text is kept, not copied; it has 1 to SEARCH_MAX letters. */
void search_begin(struct search *s, const char *text)
{
	size_t k = 0;

	s->text = text;
	s->length = strlen(text);
	s->fallback[0] = 0;
	s->fallback[1] = 0;
	for (size_t i = 1; i < s->length; i++) {
		while (k && text[i] != text[k])
			k = s->fallback[k];
		k += text[i] == text[k];
		s->fallback[i + 1] = (uint16_t)k;
	}
}

/* @matched: what the call before returned, first 0. The text was found if it is @s->length. */
size_t search_feed(const struct search *s, size_t matched, const char *data, size_t size)
{
	for (size_t i = 0; i < size && matched < s->length; i++) {
		while (matched && data[i] != s->text[matched])
			matched = s->fallback[matched];
		matched += data[i] == s->text[matched];
	}
	return matched;
}
