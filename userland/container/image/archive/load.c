// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading archives. Called by the verb load.
 *
 * Files come in any order, those that say what the others are perhaps last. So every file that may
 * be a blob goes into the store as it comes, and only what must be understood is kept in memory.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "archives.h"
#include "cleanup.h"
#include "../image_config.h"
#include "../../path/tree.h"
#include "../layer/stream.h"

#define READ_OCTETS (64 << 10)

/**
 * struct member - a file of the archive
 * @path: its name there
 * @target: for a link: what it leads to, a name of the archive; NULL: a file
 * @blob: what it is in the store
 * @packing: how it is compressed
 */
struct member {
	char *path;
	char *target;
	struct descriptor blob;
	enum packing packing;
};

/**
 * struct loading - an archive being read
 * @index: text of index.json of an OCI layout
 * @manifest: text of manifest.json of Docker's
 */
struct loading {
	const struct store *store;
	struct archive *archive;
	struct stream stream;
	void *buffer;
	struct error stream_err;
	struct member *members;
	size_t count;
	char *index;
	char *manifest;
	size_t index_length, manifest_length;
};

static void loading_end(struct loading *l)
{
	archive_read_free(l->archive);
	stream_close(&l->stream);
	for (size_t i = 0; i < l->count; i++) {
		free(l->members[i].path);
		free(l->members[i].target);
	}
	free(l->members);
	free(l->buffer);
	free(l->index);
	free(l->manifest);
}

#define cleanup_loading __attribute__((cleanup(loading_end)))

static la_ssize_t on_read(struct archive *archive, void *data, const void **buffer)
{
	struct loading *l = data;
	ssize_t got = stream_read(&l->stream, l->buffer, READ_OCTETS, &l->stream_err);

	*buffer = l->buffer;
	if (got < 0)
		archive_set_error(archive, (int)-got, "%s", l->stream_err.text);
	return got < 0 ? ARCHIVE_FATAL : got;
}

static int damaged(struct loading *l, struct error *err)
{
	const char *text = archive_error_string(l->archive);

	return error_set(err, EBADMSG, "load: %s",
			 l->stream_err.text[0] ? l->stream_err.text
			 : text		       ? text
					       : "the archive is damaged");
}

static struct member *add_member(struct loading *l, const char *path)
{
	struct member *members;

	if (!(l->count & (l->count - 1))) {
		members = reallocarray(l->members, l->count ? 2 * l->count : 1, sizeof(*members));
		if (!members)
			return NULL;
		l->members = members;
	}
	members = &l->members[l->count];
	memset(members, 0, sizeof(*members));
	members->path = strdup(path);
	return members->path ? l->count++, members : NULL;
}

static struct member *find_member(struct loading *l, const char *path)
{
	/* The last of a name counts, and a few links lead on. */
	for (int links = 0; links < 8; links++) {
		struct member *found = NULL;

		for (size_t i = 0; i < l->count; i++)
			if (!strcmp(l->members[i].path, path))
				found = &l->members[i];
		if (!found || !found->target)
			return found;
		path = found->target;
	}
	return NULL;
}

/* "../HEX/layer.tar" of a link at "HEX2/layer.tar" is "HEX/layer.tar". */
static int resolve(const char *path, const char *target, bool symbolic, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t above = slash && symbolic && target[0] != '/' ? (size_t)(slash - path) : 0;
	char joined[PATH_MAX];

	while (symbolic && !strncmp(target, "../", 3)) {
		if (!above)
			return -EINVAL;
		while (above && path[above - 1] != '/')
			above--;
		above -= above > 0;
		target += 3;
	}
	if (snprintf(joined, sizeof(joined), "%.*s/%s", (int)above, path, target) >=
	    (int)sizeof(joined))
		return -ENAMETOOLONG;
	return tree_clean(joined, out, PATH_MAX);
}

static int add_link(struct loading *l, const char *path, const char *target, bool symbolic,
		    struct error *err)
{
	char out[PATH_MAX];
	struct member *member;

	if (resolve(path, target, symbolic, out))
		return error_set(err, EINVAL, "load: \"%.100s\": links to \"%.100s\", outside of the "
				 "archive", path, target);
	member = add_member(l, path);
	if (!member || !(member->target = strdup(out)))
		return error_set(err, ENOMEM, "load: out of memory");
	return 0;
}

/* A document, kept in memory. */
static int read_text(struct loading *l, const char *path, int64_t size, char **text,
		     size_t *length, struct error *err)
{
	if (size < 0 || size > DOCUMENT_MAX)
		return error_set(err, EFBIG, "load: %s: %lld octets: more than %d are not read",
				 path, (long long)size, DOCUMENT_MAX);
	free(*text);
	*text = malloc((size_t)size + 1);
	if (!*text)
		return error_set(err, ENOMEM, "load: out of memory");
	if (archive_read_data(l->archive, *text, (size_t)size) != size)
		return damaged(l, err);
	*length = (size_t)size;
	return 0;
}

