// SPDX-License-Identifier: GPL-2.0
/*
 * A datagram is read and given other ends.
 *
 *	octet 0: bit 0: its sum is partial; bit 1: sums of IPv4 headers are made right
 *	octets 1..2: how much of it is linear; more than there is: all
 *	octets 3..26: the new ends
 */
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "part.h"

#define ICMP	1
#define TCP	6

/* What is under the sum of the transport header, with the pseudo-header; of a partial sum: that. */
static u32 transport_residue(const struct vnic_packet *p)
{
	const u8 *transport = p->at + p->transport;
	u32 length = p->length - p->transport;
	u32 pseudo = residue(p->at + 12, 8, p->protocol + length);

	if (vnic_packet_is_error(p) || p->protocol == ICMP)
		return residue(transport, length, 0);
	if (!p->partial)
		return residue(transport, length, pseudo);
	transport += p->protocol == TCP ? 16 : 6;
	return (residue(transport, 2, 0) + 0xffff - pseudo) % 0xffff;
}

static bool has_sum(const struct vnic_packet *p)
{
	const u8 *transport = p->at + p->transport;

	return vnic_packet_is_error(p) || p->protocol == ICMP || p->protocol == TCP || p->partial ||
	       transport[6] || transport[7];
}

static void set_all(struct vnic_packet *p, const struct vnic_end ends[4])
{
	vnic_packet_set_source(p, ends[0]);
	vnic_packet_set_destination(p, ends[1]);
	if (!vnic_packet_is_error(p))
		return;
	vnic_packet_set_inner_source(p, ends[2]);
	vnic_packet_set_inner_destination(p, ends[3]);
}

static void must_be(struct vnic_end got, struct vnic_end want)
{
	/* 0: it has no port at that end. */
	must(got.address == want.address && (!got.port || got.port == want.port));
}

static void must_be_all(const struct vnic_packet *p, const struct vnic_end ends[4])
{
	must_be(p->source, ends[0]);
	must_be(p->destination, ends[1]);
	if (!vnic_packet_is_error(p))
		return;
	must_be(p->inner_source, ends[2]);
	must_be(p->inner_destination, ends[3]);
}

static void rewrite(struct vnic_packet *p, u32 linear, u32 length, const struct vnic_end ends[4])
{
	/* What is beyond is not changed, so that its sum is that of what is here. */
	bool whole = linear >= p->length, sum = has_sum(p);
	u32 before = whole ? transport_residue(p) : 0;
	struct vnic_packet again;

	set_all(p, ends);
	must_be_all(p, ends);
	must(vnic_packet_read(&again, p->at, linear, length, p->partial) == VNIC_SOUND);
	must_be_all(&again, ends);
	must(has_sum(p) == sum);
	if (whole && sum)
		must(transport_residue(p) == before);
}

void part_packet(struct input *in)
{
	struct vnic_end ends[4];
	u8 flags = octet(in);
	u32 linear = octet(in) << 8;
	struct vnic_packet p;
	u8 *at, ttl;

	linear |= octet(in);
	for (u32 i = 0; i < 4; i++) {
		octets(in, &ends[i].address, 4);
		octets(in, &ends[i].port, 2);
	}
	if (linear > in->left)
		linear = in->left;
	/* What is not linear may not be touched: it is not there. */
	at = room_of(linear);
	memcpy(at, in->at, linear);
	if (flags & 2)
		set_header_sums(at, linear);
	if (vnic_packet_read(&p, at, linear, in->left, flags & 1) == VNIC_SOUND) {
		ttl = at[8];
		must(p.length <= in->left && p.transport <= p.length);
		must(vnic_packet_hop(&p) == (ttl > 1));
		must(at[8] == (ttl > 1 ? ttl - 1 : ttl));
		rewrite(&p, linear, in->left, ends);
	}
	free(at);
}
