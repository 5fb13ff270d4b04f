// SPDX-License-Identifier: GPL-2.0-only
/* Packages' files, copied into a root, see base.h. Called by cmd_base.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "../../path/tree.h"
#include "base.h"
#include "cleanup.h"
#include "installed.h"

/* Every file becomes root's, so that rights of others' sets of ids would be root's as well. */
static mode_t mode_of(const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;

	if (S_ISDIR(st->st_mode))
		return mode;
	return mode & ~((st->st_uid ? S_ISUID : 0) | (st->st_gid ? S_ISGID : 0));
}

static int copy_octets(const char *path, int parent, const char *name, mode_t mode)
{
	cleanup_close int from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int to = -1;
	ssize_t put = 1;

	if (from < 0)
		return -errno;
	to = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	while (to >= 0 && put > 0)
		put = sendfile(to, from, NULL, 1 << 24);
	return to < 0 || put < 0 || fchmod(to, mode) ? -errno : 0;
}

static int copy_link(const char *path, int parent, const char *name)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return symlinkat(target, parent, name) ? -errno : 0;
}

static int copy_folder(int parent, const char *name, mode_t mode)
{
	if (mkdirat(parent, name, 0755) && errno != EEXIST)
		return -errno;
	return fchmodat(parent, name, mode, 0) ? -errno : 0;
}

/*
 * What a path is here, it becomes there. Where /bin is a link to usr/bin, packages name files by either, so that
 * folders above are found as they are in the root, and one may be there already.
 */
static int copy(int root, const char *path)
{
	cleanup_close int parent = -1;
	char clean[PATH_MAX];
	const char *name;
	struct stat st;
	int ret;

	/* Left out when it was installed, or taken away since. */
	if (lstat(path, &st))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	ret = tree_clean(path, clean, sizeof(clean));
	if (ret || !clean[0])
		return ret;
	parent = tree_parent(root, clean, true, &name);
	if (parent < 0)
		return parent;
	if (S_ISDIR(st.st_mode))
		ret = copy_folder(parent, name, mode_of(&st));
	else if (S_ISLNK(st.st_mode))
		ret = copy_link(path, parent, name);
	else if (S_ISREG(st.st_mode))
		ret = copy_octets(path, parent, name, mode_of(&st));
	return ret == -EEXIST ? 0 : ret;
}

/* Without these nothing else has a place, nor can RUN run anything. */
static int with_always(const struct words *names, struct words *all)
{
	int ret = words_add(all, "base-files", strlen("base-files"));

	if (!ret)
		ret = words_add(all, "dash", strlen("dash"));
	for (size_t i = 0; !ret && i < names->count; i++)
		ret = words_add(all, names->at[i], strlen(names->at[i]));
	return ret;
}

/* In some of Debian's releases dash makes this link when it is installed. */
static int make_sh(int root)
{
	cleanup_close int there = inroot_open(root, "bin/sh", O_PATH);
	cleanup_close int parent = -1;
	const char *name;

	if (there >= 0)
		return 0;
	parent = tree_parent(root, "bin/sh", true, &name);
	if (parent < 0)
		return parent;
	return symlinkat("dash", parent, name) && errno != EEXIST ? -errno : 0;
}

int base_packages(int root, const struct words *names, struct error *err)
{
	cleanup_words struct words all = { NULL, 0 }, paths = { NULL, 0 };
	int ret = with_always(names, &all);

	if (ret)
		return error_set(err, ENOMEM, "base: out of memory");
	ret = installed_files(&all, &paths, err);
	if (!ret)
		ret = installed_alternatives(&paths, err);
	for (size_t i = 0; !ret && i < paths.count; i++) {
		ret = copy(root, paths.at[i]);
		if (ret)
			ret = error_errno(err, -ret, ret == -EACCES ? "only root may read it" : NULL,
					  "base: %s", paths.at[i]);
	}
	if (!ret) {
		ret = make_sh(root);
		if (ret)
			ret = error_errno(err, -ret, NULL, "base: bin/sh");
	}
	return ret;
}
