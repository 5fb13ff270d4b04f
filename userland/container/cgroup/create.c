// SPDX-License-Identifier: GPL-2.0-only
/* Groups are made, entered and removed. Called by the verbs, and by init/ (cgroups_enter). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "cgroup.h"
#include "cleanup.h"

#define DEPTH_MAX	32

int cgroup_write(int dir, const char *file, const char *value)
{
	cleanup_close int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, value, strlen(value));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

ssize_t cgroup_read(int dir, const char *file, char *text, size_t room)
{
	cleanup_close int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t used = 0;
	ssize_t n = 1;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (n && used < room - 1) {
		n = read(fd, text + used, room - 1 - used);
		if (n < 0)
			return -errno;
		used += (size_t)n;
	}
	while (used && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	return (ssize_t)used;
}

/* "a-b.slice" lies in "a.slice" (systemd.slice(5)). */
static int slice_path(const char *slice, char *path, size_t room)
{
	size_t used = 0, length = strlen(slice);

	path[0] = '\0';
	if (!strcmp(slice, "-.slice") || !length)
		return 0;
	if (length < 7 || strcmp(slice + length - 6, ".slice") != 0 || strchr(slice, '/'))
		return -EINVAL;
	for (size_t i = 0; i < length - 6; i++)
		if (slice[i] == '-' && i)
			used += (size_t)snprintf(path + used, used < room ? room - used : 0,
						 "%.*s.slice/", (int)i, slice);
	used += (size_t)snprintf(path + used, used < room ? room - used : 0, "%s/", slice);
	return used < room ? 0 : -ENAMETOOLONG;
}

static int systemd_path(const char *wanted, char *path, struct error *err)
{
	char copy[PATH_MAX], slices[PATH_MAX], *rest = copy, *slice, *prefix;

	if (strlen(wanted) >= sizeof(copy))
		return error_set(err, ENAMETOOLONG, "cgroupsPath: is too long");
	strcpy(copy, wanted);
	slice = strsep(&rest, ":");
	prefix = rest ? strsep(&rest, ":") : NULL;
	if (!rest || strchr(rest, ':') || strchr(prefix, '/') || strchr(rest, '/'))
		return error_set(err, EINVAL, "cgroupsPath: %.100s: expected slice:prefix:name, "
				 "as --systemd-cgroup asks", wanted);
	if (slice_path(slice[0] ? slice : "system.slice", slices, sizeof(slices)))
		return error_set(err, EINVAL, "cgroupsPath: %.100s: is no slice", slice);
	if (snprintf(path, PATH_MAX, "%s%s%s%s.scope", slices, prefix, prefix[0] ? "-" : "",
		     rest) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "cgroupsPath: is too long");
	return 0;
}

int cgroups_path(const char *wanted, const char *id, bool systemd, char *path, struct error *err)
{
	int ret = 0;

	if (systemd && wanted && strchr(wanted, ':'))
		ret = systemd_path(wanted, path, err);
	else if (wanted && *wanted)
		snprintf(path, PATH_MAX, "%s", wanted + strspn(wanted, "/"));
	else
		snprintf(path, PATH_MAX, "cell-%s", id);
#ifndef CELL_WITHOUT_GUARD_CGROUP_PATH
	if (!ret && (!path[0] || !path_is_clean(path)))
		ret = error_set(err, EINVAL,
				"cgroupsPath: %.200s: expected names with / between, none of them "
				"\"..\" or \".\"", wanted ? wanted : id);
#endif
	return ret;
}

/* In v1 a cpuset begins empty, and nothing may join an empty one. */
static void inherit_cpuset(int above, int dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char value[4096];

	for (int i = 0; i < 2; i++)
		if (cgroup_read(dir, files[i], value, sizeof(value)) == 0 &&
		    cgroup_read(above, files[i], value, sizeof(value)) > 0)
			cgroup_write(dir, files[i], value);
}

/* In v2 a group has the controllers that the one above it passes down. */
static void pass_down(int above)
{
	char list[512], *rest = list, *name;

	if (cgroup_read(above, "cgroup.controllers", list, sizeof(list)) <= 0)
		return;
	/* One at a time: one that cannot be had must not cost the others. */
	while ((name = strsep(&rest, " "))) {
		char word[64];

		snprintf(word, sizeof(word), "+%s", name);
		cgroup_write(above, "cgroup.subtree_control", word);
	}
}

/* One component below @above; @made counts from the first that was not there. */
static int make_one(const struct cgroup_hierarchy *h, int above, const char *name,
		    unsigned int *made)
{
	int dir;

	if (h->v2)
		pass_down(above);
	if (!mkdirat(above, name, 0755))
		(*made)++;
	else if (errno != EEXIST)
		return -errno;
	dir = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (h->controllers & 1u << CG_CPUSET && !h->v2)
		inherit_cpuset(above, dir);
	return dir;
}

static int make_all(struct cgroup_hierarchy *h, const char *path, unsigned int *made)
{
	cleanup_close int above = dup(h->root);
	char copy[PATH_MAX], *rest = copy, *name;

	*made = 0;
	strcpy(copy, path);
	while (above >= 0 && (name = strsep(&rest, "/"))) {
		int dir = *name ? make_one(h, above, name, made) : dup(above);

		close(above);
		above = dir;
	}
	if (above < 0)
		return above;
	h->dir = keep_fd(&above);
	return 0;
}

