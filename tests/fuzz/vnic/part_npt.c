// SPDX-License-Identifier: GPL-2.0
/*
 * A packet is translated.
 *
 *	octet 0: bit 0: inwards; the rest: bits of the prefix, from 48 on
 *	octets 1..2: how much of it is linear; more than there is: all
 *	octets 3..10, 11..18: the prefixes inside and outside
 */
#include <stdlib.h>
#include <string.h>

#include "npt.h"
#include "part.h"

static bool back(const struct vnic_npt *npt, bool inwards, struct in6_addr *address)
{
	return inwards ? vnic_npt_address_out(npt, address) : vnic_npt_address_in(npt, address);
}

/* The address at @at was translated: it has a way back. */
static void must_come_back(const struct vnic_npt *npt, bool inwards, const u8 *at, const u8 *before)
{
	struct in6_addr address;

	memcpy(&address, at, 16);
	must(inwards ? vnic_npt_inside(npt, &address) : vnic_npt_outside(npt, &address));
	must(back(npt, inwards, &address));
	must(!memcmp(&address, before, 16));
}

void part_npt(struct input *in)
{
	u8 flags = octet(in), *at, *before;
	struct in6_addr inside = { 0 }, outside = { 0 };
	u32 linear = octet(in) << 8, outer;
	enum vnic_npt_verdict verdict;
	bool inwards = flags & 1;
	struct vnic_npt npt;

	linear |= octet(in);
	octets(in, &inside, 8);
	octets(in, &outside, 8);
	must(vnic_npt_init(&npt, &inside, &outside, 48 + (flags >> 1) % 17));
	if (linear > in->left)
		linear = in->left;
	at = room_of(linear);
	before = room_of(linear);
	memcpy(at, in->at, linear);
	memcpy(before, in->at, linear);
	verdict = inwards ? vnic_npt_in(&npt, at, linear, in->left) :
			    vnic_npt_out(&npt, at, linear, in->left);
	if (verdict != VNIC_NPT_TRANSLATED) {
		must(!memcmp(at, before, linear));
	} else {
		outer = inwards ? 24 : 8;
		must_come_back(&npt, inwards, at + outer, before + outer);
		/* Every address is at an even place: no sum over any of this has changed. */
		must(residue(at, linear, 0) == residue(before, linear, 0));
		must(!memcmp(at, before, outer));
		for (u32 i = VNIC_NPT_HEADERS; i < linear; i++)
			must(at[i] == before[i]);
	}
	free(at);
	free(before);
}
