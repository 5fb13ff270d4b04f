// SPDX-License-Identifier: GPL-2.0
/* A guest at 10.9.0.2 speaks ARP, and is answered. */
#include <stdlib.h>
#include <string.h>

#include "arp.h"
#include "part.h"

void part_arp(struct input *in)
{
	static const u8 guest[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	static const u8 mac[6] = { 2, 0, 0, 0, 0, 1 };
	__be32 address = 0x0200090a, target = 0, unused;
	u8 reply[VNIC_ARP_LENGTH];
	u8 *at = rest(in);
	enum vnic_arp verdict = vnic_arp_judge(at, in->left, address, guest, &target);

	if (verdict == VNIC_ARP_ASKS || verdict == VNIC_ARP_PROBES) {
		must(target != address && !memcmp(at + 8, guest, 6));
		vnic_arp_reply(reply, at, mac);
		vnic_arp_reply(at, at, mac);
		must(!memcmp(at, reply, sizeof(reply)));
		must(!memcmp(reply + 18, guest, 6));
		/* Who has that address may say so. */
		must(vnic_arp_judge(reply, sizeof(reply), target, mac, &unused) ==
		     (target ? VNIC_ARP_TELLS : VNIC_ARP_MALFORMED));
	}
	free(at);
}
