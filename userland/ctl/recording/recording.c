// SPDX-License-Identifier: GPL-2.0-only
/* Events in memory: room for them, their order, and the groups they tell of. Owns struct recording. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

/* Room for @count more events behind the last. NULL: there is none, or EVENTS_MAX is reached. */
struct csched_event *recording_reserve(struct recording *r, size_t count, struct error *err)
{
	size_t room = r->room ? r->room : 1024;
	void *events;

	if (count > EVENTS_MAX || r->count + count > EVENTS_MAX) {
		error_set(err, ENOSPC, "recording: %u events are as many as it can hold",
			  EVENTS_MAX);
		return NULL;
	}
	while (room < r->count + count)
		room *= 2;
	if (room > r->room) {
		events = realloc(r->events, room * sizeof(*r->events));
		if (!events) {
			error_set(err, ENOMEM, "recording: out of memory");
			return NULL;
		}
		r->events = events;
		r->room = room;
	}
	return r->events + r->count;
}

/* How @g stands, as an event. Returns 0 or a negative errno. */
int recording_sample(struct recording *r, const struct csched_ioc_group *g, struct error *err)
{
	struct csched_event *e = recording_reserve(r, 1, err);

	if (!e)
		return -ENOSPC;
	*e = (struct csched_event){
		.time_ns = g->now_ns,
		.group = g->id,
		.type = EVENT_SAMPLE,
		.standing = (uint8_t)g->standing,
		.reason = g->throttled,
		.lag_ns = g->lag_ns,
		.credit_ns = g->credit_ns,
		.used_ns = g->used_ns,
	};
	r->count++;
	return 0;
}

/* Remember what is known of @g, instead of what was. Returns 0 or a negative errno. */
int recording_meet(struct recording *r, const struct csched_ioc_group *g, struct error *err)
{
	struct csched_ioc_group *known = (struct csched_ioc_group *)groups_find(&r->groups, g->id);
	size_t n = r->groups.count;
	void *at;

	if (known) {
		*known = *g;
		return 0;
	}
	at = realloc(r->groups.at, (n + 1) * sizeof(*g));
	if (!at)
		return error_set(err, ENOMEM, "recording: out of memory");
	r->groups.at = at;
	r->groups.count++;
	for (; n && r->groups.at[n - 1].id > g->id; n--)
		r->groups.at[n] = r->groups.at[n - 1];
	r->groups.at[n] = *g;
	return 0;
}

/* Index of the group with that number, or -1. */
ssize_t recording_group(const struct recording *r, uint32_t id)
{
	const struct csched_ioc_group *g = groups_find(&r->groups, id);

	return g ? g - r->groups.at : -1;
}

/* Where the sorted run that starts at @from ends. */
static size_t run_end(const struct csched_event *events, size_t from, size_t count)
{
	size_t at = from + 1;

	while (at < count && events[at - 1].time_ns <= events[at].time_ns)
		at++;
	return at;
}

/* Merge [@from, @middle) and [@middle, @end). Of the same time the first stays first. */
static void merge(struct csched_event *events, size_t from, size_t middle, size_t end,
		  struct csched_event *spare)
{
	size_t a = 0, b = middle, left = middle - from, out = from;

	memcpy(spare, events + from, left * sizeof(*events));
	while (a < left && b < end) {
		if (events[b].time_ns < spare[a].time_ns)
			events[out++] = events[b++];
		else
			events[out++] = spare[a++];
	}
	memcpy(events + out, spare + a, (left - a) * sizeof(*events));
}

/* One round: of each two runs one. */
static void merge_pairs(struct csched_event *events, size_t count, struct csched_event *spare)
{
	size_t from, middle, end;

	for (from = 0; from < count; from = end) {
		middle = run_end(events, from, count);
		end = middle < count ? run_end(events, middle, count) : middle;
		merge(events, from, middle, end, spare);
	}
}

/*
 * By time; stable, for a ring has its events in order though several may carry the same
 * time. What comes from a few rings, read in turns, is a few sorted runs: those are merged.
 * Returns 0 or -ENOMEM.
 */
int events_sort(struct csched_event *events, size_t count, struct error *err)
{
	struct csched_event *spare;

	if (!count || run_end(events, 0, count) == count)
		return 0;
	spare = malloc(count * sizeof(*spare));
	if (!spare)
		return error_set(err, ENOMEM, "recording: out of memory");
	while (run_end(events, 0, count) < count)
		merge_pairs(events, count, spare);
	free(spare);
	return 0;
}

/* Groups that came and went between two looks at them have no name but their number. */
static int name_the_nameless(struct recording *r, struct error *err)
{
	uint32_t last = 0;
	int ret = 0;

	for (size_t i = 0; i < r->count && !ret; i++) {
		struct csched_ioc_group g = { .id = r->events[i].group };

		if (g.id == last || recording_group(r, g.id) >= 0)
			continue;
		last = g.id;
		snprintf(g.name, sizeof(g.name), "#%u", g.id);
		ret = recording_meet(r, &g, err);
	}
	return ret;
}

/* All events are there: put them in order. Returns 0 or a negative errno. */
int recording_finish(struct recording *r, struct error *err)
{
	int ret = events_sort(r->events, r->count, err);

	if (ret)
		return ret;
	if (r->count && r->events[0].time_ns < r->begin_ns)
		r->begin_ns = r->events[0].time_ns;
	if (r->count && r->events[r->count - 1].time_ns > r->end_ns)
		r->end_ns = r->events[r->count - 1].time_ns;
	return name_the_nameless(r, err);
}

void recording_free(struct recording *r)
{
	groups_free(&r->groups);
	free(r->events);
	*r = (struct recording){ .count = 0 };
}
