// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPv6: one prefix becomes another (RFC 6296). Nothing is remembered of a packet; what is, is which
 * guest has which address (owned.c). The uplink's side has to route the outside prefix to this
 * host. As in translate.c, what goes out is the host's own to its firewall.
 */
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>

#include "core/icmp6.h"
#include "core/martian.h"
#include "network.h"

static const enum vnic_counter counters[] = {
	[VNIC_NPT_TRUNCATED] = VNIC_DROP_TRUNCATED,
	[VNIC_NPT_NOT_IPV6] = VNIC_DROP_BAD_HEADER,
	[VNIC_NPT_BAD_HEADER] = VNIC_DROP_BAD_HEADER,
	[VNIC_NPT_SOURCE_ROUTED] = VNIC_DROP_SOURCE_ROUTED,
	[VNIC_NPT_FOREIGN] = VNIC_DROP_ERROR_UNKNOWN,
	[VNIC_NPT_NO_WORD] = VNIC_DROP_NO_PORT,
};

/* Octets that the core reads and writes are there, and nobody else's. */
static bool headers_ready(struct sk_buff *skb, u32 *octets)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	/* Behind the fixed header only an error's quoted packet is changed. */
	*octets = ip->nexthdr == IPPROTO_TCP || ip->nexthdr == IPPROTO_UDP ?
		sizeof(*ip) : min_t(u32, skb->len, VNIC_NPT_HEADERS);
	return !skb_ensure_writable(skb, *octets);
}

static bool too_long(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb_is_gso(skb))
		return !skb_gso_validate_network_len(skb, mtu);
	return skb->len > mtu;
}

/* --- out --- */

static struct dst_entry *route_of(const struct vnic_network *network,
				  const struct in6_addr *destination, u8 protocol)
{
	struct flowi6 flow = {
		.flowi6_oif = network->uplink->dev->ifindex,
		.flowi6_proto = protocol,
		.daddr = *destination,
	};
	struct dst_entry *route = ip6_route_output(network->uplink->net, NULL, &flow);
	int error = route->error;

	if (!error)
		return route;
	dst_release(route);
	return ERR_PTR(error);
}

static void send_out(struct net *net, struct sk_buff *skb, struct dst_entry *route)
{
	skb_scrub_packet(skb, true);
	skb_dst_set(skb, route);
	skb->dev = route->dev;
	skb->protocol = htons(ETH_P_IPV6);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	/* It is translated already. */
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	ip6_local_out(net, NULL, skb);
}

static void to_guest(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_port *other = vnic_owned_by(port->network, &ipv6_hdr(skb)->daddr);

	if (!other || !(READ_ONCE(port->network->flags) & VNIC_NET_JOINED)) {
		vnic_gateway6_error(port, skb, VNIC_ICMP6_UNREACHABLE,
				    VNIC_ICMP6_ADDRESS_UNREACHABLE, 0);
		vnic_port_drop(port, skb, VNIC_DROP_ISOLATED);
		return;
	}
	vnic_port_deliver6(other, skb);
}

/* To a guest's outside address: out, and in again (RFC 6296 4.3). */
static void hairpin(struct vnic_port *port, struct sk_buff *skb, u32 octets)
{
	const struct vnic_network *network = port->network;
	struct vnic_port *other;

	if (vnic_npt_in(&network->npt, skb->data, octets, skb->len) != VNIC_NPT_TRANSLATED) {
		vnic_port_drop(port, skb, VNIC_DROP_NO_MAPPING);
		return;
	}
	other = vnic_owned_by(network, &ipv6_hdr(skb)->daddr);
	if (!other) {
		vnic_port_drop(port, skb, VNIC_DROP_NO_MAPPING);
		return;
	}
	vnic_count(network, VNIC_COUNT_HAIRPIN);
	vnic_port_deliver6(other, skb);
}

