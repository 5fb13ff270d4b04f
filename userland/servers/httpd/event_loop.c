// SPDX-License-Identifier: GPL-2.0-only
/* The event loop, see event_loop.h. */
#include "event_loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

/* Connections taken, and calls made for one connection, before others have their turn. */
#define ACCEPT_AT_ONCE 64
#define CALLS_AT_ONCE 16
#define READY_AT_ONCE 256

/* --- one connection --- */

static void end_client(struct loop *l, struct client *client)
{
	timer_clear(&l->timers, &client->timer);
	l->calls->remove(l->set, client->connection.fd, true);
	connection_close(&client->connection);
	acceptor_release(&l->acceptor);
	l->retry = 0;
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

/* Make the next call of a connection; false if it has to wait. */
static bool step(struct loop *l, struct client *client)
{
	struct connection *c = &client->connection;

	/* lab 08 step 4 begin: one call, if it need not wait; skeleton: return false; */
	switch (client->wants) {
	case CONNECTION_READS:
		if (!c->readable && !client->hangup)
			return false;
		client->wants = connection_receive(c);
		return true;
	case CONNECTION_WRITES:
		if (!c->writable)
			return false;
		client->wants = connection_send(c);
		return true;
	case CONNECTION_WORKS:
		work(l, client);
		return !client->working;
	default:
		return false;
	}
	/* lab 08 step 4 end */
}

/* Make all calls that can be made now, but not so many that others would starve. */
static void run_client(struct loop *l, struct client *client)
{
	struct connection *c = &client->connection;
	int left = CALLS_AT_ONCE;

	/* lab 08 step 4 begin: a turn */
	while (left && step(l, client))
		left--;
	if (client->working)
		return;
	if (client->wants == CONNECTION_ENDS) {
		end_client(l, client);
		return;
	}
	if (!left) {
		client->again = true;
		client->next = l->again;
		l->again = client;
	}
	l->calls->watch(l->set, c->fd,
			client->wants == CONNECTION_READS ? WATCH_READ : WATCH_WRITE);
	timer_set(&l->timers, &client->timer, c->deadline);
	/* lab 08 step 4 end */
}

static void run_again(struct loop *l)
{
	struct client *client = l->again, *next;

	l->again = NULL;
	for (; client; client = next) {
		next = client->next;
		client->again = false;
		run_client(l, client);
	}
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

	/* lab 08 step 5 begin: whose time is over */
	while ((timer = timers_expired(&l->timers, l->worker.now))) {
		struct client *client =
			(struct client *)((char *)timer - offsetof(struct client, timer));

		client->wants = connection_expire(&client->connection);
		if (!client->again)
			run_client(l, client);
	}
	/* lab 08 step 5 end */
}

/* --- new connections --- */

static void watch_listeners(struct loop *l, bool watch)
{
	if (l->accepting == watch)
		return;
	l->accepting = watch;
	for (unsigned int i = 0; i < l->acceptor.count; i++) {
		if (watch)
			l->calls->add(l->set, l->acceptor.fds[i], &l->acceptor, true);
		else
			l->calls->remove(l->set, l->acceptor.fds[i], false);
	}
}

static struct client *free_client(struct loop *l)
{
	struct client *client = l->free;

	if (!client)
		return &l->clients[l->used++];
	l->free = client->next;
	return client;
}

/* select cannot name it, or the kernel has no memory to watch it. */
static void refuse(struct loop *l, int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				     "Connection: close\r\n\r\n";

	send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	recv(fd, NULL, 65536, MSG_TRUNC | MSG_DONTWAIT);
	close(fd);
	count(&l->worker.counters->refused, 1);
	acceptor_release(&l->acceptor);
}

static void add_client(struct loop *l, int fd, const struct in6_addr *peer)
{
	struct client *client = free_client(l);

	*client = (struct client){ .wants = CONNECTION_READS };
	connection_init(&client->connection, &l->worker, fd, peer);
	timer_set(&l->timers, &client->timer, client->connection.deadline);
}

/* Take those who wait. False if there are more. */
static bool accept_some(struct loop *l)
{
	struct in6_addr peer;
	int fd;

	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		fd = accept_try(&l->acceptor, SOCK_NONBLOCK, &peer);
		if (fd == ACCEPT_PAUSE) {
			watch_listeners(l, false);
			l->retry = l->worker.now + ACCEPT_RETRY_MS;
		}
		if (fd < 0)
			return true;
		if (l->calls->add(l->set, fd, l->free ? l->free : &l->clients[l->used], false))
			refuse(l, fd);
		else
			add_client(l, fd, &peer);
	}
	return false;
}

/* --- the end --- */

