// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose IPv6 address is it? A guest gives itself addresses (RFC 4862), several, and new ones each
 * day. The first that uses an address has it, until it leaves (RFC 6620).
 */
#include <net/ipv6.h>

#include "network.h"

static u32 hash_of(const struct in6_addr *address)
{
	return ipv6_addr_hash(address);
}

static struct vnic_owned *find(const struct vnic_network *network, const struct in6_addr *address)
{
	struct vnic_owned *owned;

	hash_for_each_possible_rcu(network->owned, owned, node, hash_of(address))
		if (ipv6_addr_equal(&owned->address, address))
			return owned;
	return NULL;
}

struct vnic_port *vnic_owned_by(const struct vnic_network *network,
				const struct in6_addr *address)
{
	const struct vnic_owned *owned = find(network, address);

	return owned ? owned->port : NULL;
}

/* The uplink's lock is held, and nobody has it. */
static bool take(struct vnic_port *port, const struct in6_addr *address)
{
	struct vnic_owned *owned;

	if (port->owned_count == VNIC_OWNED_MOST)
		return false;
	owned = kmalloc(sizeof(*owned), GFP_ATOMIC);
	if (!owned)
		return false;
	owned->address = *address;
	owned->port = port;
	owned->next = port->owned;
	port->owned = owned;
	port->owned_count++;
	hash_add_rcu(port->network->owned, &owned->node, hash_of(address));
	return true;
}

bool vnic_owned_claim(struct vnic_port *port, const struct in6_addr *address)
{
	struct vnic_port *owner = vnic_owned_by(port->network, address);

	if (owner)
		return owner == port;
	spin_lock_bh(&port->network->uplink->lock);
	owner = vnic_owned_by(port->network, address);
	if (!owner && take(port, address))
		owner = port;
	spin_unlock_bh(&port->network->uplink->lock);
	return owner == port;
}

void vnic_owned_forget(struct vnic_port *port)
{
	struct vnic_owned *owned, *next;

	spin_lock_bh(&port->network->uplink->lock);
	for (owned = port->owned; owned; owned = next) {
		next = owned->next;
		hash_del_rcu(&owned->node);
		kfree_rcu(owned, rcu);
	}
	port->owned = NULL;
	port->owned_count = 0;
	spin_unlock_bh(&port->network->uplink->lock);
}