static void outside(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_network *network = port->network;
	enum vnic_npt_verdict verdict;
	struct dst_entry *route;
	u32 octets;

	if (!headers_ready(skb, &octets)) {
		vnic_port_drop(port, skb, VNIC_DROP_NO_MEMORY);
		return;
	}
	if (ipv6_hdr(skb)->hop_limit <= 1) {
		vnic_gateway6_error(port, skb, VNIC_ICMP6_TIME_EXCEEDED, VNIC_ICMP6_HOPS, 0);
		vnic_port_drop(port, skb, VNIC_DROP_TTL);
		return;
	}
	route = route_of(network, &ipv6_hdr(skb)->daddr, ipv6_hdr(skb)->nexthdr);
	if (IS_ERR(route)) {
		vnic_gateway6_error(port, skb, VNIC_ICMP6_UNREACHABLE, VNIC_ICMP6_NO_ROUTE, 0);
		vnic_port_drop(port, skb, VNIC_DROP_NO_ROUTE);
		return;
	}
	if (too_long(skb, dst_mtu(route))) {
		vnic_gateway6_error(port, skb, VNIC_ICMP6_TOO_BIG, 0, dst_mtu(route));
		vnic_port_drop(port, skb, VNIC_DROP_TOO_BIG);
		goto out_route;
	}
	verdict = vnic_npt_out(&network->npt, skb->data, octets, skb->len);
	if (verdict != VNIC_NPT_TRANSLATED) {
		if (verdict == VNIC_NPT_NO_WORD)
			vnic_gateway6_error(port, skb, VNIC_ICMP6_UNREACHABLE,
					    VNIC_ICMP6_ADDRESS_UNREACHABLE, 0);
		vnic_port_drop(port, skb, counters[verdict]);
		goto out_route;
	}
	vnic_npt_hop(skb->data);
	if (vnic_npt_outside(&network->npt, &ipv6_hdr(skb)->daddr)) {
		hairpin(port, skb, octets);
		goto out_route;
	}
	vnic_count(network, VNIC_COUNT_OUT);
	send_out(network->uplink->net, skb, route);
	return;
out_route:
	dst_release(route);
}

void vnic_translate6_outbound(struct vnic_port *port, struct sk_buff *skb)
{
	const struct vnic_network *network = port->network;
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	if (!vnic_npt_inside(&network->npt, &ip->saddr) || !vnic_owned_claim(port, &ip->saddr))
		vnic_port_drop(port, skb, VNIC_DROP_SOURCE);
	else if (vnic_martian6(&ip->daddr))
		vnic_port_drop(port, skb, VNIC_DROP_MARTIAN);
	else if (vnic_npt_inside(&network->npt, &ip->daddr))
		to_guest(port, skb);
	else
		outside(port, skb);
}

/* --- in --- */

void vnic_port_deliver6(struct vnic_port *port, struct sk_buff *skb)
{
	if (!vnic_port_heard(port)) {
		kfree_skb(skb);
		return;
	}
	skb_scrub_packet(skb, true);
	vnic_port_send(port, skb, ETH_P_IPV6, port->mac);
}

/* Whose an outside address is. */
static struct vnic_port *port_of(const struct vnic_network *network, struct in6_addr address)
{
	if (!vnic_npt_address_in(&network->npt, &address))
		return NULL;
	return vnic_owned_by(network, &address);
}

unsigned int vnic_translate6_inbound(void *priv, struct sk_buff *skb,
				     const struct nf_hook_state *state)
{
	struct vnic_network *network = vnic_network_outside6(state->net, &ipv6_hdr(skb)->daddr);
	enum vnic_npt_verdict verdict;
	struct vnic_port *port;
	u32 octets;

	if (!network)
		return NF_ACCEPT;
	/* Its last hop: the host says so, as of any that it forwards. */
	if (ipv6_hdr(skb)->hop_limit <= 1 || !headers_ready(skb, &octets))
		return NF_ACCEPT;
	port = port_of(network, ipv6_hdr(skb)->daddr);
	if (!port) {
		vnic_count(network, VNIC_DROP_NO_MAPPING);
		return NF_DROP;
	}
	if (too_long(skb, READ_ONCE(port->card->dev->mtu))) {
		if (vnic_gateway_may_tell(network))
			icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, port->card->dev->mtu);
		vnic_count(network, VNIC_DROP_TOO_BIG);
		return NF_DROP;
	}
	verdict = vnic_npt_in(&network->npt, skb->data, octets, skb->len);
	if (verdict != VNIC_NPT_TRANSLATED) {
		vnic_count(network, counters[verdict]);
		return NF_DROP;
	}
	vnic_npt_hop(skb->data);
	vnic_count(network, VNIC_COUNT_IN);
	vnic_port_deliver6(port, skb);
	return NF_STOLEN;
}

