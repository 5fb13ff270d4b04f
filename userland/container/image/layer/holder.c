// SPDX-License-Identifier: GPL-2.0-only
/* Other mounts of a file system, see holder.h. Called by the verb umount. */
#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"

/**
 * struct view - mounts as a process sees them: many processes share one
 * @namespace: its mount namespace
 * @device: of its root: one that is elsewhere hides what is mounted outside of it
 * @root: likewise, its inode
 */
struct view {
	ino_t namespace;
	dev_t device;
	ino_t root;
};

/**
 * struct views - those that were looked at
 */
struct views {
	struct view *at;
	size_t count;
	size_t room;
};

static bool is_known(const struct views *views, const struct view *view)
{
	for (size_t i = 0; i < views->count; i++)
		if (views->at[i].namespace == view->namespace && views->at[i].root == view->root &&
		    views->at[i].device == view->device)
			return true;
	return false;
}

static int add(struct views *views, const struct view *view)
{
	if (views->count == views->room) {
		size_t room = views->room ? 2 * views->room : 64;
		struct view *more = reallocarray(views->at, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		views->at = more;
		views->room = room;
	}
	views->at[views->count++] = *view;
	return 0;
}

/* False: it has ended, or may not be looked at. */
static bool read_view(int process, struct view *view)
{
	struct stat info;
	struct statx root;

	if (fstatat(process, "ns/mnt", &info, 0) ||
	    statx(process, "root", AT_STATX_DONT_SYNC, STATX_INO, &root))
		return false;
	*view = (struct view){
		.namespace = info.st_ino,
		.device = makedev(root.stx_dev_major, root.stx_dev_minor),
		.root = root.stx_ino,
	};
	return true;
}

static FILE *open_file(int process, const char *name)
{
	int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

/*
 * 1, 0, or a negative errno if its mounts cannot be read.
 * "36 35 98:0 /root /mount/point options ..." (proc_pid_mountinfo(5))
 */
static int has_mount(int process, dev_t device, char place[PATH_MAX])
{
	cleanup_fclose FILE *file = open_file(process, "mountinfo");
	cleanup_free char *line = NULL;
	unsigned int major, minor;
	size_t room = 0;
	int at;

	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0) {
		at = 0;
		if (sscanf(line, "%*d %*d %u:%u %*s %n", &major, &minor, &at) != 2 || !at ||
		    makedev(major, minor) != device)
			continue;
		snprintf(place, PATH_MAX, "%.*s", (int)strcspn(line + at, " \n"), line + at);
		return 1;
	}
	return ferror(file) ? -EIO : 0;
}

/* cell's groups are named cell-ID, unless a bundle says otherwise. */
static void read_container(int process, char container[NAME_MAX + 1])
{
	static const char prefix[] = "/cell-";
	cleanup_fclose FILE *file = open_file(process, "cgroup");
	cleanup_free char *line = NULL;
	size_t room = 0;

	container[0] = '\0';
	while (file && !container[0] && getline(&line, &room, file) > 0) {
		const char *found = strstr(line, prefix);

		if (!found)
			continue;
		found += strlen(prefix);
		snprintf(container, NAME_MAX + 1, "%.*s", (int)strcspn(found, "/\n"), found);
	}
}

static void describe(int process, struct holder *holder)
{
	cleanup_fclose FILE *file = open_file(process, "comm");

	if (!file || !fgets(holder->name, sizeof(holder->name), file))
		holder->name[0] = '\0';
	holder->name[strcspn(holder->name, "\n")] = '\0';
	read_container(process, holder->container);
}

/* As holder_find(), of one process. */
static int look_at(int proc, const char *name, dev_t device, struct views *views, ino_t own,
		   struct holder *holder)
{
	cleanup_close int process = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct view view;
	/* Which one may be hidden where the mounts are not: those are read for each process. */
	bool can_share = process >= 0 && read_view(process, &view);
	int ret;

	if (process < 0 || (can_share && is_known(views, &view)))
		return 0;
	ret = has_mount(process, device, holder->place);
	/* Of a process that has ended nothing is known: another may share its view. */
	if (ret < 0)
		return 0;
	if (!ret)
		return can_share ? add(views, &view) : 0;
	holder->own = can_share && view.namespace == own;
	describe(process, holder);
	return 1;
}

int holder_find(dev_t device, struct holder *holder, struct error *err)
{
	DIR *list = opendir("/proc");
	struct views views = { 0 };
	struct dirent *entry;
	struct stat own;
	int ret = 0;

	if (!list || stat("/proc/self/ns/mnt", &own)) {
		ret = error_errno(err, errno, "is /proc mounted?", "umount: /proc");
		if (list)
			closedir(list);
		return ret;
	}
	/* What we see ourselves comes first: a copy of it elsewhere says less. */
	ret = look_at(dirfd(list), "self", device, &views, own.st_ino, holder);
	if (ret > 0)
		holder->pid = getpid();
	while (!ret && (entry = readdir(list))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		ret = look_at(dirfd(list), entry->d_name, device, &views, own.st_ino, holder);
		if (ret > 0)
			holder->pid = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(list);
	free(views.at);
	return ret < 0 ? error_errno(err, -ret, NULL, "umount: /proc") : ret;
}
