// SPDX-License-Identifier: GPL-2.0-only
/* Classes of octets and small things one does with text, see text.h. */
#include "text.h"

#include <string.h>

#define IN(c, from, to) ((c) >= (from) && (c) <= (to))
#define ALPHA(c) (IN(c, 'a', 'z') || IN(c, 'A', 'Z'))
#define DIGIT(c) IN(c, '0', '9')
#define VCHAR(c) IN(c, 0x21, 0x7e)
#define ONE_OF6(c, t, u, v, w, x, y) \
	((c) == (t) || (c) == (u) || (c) == (v) || (c) == (w) || (c) == (x) || (c) == (y))

#define TCHAR(c)                                                                          \
	(ALPHA(c) || DIGIT(c) || ONE_OF6(c, '!', '#', '$', '%', '&', '\'') ||             \
	 ONE_OF6(c, '*', '+', '-', '.', '^', '_') || (c) == '`' || (c) == '|' || (c) == '~')
#define HEXDIG(c) (DIGIT(c) || IN(c, 'a', 'f') || IN(c, 'A', 'F'))
#define TARGET(c) (VCHAR(c) && !ONE_OF6(c, '"', '#', '<', '>', '\\', '\\'))
#define HOST_CHAR(c)                                                                      \
	(ALPHA(c) || DIGIT(c) || ONE_OF6(c, '-', '.', '_', '~', '!', '$') ||              \
	 ONE_OF6(c, '&', '\'', '(', ')', '*', '+') || (c) == ',' || (c) == ';' || (c) == '=')
#define VALUE_CHAR(c) (VCHAR(c) || (c) == ' ' || (c) == '\t' || (c) >= 0x80)
#define ETAGC(c) ((VCHAR(c) && (c) != '"') || (c) >= 0x80)
#define COOKIE_OCTET(c) (VCHAR(c) && !ONE_OF6(c, '"', ',', ';', '\\', ';', ';'))

#define CLASS(c)                                                                          \
	((TCHAR(c) ? HTTP_TCHAR : 0) | (DIGIT(c) ? HTTP_DIGIT : 0) |                      \
	 (HEXDIG(c) ? HTTP_HEXDIG : 0) | (TARGET(c) ? HTTP_TARGET : 0) |                  \
	 (HOST_CHAR(c) ? HTTP_HOST_CHAR : 0) | (VALUE_CHAR(c) ? HTTP_VALUE_CHAR : 0) |    \
	 (ETAGC(c) ? HTTP_ETAGC : 0) | (COOKIE_OCTET(c) ? HTTP_COOKIE_OCTET : 0))
#define CLASS4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define CLASS16(c) CLASS4(c), CLASS4((c) + 4), CLASS4((c) + 8), CLASS4((c) + 12)
#define CLASS64(c) CLASS16(c), CLASS16((c) + 16), CLASS16((c) + 32), CLASS16((c) + 48)

const uint8_t http_class[256] = { CLASS64(0), CLASS64(64), CLASS64(128), CLASS64(192) };

bool http_token_equal(struct http_text a, struct http_text lower)
{
	if (a.length != lower.length)
		return false;
	for (size_t i = 0; i < a.length; i++) {
		char c = a.at[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != lower.at[i])
			return false;
	}
	return true;
}

bool http_list_next(struct http_text *list, struct http_text *element)
{
	while (list->length) {
		const char *comma = memchr(list->at, ',', list->length);
		size_t length = comma ? (size_t)(comma - list->at) : list->length;

		*element = http_text_trim((struct http_text){ list->at, length });
		*list = http_text_from(*list, comma ? length + 1 : length);
		if (element->length)
			return true;
	}
	return false;
}

bool http_read_number(struct http_text text, uint64_t *value)
{
	uint64_t n = 0;

	if (!text.length || http_span(text, HTTP_DIGIT) != text.length)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		unsigned int digit = text.at[i] - '0';

		if (n > (UINT64_MAX - digit) / 10) {
			n = UINT64_MAX;
			break;
		}
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}
