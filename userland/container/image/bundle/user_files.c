// SPDX-License-Identifier: GPL-2.0-only
/* What user.c reads users from, out of an image that was unpacked. Called by config_json.c. */
#include <errno.h>
#include <stdlib.h>

#include "../../path/tree.h"
#include "bundle.h"
#include "cleanup.h"

#define FILE_MOST (1 << 20)

/* What is no regular file is not read: CVE-2024-9676. */
static int read_file(int root, const char *path, char **text, struct error *err)
{
	ssize_t length;

	*text = malloc(FILE_MOST + 1);
	if (!*text)
		return error_set(err, ENOMEM, "image: /%s: out of memory", path);
	length = inroot_read(root, path, *text, FILE_MOST + 1);
	if (length >= 0)
		return 0;
	(*text)[0] = '\0';
	if (length == -ENOENT || length == -ENOTDIR)
		return 0;
	return error_errno(err, (int)-length, NULL, "image: /%s: is to be a file of at most %d octets",
			   path, FILE_MOST);
}

int user_find(int root, const char *text, struct user *user, struct error *err)
{
	cleanup_free char *passwd = NULL, *group = NULL;
	int ret = read_file(root, "etc/passwd", &passwd, err);

	if (!ret)
		ret = read_file(root, "etc/group", &group, err);
	return ret ? ret : user_find_in(text, passwd, group, user, err);
}
