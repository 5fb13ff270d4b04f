// SPDX-License-Identifier: GPL-2.0
/* Mappings: one for each inside end, by one address for each guest, as long as they are used. */
#include <linux/gfp.h>

#include "nat_world.h"

static const struct vnic_end none;

/* --- RFC 4787 REQ-1, RFC 5382 REQ-1, RFC 5508 REQ-1 --- */

static void rfc4787_req_1_whoever_is_sent_to_sees_the_same_end(void)
{
	struct vnic_end first;

	world_begin(&small);
	CHECK_EQ(send_out(0, UDP, 500, remote_end(80), 0), VNIC_WAY_OUT);
	CHECK_EQ(world.v.reason, VNIC_REASON_CREATED);
	first = world.p.source;
	CHECK_EQ(first.address, htonl(OUTSIDE));
	CHECK_EQ(send_out(0, UDP, 500, remote_end(81), 0), VNIC_WAY_OUT);
	CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
	CHECK_END(world.p.source, first);
	CHECK_EQ(send_out(0, UDP, 500, end_of(REMOTE + 1, 80), 0), VNIC_WAY_OUT);
	CHECK_END(world.p.source, first);
	CHECK_EQ(counts_now().mappings, 1);
	world_end();
}

static void rfc5382_req_1_of_tcp_as_well(void)
{
	struct vnic_end first;

	world_begin(&small);
	send_out(0, TCP, 500, remote_end(80), SYN);
	first = world.p.source;
	CHECK_EQ(send_out(0, TCP, 500, end_of(REMOTE + 1, 81), SYN), VNIC_WAY_OUT);
	CHECK_END(world.p.source, first);
	CHECK_EQ(counts_now().mappings, 1);
	CHECK_EQ(counts_now().sessions, 2);
	world_end();
}

static void rfc5508_req_1_of_identifiers_as_well(void)
{
	struct vnic_end first;

	world_begin(&small);
	send_out(0, ICMP, 500, remote_end(0), 0);
	first = world.p.source;
	CHECK_EQ(send_out(0, ICMP, 500, end_of(REMOTE + 1, 0), 0), VNIC_WAY_OUT);
	CHECK_END(world.p.source, first);
	CHECK_EQ(send_reply(remote_end(0), first), VNIC_WAY_IN);
	CHECK_END(world.p.destination, guest_end(0, 500));
	world_end();
}

static void another_port_guest_or_protocol_is_another_mapping(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	send_out(0, UDP, 4001, remote_end(80), 0);
	send_out(1, UDP, 4000, remote_end(80), 0);
	send_out(0, TCP, 4000, remote_end(80), SYN);
	send_out(0, ICMP, 4000, remote_end(0), 0);
	CHECK_EQ(counts_now().mappings, 5);
	CHECK_EQ(counted(VNIC_REASON_CREATED), 5);
	world_end();
}

static void the_way_back_leads_to_who_sent(void)
{
	struct vnic_end out[2];

	world_begin(&small);
	for (u32 i = 0; i < 2; i++) {
		send_out(i, UDP, 4000, remote_end(80), 0);
		out[i] = world.p.source;
	}
	for (u32 i = 0; i < 2; i++) {
		CHECK_EQ(send_in(UDP, remote_end(80), out[i], 0), VNIC_WAY_IN);
		CHECK(world.v.guest == &world.guest[i], "another guest");
		CHECK_END(world.p.destination, guest_end(i, 4000));
		CHECK_END(world.p.source, remote_end(80));
	}
	world_end();
}

static void whom_nobody_knows_is_left_to_the_host(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4001), 0), VNIC_WAY_HOST);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_MAPPING);
	CHECK_END(world.p.destination, outside_end(4001));
	CHECK_EQ(send_in(TCP, remote_end(80), outside_end(4000), ACK), VNIC_WAY_HOST);
	CHECK_EQ(send_reply(remote_end(0), outside_end(4000)), VNIC_WAY_HOST);
	CHECK_EQ(send_in(ICMP, remote_end(9), outside_end(0), 0), VNIC_WAY_HOST);
	world_end();
}

/* --- RFC 4787 REQ-2 --- */

