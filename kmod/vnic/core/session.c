// SPDX-License-Identifier: GPL-2.0
/* Connections and permits: see session.h. */
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "translator.h"

/* --- found --- */

struct hlist_head *vnic_session_chain(const struct vnic_nat *nat, const struct vnic_mapping *m,
				      struct vnic_end remote)
{
	return vnic_table_chain(&nat->sessions,
				siphash_2u64(vnic_end_number(m->protocol, m->outside),
					     vnic_end_number(0, remote), &nat->secret));
}

static bool is_permit(const struct vnic_session *s)
{
	return s->state == VNIC_TCP_NONE;
}

/* Expired or not. */
static struct vnic_session *find(const struct vnic_nat *nat, const struct vnic_mapping *m,
				 struct vnic_end remote, bool permit)
{
	struct hlist_head *chain = vnic_session_chain(nat, m, remote);
	struct vnic_session *s;

	hlist_for_each_entry(s, chain, chain)
		if (s->mapping == m && vnic_end_is(s->remote, remote) &&
		    is_permit(s) == permit)
			return s;
	return NULL;
}

static struct vnic_session *find_permit(const struct vnic_nat *nat, const struct vnic_mapping *m,
					__be32 address)
{
	return find(nat, m, (struct vnic_end){ address, 0 }, true);
}

struct vnic_session *vnic_session_find(const struct vnic_nat *nat, const struct vnic_mapping *m,
				       struct vnic_end remote, u64 now)
{
	struct vnic_session *s = find(nat, m, remote, false);

	return s && vnic_session_left(nat, s, now) ? s : NULL;
}

bool vnic_session_permitted(const struct vnic_nat *nat, const struct vnic_mapping *m,
			    __be32 address, u64 now)
{
	const struct vnic_session *s = find_permit(nat, m, address);

	return s && vnic_session_left(nat, s, now);
}

/* --- expired --- */

enum vnic_hold vnic_session_hold(const struct vnic_session *s)
{
	switch (s->state) {
	case VNIC_TCP_NONE:
		return VNIC_HOLDS_NOT;
	case VNIC_TCP_INIT:
		return s->uninvited ? VNIC_HOLDS_NOT : VNIC_HOLDS_SHORT;
	case VNIC_TCP_ESTABLISHED:
	case VNIC_TCP_CLIENT_FIN:
	case VNIC_TCP_SERVER_FIN:
		return VNIC_HOLDS_LONG;
	default:
		return VNIC_HOLDS_SHORT;
	}
}

static u32 timeout_of(const struct vnic_nat *nat, const struct vnic_session *s)
{
	const struct vnic_nat_timeouts *timeouts = &nat->config.timeouts;

	/* lab 04 step 7 begin: how long a session lives; skeleton: return 0; */
	if (s->state == VNIC_TCP_NONE && s->mapping->protocol == IPPROTO_UDP)
		return timeouts->udp;
	if (s->state == VNIC_TCP_NONE && s->mapping->protocol == IPPROTO_ICMP)
		return timeouts->icmp;
	if (s->state == VNIC_TCP_NONE || vnic_session_hold(s) == VNIC_HOLDS_LONG)
		return timeouts->tcp_established;
	return timeouts->tcp_transitory;
	/* lab 04 step 7 end */
}

u64 vnic_session_left(const struct vnic_nat *nat, const struct vnic_session *s, u64 now)
{
	u64 idle = now - s->used, most = timeout_of(nat, s);

	return idle < most ? most - idle : 0;
}

void vnic_session_collect(struct vnic_nat *nat, u32 chain, u64 now)
{
	struct vnic_session *s;
	struct hlist_node *next;

	hlist_for_each_entry_safe(s, next, &nat->sessions.chains[chain], chain)
		if (!vnic_session_left(nat, s, now))
			vnic_session_free(nat, s);
}

/* --- made --- */

/* The same part of all sessions as a guest may have of all mappings, and one at least. */
static u32 quota(const struct vnic_nat *nat)
{
	const struct vnic_nat_config *config = &nat->config;
	u64 part = div64_u64((u64)config->sessions * config->quota, config->most);

	return part ? part : 1;
}

/* Who floods a guest with SYNs leaves it half of its sessions for its own (RFC 4987). */
bool vnic_session_refused(const struct vnic_nat *nat, const struct vnic_nat_guest *guest,
			  bool uninvited)
{
	u32 most = quota(nat);

	return nat->nr_sessions >= nat->config.sessions || guest->sessions >= most ||
	       (uninvited && guest->uninvited >= (most + 1) / 2);
}

