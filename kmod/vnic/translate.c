// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet's way through a network: out onto the uplink, and from there back in.
 *
 *	guest's packet                                   packet to an outside address
 *	  | fragments are put together                     | the namespace's hook; fragments
 *	  | headers read           core/packet.c           | were put together before
 *	  | a hop less, the route, its MTU                 | headers read
 *	  | source translated      core/nat.c              | destination translated, or the
 *	  |                                                | packet is the host's
 *	  | ip_local_out()         the host's firewall     | a hop less
 *	  v                        sees it as its own      v
 *	uplink                                           guest's port
 *
 * No lock is held but the uplink's, while core/nat.c decides.
 */
#include <linux/netfilter.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

#include "core/icmp.h"
#include "network.h"
#include "trace.h"

static const enum vnic_counter fault_counters[VNIC_FAULTS] = {
	[VNIC_TRUNCATED] = VNIC_DROP_TRUNCATED,
	[VNIC_NOT_IPV4] = VNIC_DROP_BAD_HEADER,
	[VNIC_BAD_HEADER] = VNIC_DROP_BAD_HEADER,
	[VNIC_BAD_SUM] = VNIC_DROP_BAD_SUM,
	[VNIC_SOURCE_ROUTED] = VNIC_DROP_SOURCE_ROUTED,
	[VNIC_FRAGMENT] = VNIC_DROP_FRAGMENT,
	[VNIC_UNKNOWN_PROTOCOL] = VNIC_DROP_PROTOCOL,
};

static const enum vnic_counter reason_counters[VNIC_REASONS] = {
	[VNIC_REASON_NO_MAPPING] = VNIC_DROP_NO_MAPPING,
	[VNIC_REASON_FILTERED] = VNIC_DROP_FILTERED,
	[VNIC_REASON_NO_SESSION] = VNIC_DROP_NO_SESSION,
	[VNIC_REASON_NO_PORT] = VNIC_DROP_NO_PORT,
	[VNIC_REASON_QUOTA] = VNIC_DROP_QUOTA,
	[VNIC_REASON_FULL] = VNIC_DROP_FULL,
	[VNIC_REASON_NO_MEMORY] = VNIC_DROP_NO_MEMORY,
	[VNIC_REASON_SYN_HELD] = VNIC_DROP_SYN_HELD,
	[VNIC_REASON_ERROR_UNKNOWN] = VNIC_DROP_ERROR_UNKNOWN,
};

enum vnic_counter vnic_counter_of(const struct vnic_verdict *verdict)
{
	if (verdict->way == VNIC_WAY_DROP)
		return reason_counters[verdict->reason];
	if (verdict->reason == VNIC_REASON_HAIRPIN)
		return VNIC_COUNT_HAIRPIN;
	return verdict->way == VNIC_WAY_IN ? VNIC_COUNT_IN : VNIC_COUNT_OUT;
}

/* --- headers --- */

/* Octets that the core reads and writes: no more, for others may have copies of the rest. */
static u32 header_octets(const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);
	u32 octets = VNIC_PACKET_HEADERS;

	if (ip->protocol == IPPROTO_TCP)
		octets = ip->ihl * 4 + sizeof(struct tcphdr);
	else if (ip->protocol == IPPROTO_UDP)
		octets = ip->ihl * 4 + sizeof(struct udphdr);
	return min(skb->len, octets);
}

/* The sum of the transport, and not of something that it carries, is still to be completed. */
static bool sum_is_partial(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_checksum_start_offset(skb) == ip_hdrlen(skb);
}

/* RFC 5508 REQ-3: of errors only, for whose sum nobody else would have to answer. */
static bool error_sum_right(const struct sk_buff *skb, const struct vnic_packet *p)
{
	return !vnic_packet_is_error(p) || skb_csum_unnecessary(skb) ||
	       !csum_fold(skb_checksum(skb, p->transport, p->length - p->transport, 0));
}

