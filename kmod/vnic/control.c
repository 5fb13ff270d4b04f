// SPDX-License-Identifier: GPL-2.0-only
/*
 * VNIC_IOC_*: what users ask of networks. What each argument may be is said in uapi/vnic.h; here it
 * is checked and carried to network.c and core/nat.c.
 */
#include <linux/icmp.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/ip.h>

#include "core/octets.h"
#include "network.h"

#define FLOWS_LEAST	64
#define FLOWS_MOST	65536
/* At once under the lock. */
#define FLOWS_AT_ONCE	256

/* Programs are built against these; a change of one is a new VNIC_ABI_VERSION. */
static_assert(sizeof(struct vnic_ioc_network) == 200);
static_assert(sizeof(struct vnic_ioc_set) == 208);
static_assert(sizeof(struct vnic_ioc_card) == 80);
static_assert(sizeof(struct vnic_ioc_forward) == 32);
static_assert(sizeof(struct vnic_flow) == 56);
static_assert(sizeof(struct vnic_ioc_flows) == 40);
static_assert(sizeof(struct vnic_ioc_explain) == 48);
static_assert(sizeof(struct vnic_ioc_explain6) == 92);

static bool ends(const char *name)
{
	return strnlen(name, VNIC_NAME_MAX) < VNIC_NAME_MAX;
}

static int find(struct net *net, const char *name, struct vnic_network **network)
{
	if (!ends(name))
		return -EINVAL;
	*network = vnic_network_find(net, name);
	return *network ? 0 : -ENOENT;
}

/* --- networks --- */

static int remove_network(struct net *net, const struct vnic_ioc_network *args)
{
	struct vnic_network *network;
	int ret = find(net, args->name, &network);

	if (!ret)
		vnic_network_remove(network);
	return ret;
}

static int describe(struct net *net, struct vnic_ioc_network *args)
{
	struct vnic_network *network;
	int ret;

	if (args->name[0]) {
		ret = find(net, args->name, &network);
		if (ret)
			return ret;
	} else {
		network = vnic_network_next(net, args->number);
		if (!network)
			return -ENOENT;
	}
	vnic_network_describe(network, args);
	return 0;
}

static int stats(struct net *net, struct vnic_ioc_stats *args)
{
	struct vnic_network *network;
	struct vnic_nat_counts counts;
	int ret = find(net, args->network, &network), cpu;

	if (ret)
		return ret;
	memset(args->counts, 0, sizeof(args->counts));
	for_each_possible_cpu(cpu) {
		const struct vnic_counters *of = per_cpu_ptr(network->counters, cpu);

		for (int i = 0; i < VNIC_COUNTERS; i++)
			args->counts[i] += READ_ONCE(of->at[i]);
	}
	spin_lock_bh(&network->uplink->lock);
	vnic_nat_count(network->nat, &counts);
	spin_unlock_bh(&network->uplink->lock);
	args->memory = counts.octets;
	return 0;
}

/* --- cards --- */

static int card_of(struct net *net, struct vnic_card *own, const char *name,
		   struct vnic_card **card)
{
	struct net_device *dev;

	*card = own;
	if (!ends(name))
		return -EINVAL;
	if (!name[0])
		return own ? 0 : -ENODEV;
	dev = __dev_get_by_name(net, name);
	if (!dev)
		return -ENODEV;
	*card = vnic_card_of(dev);
	return *card ? 0 : -EMEDIUMTYPE;
}

