// SPDX-License-Identifier: GPL-2.0-only
/* Paths within a root, see inroot.h. Called by all that touches what an image is unpacked to. */
#include "inroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cleanup.h"

/* Symbolic links to folders that are not there, one leading to the next. */
#define LINKS_MOST 8

int inroot_clean(const char *path, char *out, size_t size)
{
	size_t used = 0;

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (length && !(length == 1 && path[0] == '.')) {
			if (length > NAME_MAX || used + length + 2 > size)
				return -ENAMETOOLONG;
			if (used)
				out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length;
		path += *path == '/';
	}
	out[used] = '\0';
	return 0;
}

int inroot_open(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (__u64)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd < 0 ? -errno : (int)fd;
}

static int make_folders(int root, const char *path, int links);

/* @prefix is a symbolic link to nowhere: make where it leads. */
static int make_target(int root, const char *prefix, int parent, const char *name, int links)
{
	char target[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlinkat(parent, name, target, sizeof(target) - 1);
	int above = (int)(name - prefix);

	if (length < 0)
		return errno == EINVAL ? -ENOTDIR : -errno;
	if (links >= LINKS_MOST)
		return -ELOOP;
	target[length] = '\0';
	if (snprintf(path, sizeof(path), "%.*s%s", target[0] == '/' ? 0 : above, prefix, target) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return make_folders(root, path, links + 1);
}

/* One component of @path after the other; @path may have "..", from a link. */
static int make_folders(int root, const char *path, int links)
{
	char prefix[PATH_MAX];
	size_t end = 0;
	int at;

	if (strlen(path) >= sizeof(prefix))
		return -ENAMETOOLONG;
	memcpy(prefix, path, strlen(path) + 1);
	at = inroot_open(root, ".", O_PATH | O_DIRECTORY, 0);
	while (at >= 0 && path[end]) {
		size_t start = end + strspn(path + end, "/");
		int next;

		end = start + strcspn(path + start, "/");
		if (end == start)
			break;
		prefix[end] = '\0';
		next = inroot_open(root, prefix, O_PATH | O_DIRECTORY, 0);
		if (next == -ENOENT) {
			if (!mkdirat(at, prefix + start, 0755))
				next = inroot_open(root, prefix, O_PATH | O_DIRECTORY, 0);
			else if (errno == EEXIST)
				next = make_target(root, prefix, at, prefix + start, links);
			else
				next = -errno;
		}
		close(at);
		at = next;
		prefix[end] = path[end];
	}
	return at;
}

int inroot_make(int root, const char *path)
{
	return make_folders(root, path, 0);
}

int inroot_parent(int root, const char *path, bool make, const char **last)
{
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX];
	int fd;

	*last = slash ? slash + 1 : path;
	if (!slash)
		return inroot_open(root, ".", O_PATH | O_DIRECTORY, 0);
	if ((size_t)(slash - path) >= sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	fd = inroot_open(root, above, O_PATH | O_DIRECTORY, 0);
	return fd == -ENOENT && make ? inroot_make(root, above) : fd;
}

static int remove_below(int folder, int depth)
{
	struct dirent *entry;
	DIR *list;
	int ret = 0;

	if (depth > INROOT_DEPTH) {
		close(folder);
		return -ELOOP;
	}
	list = fdopendir(folder);
	if (!list) {
		close(folder);
		return -errno;
	}
	while (!ret && (errno = 0, entry = readdir(list))) {
		int inner;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(folder, entry->d_name, 0))
			continue;
		if (errno != EISDIR && errno != EPERM) {
			ret = -errno;
			break;
		}
		inner = openat(folder, entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		ret = inner < 0 ? -errno : remove_below(inner, depth + 1);
		if (!ret && unlinkat(folder, entry->d_name, AT_REMOVEDIR))
			ret = -errno;
	}
	closedir(list);
	return ret;
}

int inroot_remove(int parent, const char *name)
{
	int folder, ret;

	if (!unlinkat(parent, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	ret = remove_below(folder, 0);
	if (!ret && unlinkat(parent, name, AT_REMOVEDIR))
		ret = -errno;
	return ret;
}

char *inroot_read(int root, const char *path, size_t most, size_t *length)
{
	/* O_NONBLOCK: a pipe is not waited for. */
	cleanup_close int fd = inroot_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat info;
	char *data;
	ssize_t got;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (fstat(fd, &info))
		return NULL;
	if (!S_ISREG(info.st_mode) || info.st_size > (off_t)most) {
		errno = S_ISREG(info.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	data = malloc(most + 1);
	if (!data)
		return NULL;
	*length = 0;
	while (*length < most && (got = read(fd, data + *length, most - *length)) > 0)
		*length += (size_t)got;
	data[*length] = '\0';
	return data;
}
