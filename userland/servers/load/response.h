/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a server answers, read as it comes: RFC 9112, the client's side.
 *
 *	STATUS ---> NAME ---> VALUE       1xx: back to STATUS
 *	             |  ^-------+
 *	             v (empty line)
 *	   +---------+----------+-------------+
 *	   v         v          v             v
 *	 LENGTH   SIZE --+   TO_CLOSE    (no body)
 *	   |       ^     v      |             |
 *	   |       +-- DATA     |             |
 *	   |       v            |             |
 *	   |     TRAILER        |             |
 *	   +--> DONE <---+------+-------------+
 *
 * Nothing is kept but the names and values that frame the message, and those are bounded. A
 * number the server sends is never a size of anything here: it is counted down. A response
 * that breaks a rule is BAD, and @why says which: what two clients could read in two ways
 * must not be counted as served.
 */
#ifndef LOAD_RESPONSE_H
#define LOAD_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search.h"

/* Longest head, trailers and chunk extensions: together, of one response. */
#define RESPONSE_HEAD_MAX 65536
#define RESPONSE_INTERIM_MAX 16

enum response_state {
	RESPONSE_STATUS,
	RESPONSE_NAME,
	RESPONSE_VALUE,
	RESPONSE_LENGTH,
	RESPONSE_SIZE,
	RESPONSE_EXTENSION,
	RESPONSE_DATA,
	RESPONSE_DATA_END,
	RESPONSE_TO_CLOSE,
	RESPONSE_DONE,
	RESPONSE_BAD,
};

/**
 * struct response - one response, as far as it has come
 * @state: RESPONSE_DONE and RESPONSE_BAD are final
 * @to_head: it answers a HEAD, so it has no body
 * @status: its code
 * @minor: of HTTP/1.@minor
 * @chunked, @length, @has_length: how its body is framed
 * @close, @keep: what its Connection fields say
 * @trailer: the header lines are those after the last chunk
 * @cr: a CR came, so LF is next
 * @position: in the status line
 * @head: bytes of lines, against RESPONSE_HEAD_MAX
 * @interim: how many 1xx came before
 * @bytes: all bytes of it
 * @left: of the body or chunk
 * @body: bytes of the body
 * @search: text to look for in the body, or NULL
 * @matched: how much of it matched
 * @word: name or value, as far as it frames the message
 * @why: what is wrong, if it is BAD
 */
struct response {
	enum response_state state;
	bool to_head, chunked, has_length, close, keep, trailer, cr;
	uint8_t minor, position, interim, field, name_size, value_size;
	uint16_t status;
	uint32_t head;
	uint64_t bytes;
	uint64_t length;
	uint64_t left;
	uint64_t body;
	const struct search *search;
	size_t matched;
	char name[20];
	char value[64];
	const char *why;
};

void response_begin(struct response *r, bool to_head, const struct search *search);
size_t response_feed(struct response *r, const char *data, size_t size);
void response_end(struct response *r);
bool response_keeps_open(const struct response *r);
bool response_found(const struct response *r);

#endif
