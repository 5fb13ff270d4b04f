// SPDX-License-Identifier: GPL-2.0
/*
 * The core of vnic, asked one question a line. checks.py writes the questions and judges the
 * answers; this program knows no right from wrong.
 *
 *	nat udp=300000 first=1024 last=65535 quota=16	a new translator: ms, ports, mappings;
 *		also: icmp established transitory syn most sessions, filter=1: address-dependent,
 *		seed of its random numbers, two=1: 192.0.2.2 is an outside address as well
 *	set udp=2000 ...				the same, of the translator there is
 *	socket 4000 4010				these ports are the host's own
 *	forward udp 192.0.2.1:8080 10.9.0.2:80
 *	wait 1000					ms go by
 *
 *	out PACKET		a guest sends it; guests are 10.9.0.2 to 10.9.0.17
 *	in PACKET		it comes from outside
 *	explain-out, explain-in PACKET		what would happen
 *		udp 10.9.0.2:4000 198.51.100.7:80 [nosum]
 *		tcp 10.9.0.2:4000 198.51.100.7:80 S	flags: S, A, F, R
 *		ping 10.9.0.2:77 198.51.100.7		a query; 77 is its identifier
 *		pong 198.51.100.7 192.0.2.1:77		the answer to one
 *		error 192.0.2.254 about PACKET		from there, to the packet's source
 *		45000020...				octets in hexadecimal
 *
 *	rewrite source 192.0.2.1:5000 [partial] PACKET
 *		also: destination, inner-source, inner-destination
 *	left udp 10.9.0.2:4000				ms that the mapping lives yet
 *	left tcp 10.9.0.2:4000 198.51.100.7:80		or the session; port 0: a permit
 *	flows						mappings and sessions, a line each
 *	overdue						SYNs whose senders are told now
 *	collect						what has expired is freed
 *
 * Addresses outside are 192.0.2.1 and 192.0.2.2. An answer begins with the number of the
 * question's line, from 1: way, reason, guest; then the packet in words; then its octets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/gfp.h>

#include "datagram.h"
#include "labs/grading/host/crash.h"
#include "nat.h"

#define GUESTS	16
#define FIRST	0x0a090002u	/* 10.9.0.2 */
#define OUTSIDE	0xc0000201u	/* 192.0.2.1 */
#define LINE	8192

static struct {
	struct vnic_nat *nat;
	struct vnic_nat_guest guest[GUESTS];
	u64 now;
	u64 random;
	u16 first_socket;
	u16 last_socket;
} world;

static struct vnic_nat_config config;
static unsigned long line;

static _Noreturn void broken(const char *why)
{
	fprintf(stderr, "probe: line %lu: %s\n", line, why);
	exit(2);
}

/* --- the line's words --- */

static char *rest;

static char *next(void)
{
	return strtok_r(NULL, " ", &rest);
}

static u32 number(void)
{
	const char *word = next();

	return word ? strtoul(word, NULL, 10) : 0;
}

/* --- the host that the translator asks --- */

static bool port_taken(void *context, u8 protocol, struct vnic_end outside)
{
	u16 port = ntohs(outside.port);

	(void)context;
	(void)protocol;
	return world.first_socket && port >= world.first_socket && port <= world.last_socket;
}

static void port_held(void *context, u8 protocol, struct vnic_end outside, bool held)
{
	(void)context;
	(void)protocol;
	(void)outside;
	(void)held;
}

static u32 draw(void *context)
{
	(void)context;
	world.random = world.random * 6364136223846793005ull + 1442695040888963407ull;
	return world.random >> 32;
}

/* --- the translator --- */

