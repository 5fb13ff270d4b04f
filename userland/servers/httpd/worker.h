/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one thread needs to serve connections: a clock, buffers, and where it counts. Nothing
 * in it is shared with another thread but the counters and the log.
 */
#ifndef VIRTLAB_HTTPD_WORKER_H
#define VIRTLAB_HTTPD_WORKER_H

#include "../http/date.h"
#include "exchange.h"
#include "server.h"

/**
 * struct worker - one thread
 * @server: what all have in common
 * @counters: its own set, while they last
 * @log: likewise
 * @spare: exchanges that no connection needs at present
 * @spares: how many
 * @clock: the date, as text
 * @now: ms of the monotonic clock, a few ms coarse
 * @second: seconds since 1970
 * @idle_fd: the connection on which the thread blocks for want of a request; else -1
 */
struct worker {
	const struct server *server;
	struct counters *counters;
	struct log_buffer *log;
	struct exchange *spare;
	unsigned int spares;
	struct http_clock clock;
	int64_t now;
	int64_t second;
	atomic_int idle_fd;
};

/**
 * worker_init() - a worker
 * @w: set
 * @server: what it is part of
 * @index: 0, 1, 2, ... of the workers there are
 */
void worker_init(struct worker *w, const struct server *server, unsigned int index);

/**
 * worker_end() - give its buffers back
 * @w: none of whose connections is open any more
 */
void worker_end(struct worker *w);

/**
 * worker_tick() - look at the clock
 * @w: whose @now and @second are set; no system call
 */
void worker_tick(struct worker *w);

/**
 * worker_take() - an exchange for a connection
 * @w: of the connection
 *
 * Return: NULL if there is no memory.
 */
struct exchange *worker_take(struct worker *w);

/**
 * worker_give() - an exchange that is not needed any more
 * @w: it is from
 * @x: it; the files it holds are put
 */
void worker_give(struct worker *w, struct exchange *x);

#endif
