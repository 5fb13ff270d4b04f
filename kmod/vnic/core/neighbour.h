/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a guest says by neighbour discovery (RFC 4861), and what the gateway answers. The gateway is
 * fe80::1 on each guest's link; by its router advertisement the guest gives itself an address
 * (RFC 4862).
 *
 *	a guest sends                   is                     is answered with
 *	neighbour solicitation          VNIC_NEIGHBOUR_ASKS    vnic_neighbour_advertise()
 *	  from ::                       VNIC_NEIGHBOUR_PROBES  the same, if somebody else has it
 *	router solicitation             VNIC_NEIGHBOUR_ROUTER  vnic_neighbour_route()
 *	neighbour advertisement         VNIC_NEIGHBOUR_TELLS
 *	router advertisement, redirect  VNIC_NEIGHBOUR_SPOOF   (RFC 6105)
 *
 * Whose address is asked for is the caller's to know, and so is the Ethernet header. By what a
 * guest probes and tells the caller may learn which addresses it has (RFC 6620).
 */
#ifndef VNIC_NEIGHBOUR_H
#define VNIC_NEIGHBOUR_H

#include <linux/in6.h>
#include <linux/types.h>

#define VNIC_NEIGHBOUR_DNS_MOST		3

/* Octets of what is answered, from the IPv6 header on; of a route, at most. */
#define VNIC_NEIGHBOUR_ADVERTISEMENT	(40 + 24 + 8)
#define VNIC_NEIGHBOUR_ROUTE		(40 + 16 + 8 + 8 + 32 + 8 + 16 * VNIC_NEIGHBOUR_DNS_MOST)

/**
 * enum vnic_neighbour - what a guest says
 * @VNIC_NEIGHBOUR_ASKS: who has this address?
 * @VNIC_NEIGHBOUR_PROBES: the same of one that it would like to have (RFC 4862 5.4)
 * @VNIC_NEIGHBOUR_ROUTER: is there a router?
 * @VNIC_NEIGHBOUR_TELLS: that it has an address
 * @VNIC_NEIGHBOUR_OTHER: no neighbour discovery; or hidden behind extension headers, where nobody
 *	is to look for it (RFC 6980 5)
 * @VNIC_NEIGHBOUR_SPOOF: it claims the gateway's address, another's MAC address, or to be a router
 * @VNIC_NEIGHBOUR_MALFORMED: damaged, or else what RFC 4861 6.1 and 7.1 have nodes discard
 */
enum vnic_neighbour {
	VNIC_NEIGHBOUR_ASKS,
	VNIC_NEIGHBOUR_PROBES,
	VNIC_NEIGHBOUR_ROUTER,
	VNIC_NEIGHBOUR_TELLS,
	VNIC_NEIGHBOUR_OTHER,
	VNIC_NEIGHBOUR_SPOOF,
	VNIC_NEIGHBOUR_MALFORMED,
};

/**
 * struct vnic_neighbour_message - what was said
 * @source: of the packet; :: for who probes, or has no address yet
 * @target: the address that is asked for or told
 */
struct vnic_neighbour_message {
	struct in6_addr source;
	struct in6_addr target;
};

/**
 * struct vnic_router - what guests are to know
 * @mac: of the gateway
 * @lifetime: s, for how long it is a router; 0: it is none
 * @mtu: of the link, 1280 or more; 0: it is not told
 * @prefix: of 64 bits, of which guests give themselves addresses; others are passed over
 * @valid: s, for how long those are; all ones: for ever
 * @preferred: s, @valid at most: for how long they are used for what is new
 * @dns: servers, for as long as it is a router
 * @dns_count: how many, VNIC_NEIGHBOUR_DNS_MOST at most; 0: they are not told any
 * @joined: guests reach each other without the gateway: the prefix is on-link
 */
struct vnic_router {
	u8 mac[6];
	u16 lifetime;
	u32 mtu;
	struct in6_addr prefix;
	u32 valid;
	u32 preferred;
	struct in6_addr dns[VNIC_NEIGHBOUR_DNS_MOST];
	u8 dns_count;
	bool joined;
};

extern const struct in6_addr vnic_neighbour_gateway;	/* fe80::1 */
extern const struct in6_addr vnic_neighbour_everybody;	/* ff02::1, all nodes of the link */

/**
 * vnic_neighbour_judge() - what a guest says
 * @message: set, if it asks, probes, tells, or wants a router
 * @at: the IPv6 header
 * @length: octets there, all of the packet
 * @mac: of the guest
 */
enum vnic_neighbour vnic_neighbour_judge(struct vnic_neighbour_message *message, const u8 *at,
					 u32 length, const u8 mac[6]);

/**
 * vnic_neighbour_advertise() - the answer to who asks or probes (RFC 4861 7.2.4)
 * @at: where the datagram is written
 * @room: octets there: VNIC_NEIGHBOUR_ADVERTISEMENT
 * @message: what was asked
 * @mac: of whoever has the address
 *
 * To who asks; to who probes, which has no address, by way of everybody.
 *
 * Return: octets of the datagram; 0: too little room.
 */
u32 vnic_neighbour_advertise(u8 *at, u32 room, const struct vnic_neighbour_message *message,
			     const u8 mac[6]);

/**
 * vnic_neighbour_route() - a router advertisement (RFC 4861 6.2.3)
 * @at: where the datagram is written
 * @room: octets there: VNIC_NEIGHBOUR_ROUTE
 * @router: what is said
 * @to: who wants to know; or ::, or vnic_neighbour_everybody: everybody
 *
 * Return: likewise.
 */
u32 vnic_neighbour_route(u8 *at, u32 room, const struct vnic_router *router,
			 const struct in6_addr *to);

#endif /* VNIC_NEIGHBOUR_H */
