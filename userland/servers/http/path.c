// SPDX-License-Identifier: GPL-2.0-only
/* Paths, segment by segment, see path.h. */
#include "path.h"

#include <string.h>

/**
 * struct path - one that is being built
 * @out: no "/" at its end between two segments
 * @length: of what is there
 * @size: of @out
 */
struct path {
	char *out;
	size_t length;
	size_t size;
};

static enum http_outcome refuse(struct http_refusal *refusal, uint16_t status, const char *why)
{
	*refusal = (struct http_refusal){ status, why };
	return HTTP_BAD;
}

/* Put one octet, and leave room for the NUL. */
static enum http_outcome put(struct path *p, char c, struct http_refusal *refusal)
{
	if (p->length + 1 >= p->size)
		return refuse(refusal, 414, "the path is too long (RFC 9110 15.5.15)");
	p->out[p->length++] = c;
	return HTTP_DONE;
}

/* Append "/" and a segment, which has no slash in it, decoded. */
static enum http_outcome put_segment(struct path *p, struct http_text segment,
				     struct http_refusal *refusal)
{
	if (put(p, '/', refusal) == HTTP_BAD)
		return HTTP_BAD;
	for (size_t i = 0; i < segment.length; i++) {
		char c = segment.at[i];

		if (c == '%') {
			if (segment.length - i < 3 || !http_is(segment.at[i + 1], HTTP_HEXDIG) ||
			    !http_is(segment.at[i + 2], HTTP_HEXDIG))
				return refuse(refusal, 400,
					      "% is not followed by two digits (RFC 3986 2.1)");
			c = (char)(http_hex(segment.at[i + 1]) << 4 | http_hex(segment.at[i + 2]));
			i += 2;
			if (!c || c == '/')
				return refuse(refusal, 400,
					      "the path encodes NUL or a slash (RFC 3986 7.3)");
		}
		if (put(p, c, refusal) == HTTP_BAD)
			return HTTP_BAD;
	}
	return HTTP_DONE;
}

/* Take the last segment away, and its slash. */
static void pop(struct path *p)
{
	while (p->length && p->out[--p->length] != '/')
		;
}

/*
 * What the segment that begins at @start, behind its slash, means for the path. The last one
 * leaves its slash if it names a folder.
 */
static enum http_outcome settle(struct path *p, size_t start, bool last,
				struct http_refusal *refusal)
{
	struct http_text segment = { p->out + start, p->length - start };

	if (http_text_equal(segment, HTTP_TEXT(".."))) {
		pop(p);
		if (!p->length)
			return refuse(refusal, 400, "the path leaves the root (RFC 3986 5.2.4)");
		pop(p);
	} else if (!segment.length || http_text_equal(segment, HTTP_TEXT("."))) {
		pop(p);
	} else {
		return HTTP_DONE;
	}
	return last ? put(p, '/', refusal) : HTTP_DONE;
}

enum http_outcome http_path_decode(struct http_text encoded, char *out, size_t size,
				   size_t *length, struct http_refusal *refusal)
{
	struct path p = { out, 0, size };
	struct http_text rest = encoded.length ? encoded : HTTP_TEXT("/");

	if (rest.at[0] != '/')
		return refuse(refusal, 400, "the path does not start at the root (RFC 9112 3.2.1)");
	while (rest.length) {
		struct http_text segment = http_text_from(rest, 1);
		const char *slash = segment.length ? memchr(segment.at, '/', segment.length) : NULL;
		size_t start = p.length + 1;

		if (slash)
			segment.length = slash - segment.at;
		rest = http_text_from(rest, 1 + segment.length);
		if (put_segment(&p, segment, refusal) == HTTP_BAD ||
		    settle(&p, start, !rest.length, refusal) == HTTP_BAD)
			return HTTP_BAD;
	}
	out[p.length] = '\0';
	*length = p.length;
	return HTTP_DONE;
}
