// SPDX-License-Identifier: GPL-2.0-only
/* The initial state of a guest: page tables, GDT, boot information, registers. */
#include "boot.h"

#include <errno.h>
#include <string.h>

#include "bootinfo.h"
#include "x86.h"

static void write_page_tables(uint8_t *ram)
{
	uint64_t *pml4 = (uint64_t *)(ram + BOOT_PML4);
	uint64_t *pdpt = (uint64_t *)(ram + BOOT_PDPT);
	uint64_t *pd = (uint64_t *)(ram + BOOT_PD);	/* four of them, one after the other */

	pml4[0] = BOOT_PDPT | PTE_P | PTE_W;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (BOOT_PD + i * PAGE_SIZE) | PTE_P | PTE_W;
	for (uint64_t i = 0; i < 4 * PT_ENTRIES; i++)
		pd[i] = (i << 21) | PTE_P | PTE_W | PTE_PS;
}

static void write_gdt(uint8_t *ram)
{
	uint64_t *gdt = (uint64_t *)(ram + BOOT_GDT);

	gdt[0] = 0;
	gdt[1] = 0x00af9b000000ffffull;		/* code, 64-bit, ring 0 */
	gdt[2] = 0x00cf93000000ffffull;		/* data, ring 0 */
	gdt[3] = 0x00008b0000000067ull; /* busy TSS at 0, never used: the guest brings its own */
	gdt[4] = 0;
}

int boot_write_tables(const struct guest_memory *memory, int argc, char *const *argv,
		      struct error *err)
{
	struct boot_info *info = (struct boot_info *)(memory->host + BOOT_INFO);
	size_t used = 0;

	_Static_assert(sizeof(struct boot_info) <= PAGE_SIZE, "boot information is one page");
	write_page_tables(memory->host);
	write_gdt(memory->host);

	memset(info, 0, sizeof(*info));
	info->magic = BOOT_INFO_MAGIC;
	info->memory = memory->size;
	if (argc > BOOT_INFO_MAX_ARGS)
		return error_set(err, E2BIG, "%d guest arguments: at most %d", argc,
				 BOOT_INFO_MAX_ARGS);
	for (int i = 0; i < argc; i++) {
		size_t length = strlen(argv[i]) + 1;

		if (length > sizeof(info->strings) - used)
			return error_set(err, E2BIG, "guest arguments: more than %zu bytes",
					 sizeof(info->strings));
		memcpy(info->strings + used, argv[i], length);
		info->argv[i] = used;
		used += length;
	}
	info->argc = argc;
	return 0;
}

void boot_registers(uint64_t entry, struct kvm_sregs *sregs, struct kvm_regs *regs)
{
	const struct kvm_segment code = {
		.limit = 0xffffffff, .selector = BOOT_CODE_SELECTOR,
		.type = 0xb, .present = 1, .s = 1, .l = 1, .g = 1,
	};
	const struct kvm_segment data = {
		.limit = 0xffffffff, .selector = BOOT_DATA_SELECTOR,
		.type = 0x3, .present = 1, .s = 1, .db = 1, .g = 1,
	};
	/* VT-x insists on a busy TSS at VM entry. */
	const struct kvm_segment tss = {
		.limit = 0x67, .selector = BOOT_TSS_SELECTOR, .type = 0xb, .present = 1,
	};

	sregs->cs = code;
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr = tss;
	sregs->ldt = (struct kvm_segment){ .unusable = 1, .type = 2 };
	sregs->gdt.base = BOOT_GDT;
	sregs->gdt.limit = 5 * 8 - 1;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	sregs->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	sregs->cr3 = BOOT_PML4;
	sregs->cr4 = CR4_PAE;
	sregs->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;

	*regs = (struct kvm_regs){
		.rip = entry,
		.rsp = BOOT_STACK_TOP,
		.rdi = BOOT_INFO,
		.rflags = 2,
	};
}
