// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folders below DATA: found, made, removed. See run.h. What a container left there is a stranger's:
 * nothing is followed. Called by run/ and by compose/.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"

#define DEPTH_MAX	1024

static int make_folders(char *path, struct error *err)
{
	for (char *slash = path + 1;; slash++) {
		char kept = *slash;

		if (kept && kept != '/')
			continue;
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return error_errno(err, errno, "set CELL_DATA to a folder that can be written",
					   "run: make %s", path);
		*slash = kept;
		if (!kept)
			return 0;
	}
}

int run_data(const char *name, char path[PATH_MAX], struct error *err)
{
	const char *set = getenv("CELL_DATA"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME"), *between = *name ? "/" : "";
	int used;

	if (set && set[0] == '/')
		used = snprintf(path, PATH_MAX, "%s%s%s", set, between, name);
	else if (set && set[0])
		return error_set(err, EINVAL, "run: CELL_DATA=%.100s: expected an absolute path", set);
	else if (!geteuid())
		used = snprintf(path, PATH_MAX, "/var/lib/cell%s%s", between, name);
	else if (data && data[0] == '/')
		used = snprintf(path, PATH_MAX, "%s/cell%s%s", data, between, name);
	else if (home && home[0] == '/')
		used = snprintf(path, PATH_MAX, "%s/.local/share/cell%s%s", home, between, name);
	else
		return error_set(err, ENOENT, "run: $HOME is not set: set CELL_DATA");
	/* Room for a container's name and what lies below it. */
	if (used > PATH_MAX - NET_ID_MAX - 64)
		return error_set(err, ENAMETOOLONG, "run: %.60s...: the path is too long", path);
	return make_folders(path, err);
}

/* Takes over @dir. */
static int empty_folder(int dir, dev_t device, int depth)
{
	DIR *entries = fdopendir(dir);
	struct dirent *entry;
	int ret = 0;

	if (!entries) {
		close(dir);
		return -errno;
	}
	while (!ret && (entry = readdir(entries))) {
		struct stat st;
		int below;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(entries), entry->d_name, 0))
			continue;
		if (errno != EISDIR && errno != EPERM)
			return closedir(entries), -errno;
		below = openat(dirfd(entries), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			ret = -errno;
		else if (fstat(below, &st) || st.st_dev != device || depth == DEPTH_MAX)
			ret = st.st_dev != device ? -EXDEV : -ELOOP, close(below);
		else
			ret = empty_folder(below, device, depth + 1);
		if (!ret && unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR))
			ret = -errno;
	}
	closedir(entries);
	return ret;
}

int run_remove_tree(int parent, const char *name)
{
	int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), ret;
	struct stat st;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(dir, &st)) {
		close(dir);
		return -errno;
	}
	ret = empty_folder(dir, st.st_dev, 0);
	return ret ? ret : unlinkat(parent, name, AT_REMOVEDIR) ? -errno : 0;
}
