/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses as people write them, as sockets want them and as messages carry them. */
#ifndef VIRTLAB_DIRECTORY_ADDRESS_H
#define VIRTLAB_DIRECTORY_ADDRESS_H

#include <netinet/in.h>

#include "error.h"
#include "lease.h"

/* Octets of "[IPv6]:port" and its NUL. */
#define ADDRESS_TEXT 56

/* Read "127.0.0.1:4111"; the port may be 0. Names are not resolved. */
int address_read(const char *text, struct sockaddr_in *address, struct error *err);

/* Read a port from 1 to 65535. */
int address_read_port(const char *text, uint16_t *port, struct error *err);

/* An IPv4 address, mapped into IPv6 as messages have it. */
void address_map(const struct sockaddr_in *address, uint8_t out[16]);

/* Write address and port of an end point; returns @out. */
const char *address_write(const struct lease_end *end, char out[ADDRESS_TEXT]);

#endif
