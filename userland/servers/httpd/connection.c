// SPDX-License-Identifier: GPL-2.0-only
/* Receiving, understanding, sending: see connection.h. */
#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "answer.h"
#include "control.h"
#include "routes.h"
#include "worker.h"

/* Octets of a file in one sendfile: a fast reader must not keep the others waiting. */
#define FILE_AT_ONCE (512 << 10)
/* For how long, and by how much, a client may go on talking after it got the last answer. */
#define LINGER_MS 2000
#define LINGER_AT_ONCE (1 << 20)

static const struct options *options_of(const struct connection *c)
{
	return &c->worker->server->options;
}

static void enter(struct connection *c, enum phase phase, uint32_t ms)
{
	c->phase = phase;
	c->deadline = c->worker->now + ms;
	c->queued = INT_MAX;
}

void connection_init(struct connection *c, struct worker *w, int fd, const struct in6_addr *peer)
{
	*c = (struct connection){ .worker = w, .fd = fd, .writable = true, .peer = *peer };
	/* The first request has to come as soon as those that are under way. */
	enter(c, PHASE_IDLE, options_of(c)->header_ms);
	count(&w->counters->accepted, 1);
}

static void give_exchange(struct connection *c)
{
	if (c->exchange)
		worker_give(c->worker, c->exchange);
	c->exchange = NULL;
}

void connection_close(struct connection *c)
{
	struct linger drop = { .l_onoff = 1, .l_linger = 0 };

	give_exchange(c);
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &drop, sizeof(drop));
	close(c->fd);
	c->fd = -1;
	count(&c->worker->counters->closed, 1);
}

/* --- from octets to requests --- */

/* Room is left for it: no more than one goes before each answer. */
static void say_continue(struct exchange *x)
{
	struct http_text interim = HTTP_TEXT("HTTP/1.1 100 Continue\r\n\r\n");

	memcpy(x->text + x->text_used, interim.at, interim.length);
	exchange_put_text(x, interim.length);
}

/* The head is complete: whom it is for, and whether there is a body to wait for. */
static enum http_outcome begin_request(struct connection *c)
{
	struct exchange *x = c->exchange;
	struct http_request *r = &x->request;
	struct http_refusal refusal = { 0 };
	enum http_outcome outcome;

	x->raw = x->start + r->head_length;
	x->reading = READING_BODY;
	if (route_find(x, &refusal) == HTTP_BAD) {
		answer_refusal(c, refusal);
		return HTTP_BAD;
	}
	outcome = http_body_init(&x->body, r, x->route->body_most);
	if (outcome == HTTP_BAD) {
		answer_refusal(c, x->body.refusal);
		return HTTP_BAD;
	}
	/* Whoever asks first is told, unless it did not wait (RFC 9110 10.1.1). */
	if (outcome == HTTP_MORE && r->expect_continue && x->raw == x->end) {
		unsigned int status = route_allows(x->route, r->method);

		if (status != 200) {
			answer_refusal(c, (struct http_refusal){ status, "the body was not read" });
			return HTTP_BAD;
		}
		say_continue(x);
	}
	return outcome;
}

/* Take what there is of the body; keep it behind the head, or drop it. */
static enum http_outcome read_body(struct connection *c)
{
	struct exchange *x = c->exchange;
	enum http_outcome outcome;
	struct http_text piece;
	size_t used;

	do {
		outcome = http_body_read(&x->body, x->in + x->raw, x->end - x->raw, &used, &piece);
		if (x->route->keeps_body && piece.length) {
			memmove((char *)exchange_content(x).at + x->content, piece.at,
				piece.length);
			x->content += piece.length;
		}
		x->raw += used;
	} while (outcome == HTTP_MORE && x->raw < x->end);
	if (outcome == HTTP_BAD)
		answer_refusal(c, x->body.refusal);
	if (outcome == HTTP_MORE) {
		/* All is used: the room behind what is kept is free again. */
		x->end = x->start + x->request.head_length + x->content;
		x->raw = x->end;
	}
	return outcome;
}

/* Read on, up to the end of the request at the front. */
static enum http_outcome read_request(struct connection *c)
{
	struct exchange *x = c->exchange;
	enum http_outcome outcome = HTTP_DONE;

	if (x->reading == READING_HEAD) {
		outcome = http_request_parse(&x->request, x->in + x->start, x->end - x->start);
		if (outcome == HTTP_BAD)
			answer_refusal(c, x->request.refusal);
		if (outcome != HTTP_DONE)
			return outcome;
		outcome = begin_request(c);
	} else if (x->reading == READING_BODY) {
		outcome = HTTP_MORE;
	}
	if (outcome == HTTP_MORE)
		outcome = x->raw < x->end ? read_body(c) : HTTP_MORE;
	if (outcome == HTTP_DONE)
		x->reading = READING_DONE;
	return outcome;
}

