// SPDX-License-Identifier: GPL-2.0-only
/*
 * All processes of a cgroup and of those below it join a group. Called by cmd_add.c.
 *
 * Processes fork and exit while we look. Children of one that has joined are members by
 * birth; children of one that had not yet are found by looking again, until a round
 * finds nobody new. A number read from cgroup.procs may be another process's by the time
 * it is used, so it is turned into a pidfd, and the cgroup is asked for after that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "csched.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
/* A cgroup that forks faster than we can look is given up on. */
#define ROUNDS_MAX 100
#define DEPTH_MAX 64

/**
 * struct search - one call of add_cgroup()
 * @dev: the device
 * @group: who joins it
 * @path: of the cgroup, for messages
 * @begin: clock ticks from boot until the search began
 * @first: this is the first round
 * @joined: how many have joined
 * @others: how many were in a group before we came
 */
struct search {
	int dev;
	const struct csched_ioc_group *group;
	const char *path;
	uint64_t begin;
	bool first;
	unsigned int joined;
	unsigned int others;
};

static uint64_t ticks_since_boot(void)
{
	struct timespec now;
	uint64_t per_second = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * per_second + (uint64_t)now.tv_nsec * per_second / 1000000000;
}

/* When @pid started, in clock ticks since boot; 0 if it is gone. */
static uint64_t started(int pid)
{
	cleanup_fclose FILE *file = NULL;
	char path[64], line[1024], *at;
	uint64_t ticks = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		return 0;
	/* The second field, in parentheses, may hold anything; the start is number 22. */
	at = strrchr(line, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at + 1, NULL, 10);
	return ticks;
}

/* Is @pid still listed in this cgroup? */
static bool still_there(int dir, int pid)
{
	cleanup_fclose FILE *file = NULL;
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), other;

	if (fd < 0)
		return false;
	file = fdopen(fd, "r");
	while (file && fscanf(file, "%d", &other) == 1)
		if (other == pid)
			return true;
	return false;
}

static int add_one(struct search *search, int dir, int pid, struct error *err)
{
	struct csched_ioc_add args = { .id = search->group->id, .flags = CSCHED_ADD_PIDFD };
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int failed;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : error_errno(err, errno, NULL, "add: pid %d", pid);
	if (!still_there(dir, pid))
		return 0;
	args.pid = pidfd;
	if (!ioctl(search->dev, CSCHED_IOC_ADD, &args)) {
		search->joined++;
		return 1;
	}
	failed = errno;
	if (failed == ESRCH)
		return 0;
	if (failed != EBUSY)
		return device_add(search->dev, search->group, pid, err);
	if (search->first && started(pid) && started(pid) < search->begin)
		search->others++;
	return 0;
}

/* Returns how many have joined, or a negative errno. */
static int add_listed(struct search *search, int dir, struct error *err)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), failed = errno;
	cleanup_fclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int pid, ret, n = 0;

	if (!file)
		return error_errno(err, failed, "give a folder below " CGROUP_ROOT, "cgroup: %s",
				   search->path);
	errno = 0;
	while (fscanf(file, "%d", &pid) == 1) {
		ret = pid ? add_one(search, dir, pid, err) : 0;
		if (ret < 0)
			return ret;
		n += ret;
	}
	/* A threaded cgroup has threads, no processes. */
	if (ferror(file))
		return error_errno(err, errno,
				   "name the cgroup above it that holds whole processes",
				   "cgroup: %s", search->path);
	return n;
}

/* Takes over @dir. The same return as add_listed(). */
static int add_tree(struct search *search, int dir, int depth, struct error *err)
{
	DIR *entries = fdopendir(dir);
	struct dirent *entry;
	int ret, n;

	if (!entries) {
		close(dir);
		return error_errno(err, errno, NULL, "cgroup: %s", search->path);
	}
	n = add_listed(search, dir, err);
	while (n >= 0 && depth < DEPTH_MAX && (entry = readdir(entries))) {
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (below < 0)
			continue; /* removed since */
		ret = add_tree(search, below, depth + 1, err);
		n = ret < 0 ? ret : n + ret;
	}
	closedir(entries);
	return n;
}

static int open_cgroup(const char *path, struct error *err)
{
	char below[4096];
	int dir, failed;

	snprintf(below, sizeof(below), "%s/%s", CGROUP_ROOT, path);
	dir = open(path[0] == '/' && !strncmp(path, CGROUP_ROOT, strlen(CGROUP_ROOT)) ? path
										      : below,
		   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	failed = errno;
	if (dir >= 0)
		return dir;
	return error_errno(err, failed, "give a folder below " CGROUP_ROOT, "cgroup: %s", path);
}

/* All processes that are in the cgroup at @path or below. Returns 0 or a negative errno. */
int add_cgroup(int dev, const struct csched_ioc_group *group, const char *path, bool verbose,
	       struct error *err)
{
	struct search search = {
		.dev = dev, .group = group, .path = path, .begin = ticks_since_boot(), .first = true
	};
	int n = 1, dir;

	for (int round = 0; n > 0 && round < ROUNDS_MAX; round++) {
		dir = open_cgroup(path, err);
		if (dir < 0)
			return dir;
		n = add_tree(&search, dir, 0, err);
		search.first = false;
	}
	if (n < 0)
		return n;
	if (n > 0)
		return error_set(
			err, EAGAIN,
			"cgroup: %s: it forks faster than its processes can be found: %u have "
			"joined: freeze it first (cgroup.freeze)",
			path, search.joined);
	if (search.others)
		return error_set(
			err, EBUSY,
			"cgroup: %s: %u of its processes were in a group already; %u joined: "
			"csched rm lets a group's go",
			path, search.others, search.joined);
	if (!search.joined)
		return error_set(err, ESRCH, "cgroup: %s: no process is in it", path);
	if (verbose)
		printf("%s: %u processes of %s joined\n", group->name, search.joined, path);
	return 0;
}
