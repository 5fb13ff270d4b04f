// SPDX-License-Identifier: GPL-2.0-only
/* Files that COPY and ADD mean, see source.h. Called by copy.c and stage.c. */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../../path/tree.h"
#include "cleanup.h"

#define READ_OCTETS (64 << 10)

/**
 * struct walking - a walk
 * @path: of where it is
 * @begin: octets of @path where the walk began
 */
struct walking {
	const struct source *source;
	source_visit visit;
	void *context;
	struct error *err;
	char path[PATH_MAX];
	size_t begin;
};

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_octets(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int failed(const struct walking *w, int ret)
{
	return error_errno(w->err, -ret, NULL, "/%.200s", w->path);
}

static int walk_folder(struct walking *w, int folder, int depth);

static int walk_one(struct walking *w, int parent, const char *name, int depth)
{
	const struct ignore *ignore = w->source->ignore;
	struct visit visit = { .path = w->path, .parent = parent, .name = name };
	bool ignored = ignore && w->path[0] && ignore_has(ignore, w->path);
	int inner, ret = 0;

	if (ignored && !ignore->exceptions)
		return 0;
	if (fstatat(parent, name, &visit.info, AT_SYMLINK_NOFOLLOW))
		return failed(w, -errno);
	visit.below = w->path + w->begin;
	visit.below += *visit.below == '/';
	if (!ignored)
		ret = w->visit(w->context, &visit, w->err);
	if (ret || !S_ISDIR(visit.info.st_mode))
		return ret;
	inner = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return inner < 0 ? failed(w, -errno) : walk_folder(w, inner, depth + 1);
}

/* Takes the fd along. */
static int walk_folder(struct walking *w, int folder, int depth)
{
	cleanup_close int held = folder;
	size_t length = strlen(w->path);
	struct dirent **list;
	int count, ret = 0;

	if (depth > TREE_DEPTH)
		return failed(w, -ELOOP);
	count = scandirat(folder, ".", &list, is_name, by_octets);
	if (count < 0)
		return failed(w, -errno);
	for (int i = 0; i < count; i++) {
		if (!ret && length + strlen(list[i]->d_name) + 2 > sizeof(w->path))
			ret = failed(w, -ENAMETOOLONG);
		if (!ret) {
			sprintf(w->path + length, "%s%s", length ? "/" : "", list[i]->d_name);
			ret = walk_one(w, folder, list[i]->d_name, depth);
			w->path[length] = '\0';
		}
		free(list[i]);
	}
	free(list);
	return ret;
}

int source_is_folder(const struct source *source, const char *path)
{
	cleanup_close int fd = inroot_open(source->root, path, O_PATH);
	struct stat info;

	if (fd < 0)
		return fd;
	return fstat(fd, &info) ? -errno : S_ISDIR(info.st_mode);
}

int source_walk(const struct source *source, const char *path, source_visit visit, void *context,
		struct error *err)
{
	struct walking w = {
		.source = source, .visit = visit, .context = context, .err = err,
		.begin = strlen(path),
	};
	struct visit one = { .path = w.path, .below = "", .name = "" };
	cleanup_close int file = -1;
	int fd;

	snprintf(w.path, sizeof(w.path), "%s", path);
	fd = inroot_open(source->root, path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0)
		return walk_folder(&w, fd, 0);
	if (fd != -ENOTDIR)
		return failed(&w, fd);
	/* A link in the last place is followed, within the root: the open file is what is meant. */
	file = inroot_open(source->root, path, O_PATH);
	if (file < 0)
		return failed(&w, file);
	one.parent = file;
	return fstat(file, &one.info) ? failed(&w, -errno) : visit(context, &one, err);
}

int source_open(const struct visit *visit, struct error *err)
{
	cleanup_close int found = -1;
	char path[32];
	struct stat info;
	int fd;

	/* Without a name it is the parent that was opened: that is no name to be taken. */
	if (visit->name[0])
		found = openat(visit->parent, visit->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	fd = visit->name[0] ? found : visit->parent;
	if (fd < 0 || fstat(fd, &info))
		return error_errno(err, errno, NULL, "/%.200s", visit->path);
	if (!S_ISREG(info.st_mode))
		return error_set(err, EBUSY, "/%.200s: was a file, and is none any more: let nothing "
				 "change the folder while it is copied", visit->path);
	/* The very file that was looked at. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? error_errno(err, errno, NULL, "/%.200s", visit->path) : fd;
}

/* --- which --- */

/* As Go's filepath.Clean("/" + word), without the slash. */
static int clean(const char *word, char out[PATH_MAX])
{
	size_t used = 0;

	while (*word) {
		size_t length = strcspn(word, "/");

		if (length == 2 && word[0] == '.' && word[1] == '.') {
			while (used && out[--used] != '/')
				;
		} else if (length && !(length == 1 && word[0] == '.')) {
			if (used + length + 2 > PATH_MAX)
				return -ENAMETOOLONG;
			if (used)
				out[used++] = '/';
			memcpy(out + used, word, length);
			used += length;
		}
		word += length;
		word += *word == '/';
	}
	out[used] = '\0';
	return 0;
}

/**
 * struct choosing - paths that match a pattern
 * @depth: slashes in it
 */
struct choosing {
	const char *pattern;
	size_t depth;
	struct words *paths;
};

static size_t slashes(const char *path)
{
	size_t count = 0;

	while ((path = strchr(path, '/'))) {
		count++;
		path++;
	}
	return count;
}

static int choose_one(void *context, const struct visit *visit, struct error *err)
{
	struct choosing *c = context;

	if (slashes(visit->path) != c->depth || !pattern_match(c->pattern, visit->path))
		return 0;
	return words_add(c->paths, visit->path, strlen(visit->path))
		       ? error_set(err, ENOMEM, "out of memory") : 0;
}

int source_choose(const struct source *source, const char *word, struct words *paths,
		  struct error *err)
{
	struct choosing choosing = { .paths = paths };
	char path[PATH_MAX];
	size_t before = paths->count;
	int ret = clean(word, path);

	if (ret)
		return error_set(err, -ret, "\"%.40s...\": the path is too long", word);
	if (pattern_is_plain(path)) {
		ret = source_is_folder(source, path);
		if (ret < 0 || (source->ignore && path[0] && ignore_has(source->ignore, path) &&
				!(ret && source->ignore->exceptions)))
			return error_set(err, ENOENT, "\"%.200s\": %s", word,
					 ret == -ENOENT ? "is not there"
					 : ret < 0 ? strerror(-ret) : "is left out by the ignore file");
		return words_add(paths, path, strlen(path)) ? error_set(err, ENOMEM, "out of memory") : 0;
	}
	ret = pattern_check(path, err);
	if (ret)
		return ret;
	choosing.pattern = path;
	choosing.depth = slashes(path);
	ret = source_walk(source, "", choose_one, &choosing, err);
	if (!ret && paths->count == before)
		ret = error_set(err, ENOENT, "\"%.200s\": matches no file", word);
	return ret;
}

/* --- digest --- */

static void add_text(struct sha256_ctx *state, const char *text)
{
	sha256_update(state, strlen(text) + 1, (const uint8_t *)text);
}

static int add_content(struct sha256_ctx *state, const struct visit *visit, struct error *err)
{
	cleanup_free uint8_t *buffer = malloc(READ_OCTETS);
	cleanup_close int fd = source_open(visit, err);
	ssize_t got;

	if (fd < 0)
		return fd;
	if (!buffer)
		return error_set(err, ENOMEM, "out of memory");
	while ((got = read(fd, buffer, READ_OCTETS)) != 0) {
		if (got < 0)
			return error_errno(err, errno, NULL, "/%.200s", visit->path);
		sha256_update(state, (size_t)got, buffer);
	}
	return 0;
}

static int digest_one(void *context, const struct visit *visit, struct error *err)
{
	char line[96], target[PATH_MAX];
	struct sha256_ctx *state = context;
	ssize_t length;

	add_text(state, visit->below);
	snprintf(line, sizeof(line), "%o %lld", visit->info.st_mode,
		 S_ISREG(visit->info.st_mode) ? (long long)visit->info.st_size : 0);
	add_text(state, line);
	if (S_ISREG(visit->info.st_mode))
		return add_content(state, visit, err);
	if (!S_ISLNK(visit->info.st_mode))
		return 0;
	length = readlinkat(visit->parent, visit->name, target, sizeof(target) - 1);
	if (length < 0)
		return error_errno(err, errno, NULL, "/%.200s", visit->path);
	target[length] = '\0';
	add_text(state, target);
	return 0;
}

int source_digest(const struct source *source, const char *path, struct sha256_ctx *state,
		  struct error *err)
{
	const char *last = strrchr(path, '/');

	/* The name counts: it is that of the copy, unless the target says another. */
	add_text(state, last ? last + 1 : path);
	return source_walk(source, path, digest_one, state, err);
}
