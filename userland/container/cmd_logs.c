// SPDX-License-Identifier: GPL-2.0-only
/* cell logs: what a detached container has written. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

static int copy(int log, struct error *err)
{
	char data[65536];
	ssize_t n;

	while ((n = read(log, data, sizeof(data))) > 0)
		for (ssize_t done = 0, out; done < n; done += out) {
			out = write(STDOUT_FILENO, data + done, (size_t)(n - done));
			if (out < 0)
				return error_errno(err, errno, NULL, "logs: standard output");
		}
	return n < 0 ? error_errno(err, errno, NULL, "logs") : 0;
}

static int follow(const struct run_record *record, int log, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	bool kept;
	int ret;

	do {
		/* In this order: what was written before its end is still to be read. */
		kept = record_kept(record, 0);
		ret = copy(log, err);
		if (!ret && kept)
			nanosleep(&pause, NULL);
	} while (!ret && kept);
	return ret;
}

int cmd_logs(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct run_record record = { .dir = -1 };
	cleanup_close int log = -1;
	char path[PATH_MAX + 8];
	bool following = false;
	int option, ret;

	optind = 1;
	while ((option = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (option != 'f')
			return error_set(err, EUSAGE, "logs: see cell --help");
		following = true;
	}
	if (optind + 1 != argc)
		return error_set(err, EUSAGE, "logs: expected a container id: cell logs [-f] ID");
	ret = record_read(argv[optind], &record, err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/log", record.folder);
	log = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (log < 0)
		ret = error_errno(err, errno, errno == ENOENT ? "only what runs with --detach has one"
							      : NULL, "logs: %s", path);
	else
		ret = following ? follow(&record, log, err) : copy(log, err);
	cleanup_fd(&record.dir);
	return ret;
}
