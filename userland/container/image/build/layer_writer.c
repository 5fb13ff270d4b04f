// SPDX-License-Identifier: GPL-2.0-only
/* tar, gzip, digests: a layer, see layer_writer.h. Called by difference.c. */
#include "layer_writer.h"

#include <errno.h>
#include <string.h>

#define PACK_OCTETS (64 << 10)

static int pack(struct layer_writer *writer, const void *data, size_t length, int flush)
{
	uint8_t out[PACK_OCTETS];
	int ret;

	writer->zlib.next_in = (Bytef *)data;
	writer->zlib.avail_in = (uInt)length;
	do {
		writer->zlib.next_out = out;
		writer->zlib.avail_out = sizeof(out);
		ret = deflate(&writer->zlib, flush);
		if (ret == Z_STREAM_ERROR)
			return error_set(&writer->failed_err, EIO, "build: gzip failed");
		ret = blob_write(&writer->blob, out, sizeof(out) - writer->zlib.avail_out,
				 &writer->failed_err);
		if (ret)
			return ret;
	} while (!writer->zlib.avail_out);
	return 0;
}

static la_ssize_t on_write(struct archive *archive, void *data, const void *buffer, size_t length)
{
	struct layer_writer *writer = data;

	sha256_update(&writer->state, length, buffer);
	writer->failed = pack(writer, buffer, length, Z_NO_FLUSH);
	if (writer->failed) {
		archive_set_error(archive, -writer->failed, "store");
		return -1;
	}
	return (la_ssize_t)length;
}

static int failed(struct layer_writer *writer, struct error *err)
{
	const char *text = archive_error_string(writer->archive);

	if (writer->failed) {
		*err = writer->failed_err;
		return writer->failed;
	}
	return error_set(err, EINVAL, "build: layer: %s", text ? text : "cannot be written");
}

int layer_begin(struct layer_writer *writer, const struct store *store, struct error *err)
{
	int ret;

	memset(writer, 0, sizeof(*writer));
	writer->blob.fd = -1;
	sha256_init(&writer->state);
	ret = blob_begin(&writer->blob, store, err);
	if (ret)
		return ret;
	/* 16: gzip; its header has neither name nor time. */
	if (deflateInit2(&writer->zlib, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return error_set(err, ENOMEM, "build: out of memory");
	writer->packing = true;
	writer->archive = archive_write_new();
	if (!writer->archive)
		return error_set(err, ENOMEM, "build: out of memory");
	archive_write_set_format_pax_restricted(writer->archive);
	archive_write_set_bytes_in_last_block(writer->archive, 512);
	return archive_write_open(writer->archive, writer, NULL, on_write, NULL) == ARCHIVE_OK
		       ? 0 : failed(writer, err);
}

int layer_entry(struct layer_writer *writer, struct archive_entry *entry, struct error *err)
{
	int ret = archive_write_header(writer->archive, entry);

	/* A warning is about a name that is not what it was. */
	return ret == ARCHIVE_OK ? 0 : failed(writer, err);
}

int layer_data(struct layer_writer *writer, const void *data, size_t length, struct error *err)
{
	la_ssize_t put = archive_write_data(writer->archive, data, length);

	return put == (la_ssize_t)length ? 0 : failed(writer, err);
}

int layer_commit(struct layer_writer *writer, struct built_layer *layer, struct error *err)
{
	int ret = 0;

	if (archive_write_close(writer->archive) != ARCHIVE_OK)
		ret = failed(writer, err);
	if (!ret && pack(writer, NULL, 0, Z_FINISH)) {
		*err = writer->failed_err;
		ret = -EIO;
	}
	if (!ret) {
		memset(layer, 0, sizeof(*layer));
		layer->blob.media = MEDIA_LAYER_GZIP;
		digest_end(&writer->state, &layer->diff_id);
		ret = blob_commit(&writer->blob, NULL, &layer->blob, err);
	}
	layer_end(writer);
	return ret;
}

void layer_end(struct layer_writer *writer)
{
	/* What is freed unfinished must not be written. */
	if (writer->archive)
		archive_write_fail(writer->archive);
	archive_write_free(writer->archive);
	writer->archive = NULL;
	if (writer->packing)
		deflateEnd(&writer->zlib);
	writer->packing = false;
	blob_end(&writer->blob);
}
