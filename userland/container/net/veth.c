// SPDX-License-Identifier: GPL-2.0-only
/*
 * A private network of what every kernel has. The bridge is the gateway; each container has a pair
 * whose host end is a port of it; nftables (nft.c) translates. Called through back.h by up.c, down.c.
 *
 *	cell0		the bridge, and the table
 *	cell0p2		the pair of the container at 10.89.0.2
 *
 * A published port is to answer at the host's 127.0.0.1 too, as users expect. So route_localnet is
 * on for the bridge, and the table's chain "before" keeps what the containers send to 127/8 out;
 * without it they reached what listens on the host's loopback (CVE-2020-8558).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "back.h"
#include "link.h"
#include "netns.h"
#include "nft.h"

/* A subnet of 8 bits has more hosts than a decimal number has room for in IFNAMSIZ. */
static void pair_name(const struct ledger_network *network, uint32_t address,
		      char name[NET_LINK_MAX])
{
	uint32_t host = address & ~net_mask(network->prefix);

	if (host < 100000)
		snprintf(name, NET_LINK_MAX, "%.8sp%u", network->link, host);
	else
		snprintf(name, NET_LINK_MAX, "%.8sx%x", network->link, host & 0xffffff);
}

static int open_nft(struct back_host *host, struct error *err)
{
	return host->nft.fd >= 0 ? 0 : netlink_open(&host->nft, NETLINK_NETFILTER, err);
}

static int link_taken_veth(struct back_host *host, const char *link, struct error *err)
{
	unsigned int index;
	int ret = link_find(&host->route, link, &index, NULL, err);

	return ret ? ret : index > 0;
}

static int set_up(struct back_host *host, const struct ledger_network *network, struct error *err)
{
	char name[64];
	int ret;

	snprintf(name, sizeof(name), "ipv4/conf/%s/route_localnet", network->link);
	ret = sysctl_write(name, "1", err);
	if (!ret) {
		snprintf(name, sizeof(name), "ipv6/conf/%s/disable_ipv6", network->link);
		ret = sysctl_write(name, "1", err);
		/* A kernel without IPv6 has nothing to turn off. */
		ret = ret == -ENOENT ? 0 : ret;
	}
	if (!ret)
		ret = link_add_address(&host->route, network->link, net_gateway(network->subnet),
				       network->prefix, err);
	return ret ? ret : link_up(&host->route, network->link, err);
}

static int add_network(struct back_host *host, const struct ledger_network *network,
		       struct error *err)
{
	uint8_t mac[6];
	int ret;

	back_mac(net_gateway(network->subnet), mac);
	ret = link_add_bridge(&host->route, network->link, mac, network->mtu, err);
	if (ret)
		return ret;
	/* The table first: it keeps out what route_localnet would let in. */
	ret = open_nft(host, err);
	if (!ret)
		ret = nft_add_table(&host->nft, network, err);
	if (!ret)
		ret = set_up(host, network, err);
	/* EEXIST is for the bridge alone; see back.h. */
	return ret == -EEXIST ? -EBUSY : ret;
}

static int remove_network(struct back_host *host, const struct ledger_network *network,
			  struct error *err)
{
	int ret = link_remove(&host->route, network->link, err);

	if (!ret)
		ret = open_nft(host, err);
	return ret ? ret : nft_remove_table(&host->nft, network->link, err);
}

/*
 * With br_netfilter's calls on, as they are in every new namespace, what a container sends to its
 * own published port is translated while it is still a frame, and goes back by the port it came.
 */
static int set_hairpin(struct back_host *host, const char *name, struct error *err)
{
	char on = '0';
	int ret = sysctl_read("bridge/bridge-nf-call-iptables", &on, err);

	if (ret == -ENOENT)
		return 0;
	return ret || on == '0' ? ret : link_hairpin(&host->route, name, err);
}

static int add_member(struct back_host *host, struct netlink *inside,
		      const struct ledger_network *network, const struct ledger_member *member,
		      int netns, struct error *err)
{
	char name[NET_LINK_MAX], kind[16];
	unsigned int bridge;
	uint8_t mac[6];
	int ret;

	(void)inside;
	ret = link_find(&host->route, network->link, &bridge, kind, err);
	if (ret)
		return ret;
	if (!bridge || strcmp(kind, "bridge") != 0)
		return error_set(err, ENODEV,
				 "network: %s: its bridge %s is gone: somebody removed it: end its "
				 "containers, then it is made anew", network->name, network->link);
	pair_name(network, member->address, name);
	back_mac(member->address, mac);
	ret = link_add_pair(&host->route, name, bridge, member->device, netns, mac, network->mtu,
			    err);
	if (!ret)
		ret = set_hairpin(host, name, err);
	return ret ? ret : link_up(&host->route, name, err);
}

static int remove_member(struct back_host *host, const struct ledger_network *network,
			 const struct ledger_member *member, struct error *err)
{
	char name[NET_LINK_MAX];

	pair_name(network, member->address, name);
	return link_remove(&host->route, name, err);
}

static int has_member(struct back_host *host, const struct ledger_network *network,
		      const struct ledger_member *member, struct error *err)
{
	char name[NET_LINK_MAX];

	pair_name(network, member->address, name);
	return link_taken_veth(host, name, err);
}

static int add_ports(struct back_host *host, const struct ledger_network *network,
		     const struct ledger_port *ports, size_t count, struct error *err)
{
	int ret = open_nft(host, err);

	return ret ? ret : nft_add_ports(&host->nft, network->link, ports, count, err);
}

static int remove_port(struct back_host *host, const struct ledger_network *network,
		       const struct ledger_port *port, struct error *err)
{
	int ret = open_nft(host, err);

	return ret ? ret : nft_remove_port(&host->nft, network->link, port, err);
}

const struct back back_veth = {
	.name = "veth",
	.link_taken = link_taken_veth,
	.add_network = add_network,
	.remove_network = remove_network,
	.add_member = add_member,
	.remove_member = remove_member,
	.has_member = has_member,
	.add_ports = add_ports,
	.remove_port = remove_port,
};
