// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon: one thread, one epoll. Datagrams are read, answered and sent in batches: under
 * load one system call reads many questions and one sends their answers; and a hard directory
 * synchronises its journal once a batch, before the answers go.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "connections.h"
#include "verbs.h"

#define BATCH 64
/* Batches in a row before it is the turn of others. */
#define BATCHES 8
#define EVENTS 64
#define QUEUE (4 << 20)
#define DAY_MS 86400000u

/**
 * struct options - what the command line says
 * @listen: address and port
 * @limits: of the table
 * @journal: path, NULL: soft
 * @connections: TCP connections at most
 * @idle_ms: how long one may be quiet
 * @any_address: see struct directory
 */
struct options {
	struct sockaddr_in listen;
	struct lease_limits limits;
	const char *journal;
	unsigned int connections;
	unsigned int idle_ms;
	bool any_address;
};

/**
 * struct server - the daemon
 * @d: the directory
 * @journal: its journal, if it is hard
 * @tcp: its connections
 * @epoll: what is waited for
 * @udp: the socket of datagrams
 * @signals: signalfd
 * @stopping: a signal said so
 * @peers: who sent the datagrams of a batch
 * @in: the datagrams; one octet more than may be, to see those that are too long
 * @out: the answers
 */
struct server {
	struct directory d;
	struct journal journal;
	struct connections tcp;
	int epoll;
	int udp;
	int signals;
	bool stopping;
	struct sockaddr_in peers[BATCH];
	uint8_t in[BATCH][PROTOCOL_QUESTION_MOST + 1];
	uint8_t out[BATCH][PROTOCOL_MESSAGE_MOST];
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- datagrams --- */

/* Send answers. One that cannot be sent is as good as lost on the way: it is asked for again. */
static void send_batch(struct server *s, struct mmsghdr *answers, unsigned int count)
{
	unsigned int at = 0;

	while (at < count) {
		int n = sendmmsg(s->udp, answers + at, count - at, MSG_DONTWAIT);

		s->d.counts[DIRECTORY_system_calls]++;
		if (n <= 0 && errno == EINTR)
			continue;
		if (n <= 0)
			s->d.counts[DIRECTORY_unsent]++;
		at += n > 0 ? n : 1;
	}
}

/* Answer what has come in. Returns 1 if there may be more, 0, or -errno: end. */
static int answer_batch(struct server *s, uint64_t now, struct error *err)
{
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_at[BATCH], out_at[BATCH];
	unsigned int answers = 0;
	int count, ret;

	for (int i = 0; i < BATCH; i++) {
		in_at[i] = (struct iovec){ s->in[i], sizeof(s->in[i]) };
		in[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &s->peers[i],
						       .msg_namelen = sizeof(s->peers[i]),
						       .msg_iov = &in_at[i],
						       .msg_iovlen = 1 } };
	}
	count = recvmmsg(s->udp, in, BATCH, MSG_DONTWAIT, NULL);
	s->d.counts[DIRECTORY_system_calls]++;
	if (count < 0)
		return 0;
	for (int i = 0; i < count; i++) {
		size_t length = in[i].msg_len;
		uint8_t sender[16];

		address_map(&s->peers[i], sender);
		ret = directory_answer(&s->d, sender, s->in[i], length, s->out[answers],
				       protocol_answer_room(length), now, err);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		out_at[answers] = (struct iovec){ s->out[answers], ret };
		/* Back to where it came from. */
		out[answers] = in[i];
		out[answers].msg_hdr.msg_iov = &out_at[answers];
		answers++;
	}
	ret = directory_commit(&s->d, now, err);
	if (ret)
		return ret;
	send_batch(s, out, answers);
	return count == BATCH;
}

static int answer_datagrams(struct server *s, uint64_t now, struct error *err)
{
	int more = 1;

	for (int i = 0; i < BATCHES && more > 0; i++)
		more = answer_batch(s, now, err);
	return more < 0 ? more : 0;
}

/* --- the loop --- */

static void print_counts(struct server *s, uint64_t now)
{
	directory_update_counts(&s->d, now);
	for (int i = 0; i < DIRECTORY_COUNT; i++)
		fprintf(stderr, "%s %llu\n", directory_count_names[i],
			(unsigned long long)s->d.counts[i]);
}

static void take_signal(struct server *s, uint64_t now)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		print_counts(s, now);
	else
		s->stopping = true;
}

/*
 * One round. Connections come first: accepting and ticking may close one, and no event that is
 * still to be looked at may be of a closed one.
 */
static int serve_round(struct server *s, struct error *err)
{
	uint64_t now = now_ms();
	struct epoll_event events[EVENTS];
	int timeout, count, ret = 0;

	s->d.counts[DIRECTORY_connections] = s->tcp.count;
	timeout = connections_tick(&s->tcp, now);
	count = epoll_wait(s->epoll, events, EVENTS, timeout);
	s->d.counts[DIRECTORY_system_calls]++;
	now = now_ms();
	for (int i = 0; i < count && !ret; i++)
		if (events[i].data.ptr && events[i].data.ptr != &s->udp &&
		    events[i].data.ptr != &s->signals)
			ret = connections_serve(&s->tcp, events[i].data.ptr, now, err);
	for (int i = 0; i < count && !ret; i++) {
		if (!events[i].data.ptr)
			connections_accept(&s->tcp, now);
		else if (events[i].data.ptr == &s->udp)
			ret = answer_datagrams(s, now, err);
		else if (events[i].data.ptr == &s->signals)
			take_signal(s, now);
	}
	return ret;
}

/* --- beginning --- */

