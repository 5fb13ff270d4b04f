// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of octets, see range.h. */
#include "range.h"

#include <string.h>

/* What one range-spec of the set is. */
enum spec { MALFORMED, SATISFIABLE, BEYOND };

/* "first-last", "first-" or "-suffix"; numbers that do not fit are as large as can be. */
static enum spec take_spec(struct http_text spec, uint64_t length, struct http_range *range)
{
	size_t digits = http_span(spec, HTTP_DIGIT);
	struct http_text first = { spec.at, digits }, last;
	uint64_t suffix;

	if (digits == spec.length || spec.at[digits] != '-')
		return MALFORMED;
	last = http_text_from(spec, digits + 1);
	if (!first.length) {
		if (!http_read_number(last, &suffix))
			return MALFORMED;
		if (!suffix)
			return BEYOND;
		*range = (struct http_range){ suffix < length ? length - suffix : 0, length - 1 };
		return SATISFIABLE;
	}
	range->last = UINT64_MAX;
	if (!http_read_number(first, &range->first) ||
	    (last.length && !http_read_number(last, &range->last)) || range->last < range->first)
		return MALFORMED;
	if (range->first >= length)
		return BEYOND;
	if (range->last >= length)
		range->last = length - 1;
	return SATISFIABLE;
}

static bool near(const struct http_range *a, const struct http_range *b)
{
	/* Positions are below a file's length, so the sums do not overflow. */
	return a->first <= b->last + 1 + HTTP_RANGE_GAP && b->first <= a->last + 1 + HTTP_RANGE_GAP;
}

/* Merge what is near each other, until nothing is: a merged range may reach a third one. */
static unsigned int coalesce(struct http_range *ranges, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		for (unsigned int j = i + 1; j < count; j++) {
			if (!near(&ranges[i], &ranges[j]))
				continue;
			if (ranges[j].first < ranges[i].first)
				ranges[i].first = ranges[j].first;
			if (ranges[j].last > ranges[i].last)
				ranges[i].last = ranges[j].last;
			count--;
			memmove(&ranges[j], &ranges[j + 1], (count - j) * sizeof(*ranges));
			j = i;
		}
	}
	return count;
}

enum http_range_verdict http_range_read(struct http_text value, uint64_t length,
					struct http_range ranges[HTTP_RANGES_MOST],
					unsigned int *count)
{
	const char *equals = value.length ? memchr(value.at, '=', value.length) : NULL;
	struct http_text unit, set, spec;
	unsigned int specs = 0;

	*count = 0;
	if (!equals)
		return HTTP_RANGE_NONE;
	unit = (struct http_text){ value.at, equals - value.at };
	set = http_text_from(value, unit.length + 1);
	if (!http_token_equal(unit, HTTP_TEXT("bytes")))
		return HTTP_RANGE_NONE;
	while (http_list_next(&set, &spec)) {
		struct http_range range;
		enum spec what = take_spec(spec, length, &range);

		if (what == MALFORMED || ++specs > HTTP_RANGES_MOST)
			return HTTP_RANGE_NONE;
		if (what == SATISFIABLE && !length)
			return HTTP_RANGE_NONE;
		if (what == SATISFIABLE)
			ranges[(*count)++] = range;
	}
	if (!specs)
		return HTTP_RANGE_NONE;
	if (!*count)
		return HTTP_RANGE_UNSATISFIABLE;
	*count = coalesce(ranges, *count);
	return HTTP_RANGE_PARTIAL;
}
