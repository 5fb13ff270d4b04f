/* SPDX-License-Identifier: GPL-2.0-only */
/* From the path of a target to the name of a file below a root. */
#ifndef VIRTLAB_HTTP_PATH_H
#define VIRTLAB_HTTP_PATH_H

#include "outcome.h"
#include "text.h"

/**
 * http_path_decode() - percent-decode a path and take its dot segments out
 * @encoded: as it stands in the target; empty is "/"
 * @out: buffer of @size octets; set to a string that starts with "/" and ends with NUL
 * @size: at least 2
 * @length: set to its length without the NUL
 * @refusal: set if HTTP_BAD is returned
 *
 * "." and ".." go as RFC 3986 5.2.4 has it, however they are encoded (6.2.2.2), but a path that
 * climbs above the root is refused, where the RFC would stay at it. Empty segments are one
 * slash, as in a file system. Refused with 400: an escape that is none, %00, which would end
 * the name early, and %2F, which would be a slash that was not one. 414: does not fit.
 *
 * The result has no segment "." or "..", no "//" and no NUL.
 *
 * Return: HTTP_DONE or HTTP_BAD.
 */
enum http_outcome http_path_decode(struct http_text encoded, char *out, size_t size,
				   size_t *length, struct http_refusal *refusal);

#endif
