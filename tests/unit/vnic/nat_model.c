// SPDX-License-Identifier: GPL-2.0
/* What a translator has to do, the plain way: see nat_model.h. */
#include <errno.h>

#include "nat_model.h"

/* After a packet that got no mapping, none is looked for so long among what has expired. */
#define SWEEP_MS 1000

#define EACH_MAPPING(model, m) \
	for (__typeof__(&(model)->mappings[0]) m = (model)->mappings; \
	     m < (model)->mappings + MODEL_MAPPINGS; m++) \
		if (m->there)
#define EACH_SESSION(model, s) \
	for (__typeof__(&(model)->sessions[0]) s = (model)->sessions; \
	     s < (model)->sessions + MODEL_SESSIONS; s++) \
		if (s->m)

static bool syn_of(u8 protocol, u8 flags)
{
	return protocol == TCP && (flags & (SYN | ACK | RST)) == SYN;
}

static bool outside_address(const struct model *model, __be32 address)
{
	for (u32 i = 0; i < model->nr_addresses; i++)
		if (model->addresses[i] == address)
			return true;
	return false;
}

static bool fails(struct model *model)
{
	return model->fail_in && !--model->fail_in;
}

/* --- how long they live --- */

static bool is_long(enum vnic_tcp_state state)
{
	return state == VNIC_TCP_ESTABLISHED || state == VNIC_TCP_CLIENT_FIN ||
	       state == VNIC_TCP_SERVER_FIN;
}

static u64 rest(const struct model *model, u64 used, u64 most)
{
	return used + most > model->now ? used + most - model->now : 0;
}

u64 model_session_left(const struct model *model, const struct model_session *s)
{
	const struct vnic_nat_timeouts *t = &model->config.timeouts;

	if (s->permit)
		return rest(model, s->used, s->m->protocol == TCP ? t->tcp_established :
					    s->m->protocol == UDP ? t->udp : t->icmp);
	return rest(model, s->used, is_long(s->state) ? t->tcp_established : t->tcp_transitory);
}

u64 model_mapping_left(const struct model *model, const struct model_mapping *m)
{
	u64 left = 0;

	if (m->forward)
		return ~0ull;
	if (m->protocol != TCP)
		return rest(model, m->used, m->protocol == UDP ? model->config.timeouts.udp :
								 model->config.timeouts.icmp);
	EACH_SESSION(model, s)
		if (s->m == m && !s->permit && !s->uninvited && model_session_left(model, s) > left)
			left = model_session_left(model, s);
	return left;
}

/* --- found, freed, counted --- */

static void free_mapping(struct model *model, struct model_mapping *m)
{
	EACH_SESSION(model, s)
		if (s->m == m)
			s->m = NULL;
	m->there = false;
}

static struct model_mapping *of_inside(struct model *model, u8 protocol, struct vnic_end end)
{
	EACH_MAPPING(model, m)
		if (m->protocol == protocol && same_end(m->inside, end))
			return m;
	return NULL;
}

static struct model_mapping *of_outside(struct model *model, u8 protocol, struct vnic_end end)
{
	EACH_MAPPING(model, m)
		if (m->protocol == protocol && same_end(m->outside, end))
			return m;
	return NULL;
}

static struct model_mapping *alive(struct model *model, struct model_mapping *m)
{
	return m && model_mapping_left(model, m) ? m : NULL;
}

static struct model_session *of_remote(struct model *model, struct model_mapping *m,
				       struct vnic_end remote, bool permit)
{
	EACH_SESSION(model, s)
		if (s->m == m && s->permit == permit && same_end(s->remote, remote))
			return s;
	return NULL;
}

static struct model_session *connection(struct model *model, struct model_mapping *m,
					struct vnic_end remote)
{
	struct model_session *s = of_remote(model, m, remote, false);

	return s && model_session_left(model, s) ? s : NULL;
}

static bool admits(struct model *model, struct model_mapping *m, __be32 remote)
{
	struct model_session *s = of_remote(model, m, (struct vnic_end){ remote, 0 }, true);

	return !model->config.address_dependent || m->forward ||
	       (s && model_session_left(model, s));
}

u32 model_count_mappings(const struct model *model, int guest)
{
	u32 count = 0;

	EACH_MAPPING(model, m)
		count += guest < 0 || m->guest == (u32)guest;
	return count;
}

u32 model_count_sessions(const struct model *model, int guest)
{
	u32 count = 0;

	EACH_SESSION(model, s)
		count += guest < 0 || s->m->guest == (u32)guest;
	return count;
}

