// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event loop the other way round (--readiness io_uring). It does not ask what is ready, to
 * then receive and send; it hands the receives and sends to the kernel (completion_ring.h), and
 * is told what came of them. What follows from that:
 *
 *  - Whose octets come is not known before they are there. So a receive names no memory: the
 *    kernel takes a buffer from those that all connections share, and an idle one has none.
 *    The octets are copied into the exchange, and the buffer goes back at once.
 *  - One receive and one send of a connection are under way at most, and what they point to
 *    must stay. So a connection ends in two steps: cancel what is under way; close when it
 *    has come back.
 *  - There is no sendfile. A file is read into memory, also by the kernel on our behalf: a disk
 *    that is slow keeps nobody else waiting, as it does in the loop of readiness.
 *  - One accept brings many connections, as long as there is room for all that may wait; close
 *    to the limit, each brings one.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "acceptor.h"
#include "completion_ring.h"
#include "control.h"
#include "helpers.h"
#include "loops.h"
#include "timers.h"
#include "worker.h"

/* Octets of a file that are read at once. */
#define FILE_PIECE (64 << 10)

/* What a completion is of, in the low bits of its user data; above them, whose it is. */
enum operation { OP_RECEIVE, OP_SEND, OP_READ, OP_ACCEPT, OP_WAKE, OP_CANCEL, OP_MASK = 7 };

/**
 * struct client - a connection, and what the loop knows of it
 * @connection: it
 * @timer: for its deadline
 * @job: for the helpers
 * @next: in the list of free ones
 * @data: a piece of a file; NULL: none is being sent
 * @data_at: octets of it that are gone
 * @data_left: octets of it that are not
 * @wants: what it said last
 * @receiving: a receive is under way
 * @sending: a send is, or a read for one
 * @working: with a helper
 * @ending: to be closed when nothing is under way any more
 */
struct client {
	struct connection connection;
	struct timer timer;
	struct job job;
	struct client *next;
	char *data;
	uint32_t data_at;
	uint32_t data_left;
	uint8_t wants;
	bool receiving;
	bool sending;
	bool working;
	bool ending;
};

/* A listening socket's accept: none is under way; for one connection; for many; cancelled. */
enum accepting { ACCEPTS_NOT, ACCEPTS_ONE, ACCEPTS_MANY, ACCEPTS_ENDING };

/**
 * struct loop - one of them
 * @server: what it serves
 * @worker: of its thread
 * @acceptor: likewise
 * @ring: what is shared with the kernel
 * @timers: of its connections
 * @helpers: NULL: it does everything itself
 * @clients: room for all there may be; touched as far as they were needed
 * @most: how many that is
 * @used: so many were
 * @free: those of them that are free
 * @accepting: for each listening socket
 * @paused: there is no room: ask again in a while
 * @wake: eventfd: helpers are done, or the server is to end
 * @woken: what was read from it
 * @closed: no connection is taken any more
 * @ending: idle connections were closed
 */
struct loop {
	struct server *server;
	struct worker worker;
	struct acceptor acceptor;
	struct ring ring;
	struct timers timers;
	struct helpers *helpers;
	struct client *clients;
	unsigned int most;
	unsigned int used;
	struct client *free;
	uint8_t accepting[LISTENERS_MOST];
	bool paused;
	int wake;
	uint64_t woken;
	bool closed;
	bool ending;
};

static uint64_t tag(const void *whose, enum operation operation)
{
	return (uint64_t)(uintptr_t)whose | operation;
}

/* --- one connection --- */

/* The next send: what lies in memory; of a file, what was read of it, or else a read. */
static void send_next(struct loop *l, struct client *client)
{
	const struct connection *c = &client->connection;
	const struct outgoing *file = ring_send_memory(&l->ring, c, tag(client, OP_SEND));

	client->sending = true;
	if (!file)
		return;
	if (!client->data)
		client->data = malloc(FILE_PIECE);
	if (client->data_left) {
		ring_send(&l->ring, c->fd, client->data + client->data_at, client->data_left,
			  file->left > client->data_left, tag(client, OP_SEND));
	} else if (client->data) {
		ring_read(&l->ring, file->fd, client->data,
			  file->left < FILE_PIECE ? file->left : FILE_PIECE, file->offset,
			  tag(client, OP_READ));
	} else {
		client->sending = false;
		client->wants = CONNECTION_ENDS;
	}
}

