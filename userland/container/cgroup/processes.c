// SPDX-License-Identifier: GPL-2.0-only
/* Processes of a container's groups: listed, frozen, signalled. Called by the verbs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"

#define DEPTH_MAX	32
/* Freezing waits for the slowest system call that a process is in. */
#define FREEZE_TRIES	2000

struct list {
	pid_t *pids;
	size_t room;
	size_t count;
};

static int list_one(int dir, struct list *list)
{
	cleanup_fclose FILE *file = NULL;
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), pid;

	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	while (file && fscanf(file, "%d", &pid) == 1) {
		if (list->count < list->room)
			list->pids[list->count] = pid;
		list->count++;
	}
	return 0;
}

/* Takes over @dir. */
static int list_tree(int dir, int depth, struct list *list)
{
	DIR *entries = fdopendir(dir);
	struct dirent *entry;
	int ret;

	if (!entries) {
		close(dir);
		return -errno;
	}
	ret = list_one(dir, list);
	while (!ret && depth < DEPTH_MAX && (entry = readdir(entries))) {
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			ret = list_tree(below, depth + 1, list);
	}
	closedir(entries);
	return ret;
}

/* Any hierarchy would do; the best is one that a container cannot leave. */
static const struct cgroup_hierarchy *any(struct cgroups *groups)
{
	static const enum cgroup_controller order[] = { CG_PIDS, CG_MEMORY, CG_FREEZER, CG_CPU };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct cgroup_hierarchy *h = cgroups_with(groups, order[i]);

		if (h && h->dir >= 0)
			return h;
	}
	for (unsigned int i = 0; i < groups->count; i++)
		if (groups->hierarchies[i].dir >= 0)
			return &groups->hierarchies[i];
	return NULL;
}

ssize_t cgroups_processes(struct cgroups *groups, pid_t *pids, size_t room)
{
	const struct cgroup_hierarchy *h = any(groups);
	struct list list = { pids, room, 0 };
	int dir, ret;

	if (!groups->enabled || !h)
		return -ENOENT;
	dir = openat(h->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	ret = list_tree(dir, 0, &list);
	return ret ? ret : (ssize_t)list.count;
}

static bool frozen_as(const struct cgroup_hierarchy *h, bool frozen)
{
	char text[256];

	if (cgroup_read(h->dir, h->v2 ? "cgroup.events" : "freezer.state", text,
			sizeof(text)) <= 0)
		return false;
	if (h->v2)
		return strstr(text, frozen ? "frozen 1" : "frozen 0");
	return !strcmp(text, frozen ? "FROZEN" : "THAWED");
}

bool cgroups_frozen(struct cgroups *groups)
{
	const struct cgroup_hierarchy *h = cgroups_with(groups, CG_FREEZER);

	return groups->enabled && h && h->dir >= 0 && frozen_as(h, true);
}

int cgroups_freeze(struct cgroups *groups, bool freeze, struct error *err)
{
	const struct timespec pause = { 0, 1000000 };
	const struct cgroup_hierarchy *h = cgroups_with(groups, CG_FREEZER);
	const char *word = h && h->v2 ? (freeze ? "1" : "0") : (freeze ? "FROZEN" : "THAWED");
	int ret;

	if (!groups->enabled || !h || h->dir < 0)
		return error_set(err, EOPNOTSUPP, "%s: the container has no group that can be "
				 "frozen: mount cgroup2, or v1's freezer",
				 freeze ? "pause" : "resume");
	for (int i = 0; i < FREEZE_TRIES; i++) {
		/* v1 may need to be asked again, for processes that were forked meanwhile. */
		ret = i && h->v2 ? 0
				 : cgroup_write(h->dir, h->v2 ? "cgroup.freeze" : "freezer.state",
						word);
		if (ret)
			return error_errno(err, -ret, NULL, "cgroup: %s/%s: %s", h->mount,
					   groups->path, word);
		if (frozen_as(h, freeze))
			return 0;
		nanosleep(&pause, NULL);
	}
	if (freeze)
		cgroup_write(h->dir, h->v2 ? "cgroup.freeze" : "freezer.state",
			     h->v2 ? "0" : "THAWED");
	return error_set(err, ETIMEDOUT, "%s: not all processes could be %s: try again",
			 freeze ? "pause" : "resume", freeze ? "frozen" : "thawed");
}

static int signal_listed(struct cgroups *groups, int signal, struct error *err)
{
	size_t room = 256;
	ssize_t count;
	cleanup_free pid_t *pids = NULL;

	for (;;) {
		free(pids);
		pids = calloc(room, sizeof(*pids));
		if (!pids)
			return error_set(err, ENOMEM, "kill: no memory");
		count = cgroups_processes(groups, pids, room);
		if (count < 0)
			return error_errno(err, (int)-count, NULL, "cgroup: %s", groups->path);
		if ((size_t)count <= room)
			break;
		room = (size_t)count * 2;
	}
	for (ssize_t i = 0; i < count; i++)
		if (kill(pids[i], signal) && errno != ESRCH)
			return error_errno(err, errno, NULL, "kill: pid %d", pids[i]);
	return 0;
}

int cgroups_signal(struct cgroups *groups, int signal, struct error *err)
{
	struct error ignored;
	int dir = cgroups_v2_dir(groups), ret;
	bool was_frozen, frozen;

	/* Of nobody nobody is born: there is nothing to freeze, which costs all processors a moment. */
	if (cgroups_processes(groups, NULL, 0) == 0)
		return 0;
	/* One write, and nobody who forks gets away (Linux 5.14). */
	if (signal == SIGKILL && dir >= 0 && any(groups)->v2 &&
	    !cgroup_write(dir, "cgroup.kill", "1"))
		return 0;
	was_frozen = cgroups_frozen(groups);
	frozen = was_frozen || !cgroups_freeze(groups, true, &ignored);
	ret = signal_listed(groups, signal, err);
	if (frozen && (!was_frozen || signal == SIGKILL))
		cgroups_freeze(groups, false, &ignored);
	return ret;
}
