/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink: messages built, sent, and answered. Debian has no static libmnl and cell is a static
 * program, so this is what would be used of it.
 *
 *	+-- nlmsghdr --+-- family's header --+-- nlattr --+-- nlattr ---------------+
 *	| length, type | ifinfomsg, ...      | kind, data | nested: | attr | attr | |
 *	+--------------+---------------------+------------+-------------------------+
 *
 * Source: netlink(7), rtnetlink(7), <linux/netlink.h>. Used by link.c, route.c, nft*.c.
 */
#ifndef VIRTLAB_CONTAINER_NET_NETLINK_H
#define VIRTLAB_CONTAINER_NET_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Octets of a message, or a batch of them; the longest is that which makes a table of nftables. */
#define NETLINK_SIZE 32768

/**
 * struct netlink - a socket
 * @fd: of the network namespace it was opened in, wherever the thread goes then
 * @sequence: of the last request
 */
struct netlink {
	int fd;
	uint32_t sequence;
};

/**
 * struct netlink_message - one or more requests
 * @data: them
 * @used: octets
 * @header: where the current one begins
 * @full: something did not fit; sending it fails with ENOBUFS
 */
struct netlink_message {
	char data[NETLINK_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t used;
	size_t header;
	bool full;
};

/* @protocol: NETLINK_ROUTE, NETLINK_NETFILTER. Returns 0 or a negative errno; closed by netlink_close(). */
int netlink_open(struct netlink *nl, int protocol, struct error *err);

/* Usable as a cleanup. */
void netlink_close(struct netlink *nl);

/* Empty @m. */
void netlink_start(struct netlink_message *m);

/* Begin a request, behind those there are; NLM_F_REQUEST is added. @header: the family's, @size octets. */
void netlink_begin(struct netlink_message *m, struct netlink *nl, uint16_t type, uint16_t flags,
		   const void *header, size_t size);
void netlink_put(struct netlink_message *m, uint16_t attribute, const void *data, size_t size);
void netlink_put_u32(struct netlink_message *m, uint16_t attribute, uint32_t value);
/* Network byte order, as nfnetlink has it. */
void netlink_put_be32(struct netlink_message *m, uint16_t attribute, uint32_t value);
/* With its NUL. */
void netlink_put_text(struct netlink_message *m, uint16_t attribute, const char *text);
/* Returns what netlink_end() wants. */
size_t netlink_nest(struct netlink_message *m, uint16_t attribute);
void netlink_end(struct netlink_message *m, size_t nest);

/**
 * netlink_call() - send, and wait for the acknowledgement
 * @nl: socket
 * @m: one request, or a batch of nfnetlink whose last part is acknowledged
 * @said: the kernel's own words, if it had any; @size octets, may be NULL
 * @size: of @said
 *
 * Return: 0 or the negative errno that the kernel answered.
 */
int netlink_call(struct netlink *nl, struct netlink_message *m, char *said, size_t size);

/**
 * netlink_dump() - send, and see every part of the answer
 * @nl: socket
 * @m: a request with NLM_F_DUMP
 * @each: is called with each; ends the dump by returning not 0
 * @context: for @each
 *
 * Return: 0, a negative errno, or what @each returned.
 */
int netlink_dump(struct netlink *nl, struct netlink_message *m,
		 int (*each)(const struct nlmsghdr *part, void *context), void *context);

/**
 * netlink_attribute() - find one
 * @data: where attributes begin
 * @length: octets of all of them
 * @attribute: its number
 * @least: octets that it must have
 *
 * Return: it, or NULL: there is none that is as long as that.
 */
const struct nlattr *netlink_attribute(const void *data, size_t length, uint16_t attribute,
				       size_t least);

static inline const void *netlink_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

#endif