/* Data begins with the IPv4 header, of which at least the fixed part is there. */
static enum vnic_fault read_packet(struct sk_buff *skb, struct vnic_packet *p)
{
	u32 octets = header_octets(skb);
	enum vnic_fault fault;

	if (skb_ensure_writable(skb, octets))
		return VNIC_TRUNCATED;
	/* The device summed up what is going to change. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	fault = vnic_packet_read(p, skb->data, octets, skb->len, sum_is_partial(skb));
	return fault || error_sum_right(skb, p) ? fault : VNIC_BAD_SUM;
}

enum vnic_fault vnic_translate_read_first(struct sk_buff *skb, struct vnic_packet *p)
{
	u32 octets = header_octets(skb);

	if (skb_ensure_writable(skb, octets))
		return VNIC_TRUNCATED;
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	return vnic_packet_read_first(p, skb->data, octets, skb->len);
}

/* --- out --- */

static struct rtable *lookup(const struct vnic_network *network, const struct iphdr *ip, int device)
{
	struct flowi4 flow = {
		.flowi4_oif = device,
		.flowi4_proto = ip->protocol,
		.daddr = ip->daddr,
	};

	return ip_route_output_key(network->uplink->net, &flow);
}

/*
 * By way of the uplink, or to one of its own addresses. Asked for a device alone, the kernel
 * believes everybody to be on its link where it knows no route; so it is asked for a route first.
 */
static struct rtable *route_of(const struct vnic_network *network, const struct iphdr *ip)
{
	const struct vnic_uplink *uplink = network->uplink;
	struct rtable *route = lookup(network, ip, 0);
	bool local;

	if (IS_ERR(route) || route->dst.dev == uplink->dev)
		return route;
	if (route->rt_flags & RTCF_LOCAL && vnic_uplink_of(uplink->net, ip->daddr) == uplink)
		return route;
	local = route->rt_flags & RTCF_LOCAL;
	ip_rt_put(route);
	if (local)
		return ERR_PTR(-ENETUNREACH);
	return lookup(network, ip, uplink->dev->ifindex);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb_is_gso(skb))
		return skb_gso_validate_network_len(skb, mtu);
	return skb->len <= mtu || !(ip_hdr(skb)->frag_off & htons(IP_DF));
}

/*
 * Guests choose the identification of what may be fragmented each for itself; outside they are one
 * host, to which no two may be the same (RFC 7857 11, RFC 6864 4.3).
 */
static void identify(struct net *net, struct sk_buff *skb)
{
	struct iphdr *ip = ip_hdr(skb);

	if (!(ip->frag_off & htons(IP_DF)))
		__ip_select_ident(net, ip, skb_shinfo(skb)->gso_segs ?: 1);
}

static void send_out(struct net *net, struct sk_buff *skb, struct rtable *route)
{
	identify(net, skb);
	skb_scrub_packet(skb, true);
	skb_dst_set(skb, &route->dst);
	skb->dev = route->dst.dev;
	skb->protocol = htons(ETH_P_IP);
	memset(&IPCB(skb)->opt, 0, sizeof(IPCB(skb)->opt));
	/* It is translated already. */
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	ip_local_out(net, NULL, skb);
}

/* Complete, or NULL: the rest is waited for. */
static struct sk_buff *put_together(struct vnic_port *port, struct sk_buff *skb)
{
	if (!ip_is_fragment(ip_hdr(skb)))
		return skb;
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	/*
	 * In the card's namespace: a container that leaves datagrams incomplete fills a queue of
	 * its own. Guests of one namespace do not meet there, for subnets do not overlap; and
	 * macvlan, whose queue it is, has only multicast put together.
	 */
	return ip_defrag(dev_net(skb->dev), skb, IP_DEFRAG_MACVLAN) ? NULL : skb;
}

static void outbound(struct vnic_port *port, struct sk_buff *skb, struct vnic_packet *p,
		     struct rtable *route)
{
	struct vnic_network *network = port->network;
	struct vnic_end inside = p->source;
	struct vnic_verdict verdict;

