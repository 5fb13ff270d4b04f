// SPDX-License-Identifier: GPL-2.0-only
/* Blobs: written under another name, synced, checked, then named. See store.h, S1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "store.h"

/* Have the disk begin while more is coming: the sync at the end is short then. */
#define FLUSH_OCTETS (8 << 20)
#define READ_OCTETS (256 << 10)

bool store_has(const struct store *store, const struct digest *digest, int64_t *size)
{
	char hex[DIGEST_HEX];
	struct stat info;

	if (fstatat(store->blobs, digest_hex(digest, hex), &info, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(info.st_mode))
		return false;
	if (size)
		*size = info.st_size;
	return true;
}

int store_open_blob(const struct store *store, const struct digest *digest, struct error *err)
{
	char hex[DIGEST_HEX];
	int fd = openat(store->blobs, digest_hex(digest, hex), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return error_errno(err, errno, errno == ENOENT ? "pull or load the image again" : NULL,
			   "blob sha256:%s", hex);
}

static int read_whole(int fd, char *data, size_t length)
{
	while (length) {
		ssize_t got = read(fd, data, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		data += got;
		length -= (size_t)got;
	}
	return 0;
}

int store_read(const struct store *store, const struct descriptor *blob, char **data,
	       struct error *err)
{
	char text[DIGEST_TEXT];
	struct digest digest;
	cleanup_free char *read = NULL;
	cleanup_close int fd = -1;
	struct stat info;
	size_t length;
	int ret;

	digest_text(&blob->digest, text);
	if (blob->size < 0 || blob->size > DOCUMENT_MAX)
		return error_set(err, EFBIG, "blob %s: %lld octets: a document has at most %d",
				 text, (long long)blob->size, DOCUMENT_MAX);
	fd = store_open_blob(store, &blob->digest, err);
	if (fd < 0)
		return fd;
	length = (size_t)blob->size;
	if (fstat(fd, &info) || info.st_size != blob->size)
		return error_set(err, EBADMSG, "blob %s: has %lld octets, but is to have %lld", text,
				 (long long)info.st_size, (long long)blob->size);
	read = malloc(length + 1);
	if (!read)
		return error_set(err, ENOMEM, "blob %s: out of memory", text);
	ret = read_whole(fd, read, length);
	if (ret)
		return error_errno(err, -ret, NULL, "read blob %s", text);
	digest_of(read, length, &digest);
	if (!digest_equal(&digest, &blob->digest))
		return error_set(err, EBADMSG, "blob %s: is damaged: remove the image and pull or "
				 "load it again", text);
	read[length] = '\0';
	*data = read;
	read = NULL;
	return 0;
}

int blob_begin(struct blob_writer *writer, const struct store *store, struct error *err)
{
	static unsigned int number;

	*writer = (struct blob_writer){ .store = store, .fd = -1 };
	sha256_init(&writer->state);
	do {
		snprintf(writer->name, sizeof(writer->name), "new-%d-%u", getpid(),
			 __atomic_fetch_add(&number, 1, __ATOMIC_RELAXED));
		writer->fd = openat(store->temporary, writer->name,
				    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		/* A process that died had our number. */
	} while (writer->fd < 0 && errno == EEXIST);
	return writer->fd >= 0 ? 0 : error_errno(err, errno, NULL, "store: %s/tmp/%s",
						 store->path, writer->name);
}

/* What was written before goes through the digest again. */
static int reread(struct blob_writer *writer, int64_t most, struct error *err)
{
	cleanup_free uint8_t *buffer = malloc(READ_OCTETS);
	ssize_t got;

	if (!buffer)
		return error_set(err, ENOMEM, "resume %s: out of memory", writer->name);
	while ((got = pread(writer->fd, buffer, READ_OCTETS, writer->size)) > 0) {
		sha256_update(&writer->state, (size_t)got, buffer);
		writer->size += got;
	}
	if (got < 0)
		return error_errno(err, errno, NULL, "resume %s", writer->name);
	if (writer->size > most)
		return blob_restart(writer, err);
	return lseek(writer->fd, writer->size, SEEK_SET) < 0
		       ? error_errno(err, errno, NULL, "resume %s", writer->name)
		       : 0;
}

int blob_resume(struct blob_writer *writer, const struct store *store,
		const struct descriptor *blob, struct error *err)
{
	char hex[DIGEST_HEX];
	struct stat mine, named;

	*writer = (struct blob_writer){ .store = store, .fd = -1, .keep = true };
	snprintf(writer->name, sizeof(writer->name), "%s.part", digest_hex(&blob->digest, hex));
	for (;;) {
		sha256_init(&writer->state);
		writer->size = 0;
		writer->fd = openat(store->temporary, writer->name,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (writer->fd < 0 || flock(writer->fd, LOCK_EX))
			return error_errno(err, errno, NULL, "store: %s/tmp/%s", store->path,
					   writer->name);
		/* The file may have become the blob while we waited: then it is not ours. */
		if (!fstat(writer->fd, &mine) &&
		    !fstatat(store->temporary, writer->name, &named, 0) &&
		    mine.st_ino == named.st_ino)
			break;
		cleanup_fd(&writer->fd);
		if (store_has(store, &blob->digest, NULL))
			return 1;
	}
	if (store_has(store, &blob->digest, NULL)) {
		writer->keep = false;
		blob_end(writer);
		return 1;
	}
	return reread(writer, blob->size, err);
}

int blob_write(struct blob_writer *writer, const void *data, size_t length, struct error *err)
{
	const uint8_t *from = data;
	size_t left = length;

	while (left) {
		ssize_t put = write(writer->fd, from, left);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_errno(err, errno, errno == ENOSPC
					   ? "cell-image prune makes room" : NULL,
					   "store: %s: write", writer->store->path);
		from += put;
		left -= (size_t)put;
	}
	sha256_update(&writer->state, length, data);
	writer->size += (int64_t)length;
	if (writer->size - writer->flushed >= FLUSH_OCTETS) {
		sync_file_range(writer->fd, writer->flushed, writer->size - writer->flushed,
				SYNC_FILE_RANGE_WRITE);
		writer->flushed = writer->size;
	}
	return 0;
}

int blob_restart(struct blob_writer *writer, struct error *err)
{
	sha256_init(&writer->state);
	writer->size = writer->flushed = 0;
	if (ftruncate(writer->fd, 0) || lseek(writer->fd, 0, SEEK_SET))
		return error_errno(err, errno, NULL, "store: %s: begin again", writer->store->path);
	return 0;
}

int blob_commit(struct blob_writer *writer, const struct descriptor *expected,
		struct descriptor *blob, struct error *err)
{
	const struct store *store = writer->store;
	char hex[DIGEST_HEX], wanted[DIGEST_HEX];
	struct digest digest;
	int ret = 0;

	digest_end(&writer->state, &digest);
	digest_hex(&digest, hex);
	if (expected && writer->size != expected->size)
		ret = error_set(err, EBADMSG, "blob sha256:%s: %lld octets came, %lld were announced",
				digest_hex(&expected->digest, wanted), (long long)writer->size,
				(long long)expected->size);
	else if (expected && !digest_equal(&digest, &expected->digest))
		ret = error_set(err, EBADMSG, "blob sha256:%s: what came is sha256:%s: it is not used",
				digest_hex(&expected->digest, wanted), hex);
	/* What is wrong is no good to resume from. */
	if (ret)
		writer->keep = false;
	else if (fchmod(writer->fd, 0644) || fsync(writer->fd) ||
		 renameat(store->temporary, writer->name, store->blobs, hex) ||
		 fsync(store->blobs))
		ret = error_errno(err, errno, NULL, "store: %s: keep blob %s", store->path, hex);
	if (!ret && blob) {
		blob->digest = digest;
		blob->size = writer->size;
	}
	if (!ret)
		cleanup_fd(&writer->fd);
	writer->fd = ret ? writer->fd : -1;
	blob_end(writer);
	return ret;
}

void blob_end(struct blob_writer *writer)
{
	if (writer->fd < 0)
		return;
	if (!writer->keep)
		unlinkat(writer->store->temporary, writer->name, 0);
	cleanup_fd(&writer->fd);
	writer->fd = -1;
}

int store_add(const struct store *store, const void *data, size_t length, struct descriptor *blob,
	      struct error *err)
{
	cleanup_blob struct blob_writer writer = BLOB_NONE;
	int ret;

	digest_of(data, length, &blob->digest);
	blob->size = (int64_t)length;
	if (store_has(store, &blob->digest, NULL))
		return 0;
	ret = blob_begin(&writer, store, err);
	if (!ret)
		ret = blob_write(&writer, data, length, err);
	return ret ? ret : blob_commit(&writer, blob, NULL, err);
}

int store_add_json(const struct store *store, json_object *object, struct descriptor *blob,
		   struct error *err)
{
	const char *text = object ? json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	if (!text)
		return error_set(err, ENOMEM, "store: out of memory");
	return store_add(store, text, strlen(text), blob, err);
}
