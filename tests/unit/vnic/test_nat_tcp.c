// SPDX-License-Identifier: GPL-2.0
/* Connections of TCP: opened, kept, closed, reset (RFC 5382, RFC 7857 2). */
#include "nat_world.h"

#define PEER		remote_end(80)
#define HERE		guest_end(0, 4000)
#define LONG		(124 * MINUTE)
#define SHORT		(4 * MINUTE)

/* The guest's packet, its peer's. */
static enum vnic_way guest_sends(u8 flags)
{
	return send_out(0, TCP, 4000, PEER, flags);
}

static enum vnic_way peer_sends(u8 flags)
{
	return send_in(TCP, PEER, outside_end(4000), flags);
}

static enum vnic_tcp_state state(void)
{
	return state_of(HERE, PEER);
}

static u64 left(void)
{
	const struct vnic_nat_flow *flow = flow_of(TCP, HERE, PEER);

	return flow ? flow->left : 0;
}

static u64 mapping_left(void)
{
	const struct vnic_nat_flow *flow = flow_of(TCP, HERE, (struct vnic_end){ 0 });

	return flow ? flow->left : 0;
}

static void open_connection(void)
{
	world_begin(&small);
	guest_sends(SYN);
	peer_sends(SYN | ACK);
	guest_sends(ACK);
}

/* --- RFC 5382 REQ-2: opened --- */

static void rfc5382_req_2_opened_from_inside(void)
{
	world_begin(&small);
	CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(left(), SHORT);
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(left(), LONG);
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(flow_of(TCP, HERE, PEER)->in, 1);
	world_end();
}

static void rfc5382_req_2_opened_from_outside(void)
{
	world_begin(&small);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[0], TCP, outside_end(80), htons(4000)), 0);
	CHECK_EQ(send_in(TCP, PEER, outside_end(80), SYN), VNIC_WAY_IN);
	CHECK_END(world.p.destination, HERE);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(guest_sends(SYN | ACK), VNIC_WAY_OUT);
	CHECK_END(world.p.source, outside_end(80));
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(send_in(TCP, PEER, outside_end(80), ACK), VNIC_WAY_IN);
	CHECK_EQ(left(), LONG);
	world_end();
}

static void rfc5382_req_2_opened_from_both_sides(void)
{
	world_begin(&small);
	guest_sends(SYN);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(guest_sends(SYN | ACK), VNIC_WAY_OUT);
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(counts_now().sessions, 1);
	world_end();
}

static void rfc5382_req_2_opened_from_both_sides_the_peers_syn_first(void)
{
	struct vnic_nat_syn syn;

	world_begin(&small);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_SYN_HELD);
	world.now += 100;
	CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
	CHECK_END(world.p.source, outside_end(4000));
	/* Sent again, it gets through; the first is not told of. */
	world.now += 900;
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	world.now += 10000;
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told");
	world_end();
}

static void rfc5382_req_2_a_syn_that_is_sent_again(void)
{
	world_begin(&small);
	guest_sends(SYN);
	for (u32 i = 0; i < 5; i++) {
		world.now += 3 * MINUTE;
		CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
		CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
		CHECK_EQ(state(), VNIC_TCP_INIT);
		CHECK_EQ(left(), SHORT);
	}
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_IN);
	world_end();
}

