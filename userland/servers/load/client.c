// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients: each sends a request and waits for its answer, again and again.
 *
 *	          due, or closed loop            all sent
 *	  FREE ------------------------> SENDING ---------> ANSWER
 *	   ^ ^                                |               | |
 *	   | +---- PAUSED <-------------------+---------------+ | kept alive
 *	   |         the request failed                         +------> FREE
 *	   +------ CLOSING <----------------------------------- + one request a connection
 *
 * A request ends in settle(), with exactly one outcome. Only a success goes on to the next
 * one at once: who failed waits for the next round, so that failing fast cannot starve or nest.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

static void start(struct loop *loop, struct connection *c, uint64_t intended);
static void receive(struct loop *loop, struct connection *c);

/* The next request, if one is due. @intended: when. */
static bool take(struct loop *loop, uint64_t *intended)
{
	bool queued;

	if (loop->stopped || !loop->begin)
		return false;
	if (!loop->options->rate) {
		*intended = loop->now;
		return loop->now < loop->end && loop->issued < loop->limit;
	}
	if (!schedule_take(&loop->schedule, loop->now, intended, &queued))
		return false;
	if (!loop_in_window(loop, *intended))
		return true;
	if (queued)
		loop->counts.queued++;
	else
		histogram_record(&loop->late, loop->now - *intended);
	return true;
}

/* All clients are busy: whatever is due has to queue. */
static void queue(struct loop *loop)
{
	uint64_t waiting;

	if (!loop->options->rate || !loop->begin)
		return;
	schedule_queue(&loop->schedule, loop->now);
	waiting = schedule_waiting(&loop->schedule);
	if (loop->measuring && waiting > loop->counts.queue_max)
		loop->counts.queue_max = waiting;
}

/* A client has no request (any more): it gets the next one, or waits for it. */
void client_free(struct loop *loop, struct connection *c)
{
	uint64_t intended;

	c->state = STATE_FREE;
	if (list_empty(&loop->free)) {
		queue(loop);
		if (take(loop, &intended)) {
			start(loop, c, intended);
			return;
		}
	}
	list_append(&loop->free, &c->link);
}

/* Hand out all that is due to those that are free. */
void client_dispatch(struct loop *loop)
{
	uint64_t intended;

	while (!list_empty(&loop->free) && take(loop, &intended)) {
		struct connection *c = (struct connection *)loop->free.next;

		list_remove(&c->link);
		start(loop, c, intended);
	}
	if (list_empty(&loop->free))
		queue(loop);
}

static void pause_for(struct loop *loop, struct connection *c, enum wait wait)
{
	c->state = STATE_PAUSED;
	loop_wait(loop, c, wait);
}

static void count_outcome(struct loop *loop, struct connection *c, enum outcome outcome)
{
	bool answered = outcome <= OUTCOME_CHECK;

	if (outcome == OUTCOME_OK) {
		loop->row.done++;
		histogram_record(&loop->row.latency, loop->now - c->intended);
	} else if (outcome != OUTCOME_UNFINISHED) {
		loop->row.errors++;
	}
	if (answered && loop_in_window(loop, loop->now))
		loop->counts.completed++;
	if (answered && loop->measuring) {
		loop->counts.answered++;
		loop->counts.last = loop->now;
	}
	if (!c->measured)
		return;
	loop->counts.requests++;
	loop->counts.outcomes[outcome]++;
	if (answered) {
		loop->counts.classes[c->response.status / 100]++;
		c->served++;
	}
	/* Who was not answered waited at least so long: leaving it out would flatter. */
	if (answered || outcome == OUTCOME_TIMEOUT ||
	    (outcome == OUTCOME_UNFINISHED && loop->options->rate)) {
		histogram_record(&loop->latency, loop->now - c->intended);
		if (c->started != NEVER && loop->options->rate)
			histogram_record(&loop->service, loop->now - c->started);
	}
}

/* The request of @c is over. What becomes of the connection is the caller's affair. */
static void settle(struct loop *loop, struct connection *c, enum outcome outcome)
{
	list_remove(&c->link);
	loop->outstanding--;
	count_outcome(loop, c, outcome);
	if (outcome == OUTCOME_BAD && !loop->counts.why)
		loop->counts.why = c->response.why;
}

static void fail(struct loop *loop, struct connection *c, enum outcome outcome)
{
	settle(loop, c, outcome);
	c->retried = false;
	socket_close(c);
	pause_for(loop, c, outcome == OUTCOME_CONNECT ? WAIT_RETRY : WAIT_AGAIN);
}

