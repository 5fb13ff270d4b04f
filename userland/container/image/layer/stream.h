/* SPDX-License-Identifier: GPL-2.0-only */
/* A layer's octets, whichever way they are compressed: plain, gzip (RFC 1952), zstd (RFC 8878). */
#ifndef CELL_IMAGE_STREAM_H
#define CELL_IMAGE_STREAM_H

#include <zlib.h>
#include <zstd.h>

#include "../digest.h"
#include "error.h"

enum packing {
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_ZSTD,
};

/**
 * struct stream - a blob being read
 * @fd: of the blob, not the stream's
 * @packing: found by its first octets: media types are often wrong, and the digest of what comes
 *	out is known
 * @most: octets that may come out: more is a bomb
 * @out: octets that came out
 * @state: their digest so far
 */
struct stream {
	int fd;
	enum packing packing;
	int64_t most;
	int64_t out;
	struct sha256_ctx state;
	/* private */
	uint8_t *in;
	size_t in_at, in_end;
	bool in_over, frame_open;
	z_stream zlib;
	ZSTD_DStream *zstd;
};

int stream_open(struct stream *stream, int fd, int64_t most, struct error *err);

/* Returns octets, 0 at the end, or a negative errno: -EBADMSG if it is damaged, -EFBIG. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t size, struct error *err);

/* Reads what is left, and says the digest of all. */
int stream_drain(struct stream *stream, struct digest *digest, struct error *err);
void stream_close(struct stream *stream);

#define cleanup_stream_read __attribute__((cleanup(stream_close)))

#endif
