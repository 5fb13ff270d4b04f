// SPDX-License-Identifier: GPL-2.0
/* Who may send in (filtering), and guests that send to each other's outside ends (hairpinning). */
#include "nat_world.h"

static void begin(bool address_dependent)
{
	struct vnic_nat_config config = small;

	config.address_dependent = address_dependent;
	world_begin(&config);
}

/* --- RFC 4787 REQ-8 --- */

static void rfc4787_req_8_whoever_knows_the_end_may_send(void)
{
	begin(false);
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(UDP, remote_end(81), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(counts_now().sessions, 0);
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), (struct vnic_end){ 0 })->in, 3);
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), (struct vnic_end){ 0 })->out, 1);
	world_end();
}

static void rfc4787_req_8_address_dependent_only_who_was_sent_to_may(void)
{
	begin(true);
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(UDP, remote_end(81), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FILTERED);
	CHECK(!world.v.prohibited, "who was never sent to is told");
	CHECK_EQ(counted(VNIC_REASON_FILTERED), 1);
	send_out(0, UDP, 4000, end_of(REMOTE + 1, 90), 0);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(counts_now().sessions, 2);
	world_end();
}

static void rfc4787_req_8_by_this_guest_and_from_this_port(void)
{
	begin(true);
	send_out(0, UDP, 4000, remote_end(80), 0);
	send_out(0, UDP, 4001, end_of(REMOTE + 1, 80), 0);
	send_out(1, UDP, 4002, end_of(REMOTE + 1, 80), 0);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_DROP);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4001), 0), VNIC_WAY_IN);
	world_end();
}

static void rfc4787_req_8_only_while_it_lasts(void)
{
	begin(true);
	send_out(0, UDP, 4000, remote_end(80), 0);
	world.now += 3 * MINUTE;
	send_out(0, UDP, 4000, end_of(REMOTE + 1, 80), 0);
	world.now += 2 * MINUTE - 1;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	world.now++;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_DROP);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_IN);
	/* Sent to again, it may again. */
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(counts_now().sessions, 2);
	world_end();
}

static void rfc4787_req_8_pings_as_well(void)
{
	begin(true);
	send_out(0, ICMP, 77, remote_end(0), 0);
	send_out(0, ICMP, 4000, remote_end(0), 0);
	CHECK_EQ(send_reply(remote_end(0), outside_end(4000)), VNIC_WAY_IN);
	CHECK_EQ(send_reply(end_of(REMOTE + 1, 0), outside_end(4000)), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FILTERED);
	world.now += MINUTE / 2;
	send_out(0, ICMP, 4000, end_of(REMOTE + 1, 0), 0);
	world.now += MINUTE / 2;
	CHECK_EQ(send_reply(remote_end(0), outside_end(4000)), VNIC_WAY_DROP);
	world_end();
}

static void the_filter_can_be_changed(void)
{
	struct vnic_nat_config config;

	begin(false);
	send_out(0, UDP, 4000, remote_end(80), 0);
	config = config_now();
	config.address_dependent = true;
	vnic_nat_configure(world.nat, &config);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_DROP);
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	config.address_dependent = false;
	vnic_nat_configure(world.nat, &config);
	CHECK_EQ(send_in(UDP, end_of(REMOTE + 1, 80), outside_end(4000), 0), VNIC_WAY_IN);
	world_end();
}

