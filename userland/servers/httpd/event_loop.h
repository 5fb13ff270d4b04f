/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event loop of readiness: a thread and all its connections, see design_event.c. The other
 * kind is completion_loop.c.
 */
#ifndef VIRTLAB_HTTPD_EVENT_LOOP_H
#define VIRTLAB_HTTPD_EVENT_LOOP_H

#include "acceptor.h"
#include "helpers.h"
#include "loops.h"
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

#endif