static int bind_both(struct server *s, struct sockaddr_in *at, struct error *err)
{
	socklen_t length = sizeof(*at);
	char text[ADDRESS_TEXT];
	struct lease_end end;
	int on = 1, queue = QUEUE;

	address_map(at, end.address);
	end.port = ntohs(at->sin_port);
	address_write(&end, text);
	s->tcp.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->tcp.listener < 0 || s->udp < 0)
		return error_errno(err, errno, NULL, "cannot make a socket");
	/* As much as one may have (rmem_max): many ask at once when they all come back. */
	setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &queue, sizeof(queue));
	/* After a restart the port is free at once, whatever old connections still do. */
	setsockopt(s->tcp.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->tcp.listener, (struct sockaddr *)at, sizeof(*at)) ||
	    listen(s->tcp.listener, 512) ||
	    getsockname(s->tcp.listener, (struct sockaddr *)at, &length) ||
	    bind(s->udp, (struct sockaddr *)at, sizeof(*at)))
		return error_errno(err, errno, "name another with --listen", "cannot listen on %s",
				   text);
	end.port = ntohs(at->sin_port);
	/* Whoever started us waits for this line. */
	printf("listening on %s\n", address_write(&end, text));
	fflush(stdout);
	return 0;
}

static int watch(struct server *s, int fd, void *what, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		return error_errno(err, errno, NULL, "cannot watch a socket");
	return 0;
}

static int watch_all(struct server *s, struct error *err)
{
	sigset_t mask;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->signals < 0 || s->epoll < 0)
		return error_errno(err, errno, NULL, "cannot wait for events");
	s->tcp.epoll = s->epoll;
	ret = watch(s, s->signals, &s->signals, err);
	if (!ret)
		ret = watch(s, s->udp, &s->udp, err);
	if (!ret)
		ret = watch(s, s->tcp.listener, NULL, err);
	return ret;
}

static int open_journal(struct server *s, const char *path, struct error *err)
{
	uint64_t dropped = 0;
	int ret = journal_open(&s->journal, path, directory_replay, &s->d, &dropped, err);

	if (ret)
		return ret;
	s->d.journal = &s->journal;
	if (dropped)
		fprintf(stderr, "directory: %s: %llu octets of a torn record dropped\n", path,
			(unsigned long long)dropped);
	return 0;
}

static int start(struct server *s, struct options *o, struct error *err)
{
	uint8_t seed[16];
	int ret;

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		return error_errno(err, errno, NULL, "no random numbers");
	s->d.any_address = o->any_address;
	s->d.started = now_ms();
	s->tcp.d = &s->d;
	s->tcp.most = o->connections;
	s->tcp.idle_ms = o->idle_ms;
	o->limits.hard = o->journal != NULL;
	s->d.table = lease_table_new(&o->limits, seed);
	if (!s->d.table)
		return error_set(err, ENOMEM, "no memory for %u entries: fewer with --entries",
				 o->limits.entries);
	if (o->journal) {
		ret = open_journal(s, o->journal, err);
		if (ret)
			return ret;
	}
	ret = bind_both(s, &o->listen, err);
	return ret ? ret : watch_all(s, err);
}

static int take_option(struct options *o, int option, const char *value, struct error *err)
{
	unsigned long n = 0;
	int ret = 0;

	switch (option) {
	case 'l':
		return address_read(value, &o->listen, err) ? STATUS_USAGE : 0;
	case 'm':
		return verb_time(value, DAY_MS, &o->limits.lease_most, err);
	case 'h':
		o->journal = value;
		return 0;
	case 'e':
		ret = verb_number(value, 1, 1 << 24, &n, err);
		o->limits.entries = n;
		return ret;
	case 'n':
		ret = verb_number(value, 1, 512, &n, err);
		o->limits.per_name = n;
		return ret;
	case 'p':
		ret = verb_number(value, 1, 512, &n, err);
		o->limits.per_end = n;
		return ret;
	case 'c':
		ret = verb_number(value, 1, 1 << 20, &n, err);
		o->connections = n;
		return ret;
	case 'i':
		return verb_time(value, DAY_MS, &o->idle_ms, err);
	case 'a':
		o->any_address = true;
		return 0;
	default:
		error_set(err, 0, "bad option, or one without its value");
		return STATUS_USAGE;
	}
}

static int parse(struct options *o, int argc, char **argv, struct error *err)
{
	static const struct option names[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "lease-max", required_argument, NULL, 'm' },
		{ "hard", required_argument, NULL, 'h' },
		{ "entries", required_argument, NULL, 'e' },
		{ "per-name", required_argument, NULL, 'n' },
		{ "per-end", required_argument, NULL, 'p' },
		{ "connections", required_argument, NULL, 'c' },
		{ "idle", required_argument, NULL, 'i' },
		{ "any-address", no_argument, NULL, 'a' },
		{ 0 },
	};
	int option, ret;

	*o = (struct options){ .limits = { 65536, 64, 64, 60000, false },
			       .connections = 256,
			       .idle_ms = 30000 };
	address_read(DIRECTORY_AT, &o->listen, err);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		ret = take_option(o, option, optarg, err);
		if (ret)
			return ret;
	}
	if (optind < argc) {
		error_set(err, 0, "unexpected argument: %s", argv[optind]);
		return STATUS_USAGE;
	}
	return 0;
}

int verb_serve(int argc, char **argv, struct error *err)
{
	struct options options;
	struct server *s;
	int ret = parse(&options, argc, argv, err);

	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, ENOMEM, "no memory");
	s->epoll = s->udp = s->signals = s->tcp.listener = s->journal.fd = -1;
	ret = start(s, &options, err);
	while (!ret && !s->stopping)
		ret = serve_round(s, err);
	connections_close_all(&s->tcp);
	journal_close(&s->journal);
	lease_table_free(s->d.table);
	free(s);
	return ret;
}
