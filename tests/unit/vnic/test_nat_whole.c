// SPDX-License-Identifier: GPL-2.0
/* A translator as a whole: forwards, what it tells of itself, what it costs. */
#include <errno.h>

#include <linux/gfp.h>

#include "nat_world.h"

#include "translator.h"

static const struct vnic_end none;

/* --- forwards --- */

static int forward(u32 guest, u8 protocol, u16 outside, u16 inside)
{
	int err = vnic_nat_forward(world.nat, &world.guest[guest], protocol, outside_end(outside),
				   htons(inside));

	look();
	return err;
}

static int unforward(u8 protocol, u16 outside)
{
	int err = vnic_nat_unforward(world.nat, protocol, outside_end(outside));

	look();
	return err;
}

static void a_forward_is_for_everybody_whatever_the_filter(void)
{
	struct vnic_nat_config config = small;

	config.address_dependent = true;
	world_begin(&config);
	CHECK_EQ(forward(0, UDP, 53, 5353), 0);
	CHECK_EQ(send_in(UDP, remote_end(9), outside_end(53), 0), VNIC_WAY_IN);
	CHECK_END(world.p.destination, guest_end(0, 5353));
	CHECK_EQ(send_out(0, UDP, 5353, remote_end(9), 0), VNIC_WAY_OUT);
	CHECK_END(world.p.source, outside_end(53));
	CHECK_EQ(forward(0, TCP, 80, 8080), 0);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(80), SYN), VNIC_WAY_IN);
	CHECK_EQ(send_out(0, TCP, 8080, remote_end(9), SYN | ACK), VNIC_WAY_OUT);
	CHECK_EQ(send_error(-1, UDP, outside_end(53), remote_end(10), REMOTE), VNIC_WAY_IN);
	world_end();
}

static void a_forward_never_expires_and_survives_a_new_config(void)
{
	struct vnic_nat_config config = small;

	world_begin(&small);
	CHECK_EQ(forward(0, UDP, 53, 5353), 0);
	CHECK_EQ(forward(0, TCP, 80, 8080), 0);
	config.first_port = 5000;
	vnic_nat_configure(world.nat, &config);
	world.now += 1000000 * MINUTE;
	CHECK_EQ(vnic_nat_collect(world.nat, world.now, 10000), 2);
	CHECK_EQ(send_in(UDP, remote_end(9), outside_end(53), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(80), SYN), VNIC_WAY_IN);
	CHECK_EQ(flow_of(TCP, guest_end(0, 8080), none)->left, ~0ull);
	CHECK(flow_of(TCP, guest_end(0, 8080), none)->forward, "it is none");
	world_end();
}

static void a_forward_is_taken_back_with_its_sessions(void)
{
	world_begin(&small);
	CHECK_EQ(forward(0, TCP, 80, 8080), 0);
	send_in(TCP, remote_end(9), outside_end(80), SYN);
	CHECK_EQ(unforward(UDP, 80), -ENOENT);
	CHECK_EQ(unforward(TCP, 81), -ENOENT);
	CHECK_EQ(unforward(TCP, 80), 0);
	CHECK_EQ(counts_now().sessions, 0);
	CHECK_EQ(unforward(TCP, 80), -ENOENT);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(80), ACK), VNIC_WAY_HOST);
	send_out(0, UDP, 4000, remote_end(9), 0);
	CHECK_EQ(unforward(UDP, 4000), -ENOENT);
	CHECK_EQ(forward(1, TCP, 80, 80), 0);
	world_end();
}

