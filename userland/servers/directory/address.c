// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, see address.h. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Digits only: no sign, no space, nothing behind. */
static int read_number(const char *text, unsigned long most, unsigned long *n)
{
	*n = 0;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		*n = *n * 10 + (*text - '0');
		if (*n > most)
			return -ERANGE;
	}
	return 0;
}

int address_read(const char *text, struct sockaddr_in *address, struct error *err)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];
	unsigned long port;

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	if (!colon || (size_t)(colon - text) >= sizeof(host) ||
	    read_number(colon + 1, UINT16_MAX, &port))
		return error_set(err, EINVAL, "bad address: %s: write it as 127.0.0.1:4111", text);
	memcpy(host, text, colon - text);
	host[colon - text] = '\0';
	if (inet_pton(AF_INET, host, &address->sin_addr) != 1)
		return error_set(err, EINVAL, "bad address: %s: not an IPv4 address: %s", text,
				 host);
	address->sin_port = htons(port);
	return 0;
}

int address_read_port(const char *text, uint16_t *port, struct error *err)
{
	unsigned long n;

	if (read_number(text, UINT16_MAX, &n) || !n)
		return error_set(err, EINVAL, "bad port: %s: 1 to 65535", text);
	*port = n;
	return 0;
}

void address_map(const struct sockaddr_in *address, uint8_t out[16])
{
	memset(out, 0, 10);
	out[10] = 0xff;
	out[11] = 0xff;
	memcpy(out + 12, &address->sin_addr, 4);
}

const char *address_write(const struct lease_end *end, char out[ADDRESS_TEXT])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char host[INET6_ADDRSTRLEN];

	if (memcmp(end->address, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, end->address + 12, host, sizeof(host));
		snprintf(out, ADDRESS_TEXT, "%s:%u", host, end->port);
	} else {
		inet_ntop(AF_INET6, end->address, host, sizeof(host));
		snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, end->port);
	}
	return out;
}