static u32 count_uninvited(struct model *model, u32 guest)
{
	u32 count = 0;

	EACH_SESSION(model, s)
		count += s->m->guest == guest && s->uninvited;
	return count;
}

u32 model_count_flows(const struct model *model)
{
	u32 count = 0;

	EACH_MAPPING(model, m)
		count += model_mapping_left(model, m) != 0;
	EACH_SESSION(model, s)
		count += model_mapping_left(model, s->m) && model_session_left(model, s);
	return count;
}

bool model_has_expired(const struct model *model)
{
	EACH_MAPPING(model, m)
		if (!model_mapping_left(model, m))
			return true;
	EACH_SESSION(model, s)
		if (!model_session_left(model, s))
			return true;
	return false;
}

static bool host_has(u16 port)
{
	return world.host_first && port >= world.host_first && port <= world.host_last;
}

static void collect_mappings(struct model *model)
{
	EACH_MAPPING(model, m)
		if (!model_mapping_left(model, m) ||
		    (!m->forward && host_has(ntohs(m->outside.port))))
			free_mapping(model, m);
}

void model_collect(struct model *model)
{
	collect_mappings(model);
	EACH_SESSION(model, s)
		if (!model_session_left(model, s))
			s->m = NULL;
}

/* --- ports --- */

static bool port_is_free(struct model *model, u8 protocol, __be32 address, u16 port)
{
	return !of_outside(model, protocol, (struct vnic_end){ address, htons(port) }) &&
	       !host_has(port);
}

static bool fulfils(u16 port, u16 inside, bool class, bool parity)
{
	return (!class || (port < 1024) == (inside < 1024)) && (!parity || port % 2 == inside % 2);
}

static bool some_port(struct model *model, u8 protocol, __be32 address, u16 inside, bool class,
		      bool parity)
{
	for (u32 port = model->config.first_port; port <= model->config.last_port; port++)
		if (fulfils(port, inside, class, parity) &&
		    port_is_free(model, protocol, address, port))
			return true;
	return false;
}

static void check_port(struct model *model, u8 protocol, u16 inside, struct vnic_end got)
{
	static const bool wishes[][2] = { { 1, 1 }, { 1, 0 }, { 0, 1 }, { 0, 0 } };
	u16 port = ntohs(got.port);

	if (!port_is_free(model, protocol, got.address, port) ||
	    port < model->config.first_port || port > model->config.last_port) {
		model->why = "a port that is not free or not of the range";
		return;
	}
	if (port != inside && inside >= model->config.first_port &&
	    inside <= model->config.last_port &&
	    port_is_free(model, protocol, got.address, inside))
		model->why = "the port is not kept";
	for (u32 i = protocol == ICMP ? 3 : 0; i < 4; i++) {
		if (!some_port(model, protocol, got.address, inside, wishes[i][0], wishes[i][1]))
			continue;
		if (port != inside && !fulfils(port, inside, wishes[i][0], wishes[i][1]))
			model->why = "class or parity are not kept";
		return;
	}
}

static __be32 address_of(struct model *model, u32 guest)
{
	if (outside_address(model, model->paired[guest]))
		return model->paired[guest];
	return model->nr_addresses ? model->addresses[GUEST(guest) % model->nr_addresses] : 0;
}

/* --- made --- */

static enum vnic_reason refused(struct model *model, u32 guest)
{
	if (model_count_mappings(model, guest) >= model->config.quota)
		return VNIC_REASON_QUOTA;
	if (model_count_mappings(model, -1) >= model->config.most)
		return VNIC_REASON_FULL;
	return VNIC_REASON_NONE;
}

static struct model_mapping *add_mapping(struct model *model, struct model_mapping plan)
{
	struct model_mapping *m = model->mappings;

	while (m->there)
		m++;
	plan.there = true;
	*m = plan;
	return m;
}

static enum vnic_reason why_none(struct model *model, u32 guest, u8 protocol, __be32 address)
{
	enum vnic_reason reason = refused(model, guest);

	if (!reason && (!address || !some_port(model, protocol, address, 0, false, false)))
		reason = VNIC_REASON_NO_PORT;
	return reason;
}

static enum vnic_reason make_mapping(struct model *model, u32 guest, u8 protocol,
				     struct vnic_end inside, struct vnic_end got,
				     struct model_mapping **m)
{
	struct model_mapping *expired = of_inside(model, protocol, inside);
	__be32 address = address_of(model, guest);
	enum vnic_reason reason;

