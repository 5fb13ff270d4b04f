// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's port: what comes from the guest is believed nothing, and goes where it belongs; what
 * is for the guest gets its Ethernet header.
 *
 *	vnic_port_input()
 *	  ARP ------------------------------> gateway.c answers
 *	  IPv4, DHCP -----------------------> gateway.c answers
 *	  IPv4 from the guest's own address
 *	    to the gateway -----------------> gateway.c answers
 *	    to another guest ---------------> its port, if they are joined
 *	    to anybody else ----------------> translate.c
 *	IPv6 -------------------------------> gateway6.c and translate6.c, likewise
 */
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "core/dhcp.h"
#include "core/icmp.h"
#include "core/martian.h"
#include "network.h"
#include "trace.h"

void vnic_port_drop(struct vnic_port *port, struct sk_buff *skb, enum vnic_counter why)
{
	trace_vnic_refuse(port->network->name, skb, why, true);
	vnic_count(port->network, why);
	port->dropped++;
	kfree_skb(skb);
}

/* --- to the guest --- */

void vnic_port_send(struct vnic_port *port, struct sk_buff *skb, u16 protocol, const u8 *to)
{
	struct net_device *dev = port->card->dev;
	struct ethhdr *eth;

	if (skb_cow_head(skb, LL_RESERVED_SPACE(dev))) {
		kfree_skb(skb);
		return;
	}
	eth = skb_push(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	ether_addr_copy(eth->h_dest, to);
	ether_addr_copy(eth->h_source, port->network->mac);
	eth->h_proto = htons(protocol);
	skb->protocol = eth->h_proto;
	port->sent++;
	vnic_card_deliver(port->card, skb);
}

static bool too_long(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb_is_gso(skb))
		return !skb_gso_validate_network_len(skb, mtu);
	return skb->len > mtu;
}

bool vnic_port_fits(const struct vnic_port *port, const struct sk_buff *skb)
{
	return !(ip_hdr(skb)->frag_off & htons(IP_DF)) ||
	       !too_long(skb, READ_ONCE(port->card->dev->mtu));
}

static void send_fragments(struct vnic_port *port, struct sk_buff *skb, unsigned int mtu)
{
	struct ip_frag_state state;
	struct sk_buff *fragment;

	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb))
		goto out;
	ip_frag_init(skb, ip_hdrlen(skb), LL_RESERVED_SPACE(port->card->dev),
		     mtu - ip_hdrlen(skb), false, &state);
	while (state.left > 0) {
		fragment = ip_frag_next(skb, &state);
		if (IS_ERR(fragment))
			break;
		ip_send_check(ip_hdr(fragment));
		vnic_port_send(port, fragment, ETH_P_IP, port->mac);
	}
out:
	consume_skb(skb);
}

void vnic_port_deliver(struct vnic_port *port, struct sk_buff *skb)
{
	unsigned int mtu = READ_ONCE(port->card->dev->mtu);

	if (!vnic_port_heard(port)) {
		/* Who sent it will do so again, or would not have noticed its loss either. */
		vnic_gateway_ask(port);
		kfree_skb(skb);
		return;
	}
	skb_scrub_packet(skb, true);
	if (skb_is_gso(skb) || !too_long(skb, mtu))
		vnic_port_send(port, skb, ETH_P_IP, port->mac);
	else
		send_fragments(port, skb, mtu);
}

/* --- from the guest --- */

/* The sender's MAC is the guest's; that of a TAP card's is the first that is heard. */
static bool from_guest(struct vnic_port *port, const struct sk_buff *skb)
{
	const u8 *source = eth_hdr(skb)->h_source;

	if (likely(vnic_port_heard(port)))
		return ether_addr_equal(source, port->mac);
	if (!is_valid_ether_addr(source))
		return false;
	spin_lock_bh(&port->network->uplink->lock);
	if (!port->heard) {
		ether_addr_copy(port->mac, source);
		/* Pairs with vnic_port_heard(). */
		smp_store_release(&port->heard, true);
	}
	spin_unlock_bh(&port->network->uplink->lock);
	return ether_addr_equal(source, port->mac);
}

static bool to_dhcp(const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);
	struct udphdr place;
	const struct udphdr *udp;

	if (ip->protocol != IPPROTO_UDP || ip_is_fragment(ip))
		return false;
	udp = skb_header_pointer(skb, ip->ihl * 4, sizeof(place), &place);
	return udp && udp->dest == htons(VNIC_DHCP_SERVER_PORT);
}

/* The header is there, whole, and what follows the datagram is not. */
static bool trim(struct sk_buff *skb)
{
	const struct iphdr *ip;
	unsigned int length;

	if (!pskb_may_pull(skb, sizeof(*ip)))
		return false;
	ip = ip_hdr(skb);
	length = ntohs(ip->tot_len);
	if (ip->version != 4 || ip->ihl < 5 || length < ip->ihl * 4u || length > skb->len ||
	    !pskb_may_pull(skb, ip->ihl * 4))
		return false;
	return !pskb_trim_rcsum(skb, length);
}

