// SPDX-License-Identifier: GPL-2.0
/* Outside ports: each given once, as like the guest's own as can be, and else not to be foretold. */
#include "nat_world.h"

#include "translator.h"

static void begin_with(u16 first, u16 last, u32 most)
{
	struct vnic_nat_config config = small;

	config.first_port = first;
	config.last_port = last;
	config.most = most;
	config.quota = most;
	world_begin(&config);
}

static void begin(u16 first, u16 last)
{
	begin_with(first, last, 1000);
}

/* The port that a guest's gets; 0: none. */
static u16 port_for(u32 guest, u8 protocol, u16 port)
{
	if (send_out(guest, protocol, port, remote_end(80), SYN) != VNIC_WAY_OUT)
		return 0;
	return ntohs(world.p.source.port);
}

/* As many mappings, without a look at each of them. */
static void take(u32 guest, u16 from, u32 count)
{
	struct vnic_mapping *m;

	vnic_nat_advance(world.nat, world.now);
	for (u32 i = 0; i < count; i++)
		vnic_mapping_create(world.nat, &world.guest[guest], UDP, guest_end(guest, from + i),
				    world.now, &m);
}

static void the_port_is_kept_if_it_is_free(void)
{
	begin(1024, 65535);
	for (u32 port = 1024; port < 65536; port += 977)
		CHECK_EQ(port_for(0, UDP, port), port);
	CHECK_EQ(port_for(0, TCP, 65535), 65535);
	CHECK_EQ(port_for(0, ICMP, 1024), 1024);
	world_end();
}

static void the_port_is_kept_of_each_protocol(void)
{
	begin(1024, 65535);
	CHECK_EQ(port_for(0, UDP, 4000), 4000);
	CHECK_EQ(port_for(1, TCP, 4000), 4000);
	CHECK_EQ(port_for(2, ICMP, 4000), 4000);
	world_end();
}

static void rfc4787_req_3_no_port_is_given_twice(void)
{
	static bool seen[65536];
	u32 port;

	memset(seen, 0, sizeof(seen));
	begin(2000, 2199);
	for (u32 i = 0; i < 200; i++) {
		port = port_for(i % 2, UDP, i % 3 ? 2000 + i / 2 : 9000 + i);
		CHECK(port >= 2000 && port <= 2199, "port %u", port);
		CHECK(!seen[port], "port %u is given twice", port);
		seen[port] = true;
	}
	CHECK_EQ(port_for(3, UDP, 2000), 0);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_PORT);
	CHECK(world.v.prohibited, "nobody is told (RFC 5508 REQ-8)");
	CHECK(port_for(3, TCP, 2000), "those of TCP are others");
	world_end();
}

static void rfc5382_req_7_nor_of_tcp(void)
{
	u16 first, second;

	begin(2000, 2001);
	first = port_for(0, TCP, 9000);
	second = port_for(1, TCP, 9000);
	CHECK(first && second && first != second, "%u and %u", first, second);
	CHECK_EQ(port_for(2, TCP, 9000), 0);
	CHECK_EQ(counts_now().mappings, 2);
	CHECK_EQ(counts_now().sessions, 2);
	world_end();
}

static void rfc4787_req_3_the_class_is_kept(void)
{
	begin(600, 65535);
	CHECK_EQ(port_for(0, UDP, 700), 700);
	for (u32 i = 1; i < 8; i++) {
		u16 low = port_for(i, UDP, 700), high = port_for(i, UDP, 5000);

		CHECK(low >= 600 && low <= 1023, "700 became %u", low);
		CHECK(high >= 1024, "5000 became %u", high);
	}
	for (u32 i = 0; i < 8; i++) {
		u16 low = port_for(i, UDP, 80);

		CHECK(low >= 600 && low <= 1023, "80 became %u", low);
	}
	world_end();
}

