/* SPDX-License-Identifier: GPL-2.0-only */
/* The request fields that a server acts on. A name is recognised once, when it is read. */
#ifndef VIRTLAB_HTTP_FIELDS_H
#define VIRTLAB_HTTP_FIELDS_H

#include "text.h"

/*
 * X(identifier, name, its first octet, its last). Length, first and last octet together
 * tell these names apart (fields.c does not compile if they do not).
 */
#define HTTP_FIELDS(X)                                                                    \
	X(ACCEPT, "accept", 'a', 't')                                                     \
	X(ACCEPT_ENCODING, "accept-encoding", 'a', 'g')                                   \
	X(ACCEPT_LANGUAGE, "accept-language", 'a', 'e')                                   \
	X(AUTHORIZATION, "authorization", 'a', 'n')                                       \
	X(CACHE_CONTROL, "cache-control", 'c', 'l')                                       \
	X(CONNECTION, "connection", 'c', 'n')                                             \
	X(CONTENT_ENCODING, "content-encoding", 'c', 'g')                                 \
	X(CONTENT_LENGTH, "content-length", 'c', 'h')                                     \
	X(CONTENT_TYPE, "content-type", 'c', 'e')                                         \
	X(COOKIE, "cookie", 'c', 'e')                                                     \
	X(EXPECT, "expect", 'e', 't')                                                     \
	X(HOST, "host", 'h', 't')                                                         \
	X(IF_MATCH, "if-match", 'i', 'h')                                                 \
	X(IF_MODIFIED_SINCE, "if-modified-since", 'i', 'e')                               \
	X(IF_NONE_MATCH, "if-none-match", 'i', 'h')                                       \
	X(IF_RANGE, "if-range", 'i', 'e')                                                 \
	X(IF_UNMODIFIED_SINCE, "if-unmodified-since", 'i', 'e')                           \
	X(KEEP_ALIVE, "keep-alive", 'k', 'e')                                             \
	X(ORIGIN, "origin", 'o', 'n')                                                     \
	X(RANGE, "range", 'r', 'e')                                                       \
	X(REFERER, "referer", 'r', 'r')                                                   \
	X(TE, "te", 't', 'e')                                                             \
	X(TRAILER, "trailer", 't', 'r')                                                   \
	X(TRANSFER_ENCODING, "transfer-encoding", 't', 'g')                               \
	X(UPGRADE, "upgrade", 'u', 'e')                                                   \
	X(USER_AGENT, "user-agent", 'u', 't')

/* HTTP_FIELD_OTHER is 0: any name that is not in the list. */
enum http_field_id {
	HTTP_FIELD_OTHER,
#define X(id, name, first, last) HTTP_FIELD_##id,
	HTTP_FIELDS(X)
#undef X
	HTTP_FIELD_IDS,
};

/**
 * http_field_id() - which of them a name is, whatever its case (RFC 9110 5.1)
 * @name: a token
 *
 * Return: HTTP_FIELD_OTHER if it is none of them.
 */
enum http_field_id http_field_id(struct http_text name);

#endif
