// SPDX-License-Identifier: GPL-2.0
/* Mappings, in two tables: see mapping.h. */
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "translator.h"

/* --- found --- */

/* Expired or not. */
static struct vnic_mapping *find_inside(const struct vnic_nat *nat, u8 protocol,
					struct vnic_end inside)
{
	struct hlist_head *chain = vnic_end_chain(nat, &nat->inside, protocol, inside);
	struct vnic_mapping *m;

	/* lab 04 step 2 begin: by the inside end; skeleton: return NULL; */
	hlist_for_each_entry(m, chain, by_inside)
		if (m->protocol == protocol && vnic_end_is(m->inside, inside))
			return m;
	return NULL;
	/* lab 04 step 2 end */
}

static struct vnic_mapping *find_outside(const struct vnic_nat *nat, u8 protocol,
					 struct vnic_end outside)
{
	struct hlist_head *chain = vnic_end_chain(nat, &nat->outside, protocol, outside);
	struct vnic_mapping *m;

	/* lab 04 step 4 begin: by the outside end; skeleton: return NULL; */
	hlist_for_each_entry(m, chain, by_outside)
		if (m->protocol == protocol && vnic_end_is(m->outside, outside))
			return m;
	return NULL;
	/* lab 04 step 4 end */
}

static struct vnic_mapping *if_alive(const struct vnic_nat *nat, struct vnic_mapping *m, u64 now)
{
	return m && vnic_mapping_left(nat, m, now) ? m : NULL;
}

struct vnic_mapping *vnic_mapping_of_inside(const struct vnic_nat *nat, u8 protocol,
					    struct vnic_end inside, u64 now)
{
	return if_alive(nat, find_inside(nat, protocol, inside), now);
}

struct vnic_mapping *vnic_mapping_of_outside(const struct vnic_nat *nat, u8 protocol,
					     struct vnic_end outside, u64 now)
{
	return if_alive(nat, find_outside(nat, protocol, outside), now);
}

/* --- expired --- */

/* Of TCP: as long as the session does that was used last, of each kind of those that hold it. */
static u64 left_by_sessions(const struct vnic_nat *nat, const struct vnic_mapping *m, u64 now)
{
	u64 left = 0;

	for (int hold = VNIC_HOLDS_LONG; hold <= VNIC_HOLDS_SHORT; hold++) {
		const struct list_head *sessions = &m->sessions[hold];
		const struct vnic_session *last;

		if (list_empty(sessions))
			continue;
		last = list_last_entry(sessions, struct vnic_session, of_mapping);
		left = max(left, vnic_session_left(nat, last, now));
	}
	return left;
}

u64 vnic_mapping_left(const struct vnic_nat *nat, const struct vnic_mapping *m, u64 now)
{
	const struct vnic_nat_timeouts *timeouts = &nat->config.timeouts;
	u64 idle = now - m->used, most;

	/* lab 04 step 7 begin: how long a mapping lives yet; skeleton: return 0; */
	if (m->forward)
		return U64_MAX;
	if (m->protocol == IPPROTO_TCP)
		return left_by_sessions(nat, m, now);
	most = m->protocol == IPPROTO_UDP ? timeouts->udp : timeouts->icmp;
	return idle < most ? most - idle : 0;
	/* lab 04 step 7 end */
}

/* A socket was bound to its port by number, which nobody could refuse: what comes is for that. */
static bool host_has(const struct vnic_nat *nat, const struct vnic_mapping *m)
{
	return !m->forward && nat->host.port_taken(nat->host.context, m->protocol, m->outside);
}

void vnic_mapping_collect(struct vnic_nat *nat, u32 chain, u64 now)
{
	struct vnic_mapping *m;
	struct hlist_node *next;

	hlist_for_each_entry_safe(m, next, &nat->outside.chains[chain], by_outside)
		if (!vnic_mapping_left(nat, m, now) || host_has(nat, m))
			vnic_mapping_free(nat, m);
}

/* --- made --- */

static void init_sessions(struct vnic_mapping *m)
{
	for (int hold = 0; hold < VNIC_HOLDS; hold++)
		INIT_LIST_HEAD(&m->sessions[hold]);
}

static enum vnic_reason refused(const struct vnic_nat *nat, const struct vnic_nat_guest *guest)
{
	if (guest->mappings >= nat->config.quota)
		return VNIC_REASON_QUOTA;
	if (nat->nr_mappings >= nat->config.most)
		return VNIC_REASON_FULL;
	return VNIC_REASON_NONE;
}