static void a_forward_that_cannot_be(void)
{
	struct vnic_nat_config config = small;

	config.most = 4;
	config.quota = 2;
	config.sessions = 64;
	world_begin(&config);
	world.host_first = 22;
	world.host_last = 22;
	CHECK_EQ(forward(0, TCP, 22, 22), -EADDRINUSE);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[0], TCP, end_of(OUTSIDE + 1, 80), 80),
		 -EADDRNOTAVAIL);
	shim_fail_in = 1;
	CHECK_EQ(forward(0, TCP, 80, 80), -ENOMEM);
	CHECK_EQ(forward(0, TCP, 80, 80), 0);
	CHECK_EQ(forward(1, TCP, 80, 81), -EADDRINUSE);
	CHECK_EQ(forward(0, TCP, 80, 80), -EADDRINUSE);
	CHECK_EQ(forward(0, TCP, 81, 80), -EADDRINUSE);
	CHECK_EQ(forward(0, UDP, 80, 80), 0);
	CHECK_EQ(forward(0, UDP, 81, 81), -EDQUOT);
	CHECK_EQ(forward(1, UDP, 81, 81), 0);
	CHECK_EQ(forward(1, UDP, 82, 82), 0);
	CHECK_EQ(forward(2, UDP, 83, 83), -ENOSPC);
	world_end();
}

static void a_mapping_between_the_same_ends_becomes_one(void)
{
	world_begin(&small);
	send_out(0, UDP, 5000, remote_end(9), 0);
	CHECK_EQ(forward(1, UDP, 5000, 5000), -EADDRINUSE);
	CHECK_EQ(forward(0, UDP, 5001, 5000), -EADDRINUSE);
	CHECK_EQ(forward(0, UDP, 5000, 5000), 0);
	CHECK_EQ(counts_now().mappings, 1);
	world.now += 6 * MINUTE;
	CHECK_EQ(send_in(UDP, remote_end(9), outside_end(5000), 0), VNIC_WAY_IN);
	world_end();
}

static void what_has_expired_is_in_no_forwards_way(void)
{
	world_begin(&small);
	send_out(0, UDP, 5000, remote_end(9), 0);
	send_out(1, UDP, 6000, remote_end(9), 0);
	world.now += 5 * MINUTE;
	send_out(2, UDP, 4000, remote_end(9), 0);
	CHECK_EQ(forward(0, UDP, 6000, 5000), 0);
	CHECK_EQ(counts_now().mappings, 2);
	world_end();
}

static void no_mapping_gets_what_is_forwarded(void)
{
	world_begin(&small);
	CHECK_EQ(forward(0, UDP, 5000, 53), 0);
	send_out(1, UDP, 5000, remote_end(9), 0);
	CHECK(!same_end(world.p.source, outside_end(5000)), "it is given twice");
	CHECK_EQ(send_in(UDP, remote_end(9), outside_end(5000), 0), VNIC_WAY_IN);
	CHECK(world.v.guest == &world.guest[0], "another guest");
	world_end();
}

static void whether_a_mapping_has_an_end(void)
{
	world_begin(&small);
	CHECK(!vnic_nat_holds(world.nat, UDP, outside_end(4000)), "nobody has");
	send_out(0, UDP, 4000, remote_end(9), 0);
	CHECK(vnic_nat_holds(world.nat, UDP, outside_end(4000)), "it has");
	CHECK(!vnic_nat_holds(world.nat, TCP, outside_end(4000)), "of TCP nobody has");
	CHECK_EQ(forward(1, TCP, 80, 80), 0);
	CHECK(vnic_nat_holds(world.nat, TCP, outside_end(80)), "the forward has");
	world_end();
}

/* --- guests that go --- */

static void a_guest_is_forgotten_and_no_other(void)
{
	world_begin(&small);
	for (u32 i = 0; i < 3; i++) {
		send_out(i, TCP, 4000, remote_end(80), SYN);
		send_out(i, UDP, 4000, remote_end(80), 0);
		CHECK_EQ(forward(i, TCP, 80 + i, 80), 0);
	}
	vnic_nat_forget(world.nat, &world.guest[1]);
	look();
	CHECK_EQ(counts_now().mappings, 6);
	CHECK_EQ(counts_now().sessions, 2);
	CHECK_EQ(world.guest[1].mappings, 0);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(81), ACK), VNIC_WAY_HOST);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(82), SYN), VNIC_WAY_IN);
	world_end();
}

/* --- collected --- */

