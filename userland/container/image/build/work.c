// SPDX-License-Identifier: GPL-2.0-only
/* Where builds work, see work.h. Called by plan.c and cmd_base.c. The kernel unlocks what a dead one had. */
#include "work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "../../path/tree.h"
#include "cleanup.h"

static void remove_dead(int all)
{
	DIR *list = fdopendir(dup(all));
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		cleanup_close int fd = -1;

		if (entry->d_name[0] == '.')
			continue;
		fd = openat(all, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			tree_remove(all, entry->d_name);
	}
	if (list)
		closedir(list);
}

int work_open(const struct store *store, const char *what, int *fd, char path[PATH_MAX],
	      struct error *err)
{
	cleanup_close int all = -1;
	char name[48], top[PATH_MAX];

	*fd = -1;
	if (!realpath(store->path, top) || strlen(top) > PATH_MAX - 64)
		return error_errno(err, ENAMETOOLONG, NULL, "%s: %s", what, store->path);
	if (mkdirat(store->dir, "build", 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "%s: %s/build", what, top);
	all = openat(store->dir, "build", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all < 0 || flock(all, LOCK_EX))
		return error_errno(err, errno, NULL, "%s: %s/build", what, top);
	remove_dead(all);
	snprintf(name, sizeof(name), "%d-%s", getpid(), what);
	snprintf(path, PATH_MAX, "%.4000s/build/%s", top, name);
	if (mkdirat(all, name, 0700))
		return error_errno(err, errno, NULL, "%s: %s", what, path);
	*fd = openat(all, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 && !flock(*fd, LOCK_EX | LOCK_NB) ? 0
							  : error_errno(err, errno, NULL, "%s: %s", what, path);
}

void work_close(const struct store *store, int *fd, const char *path)
{
	cleanup_close int all = -1;

	if (*fd < 0)
		return;
	all = openat(store->dir, "build", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all >= 0)
		tree_remove(all, strrchr(path, '/') + 1);
	cleanup_fd(fd);
	*fd = -1;
}
