// SPDX-License-Identifier: GPL-2.0-only
/* Query parameters and cookies, see parameters.h. */
#include "parameters.h"

#include <string.h>

/* Cut @text at the first @separator: what is before it is returned, what follows is left. */
static struct http_text cut(struct http_text *text, char separator)
{
	const char *found = text->length ? memchr(text->at, separator, text->length) : NULL;
	struct http_text before = { text->at, found ? (size_t)(found - text->at) : text->length };

	*text = http_text_from(*text, found ? before.length + 1 : before.length);
	return before;
}

bool http_query_next(struct http_text *query, struct http_parameter *parameter)
{
	while (query->length) {
		struct http_text rest = cut(query, '&');

		if (!rest.length)
			continue;
		parameter->name = cut(&rest, '=');
		parameter->value = rest;
		return true;
	}
	return false;
}

enum http_found http_query_number(struct http_text query, struct http_text name, uint64_t most,
				  uint64_t *value)
{
	enum http_found found = HTTP_ABSENT;
	struct http_parameter parameter;
	uint64_t n;

	while (http_query_next(&query, &parameter)) {
		if (!http_text_equal(parameter.name, name))
			continue;
		if (found == HTTP_FOUND || !http_read_number(parameter.value, &n) || n > most)
			return HTTP_MALFORMED;
		found = HTTP_FOUND;
		*value = n;
	}
	return found;
}

/* cookie-value: cookie-octets, perhaps in quotes. */
static bool is_cookie_value(struct http_text *value)
{
	size_t length = value->length;

	if (length >= 2 && value->at[0] == '"' && value->at[length - 1] == '"')
		*value = (struct http_text){ value->at + 1, length - 2 };
	return http_span(*value, HTTP_COOKIE_OCTET) == value->length;
}

bool http_cookie_next(struct http_text *cookies, struct http_parameter *parameter)
{
	while (cookies->length) {
		struct http_text pair = http_text_trim(cut(cookies, ';'));
		struct http_text name = { pair.at, http_span(pair, HTTP_TCHAR) };

		if (!name.length || name.length == pair.length || pair.at[name.length] != '=')
			continue;
		parameter->name = name;
		parameter->value = http_text_from(pair, name.length + 1);
		if (is_cookie_value(&parameter->value))
			return true;
	}
	return false;
}

enum http_found http_cookie(struct http_text cookies, struct http_text name,
			    struct http_text *value)
{
	struct http_parameter parameter;
	bool found = false;

	while (http_cookie_next(&cookies, &parameter)) {
		if (!http_text_equal(parameter.name, name))
			continue;
		if (found && !http_text_equal(parameter.value, *value))
			return HTTP_MALFORMED;
		found = true;
		*value = parameter.value;
	}
	return found ? HTTP_FOUND : HTTP_ABSENT;
}
