// SPDX-License-Identifier: GPL-2.0
/* A translator and its model: see nat_machine.h. */
#include <linux/gfp.h>
#include <linux/hash.h>

#include "nat_machine.h"

/* Few of everything, so that there is never enough, and ends are met again. */
#define INSIDE		4	/* guests */
#define REMOTES		3

static u32 draw(struct machine *machine, u32 n)
{
	return machine->draw(machine->source, n);
}

static const u8 kinds[] = { UDP, TCP, ICMP, TCP };

static u16 draw_port(struct machine *machine)
{
	static const u16 ports[] = { 80, 81, 1020, 1021, 1022, 1023, 1024, 1025, 1026, 1030, 4000, 4001 };

	return ports[draw(machine, 12)];
}

static u8 draw_flags(struct machine *machine)
{
	static const u8 flags[] = { SYN, SYN, SYN | ACK, ACK, ACK, FIN | ACK, FIN | ACK, RST, RST | ACK,
				    SYN | RST, FIN, 0 };

	return flags[draw(machine, 12)];
}

/* One that is there, or NULL. */
static struct model_mapping *draw_mapping(struct machine *machine)
{
	struct model_mapping *m = &machine->model.mappings[draw(machine, 16)];

	return m->there ? m : NULL;
}

static struct model_session *draw_session(struct machine *machine)
{
	struct model_session *s = &machine->model.sessions[draw(machine, 32)];

	return s->m ? s : NULL;
}

static __be32 draw_outside(struct machine *machine)
{
	return htonl(OUTSIDE + draw(machine, 3));
}

static struct vnic_end draw_remote(struct machine *machine)
{
	return end_of(REMOTE + draw(machine, REMOTES), draw_port(machine));
}

static struct vnic_end pinged(u8 protocol, struct vnic_end end)
{
	if (protocol == ICMP)
		end.port = 0;
	return end;
}

/* --- compared --- */

static const char *compare(struct machine *machine, struct expected e)
{
	struct vnic_verdict v = world.v;

	if (machine->model.why)
		return machine->model.why;
	if (v.way != e.way || v.reason != e.reason)
		return "another verdict";
	if (v.guest != (e.guest < 0 ? NULL : &world.guest[e.guest]))
		return "another guest";
	if (v.prohibited && (v.way != VNIC_WAY_DROP || v.reason == VNIC_REASON_FILTERED))
		return "somebody is told in vain";
	return NULL;
}

static const char *compare_ends(struct machine *machine, struct expected e)
{
	const char *why = compare(machine, e);

	if (why || e.way == VNIC_WAY_DROP)
		return why;
	if (!same_end(world.p.source, e.source) || !same_end(world.p.destination, e.destination))
		return "other ends";
	return NULL;
}

static const char *compare_quoted(struct machine *machine, struct expected e, int guest)
{
	const char *why = compare(machine, e);

	if (why || e.way == VNIC_WAY_DROP)
		return why;
	if (!same_end(world.p.inner_source, e.source) ||
	    !same_end(world.p.inner_destination, e.destination))
		return "other quoted ends";
	if (world.p.destination.address != e.source.address)
		return "the error goes to another";
	if (guest >= 0 && world.p.source.address != e.destination.address)
		return "the error comes from another";
	return NULL;
}

/* --- steps --- */

/* @to: has a port, of ICMP at the end that asks. */
static struct datagram made(u8 protocol, struct vnic_end from, struct vnic_end to, u8 flags)
{
	const struct plan plan = {
		.protocol = protocol,
		.ttl = 64,
		.reply = protocol == ICMP && to.port,
		.source = from,
		.destination = to,
	};
	struct datagram d = make(&plan);

	if (protocol == TCP)
		d.at[33] = flags;
	return d;
}

/* What would become of it; nothing may change. */
static const char *explained(int guest, u8 protocol, struct vnic_end from, struct vnic_end to,
			     u8 flags, struct vnic_verdict *v)
{
	struct vnic_nat_counts before = counts_now(), after;
	struct datagram d = made(protocol, from, to, flags);
	struct vnic_packet p;

	if (vnic_packet_read(&p, d.at, d.length, d.length, false) != VNIC_SOUND)
		abort();
	*v = guest < 0 ? vnic_nat_explain_inbound(world.nat, &p, world.now) :
			 vnic_nat_explain_outbound(world.nat, &world.guest[guest], &p, world.now);
	throw_away(d);
	after = counts_now();
	return memcmp(&before, &after, sizeof(before)) ? "to explain has changed something" : NULL;
}

