// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic, and what it cost: one program for both ends, and for every way between them.
 *
 *	traffic serve			outside: takes streams and connections; datagrams arrive
 *					at a socket that nobody reads
 *	traffic stream HOST MIB		how long MIB take to arrive
 *	traffic datagrams HOST COUNT	of 64 octets on the wire
 *	traffic connections HOST COUNT	made and ended, one after the other
 *	traffic flows HOST COUNT FLOWS	datagrams of so many flows in turn
 *
 * Each but the first prints a line of JSON: what was done, and in how many ns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STREAM_PORT	5001
#define DATAGRAM_PORT	5002
#define ACCEPT_PORT	5003
/* With 14 octets of Ethernet, 20 of IPv4, 8 of UDP and the checksum's 4. */
#define PAYLOAD		18
#define FIRST_SOURCE	1024

static int must(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static struct sockaddr_in at(const char *host, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (host && inet_pton(AF_INET, host, &a.sin_addr) != 1) {
		fprintf(stderr, "traffic: %s: no IPv4 address\n", host);
		exit(2);
	}
	return a;
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = at(NULL, port);
	int fd = must(socket(AF_INET, type, 0), "socket"), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		must(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	if (type == SOCK_STREAM)
		must(listen(fd, 1024), "listen");
	return fd;
}

static int connected(int type, const char *host, uint16_t port)
{
	struct sockaddr_in a = at(host, port);
	int fd = must(socket(AF_INET, type, 0), "socket");

	must(connect(fd, (struct sockaddr *)&a, sizeof(a)), "connect");
	return fd;
}

/* --- outside --- */

static void serve_streams(void)
{
	int listener = bound(SOCK_STREAM, STREAM_PORT), fd;
	static char buffer[1 << 20];

	while ((fd = must(accept(listener, NULL, NULL), "accept")) >= 0) {
		while (recv(fd, buffer, sizeof(buffer), 0) > 0)
			;
		/* Everything arrived. */
		send(fd, "", 1, MSG_NOSIGNAL);
		close(fd);
	}
}

static void serve_connections(void)
{
	int listener = bound(SOCK_STREAM, ACCEPT_PORT), fd;

	while ((fd = must(accept(listener, NULL, NULL), "accept")) >= 0)
		close(fd);
}

/* Nobody reads them: who is measured is who brings them. */
static void serve_datagrams(void)
{
	bound(SOCK_DGRAM, DATAGRAM_PORT);
	pause();
}

static void serve(void)
{
	void (*const servers[])(void) = { serve_streams, serve_connections, serve_datagrams };

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (!must(fork(), "fork"))
			servers[i]();
	while (wait(NULL) > 0)
		;
}

/* --- inside --- */

static void stream(const char *host, uint64_t mib)
{
	int fd = connected(SOCK_STREAM, host, STREAM_PORT);
	static char buffer[1 << 20];
	uint64_t start = now_ns();
	char end;

	for (uint64_t i = 0; i < mib; i++)
		for (size_t sent = 0; sent < sizeof(buffer);)
			sent += must(send(fd, buffer + sent, sizeof(buffer) - sent, 0), "send");
	must(shutdown(fd, SHUT_WR), "shutdown");
	must(recv(fd, &end, 1, 0) - 1, "recv");
	printf("{\"mib\": %llu, \"ns\": %llu}\n", (unsigned long long)mib,
	       (unsigned long long)(now_ns() - start));
}

/* @before: how many were sent before it was measured. */
static void print_datagrams(uint64_t before, uint64_t count, uint64_t start)
{
	printf("{\"before\": %llu, \"sent\": %llu, \"ns\": %llu}\n", (unsigned long long)before,
	       (unsigned long long)count, (unsigned long long)(now_ns() - start));
}

static void datagrams(const char *host, uint64_t count)
{
	int fd = connected(SOCK_DGRAM, host, DATAGRAM_PORT);
	char out[PAYLOAD] = { 0 };
	uint64_t start;

	/* Who the neighbour is, is known then. */
	must(send(fd, out, sizeof(out), 0), "send");
	usleep(100000);
	start = now_ns();
	for (uint64_t i = 0; i < count; i++)
		must(send(fd, out, sizeof(out), 0), "send");
	print_datagrams(1, count, start);
}

/* Ended by a reset: a port in TIME_WAIT would be one less for the next. */
static void connections(const char *host, uint64_t count)
{
	struct linger reset = { 1, 0 };
	uint64_t start = now_ns();

	for (uint64_t i = 0; i < count; i++) {
		int fd = connected(SOCK_STREAM, host, ACCEPT_PORT);

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	printf("{\"connections\": %llu, \"ns\": %llu}\n", (unsigned long long)count,
	       (unsigned long long)(now_ns() - start));
}

/* By a raw socket: no socket for each flow, whose cost would be counted as well. */
static void flows(const char *host, uint64_t count, uint64_t flows)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char payload[PAYLOAD];
	} __attribute__((packed)) out = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			.tot_len = htons(sizeof(out)) },
		.udp = { .dest = htons(DATAGRAM_PORT), .len = htons(sizeof(out) - sizeof(out.ip)) },
	};
	struct sockaddr_in to = at(host, 0);
	int fd = must(socket(AF_INET, SOCK_RAW, IPPROTO_RAW), "socket");
	uint64_t start;

	out.ip.daddr = to.sin_addr.s_addr;
	must(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
	/* Once each, so that there are as many before it is measured. */
	for (uint64_t i = 0; i < flows; i++) {
		out.udp.source = htons(FIRST_SOURCE + i);
		must(send(fd, &out, sizeof(out), 0), "send");
	}
	usleep(100000);
	start = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		/* Far apart, and none twice before all were once: 48271 is prime. */
		out.udp.source = htons(FIRST_SOURCE + i * 48271 % flows);
		must(send(fd, &out, sizeof(out), 0), "send");
	}
	print_datagrams(flows, count, start);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

	if (!strcmp(verb, "serve"))
		serve();
	else if (argc > 3 && !strcmp(verb, "stream"))
		stream(argv[2], count);
	else if (argc > 3 && !strcmp(verb, "datagrams"))
		datagrams(argv[2], count);
	else if (argc > 3 && !strcmp(verb, "connections"))
		connections(argv[2], count);
	else if (argc > 4 && !strcmp(verb, "flows"))
		flows(argv[2], count, strtoull(argv[4], NULL, 10));
	else
		return fprintf(stderr, "usage: see the source\n"), 2;
	return 0;
}
