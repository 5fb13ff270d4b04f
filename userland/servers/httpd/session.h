/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One client's session: keys with values, and the last requests that were given a name, with
 * what was answered. It is a row of records in one piece of memory, so that the same octets
 * lie in a table, in a file and in a cookie:
 *
 *	kind | octets of name | octets of value | name | value
 *	  1          1                2			      (the last two big-endian)
 *
 *	S1  No two records of one kind have the same name.
 *	S2  A change that does not fit changes nothing.
 *	S3  A request that is remembered is not done again; it is answered as it was.
 *
 * No clock, no lock, no socket: who calls brings them.
 */
#ifndef VIRTLAB_HTTPD_SESSION_H
#define VIRTLAB_HTTPD_SESSION_H

#include "../http/text.h"

/* Octets of all records of a session. */
#define SESSION_MOST 4096
/* Of a key, or of the name of a request. */
#define SESSION_NAME_MOST 64
/* So many named requests are remembered, the last ones. */
#define SESSION_REQUESTS 8

enum session_kind { SESSION_VALUE = 1, SESSION_REQUEST = 2 };

/**
 * struct session - what one client put here
 * @length: octets of @data
 * @data: records
 */
struct session {
	uint16_t length;
	char data[SESSION_MOST];
};

/**
 * struct session_record - one of them
 * @kind: what it is
 * @name: key, or name of a request
 * @value: likewise
 */
struct session_record {
	enum session_kind kind;
	struct http_text name;
	struct http_text value;
};

/**
 * session_next() - walk through the records, the one written longest ago first
 * @s: session
 * @at: 0 at first; moved on
 * @record: set; its texts lie in @s
 *
 * Return: false at the end.
 */
bool session_next(const struct session *s, size_t *at, struct session_record *record);

/**
 * session_find() - a record by its name
 * @s: session
 * @kind: what it is
 * @name: which
 * @value: set; lies in @s
 *
 * Return: false if there is none.
 */
bool session_find(const struct session *s, enum session_kind kind, struct http_text name,
		  struct http_text *value);

/**
 * session_load() - take records that lay elsewhere
 * @s: set
 * @data: records, perhaps damaged
 * @length: octets of them
 *
 * Return: false if they are none; then @s is empty.
 */
bool session_load(struct session *s, const char *data, size_t length);

/**
 * session_name_sound() - whether it may be a key, or name a request
 * @name: 1 to SESSION_NAME_MOST of A-Z a-z 0-9 - . _ ~ (RFC 3986 2.3)
 */
bool session_name_sound(struct http_text name);

enum session_verb { SESSION_PUT, SESSION_ADD, SESSION_DELETE };

/**
 * struct session_change - what a request does to a session, and what came of it
 * @verb: what
 * @key: to which key
 * @value: SESSION_PUT: what it is to be
 * @addend: SESSION_ADD: by how much it grows; a key that is not there counts as 0
 * @request: name of the request; empty: it has none
 * @most: octets that the session may have after it, up to SESSION_MOST
 * @status: out: 200, 201 or 204; 409, 413 or 422 if nothing was changed
 * @sum: out, SESSION_ADD and 200: the value
 * @repeated: out: it had been done before, and the answer is the same
 */
struct session_change {
	enum session_verb verb;
	struct http_text key;
	struct http_text value;
	uint64_t addend;
	struct http_text request;
	size_t most;
	unsigned int status;
	uint64_t sum;
	bool repeated;
};

/**
 * session_apply() - change a session
 * @s: session
 * @change: what to do; its texts lie outside of @s
 *
 * Return: whether @s is another one now.
 */
bool session_apply(struct session *s, struct session_change *change);

#endif
