/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP side of a directory. A connection has room for one question and one answer; while an
 * answer is on its way nothing more is read, so that a slow reader costs no more than that.
 * The connections are in the order of their last whole exchange: when one must make room, or is
 * quiet for too long, it is the first. Octets alone are no exchange: dripping does not help.
 */
#ifndef VIRTLAB_DIRECTORY_CONNECTIONS_H
#define VIRTLAB_DIRECTORY_CONNECTIONS_H

#include "directory.h"

struct connection;

/**
 * struct connections - all of them
 * @d: the directory that answers
 * @epoll: where they are watched; data.ptr is the connection
 * @listener: the socket that accepts
 * @most: there may be
 * @idle_ms: how long one may be quiet
 * @count: there are
 * @oldest: the one that is quiet longest
 * @newest: the other end of the list
 * @resume: milliseconds, when to accept again after there were no descriptors; 0: now
 */
struct connections {
	struct directory *d;
	int epoll;
	int listener;
	unsigned int most;
	uint64_t idle_ms;
	unsigned int count;
	struct connection *oldest;
	struct connection *newest;
	uint64_t resume;
};

/* Accept those who wait. The listener is watched with data.ptr NULL. */
void connections_accept(struct connections *all, uint64_t now);

/* Go on with one that is ready. Returns -errno if the directory must end. */
int connections_serve(struct connections *all, struct connection *c, uint64_t now,
		      struct error *err);

/* Close those that were quiet too long. Returns milliseconds until there is more to do, or -1. */
int connections_tick(struct connections *all, uint64_t now);

void connections_close_all(struct connections *all);

#endif
