// SPDX-License-Identifier: GPL-2.0-only
/* Sessions in files, see session_store.h. */
#include "session_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cleanup.h"

#define LINE "httpd session 1\n"
#define LINE_LENGTH (sizeof(LINE) - 1)
#define HEX (2 * SESSION_ID)
#define NAME_MOST 64

static unsigned int shelf_of(const struct session_id *id)
{
	return id->octets[0] % SESSION_SHELVES;
}

/* "shelf-XX/" and a name. */
static void name_on(char *name, unsigned int shelf, const char *file)
{
	snprintf(name, NAME_MOST, "shelf-%02x/%s", shelf, file);
}

static void name_of(char *name, const struct session_id *id)
{
	char hex[HEX + 1];

	for (int i = 0; i < SESSION_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", id->octets[i]);
	name_on(name, shelf_of(id), hex);
}

static int lock_shelf(const struct session_store *store, unsigned int shelf, bool change)
{
	cleanup_close int fd = -1;
	char name[NAME_MOST];

	name_on(name, shelf, "lock");
	fd = openat(store->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, change ? LOCK_EX : LOCK_SH))
		if (errno != EINTR)
			return -errno;
	return keep_fd(&fd);
}

int session_store_lock(const struct session_store *store, const struct session_id *id, bool change)
{
	return lock_shelf(store, shelf_of(id), change);
}

/* A use, so that it is not idle; not each time, as that is a write for each read. */
static void touch(const struct session_store *store, int fd, const struct stat *file, int64_t now)
{
	if (now - file->st_mtime > store->idle / 4)
		futimens(fd, NULL);
}

int session_store_read(const struct session_store *store, const struct session_id *id, int64_t now,
		       struct session *s)
{
	char name[NAME_MOST], line[LINE_LENGTH], data[SESSION_MOST + 1];
	struct iovec pieces[] = { { line, sizeof(line) }, { data, sizeof(data) } };
	cleanup_close int fd = -1;
	struct stat file;
	ssize_t n;

	name_of(name, id);
	fd = openat(store->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &file))
		return -errno;
	if (now - file.st_mtime > store->idle)
		return -ENOENT;
	n = readv(fd, pieces, 2);
	if (n < 0)
		return -errno;
	if ((size_t)n < LINE_LENGTH || memcmp(line, LINE, LINE_LENGTH) != 0 ||
	    !session_load(s, data, n - LINE_LENGTH))
		return -EBADMSG;
	touch(store, fd, &file, now);
	return 0;
}

static bool is_full(const struct session_store *store)
{
	uint64_t kept = 0;

	for (int i = 0; i < SESSION_SHELVES; i++)
		kept += atomic_load_explicit(&store->kept[i], memory_order_relaxed);
	return kept >= store->most;
}

int session_store_write(const struct session_store *store, const struct session_id *id,
			const struct session *s)
{
	struct iovec pieces[] = { { (char *)LINE, LINE_LENGTH }, { (char *)s->data, s->length } };
	char name[NAME_MOST], fresh[NAME_MOST];
	cleanup_close int fd = -1;
	bool there;
	ssize_t n;

	name_of(name, id);
	name_on(fresh, shelf_of(id), "new");
	there = !faccessat(store->folder, name, F_OK, AT_SYMLINK_NOFOLLOW);
	if (!there && is_full(store))
		return -ENOSPC;
	fd = openat(store->folder, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	n = writev(fd, pieces, 2);
	if (n != (ssize_t)(LINE_LENGTH + s->length))
		return n < 0 ? -errno : -ENOSPC;
	if (renameat(store->folder, fresh, store->folder, name))
		return -errno;
	if (!there)
		atomic_fetch_add(&store->kept[shelf_of(id)], 1);
	return 0;
}

int session_store_remove(const struct session_store *store, const struct session_id *id)
{
	char name[NAME_MOST];

	name_of(name, id);
	if (unlinkat(store->folder, name, 0))
		return errno == ENOENT ? 0 : -errno;
	atomic_fetch_sub(&store->kept[shelf_of(id)], 1);
	return 0;
}

/* --- what nobody comes back for --- */

static DIR *open_shelf(const struct session_store *store, unsigned int shelf)
{
	char name[NAME_MOST];
	DIR *folder;
	int fd;

	name_on(name, shelf, "");
	fd = openat(store->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return NULL;
	folder = fdopendir(fd);
	if (!folder)
		close(fd);
	return folder;
}

unsigned int session_store_sweep(const struct session_store *store, unsigned int shelf, int64_t now)
{
	unsigned int removed = 0, kept = 0;
	const struct dirent *each;
	struct stat file;
	DIR *folder;
	int lock;

	lock = lock_shelf(store, shelf, true);
	if (lock < 0)
		return 0;
	folder = open_shelf(store, shelf);
	while (folder && (each = readdir(folder))) {
		if (strlen(each->d_name) != HEX ||
		    fstatat(dirfd(folder), each->d_name, &file, AT_SYMLINK_NOFOLLOW))
			continue;
		if (now - file.st_mtime > store->idle &&
		    !unlinkat(dirfd(folder), each->d_name, 0))
			removed++;
		else
			kept++;
	}
	if (folder)
		closedir(folder);
	atomic_store(&store->kept[shelf], kept);
	close(lock);
	return removed;
}

int session_store_open(struct session_store *store, const char *path, int64_t idle, uint32_t most,
		       struct error *err)
{
	char name[NAME_MOST];
	void *memory;

	if (mkdir(path, 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "store: %s", path);
	store->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->folder < 0)
		return error_errno(err, errno, NULL, "store: %s", path);
	for (unsigned int i = 0; i < SESSION_SHELVES; i++) {
		name_on(name, i, "");
		if (mkdirat(store->folder, name, 0700) && errno != EEXIST)
			return error_errno(err, errno, NULL, "store: %s/%s", path, name);
		name_on(name, i, "lock");
		if (faccessat(store->folder, name, W_OK, 0) && errno != ENOENT)
			return error_errno(err, errno, "it is another user's", "store: %s/%s", path,
					   name);
	}
	memory = mmap(NULL, SESSION_SHELVES * sizeof(*store->kept), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_errno(err, errno, NULL, "store: memory");
	store->kept = memory;
	store->idle = idle;
	store->most = most;
	return 0;
}
