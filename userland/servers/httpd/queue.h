/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded queue between the thread that accepts and those that serve. Who finds it empty
 * or full sleeps on a condition until that has changed; nobody asks again and again.
 */
#ifndef VIRTLAB_HTTPD_QUEUE_H
#define VIRTLAB_HTTPD_QUEUE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>

/**
 * struct waiting - a connection that no thread serves yet
 * @fd: socket
 * @peer: address of the client
 */
struct waiting {
	int fd;
	struct in6_addr peer;
};

/**
 * struct queue - connections that wait
 * @lock: of all that follows
 * @filled: something is in it, or it is closed
 * @drained: there is room in it
 * @ring: those that wait
 * @size: of the ring
 * @first: of those that wait
 * @length: how many wait
 * @closed: no more will come
 */
struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t drained;
	struct waiting *ring;
	unsigned int size;
	unsigned int first;
	unsigned int length;
	bool closed;
};

/* An empty queue for @size connections; false if there is no memory. */
bool queue_init(struct queue *q, unsigned int size);

/* The end of it; nobody may wait at it. */
void queue_destroy(struct queue *q);

/* Append; waits while it is full. */
void queue_put(struct queue *q, struct waiting waiting);

/* Take the first; waits while it is empty. False when it is empty and closed. */
bool queue_take(struct queue *q, struct waiting *waiting);

/* No more will come: who waits for something to take is told so. */
void queue_close(struct queue *q);

#endif
