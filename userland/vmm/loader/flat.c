// SPDX-License-Identifier: GPL-2.0-only
/* Flat images: the bytes themselves, loaded and entered at BOOT_FLAT. Called by image.c. */
#include <errno.h>
#include <string.h>

#include "../bootinfo.h"
#include "loader.h"

int flat_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	      uint64_t *entry, struct error *err)
{
	if (memory->size <= BOOT_FLAT || length > memory->size - BOOT_FLAT)
		return error_set(err, ENOMEM,
				 "flat image of %zu bytes does not fit above 0x%x in %llu KiB of memory: raise --mem",
				 length, BOOT_FLAT, (unsigned long long)(memory->size >> 10));
	memcpy(memory->host + BOOT_FLAT, image, length);
	*entry = BOOT_FLAT;
	return 0;
}
