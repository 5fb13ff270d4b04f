/* SPDX-License-Identifier: GPL-2.0-only */
/* Serving one connection from its first octet to its last, by calls that wait. */
#ifndef VIRTLAB_HTTPD_BLOCKING_H
#define VIRTLAB_HTTPD_BLOCKING_H

#include <netinet/in.h>

#include "worker.h"

/**
 * serve_blocking() - serve a connection to its end
 * @w: of this thread
 * @fd: blocking socket, whose SO_RCVTIMEO is the header timeout; closed at the end
 * @peer: address of the client
 */
void serve_blocking(struct worker *w, int fd, const struct in6_addr *peer);

#endif
