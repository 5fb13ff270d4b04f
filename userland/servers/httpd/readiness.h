/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of many sockets can be read or written: one interface over three system calls.
 *
 *	select	three bit maps are copied in and out and searched, for descriptors below 1024
 *	poll	a list of all sockets is copied in and searched, each time: cost grows with the
 *		number that is watched
 *	epoll	the kernel keeps the list, and tells of those that became ready: cost grows with
 *		the number that is ready
 *
 * epoll is used edge-triggered: it tells of a change once, so who is told has to remember it
 * until a call says EAGAIN, and need not say again and again what he waits for. The other
 * two tell of a state as long as it lasts; they must be told what to look for.
 */
#ifndef VIRTLAB_HTTPD_READINESS_H
#define VIRTLAB_HTTPD_READINESS_H

#include <stdbool.h>

#include "options.h"

/**
 * struct ready - a socket that is ready for something
 * @what: whom it was added for
 * @readable: there is something to read, or an end, or an error
 * @writable: there is room to write, or an error
 * @hangup: the other side will send no more
 */
struct ready {
	void *what;
	bool readable;
	bool writable;
	bool hangup;
};

/* What a socket is watched for. */
enum watch { WATCH_NOTHING, WATCH_READ, WATCH_WRITE };

/**
 * struct readiness_calls - one of the three
 * @create: a set for up to @most descriptors; NULL if there is no memory
 * @destroy: the end of it
 * @add: watch @fd for reading, on behalf of @what; 0, or a negative errno, of which -ERANGE is
 *	a descriptor that select cannot name. @shared: others may watch the same socket; tell of
 *	its state, not only of changes, and of a few watchers wake one
 * @watch: from now on watch it for this; nothing to do where it is always watched for both
 * @remove: watch it no longer; @closing: it is about to be closed
 * @wait: until something is ready, or @ms are over; -1: no limit. Fills up to @most of @ready,
 *	returns how many
 */
struct readiness_calls {
	void *(*create)(unsigned int most);
	void (*destroy)(void *set);
	int (*add)(void *set, int fd, void *what, bool shared);
	void (*watch)(void *set, int fd, enum watch watch);
	void (*remove)(void *set, int fd, bool closing);
	int (*wait)(void *set, struct ready *ready, int most, int ms);
};

extern const struct readiness_calls readiness_epoll, readiness_poll, readiness_select;

#endif
