/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a root, at one moment; two of them tell what a step of a build changed. Whatever
 * changes a file sets its ctime (inode(7)), which nobody can set back: contents are not read.
 */
#ifndef CELL_IMAGE_BUILD_SNAPSHOT_H
#define CELL_IMAGE_BUILD_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

/* Files in a root; more are not layers that anyone unpacks (WALK_ENTRIES). */
#define SNAPSHOT_FILES (4 << 20)

/**
 * struct node - one name
 * @path: relative; empty: the root
 * @info: of it, links not followed
 * @attributes: of a folder: a hash of its extended attributes; contents do not change its other
 *	fields, but its ctime
 */
struct node {
	char *path;
	struct stat info;
	uint64_t attributes;
};

/**
 * struct snapshot - all names, a folder before what is in it, and names in order of their octets
 * @at: sorted by node_compare()
 * @count: of @at
 */
struct snapshot {
	struct node *at;
	size_t count;
};

/**
 * snapshot_take() - look at all files of a root
 * @root: an open folder
 * @snapshot: the caller's to free if it returns 0
 * @err: what failed, where
 *
 * Changes that come less than a tick of the clock later are seen only if the caller waits for
 * it: snapshot_settle().
 */
int snapshot_take(int root, struct snapshot *snapshot, struct error *err);
void snapshot_free(struct snapshot *snapshot);

/* Sleeps until a change gets another ctime than all those before: CONFIG_HZ is 100 at least. */
void snapshot_settle(void);

/* The order of names: "/" before all other octets. */
int node_compare(const char *a, const char *b);

/* The node of a path, or NULL. */
const struct node *snapshot_find(const struct snapshot *snapshot, const char *path);

/* Is the second, which has the same path, what the first was? */
bool node_same(const struct node *before, const struct node *after);

#define cleanup_snapshot __attribute__((cleanup(snapshot_free)))

#endif
