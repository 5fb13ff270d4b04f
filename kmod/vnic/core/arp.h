/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest says by ARP (RFC 826), and what the gateway answers.
 *
 *	sender          asks for         means
 *	its own         another address  a question: vnic_arp_reply() writes the answer
 *	0.0.0.0         any address      a probe: may I have this one? (RFC 5227 1.1)
 *	its own         its own          an announcement (RFC 5227 1.1): nobody need answer
 *	another's       ...              a spoof, whatever it asks
 *
 * Whether there is anybody at the address that is asked for (the gateway; where guests are joined,
 * another guest) is the caller's to know, and so is the Ethernet header.
 */
#ifndef VNIC_ARP_H
#define VNIC_ARP_H

#include <linux/types.h>

/* Octets of ARP for IPv4 over Ethernet; what follows is padding. */
#define VNIC_ARP_LENGTH		28

/**
 * enum vnic_arp - what a guest says
 * @VNIC_ARP_ASKS: who has this address?
 * @VNIC_ARP_PROBES: the same of one that it would like to have. If somebody else has it, say so
 * @VNIC_ARP_TELLS: an announcement, or a reply: nothing is to be said
 * @VNIC_ARP_SPOOF: it claims an address or a MAC address that is not its own
 * @VNIC_ARP_MALFORMED: not ARP for IPv4 over Ethernet, neither request nor reply, or too short
 */
enum vnic_arp {
	VNIC_ARP_ASKS,
	VNIC_ARP_PROBES,
	VNIC_ARP_TELLS,
	VNIC_ARP_SPOOF,
	VNIC_ARP_MALFORMED,
};

/**
 * vnic_arp_judge() - what a guest says
 * @at: behind the Ethernet header
 * @length: octets there
 * @address: of the guest
 * @mac: likewise
 * @target: set if it asks or probes: the address
 *
 * A probe of an address that is not the guest's is reported as one all the same: nothing is claimed
 * before it is answered. One for its own address is VNIC_ARP_TELLS, for nobody else has it.
 */
enum vnic_arp vnic_arp_judge(const u8 *at, u32 length, __be32 address, const u8 mac[6],
			     __be32 *target);

/**
 * vnic_arp_reply() - the answer to a guest that asks or probes
 * @reply: VNIC_ARP_LENGTH octets; may be @request
 * @request: as vnic_arp_judge() found it
 * @mac: of whoever has the address
 *
 * It is for who asks, not for all (RFC 826, packet reception).
 */
void vnic_arp_reply(u8 *reply, const u8 *request, const u8 mac[6]);

#endif /* VNIC_ARP_H */