static void set_addresses(u32 first, u32 count)
{
	__be32 addresses[VNIC_NAT_ADDRESSES];

	for (u32 i = 0; i < count; i++)
		addresses[i] = htonl(first + i);
	vnic_nat_set_addresses(world.nat, addresses, count);
	look();
}

static void rfc4787_req_2_a_guest_is_known_by_one_address(void)
{
	__be32 seen[GUESTS];
	u32 others = 0;

	world_begin(&small);
	set_addresses(OUTSIDE, 3);
	for (u32 i = 0; i < GUESTS; i++) {
		send_out(i, UDP, 4000, remote_end(80), 0);
		seen[i] = world.p.source.address;
		others += seen[i] != seen[0];
		for (u16 port = 4001; port < 4004; port++) {
			send_out(i, UDP, port, remote_end(port), 0);
			CHECK_EQ(world.p.source.address, seen[i]);
			send_out(i, TCP, port, remote_end(port), SYN);
			CHECK_EQ(world.p.source.address, seen[i]);
		}
	}
	CHECK(others, "all have the same");
	world_end();
}

static void rfc4787_req_2_addresses_that_come_do_not_move_a_guest(void)
{
	world_begin(&small);
	for (u32 i = 0; i < GUESTS; i++)
		send_out(i, UDP, 4000, remote_end(80), 0);
	set_addresses(OUTSIDE - 2, 5);
	CHECK_EQ(counts_now().mappings, GUESTS);
	for (u32 i = 0; i < GUESTS; i++) {
		send_out(i, UDP, 4001, remote_end(80), 0);
		CHECK_EQ(world.p.source.address, htonl(OUTSIDE));
	}
	world_end();
}

static void mappings_of_an_address_that_goes_go(void)
{
	world_begin(&small);
	set_addresses(OUTSIDE, 2);
	for (u32 i = 0; i < GUESTS; i++)
		send_out(i, TCP, 4000, remote_end(80), SYN);
	CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[0], UDP, outside_end(53), htons(53)), 0);
	set_addresses(OUTSIDE + 1, 2);
	CHECK_EQ(counts_now().mappings, GUESTS / 2);
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(53), 0), VNIC_WAY_HOST);
	for (u32 i = 0; i < GUESTS; i++) {
		CHECK_EQ(send_out(i, TCP, 4001, remote_end(80), SYN), VNIC_WAY_OUT);
		CHECK(world.p.source.address != htonl(OUTSIDE), "the old address");
	}
	/* The old address's ports are all free when it comes back. */
	set_addresses(OUTSIDE, 1);
	CHECK_EQ(counts_now().mappings, 0);
	CHECK_EQ(send_out(0, TCP, 4000, remote_end(80), SYN), VNIC_WAY_OUT);
	CHECK_END(world.p.source, outside_end(4000));
	world_end();
}

static void addresses_may_come_and_go_for_ever(void)
{
	world_begin(&small);
	for (u32 i = 0; i < 40; i++) {
		set_addresses(OUTSIDE + i, 1 + i % VNIC_NAT_ADDRESSES);
		CHECK_EQ(send_out(0, UDP, 4000, remote_end(80), 0), VNIC_WAY_OUT);
		CHECK_EQ(ntohs(world.p.source.port), 4000);
	}
	world_end();
}

static void without_an_address_nothing_is_translated(void)
{
	world_begin(&small);
	vnic_nat_set_addresses(world.nat, NULL, 0);
	CHECK_EQ(send_out(0, UDP, 4000, remote_end(80), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_PORT);
	CHECK(world.v.prohibited, "nobody is told");
	world_end();
}

/* --- RFC 4787 REQ-5, REQ-6; RFC 5508 REQ-2 --- */

static void rfc4787_req_5_a_mapping_lives_five_minutes(void)
{
	CHECK_EQ(vnic_nat_default_timeouts.udp, 5 * MINUTE);
	CHECK_EQ(vnic_nat_default_timeouts.icmp, MINUTE);
	CHECK_EQ(vnic_nat_default_timeouts.tcp_established, 124 * MINUTE);
	CHECK_EQ(vnic_nat_default_timeouts.tcp_transitory, 4 * MINUTE);
	CHECK_EQ(vnic_nat_default_timeouts.tcp_syn, 6000);
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	world.now += 5 * MINUTE - 1;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	CHECK_EQ(flow_of(UDP, guest_end(0, 4000), none)->left, 1);
	world.now++;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_HOST);
	CHECK(!flow_of(UDP, guest_end(0, 4000), none), "it is told");
	world_end();
}

