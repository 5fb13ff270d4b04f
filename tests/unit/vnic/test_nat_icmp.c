// SPDX-License-Identifier: GPL-2.0
/* ICMP errors, and the packets that they quote (RFC 5508). */
#include "nat_world.h"

#define ROUTER	0xcb007101	/* 203.0.113.1 */
#define PEER	remote_end(80)
#define HERE	guest_end(0, 4000)
#define THERE	outside_end(4000)

static const u8 protocols[] = { UDP, TCP, ICMP };
static const struct vnic_end none;

/* The end that answers a ping has no number. */
static struct vnic_end peer_of(u8 protocol)
{
	return protocol == ICMP ? remote_end(0) : PEER;
}

static void begin(u8 protocol)
{
	world_begin(&small);
	send_out(0, protocol, 4000, peer_of(protocol), SYN);
}

/* --- from outside, about what a guest sent --- */

static void rfc5508_req_4_goes_to_who_sent_what_it_quotes(void)
{
	for (u32 i = 0; i < 3; i++) {
		begin(protocols[i]);
		CHECK_EQ(send_error(-1, protocols[i], THERE, peer_of(protocols[i]), ROUTER),
			 VNIC_WAY_IN);
		CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
		CHECK(world.v.guest == &world.guest[0], "another guest");
		CHECK_EQ(world.p.destination.address, HERE.address);
		CHECK_EQ(world.p.source.address, htonl(ROUTER));
		CHECK_END(world.p.inner_source, HERE);
		CHECK_END(world.p.inner_destination, peer_of(protocols[i]));
		world_end();
	}
}

