// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes a layer apart. A layer comes from anywhere: no name in it is followed out of its folder, and
 * nothing is taken that this does not know.
 *
 *	| header 512 | data, up to a multiple of 512 | header | ... | 1024 octets of 0 |
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "box.h"

#define BLOCK 512
#define NAME_MOST 1024

/* POSIX.1-1988, ustar: where things are in a header. Numbers are octal digits. */
enum { AT_NAME = 0, AT_MODE = 100, AT_UID = 108, AT_GID = 116, AT_SIZE = 124, AT_SUM = 148,
	AT_TYPE = 156, AT_LINK = 157, AT_MAGIC = 257, AT_PREFIX = 345 };

/* What is being taken apart. @longer, @longer_link: names that came in an entry of their own (GNU). */
struct tar {
	int fd;
	const char *file;
	int at;
	unsigned int base, count;
	char name[NAME_MOST], link[NAME_MOST];
	char longer[NAME_MOST], longer_link[NAME_MOST];
	unsigned char header[BLOCK];
	uint64_t size;
	mode_t mode;
	unsigned int uid, gid;
};

static int wrong(const struct tar *t, int number, const char *what)
{
	return trouble(number, "bad layer: %s: entry '%.200s': %s", t->file, t->name, what);
}

/* All of it, or an error. */
static bool read_whole(int fd, void *buffer, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t n = read(fd, (char *)buffer + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : EIO;
			return false;
		}
		got += (size_t)n;
	}
	return true;
}

/* An octal number; UINT64_MAX if it is none. */
static uint64_t number(const unsigned char *field, size_t size)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < size && field[i] == ' ')
		i++;
	for (; i < size && field[i] && field[i] != ' '; i++) {
		if (field[i] < '0' || field[i] > '7')
			return UINT64_MAX;
		value = value << 3 | (uint64_t)(field[i] - '0');
	}
	return value;
}

static bool sum_is_right(const unsigned char *header)
{
	uint64_t sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + 8 ? ' ' : header[i];
	return sum == number(header + AT_SUM, 8);
}

/* The next header into t->header. 1: there is one; 0: the end; -1 after trouble(). */
static int next_header(struct tar *t)
{
	static const unsigned char nothing[BLOCK];
	const unsigned char *h = t->header;
	uint64_t uid, gid;

	if (!read_whole(t->fd, t->header, BLOCK))
		return wrong(t, errno, "the file ends after it");
	if (!memcmp(h, nothing, BLOCK))
		return 0;
	if (memcmp(h + AT_MAGIC, "ustar", 5) || !sum_is_right(h))
		return wrong(t, 0, "what follows is no tar header (is it compressed? gunzip it first)");
	t->size = number(h + AT_SIZE, 12);
	t->mode = (mode_t)number(h + AT_MODE, 8) & 07777;
	uid = number(h + AT_UID, 8);
	gid = number(h + AT_GID, 8);
	/* POSIX ustar has a prefix; GNU tar has times there */
	if (*t->longer)
		memcpy(t->name, t->longer, sizeof(t->name));
	else if (h[AT_PREFIX] && !memcmp(h + AT_MAGIC, "ustar\00000", 8))
		snprintf(t->name, sizeof(t->name), "%.155s/%.100s", h + AT_PREFIX, h + AT_NAME);
	else
		snprintf(t->name, sizeof(t->name), "%.100s", h + AT_NAME);
	if (*t->longer_link)
		memcpy(t->link, t->longer_link, sizeof(t->link));
	else
		snprintf(t->link, sizeof(t->link), "%.100s", h + AT_LINK);
	if (t->size > INT64_MAX || uid == UINT64_MAX || gid == UINT64_MAX)
		return wrong(t, 0, "a number in its header is none");
	/* root may have many; who is not root owns everything himself */
	if (!geteuid() && (uid >= t->count || gid >= t->count))
		return wrong(t, 0, "its owner has no id in the box (--ids)");
	t->uid = (unsigned int)uid;
	t->gid = (unsigned int)gid;
	return 1;
}

