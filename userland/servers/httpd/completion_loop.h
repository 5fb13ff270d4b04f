/* SPDX-License-Identifier: GPL-2.0-only */
/* The two parts of the event loop of completion: completion_loop.c, completion_client.c. */
#ifndef VIRTLAB_HTTPD_COMPLETION_LOOP_H
#define VIRTLAB_HTTPD_COMPLETION_LOOP_H

#include "acceptor.h"
#include "completion_ring.h"
#include "helpers.h"
#include "loops.h"
#include "timers.h"
#include "worker.h"

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

/**
 * op_tag() - what comes back with a completion
 * @whose: who is to be told
 * @operation: what it was
 */
static inline uint64_t op_tag(const void *whose, enum operation operation)
{
	return (uint64_t)(uintptr_t)whose | operation;
}

/**
 * completion_client_run() - go on with a connection, as far as nothing is to be waited for
 * @l: its loop
 * @client: it; given back to @l if it has ended
 */
void completion_client_run(struct loop *l, struct client *client);

/**
 * completion_client_received() - a receive has come back
 * @l: its loop
 * @client: whose
 * @cqe: what came of it; its buffer is given back
 */
void completion_client_received(struct loop *l, struct client *client,
				const struct io_uring_cqe *cqe);

/**
 * completion_client_sent() - a send has come back
 * @l: its loop
 * @client: whose
 * @n: octets that went, or a negative errno
 */
void completion_client_sent(struct loop *l, struct client *client, int n);

/**
 * completion_client_has_read() - a piece of a file is in memory
 * @l: its loop
 * @client: to whom it goes
 * @n: octets, or a negative errno
 */
void completion_client_has_read(struct loop *l, struct client *client, int n);

/**
 * completion_clients_worked() - take back those that helpers are done with
 * @l: their loop
 */
void completion_clients_worked(struct loop *l);

/**
 * completion_clients_expire() - those whose deadline is over
 * @l: their loop
 */
void completion_clients_expire(struct loop *l);

#endif
