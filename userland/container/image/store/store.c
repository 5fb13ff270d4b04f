// SPDX-License-Identifier: GPL-2.0-only
/* Opening and making a store. Called by every verb. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"

static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] = "{\"schemaVersion\":2,"
				  "\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
				  "\"manifests\":[]}";

static int default_path(char path[PATH_MAX], struct error *err)
{
	const char *set = getenv("CELL_STORE"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (set && set[0])
		snprintf(path, PATH_MAX, "%s", set);
	else if (geteuid() == 0)
		snprintf(path, PATH_MAX, "/var/lib/cell/images");
	else if (data && data[0] == '/')
		snprintf(path, PATH_MAX, "%s/cell/images", data);
	else if (home && home[0] == '/')
		snprintf(path, PATH_MAX, "%s/.local/share/cell/images", home);
	else
		return error_set(err, ENOENT, "store: $HOME is not set: say --store DIR");
	return 0;
}

static int make_folders(char *path, struct error *err)
{
	for (char *slash = path + 1;; slash++) {
		if (*slash && *slash != '/')
			continue;
		char kept = *slash;

		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return error_errno(err, errno, "say --store DIR", "store: make %s", path);
		*slash = kept;
		if (!kept)
			return 0;
	}
}

static int open_folder(const struct store *store, const char *name, bool make, struct error *err)
{
	int fd;

	if (make && mkdirat(store->dir, name, 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "store: %s: make %s", store->path, name);
	fd = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(err, errno, NULL, "store: %s/%s", store->path, name);
}

/*
 * Two processes may make it at once: what is there stays. What one that was killed left in tmp has
 * the next one's name.
 */
static int make_file(const struct store *store, const char *name, const char *text,
		     struct error *err)
{
	cleanup_close int lock = -1, fd = -1;

	if (!faccessat(store->dir, name, F_OK, 0))
		return 0;
	lock = store_lock_index(store, err);
	if (lock < 0)
		return lock;
	if (!faccessat(store->dir, name, F_OK, 0))
		return 0;
	fd = openat(store->temporary, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) ||
	    renameat(store->temporary, name, store->dir, name) || fsync(store->dir))
		return error_errno(err, errno, NULL, "store: %s: make %s", store->path, name);
	return 0;
}

static int open_all(struct store *store, struct error *err)
{
	int fd;

	store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0)
		return error_errno(err, errno, NULL, "store: %s", store->path);
	fd = open_folder(store, "blobs", true, err);
	if (fd < 0)
		return fd;
	close(fd);
	store->blobs = open_folder(store, "blobs/sha256", true, err);
	if (store->blobs < 0)
		return store->blobs;
	store->temporary = open_folder(store, "tmp", true, err);
	if (store->temporary < 0)
		return store->temporary;
	store->sweep = openat(store->dir, "sweep.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->sweep < 0 || flock(store->sweep, LOCK_SH))
		return error_errno(err, errno, NULL, "store: %s: lock", store->path);
	fd = make_file(store, "index.json", empty_index, err);
	return fd ? fd : make_file(store, "oci-layout", layout, err);
}

int store_open(struct store *store, const char *path, struct error *err)
{
	int ret = 0;

	*store = (struct store)STORE_CLOSED;
	if (path && strlen(path) >= PATH_MAX - 128)
		return error_set(err, ENAMETOOLONG, "store: %.60s...: the path is too long", path);
	if (path && !path[0])
		return error_set(err, EINVAL, "store: the path is empty: say --store DIR");
	if (path)
		snprintf(store->path, sizeof(store->path), "%s", path);
	else
		ret = default_path(store->path, err);
	if (!ret)
		ret = make_folders(store->path, err);
	if (!ret)
		ret = open_all(store, err);
	if (ret)
		store_close(store);
	return ret;
}

void store_close(struct store *store)
{
	cleanup_fd(&store->sweep);
	cleanup_fd(&store->temporary);
	cleanup_fd(&store->blobs);
	cleanup_fd(&store->dir);
	*store = (struct store)STORE_CLOSED;
}
