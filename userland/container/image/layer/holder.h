/* SPDX-License-Identifier: GPL-2.0-only */
/* Who still has a file system mounted: what lies below it is to stay until nobody has. */
#ifndef CELL_IMAGE_HOLDER_H
#define CELL_IMAGE_HOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct holder - a process that sees a file system, in its mount namespace
 * @pid: the lowest of that namespace
 * @own: the namespace is ours
 * @name: of its program
 * @container: that it is in, as its control group is named; empty: none that cell made
 * @place: where the file system is mounted, as the process sees it
 */
struct holder {
	pid_t pid;
	bool own;
	char name[64];
	char container[NAME_MAX + 1];
	char place[PATH_MAX];
};

/**
 * holder_find() - look through all mount namespaces that have a process
 * @device: st_dev of the file system
 * @holder: the first that is found
 * @err: what failed
 *
 * Processes that end meanwhile hold nothing. Those that we may not look at are passed over: who
 * mounted in a user namespace of its own may look at all to whom that mount can have come.
 *
 * Return: 1, 0 if there is none, or a negative errno.
 */
int holder_find(dev_t device, struct holder *holder, struct error *err);

#endif
