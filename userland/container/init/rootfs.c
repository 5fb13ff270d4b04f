// SPDX-License-Identifier: GPL-2.0-only
/* The container's root: put in its place, and made the root. Called by child.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "../path/mounts.h"
#include "cleanup.h"
#include "container.h"

int rootfs_attach(struct container *c, struct error *err)
{
	cleanup_close int place = -1;
	int ret;

	/* No mount of ours reaches the host from here on; what the host mounts later is not ours. */
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL))
		return error_errno(err, errno, NULL, "mount: / private");
	if (c->trees.rootfs < 0) {
		c->trees.rootfs = mount_clone(AT_FDCWD, c->rootfs, true);
		if (c->trees.rootfs < 0)
			return error_errno(err, -c->trees.rootfs, NULL, "root: %s", c->rootfs);
	}
	ret = mount_change(c->trees.rootfs, 0, 0, MS_PRIVATE, true);
	if (ret)
		return error_errno(err, -ret, NULL, "root: private");
	/* path-layer: the host's, by realpath of the bundle */
	place = open(c->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return error_errno(err, errno, errno == ENOTDIR ? "must be a folder" : NULL,
				   "root: %s", c->rootfs);
	ret = mount_put(c->trees.rootfs, place);
	if (ret)
		return error_errno(err, -ret, NULL, "root: %s", c->rootfs);
	/* The tree's descriptor is the root from now on, wherever it is mounted. */
	c->root_fd = c->trees.rootfs;
	return 0;
}

/*
 * The host's file systems of these types would lie below the moved root, and with one that nothing
 * covers there, the kernel lets whoever is root in a user namespace inside mount a fresh one, with
 * none of our masks (mount_too_revealing() of fs/namespace.c).
 */
static bool reveals(const char *type)
{
	return !strcmp(type, "proc") || !strcmp(type, "sysfs");
}

/* Where @line of mountinfo mounts one: its path, unescaped, in the line; or NULL. */
static char *revealing_place(char *line)
{
	char *type = strstr(line, " - "), *place = line, *to;

	if (!type)
		return NULL;
	*type = '\0';
	type += 3;
	type[strcspn(type, " ")] = '\0';
	for (int i = 0; i < 4; i++)
		strsep(&place, " ");
	place = place ? strsep(&place, " ") : NULL;
	if (!place || !reveals(type))
		return NULL;
	to = place;
	for (const char *from = place; *from; to++) {
		unsigned int octet;

		if (sscanf(from, "\\%3o", &octet) == 1) {
			*to = (char)octet;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return place;
}

static int hide(const char *place, const char *rootfs, struct error *err)
{
	size_t length = strlen(rootfs);

	if (!strncmp(place, rootfs, length) && (place[length] == '/' || !place[length]))
		return 0;
	/* In a user namespace they cannot be taken away, but covered. path-layer: the host's mounts */
	if (!umount2(place, MNT_DETACH) || !mount("tmpfs", place, "tmpfs", MS_RDONLY, "nr_inodes=1"))
		return 0;
	/* It went with the one it lay on. */
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_errno(err, errno, NULL, "root: %s of the host: umount", place);
}

static int hide_revealing(const struct container *c, struct error *err)
{
	cleanup_fclose FILE *table = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *text = NULL;
	char *rest, *line;
	size_t room = 0;
	int ret = 0;

	/* Whole, before it changes. */
	if (!table || getdelim(&text, &room, '\0', table) < 0)
		return error_errno(err, errno, "mount a procfs", "/proc/self/mountinfo");
	rest = text;
	while (!ret && (line = strsep(&rest, "\n"))) {
		const char *place = revealing_place(line);

		if (place)
			ret = hide(place, c->rootfs, err);
	}
	return ret;
}

static int move_and_chroot(const struct container *c, struct error *err)
{
#ifndef CELL_WITHOUT_GUARD_REVEAL
	int ret = hide_revealing(c, err);

	if (ret)
		return ret;
#endif
	if (mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		return error_errno(err, errno, NULL, "root: move and chroot");
	return 0;
}

/* The old root comes to lie on the new one, and is taken away there (pivot_root(2), NOTES). */
static int pivot(struct error *err)
{
	cleanup_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return error_errno(err, errno, NULL, "root: /");
	if (syscall(SYS_pivot_root, ".", "."))
		return error_errno(err, errno,
				   errno == EINVAL ? "the host's root cannot be pivoted, as that of "
						     "an initramfs: --no-pivot" : NULL,
				   "pivot_root");
	if (fchdir(old) || umount2(".", MNT_DETACH))
		return error_errno(err, errno, NULL, "root: the host's: umount");
	return 0;
}

int rootfs_pivot(struct container *c, struct error *err)
{
	int ret;

	if (fchdir(c->root_fd))
		return error_errno(err, errno, NULL, "root: %s", c->rootfs);
	ret = c->no_pivot ? move_and_chroot(c, err) : pivot(err);
	if (!ret && chdir("/"))
		ret = error_errno(err, errno, NULL, "root: /");
	return ret;
}

int rootfs_finish(struct container *c, struct error *err)
{
	uint64_t propagation = c->config.propagation;
	int ret = 0;

	if (c->config.readonly)
		ret = mount_change(c->root_fd, MOUNT_ATTR_RDONLY, 0, 0, false);
	if (!ret && propagation)
		ret = mount_change(c->root_fd, 0, 0, propagation & ~(uint64_t)MS_REC,
				   propagation & MS_REC);
	return ret ? error_errno(err, -ret, NULL, "root: %s",
				 c->config.readonly ? "read-only" : "propagation")
		   : 0;
}
