// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loop that sequential, process and thread have in common. The kernel does the waiting: a
 * call returns when it has done something, or when the socket's timeout is over; the deadline
 * of the connection is what counts then.
 */
#include "blocking.h"

#include <sys/socket.h>
#include <sys/time.h>

#include "connection.h"
#include "control.h"

/*
 * The next receive must not outlast the deadline, nor end much before it. *@armed: the socket's
 * timeout in ms, which is only set where it would be too long, or was too short.
 */
static void arm(const struct connection *c, int64_t *armed, bool too_short)
{
	int64_t left = c->deadline - c->worker->now;
	struct timeval timeout;

	if (left < 1)
		left = 1;
	if (c->deadline == INT64_MAX || (left >= *armed && !too_short))
		return;
	timeout = (struct timeval){ left / 1000, left % 1000 * 1000 };
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	*armed = left;
}

/*
 * Waits for a request, in a way that does not outlast the server: if it is to end, not for long;
 * if that is decided later, whoever does finds the connection in @idle_fd.
 */
static void wait_idle(struct connection *c)
{
	int64_t most = c->worker->now + CONTROL_GRACE_MS;

	atomic_store(&c->worker->idle_fd, c->fd);
	if (!control_draining())
		return;
	atomic_store(&c->worker->idle_fd, -1);
	if (c->deadline > most)
		c->deadline = most;
}

static enum connection_wants receive(struct connection *c, int64_t *armed, bool too_short)
{
	enum connection_wants wants;

	if (c->phase == PHASE_IDLE)
		wait_idle(c);
	arm(c, armed, too_short);
	wants = connection_receive(c);
	atomic_store_explicit(&c->worker->idle_fd, -1, memory_order_release);
	return wants;
}

void serve_blocking(struct worker *w, int fd, const struct in6_addr *peer)
{
	enum connection_wants wants = CONNECTION_READS;
	int64_t armed = w->server->options.header_ms;
	struct connection c;
	bool early = false;

	connection_init(&c, w, fd, peer);
	while (wants != CONNECTION_ENDS) {
		enum phase phase = c.phase;

		/* lab 08 step 1 begin: the call that it wants; skeleton: wants = CONNECTION_ENDS; */
		if (wants == CONNECTION_READS)
			wants = receive(&c, &armed, early);
		else if (wants == CONNECTION_WRITES)
			wants = connection_send(&c);
		else
			wants = connection_work(&c);
		/* lab 08 step 1 end */
		/* lab 08 step 5 begin: too late? */
		if (wants != CONNECTION_ENDS && w->now >= c.deadline)
			wants = connection_expire(&c);
		/* lab 08 step 5 end */
		early = wants == CONNECTION_READS && phase == c.phase && phase == PHASE_IDLE;
	}
	connection_close(&c);
}
