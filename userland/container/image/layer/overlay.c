// SPDX-License-Identifier: GPL-2.0-only
/* Layers as lower folders of overlayfs, see overlay.h. Called by the verbs mount and prune. */
#include "overlay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../path/tree.h"
#include "cleanup.h"

#define OPTIONS_ROOM 4096

static void next_chain(struct digest *chain, const struct digest *diff_id, bool first)
{
	char text[2 * DIGEST_TEXT], below[DIGEST_TEXT], above[DIGEST_TEXT];

	if (first) {
		*chain = *diff_id;
		return;
	}
	snprintf(text, sizeof(text), "%s %s", digest_text(chain, below), digest_text(diff_id, above));
	digest_of(text, strlen(text), chain);
}

static int open_folder(const struct store *store, const char *name, struct error *err)
{
	int fd;

	if (mkdirat(store->dir, name, 0700) && errno != EEXIST)
		return error_errno(err, errno, NULL, "store: %s/%s", store->path, name);
	fd = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_errno(err, errno, NULL, "store: %s/%s", store->path, name);
}

/*
 * There the kernel lets nobody set trusted.*: overlayfs is to use user.*. user_namespaces(7). To guess
 * would show what layers hide. Returns 0, 1, or a negative errno.
 */
static int in_user_namespace(void)
{
	cleanup_fclose FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned int inside, outside, count;

	if (!file)
		return errno == ENOENT ? 0 : -errno;
	if (fscanf(file, "%u %u %u", &inside, &outside, &count) != 3)
		return ferror(file) ? -EIO : 1;
	return count != UINT32_MAX;
}

/*
 * mount(2) takes one page of options, and names with commas and colons need escapes; so the folders
 * are named by descriptors, from within /proc/self/fd.
 */
static int mount_fds(const int *lower, size_t count, int upper, int work, int target,
		     struct error *err)
{
	cleanup_close int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char options[OPTIONS_ROOM] = "lowerdir=", place[16];
	size_t used = strlen(options);
	int inside = in_user_namespace(), ret = 0;

	if (inside < 0)
		return error_errno(err, -inside, NULL, "mount: /proc/self/uid_map");
	/* The topmost comes first. */
	for (size_t i = count; i-- > 0 && used < sizeof(options);)
		used += (size_t)snprintf(options + used, sizeof(options) - used, "%d%s", lower[i],
					 i ? ":" : "");
	if (used < sizeof(options))
		used += (size_t)snprintf(options + used, sizeof(options) - used,
					 ",upperdir=%d,workdir=%d%s", upper, work,
					 inside ? ",userxattr" : "");
	if (used >= sizeof(options))
		return error_set(err, E2BIG, "mount: %zu layers are more than overlayfs takes: use unpack",
				 count);
	snprintf(place, sizeof(place), "%d", target);
	if (here < 0 || chdir("/proc/self/fd"))
		return error_errno(err, errno, "is /proc mounted?", "mount: /proc/self/fd");
	if (mount("overlay", place, "overlay", 0, options))
		ret = -errno;
	if (fchdir(here) && !ret)
		ret = -errno;
	return ret ? error_errno(err, -ret, "use cell-image unpack, which needs no mount",
				 "mount: overlayfs") : 0;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cleanup_fd(&fds[i]);
	free(fds);
}

/* Opens layers; the caller's to close_all(). NULL with @err. */
static int *open_lower(int layers, const struct digest *chains, size_t count, struct error *err)
{
	int *fds = calloc(count + 1, sizeof(*fds));
	char hex[DIGEST_HEX];

	for (size_t i = 0; fds && i < count; i++) {
		fds[i] = openat(layers, digest_hex(&chains[i], hex),
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds[i] < 0) {
			error_errno(err, errno, NULL, "store: layers/%s", hex);
			close_all(fds, i);
			return NULL;
		}
	}
	if (!fds)
		error_set(err, ENOMEM, "mount: out of memory");
	return fds;
}

int overlay_mount(const struct store *store, const struct digest *chains, size_t count, int upper,
		  int work, int target, struct error *err)
{
	cleanup_close int layers = open_folder(store, "layers", err);
	int *lower = layers < 0 ? NULL : open_lower(layers, chains, count, err), ret;

	if (!lower)
		return layers < 0 ? layers : -ENOENT;
	ret = mount_fds(lower, count, upper, work, target, err);
	close_all(lower, count);
	return ret;
}

