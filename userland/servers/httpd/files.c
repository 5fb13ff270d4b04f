// SPDX-License-Identifier: GPL-2.0-only
/* The cache of open files, see files.h. A set's lock is never held across a system call. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../http/date.h"
#include "media_types.h"

#define SETS 256 /* a power of two */
#define WAYS 4
#define RECHECK_MS 1000

/**
 * struct entry - a name and what it means
 * @hash: of the name
 * @file: NULL: the entry is free
 * @checked: ms, when its meaning was last asked for
 * @used: ms, so that the entry least recently used can go
 */
struct entry {
	uint64_t hash;
	struct file *file;
	int64_t checked;
	int64_t used;
};

struct set {
	pthread_mutex_t lock;
	struct entry ways[WAYS];
} __attribute__((aligned(64)));

struct files {
	int root;
	unsigned int most;
	atomic_uint descriptors;
	struct set sets[SETS];
};

static int open_beneath(int root, const char *name, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int tries = 3, fd;

	/* EAGAIN: somebody renamed a folder meanwhile, so "beneath" could not be proved. */
	do
		fd = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && --tries);
	return fd;
}

int files_open(const char *root, unsigned int descriptors, struct files **files,
	       struct error *err)
{
	struct files *f;
	int probe;

	/* Each set has cache lines of its own: what calloc() gives begins anywhere. */
	f = aligned_alloc(_Alignof(struct files), sizeof(*f));
	if (!f)
		return error_errno(err, ENOMEM, NULL, "root: %s", root);
	memset(f, 0, sizeof(*f));
	f->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->root < 0) {
		free(f);
		return error_errno(err, errno, "--root names the folder to serve", "root: %s",
				   root);
	}
	probe = open_beneath(f->root, ".", O_PATH);
	if (probe < 0) {
		int failed = errno;

		close(f->root);
		free(f);
		return error_errno(err, failed, "openat2 is needed, Linux 5.6 has it", "root: %s",
				   root);
	}
	close(probe);
	f->most = descriptors;
	for (int i = 0; i < SETS; i++)
		pthread_mutex_init(&f->sets[i].lock, NULL);
	*files = f;
	return 0;
}

void files_close(struct files *files)
{
	for (int i = 0; i < SETS; i++) {
		for (int way = 0; way < WAYS; way++)
			if (files->sets[i].ways[way].file)
				file_put(files->sets[i].ways[way].file);
		pthread_mutex_destroy(&files->sets[i].lock);
	}
	close(files->root);
	free(files);
}

