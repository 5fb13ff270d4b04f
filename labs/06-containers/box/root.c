// SPDX-License-Identifier: GPL-2.0-only
/*
 * A root of its own: layers put on each other, what a system has in /proc and /dev, and no way back.
 * main.c calls this in process 1, when it is root there.
 *
 * Nothing here follows a name of the image's to a place outside: who writes an image may have made
 * /proc or /dev a symbolic link. A folder is opened first, and looked at; then it is mounted on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"

static const char *const devices[] = { "null", "zero", "full", "random", "urandom", "tty" };

/* Where a descriptor leads, as a path for mount(2). */
static const char *path_of(int fd, char path[32])
{
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return path;
}

/* A folder of the new root, made if it is missing; or -1 after trouble(). */
static int folder_in(int root, const char *name)
{
	int fd;

	if (mkdirat(root, name, 0755) && errno != EEXIST)
		return trouble(errno, "cannot make /%s in the box", name);
	fd = openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return trouble(errno, "the image's /%s is not a folder: a link there could lead outside",
			       name);
	return fd;
}

/* The devices that do no harm. Nobody may make them in a user namespace; they are lent from outside. */
static int mount_devices(int root)
{
	int dev = folder_in(root, "dev");
	char to[32], from[32];

	if (dev < 0)
		return -1;
	if (mount("tmpfs", path_of(dev, to), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k"))
		return trouble(errno, "cannot mount: /dev");
	/* what was opened before is below it now */
	close(dev);
	dev = folder_in(root, "dev");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		int fd = openat(dev, devices[i], O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0666);

		snprintf(from, sizeof(from), "/dev/%s", devices[i]);
		if (fd < 0 || mount(from, path_of(fd, to), NULL, MS_BIND, NULL))
			return trouble(errno, "cannot lend: %s", from);
		close(fd);
	}
	close(dev);
	return 0;
}

static int mount_proc(int root)
{
	int at = folder_in(root, "proc");
	char to[32];

	if (at < 0)
		return -1;
	path_of(at, to);
	/* lab 06 step 2 begin: /proc tells of its process namespace; skeleton: close(at); return 0; */
	if (mount("proc", to, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return trouble(errno, "cannot mount: /proc");
	close(at);
	return 0;
	/* lab 06 step 2 end */
}

/* From now on / is `root`, and what was / is nowhere. */
static int change_root(int root)
{
	/* lab 06 step 2 begin: in, turn, let go; skeleton: return fchdir(root) || chroot(".") ? trouble(errno, "cannot change the root") : 0; */
	if (fchdir(root))
		return trouble(errno, "cannot enter the new root");
	/* the old root comes to lie on the new one, at the same place (pivot_root(2)) */
	if (syscall(SYS_pivot_root, ".", "."))
		return trouble(errno, "cannot change the root");
	if (umount2(".", MNT_DETACH))
		return trouble(errno, "cannot let the old root go");
	if (chdir("/"))
		return trouble(errno, "cannot enter the new root");
	return 0;
	/* lab 06 step 2 end */
}

/* What is mounted here stays here, and what is mounted outside does not come here. */
static int keep_to_itself(void)
{
	/* lab 06 step 2 begin: every mount is private; skeleton: return 0; */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return trouble(errno, "cannot make mounts private");
	return 0;
	/* lab 06 step 2 end */
}

int root_enter(const struct box *box)
{
	char options[4096], path[512];
	int root, result;

	if (keep_to_itself())
		return -1;
	snprintf(path, sizeof(path), "%s/root", box->folder);
	if (!layers_options(&box->layers, box->folder, options, sizeof(options)))
		return trouble(0, "too many layers for one mount: %zu, in %s: give a folder with a shorter name (--folder)",
			       box->layers.count, box->folder);
	if (mount("overlay", path, "overlay", 0, options))
		return trouble(errno, "cannot put layers on each other: %s%s", options, errno == EACCES ?
			       ": may its root, another user out here, enter each folder on the way?" : "");
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return trouble(errno, "cannot open: %s", path);
	result = mount_devices(root) || mount_proc(root) || change_root(root) ? -1 : 0;
	close(root);
	return result;
}

int root_close_others(void)
{
	/* lab 06 step 2 begin: an open folder is a way out; skeleton: return 0; */
	if (close_range(STDERR_FILENO + 1, ~0U, 0))
		return trouble(errno, "cannot close what else is open");
	return 0;
	/* lab 06 step 2 end */
}
