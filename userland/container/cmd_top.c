// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell top: what each container uses, again and again. On a terminal it takes the whole screen and
 * hears keys: c, m, p, n sort by CPU, memory, processes, name; q ends. Elsewhere it prints one
 * report after the other.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "screen.h"

#define LABEL_IMAGE	"cell.image"

enum sort {
	SORT_CPU,
	SORT_MEMORY,
	SORT_PIDS,
	SORT_NAME,
	SORTS,
};

static const char *const sort_names[SORTS] = { "cpu", "memory", "pids", "name" };

/**
 * struct row - one container
 * @cpu: of one CPU, since the report before: 1.0 is all of it
 * @known: there was a report before
 */
struct row {
	char id[ID_MAX + 1];
	char image[64];
	enum status status;
	struct cgroup_sample now;
	double cpu;
	bool known;
};

struct report {
	struct row *rows;
	size_t count;
	uint64_t taken_ns;
};

struct wanted {
	unsigned int delay_ms;
	unsigned long count;
	enum sort sort;
	bool json;
	bool screen;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void take_image(const struct state *state, struct row *row)
{
	json_object *json = state->annotations ? json_tokener_parse(state->annotations) : NULL, *value;

	if (json_object_object_get_ex(json, LABEL_IMAGE, &value))
		snprintf(row->image, sizeof(row->image), "%s", json_object_get_string(value));
	json_object_put(json);
}

/* False: it is gone. */
static bool take_row(const char *id, const struct report *before, uint64_t taken, struct row *row)
{
	struct cgroups groups = CGROUPS_NONE;
	struct error ignored;
	struct state state;
	bool there = !state_read(cell.root, id, &state, &ignored);

	*row = (struct row){ .status = STATUS_CREATING };
	snprintf(row->id, sizeof(row->id), "%s", id);
	if (there && !container_groups(&state, &groups, &ignored)) {
		row->status = container_status(&state);
		take_image(&state, row);
		cgroups_sample(&groups, &row->now);
	}
	cgroups_close(&groups);
	state_free(&state);
	for (size_t i = 0; i < before->count; i++) {
		const struct row *old = &before->rows[i];

		/* One of that name that was made anew has used less than the old one. */
		if (strcmp(old->id, id) != 0 || row->now.cpu_ns < old->now.cpu_ns || taken == before->taken_ns)
			continue;
		row->cpu = (double)(row->now.cpu_ns - old->now.cpu_ns) /
			   (double)(taken - before->taken_ns);
		row->known = true;
	}
	return there;
}

static enum sort sorted_by;

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	double more = 0;

	if (sorted_by == SORT_CPU)
		more = y->cpu - x->cpu;
	else if (sorted_by == SORT_MEMORY)
		more = (double)y->now.memory - (double)x->now.memory;
	else if (sorted_by == SORT_PIDS)
		more = (double)y->now.pids - (double)x->now.pids;
	return more > 0 ? 1 : more < 0 ? -1 : strcmp(x->id, y->id);
}

