// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target for load's parser of responses. The first byte says whether it answers a HEAD,
 * and how long the reads are; however they are cut, the verdict has to be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct response parse(const char *data, size_t size, size_t part, bool to_head,
			     const struct search *search)
{
	struct response r;
	size_t at = 0;

	response_begin(&r, to_head, search);
	while (at < size && r.state != RESPONSE_DONE && r.state != RESPONSE_BAD) {
		size_t n = part < size - at ? part : size - at, used;
		/* As large as it is, so that ASan sees a read beyond it. */
		char *copy = malloc(n);

		if (!copy)
			abort();
		memcpy(copy, data + at, n);
		used = response_feed(&r, copy, n);
		free(copy);
		if (used > n || (used < n && r.state != RESPONSE_DONE))
			abort();
		at += used;
	}
	if (r.body > size || r.bytes > size)
		abort();
	response_end(&r);
	return r;
}

static void compare(const struct response *a, const struct response *b)
{
	if (a->state != b->state || a->why != b->why || a->bytes != b->bytes)
		abort();
	if (a->body != b->body || a->status != b->status || a->matched != b->matched)
		abort();
	if (response_keeps_open(a) != response_keeps_open(b))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct search search;
	struct response whole, cut;
	bool to_head;
	size_t part;

	if (!size)
		return 0;
	search_begin(&search, "aabaa");
	to_head = data[0] & 1;
	part = 1 + data[0] / 2 % 32;
	whole = parse((const char *)data + 1, size - 1, size, to_head, &search);
	cut = parse((const char *)data + 1, size - 1, part, to_head, &search);
	compare(&whole, &cut);
	return 0;
}
