/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one layer through which a path inside a container becomes a file descriptor.
 *
 * A container owns its file system: any component may be a symbolic link, and may become
 * one between two of our system calls. So a path is resolved once, by the kernel, with the
 * container's root as the root (openat2(2), RESOLVE_IN_ROOT: "..", absolute links and
 * magic links do not lead out), and from then on only the descriptor is used.
 * `make lint` refuses calls that take container paths anywhere else (scripts/lint).
 */
#ifndef CELL_PATH_INROOT_H
#define CELL_PATH_INROOT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * inroot_open() - what a path of the container names
 * @root: descriptor of the container's root; AT_FDCWD with the caller in it is not enough
 * @path: as the container sees it, with or without a leading slash; "" is the root itself
 * @flags: of open(2); O_CLOEXEC is added, O_NOFOLLOW keeps a link in the last place
 *
 * Return: a descriptor that the caller closes, or a negative errno; -ELOOP: a magic link,
 * such as /proc/self/fd/7, or too many links.
 */
int inroot_open(int root, const char *path, int flags);

/**
 * inroot_open_plain() - the same where no component may be a symbolic link
 *
 * For /proc and /sys: "must be mounted on ordinary directory" (CVE-2019-19921, CVE-2023-27561).
 *
 * Return: as inroot_open(); -ELOOP where there is a link.
 */
int inroot_open_plain(int root, const char *path, int flags);

/**
 * inroot_mkdir() - a folder and all above it, made where they are missing
 * @root: as of inroot_open()
 * @path: likewise
 * @mode: of those that are made
 *
 * Return: O_PATH descriptor of the folder, or a negative errno; -ENOTDIR: it is something else.
 */
int inroot_mkdir(int root, const char *path, mode_t mode);

/**
 * inroot_parent() - where the last component of a path is to be made
 * @root: as of inroot_open()
 * @path: likewise; must not end in "..", nor be the root
 * @name: the last component, of NAME_MAX + 1 octets
 *
 * Folders above are made (0755). The caller then uses mknodat(2), symlinkat(2) or
 * unlinkat(2) with @name, which do not follow a link in that place.
 *
 * Return: descriptor of the folder, or a negative errno.
 */
int inroot_parent(int root, const char *path, char *name);

/**
 * inroot_touch() - an empty regular file, made if there is nothing
 *
 * Return: O_PATH descriptor of what is there (made or not; links followed inside of the root),
 * or a negative errno.
 */
int inroot_touch(int root, const char *path, mode_t mode);

/**
 * inroot_read() - a small regular file of the container, such as /etc/passwd
 * @root: as of inroot_open()
 * @path: likewise
 * @data: where its text goes, 0-terminated
 * @room: octets there; a larger file is -EFBIG
 *
 * Return: its length, or a negative errno; -EINVAL: not a regular file (a FIFO would make us
 * wait for ever, CVE-2024-9676).
 */
ssize_t inroot_read(int root, const char *path, char *data, size_t room);

/**
 * inside_open() - of a host folder that we own: no link, no mount, nothing above it
 * @dir: descriptor of the folder
 * @path: relative, such as a cgroup's
 * @flags: of open(2); O_CLOEXEC is added
 *
 * Return: a descriptor, or a negative errno.
 */
int inside_open(int dir, const char *path, int flags);

/* Is @path made of components that are neither "." nor ".." nor empty? A leading slash is. */
int path_is_clean(const char *path);

#endif
