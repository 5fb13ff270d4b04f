/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * httpd --register: a directory (../directory) is told at which addresses the server listens, as
 * long as it does.
 *
 *	main: open ──▶ start ──────────────── serve ─────────────────▶ end
 *	                 │                      │ control_tell()        ▲
 *	                 ▼                      ▼                       │ join
 *	thread:          register ─ renew ─ renew ─▶ unregister ────────┘
 *	                                          └▶ or not: a successor has the sockets
 *
 * One thread of the first process does that, whatever the design, however many workers there
 * are: no loop waits for a directory, a sequential server that is busy with one client stays
 * registered, and with the process the thread is gone as well, so that the lease ends.
 *
 * A successor has the token of its predecessor, from the environment. So what both say, in
 * whatever order, is said by the one owner of the end point, and there is no gap between them.
 */
#ifndef VIRTLAB_HTTPD_REGISTRATION_H
#define VIRTLAB_HTTPD_REGISTRATION_H

#include <pthread.h>

#include "../directory/client.h"
#include "listeners.h"

/**
 * struct registration - of one server
 * @options: the command line
 * @count: of addresses; 0: none is registered
 * @clients: one for each address
 * @said: what was said last of each on standard error; 0: it is well
 * @drains: eventfd: the server is to end
 * @thread: that keeps the leases
 * @running: there is such a thread
 */
struct registration {
	const struct options *options;
	unsigned int count;
	struct directory_client clients[LISTEN_MOST];
	int said[LISTEN_MOST];
	int drains;
	pthread_t thread;
	bool running;
};

/**
 * registration_open() - see what is to be registered, and where; nothing is sent yet
 * @r: set
 * @o: the command line, with or without --register
 * @l: sockets, bound
 * @err: filled on failure
 *
 * It is no error if no directory is there: it may come.
 *
 * Return: 0 or a negative errno.
 */
int registration_open(struct registration *r, const struct options *o, const struct listeners *l,
		      struct error *err);

/**
 * registration_start() - register, and keep it so
 * @r: that was opened; of a server that accepts connections
 * @err: filled on failure
 *
 * Return: 0 or a negative errno.
 */
int registration_start(struct registration *r, struct error *err);

/**
 * registration_end() - wait for the thread, which ends when the server drains
 * @r: registration
 */
void registration_end(struct registration *r);

/**
 * registration_forget() - in a child process, which is not who is registered
 * @r: registration
 */
void registration_forget(struct registration *r);

#endif
