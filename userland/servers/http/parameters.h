/* SPDX-License-Identifier: GPL-2.0-only */
/* Small things that clients say by name: query parameters and cookies. */
#ifndef VIRTLAB_HTTP_PARAMETERS_H
#define VIRTLAB_HTTP_PARAMETERS_H

#include "text.h"

/**
 * struct http_parameter - a name and what it is set to
 * @name: as it came, nothing decoded
 * @value: likewise
 */
struct http_parameter {
	struct http_text name;
	struct http_text value;
};

/**
 * http_query_next() - the next parameter of a query, or of an urlencoded form
 * @query: what is left of it, for example "us=100&x"; moved on
 * @parameter: set to it; without "=" its value is empty
 *
 * Return: false at the end. Empty ones ("&&") are skipped.
 */
bool http_query_next(struct http_text *query, struct http_parameter *parameter);

enum http_found { HTTP_ABSENT, HTTP_FOUND, HTTP_MALFORMED };

/**
 * http_query_number() - a number that a query gives, such as us in /work?us=100
 * @query: all of it
 * @name: of the parameter
 * @most: largest that is taken, from 0 on
 * @value: set if it is found
 *
 * Return: HTTP_MALFORMED if it is no number, larger than @most, or there more than once.
 */
enum http_found http_query_number(struct http_text query, struct http_text name, uint64_t most,
				  uint64_t *value);

/**
 * http_cookie_next() - the next cookie of a Cookie field (RFC 6265 4.2.1)
 * @cookies: what is left of its value; moved on
 * @parameter: set to it; quotes around the value are not part of it
 *
 * What is no cookie is skipped: others on the same host may have set anything (5.4).
 *
 * Return: false at the end.
 */
bool http_cookie_next(struct http_text *cookies, struct http_parameter *parameter);

/**
 * http_cookie() - a cookie by name
 * @cookies: value of the Cookie field
 * @name: its case counts
 * @value: set if it is found
 *
 * Return: HTTP_MALFORMED if there are two of different value: whoever planted the other one
 * does not get to choose which counts (RFC 6265 8.6).
 */
enum http_found http_cookie(struct http_text cookies, struct http_text name,
			    struct http_text *value);

#endif