static void set_option(const char *name, u32 value, bool *two)
{
	if (!strcmp(name, "udp"))
		config.timeouts.udp = value;
	else if (!strcmp(name, "icmp"))
		config.timeouts.icmp = value;
	else if (!strcmp(name, "established"))
		config.timeouts.tcp_established = value;
	else if (!strcmp(name, "transitory"))
		config.timeouts.tcp_transitory = value;
	else if (!strcmp(name, "syn"))
		config.timeouts.tcp_syn = value;
	else if (!strcmp(name, "first"))
		config.first_port = value;
	else if (!strcmp(name, "last"))
		config.last_port = value;
	else if (!strcmp(name, "most"))
		config.most = value;
	else if (!strcmp(name, "quota"))
		config.quota = value;
	else if (!strcmp(name, "sessions"))
		config.sessions = value;
	else if (!strcmp(name, "filter"))
		config.address_dependent = value;
	else if (!strcmp(name, "seed"))
		world.random = value;
	else if (!strcmp(name, "two"))
		*two = value;
	else
		broken("no such option");
}

static void set_options(bool *two)
{
	for (char *word = next(); word; word = next()) {
		char *value = strchr(word, '=');

		if (!value)
			broken("NAME=NUMBER");
		*value++ = '\0';
		set_option(word, strtoul(value, NULL, 10), two);
	}
	if (!vnic_nat_config_valid(&config))
		broken("these values do not go together");
}

static void new_nat(void)
{
	const struct vnic_nat_host host = { port_taken, port_held, draw, NULL };
	__be32 outside[2] = { htonl(OUTSIDE), htonl(OUTSIDE + 1) };
	bool two = false;

	vnic_nat_destroy(world.nat);
	memset(&world, 0, sizeof(world));
	world.now = 1000000;
	world.random = 7;
	config = (struct vnic_nat_config){
		.timeouts = vnic_nat_default_timeouts,
		.first_port = 1024,
		.last_port = 65535,
		.most = 256,
		.quota = 256,
		.sessions = 512,
	};
	set_options(&two);
	world.nat = vnic_nat_create(&config, &host);
	if (!world.nat)
		broken("no memory");
	vnic_nat_set_addresses(world.nat, outside, two ? 2 : 1);
	for (u32 i = 0; i < GUESTS; i++)
		vnic_nat_guest_init(&world.guest[i], htonl(FIRST + i));
}

static struct vnic_nat_guest *guest_of(__be32 address)
{
	u32 number = ntohl(address) - FIRST;

	return number < GUESTS ? &world.guest[number] : NULL;
}

/* --- packets from words --- */

static struct vnic_end read_end(const char *word)
{
	unsigned int a, b, c, d, port = 0;

	if (!word || sscanf(word, "%u.%u.%u.%u:%u", &a, &b, &c, &d, &port) < 4)
		broken("ADDRESS:PORT");
	return end_of(a << 24 | b << 16 | c << 8 | d, port);
}

static u8 read_protocol(const char *word)
{
	if (word && !strcmp(word, "udp"))
		return UDP;
	if (word && !strcmp(word, "tcp"))
		return TCP;
	if (word && (!strcmp(word, "icmp") || !strcmp(word, "ping") || !strcmp(word, "pong")))
		return ICMP;
	broken("udp, tcp, ping, pong, error or octets");
}

static u8 read_flags(const char *word)
{
	u8 flags = 0;

	for (; word && *word; word++)
		flags |= *word == 'S' ? VNIC_TCP_SYN : *word == 'A' ? VNIC_TCP_ACK :
			 *word == 'F' ? VNIC_TCP_FIN : *word == 'R' ? VNIC_TCP_RST : 0;
	return flags;
}

static struct datagram read_octets(const char *word)
{
	struct datagram d = { .length = strlen(word) / 2 };
	unsigned int octet;

	d.at = malloc(d.length ? d.length : 1);
	for (u32 i = 0; i < d.length; i++) {
		if (sscanf(word + 2 * i, "%2x", &octet) != 1)
			broken("octets in hexadecimal");
		d.at[i] = octet;
	}
	return d;
}

