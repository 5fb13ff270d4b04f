// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event: one thread, all connections. It asks the kernel which of them are ready, makes one
 * call after the other for those, none of which waits, and asks again (event_loop.c).
 *
 *	          ┌──────────────────────── loop ────────────────────────┐
 *	ready? ──▶ accept ──▶ receive, answer, send ... ──▶ too late? ──▶ ready?
 *	                            │        ▲
 *	                            ▼        │ eventfd
 *	                          helper threads (--helpers), for what burns or blocks
 *
 * Good: a connection that waits costs some 200 octets and no time at all; no switch between
 * threads, no lock on the way of a request; ten thousand idle clients do not slow the active.
 * Bad: whatever waits or computes in the loop makes everybody wait: a handler that blocks for
 * 10 ms limits the whole server to 100 requests a second, unless helpers do it. One loop uses
 * one processor: for more, --workers. The state of each connection, which a thread keeps on
 * its stack, has to be kept by hand: that is what connection.c does. One bug ends all.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "cleanup.h"
#include "control.h"
#include "event_loop.h"

#define TICK_MS 1000

static void *run(void *loop)
{
	loop_run(loop);
	return NULL;
}

static int start(struct loop *loops, unsigned int count, struct server *server, struct error *err)
{
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		ret = loop_init(&loops[i], server, i, err);
		if (ret)
			return ret;
	}
	for (unsigned int i = 0; i < count; i++) {
		ret = pthread_create(&loops[i].thread, NULL, run, &loops[i]);
		if (ret)
			return error_errno(err, ret, "fewer --workers", "event: loop %u", i);
	}
	return 0;
}

int serve_event(struct server *server, struct error *err)
{
	unsigned int count = server->options.workers;
	cleanup_free struct loop *loops = calloc(count, sizeof(*loops));
	int ret;

	if (!loops)
		return error_errno(err, ENOMEM, NULL, "event: %u loops", count);
	control_block(true);
	ret = start(loops, count, server, err);
	control_block(false);
	if (ret)
		return ret;
	/* This thread only listens to signals, and writes the log. */
	while (!control_draining()) {
		control_wait(TICK_MS);
		server_tick(server);
	}
	for (unsigned int i = 0; i < count; i++)
		loop_wake(&loops[i]);
	for (unsigned int i = 0; i < count; i++)
		pthread_join(loops[i].thread, NULL);
	listeners_close(&server->listeners);
	if (!control_late())
		for (unsigned int i = 0; i < count; i++)
			loop_destroy(&loops[i]);
	return 0;
}
