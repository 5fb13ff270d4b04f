/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's event rings, one a CPU: see struct csched_ring in <credit_sched.h>. */
#ifndef CSCHED_RING_H
#define CSCHED_RING_H

#include "recording.h"

/**
 * struct ring - one CPU's, mapped
 * @page: where it starts
 * @records: where its records start
 * @tail: number of the next one to read
 */
struct ring {
	const struct csched_ring *page;
	const struct csched_event *records;
	uint64_t tail;
};

/**
 * struct rings - all of them
 * @at: one each
 * @count: how many, one for each possible CPU, online or not
 * @bytes: size of one mapping
 */
struct rings {
	struct ring *at;
	uint32_t count;
	size_t bytes;
};

int rings_open(int dev, struct rings *rings, struct error *err);
void rings_close(struct rings *rings);
int rings_drain(struct rings *rings, struct recording *r, struct error *err);
int ring_drain(struct ring *ring, struct recording *r, struct error *err);

#endif
