// SPDX-License-Identifier: GPL-2.0-only
/* A verified procfs, see proc.h. Called by init/, create.c, exec.c and state/. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "inroot.h"

int on_filesystem(int fd, long magic)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && (long)fs.f_type == magic;
}

int proc_open(struct error *err)
{
	cleanup_close int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno, "mount a procfs there", "/proc");
	if (!on_filesystem(fd, PROC_SUPER_MAGIC))
		return error_set(err, ENODEV, "/proc: is not a procfs: mount one there");
	return keep_fd(&fd);
}

/*
 * Below /proc/PID are no links but magic ones; /proc/self itself is a link, so it is named by pid.
 */
static int open_below(int proc, const char *path, int flags)
{
	cleanup_close int self = -1;

	if (strncmp(path, "self/", 5) != 0)
		return inside_open(proc, path, flags);
	self = openat(proc, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self < 0)
		return -errno;
	if (!on_filesystem(self, PROC_SUPER_MAGIC))
		return -ENODEV;
	return inside_open(self, path + 5, flags);
}

pid_t proc_own_pid(int proc)
{
	char text[32];
	ssize_t n = readlinkat(proc, "self", text, sizeof(text) - 1);

	if (n <= 0)
		return getpid();
	text[n] = '\0';
	return (pid_t)atoi(text);
}

int proc_write(int proc, const char *path, const char *text)
{
	cleanup_close int fd = open_below(proc, path, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
#ifndef CELL_WITHOUT_GUARD_PROC
	if (!on_filesystem(fd, PROC_SUPER_MAGIC))
		return -ENODEV;
#endif
	n = write(fd, text, strlen(text));
	if (n < 0)
		return -errno;
	return n == (ssize_t)strlen(text) ? 0 : -EIO;
}

ssize_t proc_read(int proc, const char *path, char *data, size_t room)
{
	cleanup_close int fd = open_below(proc, path, O_RDONLY);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	do {
		n = read(fd, data + used, room - used);
		if (n < 0)
			return -errno;
		used += (size_t)n;
		if (used == room)
			return -EFBIG;
	} while (n);
	data[used] = '\0';
	return (ssize_t)used;
}