/*
 * The request at the front is complete: answer it. False if it has to be worked on before; then
 * the answers in front of it go out first.
 */
static bool handle(struct connection *c)
{
	struct exchange *x = c->exchange;

	if (!x->work && !x->worked)
		route_begin(c);
	else if (x->worked)
		x->route->finish(c);
	if (x->work && !x->worked)
		return false;
	exchange_next(x);
	return true;
}

/* Nothing is to be sent any more, and no request is to come. */
static enum connection_wants finish(struct connection *c)
{
	const struct exchange *x = c->exchange;
	bool may_talk = x->refused || x->start < x->end || c->readable || control_draining();

	give_exchange(c);
	if (!may_talk)
		return CONNECTION_ENDS;
	enter(c, PHASE_HALF_CLOSE, LINGER_MS);
	return CONNECTION_WRITES;
}

/* Answer all requests that are complete, and find out what to wait for. */
static enum connection_wants advance(struct connection *c)
{
	struct exchange *x = c->exchange;

	while (!c->closing && !exchange_full(x) && x->end > x->start)
		if (read_request(c) != HTTP_DONE || !handle(c))
			break;
	if (c->broken)
		return CONNECTION_ENDS;
	if (exchange_pending(x)) {
		enter(c, PHASE_ANSWER, options_of(c)->write_ms);
		return CONNECTION_WRITES;
	}
	if (c->closing)
		return finish(c);
	if (x->work && !x->worked) {
		c->phase = PHASE_WORK;
		c->deadline = INT64_MAX;
		return CONNECTION_WORKS;
	}
	if (x->start == x->end) {
		give_exchange(c);
		enter(c, PHASE_IDLE,
		      control_draining() ? CONTROL_GRACE_MS : options_of(c)->idle_ms);
	} else if (c->phase != PHASE_REQUEST) {
		enter(c, PHASE_REQUEST, options_of(c)->header_ms);
	}
	return CONNECTION_READS;
}

/* --- receiving --- */

static enum connection_wants drop_rest(struct connection *c)
{
	/* MSG_TRUNC: TCP throws it away unseen, tcp(7). */
	ssize_t n = recv(c->fd, NULL, LINGER_AT_ONCE, MSG_TRUNC);

	worker_tick(c->worker);
	if (n > 0)
		return CONNECTION_READS;
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->readable = errno == EINTR;
		return CONNECTION_READS;
	}
	return CONNECTION_ENDS;
}

static bool take_exchange(struct connection *c)
{
	if (!c->exchange)
		c->exchange = worker_take(c->worker);
	return c->exchange;
}

/* @n octets are behind what was there, or that is how the receive failed. */
static enum connection_wants arrived(struct connection *c, ssize_t n, bool more)
{
	struct worker *w = c->worker;

	/* lab 08 step 4 begin: what has come, all or part of a request; skeleton: return CONNECTION_ENDS; */
	if (n == -EAGAIN || n == -EINTR) {
		c->readable = n == -EINTR;
		if (c->phase == PHASE_IDLE)
			give_exchange(c);
		return CONNECTION_READS;
	}
	if (n <= 0)
		return CONNECTION_ENDS;
	c->readable = more;
	count(&w->counters->received, n);
	c->exchange->end += n;
	/* lab 08 step 4 end */
	if (c->phase == PHASE_IDLE)
		enter(c, PHASE_REQUEST, options_of(c)->header_ms);
	return advance(c);
}

enum connection_wants connection_receive(struct connection *c)
{
	struct exchange *x;
	size_t room;
	ssize_t n;

	if (c->phase == PHASE_LINGER)
		return drop_rest(c);
	if (!take_exchange(c))
		return CONNECTION_ENDS;
	x = c->exchange;
	room = exchange_room(x);
	if (!room) {
		answer_refusal(c, (struct http_refusal){ 413, "head and body are too large" });
		return advance(c);
	}
	n = recv(c->fd, x->in + x->end, room, 0);
	if (n < 0)
		n = -errno;
	worker_tick(c->worker);
	return arrived(c, n, (size_t)n == room);
}

size_t connection_room(const struct connection *c)
{
	return c->exchange ? exchange_room(c->exchange) : EXCHANGE_IN;
}

enum connection_wants connection_received(struct connection *c, const char *at, ssize_t n,
					  bool more)
{
	if (c->phase == PHASE_LINGER)
		return n > 0 || n == -EINTR ? CONNECTION_READS : CONNECTION_ENDS;
	if (n > 0 && !take_exchange(c))
		return CONNECTION_ENDS;
	if (n > 0)
		memcpy(c->exchange->in + c->exchange->end, at, n);
	return arrived(c, n, more);
}

