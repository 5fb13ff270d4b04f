// SPDX-License-Identifier: GPL-2.0
/* A translator with a host around it: see nat_world.h. */
#include <stdlib.h>
#include <string.h>

#include <linux/gfp.h>

#include "nat_world.h"

struct world world;

const struct vnic_nat_config small = {
	.timeouts = {
		.udp = 300000,
		.icmp = 60000,
		.tcp_established = 7440000,
		.tcp_transitory = 240000,
		.tcp_syn = 6000,
	},
	.first_port = 1024,
	.last_port = 65535,
	.most = 64,
	.quota = 16,
	.sessions = 128,
};

static void wrong(const char *what)
{
	if (!world.wrong)
		world.wrong = what;
}

/* --- the host --- */

static bool port_taken(void *context, u8 protocol, struct vnic_end outside)
{
	struct world *w = context;
	u16 port = ntohs(outside.port);

	(void)protocol;
	w->asked++;
	return w->host_first && port >= w->host_first && port <= w->host_last;
}

static void port_held(void *context, u8 protocol, struct vnic_end outside, bool held)
{
	struct world *w = context;

	(void)protocol;
	(void)outside;
	w->held += held ? 1 : -1;
}

static u32 draw(void *context)
{
	struct world *w = context;

	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return w->random >> 32;
}

void world_begin(const struct vnic_nat_config *config)
{
	const struct vnic_nat_host host = { port_taken, port_held, draw, &world };
	__be32 outside = htonl(OUTSIDE);

	world_close();
	shim_fail_in = 0;
	world = (struct world){ .now = 1000000, .random = 7 };
	world.nat = vnic_nat_create(config, &host);
	vnic_nat_set_addresses(world.nat, &outside, 1);
	for (u32 i = 0; i < GUESTS; i++)
		vnic_nat_guest_init(&world.guest[i], htonl(GUEST(i)));
}

void world_close(void)
{
	vnic_nat_destroy(world.nat);
	world.nat = NULL;
	if (world.held)
		wrong("ports are held yet");
}

struct vnic_nat_config config_now(void)
{
	return *vnic_nat_config(world.nat);
}

void look(void)
{
	static const char *const invariants[] = {
		NULL, "N1 is violated", "N2 is violated", "N3 is violated", "N4 is violated",
		"N5 is violated", "N6 is violated", "N7 is violated",
	};
	int violated = vnic_nat_audit(world.nat);

	if (violated)
		wrong(invariants[violated]);
	if (counts_now().mappings != world.held)
		wrong("the host was not told of each port");
}

/* --- datagrams --- */

/* What datagram.h makes is an ACK: make it @flags, with the right sum. */
static void set_flags(struct datagram d, u8 flags)
{
	u8 *tcp = d.at + 20;
	u32 pseudo = sum_of(d.at + 12, 8, 0) + TCP + d.length - 20;
	u16 sum;

	tcp[13] = flags;
	tcp[16] = 0;
	tcp[17] = 0;
	sum = ~sum_of(tcp, d.length - 20, pseudo);
	tcp[16] = sum >> 8;
	tcp[17] = sum & 0xff;
}

static struct datagram made(const struct plan *plan, u8 flags)
{
	struct datagram d = make(plan);

	if (plan->protocol == TCP && !plan->error)
		set_flags(d, flags);
	return d;
}

/* The same datagram, with the ends that the packet has now. */
static void check_translated(const struct plan *sent, struct datagram d, u8 flags)
{
	struct plan plan = *sent;
	struct datagram want;

	if (plan.error) {
		plan.source = world.p.inner_source;
		plan.destination = world.p.inner_destination;
		plan.reporter = world.p.source.address;
		plan.told = world.p.destination.address;
	} else {
		plan.source = world.p.source;
		plan.destination = world.p.destination;
	}
	want = made(&plan, flags);
	if (want.length != d.length || memcmp(want.at, d.at, d.length) != 0)
		wrong("what was translated is not as if made so");
	throw_away(want);
}

static enum vnic_way pass(const struct plan *plan, int guest, u8 flags)
{
	struct datagram d = made(plan, flags);

	if (read_all(&world.p, d, plan) != VNIC_SOUND)
		abort();
	if (guest >= 0)
		world.v = vnic_nat_outbound(world.nat, &world.guest[guest], &world.p, world.now);
	else
		world.v = vnic_nat_inbound(world.nat, &world.p, world.now);
	check_translated(plan, d, flags);
	throw_away(d);
	look();
	return world.v.way;
}

enum vnic_way send_out(u32 guest, u8 protocol, u16 port, struct vnic_end to, u8 flags)
{
	const struct plan plan = {
		.protocol = protocol,
		.ttl = 64,
		.payload = 12,
		.source = guest_end(guest, port),
		.destination = { to.address, protocol == ICMP ? 0 : to.port },
	};

	return pass(&plan, guest, flags);
}

enum vnic_way send_in(u8 protocol, struct vnic_end from, struct vnic_end to, u8 flags)
{
	const struct plan plan = {
		.protocol = protocol,
		.ttl = 64,
		.payload = 12,
		.source = from,
		.destination = { to.address, protocol == ICMP ? 0 : to.port },
	};

	return pass(&plan, -1, flags);
}

enum vnic_way send_reply(struct vnic_end from, struct vnic_end to)
{
	const struct plan plan = {
		.protocol = ICMP,
		.reply = true,
		.ttl = 64,
		.payload = 12,
		.source = { from.address, 0 },
		.destination = to,
	};

	for (int i = 0; i < GUESTS; i++)
		if (from.address == world.guest[i].address)
			return pass(&plan, i, 0);
	return pass(&plan, -1, 0);
}

enum vnic_way send_error(int guest, u8 protocol, struct vnic_end source,
			 struct vnic_end destination, u32 reporter)
{
	const struct plan plan = {
		.protocol = protocol,
		.error = true,
		.quoted = 28,
		.ttl = 64,
		.source = source,
		.destination = destination,
		.reporter = htonl(reporter),
		.told = source.address,
		.reply = protocol == ICMP && destination.port,
	};

	return pass(&plan, guest, 0);
}

/* --- looked at --- */

struct vnic_nat_counts counts_now(void)
{
	struct vnic_nat_counts counts;

	vnic_nat_count(world.nat, &counts);
	return counts;
}

u64 counted(enum vnic_reason reason)
{
	return counts_now().reasons[reason];
}

const struct vnic_nat_flow *flow_of(u8 protocol, struct vnic_end inside, struct vnic_end remote)
{
	static struct vnic_nat_flow flows[16];
	u64 cursor = 0;
	u32 count;

	while ((count = vnic_nat_flows(world.nat, world.now, &cursor, flows, 16)))
		for (u32 i = 0; i < count; i++)
			if (flows[i].protocol == protocol && same_end(flows[i].inside, inside) &&
			    same_end(flows[i].remote, remote))
				return &flows[i];
	return NULL;
}

enum vnic_tcp_state state_of(struct vnic_end inside, struct vnic_end remote)
{
	const struct vnic_nat_flow *flow = flow_of(TCP, inside, remote);

	return flow ? flow->state : VNIC_TCP_NONE;
}

struct vnic_end remote_end(u16 port)
{
	return end_of(REMOTE, port);
}

struct vnic_end outside_end(u16 port)
{
	return end_of(OUTSIDE, port);
}

struct vnic_end guest_end(u32 guest, u16 port)
{
	return end_of(GUEST(guest), port);
}

bool same_end(struct vnic_end a, struct vnic_end b)
{
	return a.address == b.address && a.port == b.port;
}
