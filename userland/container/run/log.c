// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of a detached container, bounded. Called by keeper.c.
 *
 *	program ──> log.pipe (a FIFO) ──> a process of its own ──> log.7, log.8
 *	keeper ──────────┘
 *
 * A full file is followed by one with the next number, and the oldest goes: nothing is renamed, so
 * that whoever reads one reads it to its end. It is a process besides the keeper, so that a program
 * whose keeper was killed can still write.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* By how much a file may exceed its bound for a line's sake, unless that is more than the bound. */
#define LOG_LINE	65536
/* For the last octets, when all that is in a container has ended. */
#define FINISH_MS	2000

/* How much of @data goes into the present file; 0: the next is to be begun. */
static size_t portion(const struct log_writer *w, const char *data, size_t length)
{
	const uint64_t most = w->bounds.most, line = most < LOG_LINE ? most : LOG_LINE;
	uint64_t room = w->size < most ? most - w->size : 0;
	const char *end;

	if (length <= room)
		return length;
	end = room ? memrchr(data, '\n', room) : NULL;
	if (end)
		return (size_t)(end - data) + 1;
	if (!w->inside_line && w->size)
		return 0;
	/* It goes on in the file in which it began. */
	room = w->size < most + line ? most + line - w->size : 0;
	end = memchr(data, '\n', length);
	if (end)
		length = (size_t)(end - data) + 1;
	return length < room ? length : room;
}

static bool begin_next(struct log_writer *w)
{
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "log.%u", w->number + 1);
	fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	cleanup_fd(&w->fd);
	w->fd = fd;
	w->size = 0;
	w->number++;
	if (w->number > w->bounds.files) {
		snprintf(name, sizeof(name), "log.%u", w->number - w->bounds.files);
		unlinkat(w->dir, name, 0);
	}
	return true;
}

/* False: it could not. Whoever writes is not held up by a full disk; what was lost is told later. */
static bool put_all(struct log_writer *w, const char *data, size_t length)
{
	while (length) {
		ssize_t n = write(w->fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->lost += length;
			return false;
		}
		data += n;
		length -= (size_t)n;
		w->size += (uint64_t)n;
		w->inside_line = data[-1] != '\n';
	}
	return true;
}

static void tell_lost(struct log_writer *w)
{
	uint64_t lost = w->lost;
	char text[96];
	int length;

	length = snprintf(text, sizeof(text), "%scell: warning: log: %llu octets could not be written\n",
			  w->inside_line ? "\n" : "", (unsigned long long)lost);
	w->lost = 0;
	if (!put_all(w, text, (size_t)length))
		w->lost = lost;
}

void log_put(struct log_writer *w, const char *data, size_t length)
{
	while (length) {
		size_t n = w->fd < 0 ? 0 : portion(w, data, length);

		if (!n && !begin_next(w)) {
			w->lost += length;
			return;
		}
		if (!n)
			continue;
		if (w->lost)
			tell_lost(w);
		put_all(w, data, n);
		data += n;
		length -= n;
	}
}

/*
 * The folder is locked from before octets are taken until they are written: see log_settle(). Not
 * the pipe: a program inside could lock that.
 */
static void write_on(struct log_writer *w, int pipe)
{
	static char data[65536];
	struct pollfd readable = { .fd = pipe, .events = POLLIN };
	ssize_t n = 1;

	while (n) {
		if (poll(&readable, 1, -1) < 0)
			continue;
		flock(w->dir, LOCK_EX);
		n = read(pipe, data, sizeof(data));
		if (n > 0)
			log_put(w, data, (size_t)n);
		else if (n < 0 && errno != EINTR && errno != EAGAIN)
			n = 0;
		flock(w->dir, LOCK_UN);
	}
}

/* Keeps nothing of the keeper's: neither its lock nor whoever waits for it. */
static _Noreturn void be_logger(struct log_writer *w, int pipe)
{
	int nothing;

	/* Away from the numbers that they are to have. */
	pipe = fcntl(pipe, F_DUPFD, 10);
	w->dir = fcntl(w->dir, F_DUPFD, 10);
	w->fd = fcntl(w->fd, F_DUPFD, 10);
	nothing = open("/dev/null", O_RDWR);
	if (pipe < 0 || w->dir < 0 || w->fd < 0 || nothing < 0)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		dup2(nothing, fd);
	dup2(pipe, 3);
	w->dir = dup2(w->dir, 4);
	w->fd = dup2(w->fd, 5);
	syscall(SYS_close_range, 6, ~0u, 0);
	prctl(PR_SET_NAME, "cell-log");
	write_on(w, 3);
	_exit(0);
}

static int open_pipe(const char *folder, int ends[2], struct error *err)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/log.pipe", folder);
	if (mkfifo(path, 0600))
		return error_errno(err, errno, NULL, "run: make %s", path);
	/* The reader first: a writer would wait for it. */
	ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ends[1] = ends[0] < 0 ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	return ends[1] < 0 ? error_errno(err, errno, NULL, "run: %s", path) : 0;
}

int log_start(const char *folder, const struct run_log *bounds, int *pipe, pid_t *pid,
	      struct error *err)
{
	struct log_writer w = LOG_NONE;
	int ends[2] = { -1, -1 }, ret;

	w.bounds = *bounds;
	w.dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w.dir < 0)
		return error_errno(err, errno, NULL, "run: %s", folder);
	ret = open_pipe(folder, ends, err);
	if (!ret && !begin_next(&w))
		ret = error_errno(err, errno, NULL, "run: %s/log.1", folder);
	if (!ret)
		*pid = fork();
	if (!ret && !*pid)
		be_logger(&w, ends[0]);
	if (!ret && *pid < 0)
		ret = error_errno(err, errno, NULL, "run: fork");
	cleanup_fd(&w.fd);
	cleanup_fd(&w.dir);
	cleanup_fd(&ends[0]);
	*pipe = ends[1];
	return ret;
}

void log_finish(pid_t pid)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0 && poll(&ended, 1, FINISH_MS) > 0)
		waitpid(pid, NULL, 0);
}
