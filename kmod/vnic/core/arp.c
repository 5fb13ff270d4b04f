// SPDX-License-Identifier: GPL-2.0
/* ARP: see arp.h. */
#include <linux/string.h>

#include "arp.h"
#include "octets.h"

/* RFC 826, for IPv4 over Ethernet. */
#define HARDWARE		0
#define PROTOCOL		2
#define HARDWARE_LENGTH		4
#define PROTOCOL_LENGTH		5
#define OPERATION		6
#define SENDER_MAC		8
#define SENDER_ADDRESS		14
#define TARGET_MAC		18
#define TARGET_ADDRESS		24

#define ETHERNET		1
#define IPV4			0x0800
#define REQUEST			1
#define REPLY			2

static bool is_ipv4_over_ethernet(const u8 *at)
{
	return vnic_get16(at + HARDWARE) == ETHERNET && vnic_get16(at + PROTOCOL) == IPV4 &&
	       at[HARDWARE_LENGTH] == 6 && at[PROTOCOL_LENGTH] == 4;
}

enum vnic_arp vnic_arp_judge(const u8 *at, u32 length, __be32 address, const u8 mac[6],
			     __be32 *target)
{
	__be32 sender, asked;
	bool request;

	if (length < VNIC_ARP_LENGTH || !is_ipv4_over_ethernet(at))
		return VNIC_ARP_MALFORMED;
	request = vnic_get16(at + OPERATION) == REQUEST;
	if (!request && vnic_get16(at + OPERATION) != REPLY)
		return VNIC_ARP_MALFORMED;
	if (memcmp(at + SENDER_MAC, mac, 6) != 0)
		return VNIC_ARP_SPOOF;
	sender = vnic_get_address(at + SENDER_ADDRESS);
	asked = vnic_get_address(at + TARGET_ADDRESS);
	if (sender && sender != address)
		return VNIC_ARP_SPOOF;
	/* Nobody is to reply who has no address. */
	if (!sender && !request)
		return VNIC_ARP_MALFORMED;
	if (!request || asked == address)
		return VNIC_ARP_TELLS;
	*target = asked;
	return sender ? VNIC_ARP_ASKS : VNIC_ARP_PROBES;
}

void vnic_arp_reply(u8 *reply, const u8 *request, const u8 mac[6])
{
	u8 sender[10], target[4];

	/* @reply may be @request. */
	memcpy(sender, request + SENDER_MAC, sizeof(sender));
	memcpy(target, request + TARGET_ADDRESS, sizeof(target));
	vnic_put16(reply + HARDWARE, ETHERNET);
	vnic_put16(reply + PROTOCOL, IPV4);
	reply[HARDWARE_LENGTH] = 6;
	reply[PROTOCOL_LENGTH] = 4;
	vnic_put16(reply + OPERATION, REPLY);
	memcpy(reply + SENDER_MAC, mac, 6);
	memcpy(reply + SENDER_ADDRESS, target, sizeof(target));
	memcpy(reply + TARGET_MAC, sender, sizeof(sender));
}
