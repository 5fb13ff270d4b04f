// SPDX-License-Identifier: GPL-2.0
/* The ledger: its text, its pool of addresses, and the names that containers see. */
#include "ledger.h"
#include "names.h"
#include "tap.h"

static struct ledger ledger;
static struct error err;

static const char whole[] =
	"cell-net 1\n"
	"forwarding ours\n"
	"network default via veth link cell0 subnet 10.89.0.0/24 mtu 1400\n"
	"network lab via vnic link cell1 subnet 10.1.0.0/29 mtu 1500\n"
	"member web-1 network default address 10.89.0.2 device eth0 names web,front\n"
	"member web-1 network lab address 10.1.0.2 device eth1 names web\n"
	"member db network default address 10.89.0.3 device eth0 names db\n"
	"port web-1 0.0.0.0:8080 inside 10.89.0.2:80 tcp\n"
	"port web-1 127.0.0.1:8080 inside 10.89.0.2:53 udp\n"
	"end 8\n";

static void read_whole(void)
{
	ledger_free(&ledger);
	CHECK(!ledger_read(&ledger, whole, strlen(whole), &err), "%s", err.text);
}

static void what_is_read_is_written(void)
{
	size_t length;
	char *text;

	read_whole();
	text = ledger_write(&ledger, &length);
	CHECK(text && length == strlen(whole) && !memcmp(text, whole, length), "%s", text);
	free(text);
}

static void no_text_is_the_empty_ledger(void)
{
	ledger_free(&ledger);
	CHECK_EQ(ledger_read(&ledger, NULL, 0, &err), 0);
	CHECK_EQ(ledger.network_count + ledger.member_count + ledger.port_count, 0);
}

static void a_torn_text_is_refused_wherever_it_ends(void)
{
	for (size_t i = 1; i < strlen(whole); i++) {
		ledger_free(&ledger);
		CHECK(ledger_read(&ledger, whole, i, &err) == -74, "%zu octets are taken", i);
		CHECK(!strncmp(err.text, "line ", 5), "%s", err.text);
	}
}

/* The whole text with one line for another. */
static int with(const char *line, const char *instead)
{
	static char text[2048];
	const char *at = strstr(whole, line);

	CHECK(at, "%s", line);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole, instead,
		 at + strlen(line));
	ledger_free(&ledger);
	return ledger_read(&ledger, text, strlen(text), &err);
}

