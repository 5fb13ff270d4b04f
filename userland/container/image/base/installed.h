/* SPDX-License-Identifier: GPL-2.0-only */
/* What Debian's tools say of this machine. */
#ifndef CELL_IMAGE_BASE_INSTALLED_H
#define CELL_IMAGE_BASE_INSTALLED_H

#include "../build/words.h"

/**
 * installed_files() - the paths that packages consist of
 * @names: of packages
 * @paths: set to absolute paths, sorted, each once, of those packages and of what they depend on;
 *	the caller's to free
 * @err: what cannot be had
 *
 * Return: 0 or a negative errno.
 */
int installed_files(const struct words *names, struct words *paths, struct error *err);

/* Adds the names that programs among @paths have by update-alternatives(1), and keeps it sorted. */
int installed_alternatives(struct words *paths, struct error *err);

#endif
