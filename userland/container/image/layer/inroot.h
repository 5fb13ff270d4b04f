/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The path layer: every path that an image names is looked up here, and nowhere else.
 *
 * A root is an open folder. openat2(2) with RESOLVE_IN_ROOT looks paths up as if that folder were
 * "/": neither "..", nor an absolute symbolic link, nor one that changes meanwhile leads out of it;
 * RESOLVE_NO_MAGICLINKS keeps /proc/self/fd and its like from doing so. What is then made or
 * removed is the last component of a path, in its open parent, never followed.
 */
#ifndef CELL_IMAGE_INROOT_H
#define CELL_IMAGE_INROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Folders within folders that are removed; more is an attack on the stack. */
#define INROOT_DEPTH 256

/**
 * inroot_clean() - a path as the functions below take it
 * @path: from an image
 * @out: relative, without "." and doubled slashes; empty: the root itself
 * @size: of @out
 *
 * Return: 0, -ENAMETOOLONG, or -EINVAL: it has "..", which nothing honest has.
 */
int inroot_clean(const char *path, char *out, size_t size);

/* openat2() in a root. Returns an fd or a negative errno. */
int inroot_open(int root, const char *path, int flags, mode_t mode);

/**
 * inroot_parent() - open the folder that has the last component of a path
 * @root: the root
 * @path: as of inroot_clean(), not empty
 * @make: make folders that are missing, of mode 0755
 * @last: set to the last component, within @path
 *
 * Return: an O_PATH fd or a negative errno.
 */
int inroot_parent(int root, const char *path, bool make, const char **last);

/* Opens a folder, making it and those above if need be. */
int inroot_make(int root, const char *path);

/**
 * inroot_remove() - remove a name, and all below it
 * @parent: an open folder
 * @name: one component
 *
 * Symbolic links are removed, not followed. Return: 0, also if there is nothing, or a negative
 * errno.
 */
int inroot_remove(int parent, const char *name);

/**
 * inroot_read() - read a small file that the image may have replaced by anything
 * @root: the root
 * @path: of the file
 * @most: octets that are read at most
 * @length: set to what was read
 *
 * Only a regular file is read: CVE-2024-9676. Return: NULL with errno set (EFBIG, EINVAL: no
 * regular file), or what the caller frees, with a NUL behind.
 */
char *inroot_read(int root, const char *path, size_t most, size_t *length);

#endif
