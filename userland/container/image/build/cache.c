// SPDX-License-Identifier: GPL-2.0-only
/* Steps remembered, see cache.h. Called by step.c. */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

static int parse(const struct store *store, const char *text, struct built_layer *layer)
{
	long long size;
	int64_t there;

	memset(layer, 0, sizeof(*layer));
	layer->blob.media = MEDIA_LAYER_GZIP;
	if (!strcmp(text, "-\n"))
		return 0;
	if (strlen(text) < 2 * DIGEST_TEXT || text[DIGEST_TEXT - 1] != ' ' ||
	    !digest_parse(text, DIGEST_TEXT - 1, &layer->diff_id) ||
	    !digest_parse(text + DIGEST_TEXT, DIGEST_TEXT - 1, &layer->blob.digest) ||
	    sscanf(text + 2 * DIGEST_TEXT - 1, " %lld", &size) != 1)
		return -ENOENT;
	layer->blob.size = size;
	/* A blob that is gone, or is not what it was, is made again. */
	return store_has(store, &layer->blob.digest, &there) && there == size ? 1 : -ENOENT;
}

int cache_find(const struct store *store, const struct digest *key, struct built_layer *layer)
{
	char name[8 + DIGEST_HEX] = "cache/", text[256];
	cleanup_close int fd = -1;
	ssize_t got;

	digest_hex(key, name + strlen(name));
	fd = openat(store->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return -ENOENT;
	text[got] = '\0';
	return parse(store, text, layer);
}

void cache_keep(const struct store *store, const struct digest *key,
		const struct built_layer *layer)
{
	char name[8 + DIGEST_HEX] = "cache/", temporary[64], text[256] = "-\n";
	cleanup_close int fd = -1;

	if (layer) {
		char diff_id[DIGEST_TEXT], digest[DIGEST_TEXT];

		snprintf(text, sizeof(text), "%s %s %lld\n", digest_text(&layer->diff_id, diff_id),
			 digest_text(&layer->blob.digest, digest), (long long)layer->blob.size);
	}
	digest_hex(key, name + strlen(name));
	snprintf(temporary, sizeof(temporary), "tmp/cache-%d", getpid());
	mkdirat(store->dir, "cache", 0700);
	fd = openat(store->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    renameat(store->dir, temporary, store->dir, name))
		unlinkat(store->dir, temporary, 0);
}
