/* SPDX-License-Identifier: GPL-2.0-only */
/* Static files: whole, in part (Range), or not at all because the client has them (304). */
#ifndef VIRTLAB_HTTPD_STATIC_H
#define VIRTLAB_HTTPD_STATIC_H

struct connection;

/**
 * static_begin() - answer with the file that the path names
 * @c: whose request at the front is GET or HEAD
 */
void static_begin(struct connection *c);

#endif
