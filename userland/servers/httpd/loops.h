/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two kinds of event loop, behind one face for design_event.c:
 *
 *	readiness	event_loop.c: the kernel says what could be done now; the loop does it
 *	completion	completion_loop.c: the loop says what is to be done; the kernel does it,
 *			and says when it is (io_uring)
 */
#ifndef VIRTLAB_HTTPD_LOOPS_H
#define VIRTLAB_HTTPD_LOOPS_H

#include "server.h"

/**
 * struct loop_calls - a kind of loop
 * @create: a loop, the number @index of @server's; NULL with @err filled
 * @run: serve until the server is to end, and what is under way is through
 * @wake: have it look whether the server is to end; from another thread
 * @destroy: the end of one that does not run any more
 */
struct loop_calls {
	void *(*create)(struct server *server, unsigned int index, struct error *err);
	void (*run)(void *loop);
	void (*wake)(void *loop);
	void (*destroy)(void *loop);
};

extern const struct loop_calls readiness_loop, completion_loop;

/**
 * completion_possible() - whether the kernel lets us, before anybody is told that we serve
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int completion_possible(struct error *err);

#endif