static void what_does_not_answer_does_not_establish(void)
{
	world_begin(&small);
	guest_sends(SYN);
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(peer_sends(RST | ACK), VNIC_WAY_IN);
	CHECK_EQ(peer_sends(SYN | RST), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	guest_sends(FIN | ACK);
	guest_sends(SYN | ACK);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	world_end();
}

/* --- RFC 5382 REQ-4: SYNs that nobody asked for --- */

static bool quotes(const struct vnic_nat_syn *syn, struct vnic_end from, struct vnic_end to)
{
	return !memcmp(syn->quoted + 12, &from.address, 4) &&
	       !memcmp(syn->quoted + 16, &to.address, 4) &&
	       !memcmp(syn->quoted + 20, &from.port, 2) && !memcmp(syn->quoted + 22, &to.port, 2);
}

static void rfc5382_req_4_told_after_six_seconds_and_not_before(void)
{
	struct vnic_nat_syn syn;

	world_begin(&small);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_SYN_HELD);
	CHECK(!world.v.prohibited, "it is told at once");
	world.now += 5999;
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told before");
	world.now++;
	CHECK(vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is not told");
	CHECK_EQ(syn.length, 28);
	CHECK(quotes(&syn, PEER, outside_end(4000)), "another");
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told twice");
	world_end();
}

static void rfc5382_req_4_sent_again_it_is_told_once(void)
{
	struct vnic_nat_syn syn;

	world_begin(&small);
	for (u32 i = 0; i < 3; i++) {
		CHECK_EQ(peer_sends(SYN), VNIC_WAY_DROP);
		world.now += 1000;
	}
	world.now += 3000;
	CHECK(vnic_nat_overdue_syn(world.nat, world.now, &syn), "six seconds after the first");
	world.now += 10000;
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told twice");
	world_end();
}

static void rfc5382_req_4_sent_again_it_finds_the_guest(void)
{
	struct vnic_nat_syn syn;

	world_begin(&small);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_DROP);
	send_out(0, TCP, 4000, remote_end(81), SYN);
	world.now += 1000;
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_IN);
	world.now += 5000;
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told of the first");
	world_end();
}

static void rfc5382_req_4_another_connection_is_another_matter(void)
{
	struct vnic_nat_syn syn;

	world_begin(&small);
	peer_sends(SYN);
	send_in(TCP, remote_end(81), outside_end(4000), SYN);
	send_in(TCP, PEER, outside_end(4001), SYN);
	guest_sends(SYN);
	world.now += 6000;
	CHECK(vnic_nat_overdue_syn(world.nat, world.now, &syn), "from another port");
	CHECK(quotes(&syn, remote_end(81), outside_end(4000)), "not this one");
	CHECK(vnic_nat_overdue_syn(world.nat, world.now, &syn), "to another port");
	CHECK(quotes(&syn, PEER, outside_end(4001)), "not this one");
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "a third");
	world_end();
}

static void rfc5382_req_4_the_hosts_own_ports_answer_themselves(void)
{
	struct vnic_nat_config config = small;

	config.first_port = 3000;
	config.last_port = 5000;
	world_begin(&config);
	world.host_first = 4000;
	world.host_last = 4000;
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_HOST);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_MAPPING);
	CHECK_EQ(send_in(TCP, PEER, outside_end(2999), SYN), VNIC_WAY_HOST);
	CHECK_EQ(send_in(TCP, PEER, outside_end(5001), SYN), VNIC_WAY_HOST);
	CHECK_EQ(send_in(TCP, PEER, outside_end(3000), SYN), VNIC_WAY_DROP);
	CHECK_EQ(send_in(TCP, PEER, outside_end(5000), SYN), VNIC_WAY_DROP);
	CHECK_EQ(send_in(TCP, PEER, outside_end(3001), SYN | ACK), VNIC_WAY_HOST);
	CHECK_EQ(send_in(TCP, PEER, outside_end(3001), SYN | RST), VNIC_WAY_HOST);
	CHECK_EQ(send_in(UDP, PEER, outside_end(3001), 0), VNIC_WAY_HOST);
	world_end();
}

static void rfc5382_req_4_what_the_filter_keeps_out_is_held(void)
{
	struct vnic_nat_config config = small;
	struct vnic_nat_syn syn;

	config.address_dependent = true;
	world_begin(&config);
	send_out(0, TCP, 4000, end_of(REMOTE + 1, 80), SYN);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_SYN_HELD);
	CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_IN);
	CHECK_EQ(send_in(TCP, end_of(REMOTE + 2, 80), outside_end(4000), SYN), VNIC_WAY_DROP);
	world.now += 6000;
	CHECK(vnic_nat_overdue_syn(world.nat, world.now, &syn), "nobody is told");
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "the peer is told");
	world_end();
}

