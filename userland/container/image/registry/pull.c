// SPDX-License-Identifier: GPL-2.0-only
/* From a registry to the store. Called by the verb pull, and by the build. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../image_config.h"
#include "../layer/unpack.h"
#include "cleanup.h"
#include "registry.h"

static const char accepted[] =
	"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
	"application/vnd.docker.distribution.manifest.v2+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json";

struct text {
	char *data;
	size_t length;
};

static int collect(void *sink, long status, const struct http_answer *answer, const void *data,
		   size_t length, struct error *err)
{
	struct text *text = sink;
	char *longer;

	(void)status;
	(void)answer;
	if (text->length + length > DOCUMENT_MAX)
		return error_set(err, EFBIG, "registry: a manifest of more than %d octets",
				 DOCUMENT_MAX);
	longer = realloc(text->data, text->length + length + 1);
	if (!longer)
		return error_set(err, ENOMEM, "registry: out of memory");
	memcpy(longer + text->length, data, length);
	text->data = longer;
	text->length += length;
	return 0;
}

/* A manifest or index; @expected has the digest if @known, and then also the size if not 0. */
static int get_document(struct registry *registry, struct http *http, const char *which,
			const struct descriptor *expected, struct text *text,
			struct http_answer *answer, struct error *err)
{
	struct http_request request = { .method = "GET", .accept = accepted, .fd = -1,
					.sink = collect, .sink_data = text };
	char path[REFERENCE_TAG + DIGEST_TEXT + 16];
	struct digest digest;
	int ret;

	snprintf(path, sizeof(path), "manifests/%s", which);
	for (int tries = 0; tries < TRIES; tries++) {
		free(text->data);
		*text = (struct text){ NULL, 0 };
		ret = registry_ask(registry, http, &request, path, answer, err);
		if (!http_is_transient(ret, answer->status))
			break;
		if (tries + 1 < TRIES)
			registry_wait(tries, ret ? NULL : answer);
	}
	if (ret)
		return ret;
	if (answer->status != 200)
		return registry_refused(registry, answer, which, err);
	digest_of(text->data ? text->data : "", text->length, &digest);
	if (expected && (!digest_equal(&digest, &expected->digest) ||
			 (expected->size && expected->size != (int64_t)text->length)))
		return error_set(err, EBADMSG, "registry %s: %s: what came is something else: it is not "
				 "used", registry->base.host, which);
	return 0;
}

static int parse(const struct registry *registry, const struct text *text, enum media claimed,
		 json_object **root, enum media *media, struct error *err)
{
	struct error inner;
	int ret = document_parse(text->data ? text->data : "", text->length, "manifest", root,
				 &inner);

	if (!ret)
		ret = document_media(*root, claimed, media, &inner);
	return ret ? error_set(err, -ret, "registry %.100s: %.360s", registry->base.host, inner.text)
		   : 0;
}

/**
 * struct pulling - a manifest that was found
 * @text: its octets, which are stored as they are
 */
struct pulling {
	const struct store *store;
	struct registry *registry;
	struct text text;
	struct descriptor which;
	struct manifest manifest;
};

static int find_manifest(struct pulling *p, struct http *http, const struct platform *platform,
			 struct error *err)
{
	const struct reference *reference = &p->registry->reference;
	struct descriptor expected = { .digest = reference->digest };
	bool known = reference->has_digest;
	char which[REFERENCE_TAG + DIGEST_TEXT];
	struct error inner;
	int ret;

	if (known)
		digest_text(&reference->digest, which);
	else
		snprintf(which, sizeof(which), "%s", reference->tag);
	for (int depth = 0; depth < 3; depth++) {
		cleanup_descriptors struct descriptors index = { NULL, 0 };
		cleanup_put json_object *root = NULL;
		const struct descriptor *chosen;
		struct http_answer answer;
		enum media media, claimed;

		ret = get_document(p->registry, http, which, known ? &expected : NULL, &p->text,
				   &answer, err);
		if (ret)
			return ret;
		/* Descriptor and Content-Type must agree with each other, too. */
		claimed = media_of(answer.content_type);
		if (expected.media && claimed && claimed != expected.media)
			return error_set(err, EBADMSG, "registry %s: %s: is sent as %s, but was "
					 "announced as %s", p->registry->base.host, which,
					 media_text(claimed), media_text(expected.media));
		ret = parse(p->registry, &p->text, expected.media ? expected.media : claimed, &root,
			    &media, err);
		if (ret)
			return ret;
		if (media_is_manifest(media)) {
			p->which.media = media;
			p->which.size = (int64_t)p->text.length;
			digest_of(p->text.data, p->text.length, &p->which.digest);
			p->which.platform = expected.platform;
			ret = manifest_read(root, media, &p->manifest, &inner);
		} else {
			ret = index_read(root, media, &index, &inner);
		}
		if (ret)
			return error_set(err, -ret, "registry %.100s: %.100s: %.200s",
					 p->registry->base.host, which, inner.text);
		if (media_is_manifest(media))
			return 0;
		chosen = platform_choose(&index, platform);
		if (!chosen)
			return error_set(err, ENOENT, "registry %s: %s: has nothing for %s/%s: say "
					 "--platform", p->registry->base.host, reference->repository,
					 platform->os, platform->architecture);
		expected = *chosen;
		expected.name = NULL;
		known = true;
		digest_text(&expected.digest, which);
	}
	return error_set(err, EINVAL, "registry %s: an index in an index in an index",
			 p->registry->base.host);
}

/* --- blobs --- */

struct incoming {
	struct blob_writer *writer;
	struct transfer *transfer;
	const bool *stop;
	bool begun;
};

