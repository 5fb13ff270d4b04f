/* SPDX-License-Identifier: GPL-2.0-only */
/* From an image to what a runtime starts: config.json. OCI image-spec conversion.md. */
#ifndef CELL_IMAGE_BUNDLE_H
#define CELL_IMAGE_BUNDLE_H

#include "../image_config.h"

#define USER_GROUPS 64

/**
 * struct user - who the process is
 * @uid: user
 * @gid: first group
 * @groups: the others
 * @count: of @groups
 * @home: folder, "/" if nobody says; at most PATH_MAX octets
 */
struct user {
	uint32_t uid;
	uint32_t gid;
	uint32_t groups[USER_GROUPS];
	size_t count;
	char home[256];
};

/**
 * user_find() - who is meant by an image's "User"
 * @root: the image's root, open: its /etc/passwd and /etc/group are read, and no others
 * @text: "", NAME, UID, NAME:GROUP, UID:GID
 * @user: set if it returns 0
 * @err: if there is no such user
 *
 * Digits are a number, even if a line has them as its name: CVE-2016-3697.
 *
 * Return: 0, -ENOENT, -EINVAL.
 */
int user_find(int root, const char *text, struct user *user, struct error *err);

/* As user_find(), with the texts of the two files; either may be NULL. For tests, too. */
int user_find_in(const char *text, const char *passwd, const char *group, struct user *user,
		 struct error *err);

/**
 * bundle_config() - the config.json of an image
 * @config: the image's
 * @root: its root, open
 * @json: the caller's to put
 * @err: what is wrong
 */
int bundle_config(const struct image_config *config, int root, json_object **json,
		  struct error *err);

/* Writes config.json into a folder, as a whole. */
int bundle_write(int folder, json_object *json, struct error *err);

#endif