/*
 * It was told the same before, but for what only the packet itself changes: what it frees (what has
 * expired, too, if nothing else is to be had), that it needs two sessions, and that who sends to
 * itself is there by then.
 */
static const char *as_explained(struct vnic_verdict v, int guest, bool stale)
{
	bool to_itself = guest >= 0 && world.v.guest == &world.guest[guest];

	if (stale || to_itself || world.v.reason == VNIC_REASON_NO_MEMORY ||
	    world.v.reason == VNIC_REASON_FULL)
		return NULL;
	if (v.reason == VNIC_REASON_QUOTA || v.reason == VNIC_REASON_FULL ||
	    v.reason == VNIC_REASON_NO_PORT)
		return NULL;
	if (v.way != world.v.way || v.reason != world.v.reason || v.guest != world.v.guest)
		return "it was explained otherwise";
	return NULL;
}

static const char *step_out(struct machine *machine)
{
	struct model_session *s = draw_session(machine);
	struct model_mapping *m = draw_mapping(machine);
	u8 protocol = kinds[draw(machine, 4)], flags = draw_flags(machine);
	u32 guest = draw(machine, INSIDE), way = draw(machine, 8);
	struct vnic_end from = guest_end(guest, draw_port(machine)), to = draw_remote(machine);
	struct vnic_verdict v;
	const char *why, *told;
	struct expected e;
	bool stale;

	if (way < 4 && s) {
		protocol = s->m->protocol;
		guest = s->m->guest;
		from = s->m->inside;
		to = s->permit ? (struct vnic_end){ s->remote.address, to.port } : s->remote;
	} else if (way == 4 && m) {
		to = m->outside;
	} else if (way == 5) {
		to.address = draw_outside(machine);
	}
	snprintf(machine->done, sizeof(machine->done), "guest %u, protocol %u: %u to %08x:%u, %02x",
		 guest, protocol, ntohs(from.port), ntohl(to.address), ntohs(to.port), flags);
	to = pinged(protocol, to);
	stale = model_has_expired(&machine->model);
	told = explained(guest, protocol, from, to, flags, &v);
	send_out(guest, protocol, ntohs(from.port), to, flags);
	e = model_out(&machine->model, guest, protocol, from, to, flags, world.p.source);
	why = compare_ends(machine, e);
	return told ? told : why ? why : as_explained(v, guest, stale);
}

static const char *step_in(struct machine *machine)
{
	struct model_session *s = draw_session(machine);
	struct model_mapping *m = draw_mapping(machine);
	u8 protocol = kinds[draw(machine, 4)], flags = draw_flags(machine);
	struct vnic_end from = draw_remote(machine);
	struct vnic_end to = { draw_outside(machine), htons(draw_port(machine)) };
	struct vnic_verdict v;
	const char *why, *told;
	bool stale;

	if (s && draw(machine, 2)) {
		from = s->permit ? (struct vnic_end){ s->remote.address, from.port } : s->remote;
		m = s->m;
	}
	if (m && draw(machine, 8)) {
		protocol = m->protocol;
		to = m->outside;
	}
	snprintf(machine->done, sizeof(machine->done), "protocol %u: %08x:%u to %08x:%u, %02x",
		 protocol, ntohl(from.address), ntohs(from.port), ntohl(to.address),
		 ntohs(to.port), flags);
	from = pinged(protocol, from);
	if (protocol == ICMP && !to.port)
		return NULL;
	stale = model_has_expired(&machine->model);
	told = explained(-1, protocol, from, to, flags, &v);
	if (protocol == ICMP)
		send_reply(from, to);
	else
		send_in(protocol, from, to, flags);
	why = compare_ends(machine, model_in(&machine->model, protocol, from, to, flags));
	return told ? told : why ? why : as_explained(v, -1, stale);
}

