// SPDX-License-Identifier: GPL-2.0-only
/* cell kill: a signal to a container's first process, or to all of them. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"

int signal_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*text && !*end)
		return number > 0 && number <= SIGRTMAX ? (int)number : -1;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (int i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);

		if (name && !strcasecmp(text, name))
			return i;
	}
	if (!strncasecmp(text, "RTMIN", 5)) {
		number = strtol(text + 5, &end, 10);
		return !*end && number >= 0 && SIGRTMIN + number <= SIGRTMAX ? SIGRTMIN + (int)number
									    : -1;
	}
	return -1;
}

static int kill_first(const struct state *state, int number, struct error *err)
{
	cleanup_close int pidfd = pidfd_open(state->pid, 0);
	enum status status = container_status(state);

	/* podman and containerd look for this sentence. */
	if (pidfd < 0 || status == STATUS_STOPPED || status == STATUS_CREATING)
		return error_set(err, ESRCH, "kill: container %s: container not running: it is %s",
				 state->id, status_names[status]);
	if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0))
		return error_errno(err, errno, NULL, "kill: container %s: pid %d", state->id,
				   state->pid);
	/* A frozen process ends when it is thawed: v1 does not see to that itself. */
	if (number == SIGKILL && status == STATUS_PAUSED) {
		struct cgroups groups = CGROUPS_NONE;
		int ret = container_groups(state, &groups, err);

		if (!ret)
			ret = cgroups_freeze(&groups, false, err);
		cgroups_close(&groups);
		return ret;
	}
	return 0;
}

static int kill_all(const struct state *state, int number, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	int ret = container_groups(state, &groups, err);

	if (!ret)
		ret = cgroups_signal(&groups, number, err);
	cgroups_close(&groups);
	return ret;
}

int cmd_kill(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	const char *word;
	struct state state;
	bool all = false;
	int option, number, ret;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+a", options, NULL)) != -1) {
		if (option != 'a')
			return error_set(err, EUSAGE, "kill: see cell --help");
		all = true;
	}
	if (optind == argc || optind + 2 < argc)
		return error_set(err, EUSAGE, "kill: expected: cell kill [--all] ID [SIGNAL]");
	word = optind + 1 < argc ? argv[optind + 1] : "TERM";
	number = signal_number(word);
	if (number < 0)
		return error_set(err, EUSAGE, "kill: %s: no such signal: give such as TERM or 15",
				 word);
	if (cell_root(err) < 0)
		return cell.root;
	ret = state_read(cell.root, argv[optind], &state, err);
	if (!ret)
		ret = all ? kill_all(&state, number, err) : kill_first(&state, number, err);
	state_free(&state);
	return ret;
}
