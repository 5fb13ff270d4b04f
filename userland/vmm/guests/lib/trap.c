// SPDX-License-Identifier: GPL-2.0-only
/* GDT, TSS, IDT, and the decision what an exception means; see trap.h. */
#include "trap.h"

#include "console.h"
#include "cpu.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, zero;
};

struct __attribute__((packed)) tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
};

struct __attribute__((packed)) table_register {
	uint16_t limit;
	uint64_t base;
};

#define INTERRUPT_GATE	0x8e

extern const uint64_t trap_stubs[32];
void trap_handle(struct trap_frame *frame);
void user_enter(uint64_t rip, uint64_t rsp, uint64_t a, uint64_t b, uint64_t c);
_Noreturn void user_leave(void);

extern const uint64_t ex_table_start[][2], ex_table_end[][2];

volatile struct fault last_fault;
volatile uint64_t probed_fetch;
bool (*on_user_page_fault)(uint64_t gva, uint32_t error);

static uint64_t gdt[7] = {
	0,
	0x00af9b000000ffffull,	/* KERNEL_CODE */
	0x00cf93000000ffffull,	/* KERNEL_DATA */
	0x00affb000000ffffull,	/* USER_CODE */
	0x00cff3000000ffffull,	/* USER_DATA */
};
static struct tss tss;
static struct gate idt[256] __attribute__((aligned(16)));
static uint8_t ring0_stack[8192] __attribute__((aligned(16)));
static uint8_t double_fault_stack[4096] __attribute__((aligned(16)));

static void set_gate(unsigned int vector, uint64_t target, uint8_t ist)
{
	idt[vector] = (struct gate){
		.offset_low = target,
		.selector = KERNEL_CODE,
		.ist = ist,
		.type = INTERRUPT_GATE,
		.offset_mid = target >> 16,
		.offset_high = target >> 32,
	};
}

void trap_init(void)
{
	uint64_t base = (uint64_t)&tss;
	struct table_register gdtr = { sizeof(gdt) - 1, (uint64_t)gdt };
	struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	tss.rsp[0] = (uint64_t)(ring0_stack + sizeof(ring0_stack));
	tss.ist[0] = (uint64_t)(double_fault_stack + sizeof(double_fault_stack));
	tss.io_map = sizeof(tss);
	gdt[5] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
		 (base >> 24 & 0xff) << 56;
	gdt[6] = base >> 32;

	for (unsigned int i = 0; i < 32; i++)
		set_gate(i, trap_stubs[i], i == 8 ? 1 : 0);

	asm volatile("lgdt %0" : : "m"(gdtr));
	asm volatile("lidt %0" : : "m"(idtr));
	asm volatile("push %0\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "push %%rax\n\t"
		     "lretq\n"
		     "1:\tmov %1, %%ds\n\t"
		     "mov %1, %%es\n\t"
		     "mov %1, %%ss\n\t"
		     "ltr %w2"
		     : : "i"(KERNEL_CODE), "r"(KERNEL_DATA), "r"(TSS_SELECTOR) : "rax", "memory");
}

static void note_fault(const struct trap_frame *frame)
{
	last_fault.vector = frame->vector;
	last_fault.error = frame->error;
	last_fault.cr2 = frame->vector == VECTOR_PF ? read_cr2() : 0;
}

static void handle_from_user(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_PF && on_user_page_fault &&
	    on_user_page_fault(read_cr2(), frame->error))
		return;
	note_fault(frame);
	if (frame->vector == VECTOR_UD)
		last_fault.vector = NO_FAULT;
	last_fault.value = frame->rax;
	user_leave();
}

void trap_handle(struct trap_frame *frame)
{
	if (frame->cs & 3) {
		handle_from_user(frame);
		return;
	}
	for (const uint64_t (*entry)[2] = ex_table_start; entry < ex_table_end; entry++) {
		if (frame->rip == (*entry)[0]) {
			note_fault(frame);
			frame->rip = (*entry)[1];
			return;
		}
	}
	if (probed_fetch && frame->rip == probed_fetch) {
		note_fault(frame);
		frame->rip = *(uint64_t *)frame->rsp;
		frame->rsp += 8;
		return;
	}
	panic("exception %u, error code %x, at %016x, cr2 %016x, cr3 %x, rsp %016x, rdi %x",
	      frame->vector, frame->error, frame->rip, read_cr2(), read_cr3(), frame->rsp,
	      frame->rdi);
}

struct fault user_call(uint64_t rip, uint64_t rsp, uint64_t a, uint64_t b, uint64_t c)
{
	struct fault fault;

	user_enter(rip, rsp, a, b, c);
	fault.vector = last_fault.vector;
	fault.error = last_fault.error;
	fault.cr2 = last_fault.cr2;
	fault.value = last_fault.value;
	return fault;
}
