/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of text, and which octet may stand where. Nothing here ends with a NUL: a text is
 * a pointer and a length, owned by whoever owns the buffer it points into.
 */
#ifndef VIRTLAB_HTTP_TEXT_H
#define VIRTLAB_HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct http_text - a piece of somebody's buffer
 * @at: its first octet; may be anything if @length is 0
 * @length: in octets
 */
struct http_text {
	const char *at;
	size_t length;
};

#define HTTP_TEXT(literal) ((struct http_text){ (literal), sizeof(literal) - 1 })

/* Bits of http_class[]. The names are those of the grammars in RFC 9110, 9112, 3986, 6265. */
enum http_class_bit {
	HTTP_TCHAR = 1,	       /* token, RFC 9110 5.6.2 */
	HTTP_DIGIT = 2,	       /* 0-9 */
	HTTP_HEXDIG = 4,       /* 0-9 A-F a-f */
	HTTP_TARGET = 8,       /* request-target: see request.h for what is let in */
	HTTP_HOST_CHAR = 16,   /* reg-name without "%", RFC 3986 3.2.2 */
	HTTP_VALUE_CHAR = 32,  /* field value: VCHAR, obs-text, SP, HTAB, RFC 9110 5.5 */
	HTTP_ETAGC = 64,       /* inside an entity tag, RFC 9110 8.8.3 */
	HTTP_COOKIE_OCTET = 128, /* RFC 6265 4.1.1 */
};

extern const uint8_t http_class[256];

static inline bool http_is(char c, unsigned int classes)
{
	return http_class[(unsigned char)c] & classes;
}

/* Value of a hexadecimal digit; @c must be one. */
static inline unsigned int http_hex(char c)
{
	return (c & 0xf) + (c >> 6) * 9;
}

/**
 * http_span() - how many octets at the start of a text are of a class
 * @text: where to look
 * @classes: enum http_class_bit, any of them will do
 *
 * Return: 0 to @text.length.
 */
static inline size_t http_span(struct http_text text, unsigned int classes)
{
	size_t n = 0;

	while (n < text.length && http_is(text.at[n], classes))
		n++;
	return n;
}

/**
 * http_text_equal() - whether two texts are the same, octet by octet
 * @a: one
 * @b: the other
 */
static inline bool http_text_equal(struct http_text a, struct http_text b)
{
	return a.length == b.length && (!a.length || !memcmp(a.at, b.at, a.length));
}

/**
 * http_token_equal() - the same, but A is a
 * @a: any text
 * @lower: a token in lower case
 */
bool http_token_equal(struct http_text a, struct http_text lower);

/**
 * http_text_starts() - whether a text starts with another
 * @text: any text
 * @prefix: what it may start with
 */
static inline bool http_text_starts(struct http_text text, struct http_text prefix)
{
	return text.length >= prefix.length &&
	       http_text_equal((struct http_text){ text.at, prefix.length }, prefix);
}

/**
 * http_text_from() - a text without its start
 * @text: whole
 * @skip: how many octets to leave out, at most @text.length
 */
static inline struct http_text http_text_from(struct http_text text, size_t skip)
{
	return (struct http_text){ text.at + skip, text.length - skip };
}

/* Optional white space, RFC 9110 5.6.3. */
static inline bool http_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/**
 * http_text_trim() - without the optional white space around it
 * @text: may be all SP and HTAB: then nothing is left
 */
static inline struct http_text http_text_trim(struct http_text text)
{
	while (text.length && http_is_blank(text.at[0]))
		text = http_text_from(text, 1);
	while (text.length && http_is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

/**
 * http_list_next() - the next element of a comma-separated list (RFC 9110 5.6.1)
 * @list: what is left of it; moved on
 * @element: set to the element, trimmed; a comma ends it even inside quotes
 *
 * Empty elements are skipped, as 5.6.1.2 asks.
 *
 * Return: false at the end of the list.
 */
bool http_list_next(struct http_text *list, struct http_text *element);

/**
 * http_read_number() - 1*DIGIT, nothing else
 * @text: all of it must be digits
 * @value: set, if the digits are digits; UINT64_MAX for what does not fit
 *
 * Return: false if it is empty or has anything else in it.
 */
bool http_read_number(struct http_text text, uint64_t *value);

#endif