/* What datagram.h makes is an ACK. */
static void set_flags(struct datagram d, u8 flags)
{
	u8 *tcp = d.at + 20;
	u16 sum;

	tcp[13] = flags;
	tcp[16] = 0;
	tcp[17] = 0;
	sum = ~sum_of(tcp, d.length - 20, sum_of(d.at + 12, 8, 0) + TCP + d.length - 20);
	tcp[16] = sum >> 8;
	tcp[17] = sum & 0xff;
}

/* @kind: the word that it begins with. */
static struct datagram read_packet(const char *kind, bool partial)
{
	struct plan plan = { .ttl = 64, .payload = 4, .content = "lab", .quoted = 28 };
	struct datagram d;
	const char *word;

	if (!kind)
		broken("no packet");
	if (!strcmp(kind, "error")) {
		plan.error = true;
		plan.reporter = read_end(next()).address;
		word = next();
		if (!word || strcmp(word, "about"))
			broken("error ADDRESS about PACKET");
		kind = next();
	}
	if (kind && *kind == '4')
		return read_octets(kind);
	plan.protocol = read_protocol(kind);
	plan.reply = plan.protocol == ICMP && !strcmp(kind, "pong");
	plan.source = read_end(next());
	plan.destination = read_end(next());
	plan.told = plan.source.address;
	word = next();
	if (plan.protocol == UDP && word && !strcmp(word, "nosum"))
		plan.sum = SUM_NONE;
	if (partial && plan.protocol != ICMP && !plan.error)
		plan.sum = SUM_PARTIAL;
	d = make(&plan);
	if (plan.protocol == TCP && !plan.error && !partial)
		set_flags(d, word ? read_flags(word) : VNIC_TCP_ACK);
	return d;
}

/* --- packets in words, from their octets --- */

