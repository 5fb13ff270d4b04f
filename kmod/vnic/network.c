// SPDX-License-Identifier: GPL-2.0-only
/*
 * Networks, uplinks and ports: how they come and go, and what is left of them when their
 * namespace, uplink or card does. Nothing here sees a packet. See network.h for who owns what.
 *
 * RTNL is held by whoever calls a function of this file, unless it says otherwise.
 */
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netns/generic.h>

#include "core/martian.h"
#include "network.h"

#define NETWORKS_MOST	256
#define MAPPINGS	65536
#define MAPPINGS_MOST	1048576
#define SECONDS_MOST	604800
/* ICMP errors that one network sends (RFC 1812 4.3.2.8). */
#define ERRORS_A_SECOND	100
#define ERRORS_AT_ONCE	50
/*
 * How often expired mappings are looked for, how many hash chains at once under the lock, and how
 * often in all that is needed to see each (there are about four for each mapping there may be).
 */
#define COLLECT_MS	250
#define COLLECT_CHAINS	1024
#define COLLECT_ROUNDS	16

/* After fragments were put together (-400), before anybody looks at connections (-300, -200). */
#define HOOK_PRIORITY	(NF_IP_PRI_CONNTRACK_DEFRAG + 50)

/**
 * struct space - what a namespace has
 * @uplinks: struct vnic_uplink.list
 * @networks: how many, of all uplinks
 * @last_number: that a network has got
 */
struct space {
	struct list_head uplinks;
	u32 networks;
	u32 last_number;
};

static unsigned int space_id;

static struct space *space_of(const struct net *net)
{
	return net_generic(net, space_id);
}

/* --- finding --- */

struct vnic_network *vnic_network_find(struct net *net, const char *name)
{
	struct vnic_network *network;
	struct vnic_uplink *uplink;

	list_for_each_entry(uplink, &space_of(net)->uplinks, list)
		list_for_each_entry(network, &uplink->networks, uplink_list)
			if (!strcmp(network->name, name))
				return network;
	return NULL;
}

/* The network of the least number that is @number or more. */
struct vnic_network *vnic_network_next(struct net *net, u32 number)
{
	struct vnic_network *network, *next = NULL;
	struct vnic_uplink *uplink;

	list_for_each_entry(uplink, &space_of(net)->uplinks, list)
		list_for_each_entry(network, &uplink->networks, uplink_list)
			if (network->number >= number && (!next || network->number < next->number))
				next = network;
	return next;
}

struct vnic_uplink *vnic_uplink_of(struct net *net, __be32 address)
{
	const struct vnic_addresses *addresses;
	struct vnic_uplink *uplink;

	list_for_each_entry_rcu(uplink, &space_of(net)->uplinks, list) {
		addresses = rcu_dereference(uplink->addresses);
		for (unsigned int i = 0; addresses && i < addresses->count; i++)
			if (addresses->at[i] == address)
				return uplink;
	}
	return NULL;
}

struct vnic_network *vnic_network_outside6(struct net *net, const struct in6_addr *address)
{
	struct vnic_network *network;
	struct vnic_uplink *uplink;

	list_for_each_entry_rcu(uplink, &space_of(net)->uplinks, list)
		list_for_each_entry_rcu(network, &uplink->networks, uplink_list)
			if (network->six && vnic_npt_outside(&network->npt, address))
				return network;
	return NULL;
}

/* --- uplinks --- */

static const struct nf_hook_ops inbound_hooks[] = {
	{
		.hook = vnic_fragments_inbound,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_CONNTRACK_DEFRAG - 1,
	},
	{
		.hook = vnic_translate_inbound,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = HOOK_PRIORITY,
	},
	{
		.hook = vnic_translate6_inbound,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = HOOK_PRIORITY,
	},
};

/* A device may have one address under two masks, or with two peers; a translator has it once. */
static void add_address(struct vnic_addresses *addresses, __be32 address)
{
	for (unsigned int i = 0; i < addresses->count; i++)
		if (addresses->at[i] == address)
			return;
	if (addresses->count < VNIC_NAT_ADDRESSES)
		addresses->at[addresses->count++] = address;
}

