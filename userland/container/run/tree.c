// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image's files: unpacked by cell-image once, below DATA/trees by the image's id, and never
 * written again, since overlays lie on them. See run.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

/* Of an image's description. */
#define OUTPUT_MAX	(16 << 20)
#define ARGUMENTS	16

static int read_all(int fd, char **text, size_t most)
{
	size_t used = 0, room = 4096;
	ssize_t n;

	*text = malloc(room);
	while (*text) {
		n = read(fd, *text + used, room - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += (size_t)n;
		(*text)[used] = '\0';
		if (!n)
			return 0;
		if (used > most)
			return -EFBIG;
		if (used + 1 == room) {
			char *more = realloc(*text, room *= 2);

			if (!more)
				break;
			*text = more;
		}
	}
	return -ENOMEM;
}

static void become(const char *path, const char *const *words, int out, int complaints)
{
	const char *argv[ARGUMENTS + 2] = { "cell-image" };

	for (int i = 0; words[i] && i < ARGUMENTS; i++)
		argv[i + 1] = words[i];
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(complaints, STDERR_FILENO) < 0)
		_exit(126);
	execv(path, (char *const *)argv);
	dprintf(STDERR_FILENO, "cell-image: %s: %s\n", path, strerror(errno));
	_exit(126);
}

/* Its last line is why it failed; the user asked cell, not cell-image. */
static int failed(const char *const *words, char *complaints, struct error *err)
{
	static const char name[] = "cell-image: ";
	char *line;

	complaints[strcspn(complaints, "\n")] = '\0';
	line = strncmp(complaints, name, strlen(name)) != 0 ? complaints : complaints + strlen(name);
	return error_set(err, ENOENT, "cell-image %s: %.400s", words[0],
			 *line ? line : "ended without a word");
}

int image_tool(const char *const *words, char **output, struct error *err)
{
	cleanup_close int out = -1, in = -1, complaints = -1;
	cleanup_free char *text = NULL, *said = NULL;
	int pipes[2], status, ret;
	char path[PATH_MAX];
	pid_t pid;

	if (!beside_path("cell-image", path))
		return beside_missing("run --image", "cell-image", err);
	if (pipe2(pipes, O_CLOEXEC))
		return error_errno(err, errno, NULL, "run: pipe");
	in = pipes[0];
	out = pipes[1];
	/* A file, not a second pipe: nobody has to read two at once. */
	complaints = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (complaints < 0)
		return error_errno(err, errno, NULL, "run: /tmp");
	pid = fork();
	if (!pid)
		become(path, words, out, complaints);
	cleanup_fd(&out);
	out = -1;
	if (pid < 0)
		return error_errno(err, errno, NULL, "run: fork");
	ret = read_all(in, &text, OUTPUT_MAX);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret)
		return error_errno(err, -ret, NULL, "run: cell-image %s", words[0]);
	lseek(complaints, 0, SEEK_SET);
	if (status)
		return read_all(complaints, &said, OUTPUT_MAX) ? error_set(err, ENOMEM, "run: no memory")
							       : failed(words, said, err);
	if (output) {
		*output = text;
		text = NULL;
	}
	return 0;
}

static int inspect(const char *store, const char *name, json_object **image, struct error *err)
{
	const char *words[] = { "inspect", store ? "--store" : name, store ? store : NULL,
				store ? name : NULL, NULL };
	cleanup_free char *text = NULL;
	int ret = image_tool(words, &text, err);

	*image = NULL;
	if (ret)
		return ret;
	*image = json_tokener_parse(text);
	return *image ? 0 : error_set(err, EINVAL, "cell-image inspect %.100s: said no JSON", name);
}

static int take_id(json_object *image, char *tree, struct error *err)
{
	static const char prefix[] = "sha256:";
	json_object *value;
	const char *id = json_object_object_get_ex(image, "id", &value) ?
				 json_object_get_string(value) : "";

	id += strncmp(id, prefix, strlen(prefix)) != 0 ? 0 : strlen(prefix);
	if (strlen(id) != RUN_TREE || strspn(id, "0123456789abcdef") != RUN_TREE)
		return error_set(err, EINVAL, "cell-image inspect: id: expected sha256: and %d digits",
				 RUN_TREE);
	strcpy(tree, id);
	return 0;
}

