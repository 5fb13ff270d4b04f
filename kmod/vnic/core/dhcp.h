/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A DHCP server for a guest that has one address (RFC 2131): all it has to know is that address. It
 * has no pool and remembers nothing, for the same guest always gets the same.
 *
 *	the guest               is answered
 *	DISCOVER                OFFER
 *	REQUEST  selecting      ACK, or NAK if it asks for another address; nothing if it chose
 *	                        another server
 *	         init-reboot,   ACK, or NAK
 *	         renewing,
 *	         rebinding
 *	INFORM                  ACK without an address
 *	DECLINE, RELEASE        nothing
 *
 * Options are read from the options field, then "file", then "sname" where option 52 says so.
 * Nothing the request says of its own lengths is believed.
 */
#ifndef VNIC_DHCP_H
#define VNIC_DHCP_H

#include <linux/types.h>

#define VNIC_DHCP_SERVER_PORT	67
#define VNIC_DHCP_CLIENT_PORT	68

#define VNIC_DHCP_DNS_MOST	3

/* Octets of an answer from its IPv4 header on, if a guest does not ask for more: RFC 2131 2. */
#define VNIC_DHCP_DATAGRAM	576

/**
 * struct vnic_dhcp_offer - what the guest is to know
 * @address: its own
 * @server: of who answers
 * @gateway: 0: it is not told one
 * @dns: servers
 * @dns_count: how many, VNIC_DHCP_DNS_MOST at most; 0: it is not told any
 * @prefix: bits of the subnet, 32 at most
 * @mtu: 68 or more; 0: it is not told
 * @lease: seconds; all ones: for ever
 * @mac: of the guest
 */
struct vnic_dhcp_offer {
	__be32 address;
	__be32 server;
	__be32 gateway;
	__be32 dns[VNIC_DHCP_DNS_MOST];
	u8 dns_count;
	u8 prefix;
	u16 mtu;
	u32 lease;
	u8 mac[6];
};

/**
 * enum vnic_dhcp - what became of a request
 * @VNIC_DHCP_OFFER: that was answered
 * @VNIC_DHCP_ACK: that was answered
 * @VNIC_DHCP_NAK: that was answered
 * @VNIC_DHCP_HEARD: sound, and nothing is to be said
 * @VNIC_DHCP_TRUNCATED: it ends too soon
 * @VNIC_DHCP_MALFORMED: nothing that a client sends, or its fields or options contradict each other
 * @VNIC_DHCP_NOT_DHCP: no DHCP message type: BOOTP, which is not answered
 * @VNIC_DHCP_RELAYED: by an agent: the guest is none
 * @VNIC_DHCP_ANOTHER: of another MAC address than the guest's, or about another's IP address
 * @VNIC_DHCP_NO_ROOM: for the answer
 * @VNIC_DHCP_OUTCOMES: how many there are
 */
enum vnic_dhcp {
	VNIC_DHCP_OFFER,
	VNIC_DHCP_ACK,
	VNIC_DHCP_NAK,
	VNIC_DHCP_HEARD,
	VNIC_DHCP_TRUNCATED,
	VNIC_DHCP_MALFORMED,
	VNIC_DHCP_NOT_DHCP,
	VNIC_DHCP_RELAYED,
	VNIC_DHCP_ANOTHER,
	VNIC_DHCP_NO_ROOM,
	VNIC_DHCP_OUTCOMES,
};

/**
 * struct vnic_dhcp_answer - what is sent
 * @length: octets; 0: nothing
 * @destination: where it is sent to (RFC 2131 4.1)
 * @everybody: the Ethernet destination is the broadcast address, not the guest's
 */
struct vnic_dhcp_answer {
	u32 length;
	__be32 destination;
	bool everybody;
};

/**
 * vnic_dhcp_answer() - answer a request
 * @answer: set; its length is 0 unless the outcome is OFFER, ACK or NAK
 * @at: where the answer is written: what a UDP datagram carries
 * @room: octets there; VNIC_DHCP_DATAGRAM - 28 are enough
 * @request: what the UDP datagram to VNIC_DHCP_SERVER_PORT carried; not within what is written
 * @length: octets of it
 * @offer: what the guest is to know
 *
 * An answer has no more octets than @room and the guest allow (RFC 2132 9.10): parameters that do
 * not fit are left out. It has 300 at least (RFC 951 3).
 */
enum vnic_dhcp vnic_dhcp_answer(struct vnic_dhcp_answer *answer, u8 *at, u32 room,
				const u8 *request, u32 length,
				const struct vnic_dhcp_offer *offer);

/**
 * vnic_dhcp_datagram() - the same, with IPv4 and UDP headers
 * @answer: as above; its length is that of the datagram
 * @at: where the datagram is written
 * @room: octets there; VNIC_DHCP_DATAGRAM are enough
 * @request: as above
 * @length: as above
 * @offer: as above
 */
enum vnic_dhcp vnic_dhcp_datagram(struct vnic_dhcp_answer *answer, u8 *at, u32 room,
				  const u8 *request, u32 length,
				  const struct vnic_dhcp_offer *offer);

#endif /* VNIC_DHCP_H */
