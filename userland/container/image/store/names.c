// SPDX-License-Identifier: GPL-2.0-only
/* Names: index.json, read and replaced as a whole. Called by all verbs that name an image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "../image_config.h"
#include "store.h"

int store_lock_index(const struct store *store, struct error *err)
{
	int fd = openat(store->dir, "index.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600), ret;

	if (fd >= 0 && !flock(fd, LOCK_EX))
		return fd;
	ret = error_errno(err, errno, NULL, "store: %s: lock the index", store->path);
	cleanup_fd(&fd);
	return ret;
}

int store_names(const struct store *store, struct descriptors *names, struct error *err)
{
	cleanup_close int fd = openat(store->dir, "index.json", O_RDONLY | O_CLOEXEC);
	cleanup_put json_object *root = NULL;
	cleanup_free char *data = NULL;
	struct error inner = { "" };
	struct stat info;
	ssize_t got;
	int ret;

	*names = (struct descriptors){ NULL, 0 };
	if (fd < 0 || fstat(fd, &info))
		return error_errno(err, errno, NULL, "store: %s/index.json", store->path);
	if (info.st_size > DOCUMENT_MAX)
		return error_set(err, EFBIG, "store: %s/index.json: more than %d octets",
				 store->path, DOCUMENT_MAX);
	data = malloc((size_t)info.st_size + 1);
	got = data ? read(fd, data, (size_t)info.st_size) : -1;
	if (got != info.st_size)
		return error_set(err, EIO, "store: %s/index.json: cannot be read", store->path);
	ret = document_parse(data, (size_t)got, "index.json", &root, &inner);
	if (!ret)
		ret = index_read(root, MEDIA_OTHER, names, &inner);
	return ret ? error_set(err, -ret, "store: %.200s/index.json: %.280s", store->path,
			       inner.text) : 0;
}

static json_object *index_json(const struct descriptors *names)
{
	json_object *root = json_object_new_object(), *list = json_object_new_array();

	if (!root || !list)
		goto failed;
	for (size_t i = 0; i < names->count; i++) {
		json_object *entry = descriptor_json(&names->at[i]);

		if (!entry || json_object_array_add(list, entry)) {
			json_object_put(entry);
			goto failed;
		}
	}
	if (json_object_object_add(root, "schemaVersion", json_object_new_int(2)) ||
	    json_object_object_add(root, "mediaType",
				   json_object_new_string(media_text(MEDIA_INDEX))) ||
	    json_object_object_add(root, "manifests", list))
		goto failed;
	return root;
failed:
	json_object_put(list);
	json_object_put(root);
	return NULL;
}

static int write_index(const struct store *store, const struct descriptors *names,
		       struct error *err)
{
	cleanup_put json_object *root = index_json(names);
	cleanup_close int fd = -1;
	const char *text = root ? json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	size_t length;

	if (!text)
		return error_set(err, ENOMEM, "store: %s/index.json: out of memory", store->path);
	length = strlen(text);
	if (names->count > INDEX_ENTRIES || length > DOCUMENT_MAX)
		return error_set(err, EFBIG, "store: %s: too many images: remove some",
				 store->path);
	fd = openat(store->temporary, "index.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0644);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) ||
	    renameat(store->temporary, "index.json", store->dir, "index.json") ||
	    fsync(store->dir))
		return error_errno(err, errno ? errno : ENOSPC, NULL,
				   "store: %s: write index.json", store->path);
	return 0;
}

static void drop(struct descriptors *names, size_t i)
{
	free(names->at[i].name);
	memmove(&names->at[i], &names->at[i + 1], (names->count - i - 1) * sizeof(*names->at));
	names->count--;
}

/* Names are kept as a list that only grows, so entries are taken out by making another. */
static int rebuilt(const struct descriptors *names, struct descriptors *fresh)
{
	*fresh = (struct descriptors){ NULL, 0 };
	for (size_t i = 0; i < names->count; i++) {
		struct descriptor copy = names->at[i];

		if (copy.name && !(copy.name = strdup(copy.name)))
			return -ENOMEM;
		if (descriptors_add(fresh, &copy)) {
			free(copy.name);
			return -ENOMEM;
		}
	}
	return 0;
}

int store_name(const struct store *store, const char *name, const struct descriptor *manifest,
	       struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 }, fresh = { NULL, 0 };
	cleanup_close int lock = store_lock_index(store, err);
	struct descriptor entry = *manifest;
	int ret;

	if (lock < 0)
		return lock;
	ret = store_names(store, &names, err);
	if (ret)
		return ret;
	for (size_t i = names.count; i-- > 0;) {
		bool same = digest_equal(&names.at[i].digest, &manifest->digest);

		if (!name && same)
			return 0;
		/* One without a name is no longer needed to keep it once it has one. */
		if (name && ((names.at[i].name && !strcmp(names.at[i].name, name)) ||
			     (!names.at[i].name && same)))
			drop(&names, i);
	}
	entry.name = name ? strdup(name) : NULL;
	if ((name && !entry.name) || rebuilt(&names, &fresh) || descriptors_add(&fresh, &entry)) {
		free(entry.name);
		return error_set(err, ENOMEM, "store: out of memory");
	}
	return write_index(store, &fresh, err);
}

