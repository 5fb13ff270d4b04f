/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What wire.c asks the kernel about network devices, in the kernel's own words (rtnetlink(7)).
 * Each returns 0, or -errno: what the kernel answered.
 */
#ifndef LAB_NETLINK_H
#define LAB_NETLINK_H

#include <stdint.h>
#include <sys/types.h>

/* netlink_open() - a socket for the others, of the network namespace that one is in; or -errno. */
int netlink_open(void);

/**
 * netlink_add_pair() - two devices with a wire between them: what one sends, the other receives
 * @here: the name of the one in this namespace
 * @there: the name of the other one
 * @pid: the process in whose network namespace that is
 */
int netlink_add_pair(int nl, const char *here, const char *there, pid_t pid);

/* netlink_up() - a device is switched on. */
int netlink_up(int nl, const char *name);

/* netlink_address() - a device gets an address: four octets as on the wire, and the bits of its network. */
int netlink_address(int nl, const char *name, uint32_t address, unsigned int prefix);

/* netlink_route() - whatever is for no network of ours goes to this address. */
int netlink_route(int nl, uint32_t gateway);

#endif /* LAB_NETLINK_H */
