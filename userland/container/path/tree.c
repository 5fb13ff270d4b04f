// SPDX-License-Identifier: GPL-2.0-only
/* Folders of a root that a whole image goes into, see tree.h. Called by cell-image. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "guard.h"
#include "inroot.h"

/* Symbolic links to folders that are not there, one leading to the next. */
#define LINKS_MOST 8

int tree_clean(const char *path, char *out, size_t size)
{
	size_t used = 0;

	while (*path) {
		size_t length = strcspn(path, "/");

		if (GUARD(DOTS) && length == 2 && path[0] == '.' && path[1] == '.')
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
	at = inroot_open(root, ".", O_PATH | O_DIRECTORY);
	while (at >= 0 && path[end]) {
		size_t start = end + strspn(path + end, "/");
		int next;

		end = start + strcspn(path + start, "/");
		if (end == start)
			break;
		prefix[end] = '\0';
		next = inroot_open(root, prefix, O_PATH | O_DIRECTORY);
		if (next == -ENOENT) {
			if (!mkdirat(at, prefix + start, 0755))
				next = inroot_open(root, prefix, O_PATH | O_DIRECTORY);
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

int tree_make(int root, const char *path)
{
	return make_folders(root, path, 0);
}

int tree_parent(int root, const char *path, bool make, const char **last)
{
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX];
	int fd;

	*last = slash ? slash + 1 : path;
	if (!slash)
		return inroot_open(root, ".", O_PATH | O_DIRECTORY);
	if ((size_t)(slash - path) >= sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	fd = inroot_open(root, above, O_PATH | O_DIRECTORY);
	return fd == -ENOENT && make ? tree_make(root, above) : fd;
}

static int remove_below(int folder, int depth)
{
	struct dirent *entry;
	DIR *list;
	int ret = 0;

	if (depth > TREE_DEPTH) {
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

int tree_remove(int parent, const char *name)
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
