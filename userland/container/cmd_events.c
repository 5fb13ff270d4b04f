// SPDX-License-Identifier: GPL-2.0-only
/* cell events: what a container uses, once or again and again, one JSON line each. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cell.h"

static int print_once(const char *id, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	struct state state;
	int ret = state_read(cell.root, id, &state, err);

	if (ret)
		return ret;
	if (!state_alive(&state))
		ret = error_set(err, EINVAL, "events: container %s: container not running", id);
	if (!ret)
		ret = container_groups(&state, &groups, err);
	if (!ret && !groups.enabled)
		ret = error_set(err, EOPNOTSUPP, "events: container %s: has no control groups", id);
	if (!ret) {
		fputs("{\"type\":\"stats\",\"id\":", stdout);
		json_print_string(stdout, id);
		fputs(",\"data\":", stdout);
		cgroups_print_stats(&groups, stdout);
		puts("}");
		fflush(stdout);
	}
	cgroups_close(&groups);
	state_free(&state);
	return ret;
}

int cmd_events(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "stats", no_argument, NULL, 's' },
		{ "interval", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	struct timespec pause = { 5, 0 };
	bool once = false;
	int option, ret;
	char *end;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+i:", options, NULL)) != -1) {
		if (option == 's') {
			once = true;
			continue;
		}
		pause.tv_sec = option == 'i' ? strtol(optarg, &end, 10) : 0;
		/* "5s" is how others write it. */
		if (option != 'i' || pause.tv_sec < 1 || (*end && (end[0] != 's' || end[1])))
			return error_set(err, EUSAGE, "events: --interval: expected seconds");
	}
	if (optind + 1 != argc)
		return error_set(err, EUSAGE, "events: expected one container id: cell events --stats "
				 "ID");
	if (cell_root(err) < 0)
		return cell.root;
	ret = print_once(argv[optind], err);
	while (!once && !ret) {
		nanosleep(&pause, NULL);
		ret = print_once(argv[optind], err);
	}
	return ret;
}