static void fail_to_connect(struct loop *loop, struct connection *c, int error)
{
	loop->counts.connect_errno = error;
	fail(loop, c, OUTCOME_CONNECT);
}

/*
 * The connection ended before the answer did. One that had served before may have been
 * closed while the request was on its way: that is nobody's fault, and the request goes out
 * again if it may (RFC 9112, 9.3.1).
 */
static void cut_off(struct loop *loop, struct connection *c, enum outcome outcome)
{
	bool unheard = c->answers && !c->response.bytes;

	if (!unheard || c->retried || !loop->run->request.idempotent) {
		fail(loop, c, outcome);
		return;
	}
	loop->counts.retried += c->measured;
	c->retried = true;
	list_remove(&c->link);
	socket_close(c);
	pause_for(loop, c, WAIT_AGAIN);
}

/* Send, or go on sending. */
static void transmit(struct loop *loop, struct connection *c)
{
	const struct request *request = &loop->run->request;
	int ret = socket_send(c, request->bytes, request->size);

	if (ret < 0 && !c->connected) {
		fail_to_connect(loop, c, -ret);
		return;
	}
	if (ret < 0) {
		/* It may have answered before it closed: 413, 408. */
		c->state = STATE_ANSWER;
		c->broken = -ret;
		receive(loop, c);
		return;
	}
	loop->ever_connected |= c->connected;
	c->state = ret ? STATE_ANSWER : STATE_SENDING;
	socket_watch(loop, c, ret ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static int open_socket(struct loop *loop, struct connection *c)
{
	int ret = socket_open(loop, c, 0);

	loop->counts.opened += !ret;
	return ret;
}

/* The request is there, a connection perhaps not. */
static void go(struct loop *loop, struct connection *c)
{
	int ret = 0;

	response_begin(&c->response, loop->run->request.to_head,
		       loop->options->check ? &loop->run->search : NULL);
	c->state = STATE_SENDING;
	loop_wait(loop, c, WAIT_ANSWER);
	if (c->fd < 0)
		ret = open_socket(loop, c);
	c->written = 0;
	if (ret)
		fail_to_connect(loop, c, -ret);
	else
		transmit(loop, c);
}

static void start(struct loop *loop, struct connection *c, uint64_t intended)
{
	loop->issued++;
	loop->outstanding++;
	loop->row.sent++;
	c->intended = intended;
	c->started = loop->now;
	c->measured = loop_in_window(loop, intended);
	c->retried = false;
	go(loop, c);
}

static enum outcome judge(const struct loop *loop, const struct response *r)
{
	unsigned int expect = loop->options->expect;

	if (expect ? r->status != expect : r->status / 100 != 2)
		return OUTCOME_STATUS;
	return response_found(r) ? OUTCOME_OK : OUTCOME_CHECK;
}

/* The answer is complete; @closed: and so is the connection. */
static void answered(struct loop *loop, struct connection *c, bool closed)
{
	bool keep = !closed && response_keeps_open(&c->response) &&
		    c->written == loop->run->request.size;

	c->answers++;
	settle(loop, c, judge(loop, &c->response));
	if (keep && !loop->options->close) {
		client_free(loop, c);
		return;
	}
	loop->counts.announced += loop->measuring && !loop->options->close;
	if (closed || c->written < loop->run->request.size) {
		socket_close(c);
		client_free(loop, c);
		return;
	}
	/* Whoever closes first keeps the port for a minute: that is the server's part. */
	c->state = STATE_CLOSING;
	loop_wait(loop, c, WAIT_CLOSE);
	receive(loop, c);
}

/* The server closed, or reset. */
static void ended(struct loop *loop, struct connection *c, int error)
{
	if (c->state == STATE_CLOSING) {
		list_remove(&c->link);
		socket_close(c);
		client_free(loop, c);
		return;
	}
	if (c->state == STATE_FREE) {
		loop->counts.between += loop->measuring && c->connected;
		loop->counts.failed_opens += !c->connected;
		socket_close(c);
		return;
	}
	if (!error)
		response_end(&c->response);
	if (c->response.state == RESPONSE_DONE)
		answered(loop, c, true);
	else if (!c->connected && error)
		fail_to_connect(loop, c, error);
	else if (error)
		cut_off(loop, c, OUTCOME_RESET);
	else
		cut_off(loop, c, c->response.bytes ? OUTCOME_TRUNCATED : OUTCOME_NO_ANSWER);
}

/* Bytes that answer nothing: what follows on this connection could be taken for an answer. */
static void unsolicited(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_CLOSING)
		return;
	loop->counts.unsolicited += loop->measuring;
	socket_close(c);
}

static void take_in(struct loop *loop, struct connection *c, size_t size)
{
	size_t used;

	if (loop_in_window(loop, loop->now))
		loop->counts.bytes += size;
	if (c->state != STATE_ANSWER && c->state != STATE_SENDING) {
		unsolicited(loop, c);
		return;
	}
	used = response_feed(&c->response, loop->buffer, size);
	if (c->response.state == RESPONSE_DONE && used < size) {
		c->response.state = RESPONSE_BAD;
		c->response.why = "more bytes than its framing has";
	}
	if (c->response.state == RESPONSE_BAD)
		fail(loop, c, OUTCOME_BAD);
	else if (c->response.state == RESPONSE_DONE)
		answered(loop, c, false);
}

/* One read: a level-triggered epoll says if there is more. */
static void receive(struct loop *loop, struct connection *c)
{
	ssize_t n;

	do {
		n = recv(c->fd, loop->buffer, sizeof(loop->buffer), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		take_in(loop, c, (size_t)n);
	else
		ended(loop, c, n < 0 ? errno : c->broken);
}

/* Connecting before the run begins has ended, one way or the other. */
static void opened(struct loop *loop, struct connection *c)
{
	int error = socket_error(c);

	loop->opening--;
	loop->progress = loop->now;
	if (error) {
		loop->counts.failed_opens++;
		loop->counts.connect_errno = error;
		socket_close(c);
	} else {
		loop->ever_connected = true;
		c->connected = true;
		socket_watch(loop, c, EPOLLIN);
	}
	client_free(loop, c);
}

/* Before the run begins: connect, so that the window has no connecting in it. */
void client_open(struct loop *loop, struct connection *c)
{
	int ret = open_socket(loop, c);

	if (ret) {
		loop->counts.failed_opens++;
		loop->counts.connect_errno = -ret;
		client_free(loop, c);
		return;
	}
	c->state = STATE_OPENING;
	loop->opening++;
	socket_watch(loop, c, EPOLLOUT);
}

/* The run begins: whoever has not connected yet has to do it within its first request. */
void client_begin(struct loop *loop, struct connection *c)
{
	if (c->state != STATE_OPENING)
		return;
	loop->opening--;
	socket_watch(loop, c, EPOLLIN);
	client_free(loop, c);
}

static void client_ready(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_OPENING) {
		opened(loop, c);
		return;
	}
	if (c->state == STATE_SENDING) {
		int error = c->connected ? 0 : socket_error(c);

		if (error)
			fail_to_connect(loop, c, error);
		else
			transmit(loop, c);
	}
	if (c->fd >= 0 && (c->state == STATE_SENDING || c->state == STATE_ANSWER ||
			   c->state == STATE_CLOSING || c->state == STATE_FREE))
		receive(loop, c);
}

static void client_wake(struct loop *loop, struct connection *c, enum wait wait)
{
	switch (wait) {
	case WAIT_ANSWER:
		fail(loop, c, OUTCOME_TIMEOUT);
		break;
	case WAIT_CLOSE:
		loop->counts.kept += loop->measuring;
		socket_close(c);
		client_free(loop, c);
		break;
	default:
		if (c->retried)
			go(loop, c);
		else
			client_free(loop, c);
		break;
	}
}

static void client_finish(struct loop *loop, struct connection *c)
{
	if (c->state == STATE_SENDING || c->state == STATE_ANSWER ||
	    (c->state == STATE_PAUSED && c->retried))
		settle(loop, c, OUTCOME_UNFINISHED);
	socket_close(c);
	c->state = STATE_GONE;
}

/* The run is over: what was due and could not even be sent is not forgotten. */
void client_unsent(struct loop *loop)
{
	struct connection none = { .fd = -1, .started = NEVER };
	uint64_t intended;
	bool queued;

	if (!loop->options->rate)
		return;
	while (schedule_take(&loop->schedule, loop->now, &intended, &queued)) {
		if (intended >= loop->end)
			break;
		none.intended = intended;
		none.measured = loop_in_window(loop, intended);
		loop->counts.queued += none.measured && queued;
		count_outcome(loop, &none, OUTCOME_UNFINISHED);
	}
}

const struct role client_role = {
	.ready = client_ready,
	.wake = client_wake,
	.finish = client_finish,
};
