// SPDX-License-Identifier: GPL-2.0-only
/*
 * select(2), see readiness.h. Its sets have FD_SETSIZE bits, and FD_SET() beyond that writes
 * over whatever lies behind: a descriptor that is too large is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>

#include "readiness.h"

/**
 * struct select_set - what is watched
 * @read: for reading
 * @write: for writing
 * @highest: descriptor that is watched
 * @next: where the search for ready ones begins, so that none is always too far behind
 * @what: by descriptor: for whom
 */
struct select_set {
	fd_set read;
	fd_set write;
	int highest;
	unsigned int next;
	void *what[FD_SETSIZE];
};

static void *create(unsigned int most)
{
	struct select_set *set = calloc(1, sizeof(*set));

	(void)most;
	if (set)
		set->highest = -1;
	return set;
}

static void destroy(void *argument)
{
	free(argument);
}

static void watch(void *argument, int fd, enum watch what)
{
	struct select_set *set = argument;

	FD_CLR(fd, &set->read);
	FD_CLR(fd, &set->write);
	if (what == WATCH_READ)
		FD_SET(fd, &set->read);
	else if (what == WATCH_WRITE)
		FD_SET(fd, &set->write);
}

static int add(void *argument, int fd, void *what, bool shared)
{
	struct select_set *set = argument;

	(void)shared;
	if (fd >= FD_SETSIZE)
		return -ERANGE;
	set->what[fd] = what;
	if (fd > set->highest)
		set->highest = fd;
	watch(set, fd, WATCH_READ);
	return 0;
}

static void remove_fd(void *argument, int fd, bool closing)
{
	struct select_set *set = argument;

	(void)closing;
	watch(set, fd, WATCH_NOTHING);
	set->what[fd] = NULL;
	while (set->highest >= 0 && !set->what[set->highest])
		set->highest--;
}

static int wait_ready(void *argument, struct ready *ready, int most, int ms)
{
	struct select_set *set = argument;
	struct timeval timeout = { ms / 1000, ms % 1000 * 1000 };
	fd_set read = set->read, write = set->write;
	int left, n = 0;

	left = select(set->highest + 1, &read, &write, NULL, ms < 0 ? NULL : &timeout);
	for (int k = 0; left > 0 && n < most && k <= set->highest; k++) {
		int fd = (int)(set->next++ % (set->highest + 1u));
		bool readable = FD_ISSET(fd, &read), writable = FD_ISSET(fd, &write);

		if (!readable && !writable)
			continue;
		left -= readable + writable;
		ready[n++] = (struct ready){ set->what[fd], readable, writable, false };
	}
	return n;
}

const struct readiness_calls readiness_select = { create, destroy,   add,
						  watch,  remove_fd, wait_ready };
