/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Patterns of paths, and the list of a .containerignore file. Rules: Go's filepath.Match, and "**",
 * which is any number of folders; Docker's reference for ".dockerignore file".
 */
#ifndef CELL_IMAGE_BUILD_PATTERN_H
#define CELL_IMAGE_BUILD_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define IGNORE_MAX (1 << 20)
#define IGNORE_RULES 4096

/**
 * pattern_match() - does a path match?
 * @pattern: with *, ?, [a-z], [^a-z], \x, and **
 * @path: relative, without "." and ".."
 *
 * Takes time and room by the product of both lengths at most. What is no pattern matches nothing.
 */
bool pattern_match(const char *pattern, const char *path);

/* Is it a pattern? Otherwise -EINVAL with @err. */
int pattern_check(const char *pattern, struct error *err);

/* Does it have anything that is no literal? */
bool pattern_is_plain(const char *text);

/**
 * struct ignore - what is not sent to a build
 * @rules: patterns, cleaned
 * @except: for each: it began with "!"
 * @count: of @rules
 * @exceptions: whether there is any
 */
struct ignore {
	char **rules;
	bool *except;
	size_t count;
	bool exceptions;
};

/* Reads the text of a file, which need not end with a NUL. 0, or -EINVAL with line and reason. */
int ignore_parse(const char *data, size_t length, const char *name, struct ignore *ignore,
		 struct error *err);
void ignore_free(struct ignore *ignore);

/* The last rule that matches the path, or a folder above it, says. */
bool ignore_has(const struct ignore *ignore, const char *path);

#define cleanup_ignore __attribute__((cleanup(ignore_free)))

#endif
