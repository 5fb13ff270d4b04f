// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is given back as a whole, see tree.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	size_t octets;
	void **chunk;

	if (__builtin_mul_overflow(count, size, &octets) || octets > (size_t)1 << 30)
		return NULL;
	chunk = calloc(1, octets + 2 * sizeof(void *));
	if (!chunk)
		return NULL;
	*chunk = arena->chunks;
	arena->chunks = chunk;
	return chunk + 2;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1, 1);

	return copy ? memcpy(copy, text, length) : NULL;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1, 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void arena_free(struct arena *arena)
{
	while (arena->chunks) {
		void **chunk = arena->chunks;

		arena->chunks = *chunk;
		free(chunk);
	}
}
