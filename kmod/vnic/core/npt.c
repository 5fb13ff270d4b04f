// SPDX-License-Identifier: GPL-2.0
/* One prefix for another: see npt.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "headers.h"
#include "npt.h"
#include "octets.h"

/* Where in an address. */
#define SUBNET		6	/* bits 48..63 */
#define IDENTIFIER	8	/* bits 64..127 */
#define ADDRESS		16

/* RFC 8200 3: where in the header. */
#define IP_LENGTH	4
#define IP_NEXT		6
#define IP_HOPS		7
#define IP_SOURCE	8
#define IP_DESTINATION	24

/* Extension headers, RFC 8200 4, 7045; all but the fragment's tell their length in octet 1. */
#define HOP_BY_HOP	0
#define ROUTING		43
#define FRAGMENT	44
#define OPTIONS		60
#define MOBILITY	135
#define HIP		139
#define SHIM6		140
#define ICMP6		58
#define EXTENSION_LEAST	8

#define ROUTING_TYPE	2
#define ROUTING_LEFT	3
#define FRAGMENT_OFFSET	2

/* RFC 4443: errors that quote a packet, behind this header of theirs. */
#define ERROR_FIRST	1
#define ERROR_LAST	4

/* --- addresses --- */

/* The bits of SUBNET that are of the prefix. */
static u16 mask(const struct vnic_npt *npt)
{
	return 0xffffu << (64 - npt->prefix);
}

static bool has_prefix(const u8 *address, const struct in6_addr *prefix, u16 mask)
{
	return !memcmp(address, prefix, SUBNET) &&
	       (vnic_get16(address + SUBNET) & mask) == vnic_get16(prefix->s6_addr + SUBNET);
}

static void put_prefix(u8 *address, const struct in6_addr *prefix, u16 mask)
{
	u16 subnet = vnic_get16(address + SUBNET) & ~mask;

	memcpy(address, prefix, SUBNET);
	vnic_put16(address + SUBNET, subnet | vnic_get16(prefix->s6_addr + SUBNET));
}

static bool all_are(const u8 *at, u32 length, u8 octet)
{
	for (u32 i = 0; i < length; i++)
		if (at[i] != octet)
			return false;
	return true;
}

/* RFC 6296 3.2, 3.3: the sum, where 0xffff is 0. */
static bool adjust_word(u8 *word, u16 by)
{
	u16 sum = vnic_sum(NULL, 0, (u32)vnic_get16(word) + by);

	if (vnic_get16(word) == 0xffff)
		return false;
	vnic_put16(word, sum == 0xffff ? 0 : sum);
	return true;
}

/* RFC 6296 3.5, 3.7. */
static bool adjust_identifier(u8 *identifier, u16 by)
{
	u32 size = ADDRESS - IDENTIFIER;

	if (all_are(identifier, size, 0))
		return false;
	for (u32 i = 0; i < size; i += 2)
		if (adjust_word(identifier + i, by))
			return !all_are(identifier, size, 0);
	return false;
}

/* @by: what the sum of the address loses with its prefix. Changes nothing unless it succeeds. */
static enum vnic_npt_verdict translate(const struct vnic_npt *npt, u8 *address,
				       const struct in6_addr *from, const struct in6_addr *to, u16 by)
{
	u8 new[ADDRESS];
	bool adjusted;

	if (!has_prefix(address, from, mask(npt)))
		return VNIC_NPT_FOREIGN;
	memcpy(new, address, ADDRESS);
	put_prefix(new, to, mask(npt));
	if (npt->prefix == 48)
		adjusted = adjust_word(new + SUBNET, by);
	else
		adjusted = adjust_identifier(new + IDENTIFIER, by);
	if (!adjusted)
		return VNIC_NPT_NO_WORD;
	memcpy(address, new, ADDRESS);
	return VNIC_NPT_TRANSLATED;
}

static enum vnic_npt_verdict out(const struct vnic_npt *npt, u8 *address)
{
	return translate(npt, address, &npt->inside, &npt->outside, npt->adjustment);
}

static enum vnic_npt_verdict in(const struct vnic_npt *npt, u8 *address)
{
	return translate(npt, address, &npt->outside, &npt->inside, ~npt->adjustment);
}

static void set_prefix(struct in6_addr *prefix, const struct in6_addr *from, u16 mask)
{
	*prefix = (struct in6_addr){ 0 };
	memcpy(prefix, from, SUBNET);
	vnic_put16(prefix->s6_addr + SUBNET, vnic_get16(from->s6_addr + SUBNET) & mask);
}

bool vnic_npt_init(struct vnic_npt *npt, const struct in6_addr *inside,
		   const struct in6_addr *outside, u32 prefix)
{
	u16 lost, gained;

	if (prefix < 48 || prefix > 64)
		return false;
	npt->prefix = prefix;
	set_prefix(&npt->inside, inside, mask(npt));
	set_prefix(&npt->outside, outside, mask(npt));
	/* RFC 6296 3.1. */
	lost = vnic_sum(npt->inside.s6_addr, ADDRESS, 0);
	gained = vnic_sum(npt->outside.s6_addr, ADDRESS, 0);
	npt->adjustment = vnic_sum(NULL, 0, (u32)lost + (u16)~gained);
	return true;
}

bool vnic_npt_inside(const struct vnic_npt *npt, const struct in6_addr *address)
{
	return has_prefix(address->s6_addr, &npt->inside, mask(npt));
}

