// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments from outside (RFC 4787 REQ-14). Those that come in order pass as they come: the first
 * has the ports, and tells whom the others are for. Nothing of them is kept but that, so nobody can
 * fill a queue to keep them out. Those that come out of order are left to the kernel, which puts
 * them together before translate.c sees them; its memory is bounded, and under attack they are
 * lost.
 *
 *	first fragment ----> translated, and its guest noted -----------------> guest
 *	    another one ---> noted: to the guest that was noted --------------> guest
 *	                     not noted: it came before the first. That is noted,
 *	                     and the first is left to the kernel as well -----> kernel
 */
#include <net/ip.h>

#include "network.h"

/* As long as a receiver waits (RFC 791 3.2 says 15 s to begin with). */
#define NOTED_MS	15000

static struct vnic_fragmented *place_of(struct vnic_uplink *uplink, const struct iphdr *ip)
{
	u64 hash = siphash_2u64((u64)(__force u32)ip->saddr << 32 | (__force u32)ip->daddr,
				(u64)(__force u16)ip->id << 8 | ip->protocol, &uplink->secret);

	return &uplink->fragmented[hash % VNIC_FRAGMENTS];
}

static bool is_noted(const struct vnic_fragmented *place, const struct iphdr *ip)
{
	return place->source == ip->saddr && place->destination == ip->daddr &&
	       place->identification == ip->id && place->protocol == ip->protocol &&
	       vnic_now() < place->until;
}

/* Whoever was noted there is forgotten. */
static void note(struct vnic_uplink *uplink, const struct iphdr *ip, u32 network, __be32 guest)
{
	spin_lock_bh(&uplink->lock);
	*place_of(uplink, ip) = (struct vnic_fragmented){
		.source = ip->saddr, .destination = ip->daddr, .identification = ip->id,
		.protocol = ip->protocol, .network = network, .guest = guest,
		.until = vnic_now() + NOTED_MS,
	};
	spin_unlock_bh(&uplink->lock);
}

/* Returns whether it was noted, and what. */
static bool recall(struct vnic_uplink *uplink, const struct iphdr *ip,
		   struct vnic_fragmented *noted)
{
	bool is;

	spin_lock_bh(&uplink->lock);
	*noted = *place_of(uplink, ip);
	is = is_noted(noted, ip);
	spin_unlock_bh(&uplink->lock);
	return is;
}

static struct vnic_port *port_of(struct vnic_uplink *uplink, const struct vnic_fragmented *noted)
{
	struct vnic_network *network;

	list_for_each_entry_rcu(network, &uplink->networks, uplink_list)
		if (network->number == noted->network)
			return vnic_network_port(network, noted->guest);
	return NULL;
}

static unsigned int first_fragment(struct vnic_uplink *uplink, struct sk_buff *skb)
{
	struct iphdr was = *ip_hdr(skb);
	struct vnic_network *network;
	struct vnic_verdict verdict;
	struct vnic_fragmented noted;
	struct vnic_end destination;
	struct vnic_packet p;

	if (recall(uplink, &was, &noted) && !noted.guest)
		return NF_ACCEPT;
	if (vnic_translate_read_first(skb, &p))
		return NF_ACCEPT;
	destination = p.destination;
	verdict = vnic_translate_decide(uplink, &p, &network);
	if (verdict.way != VNIC_WAY_IN)
		return NF_ACCEPT;
	note(uplink, &was, network->number, verdict.guest->address);
	vnic_count(network, vnic_counter_of(&verdict));
	vnic_translate_deliver(container_of(verdict.guest, struct vnic_port, guest), skb, &p,
			       destination);
	return NF_STOLEN;
}

static unsigned int other_fragment(struct vnic_uplink *uplink, struct sk_buff *skb)
{
	struct vnic_fragmented noted;
	struct vnic_port *port;
	struct iphdr *ip;

	if (!recall(uplink, ip_hdr(skb), &noted)) {
		note(uplink, ip_hdr(skb), 0, 0);
		return NF_ACCEPT;
	}
	port = noted.guest ? port_of(uplink, &noted) : NULL;
	if (!port || ip_hdr(skb)->ttl <= 1)
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, sizeof(*ip)))
		return NF_DROP;
	ip = ip_hdr(skb);
	csum_replace4(&ip->check, ip->daddr, noted.guest);
	ip->daddr = noted.guest;
	ip_decrease_ttl(ip);
	vnic_count(port->network, VNIC_COUNT_IN);
	vnic_port_deliver(port, skb);
	return NF_STOLEN;
}

unsigned int vnic_fragments_inbound(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	const struct iphdr *ip = ip_hdr(skb);
	struct vnic_uplink *uplink;

	if (likely(!ip_is_fragment(ip)))
		return NF_ACCEPT;
	uplink = vnic_uplink_of(state->net, ip->daddr);
	if (!uplink)
		return NF_ACCEPT;
	return ip->frag_off & htons(IP_OFFSET) ? other_fragment(uplink, skb) :
						 first_fragment(uplink, skb);
}