static void rfc5508_req_2_a_ping_is_known_for_a_minute(void)
{
	world_begin(&small);
	send_out(0, ICMP, 4000, remote_end(0), 0);
	world.now += MINUTE - 1;
	CHECK_EQ(send_reply(remote_end(0), outside_end(4000)), VNIC_WAY_IN);
	world.now++;
	CHECK_EQ(send_reply(remote_end(0), outside_end(4000)), VNIC_WAY_HOST);
	world_end();
}

static void rfc4787_req_6_what_goes_out_refreshes(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	for (u32 i = 0; i < 10; i++) {
		world.now += 5 * MINUTE - 1;
		CHECK_EQ(send_out(0, UDP, 4000, remote_end(81 + i), 0), VNIC_WAY_OUT);
		CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
	}
	world_end();
}

static void rfc4787_req_6_what_comes_in_does_not(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	for (u32 i = 0; i < 5; i++) {
		world.now += MINUTE - 1;
		CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_IN);
	}
	world.now += 5;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_HOST);
	world_end();
}

static void what_has_expired_is_made_anew_with_its_port(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	world.now += 5 * MINUTE;
	CHECK_EQ(send_out(0, UDP, 4000, remote_end(80), 0), VNIC_WAY_OUT);
	CHECK_EQ(world.v.reason, VNIC_REASON_CREATED);
	CHECK_END(world.p.source, outside_end(4000));
	CHECK_EQ(counts_now().mappings, 1);
	world_end();
}

static void time_does_not_go_back(void)
{
	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	world.now -= 10;
	CHECK_EQ(send_out(0, UDP, 4000, remote_end(80), 0), VNIC_WAY_OUT);
	CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
	world.now += 10 + 5 * MINUTE;
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(4000), 0), VNIC_WAY_HOST);
	world_end();
}

/* --- RFC 4787 REQ-11 --- */

static void rfc4787_req_11_the_behaviour_is_the_same_when_a_port_is_not_kept(void)
{
	struct vnic_end kept, other;

	world_begin(&small);
	send_out(0, UDP, 4000, remote_end(80), 0);
	kept = world.p.source;
	send_out(1, UDP, 4000, remote_end(80), 0);
	other = world.p.source;
	CHECK(!same_end(kept, other), "both have the same");
	for (u32 i = 0; i < 20; i++) {
		send_out(0, UDP, 4000, end_of(REMOTE + i, 80 + i), 0);
		CHECK_END(world.p.source, kept);
		send_out(1, UDP, 4000, end_of(REMOTE + i, 80 + i), 0);
		CHECK_END(world.p.source, other);
		CHECK_EQ(send_in(UDP, end_of(REMOTE + 50 + i, 9), kept, 0), VNIC_WAY_IN);
		CHECK_EQ(send_in(UDP, end_of(REMOTE + 50 + i, 9), other, 0), VNIC_WAY_IN);
	}
	world_end();
}

/* --- bounds --- */

