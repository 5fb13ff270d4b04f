/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * csched top: cmd_top.c has the command line and the keys, top_measure.c finds out what
 * everybody got since the last look, top_show.c shows it.
 */
#ifndef CSCHED_TOP_H
#define CSCHED_TOP_H

#include "csched.h"
#include "recording/ring.h"

enum top_sort { SORT_CPU, SORT_LAG, SORT_CREDIT, SORT_WEIGHT, SORT_NAME, SORTS };

/**
 * struct top_row - one group since the last look
 * @g: how it stands now
 * @percent: of one CPU that it had
 * @slots: how many slots a second
 * @unplaced_ns: how much it ran of which no event says where: a task that nobody wants
 *	to replace runs on without any
 */
struct top_row {
	struct csched_ioc_group g;
	double percent;
	double slots;
	uint64_t unplaced_ns;
};

/**
 * struct top - what is measured
 * @dev: the device
 * @rings: mapped, unless @blind
 * @blind: why there are none, or ""
 * @r: events since the last look
 * @before: the groups at the last look
 * @now: at this one
 * @rows: one for each group, in the order asked for
 * @cpu_ns: what the group in row j had of CPU i: at [i * count + j]
 * @count: how many rows
 * @seen: CPUs that ever ran a slot
 * @interval_ns: between the looks
 */
struct top {
	int dev;
	struct rings rings;
	struct error blind;
	struct recording r;
	struct groups before;
	struct groups now;
	struct top_row *rows;
	uint64_t *cpu_ns;
	size_t count;
	bool *seen;
	uint64_t interval_ns;
};

int top_open(struct top *top, struct error *err);
void top_close(struct top *top);
int top_drain(struct top *top, struct error *err);
int top_measure(struct top *top, enum top_sort sort, struct error *err);

/**
 * struct top_view - how it is shown
 * @width: columns of the terminal
 * @height: lines of it; 0: all that there are
 * @scroll: rows left out above
 * @colour: escape sequences may be used
 * @sort: for the head
 */
struct top_view {
	unsigned int width;
	unsigned int height;
	size_t scroll;
	bool colour;
	enum top_sort sort;
};

void top_show(const struct top *top, const struct top_view *view);
void top_show_json(const struct top *top);
extern const char *const top_sorts[SORTS];

#endif