static void what_cannot_be_is_refused(void)
{
	static const char *const changes[][2] = {
		{ "cell-net 1", "cell-net 2" },
		{ "end 8", "end 7" },
		{ "end 8\n", "end 8\nend 8\n" },
		{ "via veth", "via tap" },
		{ "link cell0", "link ../x" },
		{ "link cell0", "link abcdefghijklmnopq" },
		{ "10.89.0.0/24", "10.89.0.1/24" },
		{ "mtu 1400", "mtu 1" },
		{ "network lab via", "network default via" },
		{ "network lab address", "network other address" },
		/* Invariant 2. */
		{ "address 10.89.0.3", "address 10.89.0.2" },
		{ "address 10.89.0.3", "address 10.89.0.1" },
		{ "address 10.89.0.3", "address 10.89.0.0" },
		{ "address 10.89.0.3", "address 10.89.0.255" },
		{ "address 10.89.0.3", "address 10.89.1.3" },
		{ "names db", "names db," },
		{ "names db", "names a.b" },
		{ "names web,front", "names web,,front" },
		{ "member db", "member ../db" },
		{ "member db", "member  db" },
		{ "port web-1 127", "port nobody 127" },
		/* Invariant 3. */
		{ "53 udp", "53 tcp" },
		{ "53 udp", "53 sctp" },
		{ "0.0.0.0:8080", "0.0.0.0:0" },
		{ "0.0.0.0:8080", "0.0.0.0" },
		{ "forwarding ours", "forwarding others" },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		CHECK(with(changes[i][0], changes[i][1]) == -74, "%s for %s is taken",
		      changes[i][1], changes[i][0]);
}

static void who_leaves_takes_the_ports_along(void)
{
	read_whole();
	ledger_drop_member(&ledger, "web-1", "lab");
	CHECK_EQ(ledger.member_count, 2);
	CHECK_EQ(ledger.port_count, 2);
	ledger_drop_member(&ledger, "web-1", NULL);
	CHECK_EQ(ledger.member_count, 1);
	CHECK_EQ(ledger.port_count, 0);
	CHECK_EQ(ledger_members_of(&ledger, "lab"), 0);
	ledger_drop_network(&ledger, "lab");
	CHECK(!ledger_network(&ledger, "lab") && ledger_network(&ledger, "default"), "the wrong one");
}

static void a_port_is_taken_on_every_address_by_one_for_all(void)
{
	struct net_port port = { .outside = 0x01020304, .outside_port = 8080,
				 .protocol = NET_TCP };

	read_whole();
	CHECK(ledger_port_taken(&ledger, &port), "0.0.0.0 is every address");
	port.protocol = NET_UDP;
	CHECK(!ledger_port_taken(&ledger, &port), "127.0.0.1 is not this one");
	port.outside = 0;
	CHECK(ledger_port_taken(&ledger, &port), "all addresses include 127.0.0.1");
	port.outside_port = 8081;
	CHECK(!ledger_port_taken(&ledger, &port), "another port");
}

static void addresses_are_the_first_free_and_then_none(void)
{
	struct ledger_member member = { .network = "lab", .device = "eth0", .names = "x" };
	const struct ledger_network *lab;

	read_whole();
	lab = ledger_network(&ledger, "lab");
	/* .0 the subnet, .1 the gateway, .2 taken, .7 broadcast. */
	for (uint32_t host = 3; host < 7; host++) {
		member.address = pool_address(&ledger, lab);
		CHECK_EQ(member.address, 0x0a010000 + host);
		snprintf(member.id, sizeof(member.id), "m%u", host);
		CHECK_EQ(ledger_add_member(&ledger, &member), 0);
	}
	CHECK_EQ(pool_address(&ledger, lab), 0);
	ledger_drop_member(&ledger, "m4", NULL);
	CHECK_EQ(pool_address(&ledger, lab), 0x0a010004);
}

static void addresses_are_never_twice_whoever_comes_and_goes(void)
{
	struct ledger_network network = { .name = "n", .link = "cell0", .subnet = 0x0a000000,
					  .prefix = 28 };
	struct ledger_member member = { .network = "n", .device = "eth0", .names = "x" };
	uint64_t seed = tap_seed();
	bool used[16] = { false };

	ledger_free(&ledger);
	CHECK_EQ(ledger_add_network(&ledger, &network), 0);
	for (int i = 0; i < 5000; i++) {
		uint32_t host = tap_next(&seed) % 16;

		if (used[host]) {
			snprintf(member.id, sizeof(member.id), "m%u", host);
			ledger_drop_member(&ledger, member.id, NULL);
			used[host] = false;
			continue;
		}
		member.address = pool_address(&ledger, &network);
		if (!member.address) {
			CHECK_EQ(ledger.member_count, 13);
			continue;
		}
		host = member.address & 15;
		CHECK(!used[host] && host > 1 && host < 15, "host %u", host);
		CHECK_EQ(pool_check(&ledger, &network, member.address), 0);
		snprintf(member.id, sizeof(member.id), "m%u", host);
		CHECK_EQ(ledger_add_member(&ledger, &member), 0);
		CHECK_EQ(pool_check(&ledger, &network, member.address), -98);
		used[host] = true;
	}
}

static void subnets_avoid_the_ledgers_and_the_hosts(void)
{
	struct pool_taken taken[] = { { 0x0a590100, 24 }, { 0x0a590200, 23 }, { 0x0a590480, 25 } };

	read_whole();
	CHECK_EQ(pool_subnet(&ledger, NULL, 0), 0x0a590100);
	CHECK_EQ(pool_subnet(&ledger, taken, 1), 0x0a590200);
	CHECK_EQ(pool_subnet(&ledger, taken, 3), 0x0a590500);
	taken[0] = (struct pool_taken){ 0x0a000000, 8 };
	CHECK_EQ(pool_subnet(&ledger, taken, 1), 0);
}

static void subnets_overlap_if_one_is_in_the_other(void)
{
	CHECK(pool_overlap(0x0a000000, 8, 0x0a590000, 24), "10/8 has it");
	CHECK(pool_overlap(0x0a590000, 24, 0x0a000000, 8), "either way");
	CHECK(!pool_overlap(0x0a590000, 24, 0x0a590100, 24), "neighbours");
	CHECK(pool_overlap(0, 0, 0x0a590100, 24), "everything");
}

static void hosts_are_those_of_shared_networks(void)
{
	size_t length;
	char *text;

	read_whole();
	text = names_hosts(&ledger, "db", &length);
	CHECK(text && !strcmp(text, "127.0.0.1\tlocalhost\n"
			      "::1\tlocalhost ip6-localhost ip6-loopback\n"
			      "10.89.0.3\tdb\n"
			      "10.89.0.2\tweb front\n"
			      "10.89.0.1\thost.containers.internal\n"), "%s", text);
	free(text);
	text = names_hosts(&ledger, "nobody", &length);
	CHECK(text && !strstr(text, "10."), "%s", text);
	free(text);
}

static void a_resolver_on_loopback_is_not_the_containers(void)
{
	static const char host[] = "# comment\nnameserver 127.0.0.53\nnameserver\t::1 \n"
				   "nameserver 9.9.9.9\nsearch a.example\noptions ndots:2\nfoo bar";
	static const uint32_t servers[] = { 0x01010101 };
	unsigned int left;
	size_t length;
	char *text = names_resolv(host, strlen(host), NULL, 0, false, &length, &left);

	CHECK(text && !strcmp(text, "nameserver 9.9.9.9\nsearch a.example\noptions ndots:2\n"), "%s",
	      text);
	CHECK_EQ(left, 1);
	free(text);
	text = names_resolv(host, strlen(host), NULL, 0, true, &length, &left);
	CHECK_EQ(left, 3);
	free(text);
	text = names_resolv(host, strlen(host), servers, 1, false, &length, &left);
	CHECK(text && !strcmp(text, "nameserver 1.1.1.1\nsearch a.example\noptions ndots:2\n"), "%s",
	      text);
	CHECK_EQ(left, 1);
	free(text);
}

int main(void)
{
	RUN(what_is_read_is_written);
	RUN(no_text_is_the_empty_ledger);
	RUN(a_torn_text_is_refused_wherever_it_ends);
	RUN(what_cannot_be_is_refused);
	RUN(who_leaves_takes_the_ports_along);
	RUN(a_port_is_taken_on_every_address_by_one_for_all);
	RUN(addresses_are_the_first_free_and_then_none);
	RUN(addresses_are_never_twice_whoever_comes_and_goes);
	RUN(subnets_avoid_the_ledgers_and_the_hosts);
	RUN(subnets_overlap_if_one_is_in_the_other);
	RUN(hosts_are_those_of_shared_networks);
	RUN(a_resolver_on_loopback_is_not_the_containers);
	ledger_free(&ledger);
	return tap_done();
}
