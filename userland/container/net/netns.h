/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done inside a container's network namespace. Used by up.c. */
#ifndef VIRTLAB_CONTAINER_NET_NETNS_H
#define VIRTLAB_CONTAINER_NET_NETNS_H

#include "netlink.h"

/**
 * netns_prepare() - open a netlink socket in a namespace, and set loopback up there
 * @nl: socket; netlink_close() in any case
 * @netns: namespace
 * @quiet6: devices made there later have no IPv6: our networks have none, and who has it believes
 *	router advertisements that a neighbour made up (CVE-2020-10749, CVE-2020-13401)
 * @err: what failed
 *
 * Return: 0 or a negative errno; the calling thread is back in its own namespace.
 */
int netns_prepare(struct netlink *nl, int netns, bool quiet6, struct error *err);

/**
 * sysctl_write() - a value below /proc/sys/net, of the namespace that the thread is in
 * @name: as "ipv4/ip_forward"
 * @value: what to write
 * @err: what failed
 *
 * Return: 0 or a negative errno; -ENOENT if the kernel has no such thing.
 */
int sysctl_write(const char *name, const char *value, struct error *err);

/* The first octet of such a value. */
int sysctl_read(const char *name, char *value, struct error *err);

#endif
