// SPDX-License-Identifier: GPL-2.0-only
/*
 * csched top: how all groups fare, again and again. On a terminal it takes the whole
 * screen and listens to keys; elsewhere it prints one report after the other.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "screen.h"
#include "top.h"

#define MS 1000000ull
/* As often as this the rings are read, so that they do not run over. */
#define PAUSE_MS 40

static const struct option options[] = {
	{ "delay", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'n' },
	{ "sort", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct wanted - what the command line says
 * @delay_ns: between two reports
 * @count: how many; 0: without end
 * @json: as objects
 */
struct wanted {
	uint64_t delay_ns;
	uint64_t count;
	bool json;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- the terminal --- */

/* Returns true if it changes what is on the screen. */
static bool take_key(struct top_view *view, size_t rows)
{
	char key[8] = "";
	ssize_t n = read(STDIN_FILENO, key, sizeof(key) - 1);

	if (n <= 0)
		return false;
	if (key[0] == 'q') {
		screen_end();
	} else if (key[0] == 's') {
		view->sort = (view->sort + 1) % SORTS;
	} else if (!strcmp(key, "\033[A") || key[0] == 'k') {
		view->scroll -= view->scroll > 0;
	} else if (!strcmp(key, "\033[B") || key[0] == 'j') {
		view->scroll += view->scroll + 1 < rows;
	} else {
		return key[0] == ' ';
	}
	return true;
}

static void measure_screen(struct top_view *view)
{
	view->width = 100;
	view->height = 0;
	if (view->colour)
		screen_measure(&view->width, &view->height);
}

/* --- the loop --- */

static void show(const struct top *top, const struct wanted *wanted, struct top_view *view)
{
	measure_screen(view);
	if (view->colour)
		fputs("\033[H", stdout);
	if (wanted->json)
		top_show_json(top);
	else
		top_show(top, view);
	if (view->colour)
		fputs("\033[Jq quit  s sort  up/down scroll", stdout);
	else if (!wanted->json)
		putchar('\n');
	fflush(stdout);
}

/* Until the next report is due. Keys take effect at once. */
static int wait_for_next(struct top *top, uint64_t until, struct top_view *view, struct error *err)
{
	struct pollfd keys = { .fd = view->colour ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t now = now_ns();
	int ret = 0;

	while (!ret && !screen_ended() && now < until) {
		int left = (int)((until - now) / MS) + 1;

		if (poll(&keys, 1, left < PAUSE_MS ? left : PAUSE_MS) > 0 &&
		    take_key(view, top->count))
			return 0;
		ret = top_drain(top, err);
		now = now_ns();
	}
	return ret;
}

static int loop(struct top *top, const struct wanted *wanted, struct top_view *view,
		struct error *err)
{
	int ret = 0;

	for (uint64_t n = 0; !ret && !screen_ended() && (!wanted->count || n < wanted->count); n++) {
		ret = wait_for_next(top, now_ns() + wanted->delay_ns, view, err);
		if (!ret && !screen_ended())
			ret = top_measure(top, view->sort, err);
		if (!ret && !screen_ended())
			show(top, wanted, view);
		if (ferror(stdout))
			return error_set(err, EPIPE, "top: cannot write");
	}
	return ret;
}

static int take_sort(const char *value, enum top_sort *sort, struct error *err)
{
	for (int i = 0; i < SORTS; i++) {
		if (!strcmp(value, top_sorts[i])) {
			*sort = (enum top_sort)i;
			return 0;
		}
	}
	return error_set(err, EUSAGE, "sort: %.32s: there are cpu, lag, credit, weight and name",
			 value);
}

static int parse(int argc, char **argv, struct wanted *wanted, enum top_sort *sort,
		 struct error *err)
{
	int ret, option;

	while ((ret = next_option(argc, argv, "d:n:s:", options, &option, err)) > 0) {
		if (option == 'd')
			ret = parse_seconds(optarg, "delay", &wanted->delay_ns, err);
		else if (option == 'n')
			ret = parse_number(optarg, "count", UINT32_MAX, &wanted->count, err);
		else if (option == 's')
			ret = take_sort(optarg, sort, err);
		else
			wanted->json = true;
		if (ret < 0)
			return ret;
	}
	if (!ret && optind < argc)
		ret = error_set(err, EUSAGE, "top: %s: it takes no names", argv[optind]);
	if (!ret && wanted->delay_ns < 10 * MS)
		ret = error_set(err, EUSAGE, "delay: less than 10ms leaves nothing to see");
	return ret;
}

int cmd_top(int argc, char **argv, struct error *err)
{
	struct wanted wanted = { .delay_ns = 2000 * MS };
	struct top_view view = { .sort = SORT_CPU };
	struct top top;
	int ret = parse(argc, argv, &wanted, &view.sort, err);

	if (!ret)
		ret = top_open(&top, err);
	if (ret)
		return ret;
	screen_end_on_signals();
	view.colour = !wanted.json && screen_enter();
	ret = loop(&top, &wanted, &view, err);
	if (view.colour)
		screen_leave();
	top_close(&top);
	return ret;
}