static enum packing packing_of(const void *data, size_t length)
{
	if (length >= 2 && !memcmp(data, "\x1f\x8b", 2))
		return PACKING_GZIP;
	return length >= 4 && !memcmp(data, "\x28\xb5\x2f\xfd", 4) ? PACKING_ZSTD : PACKING_NONE;
}

static int read_blob(struct loading *l, const char *path, const struct digest *expected,
		     struct error *err)
{
	cleanup_blob struct blob_writer writer = BLOB_NONE;
	cleanup_free char *buffer = malloc(READ_OCTETS);
	struct descriptor wanted = { 0 };
	struct member *member = add_member(l, path);
	la_ssize_t got;
	int ret;

	if (!member || !buffer)
		return error_set(err, ENOMEM, "load: out of memory");
	ret = blob_begin(&writer, l->store, err);
	while (!ret && (got = archive_read_data(l->archive, buffer, READ_OCTETS)) != 0) {
		if (got < 0)
			return damaged(l, err);
		if (!writer.size)
			member->packing = packing_of(buffer, (size_t)got);
		ret = blob_write(&writer, buffer, (size_t)got, err);
	}
	if (ret)
		return ret;
	if (expected) {
		wanted.digest = *expected;
		wanted.size = writer.size;
	}
	return blob_commit(&writer, expected ? &wanted : NULL, &member->blob, err);
}

static int read_member(struct loading *l, struct archive_entry *entry, struct error *err)
{
	static const char blobs[] = "blobs/sha256/";
	const char *name = archive_entry_pathname(entry), *link;
	struct digest digest;
	char path[PATH_MAX];
	int64_t size = archive_entry_size(entry);

	if (!name || tree_clean(name, path, sizeof(path)))
		return error_set(err, EINVAL, "load: \"%.200s\": no archive of images has such a name",
				 name ? name : "");
	if (l->count >= ARCHIVE_FILES)
		return error_set(err, EFBIG, "load: more than %d files", ARCHIVE_FILES);
	link = archive_entry_hardlink(entry);
	if (link)
		return add_link(l, path, link, false, err);
	link = archive_entry_symlink(entry);
	if (link)
		return add_link(l, path, link, true, err);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	if (!strcmp(path, "index.json"))
		return read_text(l, path, size, &l->index, &l->index_length, err);
	if (!strcmp(path, "manifest.json"))
		return read_text(l, path, size, &l->manifest, &l->manifest_length, err);
	if (!strncmp(path, blobs, sizeof(blobs) - 1)) {
		const char *hex = path + sizeof(blobs) - 1;

		if (!digest_parse_hex(hex, strlen(hex), &digest))
			return error_set(err, EINVAL, "load: %.200s: is not named by a digest", path);
		return read_blob(l, path, &digest, err);
	}
	if (!strchr(path, '/') && (!strcmp(path, "oci-layout") || !strcmp(path, "repositories")))
		return 0;
	return read_blob(l, path, NULL, err);
}

/* --- what the documents say --- */

static int complete_name(const char *said, const char *fallback, char out[REFERENCE_TEXT],
			 struct error *err)
{
	struct reference reference;
	int ret;

	/* Some write only the tag. */
	ret = reference_parse(said, strlen(said), &reference, err);
	if (ret)
		return ret;
	reference_complete(&reference, fallback);
	reference_text(&reference, out);
	return 0;
}

/* All that an image needs must have come, or be here. */
static int check_image(const struct store *store, const struct descriptor *entry,
		       struct error *err)
{
	cleanup_manifest struct manifest manifest = { 0 };
	cleanup_image_config struct image_config config = { 0 };
	cleanup_free char *data = NULL;
	char text[DIGEST_TEXT];
	int ret = store_manifest(store, entry, &manifest, NULL, err);

	if (!ret)
		ret = store_read(store, &manifest.config, &data, err);
	if (!ret)
		ret = image_config_read(data, (size_t)manifest.config.size, &config, err);
	for (size_t i = 0; !ret && i < manifest.layers.count; i++) {
		const struct descriptor *layer = &manifest.layers.at[i];
		int64_t size;

		if (!store_has(store, &layer->digest, &size))
			ret = error_set(err, ENOENT, "layers[%zu]: %s: is not in the archive", i,
					digest_text(&layer->digest, text));
		else if (size != layer->size)
			ret = error_set(err, EBADMSG, "layers[%zu]: %s: has %lld octets, not %lld", i,
					digest_text(&layer->digest, text), (long long)size,
					(long long)layer->size);
	}
	return ret;
}