static enum vnic_reason insert(struct vnic_nat *nat, struct vnic_mapping *m,
			       const struct vnic_session *plan)
{
	struct vnic_session *s;

	if (vnic_session_refused(nat, m->guest, plan->uninvited))
		return VNIC_REASON_FULL;
	s = kmalloc(sizeof(*s), GFP_ATOMIC);
	if (!s)
		return VNIC_REASON_NO_MEMORY;
	*s = *plan;
	s->mapping = m;
	hlist_add_head(&s->chain, vnic_session_chain(nat, m, s->remote));
	list_add_tail(&s->of_mapping, &m->sessions[vnic_session_hold(s)]);
	m->guest->sessions++;
	m->guest->uninvited += s->uninvited;
	nat->nr_sessions++;
	return VNIC_REASON_NONE;
}

enum vnic_reason vnic_session_open(struct vnic_nat *nat, struct vnic_mapping *m,
				   struct vnic_end remote, enum vnic_opening opening, u64 now)
{
	struct vnic_session *expired = find(nat, m, remote, false);

	if (expired)
		vnic_session_free(nat, expired);
	return insert(nat, m, &(struct vnic_session){
		.used = now,
		.remote = remote,
		.state = opening == VNIC_OPENED_BEFORE ? VNIC_TCP_TRANSITORY : VNIC_TCP_INIT,
		.client_outside = opening == VNIC_OPENED_OUTSIDE,
		.uninvited = opening == VNIC_OPENED_OUTSIDE,
	});
}

enum vnic_reason vnic_session_permit(struct vnic_nat *nat, struct vnic_mapping *m, __be32 address,
				     u64 now)
{
	struct vnic_session *s = find_permit(nat, m, address);

	if (s) {
		s->used = now;
		return VNIC_REASON_NONE;
	}
	return insert(nat, m, &(struct vnic_session){
		.used = now,
		.remote.address = address,
	});
}

void vnic_session_free(struct vnic_nat *nat, struct vnic_session *s)
{
	struct vnic_nat_guest *guest = s->mapping->guest;

	nat->nr_sessions--;
	guest->sessions--;
	guest->uninvited -= s->uninvited;
	list_del(&s->of_mapping);
	hlist_del(&s->chain);
	kfree(s);
}

/* --- TCP's states --- */

/* The picture in session.h. */
static enum vnic_tcp_state next_state(enum vnic_tcp_state state, u8 flags, bool by_client)
{
	bool opens = (flags & (VNIC_TCP_SYN | VNIC_TCP_ACK | VNIC_TCP_RST)) == VNIC_TCP_SYN;

	switch (state) {
	case VNIC_TCP_INIT:
		return flags & VNIC_TCP_SYN && !(flags & VNIC_TCP_RST) && !by_client ?
		       VNIC_TCP_ESTABLISHED : state;
	case VNIC_TCP_ESTABLISHED:
		if (flags & VNIC_TCP_RST)
			return VNIC_TCP_TRANSITORY;
		if (flags & VNIC_TCP_FIN)
			return by_client ? VNIC_TCP_CLIENT_FIN : VNIC_TCP_SERVER_FIN;
		return state;
	case VNIC_TCP_CLIENT_FIN:
	case VNIC_TCP_SERVER_FIN:
		if (flags & VNIC_TCP_RST)
			return VNIC_TCP_TRANSITORY;
		return flags & VNIC_TCP_FIN && by_client == (state == VNIC_TCP_SERVER_FIN) ?
		       VNIC_TCP_BOTH_FIN : state;
	case VNIC_TCP_BOTH_FIN:
		return opens ? VNIC_TCP_INIT : state;
	case VNIC_TCP_TRANSITORY:
		if (opens)
			return VNIC_TCP_INIT;
		return flags & VNIC_TCP_RST ? state : VNIC_TCP_ESTABLISHED;
	default:
		return state;
	}
}

/*
 * A RST refreshes nothing, but begins the four minutes (RFC 7857 2.2, 7.1). Nothing refreshes what
 * both have closed; and nobody outside what the guest has not answered.
 */
static bool refreshes(enum vnic_tcp_state from, enum vnic_tcp_state to, u8 flags, bool outbound)
{
	/* lab 04 step 7 begin: what keeps a connection alive; skeleton: return false; */
	if (to == VNIC_TCP_INIT)
		return outbound && !(flags & VNIC_TCP_RST);
	if (from != to)
		return true;
	return to != VNIC_TCP_BOTH_FIN && !(flags & VNIC_TCP_RST);
	/* lab 04 step 7 end */
}

void vnic_session_track(struct vnic_nat *nat, struct vnic_session *s, u8 flags, bool outbound,
			u64 now)
{
	bool by_client = outbound != s->client_outside;
	enum vnic_tcp_state from = s->state, to = next_state(from, flags, by_client);

	s->state = to;
	if (to == VNIC_TCP_INIT && from != to)
		s->client_outside = !outbound;
	if (s->uninvited && to != VNIC_TCP_INIT) {
		s->uninvited = false;
		s->mapping->guest->uninvited--;
	}
	if (!refreshes(from, to, flags, outbound))
		return;
	s->used = now;
	list_move_tail(&s->of_mapping, &s->mapping->sessions[vnic_session_hold(s)]);
}