static void end_client(struct loop *l, struct client *client)
{
	timer_clear(&l->timers, &client->timer);
	if (!client->ending && client->receiving)
		ring_cancel(&l->ring, tag(client, OP_RECEIVE), OP_CANCEL);
	if (!client->ending && client->sending)
		ring_cancel(&l->ring, tag(client, OP_SEND), OP_CANCEL);
	client->ending = true;
	if (client->receiving || client->sending)
		return;
	free(client->data);
	client->data = NULL;
	connection_close(&client->connection);
	acceptor_release(&l->acceptor);
	client->next = l->free;
	l->free = client;
}

static void work(struct loop *l, struct client *client)
{
	if (!l->helpers) {
		client->wants = connection_work(&client->connection);
		worker_tick(&l->worker);
		return;
	}
	client->working = true;
	timer_clear(&l->timers, &client->timer);
	client->job.connection = &client->connection;
	helpers_do(l->helpers, &client->job);
}

/* Go on with a connection; false if it has to wait, for the kernel or for a helper. */
static bool step(struct loop *l, struct client *client)
{
	struct connection *c = &client->connection;
	size_t room;

	switch (client->wants) {
	case CONNECTION_READS:
		if (client->receiving)
			return false;
		room = connection_room(c);
		client->receiving = room;
		if (room)
			ring_receive(&l->ring, c->fd, room, tag(client, OP_RECEIVE));
		else
			client->wants = connection_receive(c);
		return !room;
	case CONNECTION_WRITES:
		if (client->sending)
			return false;
		if (connection_pending(c))
			send_next(l, client);
		else
			client->wants = connection_send(c);
		return !client->sending;
	case CONNECTION_WORKS:
		work(l, client);
		return !client->working;
	default:
		return false;
	}
}

static void run_client(struct loop *l, struct client *client)
{
	while (!client->ending && step(l, client))
		;
	if (client->working)
		return;
	if (client->ending || client->wants == CONNECTION_ENDS)
		end_client(l, client);
	else
		timer_set(&l->timers, &client->timer, client->connection.deadline);
}

static void received(struct loop *l, struct client *client, const struct io_uring_cqe *cqe)
{
	client->receiving = false;
	/* No buffer was free: there will be, when all that was received is looked at. */
	if (cqe->res == -ECANCELED)
		client->wants = CONNECTION_ENDS;
	else if (client->wants == CONNECTION_READS && !client->ending && cqe->res != -ENOBUFS)
		client->wants = connection_received(&client->connection,
						    ring_received(&l->ring, cqe), cqe->res,
						    cqe->flags & IORING_CQE_F_SOCK_NONEMPTY);
	ring_give_back(&l->ring, cqe);
	if (!client->working)
		run_client(l, client);
}

static void sent(struct loop *l, struct client *client, int n)
{
	client->sending = false;
	if (n > 0 && client->data_left) {
		client->data_at += n;
		client->data_left -= n;
	}
	if (!client->ending)
		client->wants = connection_sent(&client->connection, n);
	if (client->data && !client->data_left && client->wants != CONNECTION_WRITES) {
		free(client->data);
		client->data = NULL;
	}
	run_client(l, client);
}

static void has_read(struct loop *l, struct client *client, int n)
{
	client->sending = false;
	client->data_at = 0;
	client->data_left = n > 0 ? n : 0;
	/* The file is shorter than it was: what was announced cannot be sent any more. */
	if (n <= 0)
		client->wants = CONNECTION_ENDS;
	run_client(l, client);
}

static void take_back(struct loop *l)
{
	struct job *job = l->helpers ? helpers_done(l->helpers) : NULL, *next;

	for (; job; job = next) {
		struct client *client =
			(struct client *)((char *)job - offsetof(struct client, job));

		next = job->next;
		client->working = false;
		client->wants = job->wants;
		run_client(l, client);
	}
}

