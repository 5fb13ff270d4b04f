/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request read in all the ways there are to cut it. Each test of the reader goes through
 * here, so that each of its inputs is one of fragments too.
 */
#ifndef READING_H
#define READING_H

#include "request.h"
#include "tap.h"

/* A literal as a text; it may have NULs in it. */
#define T(literal) HTTP_TEXT(literal)

/**
 * struct reading - what became of a text
 * @outcome: of the last call
 * @r: the reader
 * @fields: its array
 * @head: the text, where the slices point into
 */
struct reading {
	enum http_outcome outcome;
	struct http_request r;
	struct http_field fields[255];
	const char *head;
};

/* Read @text whole, cut in two at every octet, and octet by octet: all must agree. */
void reading_with(struct reading *reading, struct http_text text,
		  const struct http_limits *limits);
void reading_of(struct reading *reading, struct http_text text);

/* @text is refused with @status; the reason names a section of an RFC. */
void refused(struct http_text text, unsigned int status);
void refused_with(struct http_text text, const struct http_limits *limits, unsigned int status);

/* @text is a whole head, and all of it. */
void taken(struct reading *reading, struct http_text text);

/* The value of the first field of a name, or a text of length 0. */
struct http_text value_of(const struct reading *reading, enum http_field_id id);

bool is_text(struct http_text text, const char *want);
#define CHECK_TEXT(text, want)							\
	do {									\
		struct http_text _t = (text);					\
		CHECK(is_text(_t, want), "%s is \"%.*s\"", #text, (int)_t.length, _t.at); \
	} while (0)

#endif