/* The data of an entry: to `out`, or nowhere if that is -1; then to the next block. */
static int copy_data(struct tar *t, int out)
{
	uint64_t left = (t->size + BLOCK - 1) / BLOCK * BLOCK, real = t->size;
	char buffer[32 * BLOCK];

	while (left) {
		size_t n = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
		size_t keep = real < n ? (size_t)real : n;

		if (!read_whole(t->fd, buffer, n))
			return wrong(t, errno, "the file ends within it");
		for (size_t done = 0; out >= 0 && done < keep;) {
			ssize_t w = write(out, buffer + done, keep - done);

			if (w < 0)
				return wrong(t, errno, "cannot be written");
			done += (size_t)w;
		}
		left -= n;
		real -= keep;
	}
	return 0;
}

/* A name that comes as an entry of its own. */
static int take_name(struct tar *t, char into[NAME_MOST])
{
	char rest[BLOCK];
	uint64_t size = t->size;

	if (size >= NAME_MOST)
		return wrong(t, 0, "a name that is too long");
	memset(into, 0, NAME_MOST);
	if (!read_whole(t->fd, into, (size_t)size) ||
	    !read_whole(t->fd, rest, (size_t)((BLOCK - size % BLOCK) % BLOCK)))
		return wrong(t, errno, "the file ends within a name");
	return 0;
}

/* Removes a whiteout that stands where this layer has something itself. Return: was there one? */
static bool uncover(int at, const char *name)
{
	struct stat info;

	return !fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) && S_ISCHR(info.st_mode) &&
	       info.st_rdev == makedev(0, 0) && !unlinkat(at, name, 0);
}