static int take_report(const struct report *before, enum sort sort, struct report *r,
		       struct error *err)
{
	DIR *entries = fdopendir(openat(cell.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t room = 0;
	struct dirent *entry;

	*r = (struct report){ .taken_ns = now_ns() };
	if (!entries)
		return error_errno(err, errno, NULL, "state: %s", cell.root_path);
	while ((entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		if (r->count == room) {
			struct row *more = reallocarray(r->rows, room = room ? 2 * room : 16,
							sizeof(*more));

			if (!more)
				break;
			r->rows = more;
		}
		r->count += take_row(entry->d_name, before, r->taken_ns, &r->rows[r->count]);
	}
	closedir(entries);
	sorted_by = sort;
	if (r->count)
		qsort(r->rows, r->count, sizeof(*r->rows), compare);
	return 0;
}

static void size_text(uint64_t octets, char *text, size_t room)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)octets;
	size_t unit = 0;

	while (value >= 1000 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(text, room, "%.*f %s", unit && value < 100 ? 1 : 0, value, units[unit]);
}

static void print_row(const struct row *row)
{
	char cpu[16] = "-", memory[24], limit[24] = "-", pids_limit[24] = "-";

	if (row->known)
		snprintf(cpu, sizeof(cpu), "%.1f", row->cpu * 100);
	size_text(row->now.memory, memory, sizeof(memory));
	if (row->now.memory_limit)
		size_text(row->now.memory_limit, limit, sizeof(limit));
	if (row->now.pids_limit)
		snprintf(pids_limit, sizeof(pids_limit), "%" PRIu64, row->now.pids_limit);
	printf("%-28.28s %-8s %6s %10s /%10s %6" PRIu64 " /%6s  %s\n", row->id,
	       status_names[row->status], cpu, memory, limit, row->now.pids, pids_limit, row->image);
}

static void print_table(const struct report *r, const struct wanted *wanted)
{
	unsigned int width = 100, height = 0;
	size_t shown = r->count;

	if (wanted->screen) {
		screen_measure(&width, &height);
		/* Home, and what was there goes line by line: no flicker. */
		fputs("\033[H\033[J", stdout);
		shown = height > 3 && shown > height - 3 ? height - 3 : shown;
	}
	printf("%zu containers, sorted by %s%s\n", r->count, sort_names[wanted->sort],
	       wanted->screen ? " (c, m, p, n; q ends)" : "");
	printf("%-28s %-8s %6s %10s /%10s %6s /%6s  %s\n", "ID", "STATUS", "CPU %", "MEMORY", "LIMIT",
	       "PIDS", "LIMIT", "IMAGE");
	for (size_t i = 0; i < shown; i++)
		print_row(&r->rows[i]);
}

/* One line a report, so that whoever reads along can take them apart. */
static void print_json(const struct report *r)
{
	putchar('[');
	for (size_t i = 0; i < r->count; i++) {
		const struct row *row = &r->rows[i];

		printf("%s{\"id\":", i ? "," : "");
		json_print_string(stdout, row->id);
		printf(",\"image\":");
		json_print_string(stdout, row->image);
		printf(",\"status\":\"%s\",\"cpu\":", status_names[row->status]);
		if (row->known)
			printf("%.4f", row->cpu);
		else
			printf("null");
		printf(",\"cpu_ns\":%" PRIu64 ",\"throttled_ns\":%" PRIu64 ",\"memory\":%" PRIu64
		       ",\"memory_limit\":%" PRIu64 ",\"pids\":%" PRIu64 ",\"pids_limit\":%" PRIu64
		       ",\"oom_kills\":%" PRIu64 "}", row->now.cpu_ns, row->now.throttled_ns,
		       row->now.memory, row->now.memory_limit, row->now.pids, row->now.pids_limit,
		       row->now.oom_kills);
	}
	puts("]");
}

/* Until the next report is due, or a key asks for one. */
static void wait_for_next(struct wanted *wanted)
{
	struct pollfd keys = { .fd = wanted->screen ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t until = now_ns() + (uint64_t)wanted->delay_ms * 1000000, now;
	char key;

	while (!screen_ended() && (now = now_ns()) < until) {
		int left = (int)((until - now) / 1000000) + 1;

		if (poll(&keys, 1, left) <= 0 || read(STDIN_FILENO, &key, 1) != 1)
			continue;
		if (key == 'q')
			screen_end();
		for (int i = 0; i < SORTS; i++)
			if (key == sort_names[i][0]) {
				wanted->sort = (enum sort)i;
				return;
			}
	}
}

static int watch(struct wanted *wanted, struct error *err)
{
	struct report before = { NULL, 0, 0 }, now;
	int ret = 0;

	/* What somebody uses is the difference of two: the first is not shown, unless it is all. */
	if (wanted->count != 1)
		ret = take_report(&before, wanted->sort, &before, err);
	if (!ret && wanted->count != 1) {
		const unsigned int delay = wanted->delay_ms;

		wanted->delay_ms = delay < 200 ? delay : 200;
		wait_for_next(wanted);
		wanted->delay_ms = delay;
	}
	for (unsigned long n = 0; !ret && !screen_ended() && (!wanted->count || n < wanted->count); n++) {
		if (n)
			wait_for_next(wanted);
		if (screen_ended() && n)
			break;
		ret = take_report(&before, wanted->sort, &now, err);
		if (ret)
			break;
		if (wanted->json)
			print_json(&now);
		else
			print_table(&now, wanted);
		if (fflush(stdout) || ferror(stdout))
			ret = error_set(err, EIO, "top: standard output: cannot write");
		free(before.rows);
		before = now;
	}
	free(before.rows);
	return ret;
}

static int take_option(int option, struct wanted *wanted, struct error *err)
{
	char *end;
	double seconds;

	switch (option) {
	case 'd':
		seconds = strtod(optarg, &end);
		if (!isdigit((unsigned char)optarg[0]) || *end || seconds < 0.1 || seconds > 3600)
			return error_set(err, EUSAGE, "top: --delay %.40s: expected seconds, 0.1 to "
					 "3600", optarg);
		wanted->delay_ms = (unsigned int)(seconds * 1000);
		return 0;
	case 'n':
		wanted->count = strtoul(optarg, &end, 10);
		if (!isdigit((unsigned char)optarg[0]) || *end || !wanted->count)
			return error_set(err, EUSAGE, "top: --count %.40s: expected how many reports",
					 optarg);
		return 0;
	case 'j':
		wanted->json = true;
		return 0;
	case 's':
		for (int i = 0; i < SORTS; i++)
			if (!strcmp(optarg, sort_names[i])) {
				wanted->sort = (enum sort)i;
				return 0;
			}
		return error_set(err, EUSAGE, "top: --sort %.40s: expected cpu, memory, pids or name",
				 optarg);
	default:
		return error_set(err, EUSAGE, "top: see cell --help");
	}
}

int cmd_top(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "count", required_argument, NULL, 'n' },
		{ "sort", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct wanted wanted = { .delay_ms = 2000, .sort = SORT_CPU };
	int option, ret = 0;

	optind = 1;
	while (!ret && (option = getopt_long(argc, argv, "d:n:s:", options, NULL)) != -1)
		ret = take_option(option, &wanted, err);
	if (!ret && optind != argc)
		ret = error_set(err, EUSAGE, "top: %.60s: expected options only", argv[optind]);
	if (ret)
		return ret;
	if (cell_root(err) < 0)
		return cell.root;
	screen_end_on_signals();
	wanted.screen = !wanted.json && screen_enter();
	ret = watch(&wanted, err);
	if (wanted.screen)
		screen_leave();
	return ret;
}