static void expire(struct loop *l)
{
	struct timer *timer;

	while ((timer = timers_expired(&l->timers, l->worker.now))) {
		struct client *client =
			(struct client *)((char *)timer - offsetof(struct client, timer));

		client->wants = connection_expire(&client->connection);
		run_client(l, client);
	}
}

/* --- new connections --- */

static void await_wake(struct loop *l)
{
	ring_read(&l->ring, l->wake, &l->woken, sizeof(l->woken), 0, OP_WAKE);
}

static uint64_t tag_accept(unsigned int i)
{
	return (uint64_t)i << 3 | OP_ACCEPT;
}

/* It comes back with what it has got by then, or with -ECANCELED. */
static void stop_accepting(struct loop *l, unsigned int i)
{
	if (l->accepting[i] && l->accepting[i] != ACCEPTS_ENDING)
		ring_cancel(&l->ring, tag_accept(i), OP_CANCEL);
	if (l->accepting[i])
		l->accepting[i] = ACCEPTS_ENDING;
}

/* What comes although there is no room for it by then has a place in @clients all the same. */
static void accept_more(struct loop *l)
{
	unsigned int open = atomic_load(&l->acceptor.open);
	unsigned int room = open < l->acceptor.most ? l->acceptor.most - open : 0;
	bool many = room > LISTEN_BACKLOG;

	for (unsigned int i = 0; i < l->acceptor.count; i++) {
		if (l->accepting[i] == ACCEPTS_MANY && !many)
			stop_accepting(l, i);
		if (l->accepting[i] || !room)
			continue;
		ring_accept(&l->ring, l->acceptor.fds[i], many, tag_accept(i));
		l->accepting[i] = many ? ACCEPTS_MANY : ACCEPTS_ONE;
	}
}

static void add_client(struct loop *l, int fd, const struct in6_addr *peer)
{
	struct client *client = l->free;

	if (client) {
		l->free = client->next;
	} else if (l->used < l->most) {
		client = &l->clients[l->used++];
	} else {
		close(fd);
		count(&l->worker.counters->refused, 1);
		acceptor_release(&l->acceptor);
		return;
	}
	*client = (struct client){ .wants = CONNECTION_READS };
	connection_init(&client->connection, &l->worker, fd, peer);
	run_client(l, client);
}

static void accepted(struct loop *l, unsigned int i, const struct io_uring_cqe *cqe)
{
	struct in6_addr peer;

	if (!(cqe->flags & IORING_CQE_F_MORE))
		l->accepting[i] = ACCEPTS_NOT;
	if (cqe->res >= 0) {
		acceptor_took(&l->acceptor, cqe->res, &peer);
		add_client(l, cqe->res, &peer);
	} else if (cqe->res == -EMFILE || cqe->res == -ENFILE || cqe->res == -ENOBUFS ||
		   cqe->res == -ENOMEM) {
		l->paused = true;
	}
}

/* Take who waits, by ourselves: at the end, and when descriptors have run out. */
static void accept_now(struct loop *l)
{
	struct in6_addr peer;
	int fd;

	while ((fd = accept_try(&l->acceptor, 0, &peer)) >= 0)
		add_client(l, fd, &peer);
	l->paused = fd == ACCEPT_PAUSE;
}

/* --- the end --- */

/* The grace is over: those that wait for a request have waited; unless one is here by now. */
static void end_idle(struct loop *l)
{
	l->ending = true;
	for (unsigned int i = 0; i < l->used; i++) {
		struct client *client = &l->clients[i];
		const struct connection *c = &client->connection;

		/* One that became idle meanwhile has a grace of its own. */
		if (c->fd >= 0 && client->receiving && !client->ending &&
		    c->phase == PHASE_IDLE && c->deadline - l->worker.now > CONTROL_GRACE_MS)
			ring_cancel(&l->ring, tag(client, OP_RECEIVE), OP_CANCEL);
	}
}