static void rfc5382_req_4_no_more_are_held_than_there_is_room_for(void)
{
	struct vnic_nat_syn syn;
	u32 told = 0;

	world_begin(&small);
	for (u32 round = 0; round < 3; round++) {
		for (u16 port = 1; port <= 1000; port++)
			CHECK_EQ(send_in(TCP, remote_end(port), outside_end(4000), SYN),
				 VNIC_WAY_DROP);
		world.now += 6000;
		for (told = 0; vnic_nat_overdue_syn(world.nat, world.now, &syn); told++)
			;
		CHECK_EQ(told, 64);
	}
	world_end();
}

static void rfc5382_req_4_those_to_an_address_that_goes_are_forgotten(void)
{
	__be32 other = htonl(OUTSIDE + 1);
	struct vnic_nat_syn syn;

	world_begin(&small);
	peer_sends(SYN);
	vnic_nat_set_addresses(world.nat, &other, 1);
	world.now += 6000;
	CHECK(!vnic_nat_overdue_syn(world.nat, world.now, &syn), "it is told");
	world_end();
}

/* --- RFC 5382 REQ-5: timeouts --- */

static void rfc5382_req_5_established_lives_two_hours_and_four_minutes(void)
{
	open_connection();
	world.now += LONG - 1;
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_IN);
	world.now += LONG - 1;
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	world.now += LONG - 1;
	CHECK_EQ(left(), 1);
	world.now++;
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_HOST);
	CHECK_EQ(state(), VNIC_TCP_NONE);
	world_end();
}

static void rfc5382_req_5_half_open_lives_four_minutes(void)
{
	world_begin(&small);
	guest_sends(SYN);
	world.now += SHORT - 1;
	CHECK_EQ(left(), 1);
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_IN);
	world.now++;
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_HOST);
	world_end();
}

static void rfc5382_req_5_closed_lives_four_minutes(void)
{
	open_connection();
	guest_sends(FIN | ACK);
	CHECK_EQ(state(), VNIC_TCP_CLIENT_FIN);
	CHECK_EQ(left(), LONG);
	world.now += 10 * MINUTE;
	CHECK_EQ(peer_sends(FIN | ACK), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_BOTH_FIN);
	CHECK_EQ(left(), SHORT);
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	/* What is said after that is heard, but keeps nothing alive. */
	world.now += SHORT - 1;
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	CHECK_EQ(peer_sends(FIN | ACK), VNIC_WAY_IN);
	CHECK_EQ(left(), 1);
	world.now++;
	CHECK_EQ(peer_sends(FIN | ACK), VNIC_WAY_HOST);
	world_end();
}

