// SPDX-License-Identifier: GPL-2.0-only
/* Mounts by descriptor, see mounts.h. Called by init/ and by cmd_create's preparation. */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cleanup.h"

/* What the kernel says about a file system's words is read from the context's descriptor. */
static void read_reason(int context, char *reason, size_t room)
{
	ssize_t n = read(context, reason, room - 1);

	reason[n > 0 ? n : 0] = '\0';
	reason[strcspn(reason, "\n")] = '\0';
}

static int refused(int context, int failed, const char *type, const char *word, struct error *err)
{
	char reason[160];

	read_reason(context, reason, sizeof(reason));
	return error_set(err, failed, "mount: %s%s%s: %s%s%s", type, word ? ": " : "",
			 word ? word : "", strerror(failed), reason[0] ? ": " : "", reason);
}

/* As strsep(3), but where a value begins with a quote a comma ends nothing: labels have some. */
static char *next_word(char **rest)
{
	char *word = *rest, *end = word;
	bool quoted = false;

	if (!word)
		return NULL;
	for (; *end && (quoted || *end != ','); end++)
		if (*end == '"')
			quoted = !quoted && end > word && end[-1] == '=';
	*rest = *end ? end + 1 : NULL;
	*end = '\0';
	return word;
}

/* fsconfig(2) takes them as they are. */
static char *without_quotes(char *value)
{
	size_t length = strlen(value);

	if (length < 2 || value[0] != '"' || value[length - 1] != '"')
		return value;
	value[length - 1] = '\0';
	return value + 1;
}

static int configure(int context, const char *type, const char *data, struct error *err)
{
	char words[4096], *rest = words, *word;

	if (strlen(data) >= sizeof(words))
		return error_set(err, E2BIG, "mount: %s: its options are too long", type);
	strcpy(words, data);
	while ((word = next_word(&rest))) {
		char *value = strchr(word, '=');
		int ret;

		if (!*word)
			continue;
		if (value) {
			*value++ = '\0';
			value = without_quotes(value);
		}
		ret = fsconfig(context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, word,
			       value, 0);
		if (ret)
			return refused(context, errno, type, word, err);
	}
	return 0;
}

int mount_new(const char *type, const char *source, const char *data, uint64_t attributes,
	      struct error *err)
{
	cleanup_close int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount, ret;

	if (context < 0)
		return error_errno(err, errno, errno == ENODEV ? "the kernel has no such file system"
							       : NULL, "mount: %s", type);
	if (source && fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0))
		return refused(context, errno, type, source, err);
	ret = data ? configure(context, type, data, err) : 0;
	if (ret)
		return ret;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return refused(context, errno, type, NULL, err);
	mount = fsmount(context, FSMOUNT_CLOEXEC, (unsigned int)attributes);
	return mount < 0 ? refused(context, errno, type, NULL, err) : mount;
}

int mount_clone(int dir, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int fd = open_tree(dir, path, flags | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));

	return fd < 0 ? -errno : fd;
}

int mount_put(int mount, int target)
{
	int ret = move_mount(mount, "", target, "",
			     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return ret ? -errno : 0;
}

static int set_attributes(int mount, struct mount_attr *attr, bool recursive)
{
	int ret = mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr,
				sizeof(*attr));

	return ret ? -errno : 0;
}

int mount_change(int mount, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive)
{
	struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
	};

	if (!set && !clear && !propagation)
		return 0;
	return set_attributes(mount, &attr, recursive);
}

int mount_idmap(int mount, int userns, bool recursive)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns,
	};

	return set_attributes(mount, &attr, recursive);
}
