// SPDX-License-Identifier: GPL-2.0-only
/* What every group, and every CPU, did since the last look. Called by cmd_top.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recording/timeline.h"
#include "top.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Returns 0, or a negative errno; then there is nothing to close. */
int top_open(struct top *top, struct error *err)
{
	int ret;

	*top = (struct top){ .dev = device_open(err) };
	if (top->dev < 0)
		return top->dev;
	if (rings_open(top->dev, &top->rings, &top->blind))
		top->rings.count = 0;
	else
		top->blind.text[0] = '\0';
	top->r.cpus = top->rings.count ? top->rings.count : 1;
	top->seen = calloc(top->r.cpus, sizeof(*top->seen));
	ret = top->seen ? groups_read(top->dev, &top->before, err)
			: error_set(err, ENOMEM, "top: out of memory");
	if (!ret)
		ret = top_drain(top, err);
	top->r.begin_ns = now_ns();
	if (ret)
		top_close(top);
	return ret;
}

void top_close(struct top *top)
{
	rings_close(&top->rings);
	recording_free(&top->r);
	groups_free(&top->before);
	groups_free(&top->now);
	free(top->rows);
	free(top->cpu_ns);
	free(top->seen);
	if (top->dev >= 0)
		close(top->dev);
}

/* To be called more often than a ring fills up. */
int top_drain(struct top *top, struct error *err)
{
	return rings_drain(&top->rings, &top->r, err);
}

static enum top_sort order;

static int compare(int64_t a, int64_t b)
{
	return (a < b) - (a > b); /* the largest first */
}

static int by_order(const void *x, const void *y)
{
	const struct top_row *a = x, *b = y;
	int ret = 0;

	switch (order) {
	case SORT_CPU:
		ret = compare((int64_t)(a->percent * 1e3), (int64_t)(b->percent * 1e3));
		break;
	case SORT_LAG:
		ret = compare(a->g.lag_ns, b->g.lag_ns);
		break;
	case SORT_CREDIT:
		ret = compare(a->g.credit_ns, b->g.credit_ns);
		break;
	case SORT_WEIGHT:
		ret = compare(a->g.weight, b->g.weight);
		break;
	case SORT_NAME:
	case SORTS:
		break;
	}
	return ret ? ret : strcmp(a->g.name, b->g.name);
}

static void measure_row(const struct top *top, const struct csched_ioc_group *g,
			struct top_row *row)
{
	const struct csched_ioc_group *old = groups_find(&top->before, g->id);
	double ns = old ? (double)(g->now_ns - old->now_ns) : (double)top->interval_ns;

	row->g = *g;
	row->unplaced_ns = g->used_ns - (old ? old->used_ns : 0);
	row->percent = ns > 0 ? 100.0 * (double)(g->used_ns - (old ? old->used_ns : 0)) / ns : 0;
	row->slots = ns > 0 ? 1e9 * (double)(g->slots - (old ? old->slots : 0)) / ns : 0;
}

static int make_rows(struct top *top, enum top_sort sort, struct error *err)
{
	size_t n = top->now.count;

	free(top->rows);
	free(top->cpu_ns);
	top->count = n;
	top->rows = calloc(n + 1, sizeof(*top->rows));
	top->cpu_ns = calloc((n + 1) * top->r.cpus, sizeof(*top->cpu_ns));
	if (!top->rows || !top->cpu_ns)
		return error_set(err, ENOMEM, "top: out of memory");
	for (size_t i = 0; i < n; i++)
		measure_row(top, &top->now.at[i], &top->rows[i]);
	order = sort;
	qsort(top->rows, n, sizeof(*top->rows), by_order);
	return 0;
}

static void place(struct top *top, uint32_t cpu, size_t j, uint64_t ns)
{
	struct top_row *row = &top->rows[j];

	top->cpu_ns[cpu * top->count + j] += ns;
	row->unplaced_ns -= ns < row->unplaced_ns ? ns : row->unplaced_ns;
}

static void count_slice(struct top *top, const struct slice *s)
{
	uint64_t begin = s->begin > top->r.begin_ns ? s->begin : top->r.begin_ns;

	if (s->cpu >= top->r.cpus)
		return;
	top->seen[s->cpu] = true;
	for (size_t j = 0; j < top->count; j++)
		if (top->rows[j].g.id == s->group && s->end > begin)
			place(top, s->cpu, j, s->end - begin);
}

/* A slot that goes on is one that begins with the next interval. */
static int carry_over(struct top *top, const struct timeline *timeline, struct error *err)
{
	for (size_t i = 0; i < timeline->count; i++) {
		const struct slice *s = &timeline->at[i];
		struct csched_event *e;

		if (s->why != ENDED_OPEN)
			continue;
		e = recording_reserve(&top->r, 1, err);
		if (!e)
			return -ENOMEM;
		*e = (struct csched_event){
			.time_ns = top->r.end_ns,
			.group = s->group,
			.pid = s->pid,
			.cpu = s->cpu,
			.type = CSCHED_EVENT_PICK,
		};
		top->r.count++;
	}
	return 0;
}

static int measure_cpus(struct top *top, struct error *err)
{
	struct timeline timeline;
	int ret = events_sort(top->r.events, top->r.count, err);

	if (!ret)
		ret = timeline_make(&top->r, &timeline, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < timeline.count; i++)
		count_slice(top, &timeline.at[i]);
	top->r.count = 0;
	ret = carry_over(top, &timeline, err);
	timeline_free(&timeline);
	return ret;
}

/* What happened since the last call. Returns 0 or a negative errno. */
int top_measure(struct top *top, enum top_sort sort, struct error *err)
{
	struct groups older = top->before;
	int ret;

	if (top->now.at) {
		top->before = top->now;
		top->now = older;
	}
	ret = top_drain(top, err);
	if (!ret)
		ret = groups_read(top->dev, &top->now, err);
	top->r.end_ns = now_ns();
	top->interval_ns = top->r.end_ns - top->r.begin_ns;
	if (!ret)
		ret = make_rows(top, sort, err);
	if (!ret)
		ret = measure_cpus(top, err);
	top->r.begin_ns = top->r.end_ns;
	return ret;
}
