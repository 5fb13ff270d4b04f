// SPDX-License-Identifier: GPL-2.0-only
/* Graceful restart, see successor.h. */
#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

/* The first descriptor that is handed over, sd_listen_fds(3). */
#define FIRST 3
#define START_MS 10000
#define READY_VARIABLE "HTTPD_READY_FD"
#define TABLE_VARIABLE "HTTPD_SESSIONS_FD"

extern char **environ;

static char program[PATH_MAX];
static char **arguments;

void successor_prepare(char **argv)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n < 0 ? 0 : n] = '\0';
	arguments = argv;
}

/**
 * struct handover - all that the child needs, made before fork(): after it, in a process that
 * had threads, not even malloc() is allowed
 * @environment: for the successor
 * @fds: "LISTEN_FDS=..."
 * @pid: "LISTEN_PID=...", completed in the child
 * @ready: READY_VARIABLE "=..."
 * @table: TABLE_VARIABLE "=..."
 * @sockets: listening sockets, behind them the pipe's end, and the table
 * @count: of @sockets
 */
struct handover {
	char **environment;
	char fds[32];
	char pid[32];
	char ready[32];
	char table[32];
	int sockets[LISTENERS_MOST + 2];
	unsigned int count;
};

static int prepare(struct handover *h, const struct listeners *l, int ready, int table,
		   struct error *err)
{
	size_t n = 0, k = 0;

	while (environ[n])
		n++;
	h->environment = calloc(n + 5, sizeof(char *));
	if (!h->environment)
		return error_errno(err, ENOMEM, NULL, "restart");
	memcpy(h->environment, environ, n * sizeof(char *));
	k = n;
	snprintf(h->fds, sizeof(h->fds), "LISTEN_FDS=%u", l->count);
	snprintf(h->pid, sizeof(h->pid), "LISTEN_PID=");
	snprintf(h->ready, sizeof(h->ready), READY_VARIABLE "=%u", FIRST + l->count);
	h->environment[k++] = h->fds;
	h->environment[k++] = h->pid;
	h->environment[k++] = h->ready;
	for (unsigned int i = 0; i < l->count; i++)
		h->sockets[i] = l->at[i].fd;
	h->sockets[l->count] = ready;
	h->count = l->count + 1;
	if (table < 0)
		return 0;
	snprintf(h->table, sizeof(h->table), TABLE_VARIABLE "=%u", FIRST + h->count);
	h->environment[k] = h->table;
	h->sockets[h->count++] = table;
	return 0;
}

/* Digits behind the "=", without a library. */
static void append_pid(char *text, pid_t pid)
{
	char digits[12];
	int n = 0;

	do
		digits[n++] = (char)('0' + pid % 10);
	while (pid /= 10);
	text += strlen(text);
	while (n)
		*text++ = digits[--n];
	*text = '\0';
}

/* In the child: each socket to its number, over copies that lie above all of them. */
static void become(struct handover *h)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* lab 08 step 7 begin: become the new one */
	for (unsigned int i = 0; i < h->count; i++) {
		h->sockets[i] = fcntl(h->sockets[i], F_DUPFD_CLOEXEC, (int)(FIRST + h->count));
		if (h->sockets[i] < 0)
			_exit(1);
	}
	for (unsigned int i = 0; i < h->count; i++)
		if (dup2(h->sockets[i], (int)(FIRST + i)) < 0)
			_exit(1);
	append_pid(h->pid, getpid());
	execve(program, arguments, h->environment);
	/* lab 08 step 7 end */
	_exit(1);
}

/* A byte: it accepts. The end without one: it is gone. */
static int await(int ready, struct error *err)
{
	struct pollfd pipe_end = { .fd = ready, .events = POLLIN };
	char byte;
	int n;

	/* lab 08 step 7 begin: does it accept?; skeleton: n = 0; */
	do
		n = poll(&pipe_end, 1, START_MS);
	while (n < 0 && errno == EINTR);
	if (n > 0 && read(ready, &byte, 1) == 1)
		return 0;
	/* lab 08 step 7 end */
	return error_set(err, ECHILD, "restart: %s: %s: this server goes on", program,
			 n ? "the new one ended at once" : "the new one does not accept");
}

int successor_start(const struct listeners *l, int table_fd, struct error *err)
{
	cleanup_close int ours = -1;
	struct handover h = { 0 };
	int ends[2], ret;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return error_errno(err, errno, NULL, "restart: pipe");
	ours = ends[0];
	ret = prepare(&h, l, ends[1], table_fd, err);
	if (ret) {
		close(ends[1]);
		return ret;
	}
	pid = fork();
	if (!pid)
		become(&h);
	close(ends[1]);
	free(h.environment);
	if (pid < 0)
		return error_errno(err, errno, NULL, "restart: fork");
	return await(ours, err);
}

/* A descriptor that our predecessor told us of, once. */
static int take_descriptor(const char *variable)
{
	const char *text = getenv(variable);
	int fd = text ? (int)strtol(text, NULL, 10) : -1;

	unsetenv(variable);
	return fd < FIRST || fcntl(fd, F_SETFD, FD_CLOEXEC) ? SUCCESSOR_NOTHING : fd;
}

int successor_table(void)
{
	return take_descriptor(TABLE_VARIABLE);
}

void successor_ready(void)
{
	int fd = take_descriptor(READY_VARIABLE);

	if (fd < 0)
		return;
	if (write(fd, "", 1) != 1)
		perror("httpd: restart: predecessor");
	close(fd);
}
