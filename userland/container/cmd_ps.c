// SPDX-License-Identifier: GPL-2.0-only
/* cell ps: the processes of a container, as the host numbers them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"

#define PIDS_MAX	65536

/* Its command line, or the kernel's name for it. */
static void print_command(pid_t pid)
{
	char path[64], text[512];
	cleanup_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0) {
		puts("-");
		return;
	}
	text[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (!text[i] || (unsigned char)text[i] < ' ' || text[i] == 127)
			text[i] = ' ';
	puts(text);
}

static void print_table(const pid_t *pids, ssize_t count)
{
	printf("%-8s %s\n", "PID", "COMMAND");
	for (ssize_t i = 0; i < count; i++) {
		printf("%-8d ", pids[i]);
		print_command(pids[i]);
	}
}

static void print_json(const pid_t *pids, ssize_t count)
{
	putchar('[');
	for (ssize_t i = 0; i < count; i++)
		printf("%s%d", i ? "," : "", pids[i]);
	puts("]");
}

static int list(const char *id, bool json, struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	cleanup_free pid_t *pids = calloc(PIDS_MAX, sizeof(*pids));
	struct state state;
	ssize_t count;
	int ret = pids ? state_read(cell.root, id, &state, err) : error_set(err, ENOMEM, "ps");

	if (ret)
		return ret;
	ret = container_groups(&state, &groups, err);
	count = ret ? ret : cgroups_processes(&groups, pids, PIDS_MAX);
	if (count == -ENOENT && state_alive(&state)) {
		/* Without groups the first process is all we know. */
		pids[0] = state.pid;
		count = 1;
	} else if (count == -ENOENT) {
		count = 0;
	}
	if (count < 0 && !ret)
		ret = error_errno(err, (int)-count, NULL, "ps: container %s", id);
	if (count > PIDS_MAX)
		count = PIDS_MAX;
	if (!ret)
		(json ? print_json : print_table)(pids, count);
	cgroups_close(&groups);
	state_free(&state);
	return ret;
}

int cmd_ps(int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "+f:", options, NULL)) != -1) {
		if (option != 'f' || (strcmp(optarg, "json") != 0 && strcmp(optarg, "table") != 0))
			return error_set(err, EUSAGE, "ps: --format: expected table or json");
		json = optarg[0] == 'j';
	}
	if (optind == argc)
		return error_set(err, EUSAGE, "ps: expected a container id: cell ps [--format json] ID");
	return cell_root(err) < 0 ? cell.root : list(argv[optind], json, err);
}
