// SPDX-License-Identifier: GPL-2.0-only
/*
 * Outside ports and the host's own sockets: no port is both a mapping's and a socket's.
 *
 * A port that a socket is bound to is given to no mapping. The other way: a port that a mapping
 * has is reserved, as if it were in net.ipv4.ip_local_reserved_ports, so that no socket is given it
 * that does not ask for it by number. One that does gets it, for nothing in the kernel asks before
 * it binds a socket; the mapping ends within seconds, and its guest gets another port.
 */
#include <linux/random.h>
#include <net/inet_hashtables.h>
#include <net/udp.h>

#include "network.h"
#include "trace.h"

#define PORTS 65536

/**
 * struct held - the reserved ports of a namespace
 * @list: of all
 * @net: namespace
 * @lock: of @count, under those of uplinks
 * @before: those that were reserved already
 * @count: mappings by port, of all protocols, addresses and networks
 */
struct held {
	struct list_head list;
	struct net *net;
	spinlock_t lock; /* BH */
	DECLARE_BITMAP(before, PORTS);
	u16 count[PORTS];
};

/* Under RTNL; a network finds its namespace's there as long as it lives. */
static LIST_HEAD(all_held);

static struct held *held_of(const struct net *net)
{
	struct held *held;

	list_for_each_entry_rcu(held, &all_held, list)
		if (held->net == net)
			return held;
	return NULL;
}

int vnic_host_init(struct net *net)
{
	struct held *held = kvzalloc(sizeof(*held), GFP_KERNEL);

	if (!held)
		return -ENOMEM;
	held->net = net;
	spin_lock_init(&held->lock);
	if (net->ipv4.sysctl_local_reserved_ports)
		bitmap_copy(held->before, net->ipv4.sysctl_local_reserved_ports, PORTS);
	list_add_rcu(&held->list, &all_held);
	return 0;
}

/* All mappings are gone. */
void vnic_host_exit(struct net *net)
{
	struct held *held = held_of(net);

	list_del_rcu(&held->list);
	synchronize_net();
	kvfree(held);
}

static bool tcp_taken(struct net *net, u16 port)
{
	struct inet_hashinfo *hash = net->ipv4.tcp_death_row.hashinfo;
	struct inet_bind_hashbucket *head;
	struct inet_bind_bucket *bucket;
	bool taken = false;

	head = &hash->bhash[inet_bhashfn(net, port, hash->bhash_size)];
	spin_lock_bh(&head->lock);
	inet_bind_bucket_for_each(bucket, &head->chain)
		if (bucket->port == port && net_eq(read_pnet(&bucket->ib_net), net))
			taken = true;
	spin_unlock_bh(&head->lock);
	return taken;
}

static bool udp_taken(struct net *net, u16 port)
{
	struct udp_hslot *slot = udp_hashslot(compat_udp_table(net), net, port);
	struct sock *sk;
	bool taken = false;

	spin_lock_bh(&slot->lock);
	sk_for_each(sk, &slot->head)
		if (udp_sk(sk)->udp_port_hash == port && net_eq(sock_net(sk), net))
			taken = true;
	spin_unlock_bh(&slot->lock);
	return taken;
}

/*
 * Another network on the same uplink, whose lock is held, has it; or any socket of the host that is
 * bound to the port, to whichever address.
 */
static bool port_taken(void *context, u8 protocol, struct vnic_end outside)
{
	const struct vnic_network *network = context, *other;
	struct net *net = network->uplink->net;

	list_for_each_entry(other, &network->uplink->networks, uplink_list)
		if (other != network && vnic_nat_holds(other->nat, protocol, outside))
			return true;
	switch (protocol) {
	case IPPROTO_TCP:
		return tcp_taken(net, ntohs(outside.port));
	case IPPROTO_UDP:
		return udp_taken(net, ntohs(outside.port));
	}
	return false;
}

static void port_held(void *context, u8 protocol, struct vnic_end outside, bool held)
{
	const struct vnic_network *network = context;
	struct net *net = network->uplink->net;
	unsigned long *reserved = net->ipv4.sysctl_local_reserved_ports;
	u16 port = ntohs(outside.port);
	struct held *of;

	if (!held)
		trace_vnic_unmap(network->name, protocol, outside);
	if (protocol == IPPROTO_ICMP || !reserved)
		return;
	rcu_read_lock();
	of = held_of(net);
	spin_lock(&of->lock);
	of->count[port] += held ? 1 : -1;
	if (of->count[port])
		set_bit(port, reserved);
	else if (!test_bit(port, of->before))
		clear_bit(port, reserved);
	spin_unlock(&of->lock);
	rcu_read_unlock();
}

static u32 random_bits(void *context)
{
	return get_random_u32();
}

const struct vnic_nat_host vnic_host = {
	.port_taken = port_taken,
	.port_held = port_held,
	.random = random_bits,
};