static int on_blob(void *sink, long status, const struct http_answer *answer, const void *data,
		   size_t length, struct error *err)
{
	struct incoming *in = sink;
	int ret = 0;

	if (__atomic_load_n(in->stop, __ATOMIC_RELAXED))
		return error_set(err, ECANCELED, "stopped");
	if (!in->begun) {
		in->begun = true;
		/* It may send all, though a part was asked for, or another part. */
		if (status != 206 && in->writer->size)
			ret = blob_restart(in->writer, err);
		else if (status == 206 && answer->range_start != in->writer->size)
			return error_set(err, EPROTO, "registry: sends another part than was asked for");
	}
	if (!ret && in->writer->size + (int64_t)length > in->transfer->blob.size)
		ret = error_set(err, EBADMSG, "registry: sends more than the %lld octets that were "
				"announced", (long long)in->transfer->blob.size);
	if (!ret)
		ret = blob_write(in->writer, data, length, err);
	__atomic_store_n(&in->transfer->done, in->writer->size, __ATOMIC_RELAXED);
	return ret;
}

static int get_blob(void *context, struct http *http, struct transfer *transfer, const bool *stop,
		    struct error *err)
{
	struct pulling *p = context;
	cleanup_blob struct blob_writer writer = BLOB_NONE;
	char path[DIGEST_TEXT + 16] = "blobs/";
	int ret = blob_resume(&writer, p->store, &transfer->blob, err);

	if (ret < 0)
		return ret;
	if (ret) {
		transfer->done = transfer->blob.size;
		transfer->state = TRANSFER_THERE;
		return 0;
	}
	digest_text(&transfer->blob.digest, path + strlen(path));
	for (int tries = 0; writer.size < transfer->blob.size || !tries; tries++) {
		struct incoming in = { &writer, transfer, stop, false };
		struct http_request request = { .method = "GET", .fd = -1, .sink = on_blob,
						.sink_data = &in, .range_from = writer.size };
		struct http_answer answer = { 0 };

		if (writer.size && writer.size == transfer->blob.size)
			break;
		ret = registry_ask(p->registry, http, &request, path, &answer, err);
		if (!ret && (answer.status == 200 || answer.status == 206) &&
		    writer.size == transfer->blob.size)
			break;
		/* It has not what we think it has: from the start, once more. */
		if (!ret && answer.status == 416 && writer.size) {
			ret = blob_restart(&writer, err);
			if (ret)
				return ret;
		} else if (!ret && answer.status / 100 != 2 && !http_is_transient(0, answer.status)) {
			return registry_refused(p->registry, &answer, path, err);
		} else if (ret && !http_is_transient(ret, 0)) {
			if (ret == -EBADMSG)
				writer.keep = false;
			return ret;
		}
		if (tries + 1 >= TRIES)
			return ret ? ret : error_set(err, EBADMSG, "registry %s: %s: %lld octets came, "
						     "%lld were announced", p->registry->base.host, path,
						     (long long)writer.size,
						     (long long)transfer->blob.size);
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return error_set(err, ECANCELED, "stopped");
		registry_wait(tries, &answer);
	}
	ret = blob_commit(&writer, &transfer->blob, NULL, err);
	if (!ret)
		transfer->state = TRANSFER_DONE;
	return ret;
}

static void add_transfer(struct transfer *list, size_t *count, const struct descriptor *blob)
{
	for (size_t i = 0; i < *count; i++)
		if (digest_equal(&list[i].blob.digest, &blob->digest))
			return;
	list[*count] = (struct transfer){ .blob = *blob };
	list[*count].blob.name = NULL;
	++*count;
}

static int get_blobs(struct pulling *p, const struct remote_options *options, struct error *err)
{
	cleanup_free struct transfer *list = calloc(p->manifest.layers.count + 1, sizeof(*list));
	size_t count = 0;

	if (!list)
		return error_set(err, ENOMEM, "registry: out of memory");
	for (size_t i = 0; i < p->manifest.layers.count; i++) {
		if (!media_is_layer(p->manifest.layers.at[i].media))
			return error_set(err, EINVAL, "registry %s: layers[%zu]: is of a type that is "
					 "not known here", p->registry->base.host, i);
		add_transfer(list, &count, &p->manifest.layers.at[i]);
	}
	add_transfer(list, &count, &p->manifest.config);
	return transfer_all(list, count, options->parallel, options->quiet, get_blob, p,
			    options->plain_http, err);
}

static int pull(struct pulling *p, const struct remote_options *options, struct descriptor *pulled,
		struct error *err)
{
	cleanup_image struct image image = { 0 };
	char name[REFERENCE_TEXT];
	struct http http;
	int ret = http_open(&http, err);

	http.plain_allowed = options->plain_http;
	if (!ret)
		ret = find_manifest(p, &http, &options->platform, err);
	http_close(&http);
	if (!ret)
		ret = get_blobs(p, options, err);
	if (!ret)
		ret = store_add(p->store, p->text.data, p->text.length, &p->which, err);
	/* The config belongs to the manifest, or the image gets no name. */
	if (!ret)
		ret = image_read(p->store, &p->which, &image, err);
	if (!ret)
		ret = store_name(p->store, reference_text(&p->registry->reference, name), &p->which,
				 err);
	if (!ret && pulled)
		*pulled = p->which;
	return ret;
}

int registry_pull(const struct store *store, const struct reference *reference,
		  const struct remote_options *options, struct descriptor *pulled,
		  struct error *err)
{
	struct registry registry;
	struct pulling p = { .store = store, .registry = &registry };
	int ret = registry_open(&registry, reference, false, options->plain_http,
				options->auth_file, err);

	if (!ret)
		ret = pull(&p, options, pulled, err);
	registry_close(&registry);
	manifest_free(&p.manifest);
	free(p.text.data);
	return ret;
}