/* The device's addresses as they are now; all translators are told. */
static int uplink_refresh(struct vnic_uplink *uplink)
{
	struct vnic_addresses *addresses = kzalloc(sizeof(*addresses), GFP_KERNEL), *old;
	const struct in_device *in_dev = __in_dev_get_rtnl(uplink->dev);
	struct vnic_network *network;
	const struct in_ifaddr *ifa;

	if (!addresses)
		return -ENOMEM;
	if (in_dev && (uplink->dev->flags & IFF_UP))
		in_dev_for_each_ifa_rtnl(ifa, in_dev)
			add_address(addresses, ifa->ifa_local);
	old = rtnl_dereference(uplink->addresses);
	rcu_assign_pointer(uplink->addresses, addresses);
	spin_lock_bh(&uplink->lock);
	list_for_each_entry(network, &uplink->networks, uplink_list)
		vnic_nat_set_addresses(network->nat, addresses->at, addresses->count);
	spin_unlock_bh(&uplink->lock);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static struct vnic_uplink *uplink_find(struct net *net, const struct net_device *dev)
{
	struct vnic_uplink *uplink;

	list_for_each_entry(uplink, &space_of(net)->uplinks, list)
		if (uplink->dev == dev)
			return uplink;
	return NULL;
}

/*
 * Found when the module is loaded, not linked with: insmod loads nothing that a module needs.
 */
static typeof(nf_defrag_ipv4_enable) *defrag_enable;
static typeof(nf_defrag_ipv4_disable) *defrag_disable;

static int defrag_get(void)
{
	request_module("nf_defrag_ipv4");
	defrag_enable = symbol_get(nf_defrag_ipv4_enable);
	defrag_disable = symbol_get(nf_defrag_ipv4_disable);
	if (defrag_enable && defrag_disable)
		return 0;
	if (defrag_enable)
		symbol_put(nf_defrag_ipv4_enable);
	pr_err("the kernel's module nf_defrag_ipv4 is needed, and cannot be loaded\n");
	return -ENOENT;
}

static void defrag_put(void)
{
	symbol_put(nf_defrag_ipv4_enable);
	symbol_put(nf_defrag_ipv4_disable);
}

/* The first uplink of a namespace brings the hook. */
static int hook_up(struct net *net)
{
	int ret;

	if (!list_empty(&space_of(net)->uplinks))
		return 0;
	ret = vnic_host_init(net);
	if (ret)
		return ret;
	ret = defrag_enable(net);
	if (ret)
		goto out_host;
	ret = nf_register_net_hooks(net, inbound_hooks, ARRAY_SIZE(inbound_hooks));
	if (ret)
		goto out_defrag;
	return 0;
out_defrag:
	defrag_disable(net);
out_host:
	vnic_host_exit(net);
	return ret;
}

static void unhook(struct net *net)
{
	if (!list_empty(&space_of(net)->uplinks))
		return;
	nf_unregister_net_hooks(net, inbound_hooks, ARRAY_SIZE(inbound_hooks));
	defrag_disable(net);
	vnic_host_exit(net);
}

/* That of @dev, made if there was none. */
static struct vnic_uplink *uplink_get(struct net *net, struct net_device *dev)
{
	struct vnic_uplink *uplink = uplink_find(net, dev);
	int ret;

	if (uplink)
		return uplink;
	uplink = kzalloc(sizeof(*uplink), GFP_KERNEL);
	if (!uplink)
		return ERR_PTR(-ENOMEM);
	ret = hook_up(net);
	if (ret) {
		kfree(uplink);
		return ERR_PTR(ret);
	}
	uplink->net = net;
	uplink->dev = dev;
	netdev_hold(dev, &uplink->tracker, GFP_KERNEL);
	spin_lock_init(&uplink->lock);
	get_random_bytes(&uplink->secret, sizeof(uplink->secret));
	INIT_LIST_HEAD(&uplink->networks);
	list_add_tail_rcu(&uplink->list, &space_of(net)->uplinks);
	return uplink;
}

/* If its last network is gone. */
static void uplink_put(struct vnic_uplink *uplink)
{
	struct vnic_addresses *addresses = rtnl_dereference(uplink->addresses);

	if (!list_empty(&uplink->networks))
		return;
	list_del_rcu(&uplink->list);
	unhook(uplink->net);
	netdev_put(uplink->dev, &uplink->tracker);
	if (addresses)
		kfree_rcu(addresses, rcu);
	kfree_rcu(uplink, rcu);
}

/* --- networks: what may be set --- */

static u32 milliseconds(u32 seconds, u32 otherwise)
{
	return seconds ? seconds * MSEC_PER_SEC : otherwise;
}

static bool timeouts_valid(const struct vnic_ioc_timeouts *t)
{
	return t->udp <= SECONDS_MOST && t->icmp <= SECONDS_MOST &&
	       t->tcp_established <= SECONDS_MOST && t->tcp_transitory <= SECONDS_MOST &&
	       t->tcp_syn <= SECONDS_MOST && !t->reserved;
}

static struct vnic_nat_timeouts timeouts_of(const struct vnic_ioc_timeouts *t)
{
	const struct vnic_nat_timeouts *otherwise = &vnic_nat_default_timeouts;

	return (struct vnic_nat_timeouts){
		.udp = milliseconds(t->udp, otherwise->udp),
		.icmp = milliseconds(t->icmp, otherwise->icmp),
		.tcp_established = milliseconds(t->tcp_established, otherwise->tcp_established),
		.tcp_transitory = milliseconds(t->tcp_transitory, otherwise->tcp_transitory),
		.tcp_syn = milliseconds(t->tcp_syn, otherwise->tcp_syn),
	};
}

static int config_from_user(struct vnic_nat_config *config, const struct vnic_ioc_network *args)
{
	u32 most = args->most ?: MAPPINGS;

	if (!timeouts_valid(&args->timeouts) || most > MAPPINGS_MOST)
		return -ERANGE;
	*config = (struct vnic_nat_config){
		.timeouts = timeouts_of(&args->timeouts),
		.first_port = args->first_port ?: 1024,
		.last_port = args->last_port ?: 65535,
		.most = most,
		.quota = args->quota ?: max(most / 4, 1U),
		.sessions = 2 * most,
		.address_dependent = args->flags & VNIC_NET_ADDRESS_DEPENDENT,
	};
	return vnic_nat_config_valid(config) ? 0 : -ERANGE;
}

static bool text_valid(const char *text)
{
	return strnlen(text, VNIC_NAME_MAX) < VNIC_NAME_MAX && dev_valid_name(text);
}

static int subnet_valid(const struct vnic_ioc_network *args, __be32 mask)
{
	if (args->prefix < 8 || args->prefix > 30)
		return -ERANGE;
	if (args->subnet & ~mask || ipv4_is_loopback(args->subnet) ||
	    ipv4_is_multicast(args->subnet) || ipv4_is_lbcast(args->subnet) ||
	    ipv4_is_zeronet(args->subnet))
		return -EINVAL;
	return 0;
}

static bool overlap(__be32 a, __be32 a_mask, __be32 b, __be32 b_mask)
{
	return !((a ^ b) & a_mask & b_mask);
}

/* Those that there are come first, and guests can send to them. */
static bool dns_valid(const struct vnic_ioc_network *args)
{
	bool more = true, more6 = true;

	for (int i = 0; i < VNIC_DNS_MAX; i++) {
		const struct in6_addr *six = &args->dns6[i];

		if ((args->dns[i] && (!more || vnic_martian(args->dns[i]))) ||
		    (!ipv6_addr_any(six) && (!more6 || vnic_martian6(six))))
			return false;
		more = args->dns[i];
		more6 = !ipv6_addr_any(six);
	}
	return true;
}

/* Another network has addresses of @subnet, or the uplink does: answers would go astray. */
static bool subnet_taken(struct net *net, const struct net_device *dev, __be32 subnet, __be32 mask)
{
	const struct in_device *in_dev = __in_dev_get_rtnl(dev);
	const struct vnic_network *network;
	const struct vnic_uplink *uplink;
	const struct in_ifaddr *ifa;

	list_for_each_entry(uplink, &space_of(net)->uplinks, list)
		list_for_each_entry(network, &uplink->networks, uplink_list)
			if (overlap(subnet, mask, network->subnet, network->mask))
				return true;
	if (in_dev)
		in_dev_for_each_ifa_rtnl(ifa, in_dev)
			if (overlap(subnet, mask, ifa->ifa_local, ifa->ifa_mask))
				return true;
	return false;
}

/* --- networks: they come and go --- */

static void network_collect(struct work_struct *work)
{
	struct vnic_network *network =
		container_of(to_delayed_work(work), struct vnic_network, collect);
	u32 chains = 4 * vnic_nat_config(network->nat)->most / COLLECT_ROUNDS;

	for (u32 done = 0; done <= chains; done += COLLECT_CHAINS) {
		spin_lock_bh(&network->uplink->lock);
		vnic_nat_collect(network->nat, vnic_now(), COLLECT_CHAINS);
		spin_unlock_bh(&network->uplink->lock);
		cond_resched();
	}
	vnic_tell_overdue(network);
	queue_delayed_work(system_wq, &network->collect, msecs_to_jiffies(COLLECT_MS));
}

static struct vnic_network *network_new(const struct vnic_ioc_network *args, __be32 mask)
{
	struct vnic_network *network = kzalloc(sizeof(*network), GFP_KERNEL);
	struct vnic_nat_host host = vnic_host;
	struct vnic_nat_config config;
	int ret = -ENOMEM;

	if (!network)
		return ERR_PTR(ret);
	network->counters = alloc_percpu(struct vnic_counters);
	if (!network->counters)
		goto out_network;
	ret = config_from_user(&config, args);
	if (ret)
		goto out_counters;
	host.context = network;
	network->nat = vnic_nat_create(&config, &host);
	if (!network->nat) {
		ret = -ENOMEM;
		goto out_counters;
	}
	strscpy(network->name, args->name, sizeof(network->name));
	network->flags = args->flags;
	network->subnet = args->subnet;
	network->mask = mask;
	network->prefix = args->prefix;
	network->gateway = htonl(ntohl(args->subnet) + 1);
	eth_random_addr(network->mac);
	vnic_limit_init(&network->errors, ERRORS_A_SECOND, ERRORS_AT_ONCE, vnic_now());
	memcpy(network->dns, args->dns, sizeof(network->dns));
	memcpy(network->dns6, args->dns6, sizeof(network->dns6));
	network->six = args->prefix6;
	if (network->six &&
	    !vnic_npt_init(&network->npt, &args->inside6, &args->outside6, args->prefix6)) {
		ret = -ERANGE;
		goto out_nat;
	}
	hash_init(network->owned);
	xa_init_flags(&network->ports, XA_FLAGS_ALLOC);
	INIT_DELAYED_WORK(&network->collect, network_collect);
	return network;
out_nat:
	vnic_nat_destroy(network->nat);
out_counters:
	free_percpu(network->counters);
out_network:
	kfree(network);
	return ERR_PTR(ret);
}

static void network_free(struct vnic_network *network)
{
	vnic_nat_destroy(network->nat);
	xa_destroy(&network->ports);
	free_percpu(network->counters);
	kfree(network);
}

int vnic_network_create(struct net *net, const struct vnic_ioc_network *args)
{
	__be32 mask = inet_make_mask(args->prefix & 31);
	struct space *space = space_of(net);
	struct vnic_network *network;
	struct vnic_uplink *uplink;
	struct net_device *dev;
	int ret;

	if (!text_valid(args->name) || !text_valid(args->uplink) ||
	    args->flags & ~(VNIC_NET_JOINED | VNIC_NET_ADDRESS_DEPENDENT) || !dns_valid(args) ||
	    memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	ret = subnet_valid(args, mask);
	if (ret)
		return ret;
	if (vnic_network_find(net, args->name))
		return -EEXIST;
	dev = __dev_get_by_name(net, args->uplink);
	if (!dev)
		return -ENODEV;
	if (subnet_taken(net, dev, args->subnet, mask))
		return -EADDRINUSE;
	if (space->networks == NETWORKS_MOST)
		return -ENOSPC;
	network = network_new(args, mask);
	if (IS_ERR(network))
		return PTR_ERR(network);
	uplink = uplink_get(net, dev);
	if (IS_ERR(uplink)) {
		network_free(network);
		return PTR_ERR(uplink);
	}
	network->uplink = uplink;
	list_add_tail_rcu(&network->uplink_list, &uplink->networks);
	ret = uplink_refresh(uplink);
	if (ret) {
		list_del_rcu(&network->uplink_list);
		uplink_put(uplink);
		synchronize_net();
		network_free(network);
		return ret;
	}
	network->number = ++space->last_number;
	space->networks++;
	queue_delayed_work(system_wq, &network->collect, msecs_to_jiffies(COLLECT_MS));
	return 0;
}

void vnic_network_remove(struct vnic_network *network)
{
	struct vnic_uplink *uplink = network->uplink;
	struct vnic_port *port;
	unsigned long index;

	xa_for_each(&network->ports, index, port)
		vnic_network_detach(port->card);
	list_del_rcu(&network->uplink_list);
	space_of(uplink->net)->networks--;
	/* From here on no packet finds it. The work takes no RTNL. */
	synchronize_net();
	cancel_delayed_work_sync(&network->collect);
	network_free(network);
	uplink_put(uplink);
}

/* What is asked for is written over what is; all of it or nothing. */
static void merge(struct vnic_ioc_network *values, const struct vnic_ioc_set *args)
{
	const struct vnic_ioc_network *from = &args->values;

	if (args->which & VNIC_SET_FLAGS)
		values->flags = from->flags;
	if (args->which & VNIC_SET_PORTS) {
		values->first_port = from->first_port;
		values->last_port = from->last_port;
	}
	if (args->which & VNIC_SET_QUOTA)
		values->quota = from->quota;
	if (args->which & VNIC_SET_UDP)
		values->timeouts.udp = from->timeouts.udp;
	if (args->which & VNIC_SET_ICMP)
		values->timeouts.icmp = from->timeouts.icmp;
	if (args->which & VNIC_SET_TCP_ESTABLISHED)
		values->timeouts.tcp_established = from->timeouts.tcp_established;
	if (args->which & VNIC_SET_TCP_TRANSITORY)
		values->timeouts.tcp_transitory = from->timeouts.tcp_transitory;
	if (args->which & VNIC_SET_TCP_SYN)
		values->timeouts.tcp_syn = from->timeouts.tcp_syn;
	if (args->which & VNIC_SET_DNS) {
		memcpy(values->dns, from->dns, sizeof(values->dns));
		memcpy(values->dns6, from->dns6, sizeof(values->dns6));
	}
}

int vnic_network_set(struct net *net, const struct vnic_ioc_set *args)
{
	struct vnic_ioc_network values;
	struct vnic_nat_config config;
	struct vnic_network *network;
	int ret;

	if (!text_valid(args->values.name) || args->reserved || !args->which ||
	    args->which & ~(2 * VNIC_SET_DNS - 1))
		return -EINVAL;
	network = vnic_network_find(net, args->values.name);
	if (!network)
		return -ENOENT;
	vnic_network_describe(network, &values);
	merge(&values, args);
	if (values.flags & ~(VNIC_NET_JOINED | VNIC_NET_ADDRESS_DEPENDENT) || !dns_valid(&values))
		return -EINVAL;
	ret = config_from_user(&config, &values);
	if (ret)
		return ret;
	spin_lock_bh(&network->uplink->lock);
	vnic_nat_configure(network->nat, &config);
	memcpy(network->dns, values.dns, sizeof(network->dns));
	memcpy(network->dns6, values.dns6, sizeof(network->dns6));
	spin_unlock_bh(&network->uplink->lock);
	WRITE_ONCE(network->flags, values.flags);
	return 0;
}

void vnic_network_describe(const struct vnic_network *network, struct vnic_ioc_network *args)
{
	struct vnic_nat_config config;
	struct vnic_nat_counts counts;

	spin_lock_bh(&network->uplink->lock);
	config = *vnic_nat_config(network->nat);
	vnic_nat_count(network->nat, &counts);
	spin_unlock_bh(&network->uplink->lock);
	*args = (struct vnic_ioc_network){
		.subnet = network->subnet,
		.prefix = network->prefix,
		.flags = network->flags,
		.first_port = config.first_port,
		.last_port = config.last_port,
		.most = config.most,
		.quota = config.quota,
		.timeouts = {
			.udp = config.timeouts.udp / MSEC_PER_SEC,
			.icmp = config.timeouts.icmp / MSEC_PER_SEC,
			.tcp_established = config.timeouts.tcp_established / MSEC_PER_SEC,
			.tcp_transitory = config.timeouts.tcp_transitory / MSEC_PER_SEC,
			.tcp_syn = config.timeouts.tcp_syn / MSEC_PER_SEC,
		},
		.inside6 = network->npt.inside,
		.outside6 = network->npt.outside,
		.prefix6 = network->six ? network->npt.prefix : 0,
		.number = network->number,
		.cards = network->port_count,
		.mappings = counts.mappings,
		.sessions = counts.sessions,
	};
	strscpy(args->name, network->name, sizeof(args->name));
	strscpy(args->uplink, network->uplink->dev->name, sizeof(args->uplink));
	ether_addr_copy(args->gateway_mac, network->mac);
	/* They are changed under RTNL only. */
	memcpy(args->dns, network->dns, sizeof(args->dns));
	memcpy(args->dns6, network->dns6, sizeof(args->dns6));
}

/* --- ports --- */

/* A guest's address is neither the subnet's, nor the gateway's, nor the broadcast one. */
static struct xa_limit guests_of(const struct vnic_network *network)
{
	return XA_LIMIT(2, ~ntohl(network->mask) - 1);
}

static int port_place(struct vnic_network *network, struct vnic_port *port, __be32 *address)
{
	struct xa_limit guests = guests_of(network);
	u32 index = ntohl(*address) - ntohl(network->subnet);
	int ret;

	if (!*address) {
		ret = xa_alloc(&network->ports, &index, port, guests, GFP_KERNEL);
		if (ret)
			return ret == -EBUSY ? -EADDRNOTAVAIL : ret;
		*address = htonl(ntohl(network->subnet) + index);
		return 0;
	}
	if (!vnic_network_has(network, *address) || index < guests.min || index > guests.max)
		return -EADDRNOTAVAIL;
	ret = xa_insert(&network->ports, index, port, GFP_KERNEL);
	return ret == -EBUSY ? -EADDRINUSE : ret;
}

int vnic_network_attach(struct net *net, struct vnic_card *card, struct vnic_ioc_card *args,
			struct netlink_ext_ack *extack)
{
	struct vnic_network *network = vnic_network_find(net, args->network);
	struct vnic_port *port;
	int ret;

	if (!network) {
		NL_SET_ERR_MSG(extack, "there is no such network: vnic create makes one");
		return -ENOENT;
	}
	/* Whoever waited for RTNL may have a card by its descriptor that was deleted meanwhile. */
	if (card->dev->reg_state != NETREG_REGISTERED)
		return -ENODEV;
	if (rtnl_dereference(card->port)) {
		NL_SET_ERR_MSG(extack, "the card is in a network already");
		return -EBUSY;
	}
	if (!is_zero_ether_addr(args->mac) && !is_valid_ether_addr(args->mac))
		return -EINVAL;
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return -ENOMEM;
	port->network = network;
	port->card = card;
	ret = port_place(network, port, &args->address);
	if (ret) {
		NL_SET_ERR_MSG(extack, "the address is not free in the network's subnet");
		goto out_port;
	}
	vnic_nat_guest_init(&port->guest, args->address);
	if (!is_zero_ether_addr(args->mac))
		ether_addr_copy(port->mac, args->mac);
	else if (!card->tap)
		ether_addr_copy(port->mac, card->dev->dev_addr);
	port->heard = !is_zero_ether_addr(port->mac);
	rcu_assign_pointer(card->port, port);
	ret = vnic_card_joined(card);
	if (ret) {
		NL_SET_ERR_MSG(extack, "the device is a bridge's, or another's like it");
		goto out_place;
	}
	network->port_count++;
	return 0;
out_place:
	RCU_INIT_POINTER(card->port, NULL);
	xa_erase(&network->ports, ntohl(args->address) - ntohl(network->subnet));
	synchronize_net();
out_port:
	kfree(port);
	return ret;
}

void vnic_network_detach(struct vnic_card *card)
{
	struct vnic_port *port = rtnl_dereference(card->port);
	struct vnic_network *network;

	if (!port)
		return;
	network = port->network;
	RCU_INIT_POINTER(card->port, NULL);
	xa_erase(&network->ports, ntohl(port->guest.address) - ntohl(network->subnet));
	/* Packets of the card may make mappings until here, ... */
	synchronize_net();
	spin_lock_bh(&network->uplink->lock);
	vnic_nat_forget(network->nat, &port->guest);
	spin_unlock_bh(&network->uplink->lock);
	vnic_owned_forget(port);
	/* ... and packets from outside may have found one until here. */
	synchronize_net();
	vnic_card_left(card);
	network->port_count--;
	kfree(port);
}

bool vnic_network_name(const struct vnic_card *card, char name[VNIC_NAME_MAX], __be32 *address)
{
	const struct vnic_port *port = rtnl_dereference(card->port);

	if (!port)
		return false;
	strscpy(name, port->network->name, VNIC_NAME_MAX);
	*address = port->guest.address;
	return true;
}

/* --- what happens around --- */

static void uplink_gone(struct vnic_uplink *uplink)
{
	bool last;

	do {
		last = list_is_singular(&uplink->networks);
		vnic_network_remove(list_first_entry(&uplink->networks, struct vnic_network,
						     uplink_list));
		/* The uplink goes with its last network. */
	} while (!last);
}

static int device_event(struct notifier_block *block, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct vnic_uplink *uplink = uplink_find(dev_net(dev), dev);

	if (!uplink)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UNREGISTER:
		netdev_info(dev, "the networks that are translated onto it go with it\n");
		uplink_gone(uplink);
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
		uplink_refresh(uplink);
		break;
	}
	return NOTIFY_DONE;
}

static int address_event(struct notifier_block *block, unsigned long event, void *info)
{
	const struct in_ifaddr *ifa = info;
	struct net_device *dev = ifa->ifa_dev->dev;
	struct vnic_uplink *uplink = uplink_find(dev_net(dev), dev);

	if (uplink)
		uplink_refresh(uplink);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = { .notifier_call = device_event };
static struct notifier_block address_notifier = { .notifier_call = address_event };

static int __net_init space_init(struct net *net)
{
	INIT_LIST_HEAD(&space_of(net)->uplinks);
	return 0;
}

static void __net_exit space_exit(struct net *net)
{
	struct space *space = space_of(net);

	rtnl_lock();
	while (!list_empty(&space->uplinks))
		uplink_gone(list_first_entry(&space->uplinks, struct vnic_uplink, list));
	rtnl_unlock();
}

/* A namespace's lists are there before its first device is, ... */
static struct pernet_operations space_ops = {
	.init = space_init,
	.id = &space_id,
	.size = sizeof(struct space),
};

/* ... and its networks go before its devices do. */
static struct pernet_operations networks_ops = {
	.exit = space_exit,
};

int vnic_network_init(void)
{
	int ret = defrag_get();

	if (ret)
		return ret;
	ret = register_pernet_subsys(&space_ops);
	if (ret)
		goto out_defrag;
	ret = register_pernet_device(&networks_ops);
	if (ret)
		goto out_space;
	ret = register_netdevice_notifier(&device_notifier);
	if (ret)
		goto out_networks;
	ret = register_inetaddr_notifier(&address_notifier);
	if (ret)
		goto out_device;
	return 0;
out_device:
	unregister_netdevice_notifier(&device_notifier);
out_networks:
	unregister_pernet_device(&networks_ops);
out_space:
	unregister_pernet_subsys(&space_ops);
out_defrag:
	defrag_put();
	return ret;
}

void vnic_network_exit(void)
{
	/* First, so that no uplink is left whose end would be told. */
	unregister_pernet_device(&networks_ops);
	unregister_inetaddr_notifier(&address_notifier);
	unregister_netdevice_notifier(&device_notifier);
	unregister_pernet_subsys(&space_ops);
	defrag_put();
	/* kfree_rcu() of what was ours. */
	rcu_barrier();
}
