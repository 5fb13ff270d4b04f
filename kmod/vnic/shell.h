/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the parts of the module meet.
 *
 *	main.c		the module, its namespaces, /dev/vnic's ioctls of networks
 *	tap.c		/dev/vnic as a TAP device: who reads gets what the card sends
 *	ring.c		the same without system calls: rings in shared memory
 *	card.c		the network device: queues, statistics; link.c: ip link; ethtool.c
 *	network.c	which networks and cards there are; gateway.c: ARP, DHCP, echo
 *	translate.c	a guest's packet on its way out, and the answer on its way in
 *	core/		what is pure: packets, mappings, ports, DHCP
 *
 * Two kinds of card. A TAP card's device is the host's end of a cable: what the host sends into it
 * reaches the guest behind the file descriptor, and what the guest sends arrives in it. A link card
 * (ip link add type vnic) is the guest's end itself, to be moved into a container's namespace.
 * A card may be in a network; then what the guest sends is the network's, not the host's. A TAP
 * card that is in none is an ordinary TAP device; a link card that is in none has no carrier.
 *
 * Locks, outer first:
 *	RTNL			cards, networks, which card is in which; ports' lifetimes
 *	network->lock (BH)	the translator: mappings, sessions, ports
 * Packets hold RCU (BH) and network->lock while they are translated, nothing else.
 */
#ifndef VNIC_SHELL_H
#define VNIC_SHELL_H

#include <linux/netdevice.h>

#include <vnic.h>

struct vnic_port;

/**
 * struct vnic_card - a network device of this module (netdev_priv)
 * @dev: the device
 * @port: its place in a network, or NULL; written under RTNL, read under RCU
 * @tap: it belongs to a file descriptor, else it is a link card
 *
 * What else a card has is card.h's.
 */
struct vnic_card {
	struct net_device *dev;
	struct vnic_port __rcu *port;
	bool tap;
};

/* --- card.c: for network.c --- */

/**
 * vnic_card_of() - the card that a device is
 * @dev: any device
 *
 * Return: NULL if it is not one of ours.
 */
struct vnic_card *vnic_card_of(struct net_device *dev);

/**
 * vnic_card_deliver() - a frame for the guest
 * @card: card
 * @skb: consumed; data begins with the Ethernet header, whose place skb_mac_header() tells as well.
 *	Of any size and checksum state that a device may be given
 *
 * A TAP card's goes through the device's queue, a link card's into its stack. RCU (BH) is held;
 * the network's lock is not.
 */
void vnic_card_deliver(struct vnic_card *card, struct sk_buff *skb);

/**
 * vnic_card_joined() - it has got a port
 * @card: whose port is set already
 *
 * A TAP card hands over to vnic_port_input() what the guest sends, after packet taps have seen it
 * (by a handler of received packets on its own device); a link card gets its carrier. RTNL is held.
 *
 * Return: 0; -EBUSY: a bridge, or the like, has the device.
 */
int vnic_card_joined(struct vnic_card *card);

/**
 * vnic_card_left() - the opposite
 * @card: whose port was set to NULL already, and no packet is on its way to it
 *
 * RTNL is held.
 */
void vnic_card_left(struct vnic_card *card);

/* --- network.c: for cards --- */

/**
 * vnic_port_input() - a frame from the guest
 * @port: of the card
 * @skb: consumed; as eth_type_trans() leaves it: data begins behind the Ethernet header, dev is the
 *	card's. May be shared or cloned, of any checksum state, GSO or not
 *
 * RCU is held, and BHs are off.
 */
void vnic_port_input(struct vnic_port *port, struct sk_buff *skb);

/**
 * vnic_network_attach() - a card joins a network
 * @net: the namespace of the network
 * @card: in none so far
 * @args: network, address, mac as in VNIC_IOC_ATTACH; the address is returned
 * @extack: is told what is wrong; may be NULL
 *
 * RTNL is held.
 *
 * Return: 0, or a negative errno as VNIC_IOC_ATTACH has.
 */
int vnic_network_attach(struct net *net, struct vnic_card *card, struct vnic_ioc_card *args,
			struct netlink_ext_ack *extack);

/**
 * vnic_network_detach() - it leaves
 * @card: in a network, or not
 *
 * RTNL is held. When this returns, no packet of the card is on its way through the network.
 */
void vnic_network_detach(struct vnic_card *card);

/**
 * vnic_network_name() - for ip -d link
 * @card: card
 * @name: set, if it is in a network
 * @address: likewise, of the guest
 *
 * RTNL is held. Return: whether it is in a network.
 */
bool vnic_network_name(const struct vnic_card *card, char name[VNIC_NAME_MAX], __be32 *address);

/**
 * vnic_network_ioctl() - VNIC_IOC_*
 * @card: of the file descriptor, or NULL; the caller sees to it that it stays
 * @ioctl: its number
 * @arg: its argument
 *
 * No lock is held. Return: as the ioctl; -ENOTTY if it is none of a network's.
 */
long vnic_network_ioctl(struct vnic_card *card, unsigned int ioctl, unsigned long arg);

/* Of the module's init and exit. */
int vnic_network_init(void);
void vnic_network_exit(void);
int vnic_card_init(void);
void vnic_card_exit(void);
int vnic_tap_init(void);
void vnic_tap_exit(void);

#endif /* VNIC_SHELL_H */
