// SPDX-License-Identifier: GPL-2.0-only
/* Folders of containers below the state root, see state.h. Called by the verbs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../path/inroot.h"
#include "cleanup.h"
#include "state.h"

int id_check(const char *id, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t length = strlen(id);

	/* It becomes a folder, a group, a name in messages. */
#ifdef CELL_WITHOUT_GUARD_ID
	return 0;
#endif
	if (!length || length > ID_MAX || strspn(id, letters) != length || id[0] == '.')
		return error_set(err, EINVAL, "container id \"%.80s\": expected letters, digits and "
				 "_ + - . (not first), at most %d", id, ID_MAX);
	return 0;
}

static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int state_root(const char *path, char *where, size_t room, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int fd, ret;

	if (path && *path)
		snprintf(where, room, "%s", path);
	else if (geteuid() == 0 || !runtime || !*runtime)
		snprintf(where, room, geteuid() ? "/tmp/cell-%u" : "/run/cell", geteuid());
	else
		snprintf(where, room, "%s/cell", runtime);
	ret = make_folders(where);
	fd = ret ? -1 : open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, ret ? -ret : errno, "choose another: --root DIR",
				   "state: %s", where);
	return fd;
}

static int lock(int dir, const char *id, bool wait, struct error *err)
{
	if (!flock(dir, LOCK_EX | (wait ? 0 : LOCK_NB)))
		return 0;
	return error_set(err, errno == EWOULDBLOCK ? EBUSY : errno,
			 "container %s: is being changed by another cell: try again", id);
}

int state_make(int root, const char *id, struct error *err)
{
	int dir, ret;

	if (mkdirat(root, id, 0700)) {
		ret = errno;
		return ret == EEXIST
			       ? error_set(err, EEXIST, "container %s: already exists: choose "
					   "another id, or cell delete it", id)
			       : error_errno(err, ret, NULL, "state: %s", id);
	}
	dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0) {
		ret = error_errno(err, errno, NULL, "state: %s", id);
		unlinkat(root, id, AT_REMOVEDIR);
		return ret;
	}
	flock(dir, LOCK_EX);
	return dir;
}

int state_lock(int root, const char *id, bool wait, struct error *err)
{
	int dir = id_check(id, err), ret;

	if (dir)
		return dir;
	dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return errno == ENOENT ? error_set(err, ENOENT, "container %s: does not exist: see "
						   "cell list", id)
				       : error_errno(err, errno, NULL, "state: %s", id);
	ret = lock(dir, id, wait, err);
	if (ret) {
		close(dir);
		return ret;
	}
	return dir;
}

void state_unlock(int dir)
{
	flock(dir, LOCK_UN);
}

static void print_state(FILE *out, const struct state *state)
{
	fprintf(out, "{\"pid\":%d,\"started\":%llu,\"cgroup_made\":%u,\"owner\":%u,\"created\":\"%s\"",
		state->pid, (unsigned long long)state->started, state->cgroup_made, state->owner,
		state->created);
	fputs(",\"bundle\":", out);
	json_print_string(out, state->bundle);
	fputs(",\"rootfs\":", out);
	json_print_string(out, state->rootfs);
	fputs(",\"cgroup\":", out);
	json_print_string(out, state->cgroup);
	fprintf(out, ",\"annotations\":%s}\n",
		state->annotations && *state->annotations ? state->annotations : "{}");
}

int state_write(int dir, const struct state *state, struct error *err)
{
	static const char temporary[] = "state.json.new";
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return error_set(err, ENOMEM, "state: %s: no memory", state->id);
	print_state(out, state);
	if (fclose(out))
		return error_set(err, ENOMEM, "state: %s: no memory", state->id);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length ||
	    renameat(dir, temporary, dir, "state.json"))
		return error_errno(err, errno, NULL, "state: %s: state.json", state->id);
	return 0;
}

static int parse(const char *text, size_t length, struct state *state, struct error *err)
{
	struct reader r;
	struct node root, annotations;
	int ret = reader_begin(&r, "state.json", text, length, &root, err);

	if (!ret) {
		state->pid = (pid_t)node_int(&root, "pid", -1, INT_MAX, -1);
		state->started = node_u64(&root, "started", UINT64_MAX, 0);
		state->cgroup_made = (unsigned int)node_u64(&root, "cgroup_made", 64, 0);
		state->owner = (uint32_t)node_u64(&root, "owner", UINT32_MAX, 0);
		snprintf(state->created, sizeof(state->created), "%s",
			 node_string(&root, "created", ""));
		snprintf(state->bundle, PATH_MAX, "%s", node_string(&root, "bundle", ""));
		snprintf(state->rootfs, PATH_MAX, "%s", node_string(&root, "rootfs", ""));
		snprintf(state->cgroup, PATH_MAX, "%s", node_string(&root, "cgroup", ""));
		annotations = node_object(&root, "annotations");
		if (annotations.value)
			state->annotations = strdup(json_object_to_json_string_ext(
				annotations.value, JSON_C_TO_STRING_PLAIN));
		ret = r.failed;
	}
	reader_end(&r);
	return ret;
}

int state_read(int root, const char *id, struct state *state, struct error *err)
{
	cleanup_close int dir = -1, fd = -1;
	cleanup_free char *text = malloc(READER_SIZE);
	size_t used = 0;
	ssize_t n = 1;
	int ret = id_check(id, err);

	memset(state, 0, sizeof(*state));
	if (ret)
		return ret;
	if (!text)
		return error_set(err, ENOMEM, "state: %s: no memory", id);
	snprintf(state->id, sizeof(state->id), "%s", id);
	dir = openat(root, id, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return errno == ENOENT ? error_set(err, ENOENT, "container %s: does not exist: see "
						   "cell list", id)
				       : error_errno(err, errno, NULL, "state: %s", id);
	fd = openat(dir, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		/* Made, but not yet known to have a process. */
		state->pid = -1;
		return 0;
	}
	while (fd >= 0 && n > 0 && used < READER_SIZE) {
		n = read(fd, text + used, READER_SIZE - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (fd < 0 || n < 0)
		return error_errno(err, errno, NULL, "state: %s: state.json", id);
	return parse(text, used, state, err);
}

void state_free(struct state *state)
{
	free(state->annotations);
	state->annotations = NULL;
}

bool state_waits(int root, const char *id)
{
	cleanup_close int dir = openat(root, id, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return dir >= 0 && !faccessat(dir, "start", F_OK, AT_SYMLINK_NOFOLLOW);
}

int state_remove(int root, const char *id, struct error *err)
{
	static const char *const files[] = { "start", "config.json", "state.json", "state.json.new" };
	cleanup_close int dir = openat(root, id, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (dir < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, NULL, "state: %s", id);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (unlinkat(dir, files[i], 0) && errno != ENOENT)
			return error_errno(err, errno, NULL, "state: %s/%s", id, files[i]);
	if (unlinkat(root, id, AT_REMOVEDIR) && errno != ENOENT)
		return error_errno(err, errno, NULL, "state: %s", id);
	return 0;
}
