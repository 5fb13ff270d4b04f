/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mounts by descriptor: a mount is made detached, given its attributes, and only then put on a
 * place that is itself a descriptor (fsopen(2), open_tree(2), mount_setattr(2), move_mount(2)).
 * No step takes a path of the container, so there is no moment at which one could be swapped
 * (CVE-2021-30465).
 */
#ifndef CELL_PATH_MOUNTS_H
#define CELL_PATH_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/**
 * mount_new() - a new file system, detached
 * @type: such as "tmpfs"
 * @source: shown in /proc/mounts; may be NULL
 * @data: comma-separated words of the file system, such as "mode=755,size=64k"; may be NULL
 * @attributes: MOUNT_ATTR_*
 *
 * Return: a descriptor of the mount, or a negative errno with @err naming the type and the word
 * that the kernel did not take.
 */
int mount_new(const char *type, const char *source, const char *data, uint64_t attributes,
	      struct error *err);

/**
 * mount_clone() - a detached copy of a mount, or of part of it: what a bind mount begins with
 * @dir: descriptor, or AT_FDCWD
 * @path: from there; "" is @dir itself
 * @recursive: mounts below it too
 *
 * Return: a descriptor, or a negative errno; -EPERM where the caller may not mount.
 */
int mount_clone(int dir, const char *path, bool recursive);

/* Put the detached mount @mount on the place that @target is. Returns 0 or a negative errno. */
int mount_put(int mount, int target);

/**
 * mount_change() - attributes and propagation of a mount
 * @mount: descriptor
 * @set: MOUNT_ATTR_* to set
 * @clear: MOUNT_ATTR_* to clear
 * @propagation: MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, or 0: as it is
 * @recursive: mounts below it too
 *
 * Return: 0 or a negative errno.
 */
int mount_change(int mount, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive);

/**
 * mount_idmap() - let ids of a detached mount be mapped as a user namespace does
 * @mount: detached, not yet idmapped
 * @userns: descriptor of /proc/PID/ns/user
 * @recursive: mounts below it too
 *
 * Return: 0 or a negative errno; -EINVAL: this file system cannot be idmapped.
 */
int mount_idmap(int mount, int userns, bool recursive);

#endif
