// SPDX-License-Identifier: GPL-2.0-only
/* Decompression, see stream.h. Called by the tar walk, and by save for archives of Docker's. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../path/guard.h"

#define IN_OCTETS (128 << 10)
#define DRAIN_OCTETS (64 << 10)
/* A window of 128 MiB is what zstd itself takes without being asked. */
#define WINDOW_LOG 27

static int fill(struct stream *s, struct error *err)
{
	ssize_t got;

	do
		got = read(s->fd, s->in, IN_OCTETS);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_errno(err, errno, NULL, "layer: read");
	s->in_at = 0;
	s->in_end = (size_t)got;
	s->in_over = got == 0;
	return 0;
}

static enum packing packing_of(const uint8_t *in, size_t length)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (length >= sizeof(gzip) && !memcmp(in, gzip, sizeof(gzip)))
		return PACKING_GZIP;
	if (length >= sizeof(zstd) && !memcmp(in, zstd, sizeof(zstd)))
		return PACKING_ZSTD;
	return PACKING_NONE;
}

int stream_open(struct stream *stream, int fd, int64_t most, struct error *err)
{
	int ret;

	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->most = most;
	sha256_init(&stream->state);
	stream->in = malloc(IN_OCTETS);
	if (!stream->in)
		return error_set(err, ENOMEM, "layer: out of memory");
	ret = fill(stream, err);
	if (ret)
		return ret;
	stream->packing = packing_of(stream->in, stream->in_end);
	/* 31: the largest window, and a gzip header. */
	if (stream->packing == PACKING_GZIP && inflateInit2(&stream->zlib, 31) != Z_OK)
		return error_set(err, ENOMEM, "layer: zlib: out of memory");
	if (stream->packing == PACKING_ZSTD) {
		stream->zstd = ZSTD_createDStream();
		if (!stream->zstd)
			return error_set(err, ENOMEM, "layer: zstd: out of memory");
		ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
	}
	stream->frame_open = stream->packing != PACKING_NONE;
	return 0;
}

static ssize_t plain(struct stream *s, void *buffer, size_t size)
{
	size_t part = s->in_end - s->in_at < size ? s->in_end - s->in_at : size;

	memcpy(buffer, s->in + s->in_at, part);
	s->in_at += part;
	return (ssize_t)part;
}

/* RFC 1952, 2.2: members follow one another; padding of zeros behind the last is common. */
static ssize_t gunzip(struct stream *s, void *buffer, size_t size, struct error *err)
{
	int ret;

	if (!s->frame_open) {
		while (s->in_at < s->in_end && !s->in[s->in_at])
			s->in_at++;
		if (s->in_at == s->in_end)
			return 0;
		inflateReset(&s->zlib);
		s->frame_open = true;
	}
	s->zlib.next_in = s->in + s->in_at;
	s->zlib.avail_in = (unsigned int)(s->in_end - s->in_at);
	s->zlib.next_out = buffer;
	s->zlib.avail_out = (unsigned int)size;
	ret = inflate(&s->zlib, Z_NO_FLUSH);
	s->in_at = s->in_end - s->zlib.avail_in;
	if (ret == Z_STREAM_END)
		s->frame_open = false;
	else if (ret != Z_OK && ret != Z_BUF_ERROR)
		return error_set(err, EBADMSG, "layer: gzip: %s",
				 s->zlib.msg ? s->zlib.msg : "damaged");
	return (ssize_t)(size - s->zlib.avail_out);
}

static ssize_t unzstd(struct stream *s, void *buffer, size_t size, struct error *err)
{
	ZSTD_inBuffer in = { s->in + s->in_at, s->in_end - s->in_at, 0 };
	ZSTD_outBuffer out = { buffer, size, 0 };
	size_t ret = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(ret))
		return error_set(err, EBADMSG, "layer: zstd: %s", ZSTD_getErrorName(ret));
	s->in_at += in.pos;
	s->frame_open = ret != 0;
	return (ssize_t)out.pos;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size, struct error *err)
{
	for (;;) {
		ssize_t got;

		if (stream->in_at == stream->in_end && !stream->in_over) {
			int ret = fill(stream, err);

			if (ret)
				return ret;
		}
		if (stream->packing == PACKING_NONE)
			got = plain(stream, buffer, size);
		else if (stream->packing == PACKING_GZIP)
			got = gunzip(stream, buffer, size, err);
		else
			got = stream->in_over && !stream->frame_open ? 0
								     : unzstd(stream, buffer, size, err);
		if (got < 0)
			return got;
		if (got) {
			stream->out += got;
			if (GUARD(BOMB) && stream->out > stream->most)
				return error_set(err, EFBIG, "layer: unpacks to more than %lld octets: "
						 "if that is meant, say --max-size",
						 (long long)stream->most);
			sha256_update(&stream->state, (size_t)got, buffer);
			return got;
		}
		if (!stream->in_over)
			continue;
		if (stream->frame_open)
			return error_set(err, EBADMSG, "layer: the compressed data is cut off");
		return 0;
	}
}

int stream_drain(struct stream *stream, struct digest *digest, struct error *err)
{
	uint8_t *buffer = malloc(DRAIN_OCTETS);
	struct sha256_ctx state;
	ssize_t got;

	if (!buffer)
		return error_set(err, ENOMEM, "layer: out of memory");
	while ((got = stream_read(stream, buffer, DRAIN_OCTETS, err)) > 0)
		;
	free(buffer);
	if (got < 0)
		return (int)got;
	state = stream->state;
	digest_end(&state, digest);
	return 0;
}

void stream_close(struct stream *stream)
{
	if (stream->packing == PACKING_GZIP)
		inflateEnd(&stream->zlib);
	ZSTD_freeDStream(stream->zstd);
	free(stream->in);
	memset(stream, 0, sizeof(*stream));
}