	spin_lock_bh(&network->uplink->lock);
	verdict = vnic_nat_outbound(network->nat, &port->guest, p, vnic_now());
	spin_unlock_bh(&network->uplink->lock);
	if (verdict.reason == VNIC_REASON_CREATED) {
		vnic_count(network, VNIC_COUNT_CREATED);
		trace_vnic_map(network->name, p->protocol, inside, p->source);
	}
	switch (verdict.way) {
	case VNIC_WAY_OUT:
	case VNIC_WAY_HOST:
		vnic_count(network, vnic_counter_of(&verdict));
		send_out(network->uplink->net, skb, route);
		return;
	case VNIC_WAY_IN:
		vnic_count(network, vnic_counter_of(&verdict));
		vnic_port_deliver(container_of(verdict.guest, struct vnic_port, guest), skb);
		break;
	case VNIC_WAY_DROP:
		if (verdict.prohibited)
			vnic_gateway_error(port, skb, VNIC_ICMP_UNREACHABLE, VNIC_ICMP_PROHIBITED,
					   0);
		vnic_port_drop(port, skb, vnic_counter_of(&verdict));
		break;
	}
	ip_rt_put(route);
}

void vnic_translate_outbound(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_packet p;
	enum vnic_fault fault;
	struct rtable *route;

	skb = put_together(port, skb);
	if (!skb)
		return;
	fault = read_packet(skb, &p);
	if (fault) {
		vnic_port_drop(port, skb, fault_counters[fault]);
		return;
	}
	if (!vnic_packet_hop(&p)) {
		vnic_gateway_error(port, skb, VNIC_ICMP_TIME_EXCEEDED, VNIC_ICMP_HOPS, 0);
		vnic_port_drop(port, skb, VNIC_DROP_TTL);
		return;
	}
	route = route_of(port->network, ip_hdr(skb));
	if (IS_ERR(route)) {
		vnic_gateway_error(port, skb, VNIC_ICMP_UNREACHABLE, VNIC_ICMP_NET_UNREACHABLE, 0);
		vnic_port_drop(port, skb, VNIC_DROP_NO_ROUTE);
		return;
	}
	if (route->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		vnic_port_drop(port, skb, VNIC_DROP_MARTIAN);
		ip_rt_put(route);
		return;
	}
	if (!fits(skb, dst_mtu(&route->dst))) {
		vnic_gateway_error(port, skb, VNIC_ICMP_UNREACHABLE, VNIC_ICMP_TOO_BIG,
				   dst_mtu(&route->dst));
		vnic_port_drop(port, skb, VNIC_DROP_TOO_BIG);
		ip_rt_put(route);
		return;
	}
	outbound(port, skb, &p, route);
}

/* --- in --- */

/* An ICMP error to somebody outside, about a packet that it sent. */
static void tell_outside(struct vnic_network *network, const struct vnic_icmp_error *error,
			 const u8 *about, u32 length)
{
	struct sk_buff *skb;
	struct rtable *route;
	u32 octets;

	if (!vnic_gateway_may_tell(network))
		return;
	skb = alloc_skb(LL_MAX_HEADER + VNIC_ICMP_ERROR_MOST, GFP_ATOMIC);
	if (!skb)
		return;
	skb_reserve(skb, LL_MAX_HEADER);
	octets = vnic_icmp_error(skb_tail_pointer(skb), VNIC_ICMP_ERROR_MOST, error, about, length);
	if (!octets)
		goto out_skb;
	skb_put(skb, octets);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(struct iphdr));
	route = route_of(network, ip_hdr(skb));
	if (IS_ERR(route))
		goto out_skb;
	send_out(network->uplink->net, skb, route);
	return;
out_skb:
	kfree_skb(skb);
}

