// SPDX-License-Identifier: GPL-2.0
/*
 * A guest speaks, and is answered.
 *
 *	octet 0: bit 0: the sum of its message is made right, for a search would not find it;
 *	bit 1: a router without an MTU, bit 2: guests are joined, bits 3 and 4: DNS servers
 */
#include <stdlib.h>
#include <string.h>

#include "headers.h"
#include "neighbour.h"
#include "part.h"

static const u8 guest[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, mac[6] = { 2, 0, 0, 0, 0, 1 };

static void must_be_sound(const u8 *at, u32 length)
{
	must(at[6] == 58 && at[7] == 255 && (u32)(at[4] << 8 | at[5]) == length - 40);
	must(residue(at + 40, length - 40, residue(at + 8, 32, 58 + length - 40)) == 0);
}

static void advertise(const struct vnic_neighbour_message *message)
{
	struct vnic_neighbour_message heard;
	u8 at[VNIC_NEIGHBOUR_ADVERTISEMENT];
	enum vnic_neighbour verdict;

	must(vnic_neighbour_advertise(at, sizeof(at), message, mac) == sizeof(at));
	must_be_sound(at, sizeof(at));
	verdict = vnic_neighbour_judge(&heard, at, sizeof(at), mac);
	must(verdict == VNIC_NEIGHBOUR_TELLS || verdict == VNIC_NEIGHBOUR_SPOOF ||
	     verdict == VNIC_NEIGHBOUR_MALFORMED);
	if (verdict == VNIC_NEIGHBOUR_TELLS)
		must(!memcmp(&heard.target, &message->target, 16));
}

static void route(const struct vnic_neighbour_message *message, u8 flags)
{
	struct vnic_router router = {
		.lifetime = 1800,
		.mtu = flags & 2 ? 0 : 1500,
		.joined = flags & 4,
		.dns_count = flags >> 3 & 3,
	};
	struct vnic_neighbour_message heard;
	u8 at[VNIC_NEIGHBOUR_ROUTE];
	u32 length = vnic_neighbour_route(at, sizeof(at), &router, &message->source);

	must(length == 104 - (flags & 2 ? 8 : 0) + (router.dns_count ? 8 + 16 * router.dns_count : 0));
	must_be_sound(at, length);
	must(vnic_neighbour_judge(&heard, at, length, mac) == VNIC_NEIGHBOUR_SPOOF);
}

static void set_sum(u8 *at, size_t size)
{
	struct in6_addr source, destination;
	u32 length;
	u8 copy[1024];

	if (size < 48 || size > sizeof(copy))
		return;
	length = at[4] << 8 | at[5];
	if (length < 8 || length > size - 40)
		return;
	memcpy(copy, at, size);
	memcpy(&source, at + 8, 16);
	memcpy(&destination, at + 24, 16);
	vnic_put_icmp6(copy, &source, &destination, 255, length);
	memcpy(at + 42, copy + 42, 2);
}

void part_neighbour(struct input *in)
{
	struct vnic_neighbour_message message;
	u8 flags = octet(in);
	u8 *at = rest(in);

	if (flags & 1)
		set_sum(at, in->left);
	switch (vnic_neighbour_judge(&message, at, in->left, guest)) {
	case VNIC_NEIGHBOUR_ASKS:
	case VNIC_NEIGHBOUR_PROBES:
		must(message.target.s6_addr[0] != 0xff);
		advertise(&message);
		break;
	case VNIC_NEIGHBOUR_ROUTER:
		route(&message, flags);
		break;
	case VNIC_NEIGHBOUR_TELLS:
		must(memcmp(&message.target, &vnic_neighbour_gateway, 16) != 0);
		break;
	default:
		break;
	}
	free(at);
}
