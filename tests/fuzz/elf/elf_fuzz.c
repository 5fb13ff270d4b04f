// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target of vmm's image loader (userland/vmm/loader). Whatever the bytes:
 * no access outside the image or guest memory (ASan), nothing written over the
 * boot tables, an entry point inside memory on success, one line of text on failure.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bootinfo.h"
#include "loader/loader.h"

#define MEMORY	(BOOT_FLAT + 0x10000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *ram;
	static const uint8_t zeros[BOOT_RESERVED];
	struct guest_memory memory;
	struct error err = { "" };
	uint64_t entry = 0;

	if (!ram)
		ram = calloc(1, MEMORY);
	memory = (struct guest_memory){ .host = ram, .size = MEMORY };
	if (image_load(data, size, &memory, &entry, &err) == 0) {
		if (entry < BOOT_RESERVED || entry >= MEMORY)
			abort();
	} else if (!err.text[0] || strchr(err.text, '\n')) {
		abort();
	}
	if (memcmp(ram, zeros, sizeof(zeros)) != 0)
		abort();
	return 0;
}
