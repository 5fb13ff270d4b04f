// SPDX-License-Identifier: GPL-2.0-only
/*
 * vnic flows: mappings and sessions, once or, with --watch, again and again. On a terminal that
 * takes the whole screen and listens to keys; elsewhere it prints one report after the other.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "screen.h"
#include "vnic_tool.h"

#define NS_PER_MS 1000000ull
/* Lines of the screen that are not flows: two heads and the keys. */
#define FRAME 3

static const struct option options[] = {
	{ "watch", no_argument, NULL, 'w' },
	{ "delay", required_argument, NULL, 'd' },
	{ "count", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'j' },
	{ "network", required_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct wanted - what the command line says
 * @network: name; NULL: all
 * @watch: more than once
 * @json: as objects
 * @delay_ns: between two looks
 * @count: how many; 0: without end
 */
struct wanted {
	const char *network;
	bool watch;
	bool json;
	uint64_t delay_ns;
	uint64_t count;
};

/**
 * struct look - all that is there at one moment
 * @networks: those asked for
 * @flows: of each
 */
struct look {
	struct networks networks;
	struct flows *flows;
};

/**
 * struct view - what the terminal has room for
 * @screen: it is one
 * @width: columns
 * @height: lines
 * @scroll: flows left out above
 */
struct view {
	bool screen;
	unsigned int width;
	unsigned int height;
	size_t scroll;
};

/* --- looking --- */

static void look_free(struct look *look)
{
	for (size_t i = 0; look->flows && i < look->networks.count; i++)
		flows_free(&look->flows[i]);
	free(look->flows);
	networks_free(&look->networks);
	look->flows = NULL;
}

static int look_at(int dev, const char *network, struct look *look, struct error *err)
{
	int ret = networks_choose(dev, network, &look->networks, err);

	if (ret)
		return ret;
	look->flows = calloc(look->networks.count + 1, sizeof(*look->flows));
	if (!look->flows)
		return error_set(err, ENOMEM, "flows: out of memory");
	for (size_t i = 0; !ret && i < look->networks.count; i++)
		ret = flows_read(dev, look->networks.at[i].name, "flows", &look->flows[i], err);
	return ret;
}

static size_t count_of(const struct look *look)
{
	size_t count = 0;

	for (size_t i = 0; i < look->networks.count; i++)
		count += look->flows[i].count;
	return count;
}

/* --- showing --- */

/* On a screen, a line is cut off at its edge, and what stood there before goes. */
static void put_line(const struct view *view, const char *line)
{
	if (view->screen)
		printf("%.*s\033[K\n", (int)view->width, line);
	else
		puts(line);
}

static void show_head(const struct look *look, const struct view *view)
{
	char line[160];

	if (view->screen) {
		snprintf(line, sizeof(line), "vnic: %zu flows of %zu network%s", count_of(look),
			 look->networks.count, look->networks.count == 1 ? "" : "s");
		put_line(view, line);
	}
	snprintf(line, sizeof(line), "%s%-5s %-21s %-21s %-21s %-11s %7s %8s %8s",
		 look->networks.count > 1 ? "NETWORK         " : "", "PROTO", "INSIDE", "OUTSIDE",
		 "REMOTE", "STATE", "LEFT", "OUT", "IN");
	put_line(view, line);
}

/* A note that somebody was sent to is of all its ports. */
static void remote_words(const struct vnic_flow *f, char text[END_SIZE])
{
	if (flow_is_mapping(f))
		snprintf(text, END_SIZE, "-");
	else if (f->remote_port)
		format_end(text, f->remote, f->remote_port);
	else
		format_address(text, f->remote);
}

static void show_flow(const char *network, const struct vnic_flow *f, const struct view *view)
{
	char inside[END_SIZE], outside[END_SIZE], remote[END_SIZE], left[32], name[20] = "";
	const char *protocol = protocol_name(f->protocol);
	char line[200];

	format_end(inside, f->inside, f->inside_port);
	format_end(outside, f->outside, f->outside_port);
	remote_words(f, remote);
	flow_left(left, sizeof(left), f);
	if (network)
		snprintf(name, sizeof(name), "%-15s ", network);
	snprintf(line, sizeof(line), "%s%-5s %-21s %-21s %-21s %-11s %7s %8llu %8llu", name,
		 protocol ? protocol : "?", inside, outside, remote, flow_state(f), left, f->out,
		 f->in);
	put_line(view, line);
}

static void show_text(const struct look *look, const struct view *view)
{
	size_t room = view->screen && view->height > FRAME ? view->height - FRAME : SIZE_MAX;
	bool several = look->networks.count > 1;
	size_t passed = 0, shown = 0;

	show_head(look, view);
	for (size_t i = 0; i < look->networks.count; i++)
		for (size_t k = 0; k < look->flows[i].count; k++)
			if (passed++ >= view->scroll && shown < room) {
				show_flow(several ? look->networks.at[i].name : NULL,
					  &look->flows[i].at[k], view);
				shown++;
			}
}

/* Of one look; on one line if there are to be several looks. */
static void show_json(const struct look *look, bool one_line)
{
	const char *between = one_line ? ", " : ",\n ";
	bool first = true;

	putchar('[');
	for (size_t i = 0; i < look->networks.count; i++) {
		for (size_t k = 0; k < look->flows[i].count; k++) {
			if (!first)
				fputs(between, stdout);
			flow_print_json(stdout, look->networks.at[i].name, &look->flows[i].at[k]);
			first = false;
		}
	}
	puts("]");
}

static void show(const struct look *look, const struct wanted *wanted, struct view *view)
{
	if (view->screen) {
		screen_measure(&view->width, &view->height);
		fputs("\033[H", stdout);
	}
	if (wanted->json)
		show_json(look, wanted->watch);
	else
		show_text(look, view);
	if (view->screen)
		fputs("\033[Jq quit  up/down scroll", stdout);
	else if (wanted->watch && !wanted->json)
		putchar('\n');
	fflush(stdout);
}

/* --- watching --- */

/* Returns true if it changes what is on the screen. */
static bool take_key(struct view *view, size_t rows)
{
	char key[8] = "";
	ssize_t n = read(STDIN_FILENO, key, sizeof(key) - 1);

	if (n <= 0)
		return false;
	if (key[0] == 'q')
		screen_end();
	else if (!strcmp(key, "\033[A") || key[0] == 'k')
		view->scroll -= view->scroll > 0;
	else if (!strcmp(key, "\033[B") || key[0] == 'j')
		view->scroll += view->scroll + 1 < rows;
	else
		return key[0] == ' ';
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Until the next look is due, or a key asks for one. */
static void wait_for_next(const struct wanted *wanted, struct view *view, size_t rows)
{
	struct pollfd keys = { .fd = view->screen ? STDIN_FILENO : -1, .events = POLLIN };
	uint64_t now = now_ns(), until = now + wanted->delay_ns;

	for (; !screen_ended() && now < until; now = now_ns()) {
		uint64_t left = (until - now) / NS_PER_MS + 1;

		if (poll(&keys, 1, left < 1000 ? (int)left : 1000) > 0 && take_key(view, rows))
			return;
	}
}

static int watch(int dev, const struct wanted *wanted, struct view *view, struct error *err)
{
	int ret = 0;

	for (uint64_t n = 1; !ret && !screen_ended(); n++) {
		struct look look = { .flows = NULL };
		size_t rows;

		ret = look_at(dev, wanted->network, &look, err);
		rows = ret ? 0 : count_of(&look);
		if (view->scroll >= rows)
			view->scroll = rows ? rows - 1 : 0;
		if (!ret)
			show(&look, wanted, view);
		look_free(&look);
		if (ret || n == wanted->count)
			break;
		if (ferror(stdout))
			return error_set(err, EPIPE, "flows: cannot write");
		wait_for_next(wanted, view, rows);
	}
	return ret;
}

/* --- the command line --- */

static int take_option(int option, struct wanted *wanted, struct error *err)
{
	switch (option) {
	case 'w':
		wanted->watch = true;
		return 0;
	case 'd':
		return parse_seconds(optarg, "delay", &wanted->delay_ns, err);
	case 'n':
		return parse_number(optarg, "count", UINT32_MAX, &wanted->count, err);
	case 'j':
		wanted->json = true;
		return 0;
	default:
		wanted->network = optarg;
		return 0;
	}
}

static int parse(int argc, char **argv, struct wanted *wanted, struct error *err)
{
	bool paced = false;
	int ret, option;

	while ((ret = next_option(argc, argv, "wd:n:", options, &option, err)) > 0) {
		paced |= option == 'd' || option == 'n';
		ret = take_option(option, wanted, err);
		if (ret)
			return ret;
	}
	if (!ret && wanted->delay_ns < 10 * NS_PER_MS)
		ret = error_set(err, EUSAGE, "delay: less than 10ms leaves nothing to see");
	if (!ret && paced && !wanted->watch)
		ret = error_set(err, EUSAGE, "flows: -d and -n are of --watch: give that as well");
	return ret ? ret : one_network(argc, argv, &wanted->network, err);
}

int cmd_flows(int argc, char **argv, struct error *err)
{
	struct wanted wanted = { .delay_ns = 1000 * NS_PER_MS };
	struct view view = { .width = 160 };
	cleanup_close int dev = -1;
	int ret = parse(argc, argv, &wanted, err);

	if (ret)
		return ret;
	dev = device_open(err);
	if (dev < 0)
		return dev;
	if (!wanted.watch)
		wanted.count = 1;
	else
		screen_end_on_signals();
	view.screen = wanted.watch && !wanted.json && screen_enter();
	ret = watch(dev, &wanted, &view, err);
	if (view.screen)
		screen_leave();
	return ret;
}