bool vnic_npt_outside(const struct vnic_npt *npt, const struct in6_addr *address)
{
	return has_prefix(address->s6_addr, &npt->outside, mask(npt));
}

bool vnic_npt_address_out(const struct vnic_npt *npt, struct in6_addr *address)
{
	return out(npt, address->s6_addr) == VNIC_NPT_TRANSLATED;
}

bool vnic_npt_address_in(const struct vnic_npt *npt, struct in6_addr *address)
{
	return in(npt, address->s6_addr) == VNIC_NPT_TRANSLATED;
}

/* --- packets --- */

/**
 * struct chain - where in its headers one is
 * @at: the IPv6 header
 * @there: octets that are looked at
 * @offset: of the header that is next
 * @next: what it is
 * @quoted: of the packet that an error quotes, if one was found
 */
struct chain {
	u8 *at;
	u32 there;
	u32 offset;
	u8 next;
	u32 quoted;
};

static bool is_extension(u8 next)
{
	switch (next) {
	case HOP_BY_HOP:
	case ROUTING:
	case FRAGMENT:
	case OPTIONS:
	case MOBILITY:
	case HIP:
	case SHIM6:
		return true;
	default:
		return false;
	}
}

/* One extension header further. */
static enum vnic_npt_verdict step(struct chain *c)
{
	const u8 *header = c->at + c->offset;
	u32 size = EXTENSION_LEAST;

	if (c->there - c->offset < size)
		return VNIC_NPT_BAD_HEADER;
	if (c->next != FRAGMENT)
		size += header[1] * 8;
	if (c->there - c->offset < size)
		return VNIC_NPT_BAD_HEADER;
	if (c->next == ROUTING && !header[ROUTING_TYPE] && header[ROUTING_LEFT])
		return VNIC_NPT_SOURCE_ROUTED;
	/* Behind the header of a fragment other than the first there is none. */
	if (c->next == FRAGMENT && vnic_get16(header + FRAGMENT_OFFSET) >> 3)
		c->next = 0xff;
	else
		c->next = header[0];
	c->offset += size;
	return VNIC_NPT_TRANSLATED;
}

static enum vnic_npt_verdict read_error(struct chain *c)
{
	const u8 *icmp = c->at + c->offset;

	if (c->there - c->offset < VNIC_ICMP_HEADER)
		return VNIC_NPT_TRUNCATED;
	if (icmp[0] < ERROR_FIRST || icmp[0] > ERROR_LAST)
		return VNIC_NPT_TRANSLATED;
	c->quoted = c->offset + VNIC_ICMP_HEADER;
	if (c->there - c->quoted < VNIC_IPV6_HEADER)
		return VNIC_NPT_TRUNCATED;
	return c->at[c->quoted] >> 4 == 6 ? VNIC_NPT_TRANSLATED : VNIC_NPT_NOT_IPV6;
}

/* VNIC_NPT_TRANSLATED: nothing is wrong with it. */
static enum vnic_npt_verdict read_chain(struct chain *c, u8 *at, u32 linear, u32 length)
{
	enum vnic_npt_verdict verdict;
	u32 whole;

	if (linear < VNIC_IPV6_HEADER)
		return VNIC_NPT_TRUNCATED;
	if (at[0] >> 4 != 6)
		return VNIC_NPT_NOT_IPV6;
	whole = VNIC_IPV6_HEADER + vnic_get16(at + IP_LENGTH);
	if (whole > length)
		return VNIC_NPT_TRUNCATED;
	*c = (struct chain){
		.at = at,
		.there = min_t(u32, min(linear, whole), VNIC_NPT_HEADERS),
		.offset = VNIC_IPV6_HEADER,
		.next = at[IP_NEXT],
	};
	while (is_extension(c->next)) {
		verdict = step(c);
		if (verdict != VNIC_NPT_TRANSLATED)
			return verdict;
	}
	return c->next == ICMP6 ? read_error(c) : VNIC_NPT_TRANSLATED;
}

typedef enum vnic_npt_verdict direction(const struct vnic_npt *npt, u8 *address);

/* Both addresses or none. */
static enum vnic_npt_verdict translate_packet(const struct vnic_npt *npt, u8 *at, u32 linear,
					      u32 length, direction *way, u32 outer, u32 inner)
{
	enum vnic_npt_verdict verdict;
	u8 new[ADDRESS];
	struct chain c;

	verdict = read_chain(&c, at, linear, length);
	if (verdict != VNIC_NPT_TRANSLATED)
		return verdict;
	memcpy(new, at + outer, ADDRESS);
	verdict = way(npt, new);
	if (verdict == VNIC_NPT_TRANSLATED && c.quoted)
		verdict = way(npt, at + c.quoted + inner);
	if (verdict == VNIC_NPT_TRANSLATED)
		memcpy(at + outer, new, ADDRESS);
	return verdict;
}

enum vnic_npt_verdict vnic_npt_out(const struct vnic_npt *npt, u8 *at, u32 linear, u32 length)
{
	return translate_packet(npt, at, linear, length, out, IP_SOURCE, IP_DESTINATION);
}

enum vnic_npt_verdict vnic_npt_in(const struct vnic_npt *npt, u8 *at, u32 linear, u32 length)
{
	return translate_packet(npt, at, linear, length, in, IP_DESTINATION, IP_SOURCE);
}

bool vnic_npt_hop(u8 *at)
{
	if (at[IP_HOPS] <= 1)
		return false;
	at[IP_HOPS]--;
	return true;
}