/* The grace is over: close those that wait for a request, unless one has come by now. */
static void end_idle(struct loop *l)
{
	l->ending = true;
	for (unsigned int i = 0; i < l->used; i++) {
		struct client *client = &l->clients[i];
		struct connection *c = &client->connection;

		if (c->fd < 0 || client->working || client->again || c->phase != PHASE_IDLE)
			continue;
		/* Became idle meanwhile, and has a grace of its own. */
		if (c->deadline - l->worker.now <= CONTROL_GRACE_MS)
			continue;
		client->wants = connection_receive(c);
		if (client->wants == CONNECTION_READS && c->phase == PHASE_IDLE)
			client->wants = CONNECTION_ENDS;
		run_client(l, client);
	}
}

/* True when there is no more to do. */
static bool draining(struct loop *l)
{
	/* lab 08 step 7 begin: what is still to be done; skeleton: return true; */
	if (l->accepting || !l->ending) {
		while (!control_handed_over() && l->accepting && !accept_some(l))
			;
		watch_listeners(l, false);
	}
	if (!l->ending && control_grace_over())
		end_idle(l);
	return !atomic_load(&l->acceptor.open) || control_late();
	/* lab 08 step 7 end */
}

/* --- turns --- */

/* A pause ends when there may be room again; if not, it begins again. */
static bool pause_over(const struct loop *l)
{
	/* Out of descriptors, there may be one only when a connection has ended, or by and by. */
	return atomic_load(&l->acceptor.open) < l->acceptor.most &&
	       (!l->acceptor.paused || l->worker.now >= l->retry);
}

static void clear_wake(const struct loop *l)
{
	uint64_t n;

	while (read(l->wake, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static void handle(struct loop *l, const struct ready *ready)
{
	struct client *client = ready->what;

	if (ready->what == &l->acceptor) {
		accept_some(l);
		return;
	}
	if (ready->what == l) {
		clear_wake(l);
		take_back(l);
		return;
	}
	client->connection.readable |= ready->readable;
	client->connection.writable |= ready->writable;
	client->hangup |= ready->hangup;
	if (client->connection.fd >= 0 && !client->working && !client->again)
		run_client(l, client);
}

static int patience(const struct loop *l)
{
	if (l->again)
		return 0;
	if (l->accepting && !control_draining())
		return l->timers.count ? TIMER_TICK * 4 : -1;
	return ACCEPT_RETRY_MS;
}

static void run(void *loop)
{
	struct loop *l = loop;
	struct ready ready[READY_AT_ONCE];

	watch_listeners(l, true);
	for (;;) {
		int n = l->calls->wait(l->set, ready, READY_AT_ONCE, patience(l));

		worker_tick(&l->worker);
		for (int i = 0; i < n; i++)
			handle(l, &ready[i]);
		run_again(l);
		expire(l);
		if (control_draining() && draining(l))
			return;
		if (!l->accepting && !control_draining() && pause_over(l))
			watch_listeners(l, true);
	}
}

static void wake(void *loop)
{
	struct loop *l = loop;
	uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof(one));

	(void)n; /* Fails only if it is readable already. */
}

static int open_loop(struct loop *l, struct server *server, unsigned int index, struct error *err)
{
	static const struct readiness_calls *const calls[] = {
		[READINESS_EPOLL] = &readiness_epoll,
		[READINESS_POLL] = &readiness_poll,
		[READINESS_SELECT] = &readiness_select,
	};
	unsigned int loops = server->options.workers;
	unsigned int most = (server->max_connections + loops - 1) / loops;
	size_t size = most * sizeof(struct client);

	l->server = server;
	l->calls = calls[server->options.readiness];
	worker_init(&l->worker, server, index);
	acceptor_init(&l->acceptor, server, &l->worker, index, loops, most);
	timers_init(&l->timers, l->worker.now);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->set = l->calls->create(most + LISTENERS_MOST + 1);
	l->clients = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (l->wake < 0 || !l->set || l->clients == MAP_FAILED)
		return error_errno(err, ENOMEM, NULL, "event: loop %u", index);
	if (l->calls->add(l->set, l->wake, l, false))
		return error_errno(err, EMFILE, "a higher ulimit -n", "event: loop %u", index);
	if (server->options.helpers) {
		l->helpers = helpers_create(server->options.helpers, l->wake);
		if (!l->helpers)
			return error_errno(err, EAGAIN, "fewer --helpers", "event: helpers");
	}
	return 0;
}

static void destroy(void *loop)
{
	struct loop *l = loop;

	if (l->helpers)
		helpers_destroy(l->helpers);
	for (unsigned int i = 0; i < l->used; i++)
		if (l->clients[i].connection.fd >= 0)
			connection_close(&l->clients[i].connection);
	l->calls->destroy(l->set);
	worker_end(&l->worker);
	acceptor_end(&l->acceptor);
	close(l->wake);
	free(l);
}

static void *create(struct server *server, unsigned int index, struct error *err)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		error_errno(err, ENOMEM, NULL, "event: loop %u", index);
	else if (!open_loop(l, server, index, err))
		return l;
	/* The server ends, and with it what there is of the loop. */
	return NULL;
}

const struct loop_calls readiness_loop = {
	.create = create,
	.run = run,
	.wake = wake,
	.destroy = destroy,
};
