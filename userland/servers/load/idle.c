// SPDX-License-Identifier: GPL-2.0-only
/* Idle connections: opened before the run, perhaps used once, then held until it is over. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "loop.h"

/* Whether it can be held or not, the run need not wait for it any longer. */
static void settled(struct loop *loop, struct connection *c, bool held)
{
	if (c->state != STATE_FREE && c->state != STATE_GONE)
		loop->opening--;
	loop->progress = loop->now;
	if (held) {
		c->state = STATE_FREE;
		loop->counts.idle_opened++;
		socket_watch(loop, c, EPOLLIN);
		return;
	}
	if (c->state == STATE_FREE)
		loop->counts.idle_closed++;
	else
		loop->counts.idle_failed++;
	c->state = STATE_GONE;
	socket_close(c);
}

void idle_open(struct loop *loop, struct connection *c)
{
	int ret = socket_open(loop, c, 0);

	if (ret) {
		loop->counts.idle_failed++;
		loop->counts.connect_errno = -ret;
		c->state = STATE_GONE;
		return;
	}
	c->state = STATE_OPENING;
	loop->opening++;
	socket_watch(loop, c, EPOLLOUT);
}

static void ask(struct loop *loop, struct connection *c)
{
	const struct request *request = &loop->run->idle_request;
	int ret = socket_send(c, request->bytes, request->size);

	c->state = ret ? STATE_ANSWER : STATE_SENDING;
	if (ret < 0)
		settled(loop, c, false);
	else
		socket_watch(loop, c, ret ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void connected(struct loop *loop, struct connection *c)
{
	int error = socket_error(c);

	if (error) {
		loop->counts.connect_errno = error;
		settled(loop, c, false);
		return;
	}
	loop->ever_connected = true;
	c->connected = true;
	if (!loop->options->idle_after_request) {
		settled(loop, c, true);
		return;
	}
	response_begin(&c->response, loop->run->idle_request.to_head, NULL);
	ask(loop, c);
}

static void receive(struct loop *loop, struct connection *c)
{
	ssize_t n = recv(c->fd, loop->buffer, sizeof(loop->buffer), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A server that gives up an idle connection may say so before (408). */
	if (n <= 0)
		settled(loop, c, false);
	if (n <= 0 || c->state == STATE_FREE)
		return;
	response_feed(&c->response, loop->buffer, (size_t)n);
	if (c->response.state == RESPONSE_BAD)
		settled(loop, c, false);
	else if (c->response.state == RESPONSE_DONE)
		settled(loop, c, response_keeps_open(&c->response));
}

static void idle_ready(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_OPENING)
		connected(loop, c);
	else if (c->state == STATE_SENDING)
		ask(loop, c);
	if (c->fd >= 0 && (c->state == STATE_ANSWER || c->state == STATE_FREE))
		receive(loop, c);
}

/* None of its waits has an end. */
static void idle_wake(struct loop *loop, struct connection *c, enum wait wait)
{
	(void)loop;
	(void)c;
	(void)wait;
}

static void idle_finish(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_FREE)
		loop->counts.idle_open++;
	else if (c->state != STATE_GONE)
		loop->counts.idle_failed++;
	c->state = STATE_GONE;
	socket_close(c);
}

const struct role idle_role = {
	.ready = idle_ready,
	.wake = idle_wake,
	.finish = idle_finish,
};
