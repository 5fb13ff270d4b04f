// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of connections: all of what load asks the kernel for, apart from receiving. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

/* A port of a source address is chosen at connect(), for this server only: see ip(7). */
static int bind_source(struct loop *loop, int fd)
{
	const struct options *o = loop->options;
	struct sockaddr_in from = { .sin_family = AF_INET };
	int one = 1;

	if (!o->source_count)
		return 0;
	from.sin_addr = o->sources[loop->source++ % o->source_count];
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)))
		return -errno;
	return bind(fd, (struct sockaddr *)&from, sizeof(from)) ? -errno : 0;
}

/*
 * Begin to connect. @receive_buffer: SO_RCVBUF, or 0. Returns 0, even if the server is not
 * there yet, or a negative errno.
 */
int socket_open(struct loop *loop, struct connection *c, int receive_buffer)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, ret;

	if (fd < 0)
		return -errno;
	ret = bind_source(loop, fd);
	/* A drip that waits for more bytes would be no drip. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!ret && receive_buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	if (!ret && connect(fd, (const struct sockaddr *)&loop->options->server,
			    sizeof(loop->options->server)) && errno != EINPROGRESS)
		ret = -errno;
	if (ret) {
		close(fd);
		return ret;
	}
	c->fd = fd;
	c->watched = 0;
	c->connected = false;
	c->broken = 0;
	c->answers = 0;
	c->written = 0;
	return 0;
}

/* The kernel takes it out of the epoll set. */
void socket_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->connected = false;
	c->watched = 0;
}

/* @events may be EPOLLHUP alone, which is always reported. */
void socket_watch(struct loop *loop, struct connection *c, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = c };

	if (c->watched == events)
		return;
	epoll_ctl(loop->epoll, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
	c->watched = events;
}

/* The errno that a connection ended with, or 0. */
int socket_error(const struct connection *c)
{
	socklen_t size = sizeof(int);
	int error = 0;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

/*
 * Send what is left of @bytes. Returns 1 when all is sent, 0 when the socket takes no more
 * now, or a negative errno. A connection that is not there yet takes nothing: over loopback
 * it mostly is, so to try costs less than to wait for epoll.
 */
int socket_send(struct connection *c, const char *bytes, size_t size)
{
	while (c->written < size) {
		ssize_t n = send(c->fd, bytes + c->written, size - c->written, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		c->connected = true;
		c->written += (size_t)n;
	}
	return 1;
}
