// SPDX-License-Identifier: GPL-2.0-only
/* Writing archives. Called by the verb save. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "archives.h"
#include "cleanup.h"
#include "../layer/stream.h"
#include "../layer/unpack.h"

#define WRITE_OCTETS (64 << 10)

/**
 * struct saving - an archive being written
 * @done: blobs that are in it already
 */
struct saving {
	const struct store *store;
	struct archive *archive;
	struct descriptors done;
};

static void saving_end(struct saving *s)
{
	archive_write_free(s->archive);
	descriptors_free(&s->done);
}

#define cleanup_saving __attribute__((cleanup(saving_end)))

static int failed(struct saving *s, struct error *err)
{
	int errnum = archive_errno(s->archive);

	return error_errno(err, errnum ? errnum : EIO, NULL, "save: write the archive");
}

static int begin(struct saving *s, const char *path, int64_t size, struct error *err)
{
	struct archive_entry *entry = archive_entry_new();
	int ret;

	if (!entry)
		return error_set(err, ENOMEM, "save: out of memory");
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, 0, 0);
	ret = archive_write_header(s->archive, entry);
	archive_entry_free(entry);
	return ret == ARCHIVE_OK ? 0 : failed(s, err);
}

static int put_data(struct saving *s, const void *data, size_t length, struct error *err)
{
	return archive_write_data(s->archive, data, length) == (la_ssize_t)length ? 0
										  : failed(s, err);
}

static int put_text(struct saving *s, const char *path, const char *text, struct error *err)
{
	int ret = begin(s, path, (int64_t)strlen(text), err);

	return ret ? ret : put_data(s, text, strlen(text), err);
}

static int put_json(struct saving *s, const char *path, json_object *json, struct error *err)
{
	const char *text = json ? json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;

	return text ? put_text(s, path, text, err) : error_set(err, ENOMEM, "save: out of memory");
}

static bool is_done(struct saving *s, const struct digest *digest)
{
	for (size_t i = 0; i < s->done.count; i++)
		if (digest_equal(&s->done.at[i].digest, digest))
			return true;
	return false;
}

static int done(struct saving *s, const struct descriptor *blob, struct error *err)
{
	struct descriptor copy = *blob;

	copy.name = NULL;
	return descriptors_add(&s->done, &copy) ? error_set(err, ENOMEM, "save: out of memory") : 0;
}

static int put_blob(struct saving *s, const struct descriptor *blob, struct error *err)
{
	cleanup_close int fd = -1;
	cleanup_free char *buffer = malloc(WRITE_OCTETS);
	char path[DIGEST_HEX + 16] = "blobs/sha256/";
	struct stat info;
	ssize_t got;
	int ret;

	if (!buffer)
		return error_set(err, ENOMEM, "save: out of memory");
	if (is_done(s, &blob->digest))
		return 0;
	fd = store_open_blob(s->store, &blob->digest, err);
	if (fd < 0)
		return fd;
	digest_hex(&blob->digest, path + strlen(path));
	if (fstat(fd, &info))
		return error_errno(err, errno, NULL, "save: %s", path);
	if (info.st_size != blob->size)
		return error_set(err, EBADMSG, "save: %s: has %lld octets, not %lld: pull or load the image "
				 "again", path, (long long)info.st_size, (long long)blob->size);
	ret = begin(s, path, info.st_size, err);
	while (!ret && (got = read(fd, buffer, WRITE_OCTETS)) != 0)
		ret = got < 0 ? error_errno(err, errno, NULL, "save: read %s", path)
			      : put_data(s, buffer, (size_t)got, err);
	return ret ? ret : done(s, blob, err);
}

/* The manifest as OCI has it; that of an OCI image is written as it is. */
static int put_manifest(struct saving *s, struct image *image, struct descriptor *entry,
			struct error *err)
{
	cleanup_put json_object *json = NULL;
	struct manifest *manifest = &image->manifest;
	char path[DIGEST_HEX + 16] = "blobs/sha256/";
	const char *text;
	int ret;

	*entry = image->which;
	if (manifest->media == MEDIA_MANIFEST)
		return put_blob(s, entry, err);
	manifest->media = MEDIA_MANIFEST;
	manifest->config.media = media_oci(manifest->config.media);
	for (size_t i = 0; i < manifest->layers.count; i++)
		manifest->layers.at[i].media = media_oci(manifest->layers.at[i].media);
	json = manifest_json(manifest);
	text = json ? json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	if (!text)
		return error_set(err, ENOMEM, "save: out of memory");
	entry->media = MEDIA_MANIFEST;
	entry->size = (int64_t)strlen(text);
	digest_of(text, strlen(text), &entry->digest);
	if (is_done(s, &entry->digest))
		return 0;
	digest_hex(&entry->digest, path + strlen(path));
	ret = put_text(s, path, text, err);
	return ret ? ret : done(s, entry, err);
}

static int add(json_object *list, json_object *value, struct error *err)
{
	if (value && !json_object_array_add(list, value))
		return 0;
	json_object_put(value);
	return error_set(err, ENOMEM, "save: out of memory");
}

