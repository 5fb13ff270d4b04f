// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gateway of IPv6: fe80::1 on each guest's link. It answers who asks for it, and tells guests
 * of which prefix to give themselves addresses.
 */
#include <net/ipv6.h>

#include "core/icmp6.h"
#include "core/neighbour.h"
#include "network.h"

/* Messages of neighbour discovery are short; one that is longer than this is none. */
#define DISCOVERY_MOST	1280
#define ROUTER_SECONDS	1800
#define PREFIX_SECONDS	86400

/* For a datagram that the gateway sends, with room for its Ethernet header. */
static struct sk_buff *frame_of(struct vnic_port *port, unsigned int octets)
{
	unsigned int room = LL_RESERVED_SPACE(port->card->dev);
	struct sk_buff *skb = alloc_skb(room + octets, GFP_ATOMIC);

	if (skb)
		skb_reserve(skb, room);
	return skb;
}

/* What was written at its end is sent; nothing, if it is nothing. */
static void send(struct vnic_port *port, struct sk_buff *skb, u32 octets)
{
	if (!octets) {
		kfree_skb(skb);
		return;
	}
	skb_put(skb, octets);
	skb_reset_network_header(skb);
	vnic_port_send(port, skb, ETH_P_IPV6, port->mac);
}

/* --- neighbour discovery --- */

/* Whether somebody else than the guest has the address. */
static bool somebody_has(struct vnic_port *port, const struct in6_addr *address)
{
	const struct vnic_network *network = port->network;
	const struct vnic_port *owner;

	if (ipv6_addr_equal(address, &vnic_neighbour_gateway))
		return true;
	owner = vnic_owned_by(network, address);
	return owner && owner != port;
}

static void advertise(struct vnic_port *port, const struct vnic_neighbour_message *message)
{
	struct sk_buff *skb = frame_of(port, VNIC_NEIGHBOUR_ADVERTISEMENT);

	if (!skb)
		return;
	vnic_count(port->network, VNIC_COUNT_ARP);
	send(port, skb,
	     vnic_neighbour_advertise(skb_tail_pointer(skb), VNIC_NEIGHBOUR_ADVERTISEMENT, message,
				      port->network->mac));
}

/* Prefixes of guests are of 64 bits; of a shorter one the first is theirs. */
static void route(struct vnic_port *port, const struct vnic_neighbour_message *message)
{
	const struct vnic_network *network = port->network;
	struct vnic_router router = {
		.lifetime = ROUTER_SECONDS,
		.mtu = max(READ_ONCE(port->card->dev->mtu), (unsigned int)IPV6_MIN_MTU),
		.prefix = network->npt.inside,
		.valid = PREFIX_SECONDS,
		.preferred = PREFIX_SECONDS / 2,
	};
	struct sk_buff *skb = frame_of(port, VNIC_NEIGHBOUR_ROUTE);

	BUILD_BUG_ON(VNIC_DNS_MAX != VNIC_NEIGHBOUR_DNS_MOST);
	if (!skb)
		return;
	ether_addr_copy(router.mac, network->mac);
	spin_lock_bh(&network->uplink->lock);
	memcpy(router.dns, network->dns6, sizeof(router.dns));
	spin_unlock_bh(&network->uplink->lock);
	while (router.dns_count < VNIC_DNS_MAX && !ipv6_addr_any(&router.dns[router.dns_count]))
		router.dns_count++;
	vnic_count(network, VNIC_COUNT_DHCP);
	send(port, skb, vnic_neighbour_route(skb_tail_pointer(skb), VNIC_NEIGHBOUR_ROUTE, &router,
					     &message->source));
}

static bool to_gateway(const struct sk_buff *skb)
{
	return ipv6_addr_equal(&ipv6_hdr(skb)->daddr, &vnic_neighbour_gateway);
}

void vnic_gateway6_input(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_neighbour_message message;

	if (skb->len > DISCOVERY_MOST || skb_linearize(skb)) {
		vnic_port_drop(port, skb, VNIC_DROP_FRAME);
		return;
	}
	switch (vnic_neighbour_judge(&message, skb->data, skb->len, port->mac)) {
	case VNIC_NEIGHBOUR_ASKS:
		/* Guests reach each other by way of the gateway, and ask for nobody else. */
		if (ipv6_addr_equal(&message.target, &vnic_neighbour_gateway))
			advertise(port, &message);
		break;
	case VNIC_NEIGHBOUR_PROBES:
		if (somebody_has(port, &message.target))
			advertise(port, &message);
		else if (vnic_npt_inside(&port->network->npt, &message.target))
			vnic_owned_claim(port, &message.target);
		break;
	case VNIC_NEIGHBOUR_ROUTER:
		route(port, &message);
		break;
	case VNIC_NEIGHBOUR_TELLS:
		break;
	case VNIC_NEIGHBOUR_OTHER:
		if (!to_gateway(skb) || skb_cow(skb, 0) ||
		    !vnic_icmp6_echo(skb->data, skb->len, skb->len))
			break;
		vnic_count(port->network, VNIC_COUNT_ECHO);
		vnic_port_deliver6(port, skb);
		return;
	case VNIC_NEIGHBOUR_SPOOF:
		vnic_port_drop(port, skb, VNIC_DROP_SOURCE);
		return;
	case VNIC_NEIGHBOUR_MALFORMED:
		vnic_port_drop(port, skb, VNIC_DROP_BAD_HEADER);
		return;
	}
	consume_skb(skb);
}

/* --- errors --- */

void vnic_gateway6_error(struct vnic_port *port, const struct sk_buff *skb, u8 type, u8 code,
			 u32 mtu)
{
	const struct vnic_icmp6_error error = {
		.from = vnic_neighbour_gateway, .type = type, .code = code, .mtu = mtu,
	};
	struct sk_buff *reply;

	if (!vnic_gateway_may_tell(port->network))
		return;
	reply = frame_of(port, VNIC_ICMP6_ERROR_MOST);
	if (reply)
		send(port, reply,
		     vnic_icmp6_error(skb_tail_pointer(reply), VNIC_ICMP6_ERROR_MOST, &error,
				      skb->data, skb_headlen(skb)));
}
