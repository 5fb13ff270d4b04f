// SPDX-License-Identifier: GPL-2.0
/* What there is, told in portions. */
#include <linux/kernel.h>

#include "translator.h"

/**
 * struct portion - what is told at once
 * @flows: where to
 * @room: for how many
 * @count: told
 * @skip: how many are passed over before: they were told last time
 * @rest: one was left out
 */
struct portion {
	struct vnic_nat_flow *flows;
	u32 room;
	u32 count;
	u32 skip;
	bool rest;
};

static void tell(struct portion *portion, struct vnic_nat_flow flow)
{
	if (portion->skip)
		portion->skip--;
	else if (portion->count < portion->room)
		portion->flows[portion->count++] = flow;
	else
		portion->rest = true;
}

static void tell_mapping(const struct vnic_nat *nat, const struct vnic_mapping *m, u64 now,
			 struct portion *portion)
{
	struct vnic_nat_flow flow = {
		.protocol = m->protocol,
		.forward = m->forward,
		.inside = m->inside,
		.outside = m->outside,
		.left = vnic_mapping_left(nat, m, now),
		.out = m->out,
		.in = m->in,
	};
	const struct vnic_session *s;

	if (!flow.left)
		return;
	tell(portion, flow);
	for (int hold = 0; hold < VNIC_HOLDS; hold++) {
		list_for_each_entry(s, &m->sessions[hold], of_mapping) {
			flow.state = s->state;
			flow.remote = s->remote;
			flow.left = vnic_session_left(nat, s, now);
			flow.out = s->out;
			flow.in = s->in;
			if (flow.left)
				tell(portion, flow);
		}
	}
}

static void tell_chain(const struct vnic_nat *nat, u32 chain, u64 now, struct portion *portion)
{
	const struct vnic_mapping *m;

	hlist_for_each_entry(m, &nat->outside.chains[chain], by_outside)
		tell_mapping(nat, m, now, portion);
}

/* The cursor: a chain, and how many flows of it were told. */
unsigned int vnic_nat_flows(struct vnic_nat *nat, u64 now, u64 *cursor,
			    struct vnic_nat_flow *flows, unsigned int most)
{
	struct portion portion = { .flows = flows, .room = most };
	u32 chain = *cursor >> 32, told = (u32)*cursor;

	now = max(nat->now, now);
	for (; chain < vnic_table_size(&nat->outside); chain++, told = 0) {
		u32 before = portion.count;

		portion.skip = told;
		tell_chain(nat, chain, now, &portion);
		if (portion.rest && before) {
			/* It begins the next portion. */
			portion.count = before;
			break;
		}
		if (portion.rest) {
			told += portion.count;
			break;
		}
	}
	*cursor = (u64)chain << 32 | told;
	return portion.count;
}
