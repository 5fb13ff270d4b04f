// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image, as overlayfs takes it: each layer a folder; what a layer takes away, as a device 0,0 of the
 * name that is hidden; a folder that hides all below it, by an attribute (overlayfs.rst).
 * main.c has layers unpacked outside; root.c puts them on each other inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "box.h"

enum layer_entry layer_classify(const char *name, const char **hidden)
{
	*hidden = NULL;
	/* lab 06 step 6 begin: .wh., .wh..wh..opq, and what must not be; skeleton: (void)name; return LAYER_FILE; */
	if (strncmp(name, ".wh.", 4))
		return LAYER_FILE;
	if (!strcmp(name, ".wh..wh..opq"))
		return LAYER_OPAQUE;
	name += 4;
	/* nothing, this folder, the folder above; and other names of aufs, which no layer has any use for */
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || !strncmp(name, ".wh.", 4))
		return LAYER_REFUSED;
	*hidden = name;
	return LAYER_WHITEOUT;
	/* lab 06 step 6 end */
}

int layer_opaque(int at)
{
	/* lab 06 step 6 begin: an attribute that a user namespace may set; skeleton: (void)at; return 0; */
	return fsetxattr(at, "user.overlay.opaque", "y", 1, 0) ? -errno : 0;
	/* lab 06 step 6 end */
}

int layer_whiteout(int at, const char *name)
{
	/* lab 06 step 6 begin: it hides what is below, not what this layer has; skeleton: (void)at; (void)name; return 0; */
	int fd, err;

	if (!mknodat(at, name, S_IFCHR, makedev(0, 0)))
		return 0;
	if (errno != EEXIST)
		return -errno;
	/* this layer has it: a file hides by being there, a folder would show what is below, too */
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	err = layer_opaque(fd);
	close(fd);
	return err;
	/* lab 06 step 6 end */
}

/* snprintf() that goes on where it left off. False if there is no room. */
static bool append(char *text, size_t size, size_t *length, const char *a, const char *b, const char *c)
{
	int n = snprintf(text + *length, size - *length, "%s%s%s", a, b, c);

	*length += (size_t)n;
	return *length < size;
}

bool layers_options(const struct layers *layers, const char *folder, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	/* lab 06 step 6 begin: lowerdir=, upperdir=, workdir=, userxattr; skeleton: (void)layers; (void)folder; return append(text, size, &length, "", "", ""); */
	/* the first one is the topmost */
	for (size_t i = layers->count; i > 0; i--)
		if (!append(text, size, &length, i == layers->count ? "lowerdir=" : ":", folder, "/") ||
		    !append(text, size, &length, layers->names[i - 1], "", ""))
			return false;
	return append(text, size, &length, ",upperdir=", folder, "/upper") &&
	       append(text, size, &length, ",workdir=", folder, "/work") &&
	       append(text, size, &length, ",userxattr", "", "");
	/* lab 06 step 6 end */
}

/* The names in the image's list, lowest first; a name is a file of that folder, nothing else. */
static int read_list(struct layers *layers)
{
	char path[512], line[256];
	FILE *list;

	snprintf(path, sizeof(path), "%s/layers", layers->image);
	list = fopen(path, "re");
	if (!list)
		return trouble(errno, "not an image: %s: it has the names of its layers, lowest first, a line each",
			       path);
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			continue;
		if (strpbrk(line, "/:,\\\" \t") || *line == '.' || layers->count == LAYERS_MOST) {
			fclose(list);
			return trouble(0, "not an image: %s: layer %zu: '%s': letters, digits, '-', '_', '.'; %d layers at most",
				       path, layers->count + 1, line, LAYERS_MOST);
		}
		layers->names[layers->count] = strdup(line);
		if (!layers->names[layers->count++]) {
			fclose(list);
			return trouble(ENOMEM, "cannot read: %s", path);
		}
	}
	fclose(list);
	if (!layers->count)
		return trouble(0, "not an image: %s: it names no layer", path);
	return 0;
}

/* A folder of the box's, given to its root; or -1 after trouble(). */
static int make_folder(const struct box *box, const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", box->folder, name);
	if (mkdir(path, 0755))
		return trouble(errno, "cannot make: %s: was there a box of this name?", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (!geteuid() && fchown(fd, box->ids.base, box->ids.base))) {
		trouble(errno, "cannot give to the box's root: %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int unpack_one(const struct box *box, const char *name)
{
	int at = make_folder(box, name), fd, result;
	char path[512];

	if (at < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", box->layers.image, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		result = trouble(errno, "cannot read a layer: %s", path);
	else
		result = tar_unpack(fd, path, at, box->ids.base, box->ids.count);
	if (fd >= 0)
		close(fd);
	close(at);
	return result;
}

int layers_unpack(struct box *box)
{
	static const char *const others[] = { "upper", "work", "root" };

	if (read_list(&box->layers))
		return -1;
	for (size_t i = 0; i < box->layers.count; i++)
		if (unpack_one(box, box->layers.names[i]))
			return -1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		int fd = make_folder(box, others[i]);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)where;
	return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* A folder that its owner may not search can be, once more. */
static int open_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)where;
	if (S_ISDIR(info->st_mode) && (type == FTW_DNR || (info->st_mode & 0700) != 0700))
		(void)!chmod(path, 0700);
	return 0;
}

int layers_remove(const struct box *box)
{
	if (nftw(box->folder, open_one, 16, FTW_PHYS) ||
	    nftw(box->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS))
		return trouble(errno, "cannot remove: %s", box->folder);
	return 0;
}
