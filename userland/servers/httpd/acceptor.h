/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking connections, as many as there is room for. Out of room, or out of descriptors
 * (EMFILE), connections stay in the kernel's queue until one of ours ends: a pause, never an
 * exit, and never a loop that asks again and again. A queue that has not moved for as long
 * as a request may take is told 503, with the help of a descriptor kept in reserve for that.
 */
#ifndef VIRTLAB_HTTPD_ACCEPTOR_H
#define VIRTLAB_HTTPD_ACCEPTOR_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "server.h"
#include "worker.h"

/* In place of a descriptor: */
#define ACCEPT_NONE (-1)  /* nobody waits */
#define ACCEPT_PAUSE (-2) /* there is no room */
#define ACCEPT_TICK (-3)  /* look after whatever is to be looked after */
#define ACCEPT_STOP (-4)  /* the server is to end */

/**
 * struct acceptor - of one thread that accepts
 * @server: for whom
 * @worker: whose counters count
 * @count: of @fds
 * @fds: listening sockets, non-blocking
 * @next: which of them is asked first next time
 * @most: connections at a time
 * @open: at present; acceptor_release() takes one away, from any thread
 * @waiting: it wants to know of the next release
 * @paused: ms, since when there is no descriptor; 0: there is
 * @tick: ms, of the last ACCEPT_TICK
 * @epoll: of accept_next()
 * @reserve: a descriptor to give up
 */
struct acceptor {
	struct server *server;
	struct worker *worker;
	unsigned int count;
	int fds[LISTENERS_MOST];
	unsigned int next;
	unsigned int most;
	atomic_uint open;
	atomic_bool waiting;
	int64_t paused;
	int64_t tick;
	int epoll;
	int reserve;
};

/**
 * acceptor_init() - for one of several threads or processes
 * @a: set
 * @server: for whom
 * @worker: of the thread that accepts
 * @index: its number
 * @of: how many there are
 * @most: connections at a time
 */
void acceptor_init(struct acceptor *a, struct server *server, struct worker *worker,
		   unsigned int index, unsigned int of, unsigned int most);

/* The end of it; the listening sockets stay open. */
void acceptor_end(struct acceptor *a);

/**
 * accept_try() - take a connection, do not wait
 * @a: acceptor
 * @flags: for accept4(2), beside SOCK_CLOEXEC
 * @peer: set to its address
 *
 * Return: a descriptor, ACCEPT_NONE, or ACCEPT_PAUSE: then come back after a release, or after
 * ACCEPT_RETRY_MS.
 */
int accept_try(struct acceptor *a, int flags, struct in6_addr *peer);

#define ACCEPT_RETRY_MS 100

/**
 * accept_next() - wait for a connection; for designs that block
 * @a: acceptor
 * @peer: set to its address
 *
 * Return: a descriptor, ACCEPT_TICK now and then and after signals, or ACCEPT_STOP.
 */
int accept_next(struct acceptor *a, struct in6_addr *peer);

/**
 * acceptor_took() - a connection was taken by other means than the two above
 * @a: acceptor
 * @fd: it
 * @peer: set to its address
 */
void acceptor_took(struct acceptor *a, int fd, struct in6_addr *peer);

/**
 * acceptor_release() - a connection has ended
 * @a: acceptor that took it
 */
void acceptor_release(struct acceptor *a);

#endif