static const char *step_error(struct machine *machine)
{
	struct model_session *s = draw_session(machine);
	struct model_mapping *m = draw_mapping(machine);
	struct vnic_end remote = draw_remote(machine);
	int guest = draw(machine, 2) ? (int)draw(machine, INSIDE) : -1;
	struct expected e;

	if (s && draw(machine, 4)) {
		m = s->m;
		remote = s->permit ? (struct vnic_end){ s->remote.address, remote.port } : s->remote;
	}
	if (!m)
		return NULL;
	remote = pinged(m->protocol, remote);
	if (guest >= 0)
		guest = m->guest;
	snprintf(machine->done, sizeof(machine->done), "error of %d, protocol %u, with %08x:%u", guest,
		 m->protocol, ntohl(remote.address), ntohs(remote.port));
	if (guest >= 0 && m->protocol == ICMP && !m->inside.port)
		return NULL;
	if (guest < 0) {
		send_error(-1, m->protocol, m->outside, remote, REMOTE + 9);
		e = model_error(&machine->model, -1, m->protocol, m->outside, remote);
	} else {
		send_error(guest, m->protocol, remote, m->inside, GUEST(guest));
		e = model_error(&machine->model, guest, m->protocol, remote, m->inside);
	}
	return compare_quoted(machine, e, guest);
}

/* A little; or until just before, or just when, something expires. */
static const char *step_time(struct machine *machine)
{
	struct model_session *s = draw_session(machine);
	struct model_mapping *m = draw_mapping(machine);
	u64 left = draw(machine, 3) ? draw(machine, 50) : draw(machine, 5000);

	if (m && draw(machine, 2) && !m->forward)
		left = model_mapping_left(&machine->model, m) - draw(machine, 2);
	else if (s && draw(machine, 2))
		left = model_session_left(&machine->model, s) - draw(machine, 2);
	if (left > 10000000)
		left = 0;
	world.now += left;
	machine->model.now = world.now;
	snprintf(machine->done, sizeof(machine->done), "%llu ms", (unsigned long long)left);
	return NULL;
}

static const char *step_collect(struct machine *machine)
{
	snprintf(machine->done, sizeof(machine->done), "collect");
	model_collect(&machine->model);
	if (vnic_nat_collect(world.nat, world.now, ~0u) !=
	    model_count_mappings(&machine->model, -1))
		return "another number of mappings is left";
	return NULL;
}

static const char *step_configure(struct machine *machine)
{
	struct vnic_nat_config *config = &machine->model.config;

	config->address_dependent = draw(machine, 2);
	config->first_port = draw(machine, 2) ? 1016 : 1022;
	config->last_port = config->first_port + draw(machine, 12);
	config->most = 8 + draw(machine, 24);
	config->quota = 1 + draw(machine, config->most);
	config->sessions = 4 + draw(machine, 40);
	config->timeouts = (struct vnic_nat_timeouts){
		.udp = 1 + draw(machine, 400),
		.icmp = 1 + draw(machine, 200),
		.tcp_established = 1 + draw(machine, 2000),
		.tcp_transitory = 1 + draw(machine, 300),
		.tcp_syn = 1 + draw(machine, 100),
	};
	world.host_first = draw(machine, 2) ? 0 : 1018;
	world.host_last = 1018 + draw(machine, 8);
	snprintf(machine->done, sizeof(machine->done), "configure");
	if (!vnic_nat_config_valid(config))
		return "the config is not valid";
	vnic_nat_configure(world.nat, config);
	return NULL;
}

static const char *step_forward(struct machine *machine)
{
	u8 protocol = draw(machine, 2) ? TCP : UDP;
	struct model_mapping *m = draw_mapping(machine);
	u32 guest = draw(machine, INSIDE);
	struct vnic_end inside = guest_end(guest, draw_port(machine));
	struct vnic_end outside = { draw_outside(machine), htons(draw_port(machine)) };
	bool back = draw(machine, 3) == 0;
	int got, want;

	if (m && m->protocol != ICMP && draw(machine, 2)) {
		protocol = m->protocol;
		outside = m->outside;
		guest = m->guest;
		inside = m->inside;
	}
	snprintf(machine->done, sizeof(machine->done), "%s %u: %08x:%u to guest %u:%u",
		 back ? "unforward" : "forward", protocol, ntohl(outside.address),
		 ntohs(outside.port), guest, ntohs(inside.port));
	/* It knows the time that it was told last. */
	vnic_nat_collect(world.nat, world.now, 0);
	got = back ? vnic_nat_unforward(world.nat, protocol, outside) :
		     vnic_nat_forward(world.nat, &world.guest[guest], protocol, outside,
				      inside.port);
	want = back ? model_unforward(&machine->model, protocol, outside) :
		      model_forward(&machine->model, guest, protocol, outside, inside);
	return got == want ? NULL : "another result";
}