static void rfc5508_req_4_about_nobodys_is_the_hosts(void)
{
	begin(UDP);
	CHECK_EQ(send_error(-1, UDP, outside_end(4001), PEER, ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(world.v.reason, VNIC_REASON_ERROR_UNKNOWN);
	CHECK_END(world.p.inner_source, outside_end(4001));
	CHECK_EQ(send_error(-1, TCP, THERE, PEER, ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(send_error(-1, ICMP, THERE, remote_end(0), ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(counted(VNIC_REASON_ERROR_UNKNOWN), 3);
	world.now += 5 * MINUTE;
	CHECK_EQ(send_error(-1, UDP, THERE, PEER, ROUTER), VNIC_WAY_HOST);
	world_end();
}

static void an_error_about_a_connection_that_is_not_there_is_forged(void)
{
	begin(TCP);
	CHECK_EQ(send_error(-1, TCP, THERE, remote_end(81), ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(send_error(-1, TCP, THERE, end_of(REMOTE + 1, 80), ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(send_error(-1, TCP, THERE, PEER, ROUTER), VNIC_WAY_IN);
	world_end();
}

static void an_error_about_whom_the_filter_keeps_out_is_forged(void)
{
	struct vnic_nat_config config = small;

	config.address_dependent = true;
	world_begin(&config);
	send_out(0, UDP, 4000, PEER, 0);
	CHECK_EQ(send_error(-1, UDP, THERE, end_of(REMOTE + 1, 80), ROUTER), VNIC_WAY_HOST);
	CHECK_EQ(send_error(-1, UDP, THERE, PEER, ROUTER), VNIC_WAY_IN);
	world_end();
}

static void rfc4787_req_12_no_error_ends_a_mapping(void)
{
	begin(UDP);
	for (u32 i = 0; i < 10; i++)
		send_error(-1, UDP, THERE, PEER, ROUTER);
	CHECK_EQ(send_in(UDP, PEER, THERE, 0), VNIC_WAY_IN);
	world_end();
}

static void rfc5382_req_9_and_10_nor_a_connection(void)
{
	begin(TCP);
	CHECK_EQ(send_error(-1, TCP, THERE, PEER, REMOTE), VNIC_WAY_IN);
	CHECK_EQ(state_of(HERE, PEER), VNIC_TCP_INIT);
	CHECK_EQ(send_in(TCP, PEER, THERE, SYN | ACK), VNIC_WAY_IN);
	CHECK_EQ(send_error(-1, TCP, THERE, PEER, REMOTE), VNIC_WAY_IN);
	CHECK_EQ(state_of(HERE, PEER), VNIC_TCP_ESTABLISHED);
	world_end();
}

static void rfc5508_req_6_no_error_refreshes(void)
{
	static const u64 lives[] = { 5 * MINUTE, 4 * MINUTE, MINUTE };

	for (u32 i = 0; i < 3; i++) {
		begin(protocols[i]);
		world.now += lives[i] - 1;
		CHECK_EQ(send_error(-1, protocols[i], THERE, peer_of(protocols[i]), ROUTER),
			 VNIC_WAY_IN);
		if (protocols[i] != ICMP)
			CHECK_EQ(send_error(0, protocols[i], peer_of(protocols[i]), HERE, GUEST(0)),
				 VNIC_WAY_OUT);
		CHECK_EQ(flow_of(protocols[i], HERE, none)->left, 1);
		CHECK_EQ(flow_of(protocols[i], HERE, none)->out, 1);
		CHECK_EQ(flow_of(protocols[i], HERE, none)->in, 0);
		world_end();
	}
}

/* --- from a guest, about what it received --- */

static void rfc5508_req_5_comes_from_the_outside_end(void)
{
	for (u32 i = 0; i < 2; i++) {
		begin(protocols[i]);
		CHECK_EQ(send_error(0, protocols[i], PEER, HERE, GUEST(0)), VNIC_WAY_OUT);
		CHECK_EQ(world.v.reason, VNIC_REASON_KNOWN);
		CHECK_EQ(world.p.source.address, htonl(OUTSIDE));
		CHECK_EQ(world.p.destination.address, PEER.address);
		CHECK_END(world.p.inner_source, PEER);
		CHECK_END(world.p.inner_destination, THERE);
		world_end();
	}
}

static void rfc5508_req_5_about_the_answer_to_a_ping(void)
{
	begin(ICMP);
	CHECK_EQ(send_error(0, ICMP, remote_end(0), HERE, GUEST(0)), VNIC_WAY_OUT);
	CHECK_END(world.p.inner_destination, THERE);
	world_end();
}

static void rfc5508_req_5_about_nothing_it_received_goes_nowhere(void)
{
	begin(UDP);
	CHECK_EQ(send_error(0, UDP, PEER, guest_end(0, 4001), GUEST(0)), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_ERROR_UNKNOWN);
	CHECK(!world.v.prohibited, "it is told");
	CHECK_EQ(send_error(0, TCP, PEER, HERE, GUEST(0)), VNIC_WAY_DROP);
	CHECK_EQ(send_error(1, UDP, PEER, HERE, GUEST(1)), VNIC_WAY_DROP);
	CHECK_EQ(counts_now().mappings, 1);
	world_end();
	begin(TCP);
	CHECK_EQ(send_error(0, TCP, remote_end(81), HERE, GUEST(0)), VNIC_WAY_DROP);
	world_end();
}

/* A ping without a number looks like an answer without one. */
static void rfc5508_req_5_nobody_asks_a_guest(void)
{
	world_begin(&small);
	CHECK_EQ(send_out(0, ICMP, 0, remote_end(0), 0), VNIC_WAY_OUT);
	CHECK(world.p.source.port, "0 is no port of the range");
	CHECK_EQ(send_reply(guest_end(0, 0), remote_end(0)), VNIC_WAY_DROP);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_MAPPING);
	CHECK_EQ(send_reply(guest_end(0, 0), remote_end(7)), VNIC_WAY_DROP);
	CHECK_EQ(send_error(0, ICMP, remote_end(7), guest_end(0, 0), GUEST(0)), VNIC_WAY_DROP);
	CHECK_EQ(counts_now().mappings, 1);
	world_end();
}

/* An error that is sent to another than the sender of what it quotes. */
static enum vnic_way send_astray(int guest, struct vnic_end source, struct vnic_end destination,
				 u32 told)
{
	const struct plan plan = {
		.protocol = UDP,
		.error = true,
		.quoted = 28,
		.ttl = 64,
		.source = source,
		.destination = destination,
		.reporter = htonl(guest < 0 ? ROUTER : GUEST(guest)),
		.told = htonl(told),
	};
	struct datagram d = make(&plan);

	CHECK_EQ(read_all(&world.p, d, &plan), VNIC_SOUND);
	world.v = guest < 0 ? vnic_nat_inbound(world.nat, &world.p, world.now) :
			      vnic_nat_outbound(world.nat, &world.guest[guest], &world.p, world.now);
	throw_away(d);
	return world.v.way;
}

static void rfc1122_3_2_2_an_error_goes_to_the_sender_of_what_it_quotes(void)
{
	begin(UDP);
	CHECK_EQ(send_astray(0, PEER, HERE, REMOTE), VNIC_WAY_OUT);
	CHECK_EQ(send_astray(0, PEER, HERE, REMOTE + 1), VNIC_WAY_DROP);
	CHECK_EQ(send_astray(-1, THERE, PEER, OUTSIDE), VNIC_WAY_IN);
	CHECK_EQ(send_astray(-1, THERE, PEER, OUTSIDE + 1), VNIC_WAY_HOST);
	/* What another guest received is none of this one's. */
	send_out(1, UDP, 5000, PEER, 0);
	CHECK_EQ(send_astray(1, PEER, HERE, REMOTE), VNIC_WAY_DROP);
	world_end();
}

/* --- between guests --- */

static void rfc5508_req_7_from_one_guest_to_another(void)
{
	for (u32 i = 0; i < 2; i++) {
		struct vnic_end forward = outside_end(80);

		world_begin(&small);
		CHECK_EQ(vnic_nat_forward(world.nat, &world.guest[1], protocols[i], forward,
					  htons(8080)), 0);
		CHECK_EQ(send_out(0, protocols[i], 4000, forward, SYN), VNIC_WAY_IN);
		/* Guest 1 received it from guest 0's outside end, and complains there. */
		CHECK_EQ(send_error(1, protocols[i], THERE, guest_end(1, 8080), GUEST(1)),
			 VNIC_WAY_IN);
		CHECK_EQ(world.v.reason, VNIC_REASON_HAIRPIN);
		CHECK(world.v.guest == &world.guest[0], "another guest");
		CHECK_EQ(world.p.source.address, htonl(OUTSIDE));
		CHECK_EQ(world.p.destination.address, HERE.address);
		CHECK_END(world.p.inner_source, HERE);
		CHECK_END(world.p.inner_destination, forward);
		world_end();
	}
}

static void rfc5508_req_7_about_what_the_host_sent(void)
{
	begin(UDP);
	CHECK_EQ(send_in(UDP, outside_end(53), THERE, 0), VNIC_WAY_IN);
	CHECK_EQ(send_error(0, UDP, outside_end(53), HERE, GUEST(0)), VNIC_WAY_HOST);
	CHECK_EQ(world.p.source.address, htonl(OUTSIDE));
	CHECK_END(world.p.inner_destination, THERE);
	world_end();
}

int main(void)
{
	RUN(rfc5508_req_4_goes_to_who_sent_what_it_quotes);
	RUN(rfc5508_req_4_about_nobodys_is_the_hosts);
	RUN(an_error_about_a_connection_that_is_not_there_is_forged);
	RUN(an_error_about_whom_the_filter_keeps_out_is_forged);
	RUN(rfc4787_req_12_no_error_ends_a_mapping);
	RUN(rfc5382_req_9_and_10_nor_a_connection);
	RUN(rfc5508_req_6_no_error_refreshes);
	RUN(rfc5508_req_5_comes_from_the_outside_end);
	RUN(rfc5508_req_5_about_the_answer_to_a_ping);
	RUN(rfc5508_req_5_about_nothing_it_received_goes_nowhere);
	RUN(rfc5508_req_5_nobody_asks_a_guest);
	RUN(rfc1122_3_2_2_an_error_goes_to_the_sender_of_what_it_quotes);
	RUN(rfc5508_req_7_from_one_guest_to_another);
	RUN(rfc5508_req_7_about_what_the_host_sent);
	return tap_done();
}
