/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading of guest images. Nothing in an image is believed: every field is
 * checked before use, and nothing is allocated from it.
 */
#ifndef VMM_LOADER_H
#define VMM_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct guest_memory {
	uint8_t *host;		/* guest physical address 0 */
	uint64_t size;
};

/*
 * Put @image into guest memory, all zeros so far, and set *@entry to the address to start at.
 * ELF64 when it starts with the ELF magic, else flat. Returns 0 or a negative
 * errno with @err set; guest memory may then hold part of the image.
 */
int image_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	       uint64_t *entry, struct error *err);

int elf_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	     uint64_t *entry, struct error *err);
int flat_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	      uint64_t *entry, struct error *err);

#endif
