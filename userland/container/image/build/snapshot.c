// SPDX-License-Identifier: GPL-2.0-only
/* Files of a root, see snapshot.h. Called by step.c, before and after. */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>

#include "../../path/tree.h"
#include "cleanup.h"

static int add(struct snapshot *s, const char *path, const struct stat *info, uint64_t attributes)
{
	if (s->count == SNAPSHOT_FILES)
		return -EFBIG;
	if (!(s->count & (s->count - 1))) {
		size_t room = s->count ? 2 * s->count : 1;
		struct node *at = reallocarray(s->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		s->at = at;
	}
	s->at[s->count] = (struct node){ strdup(path), *info, attributes };
	return s->at[s->count].path ? (s->count++, 0) : -ENOMEM;
}

static uint64_t hash(uint64_t state, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		state = (state ^ (uint8_t)data[i]) * 0x100000001b3ull;
	return state;
}

/* A sum, as the order of names is the file system's. */
static uint64_t attributes_of(int fd)
{
	char names[4096], value[4096];
	ssize_t length = flistxattr(fd, names, sizeof(names)), got;
	uint64_t sum = 0;

	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
		got = fgetxattr(fd, names + at, value, sizeof(value));
		sum += hash(hash(0xcbf29ce484222325ull, names + at, strlen(names + at) + 1), value,
			    got > 0 ? (size_t)got : 0);
	}
	return sum;
}

static int take_folder(struct snapshot *s, int folder, char path[PATH_MAX], int depth);

static int take_one(struct snapshot *s, int folder, const char *name, char path[PATH_MAX],
		    int depth)
{
	size_t length = strlen(path);
	struct stat info;
	int inner, ret;

	if (length + strlen(name) + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (length)
		path[length++] = '/';
	strcpy(path + length, name);
	if (!S_ISDIR(info.st_mode))
		return add(s, path, &info, 0);
	inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return -errno;
	ret = add(s, path, &info, attributes_of(inner));
	if (ret) {
		close(inner);
		return ret;
	}
	return take_folder(s, inner, path, depth + 1);
}

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_octets(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Takes the fd along. */
static int take_folder(struct snapshot *s, int folder, char path[PATH_MAX], int depth)
{
	cleanup_close int held = folder;
	size_t length = strlen(path);
	struct dirent **list;
	int ret = 0, count;

	if (depth > TREE_DEPTH)
		return -ELOOP;
	count = scandirat(folder, ".", &list, is_name, by_octets);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (!ret)
			ret = take_one(s, folder, list[i]->d_name, path, depth);
		/* What fails is told with its path. */
		if (!ret)
			path[length] = '\0';
		free(list[i]);
	}
	free(list);
	return ret;
}

int snapshot_take(int root, struct snapshot *snapshot, struct error *err)
{
	int folder = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;
	char path[PATH_MAX] = "";
	struct stat info;

	*snapshot = (struct snapshot){ NULL, 0 };
	if (folder < 0 || fstat(folder, &info)) {
		ret = -errno;
		cleanup_fd(&folder);
		return error_errno(err, -ret, NULL, "build: the root");
	}
	ret = add(snapshot, "", &info, attributes_of(folder));
	if (ret)
		close(folder);
	else
		ret = take_folder(snapshot, folder, path, 0);
	if (!ret)
		return 0;
	snapshot_free(snapshot);
	return error_errno(err, -ret, NULL, "build: look at /%.200s", path);
}

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		free(snapshot->at[i].path);
	free(snapshot->at);
	*snapshot = (struct snapshot){ NULL, 0 };
}

void snapshot_settle(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 11000000 }, NULL);
}

int node_compare(const char *a, const char *b)
{
	int x, y;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	x = *a == '/' ? 1 : *a ? (unsigned char)*a + 1 : 0;
	y = *b == '/' ? 1 : *b ? (unsigned char)*b + 1 : 0;
	return x - y;
}

static int compare_key(const void *path, const void *node)
{
	return node_compare(path, ((const struct node *)node)->path);
}

const struct node *snapshot_find(const struct snapshot *snapshot, const char *path)
{
	return snapshot->count ? bsearch(path, snapshot->at, snapshot->count,
					 sizeof(*snapshot->at), compare_key) : NULL;
}

bool node_same(const struct node *before, const struct node *after)
{
	const struct stat *a = &before->info, *b = &after->info;

	if (a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		return false;
	/* That a name came or went is no change of the folder's. */
	if (S_ISDIR(a->st_mode))
		return before->attributes == after->attributes;
	return a->st_ino == b->st_ino && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
