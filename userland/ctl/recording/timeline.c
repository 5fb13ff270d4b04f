// SPDX-License-Identifier: GPL-2.0-only
/*
 * From events to slices. Called by perfetto.c, chart.c and cmd_top.c.
 *
 * A slice begins with PICK and ends with PARK, BLOCK or LEAVE, or with another PICK. HOLDS says
 * where a task is in between. The
 * event that ends it says where the task was, so a task that changed CPUs is drawn where
 * it arrived, unless another was there then. A task whose first event is the end of a slot had it when the recording began.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"

/**
 * struct task - what is known of one while we go through the events
 * @pid: 0: free entry
 * @runs: it has a slot
 * @seen: slice.cpu is where it was seen in this slot
 * @slice: since when, and who told it to stop
 */
struct task {
	int32_t pid;
	bool runs;
	bool seen;
	struct slice slice;
};

/* A hash table with linear probing, never more than half full. */
struct tasks {
	struct task *at;
	size_t size;
	size_t used;
};

static struct task *entry(struct tasks *tasks, int32_t pid)
{
	size_t i = (uint32_t)pid * 2654435761u & (tasks->size - 1);

	while (tasks->at[i].pid && tasks->at[i].pid != pid)
		i = (i + 1) & (tasks->size - 1);
	return &tasks->at[i];
}

static int grow(struct tasks *tasks)
{
	struct tasks more = { .size = tasks->size ? 2 * tasks->size : 256, .used = tasks->used };

	more.at = calloc(more.size, sizeof(*more.at));
	if (!more.at)
		return -ENOMEM;
	for (size_t i = 0; i < tasks->size; i++)
		if (tasks->at[i].pid)
			*entry(&more, tasks->at[i].pid) = tasks->at[i];
	free(tasks->at);
	*tasks = more;
	return 0;
}

/* The one called @pid; *@is_new if it had no event so far. NULL: out of memory. */
static struct task *find(struct tasks *tasks, int32_t pid, bool *is_new)
{
	struct task *task;

	if (2 * (tasks->used + 1) > tasks->size && grow(tasks))
		return NULL;
	task = entry(tasks, pid);
	*is_new = !task->pid;
	tasks->used += *is_new;
	task->pid = pid;
	return task;
}

static int append(struct timeline *timeline, const struct slice *slice)
{
	if (timeline->count == timeline->room) {
		size_t room = timeline->room ? 2 * timeline->room : 256;
		void *at = realloc(timeline->at, room * sizeof(*slice));

		if (!at)
			return -ENOMEM;
		timeline->at = at;
		timeline->room = room;
	}
	timeline->at[timeline->count++] = *slice;
	return 0;
}

static void begin(struct task *task, const struct csched_event *e, uint64_t when)
{
	task->runs = true;
	task->seen = e->type == CSCHED_EVENT_HOLDS;
	task->slice = (struct slice){
		.begin = when, .group = e->group, .pid = e->pid, .cpu = e->cpu, .why = ENDED_OPEN
	};
}

static int end(struct timeline *timeline, struct task *task, const struct csched_event *e,
	       uint8_t why)
{
	if (!task->runs)
		return 0;
	task->runs = false;
	task->slice.end = e->time_ns;
	task->slice.cpu = e->cpu;
	/* Told to stop, it stops, whatever it does there: sleep or park. */
	if (!task->slice.told || why >= ENDED_BLOCK)
		task->slice.why = why;
	return task->slice.end > task->slice.begin ? append(timeline, &task->slice) : 0;
}

/* It has a slot, at this moment on e->cpu. */
static int hold(struct timeline *timeline, struct task *task, const struct csched_event *e)
{
	struct csched_event left = *e;
	int ret = 0;

	if (task->runs && task->seen && task->slice.cpu != e->cpu) {
		left.cpu = task->slice.cpu;
		ret = end(timeline, task, &left, ENDED_MOVED);
	}
	if (!task->runs)
		begin(task, e, e->time_ns);
	task->slice.cpu = e->cpu;
	task->seen = true;
	return ret;
}