	if (expired)
		free_mapping(model, expired);
	reason = why_none(model, guest, protocol, address);
	if (reason && model->now >= model->swept + SWEEP_MS) {
		model->swept = model->now;
		collect_mappings(model);
		reason = why_none(model, guest, protocol, address);
	}
	if (reason)
		return reason;
	if (fails(model))
		return VNIC_REASON_NO_MEMORY;
	if (outside_address(model, got.address)) {
		if (got.address != address)
			model->why = "the guest is known by another address";
		check_port(model, protocol, ntohs(inside.port), got);
	}
	model->paired[guest] = address;
	*m = add_mapping(model, (struct model_mapping){
		.guest = guest,
		.protocol = protocol,
		.inside = inside,
		.outside = got,
		.used = model->now,
	});
	return VNIC_REASON_CREATED;
}

static enum vnic_reason make_session(struct model *model, struct model_session plan)
{
	u64 most = (u64)model->config.sessions * model->config.quota / model->config.most;
	struct model_session *s = model->sessions;
	u32 guest = plan.m->guest;

	most = most ? most : 1;
	if (model_count_sessions(model, -1) >= model->config.sessions ||
	    model_count_sessions(model, guest) >= most ||
	    (plan.uninvited && count_uninvited(model, guest) >= (most + 1) / 2))
		return VNIC_REASON_FULL;
	if (fails(model))
		return VNIC_REASON_NO_MEMORY;
	while (s->m)
		s++;
	plan.used = model->now;
	*s = plan;
	return VNIC_REASON_NONE;
}

static enum vnic_reason open(struct model *model, struct model_mapping *m, struct vnic_end remote,
			     enum vnic_tcp_state state, bool outside)
{
	struct model_session *expired = of_remote(model, m, remote, false);

	if (expired)
		expired->m = NULL;
	return make_session(model, (struct model_session){
		.m = m,
		.remote = remote,
		.state = state,
		.client_outside = outside,
		.uninvited = outside,
	});
}

static enum vnic_reason permit(struct model *model, struct model_mapping *m, __be32 address)
{
	struct model_session *s = of_remote(model, m, (struct vnic_end){ address, 0 }, true);

	if (!s)
		return make_session(model, (struct model_session){
			.m = m,
			.permit = true,
			.remote = { address, 0 },
		});
	s->used = model->now;
	return VNIC_REASON_NONE;
}

/* --- TCP: what each packet means in each state --- */

static void track(struct model *model, struct model_session *s, u8 flags, bool outbound)
{
	bool client = outbound == !s->client_outside;
	bool opens = syn_of(TCP, flags), reset = flags & RST;
	enum vnic_tcp_state from = s->state, to = from;
	bool refresh = !reset;

	switch (from) {
	case VNIC_TCP_INIT:
		if (flags & SYN && !reset && !client)
			to = VNIC_TCP_ESTABLISHED;
		else
			refresh = refresh && outbound;
		break;
	case VNIC_TCP_ESTABLISHED:
		if (reset)
			to = VNIC_TCP_TRANSITORY;
		else if (flags & FIN)
			to = client ? VNIC_TCP_CLIENT_FIN : VNIC_TCP_SERVER_FIN;
		break;
	case VNIC_TCP_CLIENT_FIN:
	case VNIC_TCP_SERVER_FIN:
		if (reset)
			to = VNIC_TCP_TRANSITORY;
		else if (flags & FIN && client != (from == VNIC_TCP_CLIENT_FIN))
			to = VNIC_TCP_BOTH_FIN;
		break;
	case VNIC_TCP_BOTH_FIN:
	case VNIC_TCP_TRANSITORY:
		if (opens) {
			to = VNIC_TCP_INIT;
			s->client_outside = !outbound;
			refresh = outbound;
		} else if (from == VNIC_TCP_BOTH_FIN) {
			refresh = false;
		} else if (!reset) {
			to = VNIC_TCP_ESTABLISHED;
		}
		break;
	default:
		break;
	}
	if (to == VNIC_TCP_TRANSITORY && from != to)
		refresh = true;
	if (to != VNIC_TCP_INIT)
		s->uninvited = false;
	s->state = to;
	if (refresh)
		s->used = model->now;
}

/* --- SYNs that are held --- */

static void drop_syn(struct model *model, u32 i)
{
	model->nr_syns--;
	for (; i < model->nr_syns; i++) {
		model->syns[i] = model->syns[i + 1];
		model->came[i] = model->came[i + 1];
	}
}

