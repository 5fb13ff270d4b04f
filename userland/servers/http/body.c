// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counted and chunked bodies, see body.h. One state for each place in the grammar
 * (RFC 9112 7.1), one octet a step, but for the content itself:
 *
 *	    ┌───────────────────────────────────────────────────────────┐
 *	    ▼                                                           │
 *	SIZE_START ──▶ SIZE ──▶ SIZE_LF ──▶ CONTENT ──▶ CONTENT_CR ──▶ CONTENT_LF
 *	             ; │           ▲ │ size 0
 *	               ▼           │ ▼
 *	           EXT_START ... ──┘ TRAILER_START ⇄ TRAILER_NAME ...
 *	                                 └──▶ END_LF ──▶ DONE
 */
#include "body.h"

#include <string.h>

enum state {
	COUNTED,
	SIZE_START,	  /* first digit of the chunk size */
	SIZE,		  /* more of them */
	SIZE_LF,	  /* LF of that line */
	EXT_GAP,	  /* white space that must end at a ";" */
	EXT_START,	  /* after ";": white space, then a name */
	EXT_NAME,	  /* in a name */
	EXT_NAME_GAP,	  /* white space after a name, that must end at ";" or "=" */
	EXT_VALUE_START,  /* after "=": white space, then a value */
	EXT_TOKEN,	  /* in a value that is a token */
	EXT_QUOTED,	  /* in a quoted value */
	EXT_ESCAPED,	  /* after a backslash in it */
	EXT_VALUE_END,	  /* after its closing quote */
	CONTENT,	  /* the chunk's content */
	CONTENT_CR,	  /* CR behind it */
	CONTENT_LF,	  /* and LF */
	TRAILER_START,	  /* first octet of a trailer line, or of the empty one */
	TRAILER_NAME,	  /* in a field name */
	TRAILER_VALUE,	  /* behind its colon */
	TRAILER_LF,	  /* LF of a trailer line */
	END_LF,		  /* LF of the empty line */
	DONE,
	REFUSED,
};

static enum http_outcome refuse(struct http_body *b, uint16_t status, const char *why)
{
	b->refusal = (struct http_refusal){ status, why };
	b->state = REFUSED;
	return HTTP_BAD;
}

enum http_outcome http_body_init(struct http_body *b, const struct http_request *r, uint64_t most)
{
	*b = (struct http_body){ .most = most };
	if (r->chunked) {
		b->state = SIZE_START;
		return HTTP_MORE;
	}
	if (r->length > most)
		return refuse(b, 413, "the body is larger than is taken here (RFC 9110 15.5.14)");
	b->state = r->length ? COUNTED : DONE;
	b->left = r->length;
	b->total = r->length;
	return r->length ? HTTP_MORE : HTTP_DONE;
}

static enum http_outcome go(struct http_body *b, enum state state)
{
	b->state = state;
	return state == DONE ? HTTP_DONE : HTTP_MORE;
}

/* --- chunk size, RFC 9112 7.1 --- */

static enum http_outcome take_digit(struct http_body *b, char c)
{
	if (b->digits++ == 16 || b->left > (uint64_t)INT64_MAX >> 4)
		return refuse(b, 400, "a chunk size is beyond all measure (RFC 9112 7.1)");
	b->left = b->left << 4 | http_hex(c);
	return go(b, SIZE);
}

/* The line with the size is complete. */
static enum http_outcome take_size(struct http_body *b)
{
	if (b->left > b->most - b->total)
		return refuse(b, 413, "the body is larger than is taken here (RFC 9110 15.5.14)");
	b->total += b->left;
	return go(b, b->left ? CONTENT : TRAILER_START);
}

static enum http_outcome step_size(struct http_body *b, char c)
{
	switch (b->state) {
	case SIZE_START:
		b->left = 0;
		b->digits = 0;
		if (!http_is(c, HTTP_HEXDIG))
			return refuse(b, 400,
				      "a chunk does not start with its size (RFC 9112 7.1)");
		return take_digit(b, c);
	case SIZE:
		if (http_is(c, HTTP_HEXDIG))
			return take_digit(b, c);
		if (c == '\r')
			return go(b, SIZE_LF);
		if (c == ';')
			return go(b, EXT_START);
		if (http_is_blank(c))
			return go(b, EXT_GAP);
		return refuse(b, 400, "a chunk size is not a hexadecimal number (RFC 9112 7.1)");
	default: /* SIZE_LF */
		if (c != '\n')
			return refuse(b, 400,
				      "a chunk size's line does not end in CRLF (RFC 9112 7.1)");
		return take_size(b);
	}
}

/* --- chunk extensions, RFC 9112 7.1.1 --- */

/* @c comes after a complete extension: what may follow is the same everywhere. */
static enum http_outcome end_extension(struct http_body *b, char c)
{
	if (c == ';')
		return go(b, EXT_START);
	if (c == '\r')
		return go(b, SIZE_LF);
	if (http_is_blank(c))
		return go(b, EXT_GAP);
	return refuse(b, 400, "a chunk extension is not one (RFC 9112 7.1.1)");
}