static void collected_in_portions_all_go(void)
{
	u32 calls = 0;

	world_begin(&small);
	for (u32 i = 0; i < 4; i++)
		for (u16 port = 0; port < 15; port++)
			send_out(i, TCP, 4000 + port, remote_end(80), SYN);
	CHECK_EQ(forward(5, TCP, 80, 80), 0);
	send_in(TCP, remote_end(9), outside_end(80), SYN);
	world.now += 4 * MINUTE;
	while (counts_now().mappings > 1 || counts_now().sessions) {
		vnic_nat_collect(world.nat, world.now, 16);
		look();
		CHECK(++calls <= (64 + 128) / 16, "a round is longer than it has to be");
	}
	CHECK(calls > 2, "one call looked at everything");
	world_end();
}

/* --- explained --- */

static struct vnic_verdict explain_out(u32 guest, struct vnic_end from, struct vnic_end to,
				       struct vnic_packet *p)
{
	const struct plan plan = { .protocol = UDP, .ttl = 64, .source = from, .destination = to };
	struct datagram d = make(&plan);
	struct vnic_verdict v;

	if (read_all(p, d, &plan) != VNIC_SOUND)
		abort();
	v = vnic_nat_explain_outbound(world.nat, &world.guest[guest], p, world.now);
	throw_away(d);
	return v;
}

static void explained_as_it_would_be_and_nothing_changes(void)
{
	struct vnic_packet p;
	struct vnic_verdict v;

	world_begin(&small);
	v = explain_out(0, guest_end(0, 4000), remote_end(9), &p);
	CHECK_EQ(v.way, VNIC_WAY_OUT);
	CHECK_EQ(v.reason, VNIC_REASON_CREATED);
	CHECK_END(p.source, outside_end(4000));
	CHECK_EQ(counts_now().mappings, 0);
	CHECK_EQ(counted(VNIC_REASON_CREATED), 0);
	send_out(0, UDP, 4000, remote_end(9), 0);
	world.now += 3 * MINUTE;
	v = explain_out(0, guest_end(0, 4000), remote_end(9), &p);
	CHECK_EQ(v.reason, VNIC_REASON_KNOWN);
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), none)->left, 2 * MINUTE);
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), none)->out, 1);
	v = explain_out(1, guest_end(1, 4001), outside_end(4000), &p);
	CHECK_EQ(v.way, VNIC_WAY_IN);
	CHECK_EQ(v.reason, VNIC_REASON_HAIRPIN);
	CHECK_END(p.destination, guest_end(0, 4000));
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), none)->in, 0);
	world_end();
}

static void explained_a_syn_is_not_held(void)
{
	const struct plan plan = { .protocol = TCP, .ttl = 64, .source = remote_end(9),
				   .destination = outside_end(4000) };
	struct datagram d = make(&plan);
	struct vnic_nat_syn syn;
	struct vnic_verdict v;
	struct vnic_packet p;

	world_begin(&small);
	d.at[33] = SYN;
	CHECK_EQ(read_all(&p, d, &plan), VNIC_SOUND);
	v = vnic_nat_explain_inbound(world.nat, &p, world.now);
	throw_away(d);
	CHECK_EQ(v.reason, VNIC_REASON_SYN_HELD);
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now + 10000, &syn), "it is held");
	world_end();
}

/* --- told --- */

/* All flows, so many at a time; how often the mapping of the guest's port is among them. */
static u32 tell(u32 room, u32 *times, u32 most)
{
	struct vnic_nat_flow flows[256];
	u64 cursor = 0;
	u32 count, all = 0;

	memset(times, 0, most * sizeof(*times));
	while ((count = vnic_nat_flows(world.nat, world.now, &cursor, flows, room))) {
		CHECK(count <= room, "%u are told where %u fit", count, room);
		for (u32 i = 0; i < count; i++)
			if (!flows[i].remote.address)
				times[ntohs(flows[i].inside.port) - 4000]++;
		all += count;
	}
	return all;
}