static void rfc5382_req_3_address_dependent_a_second_connection_from_there(void)
{
	begin(true);
	send_out(0, TCP, 4000, remote_end(80), SYN);
	CHECK_EQ(send_in(TCP, remote_end(81), outside_end(4000), SYN), VNIC_WAY_IN);
	CHECK_EQ(send_in(TCP, end_of(REMOTE + 1, 80), outside_end(4000), ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FILTERED);
	world_end();
}

static void a_connection_with_port_0_is_no_note(void)
{
	begin(true);
	CHECK_EQ(send_out(0, TCP, 4000, remote_end(0), SYN), VNIC_WAY_OUT);
	CHECK_EQ(counts_now().sessions, 2);
	CHECK_EQ(send_in(TCP, remote_end(0), outside_end(4000), SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(4000), SYN), VNIC_WAY_IN);
	world_end();
}

static void a_reset_is_no_invitation(void)
{
	begin(true);
	send_out(0, TCP, 4000, remote_end(80), SYN);
	CHECK_EQ(send_out(0, TCP, 4000, end_of(REMOTE + 1, 80), RST), VNIC_WAY_OUT);
	CHECK_EQ(counts_now().sessions, 2);
	CHECK_EQ(send_in(TCP, end_of(REMOTE + 1, 80), outside_end(4000), ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FILTERED);
	world_end();
}

static void without_room_for_a_note_nothing_is_sent(void)
{
	struct vnic_nat_config config = small;

	config.address_dependent = true;
	config.sessions = 4;
	config.quota = config.most;
	world_begin(&config);
	for (u32 i = 0; i < 4; i++)
		CHECK_EQ(send_out(0, UDP, 4000, end_of(REMOTE + i, 80), 0), VNIC_WAY_OUT);
	CHECK_EQ(send_out(0, UDP, 4000, end_of(REMOTE + 4, 80), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FULL);
	CHECK_EQ(send_out(0, UDP, 4001, remote_end(80), 0), VNIC_WAY_DROP);
	CHECK_EQ(counts_now().mappings, 1);
	CHECK_EQ(send_out(0, UDP, 4000, remote_end(81), 0), VNIC_WAY_OUT);
	world_end();
}

/* --- RFC 4787 REQ-9, RFC 5382 REQ-8 --- */

static void rfc4787_req_9_from_one_guest_to_another(void)
{
	begin(false);
	send_out(1, UDP, 5000, remote_end(80), 0);
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(5000), 0), VNIC_WAY_IN);
	CHECK_EQ(world.v.reason, VNIC_REASON_HAIRPIN);
	CHECK(world.v.guest == &world.guest[1], "another guest");
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_END(world.p.destination, guest_end(1, 5000));
	CHECK_EQ(send_out(1, UDP, 5000, world.p.source, 0), VNIC_WAY_IN);
	CHECK(world.v.guest == &world.guest[0], "another guest");
	CHECK_END(world.p.source, outside_end(5000));
	CHECK_END(world.p.destination, guest_end(0, 4000));
	CHECK_EQ(counted(VNIC_REASON_HAIRPIN), 2);
	world_end();
}

static void rfc4787_req_9_to_ones_own_outside_end(void)
{
	begin(false);
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(4000), 0), VNIC_WAY_IN);
	CHECK(world.v.guest == &world.guest[0], "another guest");
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_END(world.p.destination, guest_end(0, 4000));
	send_out(0, UDP, 4001, outside_end(4000), 0);
	CHECK_END(world.p.source, outside_end(4001));
	CHECK_END(world.p.destination, guest_end(0, 4000));
	world_end();
}

static void rfc4787_req_9_the_filter_holds_here_as_well(void)
{
	begin(true);
	send_out(1, UDP, 5000, remote_end(80), 0);
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(5000), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FILTERED);
	CHECK(!world.v.prohibited, "it is told");
	send_out(1, UDP, 5000, outside_end(4000), 0);
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(5000), 0), VNIC_WAY_IN);
	world_end();
}

static void rfc4787_req_9_where_nobody_is_the_host_answers(void)
{
	begin(false);
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(53), 0), VNIC_WAY_HOST);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_MAPPING);
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_END(world.p.destination, outside_end(53));
	CHECK_EQ(send_in(UDP, outside_end(53), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_out(0, ICMP, 9, outside_end(0), 0), VNIC_WAY_HOST);
	world_end();
}

static void rfc4787_req_9_what_goes_out_this_way_refreshes_the_senders(void)
{
	begin(false);
	send_out(1, UDP, 5000, remote_end(80), 0);
	send_out(0, UDP, 4000, remote_end(80), 0);
	world.now += 3 * MINUTE;
	CHECK_EQ(send_out(0, UDP, 4000, outside_end(5000), 0), VNIC_WAY_IN);
	world.now += 2 * MINUTE;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(5000), 0), VNIC_WAY_HOST);
	world_end();
}

