// SPDX-License-Identifier: GPL-2.0-only
/* Taking connections, see acceptor.h. */
#include "acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

#define TICK_MS 1000

void acceptor_init(struct acceptor *a, struct server *server, struct worker *worker,
		   unsigned int index, unsigned int of, unsigned int most)
{
	*a = (struct acceptor){ .server = server, .worker = worker, .most = most, .epoll = -1 };
	for (unsigned int i = 0; i < server->listeners.count; i++)
		if (listener_serves(&server->listeners, i, index, of))
			a->fds[a->count++] = server->listeners.at[i].fd;
	a->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void acceptor_end(struct acceptor *a)
{
	if (a->epoll >= 0)
		close(a->epoll);
	if (a->reserve >= 0)
		close(a->reserve);
}

void acceptor_release(struct acceptor *a)
{
	atomic_fetch_sub(&a->open, 1);
	if (atomic_load(&a->waiting))
		control_wake();
}

static void set_peer(struct in6_addr *peer, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET6) {
		*peer = ((const struct sockaddr_in6 *)address)->sin6_addr;
		return;
	}
	*peer = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(&peer->s6_addr[12], &v4->sin_addr, 4);
}

/* From whichever socket has one, each of them first in turn. */
static int accept_any(struct acceptor *a, int flags, struct in6_addr *peer)
{
	struct sockaddr_storage address = { 0 };
	int fd = -1;

	errno = EAGAIN;
	for (unsigned int i = 0; i < a->count; i++) {
		socklen_t length = sizeof(address);

		fd = accept4(a->fds[a->next], (struct sockaddr *)&address, &length,
			     flags | SOCK_CLOEXEC);
		a->next = (a->next + 1) % a->count;
		if (fd >= 0) {
			set_peer(peer, &address);
			return fd;
		}
		/* Also the network's errors, which accept(2) passes on: that one is gone. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

/* Nobody has left for a long time: tell one of those who wait. */
static void shed(struct acceptor *a)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
				     "Content-Length: 0\r\nConnection: close\r\n\r\n";
	struct in6_addr peer;
	int fd;

	if (a->reserve < 0)
		return;
	/* lab 08 step 6 begin: tell one */
	close(a->reserve);
	fd = accept_any(a, SOCK_NONBLOCK, &peer);
	if (fd >= 0) {
		send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		shutdown(fd, SHUT_WR);
		recv(fd, NULL, 65536, MSG_TRUNC | MSG_DONTWAIT);
		close(fd);
		count(&a->worker->counters->refused, 1);
	}
	a->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* lab 08 step 6 end */
}

void acceptor_took(struct acceptor *a, int fd, struct in6_addr *peer)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	getpeername(fd, (struct sockaddr *)&address, &length);
	set_peer(peer, &address);
	a->paused = 0;
	atomic_fetch_add(&a->open, 1);
}

int accept_try(struct acceptor *a, int flags, struct in6_addr *peer)
{
	int fd;

	/* lab 08 step 6 begin: take one, if there is room; skeleton: return ACCEPT_NONE; */
	if (atomic_load(&a->open) >= a->most)
		return ACCEPT_PAUSE;
	fd = accept_any(a, flags, peer);
	if (fd >= 0) {
		a->paused = 0;
		atomic_fetch_add(&a->open, 1);
		return fd;
	}
	if (errno == EAGAIN)
		return ACCEPT_NONE;
	if (!a->paused)
		a->paused = a->worker->now;
	if (a->worker->now - a->paused >= a->server->options.header_ms)
		shed(a);
	return ACCEPT_PAUSE;
	/* lab 08 step 6 end */
}

static void watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Until somebody connects; or, if @room is missing, until there may be some. */
static void wait_for(struct acceptor *a, bool room)
{
	struct epoll_event event;

	if (a->epoll < 0) {
		a->epoll = epoll_create1(EPOLL_CLOEXEC);
		/* Of several processes that wait, one wakes for each connection, or a few. */
		for (unsigned int i = 0; i < a->count; i++)
			watch(a->epoll, a->fds[i], EPOLLIN | EPOLLEXCLUSIVE);
		watch(a->epoll, control_fd(), EPOLLIN);
	}
	if (!room)
		control_wait(ACCEPT_RETRY_MS);
	else if (epoll_wait(a->epoll, &event, 1, TICK_MS) > 0 && event.data.fd == control_fd())
		control_wait(0);
}

int accept_next(struct acceptor *a, struct in6_addr *peer)
{
	int fd;

	worker_tick(a->worker);
	if (control_draining() && control_handed_over())
		return ACCEPT_STOP;
	/* Also when there is always somebody who waits. */
	if (a->worker->now - a->tick >= TICK_MS) {
		a->tick = a->worker->now;
		return ACCEPT_TICK;
	}
	fd = accept_try(a, 0, peer);
	if (fd >= 0)
		return fd;
	if (control_draining() && (fd == ACCEPT_NONE || control_late()))
		return ACCEPT_STOP;
	if (fd == ACCEPT_PAUSE) {
		/* A release between the question and the wait would else be missed. */
		atomic_store(&a->waiting, true);
		if (atomic_load(&a->open) >= a->most || a->paused)
			wait_for(a, false);
		atomic_store(&a->waiting, false);
	} else {
		wait_for(a, true);
	}
	return ACCEPT_TICK;
}
