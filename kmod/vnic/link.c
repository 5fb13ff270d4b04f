// SPDX-License-Identifier: GPL-2.0
/*
 * Link cards: ip link add NAME type vnic. The device is a guest's own end, to be moved into its
 * namespace; what it sends is the network's at once, and what the network has for it goes into its
 * stack. rtnetlink knows TAP cards by the same kind, so that ip link shows and deletes them too.
 *
 *	a container's namespace		    network (see shell.h)
 *	TCP ... ndo_start_xmit() ---------> vnic_port_input()
 *	TCP ... GRO <-- a CPU's NAPI <----- vnic_card_deliver()
 *
 * The way out is straight: the network sends in the context of the sender, as deep in the stack as
 * a device that is stacked on another. The way in is not: it waits in a NAPI context of its CPU, so
 * that guests that send to each other do not nest, and GRO can merge what was sent in pieces.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <net/gro_cells.h>
#include <net/rtnetlink.h>

#include <vnic_link.h>

#include "card.h"

/* As veth has them: nothing is done to a frame until it leaves the machine. */
#define LINK_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | \
			 NETIF_F_SCTP_CRC | NETIF_F_HIGHDMA | NETIF_F_GSO_SOFTWARE | \
			 NETIF_F_GSO_ENCAP_ALL)

/**
 * struct vnic_link - a link card (netdev_priv)
 * @card: what the network knows; first
 * @cells: where frames wait for their turn in its stack
 */
struct vnic_link {
	struct vnic_card card;
	struct gro_cells cells;
};

static netdev_tx_t link_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vnic_link *link = netdev_priv(dev);
	struct vnic_port *port;

	/* The stack holds RCU's other flavour here; translating asks for this one. */
	rcu_read_lock();
	port = rcu_dereference(link->card.port);
	if (!port || !pskb_may_pull(skb, ETH_HLEN)) {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb(skb);
		goto out;
	}
	dev_sw_netstats_tx_add(dev, 1, skb->len);
	skb_tx_timestamp(skb);
	/* It leaves the machine, so to speak; but its socket waits until it has been sent. */
	skb_scrub_packet(skb, true);
	skb->protocol = eth_type_trans(skb, dev);
	vnic_port_input(port, skb);
out:
	rcu_read_unlock();
	return NETDEV_TX_OK;
}

/**
 * vnic_link_receive() - a frame for the guest's stack
 * @card: a link card
 * @skb: consumed; data begins with the Ethernet header. RCU (BH) is held
 */
void vnic_link_receive(struct vnic_card *card, struct sk_buff *skb)
{
	struct vnic_link *link = container_of(card, struct vnic_link, card);
	unsigned int len = skb->len;

	if (unlikely(!pskb_may_pull(skb, ETH_HLEN))) {
		dev_core_stats_rx_dropped_inc(card->dev);
		kfree_skb(skb);
		return;
	}
	skb->protocol = eth_type_trans(skb, card->dev);
	/* Counts what it drops itself. */
	if (gro_cells_receive(&link->cells, skb) == NET_RX_SUCCESS)
		dev_sw_netstats_rx_add(card->dev, len);
}

static int link_init(struct net_device *dev)
{
	struct vnic_link *link = netdev_priv(dev);

	return gro_cells_init(&link->cells, dev);
}

static void link_uninit(struct net_device *dev)
{
	struct vnic_link *link = netdev_priv(dev);

	vnic_network_detach(&link->card);
	gro_cells_destroy(&link->cells);
}

static const struct net_device_ops link_ops = {
	.ndo_init = link_init,
	.ndo_uninit = link_uninit,
	.ndo_start_xmit = link_start_xmit,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_get_stats64 = dev_get_tstats64,
	.ndo_features_check = passthru_features_check,
};

/**
 * vnic_link_is() - is it a link card's?
 * @dev: any device
 */
bool vnic_link_is(const struct net_device *dev)
{
	return dev->netdev_ops == &link_ops;
}

static void link_setup(struct net_device *dev)
{
	struct vnic_link *link = netdev_priv(dev);

	ether_setup(dev);
	eth_hw_addr_random(dev);
	link->card.dev = dev;
	dev->netdev_ops = &link_ops;
	dev->ethtool_ops = &vnic_link_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = ETH_MAX_MTU - ETH_HLEN;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
	compat_set_lltx(dev);
	dev->features |= LINK_FEATURES;
	dev->hw_features = LINK_FEATURES;
	dev->hw_enc_features = LINK_FEATURES;
	dev->mpls_features = NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE;
	dev->vlan_features = LINK_FEATURES;
}

/* --- rtnetlink --- */

static const struct nla_policy link_policy[IFLA_VNIC_MAX + 1] = {
	[IFLA_VNIC_NETWORK] = { .type = NLA_NUL_STRING, .len = VNIC_NAME_MAX - 1 },
	[IFLA_VNIC_ADDRESS] = { .type = NLA_BE32 },
};

static int link_validate(struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	if (tb[IFLA_ADDRESS] && nla_len(tb[IFLA_ADDRESS]) != ETH_ALEN) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS], "a MAC address has 6 octets");
		return -EINVAL;
	}
	if (tb[IFLA_ADDRESS] && !is_valid_ether_addr(nla_data(tb[IFLA_ADDRESS]))) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS], "no card has this MAC address");
		return -EADDRNOTAVAIL;
	}
	if (data && data[IFLA_VNIC_ADDRESS] && !data[IFLA_VNIC_NETWORK]) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_VNIC_ADDRESS], "in which network?");
		return -EINVAL;
	}
	return 0;
}

static int join(struct net *net, struct vnic_card *card, struct nlattr *data[],
		struct netlink_ext_ack *extack)
{
	struct vnic_ioc_card args = {};

	nla_strscpy(args.network, data[IFLA_VNIC_NETWORK], sizeof(args.network));
	if (data[IFLA_VNIC_ADDRESS])
		args.address = nla_get_be32(data[IFLA_VNIC_ADDRESS]);
	return vnic_network_attach(net, card, &args, extack);
}

static int COMPAT_NEWLINK(link_newlink)
{
	struct nlattr **attributes = COMPAT_NEWLINK_DATA;
	struct vnic_link *link = netdev_priv(dev);
	int ret;

	netif_carrier_off(dev);
	ret = register_netdevice(dev);
	if (ret || !attributes || !attributes[IFLA_VNIC_NETWORK])
		return ret;
	ret = join(COMPAT_NEWLINK_NET, &link->card, attributes, extack);
	if (ret)
		unregister_netdevice(dev);
	return ret;
}

static size_t link_get_size(const struct net_device *dev)
{
	return nla_total_size(VNIC_NAME_MAX) + nla_total_size(sizeof(__be32));
}

static int link_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vnic_card *card = netdev_priv(dev);
	char name[VNIC_NAME_MAX];
	__be32 address;

	if (!vnic_network_name(card, name, &address))
		return 0;
	if (nla_put_string(skb, IFLA_VNIC_NETWORK, name) ||
	    nla_put_be32(skb, IFLA_VNIC_ADDRESS, address))
		return -EMSGSIZE;
	return 0;
}

struct rtnl_link_ops vnic_link_ops = {
	.kind = "vnic",
	.priv_size = sizeof(struct vnic_link),
	.setup = link_setup,
	.maxtype = IFLA_VNIC_MAX,
	.policy = link_policy,
	.validate = link_validate,
	.newlink = link_newlink,
	.get_size = link_get_size,
	.fill_info = link_fill_info,
};
