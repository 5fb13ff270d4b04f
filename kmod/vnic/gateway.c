// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gateway: the only one that a guest has on its link. It answers ARP, requests for an address
 * and echo requests itself, and says why a packet got nowhere.
 */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "core/arp.h"
#include "core/dhcp.h"
#include "core/icmp.h"
#include "core/octets.h"
#include "network.h"

#define LEASE_SECONDS	3600

/* For a frame that the gateway sends, with room for its Ethernet header. */
static struct sk_buff *frame_of(struct vnic_port *port, unsigned int octets)
{
	unsigned int room = LL_RESERVED_SPACE(port->card->dev);
	struct sk_buff *skb = alloc_skb(room + octets, GFP_ATOMIC);

	if (skb)
		skb_reserve(skb, room);
	return skb;
}

/* --- ARP --- */

/* Who answers for @target, if anybody does. */
static const u8 *owner_of(const struct vnic_port *port, __be32 target)
{
	const struct vnic_network *network = port->network;

	if (target == network->gateway)
		return network->mac;
	/* Another guest, if they are joined: packets to it pass through the gateway as well. */
	if (READ_ONCE(network->flags) & VNIC_NET_JOINED && vnic_network_has(network, target) &&
	    target != port->guest.address && vnic_network_port(network, target))
		return network->mac;
	return NULL;
}

void vnic_gateway_arp(struct vnic_port *port, struct sk_buff *skb)
{
	const u8 *mac;
	__be32 target;

	if (skb_ensure_writable(skb, min_t(u32, skb->len, VNIC_ARP_LENGTH)))
		goto bad;
	switch (vnic_arp_judge(skb->data, skb_headlen(skb), port->guest.address, port->mac,
			       &target)) {
	case VNIC_ARP_ASKS:
	case VNIC_ARP_PROBES:
		mac = owner_of(port, target);
		if (!mac)
			break;
		vnic_arp_reply(skb->data, skb->data, mac);
		skb_trim(skb, VNIC_ARP_LENGTH);
		skb_scrub_packet(skb, true);
		vnic_count(port->network, VNIC_COUNT_ARP);
		vnic_port_send(port, skb, ETH_P_ARP, port->mac);
		return;
	case VNIC_ARP_TELLS:
		break;
	case VNIC_ARP_SPOOF:
		vnic_port_drop(port, skb, VNIC_DROP_SOURCE);
		return;
	case VNIC_ARP_MALFORMED:
		goto bad;
	}
	consume_skb(skb);
	return;
bad:
	vnic_port_drop(port, skb, VNIC_DROP_FRAME);
}

void vnic_gateway_ask(struct vnic_port *port)
{
	struct sk_buff *skb = frame_of(port, VNIC_ARP_LENGTH);
	u8 *at;

	if (!skb)
		return;
	at = skb_put_zero(skb, VNIC_ARP_LENGTH);
	vnic_put16(at, ARPHRD_ETHER);
	vnic_put16(at + 2, ETH_P_IP);
	at[4] = ETH_ALEN;
	at[5] = sizeof(__be32);
	vnic_put16(at + 6, ARPOP_REQUEST);
	ether_addr_copy(at + 8, port->network->mac);
	vnic_put_address(at + 14, port->network->gateway);
	vnic_put_address(at + 24, port->guest.address);
	vnic_port_send(port, skb, ETH_P_ARP, port->card->dev->broadcast);
}

/* --- DHCP --- */

static void offer_of(const struct vnic_port *port, struct vnic_dhcp_offer *offer)
{
	const struct vnic_network *network = port->network;

	BUILD_BUG_ON(VNIC_DNS_MAX != VNIC_DHCP_DNS_MOST);
	*offer = (struct vnic_dhcp_offer){
		.address = port->guest.address,
		.server = network->gateway,
		.gateway = network->gateway,
		.prefix = network->prefix,
		.mtu = min(READ_ONCE(port->card->dev->mtu), 65535U),
		.lease = LEASE_SECONDS,
	};
	ether_addr_copy(offer->mac, port->mac);
	spin_lock_bh(&network->uplink->lock);
	memcpy(offer->dns, network->dns, sizeof(offer->dns));
	spin_unlock_bh(&network->uplink->lock);
	while (offer->dns_count < VNIC_DNS_MAX && offer->dns[offer->dns_count])
		offer->dns_count++;
}

