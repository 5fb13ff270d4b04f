/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network's table in nftables: masquerade, published ports, and who may come in. `nft list table
 * ip cell0` shows it:
 *
 *	before	 what comes from the bridge never reaches the host's loopback (see bridge.c)
 *	in, out	 a port of the host leads to the container that the maps name
 *	after	 who leaves by another device does it by that one's address
 *	through	 from other devices come answers and what was sent to a published port; nothing else
 *
 * Ports are elements of two maps, so that a container's come and go alone, by key. Every change is
 * one transaction: all of it or nothing.
 *
 * Source: nft(8), <linux/netfilter/nf_tables.h>. Used by bridge.c.
 */
#ifndef VIRTLAB_CONTAINER_NET_NFT_H
#define VIRTLAB_CONTAINER_NET_NFT_H

#include "ledger.h"
#include "netlink.h"

/* @nl: of NETLINK_NETFILTER, in the host's namespace. A table that is there already is made anew. */
int nft_add_table(struct netlink *nl, const struct ledger_network *network, struct error *err);

/* There being none is fine. */
int nft_remove_table(struct netlink *nl, const char *table, struct error *err);

/* All of them or none. */
int nft_add_ports(struct netlink *nl, const char *table, const struct ledger_port *ports,
		  size_t count, struct error *err);

/* It not being there is fine. */
int nft_remove_port(struct netlink *nl, const char *table, const struct ledger_port *port,
		    struct error *err);

#endif