static int attach(struct net *net, struct vnic_card *own, struct vnic_ioc_card *args)
{
	struct vnic_card *card;
	int ret;

	if (!ends(args->network) || memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	ret = card_of(net, own, args->card, &card);
	return ret ?: vnic_network_attach(net, card, args, NULL);
}

static int detach(struct net *net, struct vnic_card *own, const struct vnic_ioc_card *args)
{
	const struct vnic_port *port;
	struct vnic_card *card;
	int ret = card_of(net, own, args->card, &card);

	if (ret)
		return ret;
	port = rtnl_dereference(card->port);
	if (!port)
		return -ENOTCONN;
	/* The caller is privileged in @net, which a card by its descriptor need not be of. */
	if (port->network->uplink->net != net)
		return -EPERM;
	vnic_network_detach(card);
	return 0;
}

static int describe_card(struct net *net, struct vnic_ioc_card *args)
{
	struct vnic_network *network;
	struct vnic_port *port;
	u32 left = args->number;
	unsigned long index;
	int ret = find(net, args->network, &network);

	if (ret)
		return ret;
	xa_for_each(&network->ports, index, port) {
		if (left--)
			continue;
		memset(args->card, 0, sizeof(args->card));
		if (net_eq(dev_net(port->card->dev), net))
			strscpy(args->card, port->card->dev->name, sizeof(args->card));
		args->address = port->guest.address;
		ether_addr_copy(args->mac, port->mac);
		args->mappings = READ_ONCE(port->guest.mappings);
		args->received = READ_ONCE(port->received);
		args->sent = READ_ONCE(port->sent);
		args->dropped = READ_ONCE(port->dropped);
		return 0;
	}
	return -ENOENT;
}

/* --- forwards --- */

static struct vnic_end outside_of(const struct vnic_network *network,
				  const struct vnic_ioc_forward *args)
{
	const struct vnic_addresses *addresses = rtnl_dereference(network->uplink->addresses);
	struct vnic_end outside = { args->outside, args->outside_port };

	if (!outside.address && addresses->count)
		outside.address = addresses->at[0];
	return outside;
}

static int forward_valid(const struct vnic_ioc_forward *args)
{
	if (memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	if (args->protocol != IPPROTO_TCP && args->protocol != IPPROTO_UDP)
		return -EPROTONOSUPPORT;
	return args->outside_port ? 0 : -ERANGE;
}

static int forward(struct net *net, const struct vnic_ioc_forward *args)
{
	struct vnic_network *network;
	struct vnic_port *port;
	int ret = find(net, args->network, &network) ?: forward_valid(args);

	if (ret)
		return ret;
	if (!args->inside_port)
		return -ERANGE;
	if (!vnic_network_has(network, args->inside))
		return -EHOSTUNREACH;
	port = vnic_network_port(network, args->inside);
	if (!port)
		return -EHOSTUNREACH;
	spin_lock_bh(&network->uplink->lock);
	ret = vnic_nat_forward(network->nat, &port->guest, args->protocol,
			       outside_of(network, args), args->inside_port);
	spin_unlock_bh(&network->uplink->lock);
	return ret;
}

static int unforward(struct net *net, const struct vnic_ioc_forward *args)
{
	struct vnic_network *network;
	int ret = find(net, args->network, &network) ?: forward_valid(args);

	if (ret)
		return ret;
	spin_lock_bh(&network->uplink->lock);
	ret = vnic_nat_unforward(network->nat, args->protocol, outside_of(network, args));
	spin_unlock_bh(&network->uplink->lock);
	return ret;
}

/* --- flows --- */

static struct vnic_flow flow_for_user(const struct vnic_nat_flow *flow)
{
	return (struct vnic_flow){
		.inside = flow->inside.address,
		.outside = flow->outside.address,
		.remote = flow->remote.address,
		.inside_port = flow->inside.port,
		.outside_port = flow->outside.port,
		.remote_port = flow->remote.port,
		.protocol = flow->protocol,
		.state = flow->state,
		.flags = flow->forward ? VNIC_FLOW_FORWARD : 0,
		.left_ms = flow->left,
		.out = flow->out,
		.in = flow->in,
	};
}

/* As many as there is room for; @flows is scratch. RTNL is held. */
static void collect_flows(struct vnic_network *network, struct vnic_ioc_flows *args,
			  struct vnic_nat_flow *flows, struct vnic_flow *collected, u32 room)
{
	unsigned int found;

	args->count = 0;
	while (room - args->count >= FLOWS_LEAST) {
		spin_lock_bh(&network->uplink->lock);
		found = vnic_nat_flows(network->nat, vnic_now(), &args->cursor, flows,
				       min(room - args->count, (u32)FLOWS_AT_ONCE));
		spin_unlock_bh(&network->uplink->lock);
		if (!found)
			break;
		for (unsigned int i = 0; i < found; i++)
			collected[args->count++] = flow_for_user(&flows[i]);
		cond_resched();
	}
}

/* Takes RTNL itself: user memory may take any time to be there, and nobody should wait for that. */
static int list_flows(struct net *net, struct vnic_ioc_flows *args)
{
	u32 room = args->count;
	struct vnic_network *network;
	struct vnic_nat_flow *flows;
	struct vnic_flow *collected;
	int ret = -ENOMEM;

	if (args->reserved)
		return -EINVAL;
	if (room < FLOWS_LEAST || room > FLOWS_MOST)
		return -ERANGE;
	flows = kvmalloc_array(FLOWS_AT_ONCE, sizeof(*flows), GFP_KERNEL_ACCOUNT);
	/* Zeroes, for what lies between the fields. */
	collected = kvcalloc(room, sizeof(*collected), GFP_KERNEL_ACCOUNT);
	if (flows && collected) {
		rtnl_lock();
		ret = find(net, args->network, &network);
		if (!ret)
			collect_flows(network, args, flows, collected, room);
		rtnl_unlock();
	}
	if (!ret && copy_to_user(u64_to_user_ptr(args->flows), collected,
				 array_size(args->count, sizeof(*collected))))
		ret = -EFAULT;
	kvfree(collected);
	kvfree(flows);
	return ret;
}

/* --- what would happen? --- */

struct imagined {
	struct iphdr ip;
	u8 transport[sizeof(struct tcphdr)];
};

/* A packet as short as may be, with what the user says in its headers. Returns its length. */
static u32 imagine(struct imagined *packet, const struct vnic_ioc_explain *args)
{
	u8 *transport = packet->transport;
	u32 octets = args->protocol == IPPROTO_TCP ? 20 : 8;

	memset(packet, 0, sizeof(*packet));
	packet->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = args->protocol,
		.saddr = args->source, .daddr = args->destination,
		.tot_len = htons(sizeof(packet->ip) + octets),
	};
	ip_send_check(&packet->ip);
	if (args->protocol == IPPROTO_ICMP) {
		/* Inbound, the identifier is that of an answer: of the end it is for. */
		transport[0] = args->inbound ? ICMP_ECHOREPLY : ICMP_ECHO;
		vnic_put16(transport + 4, ntohs(args->inbound ? args->destination_port :
								args->source_port));
		return sizeof(packet->ip) + octets;
	}
	vnic_put16(transport, ntohs(args->source_port));
	vnic_put16(transport + 2, ntohs(args->destination_port));
	if (args->protocol == IPPROTO_TCP) {
		transport[12] = 5 << 4;
		transport[13] = VNIC_TCP_SYN;
	} else {
		vnic_put16(transport + 4, octets);
	}
	return sizeof(packet->ip) + octets;
}

static int explain(struct net *net, struct vnic_ioc_explain *args)
{
	struct vnic_network *network;
	struct vnic_verdict verdict;
	struct vnic_packet p;
	struct vnic_port *port;
	struct imagined packet;
	u32 octets;
	int ret = find(net, args->network, &network);

	if (ret)
		return ret;
	if (args->reserved || args->inbound > 1)
		return -EINVAL;
	if (args->protocol != IPPROTO_TCP && args->protocol != IPPROTO_UDP &&
	    args->protocol != IPPROTO_ICMP)
		return -EPROTONOSUPPORT;
	port = vnic_network_has(network, args->source) ?
		vnic_network_port(network, args->source) : NULL;
	if (!args->inbound && !port)
		return -EHOSTUNREACH;
	octets = imagine(&packet, args);
	if (vnic_packet_read(&p, (u8 *)&packet, octets, octets, false))
		return -EINVAL;
	spin_lock_bh(&network->uplink->lock);
	verdict = args->inbound ?
		vnic_nat_explain_inbound(network->nat, &p, vnic_now()) :
		vnic_nat_explain_outbound(network->nat, &port->guest, &p, vnic_now());
	spin_unlock_bh(&network->uplink->lock);
	args->way = verdict.way;
	args->reason = verdict.reason == VNIC_REASON_CREATED ? VNIC_COUNT_CREATED :
							       vnic_counter_of(&verdict);
	args->new_source = p.source.address;
	args->new_source_port = p.source.port;
	args->new_destination = p.destination.address;
	args->new_destination_port = p.destination.port;
	if (verdict.reason == VNIC_REASON_CREATED) {
		args->new_source = 0;
		args->new_source_port = 0;
	}
	return 0;
}

static int explain6(struct net *net, struct vnic_ioc_explain6 *args)
{
	struct vnic_network *network;
	int ret = find(net, args->network, &network);

	if (ret)
		return ret;
	if (args->reserved || args->inbound > 1)
		return -EINVAL;
	if (!network->six)
		return -EAFNOSUPPORT;
	vnic_translate6_explain(network, args);
	return 0;
}

/* --- all of them --- */

union vnic_arguments {
	struct vnic_ioc_network network;
	struct vnic_ioc_set set;
	struct vnic_ioc_card card;
	struct vnic_ioc_forward forward;
	struct vnic_ioc_flows flows;
	struct vnic_ioc_stats stats;
	struct vnic_ioc_explain explain;
	struct vnic_ioc_explain6 explain6;
};

/* All that need nothing but @args. RTNL is held. */
static int carry_out(struct net *net, struct vnic_card *own, unsigned int ioctl,
		     union vnic_arguments *args)
{
	switch (ioctl) {
	case VNIC_IOC_CREATE:
		return vnic_network_create(net, &args->network);
	case VNIC_IOC_SET:
		return vnic_network_set(net, &args->set);
	case VNIC_IOC_REMOVE:
		return remove_network(net, &args->network);
	case VNIC_IOC_NETWORK:
		return describe(net, &args->network);
	case VNIC_IOC_ATTACH:
		return attach(net, own, &args->card);
	case VNIC_IOC_DETACH:
		return detach(net, own, &args->card);
	case VNIC_IOC_CARD:
		return describe_card(net, &args->card);
	case VNIC_IOC_FORWARD:
		return forward(net, &args->forward);
	case VNIC_IOC_UNFORWARD:
		return unforward(net, &args->forward);
	case VNIC_IOC_STATS:
		return stats(net, &args->stats);
	case VNIC_IOC_EXPLAIN:
		return explain(net, &args->explain);
	case VNIC_IOC_EXPLAIN6:
		return explain6(net, &args->explain6);
	default:
		return -ENOTTY;
	}
}

/* Everybody may look, except at who talks to whom. */
static bool only_looks(unsigned int ioctl)
{
	return ioctl == VNIC_IOC_NETWORK || ioctl == VNIC_IOC_CARD || ioctl == VNIC_IOC_STATS;
}

long vnic_network_ioctl(struct vnic_card *card, unsigned int ioctl, unsigned long arg)
{
	struct net *net = current->nsproxy->net_ns;
	void __user *user = (void __user *)arg;
	union vnic_arguments *args;
	long ret;

	if (ioctl == VNIC_IOC_VERSION)
		return arg ? -EINVAL : VNIC_ABI_VERSION;
	if (_IOC_TYPE(ioctl) != VNIC_IOC_MAGIC || _IOC_SIZE(ioctl) > sizeof(*args))
		return -ENOTTY;
	if (!only_looks(ioctl) && !ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	/* Too large for the stack. */
	args = kzalloc(sizeof(*args), GFP_KERNEL);
	if (!args)
		return -ENOMEM;
	ret = -EFAULT;
	if (copy_from_user(args, user, _IOC_SIZE(ioctl)))
		goto out;
	if (ioctl == VNIC_IOC_FLOWS) {
		ret = list_flows(net, &args->flows);
	} else {
		rtnl_lock();
		ret = carry_out(net, card, ioctl, args);
		rtnl_unlock();
	}
	if (!ret && _IOC_DIR(ioctl) & _IOC_READ && copy_to_user(user, args, _IOC_SIZE(ioctl)))
		ret = -EFAULT;
out:
	kfree(args);
	return ret;
}
