// SPDX-License-Identifier: GPL-2.0-only
/* A set of names, see seen.h. Called by apply.c. */
#include "seen.h"

#include <errno.h>
#include <stdlib.h>

#include "../../path/guard.h"

/* FNV-1a, 64 bits. Two names alike would leave a file of a lower layer: of the same image. */
static uint64_t hash_of(ino_t folder, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < 8; i++)
		hash = (hash ^ (folder >> (8 * i) & 0xff)) * 0x100000001b3ull;
	while (*name)
		hash = (hash ^ (uint8_t)*name++) * 0x100000001b3ull;
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

static uint64_t *place_of(uint64_t *at, size_t room, uint64_t hash)
{
	size_t i = hash & (room - 1);

	while (at[i] && at[i] != hash)
		i = (i + 1) & (room - 1);
	return &at[i];
}

static int grow(struct seen *seen)
{
	size_t room = seen->room ? 2 * seen->room : 256;
	uint64_t *at = calloc(room, sizeof(*at));

	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < seen->room; i++)
		if (seen->at[i])
			*place_of(at, room, seen->at[i]) = seen->at[i];
	free(seen->at);
	seen->at = at;
	seen->room = room;
	return 0;
}

int seen_add(struct seen *seen, ino_t folder, const char *name)
{
	uint64_t hash = hash_of(folder, name), *place;

	if (2 * seen->count >= seen->room && grow(seen))
		return -ENOMEM;
	place = place_of(seen->at, seen->room, hash);
	seen->count += !*place;
	*place = hash;
	return 0;
}

bool seen_has(const struct seen *seen, ino_t folder, const char *name)
{
	return GUARD(SEEN) && seen->room && *place_of(seen->at, seen->room, hash_of(folder, name));
}

void seen_free(struct seen *seen)
{
	free(seen->at);
	*seen = (struct seen){ NULL, 0, 0 };
}
