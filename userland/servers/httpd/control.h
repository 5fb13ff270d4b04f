/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What signals ask of this process, and how it ends without losing an answer.
 *
 *	SIGTERM, SIGINT	  drain: stop accepting, answer what is under way, exit 0
 *	SIGHUP, SIGUSR2	  restart: start a successor on the same sockets, then drain
 *	SIGCHLD		  a child ended
 *
 * Signal handlers know no arguments, so what they touch is global here, and only here.
 *
 * While a server drains, each answer says "Connection: close", and a connection that is idle
 * stays open for CONTROL_GRACE_MS: a busy client's next request is answered rather than
 * run into a closed connection. Then idle ones are closed, and the others as they finish, at
 * the latest when the drain timeout is over.
 */
#ifndef VIRTLAB_HTTPD_CONTROL_H
#define VIRTLAB_HTTPD_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTROL_GRACE_MS 1000

extern atomic_bool control_drains;

/**
 * control_init() - handle signals from now on
 * @drain_ms: for answers under way
 *
 * Again in a child after fork(): what was asked of the parent is not asked of it. Threads that
 * are started later are to block all signals: control_block().
 *
 * Return: 0 or a negative errno.
 */
int control_init(uint32_t drain_ms);

/* Keep signals away from threads that are started from here on; false: back to this one. */
void control_block(bool block);

/* Whether the server is to end. */
static inline bool control_draining(void)
{
	return atomic_load_explicit(&control_drains, memory_order_relaxed);
}

/**
 * control_drain() - as if SIGTERM had come
 * @handed_over: a successor has the listening sockets, and what waits there is its business
 */
void control_drain(bool handed_over);

/* Whether a successor has the listening sockets. */
bool control_handed_over(void);

/* Whether the time is over for which idle connections stay open. */
bool control_grace_over(void);

/* Whether the drain timeout is over. */
bool control_late(void);

/* Whether SIGHUP or SIGUSR2 came since the last call. */
bool control_restart_wanted(void);

/* Whether SIGCHLD came since the last call. */
bool control_child_ended(void);

/**
 * control_reader() - this process has one thread, which blocks on sockets
 * @idle_fd: the connection on which it waits for a request; -1 when it does anything else
 *
 * When the grace is over, the handler itself shuts it down for reading: a signal that came just
 * before recv() would else be slept over.
 */
void control_reader(atomic_int *idle_fd);

/**
 * control_tell() - for a thread that waits for something else
 * @fd: eventfd, which becomes readable when the server is to end; -1: nobody waits
 */
void control_tell(int fd);

/* A descriptor that is readable when something above may have changed. */
int control_fd(void);

/**
 * control_wait() - wait for control_fd(), and make it unreadable
 * @ms: at most
 */
void control_wait(int ms);

/* Make control_fd() readable. */
void control_wake(void);

#endif
