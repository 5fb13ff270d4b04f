// SPDX-License-Identifier: GPL-2.0
/* The invariants of translator.h as code. Called by the tests after each step. */
#include <linux/in.h>
#include <linux/kernel.h>

#include "translator.h"

static u32 length(const struct list_head *list)
{
	const struct list_head *node;
	u32 count = 0;

	list_for_each(node, list)
		count++;
	return count;
}

static int audit_session(const struct vnic_nat *nat, const struct vnic_mapping *m,
			 const struct vnic_session *s)
{
	const struct vnic_session *other;
	u32 same = 0;

	if (s->mapping != m || (s->uninvited && s->state != VNIC_TCP_INIT) ||
	    s->state > VNIC_TCP_TRANSITORY)
		return 5;
	if (s->state != VNIC_TCP_NONE ? m->protocol != IPPROTO_TCP : s->remote.port != 0)
		return 6;
	if (s->used > nat->now)
		return 7;
	hlist_for_each_entry(other, vnic_session_chain(nat, m, s->remote), chain)
		same += other->mapping == m && vnic_end_is(other->remote, s->remote) &&
			!other->state == !s->state;
	return same == 1 ? 0 : 6;
}

static int audit_sessions(const struct vnic_nat *nat, const struct vnic_mapping *m, u32 *sessions)
{
	const struct vnic_session *s;

	for (int hold = 0; hold < VNIC_HOLDS; hold++) {
		u64 used = 0;

		list_for_each_entry(s, &m->sessions[hold], of_mapping) {
			int violated = audit_session(nat, m, s);

			if (violated)
				return violated;
			if (vnic_session_hold(s) != hold ||
			    (hold != VNIC_HOLDS_NOT && s->used < used))
				return 5;
			used = s->used;
			++*sessions;
		}
	}
	return 0;
}

static u32 uninvited(const struct vnic_mapping *m)
{
	const struct vnic_session *s;
	u32 count = 0;

	list_for_each_entry(s, &m->sessions[VNIC_HOLDS_NOT], of_mapping)
		count += s->uninvited;
	return count;
}

/* What a guest has. */
static int audit_guest(const struct vnic_nat_guest *guest)
{
	u32 sessions = 0, calls = 0;
	const struct vnic_mapping *m;

	list_for_each_entry(m, &guest->list, of_guest) {
		if (m->guest != guest)
			return 1;
		for (int hold = 0; hold < VNIC_HOLDS; hold++)
			sessions += length(&m->sessions[hold]);
		calls += uninvited(m);
	}
	return length(&guest->list) == guest->mappings && sessions == guest->sessions &&
	       calls == guest->uninvited ? 0 : 4;
}

static int audit_mapping(const struct vnic_nat *nat, const struct vnic_mapping *m, u32 *sessions)
{
	const struct vnic_ports *ports = vnic_ports_of(nat, m->outside.address);
	const struct vnic_mapping *other;
	struct hlist_head *chain;
	u32 found = 0, twins = 0;

	chain = vnic_end_chain(nat, &nat->inside, m->protocol, m->inside);
	hlist_for_each_entry(other, chain, by_inside) {
		found += other == m;
		twins += other != m && other->protocol == m->protocol &&
			 vnic_end_is(other->inside, m->inside);
	}
	chain = vnic_end_chain(nat, &nat->outside, m->protocol, m->outside);
	hlist_for_each_entry(other, chain, by_outside) {
		found += other == m;
		twins += other != m && other->protocol == m->protocol &&
			 vnic_end_is(other->outside, m->outside);
	}
	if (found != 2)
		return 1;
	if (twins)
		return 2;
	if (!ports || !test_bit(be16_to_cpu(m->outside.port), vnic_ports_bits(ports, m->protocol)))
		return 3;
	if (m->used > nat->now)
		return 7;
	return audit_sessions(nat, m, sessions);
}

static u32 bits_of(const struct vnic_ports *ports)
{
	u32 bits = 0;

	for (u32 row = 0; row < ARRAY_SIZE(ports->taken); row++)
		for (u32 i = 0; i < ARRAY_SIZE(ports->taken[row]); i++)
			bits += hweight_long(ports->taken[row][i]);
	return bits;
}

static u32 entries(const struct vnic_table *table)
{
	const struct hlist_node *node;
	u32 count = 0;

	for (u32 i = 0; i < vnic_table_size(table); i++)
		hlist_for_each(node, &table->chains[i])
			count++;
	return count;
}

int vnic_nat_audit(const struct vnic_nat *nat)
{
	u32 mappings = 0, sessions = 0, listed = 0, ports = 0;
	const struct vnic_mapping *m;
	int violated;

	for (u32 i = 0; i < vnic_table_size(&nat->outside); i++) {
		hlist_for_each_entry(m, &nat->outside.chains[i], by_outside) {
			violated = audit_mapping(nat, m, &sessions);
			/* Each guest once: where the first of its mappings is. */
			if (!violated && m->guest->list.next == &m->of_guest) {
				violated = audit_guest(m->guest);
				listed += m->guest->mappings;
			}
			if (violated)
				return violated;
			mappings++;
		}
	}
	if (entries(&nat->inside) != mappings || listed != mappings)
		return 1;
	for (u32 i = 0; i < nat->nr_addresses; i++)
		ports += bits_of(nat->addresses[i]);
	if (ports != mappings)
		return 3;
	if (mappings != nat->nr_mappings || sessions != nat->nr_sessions)
		return 4;
	return entries(&nat->sessions) == sessions ? 0 : 5;
}
