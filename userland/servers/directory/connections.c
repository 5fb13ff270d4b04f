// SPDX-License-Identifier: GPL-2.0-only
/* TCP connections of a directory, see connections.h. */
#include "connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"

/* How long to wait for a descriptor when there is no connection to close for it. */
#define PAUSE_MS 100

/**
 * struct connection - one client
 * @fd: its socket
 * @address: of the client
 * @since: milliseconds, of the last whole exchange
 * @older: in the list
 * @newer: in the list
 * @in_used: octets of @in
 * @out_used: octets of @out; 0: no answer is on its way
 * @out_sent: those that are sent
 * @closing: close when the answer is sent
 * @in: the question, with its prefix
 * @out: the answer, with its prefix
 */
struct connection {
	int fd;
	uint8_t address[16];
	uint64_t since;
	struct connection *older;
	struct connection *newer;
	size_t in_used;
	size_t out_used;
	size_t out_sent;
	bool closing;
	uint8_t in[PROTOCOL_PREFIX + PROTOCOL_QUESTION_MOST];
	uint8_t out[PROTOCOL_PREFIX + PROTOCOL_MESSAGE_MOST];
};

static void unlink_connection(struct connections *all, struct connection *c)
{
	if (c->older)
		c->older->newer = c->newer;
	else
		all->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		all->newest = c->older;
}

static void link_newest(struct connections *all, struct connection *c, uint64_t now)
{
	c->since = now;
	c->newer = NULL;
	c->older = all->newest;
	if (all->newest)
		all->newest->newer = c;
	else
		all->oldest = c;
	all->newest = c;
}

static void drop(struct connections *all, struct connection *c)
{
	unlink_connection(all, c);
	close(c->fd);
	free(c);
	all->count--;
}

static void drop_oldest(struct connections *all)
{
	/* As it is; but a linter cannot know. */
	all->oldest->older = NULL;
	drop(all, all->oldest);
}

static void watch_listener(struct connections *all, bool on)
{
	struct epoll_event event = { .events = on ? EPOLLIN : 0 };

	epoll_ctl(all->epoll, EPOLL_CTL_MOD, all->listener, &event);
}

static void add(struct connections *all, int fd, const struct sockaddr_in *peer, uint64_t now)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	if (!c || epoll_ctl(all->epoll, EPOLL_CTL_ADD, fd, &event)) {
		close(fd);
		free(c);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->fd = fd;
	address_map(peer, c->address);
	link_newest(all, c, now);
	all->count++;
}

void connections_accept(struct connections *all, uint64_t now)
{
	for (;;) {
		struct sockaddr_in peer = { 0 };
		socklen_t length = sizeof(peer);
		int fd = accept4(all->listener, (struct sockaddr *)&peer, &length,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			if (all->count == all->most && all->oldest) {
				all->d->counts[DIRECTORY_connections_closed_for_room]++;
				drop_oldest(all);
			}
			add(all, fd, &peer, now);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EAGAIN)
			return;
		/* No descriptors, or no memory. */
		if (all->oldest) {
			all->d->counts[DIRECTORY_connections_closed_for_room]++;
			drop_oldest(all);
			continue;
		}
		watch_listener(all, false);
		all->resume = now + PAUSE_MS;
		return;
	}
}

static bool watch(struct connections *all, struct connection *c, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = c };

	return epoll_ctl(all->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0;
}

/* Send what is to be sent. Returns false if the connection is of no more use. */
static bool send_answer(struct connections *all, struct connection *c, uint64_t now)
{
	while (c->out_sent < c->out_used) {
		ssize_t n = send(c->fd, c->out + c->out_sent, c->out_used - c->out_sent,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN && watch(all, c, EPOLLOUT);
		c->out_sent += n;
	}
	c->out_used = 0;
	c->out_sent = 0;
	unlink_connection(all, c);
	link_newest(all, c, now);
	return !c->closing;
}

/*
 * Answer the questions that are whole, until there are no more or an answer does not go out at
 * once. Returns 1: go on, 0: close, or -errno: end.
 */
static int answer_questions(struct connections *all, struct connection *c, uint64_t now,
			    struct error *err)
{
	while (!c->out_used && c->in_used >= PROTOCOL_PREFIX) {
		size_t length = (size_t)c->in[0] << 8 | c->in[1];
		int answer, ret;

		if (length > PROTOCOL_QUESTION_MOST)
			return 0;
		if (c->in_used - PROTOCOL_PREFIX < length)
			break;
		answer = directory_answer(all->d, c->address, c->in + PROTOCOL_PREFIX, length,
					  c->out + PROTOCOL_PREFIX, PROTOCOL_MESSAGE_MOST, now,
					  err);
		if (answer <= 0)
			return answer;
		ret = directory_commit(all->d, now, err);
		if (ret)
			return ret;
		c->closing = c->out[PROTOCOL_PREFIX + 12] == PROTOCOL_MALFORMED;
		c->in_used -= PROTOCOL_PREFIX + length;
		memmove(c->in, c->in + PROTOCOL_PREFIX + length, c->in_used);
		c->out[0] = answer >> 8;
		c->out[1] = answer & 0xff;
		c->out_used = PROTOCOL_PREFIX + answer;
		if (!send_answer(all, c, now))
			return 0;
	}
	return 1;
}

static int serve(struct connections *all, struct connection *c, uint64_t now, struct error *err)
{
	ssize_t n;
	int ret;

	if (c->out_used) {
		if (!send_answer(all, c, now))
			return 0;
		if (c->out_used)
			return 1;
		ret = answer_questions(all, c, now, err);
		if (ret <= 0 || c->out_used)
			return ret;
		return watch(all, c, EPOLLIN);
	}
	/* There is room: a question that filled the buffer would have been answered. */
	n = recv(c->fd, c->in + c->in_used, sizeof(c->in) - c->in_used, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return 0;
	c->in_used += n;
	return answer_questions(all, c, now, err);
}

int connections_serve(struct connections *all, struct connection *c, uint64_t now,
		      struct error *err)
{
	int ret = serve(all, c, now, err);

	if (ret <= 0)
		drop(all, c);
	return ret < 0 ? ret : 0;
}

int connections_tick(struct connections *all, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	while (all->oldest && all->oldest->since + all->idle_ms <= now)
		drop_oldest(all);
	if (all->oldest)
		next = all->oldest->since + all->idle_ms;
	if (all->resume && all->resume <= now) {
		all->resume = 0;
		watch_listener(all, true);
	}
	if (all->resume && all->resume < next)
		next = all->resume;
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

void connections_close_all(struct connections *all)
{
	while (all->oldest)
		drop_oldest(all);
}
