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
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "completion_loop.h"
#include "control.h"

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
	completion_client_run(l, client);
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
			ring_cancel(&l->ring, op_tag(client, OP_RECEIVE), OP_CANCEL);
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
		completion_client_received(l, whose, cqe);
		break;
	case OP_SEND:
		completion_client_sent(l, whose, cqe->res);
		break;
	case OP_READ:
		completion_client_has_read(l, whose, cqe->res);
		break;
	case OP_ACCEPT:
		accepted(l, cqe->user_data >> 3, cqe);
		break;
	case OP_WAKE:
		completion_clients_worked(l);
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
		completion_clients_expire(l);
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