static int add_loaded(struct descriptors *loaded, const struct descriptor *entry,
		      const char *name, struct error *err)
{
	struct descriptor copy = *entry;

	copy.name = name ? strdup(name) : NULL;
	if ((name && !copy.name) || descriptors_add(loaded, &copy)) {
		free(copy.name);
		return error_set(err, ENOMEM, "load: out of memory");
	}
	return 0;
}

static int load_oci(struct loading *l, const char *name, struct descriptors *loaded,
		    struct error *err)
{
	cleanup_descriptors struct descriptors index = { NULL, 0 };
	cleanup_put json_object *root = NULL;
	char full[REFERENCE_TEXT];
	struct error inner, unused;
	int ret;

	ret = document_parse(l->index, l->index_length, "index.json", &root, &inner);
	if (!ret)
		ret = index_read(root, MEDIA_OTHER, &index, &inner);
	if (ret)
		return error_set(err, -ret, "load: index.json: %.400s", inner.text);
	if (!index.count || index.count > ARCHIVE_IMAGES || (name && index.count > 1))
		return error_set(err, EINVAL, "load: the archive has %zu images%s", index.count,
				 name && index.count > 1 ? ": one name cannot be given to all" : "");
	for (size_t i = 0; !ret && i < index.count; i++) {
		const struct descriptor *entry = &index.at[i];
		bool named = entry->name && !complete_name(entry->name, REFERENCE_LOCAL, full, &unused);

		ret = check_image(l->store, entry, &inner);
		if (ret)
			return error_set(err, -ret, "load: index.json: manifests[%zu]: %.400s", i,
					 inner.text);
		/* A bare tag says nothing of what it is a tag of. */
		if (named && !strpbrk(entry->name, "/:"))
			named = false;
		ret = add_loaded(loaded, entry, name ? name : named ? full : NULL, err);
	}
	return ret;
}

static int docker_layer(struct loading *l, const char *path, const struct digest *diff_id,
			struct manifest *manifest, struct error *err)
{
	static const enum media media[] = { MEDIA_LAYER, MEDIA_LAYER_GZIP, MEDIA_LAYER_ZSTD };
	struct member *member = find_member(l, path);
	struct descriptor layer;

	if (!member)
		return error_set(err, ENOENT, "load: manifest.json: \"%.200s\": is not in the archive",
				 path);
	layer = member->blob;
	layer.media = media[member->packing];
	if (member->packing == PACKING_NONE && !digest_equal(&layer.digest, diff_id)) {
		char got[DIGEST_TEXT], want[DIGEST_TEXT];

		return error_set(err, EBADMSG, "load: %.100s: is %s, but the config says %s", path,
				 digest_text(&layer.digest, got), digest_text(diff_id, want));
	}
	return descriptors_add(&manifest->layers, &layer)
		       ? error_set(err, ENOMEM, "load: out of memory") : 0;
}

/* One element of manifest.json: {"Config": PATH, "RepoTags": [NAME], "Layers": [PATH]}. */
static int load_docker_image(struct loading *l, json_object *image, const char *path,
			     const char *name, struct descriptors *loaded, struct error *err)
{
	cleanup_image_config struct image_config config = { 0 };
	cleanup_manifest struct manifest manifest = { .media = MEDIA_MANIFEST };
	cleanup_put json_object *json = NULL;
	cleanup_free char *data = NULL;
	json_object *value, *layers, *tags;
	struct descriptor entry = { .media = MEDIA_MANIFEST };
	char full[REFERENCE_TEXT];
	struct member *member;
	int ret;

	if (!json_object_is_type(image, json_type_object))
		return error_set(err, EINVAL, "load: manifest.json: %s: is to be an object", path);
	ret = document_need(image, path, "Config", json_type_string, &value, err);
	if (!ret)
		ret = document_need(image, path, "Layers", json_type_array, &layers, err);
	if (!ret)
		ret = document_get(image, path, "RepoTags", json_type_array, &tags, err);
	if (ret)
		return ret;
	member = find_member(l, json_object_get_string(value));
	if (!member)
		return error_set(err, ENOENT, "load: manifest.json: %s.Config: \"%.200s\": is not in "
				 "the archive", path, json_object_get_string(value));
	manifest.config = member->blob;
	manifest.config.media = MEDIA_CONFIG;
	ret = store_read(l->store, &manifest.config, &data, err);
	if (!ret)
		ret = image_config_read(data, (size_t)manifest.config.size, &config, err);
	if (ret)
		return ret;
	if (json_object_array_length(layers) != config.count)
		return error_set(err, EINVAL, "load: manifest.json: %s.Layers: has %zu, but the config "
				 "has %zu diff_ids", path, json_object_array_length(layers),
				 config.count);
	for (size_t i = 0; !ret && i < config.count; i++) {
		value = json_object_array_get_idx(layers, i);
		ret = json_object_is_type(value, json_type_string)
			      ? docker_layer(l, json_object_get_string(value), &config.diff_ids[i],
					     &manifest, err)
			      : error_set(err, EINVAL, "load: manifest.json: %s.Layers[%zu]: is to be a "
					  "string", path, i);
	}
	if (!ret) {
		json = manifest_json(&manifest);
		ret = store_add_json(l->store, json, &entry, err);
	}
	if (ret || name)
		return ret ? ret : add_loaded(loaded, &entry, name, err);
	for (size_t i = 0; !ret && tags && i < json_object_array_length(tags); i++) {
		value = json_object_array_get_idx(tags, i);
		ret = json_object_is_type(value, json_type_string)
			      ? complete_name(json_object_get_string(value), REFERENCE_PUBLIC, full, err)
			      : error_set(err, EINVAL, "load: manifest.json: %s.RepoTags[%zu]: is to be "
					  "a string", path, i);
		if (!ret)
			ret = add_loaded(loaded, &entry, full, err);
	}
	if (!ret && (!tags || !json_object_array_length(tags)))
		ret = add_loaded(loaded, &entry, NULL, err);
	return ret;
}