enum vnic_reason vnic_mapping_plan(const struct vnic_nat *nat, struct vnic_nat_guest *guest,
				   u8 protocol, struct vnic_end inside, struct vnic_mapping *plan)
{
	const struct vnic_ports *ports = vnic_ports_of_guest(nat, guest);
	enum vnic_reason reason = refused(nat, guest);
	__be16 port;

	if (reason)
		return reason;
	port = ports ? vnic_ports_choose(nat, ports, protocol, inside.port) : 0;
	if (!port)
		return VNIC_REASON_NO_PORT;
	*plan = (struct vnic_mapping){
		.guest = guest,
		.inside = inside,
		.outside = { ports->address, port },
		.protocol = protocol,
	};
	init_sessions(plan);
	return VNIC_REASON_CREATED;
}

/* As planned, and in the tables. NULL: no memory. */
static struct vnic_mapping *insert(struct vnic_nat *nat, const struct vnic_mapping *plan)
{
	struct vnic_mapping *m = kmalloc(sizeof(*m), GFP_ATOMIC);

	if (!m)
		return NULL;
	*m = *plan;
	init_sessions(m);
	hlist_add_head(&m->by_inside, vnic_end_chain(nat, &nat->inside, m->protocol, m->inside));
	hlist_add_head(&m->by_outside, vnic_end_chain(nat, &nat->outside, m->protocol, m->outside));
	list_add_tail(&m->of_guest, &m->guest->list);
	m->guest->mappings++;
	nat->nr_mappings++;
	vnic_ports_hold(nat, m->protocol, m->outside);
	return m;
}

/*
 * None is to be had: but what has expired may have them all. Looked for once a second at most, for
 * whoever has used up what he may have can ask with each packet.
 */
static bool sweep(struct vnic_nat *nat, u64 now)
{
	if (now < nat->swept + VNIC_SWEEP_MS)
		return false;
	nat->swept = now;
	for (u32 chain = 0; chain < vnic_table_size(&nat->outside); chain++)
		vnic_mapping_collect(nat, chain, now);
	return true;
}

enum vnic_reason vnic_mapping_create(struct vnic_nat *nat, struct vnic_nat_guest *guest,
				     u8 protocol, struct vnic_end inside, u64 now,
				     struct vnic_mapping **m)
{
	struct vnic_mapping *expired = find_inside(nat, protocol, inside), plan;
	enum vnic_reason reason;

	if (expired)
		vnic_mapping_free(nat, expired);
	reason = vnic_mapping_plan(nat, guest, protocol, inside, &plan);
	if (reason != VNIC_REASON_CREATED && sweep(nat, now))
		reason = vnic_mapping_plan(nat, guest, protocol, inside, &plan);
	if (reason != VNIC_REASON_CREATED)
		return reason;
	plan.used = now;
	*m = insert(nat, &plan);
	if (!*m)
		return VNIC_REASON_NO_MEMORY;
	guest->outside = plan.outside.address;
	return VNIC_REASON_CREATED;
}

/* What is in the way of a forward, unless it has expired. */
static struct vnic_mapping *in_the_way(struct vnic_nat *nat, struct vnic_mapping *m)
{
	if (!m || vnic_mapping_left(nat, m, nat->now))
		return m;
	vnic_mapping_free(nat, m);
	return NULL;
}

int vnic_mapping_forward(struct vnic_nat *nat, struct vnic_nat_guest *guest, u8 protocol,
			 struct vnic_end inside, struct vnic_end outside)
{
	struct vnic_mapping *there = in_the_way(nat, find_outside(nat, protocol, outside));
	const struct vnic_ports *ports = vnic_ports_of(nat, outside.address);
	const struct vnic_mapping plan = {
		.guest = guest,
		.inside = inside,
		.outside = outside,
		.protocol = protocol,
		.forward = true,
	};

	if (!ports)
		return -EADDRNOTAVAIL;
	if (there && !there->forward && vnic_end_is(there->inside, inside)) {
		/* The guest's service has sent already, and kept its port. */
		there->forward = true;
		return 0;
	}
	if (there || in_the_way(nat, find_inside(nat, protocol, inside)) ||
	    !vnic_ports_is_free(nat, ports, protocol, outside.port))
		return -EADDRINUSE;
	switch (refused(nat, guest)) {
	case VNIC_REASON_QUOTA:
		return -EDQUOT;
	case VNIC_REASON_FULL:
		return -ENOSPC;
	default:
		return insert(nat, &plan) ? 0 : -ENOMEM;
	}
}

/* --- freed --- */

void vnic_mapping_free(struct vnic_nat *nat, struct vnic_mapping *m)
{
	struct vnic_session *s, *next;

	for (int hold = 0; hold < VNIC_HOLDS; hold++)
		list_for_each_entry_safe(s, next, &m->sessions[hold], of_mapping)
			vnic_session_free(nat, s);
	vnic_ports_release(nat, m->protocol, m->outside);
	nat->nr_mappings--;
	m->guest->mappings--;
	list_del(&m->of_guest);
	hlist_del(&m->by_outside);
	hlist_del(&m->by_inside);
	kfree(m);
}
