// SPDX-License-Identifier: GPL-2.0-only
/* The loop: waits for connections and moments, and calls those concerned. See loop.h. */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cleanup.h"

#define EVENTS 256
/* The open phase ends if no connection gets anywhere for so long. */
#define OPEN_PATIENCE NS_PER_S
#define CLOSE_PATIENCE NS_PER_S
#define RETRY_PAUSE (10 * NS_PER_MS)

/* Of @all, loop @number of @loops has so many. */
static size_t share(size_t all, unsigned int number, unsigned int loops)
{
	return all / loops + (number < all % loops);
}

static void assign(struct loop *loop)
{
	for (size_t i = 0; i < loop->total; i++) {
		struct connection *c = &loop->connections[i];

		c->fd = -1;
		list_init(&c->link);
		if (i < loop->clients)
			c->role = &client_role;
		else if (i < loop->clients + loop->idle)
			c->role = &idle_role;
		else if (i < loop->clients + loop->idle + loop->drips)
			c->role = &drip_role;
		else
			c->role = &slow_read_role;
	}
}

/* loop_free() in any case. */
int loop_make(struct loop *loop, struct run *run, unsigned int number, struct error *err)
{
	const struct options *o = run->options;

	loop->run = run;
	loop->options = o;
	loop->number = number;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return error_errno(err, errno, NULL, "epoll");
	loop->clients = share(o->connections, number, o->threads);
	loop->idle = share(o->idle, number, o->threads);
	loop->drips = o->drip ? share(o->slow, number, o->threads) : 0;
	loop->total = loop->clients + loop->idle + loop->drips +
		      (o->read_rate ? share(o->slow, number, o->threads) : 0);
	loop->limit = o->requests ? share(o->requests, number, o->threads) : UINT64_MAX;
	loop->connections = calloc(loop->total, sizeof(*loop->connections));
	if (!loop->connections)
		return error_errno(err, ENOMEM, "give fewer --connections", "connections");
	list_init(&loop->free);
	for (int i = 0; i < WAITS; i++)
		list_init(&loop->waiting[i]);
	assign(loop);
	return 0;
}

void loop_free(struct loop *loop)
{
	free(loop->connections);
	if (loop->epoll >= 0)
		close(loop->epoll);
}

static uint64_t length_of(const struct loop *loop, enum wait wait)
{
	switch (wait) {
	case WAIT_ANSWER:
		return loop->options->timeout;
	case WAIT_CLOSE:
		return CLOSE_PATIENCE;
	case WAIT_RETRY:
		return RETRY_PAUSE;
	case WAIT_DRIP:
		return loop->options->drip_interval;
	case WAIT_READ:
		return 100 * NS_PER_MS;
	default:
		return 0;
	}
}

/* Leaves the list it is in, and wakes up when that wait is over. */
void loop_wait(struct loop *loop, struct connection *c, enum wait wait)
{
	list_remove(&c->link);
	c->wait = wait;
	c->deadline = loop->now + length_of(loop, wait);
	list_append(&loop->waiting[wait], &c->link);
}

