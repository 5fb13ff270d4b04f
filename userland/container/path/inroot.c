// SPDX-License-Identifier: GPL-2.0-only
/* Paths of a container become descriptors, see inroot.h. Called by init/, exec.c and state/. */
#include "inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"

/* A race of renames makes openat2 give up with EAGAIN; openat2(2) says to try again. */
#define TRIES 64

/* Tests build with a guard off to see that they would notice (tests/e2e/container/guards.py). */
#ifdef CELL_WITHOUT_GUARD_INROOT
#define WITHIN		0
#define NO_MAGIC	0
#else
#define WITHIN		RESOLVE_IN_ROOT
#define NO_MAGIC	RESOLVE_NO_MAGICLINKS
#endif
#ifdef CELL_WITHOUT_GUARD_PLAIN
#define PLAIN		0
#else
#define PLAIN		RESOLVE_NO_SYMLINKS
#endif

static int resolve(int dir, const char *path, int flags, mode_t mode, uint64_t how)
{
	struct open_how request = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = how,
	};
	long fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, dir, *path ? path : ".", &request, sizeof(request));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int inroot_open(int root, const char *path, int flags)
{
	return resolve(root, path, flags, 0, WITHIN | NO_MAGIC);
}

int inroot_open_plain(int root, const char *path, int flags)
{
	return resolve(root, path, flags, 0, WITHIN | NO_MAGIC | PLAIN);
}

int inside_open(int dir, const char *path, int flags)
{
	while (*path == '/')
		path++;
	return resolve(dir, path, flags, 0,
		       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int path_is_clean(const char *path)
{
	while (*path == '/')
		path++;
	while (*path) {
		size_t length = strcspn(path, "/");

		if (!length || length > NAME_MAX || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return 0;
		path += length;
		if (*path == '/')
			path++;
	}
	return 1;
}

/* One step down from @at to @prefix of the path, which is resolved from the root again. */
static int step(int root, char *prefix, char *name, mode_t mode)
{
	cleanup_close int above = -1;
	char *slash = strrchr(prefix, '/');
	int fd = inroot_open(root, prefix, O_PATH | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	if (slash) {
		*slash = '\0';
		above = inroot_open(root, prefix, O_PATH | O_DIRECTORY);
		*slash = '/';
	} else {
		above = inroot_open(root, "", O_PATH | O_DIRECTORY);
	}
	if (above < 0)
		return above;
	/* One component: a link that lies here is EEXIST and is not followed. */
	if (mkdirat(above, name, mode) && errno != EEXIST)
		return -errno;
	return inroot_open(root, prefix, O_PATH | O_DIRECTORY);
}

int inroot_mkdir(int root, const char *path, mode_t mode)
{
	cleanup_close int fd = inroot_open(root, path, O_PATH | O_DIRECTORY);
	char whole[PATH_MAX];
	size_t used = 0;

	if (fd >= 0 || fd != -ENOENT)
		return keep_fd(&fd);
	while (*path == '/')
		path++;
	if (strlen(path) >= sizeof(whole) - 1)
		return -ENAMETOOLONG;
	while (*path) {
		size_t length = strcspn(path, "/");
		char *name;

		if (used)
			whole[used++] = '/';
		name = whole + used;
		memcpy(name, path, length);
		used += length;
		whole[used] = '\0';
		cleanup_fd(&fd);
		fd = step(root, whole, name, mode);
		if (fd < 0)
			return fd;
		path += length;
		while (*path == '/')
			path++;
	}
	return keep_fd(&fd);
}

int inroot_parent(int root, const char *path, char *name)
{
	char above[PATH_MAX];
	size_t end = strlen(path), start;

	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	if (end == start || end - start > NAME_MAX || end >= sizeof(above))
		return end == start ? -EINVAL : -ENAMETOOLONG;
	memcpy(name, path + start, end - start);
	name[end - start] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	memcpy(above, path, start);
	above[start] = '\0';
	return inroot_mkdir(root, above, 0755);
}

int inroot_touch(int root, const char *path, mode_t mode)
{
	cleanup_close int above = -1;
	char name[NAME_MAX + 1];
	int fd = inroot_open(root, path, O_PATH), made;

	if (fd != -ENOENT)
		return fd;
	above = inroot_parent(root, path, name);
	if (above < 0)
		return above;
	made = openat(above, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, mode);
	if (made < 0 && errno != EEXIST)
		return -errno;
	if (made >= 0)
		close(made);
	return inroot_open(root, path, O_PATH);
}

ssize_t inroot_read(int root, const char *path, char *data, size_t room)
{
	cleanup_close int fd = inroot_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	do {
		n = read(fd, data + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += (size_t)n;
		if (used == room)
			return -EFBIG;
	} while (n);
	data[used] = '\0';
	return (ssize_t)used;
}
