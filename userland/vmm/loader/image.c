// SPDX-License-Identifier: GPL-2.0-only
/* Tells the image formats apart. Called by machine.c. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "loader.h"

int image_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	       uint64_t *entry, struct error *err)
{
	if (length == 0)
		return error_set(err, ENOEXEC, "the image is empty: nothing to run");
	if (length >= SELFMAG && memcmp(image, ELFMAG, SELFMAG) == 0)
		return elf_load(image, length, memory, entry, err);
	return flat_load(image, length, memory, entry, err);
}