static void rfc5382_req_5_a_mapping_lives_as_long_as_its_longest_session(void)
{
	open_connection();
	send_out(0, TCP, 4000, remote_end(81), SYN);
	CHECK_EQ(mapping_left(), LONG);
	guest_sends(FIN | ACK);
	peer_sends(FIN | ACK);
	CHECK_EQ(mapping_left(), SHORT);
	world.now += MINUTE;
	send_out(0, TCP, 4000, remote_end(82), SYN);
	CHECK_EQ(mapping_left(), SHORT);
	world.now += 3 * MINUTE;
	CHECK_EQ(state(), VNIC_TCP_NONE);
	CHECK_EQ(mapping_left(), MINUTE);
	CHECK_EQ(peer_sends(FIN | ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_SESSION);
	world.now += MINUTE;
	CHECK_EQ(mapping_left(), 0);
	CHECK_EQ(peer_sends(FIN | ACK), VNIC_WAY_HOST);
	world_end();
}

static void rfc5382_req_5_timeouts_hold_for_what_there_is(void)
{
	struct vnic_nat_config config;

	open_connection();
	config = config_now();
	config.timeouts.tcp_established = 5000;
	vnic_nat_configure(world.nat, &config);
	world.now += 4999;
	CHECK_EQ(left(), 1);
	CHECK_EQ(mapping_left(), 1);
	world.now++;
	CHECK_EQ(mapping_left(), 0);
	config.timeouts.tcp_established = 10000;
	vnic_nat_configure(world.nat, &config);
	CHECK_EQ(mapping_left(), 5000);
	world_end();
}

/* --- RFC 7857 2: figure 1 --- */

static void rfc7857_2_closed_in_either_order(void)
{
	static const struct {
		bool guest_first;
		bool opened_outside;
		enum vnic_tcp_state half;
	} cases[] = {
		{ true, false, VNIC_TCP_CLIENT_FIN },
		{ false, false, VNIC_TCP_SERVER_FIN },
		{ true, true, VNIC_TCP_SERVER_FIN },
		{ false, true, VNIC_TCP_CLIENT_FIN },
	};

	for (u32 i = 0; i < 4; i++) {
		enum vnic_way (*first)(u8) = cases[i].guest_first ? guest_sends : peer_sends;
		enum vnic_way (*second)(u8) = cases[i].guest_first ? peer_sends : guest_sends;

		world_begin(&small);
		send_out(0, TCP, 4000, remote_end(9), SYN);
		if (cases[i].opened_outside) {
			peer_sends(SYN);
			guest_sends(SYN | ACK);
		} else {
			guest_sends(SYN);
			peer_sends(SYN | ACK);
		}
		first(FIN | ACK);
		CHECK_EQ(state(), cases[i].half);
		first(FIN | ACK);
		second(ACK);
		first(ACK);
		CHECK_EQ(state(), cases[i].half);
		second(FIN | ACK);
		CHECK_EQ(state(), VNIC_TCP_BOTH_FIN);
		world_end();
	}
}

static void rfc7857_2_2_a_reset_is_translated_and_leaves_four_minutes(void)
{
	open_connection();
	world.now += 60 * MINUTE;
	CHECK_EQ(peer_sends(RST), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_TRANSITORY);
	CHECK_EQ(left(), SHORT);
	world.now += SHORT - 1;
	CHECK_EQ(peer_sends(RST), VNIC_WAY_IN);
	CHECK_EQ(left(), 1);
	world.now++;
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_HOST);
	world_end();
}

static void rfc7857_2_2_a_forged_reset_does_no_harm(void)
{
	open_connection();
	peer_sends(RST);
	world.now += MINUTE;
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(left(), LONG);
	world_end();
}

static void rfc7857_2_2_half_closed_is_reset_as_well(void)
{
	open_connection();
	guest_sends(FIN | ACK);
	guest_sends(RST);
	CHECK_EQ(state(), VNIC_TCP_TRANSITORY);
	CHECK_EQ(left(), SHORT);
	world_end();
	open_connection();
	peer_sends(FIN | ACK);
	guest_sends(RST);
	CHECK_EQ(state(), VNIC_TCP_TRANSITORY);
	world_end();
	open_connection();
	guest_sends(FIN | ACK);
	peer_sends(FIN | ACK);
	guest_sends(RST);
	CHECK_EQ(state(), VNIC_TCP_BOTH_FIN);
	world_end();
}

static void rfc7857_7_1_a_reset_refreshes_nothing(void)
{
	world_begin(&small);
	guest_sends(SYN);
	world.now += MINUTE;
	CHECK_EQ(guest_sends(RST), VNIC_WAY_OUT);
	CHECK_EQ(left(), 3 * MINUTE);
	/* To somebody with whom there is no connection. */
	CHECK_EQ(send_out(0, TCP, 4000, remote_end(81), RST), VNIC_WAY_OUT);
	CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
	CHECK_EQ(mapping_left(), 3 * MINUTE);
	CHECK_EQ(counts_now().sessions, 1);
	world_end();
}