void vnic_tell_overdue(struct vnic_network *network)
{
	struct vnic_icmp_error error = {
		.type = VNIC_ICMP_UNREACHABLE, .code = VNIC_ICMP_PORT_UNREACHABLE,
	};
	struct vnic_nat_syn syn;
	bool is_one;

	do {
		spin_lock_bh(&network->uplink->lock);
		is_one = vnic_nat_overdue_syn(network->nat, vnic_now(), &syn);
		spin_unlock_bh(&network->uplink->lock);
		if (!is_one)
			break;
		/* The one it was for says so. */
		memcpy(&error.from, syn.quoted + offsetof(struct iphdr, daddr),
		       sizeof(error.from));
		local_bh_disable();
		rcu_read_lock();
		tell_outside(network, &error, syn.quoted, syn.length);
		rcu_read_unlock();
		local_bh_enable();
	} while (is_one);
}

/*
 * The packet was translated, but is too long for the guest's card, or was its last hop: it is made
 * again what it was, for who sent it is told.
 */
static void refuse(struct vnic_port *port, struct sk_buff *skb, struct vnic_packet *p,
		   struct vnic_end was, struct vnic_icmp_error error)
{
	vnic_packet_set_destination(p, was);
	error.from = was.address;
	tell_outside(port->network, &error, skb->data, skb_headlen(skb));
	vnic_port_drop(port, skb, error.type == VNIC_ICMP_TIME_EXCEEDED ? VNIC_DROP_TTL :
									  VNIC_DROP_TOO_BIG);
}

void vnic_translate_deliver(struct vnic_port *port, struct sk_buff *skb, struct vnic_packet *p,
			    struct vnic_end was)
{
	struct vnic_icmp_error last_hop = {
		.type = VNIC_ICMP_TIME_EXCEEDED, .code = VNIC_ICMP_HOPS,
	};
	struct vnic_icmp_error too_big = {
		.type = VNIC_ICMP_UNREACHABLE, .code = VNIC_ICMP_TOO_BIG,
		.mtu = min(port->card->dev->mtu, 65535U),
	};

	if (!vnic_packet_hop(p))
		refuse(port, skb, p, was, last_hop);
	else if (!vnic_port_fits(port, skb))
		refuse(port, skb, p, was, too_big);
	else
		vnic_port_deliver(port, skb);
}

struct vnic_verdict vnic_translate_decide(struct vnic_uplink *uplink, struct vnic_packet *p,
					  struct vnic_network **network)
{
	struct vnic_verdict verdict = { .way = VNIC_WAY_HOST };
	struct vnic_network *one;

	spin_lock_bh(&uplink->lock);
	list_for_each_entry_rcu(one, &uplink->networks, uplink_list) {
		/* A SYN that one network holds back may be what another one waits for. */
		if (!list_is_singular(&uplink->networks) &&
		    !vnic_nat_holds(one->nat, p->protocol, vnic_nat_meant(p)))
			continue;
		*network = one;
		verdict = vnic_nat_inbound(one->nat, p, vnic_now());
		break;
	}
	spin_unlock_bh(&uplink->lock);
	return verdict;
}

unsigned int vnic_translate_inbound(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	struct vnic_uplink *uplink = vnic_uplink_of(state->net, ip_hdr(skb)->daddr);
	struct vnic_network *network;
	struct vnic_verdict verdict;
	struct vnic_packet p;
	struct vnic_end was;

	if (!uplink)
		return NF_ACCEPT;
	/* What is not sound is the host's to refuse. */
	if (read_packet(skb, &p))
		return NF_ACCEPT;
	was = p.destination;
	verdict = vnic_translate_decide(uplink, &p, &network);
	switch (verdict.way) {
	case VNIC_WAY_IN:
		vnic_count(network, vnic_counter_of(&verdict));
		vnic_translate_deliver(container_of(verdict.guest, struct vnic_port, guest), skb,
				       &p, was);
		return NF_STOLEN;
	case VNIC_WAY_DROP:
		vnic_count(network, vnic_counter_of(&verdict));
		trace_vnic_refuse(network->name, skb, vnic_counter_of(&verdict), false);
		return NF_DROP;
	default:
		return NF_ACCEPT;
	}
}