static void rfc5508_req_8_a_guest_that_has_its_quota_is_told(void)
{
	world_begin(&small);
	for (u16 port = 0; port < small.quota; port++)
		CHECK_EQ(send_out(0, UDP, 4000 + port, remote_end(80), 0), VNIC_WAY_OUT);
	CHECK_EQ(send_out(0, UDP, 5000, remote_end(80), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_QUOTA);
	CHECK(world.v.prohibited, "nobody is told");
	CHECK_EQ(counted(VNIC_REASON_QUOTA), 1);
	CHECK_EQ(send_out(0, UDP, 4000, remote_end(81), 0), VNIC_WAY_OUT);
	CHECK_EQ(send_out(1, UDP, 5000, remote_end(80), 0), VNIC_WAY_OUT);
	world_end();
}

static void rfc5508_req_8_nobody_gets_more_than_there_are(void)
{
	struct vnic_nat_config config = small;

	config.most = 20;
	world_begin(&config);
	for (u16 port = 0; port < 10; port++)
		for (u32 i = 0; i < 2; i++)
			CHECK_EQ(send_out(i, UDP, 4000 + port, remote_end(80), 0), VNIC_WAY_OUT);
	CHECK_EQ(send_out(2, UDP, 4000, remote_end(80), 0), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FULL);
	CHECK(world.v.prohibited, "nobody is told");
	world.now += 5 * MINUTE;
	CHECK_EQ(vnic_nat_collect(world.nat, world.now, 1000), 0);
	CHECK_EQ(send_out(2, UDP, 4000, remote_end(80), 0), VNIC_WAY_OUT);
	world_end();
}

static void a_guest_has_its_part_of_the_sessions(void)
{
	u32 part = small.sessions * small.quota / small.most;

	world_begin(&small);
	for (u32 i = 0; i < part; i++)
		CHECK_EQ(send_out(0, TCP, 4000, end_of(REMOTE + i, 80), SYN), VNIC_WAY_OUT);
	CHECK_EQ(send_out(0, TCP, 4000, end_of(REMOTE + part, 80), SYN), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_FULL);
	CHECK(world.v.prohibited, "nobody is told");
	/* A mapping that gets no session does not stay either. */
	CHECK_EQ(send_out(0, TCP, 4001, remote_end(80), SYN), VNIC_WAY_DROP);
	CHECK_EQ(counts_now().mappings, 1);
	CHECK_EQ(send_out(1, TCP, 4000, remote_end(80), SYN), VNIC_WAY_OUT);
	world_end();
}

static void without_memory_nothing_is_left_behind(void)
{
	struct vnic_nat_config config = small;

	config.address_dependent = true;
	world_begin(&config);
	for (u32 i = 1; i <= 3; i++) {
		shim_fail_in = i;
		CHECK_EQ(send_out(0, TCP, 4000, remote_end(80), SYN), VNIC_WAY_DROP);
		CHECK_EQ(world.v.reason, VNIC_REASON_NO_MEMORY);
		CHECK(world.v.prohibited, "nobody is told");
		CHECK_EQ(shim_fail_in, 0);
		CHECK_EQ(counts_now().mappings, 0);
		CHECK_EQ(counts_now().sessions, 0);
	}
	CHECK_EQ(send_out(0, TCP, 4000, remote_end(80), SYN), VNIC_WAY_OUT);
	world_end();
}

int main(void)
{
	RUN(rfc4787_req_1_whoever_is_sent_to_sees_the_same_end);
	RUN(rfc5382_req_1_of_tcp_as_well);
	RUN(rfc5508_req_1_of_identifiers_as_well);
	RUN(another_port_guest_or_protocol_is_another_mapping);
	RUN(the_way_back_leads_to_who_sent);
	RUN(whom_nobody_knows_is_left_to_the_host);
	RUN(rfc4787_req_2_a_guest_is_known_by_one_address);
	RUN(rfc4787_req_2_addresses_that_come_do_not_move_a_guest);
	RUN(mappings_of_an_address_that_goes_go);
	RUN(addresses_may_come_and_go_for_ever);
	RUN(without_an_address_nothing_is_translated);
	RUN(rfc4787_req_5_a_mapping_lives_five_minutes);
	RUN(rfc5508_req_2_a_ping_is_known_for_a_minute);
	RUN(rfc4787_req_6_what_goes_out_refreshes);
	RUN(rfc4787_req_6_what_comes_in_does_not);
	RUN(what_has_expired_is_made_anew_with_its_port);
	RUN(time_does_not_go_back);
	RUN(rfc4787_req_11_the_behaviour_is_the_same_when_a_port_is_not_kept);
	RUN(rfc5508_req_8_a_guest_that_has_its_quota_is_told);
	RUN(rfc5508_req_8_nobody_gets_more_than_there_are);
	RUN(a_guest_has_its_part_of_the_sessions);
	RUN(without_memory_nothing_is_left_behind);
	return tap_done();
}