static void every_flow_is_told_once(void)
{
	u32 times[60];

	for (u32 collide = 0; collide < 2; collide++) {
		shim_hash_mask = collide ? 0 : ~0u;
		world_begin(&small);
		for (u32 i = 0; i < 60; i++)
			send_out(i / 15, TCP, 4000 + i, remote_end(80), SYN);
		for (u32 room = 1; room < 130; room++) {
			CHECK_EQ(tell(room, times, 60), 120);
			for (u32 i = 0; i < 60; i++)
				CHECK_EQ(times[i], 1);
		}
		world_end();
	}
	shim_hash_mask = ~0u;
}

static void a_chain_is_not_split_if_it_fits(void)
{
	struct vnic_nat_flow flows[16];
	u64 cursor = 0;
	u32 count;

	world_begin(&small);
	for (u32 i = 0; i < 30; i++)
		send_out(i / 15, TCP, 4000 + i, remote_end(80), SYN);
	while ((count = vnic_nat_flows(world.nat, world.now, &cursor, flows, 15))) {
		CHECK(!flows[0].remote.address, "a portion begins in the middle");
		CHECK(flows[count - 1].remote.address, "a portion ends in the middle");
	}
	world_end();
}

/* --- what may be set --- */

static void a_config_is_valid_or_not(void)
{
	struct vnic_nat_config c = small;

	CHECK(vnic_nat_config_valid(&c), "it is");
#define INVALID(what) do { c = small; what; CHECK(!vnic_nat_config_valid(&c), #what); } while (0)
	INVALID(c.first_port = 0);
	INVALID(c.last_port = c.first_port - 1);
	INVALID(c.most = 0);
	INVALID(c.most = ~0u);
	INVALID(c.quota = 0);
	INVALID(c.quota = c.most + 1);
	INVALID(c.sessions = 0);
	INVALID(c.sessions = ~0u);
	INVALID(c.timeouts.udp = 0);
	INVALID(c.timeouts.icmp = 0);
	INVALID(c.timeouts.tcp_established = 0);
	INVALID(c.timeouts.tcp_transitory = 0);
	INVALID(c.timeouts.tcp_syn = 0);
	c = small;
	c.last_port = c.first_port;
	c.quota = c.most;
	c.sessions = 1;
	CHECK(vnic_nat_config_valid(&c), "it is");
}

static u32 draw_zero(void *context)
{
	(void)context;
	return 0;
}

static void without_memory_there_is_none(void)
{
	const struct vnic_nat_host host = { .random = draw_zero };
	unsigned long live = shim_live;

	for (u32 i = 1; i <= 5; i++) {
		shim_fail_in = i;
		CHECK(!vnic_nat_create(&small, &host), "allocation %u failed", i);
		CHECK_EQ(shim_fail_in, 0);
		CHECK_EQ(shim_live, live);
	}
	vnic_nat_destroy(NULL);
}

/* --- what it costs --- */

#define MANY	60000u
#define PER_GUEST (MANY / GUESTS)

static void begin_many(void)
{
	struct vnic_nat_config config = small;
	struct vnic_mapping *m = NULL;

	config.most = MANY;
	config.quota = MANY;
	config.sessions = MANY;
	world_begin(&config);
	vnic_nat_advance(world.nat, world.now);
	for (u32 i = 0; i < MANY; i++)
		CHECK_EQ(vnic_mapping_create(world.nat, &world.guest[i / PER_GUEST], UDP,
					     guest_end(i / PER_GUEST, 2000 + i % PER_GUEST), world.now, &m),
			 VNIC_REASON_CREATED);
	CHECK_EQ(vnic_mapping_left(world.nat, m, world.now), config.timeouts.udp);
}