static void rfc4787_req_3_another_class_is_better_than_none(void)
{
	begin(1022, 1025);
	CHECK(port_for(0, UDP, 80) <= 1023, "the class is not kept");
	CHECK(port_for(0, UDP, 81) <= 1023, "the class is not kept");
	CHECK_EQ(port_for(0, UDP, 82), 1024);
	CHECK_EQ(port_for(0, UDP, 84), 1025);
	CHECK_EQ(port_for(0, UDP, 86), 0);
	world_end();
	begin(61000, 61001);
	CHECK_EQ(port_for(0, UDP, 81), 61001);
	CHECK_EQ(port_for(0, UDP, 83), 61000);
	world_end();
}

static void rfc4787_req_4_the_parity_is_kept(void)
{
	begin(61000, 65535);
	for (u16 port = 4000; port < 4100; port++)
		CHECK_EQ(port_for(0, UDP, port) % 2, port % 2);
	for (u16 port = 4000; port < 4100; port++)
		CHECK_EQ(port_for(1, TCP, port) % 2, port % 2);
	for (u16 port = 61000; port < 61100; port++) {
		port_for(2, UDP, port);
		CHECK_EQ(port_for(3, UDP, port) % 2, port % 2);
	}
	world_end();
}

static void rfc4787_req_4_another_parity_is_better_than_none(void)
{
	begin(61000, 61009);
	for (u16 i = 0; i < 5; i++)
		CHECK_EQ(port_for(0, UDP, 4000 + 2 * i) % 2, 0);
	for (u16 i = 5; i < 10; i++)
		CHECK_EQ(port_for(0, UDP, 4000 + 2 * i) % 2, 1);
	CHECK_EQ(port_for(0, UDP, 5000), 0);
	world_end();
}

static void identifiers_have_neither_class_nor_parity(void)
{
	u32 odd = 0, low = 0;

	begin(1000, 1047);
	for (u16 i = 0; i < 40; i++) {
		u16 number = port_for(0, ICMP, 2000 + 2 * i);

		odd += number % 2;
		low += i < 20 && number < 1024;
	}
	CHECK(odd > 15, "%u of 40 are odd", odd);
	CHECK(low > 3, "%u of 20 are low", low);
	world_end();
}

static void rfc4787_req_3_the_hosts_ports_are_left_to_it(void)
{
	begin(61000, 61099);
	world.host_first = 61010;
	world.host_last = 61099;
	CHECK(port_for(0, UDP, 61050) < 61010, "the host's");
	for (u32 i = 1; i < 10; i++) {
		u16 port = port_for(0, UDP, 4000 + i);

		CHECK(port >= 61000 && port < 61010, "got %u", port);
	}
	CHECK_EQ(port_for(0, UDP, 5000), 0);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_PORT);
	world.host_first = 0;
	CHECK(port_for(0, UDP, 5000) >= 61010, "what the host has left is not given");
	world_end();
}

static void what_has_expired_is_found_when_no_port_is_free(void)
{
	begin(61000, 61009);
	for (u32 i = 0; i < 10; i++)
		CHECK(port_for(0, UDP, 4000 + i), "port %u", i);
	CHECK_EQ(port_for(0, UDP, 5000), 0);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_PORT);
	world.now += vnic_nat_config(world.nat)->timeouts.udp;
	CHECK(port_for(0, UDP, 5000), "all have expired, and none is given");
	world_end();
}

static void a_port_that_the_host_takes_is_left_to_it(void)
{
	u16 port, other;

	begin(61000, 61099);
	port = port_for(0, UDP, 4000);
	other = port_for(0, UDP, 4002);
	world.host_first = port;
	world.host_last = port;
	CHECK_EQ(port_for(0, UDP, 4000), port);
	vnic_nat_collect(world.nat, world.now, ~0u);
	CHECK(port_for(0, UDP, 4000) != port, "it stays the guest's");
	CHECK_EQ(port_for(0, UDP, 4002), other);
	world_end();
}

