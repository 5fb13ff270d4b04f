// SPDX-License-Identifier: GPL-2.0-only
/* Preconditions, each a question that is answered true or false, see conditional.h. */
#include "conditional.h"

#include <string.h>

#include "date.h"

static bool is_weak(struct http_text tag)
{
	return tag.length && tag.at[0] == 'W';
}

static struct http_text opaque(struct http_text tag)
{
	return is_weak(tag) ? http_text_from(tag, 2) : tag;
}

bool http_etag_strong_equal(struct http_text a, struct http_text b)
{
	return a.length && !is_weak(a) && http_text_equal(a, b);
}

bool http_etag_weak_equal(struct http_text a, struct http_text b)
{
	return a.length && b.length && http_text_equal(opaque(a), opaque(b));
}

/* Octets of the entity tag that @text starts with, 0 if it starts with none. */
static size_t etag_length(struct http_text text)
{
	size_t n = text.length > 1 && text.at[0] == 'W' && text.at[1] == '/' ? 2 : 0;

	if (n == text.length || text.at[n] != '"')
		return 0;
	n += 1 + http_span(http_text_from(text, n + 1), HTTP_ETAGC);
	return n < text.length && text.at[n] == '"' ? n + 1 : 0;
}

/* A tag may have a comma in it, so this is no http_list_next(). */
bool http_etag_next(struct http_text *list, struct http_text *tag)
{
	struct http_text rest = http_text_trim(*list);
	size_t length;

	while (rest.length && rest.at[0] == ',')
		rest = http_text_trim(http_text_from(rest, 1));
	*list = rest;
	length = etag_length(rest);
	if (!length)
		return false;
	*tag = (struct http_text){ rest.at, length };
	rest = http_text_trim(http_text_from(rest, length));
	if (rest.length && rest.at[0] != ',')
		return false;
	*list = rest;
	return true;
}

typedef bool (*etag_compare)(struct http_text a, struct http_text b);

/* Whether a list of tags, or "*", names what there is. */
static bool any_matches(const struct http_request *r, const char *head, enum http_field_id id,
			etag_compare equal, const struct http_representation *rep)
{
	const struct http_field *field;

	if (!rep->exists)
		return false;
	for (field = http_request_field(r, id); field; field = http_request_next(r, field)) {
		struct http_text list = http_text_of(head, field->value), tag;

		if (http_text_equal(list, HTTP_TEXT("*")))
			return true;
		while (http_etag_next(&list, &tag))
			if (equal(tag, rep->etag))
				return true;
	}
	return false;
}

/* The date of a field, if it has one that counts. */
static bool date_of(const struct http_request *r, const char *head, enum http_field_id id,
		    int64_t now, int64_t *time)
{
	struct http_text value;

	return http_request_single(r, head, id, &value) && http_date_read(value, now, time);
}

/* RFC 9110 13.1.5: a tag, or a date that must be the very same. */
static bool if_range_holds(const struct http_request *r, const char *head, int64_t now,
			   const struct http_representation *rep)
{
	struct http_text value;
	int64_t time;

	if (!http_request_single(r, head, HTTP_FIELD_IF_RANGE, &value))
		return false;
	if (etag_length(value) == value.length)
		return http_etag_strong_equal(value, rep->etag);
	return rep->has_modified && rep->modified_strong && http_date_read(value, now, &time) &&
	       time == rep->modified;
}

/* Steps 1 and 2: nobody has changed what the client has in mind. */
static bool may_touch(const struct http_request *r, const char *head, int64_t now,
		      const struct http_representation *rep)
{
	int64_t time;

	if (r->first[HTTP_FIELD_IF_MATCH])
		return any_matches(r, head, HTTP_FIELD_IF_MATCH, http_etag_strong_equal, rep);
	if (rep->exists && rep->has_modified &&
	    date_of(r, head, HTTP_FIELD_IF_UNMODIFIED_SINCE, now, &time))
		return rep->modified <= time;
	return true;
}

/* Steps 3 and 4: the client does not have it already. */
static bool is_news(const struct http_request *r, const char *head, int64_t now, bool reads,
		    const struct http_representation *rep)
{
	int64_t time;

	if (r->first[HTTP_FIELD_IF_NONE_MATCH])
		return !any_matches(r, head, HTTP_FIELD_IF_NONE_MATCH, http_etag_weak_equal, rep);
	if (reads && rep->exists && rep->has_modified &&
	    date_of(r, head, HTTP_FIELD_IF_MODIFIED_SINCE, now, &time))
		return rep->modified > time;
	return true;
}

enum http_verdict http_conditional(const struct http_request *r, const char *head, int64_t now,
				   const struct http_representation *rep)
{
	bool reads = r->method == HTTP_GET || r->method == HTTP_HEAD;

	if (r->method == HTTP_CONNECT || r->method == HTTP_OPTIONS || r->method == HTTP_TRACE)
		return HTTP_PERFORM;
	if (!may_touch(r, head, now, rep))
		return HTTP_PRECONDITION_FAILED;
	if (!is_news(r, head, now, reads, rep))
		return reads ? HTTP_NOT_MODIFIED : HTTP_PRECONDITION_FAILED;
	if (r->method == HTTP_GET && r->first[HTTP_FIELD_RANGE] && r->first[HTTP_FIELD_IF_RANGE] &&
	    !if_range_holds(r, head, now, rep))
		return HTTP_PERFORM_WHOLE;
	return HTTP_PERFORM;
}
