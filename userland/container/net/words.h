/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, ports and names as people write them. Knows no sockets; used by net/ and compose/. */
#ifndef VIRTLAB_CONTAINER_NET_WORDS_H
#define VIRTLAB_CONTAINER_NET_WORDS_H

#include "net.h"

/* Octets of "255.255.255.255" and its NUL. */
#define NET_ADDRESS_TEXT 16

/**
 * net_read_number() - decimal digits and nothing else
 * @text: need not end with NUL
 * @length: of @text
 * @least: smallest allowed
 * @most: largest allowed
 * @number: set if true is returned
 *
 * Return: whether it is one.
 */
bool net_read_number(const char *text, size_t length, uint32_t least, uint32_t most,
		     uint32_t *number);

/* Read four decimal numbers with dots between; leading zeros are refused, as inet_pton(3) does. */
bool net_read_address(const char *text, size_t length, uint32_t *address);

/* Read "10.1.2.0/24": 8 to 30 bits, none of them set behind the prefix. */
bool net_read_subnet(const char *text, size_t length, uint32_t *subnet, unsigned int *prefix);

/* Returns @text. */
const char *net_write_address(uint32_t address, char text[NET_ADDRESS_TEXT]);

static inline uint32_t net_mask(unsigned int prefix)
{
	return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

/* The gateway is the first address of a subnet. */
static inline uint32_t net_gateway(uint32_t subnet)
{
	return subnet + 1;
}

const char *net_protocol_name(enum net_protocol protocol);

/* Is it the name of a network, see struct net_join? */
bool net_is_name(const char *text, size_t length);

/* Letters, digits, '-' and '_' (which container names have); no '-' at either end. */
bool net_is_host_name(const char *text, size_t length);

/* Is it the ID of a container: letters, digits, _ + . - and the first not a dot? */
bool net_is_id(const char *text, size_t length);

#endif