/* --- making one --- */

/**
 * struct making - a layer on its way
 * @upper: name of the folder that it becomes
 * @work: of overlayfs's
 * @merged: of what the layer is applied to
 */
struct making {
	const struct store *store;
	int layers;
	char upper[48];
	char work[48];
	char merged[48];
};

static int make_one(const struct making *m, const char *name)
{
	if (mkdirat(m->layers, name, 0755))
		return -errno;
	return openat(m->layers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int apply_above(const struct making *m, const struct digest *chains, size_t below,
		       const struct descriptor *layer, const struct digest *diff_id, int64_t *most,
		       struct error *err)
{
	cleanup_close int upper = make_one(m, m->upper), work = make_one(m, m->work);
	cleanup_close int merged = make_one(m, m->merged), root = -1;
	int ret;

	if (upper < 0 || work < 0 || merged < 0)
		return error_errno(err, EIO, NULL, "store: %s/layers: make a layer", m->store->path);
	ret = overlay_mount(m->store, chains, below, upper, work, merged, err);
	if (ret)
		return ret;
	root = openat(m->layers, m->merged, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ret = root < 0 ? error_errno(err, errno, NULL, "mount: the layers")
		       : unpack_layer(m->store, layer, diff_id, root, most, err);
	return ret;
}

/**
 * struct report - what a child found, in memory that is shared
 */
struct report {
	int ret;
	int64_t most;
	struct error err;
};

/* Folders that were opened before are of another namespace's mounts: overlayfs refuses those. */
static int enter_namespace(struct making *m, struct store *store, struct error *err)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return error_errno(err, errno, "use cell-image unpack, which needs no mount",
				   "mount: a namespace");
	store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	m->store = store;
	m->layers = store->dir < 0 ? -1 : open_folder(store, "layers", err);
	return m->layers < 0 ? error_errno(err, errno, NULL, "store: %s", store->path) : 0;
}

/* In a child, in a mount namespace of its own: whoever is killed leaves no mount. */
static int apply_in_child(const struct making *m, const struct digest *chains, size_t below,
			  const struct descriptor *layer, const struct digest *diff_id,
			  int64_t *most, struct error *err)
{
	struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct store store = *m->store;
	struct making own = *m;
	pid_t pid;
	int ret;

	if (report == MAP_FAILED)
		return error_set(err, ENOMEM, "mount: out of memory");
	*report = (struct report){ .ret = -EIO, .most = *most, .err = { "mount: was killed" } };
	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		report->ret = enter_namespace(&own, &store, &report->err);
		if (!report->ret)
			report->ret = apply_above(&own, chains, below, layer, diff_id, &report->most,
						  &report->err);
		_exit(0);
	}
	if (pid < 0)
		report->ret = error_errno(&report->err, errno, NULL, "mount: fork");
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	*most = report->most;
	ret = report->ret;
	if (ret)
		*err = report->err;
	munmap(report, sizeof(*report));
	return ret;
}

/* Whatever has its name is trusted: all of it is on the disk before, lest the power fails. */
static int give_name(const struct making *m, const char *name)
{
	if (syncfs(m->layers))
		return -errno;
	/* Another process may have been faster. */
	if (renameat2(m->layers, m->upper, m->layers, name, RENAME_NOREPLACE))
		return errno == EEXIST ? 0 : -errno;
	return fsync(m->layers) ? -errno : 0;
}

static int make_layer(struct making *m, const struct digest *chains, size_t below,
		      const struct descriptor *layer, const struct digest *diff_id, int64_t *most,
		      struct error *err)
{
	cleanup_close int root = -1;
	char hex[DIGEST_HEX];
	int ret;

	snprintf(m->upper, sizeof(m->upper), ".new-%d-%zu", getpid(), below);
	snprintf(m->work, sizeof(m->work), ".work-%d-%zu", getpid(), below);
	snprintf(m->merged, sizeof(m->merged), ".merged-%d-%zu", getpid(), below);
	if (below) {
		ret = apply_in_child(m, chains, below, layer, diff_id, most, err);
	} else {
		root = make_one(m, m->upper);
		ret = root < 0 ? error_errno(err, -root, NULL, "store: %s/layers", m->store->path)
			       : unpack_layer(m->store, layer, diff_id, root, most, err);
	}
	if (!ret) {
		ret = give_name(m, digest_hex(&chains[below], hex));
		if (ret)
			error_errno(err, -ret, NULL, "store: keep layers/%s", hex);
	}
	tree_remove(m->layers, m->merged);
	tree_remove(m->layers, m->work);
	tree_remove(m->layers, m->upper);
	return ret;
}

int overlay_prepare(const struct store *store, const struct image *image, struct digest **chains,
		    struct error *err)
{
	size_t count = image->manifest.layers.count;
	struct making m = { .store = store };
	cleanup_close int layers = open_folder(store, "layers", err);
	int64_t most = UNPACK_MOST;
	char hex[DIGEST_HEX];
	int ret = 0;

	if (layers < 0)
		return layers;
	if (!count || count > OVERLAY_LAYERS)
		return error_set(err, EINVAL, "mount: the image has %zu layers, overlayfs takes 1 to %d: "
				 "use cell-image unpack", count, OVERLAY_LAYERS);
	m.layers = layers;
	*chains = calloc(count, sizeof(**chains));
	if (!*chains)
		return error_set(err, ENOMEM, "mount: out of memory");
	for (size_t i = 0; !ret && i < count; i++) {
		if (i)
			(*chains)[i] = (*chains)[i - 1];
		next_chain(&(*chains)[i], &image->config.diff_ids[i], !i);
		if (faccessat(layers, digest_hex(&(*chains)[i], hex), F_OK, AT_SYMLINK_NOFOLLOW))
			ret = make_layer(&m, *chains, i, &image->manifest.layers.at[i],
					 &image->config.diff_ids[i], &most, err);
	}
	if (ret) {
		free(*chains);
		*chains = NULL;
	}
	return ret;
}

/* --- who needs which --- */

int overlay_keep(const struct store *store, const char *bundle, const struct digest *chains,
		 size_t count)
{
	char name[8 + DIGEST_HEX] = "mounts/", hex[DIGEST_HEX];
	cleanup_fclose FILE *file = NULL;
	struct digest digest;
	int fd;

	mkdirat(store->dir, "mounts", 0700);
	digest_of(bundle, strlen(bundle), &digest);
	digest_hex(&digest, name + strlen(name));
	fd = openat(store->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return -1;
	fprintf(file, "%s\n", bundle);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%s\n", digest_hex(&chains[i], hex));
	return fflush(file) ? -1 : 0;
}

/* Is BUNDLE/rootfs still a mount? */
static bool is_mounted(const char *bundle)
{
	char path[PATH_MAX + 16];
	struct statx info;

	snprintf(path, sizeof(path), "%s/rootfs", bundle);
	return !statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &info) &&
	       info.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Adds the layers that a record keeps to @kept, or removes it if nobody stands on them any more. */
static void read_record(int mounts, const char *name, FILE *kept)
{
	int fd = openat(mounts, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fclose FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[PATH_MAX + 2];

	if (!file || !fgets(line, sizeof(line), file))
		return;
	line[strcspn(line, "\n")] = '\0';
	if (!is_mounted(line)) {
		unlinkat(mounts, name, 0);
		return;
	}
	while (fgets(line, sizeof(line), file))
		fputs(line, kept);
}

static char *read_records(const struct store *store)
{
	int mounts = openat(store->dir, "mounts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = mounts < 0 ? NULL : fdopendir(mounts);
	struct dirent *entry;
	char *text = NULL;
	size_t size;
	FILE *kept = open_memstream(&text, &size);

	while (kept && list && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			read_record(mounts, entry->d_name, kept);
	if (list)
		closedir(list);
	else
		cleanup_fd(&mounts);
	if (kept)
		fclose(kept);
	return text;
}

void overlay_sweep(const struct store *store)
{
	cleanup_free char *kept = NULL;
	int layers = openat(store->dir, "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = layers < 0 ? NULL : fdopendir(layers);
	struct dirent *entry;

	/* Who mounts holds it shared until its record is written. */
	kept = flock(store->sweep, LOCK_EX | LOCK_NB) ? NULL : read_records(store);
	while (list && kept && (entry = readdir(list)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !strstr(kept, entry->d_name))
			tree_remove(layers, entry->d_name);
	flock(store->sweep, LOCK_SH);
	if (list)
		closedir(list);
	else
		cleanup_fd(&layers);
}
