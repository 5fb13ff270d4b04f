// SPDX-License-Identifier: GPL-2.0-only
/* The bounded queue, see queue.h. */
#include "queue.h"

#include <stdlib.h>

bool queue_init(struct queue *q, unsigned int size)
{
	*q = (struct queue){ .size = size, .ring = calloc(size, sizeof(*q->ring)) };
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->filled, NULL);
	pthread_cond_init(&q->drained, NULL);
	return q->ring;
}

void queue_destroy(struct queue *q)
{
	pthread_cond_destroy(&q->drained);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q->ring);
}

void queue_put(struct queue *q, struct waiting waiting)
{
	/* lab 08 step 3 begin: append, when there is room */
	pthread_mutex_lock(&q->lock);
	while (q->length == q->size)
		pthread_cond_wait(&q->drained, &q->lock);
	q->ring[(q->first + q->length++) % q->size] = waiting;
	pthread_cond_signal(&q->filled);
	pthread_mutex_unlock(&q->lock);
	/* lab 08 step 3 end */
}

bool queue_take(struct queue *q, struct waiting *waiting)
{
	bool taken;

	/* lab 08 step 3 begin: take the first, when there is one; skeleton: taken = false; */
	pthread_mutex_lock(&q->lock);
	while (!q->length && !q->closed)
		pthread_cond_wait(&q->filled, &q->lock);
	taken = q->length > 0;
	if (taken) {
		*waiting = q->ring[q->first];
		q->first = (q->first + 1) % q->size;
		q->length--;
		pthread_cond_signal(&q->drained);
	}
	pthread_mutex_unlock(&q->lock);
	/* lab 08 step 3 end */
	return taken;
}

void queue_close(struct queue *q)
{
	/* lab 08 step 3 begin: no more will come */
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_mutex_unlock(&q->lock);
	/* lab 08 step 3 end */
}
