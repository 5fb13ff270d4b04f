// SPDX-License-Identifier: GPL-2.0-only
/* cell logs: what a detached container has written. */
#include <getopt.h>
#include <time.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "run/run.h"

static int follow(const struct run_record *record, struct log_reader *log, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	bool kept;
	int ret;

	do {
		/* In this order: what was written before its end is still to be read. */
		kept = record_kept(record, 0);
		ret = log_copy(log, STDOUT_FILENO, err);
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
	struct log_reader log = LOG_UNREAD;
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
	ret = log_open(&log, record.folder, err);
	if (!ret && following)
		ret = follow(&record, &log, err);
	if (!ret && !following) {
		log_settle(&log);
		ret = log_copy(&log, STDOUT_FILENO, err);
	}
	log_close(&log);
	cleanup_fd(&record.dir);
	return ret;
}
