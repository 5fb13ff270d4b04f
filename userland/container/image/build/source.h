/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where COPY and ADD take files from: the folder of a build, or another image's root. Both are
 * roots: no link in them leads out (../../path/inroot.h).
 */
#ifndef CELL_IMAGE_BUILD_SOURCE_H
#define CELL_IMAGE_BUILD_SOURCE_H

#include <sys/stat.h>

#include "../digest.h"
#include "pattern.h"
#include "words.h"

/**
 * struct source - a root to take files from
 * @root: an open folder
 * @ignore: what is not taken; NULL: all is
 */
struct source {
	int root;
	const struct ignore *ignore;
};

/**
 * struct visit - a file on the way
 * @path: relative to the root
 * @below: relative to where the walk began; empty: that itself
 * @parent: an open folder that has it
 * @name: in that
 * @info: of it; links are not followed
 */
struct visit {
	const char *path;
	const char *below;
	int parent;
	const char *name;
	struct stat info;
};

typedef int (*source_visit)(void *context, const struct visit *visit, struct error *err);

/**
 * source_choose() - which files does a word of COPY mean?
 * @source: has them
 * @word: a path or a pattern; ".." does not lead out
 * @paths: the paths are added, relative, in order of their octets
 * @err: if there is none
 *
 * Return: 0, -ENOENT, -EINVAL or another negative errno.
 */
int source_choose(const struct source *source, const char *word, struct words *paths,
		  struct error *err);

/* Is the path, with links followed, a folder? 1, 0, or a negative errno. */
int source_is_folder(const struct source *source, const char *path);

/*
 * Visits a file, or a folder and all that is in it, in order of names, folders first. The first may
 * be a link, and is followed; what is ignored is left out.
 */
int source_walk(const struct source *source, const char *path, source_visit visit, void *context,
		struct error *err);

/**
 * source_open() - a regular file that is visited, to be read
 * @visit: says that it is one
 * @err: what failed
 *
 * Whoever may write to the folder may put something else in its place meanwhile: a link is not
 * followed, a FIFO not waited for, and no device is opened.
 *
 * Return: a descriptor, -EBUSY if it is no regular file any more, or another negative errno.
 */
int source_open(const struct visit *visit, struct error *err);

/* Adds all that COPY takes of a path to a digest: names, kinds, modes, contents; no times. */
int source_digest(const struct source *source, const char *path, struct sha256_ctx *state,
		  struct error *err);

#endif