static int find_syn(struct model *model, struct vnic_end source, struct vnic_end destination)
{
	for (u32 i = 0; i < model->nr_syns; i++)
		if (same_end(model->syns[i].source, source) &&
		    same_end(model->syns[i].destination, destination))
			return i;
	return -1;
}

static void forget_syn(struct model *model, struct vnic_end source, struct vnic_end destination)
{
	int i = find_syn(model, source, destination);

	if (i >= 0)
		drop_syn(model, i);
}

static void hold_syn(struct model *model, struct vnic_end source, struct vnic_end destination)
{
	if (model->nr_syns == MODEL_SYNS || find_syn(model, source, destination) >= 0)
		return;
	model->syns[model->nr_syns].source = source;
	model->syns[model->nr_syns].destination = destination;
	model->came[model->nr_syns++] = model->now;
}

bool model_overdue(struct model *model, struct vnic_end *source, struct vnic_end *destination)
{
	if (!model->nr_syns || model->now - model->came[0] < model->config.timeouts.tcp_syn)
		return false;
	*source = model->syns[0].source;
	*destination = model->syns[0].destination;
	drop_syn(model, 0);
	return true;
}

/* --- packets --- */

static struct expected dropped(enum vnic_reason reason)
{
	return (struct expected){ .way = VNIC_WAY_DROP, .reason = reason, .guest = -1 };
}

static enum vnic_reason enter(struct model *model, struct model_mapping *m, u8 protocol,
			      struct vnic_end from, u8 flags)
{
	struct model_session *s = protocol == TCP ? connection(model, m, from) : NULL;
	enum vnic_reason reason;

	if (s) {
		track(model, s, flags, false);
		return VNIC_REASON_KNOWN;
	}
	if (!admits(model, m, from.address))
		return VNIC_REASON_FILTERED;
	if (protocol != TCP)
		return VNIC_REASON_KNOWN;
	if (!syn_of(protocol, flags))
		return VNIC_REASON_NO_SESSION;
	reason = open(model, m, from, VNIC_TCP_INIT, true);
	if (reason)
		return reason;
	forget_syn(model, from, m->outside);
	return VNIC_REASON_KNOWN;
}

static enum vnic_reason leave(struct model *model, struct model_mapping *m, struct vnic_end to,
			      u8 flags)
{
	struct model_session *s = m->protocol == TCP ? connection(model, m, to) : NULL;
	bool reset = m->protocol == TCP && flags & RST;
	enum vnic_reason reason = VNIC_REASON_NONE;

	if (s)
		track(model, s, flags, true);
	else if (m->protocol == TCP && !reset)
		reason = open(model, m, to, syn_of(TCP, flags) ? VNIC_TCP_INIT : VNIC_TCP_TRANSITORY,
			      false);
	if (!reason && model->config.address_dependent && !reset)
		reason = permit(model, m, to.address);
	return reason;
}

struct expected model_out(struct model *model, u32 guest, u8 protocol, struct vnic_end from,
			  struct vnic_end to, u8 flags, struct vnic_end got)
{
	struct model_mapping *m = alive(model, of_inside(model, protocol, from)), *other;
	struct expected e = { .way = VNIC_WAY_OUT, .reason = VNIC_REASON_KNOWN, .guest = -1 };
	enum vnic_reason refusal;

	if (!m && protocol == TCP && flags & RST)
		return dropped(VNIC_REASON_NO_SESSION);
	if (!m)
		e.reason = make_mapping(model, guest, protocol, from, got, &m);
	if (!m)
		return dropped(e.reason);
	refusal = leave(model, m, to, flags);
	if (refusal) {
		if (e.reason == VNIC_REASON_CREATED)
			free_mapping(model, m);
		return dropped(refusal);
	}
	m->used = model->now;
	if (syn_of(protocol, flags))
		forget_syn(model, to, m->outside);
	e.source = m->outside;
	e.destination = to;
	if (!outside_address(model, to.address))
		return e;
	other = alive(model, of_outside(model, protocol, to));
	if (!other) {
		e.way = VNIC_WAY_HOST;
		e.reason = VNIC_REASON_NO_MAPPING;
		return e;
	}
	refusal = enter(model, other, protocol, m->outside, flags);
	if (refusal != VNIC_REASON_KNOWN)
		return dropped(refusal);
	e.way = VNIC_WAY_IN;
	e.reason = VNIC_REASON_HAIRPIN;
	e.guest = other->guest;
	e.destination = other->inside;
	return e;
}

