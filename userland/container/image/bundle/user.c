// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users of an image, from its own files. No NSS: a library of the image's would run with our
 * rights (CVE-2019-14271). The texts come from user_files.c, or from cell's own path layer.
 * Called by config_json.c, by the build, and by cell run --image.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../path/guard.h"
#include "bundle.h"

#define FIELDS 7

static bool is_number(const char *text, uint32_t *number)
{
	uint64_t value = 0;

	if (!text[0] || strlen(text) > 10)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*number = (uint32_t)value;
	/* The last one means "none" to the kernel. */
	return value < UINT32_MAX;
}

/* The next line, cut at its colons: how many fields, or -1 at the end. */
static int next_line(const char **at, char *line, size_t size, char *fields[FIELDS])
{
	size_t length;
	int count = 0;

	if (!*at || !**at)
		return -1;
	length = strcspn(*at, "\n");
	snprintf(line, size, "%.*s", (int)(length < size ? length : size - 1), *at);
	*at += length + ((*at)[length] == '\n');
	for (char *field = line; field && count < FIELDS;) {
		fields[count++] = field;
		field = strchr(field, ':');
		if (field)
			*field++ = '\0';
	}
	return count;
}

static bool find_passwd(const char *passwd, const char *name, uint32_t uid, bool numeric,
			struct user *user, char found[128])
{
	char line[1024], *fields[FIELDS];
	uint32_t number, gid;
	int count;

	while ((count = next_line(&passwd, line, sizeof(line), fields)) >= 0) {
		if (count < 4 || !is_number(fields[2], &number) || !is_number(fields[3], &gid) ||
		    (numeric ? number != uid : strcmp(fields[0], name) != 0))
			continue;
		user->uid = number;
		user->gid = gid;
		if (count > 5 && fields[5][0] == '/')
			snprintf(user->home, sizeof(user->home), "%s", fields[5]);
		snprintf(found, 128, "%s", fields[0]);
		return true;
	}
	return false;
}

static bool find_group(const char *group, const char *name, uint32_t *gid)
{
	char line[4096], *fields[FIELDS];
	int count;

	while ((count = next_line(&group, line, sizeof(line), fields)) >= 0)
		if (count >= 3 && !strcmp(fields[0], name) && is_number(fields[2], gid))
			return true;
	return false;
}

static bool has_member(char *members, const char *name)
{
	char *rest, *member;

	for (member = strtok_r(members, ",", &rest); member; member = strtok_r(NULL, ",", &rest))
		if (!strcmp(member, name))
			return true;
	return false;
}

static void find_memberships(const char *group, const char *name, struct user *user)
{
	char line[4096], *fields[FIELDS];
	uint32_t gid;
	int count;

	while ((count = next_line(&group, line, sizeof(line), fields)) >= 0)
		if (count >= 4 && user->count < USER_GROUPS && is_number(fields[2], &gid) &&
		    gid != user->gid && has_member(fields[3], name))
			user->groups[user->count++] = gid;
}

int user_find_in(const char *text, const char *passwd, const char *group, struct user *user,
		 struct error *err)
{
	const char *colon = strchr(text, ':');
	char name[128], found[128] = "";
	uint32_t uid = 0;
	bool numeric;

	*user = (struct user){ .home = "/" };
	if (strlen(text) >= sizeof(name))
		return error_set(err, EINVAL, "user: \"%.40s...\": the name is too long", text);
	snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - text) : -1, text);
	if (!name[0])
		snprintf(name, sizeof(name), "0");
	/* Digits are a number, whoever bears them as a name (CVE-2016-3697). */
	numeric = GUARD(NUMERIC) && is_number(name, &uid);
	user->uid = uid;
	if (!find_passwd(passwd, name, uid, numeric, user, found) && !numeric)
		return error_set(err, ENOENT, "user: \"%s\": is not in the image's /etc/passwd: use a "
				 "number, or add the user", name);
	if (!colon) {
		if (found[0])
			find_memberships(group, found, user);
		return 0;
	}
	if (!is_number(colon + 1, &user->gid) && !find_group(group, colon + 1, &user->gid))
		return error_set(err, ENOENT, "group: \"%s\": is not in the image's /etc/group: use a "
				 "number, or add the group", colon + 1);
	return 0;
}
