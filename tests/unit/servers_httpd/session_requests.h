/* SPDX-License-Identifier: GPL-2.0 */
/* Changes to a session, in one line each. */
#ifndef SESSION_REQUESTS_H
#define SESSION_REQUESTS_H

#include "session.h"

static inline struct http_text text(const char *s)
{
	return (struct http_text){ s, strlen(s) };
}

static inline struct session_change put_change(const char *key, const char *value)
{
	return (struct session_change){
		.verb = SESSION_PUT, .key = text(key), .value = text(value), .most = SESSION_MOST,
	};
}

static inline struct session_change add_change(const char *key, uint64_t n, const char *request)
{
	return (struct session_change){
		.verb = SESSION_ADD, .key = text(key), .addend = n, .request = text(request), .most = SESSION_MOST,
	};
}

static inline struct session_change delete_change(const char *key)
{
	return (struct session_change){ .verb = SESSION_DELETE, .key = text(key), .most = SESSION_MOST };
}

/* The status of a change that is made. */
static inline unsigned int apply(struct session *s, struct session_change change)
{
	session_apply(s, &change);
	return change.status;
}

/* Whether a key has this value; NULL: whether it is not there. */
static inline bool has(const struct session *s, const char *key, const char *value)
{
	struct http_text found;

	if (!session_find(s, SESSION_VALUE, text(key), &found))
		return !value;
	return value && http_text_equal(found, text(value));
}

#endif
