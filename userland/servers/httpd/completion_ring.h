/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring, as completion_loop.c uses it: what is handed to the kernel, and what comes back.
 *
 *	             submission ring                        completion ring
 *	loop ──▶ | receive A | send B | ... | ──▶ kernel ──▶ | sent B | received A | ... | ──▶ loop
 *	                                             │
 *	                 ring of free buffers ───────┘ one for each receive that has got something
 *
 * Both rings and the buffers lie in memory that is shared with the kernel; one system call,
 * io_uring_enter, hands over all that was submitted in a turn, and waits.
 *
 * DEFER_TASKRUN: the kernel does its part of the work when we wait, not in between.
 * SINGLE_ISSUER: one thread uses the ring. Both save it locks and interrupts.
 */
#ifndef VIRTLAB_HTTPD_COMPLETION_RING_H
#define VIRTLAB_HTTPD_COMPLETION_RING_H

#include <liburing.h>

#include "connection.h"
#include "error.h"

#define RING_SUBMISSIONS 512

/**
 * struct ring - all that is shared with the kernel
 * @uring: both rings
 * @buffers: those that are free
 * @memory: of all buffers
 * @outgoing: what is sent in this turn: the kernel reads it when it is handed over
 * @messages: likewise
 * @outgoing_count: how many there are
 */
struct ring {
	struct io_uring uring;
	struct io_uring_buf_ring *buffers;
	char *memory;
	struct outgoing outgoing[RING_SUBMISSIONS];
	struct msghdr messages[RING_SUBMISSIONS];
	unsigned int outgoing_count;
};

/**
 * ring_open() - a ring, for the thread that will call ring_begin()
 * @r: set, also on failure: then only ring_close() may be called
 * @err: filled on failure; says what to do where the kernel forbids it
 *
 * Return: 0 or a negative errno.
 */
int ring_open(struct ring *r, struct error *err);

/* From here on, this thread is the one that uses the ring. */
void ring_begin(struct ring *r);

void ring_close(struct ring *r);

/*
 * What is to be done. @tag comes back with the completion, as user_data. Nothing is handed over
 * before ring_turn(), unless there is no room.
 */

/* One receive of up to @room octets, into whatever buffer is free then. */
void ring_receive(struct ring *r, int fd, size_t room, uint64_t tag);

/* What a receive has got. */
const char *ring_received(const struct ring *r, const struct io_uring_cqe *cqe);

/* Give the buffer back, if it has one. */
void ring_give_back(struct ring *r, const struct io_uring_cqe *cqe);

/* What the connection has to send next. NULL: it is done; else a part of a file, not sent. */
const struct outgoing *ring_send_memory(struct ring *r, const struct connection *c, uint64_t tag);

/* Send octets that stay until it is done. */
void ring_send(struct ring *r, int fd, const char *at, size_t length, bool more, uint64_t tag);

void ring_read(struct ring *r, int fd, void *at, size_t length, uint64_t offset, uint64_t tag);

/* Take one connection, or, if @many, one after the other until it is cancelled. */
void ring_accept(struct ring *r, int fd, bool many, uint64_t tag);

/* What was submitted with @what comes back soon, perhaps with -ECANCELED. */
void ring_cancel(struct ring *r, uint64_t what, uint64_t tag);

/**
 * ring_turn() - hand over, and wait for something to come back
 * @r: ring
 * @ms: at most; -1: no limit
 */
void ring_turn(struct ring *r, int64_t ms);

#endif
