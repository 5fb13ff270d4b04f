// SPDX-License-Identifier: GPL-2.0-only
/* hello: says that it runs, on which CPU, and under whom. */
#include "lib/console.h"
#include "lib/cpu.h"

static void print_name(uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t words[] = { a, b, c };

	for (unsigned int i = 0; i < 12; i++) {
		char letter = words[i / 4] >> (i % 4 * 8);

		if (letter)
			print_char(letter);
	}
}

int guest_main(void)
{
	struct cpuid vendor = cpuid(0, 0);

	if (boot_info->magic != BOOT_INFO_MAGIC)
		panic("no boot information at %x", (uint64_t)boot_info);
	print("Hello from a guest in 64-bit mode with %u MiB of memory.\nCPU vendor: ",
	      (uint64_t)boot_info->memory >> 20);
	print_name(vendor.ebx, vendor.edx, vendor.ecx);
	if (cpuid(1, 0).ecx >> 31) {
		struct cpuid hypervisor = cpuid(0x40000000, 0);

		print("\nHypervisor: ");
		print_name(hypervisor.ebx, hypervisor.ecx, hypervisor.edx);
	}
	print("\n");
	for (unsigned int i = 0; i < boot_info->argc; i++)
		print("argument %u: %s\n", (uint64_t)i, boot_info->strings + boot_info->argv[i]);
	return 0;
}
