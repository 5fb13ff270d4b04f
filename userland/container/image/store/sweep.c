// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which blobs are needed, by how many images, and removing the others. Counts are made from the
 * index each time, never kept: so they cannot be wrong. Called by rmi, prune, images and build.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "store.h"

static int add_use(struct uses *uses, const struct digest *digest)
{
	size_t count = uses->count;

	if (!(count & (count - 1))) {
		struct use *at = reallocarray(uses->at, count ? 2 * count : 1, sizeof(*at));

		if (!at)
			return -ENOMEM;
		uses->at = at;
	}
	uses->at[uses->count++] = (struct use){ *digest, 1 };
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct use *)a)->digest.octets, ((const struct use *)b)->digest.octets,
		      SHA256_DIGEST_SIZE);
}

/* Equal digests become one entry with the sum. */
static void merge(struct uses *uses)
{
	size_t kept = 0;

	if (!uses->count)
		return;
	qsort(uses->at, uses->count, sizeof(*uses->at), compare);
	for (size_t i = 1; i < uses->count; i++) {
		if (digest_equal(&uses->at[kept].digest, &uses->at[i].digest))
			uses->at[kept].count += uses->at[i].count;
		else
			uses->at[++kept] = uses->at[i];
	}
	uses->count = kept + 1;
}

void uses_free(struct uses *uses)
{
	free(uses->at);
	*uses = (struct uses){ NULL, 0 };
}

unsigned int uses_of(const struct uses *uses, const struct digest *digest)
{
	struct use key = { *digest, 0 }, *found;

	if (!uses->count)
		return 0;
	found = bsearch(&key, uses->at, uses->count, sizeof(*uses->at), compare);
	return found ? found->count : 0;
}

/* One image: each of its blobs once, even if a layer occurs twice in it. */
static int add_image(const struct store *store, const struct descriptor *entry, struct uses *uses,
		     struct error *err)
{
	cleanup_manifest struct manifest manifest = { 0 };
	cleanup_uses struct uses own = { NULL, 0 };
	struct descriptor which;
	int ret = store_manifest(store, entry, &manifest, &which, err);

	if (ret)
		return ret;
	ret = add_use(&own, &entry->digest);
	if (!ret && !digest_equal(&which.digest, &entry->digest))
		ret = add_use(&own, &which.digest);
	if (!ret)
		ret = add_use(&own, &manifest.config.digest);
	for (size_t i = 0; !ret && i < manifest.layers.count; i++)
		ret = add_use(&own, &manifest.layers.at[i].digest);
	merge(&own);
	for (size_t i = 0; !ret && i < own.count; i++)
		ret = add_use(uses, &own.at[i].digest);
	return ret ? error_set(err, ENOMEM, "store: out of memory") : 0;
}

static DIR *open_list(const struct store *store, const char *name)
{
	int fd = openat(store->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !list)
		close(fd);
	return list;
}

/* A remembered build step keeps its layer: its file is "DIFF_ID LAYER_DIGEST ...". */
static int add_cache(const struct store *store, struct uses *uses, struct error *err)
{
	DIR *list = open_list(store, "cache");
	struct dirent *entry;
	int ret = 0;

	while (list && !ret && (entry = readdir(list))) {
		char text[2 * DIGEST_TEXT];
		struct digest digest;
		ssize_t got;
		int fd;

		fd = openat(dirfd(list), entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		got = fd < 0 ? -1 : read(fd, text, sizeof(text));
		cleanup_fd(&fd);
		if (got >= 2 * DIGEST_TEXT - 1 &&
		    digest_parse(text + DIGEST_TEXT, DIGEST_TEXT - 1, &digest))
			ret = add_use(uses, &digest);
	}
	if (list)
		closedir(list);
	return ret ? error_set(err, ENOMEM, "store: out of memory") : 0;
}

int store_uses(const struct store *store, bool cache, struct uses *uses, struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	cleanup_uses struct uses counted = { NULL, 0 };
	int ret = store_names(store, &names, err);

	*uses = (struct uses){ NULL, 0 };
	for (size_t i = 0; !ret && i < names.count; i++) {
		bool seen = false;

		/* Two names of one image are one image. */
		for (size_t k = 0; k < i; k++)
			seen = seen || digest_equal(&names.at[k].digest, &names.at[i].digest);
		if (!seen)
			ret = add_image(store, &names.at[i], &counted, err);
	}
	if (!ret && cache)
		ret = add_cache(store, &counted, err);
	if (ret)
		return ret;
	merge(&counted);
	*uses = counted;
	counted = (struct uses){ NULL, 0 };
	return 0;
}

static void remove_file(int dir, const char *name, struct sweep *sweep)
{
	struct stat info;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) || S_ISDIR(info.st_mode))
		return;
	if (sweep->dry || !unlinkat(dir, name, 0))
		sweep->octets += info.st_size;
}

static void sweep_blobs(const struct store *store, const struct uses *uses, struct sweep *sweep)
{
	DIR *list = open_list(store, "blobs/sha256");
	struct dirent *entry;
	struct digest digest;

	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] == '.' ||
		    !digest_parse_hex(entry->d_name, strlen(entry->d_name), &digest) ||
		    uses_of(uses, &digest))
			continue;
		remove_file(store->blobs, entry->d_name, sweep);
		sweep->blobs++;
	}
	if (list)
		closedir(list);
}

static void sweep_folder(const struct store *store, const char *name, bool partial,
			 struct sweep *sweep)
{
	DIR *list = open_list(store, name);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		size_t length = strlen(entry->d_name);
		bool part = length > 5 && !strcmp(entry->d_name + length - 5, ".part");

		if (entry->d_name[0] != '.' && (partial || !part))
			remove_file(dirfd(list), entry->d_name, sweep);
	}
	if (list)
		closedir(list);
}

static int sweep_held(const struct store *store, struct sweep *sweep, struct error *err)
{
	cleanup_uses struct uses uses = { NULL, 0 };
	int ret;

	if (sweep->cache)
		sweep_folder(store, "cache", true, sweep);
	ret = store_uses(store, !sweep->cache, &uses, err);
	if (ret)
		return ret;
	sweep_blobs(store, &uses, sweep);
	sweep_folder(store, "tmp", sweep->partial, sweep);
	return 0;
}

int store_sweep(struct store *store, struct sweep *sweep, struct error *err)
{
	int ret;

	sweep->blobs = 0;
	sweep->octets = 0;
	if (flock(store->sweep, LOCK_EX | LOCK_NB)) {
		/* A lock that is not converted may be lost: take the shared one again. */
		flock(store->sweep, LOCK_SH);
		return error_set(err, EBUSY, "store: %s: another process is adding an image: run "
				 "cell-image prune when it is done", store->path);
	}
	ret = sweep_held(store, sweep, err);
	flock(store->sweep, LOCK_SH);
	return ret;
}