/* True when there is no more to do. */
static bool draining(struct loop *l)
{
	bool accepting = false;

	for (unsigned int i = 0; i < l->acceptor.count; i++) {
		stop_accepting(l, i);
		accepting |= l->accepting[i] != ACCEPTS_NOT;
	}
	if (!accepting && !l->closed) {
		l->closed = true;
		if (!control_handed_over())
			accept_now(l);
	}
	if (!l->ending && control_grace_over())
		end_idle(l);
	return (l->closed && !atomic_load(&l->acceptor.open)) || control_late();
}

/* --- turns --- */

static void handle(struct loop *l, const struct io_uring_cqe *cqe)
{
	void *whose = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)OP_MASK);

	switch (cqe->user_data & OP_MASK) {
	case OP_RECEIVE:
		received(l, whose, cqe);
		break;
	case OP_SEND:
		sent(l, whose, cqe->res);
		break;
	case OP_READ:
		has_read(l, whose, cqe->res);
		break;
	case OP_ACCEPT:
		accepted(l, cqe->user_data >> 3, cqe);
		break;
	case OP_WAKE:
		take_back(l);
		await_wake(l);
		break;
	default:
		break;
	}
}

static int64_t patience(const struct loop *l)
{
	if (l->paused || control_draining())
		return ACCEPT_RETRY_MS;
	return l->timers.count ? TIMER_TICK * 4 : -1;
}

/* Hand over, wait, and look at all that came back. */
static void turn(struct loop *l)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	ring_turn(&l->ring, patience(l));
	worker_tick(&l->worker);
	io_uring_for_each_cqe(&l->ring.uring, head, cqe) {
		handle(l, cqe);
		n++;
	}
	io_uring_cq_advance(&l->ring.uring, n);
}

static void completion_run(void *loop)
{
	struct loop *l = loop;

	ring_begin(&l->ring);
	await_wake(l);
	for (;;) {
		if (control_draining()) {
			if (draining(l))
				return;
		} else if (l->paused) {
			accept_now(l);
		} else {
			accept_more(l);
		}
		turn(l);
		expire(l);
	}
}

static void completion_wake(void *loop)
{
	struct loop *l = loop;
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof(one));

	(void)n; /* Fails only if it is readable already. */
}

/* --- set up --- */

static void completion_destroy(void *loop)
{
	struct loop *l = loop;

	if (l->helpers)
		helpers_destroy(l->helpers);
	ring_close(&l->ring);
	munmap(l->clients, l->most * sizeof(struct client));
	worker_end(&l->worker);
	acceptor_end(&l->acceptor);
	if (l->wake >= 0)
		close(l->wake);
	free(l);
}

static int open_loop(struct loop *l, unsigned int index, struct error *err)
{
	const struct options *o = &l->server->options;
	unsigned int most = (l->server->max_connections + o->workers - 1) / o->workers;
	int ret;

	worker_init(&l->worker, l->server, index);
	acceptor_init(&l->acceptor, l->server, &l->worker, index, o->workers, most);
	timers_init(&l->timers, l->worker.now);
	l->wake = eventfd(0, EFD_CLOEXEC);
	l->most = most + LISTEN_BACKLOG;
	l->clients = mmap(NULL, l->most * sizeof(struct client), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (l->wake < 0 || l->clients == MAP_FAILED)
		return error_errno(err, ENOMEM, NULL, "event: loop %u", index);
	ret = ring_open(&l->ring, err);
	if (ret || !o->helpers)
		return ret;
	l->helpers = helpers_create(o->helpers, l->wake);
	return l->helpers ? 0 : error_errno(err, EAGAIN, "fewer --helpers", "event: helpers");
}

static void *completion_create(struct server *server, unsigned int index, struct error *err)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l) {
		error_errno(err, ENOMEM, NULL, "event: loop %u", index);
		return NULL;
	}
	l->server = server;
	/* If it fails, the server ends, and with it what there is of the loop. */
	return open_loop(l, index, err) ? NULL : l;
}

int completion_possible(struct error *err)
{
	struct ring *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return error_errno(err, ENOMEM, NULL, "event");
	ret = ring_open(r, err);
	ring_close(r);
	free(r);
	return ret;
}

const struct loop_calls completion_loop = {
	.create = completion_create,
	.run = completion_run,
	.wake = completion_wake,
	.destroy = completion_destroy,
};