/* --- what would happen? As above, but nothing is claimed, counted or sent. --- */

static void say(struct vnic_ioc_explain6 *args, enum vnic_way way, enum vnic_counter reason)
{
	args->way = way;
	args->reason = reason;
}

/* To an address that a guest has outside. */
static void explain_in(const struct vnic_network *network, struct vnic_ioc_explain6 *args,
		       enum vnic_counter reason)
{
	const struct vnic_port *port = port_of(network, args->destination);

	vnic_npt_address_in(&network->npt, &args->new_destination);
	if (!port) {
		say(args, VNIC_WAY_DROP, VNIC_DROP_NO_MAPPING);
		return;
	}
	args->receiver = port->guest.address;
	say(args, VNIC_WAY_IN, reason);
}

static void explain_to_guest(const struct vnic_network *network, struct vnic_ioc_explain6 *args)
{
	const struct vnic_port *other = vnic_owned_by(network, &args->destination);

	if (other)
		args->receiver = other->guest.address;
	if (!other || !(READ_ONCE(network->flags) & VNIC_NET_JOINED))
		say(args, VNIC_WAY_DROP, VNIC_DROP_ISOLATED);
	else
		say(args, VNIC_WAY_IN, VNIC_COUNTERS);
}

static void explain_outside(const struct vnic_network *network, struct vnic_ioc_explain6 *args)
{
	struct dst_entry *route = route_of(network, &args->destination, IPPROTO_NONE);

	if (IS_ERR(route)) {
		say(args, VNIC_WAY_DROP, VNIC_DROP_NO_ROUTE);
		return;
	}
	dst_release(route);
	if (!vnic_npt_address_out(&network->npt, &args->new_source))
		say(args, VNIC_WAY_DROP, counters[VNIC_NPT_NO_WORD]);
	else if (vnic_npt_outside(&network->npt, &args->destination))
		explain_in(network, args, VNIC_COUNT_HAIRPIN);
	else
		say(args, VNIC_WAY_OUT, VNIC_COUNT_OUT);
}

static void explain_outbound(const struct vnic_network *network, struct vnic_ioc_explain6 *args)
{
	const struct vnic_port *port = vnic_owned_by(network, &args->source);

	if (port)
		args->sender = port->guest.address;
	if (!vnic_npt_inside(&network->npt, &args->source))
		say(args, VNIC_WAY_DROP, VNIC_DROP_SOURCE);
	else if (vnic_martian6(&args->destination))
		say(args, VNIC_WAY_DROP, VNIC_DROP_MARTIAN);
	else if (vnic_npt_inside(&network->npt, &args->destination))
		explain_to_guest(network, args);
	else
		explain_outside(network, args);
}

void vnic_translate6_explain(const struct vnic_network *network, struct vnic_ioc_explain6 *args)
{
	args->sender = 0;
	args->receiver = 0;
	args->new_source = args->source;
	args->new_destination = args->destination;
	rcu_read_lock();
	if (!args->inbound)
		explain_outbound(network, args);
	else if (vnic_network_outside6(network->uplink->net, &args->destination) == network)
		explain_in(network, args, VNIC_COUNT_IN);
	else
		say(args, VNIC_WAY_HOST, VNIC_COUNTERS);
	rcu_read_unlock();
}
