// SPDX-License-Identifier: GPL-2.0-only
/* A thread's clock and buffers, see worker.h. */
#include "worker.h"

#include <stdlib.h>
#include <time.h>

/* As many are kept for the next requests; after a rush the rest goes back to the heap. */
#define SPARES_KEPT 64

void worker_init(struct worker *w, const struct server *server, unsigned int index)
{
	*w = (struct worker){
		.server = server,
		.counters = &server->shared->counters[index % COUNTER_SLOTS],
		.log = &server->shared->logs[index % COUNTER_SLOTS],
		.idle_fd = -1,
	};
	worker_tick(w);
}

void worker_end(struct worker *w)
{
	while (w->spare) {
		struct exchange *x = w->spare;

		w->spare = x->next;
		free(x);
	}
	w->spares = 0;
}

void worker_tick(struct worker *w)
{
	struct timespec t;
	int64_t now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	/* Both clocks go on with the same ticks of the kernel. */
	if (now == w->now)
		return;
	w->now = now;
	clock_gettime(CLOCK_REALTIME_COARSE, &t);
	w->second = t.tv_sec;
}

struct exchange *worker_take(struct worker *w)
{
	struct exchange *x = w->spare;

	if (x) {
		w->spare = x->next;
		w->spares--;
	} else {
		x = malloc(sizeof(*x));
		if (!x)
			return NULL;
	}
	exchange_init(x);
	return x;
}

void worker_give(struct worker *w, struct exchange *x)
{
	exchange_end(x);
	if (w->spares == SPARES_KEPT) {
		free(x);
		return;
	}
	x->next = w->spare;
	w->spare = x;
	w->spares++;
}
