// SPDX-License-Identifier: GPL-2.0-only
/* cell compose logs: what the containers write, each line with its container's name. */
#include <errno.h>
#include <getopt.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "project.h"

#define LINE_MAX_OCTETS	8192

/**
 * struct stream - of one container
 * @line: what has come of a line that is not whole yet
 */
struct stream {
	const char *name;
	pid_t pid;
	int fd;
	size_t used;
	char line[LINE_MAX_OCTETS];
};

static void put_line(const struct stream *s, size_t length, int width)
{
	printf("%-*s | %.*s\n", width, s->name, (int)length, s->line);
	fflush(stdout);
}

/* False: it has ended. */
static bool pump(struct stream *s, int width)
{
	ssize_t n = read(s->fd, s->line + s->used, sizeof(s->line) - s->used);
	char *end;

	if (n <= 0) {
		if (n < 0 && errno == EINTR)
			return true;
		if (s->used)
			put_line(s, s->used, width);
		return false;
	}
	s->used += (size_t)n;
	while ((end = memchr(s->line, '\n', s->used)) || s->used == sizeof(s->line)) {
		size_t length = end ? (size_t)(end - s->line) : s->used;
		size_t gone = end ? length + 1 : length;

		put_line(s, length, width);
		s->used -= gone;
		memmove(s->line, s->line + gone, s->used);
	}
	return true;
}

static int begin(struct stream *s, const char *id, bool follow, struct error *err)
{
	const char *words[] = { "logs", follow ? "-f" : id, follow ? id : NULL, NULL };
	int pipes[2];

	s->name = id;
	if (pipe2(pipes, O_CLOEXEC))
		return error_errno(err, errno, NULL, "logs: pipe");
	s->fd = pipes[0];
	s->pid = cell_start(words, pipes[1], err);
	close(pipes[1]);
	return s->pid < 0 ? s->pid : 0;
}

static void watch(struct stream *streams, size_t count, int signals, int width)
{
	cleanup_free struct pollfd *fds = calloc(count + 1, sizeof(*fds));
	size_t open = count;

	for (size_t i = 0; fds && i < count; i++)
		fds[i] = (struct pollfd){ .fd = streams[i].fd, .events = POLLIN };
	while (fds && open) {
		fds[count] = (struct pollfd){ .fd = signals, .events = POLLIN };
		if (poll(fds, count + 1, -1) < 0 && errno != EINTR)
			return;
		/* Taken: else it would end us when it is no longer blocked. */
		if (fds[count].revents) {
			struct signalfd_siginfo taken;

			if (read(signals, &taken, sizeof(taken)) == sizeof(taken))
				return;
		}
		for (size_t i = 0; i < count; i++)
			if (fds[i].fd >= 0 && fds[i].revents && !pump(&streams[i], width)) {
				fds[i].fd = -1;
				open--;
			}
	}
}

int logs_show(const struct members *members, bool follow, struct error *err)
{
	cleanup_free struct stream *streams = calloc(members->count + 1, sizeof(*streams));
	cleanup_close int signals = -1;
	sigset_t ends, before;
	size_t count = 0;
	int width = 0, ret = streams ? 0 : error_set(err, ENOMEM, "logs: no memory");

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	while (!ret && count < members->count) {
		int length = (int)strlen(members->at[count].id);

		width = length > width ? length : width;
		ret = begin(&streams[count], members->at[count].id, follow, err);
		count += !ret;
	}
	/* After the children have been made: a signal of the terminal is theirs, too. */
	sigprocmask(SIG_BLOCK, &ends, &before);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (!ret)
		watch(streams, count, signals, width);
	for (size_t i = 0; i < count; i++) {
		kill(streams[i].pid, SIGTERM);
		close(streams[i].fd);
		cell_wait(streams[i].pid, 0);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ret;
}

int compose_logs(struct project *p, int argc, char **argv, struct error *err)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct members members;
	bool follow = false;
	size_t kept = 0;
	int option, ret;

	optind = 1;
	while ((option = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (option != 'f')
			return error_set(err, EUSAGE, "logs: expected -f and services only");
		follow = true;
	}
	ret = members_find(p->name, &members, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < members.count; i++) {
		bool wanted = optind == argc;

		for (int k = optind; k < argc; k++)
			wanted = wanted || !strcmp(argv[k], members.at[i].service);
		if (wanted)
			members.at[kept++] = members.at[i];
	}
	members.count = kept;
	if (!kept && optind < argc)
		ret = error_set(err, ENOENT, "logs: %.60s: no container of such a service: see cell "
				"compose ps", argv[optind]);
	if (!ret)
		ret = logs_show(&members, follow, err);
	members_free(&members);
	return ret;
}