struct expected model_in(struct model *model, u8 protocol, struct vnic_end from,
			 struct vnic_end to, u8 flags)
{
	struct model_mapping *m = alive(model, of_outside(model, protocol, to));
	enum vnic_reason reason = m ? enter(model, m, protocol, from, flags) : VNIC_REASON_NO_MAPPING;
	u16 port = ntohs(to.port);
	bool ours = port >= model->config.first_port && port <= model->config.last_port &&
		    !host_has(port);

	if (reason == VNIC_REASON_KNOWN)
		return (struct expected){ VNIC_WAY_IN, reason, m->guest, from, m->inside };
	if (syn_of(protocol, flags) && (reason == VNIC_REASON_FILTERED || (!m && ours))) {
		hold_syn(model, from, to);
		return dropped(VNIC_REASON_SYN_HELD);
	}
	if (m)
		return dropped(reason);
	return (struct expected){ VNIC_WAY_HOST, reason, -1, from, to };
}

static bool speaks(struct model *model, struct model_mapping *m, struct vnic_end remote)
{
	return m->protocol == TCP ? connection(model, m, remote) != NULL :
				    admits(model, m, remote.address);
}

struct expected model_error(struct model *model, int guest, u8 protocol, struct vnic_end source,
			    struct vnic_end destination)
{
	struct model_mapping *m, *other;

	if (guest >= 0) {
		m = alive(model, of_inside(model, protocol, destination));
		if (!m || !speaks(model, m, source))
			return dropped(VNIC_REASON_ERROR_UNKNOWN);
		destination = m->outside;
		if (!outside_address(model, source.address))
			return (struct expected){ VNIC_WAY_OUT, VNIC_REASON_KNOWN, -1, source,
						  destination };
	}
	other = alive(model, of_outside(model, protocol, source));
	if (!other || !speaks(model, other, destination))
		return (struct expected){ VNIC_WAY_HOST, VNIC_REASON_ERROR_UNKNOWN, -1, source,
					  destination };
	return (struct expected){ VNIC_WAY_IN, guest < 0 ? VNIC_REASON_KNOWN : VNIC_REASON_HAIRPIN,
				  other->guest, other->inside, destination };
}

/* --- what is asked for --- */

static struct model_mapping *in_the_way(struct model *model, struct model_mapping *m)
{
	if (!m || model_mapping_left(model, m))
		return m;
	free_mapping(model, m);
	return NULL;
}

int model_forward(struct model *model, u32 guest, u8 protocol, struct vnic_end outside,
		  struct vnic_end inside)
{
	struct model_mapping *there = in_the_way(model, of_outside(model, protocol, outside));
	enum vnic_reason reason;

	if (!outside_address(model, outside.address))
		return -EADDRNOTAVAIL;
	if (there && !there->forward && same_end(there->inside, inside)) {
		there->forward = true;
		return 0;
	}
	if (there || in_the_way(model, of_inside(model, protocol, inside)) ||
	    !port_is_free(model, protocol, outside.address, ntohs(outside.port)))
		return -EADDRINUSE;
	reason = refused(model, guest);
	if (reason)
		return reason == VNIC_REASON_QUOTA ? -EDQUOT : -ENOSPC;
	if (fails(model))
		return -ENOMEM;
	add_mapping(model, (struct model_mapping){
		.forward = true,
		.guest = guest,
		.protocol = protocol,
		.inside = inside,
		.outside = outside,
	});
	return 0;
}

int model_unforward(struct model *model, u8 protocol, struct vnic_end outside)
{
	struct model_mapping *m = of_outside(model, protocol, outside);

	if (!m || !m->forward)
		return -ENOENT;
	free_mapping(model, m);
	return 0;
}

void model_forget(struct model *model, u32 guest)
{
	EACH_MAPPING(model, m)
		if (m->guest == guest)
			free_mapping(model, m);
	model->paired[guest] = 0;
}

void model_set_addresses(struct model *model, const __be32 *addresses, u32 count)
{
	memcpy(model->addresses, addresses, count * sizeof(*addresses));
	model->nr_addresses = count;
	EACH_MAPPING(model, m)
		if (!outside_address(model, m->outside.address))
			free_mapping(model, m);
	for (u32 i = model->nr_syns; i-- > 0;)
		if (!outside_address(model, model->syns[i].destination.address))
			drop_syn(model, i);
}
