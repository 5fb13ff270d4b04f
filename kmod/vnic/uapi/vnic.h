/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/vnic offers beyond the TUN/TAP ABI (<linux/if_tun.h>): networks, whose addresses are
 * translated onto an uplink, and which cards belong to them. Rings are in <vnic_ring.h>.
 *
 *	card (a guest's) ----+
 *	card ----------------+---- network 10.9.0.0/24 ---- uplink eth0, 192.0.2.1
 *	card ----------------+	   gateway 10.9.0.1
 *
 * A network belongs to the network namespace of its uplink, which is that of whoever makes it,
 * and stays until it is removed or its namespace ends. All calls below are about the namespace
 * that the caller is in, and need CAP_NET_ADMIN there (EPERM), except those that only read.
 *
 * Addresses and ports are in network byte order (__be32, __be16). Fields called reserved are 0
 * (EINVAL). Names are as those of devices: 1 to 15 characters, no '/', no white space.
 *
 * Used by kmod/vnic (the provider) and userland/ctl/vnic (vnic).
 */
#ifndef _UAPI_VNIC_H
#define _UAPI_VNIC_H

#include <linux/in6.h>
#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows by one whenever a struct below changes; see VNIC_IOC_VERSION. */
#define VNIC_ABI_VERSION	2

#define VNIC_NAME_MAX		16
#define VNIC_DNS_MAX		3

/* Guests of a network may send to each other. */
#define VNIC_NET_JOINED			1
/* Only whom a guest has sent to may send to it (RFC 4787 REQ-8). */
#define VNIC_NET_ADDRESS_DEPENDENT	2

/**
 * struct vnic_ioc_timeouts - how long what lives without a packet
 * @udp: s, mappings of UDP; 300
 * @icmp: s, of ICMP queries; 60
 * @tcp_established: s, TCP connections that are open; 7440
 * @tcp_transitory: s, those that open or close; 240
 * @tcp_syn: s, before the sender of a SYN that nobody asked for is told; 6
 * @reserved: 0
 *
 * Each 1 to 604800. Less than what the RFCs ask for is allowed, so that nobody has to wait.
 */
struct vnic_ioc_timeouts {
	__u32 udp;
	__u32 icmp;
	__u32 tcp_established;
	__u32 tcp_transitory;
	__u32 tcp_syn;
	__u32 reserved;
};

/**
 * struct vnic_ioc_network - a network
 * @name: of the network, unique in its namespace
 * @uplink: name of the device outside
 * @subnet: of the guests; its first address is the gateway's
 * @prefix: of @subnet, 8 to 30 bits
 * @flags: VNIC_NET_*
 * @first_port: of those that mappings get; 0: 1024
 * @last_port: likewise; 0: 65535
 * @most: mappings in all, up to 1048576; 0: 65536
 * @quota: mappings of one guest; 0: a quarter of @most
 * @timeouts: a value of 0: the default one
 * @inside6: IPv6 prefix of the guests, translated to @outside6 (RFC 6296)
 * @outside6: likewise
 * @prefix6: of both, 48 to 64 bits; 0: no IPv6
 * @dns: servers that guests are told of by DHCP; 0: no more
 * @dns6: likewise by router advertisements (RFC 8106); ::
 * @number: returned by VNIC_IOC_NETWORK: of the network, in the order of their making
 * @cards: likewise: how many belong to it
 * @mappings: likewise: how many there are
 * @sessions: likewise
 * @gateway_mac: likewise
 * @reserved: 0
 */
struct vnic_ioc_network {
	char name[VNIC_NAME_MAX];
	char uplink[VNIC_NAME_MAX];
	__be32 subnet;
	__u32 prefix;
	__u32 flags;
	__u16 first_port;
	__u16 last_port;
	__u32 most;
	__u32 quota;
	struct vnic_ioc_timeouts timeouts;
	struct in6_addr inside6;
	struct in6_addr outside6;
	__u32 prefix6;
	__be32 dns[VNIC_DNS_MAX];
	struct in6_addr dns6[VNIC_DNS_MAX];
	__u32 number;
	__u32 cards;
	__u32 mappings;
	__u32 sessions;
	__u8 gateway_mac[6];
	__u8 reserved[2];
};

/* Which values VNIC_IOC_SET changes. */
#define VNIC_SET_FLAGS			0x01
#define VNIC_SET_PORTS			0x02
#define VNIC_SET_QUOTA			0x04
#define VNIC_SET_UDP			0x08
#define VNIC_SET_ICMP			0x10
#define VNIC_SET_TCP_ESTABLISHED	0x20
#define VNIC_SET_TCP_TRANSITORY		0x40
#define VNIC_SET_TCP_SYN		0x80
/* @dns and @dns6. */
#define VNIC_SET_DNS			0x100

/**
 * struct vnic_ioc_set - VNIC_IOC_SET: change a network
 * @which: VNIC_SET_*
 * @reserved: 0
 * @values: its name says which one; the values that are meant
 */
struct vnic_ioc_set {
	__u32 which;
	__u32 reserved;
	struct vnic_ioc_network values;
};

/**
 * struct vnic_ioc_card - a card in a network
 * @network: name
 * @card: name of the device, in the caller's namespace; empty: that of this file descriptor.
 *	Returned by VNIC_IOC_CARD: empty if it is in another namespace by now
 * @address: of the guest; 0: the first that is free. Returned.
 * @mac: of the guest; 0: that of the device if a container has it, else the first that is heard
 * @reserved: 0
 * @number: VNIC_IOC_CARD: which of the network's; ENOENT: there are no more
 * @mappings: returned by VNIC_IOC_CARD
 * @received: likewise: packets from the guest
 * @sent: likewise: to it
 * @dropped: likewise: from it, for whatever reason
 */
struct vnic_ioc_card {
	char network[VNIC_NAME_MAX];
	char card[VNIC_NAME_MAX];
	__be32 address;
	__u8 mac[6];
	__u8 reserved[6];
	__u32 number;
	__u32 mappings;
	__u64 received;
	__u64 sent;
	__u64 dropped;
};

/**
 * struct vnic_ioc_forward - VNIC_IOC_FORWARD, VNIC_IOC_UNFORWARD: a port for a guest
 * @network: name
 * @outside: address of the uplink; 0: the first
 * @inside: address of a guest
 * @outside_port: 1 to 65535
 * @inside_port: likewise
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @reserved: 0
 */
struct vnic_ioc_forward {
	char network[VNIC_NAME_MAX];
	__be32 outside;
	__be32 inside;
	__be16 outside_port;
	__be16 inside_port;
	__u8 protocol;
	__u8 reserved[3];
};

/**
 * struct vnic_flow - a mapping, or one of its sessions
 * @inside: address
 * @outside: address
 * @remote: address; 0: the mapping itself, which has no session
 * @inside_port: or identifier of ICMP
 * @outside_port: likewise
 * @remote_port: 0: as @remote, or ICMP
 * @protocol: IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP
 * @state: VNIC_TCP_*, as in core/nat.h
 * @flags: VNIC_FLOW_FORWARD
 * @reserved: 0
 * @left_ms: until it expires; all ones: never
 * @out: packets
 * @in: packets
 */
struct vnic_flow {
	__be32 inside;
	__be32 outside;
	__be32 remote;
	__be16 inside_port;
	__be16 outside_port;
	__be16 remote_port;
	__u8 protocol;
	__u8 state;
	__u32 flags;
	__u32 reserved[2];
	__u64 left_ms;
	__u64 out;
	__u64 in;
};

#define VNIC_FLOW_FORWARD	1

/**
 * struct vnic_ioc_flows - VNIC_IOC_FLOWS: some of the flows
 * @network: name
 * @cursor: 0 at first; where to go on, after
 * @flows: address of an array of struct vnic_flow
 * @count: how many there is room for, 64 to 65536; returned: how many there are; 0: no more
 * @reserved: 0
 */
struct vnic_ioc_flows {
	char network[VNIC_NAME_MAX];
	__u64 cursor;
	__u64 flows;
	__u32 count;
	__u32 reserved;
};

/**
 * enum vnic_counter - what a network counts
 * @VNIC_COUNT_OUT: packets translated on their way out
 * @VNIC_COUNT_IN: on their way in
 * @VNIC_COUNT_HAIRPIN: from guest to guest by their outside ends
 * @VNIC_COUNT_CREATED: mappings made
 * @VNIC_COUNT_ERROR_SENT: ICMP errors that the network sent
 * @VNIC_COUNT_ERROR_LIMITED: that it did not, for there were too many
 * @VNIC_COUNT_ARP: requests answered
 * @VNIC_COUNT_DHCP: likewise
 * @VNIC_COUNT_ECHO: likewise, to the gateway
 * @VNIC_DROP_FRAME: no Ethernet frame, or none that a network knows
 * @VNIC_DROP_MAC: from another's MAC address
 * @VNIC_DROP_SOURCE: from another's IP address
 * @VNIC_DROP_MARTIAN: to an address that nobody may be sent to
 * @VNIC_DROP_ISOLATED: to another guest, and guests are isolated
 * @VNIC_DROP_TRUNCATED: see enum vnic_fault, and so on
 * @VNIC_DROP_BAD_HEADER: likewise
 * @VNIC_DROP_BAD_SUM: likewise
 * @VNIC_DROP_SOURCE_ROUTED: likewise
 * @VNIC_DROP_FRAGMENT: fragments that did not become a datagram
 * @VNIC_DROP_PROTOCOL: neither TCP nor UDP nor ICMP that is translated
 * @VNIC_DROP_TTL: it was on its way for too long
 * @VNIC_DROP_TOO_BIG: for the uplink, and not to be fragmented
 * @VNIC_DROP_NO_ROUTE: the host knows no way
 * @VNIC_DROP_NO_PORT: see enum vnic_reason, and so on
 * @VNIC_DROP_QUOTA: likewise
 * @VNIC_DROP_FULL: likewise
 * @VNIC_DROP_NO_MEMORY: likewise
 * @VNIC_DROP_FILTERED: likewise
 * @VNIC_DROP_NO_SESSION: likewise
 * @VNIC_DROP_NO_MAPPING: likewise
 * @VNIC_DROP_SYN_HELD: likewise
 * @VNIC_DROP_ERROR_UNKNOWN: likewise
 * @VNIC_COUNTERS: how many there are
 */
enum vnic_counter {
	VNIC_COUNT_OUT,
	VNIC_COUNT_IN,
	VNIC_COUNT_HAIRPIN,
	VNIC_COUNT_CREATED,
	VNIC_COUNT_ERROR_SENT,
	VNIC_COUNT_ERROR_LIMITED,
	VNIC_COUNT_ARP,
	VNIC_COUNT_DHCP,
	VNIC_COUNT_ECHO,
	VNIC_DROP_FRAME,
	VNIC_DROP_MAC,
	VNIC_DROP_SOURCE,
	VNIC_DROP_MARTIAN,
	VNIC_DROP_ISOLATED,
	VNIC_DROP_TRUNCATED,
	VNIC_DROP_BAD_HEADER,
	VNIC_DROP_BAD_SUM,
	VNIC_DROP_SOURCE_ROUTED,
	VNIC_DROP_FRAGMENT,
	VNIC_DROP_PROTOCOL,
	VNIC_DROP_TTL,
	VNIC_DROP_TOO_BIG,
	VNIC_DROP_NO_ROUTE,
	VNIC_DROP_NO_PORT,
	VNIC_DROP_QUOTA,
	VNIC_DROP_FULL,
	VNIC_DROP_NO_MEMORY,
	VNIC_DROP_FILTERED,
	VNIC_DROP_NO_SESSION,
	VNIC_DROP_NO_MAPPING,
	VNIC_DROP_SYN_HELD,
	VNIC_DROP_ERROR_UNKNOWN,
	VNIC_COUNTERS
};

/**
 * struct vnic_ioc_stats - VNIC_IOC_STATS: what a network counted
 * @network: name
 * @memory: octets that its mappings and sessions take
 * @counts: by enum vnic_counter
 */
struct vnic_ioc_stats {
	char network[VNIC_NAME_MAX];
	__u64 memory;
	__u64 counts[VNIC_COUNTERS];
};

/**
 * struct vnic_ioc_explain - VNIC_IOC_EXPLAIN: what would happen to a packet, if it came now
 * @network: name
 * @source: address
 * @destination: address
 * @source_port: or identifier of ICMP
 * @destination_port: 0: ICMP
 * @protocol: IPPROTO_TCP (a SYN), IPPROTO_UDP, IPPROTO_ICMP (an echo request)
 * @inbound: it comes from outside
 * @way: returned: enum vnic_way, as in core/nat.h
 * @reason: returned: enum vnic_counter of what would be counted
 * @new_source: returned, of the translated packet; 0: a new mapping's, not known before
 * @new_destination: returned
 * @new_source_port: returned
 * @new_destination_port: returned
 * @reserved: 0
 */
struct vnic_ioc_explain {
	char network[VNIC_NAME_MAX];
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 inbound;
	__u8 way;
	__u8 reason;
	__be32 new_source;
	__be32 new_destination;
	__be16 new_source_port;
	__be16 new_destination_port;
	__u32 reserved;
};

/**
 * struct vnic_ioc_explain6 - VNIC_IOC_EXPLAIN6: likewise of IPv6
 * @network: name; it has IPv6
 * @source: address
 * @destination: address; of a packet of a guest's, neither of its link nor multicast: those are
 *	never translated
 * @inbound: it comes from outside
 * @way: returned: enum vnic_way, as in core/nat.h
 * @reason: returned: enum vnic_counter of what would be counted; VNIC_COUNTERS: nothing
 * @reserved: 0
 * @sender: returned: IPv4 address of the guest that has @source; 0: none has it yet
 * @receiver: returned: of the guest that would get it; 0: none
 * @new_source: returned, of the translated packet; @source: it is not translated
 * @new_destination: returned, likewise
 *
 * Protocols and ports make no difference: prefixes are translated, and nothing is remembered.
 */
struct vnic_ioc_explain6 {
	char network[VNIC_NAME_MAX];
	struct in6_addr source;
	struct in6_addr destination;
	__u8 inbound;
	__u8 way;
	__u8 reason;
	__u8 reserved;
	__be32 sender;
	__be32 receiver;
	struct in6_addr new_source;
	struct in6_addr new_destination;
};

#define VNIC_IOC_MAGIC		0xb7
/* Argument 0; returns VNIC_ABI_VERSION. */
#define VNIC_IOC_VERSION	_IO(VNIC_IOC_MAGIC, 0x00)
/*
 * EEXIST: the name; ENODEV: the uplink; EADDRINUSE: the subnet is another network's or the uplink's
 * own; EADDRNOTAVAIL: the uplink has no address yet is no error: nothing is translated until then;
 * ERANGE: a number is out of its range; EINVAL: no such name, flag, subnet, DNS server; ENOSPC: 256
 * networks.
 */
#define VNIC_IOC_CREATE		_IOW(VNIC_IOC_MAGIC, 0x01, struct vnic_ioc_network)
/* ENOENT: no such network, as everywhere below. */
#define VNIC_IOC_SET		_IOW(VNIC_IOC_MAGIC, 0x02, struct vnic_ioc_set)
/* By name; its cards stay, and are in no network then. */
#define VNIC_IOC_REMOVE		_IOW(VNIC_IOC_MAGIC, 0x03, struct vnic_ioc_network)
/* By name, or, if that is empty, the one of the least number that is @number or more. */
#define VNIC_IOC_NETWORK	_IOWR(VNIC_IOC_MAGIC, 0x04, struct vnic_ioc_network)
/*
 * ENODEV: no such device; EMEDIUMTYPE: it is no vnic; EBUSY: it is in a network or a bridge;
 * EADDRINUSE: the address; EADDRNOTAVAIL: not of the subnet, or none is free.
 */
#define VNIC_IOC_ATTACH		_IOWR(VNIC_IOC_MAGIC, 0x05, struct vnic_ioc_card)
/* By @card; ENODEV, EMEDIUMTYPE as above; ENOTCONN: it is in no network. */
#define VNIC_IOC_DETACH		_IOW(VNIC_IOC_MAGIC, 0x06, struct vnic_ioc_card)
#define VNIC_IOC_CARD		_IOWR(VNIC_IOC_MAGIC, 0x07, struct vnic_ioc_card)
/*
 * EADDRINUSE: the outside port is a mapping's or the host's own; EADDRNOTAVAIL: @outside is not the
 * uplink's; EHOSTUNREACH: @inside is no guest's; ERANGE: a port of 0; EPROTONOSUPPORT; EDQUOT.
 */
#define VNIC_IOC_FORWARD	_IOW(VNIC_IOC_MAGIC, 0x08, struct vnic_ioc_forward)
/* @inside and @inside_port are not looked at. ENOENT: there is no such forward either. */
#define VNIC_IOC_UNFORWARD	_IOW(VNIC_IOC_MAGIC, 0x09, struct vnic_ioc_forward)
#define VNIC_IOC_FLOWS		_IOWR(VNIC_IOC_MAGIC, 0x0a, struct vnic_ioc_flows)
#define VNIC_IOC_STATS		_IOWR(VNIC_IOC_MAGIC, 0x0b, struct vnic_ioc_stats)
/* EHOSTUNREACH: outbound, and no guest has the source address. */
#define VNIC_IOC_EXPLAIN	_IOWR(VNIC_IOC_MAGIC, 0x0c, struct vnic_ioc_explain)
/* EAFNOSUPPORT: the network has no IPv6. */
#define VNIC_IOC_EXPLAIN6	_IOWR(VNIC_IOC_MAGIC, 0x0d, struct vnic_ioc_explain6)

#endif /* _UAPI_VNIC_H */
