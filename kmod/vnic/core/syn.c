// SPDX-License-Identifier: GPL-2.0
/* SYNs that nobody asked for: see syn.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "translator.h"

static struct vnic_held_syn *held(struct vnic_syns *syns, u32 i)
{
	return &syns->ring[(syns->first + i) % VNIC_SYNS];
}

static struct vnic_held_syn *find(struct vnic_syns *syns, struct vnic_end outside,
				  struct vnic_end remote)
{
	for (u32 i = 0; i < syns->count; i++) {
		struct vnic_held_syn *h = held(syns, i);

		if (h->syn.length && vnic_end_is(h->destination, outside) &&
		    vnic_end_is(h->source, remote))
			return h;
	}
	return NULL;
}

void vnic_syn_hold(struct vnic_syns *syns, const struct vnic_packet *p, u64 now)
{
	struct vnic_held_syn *h;

	/* Sent again, it is still the first that is told of. */
	if (syns->count == VNIC_SYNS || find(syns, p->destination, p->source))
		return;
	h = held(syns, syns->count++);
	h->came = now;
	h->source = p->source;
	h->destination = p->destination;
	h->syn.length = p->transport + 8;
	memcpy(h->syn.quoted, p->at, h->syn.length);
}

void vnic_syn_forget(struct vnic_syns *syns, struct vnic_end outside, struct vnic_end remote)
{
	struct vnic_held_syn *h = find(syns, outside, remote);

	if (h)
		h->syn.length = 0;
}

void vnic_syn_forget_others(struct vnic_nat *nat)
{
	for (u32 i = 0; i < nat->syns.count; i++) {
		struct vnic_held_syn *h = held(&nat->syns, i);

		if (!vnic_ports_of(nat, h->destination.address))
			h->syn.length = 0;
	}
}

bool vnic_nat_overdue_syn(struct vnic_nat *nat, u64 now, struct vnic_nat_syn *syn)
{
	struct vnic_syns *syns = &nat->syns;

	now = vnic_nat_advance(nat, now);
	while (syns->count) {
		const struct vnic_held_syn *h = held(syns, 0);

		if (h->syn.length && now - h->came < nat->config.timeouts.tcp_syn)
			return false;
		*syn = h->syn;
		syns->first = (syns->first + 1) % VNIC_SYNS;
		syns->count--;
		if (syn->length)
			return true;
	}
	return false;
}
