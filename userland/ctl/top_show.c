// SPDX-License-Identifier: GPL-2.0-only
/* How top looks: a line for each CPU, then the groups. Called by cmd_top.c. */
#include <string.h>

#include "top.h"

const char *const top_sorts[SORTS] = { "cpu", "lag", "credit", "weight", "name" };

/* Colours that a group keeps while it lives. */
static unsigned int colour_of(uint32_t id)
{
	static const unsigned char colours[] = { 39, 208, 35, 175, 220, 75, 250, 143 };

	return colours[id % sizeof(colours)];
}

static void clear_rest(const struct top_view *view)
{
	puts(view->colour ? "\033[K" : "");
}

static void bar(const struct top *top, const struct top_view *view, size_t cpu, unsigned int width)
{
	uint64_t done = 0;
	unsigned int at = 0;

	putchar('[');
	for (size_t j = 0; j < top->count; j++) {
		unsigned int end;

		done += top->cpu_ns[cpu * top->count + j];
		end = (unsigned int)((double)done * width / (double)(top->interval_ns + 1) + 0.5);
		if (view->colour && at < end)
			printf("\033[38;5;%um", colour_of(top->rows[j].g.id));
		for (; at < end && at < width; at++)
			putchar(top->rows[j].g.name[0]);
	}
	printf("%s%*s]", view->colour ? "\033[0m" : "", (int)(width - at), "");
}

/* The three that had most of it; rows come in the order of the table. */
static void shares(const struct top *top, size_t cpu)
{
	uint64_t below = UINT64_MAX, ns;

	for (int nth = 0; nth < 3; nth++) {
		size_t best = top->count;

		for (size_t j = 0; j < top->count; j++) {
			ns = top->cpu_ns[cpu * top->count + j];
			if (ns && ns < below &&
			    (best == top->count || ns > top->cpu_ns[cpu * top->count + best]))
				best = j;
		}
		if (best == top->count)
			return;
		below = top->cpu_ns[cpu * top->count + best];
		printf(" %.12s %.0f%%", top->rows[best].g.name,
		       100.0 * (double)below / (double)top->interval_ns);
	}
}

static unsigned int show_cpus(const struct top *top, const struct top_view *view, unsigned int most)
{
	unsigned int lines = 0;

	for (size_t cpu = 0; cpu < top->r.cpus && lines < most; cpu++) {
		if (!top->seen[cpu])
			continue;
		printf("CPU %-3zu ", cpu);
		bar(top, view, cpu, view->width > 110 ? 60 : view->width / 3);
		shares(top, cpu);
		clear_rest(view);
		lines++;
	}
	return lines;
}

/* One more line, if somebody ran and no event says where. Returns how many lines that is. */
static unsigned int show_unplaced(const struct top *top, const struct top_view *view)
{
	bool any = false;

	for (size_t j = 0; j < top->count; j++) {
		if (top->rows[j].unplaced_ns * 20 < top->interval_ns)
			continue;
		printf("%s %.12s %.0f%%", any ? "" : "CPU ?  ", top->rows[j].g.name,
		       100.0 * (double)top->rows[j].unplaced_ns / (double)top->interval_ns);
		any = true;
	}
	if (!any)
		return 0;
	printf("  (runs on undisturbed, so no event says where)");
	clear_rest(view);
	return 1;
}

static void show_row(const struct top_row *row, const struct top_view *view)
{
	const struct csched_ioc_group *g = &row->g;
	char lag[32], credit[32] = "-", cap[16] = "-", tasks[32];

	format_duration(lag, sizeof(lag), g->lag_ns);
	if (!strcmp(g->policy, "credit"))
		format_duration(credit, sizeof(credit), g->credit_ns);
	if (g->cap)
		snprintf(cap, sizeof(cap), "%u%%", g->cap);
	snprintf(tasks, sizeof(tasks), "%u/%u", g->held, g->tasks);
	if (view->colour)
		printf("\033[38;5;%um", colour_of(g->id));
	printf("%-16s", g->name);
	printf("%s %6.1f%% %6.1f%%%s%7u %6s %6s %9s %7.0f %10s %10s", view->colour ? "\033[0m" : "",
	       row->percent, (double)g->due_ppm / 1e4, g->saturated ? "*" : " ", g->weight, cap,
	       group_state(g), tasks, row->slots, lag, credit);
	clear_rest(view);
}

static void show_head(const struct top *top, const struct top_view *view)
{
	unsigned int tasks = 0, parked = 0;

	for (size_t i = 0; i < top->count; i++) {
		tasks += top->rows[i].g.tasks;
		parked += top->rows[i].g.parked;
	}
	printf("csched: %zu groups, %u tasks, %u parked; %.1fs; sorted by %s", top->count, tasks,
	       parked, (double)top->interval_ns / 1e9, top_sorts[view->sort]);
	if (top->r.lost)
		printf("; %llu events missed", (unsigned long long)top->r.lost);
	clear_rest(view);
}

/* No more than @view->height lines, if that is not 0. */
void top_show(const struct top *top, const struct top_view *view)
{
	unsigned int height = view->height ? view->height : 1000000, lines = 2;
	size_t i;

	show_head(top, view);
	lines += show_cpus(top, view, height / 2);
	if (top->blind.text[0]) {
		printf("no CPU lines: %.*s", (int)view->width - 15, top->blind.text);
		clear_rest(view);
		lines++;
	} else {
		lines += show_unplaced(top, view);
	}
	printf("%s%-16s %7s %7s %7s %6s %6s %9s %7s %10s %10s%s", view->colour ? "\033[7m" : "",
	       "NAME", "CPU", "DUE", "WEIGHT", "CAP", "STATE", "RUN/TASKS", "SLOTS/s", "LAG",
	       "CREDIT", view->colour ? "\033[0m" : "");
	clear_rest(view);
	for (i = view->scroll; i < top->count && lines < height - 1; i++, lines++)
		show_row(&top->rows[i], view);
	if (i < top->count) {
		printf("... %zu more", top->count - i);
		clear_rest(view);
	}
}

/* One object on one line; the keys are documented in csched(1). */
void top_show_json(const struct top *top)
{
	bool first = true;

	printf("{\"interval_ns\": %llu, \"lost\": %llu, \"cpus\": [",
	       (unsigned long long)top->interval_ns, (unsigned long long)top->r.lost);
	for (size_t cpu = 0; cpu < top->r.cpus; cpu++) {
		bool first_group = true;

		if (!top->seen[cpu])
			continue;
		printf("%s{\"cpu\": %zu, \"groups\": {", first ? "" : ", ", cpu);
		first = false;
		for (size_t j = 0; j < top->count; j++) {
			uint64_t ns = top->cpu_ns[cpu * top->count + j];

			if (!ns)
				continue;
			fputs(first_group ? "" : ", ", stdout);
			print_json_string(stdout, top->rows[j].g.name);
			printf(": %llu", (unsigned long long)ns);
			first_group = false;
		}
		fputs("}}", stdout);
	}
	fputs("], \"groups\": [", stdout);
	for (size_t j = 0; j < top->count; j++) {
		printf("%s{\"cpu_percent\": %.3f, \"unplaced_ns\": %llu, \"slots_per_second\": %.1f, "
		       "\"group\": ",
		       j ? ", " : "", top->rows[j].percent,
		       (unsigned long long)top->rows[j].unplaced_ns, top->rows[j].slots);
		group_print_json(stdout, &top->rows[j].g);
		putchar('}');
	}
	puts("]}");
}