static void rfc7857_7_who_sends_syns_from_outside_keeps_no_mapping_alive(void)
{
	world_begin(&small);
	guest_sends(SYN);
	for (u32 i = 0; i < 3; i++) {
		world.now += MINUTE;
		CHECK_EQ(send_in(TCP, remote_end(81), outside_end(4000), SYN), VNIC_WAY_IN);
		CHECK_EQ(send_in(TCP, remote_end(82 + i), outside_end(4000), SYN), VNIC_WAY_IN);
	}
	CHECK_EQ(mapping_left(), MINUTE);
	world.now += MINUTE;
	CHECK_EQ(send_in(TCP, remote_end(81), outside_end(4000), ACK), VNIC_WAY_HOST);
	world_end();
}

static void rfc7857_7_answered_it_does(void)
{
	world_begin(&small);
	guest_sends(SYN);
	send_in(TCP, remote_end(81), outside_end(4000), SYN);
	CHECK_EQ(world.guest[0].uninvited, 1);
	CHECK_EQ(send_out(0, TCP, 4000, remote_end(81), SYN | ACK), VNIC_WAY_OUT);
	CHECK_EQ(world.guest[0].uninvited, 0);
	CHECK_EQ(mapping_left(), LONG);
	world_end();
}

/* Beyond the figure: RFC 9293 3.6.1 lets a port be used again. */

static void a_syn_opens_anew_what_was_closed(void)
{
	open_connection();
	guest_sends(FIN | ACK);
	peer_sends(FIN | ACK);
	world.now += 3 * MINUTE;
	CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(left(), SHORT);
	peer_sends(SYN | ACK);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(left(), LONG);
	CHECK_EQ(counts_now().sessions, 1);
	world_end();
}

