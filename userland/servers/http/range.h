/* SPDX-License-Identifier: GPL-2.0-only */
/* Range: bytes=... (RFC 9110 14.1.2, 14.2). */
#ifndef VIRTLAB_HTTP_RANGE_H
#define VIRTLAB_HTTP_RANGE_H

#include "text.h"

/* Ranges in one request that are looked at; a request with more is answered whole (14.2). */
#define HTTP_RANGES_MOST 16
/* Ranges no further apart than this are sent as one: a part's head would be larger (14.2). */
#define HTTP_RANGE_GAP 80

/**
 * struct http_range - octets of a representation
 * @first: position of the first
 * @last: position of the last, not before the first, and below the representation's length
 */
struct http_range {
	uint64_t first;
	uint64_t last;
};

enum http_range_verdict {
	HTTP_RANGE_NONE,	  /* ignore the field: 200 and all of it */
	HTTP_RANGE_PARTIAL,	  /* 206 */
	HTTP_RANGE_UNSATISFIABLE, /* 416, and Content-Range says the length */
};

/**
 * http_range_read() - which octets a Range field asks for
 * @value: of the field
 * @length: octets of the representation, up to INT64_MAX
 * @ranges: set to what is to be sent, in the order asked for, none touching another
 * @count: set to how many: 1 is a plain 206, more are multipart/byteranges
 *
 * To be asked for GET only (14.2). Another unit than bytes, and a set that is not one, are
 * ignored, as is more than HTTP_RANGES_MOST of them. So is a suffix of nothing: it is satisfiable
 * (14.1.2), but no Content-Range can say what was sent. Ranges that overlap or nearly touch
 * become one, so that no request makes an answer longer than the representation.
 */
enum http_range_verdict http_range_read(struct http_text value, uint64_t length,
					struct http_range ranges[HTTP_RANGES_MOST],
					unsigned int *count);

#endif
