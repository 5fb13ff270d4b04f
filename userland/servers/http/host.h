/* SPDX-License-Identifier: GPL-2.0-only */
/* Hosts and ports, as Host and the targets of requests name them. */
#ifndef VIRTLAB_HTTP_HOST_H
#define VIRTLAB_HTTP_HOST_H

#include "text.h"

/**
 * http_is_authority() - whether a text is uri-host [ ":" port ] (RFC 9110 7.2)
 * @text: may be empty, which is a host too
 *
 * By the grammar of RFC 3986 3.2.2: a name, an IPv4 address, or a literal in brackets, which is
 * an IPv6 address or one of a kind that is still to come. User information is none (RFC 9110
 * 4.2.4).
 */
bool http_is_authority(struct http_text text);

#endif
