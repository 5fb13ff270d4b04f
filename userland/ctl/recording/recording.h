/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened during some time: the events of all CPUs in order, and the groups they
 * tell of. cmd_trace.c and cmd_plot.c make one (recorder.c, ring.c) or read one from a
 * file (file.c), and draw it (perfetto.c, chart.c, plot*.c).
 *
 *	/dev/credit_sched --ring.c--> recording <--file.c--> FILE.csched
 *	                                  |
 *	                             timeline.c: who had which CPU when
 *	                              |       |          |
 *	                       perfetto.c  chart.c   plot*.c --svg.c-->
 */
#ifndef CSCHED_RECORDING_H
#define CSCHED_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../csched.h"

/* A type of ours in struct csched_event: how a group stood when we asked (CSCHED_IOC_GROUP). */
#define EVENT_SAMPLE 0xff
/* More events than this (some 200 MB with what sorting takes) are not kept. */
#define EVENTS_MAX (2u << 20)
#define CPUS_MAX 4096

/**
 * struct recording - what happened
 * @begin_ns: when it began, CLOCK_MONOTONIC
 * @end_ns: when it ended
 * @cpus: how many there can be
 * @lost: events that were overwritten before they could be read
 * @groups: those that took part, by number, as they were when last seen
 * @events: in the order of time
 * @count: how many
 * @room: for how many there is memory
 */
struct recording {
	uint64_t begin_ns;
	uint64_t end_ns;
	uint32_t cpus;
	uint64_t lost;
	struct groups groups;
	struct csched_event *events;
	size_t count;
	size_t room;
};

/* recording.c */
struct csched_event *recording_reserve(struct recording *r, size_t count, struct error *err);
int recording_sample(struct recording *r, const struct csched_ioc_group *g, struct error *err);
int recording_meet(struct recording *r, const struct csched_ioc_group *g, struct error *err);
int recording_finish(struct recording *r, struct error *err);
int events_sort(struct csched_event *events, size_t count, struct error *err);
void recording_free(struct recording *r);
ssize_t recording_group(const struct recording *r, uint32_t id);

/* file.c */
int recording_write(const struct recording *r, FILE *out);
int recording_parse(const void *data, size_t size, struct recording *r, struct error *err);
int recording_load(const char *path, struct recording *r, struct error *err);

/* recorder.c */
struct recorder_options {
	uint64_t duration_ns; /* ignored if there is a command */
	char **command;	      /* NULL: none */
	bool events;	      /* fail if the rings cannot be read; else make do with samples */
};

int record(const struct recorder_options *options, struct recording *r, struct error *err);

/* perfetto.c, chart.c */
int perfetto_write(const struct recording *r, FILE *out, struct error *err);
int chart_write(const struct recording *r, unsigned int width, FILE *out, struct error *err);

#endif