static int apply(struct timeline *timeline, struct task *task, const struct csched_event *e)
{
	int ret;

	switch (e->type) {
	case CSCHED_EVENT_PICK:
		ret = end(timeline, task, e, ENDED_RENEWED);
		begin(task, e, e->time_ns);
		return ret;
	case CSCHED_EVENT_HOLDS:
		return hold(timeline, task, e);
	case CSCHED_EVENT_STOP:
		if (task->runs) {
			task->slice.told = e->time_ns;
			task->slice.why =
				(uint8_t)(e->reason < ENDED_BLOCK ? e->reason : CSCHED_WHY_SLOT);
		}
		return 0;
	case CSCHED_EVENT_PARK:
		return end(timeline, task, e, CSCHED_WHY_SLOT);
	case CSCHED_EVENT_BLOCK:
		return end(timeline, task, e, ENDED_BLOCK);
	case CSCHED_EVENT_LEAVE:
		return end(timeline, task, e, ENDED_LEAVE);
	}
	return 0;
}

static int by_cpu_and_begin(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Of @rest, what is of the same time as @next, and what is after that. */
static int append_parts(struct timeline *cut, const struct slice *rest, const struct slice *next)
{
	struct slice during = *rest, after = *rest;
	int ret;

	during.begin = next->begin;
	during.end = rest->end < next->end ? rest->end : next->end;
	after.begin = during.end;
	ret = append(cut, &during);
	if (!ret && after.begin < after.end)
		ret = append(cut, &after);
	return ret;
}

/*
 * On one CPU one task runs: where two seem to, the first was elsewhere then. All from there on is
 * cut off it and put into @cut. Returns 0 or -ENOMEM.
 */
static int separate(struct timeline *timeline, struct timeline *cut)
{
	size_t kept = 0;
	int ret = 0;

	for (size_t i = 0; i < timeline->count && !ret; i++) {
		struct slice s = timeline->at[i], rest = s;
		const struct slice *next = &timeline->at[i + 1];

		if (i + 1 < timeline->count && next->cpu == s.cpu && s.end > next->begin) {
			s.end = next->begin;
			ret = append_parts(cut, &rest, next);
		}
		if (s.end > s.begin)
			timeline->at[kept++] = s;
	}
	timeline->count = kept;
	return ret;
}

/* Does nobody run on @cpu from @begin to @end? */
static bool is_free(const struct timeline *timeline, uint32_t cpu, uint64_t begin, uint64_t end)
{
	size_t low = 0, high = timeline->count;

	/* The first slice of this CPU that ends after @begin. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct slice *s = &timeline->at[middle];

		if (s->cpu < cpu || (s->cpu == cpu && s->end <= begin))
			low = middle + 1;
		else
			high = middle;
	}
	return low == timeline->count || timeline->at[low].cpu != cpu ||
	       timeline->at[low].begin >= end;
}

/*
 * A task that runs is on some CPU: what was cut off is drawn where it was at its end, or else
 * where there is room, if there is only one such place. @cpus: how many CPUs have slices, numbers 0 to CPUS_MAX - 1.
 */
static int place(struct timeline *timeline, const struct timeline *cut, const bool *has_slices,
		 uint32_t cpus)
{
	size_t sorted = timeline->count;
	int ret = 0;

	for (size_t i = 0; i < cut->count && !ret; i++) {
		struct timeline view = { .at = timeline->at, .count = sorted };
		struct slice s = cut->at[i];
		bool stays = is_free(&view, s.cpu, s.begin, s.end);
		uint32_t found = stays;

		for (uint32_t cpu = 0; cpu < cpus && found < 2 && !stays; cpu++) {
			if (!has_slices[cpu] || !is_free(&view, cpu, s.begin, s.end))
				continue;
			s.cpu = (uint16_t)cpu;
			found++;
		}
		if (found == 1)
			ret = append(timeline, &s);
	}
	return ret;
}

static void sort(struct timeline *timeline)
{
	if (timeline->at)
		qsort(timeline->at, timeline->count, sizeof(*timeline->at), by_cpu_and_begin);
}

/* Slices as the events have them become slices that can be drawn. Returns 0 or -ENOMEM. */
static int untangle(struct timeline *timeline, uint32_t cpus)
{
	struct timeline cut = { .count = 0 };
	bool *has_slices = calloc(cpus, sizeof(*has_slices));
	int ret = has_slices ? 0 : -ENOMEM;

	sort(timeline);
	for (size_t i = 0; i < timeline->count && !ret; i++)
		has_slices[timeline->at[i].cpu] = true;
	if (!ret)
		ret = separate(timeline, &cut);
	if (!ret)
		ret = place(timeline, &cut, has_slices, cpus);
	/* Two may have been put into the same gap. */
	sort(timeline);
	cut.count = 0;
	if (!ret)
		ret = separate(timeline, &cut);
	timeline_free(&cut);
	free(has_slices);
	return ret;
}

static bool is_of_task(const struct csched_event *e)
{
	return e->pid && (e->type <= CSCHED_EVENT_BLOCK || e->type == CSCHED_EVENT_HOLDS);
}

/* The first event of a task: did it have its slot before? */
static bool had_slot(const struct csched_event *e)
{
	return e->type == CSCHED_EVENT_STOP || e->type == CSCHED_EVENT_BLOCK ||
	       e->type == CSCHED_EVENT_HOLDS;
}

static int replay(const struct recording *r, struct timeline *timeline, struct tasks *tasks)
{
	int ret = 0;

	for (size_t i = 0; i < r->count && !ret; i++) {
		const struct csched_event *e = &r->events[i];
		struct task *task;
		bool is_new;

		if (!is_of_task(e) || e->cpu >= r->cpus)
			continue;
		task = find(tasks, e->pid, &is_new);
		if (!task)
			return -ENOMEM;
		if (is_new && had_slot(e))
			begin(task, e, r->begin_ns);
		ret = apply(timeline, task, e);
	}
	for (size_t i = 0; i < tasks->size && !ret; i++) {
		struct task *task = &tasks->at[i];

		task->slice.end = r->end_ns;
		if (task->pid && task->runs && task->slice.end > task->slice.begin)
			ret = append(timeline, &task->slice);
	}
	return ret;
}

/* Returns 0, and then @timeline is to be freed; or -ENOMEM. */
int timeline_make(const struct recording *r, struct timeline *timeline, struct error *err)
{
	struct tasks tasks = { .size = 0 };
	int ret;

	*timeline = (struct timeline){ .count = 0 };
	ret = replay(r, timeline, &tasks);
	free(tasks.at);
	if (!ret)
		ret = untangle(timeline, r->cpus);
	if (ret) {
		timeline_free(timeline);
		return error_set(err, ENOMEM, "timeline: out of memory");
	}
	return 0;
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->at);
	*timeline = (struct timeline){ .count = 0 };
}

/* How a slice ended, for people. */
const char *slice_why(uint8_t why)
{
	switch (why) {
	case CSCHED_WHY_SLOT:
		return "slot over";
	case CSCHED_WHY_PREEMPT:
		return "preempted";
	case CSCHED_WHY_THROTTLE:
		return "throttled";
	case CSCHED_WHY_MINIMAL:
		return "room for one that waited long";
	case CSCHED_WHY_CPUS:
		return "CPUs went";
	case ENDED_BLOCK:
		return "slept";
	case ENDED_LEAVE:
		return "left";
	case ENDED_RENEWED:
		return "next slot at once";
	case ENDED_MOVED:
		return "moved to another CPU";
	case ENDED_OPEN:
		return "recording over";
	}
	return "unknown";
}