/* manifest.json is an array; the reader of documents takes objects. */
static int load_docker(struct loading *l, const char *name, struct descriptors *loaded,
		       struct error *err)
{
	cleanup_free char *wrapped = malloc(l->manifest_length + 16);
	cleanup_put json_object *root = NULL;
	json_object *images;
	char path[32];
	int length, ret;

	if (!wrapped)
		return error_set(err, ENOMEM, "load: out of memory");
	length = sprintf(wrapped, "{\"images\":");
	memcpy(wrapped + length, l->manifest, l->manifest_length);
	wrapped[(size_t)length + l->manifest_length] = '}';
	ret = document_parse(wrapped, (size_t)length + l->manifest_length + 1, "manifest.json",
			     &root, err);
	if (!ret)
		ret = document_need(root, "", "images", json_type_array, &images, err);
	if (ret)
		return ret;
	if (!json_object_array_length(images) ||
	    json_object_array_length(images) > ARCHIVE_IMAGES ||
	    (name && json_object_array_length(images) > 1))
		return error_set(err, EINVAL, "load: the archive has %zu images%s",
				 json_object_array_length(images),
				 name && json_object_array_length(images) > 1
					 ? ": one name cannot be given to all" : "");
	for (size_t i = 0; !ret && i < json_object_array_length(images); i++) {
		snprintf(path, sizeof(path), "[%zu]", i);
		ret = load_docker_image(l, json_object_array_get_idx(images, i), path, name, loaded,
					err);
	}
	return ret;
}

static int open_archive(struct loading *l, int fd, struct error *err)
{
	int ret = stream_open(&l->stream, fd, INT64_MAX, err);

	if (ret)
		return ret;
	l->buffer = malloc(READ_OCTETS);
	l->archive = archive_read_new();
	if (!l->buffer || !l->archive || archive_read_support_format_tar(l->archive))
		return error_set(err, ENOMEM, "load: out of memory");
	if (archive_read_open(l->archive, l, NULL, on_read, NULL) != ARCHIVE_OK)
		return damaged(l, err);
	return 0;
}

int archive_load(const struct store *store, int fd, const char *name, struct descriptors *loaded,
		 struct error *err)
{
	cleanup_loading struct loading l = { .store = store };
	struct archive_entry *entry;
	int ret = open_archive(&l, fd, err), got = ARCHIVE_OK;

	*loaded = (struct descriptors){ NULL, 0 };
	while (!ret && (got = archive_read_next_header(l.archive, &entry)) == ARCHIVE_OK)
		ret = read_member(&l, entry, err);
	if (!ret && got != ARCHIVE_EOF)
		ret = damaged(&l, err);
	if (ret)
		return ret;
	/* Newer archives of Docker's have both: the index has more to say. */
	if (l.index)
		ret = load_oci(&l, name, loaded, err);
	else if (l.manifest)
		ret = load_docker(&l, name, loaded, err);
	else
		ret = error_set(err, EINVAL, "load: has neither index.json nor manifest.json: not an "
				"archive of images: write one with cell-image save, skopeo, podman save "
				"or docker save");
	for (size_t i = 0; !ret && i < loaded->count; i++)
		ret = store_name(store, loaded->at[i].name, &loaded->at[i], err);
	if (ret)
		descriptors_free(loaded);
	return ret;
}
