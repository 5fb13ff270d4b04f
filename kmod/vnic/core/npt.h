/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv6 network prefix translation (NPTv6, RFC 6296): one prefix becomes another, and a word behind
 * it makes up for the difference, so that the sum of the address stays what it was:
 *
 *	inside   fd01:203:405 : 0001 :: 1234	(the example of section 3.6)
 *	outside  2001:db8:1   : d550 :: 1234
 *	         prefix /48     word
 *
 * No sum over an address changes, so that none has to be found: not in the packet, and not in one
 * that an ICMPv6 error quotes. The word is bits 48..63 of a /48 (section 3.4), and of a longer
 * prefix the first of the interface identifier's four that is not all ones (3.5). In one's
 * complement 0xffff is 0: as a result it is written as 0, so that the way back is unique (3.2).
 * An address has no translation if that word of a /48 is all ones, or if the interface identifier
 * behind a longer prefix is all ones, or all zeros on either side (3.7, which says zeros, and its
 * erratum 8757, which says ones).
 *
 * Nothing is remembered: each address has one translation, either way.
 */
#ifndef VNIC_NPT_H
#define VNIC_NPT_H

#include <linux/in6.h>
#include <linux/types.h>

#include "headers.h"

/* Octets from the IPv6 header on that are looked at, and may change. */
#define VNIC_NPT_HEADERS	VNIC_IPV6_HEADERS

/**
 * struct vnic_npt - two prefixes
 * @inside: bits beyond the prefix are 0
 * @outside: likewise
 * @prefix: bits of both, 48 to 64
 * @adjustment: what the word grows by on the way out, in one's complement
 */
struct vnic_npt {
	struct in6_addr inside;
	struct in6_addr outside;
	u8 prefix;
	u16 adjustment;
};

/**
 * enum vnic_npt_verdict - what became of a packet
 * @VNIC_NPT_TRANSLATED: it was translated
 * @VNIC_NPT_TRUNCATED: it ends within a header, or before the length that it states
 * @VNIC_NPT_NOT_IPV6: the version says so
 * @VNIC_NPT_BAD_HEADER: lengths that contradict each other, or more headers than are looked at
 * @VNIC_NPT_SOURCE_ROUTED: routing header of type 0 (RFC 5095)
 * @VNIC_NPT_FOREIGN: the address is not of the prefix; or the one in the packet that is quoted
 * @VNIC_NPT_NO_WORD: it has no translation, for there is no word to adjust: the sender may be told
 *	that the destination is unreachable
 *
 * Unless it was translated, nothing has changed.
 */
enum vnic_npt_verdict {
	VNIC_NPT_TRANSLATED,
	VNIC_NPT_TRUNCATED,
	VNIC_NPT_NOT_IPV6,
	VNIC_NPT_BAD_HEADER,
	VNIC_NPT_SOURCE_ROUTED,
	VNIC_NPT_FOREIGN,
	VNIC_NPT_NO_WORD,
};

/**
 * vnic_npt_init() - two prefixes
 * @npt: set
 * @inside: bits beyond the prefix are passed over
 * @outside: likewise
 * @prefix: bits
 *
 * Return: false if @prefix is not 48 to 64.
 */
bool vnic_npt_init(struct vnic_npt *npt, const struct in6_addr *inside,
		   const struct in6_addr *outside, u32 prefix);

/**
 * vnic_npt_inside() - whether an address is one of the guests'
 * @npt: prefixes
 * @address: any
 */
bool vnic_npt_inside(const struct vnic_npt *npt, const struct in6_addr *address);

/**
 * vnic_npt_outside() - whether an address is one that guests have outside
 * @npt: prefixes
 * @address: any
 */
bool vnic_npt_outside(const struct vnic_npt *npt, const struct in6_addr *address);

/**
 * vnic_npt_address_out() - what an address is outside
 * @npt: prefixes
 * @address: of @npt->inside; replaced
 *
 * Return: false if it is not of the prefix, or has no translation: then nothing has changed.
 */
bool vnic_npt_address_out(const struct vnic_npt *npt, struct in6_addr *address);

/**
 * vnic_npt_address_in() - what an address is inside
 * @npt: prefixes
 * @address: of @npt->outside; replaced
 *
 * Return: likewise.
 */
bool vnic_npt_address_in(const struct vnic_npt *npt, struct in6_addr *address);

/**
 * vnic_npt_out() - a guest's packet on its way out
 * @npt: prefixes
 * @at: the IPv6 header; any alignment
 * @linear: octets that are there to be read and written: VNIC_NPT_HEADERS or all of them
 * @length: octets that follow @at in all, padding included
 *
 * The source is translated, and in a packet that an ICMPv6 error quotes, the destination.
 */
enum vnic_npt_verdict vnic_npt_out(const struct vnic_npt *npt, u8 *at, u32 linear, u32 length);

/**
 * vnic_npt_in() - a packet on its way in
 * @npt: prefixes
 * @at: likewise
 * @linear: likewise
 * @length: likewise
 *
 * The destination is translated, and in a packet that an ICMPv6 error quotes, the source.
 * One guest's packet to another's outside address goes out and then in (RFC 6296 4.3).
 */
enum vnic_npt_verdict vnic_npt_in(const struct vnic_npt *npt, u8 *at, u32 linear, u32 length);

/**
 * vnic_npt_hop() - one router further
 * @at: the IPv6 header of a packet that was translated
 *
 * Return: false if that was its last hop: then nothing has changed, and its sender is to be told.
 */
bool vnic_npt_hop(u8 *at);

#endif /* VNIC_NPT_H */