bool loop_in_window(const struct loop *loop, uint64_t moment)
{
	return loop->measure && moment >= loop->measure && moment < loop->end;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When there is something to do even if no connection has news. */
static uint64_t next_moment(const struct loop *loop)
{
	uint64_t next = loop->now + SERIES_ROW_NS;

	for (int i = 0; i < WAITS; i++)
		if (!list_empty(&loop->waiting[i]))
			next = sooner(next, ((struct connection *)loop->waiting[i].next)->deadline);
	if (!loop->begin)
		return next;
	next = sooner(next, loop->begin + (loop->row.number + 1) * SERIES_ROW_NS);
	if (!loop->measuring)
		next = sooner(next, loop->measure);
	if (loop->options->rate && !list_empty(&loop->free))
		next = sooner(next, schedule_next(&loop->schedule));
	return next;
}

static void wake_those_due(struct loop *loop)
{
	for (enum wait wait = 0; wait < WAITS; wait++) {
		struct link *list = &loop->waiting[wait];
		struct link due;

		/* Whoever waits anew, waits for the next round. */
		list_init(&due);
		while (!list_empty(list) &&
		       ((struct connection *)list->next)->deadline <= loop->now) {
			struct link *link = list->next;

			list_remove(link);
			list_append(&due, link);
		}
		while (!list_empty(&due)) {
			struct connection *c = (struct connection *)due.next;

			if (wait != WAIT_ANSWER)
				list_remove(&c->link);
			c->role->wake(loop, c, wait);
		}
	}
}

/* One round: wait, then hear everybody who has something. */
static void round_of(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	uint64_t until = next_moment(loop), wait = until > loop->now ? until - loop->now : 0;
	struct timespec timeout = { (time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S) };
	int count = epoll_pwait2(loop->epoll, events, EVENTS, &timeout, NULL);

	loop->now = clock_now();
	for (int i = 0; i < count; i++) {
		struct connection *c = events[i].data.ptr;

		c->role->ready(loop, c);
		loop->now = clock_now();
		if (loop->options->rate && loop->begin)
			client_dispatch(loop);
	}
	wake_those_due(loop);
	if (!loop->stopped && atomic_load_explicit(loop->run->stop, memory_order_relaxed)) {
		loop->stopped = true;
		loop->end = sooner(loop->end, loop->now);
	}
}

static void open_next(struct loop *loop)
{
	struct connection *c = &loop->connections[loop->to_open++];

	if (c->role == &idle_role)
		idle_open(loop, c);
	else if (loop->options->close)
		client_free(loop, c);
	else
		client_open(loop, c);
}

static bool refused(const struct loop *loop)
{
	return !loop->ever_connected && loop->counts.connect_errno;
}

/* Clients that did not get to it will connect when they have a request. */
static void give_up_opening(struct loop *loop, size_t count)
{
	for (; loop->to_open < count; loop->to_open++) {
		struct connection *c = &loop->connections[loop->to_open];

		if (c->role == &client_role)
			client_free(loop, c);
	}
}

static void open_all(struct loop *loop)
{
	size_t count = loop->clients + loop->idle;

	loop->now = clock_now();
	loop->progress = loop->now;
	while (!loop->stopped && !refused(loop) && loop->now - loop->progress < OPEN_PATIENCE) {
		while (loop->opening < LOOP_OPENING_MAX && loop->to_open < count)
			open_next(loop);
		if (!loop->opening && loop->to_open == count)
			break;
		round_of(loop);
	}
	give_up_opening(loop, count);
}

static int cannot_connect(struct loop *loop)
{
	const char *advice = "is the server running there?";
	int error = loop->counts.connect_errno;

	if (error == EADDRNOTAVAIL)
		advice = "see --source for addresses of this host";
	loop->run->failed = true;
	return error_errno(&loop->err, error, advice, "connect: %s", loop->options->authority);
}

/* Time that this thread could have run and did not, in ns; 0 if the kernel does not say. */
static uint64_t starved(void)
{
	cleanup_fclose FILE *file = fopen("/proc/thread-self/schedstat", "re");
	uint64_t ran, waited;

	return file && fscanf(file, "%" SCNu64 " %" SCNu64, &ran, &waited) == 2 ? waited : 0;
}

static void begin_window(struct loop *loop)
{
	loop->measuring = true;
	loop->cpu = clock_read(CLOCK_THREAD_CPUTIME_ID);
	loop->starved = starved();
}

static void end_window(struct loop *loop)
{
	loop->cpu = clock_read(CLOCK_THREAD_CPUTIME_ID) - loop->cpu;
	loop->starved = starved() - loop->starved;
	loop->window = loop->now - loop->measure;
}

static void begin(struct loop *loop)
{
	const struct options *o = loop->options;
	const struct run *run = loop->run;

	loop->begin = run->begin;
	loop->measure = run->measure;
	loop->end = run->end;
	schedule_begin(&loop->schedule, run->begin, run->end, o->rate, loop->number, o->threads,
		       o->requests ? o->requests : UINT64_MAX);
	loop->now = clock_now();
	if (loop->measure <= loop->now)
		begin_window(loop);
	for (size_t i = 0; i < loop->clients; i++)
		client_begin(loop, &loop->connections[i]);
	for (size_t i = loop->clients + loop->idle; i < loop->total; i++)
		slow_start(loop, &loop->connections[i]);
	client_dispatch(loop);
}

/* All that was intended is sent and has ended, or nobody waits for it any longer. */
static bool over(const struct loop *loop)
{
	bool sent = loop->options->rate ? schedule_next(&loop->schedule) == NEVER :
					  loop->now >= loop->end || loop->issued >= loop->limit;

	if (loop->stopped || loop->run->failed)
		return true;
	if (loop->end != NEVER && loop->now >= loop->end + loop->options->timeout)
		return true;
	return sent && !loop->outstanding && (loop->now >= loop->end || !loop->options->timed ||
					      loop->limit != UINT64_MAX);
}

static void hand_in_rows(struct loop *loop)
{
	while (loop->now >= loop->begin + (loop->row.number + 1) * SERIES_ROW_NS)
		series_hand_in(&loop->run->series, &loop->row);
}

static void finish(struct loop *loop)
{
	for (size_t i = 0; i < loop->total; i++)
		loop->connections[i].role->finish(loop, &loop->connections[i]);
	client_unsent(loop);
	/* The last row may be short. */
	series_hand_in(&loop->run->series, &loop->row);
}

static void measure(struct loop *loop)
{
	begin(loop);
	while (!over(loop)) {
		round_of(loop);
		if (!loop->measuring && loop->now >= loop->measure)
			begin_window(loop);
		if (loop->measuring && !loop->window && loop->now >= loop->end)
			end_window(loop);
		client_dispatch(loop);
		hand_in_rows(loop);
		if (refused(loop))
			cannot_connect(loop);
	}
	if (loop->measuring && !loop->window)
		end_window(loop);
}

/* The life of a loop, from the first connection to the last. */
void loop_run(struct loop *loop)
{
	bool begun;

	/* A sleep until a request is due must not be rounded up to 50 us. */
	prctl(PR_SET_TIMERSLACK, 1);
	open_all(loop);
	if (refused(loop))
		cannot_connect(loop);
	pthread_barrier_wait(&loop->run->barrier);
	pthread_barrier_wait(&loop->run->barrier);
	begun = !loop->run->failed;
	if (begun)
		measure(loop);
	pthread_barrier_wait(&loop->run->barrier);
	pthread_barrier_wait(&loop->run->barrier);
	if (begun)
		finish(loop);
}
