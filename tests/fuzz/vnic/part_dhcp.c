// SPDX-License-Identifier: GPL-2.0
/*
 * A DHCP request is answered.
 *
 *	octets 0..1: room for the answer
 *	octet 2: bits of the subnet; octet 3: how many DNS servers; octet 4: bit 0: a gateway and an
 *	MTU, bit 1: the request is the guest's whatever MAC address it has
 */
#include <stdlib.h>
#include <string.h>

#include "dhcp.h"
#include "part.h"

#define CHADDR	28
#define OPTIONS	240

static void must_be_sound(const u8 *at, u32 length, const u8 *request, enum vnic_dhcp outcome)
{
	static const u8 types[] = { 2, 5, 6 };
	u32 i = OPTIONS;

	must(length >= 300);
	must(at[0] == 2 && !memcmp(at + 4, request + 4, 4));
	must(!memcmp(at + CHADDR, request + CHADDR, 6));
	must(at[i] == 53 && at[i + 1] == 1 && at[i + 2] == types[outcome] && at[i + 3] == 54);
	while (at[i] != 255) {
		must(at[i]);
		must(i + 2 + at[i + 1] < length);
		i += 2 + at[i + 1];
	}
	for (i++; i < length; i++)
		must(!at[i]);
}

static void must_carry(const u8 *at, const struct vnic_dhcp_answer *answer)
{
	u32 length = answer->length - 20;

	must(residue(at, 20, 0) == 0);
	must(residue(at + 20, length, residue(at + 12, 8, 17 + length)) == 0);
	must(at[26] || at[27]);
	must(!memcmp(at + 16, &answer->destination, 4));
	must(answer->everybody == (answer->destination == 0xffffffff));
}

void part_dhcp(struct input *in)
{
	struct vnic_dhcp_offer offer = {
		.address = 0x0200090a,
		.server = 0x0100090a,
		.dns = { 0x08080808, 0x04040404, 0x01010101 },
		.lease = 3600,
		.mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
	};
	struct vnic_dhcp_answer answer, again;
	u32 room = octet(in) << 8;
	enum vnic_dhcp outcome;
	u8 *at, *request;
	u8 flags;

	room |= octet(in);
	offer.prefix = octet(in) % 33;
	offer.dns_count = octet(in) % (VNIC_DHCP_DNS_MOST + 1);
	flags = octet(in);
	if (flags & 1) {
		offer.gateway = offer.server;
		offer.mtu = 1400;
	}
	if (flags & 2 && in->left >= CHADDR + 6)
		memcpy(offer.mac, in->at + CHADDR, 6);
	request = rest(in);
	at = room_of(room);
	outcome = vnic_dhcp_datagram(&answer, at, room, request, in->left, &offer);
	must(outcome < VNIC_DHCP_OUTCOMES);
	must((outcome <= VNIC_DHCP_NAK) == (answer.length != 0));
	must(answer.length <= room);
	if (answer.length) {
		must_carry(at, &answer);
		must_be_sound(at + 28, answer.length - 28, request, outcome);
		/* Without the headers it is the same. */
		must(vnic_dhcp_answer(&again, at, room - 28, request, in->left, &offer) == outcome);
		must(again.length == answer.length - 28);
	}
	free(at);
	free(request);
}
