/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bits of the x86-64 architecture that vmm and the guests both name.
 * Intel SDM vol. 3, 2.5 and 4.5; AMD APM vol. 2, 3.1 and 5.3.
 */
#ifndef VMM_X86_H
#define VMM_X86_H

#define PAGE_SIZE	4096ull
#define LARGE_PAGE_SIZE	0x200000ull
#define PT_ENTRIES	512u

#define PTE_P		(1ull << 0)
#define PTE_W		(1ull << 1)
#define PTE_U		(1ull << 2)
#define PTE_PWT		(1ull << 3)
#define PTE_PCD		(1ull << 4)
#define PTE_A		(1ull << 5)
#define PTE_D		(1ull << 6)
#define PTE_PS		(1ull << 7)
#define PTE_G		(1ull << 8)
#define PTE_NX		(1ull << 63)
#define PTE_FRAME	0x000ffffffffff000ull
#define PDE_LARGE_FRAME	0x000fffffffe00000ull
#define PDPTE_LARGE_FRAME 0x000fffffc0000000ull

#define CR0_PE		(1ull << 0)
#define CR0_MP		(1ull << 1)
#define CR0_ET		(1ull << 4)
#define CR0_NE		(1ull << 5)
#define CR0_WP		(1ull << 16)
#define CR0_PG		(1ull << 31)

#define CR4_PAE		(1ull << 5)
#define CR4_PGE		(1ull << 7)
#define CR4_LA57	(1ull << 12)
#define CR4_SMEP	(1ull << 20)
#define CR4_SMAP	(1ull << 21)

#define EFER_SCE	(1ull << 0)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)
#define EFER_NXE	(1ull << 11)

/* Page-fault error code. */
#define PF_P		(1u << 0)
#define PF_W		(1u << 1)
#define PF_U		(1u << 2)
#define PF_RSVD		(1u << 3)
#define PF_I		(1u << 4)

#endif