static void a_mapping_takes_256_octets_at_most(void)
{
	u64 tables = 2 * 65536 * sizeof(struct hlist_head);
	u64 each;

	begin_many();
	look();
	/* As the kernel rounds up: kmalloc-192, kmalloc-96. */
	each = 192 + (tables + sizeof(struct vnic_ports)) / MANY;
	printf("# a mapping: %zu octets, %llu with what it takes of a slab, the tables and the ports;"
	       " a session: %zu\n", sizeof(struct vnic_mapping), (unsigned long long)each,
	       sizeof(struct vnic_session));
	printf("# %u mappings: %llu octets each, all told\n", MANY,
	       (unsigned long long)(counts_now().octets / MANY));
	CHECK(sizeof(struct vnic_mapping) <= 192 && each <= 256, "%llu octets",
	      (unsigned long long)each);
	CHECK(sizeof(struct vnic_session) <= 96, "%zu octets", sizeof(struct vnic_session));
	world_end();
}

static u32 longest(const struct vnic_table *table)
{
	const struct hlist_node *node;
	u32 most = 0;

	for (u32 i = 0; i < vnic_table_size(table); i++) {
		u32 length = 0;

		hlist_for_each(node, &table->chains[i])
			length++;
		most = length > most ? length : most;
	}
	return most;
}

static void chains_are_as_short_with_many(void)
{
	begin_many();
	printf("# of %u mappings the longest chains have %u and %u\n", MANY,
	       longest(&world.nat->inside), longest(&world.nat->outside));
	CHECK(longest(&world.nat->inside) <= 12, "%u", longest(&world.nat->inside));
	CHECK(longest(&world.nat->outside) <= 12, "%u", longest(&world.nat->outside));
	world_end();
}

/* Which of the guest's ports are in the chain of the first, under the host's random numbers. */
static u32 in_one_chain(u32 (*draw)(void *context), const u16 *ports, u32 count, bool *in)
{
	const struct vnic_nat_host host = { .random = draw, .context = &world };
	struct vnic_nat *nat = vnic_nat_create(&small, &host);
	u32 together = 0;

	for (u32 i = 0; i < count; i++) {
		in[i] = vnic_end_chain(nat, &nat->inside, UDP, guest_end(0, ports[i])) ==
			vnic_end_chain(nat, &nat->inside, UDP, guest_end(0, ports[0]));
		together += in[i];
	}
	vnic_nat_destroy(nat);
	return together;
}

static u32 draw_one(void *context)
{
	(void)context;
	return 1;
}

static void nobody_can_aim_at_a_chain(void)
{
	static u16 ports[4096];
	static bool in[4096];
	u32 aimed = 0, hit;

	for (u32 i = 0; i < 4096; i++)
		ports[i] = 2000 + i;
	in_one_chain(draw_zero, ports, 4096, in);
	for (u32 i = 0; i < 4096; i++)
		if (in[i])
			ports[aimed++] = ports[i];
	CHECK(aimed > 32, "only %u ports share a chain", aimed);
	hit = in_one_chain(draw_one, ports, aimed, in);
	CHECK(hit < aimed / 4, "%u of %u share a chain under another secret", hit, aimed);
}

int main(void)
{
	RUN(a_forward_is_for_everybody_whatever_the_filter);
	RUN(a_forward_never_expires_and_survives_a_new_config);
	RUN(a_forward_is_taken_back_with_its_sessions);
	RUN(a_forward_that_cannot_be);
	RUN(a_mapping_between_the_same_ends_becomes_one);
	RUN(what_has_expired_is_in_no_forwards_way);
	RUN(no_mapping_gets_what_is_forwarded);
	RUN(whether_a_mapping_has_an_end);
	RUN(a_guest_is_forgotten_and_no_other);
	RUN(collected_in_portions_all_go);
	RUN(explained_as_it_would_be_and_nothing_changes);
	RUN(explained_a_syn_is_not_held);
	RUN(every_flow_is_told_once);
	RUN(a_chain_is_not_split_if_it_fits);
	RUN(a_config_is_valid_or_not);
	RUN(without_memory_there_is_none);
	RUN(a_mapping_takes_256_octets_at_most);
	RUN(chains_are_as_short_with_many);
	RUN(nobody_can_aim_at_a_chain);
	return tap_done();
}
