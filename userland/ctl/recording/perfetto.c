// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording in the Chrome trace event format ("Trace Event Format", JSON object form),
 * which ui.perfetto.dev and chrome://tracing read. Called by cmd_trace.c.
 *
 *	process CPUs     a track for each CPU: a slice for each slot, named by its group
 *	process groups   a track for each group that has credit or a cap: BOOST, UNDER, OVER, CAPPED
 *	                 counters: credit (one series a state, so that viewers colour it by state),
 *	                 lag, CPU used
 *
 * Times are microseconds since the recording began; three places are exact to the nanosecond.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

#define PID_CPUS 1
#define PID_GROUPS 2
/* Counters need not change faster than a screen has pixels. */
#define COUNTER_EVERY_NS 500000

enum state { BOOST, UNDER, OVER, CAPPED, STATES };

static const struct {
	const char *name;
	const char *colour; /* one of those that chrome://tracing has names for */
} states[STATES] = {
	{ "BOOST", "rail_response" },
	{ "UNDER", "good" },
	{ "OVER", "bad" },
	{ "CAPPED", "terrible" },
};

/**
 * struct track - what is drawn of one group while we go through the events
 * @throttled: since the last event about it
 * @shown: @state and @since mean something
 * @state: what it is in
 * @since: since when
 * @counted: when its counters were written last, or 0
 * @counted_state: what it was in then
 * @sampled: when we asked for it last, or 0
 * @used: what it had used then
 */
struct track {
	bool throttled;
	bool shown;
	enum state state;
	uint64_t since;
	uint64_t counted;
	enum state counted_state;
	uint64_t sampled;
	uint64_t used;
};

struct writer {
	const struct recording *r;
	struct track *tracks;
	FILE *out;
	bool started;
};

static double us(const struct writer *w, uint64_t ns)
{
	return (double)(ns - w->r->begin_ns) / 1e3;
}

static void begin_event(struct writer *w)
{
	fputs(w->started ? ",\n" : "\n", w->out);
	w->started = true;
}

/* What names a process or a thread, or says where it stands. */
static void metadata(struct writer *w, const char *what, int pid, uint32_t tid, const char *name)
{
	begin_event(w);
	fprintf(w->out,
		"{\"ph\": \"M\", \"name\": \"%s\", \"pid\": %d, \"tid\": %" PRIu32
		", \"args\": {\"name\": ",
		what, pid, tid);
	print_json_string(w->out, name);
	fputs("}}", w->out);
}

/* Number 0 is the idle task's in every viewer. */
static uint32_t cpu_tid(uint32_t cpu)
{
	return cpu + 1;
}

static bool has_states(const struct csched_ioc_group *g)
{
	return !strcmp(g->policy, "credit") || g->cap;
}

static void name_tracks(struct writer *w, const struct timeline *timeline)
{
	const struct recording *r = w->r;
	char name[32];

	metadata(w, "process_name", PID_CPUS, 0, "CPUs");
	metadata(w, "process_name", PID_GROUPS, 0, "groups");
	for (size_t i = 0; i < timeline->count; i++) {
		uint32_t cpu = timeline->at[i].cpu;

		if (i && timeline->at[i - 1].cpu == cpu)
			continue;
		snprintf(name, sizeof(name), "CPU %" PRIu32, cpu);
		metadata(w, "thread_name", PID_CPUS, cpu_tid(cpu), name);
	}
	for (size_t i = 0; i < r->groups.count; i++)
		if (has_states(&r->groups.at[i]))
			metadata(w, "thread_name", PID_GROUPS, r->groups.at[i].id,
				 r->groups.at[i].name);
}

static void write_slices(struct writer *w, const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++) {
		const struct slice *s = &timeline->at[i];
		ssize_t group = recording_group(w->r, s->group);

		begin_event(w);
		fputs("{\"ph\": \"X\", \"cat\": \"slot\", \"name\": ", w->out);
		print_json_string(w->out, group < 0 ? "?" : w->r->groups.at[group].name);
		fprintf(w->out,
			", \"pid\": %d, \"tid\": %" PRIu32
			", \"ts\": %.3f, \"dur\": %.3f, \"args\": {\"task\": %" PRId32
			", \"ended\": \"%s\"",
			PID_CPUS, cpu_tid(s->cpu), us(w, s->begin),
			(double)(s->end - s->begin) / 1e3, s->pid, slice_why(s->why));
		if (s->told && s->told < s->end)
			fprintf(w->out, ", \"stopped_after_us\": %.3f",
				(double)(s->end - s->told) / 1e3);
		fputs("}}", w->out);
	}
}

static void write_state(struct writer *w, size_t i, uint64_t until)
{
	const struct track *track = &w->tracks[i];

	if (until <= track->since)
		return;
	begin_event(w);
	fprintf(w->out,
		"{\"ph\": \"X\", \"cat\": \"state\", \"name\": \"%s\", \"cname\": \"%s\", \"pid\": %d, \"tid\": %u, "
		"\"ts\": %.3f, \"dur\": %.3f}",
		states[track->state].name, states[track->state].colour, PID_GROUPS,
		w->r->groups.at[i].id, us(w, track->since), (double)(until - track->since) / 1e3);
}

