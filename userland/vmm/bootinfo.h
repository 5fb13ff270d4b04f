/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine a guest finds, in one picture. Shared by vmm and the guests.
 *
 *	guest physical = guest virtual		what
 *	0x00000000				left empty
 *	0x00001000				GDT: null, code64 (0x08), data (0x10), TSS (0x18)
 *	0x00002000				struct boot_info (RDI at entry points here)
 *	0x00003000 .. 0x00008fff		PML4, PDPT, 4 page directories: the first
 *						4 GiB, 2 MiB pages, writable, supervisor
 *	0x00009000 .. 0x0000ffff		initial stack, RSP = 0x10000
 *	0x00010000 .. end of RAM		the guest's own; a flat image is loaded and
 *						entered at 0x00100000
 *
 * At entry the vCPU is in 64-bit mode with interrupts off, no IDT, CR0.WP and
 * EFER.NXE set.
 */
#ifndef VMM_BOOTINFO_H
#define VMM_BOOTINFO_H

#define BOOT_GDT	0x1000u
#define BOOT_INFO	0x2000u
#define BOOT_PML4	0x3000u
#define BOOT_PDPT	0x4000u
#define BOOT_PD		0x5000u
#define BOOT_STACK_TOP	0x10000u
#define BOOT_RESERVED	0x10000u	/* images must lie at or above this */
#define BOOT_FLAT	0x100000u

#define BOOT_CODE_SELECTOR	0x08
#define BOOT_DATA_SELECTOR	0x10
#define BOOT_TSS_SELECTOR	0x18

#define BOOT_INFO_MAGIC		0x6f666e69746f6f62ull	/* "bootinfo", little endian */
#define BOOT_INFO_MAX_ARGS	16
#define BOOT_INFO_STRINGS	2048

/*
 * @memory: bytes of RAM, from guest physical address 0
 * @argc, @argv: words after IMAGE on the command line; @argv holds offsets into @strings
 */
struct boot_info {
	unsigned long long magic;
	unsigned long long memory;
	unsigned int argc;
	unsigned int argv[BOOT_INFO_MAX_ARGS];
	char strings[BOOT_INFO_STRINGS];
};

/* I/O ports of the machine. */
#define PORT_SERIAL	0x3f8	/* 16550, registers 0..7 */
#define PORT_EXIT	0xf4	/* write: ends the run, the low byte is vmm's exit status */
#define PORT_STOP	0xf5	/* write: `vmm inspect --at N` stops here when N was written */

#endif
