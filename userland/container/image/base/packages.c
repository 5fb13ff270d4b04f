// SPDX-License-Identifier: GPL-2.0-only
/* Packages and what they depend on, see packages.h. Debian Policy 7.1. Called by installed.c. */
#include "packages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define NOWHERE ((size_t)-1)

/* The name in "libc6:any (>= 2.36)". */
static size_t name_length(const char *text)
{
	return strcspn(text, ":( \t,|\n");
}

static const char *skip(const char *text, const char *what)
{
	return text + strspn(text, what);
}

void packages_free(struct packages *packages)
{
	for (size_t i = 0; i < packages->count; i++) {
		free(packages->at[i].name);
		free(packages->at[i].full);
		free(packages->at[i].depends);
		free(packages->at[i].provides);
	}
	for (size_t i = 0; i < packages->name_count; i++)
		free(packages->names[i].name);
	free(packages->at);
	free(packages->names);
	*packages = (struct packages){ 0 };
}

/* Room for one more in an array that doubles. */
static int grow(void *array, size_t count, size_t size)
{
	void *more;

	if (count & (count - 1))
		return 0;
	more = reallocarray(*(void **)array, count ? 2 * count : 1, size);
	if (!more)
		return -ENOMEM;
	*(void **)array = more;
	return 0;
}

static int add_name(struct packages *packages, const char *name, size_t length, size_t package)
{
	struct package_name *new;

	if (grow(&packages->names, packages->name_count, sizeof(*new)))
		return -ENOMEM;
	new = &packages->names[packages->name_count];
	new->name = strndup(name, length);
	new->package = package;
	return new->name ? (packages->name_count++, 0) : -ENOMEM;
}

static int add_names(struct packages *packages, size_t number)
{
	const struct package *package = &packages->at[number];
	int ret = add_name(packages, package->name, strlen(package->name), number);

	for (const char *at = skip(package->provides, ", "); !ret && *at; at = skip(at, ", ")) {
		ret = add_name(packages, at, name_length(at), number);
		at += strcspn(at, ",");
	}
	return ret;
}

static int add_package(struct packages *packages, char *const fields[4])
{
	struct package *new;

	if (grow(&packages->at, packages->count, sizeof(*new)))
		return -ENOMEM;
	new = &packages->at[packages->count++];
	*new = (struct package){ strdup(fields[0]), strdup(fields[1]), strdup(fields[2]), strdup(fields[3]) };
	if (!new->name || !new->full || !new->depends || !new->provides)
		return -ENOMEM;
	return add_names(packages, packages->count - 1);
}

/* A package's own name comes before one that others provide; what dpkg names first, before the rest. */
static int by_name(const void *a, const void *b)
{
	const struct package_name *one = a, *two = b;
	int order = strcmp(one->name, two->name);

	return order ? order : (one->package > two->package) - (one->package < two->package);
}

int packages_read(FILE *records, struct packages *packages, struct error *err)
{
	cleanup_free char *line = NULL;
	char *fields[5], *rest;
	size_t room = 0;
	int ret = 0;

	*packages = (struct packages){ 0 };
	while (!ret && getline(&line, &room, records) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rest = line;
		for (size_t i = 0; i < 5; i++)
			fields[i] = strsep(&rest, "\t");
		if (!fields[4])
			ret = error_set(err, EBADMSG, "base: dpkg-query: \"%.80s\": five fields were asked for",
					line);
		else if (!strncmp(fields[0], "ii", 2))
			ret = add_package(packages, fields + 1);
		if (ret == -ENOMEM)
			error_set(err, ENOMEM, "base: out of memory");
	}
	if (ret)
		packages_free(packages);
	else if (packages->name_count)
		qsort(packages->names, packages->name_count, sizeof(*packages->names), by_name);
	return ret;
}

/* The package of that name, rather than one that provides it. */
static size_t find(const struct packages *packages, const char *name, size_t length)
{
	size_t low = 0, high = packages->name_count, found = NOWHERE;

	while (low < high) {
		size_t middle = (low + high) / 2;

		/* Of those that begin so, the name itself is the first. */
		if (strncmp(packages->names[middle].name, name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < packages->name_count && !strncmp(packages->names[low].name, name, length) &&
	       !packages->names[low].name[length]; low++) {
		size_t package = packages->names[low].package;

		if (!strcmp(packages->at[package].name, packages->names[low].name))
			return package;
		if (found == NOWHERE)
			found = package;
	}
	return found;
}

/**
 * struct closing - a closure as it grows
 * @packages: those there are
 * @is_in: of each, whether it is in
 * @order: those that are in
 * @count: of @order
 */
struct closing {
	const struct packages *packages;
	bool *is_in;
	size_t *order;
	size_t count;
};

static void take(struct closing *c, size_t package)
{
	if (!c->is_in[package])
		c->order[c->count++] = package;
	c->is_in[package] = true;
}

/* One of the alternatives up to the next comma. */
static int take_one(struct closing *c, const char *group, const struct package *who, struct error *err)
{
	size_t found = NOWHERE;
	const char *at = group;

	while (found == NOWHERE) {
		at = skip(at, " |");
		found = find(c->packages, at, name_length(at));
		at += strcspn(at, "|,");
		if (*at != '|')
			break;
	}
	if (found == NOWHERE)
		return error_set(err, ENOPKG, "base: %s: depends on %.*s, which is not installed here",
				 who->name, (int)strcspn(group, ","), group);
	take(c, found);
	return 0;
}

static int take_depended(struct closing *c, const struct package *who, struct error *err)
{
	int ret = 0;

	for (const char *at = skip(who->depends, ", "); !ret && *at; at = skip(at, ", ")) {
		ret = take_one(c, at, who, err);
		at += strcspn(at, ",");
	}
	return ret;
}

int packages_closure(const struct packages *packages, const struct words *asked, struct words *closure,
		     struct error *err)
{
	cleanup_free bool *is_in = calloc(packages->count + 1, sizeof(*is_in));
	cleanup_free size_t *order = calloc(packages->count + 1, sizeof(*order));
	struct closing c = { packages, is_in, order, 0 };
	int ret = is_in && order ? 0 : -ENOMEM;

	*closure = (struct words){ NULL, 0 };
	for (size_t i = 0; !ret && i < asked->count; i++) {
		size_t found = find(packages, asked->at[i], strlen(asked->at[i]));

		if (found == NOWHERE)
			return error_set(err, ENOPKG, "base: %.80s: is not installed here: apt install %.80s",
					 asked->at[i], asked->at[i]);
		take(&c, found);
	}
	for (size_t i = 0; !ret && i < c.count; i++)
		ret = take_depended(&c, &packages->at[order[i]], err);
	for (size_t i = 0; !ret && i < c.count; i++) {
		const char *full = packages->at[order[i]].full;

		ret = words_add(closure, full, strlen(full));
	}
	if (ret == -ENOMEM)
		error_set(err, ENOMEM, "base: out of memory");
	if (ret)
		words_free(closure);
	return ret;
}
