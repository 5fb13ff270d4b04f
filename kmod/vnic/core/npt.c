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
#define IP_HOPS		7
#define IP_SOURCE	8
#define IP_DESTINATION	24

#define ICMP6		58

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
				       const struct in6_addr *from,
				       const struct in6_addr *to, u16 by)
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

/* VNIC_NPT_TRANSLATED: nothing is wrong with it. @quoted: where what an error quotes is, or 0. */
static enum vnic_npt_verdict read_error(const struct vnic_ipv6 *p, u32 *quoted)
{
	const u8 *icmp = p->at + p->upper;

	if (p->there - p->upper < VNIC_ICMP_HEADER)
		return VNIC_NPT_TRUNCATED;
	if (icmp[0] < ERROR_FIRST || icmp[0] > ERROR_LAST)
		return VNIC_NPT_TRANSLATED;
	*quoted = p->upper + VNIC_ICMP_HEADER;
	if (p->there - *quoted < VNIC_IPV6_HEADER)
		return VNIC_NPT_TRUNCATED;
	return p->at[*quoted] >> 4 == 6 ? VNIC_NPT_TRANSLATED : VNIC_NPT_NOT_IPV6;
}

static enum vnic_npt_verdict read_packet(const u8 *at, u32 linear, u32 length, u32 *quoted)
{
	static const enum vnic_npt_verdict verdicts[] = {
		[VNIC_IPV6_SOUND] = VNIC_NPT_TRANSLATED,
		[VNIC_IPV6_TRUNCATED] = VNIC_NPT_TRUNCATED,
		[VNIC_IPV6_OTHER] = VNIC_NPT_NOT_IPV6,
		[VNIC_IPV6_BAD_HEADER] = VNIC_NPT_BAD_HEADER,
		[VNIC_IPV6_SOURCE_ROUTED] = VNIC_NPT_SOURCE_ROUTED,
	};
	enum vnic_ipv6_fault fault;
	struct vnic_ipv6 p;

	*quoted = 0;
	fault = vnic_ipv6_read(&p, at, linear, length);
	if (!fault && p.protocol == ICMP6)
		return read_error(&p, quoted);
	return verdicts[fault];
}

typedef enum vnic_npt_verdict direction(const struct vnic_npt *npt, u8 *address);

/* Both addresses or none. */
static enum vnic_npt_verdict translate_packet(const struct vnic_npt *npt, u8 *at, u32 linear,
					      u32 length, direction *way, u32 outer, u32 inner)
{
	enum vnic_npt_verdict verdict;
	u8 new[ADDRESS];
	u32 quoted;

	verdict = read_packet(at, linear, length, &quoted);
	if (verdict != VNIC_NPT_TRANSLATED)
		return verdict;
	memcpy(new, at + outer, ADDRESS);
	verdict = way(npt, new);
	if (verdict == VNIC_NPT_TRANSLATED && quoted)
		verdict = way(npt, at + quoted + inner);
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
