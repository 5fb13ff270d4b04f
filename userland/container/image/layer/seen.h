/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which names a layer made. A whiteout hides what is below its layer, never what the layer itself
 * has, wherever in the layer it stands. A name is the inode of its folder and its last component,
 * so that it is the same by whichever symbolic links it was reached.
 */
#ifndef CELL_IMAGE_SEEN_H
#define CELL_IMAGE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct seen - a set of names
 * @at: hashes, 0: free; at most half full
 * @room: a power of two
 */
struct seen {
	uint64_t *at;
	size_t room;
	size_t count;
};

/* Returns 0 or -ENOMEM. */
int seen_add(struct seen *seen, ino_t folder, const char *name);
bool seen_has(const struct seen *seen, ino_t folder, const char *name);
void seen_free(struct seen *seen);

#endif