void vnic_gateway_dhcp(struct vnic_port *port, struct sk_buff *skb)
{
	unsigned int headers = ip_hdrlen(skb) + sizeof(struct udphdr);
	struct vnic_dhcp_answer answer;
	struct vnic_dhcp_offer offer;
	struct sk_buff *reply;

	if (skb->len < headers || skb_linearize(skb)) {
		vnic_port_drop(port, skb, VNIC_DROP_TRUNCATED);
		return;
	}
	reply = frame_of(port, VNIC_DHCP_DATAGRAM);
	if (!reply) {
		vnic_port_drop(port, skb, VNIC_DROP_NO_MEMORY);
		return;
	}
	offer_of(port, &offer);
	vnic_dhcp_datagram(&answer, skb_tail_pointer(reply), VNIC_DHCP_DATAGRAM,
			   skb->data + headers, skb->len - headers, &offer);
	if (answer.length) {
		skb_put(reply, answer.length);
		skb_reset_network_header(reply);
		vnic_count(port->network, VNIC_COUNT_DHCP);
		vnic_port_send(port, reply, ETH_P_IP,
			       answer.everybody ? port->card->dev->broadcast : port->mac);
	} else {
		kfree_skb(reply);
	}
	consume_skb(skb);
}

/* --- ICMP --- */

bool vnic_gateway_may_tell(struct vnic_network *network)
{
	bool may;

	spin_lock_bh(&network->uplink->lock);
	may = vnic_limit_take(&network->errors, vnic_now());
	spin_unlock_bh(&network->uplink->lock);
	vnic_count(network, may ? VNIC_COUNT_ERROR_SENT : VNIC_COUNT_ERROR_LIMITED);
	return may;
}

void vnic_gateway_error(struct vnic_port *port, const struct sk_buff *skb, u8 type, u8 code,
			u16 mtu)
{
	const struct vnic_icmp_error error = {
		.from = port->network->gateway, .type = type, .code = code, .mtu = mtu,
	};
	struct sk_buff *reply;
	u32 octets;

	if (is_multicast_ether_addr(eth_hdr(skb)->h_dest) || !vnic_gateway_may_tell(port->network))
		return;
	reply = frame_of(port, VNIC_ICMP_ERROR_MOST);
	if (!reply)
		return;
	octets = vnic_icmp_error(skb_tail_pointer(reply), VNIC_ICMP_ERROR_MOST, &error, skb->data,
				 skb_headlen(skb));
	if (!octets) {
		kfree_skb(reply);
		return;
	}
	skb_put(reply, octets);
	skb_reset_network_header(reply);
	vnic_port_send(port, reply, ETH_P_IP, port->mac);
}

/* To the gateway itself: an echo request, or a mistake. */
void vnic_gateway_ip(struct vnic_port *port, struct sk_buff *skb)
{
	struct vnic_packet p;
	u32 octets = min_t(u32, skb->len, VNIC_PACKET_HEADERS);

	if (skb_ensure_writable(skb, octets)) {
		vnic_port_drop(port, skb, VNIC_DROP_NO_MEMORY);
		return;
	}
	if (vnic_packet_read(&p, skb->data, octets, skb->len, false) == VNIC_SOUND &&
	    vnic_icmp_echo(&p)) {
		vnic_count(port->network, VNIC_COUNT_ECHO);
		skb_scrub_packet(skb, true);
		skb_reset_network_header(skb);
		vnic_port_deliver(port, skb);
		return;
	}
	if (ip_hdr(skb)->protocol != IPPROTO_ICMP)
		vnic_gateway_error(port, skb, VNIC_ICMP_UNREACHABLE, VNIC_ICMP_PORT_UNREACHABLE, 0);
	vnic_port_drop(port, skb, VNIC_DROP_NO_MAPPING);
}
