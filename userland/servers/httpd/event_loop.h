/* SPDX-License-Identifier: GPL-2.0-only */
/* One event loop: a thread and all its connections, see design_event.c. */
#ifndef VIRTLAB_HTTPD_EVENT_LOOP_H
#define VIRTLAB_HTTPD_EVENT_LOOP_H

#include <pthread.h>

#include "acceptor.h"
#include "helpers.h"
#include "readiness.h"
#include "timers.h"
#include "worker.h"

/**
 * struct client - a connection, and what the loop knows of it
 * @connection: it
 * @timer: for its deadline
 * @job: for the helpers
 * @next: in the list of free ones, or of those that go on at once
 * @wants: what it said last
 * @hangup: the client sends no more: a receive will find the end
 * @working: with a helper
 * @again: in the list of those that go on at once
 */
struct client {
	struct connection connection;
	struct timer timer;
	struct job job;
	struct client *next;
	uint8_t wants;
	bool hangup;
	bool working;
	bool again;
};

/**
 * struct loop - one of them
 * @thread: that runs it
 * @server: what it serves
 * @worker: of its thread
 * @acceptor: likewise
 * @calls: which system call waits
 * @set: its sockets
 * @timers: of its connections
 * @helpers: NULL: it does everything itself
 * @clients: room for all there may be; touched as far as they were needed
 * @used: so many were
 * @free: those of them that are free
 * @again: those that can go on without waiting
 * @wake: eventfd: helpers are done, or the server is to end
 * @retry: ms, when a pause for want of a descriptor is over
 * @accepting: listening sockets are watched
 * @ending: idle connections were closed
 */
struct loop {
	pthread_t thread;
	struct server *server;
	struct worker worker;
	struct acceptor acceptor;
	const struct readiness_calls *calls;
	void *set;
	struct timers timers;
	struct helpers *helpers;
	struct client *clients;
	unsigned int used;
	struct client *free;
	struct client *again;
	int wake;
	int64_t retry;
	bool accepting;
	bool ending;
};

/**
 * loop_init() - a loop
 * @l: set
 * @server: what it serves
 * @index: its number
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int loop_init(struct loop *l, struct server *server, unsigned int index, struct error *err);

/**
 * loop_run() - serve until the server is to end, and what is under way is through
 * @l: loop
 */
void loop_run(struct loop *l);

/**
 * loop_wake() - have it look whether the server is to end
 * @l: loop, of another thread
 */
void loop_wake(struct loop *l);

/**
 * loop_destroy() - the end of it
 * @l: that does not run any more
 */
void loop_destroy(struct loop *l);

#endif
