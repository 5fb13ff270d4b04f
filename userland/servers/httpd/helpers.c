// SPDX-License-Identifier: GPL-2.0-only
/* Threads for what takes long, see helpers.h. */
#include "helpers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/**
 * struct helpers - the threads of one loop
 * @lock: of all that follows but @threads and @count
 * @more: there is something to do, or no more will come
 * @todo: first of the list
 * @last: where the next one is linked in
 * @done: list
 * @stop: no more will come
 * @wake: the loop's eventfd
 * @count: of threads
 * @threads: they
 */
struct helpers {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *todo;
	struct job **last;
	struct job *done;
	bool stop;
	int wake;
	unsigned int count;
	pthread_t threads[];
};

static struct job *take(struct helpers *h)
{
	struct job *job;

	pthread_mutex_lock(&h->lock);
	while (!h->todo && !h->stop)
		pthread_cond_wait(&h->more, &h->lock);
	job = h->todo;
	if (job) {
		h->todo = job->next;
		if (!h->todo)
			h->last = &h->todo;
	}
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void give_back(struct helpers *h, struct job *job)
{
	uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&h->lock);
	first = !h->done;
	job->next = h->done;
	h->done = job;
	pthread_mutex_unlock(&h->lock);
	/* If there was one, the loop has been told, and takes all. */
	if (first && write(h->wake, &one, sizeof(one)) < 0)
		abort(); /* an eventfd that is not full takes anything */
}

static void *run(void *argument)
{
	struct helpers *h = argument;
	struct job *job;

	while ((job = take(h))) {
		job->wants = connection_work(job->connection);
		give_back(h, job);
	}
	return NULL;
}

struct helpers *helpers_create(unsigned int count, int wake)
{
	struct helpers *h = calloc(1, sizeof(*h) + count * sizeof(h->threads[0]));

	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	h->last = &h->todo;
	h->wake = wake;
	while (h->count < count && !pthread_create(&h->threads[h->count], NULL, run, h))
		h->count++;
	if (h->count)
		return h;
	helpers_destroy(h);
	return NULL;
}

void helpers_destroy(struct helpers *h)
{
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->more);
	pthread_mutex_unlock(&h->lock);
	for (unsigned int i = 0; i < h->count; i++)
		pthread_join(h->threads[i], NULL);
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

void helpers_do(struct helpers *h, struct job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&h->lock);
	*h->last = job;
	h->last = &job->next;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

struct job *helpers_done(struct helpers *h)
{
	struct job *done;

	pthread_mutex_lock(&h->lock);
	done = h->done;
	h->done = NULL;
	pthread_mutex_unlock(&h->lock);
	return done;
}