static const char *step_rare(struct machine *machine)
{
	__be32 addresses[3];
	u32 guest = draw(machine, INSIDE), count = draw(machine, 4), first = draw(machine, 3);

	if (draw(machine, 2)) {
		snprintf(machine->done, sizeof(machine->done), "forget %u", guest);
		vnic_nat_forget(world.nat, &world.guest[guest]);
		model_forget(&machine->model, guest);
		return NULL;
	}
	for (u32 i = 0; i < count; i++)
		addresses[i] = htonl(OUTSIDE + (first + i) % 3);
	snprintf(machine->done, sizeof(machine->done), "%u addresses", count);
	vnic_nat_set_addresses(world.nat, addresses, count);
	model_set_addresses(&machine->model, addresses, count);
	return NULL;
}

static const char *step_overdue(struct machine *machine)
{
	struct vnic_end source, destination;
	struct vnic_nat_syn syn;
	bool got, want;

	snprintf(machine->done, sizeof(machine->done), "overdue SYNs");
	do {
		got = vnic_nat_overdue_syn(world.nat, world.now, &syn);
		want = model_overdue(&machine->model, &source, &destination);
		if (got != want)
			return "another number of SYNs is overdue";
		if (got && (syn.length != 28 || memcmp(syn.quoted + 12, &source.address, 4) ||
			    memcmp(syn.quoted + 16, &destination.address, 4) ||
			    memcmp(syn.quoted + 20, &source.port, 2) ||
			    memcmp(syn.quoted + 22, &destination.port, 2)))
			return "another SYN is overdue";
	} while (got);
	return NULL;
}

static const char *step_flows(struct machine *machine)
{
	u32 room = 1 + draw(machine, 8), count, flows = 0;
	struct vnic_nat_flow flow[8];
	u64 cursor = 0;

	snprintf(machine->done, sizeof(machine->done), "flows, %u at a time", room);
	while ((count = vnic_nat_flows(world.nat, world.now, &cursor, flow, room)))
		flows += count;
	return flows == model_count_flows(&machine->model) ? NULL : "another number of flows";
}

static const char *step(struct machine *machine)
{
	u32 kind = draw(machine, 64);

	if (!draw(machine, 16))
		shim_fail_in = machine->model.fail_in = 1 + draw(machine, 3);
	if (kind < 24)
		return step_out(machine);
	if (kind < 42)
		return step_in(machine);
	if (kind < 46)
		return step_error(machine);
	if (kind < 54)
		return step_time(machine);
	if (kind < 56)
		return step_forward(machine);
	if (kind < 58)
		return step_collect(machine);
	if (kind < 60)
		return step_overdue(machine);
	if (kind < 62)
		return step_flows(machine);
	if (kind < 63 || draw(machine, 4))
		return step_configure(machine);
	return step_rare(machine);
}

static const char *compare_counts(struct machine *machine)
{
	struct vnic_nat_counts counts = counts_now();

	if (counts.mappings != model_count_mappings(&machine->model, -1) ||
	    counts.sessions != model_count_sessions(&machine->model, -1))
		return "another number of mappings or sessions";
	for (u32 i = 0; i < INSIDE; i++)
		if (world.guest[i].mappings != model_count_mappings(&machine->model, i) ||
		    world.guest[i].sessions != model_count_sessions(&machine->model, i))
			return "a guest has another number of mappings or sessions";
	return world.wrong;
}

const char *machine_step(struct machine *machine)
{
	const char *why = step(machine);

	if (!why && shim_fail_in != machine->model.fail_in)
		why = "another number of allocations";
	shim_fail_in = 0;
	machine->model.fail_in = 0;
	look();
	return why ? why : compare_counts(machine);
}

void machine_start(struct machine *machine, u32 (*draw)(void *source, u32 n), void *source,
		   bool collide)
{
	shim_hash_mask = collide ? 0 : ~0u;
	world_begin(&small);
	*machine = (struct machine){
		.model.config = small,
		.model.nr_addresses = 1,
		.model.addresses = { htonl(OUTSIDE) },
		.model.now = world.now,
		.draw = draw,
		.source = source,
	};
	step_configure(machine);
}

const char *machine_stop(struct machine *machine)
{
	const char *why = step_collect(machine);

	world_close();
	shim_hash_mask = ~0u;
	return why ? why : world.wrong;
}
