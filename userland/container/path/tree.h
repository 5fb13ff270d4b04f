/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * More of the path layer (inroot.h), for those who fill or empty a whole root: an image's files, a
 * build's. What is made or removed is the last component of a path, in its open parent, and is
 * never followed.
 */
#ifndef CELL_PATH_TREE_H
#define CELL_PATH_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "inroot.h"

/* Folders within folders that are removed; more is an attack on the stack. */
#define TREE_DEPTH 256

/**
 * tree_clean() - a path as the functions below take it
 * @path: from an image
 * @out: relative, without "." and doubled slashes; empty: the root itself
 * @size: of @out
 *
 * Return: 0, -ENAMETOOLONG, or -EINVAL: it has "..", which nothing honest has.
 */
int tree_clean(const char *path, char *out, size_t size);

/**
 * tree_parent() - open the folder that has the last component of a path
 * @root: the root
 * @path: as of tree_clean(), not empty
 * @make: make folders that are missing, as tree_make() does
 * @last: set to the last component, within @path
 *
 * Return: an O_PATH fd or a negative errno.
 */
int tree_parent(int root, const char *path, bool make, const char **last);

/*
 * Opens a folder, making it and those above if need be, of mode 0755; unlike inroot_mkdir() also
 * where a symbolic link leads that leads to nothing yet, within the root: layers come in that order.
 */
int tree_make(int root, const char *path);

/**
 * tree_remove() - remove a name, and all below it
 * @parent: an open folder
 * @name: one component
 *
 * Symbolic links are removed, not followed. Return: 0, also if there is nothing, or a negative
 * errno.
 */
int tree_remove(int parent, const char *name);

#endif
