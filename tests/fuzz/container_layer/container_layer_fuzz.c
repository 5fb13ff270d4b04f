// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for layers: whatever comes is unpacked, walked, and applied to a root that lies in a
 * folder of its own; nothing may appear beside the root. An octet of 'w' before it: only walked,
 * which is much faster.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/apply.h"
#include "path/tree.h"
#include "layer/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A few octets may become many: gzip packs a thousand to one. */
#define MOST (1 << 20)

static void must(bool holds)
{
	if (!holds)
		abort();
}

static ssize_t read_stream(void *source, void *buffer, size_t size, struct error *err)
{
	return stream_read(source, buffer, size, err);
}

static bool is_clean(const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (!length || (length == 1 && *path == '.') || (length == 2 && !memcmp(path, "..", 2)))
			return false;
		path += length;
		path += *path == '/';
	}
	return true;
}

/* What the walk promises to those who apply. */
static void walk_only(struct walk *walk)
{
	static struct layer_entry entry;
	struct error err;

	while (walk_next(walk, &entry, &err) == 1) {
		const void *piece;
		size_t length;
		int64_t offset;

		must(is_clean(entry.path) && entry.size >= 0);
		must(entry.path[0] || entry.kind == ENTRY_FOLDER || entry.kind == ENTRY_OPAQUE);
		if (entry.kind == ENTRY_HARDLINK)
			must(entry.target[0] && is_clean(entry.target));
		if (entry.kind == ENTRY_WHITEOUT)
			must(entry.path[0]);
		else if (entry.kind != ENTRY_OPAQUE)
			must(entry.uid != (uid_t)-1 && entry.gid != (gid_t)-1 && !strstr(entry.path, "/.wh."));
		while (entry.kind == ENTRY_FILE && walk_data(walk, &piece, &length, &offset, &err) == 1)
			must(offset >= 0);
	}
}

static char home_path[32];

static void remove_home(void)
{
	tree_remove(AT_FDCWD, home_path);
}

/* A folder with nothing in it but the root and a file that nobody is to touch. */
static int make_home(void)
{
	int home = -1, fd;

	if (!home_path[0])
		atexit(remove_home);
	strcpy(home_path, "/dev/shm/layer-XXXXXX");
	must(mkdtemp(home_path) != NULL);
	home = open(home_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(home >= 0);
	fd = openat(home, "outside", O_WRONLY | O_CREAT, 0600);
	must(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	return home;
}

static void check_home(int home)
{
	int fd = dup(home);
	DIR *list = fdopendir(fd);
	struct dirent *entry;
	struct stat info;

	rewinddir(list);
	while ((entry = readdir(list)))
		must(entry->d_name[0] == '.' ? strlen(entry->d_name) <= 2
			: !strcmp(entry->d_name, "root") || !strcmp(entry->d_name, "outside"));
	closedir(list);
	must(!fstatat(home, "outside", &info, 0) && info.st_size == 1 && info.st_mode == (S_IFREG | 0600) &&
	     info.st_nlink == 1);
}

static void apply(struct walk *walk)
{
	static int home = -1;
	struct apply a = { .no_owners = true, .most = MOST };
	struct error err;

	if (home < 0)
		home = make_home();
	must(!mkdirat(home, "root", 0755));
	a.root = openat(home, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(a.root >= 0);
	apply_layer(&a, walk, &err);
	must(a.most >= 0 && a.most <= MOST);
	close(a.root);
	check_home(home);
	tree_remove(home, "root");
	if (!faccessat(home, "root", F_OK, AT_SYMLINK_NOFOLLOW)) {
		/* Deeper than it is removed to, or a mode that forbids it: begin elsewhere. */
		close(home);
		home = -1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream = { 0 };
	struct walk walk = { 0 };
	bool only = size && *data == 'w';
	struct error err;
	int fd;

	data += only;
	size -= only;
	fd = memfd_create("layer", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	if (!stream_open(&stream, fd, MOST, &err) && !walk_open(&walk, read_stream, &stream, &err)) {
		if (only)
			walk_only(&walk);
		else
			apply(&walk);
	}
	must(stream.out <= MOST + (64 << 10));
	walk_close(&walk);
	stream_close(&stream);
	close(fd);
	return 0;
}
