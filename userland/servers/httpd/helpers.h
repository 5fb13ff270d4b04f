/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do for an event loop what would make it wait: handlers that burn or block. The
 * loop hands a connection over, and gets it back when its eventfd becomes readable; in between
 * it does not touch it. (Flash called this AMPED, Pai et al., USENIX 1999.)
 *
 *	loop --helpers_do()--> | todo | --> helper: connection_work() --> | done | --> eventfd
 */
#ifndef VIRTLAB_HTTPD_HELPERS_H
#define VIRTLAB_HTTPD_HELPERS_H

#include "connection.h"

struct helpers;

/**
 * struct job - a connection that is worked on; a part of what the loop keeps of it
 * @next: in one of the lists
 * @connection: it
 * @wants: what connection_work() said
 */
struct job {
	struct job *next;
	struct connection *connection;
	enum connection_wants wants;
};

/**
 * helpers_create() - start threads
 * @count: how many
 * @wake: eventfd that is written to when something is done
 *
 * Return: NULL if there is no memory, or not one thread.
 */
struct helpers *helpers_create(unsigned int count, int wake);

/**
 * helpers_destroy() - end them
 * @h: with nothing to do
 */
void helpers_destroy(struct helpers *h);

/**
 * helpers_do() - hand a connection over
 * @h: helpers
 * @job: whose connection wants CONNECTION_WORKS
 */
void helpers_do(struct helpers *h, struct job *job);

/**
 * helpers_done() - take what is done
 * @h: helpers
 *
 * Return: a list, in no order; NULL if nothing is.
 */
struct job *helpers_done(struct helpers *h);

#endif