static void rfc5382_req_8_a_connection_between_guests(void)
{
	struct vnic_end server = outside_end(80), client = outside_end(4000);

	begin(false);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[1], TCP, server, htons(8080)), 0);
	CHECK_EQ(send_out(0, TCP, 4000, server, SYN), VNIC_WAY_IN);
	CHECK_END(world.p.source, client);
	CHECK_END(world.p.destination, guest_end(1, 8080));
	CHECK_EQ(send_out(1, TCP, 8080, client, SYN | ACK), VNIC_WAY_IN);
	CHECK_END(world.p.source, server);
	CHECK_END(world.p.destination, guest_end(0, 4000));
	CHECK_EQ(send_out(0, TCP, 4000, server, ACK), VNIC_WAY_IN);
	CHECK_EQ(state_of(guest_end(0, 4000), server), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(state_of(guest_end(1, 8080), client), VNIC_TCP_ESTABLISHED);
	CHECK_EQ(send_out(0, TCP, 4001, server, ACK), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_SESSION);
	world_end();
}

static void rfc5382_req_8_a_connection_with_oneself(void)
{
	begin(false);
	CHECK_EQ(send_out(0, TCP, 4000, outside_end(4000), SYN), VNIC_WAY_IN);
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_END(world.p.destination, guest_end(0, 4000));
	CHECK_EQ(send_out(0, TCP, 4000, outside_end(4000), SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(send_out(0, TCP, 4000, outside_end(4000), ACK), VNIC_WAY_IN);
	CHECK_EQ(state_of(guest_end(0, 4000), outside_end(4000)), VNIC_TCP_ESTABLISHED);
	world_end();
}

static void rfc5508_req_8_a_guest_is_told_that_the_other_has_no_room(void)
{
	struct vnic_nat_config config = small;

	config.sessions = 8;	/* 2 for a guest, and of these 1 that it did not ask for */
	world_begin(&config);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[1], TCP, outside_end(80), htons(80)), 0);
	CHECK_EQ(send_in(TCP, remote_end(9), outside_end(80), SYN), VNIC_WAY_IN);
	CHECK_EQ(send_in(TCP, remote_end(10), outside_end(80), SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FULL);
	CHECK(!world.v.prohibited, "somebody outside is told");
	CHECK_EQ(send_out(0, TCP, 4000, outside_end(80), SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FULL);
	CHECK(world.v.prohibited, "the guest is not told");
	world_end();
}

int main(void)
{
	RUN(rfc4787_req_8_whoever_knows_the_end_may_send);
	RUN(rfc4787_req_8_address_dependent_only_who_was_sent_to_may);
	RUN(rfc4787_req_8_by_this_guest_and_from_this_port);
	RUN(rfc4787_req_8_only_while_it_lasts);
	RUN(rfc4787_req_8_pings_as_well);
	RUN(the_filter_can_be_changed);
	RUN(rfc5382_req_3_address_dependent_a_second_connection_from_there);
	RUN(a_connection_with_port_0_is_no_note);
	RUN(a_reset_is_no_invitation);
	RUN(without_room_for_a_note_nothing_is_sent);
	RUN(rfc4787_req_9_from_one_guest_to_another);
	RUN(rfc4787_req_9_to_ones_own_outside_end);
	RUN(rfc4787_req_9_the_filter_holds_here_as_well);
	RUN(rfc4787_req_9_where_nobody_is_the_host_answers);
	RUN(rfc4787_req_9_what_goes_out_this_way_refreshes_the_senders);
	RUN(rfc5382_req_8_a_connection_between_guests);
	RUN(rfc5382_req_8_a_connection_with_oneself);
	RUN(rfc5508_req_8_a_guest_is_told_that_the_other_has_no_room);
	return tap_done();
}
