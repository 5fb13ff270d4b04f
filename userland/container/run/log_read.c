// SPDX-License-Identifier: GPL-2.0-only
/* A container's log, from its oldest file to its latest, while it grows. See log.c; called by cell logs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* One that never stops writing never has an empty pipe. */
#define SETTLE_MS	500
/* The oldest may go while it is looked for. */
#define TRIES		100

/* The least number above @number, 0: there is none. */
static unsigned int find_above(int dir, unsigned int number)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = again < 0 ? NULL : fdopendir(again);
	unsigned int least = 0;
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		unsigned long found;
		char *end;

		if (strncmp(entry->d_name, "log.", 4) != 0)
			continue;
		found = strtoul(entry->d_name + 4, &end, 10);
		if (!*end && found > number && (!least || found < least))
			least = (unsigned int)found;
	}
	if (entries)
		closedir(entries);
	else if (again >= 0)
		close(again);
	return least;
}

/* The next file. False: there is none yet. */
static bool advance(struct log_reader *r)
{
	char name[24];

	for (int i = 0; i < TRIES; i++) {
		unsigned int number = find_above(r->dir, r->number);
		int fd;

		if (!number)
			return false;
		snprintf(name, sizeof(name), "log.%u", number);
		fd = openat(r->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		cleanup_fd(&r->fd);
		r->fd = fd;
		r->number = number;
		return true;
	}
	return false;
}

int log_open(struct log_reader *r, const char *folder, struct error *err)
{
	r->dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->dir < 0)
		return error_errno(err, errno, NULL, "logs: %s", folder);
	if (!advance(r))
		return error_errno(err, ENOENT, "only what runs with --detach has one", "logs: %s/log",
				   folder);
	return 0;
}

static int copy_file(int from, int out, struct error *err)
{
	char data[65536];
	ssize_t n;

	while ((n = read(from, data, sizeof(data))) > 0)
		for (ssize_t done = 0, written; done < n; done += written) {
			written = write(out, data + done, (size_t)(n - done));
			if (written < 0)
				return error_errno(err, errno, NULL, "logs: standard output");
		}
	return n < 0 ? error_errno(err, errno, NULL, "logs") : 0;
}

int log_copy(struct log_reader *r, int out, struct error *err)
{
	for (;;) {
		struct log_reader next = { r->dir, -1, r->number };
		int ret = copy_file(r->fd, out, err);

		if (ret || !advance(&next))
			return ret;
		/* Only now it grows no more. */
		ret = copy_file(r->fd, out, err);
		cleanup_fd(&r->fd);
		*r = next;
		if (ret)
			return ret;
	}
}

void log_close(struct log_reader *r)
{
	cleanup_fd(&r->fd);
	cleanup_fd(&r->dir);
}

void log_settle(const struct log_reader *r)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	cleanup_close int pipe = openat(r->dir, "log.pipe", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	int waiting = 0;

	for (int i = 0; pipe >= 0 && i < SETTLE_MS && !ioctl(pipe, FIONREAD, &waiting) && waiting; i++)
		nanosleep(&pause, NULL);
	/* What has been taken is written when the lock is free. */
	flock(r->dir, LOCK_SH);
	flock(r->dir, LOCK_UN);
}