/* Its name is all that tells a counter from others. */
static void begin_counter(struct writer *w, const char *what, size_t i,
			  const struct csched_event *e)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %s", w->r->groups.at[i].name, what);
	begin_event(w);
	fputs("{\"ph\": \"C\", \"name\": ", w->out);
	print_json_string(w->out, name);
	fprintf(w->out, ", \"pid\": %d, \"ts\": %.3f, \"args\": {", PID_GROUPS, us(w, e->time_ns));
}

/* The balance stands under the state it belongs to; the others are 0. */
static void write_credit(struct writer *w, size_t i, const struct csched_event *e, enum state state)
{
	begin_counter(w, "credit (ms)", i, e);
	for (int s = BOOST; s < CAPPED; s++)
		fprintf(w->out, "%s\"%s\": %.3f", s ? ", " : "", states[s].name,
			s == (int)state ? (double)e->credit_ns / 1e6 : 0.0);
	fputs("}}", w->out);
}

static void write_lag(struct writer *w, size_t i, const struct csched_event *e)
{
	begin_counter(w, "lag (ms)", i, e);
	fprintf(w->out, "\"lag\": %.3f}}", (double)e->lag_ns / 1e6);
}

/* Of one CPU since the last sample: a task that nobody wants to replace causes no other events. */
static void write_usage(struct writer *w, size_t i, const struct csched_event *e)
{
	struct track *track = &w->tracks[i];

	if (track->sampled && e->time_ns > track->sampled && e->used_ns >= track->used) {
		begin_counter(w, "CPU (%)", i, e);
		fprintf(w->out, "\"CPU\": %.3f}}",
			100.0 * (double)(e->used_ns - track->used) /
				(double)(e->time_ns - track->sampled));
	}
	track->sampled = e->time_ns;
	track->used = e->used_ns;
}

static void follow_state(struct writer *w, size_t i, const struct csched_event *e)
{
	struct track *track = &w->tracks[i];
	enum state state;

	if (e->type == CSCHED_EVENT_THROTTLE)
		track->throttled = true;
	else if (e->type == CSCHED_EVENT_UNTHROTTLE)
		track->throttled = false;
	else if (e->type == EVENT_SAMPLE)
		track->throttled = e->reason;
	state = track->throttled ? CAPPED : (enum state)e->standing;
	if (track->shown && track->state == state)
		return;
	if (track->shown)
		write_state(w, i, e->time_ns);
	track->shown = true;
	track->state = state;
	track->since = e->time_ns;
}

static void follow_counters(struct writer *w, size_t i, const struct csched_event *e)
{
	struct track *track = &w->tracks[i];
	enum state standing = (enum state)e->standing;

	if (e->type == EVENT_SAMPLE)
		write_usage(w, i, e);
	if (track->counted && track->counted_state == standing &&
	    e->time_ns - track->counted < COUNTER_EVERY_NS)
		return;
	if (!strcmp(w->r->groups.at[i].policy, "credit"))
		write_credit(w, i, e, standing);
	write_lag(w, i, e);
	track->counted = e->time_ns;
	track->counted_state = standing;
}

static void write_groups(struct writer *w)
{
	const struct recording *r = w->r;

	for (size_t k = 0; k < r->count; k++) {
		ssize_t i = recording_group(r, r->events[k].group);

		if (i < 0)
			continue;
		if (has_states(&r->groups.at[i]))
			follow_state(w, (size_t)i, &r->events[k]);
		follow_counters(w, (size_t)i, &r->events[k]);
	}
	for (size_t i = 0; i < r->groups.count; i++)
		if (w->tracks[i].shown)
			write_state(w, i, r->end_ns);
}

static void write_all(struct writer *w, const struct timeline *timeline)
{
	const struct recording *r = w->r;

	fprintf(w->out,
		"{\"displayTimeUnit\": \"ms\",\n\"otherData\": {\"tool\": \"csched\", \"begin_ns\": \"%" PRIu64
		"\", \"end_ns\": \"%" PRIu64 "\", \"events\": \"%zu\", \"lost\": \"%" PRIu64
		"\"},\n\"traceEvents\": [",
		r->begin_ns, r->end_ns, r->count, r->lost);
	name_tracks(w, timeline);
	write_slices(w, timeline);
	write_groups(w);
	fputs("\n]}\n", w->out);
}

/* Returns 0 or a negative errno. What cannot be written is the caller's to see: ferror(). */
int perfetto_write(const struct recording *r, FILE *out, struct error *err)
{
	struct writer w = { .r = r, .out = out };
	struct timeline timeline;
	int ret = timeline_make(r, &timeline, err);

	if (ret)
		return ret;
	w.tracks = calloc(r->groups.count + 1, sizeof(*w.tracks));
	if (w.tracks)
		write_all(&w, &timeline);
	else
		ret = error_set(err, ENOMEM, "trace: out of memory");
	free(w.tracks);
	timeline_free(&timeline);
	return ret;
}
