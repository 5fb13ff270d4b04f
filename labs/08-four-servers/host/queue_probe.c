// SPDX-License-Identifier: GPL-2.0
/*
 * Lab 08: asks the bounded queue. A line on standard input each, what happened on standard output:
 *
 *	size N		a queue for N
 *	put N		a thread appends N; says "put N" when it has
 *	take		a thread takes one; says "took N", or "none" if the queue is closed and empty
 *	close		no more will come
 *	storm P T N	P threads append 1 ... N, all of them together; T threads take until it is closed;
 *			says "storm COUNT SUM EARLY": what was taken, and takes that found none too early
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../userland/servers/httpd/queue.h"
#include "../../grading/host/crash.h"

static struct queue queue;

static void say(const char *word, long n)
{
	printf(n < 0 ? "%s\n" : "%s %ld\n", word, n);
	fflush(stdout);
}

static void *put(void *n)
{
	queue_put(&queue, (struct waiting){ .fd = (int)(long)n });
	say("put", (long)n);
	return NULL;
}

static void *take(void *unused)
{
	struct waiting waiting = { .fd = 0 };

	(void)unused;
	if (queue_take(&queue, &waiting))
		say("took", waiting.fd);
	else
		say("none", -1);
	return NULL;
}

static void start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument)) {
		fprintf(stderr, "probe: no thread\n");
		exit(2);
	}
	pthread_detach(thread);
}

/* --- many at once --- */

static atomic_long next_one, most, taken, sum, early;
static atomic_bool closed;

static void *put_many(void *unused)
{
	long n;

	(void)unused;
	while ((n = atomic_fetch_add(&next_one, 1)) <= most)
		queue_put(&queue, (struct waiting){ .fd = (int)n });
	return NULL;
}

static void *take_many(void *unused)
{
	struct waiting waiting;

	(void)unused;
	for (;;) {
		if (queue_take(&queue, &waiting)) {
			atomic_fetch_add(&taken, 1);
			atomic_fetch_add(&sum, waiting.fd);
		} else if (atomic_load(&closed)) {
			return NULL;
		} else if (atomic_fetch_add(&early, 1) > 1000) {
			return NULL;
		}
	}
}

static void storm(int producers, int takers, long n)
{
	pthread_t threads[64];
	int i;

	next_one = 1;
	most = n;
	for (i = 0; i < takers; i++)
		pthread_create(&threads[i], NULL, take_many, NULL);
	for (; i < takers + producers; i++)
		pthread_create(&threads[i], NULL, put_many, NULL);
	for (i = takers; i < takers + producers; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&closed, true);
	queue_close(&queue);
	for (i = 0; i < takers; i++)
		pthread_join(threads[i], NULL);
	printf("storm %ld %ld %ld\n", taken, sum, early);
	fflush(stdout);
}

int main(void)
{
	char line[128];
	int a, b;
	long n;

	report_crashes();
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "size %ld", &n) == 1) {
			if (!queue_init(&queue, (unsigned int)n))
				return 2;
			say("size", n);
		} else if (sscanf(line, "put %ld", &n) == 1) {
			start(put, (void *)n);
		} else if (!strcmp(line, "take\n")) {
			start(take, NULL);
		} else if (!strcmp(line, "close\n")) {
			queue_close(&queue);
			say("closed", -1);
		} else if (sscanf(line, "storm %d %d %ld", &a, &b, &n) == 3 && a + b <= 64) {
			storm(a, b, n);
		} else {
			fprintf(stderr, "probe: %s", line);
			return 2;
		}
	}
	return 0;
}
