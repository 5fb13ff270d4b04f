// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slow clients, of two kinds: some drip a request, head (slowloris) or body, a few bytes at a
 * time; some read the answer slowly. What the server does to each is counted, and it comes
 * again, as one who means ill would.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "loop.h"

/* The least that the kernel has: the server has to wait for what does not fit. */
#define SMALL_BUFFER 2304

static bool drips(const struct connection *c)
{
	return c->role == &drip_role;
}

static void end(struct loop *loop, struct connection *c, enum slow_end how)
{
	uint64_t *counts = drips(c) ? loop->counts.drip : loop->counts.slow_read;

	counts[how]++;
	socket_close(c);
	c->state = STATE_PAUSED;
	loop_wait(loop, c, WAIT_RETRY);
}

static enum slow_end judge(const struct response *r)
{
	if (r->status == 408)
		return SLOW_408;
	return r->status < 400 ? SLOW_SERVED : SLOW_REFUSED;
}

static void take_in(struct loop *loop, struct connection *c, ssize_t n)
{
	int error = n < 0 ? errno : c->broken;

	if (n > 0)
		response_feed(&c->response, loop->buffer, (size_t)n);
	else if (!error)
		response_end(&c->response);
	if (c->response.state == RESPONSE_DONE)
		end(loop, c, judge(&c->response));
	else if (c->response.state == RESPONSE_BAD)
		end(loop, c, SLOW_BAD);
	else if (error)
		end(loop, c, c->connected ? SLOW_RESET : SLOW_CONNECT);
	else if (!n)
		end(loop, c, SLOW_CLOSED);
}

/* Up to @most bytes of the answer. Returns whether there may be more. */
static bool receive(struct loop *loop, struct connection *c, size_t most)
{
	ssize_t n = recv(c->fd, loop->buffer, most, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	take_in(loop, c, n);
	return c->state == STATE_ANSWER || c->state == STATE_SENDING;
}

/* The connection is dead: what is left in it need not be read slowly. */
static void read_out(struct loop *loop, struct connection *c)
{
	while (receive(loop, c, sizeof(loop->buffer)))
		continue;
}

/* Send up to so many bytes of the request in all. */
static void send_upto(struct loop *loop, struct connection *c, size_t upto)
{
	const struct request *request = &loop->run->slow_request;
	int ret;

	if (upto > request->size)
		upto = request->size;
	ret = socket_send(c, request->bytes, upto);
	if (ret < 0) {
		c->broken = -ret;
		read_out(loop, c);
		return;
	}
	if (c->written == request->size)
		c->state = STATE_ANSWER;
	else if (drips(c))
		loop_wait(loop, c, WAIT_DRIP);
	if (drips(c))
		socket_watch(loop, c, EPOLLIN);
	else
		socket_watch(loop, c, ret ? EPOLLHUP : EPOLLHUP | EPOLLOUT);
}

void slow_start(struct loop *loop, struct connection *c)
{
	int ret = socket_open(loop, c, drips(c) ? 0 : SMALL_BUFFER);

	response_begin(&c->response, loop->run->slow_request.to_head, NULL);
	if (ret) {
		end(loop, c, SLOW_CONNECT);
		return;
	}
	c->state = STATE_SENDING;
	if (!drips(c))
		loop_wait(loop, c, WAIT_READ);
	send_upto(loop, c, drips(c) ? loop->run->slow_head : SIZE_MAX);
}

static void drip_ready(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_SENDING || c->state == STATE_ANSWER)
		receive(loop, c, sizeof(loop->buffer));
}

static void slow_read_ready(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_SENDING && c->written < loop->run->slow_request.size)
		send_upto(loop, c, SIZE_MAX);
	else if (c->state == STATE_ANSWER)
		read_out(loop, c);
}

static void slow_wake(struct loop *loop, struct connection *c, enum wait wait)
{
	if (wait == WAIT_RETRY) {
		slow_start(loop, c);
	} else if (wait == WAIT_DRIP) {
		send_upto(loop, c, c->written + loop->options->drip_bytes);
	} else {
		loop_wait(loop, c, WAIT_READ);
		receive(loop, c, (size_t)(loop->options->read_rate / 10));
	}
}

static void slow_finish(struct loop *loop, struct connection *c)
{
	uint64_t *counts = drips(c) ? loop->counts.drip : loop->counts.slow_read;

	if (c->fd >= 0)
		counts[SLOW_OPEN]++;
	socket_close(c);
	c->state = STATE_GONE;
}

const struct role drip_role = {
	.ready = drip_ready,
	.wake = slow_wake,
	.finish = slow_finish,
};

const struct role slow_read_role = {
	.ready = slow_read_ready,
	.wake = slow_wake,
	.finish = slow_finish,
};
