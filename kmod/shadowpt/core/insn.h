/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions: decoding and executing the few that a hypervisor must handle
 * itself. Used where the hardware gives neither the length nor the operands of
 * the instruction that left the guest (SVM without NRIP save and decode
 * assists), where a write hits a shadowed page table, and for MMIO.
 */
#ifndef SHADOWPT_CORE_INSN_H
#define SHADOWPT_CORE_INSN_H

#include <linux/types.h>

#define INSN_MAX_LEN	15	/* APM vol. 3, 1.1 */

/* Numbers as in ModRM: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. */
enum insn_reg { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R15 = 15, REG_NONE = 0xff };

enum insn_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_NR };

/*
 * What the instruction does, as far as we handle it.
 *
 * From INSN_MOV on, the instruction reads or writes an ordinary operand and
 * insn_execute() can carry it out; the ones before are for the exit handlers.
 */
enum insn_op {
	INSN_CPUID, INSN_HLT, INSN_RDMSR, INSN_WRMSR, INSN_RDTSC, INSN_RDTSCP, INSN_RDPMC,
	INSN_INVD, INSN_WBINVD, INSN_XSETBV, INSN_VMMCALL, INSN_CLTS,
	INSN_MOV_FROM_CR, INSN_MOV_TO_CR, INSN_MOV_FROM_DR, INSN_MOV_TO_DR,
	INSN_LMSW, INSN_SMSW, INSN_INVLPG,
	INSN_IN, INSN_OUT, INSN_INS, INSN_OUTS,

	INSN_MOV, INSN_MOVZX, INSN_MOVSX, INSN_XCHG, INSN_XADD, INSN_CMPXCHG,
	INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP,
	INSN_TEST, INSN_NOT, INSN_NEG, INSN_INC, INSN_DEC,
	INSN_BT, INSN_BTS, INSN_BTR, INSN_BTC,
	INSN_MOVS, INSN_STOS, INSN_LODS,
};

/**
 * struct insn - a decoded instruction
 * @op: what it does
 * @len: its length in bytes
 * @opsize: operand size in bytes: 1, 2, 4 or 8
 * @srcsize: MOVZX, MOVSX: size of the source
 * @adsize: address size in bytes: 2, 4 or 8
 * @lock: LOCK prefix
 * @rep: 0xf3 or 0xf2 prefix, or 0
 * @rex: there is a REX prefix, so byte registers 4..7 are spl, bpl, sil, dil
 * @has_mem: one operand is memory
 * @mem_dst: the memory operand is the destination (else the source)
 * @has_imm: the other operand is @imm, else it is @reg
 * @reg: register operand; control or debug register number for MOV CR, MOV DR
 * @rm: if !@has_mem: the register in place of the memory operand
 * @seg: segment of the memory operand
 * @base: register that its address starts from, or REG_NONE
 * @index: register added to it, or REG_NONE
 * @scale: shift of @index
 * @rip_relative: the address of the next instruction is added
 * @disp: added
 * @imm: immediate, sign-extended; port number of IN and OUT
 */
struct insn {
	enum insn_op op;
	u8 len;
	u8 opsize;
	u8 srcsize;
	u8 adsize;
	bool lock;
	u8 rep;
	bool rex;
	bool has_mem;
	bool mem_dst;
	bool has_imm;
	u8 reg;
	u8 rm;
	u8 seg;
	u8 base;
	u8 index;
	u8 scale;
	bool rip_relative;
	s64 disp;
	s64 imm;
};

/**
 * struct insn_state - the guest registers an instruction can use
 * @gpr: in ModRM order
 * @rip: of the instruction
 * @rflags: flags
 * @seg_base: by enum insn_seg; only FS and GS count in 64-bit code
 * @code64: 64-bit code (CS.L); else 32-bit
 */
struct insn_state {
	u64 gpr[16];
	u64 rip;
	u64 rflags;
	u64 seg_base[SEG_NR];
	bool code64;
};

/**
 * struct insn_mem - how insn_execute() reaches guest memory
 * @read: @len bytes at @gva
 * @write: the same
 * @compare_exchange: atomically, if memory holds *@old make it @new, else set *@old to
 *	what it holds and return -EAGAIN
 *
 * Each returns 0 or a negative value that insn_execute() hands to its caller,
 * having changed no register. @len is 1, 2, 4 or 8.
 */
struct insn_mem {
	int (*read)(void *ctx, u64 gva, u64 *value, unsigned int len);
	int (*write)(void *ctx, u64 gva, u64 value, unsigned int len);
	int (*compare_exchange)(void *ctx, u64 gva, u64 *old, u64 new, unsigned int len);
};

int insn_decode(const u8 *bytes, unsigned int avail, bool code64, struct insn *insn);
u64 insn_address(const struct insn *insn, const struct insn_state *st);
unsigned int insn_mem_size(const struct insn *insn);
u64 insn_reg_read(const struct insn_state *st, const struct insn *insn, u8 reg, unsigned int size);
void insn_reg_write(struct insn_state *st, const struct insn *insn, u8 reg, unsigned int size,
		    u64 value);
int insn_execute(const struct insn *insn, struct insn_state *st, const struct insn_mem *mem,
		 void *ctx);

#endif /* SHADOWPT_CORE_INSN_H */
