/* SPDX-License-Identifier: GPL-2.0-only */
/* Who had which CPU when: slots as intervals, worked out from the events. */
#ifndef CSCHED_TIMELINE_H
#define CSCHED_TIMELINE_H

#include "recording.h"

/* How a slice ended, beyond CSCHED_WHY_*. */
#define ENDED_BLOCK 16	 /* the task went to sleep */
#define ENDED_LEAVE 17	 /* it left the group, or exited */
#define ENDED_RENEWED 18 /* it got another slot at once */
#define ENDED_MOVED 19	 /* it was seen on another CPU */
#define ENDED_OPEN 20	 /* not before the recording did */

/**
 * struct slice - a task had a slot
 * @begin: when it was given it
 * @end: when it was off the CPU again
 * @group: number of its group
 * @pid: of the task
 * @cpu: where it was when it ended
 * @told: when it was told to stop, or 0
 * @why: CSCHED_WHY_* or ENDED_*
 */
struct slice {
	uint64_t begin;
	uint64_t end;
	uint64_t told;
	uint32_t group;
	int32_t pid;
	uint16_t cpu;
	uint8_t why;
};

/**
 * struct timeline - all slices
 * @at: by CPU, then by begin; those of one CPU do not overlap
 * @count: how many
 * @room: for how many there is memory
 */
struct timeline {
	struct slice *at;
	size_t count;
	size_t room;
};

int timeline_make(const struct recording *r, struct timeline *timeline, struct error *err);
void timeline_free(struct timeline *timeline);
const char *slice_why(uint8_t why);

#endif
