// SPDX-License-Identifier: GPL-2.0-only
/* The journal of a hard directory, see journal.h. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* A journal is written anew when it is this much larger than what it has to say. */
#define SLACK (64 * 1024)
#define PATH_MOST 4096

/* CRC-32 (ISO 3309), bit by bit: a record is short, and fsync takes far longer. */
static uint32_t crc(uint32_t sum, const uint8_t *data, size_t length)
{
	sum = ~sum;
	for (size_t i = 0; i < length; i++) {
		sum ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
	}
	return ~sum;
}

size_t journal_write_record(enum protocol_operation operation, const struct lease_claim *claim,
			    uint8_t *out)
{
	size_t length = protocol_write_claim(claim, out + JOURNAL_RECORD_HEADER);
	uint32_t sum;

	out[0] = length >> 8;
	out[1] = length & 0xff;
	out[2] = operation;
	sum = crc(crc(0, out, 3), out + JOURNAL_RECORD_HEADER, length);
	for (int i = 0; i < 4; i++)
		out[3 + i] = sum >> (24 - 8 * i) & 0xff;
	return JOURNAL_RECORD_HEADER + length;
}

/* Octets of the record at @data, 0 if it is not whole. */
static size_t read_record(const uint8_t *data, size_t left, enum protocol_operation *operation,
			  struct lease_claim *claim)
{
	const uint8_t *body = data + JOURNAL_RECORD_HEADER;
	uint32_t sum = 0;
	size_t length;

	if (left < JOURNAL_RECORD_HEADER)
		return 0;
	length = (size_t)data[0] << 8 | data[1];
	if (length > left - JOURNAL_RECORD_HEADER)
		return 0;
	for (int i = 0; i < 4; i++)
		sum = sum << 8 | data[3 + i];
	if (sum != crc(crc(0, data, 3), body, length))
		return 0;
	*operation = data[2];
	if (*operation != PROTOCOL_REGISTER && *operation != PROTOCOL_UNREGISTER)
		return 0;
	if (protocol_read_claim(body, length, claim) != length)
		return 0;
	return JOURNAL_RECORD_HEADER + length;
}

size_t journal_read(const uint8_t *data, size_t length, journal_record *record, void *context)
{
	size_t at = JOURNAL_MAGIC_LENGTH, used;

	if (length < JOURNAL_MAGIC_LENGTH ||
	    memcmp(data, JOURNAL_MAGIC, JOURNAL_MAGIC_LENGTH) != 0)
		return 0;
	for (;; at += used) {
		enum protocol_operation operation;
		struct lease_claim claim;

		used = read_record(data + at, length - at, &operation, &claim);
		if (!used)
			return at;
		record(context, operation, &claim);
	}
}

static int write_all(int fd, const uint8_t *data, size_t length)
{
	while (length) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= n;
	}
	return 0;
}

static int failed(const struct journal *j, int errnum, const char *what, struct error *err)
{
	return error_errno(err, errnum, NULL, "cannot %s the journal: %s", what, j->path);
}

/* A name is on the disk when its directory is. */
static int sync_folder(const char *path)
{
	char folder[PATH_MOST];
	const char *slash = strrchr(path, '/');
	cleanup_close int fd = -1;
	size_t length = slash ? (size_t)(slash - path) : 0;

	/* "a": the current one; "/a": the root. */
	if (length >= sizeof(folder))
		return -ENAMETOOLONG;
	if (length)
		memcpy(folder, path, length);
	else
		folder[length++] = slash ? '/' : '.';
	folder[length] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return -errno;
	return 0;
}

/* Is what is there, too short for a magic, the start of one? */
static bool is_torn_magic(const uint8_t *data, size_t length)
{
	return length < JOURNAL_MAGIC_LENGTH && memcmp(data, JOURNAL_MAGIC, length) == 0;
}

static int read_file(struct journal *j, journal_record *record, void *context,
		     uint64_t *dropped, struct error *err)
{
	const uint8_t *data = (const uint8_t *)"";
	struct stat st;
	size_t whole;
	bool torn;

	if (fstat(j->fd, &st))
		return failed(j, errno, "read", err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "not a file: %s: a journal needs one", j->path);
	if (st.st_size) {
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, j->fd, 0);
		if (data == MAP_FAILED)
			return failed(j, errno, "read", err);
	}
	whole = journal_read(data, st.st_size, record, context);
	torn = is_torn_magic(data, st.st_size);
	if (st.st_size)
		munmap((void *)data, st.st_size);
	if (!whole && !torn)
		return error_set(err, EINVAL, "not a journal: %s: name another file", j->path);
	*dropped = st.st_size - whole;
	j->size = whole;
	if (ftruncate(j->fd, whole))
		return failed(j, errno, "truncate", err);
	if (lseek(j->fd, 0, SEEK_END) < 0)
		return failed(j, errno, "read", err);
	return 0;
}