int store_unname(const struct store *store, const char *name, const struct digest *manifest,
		 struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	cleanup_close int lock = store_lock_index(store, err);
	int ret;

	if (lock < 0)
		return lock;
	ret = store_names(store, &names, err);
	if (ret)
		return ret;
	for (size_t i = names.count; i-- > 0;)
		if (name ? names.at[i].name && !strcmp(names.at[i].name, name)
			 : digest_equal(&names.at[i].digest, manifest))
			drop(&names, i);
	return write_index(store, &names, err);
}

int store_manifest(const struct store *store, const struct descriptor *entry,
		   struct manifest *manifest, struct descriptor *which, struct error *err)
{
	struct descriptor at = *entry; /* NOLINT(clang-analyzer-core.NullDereference): never NULL */
	struct error inner = { "" };
	char text[DIGEST_TEXT];
	int ret;

	memset(manifest, 0, sizeof(*manifest));
	/* An index, then perhaps one more, then a manifest: nobody nests deeper. */
	for (int depth = 0; depth < 3; depth++) {
		cleanup_descriptors struct descriptors index = { NULL, 0 };
		cleanup_put json_object *root = NULL;
		cleanup_free char *data = NULL;
		const struct descriptor *chosen;
		struct platform host;

		ret = store_read(store, &at, &data, err);
		if (ret)
			return ret;
		ret = document_parse(data, (size_t)at.size, "manifest", &root, &inner);
		if (!ret && !media_is_index(at.media))
			ret = manifest_read(root, at.media, manifest, &inner);
		else if (!ret)
			ret = index_read(root, at.media, &index, &inner);
		if (ret)
			return error_set(err, -ret, "image %s: %.400s",
					 digest_text(&at.digest, text), inner.text);
		if (!media_is_index(at.media)) {
			at.name = NULL;
			if (which)
				*which = at;
			return 0;
		}
		platform_host(&host);
		chosen = platform_choose(&index, &host);
		if (!chosen)
			return error_set(err, ENOENT, "image %s: has nothing for %s/%s",
					 digest_text(&at.digest, text), host.os,
					 host.architecture);
		at = *chosen;
		at.name = NULL;
	}
	return error_set(err, EINVAL, "image %s: an index in an index in an index",
			 digest_text(&entry->digest, text));
}

static bool begins(const struct digest *digest, const char *hex, size_t length)
{
	char text[DIGEST_HEX];

	return !strncmp(digest_hex(digest, text), hex, length);
}

/* By the first digits of an id: which entries? All names of one image are one image. */
static int find_id(const struct store *store, const struct descriptors *names, const char *hex,
		   const struct descriptor **found, struct error *err)
{
	size_t length = strlen(hex);
	struct error unused;

	for (size_t i = 0; i < names->count; i++) {
		cleanup_manifest struct manifest manifest = { 0 };
		bool is = begins(&names->at[i].digest, hex, length);

		if (!is && !store_manifest(store, &names->at[i], &manifest, NULL, &unused))
			is = begins(&manifest.config.digest, hex, length);
		if (!is)
			continue;
		if (*found && !digest_equal(&(*found)->digest, &names->at[i].digest))
			return error_set(err, EINVAL, "image %s: more than one begins so: give more "
					 "digits", hex);
		*found = *found ? *found : &names->at[i];
	}
	return 0;
}

static const struct descriptor *find_name(const struct descriptors *names,
					  const struct reference *wanted, const char *registry)
{
	struct reference full = *wanted;
	char text[REFERENCE_TEXT];

	reference_complete(&full, registry);
	reference_text(&full, text);
	for (size_t i = 0; i < names->count; i++)
		if (names->at[i].name && !strcmp(names->at[i].name, text))
			return &names->at[i];
	/* NAME@sha256:... also finds a tagged one of that digest. */
	if (full.has_digest)
		for (size_t i = 0; i < names->count; i++)
			if (names->at[i].name &&
			    digest_equal(&names->at[i].digest, &full.digest))
				return &names->at[i];
	return NULL;
}

static bool is_hex(const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	return length >= 4 && length < DIGEST_HEX && !text[length];
}

int store_find(const struct store *store, const char *text, struct descriptor *found,
	       struct error *err)
{
	cleanup_descriptors struct descriptors names = { NULL, 0 };
	const char *hex = strncmp(text, "sha256:", 7) != 0 ? text : text + 7;
	const struct descriptor *at = NULL;
	struct reference wanted;
	int ret = store_names(store, &names, err), bad = 0;

	if (ret)
		return ret;
	if (hex == text) {
		bad = reference_parse(text, strlen(text), &wanted, err);
		if (!bad)
			at = find_name(&names, &wanted, REFERENCE_LOCAL);
		if (!bad && !at)
			at = find_name(&names, &wanted, REFERENCE_PUBLIC);
	}
	if (!at && is_hex(hex)) {
		ret = find_id(store, &names, hex, &at, err);
		if (ret)
			return ret;
	}
	if (!at && bad)
		return bad;
	if (!at)
		return error_set(err, ENOENT, "image %.200s: is not here: cell-image images lists "
				 "those that are, cell-image pull fetches", text);
	*found = *at;
	found->name = NULL;
	if (at->name && !(found->name = strdup(at->name)))
		return error_set(err, ENOMEM, "image %.200s: out of memory", text);
	return 0;
}