/* Whoever holds the lock is the only one that unpacks: what else is new here, a killed one left. */
static void remove_halves(int trees)
{
	DIR *entries = fdopendir(openat(trees, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (!strncmp(entry->d_name, "new-", 4))
			run_remove_tree(trees, entry->d_name);
	if (entries)
		closedir(entries);
}

/* Whatever has its name is trusted: all of it is on the disk before, lest the power fails. */
static int give_name(int trees, const char *half, const char *tree)
{
	cleanup_close int dir = openat(trees, half, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || syncfs(dir) || renameat(trees, half, trees, tree) || fsync(trees))
		return -errno;
	return 0;
}

static int unpack(int trees, const char *path, const char *store, const char *tree,
		  struct error *err)
{
	char half[PATH_MAX], name[32];
	const char *words[] = { "unpack", store ? "--store" : tree, store ? store : half,
				store ? tree : NULL, store ? half : NULL, NULL };
	int ret;

	snprintf(name, sizeof(name), "new-%d", getpid());
	snprintf(half, sizeof(half), "%.4000s/%s", path, name);
	remove_halves(trees);
	ret = image_tool(words, NULL, err);
	if (!ret) {
		ret = give_name(trees, name, tree);
		if (ret)
			error_errno(err, -ret, NULL, "run: keep %s", half);
	}
	if (ret)
		run_remove_tree(trees, name);
	return ret;
}

int run_tree(const struct run_options *o, char *tree, json_object **image, struct error *err)
{
	cleanup_close int trees = -1;
	char path[PATH_MAX];
	int ret = run_data("trees", path, err);

	*image = NULL;
	if (!ret)
		ret = inspect(o->store, o->image, image, err);
	if (!ret)
		ret = take_id(*image, tree, err);
	if (ret)
		return ret;
	trees = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Shared: nobody sweeps. */
	if (trees < 0 || flock(trees, LOCK_SH))
		return error_errno(err, errno, NULL, "run: %s: lock", path);
	if (!faccessat(trees, tree, F_OK, AT_SYMLINK_NOFOLLOW))
		return keep_fd(&trees);
	if (flock(trees, LOCK_EX))
		return error_errno(err, errno, NULL, "run: %s: lock", path);
	if (faccessat(trees, tree, F_OK, AT_SYMLINK_NOFOLLOW))
		ret = unpack(trees, path, o->store, tree, err);
	return ret ? ret : keep_fd(&trees);
}

/* Does a container of any --root lie on it? */
static bool has_user(const char *tree)
{
	char path[PATH_MAX], text[RUN_TREE + 1];
	struct error ignored;
	struct dirent *entry;
	bool found = false;
	DIR *entries;

	if (run_data("containers", path, &ignored))
		return true;
	entries = opendir(path);
	while (entries && !found && (entry = readdir(entries))) {
		char file[NAME_MAX + 8];
		cleanup_close int fd = -1;

		snprintf(file, sizeof(file), "%s/tree", entry->d_name);
		fd = openat(dirfd(entries), file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		memset(text, 0, sizeof(text));
		found = fd >= 0 && read(fd, text, RUN_TREE) > 0 && !strcmp(text, tree);
	}
	if (entries)
		closedir(entries);
	return found || !entries;
}

int run_sweep(const char *store, struct error *err)
{
	char path[PATH_MAX], cell_image[PATH_MAX];
	cleanup_close int trees = -1;
	struct dirent *entry;
	int ret = run_data("trees", path, err);
	DIR *entries;

	/* Without it every image would look as if it were gone. */
	if (ret || !beside_path("cell-image", cell_image))
		return ret;
	trees = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entries = trees < 0 ? NULL : fdopendir(dup(trees));
	if (!entries || flock(trees, LOCK_EX)) {
		ret = error_errno(err, errno, NULL, "prune: %s", path);
		if (entries)
			closedir(entries);
		return ret;
	}
	remove_halves(trees);
	while (!ret && (entry = readdir(entries))) {
		struct error ignored;
		json_object *image;

		if (strlen(entry->d_name) != RUN_TREE || has_user(entry->d_name))
			continue;
		if (inspect(store, entry->d_name, &image, &ignored)) {
			ret = run_remove_tree(trees, entry->d_name);
			if (ret)
				error_errno(err, -ret, NULL, "prune: %s/%s", path, entry->d_name);
		}
		json_object_put(image);
	}
	closedir(entries);
	return ret;
}