static void a_syn_opens_anew_what_was_reset(void)
{
	open_connection();
	peer_sends(RST);
	CHECK_EQ(guest_sends(SYN), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	peer_sends(RST | ACK);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	world_end();
}

static void a_syn_from_outside_opens_anew_but_refreshes_nothing(void)
{
	open_connection();
	guest_sends(FIN | ACK);
	peer_sends(FIN | ACK);
	world.now += 3 * MINUTE;
	CHECK_EQ(peer_sends(SYN), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(left(), MINUTE);
	CHECK_EQ(mapping_left(), MINUTE);
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_INIT);
	CHECK_EQ(guest_sends(SYN | ACK), VNIC_WAY_OUT);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(mapping_left(), LONG);
	peer_sends(FIN | ACK);
	CHECK_EQ(state(), VNIC_TCP_CLIENT_FIN);
	world_end();
}

/* --- what belongs to no connection --- */

static void what_the_guest_goes_on_with_goes_on(void)
{
	world_begin(&small);
	CHECK_EQ(guest_sends(ACK), VNIC_WAY_OUT);
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_EQ(state(), VNIC_TCP_TRANSITORY);
	CHECK_EQ(left(), SHORT);
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_IN);
	CHECK_EQ(state(), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(left(), LONG);
	world_end();
}

static void what_comes_in_without_a_connection_does_not(void)
{
	world_begin(&small);
	send_out(0, TCP, 4000, remote_end(81), SYN);
	CHECK_EQ(peer_sends(ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_SESSION);
	CHECK_EQ(peer_sends(SYN | ACK), VNIC_WAY_DROP);
	CHECK_EQ(peer_sends(RST), VNIC_WAY_DROP);
	CHECK_EQ(peer_sends(SYN | RST), VNIC_WAY_DROP);
	CHECK_EQ(peer_sends(FIN), VNIC_WAY_DROP);
	CHECK_EQ(counts_now().sessions, 1);
	CHECK_EQ(counted(VNIC_REASON_NO_SESSION), 5);
	world_end();
}

static void a_reset_makes_no_mapping(void)
{
	world_begin(&small);
	CHECK_EQ(guest_sends(RST | ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_SESSION);
	CHECK(!world.v.prohibited, "it is told");
	CHECK_EQ(counts_now().mappings, 0);
	world_end();
}

/* --- floods --- */

static void a_flood_of_syns_leaves_the_guest_half(void)
{
	u32 part = small.sessions * small.quota / small.most, in = 0;

	world_begin(&small);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[0], TCP, outside_end(80), htons(80)), 0);
	for (u16 port = 1; port < 1000; port++)
		in += send_in(TCP, remote_end(port), outside_end(80), SYN) == VNIC_WAY_IN;
	CHECK_EQ(in, part / 2);
	CHECK_EQ(counted(VNIC_REASON_FULL), 999 - part / 2);
	for (u16 i = 0; i < part / 2; i++)
		CHECK_EQ(send_out(0, TCP, 4000, remote_end(2000 + i), SYN), VNIC_WAY_OUT);
	CHECK_EQ(send_out(1, TCP, 4000, PEER, SYN), VNIC_WAY_OUT);
	/* Over after four minutes, whether or not the SYNs were sent again. */
	world.now += MINUTE;
	send_in(TCP, remote_end(1), outside_end(80), SYN);
	world.now += 3 * MINUTE;
	vnic_nat_collect(world.nat, world.now, 1000);
	look();
	CHECK_EQ(world.guest[0].uninvited, 0);
	CHECK_EQ(send_in(TCP, remote_end(1), outside_end(80), SYN), VNIC_WAY_IN);
	world_end();
}

int main(void)
{
	RUN(rfc5382_req_2_opened_from_inside);
	RUN(rfc5382_req_2_opened_from_outside);
	RUN(rfc5382_req_2_opened_from_both_sides);
	RUN(rfc5382_req_2_opened_from_both_sides_the_peers_syn_first);
	RUN(rfc5382_req_2_a_syn_that_is_sent_again);
	RUN(what_does_not_answer_does_not_establish);
	RUN(rfc5382_req_4_told_after_six_seconds_and_not_before);
	RUN(rfc5382_req_4_sent_again_it_is_told_once);
	RUN(rfc5382_req_4_sent_again_it_finds_the_guest);
	RUN(rfc5382_req_4_another_connection_is_another_matter);
	RUN(rfc5382_req_4_the_hosts_own_ports_answer_themselves);
	RUN(rfc5382_req_4_what_the_filter_keeps_out_is_held);
	RUN(rfc5382_req_4_no_more_are_held_than_there_is_room_for);
	RUN(rfc5382_req_4_those_to_an_address_that_goes_are_forgotten);
	RUN(rfc5382_req_5_established_lives_two_hours_and_four_minutes);
	RUN(rfc5382_req_5_half_open_lives_four_minutes);
	RUN(rfc5382_req_5_closed_lives_four_minutes);
	RUN(rfc5382_req_5_a_mapping_lives_as_long_as_its_longest_session);
	RUN(rfc5382_req_5_timeouts_hold_for_what_there_is);
	RUN(rfc7857_2_closed_in_either_order);
	RUN(rfc7857_2_2_a_reset_is_translated_and_leaves_four_minutes);
	RUN(rfc7857_2_2_a_forged_reset_does_no_harm);
	RUN(rfc7857_2_2_half_closed_is_reset_as_well);
	RUN(rfc7857_7_1_a_reset_refreshes_nothing);
	RUN(rfc7857_7_who_sends_syns_from_outside_keeps_no_mapping_alive);
	RUN(rfc7857_7_answered_it_does);
	RUN(a_syn_opens_anew_what_was_closed);
	RUN(a_syn_opens_anew_what_was_reset);
	RUN(a_syn_from_outside_opens_anew_but_refreshes_nothing);
	RUN(what_the_guest_goes_on_with_goes_on);
	RUN(what_comes_in_without_a_connection_does_not);
	RUN(a_reset_makes_no_mapping);
	RUN(a_flood_of_syns_leaves_the_guest_half);
	return tap_done();
}
