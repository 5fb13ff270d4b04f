// SPDX-License-Identifier: GPL-2.0-only
/* From the store to a registry: blobs first, then the manifest. Called by the verb push. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "registry.h"

struct pushing {
	const struct store *store;
	struct registry *registry;
};

static void on_sent(void *data, int64_t octets)
{
	struct transfer *transfer = data;

	__atomic_add_fetch(&transfer->done, octets, __ATOMIC_RELAXED);
}

/* distribution-spec, "Pushing a blob monolithically": POST says where, PUT brings it. */
static int put_once(struct pushing *p, struct http *http, struct transfer *transfer, int fd,
		    struct http_answer *answer, struct error *err)
{
	struct http_request post = { .method = "POST", .fd = -1, .body = "", .length = 0 };
	struct http_request put = { .method = "PUT", .fd = fd, .length = transfer->blob.size,
				    .content_type = "application/octet-stream", .sent = on_sent,
				    .sent_data = transfer };
	char digest[DIGEST_TEXT], text[HTTP_URL + DIGEST_TEXT + 16];
	int ret = registry_ask(p->registry, http, &post, "blobs/uploads/", answer, err);

	if (ret || answer->status != 202)
		return ret;
	if (!answer->location[0])
		return error_set(err, EPROTO, "registry %s: does not say where to upload to",
				 p->registry->base.host);
	ret = http_url_join(&post.url, answer->location, &put.url, err);
	if (ret)
		return ret;
	if (p->registry->base.secure && !put.url.secure)
		return error_set(err, EACCES, "registry %s: wants the upload without TLS",
				 p->registry->base.host);
	snprintf(text, sizeof(text), "%s%cdigest=%s", put.url.rest,
		 strchr(put.url.rest, '?') ? '&' : '?', digest_text(&transfer->blob.digest, digest));
	if (strlen(text) >= sizeof(put.url.rest))
		return error_set(err, EPROTO, "registry %s: where to upload to is too long a name",
				 p->registry->base.host);
	memcpy(put.url.rest, text, strlen(text) + 1);
	return registry_ask_url(p->registry, http, &put, answer, err);
}

static int put_blob(void *context, struct http *http, struct transfer *transfer, const bool *stop,
		    struct error *err)
{
	struct pushing *p = context;
	struct http_request head = { .method = "HEAD", .fd = -1 };
	cleanup_close int fd = store_open_blob(p->store, &transfer->blob.digest, err);
	char path[DIGEST_TEXT + 16] = "blobs/";
	struct http_answer answer = { 0 };
	int ret;

	if (fd < 0)
		return fd;
	digest_text(&transfer->blob.digest, path + strlen(path));
	for (int tries = 0;; tries++) {
		transfer->done = 0;
		ret = registry_ask(p->registry, http, &head, path, &answer, err);
		if (!ret && answer.status == 200) {
			transfer->done = transfer->blob.size;
			transfer->state = TRANSFER_THERE;
			return 0;
		}
		if (!ret && answer.status == 404)
			ret = put_once(p, http, transfer, fd, &answer, err);
		if (!ret && answer.status == 201) {
			transfer->state = TRANSFER_DONE;
			return 0;
		}
		if (!http_is_transient(ret, answer.status) || tries + 1 >= TRIES)
			return ret ? ret : registry_refused(p->registry, &answer, path, err);
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return error_set(err, ECANCELED, "stopped");
		registry_wait(tries, ret ? NULL : &answer);
	}
}

static int put_manifest(struct pushing *p, const struct descriptor *which, const char *data,
			bool plain, struct error *err)
{
	struct http_request put = { .method = "PUT", .fd = -1, .body = data, .length = which->size,
				    .content_type = media_text(which->media) };
	const struct reference *reference = &p->registry->reference;
	char path[REFERENCE_TAG + DIGEST_TEXT + 16], digest[DIGEST_TEXT];
	struct http_answer answer = { 0 };
	struct http http;
	int ret = http_open(&http, err);

	if (ret)
		return ret;
	http.plain_allowed = plain;
	snprintf(path, sizeof(path), "manifests/%s", reference->tag[0] ? reference->tag
			: digest_text(&which->digest, digest));
	for (int tries = 0; tries < TRIES; tries++) {
		ret = registry_ask(p->registry, &http, &put, path, &answer, err);
		if (!http_is_transient(ret, answer.status))
			break;
		registry_wait(tries, ret ? NULL : &answer);
	}
	http_close(&http);
	return ret || answer.status == 201 ? ret
					   : registry_refused(p->registry, &answer, path, err);
}

static int push(struct pushing *p, const struct descriptor *entry,
		const struct remote_options *options, struct error *err)
{
	cleanup_manifest struct manifest manifest = { 0 };
	cleanup_free struct transfer *list = NULL;
	cleanup_free char *data = NULL;
	struct descriptor which;
	size_t count = 0;
	int ret = store_manifest(p->store, entry, &manifest, &which, err);

	if (!ret)
		ret = store_read(p->store, &which, &data, err);
	if (ret)
		return ret;
	list = calloc(manifest.layers.count + 1, sizeof(*list));
	if (!list)
		return error_set(err, ENOMEM, "registry: out of memory");
	for (size_t i = 0; i <= manifest.layers.count; i++) {
		const struct descriptor *blob = i < manifest.layers.count ? &manifest.layers.at[i]
									  : &manifest.config;
		bool seen = false;

		for (size_t k = 0; k < count; k++)
			seen = seen || digest_equal(&list[k].blob.digest, &blob->digest);
		if (!seen)
			list[count++].blob = *blob;
	}
	which.media = manifest.media;
	ret = transfer_all(list, count, options->parallel, options->quiet, put_blob, p,
			   options->plain_http, err);
	return ret ? ret : put_manifest(p, &which, data, options->plain_http, err);
}

int registry_push(const struct store *store, const struct descriptor *entry,
		  const struct reference *reference, const struct remote_options *options,
		  struct error *err)
{
	struct registry registry;
	struct pushing p = { store, &registry };
	int ret = registry_open(&registry, reference, true, options->plain_http,
				options->auth_file, err);

	if (!ret)
		ret = push(&p, entry, options, err);
	registry_close(&registry);
	return ret;
}
