// SPDX-License-Identifier: GPL-2.0-only
/* epoll(7), see readiness.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "readiness.h"

/* What one epoll_wait brings: more of them cost a system call less. */
#define BATCH 256

struct epoll_set {
	int fd;
	struct epoll_event events[BATCH];
};

static void *create(unsigned int most)
{
	struct epoll_set *set = malloc(sizeof(*set));

	(void)most;
	if (!set)
		return NULL;
	set->fd = epoll_create1(EPOLL_CLOEXEC);
	if (set->fd >= 0)
		return set;
	free(set);
	return NULL;
}

static void destroy(void *argument)
{
	struct epoll_set *set = argument;

	close(set->fd);
	free(set);
}

static int add(void *argument, int fd, void *what, bool shared)
{
	const struct epoll_set *set = argument;
	struct epoll_event event = {
		.events = shared ? EPOLLIN | EPOLLEXCLUSIVE :
				   EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = what,
	};

	return epoll_ctl(set->fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void watch(void *argument, int fd, enum watch what)
{
	(void)argument;
	(void)fd;
	(void)what;
}

static void remove_fd(void *argument, int fd, bool closing)
{
	const struct epoll_set *set = argument;

	/* close(2) does it as well: nobody else has a copy of a connection's descriptor. */
	if (!closing)
		epoll_ctl(set->fd, EPOLL_CTL_DEL, fd, NULL);
}

static int wait_ready(void *argument, struct ready *ready, int most, int ms)
{
	struct epoll_set *set = argument;
	int n = epoll_wait(set->fd, set->events, most < BATCH ? most : BATCH, ms);

	for (int i = 0; i < n; i++) {
		uint32_t events = set->events[i].events;
		bool over = events & (EPOLLERR | EPOLLHUP);

		ready[i] = (struct ready){
			.what = set->events[i].data.ptr,
			.readable = over || events & (EPOLLIN | EPOLLRDHUP),
			.writable = over || events & EPOLLOUT,
			.hangup = over || events & EPOLLRDHUP,
		};
	}
	return n < 0 ? 0 : n;
}

const struct readiness_calls readiness_epoll = { create, destroy,   add,
						 watch,	 remove_fd, wait_ready };
