/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small virtual machine to test with: one vCPU in 64-bit mode, at CPL 0, with
 * page tables, descriptor tables and a handler for every exception. It speaks
 * the KVM ABI only, so the same test runs on /dev/kvm and on /dev/shadowpt.
 *
 * Guest memory, mapped at its own address (2 MiB of 4 KiB pages, then large pages):
 *
 *	0x1000  PML4   0x2000 PDPT   0x3000 PD   0x4000 PT   0x5000 PD of MMIO   0x6000 its PT
 *	0x7000  GDT    0x8000 IDT    0x9000 TSS  0xa000 handlers, 16 bytes each
 *	0x20000 code   0x30000 data
 *	0x60000 stack of tests (grows down)   0x68000 stack for #DF   0x70000 for #PF
 *	0x100000 pages that user mode may use
 *	0x200000 2 MiB page, up to the end of memory at 0x400000
 *
 * Each handler halts: the test sees KVM_EXIT_HLT with RIP in it and finds the frame
 * on the guest's stack. Run again, the guest returns from the exception.
 * There is no memory at MMIO_GPA; it is mapped at MMIO_GVA.
 */
#ifndef SELFTEST_SHADOWPT_MACHINE_H
#define SELFTEST_SHADOWPT_MACHINE_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "shadowpt.h"
#include "tap.h"

#define PAGE		4096ull
#define MEM_SIZE	0x400000ull
#define PML4		0x1000ull
#define PDPT		0x2000ull
#define PD		0x3000ull
#define PT		0x4000ull
#define MMIO_PD		0x5000ull
#define MMIO_PT		0x6000ull
#define GDT		0x7000ull
#define IDT		0x8000ull
#define TSS		0x9000ull
#define HANDLERS	0xa000ull
#define CODE		0x20000ull
#define DATA		0x30000ull
#define STACK		0x60000ull
#define DF_STACK	0x68000ull
#define PF_STACK	0x70000ull
#define USER		0x100000ull
#define LARGE		0x200000ull
#define MMIO_GPA	0xd0000000ull
#define MMIO_GVA	0x40000000ull

/* Page-table bits. APM vol. 2, 5.4. */
#define P	1ull
#define W	2ull
#define U	4ull
#define A	0x20ull
#define D	0x40ull
#define PS	0x80ull
#define G	0x100ull
#define NX	(1ull << 63)

#define CR0_PE	1ull
#define CR0_MP	2ull
#define CR0_EM	4ull
#define CR0_TS	8ull
#define CR0_ET	0x10ull
#define CR0_NE	0x20ull
#define CR0_WP	0x10000ull
#define CR0_NW	(1ull << 29)
#define CR0_CD	(1ull << 30)
#define CR0_PG	(1ull << 31)
#define CR4_DE	8ull
#define CR4_PAE	0x20ull
#define CR4_PGE	0x80ull
#define CR4_OSFXSR	0x200ull
#define CR4_OSXMMEXCPT	0x400ull
#define CR4_SMEP	(1ull << 20)
#define CR4_SMAP	(1ull << 21)
#define EFER_SCE	1ull
#define EFER_LME	0x100ull
#define EFER_LMA	0x400ull
#define EFER_NXE	0x800ull
#define FLAG_FIXED	2ull
#define FLAG_ZF		0x40ull
#define FLAG_TF		0x100ull
#define FLAG_IF		0x200ull
#define FLAG_DF		0x400ull
#define FLAG_AC		(1ull << 18)

enum { VEC_DE = 0, VEC_DB = 1, VEC_BP = 3, VEC_UD = 6, VEC_NM = 7, VEC_DF = 8, VEC_NP = 11,
       VEC_SS = 12, VEC_GP = 13, VEC_PF = 14, VEC_AC = 17, VECTORS = 32 };

/* Selectors of the GDT. */
enum { SEL_CODE = 0x08, SEL_DATA = 0x10, SEL_CODE32 = 0x18, SEL_USER_DATA = 0x23,
       SEL_USER_CODE = 0x2b, SEL_TSS = 0x38 };

/**
 * struct machine - a virtual machine and its only vCPU
 * @dev, @vm, @vcpu: file descriptors
 * @run: the page shared with the kernel
 * @run_size: bytes mapped there
 * @mem: guest physical address 0, MEM_SIZE bytes
 */
struct machine {
	int dev;
	int vm;
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *mem;
};

/* From the command line; see selftest_init(). */
extern const char *device_path;
extern uint32_t paging;

void selftest_init(int argc, char **argv);
bool on_shadowpt(void);

int device_open(void);
int vm_create(int dev);
int memory_set(int vm, uint32_t slot, uint64_t gpa, uint64_t size, void *mem);
void *memory_alloc(uint64_t size);
struct kvm_cpuid2 *cpuid_supported(int dev);

void machine_init(struct machine *m);
void machine_free(struct machine *m);
void machine_tables(struct machine *m);
void machine_code(struct machine *m, const void *code, const void *end);
int machine_run(struct machine *m);

struct kvm_regs regs_get(struct machine *m);
void regs_set(struct machine *m, const struct kvm_regs *regs);
struct kvm_sregs sregs_get(struct machine *m);
void sregs_set(struct machine *m, const struct kvm_sregs *sregs);
void rip_set(struct machine *m, uint64_t rip);
void user_mode(struct machine *m);

uint64_t *entry_of(struct machine *m, uint64_t gva);
uint64_t mem_read(struct machine *m, uint64_t gpa);
void mem_write(struct machine *m, uint64_t gpa, uint64_t value);
void *io_data(struct machine *m);

void expect_exit(struct machine *m, uint32_t reason);
void expect_halt(struct machine *m);
void expect_fault(struct machine *m, int vector, uint64_t error);

/* What the CPU pushed for the exception that halted in its handler. */
struct frame {
	uint64_t error;
	uint64_t rip;
	uint64_t cs;
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;
};
struct frame frame_get(struct machine *m);
bool vector_has_error(int vector);

/*
 * Guest code, assembled into the test program: GUEST(name, "mov $1, %eax\n hlt").
 * LOAD(machine, name) puts it at CODE and points RIP at it.
 */
#define GUEST(name, body)						\
	asm(".pushsection .rodata\n"					\
	    "guest_" #name ":\n" body "\n"				\
	    "guest_" #name "_end:\n"					\
	    ".popsection\n");						\
	extern const uint8_t guest_##name[], guest_##name##_end[]

#define LOAD(m, name)	machine_code(m, guest_##name, guest_##name##_end)

#endif /* SELFTEST_SHADOWPT_MACHINE_H */
