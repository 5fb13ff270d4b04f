// SPDX-License-Identifier: GPL-2.0-only
/* Device nodes and links in /dev (config-linux.md#default-devices). Called by child.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../path/guard.h"
#include "../path/inroot.h"
#include "../path/mounts.h"
#include "cleanup.h"
#include "container.h"

static const struct config_device defaults[] = {
	{ "/dev/null", 'c', 1, 3, 0666, 0, 0 },	  { "/dev/zero", 'c', 1, 5, 0666, 0, 0 },
	{ "/dev/full", 'c', 1, 7, 0666, 0, 0 },	  { "/dev/random", 'c', 1, 8, 0666, 0, 0 },
	{ "/dev/urandom", 'c', 1, 9, 0666, 0, 0 }, { "/dev/tty", 'c', 5, 0, 0666, 0, 0 },
};

static const struct {
	const char *name;
	const char *text;
} links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

static mode_t type_of(const struct config_device *device)
{
	return device->type == 'c' ? S_IFCHR : device->type == 'b' ? S_IFBLK : S_IFIFO;
}

static bool is_device(const struct stat *st, const struct config_device *device)
{
	return (st->st_mode & S_IFMT) == type_of(device) &&
	       (device->type == 'p' || st->st_rdev == makedev(device->major, device->minor));
}

/* A user namespace may not make nodes: the host's own is bound, if it is what it is called. */
static int bind_host(struct container *c, const struct config_device *device, struct error *err)
{
	cleanup_close int tree = mount_clone(AT_FDCWD, device->path, false), place = -1;
	struct stat st;
	int ret;

	if (tree < 0)
		return error_errno(err, -tree, NULL, "devices: %s: the host's", device->path);
	if (fstat(tree, &st) || !is_device(&st, device))
		return error_set(err, ENXIO, "devices: %s: the host's is another device: a user "
				 "namespace can only have the host's", device->path);
	place = inroot_touch(c->root_fd, device->path, 0644);
	ret = place < 0 ? place : mount_put(tree, place);
	return ret ? error_errno(err, -ret, NULL, "devices: %s", device->path) : 0;
}

static int make_node(int folder, const char *name, const struct config_device *device,
		     struct error *err)
{
	dev_t number = device->type == 'p' ? 0 : makedev(device->major, device->minor);
	struct stat st;

	if (mknodat(folder, name, type_of(device) | device->mode, number)) {
		int failed = errno;

		if (failed == EEXIST && !fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) &&
		    (is_device(&st, device) || !GUARD(DEVNULL)))
			return 0;
		error_errno(err, failed, failed == EEXIST ? "something else has that name" : NULL,
			    "devices: %s", device->path);
		return -failed;
	}
	if ((device->uid || device->gid) &&
	    fchownat(folder, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW))
		return error_errno(err, errno, NULL, "devices: %s: owner", device->path);
	return 0;
}

static int make_one(struct container *c, const struct config_device *device, struct error *err)
{
	cleanup_close int folder = -1;
	char name[NAME_MAX + 1];
	int ret;

	if (c->config.namespaces.listed & 1u << NS_USER)
		return bind_host(c, device, err);
#ifdef CELL_WITHOUT_GUARD_DEV
	folder = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	strcpy(name, strrchr(device->path, '/') + 1);
#else
	folder = inroot_parent(c->root_fd, device->path, name);
#endif
	if (folder < 0)
		return error_errno(err, -folder, NULL, "devices: %s", device->path);
	ret = make_node(folder, name, device, err);
	return ret == -EPERM ? bind_host(c, device, err) : ret;
}

int devices_make(struct container *c, struct error *err)
{
	mode_t mask = umask(0);
	cleanup_close int dev = -1;
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		ret = make_one(c, &defaults[i], err);
	for (size_t i = 0; !ret && i < c->config.device_count; i++)
		ret = make_one(c, &c->config.devices[i], err);
	umask(mask);
	if (ret)
		return ret;
	dev = inroot_mkdir(c->root_fd, "/dev", 0755);
	if (dev < 0)
		return error_errno(err, -dev, NULL, "devices: /dev");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].text, dev, links[i].name) && errno != EEXIST &&
		    errno != EROFS)
			return error_errno(err, errno, NULL, "devices: /dev/%s", links[i].name);
	return 0;
}
