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
 * one processor: for more, --workers (and --pin). The state of each connection, which a thread keeps on
 * its stack, has to be kept by hand: that is what connection.c does. One bug ends all.
 */
#include <errno.h>
#include <pthread.h>

#include "control.h"
#include "cpus.h"
#include "loops.h"

#define TICK_MS 1000

/**
 * struct running - a loop and its thread
 * @calls: which kind of loop it is
 * @loop: it
 * @thread: it
 */
struct running {
	const struct loop_calls *calls;
	void *loop;
	pthread_t thread;
};

static void *run(void *argument)
{
	struct running *r = argument;

	r->calls->run(r->loop);
	return NULL;
}

/*
 * A loop that stays on a CPU has what it works with in that CPU's caches. The kernel works on a
 * packet on the CPU it came in at: a connection from there needs no other.
 */
static int pin(pthread_attr_t *attributes, struct server *server, unsigned int loop)
{
	unsigned int cpu = cpus_nth(loop);

	listeners_pin(&server->listeners, loop, server->options.workers, cpu);
	return cpus_pin(attributes, cpu);
}

static int start_thread(struct running *r, struct server *server, unsigned int loop)
{
	pthread_attr_t attributes;
	int ret = 0;

	pthread_attr_init(&attributes);
	if (server->options.pin)
		ret = pin(&attributes, server, loop);
	if (!ret)
		ret = pthread_create(&r->thread, &attributes, run, r);
	pthread_attr_destroy(&attributes);
	return ret;
}

static int start(struct running *r, unsigned int count, struct server *server, struct error *err)
{
	bool completion = server->options.readiness == READINESS_IO_URING;
	int ret;

	for (unsigned int i = 0; i < count; i++) {
		r[i].calls = completion ? &completion_loop : &readiness_loop;
		r[i].loop = r[i].calls->create(server, i, err);
		if (!r[i].loop)
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < count; i++) {
		ret = start_thread(&r[i], server, i);
		if (ret)
			return error_errno(err, ret, "fewer --workers", "event: loop %u", i);
	}
	return 0;
}

int serve_event(struct server *server, struct error *err)
{
	unsigned int count = server->options.workers;
	/* Static: if one cannot be started, those that were still use it. */
	static struct running r[WORKERS_MOST];
	int ret;

	control_block(true);
	ret = start(r, count, server, err);
	control_block(false);
	if (ret)
		return ret;
	/* This thread only listens to signals, and writes the log. */
	while (!control_draining()) {
		control_wait(TICK_MS);
		server_tick(server);
	}
	for (unsigned int i = 0; i < count; i++)
		r[i].calls->wake(r[i].loop);
	for (unsigned int i = 0; i < count; i++)
		pthread_join(r[i].thread, NULL);
	listeners_close(&server->listeners);
	if (!control_late())
		for (unsigned int i = 0; i < count; i++)
			r[i].calls->destroy(r[i].loop);
	return 0;
}