static void the_host_is_asked_so_often_and_no_more(void)
{
	begin(1024, 65535);
	world.host_first = 1024;
	world.host_last = 65535;
	CHECK_EQ(port_for(0, UDP, 4000), 0);
	CHECK_EQ(world.v.reason, VNIC_REASON_NO_PORT);
	/* The first packet looks once more after what has expired was freed. */
	world.asked = 0;
	CHECK_EQ(port_for(0, UDP, 4002), 0);
	CHECK(world.asked < 200, "asked %u times", world.asked);
	world_end();
}

static void the_last_free_port_is_found(void)
{
	begin_with(1024, 65535, 70000);
	take(0, 1024, 65535 - 1024);
	look();
	CHECK_EQ(counts_now().mappings, 65535 - 1024);
	CHECK_EQ(port_for(1, UDP, 5000), 65535);
	CHECK_EQ(port_for(2, UDP, 5000), 0);
	world_end();
	begin_with(1024, 65535, 70000);
	take(0, 1025, 65535 - 1024);
	CHECK_EQ(port_for(1, UDP, 80), 1024);
	CHECK_EQ(port_for(2, UDP, 80), 0);
	world_end();
}

static void a_port_that_is_left_is_given_again(void)
{
	begin(2000, 2000);
	CHECK_EQ(port_for(0, UDP, 4000), 2000);
	CHECK_EQ(port_for(1, UDP, 4000), 0);
	vnic_nat_forget(world.nat, &world.guest[0]);
	CHECK_EQ(port_for(1, UDP, 4000), 2000);
	world_end();
}

static void rfc6056_the_next_port_cannot_be_foretold(void)
{
	u32 near = 0, below = 0;
	u16 last = 0;

	begin(1024, 65535);
	for (u32 i = 0; i < 500; i++) {
		u16 port = port_for(i % GUESTS, UDP, 300 + i / GUESTS);

		near += port > last - 256 && port < last + 256;
		below += port < 33280;
		last = port;
	}
	CHECK(near < 20, "%u of 500 are near the last", near);
	CHECK(below > 200 && below < 300, "%u of 500 are in the lower half", below);
	world_end();
}

static void a_range_that_was_changed_holds_for_the_next(void)
{
	struct vnic_nat_config config;

	begin(2000, 2999);
	CHECK_EQ(port_for(0, UDP, 2500), 2500);
	config = config_now();
	config.first_port = 3000;
	config.last_port = 3999;
	vnic_nat_configure(world.nat, &config);
	CHECK_EQ(port_for(0, UDP, 2500), 2500);
	CHECK(port_for(1, UDP, 2501) >= 3000, "of the old range");
	CHECK_EQ(send_in(UDP, remote_end(80), outside_end(2500), 0), VNIC_WAY_IN);
	world_end();
}

int main(void)
{
	RUN(the_port_is_kept_if_it_is_free);
	RUN(the_port_is_kept_of_each_protocol);
	RUN(rfc4787_req_3_no_port_is_given_twice);
	RUN(rfc5382_req_7_nor_of_tcp);
	RUN(rfc4787_req_3_the_class_is_kept);
	RUN(rfc4787_req_3_another_class_is_better_than_none);
	RUN(rfc4787_req_4_the_parity_is_kept);
	RUN(rfc4787_req_4_another_parity_is_better_than_none);
	RUN(identifiers_have_neither_class_nor_parity);
	RUN(rfc4787_req_3_the_hosts_ports_are_left_to_it);
	RUN(what_has_expired_is_found_when_no_port_is_free);
	RUN(a_port_that_the_host_takes_is_left_to_it);
	RUN(the_host_is_asked_so_often_and_no_more);
	RUN(the_last_free_port_is_found);
	RUN(a_port_that_is_left_is_given_again);
	RUN(rfc6056_the_next_port_cannot_be_foretold);
	RUN(a_range_that_was_changed_holds_for_the_next);
	return tap_done();
}