static enum http_outcome step_quoted(struct http_body *b, char c)
{
	/* qdtext and quoted-pair both draw from what a field value may have, RFC 9110 5.6.4 */
	if (!http_is(c, HTTP_VALUE_CHAR))
		return refuse(b, 400, "a chunk extension has a control character (RFC 9112 7.1.1)");
	if (b->state == EXT_ESCAPED)
		return go(b, EXT_QUOTED);
	if (c == '\\')
		return go(b, EXT_ESCAPED);
	return go(b, c == '"' ? EXT_VALUE_END : EXT_QUOTED);
}

static enum http_outcome step_extension(struct http_body *b, char c)
{
	if (++b->extensions > HTTP_EXTENSIONS_MOST)
		return refuse(b, 413, "there are too many chunk extensions (RFC 9112 7.1.1)");
	switch (b->state) {
	case EXT_GAP:
		if (http_is_blank(c))
			return HTTP_MORE;
		if (c == ';')
			return go(b, EXT_START);
		break;
	case EXT_START:
		if (http_is_blank(c))
			return HTTP_MORE;
		if (http_is(c, HTTP_TCHAR))
			return go(b, EXT_NAME);
		break;
	case EXT_NAME:
		if (http_is(c, HTTP_TCHAR))
			return HTTP_MORE;
		if (c == '=')
			return go(b, EXT_VALUE_START);
		if (http_is_blank(c))
			return go(b, EXT_NAME_GAP);
		return end_extension(b, c);
	case EXT_NAME_GAP:
		if (http_is_blank(c))
			return HTTP_MORE;
		if (c == '=')
			return go(b, EXT_VALUE_START);
		if (c == ';')
			return go(b, EXT_START);
		break;
	case EXT_VALUE_START:
		if (http_is_blank(c))
			return HTTP_MORE;
		if (c == '"')
			return go(b, EXT_QUOTED);
		if (http_is(c, HTTP_TCHAR))
			return go(b, EXT_TOKEN);
		break;
	case EXT_TOKEN:
		if (http_is(c, HTTP_TCHAR))
			return HTTP_MORE;
		return end_extension(b, c);
	case EXT_VALUE_END:
		return end_extension(b, c);
	default: /* EXT_QUOTED, EXT_ESCAPED */
		return step_quoted(b, c);
	}
	return refuse(b, 400, "a chunk extension is not one (RFC 9112 7.1.1)");
}

/* --- trailer section, RFC 9112 7.1.2 --- */

static enum http_outcome step_trailer(struct http_body *b, char c)
{
	if (++b->trailer > HTTP_TRAILER_MOST)
		return refuse(b, 431, "the trailer section is too long (RFC 6585 5)");
	switch (b->state) {
	case TRAILER_START:
		if (c == '\r')
			return go(b, END_LF);
		if (!http_is(c, HTTP_TCHAR))
			break;
		if (++b->trailer_lines > HTTP_TRAILER_LINES_MOST)
			return refuse(b, 431, "there are too many trailer fields (RFC 6585 5)");
		return go(b, TRAILER_NAME);
	case TRAILER_NAME:
		if (c == ':')
			return go(b, TRAILER_VALUE);
		if (http_is(c, HTTP_TCHAR))
			return HTTP_MORE;
		break;
	case TRAILER_VALUE:
		if (http_is(c, HTTP_VALUE_CHAR))
			return HTTP_MORE;
		if (c == '\r')
			return go(b, TRAILER_LF);
		break;
	default: /* TRAILER_LF, END_LF */
		if (c == '\n')
			return go(b, b->state == END_LF ? DONE : TRAILER_START);
		break;
	}
	return refuse(b, 400, "a trailer line is not a field (RFC 9112 7.1.2)");
}

/* --- all of it --- */

static enum http_outcome step(struct http_body *b, char c)
{
	switch (b->state) {
	case SIZE_START:
	case SIZE:
	case SIZE_LF:
		return step_size(b, c);
	case CONTENT_CR:
		if (c == '\r')
			return go(b, CONTENT_LF);
		return refuse(b, 400, "a chunk is longer than its size (RFC 9112 7.1)");
	case CONTENT_LF:
		if (c == '\n')
			return go(b, SIZE_START);
		return refuse(b, 400, "a chunk does not end in CRLF (RFC 9112 7.1)");
	case TRAILER_START:
	case TRAILER_NAME:
	case TRAILER_VALUE:
	case TRAILER_LF:
	case END_LF:
		return step_trailer(b, c);
	default:
		return step_extension(b, c);
	}
}

/* As much content as there is and belongs to this chunk, or to the counted body. */
static enum http_outcome take_content(struct http_body *b, const char *data, size_t length,
				      struct http_text *piece)
{
	*piece = (struct http_text){ data, b->left < length ? b->left : length };
	b->left -= piece->length;
	if (b->left)
		return HTTP_MORE;
	return go(b, b->state == COUNTED ? DONE : CONTENT_CR);
}

enum http_outcome http_body_read(struct http_body *b, const char *data, size_t length,
				 size_t *used, struct http_text *piece)
{
	enum http_outcome outcome = HTTP_MORE;
	size_t at = 0;

	*used = 0;
	*piece = (struct http_text){ data, 0 };
	if (b->state >= DONE)
		return b->state == DONE ? HTTP_DONE : HTTP_BAD;
	while (at < length && outcome == HTTP_MORE && !piece->length) {
		if (b->state == CONTENT || b->state == COUNTED) {
			outcome = take_content(b, data + at, length - at, piece);
			at += piece->length;
		} else {
			outcome = step(b, data[at++]);
		}
	}
	*used = at;
	return outcome;
}
