/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One loop: a thread, an epoll set, and the connections that are its own. Loops share
 * nothing but struct run.
 *
 * A run has these phases; a request belongs to the measured window if it is intended for it.
 *
 *	open        all connections are opened, idle ones too
 *	warm-up     from begin to measure: as the window, but not counted
 *	window      from measure to end
 *	drain       what was intended for the window is sent and answered, or times out
 */
#ifndef LOAD_LOOP_H
#define LOAD_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "counts.h"
#include "list.h"
#include "options.h"
#include "request.h"
#include "response.h"
#include "schedule.h"
#include "series.h"

#define LOOP_BUFFER 65536
#define LOOP_OPENING_MAX 100

struct loop;
struct connection;

/*
 * What a connection waits for. Each wait has one length, so a list of them is in order of
 * time by itself, and nothing needs to be searched for.
 */
enum wait {
	WAIT_ANSWER,	/* the answer to its request: --timeout */
	WAIT_CLOSE,	/* the server's close, which it was asked for */
	WAIT_RETRY,	/* a while, because it could not connect */
	WAIT_AGAIN,	/* the next round of the loop */
	WAIT_DRIP,	/* the next bytes to drip */
	WAIT_READ,	/* the next bytes to read slowly */
	WAITS,
};

enum state {
	STATE_NEW,	/* never opened */
	STATE_FREE,	/* no request; in the free list, if it is a client */
	STATE_OPENING,	/* no request, not yet connected */
	STATE_SENDING,	/* connecting, or sending */
	STATE_ANSWER,	/* waiting for the answer, or within it */
	STATE_CLOSING,	/* answered; the server is expected to close */
	STATE_PAUSED,	/* in WAIT_RETRY or WAIT_AGAIN */
	STATE_GONE,	/* nothing more will happen with it */
};

/**
 * struct role - what a connection is for
 * @ready: epoll has something for it
 * @wake: its wait is over
 * @finish: the run is over
 */
struct role {
	void (*ready)(struct loop *loop, struct connection *c);
	void (*wake)(struct loop *loop, struct connection *c, enum wait wait);
	void (*finish)(struct loop *loop, struct connection *c);
};

/**
 * struct connection - one of a client's, one after the other
 * @link: in one of the loop's lists
 * @fd: -1: not open
 * @watched: what epoll looks for
 * @wait, @deadline: which list it is in, until when
 * @connected: the server has accepted it, as far as TCP knows
 * @broken: errno that sending ended with: it is told only once
 * @written: how much of the request is sent
 * @answers: responses since it was opened
 * @intended, @started: when its request was due, and when work on it began (NEVER: it did not)
 * @measured: its request belongs to the window
 * @retried: its request was sent before, on a connection that was being closed
 * @served: requests answered in the window, over all connections of this client
 */
struct connection {
	struct link link;
	const struct role *role;
	int fd;
	uint32_t watched;
	enum state state;
	enum wait wait;
	uint64_t deadline;
	bool connected, measured, retried;
	int broken;
	size_t written;
	uint64_t answers;
	uint64_t intended, started;
	uint64_t served;
	struct response response;
};

/**
 * struct run - what all loops share; they write only to @failed and the series
 * @request: what clients send; @idle_request, @slow_request: what idle and slow ones do
 * @slow_head: how much of that is sent at once, the rest drips
 * @search: for --check
 * @barrier: all loops have opened their connections; main() has set the times; all are done; main()
 *	has looked at the server
 * @begin, @measure, @end: moments; end is NEVER if nothing but a number limits the run
 * @stop: the user wants it to end
 * @failed: a loop cannot begin, so none does
 */
struct run {
	const struct options *options;
	struct request request;
	struct request idle_request;
	struct request slow_request;
	size_t slow_head;
	struct search search;
	struct series series;
	pthread_barrier_t barrier;
	uint64_t begin, measure, end;
	atomic_bool *stop;
	atomic_bool failed;
};

/**
 * struct loop - see above
 * @connections: clients, then idle ones, then dripping, then slowly reading ones
 * @clients, @total: how many of them are clients, and how many there are
 * @free: clients without a request, longest free first
 * @waiting: lists of those that wait, by enum wait
 * @opening: connections being opened before the run begins; @to_open: next to be opened
 * @ever_connected: a connection could be opened
 * @outstanding: clients that have a request
 * @issued, @limit: requests begun, and how many may be
 * @now: the time, as of the last look
 * @end: of the window; earlier than the run's if the user stopped it
 * @source: next source address
 * @latency: from when a request was intended; @service: from when it was begun (in a closed
 *	loop that is the same, and not recorded)
 * @late: how late requests were begun although a connection was free
 * @cpu: CPU time used in the window; @starved: time it wanted a CPU and had none
 * @window: how long the loop measured
 */
struct loop {
	struct run *run;
	const struct options *options;
	unsigned int number;
	int epoll;
	struct connection *connections;
	size_t clients, idle, drips, total;
	struct link free;
	struct link waiting[WAITS];
	size_t opening, to_open;
	bool ever_connected;
	size_t outstanding;
	uint64_t issued, limit;
	uint64_t now, progress;
	uint64_t begin, measure, end;
	bool measuring, stopped;
	unsigned int source;
	struct schedule schedule;
	struct counts counts;
	struct row row;
	struct histogram latency, service, late;
	uint64_t cpu, starved, window;
	struct error err;
	char buffer[LOOP_BUFFER];
};

/* loop.c */
int loop_make(struct loop *loop, struct run *run, unsigned int number, struct error *err);
void loop_run(struct loop *loop);
void loop_free(struct loop *loop);
void loop_wait(struct loop *loop, struct connection *c, enum wait wait);
bool loop_in_window(const struct loop *loop, uint64_t moment);

/* socket.c */
int socket_open(struct loop *loop, struct connection *c, int receive_buffer);
void socket_close(struct connection *c);
void socket_watch(struct loop *loop, struct connection *c, uint32_t events);
int socket_error(const struct connection *c);
int socket_send(struct connection *c, const char *bytes, size_t size);

/* client.c */
extern const struct role client_role;
void client_open(struct loop *loop, struct connection *c);
void client_begin(struct loop *loop, struct connection *c);
void client_free(struct loop *loop, struct connection *c);
void client_dispatch(struct loop *loop);
void client_unsent(struct loop *loop);

/* idle.c */
extern const struct role idle_role;
void idle_open(struct loop *loop, struct connection *c);

/* slow.c */
extern const struct role drip_role, slow_read_role;
void slow_start(struct loop *loop, struct connection *c);

#endif
