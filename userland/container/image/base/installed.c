// SPDX-License-Identifier: GPL-2.0-only
/* Asks dpkg-query(1) and update-alternatives(1), see installed.h. Called by root.c. */
#include "installed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "packages.h"
#include "program.h"

#define ALTERNATIVES "/etc/alternatives/"

/* Nobody in a container reads these; the course VM leaves out most of them as well. */
static bool is_left_out(const char *path)
{
	static const char *const folders[] = {
		"/usr/share/bash-completion/", "/usr/share/bug/", "/usr/share/doc-base/", "/usr/share/info/",
		"/usr/share/lintian/", "/usr/share/locale/", "/usr/share/man/", "/usr/share/menu/",
	};
	static const char doc[] = "/usr/share/doc/";

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	if (strncmp(path, doc, strlen(doc)) != 0)
		return false;
	/* Licences want their texts to come along. */
	return strchr(path + strlen(doc), '/') && strcmp(strrchr(path, '/'), "/copyright") != 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct words *words)
{
	size_t kept = 0;

	if (!words->count)
		return;
	qsort(words->at, words->count, sizeof(*words->at), by_text);
	for (size_t i = 1; i < words->count; i++) {
		if (strcmp(words->at[kept], words->at[i]) != 0)
			words->at[++kept] = words->at[i];
		else
			free(words->at[i]);
	}
	words->count = kept + 1;
}

static bool is_in(const struct words *sorted, size_t count, const char *text)
{
	return count && bsearch(&text, sorted->at, count, sizeof(*sorted->at), by_text);
}

static int add(struct words *words, const char *text, struct error *err)
{
	return words_add(words, text, strlen(text)) ? error_set(err, ENOMEM, "base: out of memory") : 0;
}

static int read_packages(struct packages *packages, struct error *err)
{
	static const char *const query[] = { "dpkg-query", "--show", "--showformat=" PACKAGES_FORMAT, NULL };
	struct program program;
	int ret = program_start(&program, query, err);

	if (!ret) {
		ret = packages_read(program.output, packages, err);
		ret = program_end(&program, ret, err);
	}
	return ret;
}

static int list_files(const struct words *packages, struct words *paths, struct error *err)
{
	cleanup_free const char **query = calloc(packages->count + 3, sizeof(*query));
	cleanup_free char *line = NULL;
	struct program program;
	size_t room = 0;
	int ret;

	if (!query)
		return error_set(err, ENOMEM, "base: out of memory");
	query[0] = "dpkg-query";
	query[1] = "--listfiles";
	for (size_t i = 0; i < packages->count; i++)
		query[i + 2] = packages->at[i];
	ret = program_start(&program, query, err);
	if (ret)
		return ret;
	/* Between paths it says of some who has taken their place. */
	while (!ret && getline(&line, &room, program.output) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '/' && strcmp(line, "/.") != 0 && !is_left_out(line))
			ret = add(paths, line, err);
	}
	return program_end(&program, ret, err);
}

int installed_files(const struct words *names, struct words *paths, struct error *err)
{
	cleanup_packages struct packages packages = { 0 };
	cleanup_words struct words closure = { NULL, 0 };
	int ret = read_packages(&packages, err);

	*paths = (struct words){ NULL, 0 };
	if (!ret)
		ret = packages_closure(&packages, names, &closure, err);
	if (!ret)
		ret = list_files(&closure, paths, err);
	if (ret)
		words_free(paths);
	else
		sort(paths);
	return ret;
}

/* A name for a program: the link that people use, and the one in /etc that it leads to. */
static int add_link(struct words *paths, const char *name, const char *link, struct error *err)
{
	char inner[512];
	int ret;

	if (is_left_out(link))
		return 0;
	ret = add(paths, link, err);
	if (ret)
		return ret;
	snprintf(inner, sizeof(inner), ALTERNATIVES "%s", name);
	return add(paths, inner, err);
}

/* The links of one alternative, and those that go with it (its slaves, " NAME LINK" in the answer). */
static int add_links(struct words *paths, const char *name, struct error *err)
{
	const char *const query[] = { "update-alternatives", "--query", name, NULL };
	char line[4096], slave[128], link[3072];
	struct program program;
	int ret = program_start(&program, query, err);

	if (ret)
		return ret;
	while (!ret && fgets(line, sizeof(line), program.output) && strncmp(line, "Status:", 7) != 0) {
		if (sscanf(line, "Link: %3071s", link) == 1)
			ret = add_link(paths, name, link, err);
		else if (sscanf(line, " %127s %3071s", slave, link) == 2 && line[0] == ' ')
			ret = add_link(paths, slave, link, err);
	}
	/* The rest of its answer is of no interest, so that it may end by SIGPIPE. */
	program_end(&program, -EPIPE, err);
	return ret;
}

int installed_alternatives(struct words *paths, struct error *err)
{
	static const char *const query[] = { "update-alternatives", "--get-selections", NULL };
	char line[4096], name[128], chosen[3072];
	size_t count = paths->count;
	struct program program;
	int ret = program_start(&program, query, err);

	if (ret)
		return ret;
	while (!ret && fgets(line, sizeof(line), program.output))
		if (sscanf(line, "%127s %*s %3071s", name, chosen) == 2 && is_in(paths, count, chosen))
			ret = add_links(paths, name, err);
	ret = program_end(&program, ret, err);
	if (!ret)
		sort(paths);
	return ret;
}