int journal_open(struct journal *j, const char *path, journal_record *record, void *context,
		 uint64_t *dropped, struct error *err)
{
	int ret;

	*j = (struct journal){ .path = path };
	j->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return failed(j, errno, "open", err);
	if (flock(j->fd, LOCK_EX | LOCK_NB)) {
		ret = error_errno(err, errno, "another directory has it", "cannot lock: %s",
				  path);
		journal_close(j);
		return ret;
	}
	ret = read_file(j, record, context, dropped, err);
	if (!ret && !j->size) {
		ret = write_all(j->fd, (const uint8_t *)JOURNAL_MAGIC, JOURNAL_MAGIC_LENGTH);
		if (!ret && fsync(j->fd))
			ret = -errno;
		if (!ret)
			ret = sync_folder(path);
		if (ret)
			failed(j, -ret, "write", err);
		j->size = JOURNAL_MAGIC_LENGTH;
	}
	j->compact_at = 2 * j->size + SLACK;
	if (ret)
		journal_close(j);
	return ret;
}

static int flush(struct journal *j, struct error *err)
{
	int ret = write_all(j->fd, j->buffer, j->used);

	if (ret)
		return failed(j, -ret, "write", err);
	j->size += j->used;
	j->used = 0;
	return 0;
}

int journal_add(struct journal *j, enum protocol_operation operation,
		const struct lease_claim *claim, struct error *err)
{
	if (sizeof(j->buffer) - j->used < JOURNAL_RECORD_MOST) {
		int ret = flush(j, err);

		if (ret)
			return ret;
	}
	j->used += journal_write_record(operation, claim, j->buffer + j->used);
	return 0;
}

int journal_sync(struct journal *j, struct error *err)
{
	int ret = flush(j, err);

	if (ret)
		return ret;
	if (fdatasync(j->fd))
		return failed(j, errno, "synchronise", err);
	j->syncs++;
	return 0;
}

static int write_entries(struct journal *new, struct lease_table *t, uint64_t now,
			 struct error *err)
{
	struct lease_claim claim;
	uint32_t cursor = 0, left;
	int ret = 0;

	memcpy(new->buffer, JOURNAL_MAGIC, JOURNAL_MAGIC_LENGTH);
	new->used = JOURNAL_MAGIC_LENGTH;
	while (!ret && lease_list(t, &cursor, now, &claim, &left))
		ret = journal_add(new, PROTOCOL_REGISTER, &claim, err);
	return ret ? ret : journal_sync(new, err);
}

static int replace(struct journal *j, struct journal *new, struct lease_table *t, uint64_t now,
		   struct error *err)
{
	char path[PATH_MOST];
	int ret;

	if (snprintf(path, sizeof(path), "%s.new", j->path) >= (int)sizeof(path))
		return failed(j, ENAMETOOLONG, "compact", err);
	new->path = path;
	new->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (new->fd < 0)
		return failed(new, errno, "open", err);
	/* The lock is the new file's before it has the name. */
	if (flock(new->fd, LOCK_EX | LOCK_NB))
		ret = failed(new, errno, "lock", err);
	else
		ret = write_entries(new, t, now, err);
	if (!ret && rename(path, j->path))
		ret = failed(j, errno, "replace", err);
	if (ret) {
		close(new->fd);
		unlink(path);
		return ret;
	}
	ret = sync_folder(j->path);
	close(j->fd);
	j->fd = new->fd;
	j->size = new->size;
	j->compact_at = 2 * j->size + SLACK;
	return ret ? failed(j, -ret, "synchronise the folder of", err) : 0;
}

int journal_compact(struct journal *j, struct lease_table *t, uint64_t now, struct error *err)
{
	struct journal *new = calloc(1, sizeof(*new));
	int ret = new ? replace(j, new, t, now, err) : failed(j, ENOMEM, "compact", err);

	free(new);
	return ret;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}
