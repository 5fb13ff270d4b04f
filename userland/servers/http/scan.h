/* SPDX-License-Identifier: GPL-2.0-only */
/* The inner loop of the request reader: where the next control character is. */
#ifndef VIRTLAB_HTTP_SCAN_H
#define VIRTLAB_HTTP_SCAN_H

#include "text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/**
 * http_scan_controls() - find an octet that no line may contain
 * @data: buffer
 * @at: offset to start from
 * @end: offset to stop at, none beyond is read
 *
 * That is CR, which ends a line, and all other controls but HTAB, which spoil it.
 *
 * Return: its offset, @end if there is none.
 */
static inline size_t http_scan_controls(const char *data, size_t at, size_t end)
{
#ifdef __SSE2__
	const __m128i last_control = _mm_set1_epi8(0x1f), tab = _mm_set1_epi8('\t'),
		      del = _mm_set1_epi8(0x7f);

	for (; at + 16 <= end; at += 16) {
		__m128i octets = _mm_loadu_si128((const __m128i *)(data + at));
		__m128i low = _mm_cmpeq_epi8(_mm_min_epu8(octets, last_control), octets);
		__m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(octets, tab), low),
					   _mm_cmpeq_epi8(octets, del));
		int found = _mm_movemask_epi8(bad);

		if (found)
			return at + __builtin_ctz(found);
	}
#endif
	while (at < end && http_is(data[at], HTTP_VALUE_CHAR))
		at++;
	return at;
}

#endif
