// SPDX-License-Identifier: GPL-2.0-only
/* poll(2), see readiness.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "readiness.h"

/**
 * struct poll_set - what is watched
 * @polled: for the kernel, without gaps
 * @what: for whom, in the same order
 * @place: by descriptor: where it is in @polled
 * @count: how many there are
 * @most: how many there may be
 * @descriptors: size of @place
 * @next: where the search for ready ones begins, so that none is always too far behind
 */
struct poll_set {
	struct pollfd *polled;
	void **what;
	unsigned int *place;
	unsigned int count;
	unsigned int most;
	unsigned int descriptors;
	unsigned int next;
};

static void destroy(void *argument)
{
	struct poll_set *set = argument;

	free(set->polled);
	free(set->what);
	free(set->place);
	free(set);
}

static void *create(unsigned int most)
{
	struct poll_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->most = most;
	set->polled = calloc(most, sizeof(*set->polled));
	set->what = calloc(most, sizeof(*set->what));
	if (set->polled && set->what)
		return set;
	destroy(set);
	return NULL;
}

static bool grow(struct poll_set *set, unsigned int descriptors)
{
	unsigned int *place = realloc(set->place, descriptors * sizeof(*place));

	if (!place)
		return false;
	set->place = place;
	set->descriptors = descriptors;
	return true;
}

static int add(void *argument, int fd, void *what, bool shared)
{
	struct poll_set *set = argument;

	(void)shared;
	if (set->count == set->most)
		return -ENOSPC;
	if ((unsigned int)fd >= set->descriptors && !grow(set, 2 * (unsigned int)fd + 16))
		return -ENOMEM;
	set->polled[set->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	set->what[set->count] = what;
	set->place[fd] = set->count++;
	return 0;
}

static void watch(void *argument, int fd, enum watch what)
{
	static const short events[] = { 0, POLLIN, POLLOUT };
	struct poll_set *set = argument;

	set->polled[set->place[fd]].events = events[what];
}

static void remove_fd(void *argument, int fd, bool closing)
{
	struct poll_set *set = argument;
	unsigned int hole = set->place[fd], last = --set->count;

	(void)closing;
	set->polled[hole] = set->polled[last];
	set->what[hole] = set->what[last];
	set->place[set->polled[hole].fd] = hole;
}

static int wait_ready(void *argument, struct ready *ready, int most, int ms)
{
	struct poll_set *set = argument;
	int left = poll(set->polled, set->count, ms), n = 0;

	for (unsigned int k = 0; left > 0 && n < most && k < set->count; k++) {
		unsigned int i = set->next++ % set->count;
		short events = set->polled[i].revents;
		bool over = events & (POLLERR | POLLHUP | POLLNVAL);

		if (!events)
			continue;
		left--;
		ready[n++] = (struct ready){
			.what = set->what[i],
			.readable = over || events & POLLIN,
			.writable = over || events & POLLOUT,
			.hangup = over,
		};
	}
	return n;
}

const struct readiness_calls readiness_poll = { create, destroy,   add,
						watch,	remove_fd, wait_ready };