static void to_guest(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_network *network = port->network;
	struct vnic_port *other;

	other = vnic_network_port(network, ip_hdr(skb)->daddr);
	/* Nobody's inside: somebody outside may have it (RFC 4787 REQ-7). */
	if (!other) {
		vnic_translate_outbound(port, skb);
		return;
	}
	if (!(READ_ONCE(network->flags) & VNIC_NET_JOINED)) {
		vnic_gateway_error(port, skb, VNIC_ICMP_UNREACHABLE, VNIC_ICMP_HOST_UNREACHABLE, 0);
		vnic_port_drop(port, skb, VNIC_DROP_ISOLATED);
		return;
	}
	vnic_port_deliver(other, skb);
}

/*
 * A sum that is left to the device is written after all that was looked at and translated, at a
 * place that the guest names: it must be the transport's own, or of something that a datagram
 * carries.
 */
static bool sum_has_its_place(const struct sk_buff *skb)
{
	int at = skb_checksum_start_offset(skb) - skb_network_offset(skb) - ip_hdrlen(skb);

	if (skb->ip_summed != CHECKSUM_PARTIAL || skb->encapsulation)
		return true;
	switch (ip_hdr(skb)->protocol) {
	case IPPROTO_TCP:
		return !at && skb->csum_offset == offsetof(struct tcphdr, check);
	case IPPROTO_UDP:
		return at >= (int)sizeof(struct udphdr) ||
		       (!at && skb->csum_offset == offsetof(struct udphdr, check));
	default:
		return false;
	}
}

static void input_ip(struct vnic_port *port, struct sk_buff *skb)
{
	const struct vnic_network *network = port->network;
	__be32 source, destination;

	skb_reset_network_header(skb);
	if (!trim(skb) || !sum_has_its_place(skb)) {
		vnic_port_drop(port, skb, VNIC_DROP_BAD_HEADER);
		return;
	}
	source = ip_hdr(skb)->saddr;
	destination = ip_hdr(skb)->daddr;
	if ((!source || source == port->guest.address) && to_dhcp(skb) &&
	    (ipv4_is_lbcast(destination) || destination == network->gateway))
		vnic_gateway_dhcp(port, skb);
	else if (source != port->guest.address)
		vnic_port_drop(port, skb, VNIC_DROP_SOURCE);
	else if (destination == network->gateway)
		vnic_gateway_ip(port, skb);
	else if (vnic_martian(destination))
		vnic_port_drop(port, skb, VNIC_DROP_MARTIAN);
	else if (vnic_network_has(network, destination))
		to_guest(port, skb);
	else
		vnic_translate_outbound(port, skb);
}

static void input_ip6(struct vnic_port *port, struct sk_buff *skb)
{
	const struct ipv6hdr *ip;
	unsigned int length;

	skb_reset_network_header(skb);
	if (!port->network->six || !pskb_may_pull(skb, sizeof(*ip))) {
		vnic_port_drop(port, skb, VNIC_DROP_FRAME);
		return;
	}
	ip = ipv6_hdr(skb);
	length = sizeof(*ip) + ntohs(ip->payload_len);
	/* Of a sum that is left to the device, see sum_has_its_place(): not among the addresses. */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) < skb_network_offset(skb) + (int)sizeof(*ip)) {
		vnic_port_drop(port, skb, VNIC_DROP_BAD_HEADER);
		return;
	}
	if (ip->version != 6 || length > skb->len || pskb_trim_rcsum(skb, length)) {
		vnic_port_drop(port, skb, VNIC_DROP_BAD_HEADER);
		return;
	}
	ip = ipv6_hdr(skb);
	if (ipv6_addr_is_multicast(&ip->daddr) ||
	    ipv6_addr_type(&ip->daddr) & IPV6_ADDR_LINKLOCAL)
		vnic_gateway6_input(port, skb);
	else
		vnic_translate6_outbound(port, skb);
}

void vnic_port_input(struct vnic_port *port, struct sk_buff *skb)
{
	const struct vnic_network *network = port->network;
	const u8 *to;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return;
	port->received++;
	/* A tag would go with the packet, onto whatever network of the uplink it names. */
	if (skb_vlan_tag_present(skb)) {
		vnic_port_drop(port, skb, VNIC_DROP_FRAME);
		return;
	}
	/* What GRO left there IP would take for its own. */
	memset(skb->cb, 0, sizeof(skb->cb));
	to = eth_hdr(skb)->h_dest;
	if (!from_guest(port, skb)) {
		vnic_port_drop(port, skb, VNIC_DROP_MAC);
		return;
	}
	if (!ether_addr_equal(to, network->mac) && !is_multicast_ether_addr(to)) {
		vnic_port_drop(port, skb, VNIC_DROP_FRAME);
		return;
	}
	switch (skb->protocol) {
	case htons(ETH_P_ARP):
		vnic_gateway_arp(port, skb);
		break;
	case htons(ETH_P_IP):
		input_ip(port, skb);
		break;
	case htons(ETH_P_IPV6):
		input_ip6(port, skb);
		break;
	default:
		vnic_port_drop(port, skb, VNIC_DROP_FRAME);
		break;
	}
}