static void print_end(const u8 *address, bool port, u16 number)
{
	printf("%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
	if (port)
		printf(":%u", number);
}

/* What is wrong with the sum of all that follows the header; NULL: nothing. */
static const char *transport_fault(const u8 *ip, u32 length)
{
	u32 header = (ip[0] & 0xf) * 4, there = length - header;
	const u8 *transport = ip + header;
	u32 pseudo = ip[9] == ICMP ? 0 : sum_of(ip + 12, 8, 0) + ip[9] + there;

	if (ip[9] == UDP && !transport[6] && !transport[7])
		return NULL;
	if (sum_of(transport, there, pseudo) == 0xffff)
		return NULL;
	return ip[9] == UDP ? "UDP sum wrong" : ip[9] == TCP ? "TCP sum wrong" : "ICMP sum wrong";
}

static const char *name_of(u8 protocol)
{
	return protocol == TCP ? "tcp" : protocol == UDP ? "udp" : "icmp";
}

static void print_packet(const u8 *ip, u32 length, bool whole)
{
	u32 header = (ip[0] & 0xf) * 4;
	const u8 *transport = ip + header;
	bool ports = ip[9] == TCP || ip[9] == UDP;
	const char *fault;

	printf("%s ", name_of(ip[9]));
	print_end(ip + 12, ports, transport[0] << 8 | transport[1]);
	printf(" > ");
	print_end(ip + 16, ports, transport[2] << 8 | transport[3]);
	if (ip[9] == ICMP)
		printf(" type %u", transport[0]);
	if (ip[9] == ICMP && (transport[0] == 8 || transport[0] == 0))
		printf(" id %u", transport[4] << 8 | transport[5]);
	if (sum_of(ip, header, 0) != 0xffff)
		printf(", IPv4 sum wrong");
	fault = whole ? transport_fault(ip, length) : NULL;
	if (fault)
		printf(", %s", fault);
	if (whole && ip[9] == ICMP && transport[0] != 8 && transport[0]) {
		printf(", about ");
		print_packet(transport + 8, length - header - 8, false);
	}
}

static void print_octets(const u8 *at, u32 length)
{
	for (u32 i = 0; i < length; i++)
		printf("%02x", at[i]);
}

/* --- questions --- */

static void look_at_invariants(void)
{
	int violated = vnic_nat_audit(world.nat);

	if (!violated)
		return;
	fflush(stdout);
	fprintf(stderr, "found: N%d\n", violated);
	exit(3);
}

static void print_verdict(const struct vnic_verdict *v)
{
	static const char *const ways[] = { "drop", "host", "out", "in" };
	static const char *const reasons[] = {
		"none", "created", "known", "hairpin", "no-mapping", "filtered", "no-session",
		"no-port", "quota", "full", "no-memory", "syn-held", "error-unknown",
	};

	printf("%lu %s %s", line, v->way <= VNIC_WAY_IN ? ways[v->way] : "nowhere",
	       v->reason < VNIC_REASONS ? reasons[v->reason] : "nonsense");
	if (v->way == VNIC_WAY_IN && v->guest >= world.guest && v->guest < world.guest + GUESTS) {
		printf(" to ");
		print_end((const u8 *)&v->guest->address, false, 0);
	}
	if (v->prohibited)
		printf(" told");
}

static void ask_packet(bool outbound, bool explain)
{
	struct datagram d = read_packet(next(), false);
	struct vnic_nat_guest *guest;
	struct vnic_packet p;
	struct vnic_verdict v;

	if (vnic_packet_read(&p, d.at, d.length, d.length, false))
		broken("no sound packet");
	guest = guest_of(p.source.address);
	if (outbound && !guest)
		broken("guests are 10.9.0.2 to 10.9.0.17");
	if (outbound)
		v = explain ? vnic_nat_explain_outbound(world.nat, guest, &p, world.now) :
			      vnic_nat_outbound(world.nat, guest, &p, world.now);
	else
		v = explain ? vnic_nat_explain_inbound(world.nat, &p, world.now) :
			      vnic_nat_inbound(world.nat, &p, world.now);
	print_verdict(&v);
	printf(" | ");
	print_packet(d.at, d.length, true);
	printf(" | ");
	print_octets(d.at, d.length);
	printf("\n");
	throw_away(d);
	look_at_invariants();
}

static void ask_rewrite(void)
{
	const char *which = next(), *word;
	struct vnic_end to = read_end(next());
	struct vnic_packet p;
	struct datagram d;
	bool partial;

	word = next();
	partial = word && !strcmp(word, "partial");
	d = read_packet(partial ? next() : word, partial);
	if (vnic_packet_read(&p, d.at, d.length, d.length, partial))
		broken("no sound packet");
	if (!strcmp(which, "source"))
		vnic_packet_set_source(&p, to);
	else if (!strcmp(which, "destination"))
		vnic_packet_set_destination(&p, to);
	else if (!strcmp(which, "inner-source") && vnic_packet_is_error(&p))
		vnic_packet_set_inner_source(&p, to);
	else if (!strcmp(which, "inner-destination") && vnic_packet_is_error(&p))
		vnic_packet_set_inner_destination(&p, to);
	else
		broken("source, destination, or of an error inner-source, inner-destination");
	printf("%lu rewritten | ", line);
	print_packet(d.at, d.length, true);
	printf(" | ");
	print_octets(d.at, d.length);
	printf("\n");
	throw_away(d);
}

/* The next portion of flows; 0: no more. */
static unsigned int some_flows(struct vnic_nat_flow *flows, u64 *cursor)
{
	return vnic_nat_flows(world.nat, world.now, cursor, flows, 256);
}

static bool same(struct vnic_end a, struct vnic_end b)
{
	return a.address == b.address && a.port == b.port;
}

static void ask_left(void)
{
	static struct vnic_nat_flow flows[256];
	u8 protocol = read_protocol(next());
	struct vnic_end inside = read_end(next()), remote = { 0 };
	const char *word = next();
	unsigned int count;
	u64 cursor = 0;

	if (word)
		remote = read_end(word);
	while ((count = some_flows(flows, &cursor)))
		for (unsigned int i = 0; i < count; i++)
			if (flows[i].protocol == protocol && same(flows[i].inside, inside) &&
			    same(flows[i].remote, remote)) {
				printf("%lu left %llu\n", line, flows[i].left);
				return;
			}
	printf("%lu left 0\n", line);
}

static void print_flow(const struct vnic_nat_flow *flow)
{
	static const char *const states[] = { "sent to", "init", "established", "client-fin",
					      "server-fin", "both-fin", "transitory" };
	bool session = flow->remote.address;

	printf("%lu %s ", line, name_of(flow->protocol));
	print_end((const u8 *)&flow->inside.address, true, ntohs(flow->inside.port));
	printf(" is ");
	print_end((const u8 *)&flow->outside.address, true, ntohs(flow->outside.port));
	if (session) {
		printf(", %s ", states[flow->state % 7]);
		print_end((const u8 *)&flow->remote.address, true, ntohs(flow->remote.port));
	}
	printf(", %llu ms left\n", flow->left);
}

static void print_flows(void)
{
	static struct vnic_nat_flow flows[256];
	unsigned int count;
	u64 cursor = 0;

	while ((count = some_flows(flows, &cursor)))
		for (unsigned int i = 0; i < count; i++)
			print_flow(&flows[i]);
}

static void ask_overdue(void)
{
	struct vnic_nat_syn syn;

	printf("%lu overdue", line);
	while (vnic_nat_overdue_syn(world.nat, world.now, &syn)) {
		printf(" ");
		print_end(syn.quoted + 12, true, syn.quoted[20] << 8 | syn.quoted[21]);
	}
	printf("\n");
}

static void forward(void)
{
	u8 protocol = read_protocol(next());
	struct vnic_end outside = read_end(next());
	struct vnic_end inside = read_end(next());
	struct vnic_nat_guest *guest = guest_of(inside.address);

	if (!guest || vnic_nat_forward(world.nat, guest, protocol, outside, inside.port))
		broken("this cannot be forwarded");
}

static void ask(char *text)
{
	const char *verb;
	bool two = false;

	text[strcspn(text, "\n#")] = '\0';
	verb = strtok_r(text, " ", &rest);
	if (!verb)
		return;
	if (!strcmp(verb, "nat")) {
		new_nat();
		return;
	}
	if (!world.nat)
		broken("no translator yet: nat");
	if (!strcmp(verb, "set")) {
		set_options(&two);
		vnic_nat_configure(world.nat, &config);
	} else if (!strcmp(verb, "socket")) {
		world.first_socket = number();
		world.last_socket = number();
	} else if (!strcmp(verb, "forward")) {
		forward();
	} else if (!strcmp(verb, "wait")) {
		world.now += number();
	} else if (!strcmp(verb, "out") || !strcmp(verb, "in")) {
		ask_packet(*verb == 'o', false);
	} else if (!strcmp(verb, "explain-out") || !strcmp(verb, "explain-in")) {
		ask_packet(verb[8] == 'o', true);
	} else if (!strcmp(verb, "rewrite")) {
		ask_rewrite();
	} else if (!strcmp(verb, "left")) {
		ask_left();
	} else if (!strcmp(verb, "flows")) {
		print_flows();
	} else if (!strcmp(verb, "overdue")) {
		ask_overdue();
	} else if (!strcmp(verb, "collect")) {
		vnic_nat_collect(world.nat, world.now, 1u << 30);
		look_at_invariants();
	} else {
		broken("unknown verb");
	}
}

int main(void)
{
	static char text[LINE];

	report_crashes();
	/* What has been answered before a crash has been answered. */
	setvbuf(stdout, NULL, _IOLBF, 1 << 16);
	while (fgets(text, sizeof(text), stdin)) {
		line++;
		ask(text);
	}
	vnic_nat_destroy(world.nat);
	return 0;
}
