/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two ways a private network is made: veth (veth.c: bridge, pairs, nftables) and vnic (vnic.c:
 * kmod/vnic's cards and translation). up.c and down.c know only this.
 *
 * Everything that makes may fail half way; what takes away is called then, and takes whatever is
 * there: nothing being there is fine.
 */
#ifndef VIRTLAB_CONTAINER_NET_BACK_H
#define VIRTLAB_CONTAINER_NET_BACK_H

#include "ledger.h"
#include "netlink.h"

/**
 * struct back_host - what is open on the host, for one call of net.h
 * @route: rtnetlink
 * @nft: nfnetlink; its fd is -1 until it is needed
 * @vnic: /dev/vnic, or -1
 * @vnic_errno: why it is not open; ENODEV: it is there, and speaks another version
 * @uplink: the default route's device; empty: there is none
 * @mtu: of it
 */
struct back_host {
	struct netlink route;
	struct netlink nft;
	int vnic;
	int vnic_errno;
	char uplink[NET_LINK_MAX];
	unsigned int mtu;
};

/**
 * struct back - one of the two
 * @name: as in via=
 * @link_taken: is this name of a network's device, or network of vnic, in use? 1, 0, or an errno
 * @add_network: -EEXIST: the name has just been taken by somebody else; nothing was made
 * @remove_network: with all that still belongs to it
 * @add_member: the card in the container, down and without address; @inside is rtnetlink there
 * @remove_member: the same
 * @has_member: does its card still exist? 1, 0, or an errno. It goes with its namespace
 * @add_ports: all of a container's
 * @remove_port: one
 */
struct back {
	const char *name;
	int (*link_taken)(struct back_host *host, const char *link, struct error *err);
	int (*add_network)(struct back_host *host, const struct ledger_network *network,
			   struct error *err);
	int (*remove_network)(struct back_host *host, const struct ledger_network *network,
			      struct error *err);
	int (*add_member)(struct back_host *host, struct netlink *inside,
			  const struct ledger_network *network,
			  const struct ledger_member *member, int netns, struct error *err);
	int (*remove_member)(struct back_host *host, const struct ledger_network *network,
			     const struct ledger_member *member, struct error *err);
	int (*has_member)(struct back_host *host, const struct ledger_network *network,
			  const struct ledger_member *member, struct error *err);
	int (*add_ports)(struct back_host *host, const struct ledger_network *network,
			 const struct ledger_port *ports, size_t count, struct error *err);
	int (*remove_port)(struct back_host *host, const struct ledger_network *network,
			   const struct ledger_port *port, struct error *err);
};

extern const struct back back_veth;
extern const struct back back_vnic;

static inline const struct back *back_of(enum net_via via)
{
	return via == NET_VIA_VNIC ? &back_vnic : &back_veth;
}

/* Open what there is. back_close() in any case. */
int back_open(struct back_host *host, struct error *err);
/* Usable as a cleanup. */
void back_close(struct back_host *host);

/* Why can no network be made by vnic? NULL: it can. */
const char *back_vnic_missing(const struct back_host *host);

/*
 * The MAC address of who has an IPv4 address: neighbours that remember the pair are right about
 * the next one to have it. 02: locally administered (IEEE 802, 8.2.2).
 */
static inline void back_mac(uint32_t address, uint8_t mac[6])
{
	const uint8_t all[6] = { 0x02, 0xce, (uint8_t)(address >> 24), (uint8_t)(address >> 16),
				 (uint8_t)(address >> 8), (uint8_t)address };

	for (int i = 0; i < 6; i++)
		mac[i] = all[i];
}

#endif
