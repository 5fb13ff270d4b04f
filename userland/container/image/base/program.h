/* SPDX-License-Identifier: GPL-2.0-only */
/* What another program prints: of Debian's tools, whose files are their own business. */
#ifndef CELL_IMAGE_BASE_PROGRAM_H
#define CELL_IMAGE_BASE_PROGRAM_H

#include <stdio.h>
#include <sys/types.h>

#include "error.h"

/**
 * struct program - one that runs
 * @name: for what is said of it
 * @pid: its process
 * @output: what it prints, in the C locale
 */
struct program {
	const char *name;
	pid_t pid;
	FILE *output;
};

/* Starts argv[0], as execvp(3) finds it; no shell has a say. 0 or a negative errno. */
int program_start(struct program *program, const char *const argv[], struct error *err);

/*
 * Ends it, whether or not all was read. What it returns is @ret; or if that is 0, -EIO: its output could
 * not be read, or -ECHILD: it did not end well.
 */
int program_end(struct program *program, int ret, struct error *err);

#endif
