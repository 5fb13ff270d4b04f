/* SPDX-License-Identifier: GPL-2.0-only */
/* Entity tags (RFC 9110 8.8.3) and conditional requests (13). */
#ifndef VIRTLAB_HTTP_CONDITIONAL_H
#define VIRTLAB_HTTP_CONDITIONAL_H

#include "request.h"

/**
 * struct http_representation - what there is to send, as far as conditions ask
 * @exists: there is one; if not, the rest counts for nothing
 * @etag: with its quotes, and W/ if it is weak; length 0 if there is none
 * @has_modified: there is a Last-Modified date
 * @modified: it, seconds since 1970
 * @modified_strong: it did surely not change twice in that second (8.8.2.2), so that ranges of
 *	it may be put together
 */
struct http_representation {
	bool exists;
	struct http_text etag;
	bool has_modified;
	int64_t modified;
	bool modified_strong;
};

/* What conditions make of a request that would succeed without them. */
enum http_verdict {
	HTTP_PERFORM,		/* go on, and with ranges if there are any */
	HTTP_PERFORM_WHOLE,	/* go on, but ignore Range: If-Range says so */
	HTTP_NOT_MODIFIED,	/* 304 */
	HTTP_PRECONDITION_FAILED, /* 412 */
};

/**
 * http_etag_strong_equal() - strong comparison, RFC 9110 8.8.3.2
 * @a: an entity tag
 * @b: another
 *
 * Return: true if neither is weak and they are the same.
 */
bool http_etag_strong_equal(struct http_text a, struct http_text b);

/**
 * http_etag_weak_equal() - weak comparison, RFC 9110 8.8.3.2
 * @a: an entity tag
 * @b: another
 *
 * Return: true if what is quoted is the same.
 */
bool http_etag_weak_equal(struct http_text a, struct http_text b);

/**
 * http_etag_next() - the next entity tag of a list
 * @list: what is left of it; moved on
 * @tag: set to the tag
 *
 * Return: false at the end of the list, and at the first thing in it that is no tag: then
 * @list is not empty.
 */
bool http_etag_next(struct http_text *list, struct http_text *tag);

/**
 * http_conditional() - evaluate the preconditions of a request in the order of RFC 9110 13.2.2
 * @r: after HTTP_DONE
 * @head: its buffer
 * @now: seconds since 1970, for dates with short years
 * @rep: the current representation of the target
 *
 * To be asked only if the answer would be 2xx or 412 otherwise (13.2.1). A date that is none,
 * or comes twice, is ignored (13.1.3, 13.1.4), a list of tags ends at what is no tag.
 * CONNECT, OPTIONS and TRACE have no preconditions (13.2.1).
 */
enum http_verdict http_conditional(const struct http_request *r, const char *head, int64_t now,
				   const struct http_representation *rep);

#endif
