/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes below /proc go to a procfs that we know to be one: a file in its place could
 * turn a label into "b" for sysrq-trigger, or swallow it (CVE-2019-16884, CVE-2025-52881).
 */
#ifndef CELL_PATH_PROC_H
#define CELL_PATH_PROC_H

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/**
 * proc_open() - the host's procfs, before the container has a root of its own
 *
 * Return: a descriptor that the caller closes, or a negative errno with @err set; -ENODEV:
 * what is mounted there is none.
 */
int proc_open(struct error *err);

/* Our pid as that procfs counts: not 1 where we are the first of a namespace. */
pid_t proc_own_pid(int proc);

/**
 * proc_write() - one value into one file of it
 * @proc: of proc_open()
 * @path: relative, such as "sys/net/ipv4/ip_forward"; links, mounts and ".." are refused
 * @text: written by one write(2)
 *
 * Return: 0 or a negative errno.
 */
int proc_write(int proc, const char *path, const char *text);

/* A file of it, whole, 0-terminated. Returns its length, or a negative errno; -EFBIG: @room. */
ssize_t proc_read(int proc, const char *path, char *data, size_t room);

/* Is @fd on a file system with that magic number of statfs(2)? */
int on_filesystem(int fd, long magic);

#endif
