/* SPDX-License-Identifier: GPL-2.0-only */
/* A folder to work in: STORE/build/PID-WHAT, locked while it is in use. */
#ifndef CELL_IMAGE_BUILD_WORK_H
#define CELL_IMAGE_BUILD_WORK_H

#include <limits.h>

#include "../store/store.h"

/**
 * work_open() - make it, and remove those whose processes are dead
 * @store: where
 * @what: it is for; a process has one for each
 * @fd: set to the open folder
 * @path: set to its path
 * @err: why there is none
 *
 * Return: 0 or a negative errno. In any case work_close() may follow.
 */
int work_open(const struct store *store, const char *what, int *fd, char path[PATH_MAX],
	      struct error *err);

/* Removes it, if @fd is one. */
void work_close(const struct store *store, int *fd, const char *path);

#endif
