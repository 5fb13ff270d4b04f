/* SPDX-License-Identifier: GPL-2.0-only */
/* What a file is, by the end of its name. */
#ifndef VIRTLAB_HTTPD_MEDIA_TYPES_H
#define VIRTLAB_HTTPD_MEDIA_TYPES_H

#include "../http/text.h"

/**
 * media_type() - for Content-Type
 * @path: ends with NUL; a folder's, which ends with "/", is that of its index.html
 *
 * Return: application/octet-stream if the name does not tell.
 */
struct http_text media_type(const char *path);

#endif