static int save_oci(struct saving *s, const struct descriptors *entries, struct error *err)
{
	cleanup_put json_object *root = json_object_new_object();
	json_object *list = json_object_new_array();
	int ret;

	if (!root || !list)
		return error_set(err, ENOMEM, "save: out of memory");
	json_object_object_add(root, "schemaVersion", json_object_new_int(2));
	json_object_object_add(root, "mediaType", json_object_new_string(media_text(MEDIA_INDEX)));
	json_object_object_add(root, "manifests", list);
	ret = put_text(s, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", err);
	for (size_t i = 0; !ret && i < entries->count; i++) {
		cleanup_image struct image image = { 0 };
		struct descriptor entry;

		ret = image_read(s->store, &entries->at[i], &image, err);
		if (!ret)
			ret = put_blob(s, &image.manifest.config, err);
		for (size_t k = 0; !ret && k < image.manifest.layers.count; k++)
			ret = put_blob(s, &image.manifest.layers.at[k], err);
		if (!ret)
			ret = put_manifest(s, &image, &entry, err);
		if (ret)
			return ret;
		entry.name = entries->at[i].name;
		ret = add(list, descriptor_json(&entry), err);
	}
	return ret ? ret : put_json(s, "index.json", root, err);
}

/* Decompressed. Its size comes first in a tar, so all is decompressed twice. */
static int put_layer(struct saving *s, const struct descriptor *layer,
		     const struct digest *diff_id, const char *path, struct error *err)
{
	cleanup_free char *buffer = malloc(WRITE_OCTETS);
	struct descriptor as = { .digest = *diff_id };
	char text[DIGEST_TEXT];
	int64_t size = 0;
	int ret = 0;

	if (!buffer)
		return error_set(err, ENOMEM, "save: out of memory");
	if (is_done(s, diff_id))
		return 0;
	for (int pass = 0; !ret && pass < 2; pass++) {
		cleanup_stream_read struct stream stream = { 0 };
		cleanup_close int fd = store_open_blob(s->store, &layer->digest, err);
		struct digest digest;
		ssize_t got;

		if (fd < 0)
			return fd;
		ret = stream_open(&stream, fd, UNPACK_MOST, err);
		if (!ret && pass)
			ret = begin(s, path, size, err);
		while (!ret && (got = stream_read(&stream, buffer, WRITE_OCTETS, err)) != 0)
			ret = got < 0 ? (int)got : pass ? put_data(s, buffer, (size_t)got, err) : 0;
		size = stream.out;
		if (!ret)
			ret = stream_drain(&stream, &digest, err);
		if (!ret && !digest_equal(&digest, diff_id))
			ret = error_set(err, EBADMSG, "save: layer %s: unpacks to something else than "
					"the config says", digest_text(&layer->digest, text));
	}
	return ret ? ret : done(s, &as, err);
}

static int save_docker_image(struct saving *s, const struct descriptor *entry, json_object *list,
			     struct error *err)
{
	cleanup_image struct image image = { 0 };
	cleanup_free char *data = NULL;
	json_object *object, *layers, *tags;
	char path[DIGEST_HEX + 16];
	int ret = image_read(s->store, entry, &image, err);

	if (!ret)
		ret = store_read(s->store, &image.manifest.config, &data, err);
	if (ret)
		return ret;
	object = json_object_new_object();
	layers = json_object_new_array();
	tags = json_object_new_array();
	ret = add(list, object, err);
	if (ret || !layers || !tags)
		return error_set(err, ENOMEM, "save: out of memory");
	digest_hex(&image.manifest.config.digest, path);
	strcat(path, ".json");
	json_object_object_add(object, "Config", json_object_new_string(path));
	json_object_object_add(object, "RepoTags", tags);
	json_object_object_add(object, "Layers", layers);
	if (entry->name)
		ret = add(tags, json_object_new_string(entry->name), err);
	if (!ret && !is_done(s, &image.manifest.config.digest)) {
		ret = begin(s, path, image.manifest.config.size, err);
		if (!ret)
			ret = put_data(s, data, (size_t)image.manifest.config.size, err);
		if (!ret)
			ret = done(s, &image.manifest.config, err);
	}
	for (size_t i = 0; !ret && i < image.manifest.layers.count; i++) {
		digest_hex(&image.config.diff_ids[i], path);
		strcat(path, ".tar");
		ret = put_layer(s, &image.manifest.layers.at[i], &image.config.diff_ids[i], path, err);
		if (!ret)
			ret = add(layers, json_object_new_string(path), err);
	}
	return ret;
}

static int save_docker(struct saving *s, const struct descriptors *entries, struct error *err)
{
	cleanup_put json_object *list = json_object_new_array();
	int ret = list ? 0 : error_set(err, ENOMEM, "save: out of memory");

	for (size_t i = 0; !ret && i < entries->count; i++)
		ret = save_docker_image(s, &entries->at[i], list, err);
	return ret ? ret : put_json(s, "manifest.json", list, err);
}

int archive_save(const struct store *store, const struct descriptors *entries,
		 enum archive_format format, int fd, struct error *err)
{
	cleanup_saving struct saving s = { .store = store, .archive = archive_write_new() };
	int ret;

	if (!s.archive)
		return error_set(err, ENOMEM, "save: out of memory");
	archive_write_set_format_pax_restricted(s.archive);
	archive_write_set_bytes_in_last_block(s.archive, 512);
	if (archive_write_open_fd(s.archive, fd) != ARCHIVE_OK)
		return failed(&s, err);
	ret = format == ARCHIVE_OCI ? save_oci(&s, entries, err) : save_docker(&s, entries, err);
	if (!ret && archive_write_close(s.archive) != ARCHIVE_OK)
		ret = failed(&s, err);
	return ret;
}