/* --- sending --- */

bool connection_pending(const struct connection *c)
{
	return c->exchange && exchange_pending(c->exchange);
}

/* Everything from the first segment on that lies in memory; or the file that is first. */
void connection_outgoing(const struct connection *c, struct outgoing *o)
{
	const struct exchange *x = c->exchange;
	const struct segment *s = &x->segments[x->first];
	const struct segment *end = &x->segments[x->segment_count];

	o->count = 0;
	for (; s < end && s->at && o->count < OUTGOING_PIECES; s++)
		o->pieces[o->count++] = (struct iovec){ (void *)s->at, s->left };
	/* MSG_MORE: a file follows, and its start may share a packet with the head. */
	o->flags = MSG_NOSIGNAL | (s < end ? MSG_MORE : 0);
	if (o->count)
		return;
	o->fd = s->file->fd;
	o->offset = s->offset;
	o->left = s->left;
}

static ssize_t send_memory(const struct connection *c, struct outgoing *o)
{
	struct msghdr message = { .msg_iov = o->pieces, .msg_iovlen = o->count };

	/* One piece, as most answers are: the kernel need not fetch a list of them. */
	if (o->count == 1)
		return send(c->fd, o->pieces[0].iov_base, o->pieces[0].iov_len, o->flags);
	return sendmsg(c->fd, &message, o->flags);
}

static ssize_t send_file(const struct connection *c, const struct outgoing *o)
{
	off_t offset = (off_t)o->offset;
	ssize_t n = sendfile(c->fd, o->fd, &offset, o->left < FILE_AT_ONCE ? o->left : FILE_AT_ONCE);

	if (n)
		return n;
	/* The file is shorter than it was: what was announced cannot be sent any more. */
	errno = EIO;
	return -1;
}

enum connection_wants connection_sent(struct connection *c, ssize_t n)
{
	/* lab 08 step 4 begin: what has gone, all or part of an answer; skeleton: return CONNECTION_ENDS; */
	if (n < 0) {
		c->writable = n != -EAGAIN;
		return n == -EAGAIN || n == -EINTR ? CONNECTION_WRITES : CONNECTION_ENDS;
	}
	count(&c->worker->counters->sent, n);
	exchange_sent(c->exchange, n);
	if (!exchange_pending(c->exchange))
		return advance(c);
	enter(c, PHASE_ANSWER, options_of(c)->write_ms);
	return CONNECTION_WRITES;
	/* lab 08 step 4 end */
}

enum connection_wants connection_send(struct connection *c)
{
	struct outgoing o;
	ssize_t n;

	if (c->phase == PHASE_HALF_CLOSE) {
		c->phase = PHASE_LINGER;
		c->readable = true;
		return shutdown(c->fd, SHUT_WR) ? CONNECTION_ENDS : CONNECTION_READS;
	}
	if (!exchange_pending(c->exchange))
		return advance(c);
	connection_outgoing(c, &o);
	n = o.count ? send_memory(c, &o) : send_file(c, &o);
	if (n < 0) {
		n = -errno;
		worker_tick(c->worker);
	}
	return connection_sent(c, n);
}

enum connection_wants connection_work(struct connection *c)
{
	c->exchange->work(c->exchange->argument);
	c->exchange->worked = true;
	return CONNECTION_WRITES;
}

/* --- too late --- */

/*
 * Whether the client took anything since this was asked last. That there was no room to send
 * does not tell: a socket with a large buffer reports room only when a third of it is free.
 */
static bool took_some(struct connection *c)
{
	int before = c->queued;

	return !ioctl(c->fd, SIOCOUTQ, &c->queued) && c->queued < before;
}

enum connection_wants connection_expire(struct connection *c)
{
	struct counters *counters = c->worker->counters;

	/* lab 08 step 5 begin: what the deadline was for; skeleton: return CONNECTION_ENDS; */
	switch (c->phase) {
	case PHASE_IDLE:
		count(&counters->timeouts[TIMEOUT_IDLE], 1);
		return CONNECTION_ENDS;
	case PHASE_REQUEST:
		count(&counters->timeouts[TIMEOUT_HEADER], 1);
		answer_refusal(c, (struct http_refusal){ 408, "the request took too long" });
		return advance(c);
	case PHASE_ANSWER:
		if (took_some(c)) {
			c->deadline = c->worker->now + options_of(c)->write_ms;
			return CONNECTION_WRITES;
		}
		count(&counters->timeouts[TIMEOUT_WRITE], 1);
		c->reset = true;
		return CONNECTION_ENDS;
	default:
		return CONNECTION_ENDS;
	}
	/* lab 08 step 5 end */
}