int cgroups_create(struct cgroups *groups, unsigned int versions, struct error *err)
{
	const char *path = groups->path;

	for (unsigned int i = 0; i < groups->count; i++) {
		struct cgroup_hierarchy *h = &groups->hierarchies[i];
		unsigned int made;
		int ret;

		if (!(versions & (h->v2 ? CGROUPS_V2 : CGROUPS_V1)))
			continue;
		ret = make_all(h, path, &made);
		if (made > groups->made)
			groups->made = made;
		/* A named hierarchy ("name=systemd") only keeps track; it may be read-only. */
		if (ret && (h->controllers & ~(1u << CG_FREEZER | 1u << CG_DEVICES) || !h->v2) &&
		    h->controllers)
			return error_errno(err, -ret,
					   ret == -EACCES || ret == -EPERM || ret == -EROFS
						   ? "needs root, or a group that was delegated "
						     "to you"
						   : NULL,
					   "cgroup: %s/%s", h->mount, path);
	}
	/* Of one name under another --root, say: it would be limited, and killed, with ours. */
	if (!groups->made && cgroups_processes(groups, NULL, 0) > 0)
		return error_set(err, EBUSY, "cgroup: %s: somebody else's processes are in it: choose "
				 "another id or cgroupsPath", path);
	return 0;
}

int cgroups_open(struct cgroups *groups, const char *path, struct error *err)
{
	snprintf(groups->path, sizeof(groups->path), "%s", path);
	if (!path[0] || !path_is_clean(path)) {
		groups->enabled = false;
		return 0;
	}
	for (unsigned int i = 0; i < groups->count; i++) {
		struct cgroup_hierarchy *h = &groups->hierarchies[i];
		int dir = inside_open(h->root, path, O_PATH | O_DIRECTORY);

		/* Somebody may have removed one of them: what is left still counts. */
		if (dir < 0 && dir != -ENOENT)
			return error_errno(err, -dir, NULL, "cgroup: %s/%s", h->mount, path);
		h->dir = dir;
	}
	return 0;
}

int cgroups_apply(struct cgroups *groups, const struct config_resources *resources,
		  struct error *err)
{
	int ret = cgroups_apply_v1(groups, resources, err);

	if (!ret)
		ret = cgroups_apply_v2(groups, resources, err);
	return ret ? ret : cgroups_apply_devices(groups, resources, err);
}

int cgroups_enter(const struct cgroups *groups, bool entered_v2)
{
	for (unsigned int i = 0; groups->enabled && i < groups->count; i++) {
		const struct cgroup_hierarchy *h = &groups->hierarchies[i];
		int ret;

		if (h->dir < 0 || (h->v2 && entered_v2))
			continue;
		ret = cgroup_write(h->dir, h->v2 ? "cgroup.procs" : "tasks", "0");
		/* Without a controller a group holds nobody back, so the others decide. */
		if (ret && h->controllers)
			return ret;
	}
	return 0;
}

static void remove_below(int dir, int depth);

/* The container may have made groups of its own. */
static void remove_entry(int above, const char *name, int depth)
{
	int dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir >= 0) {
		remove_below(dir, depth + 1);
		unlinkat(above, name, AT_REMOVEDIR);
	}
}

/* Takes over @dir. */
static void remove_below(int dir, int depth)
{
	DIR *entries = depth < DEPTH_MAX ? fdopendir(dir) : NULL;
	struct dirent *entry;

	if (!entries) {
		close(dir);
		return;
	}
	while ((entry = readdir(entries)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			remove_entry(dir, entry->d_name, depth);
	closedir(entries);
}

/* A process that was killed holds its group until it is reaped. */
static int remove_group(int root, const char *path)
{
	const struct timespec pause = { 0, 500000 };
	int ret = 0;

	for (int i = 0; i < 400; i++) {
		ret = unlinkat(root, path, AT_REMOVEDIR) ? -errno : 0;
		if (ret == -ENOENT)
			ret = 0;
		if (ret != -EBUSY)
			break;
		if (i % 20 == 1) {
			int dir = inside_open(root, path, O_RDONLY | O_DIRECTORY);

			if (dir >= 0)
				remove_below(dir, 0);
		}
		if (i > 1)
			nanosleep(&pause, NULL);
	}
	return ret;
}

int cgroups_remove(struct cgroups *groups, struct error *err)
{
	int ret = 0;

	for (unsigned int i = 0; groups->enabled && i < groups->count; i++) {
		struct cgroup_hierarchy *h = &groups->hierarchies[i];
		char path[PATH_MAX];

		if (!groups->path[0] || !path_is_clean(groups->path))
			return 0;
		strcpy(path, groups->path);
		cleanup_fd(&h->dir);
		h->dir = -1;
		for (unsigned int k = 0; k < groups->made && path[0]; k++) {
			char *slash = strrchr(path, '/');
			int failed = k ? (unlinkat(h->root, path, AT_REMOVEDIR), 0)
				       : remove_group(h->root, path);

			/* Where no controller is, a rootless user may not have had the right. */
			if (failed && !ret &&
			    (h->controllers || (failed != -EACCES && failed != -EPERM &&
						failed != -EROFS)))
				ret = error_errno(err, -failed,
						  failed == -EBUSY ? "processes are in it still: "
								     "kill them first" : NULL,
						  "cgroup: %s/%s", h->mount, path);
			if (!slash)
				break;
			*slash = '\0';
		}
	}
	return ret;
}
