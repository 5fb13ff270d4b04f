/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network devices, their addresses and routes, by rtnetlink(7). Errors name the device.
 * Used by bridge.c, card.c, inside.c and up.c.
 */
#ifndef VIRTLAB_CONTAINER_NET_LINK_H
#define VIRTLAB_CONTAINER_NET_LINK_H

#include "ledger.h"
#include "netlink.h"

/* Index of a device, 0: there is none. @kind of 16 octets, may be NULL: "bridge", "veth", "" if it does not say. */
int link_find(struct netlink *nl, const char *name, unsigned int *index, char *kind,
	      struct error *err);

/* -EEXIST without a message of its own being final: another number is tried then. */
int link_add_bridge(struct netlink *nl, const char *name, const uint8_t mac[6], unsigned int mtu,
		    struct error *err);

/**
 * link_add_pair() - a veth pair, one end of it in another network namespace from the start
 * @nl: of the host
 * @name: of the host's end
 * @master: index of the bridge that it becomes a port of
 * @peer: name of the container's end
 * @netns: where that is
 * @mac: of the container's end
 * @mtu: of both
 * @err: what failed
 */
int link_add_pair(struct netlink *nl, const char *name, unsigned int master, const char *peer,
		  int netns, const uint8_t mac[6], unsigned int mtu, struct error *err);

/* A card of kmod/vnic in the container; see <vnic_link.h>. */
int link_add_card(struct netlink *nl, const char *network, uint32_t address, const char *name,
		  int netns, const uint8_t mac[6], unsigned int mtu, struct error *err);

/* The bridge may send a frame back to the port it came from. */
int link_hairpin(struct netlink *nl, const char *name, struct error *err);

/* There being none is fine. */
int link_remove(struct netlink *nl, const char *name, struct error *err);

/* While it is down. */
int link_rename(struct netlink *nl, const char *from, const char *to, struct error *err);
int link_up(struct netlink *nl, const char *name, struct error *err);
/* Having it already is fine. */
int link_add_address(struct netlink *nl, const char *name, uint32_t address, unsigned int prefix,
		     struct error *err);
int link_add_default_route(struct netlink *nl, const char *name, uint32_t gateway,
			   struct error *err);

/**
 * link_uplink() - the device of the default route
 * @nl: of the host
 * @name: set; empty: there is no such route
 * @mtu: of it; 1500 if there is none
 * @err: what failed
 */
int link_uplink(struct netlink *nl, char name[NET_LINK_MAX], unsigned int *mtu, struct error *err);

/* Subnets that routes lead to; *taken is to be freed. Default routes are left out. */
int link_taken(struct netlink *nl, struct pool_taken **taken, size_t *count, struct error *err);

/* How many bridges are there? Returns it or a negative errno. */
int link_bridges(struct netlink *nl, struct error *err);

#endif
