// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF64 images: static x86-64 executables whose PT_LOAD segments go to their
 * physical addresses. Called by image.c; fuzzed by tests/fuzz/elf.
 *
 * The guest starts on identity page tables, so p_vaddr must equal p_paddr.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../bootinfo.h"
#include "loader.h"

/* More than any guest needs; bounds the quadratic overlap check. */
#define MAX_SEGMENTS	64

/*
 * Check the file header and copy it to @header: from here on the program
 * header table is known to lie inside the file.
 */
static int check_header(const uint8_t *image, size_t length, Elf64_Ehdr *header,
			struct error *err)
{
	if (length < sizeof(*header))
		return error_set(err, ENOEXEC, "ELF header is truncated: %zu of %zu bytes",
				 length, sizeof(*header));
	memcpy(header, image, sizeof(*header));
	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return error_set(err, ENOEXEC,
				 "not a 64-bit ELF file: class %u: build it with -m64",
				 header->e_ident[EI_CLASS]);
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return error_set(err, ENOEXEC, "not a little-endian ELF file: data encoding %u",
				 header->e_ident[EI_DATA]);
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return error_set(err, ENOEXEC, "unknown ELF version %u", header->e_version);
	if (header->e_machine != EM_X86_64)
		return error_set(err, ENOEXEC, "not an x86-64 ELF file: machine %u",
				 header->e_machine);
	if (header->e_type != ET_EXEC)
		return error_set(err, ENOEXEC,
				 "not an executable ELF file: type %u: link it with -static -no-pie",
				 header->e_type);
	if (header->e_phnum == 0)
		return error_set(err, ENOEXEC, "ELF file has no program headers");
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return error_set(err, ENOEXEC, "ELF program headers have %u bytes each, not %zu",
				 header->e_phentsize, sizeof(Elf64_Phdr));
	if (header->e_phnum > MAX_SEGMENTS)
		return error_set(err, ENOEXEC, "ELF file has %u program headers: at most %d",
				 header->e_phnum, MAX_SEGMENTS);
	if (header->e_phoff > length ||
	    header->e_phnum * sizeof(Elf64_Phdr) > length - header->e_phoff)
		return error_set(err, ENOEXEC,
				 "ELF program headers lie outside the file: offset 0x%" PRIx64
				 ", %u of them, file has 0x%zx bytes",
				 header->e_phoff, header->e_phnum, length);
	return 0;
}

/* Check that a PT_LOAD segment comes from inside the file and goes into free RAM. */
static int check_segment(const Elf64_Phdr *segment, unsigned int index, size_t length,
			 uint64_t memory, struct error *err)
{
	if (segment->p_memsz < segment->p_filesz)
		return error_set(err, ENOEXEC,
				 "ELF segment %u: 0x%" PRIx64 " bytes in memory but 0x%" PRIx64
				 " in the file", index, segment->p_memsz, segment->p_filesz);
	if (segment->p_offset > length || segment->p_filesz > length - segment->p_offset)
		return error_set(err, ENOEXEC,
				 "ELF segment %u: lies outside the file: offset 0x%" PRIx64
				 ", size 0x%" PRIx64 ", file has 0x%zx bytes: truncated?",
				 index, segment->p_offset, segment->p_filesz, length);
	if (segment->p_vaddr != segment->p_paddr)
		return error_set(err, ENOEXEC,
				 "ELF segment %u: virtual address 0x%" PRIx64
				 " differs from physical 0x%" PRIx64
				 ": guests start on identity page tables",
				 index, segment->p_vaddr, segment->p_paddr);
	if (segment->p_paddr < BOOT_RESERVED)
		return error_set(err, ENOEXEC,
				 "ELF segment %u: address 0x%" PRIx64
				 " overlaps the boot tables: link it at 0x%x or above",
				 index, segment->p_paddr, BOOT_RESERVED);
	if (segment->p_paddr > memory || segment->p_memsz > memory - segment->p_paddr)
		return error_set(err, ENOMEM,
				 "ELF segment %u: 0x%" PRIx64 " bytes at 0x%" PRIx64
				 " do not fit into %" PRIu64 " KiB of memory: raise --mem",
				 index, segment->p_memsz, segment->p_paddr, memory >> 10);
	return 0;
}

static bool segments_overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	return a->p_paddr < b->p_paddr + b->p_memsz && b->p_paddr < a->p_paddr + a->p_memsz;
}

int elf_load(const uint8_t *image, size_t length, const struct guest_memory *memory,
	     uint64_t *entry, struct error *err)
{
	Elf64_Ehdr header = { 0 };
	Elf64_Phdr segments[MAX_SEGMENTS];
	unsigned int count = 0;
	bool entry_loaded = false;
	int ret;

	ret = check_header(image, length, &header, err);
	if (ret < 0)
		return ret;

	for (unsigned int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, image + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_INTERP)
			return error_set(err, ENOEXEC,
					 "ELF file needs a dynamic loader: link it with -static -nostdlib");
		if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
			continue;
		ret = check_segment(&segment, i, length, memory->size, err);
		if (ret < 0)
			return ret;
		for (unsigned int j = 0; j < count; j++)
			if (segments_overlap(&segment, &segments[j]))
				return error_set(err, ENOEXEC,
						 "ELF segment %u: overlaps another one at 0x%" PRIx64,
						 i, segments[j].p_paddr);
		if (header.e_entry - segment.p_paddr < segment.p_memsz)
			entry_loaded = true;
		segments[count++] = segment;
	}
	if (count == 0)
		return error_set(err, ENOEXEC, "ELF file has no PT_LOAD segment: nothing to run");
	if (!entry_loaded)
		return error_set(err, ENOEXEC,
				 "ELF entry point 0x%" PRIx64 " lies outside every loaded segment",
				 header.e_entry);

	for (unsigned int i = 0; i < count; i++) {
		const Elf64_Phdr *segment = &segments[i];

		/* What p_memsz has more is zero already. */
		memcpy(memory->host + segment->p_paddr, image + segment->p_offset,
		       segment->p_filesz);
	}
	*entry = header.e_entry;
	return 0;
}
