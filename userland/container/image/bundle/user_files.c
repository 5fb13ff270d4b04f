// SPDX-License-Identifier: GPL-2.0-only
/* What user.c reads users from, out of an image that was unpacked. Called by config_json.c. */
#include <errno.h>

#include "../layer/inroot.h"
#include "bundle.h"
#include "cleanup.h"

#define FILE_MOST (1 << 20)

static int read_file(int root, const char *path, char **text, struct error *err)
{
	size_t length;

	*text = inroot_read(root, path, FILE_MOST, &length);
	if (*text || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_errno(err, errno, NULL, "image: /%s: is to be a file of at most %d octets", path,
			   FILE_MOST);
}

int user_find(int root, const char *text, struct user *user, struct error *err)
{
	cleanup_free char *passwd = NULL, *group = NULL;
	int ret = read_file(root, "etc/passwd", &passwd, err);

	if (!ret)
		ret = read_file(root, "etc/group", &group, err);
	return ret ? ret : user_find_in(text, passwd, group, user, err);
}