void file_put(struct file *file)
{
	if (atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (file->fd >= 0) {
		close(file->fd);
		atomic_fetch_sub_explicit(&file->owner->descriptors, 1, memory_order_relaxed);
	}
	free(file->path);
	free(file);
}

/* --- a file as it is now --- */

static unsigned int status_of(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		/* Also EXDEV and ELOOP: what lies outside is not to be told from what is not. */
		return 404;
	}
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* All that can be said of it before anybody asks. */
static bool describe(struct file *file, const struct stat *st)
{
	static const char no_date[HTTP_DATE_LENGTH + 1] = "Thu, 01 Jan 1970 00:00:00 GMT";
	char text[HTTP_PREPARED_MOST];
	struct http_writer w;
	int length;

	file->size = st->st_size;
	file->modified = st->st_mtim.tv_sec;
	file->identity = *st;
	length = snprintf(file->etag_text, sizeof(file->etag_text), "\"%llx-%llx\"",
			  st->st_mtim.tv_sec * 1000000000ull + st->st_mtim.tv_nsec,
			  (unsigned long long)st->st_size);
	file->etag = (struct http_text){ file->etag_text, length };
	http_writer_init(&w, text, sizeof(text));
	http_response_start(&w, 200, no_date);
	http_response_field(&w, "Content-Type", file->type);
	http_response_date(&w, "Last-Modified", file->modified);
	http_response_field(&w, "ETag", file->etag);
	http_response_field(&w, "Accept-Ranges", HTTP_TEXT("bytes"));
	return http_prepare(&file->head, &w, file->size);
}

/* The octets of a small file; false if it is being written to, so that sendfile is safer. */
static bool read_all(int fd, char *content, size_t size)
{
	struct stat after;
	size_t have = 0;

	while (have < size) {
		ssize_t n = pread(fd, content + have, size - have, (off_t)have);

		if (n <= 0)
			return false;
		have += n;
	}
	return !fstat(fd, &after) && (size_t)after.st_size == size;
}

/* A large file keeps @fd. */
static unsigned int make_file(struct files *files, const char *path, int fd,
			      const struct stat *st, struct file **made)
{
	bool small = st->st_size <= FILE_SMALL;
	struct file *file = malloc(sizeof(*file) + (small ? st->st_size : 0));

	if (!file)
		return 503;
	*file = (struct file){ .refs = 1, .owner = files, .fd = -1, .path = strdup(path) };
	file->type = media_type(path);
	if (!file->path || !describe(file, st)) {
		file_put(file);
		return 503;
	}
	if (!small || !read_all(fd, file->content, file->size)) {
		file->fd = fd;
		atomic_fetch_add_explicit(&files->descriptors, 1, memory_order_relaxed);
	}
	*made = file;
	return 200;
}

/* Below the root, and with the index of a folder. False if it is too long to name anything. */
static bool file_name(const char *path, char *name, size_t size)
{
	size_t length = strlen(path);
	bool index = path[length - 1] == '/';

	return snprintf(name, size, "%s%s", path + 1, index ? "index.html" : "") < (int)size;
}

static unsigned int open_file(struct files *files, const char *path, const char *name,
			      struct file **file)
{
	unsigned int status;
	struct stat st;
	int fd;

	/* O_NONBLOCK: to open a FIFO must not wait for its writer. */
	fd = open_beneath(files->root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return status_of(errno);
	if (fstat(fd, &st))
		status = status_of(errno);
	else if (S_ISDIR(st.st_mode))
		status = 301;
	else if (!S_ISREG(st.st_mode))
		status = 403;
	else
		status = make_file(files, path, fd, &st, file);
	if (status != 200 || (*file)->fd < 0)
		close(fd);
	return status;
}

/* --- the cache --- */

static uint64_t hash_of(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325ull; /* FNV-1a */

	while (*path)
		hash = (hash ^ (unsigned char)*path++) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

static struct entry *find(struct set *set, uint64_t hash, const char *path)
{
	for (int i = 0; i < WAYS; i++) {
		struct entry *entry = &set->ways[i];

		if (entry->file && entry->hash == hash && !strcmp(entry->file->path, path))
			return entry;
	}
	return NULL;
}

/* Its own entry, a free one, or the one least recently used. */
static struct entry *entry_for(struct set *set, uint64_t hash, const char *path)
{
	struct entry *best = find(set, hash, path);

	if (best)
		return best;
	for (int i = 0; i < WAYS; i++) {
		struct entry *entry = &set->ways[i];

		if (!entry->file)
			return entry;
		if (!best || entry->used < best->used)
			best = entry;
	}
	return best;
}

/* From now on @path means @file, or nothing if it is NULL. */
static void remember(struct set *set, uint64_t hash, const char *path, struct file *file,
		     int64_t now)
{
	struct file *old;
	struct entry *entry;

	pthread_mutex_lock(&set->lock);
	entry = file ? entry_for(set, hash, path) : find(set, hash, path);
	old = entry ? entry->file : NULL;
	if (entry)
		*entry = (struct entry){ hash, file, now, now };
	if (file)
		file_hold(file);
	pthread_mutex_unlock(&set->lock);
	if (old)
		file_put(old);
}

/* Whether descriptors are short: then a large file is opened for this answer alone. */
static bool worth_keeping(struct files *files, const struct file *file)
{
	return file->fd < 0 || atomic_load_explicit(&files->descriptors, memory_order_relaxed) <=
				       files->most;
}

/* The entry's file, if it may be used unasked; *@stale if its meaning is to be asked for. */
static struct file *look_up(struct set *set, uint64_t hash, const char *path, int64_t now,
			    bool *stale)
{
	struct file *file = NULL;
	struct entry *entry;

	pthread_mutex_lock(&set->lock);
	entry = find(set, hash, path);
	if (entry) {
		*stale = now - entry->checked >= RECHECK_MS;
		if (*stale)
			entry->checked = now; /* one who asks is enough */
		entry->used = now;
		file = entry->file;
		file_hold(file);
	}
	pthread_mutex_unlock(&set->lock);
	return file;
}

unsigned int files_get(struct files *files, const char *path, int64_t now, struct file **file)
{
	uint64_t hash = hash_of(path);
	struct set *set = &files->sets[hash % SETS];
	char name[4096];
	bool stale = false;
	unsigned int status;
	struct stat st;

	*file = look_up(set, hash, path, now, &stale);
	if (*file && !stale)
		return 200;
	if (!file_name(path, name, sizeof(name)))
		return 404;
	/* May follow a link that leads out of the root, but only to learn that it does. */
	if (*file && !fstatat(files->root, name, &st, 0) && same(&st, &(*file)->identity))
		return 200;
	if (*file)
		file_put(*file);
	status = open_file(files, path, name, file);
	if (status != 200)
		remember(set, hash, path, NULL, now);
	else if (worth_keeping(files, *file))
		remember(set, hash, path, *file, now);
	return status;
}
