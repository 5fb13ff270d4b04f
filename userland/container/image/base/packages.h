/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of a machine's Debian packages an image consists of: those asked for, and what they depend on. */
#ifndef CELL_IMAGE_BASE_PACKAGES_H
#define CELL_IMAGE_BASE_PACKAGES_H

#include <stdio.h>

#include "../build/words.h"

/**
 * struct package - one that is installed
 * @name: as others depend on it
 * @full: with its architecture where dpkg wants to know which: "libc6:amd64"
 * @depends: of all kinds that have to hold: "libc6 (>= 2.36), mawk | awk"
 * @provides: other names for it: "awk, editor (= 1.2)"
 */
struct package {
	char *name;
	char *full;
	char *depends;
	char *provides;
};

/**
 * struct package_name - by what something can depend on a package
 * @name: its own, or one that it provides
 * @package: place in &struct packages.at
 */
struct package_name {
	char *name;
	size_t package;
};

/**
 * struct packages - all that are installed; the caller's to free
 * @at: they, in dpkg's order
 * @count: of @at
 * @names: sorted
 * @name_count: of @names
 */
struct packages {
	struct package *at;
	size_t count;
	struct package_name *names;
	size_t name_count;
};

/* Fields of a record, for dpkg-query(1) --showformat; a line each. */
#define PACKAGES_FORMAT \
	"${db:Status-Abbrev}\\t${Package}\\t${binary:Package}\\t${Pre-Depends}, ${Depends}\\t${Provides}\\n"

/* Reads records of that format. 0, -EBADMSG or -ENOMEM. */
int packages_read(FILE *records, struct packages *packages, struct error *err);
void packages_free(struct packages *packages);

/**
 * packages_closure() - what is asked for and all that it depends on
 * @packages: those there are
 * @asked: names
 * @closure: set to full names, each once, the asked first; the caller's to free
 * @err: which name is not there, and who wants it
 *
 * Of alternatives the first that is installed is taken. Versions are not compared: dpkg has done so.
 *
 * Return: 0, -ENOPKG or -ENOMEM.
 */
int packages_closure(const struct packages *packages, const struct words *asked, struct words *closure,
		     struct error *err);

#define cleanup_packages __attribute__((cleanup(packages_free)))

#endif
