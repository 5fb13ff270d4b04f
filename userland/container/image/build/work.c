// SPDX-License-Identifier: GPL-2.0-only
/* Where a build works, see work.h. Called by plan.c. The kernel unlocks what a dead build had. */
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

int work_open(struct build *build, struct error *err)
{
	cleanup_close int all = -1;
	char name[48], store[PATH_MAX];

	if (!realpath(build->store->path, store) || strlen(store) > PATH_MAX - 64)
		return error_errno(err, ENAMETOOLONG, NULL, "build: %s", build->store->path);
	if (mkdirat(build->store->dir, "build", 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "build: %s/build", store);
	all = openat(build->store->dir, "build", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all < 0 || flock(all, LOCK_EX))
		return error_errno(err, errno, NULL, "build: %s/build", store);
	remove_dead(all);
	snprintf(name, sizeof(name), "%d", getpid());
	snprintf(build->work_path, sizeof(build->work_path), "%.4000s/build/%s", store, name);
	if (mkdirat(all, name, 0700))
		return error_errno(err, errno, NULL, "build: %s", build->work_path);
	build->work = openat(all, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return build->work >= 0 && !flock(build->work, LOCK_EX | LOCK_NB)
		       ? 0 : error_errno(err, errno, NULL, "build: %s", build->work_path);
}

void work_close(struct build *build)
{
	cleanup_close int all = -1;

	if (build->work < 0)
		return;
	all = openat(build->store->dir, "build", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all >= 0)
		tree_remove(all, strrchr(build->work_path, '/') + 1);
	cleanup_fd(&build->work);
}