/* A folder in another one, made if it is missing: opened, or -1 with errno. No link is followed. */
static int enter(int at, const char *name, const struct tar *t)
{
	bool hides = uncover(at, name);
	bool made = !mkdirat(at, name, 0755);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && made && !geteuid() && fchown(fd, t->base, t->base)) {
		close(fd);
		return -1;
	}
	if (fd >= 0 && hides && layer_opaque(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Walks to the folder of the last part of a path, which is left in *last ("" for the top itself).
 * Return: the folder, opened; -1 after trouble().
 */
static int walk(const struct tar *t, char *path, bool make, const char **last)
{
	int at = dup(t->at);
	char *part = path, *slash;

	for (;;) {
		int next;

		while (*part == '/' || (part[0] == '.' && (part[1] == '/' || !part[1])))
			part++;
		slash = strchr(part, '/');
		if (!strncmp(part, "..", 2) && (!part[2] || part[2] == '/')) {
			close(at);
			return wrong(t, 0, "it has '..' in its name");
		}
		if (slash)
			while (slash[0] == '/' && slash[1] == '/')
				slash++;
		if (!slash || !slash[1]) {
			if (slash)
				part[strcspn(part, "/")] = '\0';
			*last = part;
			return at;
		}
		part[strcspn(part, "/")] = '\0';
		next = make ? enter(at, part, t)
			    : openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		if (next < 0)
			return wrong(t, errno, "it is in something that is no folder of this layer");
		at = next;
		part = slash + 1;
	}
}

/* What is there is replaced, as tar does; a folder by a folder is kept. */
static int make_way(const struct tar *t, int at, const char *name)
{
	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return 0;
	if ((errno == EISDIR || errno == EPERM) && !unlinkat(at, name, AT_REMOVEDIR))
		return 0;
	return wrong(t, errno, "it replaces what this layer has already");
}

static int own(const struct tar *t, int at, const char *name)
{
	if (!geteuid() && fchownat(at, name, t->base + t->uid, t->base + t->gid, AT_SYMLINK_NOFOLLOW))
		return wrong(t, errno, "cannot be given to its owner");
	/* giving away clears set-user-ID; a link has no mode */
	if (t->header[AT_TYPE] != '2' && fchmodat(at, name, t->mode, 0))
		return wrong(t, errno, "its mode cannot be set");
	return 0;
}

static int take_folder(struct tar *t, int at, const char *name)
{
	int fd = *name ? enter(at, name, t) : dup(at);
	int result;

	if (fd < 0)
		return wrong(t, errno, "cannot be made");
	result = *name ? own(t, at, name) : own(t, fd, ".");
	close(fd);
	return result;
}

static int take_file(struct tar *t, int at, const char *name)
{
	int fd, result;

	if (make_way(t, at, name))
		return -1;
	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return wrong(t, errno, "cannot be made");
	result = copy_data(t, fd);
	close(fd);
	return result ? result : own(t, at, name);
}

static int take_link(struct tar *t, int at, const char *name)
{
	const char *last;
	int from, result = 0;

	if (make_way(t, at, name))
		return -1;
	if (t->header[AT_TYPE] == '2') {
		if (!*t->link || symlinkat(t->link, at, name))
			return wrong(t, *t->link ? errno : 0, "cannot be made");
		return own(t, at, name);
	}
	from = walk(t, t->link, false, &last);
	if (from < 0)
		return -1;
	if (linkat(from, last, at, name, 0))
		result = wrong(t, errno, "the file that it is another name of is not in this layer");
	close(from);
	return result;
}

/* One entry, whose folder is `at`. */
static int take(struct tar *t, int at, const char *name)
{
	const char *hidden;
	int err;

	switch (layer_classify(name, &hidden)) {
	case LAYER_REFUSED:
		return wrong(t, 0, "it takes away what no layer may");
	case LAYER_OPAQUE:
		err = layer_opaque(at);
		return err ? wrong(t, -err, "cannot hide what is below") : copy_data(t, -1);
	case LAYER_WHITEOUT:
		err = layer_whiteout(at, hidden);
		return err ? wrong(t, -err, "cannot hide what is below") : copy_data(t, -1);
	case LAYER_FILE:
		break;
	}
	switch (t->header[AT_TYPE]) {
	case '5':
		return take_folder(t, at, name);
	case '0':
	case '\0':
		return *name ? take_file(t, at, name) : wrong(t, 0, "it has no name");
	case '1':
	case '2':
		return *name ? take_link(t, at, name) : wrong(t, 0, "it has no name");
	default:
		return wrong(t, 0, "its type is unknown here: files, folders and links are known");
	}
}

static int take_entry(struct tar *t)
{
	char path[NAME_MOST];
	const char *last;
	int at, result;

	if (t->header[AT_TYPE] == 'L')
		return take_name(t, t->longer);
	if (t->header[AT_TYPE] == 'K')
		return take_name(t, t->longer_link);
	/* what POSIX adds to a header: times, long names; only the latter would matter */
	if (t->header[AT_TYPE] == 'x' || t->header[AT_TYPE] == 'g')
		return wrong(t, 0, "it has a PAX header; make the layer with `tar --format=gnu`");
	memcpy(path, t->name, sizeof(path));
	at = walk(t, path, true, &last);
	if (at < 0)
		return -1;
	result = take(t, at, last);
	close(at);
	*t->longer = '\0';
	*t->longer_link = '\0';
	return result;
}

int tar_unpack(int fd, const char *name, int at, unsigned int base, unsigned int count)
{
	struct tar *t = calloc(1, sizeof(*t));
	int more, result = -1;

	if (!t)
		return trouble(ENOMEM, "cannot unpack: %s", name);
	t->fd = fd;
	t->file = name;
	t->at = at;
	t->base = base;
	t->count = count;
	while ((more = next_header(t)) > 0)
		if (take_entry(t))
			break;
	if (!more)
		result = 0;
	free(t);
	return result;
}
