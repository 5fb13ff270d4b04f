/* SPDX-License-Identifier: GPL-2.0-only */
/* An image to begin with, made of what this machine has: what fills its root. Called by cmd_base.c. */
#ifndef CELL_IMAGE_BASE_BASE_H
#define CELL_IMAGE_BASE_BASE_H

#include "../build/words.h"

/**
 * base_busybox() - static busybox, and its commands as links
 * @root: an open folder that has bin/
 * @path: the same folder
 * @asked: which busybox; NULL: where Debian has it
 * @err: what is the matter with it
 *
 * Return: 0 or a negative errno.
 */
int base_busybox(int root, const char *path, const char *asked, struct error *err);

/**
 * base_packages() - the files of installed Debian packages, and of those they depend on
 * @root: an empty open folder
 * @names: of packages; base-files and dash come with any
 * @err: which package or file
 *
 * Manuals, translations and what lies beside the copyright are left out. Which of several programs
 * has a name such as awk (update-alternatives(1)) is as on this machine. What packages make when they
 * are installed is not theirs, and not there.
 *
 * Return: 0 or a negative errno.
 */
int base_packages(int root, const struct words *names, struct error *err);

#endif
