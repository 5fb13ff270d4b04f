// SPDX-License-Identifier: GPL-2.0-only
/* The ledger's file, see store.h. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"

static int make_folder(const char *path, struct error *err)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	return error_errno(err, errno, errno == EACCES ? "run as root, or give --root" : NULL,
			   "network: make folder %s", path);
}

static int open_folder(struct store *store, const char *root, bool make, struct error *err)
{
	int used = snprintf(store->path, sizeof(store->path), "%s/net", root);

	if (used < 0 || (size_t)used >= sizeof(store->path))
		return error_set(err, ENAMETOOLONG, "network: --root %.40s...: too long by %d octets",
				 root, used - (int)sizeof(store->path) + 1);
	if (make && (make_folder(root, err) || make_folder(store->path, err)))
		return -errno;
	store->folder = open(store->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->folder >= 0)
		return 0;
	if (!make && errno == ENOENT)
		return -ENOENT;
	return error_errno(err, errno, NULL, "network: open folder %s", store->path);
}

/* Locks of flock(2) are of the file, and all that name one namespace are one file: nsfs. */
static int lock(struct store *store, struct error *err)
{
	int ret;

	store->lock = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (store->lock < 0)
		return error_errno(err, errno, "is /proc mounted?", "network: /proc/self/ns/net");
	do
		ret = flock(store->lock, LOCK_EX);
	while (ret && errno == EINTR);
	return ret ? error_errno(err, errno, NULL, "network: lock") : 0;
}

static int read_all(int fd, char **text, size_t *length)
{
	struct stat about;
	ssize_t got;

	if (fstat(fd, &about))
		return -errno;
	if (about.st_size > LEDGER_TEXT_MAX)
		return -EFBIG;
	*text = malloc((size_t)about.st_size + 1);
	if (!*text)
		return -ENOMEM;
	got = read(fd, *text, (size_t)about.st_size);
	*length = got < 0 ? 0 : (size_t)got;
	return got < 0 ? -errno : 0;
}

static int load(struct store *store, struct error *err)
{
	cleanup_close int fd = openat(store->folder, "ledger", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct error why;
	size_t length = 0;
	int ret;

	if (fd < 0 && errno == ENOENT)
		return 0;
	ret = fd < 0 ? -errno : read_all(fd, &text, &length);
	if (ret)
		return error_errno(err, -ret, NULL, "network: read %s/ledger", store->path);
	ret = ledger_read(&store->ledger, text, length, &why);
	if (!ret)
		return 0;
	return error_set(err, -ret,
			 "network: %s/ledger: %.200s: it was changed by hand? mend it, or remove it "
			 "when no container runs", store->path, why.text);
}

int store_peek(struct store *store, const char *root, struct error *err)
{
	int ret;

	memset(store, 0, sizeof(*store));
	store->folder = store->lock = -1;
	ret = open_folder(store, root, false, err);
	return ret ? ret : load(store, err);
}

int store_open(struct store *store, const char *root, bool make, struct error *err)
{
	int ret;

	memset(store, 0, sizeof(*store));
	store->folder = store->lock = -1;
	ret = open_folder(store, root, make, err);
	if (!ret)
		ret = lock(store, err);
	if (ret)
		return ret;
	/* Of who was killed while writing it. */
	unlinkat(store->folder, "ledger.new", 0);
	return load(store, err);
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t put = write(fd, text, length);

		if (put < 0 && errno != EINTR)
			return -errno;
		if (put > 0) {
			text += put;
			length -= (size_t)put;
		}
	}
	return 0;
}

/*
 * Not forced to the disk: what the ledger is about lives in the kernel. After a crash of the machine
 * there is nothing of it, and a file that is old, or empty, says nothing that is not swept away.
 */
int store_save(struct store *store, struct error *err)
{
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	size_t length;
	int ret = 0;

	if (!store->ledger.network_count && !store->ledger.forwarding_ours) {
		if (!unlinkat(store->folder, "ledger", 0) || errno == ENOENT)
			return 0;
		return error_errno(err, errno, NULL, "network: remove %s/ledger", store->path);
	}
	text = ledger_write(&store->ledger, &length);
	if (!text)
		return error_set(err, ENOMEM, "network: %s/ledger: no memory", store->path);
	fd = openat(store->folder, "ledger.new",
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	ret = fd < 0 ? -errno : write_all(fd, text, length);
	if (!ret && renameat(store->folder, "ledger.new", store->folder, "ledger"))
		ret = -errno;
	if (!ret)
		return 0;
	unlinkat(store->folder, "ledger.new", 0);
	return error_errno(err, -ret, ret == -ENOSPC ? "make room there" : NULL,
			   "network: write %s/ledger", store->path);
}

void store_close(struct store *store)
{
	if (store->folder >= 0)
		close(store->folder);
	/* Ends the lock: nobody else has this open file. */
	if (store->lock >= 0)
		close(store->lock);
	ledger_free(&store->ledger);
	store->folder = store->lock = -1;
}
