// SPDX-License-Identifier: GPL-2.0-only
/* cell stop: ask its program to end, make it end, and let nobody start it again. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

#define PATIENCE_S	10
#define KILLED_MS	10000

/* The image may name the one that its program understands (image-spec config.md, StopSignal). */
static int stop_signal(const struct state *state)
{
	json_object *json = state->annotations ? json_tokener_parse(state->annotations) : NULL, *value;
	int number = -1;

	if (json_object_object_get_ex(json, "org.opencontainers.image.stopSignal", &value))
		number = signal_number(json_object_get_string(value));
	json_object_put(json);
	return number > 0 ? number : SIGTERM;
}

static int stop_one(const char *id, int patience, struct error *err)
{
	cleanup_close int pidfd = -1;
	struct cgroups groups = CGROUPS_NONE;
	struct state state;
	struct pollfd end;
	int ret = state_read(cell.root, id, &state, err);

	/* First of all: who ends now is not started again. */
	record_end(id);
	if (ret)
		goto out;
	pidfd = pidfd_open(state.pid, 0);
	if (pidfd < 0 || !state_alive(&state))
		goto out;
	ret = container_groups(&state, &groups, err);
	if (!ret && cgroups_frozen(&groups))
		ret = cgroups_freeze(&groups, false, err);
	if (ret)
		goto out;
	end = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	syscall(SYS_pidfd_send_signal, pidfd, stop_signal(&state), NULL, 0);
	if (poll(&end, 1, patience * 1000) <= 0) {
		cgroups_signal(&groups, SIGKILL, err);
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		if (poll(&end, 1, KILLED_MS) <= 0)
			ret = error_set(err, ETIMEDOUT, "stop: container %s: pid %d does not end", id,
					state.pid);
	}
out:
	cgroups_close(&groups);
	state_free(&state);
	return ret;
}

int cmd_stop(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int option, patience = PATIENCE_S, ret = 0;
	char *end;

	optind = 1;
	while ((option = getopt_long(argc, argv, "t:", options, NULL)) != -1) {
		if (option != 't')
			return error_set(err, EUSAGE, "stop: see cell --help");
		patience = (int)strtol(optarg, &end, 10);
		if (!isdigit((unsigned char)optarg[0]) || *end || patience < 0 || patience > 86400)
			return error_set(err, EUSAGE, "stop: --time %.40s: expected seconds, 0 to 86400",
					 optarg);
	}
	if (optind == argc)
		return error_set(err, EUSAGE, "stop: expected a container id: cell stop [-t SECONDS] "
				 "ID...");
	if (cell_root(err) < 0)
		return cell.root;
	for (; !ret && optind < argc; optind++)
		ret = stop_one(argv[optind], patience, err);
	return ret;
}
