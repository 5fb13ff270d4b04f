/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An IPv4 datagram as address translation sees it: who sends it, who is meant, and how both are
 * replaced with every checksum right.
 *
 *	a packet:
 *	   at            transport
 *	   | IPv4 header | TCP, UDP, or ICMP query | ...
 *
 *	an ICMP error, about a packet that it quotes the beginning of:
 *	   at            transport    inner         inner_transport
 *	   | IPv4 header | ICMP error | IPv4 header | TCP, UDP, or ICMP query, 8 octets or more
 *
 * Everything here is pure: no skb, no memory of its own. It is believed nothing that the
 * datagram says of itself before it was compared with what there is.
 *
 * Checksums are updated for the words that change (RFC 1624), never computed anew: a datagram
 * that was damaged on its way stays so, and who receives it will see it. Each word has one or
 * two sums over it:
 *
 *	address               IPv4 header's, and, by the pseudo-header, that of TCP or UDP
 *	port, identifier      that of TCP, UDP, ICMP
 *	anything quoted       its own as above; and each word that thereby changes, a sum too, is
 *	                      under that of the ICMP error
 */
#ifndef VNIC_PACKET_H
#define VNIC_PACKET_H

#include <linux/types.h>

/* Octets from the IPv4 header on that vnic_packet_read() looks at, and setters change, at most. */
#define VNIC_PACKET_HEADERS	(60 + 8 + 60 + 20)

/**
 * enum vnic_fault - why a datagram is not translated
 * @VNIC_SOUND: it may be
 * @VNIC_TRUNCATED: it ends within a header, or before the length that it states
 * @VNIC_NOT_IPV4: the version says so
 * @VNIC_BAD_HEADER: lengths that contradict each other
 * @VNIC_BAD_SUM: of the IPv4 header, or of the one that is quoted
 * @VNIC_SOURCE_ROUTED: it wants to choose its own way (RFC 7126 4.3, 4.4)
 * @VNIC_FRAGMENT: to be put together first
 * @VNIC_UNKNOWN_PROTOCOL: neither TCP nor UDP nor an ICMP message of the kinds below
 * @VNIC_FAULTS: how many there are
 */
enum vnic_fault {
	VNIC_SOUND,
	VNIC_TRUNCATED,
	VNIC_NOT_IPV4,
	VNIC_BAD_HEADER,
	VNIC_BAD_SUM,
	VNIC_SOURCE_ROUTED,
	VNIC_FRAGMENT,
	VNIC_UNKNOWN_PROTOCOL,
	VNIC_FAULTS,
};

/**
 * struct vnic_end - one end of a flow
 * @address: IPv4
 * @port: of TCP or UDP; of an ICMP query, the identifier, at the end that asks, and 0 at the other
 */
struct vnic_end {
	__be32 address;
	__be16 port;
};

/**
 * struct vnic_packet - a datagram whose headers were found sound
 * @at: the IPv4 header
 * @length: of the datagram, as its header says
 * @transport: where the transport header begins, from @at
 * @inner: likewise the quoted IPv4 header; 0: it is no error
 * @inner_transport: likewise the quoted transport header
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP; of an error, that of the quoted packet
 * @partial: the sum of TCP or UDP is that of the pseudo-header only; the rest is added later
 * @first: it is only the first fragment of a datagram
 * @quoted_sum: the sum of the quoted TCP or UDP header is among what is quoted
 * @tcp_flags: TCPHDR_... as in the header; 0: not TCP, or not quoted
 * @source: who sends it
 * @destination: who is meant
 * @inner_source: of the quoted packet
 * @inner_destination: likewise
 */
struct vnic_packet {
	u8 *at;
	u32 length;
	u16 transport;
	u16 inner;
	u16 inner_transport;
	u8 protocol;
	bool partial;
	bool first;
	bool quoted_sum;
	u8 tcp_flags;
	struct vnic_end source;
	struct vnic_end destination;
	struct vnic_end inner_source;
	struct vnic_end inner_destination;
};

#define VNIC_TCP_FIN	0x01
#define VNIC_TCP_SYN	0x02
#define VNIC_TCP_RST	0x04
#define VNIC_TCP_ACK	0x10

/**
 * vnic_packet_read() - find the headers of a datagram
 * @p: set, if it is sound
 * @at: the IPv4 header; any alignment
 * @linear: octets that are there to be read and written: VNIC_PACKET_HEADERS or all of them
 * @length: octets that follow @at in all, padding included
 * @partial: see struct vnic_packet
 *
 * The sum of the IPv4 header is looked at, and so is that of a quoted one; others are not. Of ICMP
 * messages there are echo request and reply (RFC 5508 REQ-1), destination unreachable, time
 * exceeded, parameter problem (REQ-10).
 *
 * Return: VNIC_SOUND, or what is wrong first.
 */
enum vnic_fault vnic_packet_read(struct vnic_packet *p, u8 *at, u32 linear, u32 length,
				 bool partial);

/**
 * vnic_packet_read_first() - the same of the first fragment of a datagram
 * @p: set, if it is sound
 * @at: likewise
 * @linear: likewise
 * @length: likewise
 *
 * Its sum is over the whole datagram, and is updated as if that were there. An error is not sound.
 */
enum vnic_fault vnic_packet_read_first(struct vnic_packet *p, u8 *at, u32 linear, u32 length);

/**
 * vnic_packet_is_error() - whether it is about another packet
 * @p: packet
 */
static inline bool vnic_packet_is_error(const struct vnic_packet *p)
{
	return p->inner;
}

/**
 * vnic_packet_set_source() - who sends it
 * @p: packet
 * @to: its port is passed over where the packet has none at that end
 */
void vnic_packet_set_source(struct vnic_packet *p, struct vnic_end to);

/**
 * vnic_packet_set_destination() - who is meant
 * @p: packet
 * @to: likewise
 */
void vnic_packet_set_destination(struct vnic_packet *p, struct vnic_end to);

/**
 * vnic_packet_set_inner_source() - who sent the packet that an error is about
 * @p: an error
 * @to: likewise
 */
void vnic_packet_set_inner_source(struct vnic_packet *p, struct vnic_end to);

/**
 * vnic_packet_set_inner_destination() - who was meant by the packet that an error is about
 * @p: an error
 * @to: likewise
 */
void vnic_packet_set_inner_destination(struct vnic_packet *p, struct vnic_end to);

/**
 * vnic_packet_hop() - one router further
 * @p: packet
 *
 * Return: false if that was its last hop: then nothing has changed, and its sender is to be told.
 */
bool vnic_packet_hop(struct vnic_packet *p);

#endif /* VNIC_PACKET_H */
