// SPDX-License-Identifier: GPL-2.0
/*
 * Executing a decoded instruction on the guest's behalf: one with a memory
 * operand that the CPU could not be allowed to touch (a shadowed page table),
 * or that is no memory at all (MMIO).
 *
 * An instruction either completes or changes nothing: registers are written
 * last, after every memory access has succeeded. A callback that must first ask
 * somebody (MMIO) fails the access, and the instruction is run again later.
 * One call does one iteration of a repeated string instruction.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "insn.h"

#define FLAG_CF		BIT_ULL(0)
#define FLAG_PF		BIT_ULL(2)
#define FLAG_AF		BIT_ULL(4)
#define FLAG_ZF		BIT_ULL(6)
#define FLAG_SF		BIT_ULL(7)
#define FLAG_DF		BIT_ULL(10)
#define FLAG_OF		BIT_ULL(11)
#define FLAGS_ARITH	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* How often a locked operation may lose the race before the guest tries anew. */
#define LOCK_RETRIES	16

static u64 size_mask(unsigned int size)
{
	return size >= 8 ? ~0ull : (1ull << (8 * size)) - 1;
}

static u64 sign_bit(unsigned int size)
{
	return 1ull << (8 * size - 1);
}

static u64 sign_extend(u64 v, unsigned int size)
{
	return size >= 8 ? v : (v ^ sign_bit(size)) - sign_bit(size);
}

/* Byte registers 4..7 are ah, ch, dh, bh unless there is a REX prefix. */
static bool is_high_byte(const struct insn *insn, u8 reg, unsigned int size)
{
	return size == 1 && !insn->rex && reg >= 4 && reg < 8;
}

/**
 * insn_reg_read - read a general register as an instruction would
 * @st: registers
 * @insn: for its REX prefix
 * @reg: number as in ModRM
 * @size: 1, 2, 4 or 8 bytes
 *
 * Returns the value, zero-extended.
 */
u64 insn_reg_read(const struct insn_state *st, const struct insn *insn, u8 reg, unsigned int size)
{
	if (is_high_byte(insn, reg, size))
		return (st->gpr[reg - 4] >> 8) & 0xff;
	return st->gpr[reg] & size_mask(size);
}

/**
 * insn_reg_write - write a general register as an instruction would
 * @st: registers
 * @insn: for its REX prefix
 * @reg: number as in ModRM
 * @size: 1, 2, 4 or 8 bytes; 4 clears the upper half, 1 and 2 keep the rest
 * @value: what to write
 */
void insn_reg_write(struct insn_state *st, const struct insn *insn, u8 reg, unsigned int size,
		    u64 value)
{
	if (is_high_byte(insn, reg, size)) {
		st->gpr[reg - 4] = (st->gpr[reg - 4] & ~0xff00ull) | (value & 0xff) << 8;
		return;
	}
	if (size == 4)
		st->gpr[reg] = (u32)value;
	else
		st->gpr[reg] = (st->gpr[reg] & ~size_mask(size)) | (value & size_mask(size));
}

/* Add a segment base the way the mode does: in 64-bit code only FS and GS have one. */
static u64 linear(const struct insn_state *st, u8 seg, u64 offset)
{
	if (!st->code64)
		return (u32)(st->seg_base[seg] + offset);
	return seg == SEG_FS || seg == SEG_GS ? st->seg_base[seg] + offset : offset;
}

/**
 * insn_address - linear address of the memory operand
 * @insn: instruction with @has_mem; for MOVS the destination
 * @st: registers
 *
 * Includes what BT and friends add for a bit number beyond the operand.
 *
 * Returns the address; not checked for being canonical.
 */
u64 insn_address(const struct insn *insn, const struct insn_state *st)
{
	u64 offset = insn->disp;
	u8 seg = insn->seg;

	if (insn->op == INSN_MOVS) {
		offset = st->gpr[REG_RDI];
		seg = SEG_ES;
	} else {
		if (insn->rip_relative)
			offset += st->rip + insn->len;
		if (insn->base != REG_NONE)
			offset += st->gpr[insn->base];
		if (insn->index != REG_NONE)
			offset += st->gpr[insn->index] << insn->scale;
		if (insn->op >= INSN_BT && insn->op <= INSN_BTC && !insn->has_imm) {
			s64 bit = sign_extend(insn_reg_read(st, insn, insn->reg, insn->opsize),
					      insn->opsize);

			offset += (bit >> (insn->opsize == 8 ? 6 : insn->opsize == 4 ? 5 : 4)) *
				  insn->opsize;
		}
	}
	if (insn->adsize == 4)
		offset = (u32)offset;
	return linear(st, seg, offset);
}

/**
 * insn_mem_size - how many bytes of memory one execution touches
 * @insn: instruction with @has_mem
 *
 * Returns 1, 2, 4 or 8.
 */
unsigned int insn_mem_size(const struct insn *insn)
{
	return insn->op == INSN_MOVZX || insn->op == INSN_MOVSX ? insn->srcsize : insn->opsize;
}

/* --- flags --- */

static u64 flags_of(u64 result, unsigned int size)
{
	u64 flags = 0;
	u8 low = result;

	low ^= low >> 4;
	low ^= low >> 2;
	low ^= low >> 1;
	if (!(low & 1))
		flags |= FLAG_PF;
	if (!(result & size_mask(size)))
		flags |= FLAG_ZF;
	if (result & sign_bit(size))
		flags |= FLAG_SF;
	return flags;
}

/* a + b + carry. The carries out of each bit tell CF, AF and OF. */
static u64 add_flags(u64 a, u64 b, u64 carry, unsigned int size, u64 *result)
{
	u64 r = (a + b + carry) & size_mask(size);
	u64 carries = (a & b) | ((a | b) & ~r);
	u64 flags = flags_of(r, size);

	if (carries & sign_bit(size))
		flags |= FLAG_CF;
	if (carries & 8)
		flags |= FLAG_AF;
	if ((a ^ r) & (b ^ r) & sign_bit(size))
		flags |= FLAG_OF;
	*result = r;
	return flags;
}

/* a - b - borrow. */
static u64 sub_flags(u64 a, u64 b, u64 borrow, unsigned int size, u64 *result)
{
	u64 r = (a - b - borrow) & size_mask(size);
	u64 borrows = (~a & b) | ((~a | b) & r);
	u64 flags = flags_of(r, size);

	if (borrows & sign_bit(size))
		flags |= FLAG_CF;
	if (borrows & 8)
		flags |= FLAG_AF;
	if ((a ^ b) & (a ^ r) & sign_bit(size))
		flags |= FLAG_OF;
	*result = r;
	return flags;
}

/*
 * The new value of the destination and the flags, from the old value of the
 * destination @dst and the other operand @src. Returns false if the destination
 * is not written.
 */
static bool compute(const struct insn *insn, u64 dst, u64 src, u64 *rflags, u64 *result)
{
	u64 carry = *rflags & FLAG_CF;
	u64 keep = ~FLAGS_ARITH;
	unsigned int size = insn->opsize;
	u64 flags, bit;

	dst &= size_mask(size);
	src &= size_mask(size);
	switch (insn->op) {
	case INSN_ADD:
	case INSN_XADD:
		flags = add_flags(dst, src, 0, size, result);
		break;
	case INSN_ADC:
		flags = add_flags(dst, src, carry, size, result);
		break;
	case INSN_SUB:
	case INSN_CMP:
		flags = sub_flags(dst, src, 0, size, result);
		break;
	case INSN_SBB:
		flags = sub_flags(dst, src, carry, size, result);
		break;
	case INSN_NEG:
		flags = sub_flags(0, dst, 0, size, result);
		break;
	case INSN_INC:
		flags = add_flags(dst, 1, 0, size, result);
		keep |= FLAG_CF;
		break;
	case INSN_DEC:
		flags = sub_flags(dst, 1, 0, size, result);
		keep |= FLAG_CF;
		break;
	case INSN_AND:
	case INSN_TEST:
		*result = dst & src;
		flags = flags_of(*result, size);
		break;
	case INSN_OR:
		*result = dst | src;
		flags = flags_of(*result, size);
		break;
	case INSN_XOR:
		*result = dst ^ src;
		flags = flags_of(*result, size);
		break;
	case INSN_NOT:
		*result = ~dst;
		return true;
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		bit = 1ull << (src & (8 * size - 1));
		*rflags = (*rflags & ~FLAG_CF) | (dst & bit ? FLAG_CF : 0);
		*result = insn->op == INSN_BTS ? dst | bit :
			  insn->op == INSN_BTR ? dst & ~bit : dst ^ bit;
		return insn->op != INSN_BT;
	default:
		/* INSN_MOV, INSN_XCHG: the source as it is. */
		*result = src;
		return true;
	}
	*rflags = (*rflags & keep) | (flags & ~keep);
	return insn->op != INSN_CMP && insn->op != INSN_TEST;
}

/* --- memory --- */

/* Read, compute, write back so that nobody can have come between. */
static int locked_rmw(const struct insn *insn, u64 gva, u64 src, u64 *rflags, u64 *old,
		      const struct insn_mem *mem, void *ctx)
{
	u64 flags, result, found;
	int tries, ret;

	ret = mem->read(ctx, gva, old, insn->opsize);
	for (tries = 0; !ret && tries < LOCK_RETRIES; tries++) {
		flags = *rflags;
		compute(insn, *old, src, &flags, &result);
		found = *old;
		ret = mem->compare_exchange(ctx, gva, &found, result, insn->opsize);
		if (!ret) {
			*rflags = flags;
			return 0;
		}
		if (ret == -EAGAIN && found != *old) {
			*old = found;
			ret = 0;
		}
	}
	return ret ? ret : -EAGAIN;
}

static int execute_cmpxchg(const struct insn *insn, struct insn_state *st,
			   const struct insn_mem *mem, void *ctx)
{
	u64 expect = insn_reg_read(st, insn, REG_RAX, insn->opsize);
	u64 new = insn_reg_read(st, insn, insn->reg, insn->opsize);
	u64 gva = insn->has_mem ? insn_address(insn, st) : 0;
	u64 found = expect, unused;
	int ret = 0;

	if (!insn->has_mem) {
		found = insn_reg_read(st, insn, insn->rm, insn->opsize);
	} else if (insn->lock) {
		ret = mem->compare_exchange(ctx, gva, &found, new, insn->opsize);
		if (ret == -EAGAIN && found != expect)
			ret = 0;
	} else {
		ret = mem->read(ctx, gva, &found, insn->opsize);
		/* The CPU writes in either case, the old value if they differ. */
		if (!ret)
			ret = mem->write(ctx, gva, found == expect ? new : found, insn->opsize);
	}
	if (ret)
		return ret;

	st->rflags = (st->rflags & ~FLAGS_ARITH) |
		     sub_flags(expect, found, 0, insn->opsize, &unused);
	if (found != expect)
		insn_reg_write(st, insn, REG_RAX, insn->opsize, found);
	else if (!insn->has_mem)
		insn_reg_write(st, insn, insn->rm, insn->opsize, new);
	st->rip += insn->len;
	return 0;
}

/* Step a string register by one element, in the address size. */
static void string_step(const struct insn *insn, struct insn_state *st, u8 reg)
{
	u64 step = st->rflags & FLAG_DF ? -(u64)insn->opsize : insn->opsize;

	if (insn->adsize == 4)
		st->gpr[reg] = (u32)(st->gpr[reg] + step);
	else
		st->gpr[reg] += step;
}

static int execute_string(const struct insn *insn, struct insn_state *st,
			  const struct insn_mem *mem, void *ctx)
{
	u64 count = insn->adsize == 4 ? (u32)st->gpr[REG_RCX] : st->gpr[REG_RCX];
	u64 source, value = st->gpr[REG_RAX] & size_mask(insn->opsize);
	int ret = 0;

	if (insn->rep && !count) {
		st->rip += insn->len;
		return 0;
	}
	if (insn->op != INSN_STOS) {
		source = insn->adsize == 4 ? (u32)st->gpr[REG_RSI] : st->gpr[REG_RSI];
		ret = mem->read(ctx, linear(st, insn->seg, source), &value, insn->opsize);
	}
	if (!ret && insn->op != INSN_LODS)
		ret = mem->write(ctx, insn_address(insn, st), value, insn->opsize);
	if (ret)
		return ret;

	if (insn->op == INSN_LODS)
		insn_reg_write(st, insn, REG_RAX, insn->opsize, value);
	if (insn->op != INSN_STOS)
		string_step(insn, st, REG_RSI);
	if (insn->op != INSN_LODS)
		string_step(insn, st, REG_RDI);
	if (!insn->rep) {
		st->rip += insn->len;
		return 0;
	}
	/* Not done while there is more to do: RIP stays, and interrupts get in between. */
	if (insn->adsize == 4)
		st->gpr[REG_RCX] = (u32)(count - 1);
	else
		st->gpr[REG_RCX] = count - 1;
	if (count == 1)
		st->rip += insn->len;
	return 0;
}

/* MOVZX, MOVSX. */
static int execute_extend(const struct insn *insn, struct insn_state *st,
			  const struct insn_mem *mem, void *ctx)
{
	u64 value = 0;
	int ret = 0;

	if (insn->has_mem)
		ret = mem->read(ctx, insn_address(insn, st), &value, insn->srcsize);
	else
		value = insn_reg_read(st, insn, insn->rm, insn->srcsize);
	if (ret)
		return ret;
	if (insn->op == INSN_MOVSX)
		value = sign_extend(value, insn->srcsize);
	insn_reg_write(st, insn, insn->reg, insn->opsize, value);
	st->rip += insn->len;
	return 0;
}

/**
 * insn_execute - carry out a decoded instruction
 * @insn: instruction; @op is INSN_MOV or later
 * @st: registers; changed only if it succeeds, with RIP past the instruction (or
 *	at it, if a repeated string instruction has more to do)
 * @mem: how to reach memory
 * @ctx: for @mem
 *
 * Returns 0; what a callback of @mem returned; or -EOPNOTSUPP.
 */
int insn_execute(const struct insn *insn, struct insn_state *st, const struct insn_mem *mem,
		 void *ctx)
{
	u64 gva, dst = 0, src, result, rflags = st->rflags;
	bool writes = false;
	int ret = 0;

	switch (insn->op) {
	case INSN_MOVZX:
	case INSN_MOVSX:
		return execute_extend(insn, st, mem, ctx);
	case INSN_MOVS:
	case INSN_STOS:
	case INSN_LODS:
		return execute_string(insn, st, mem, ctx);
	case INSN_CMPXCHG:
		return execute_cmpxchg(insn, st, mem, ctx);
	default:
		if (insn->op < INSN_MOV)
			return -EOPNOTSUPP;
	}

	gva = insn->has_mem ? insn_address(insn, st) : 0;
	src = insn->has_imm ? (u64)insn->imm : insn_reg_read(st, insn, insn->reg, insn->opsize);

	/* op reg, r/m: the register is the destination. */
	if (!insn->mem_dst && insn->op != INSN_BT) {
		if (insn->has_mem)
			ret = mem->read(ctx, gva, &src, insn->opsize);
		else
			src = insn_reg_read(st, insn, insn->rm, insn->opsize);
		if (ret)
			return ret;
		dst = insn_reg_read(st, insn, insn->reg, insn->opsize);
		if (compute(insn, dst, src, &rflags, &result))
			insn_reg_write(st, insn, insn->reg, insn->opsize, result);
		goto done;
	}

	/* op r/m, reg or imm. XCHG with memory is locked whether it says so or not. */
	if (insn->has_mem && (insn->lock || insn->op == INSN_XCHG)) {
		ret = locked_rmw(insn, gva, src, &rflags, &dst, mem, ctx);
		if (ret)
			return ret;
	} else {
		if (!insn->has_mem)
			dst = insn_reg_read(st, insn, insn->rm, insn->opsize);
		else if (insn->op != INSN_MOV)
			ret = mem->read(ctx, gva, &dst, insn->opsize);
		if (ret)
			return ret;
		writes = compute(insn, dst, src, &rflags, &result);
		if (writes && insn->has_mem)
			ret = mem->write(ctx, gva, result, insn->opsize);
		if (ret)
			return ret;
	}
	if (insn->op == INSN_XCHG || insn->op == INSN_XADD)
		insn_reg_write(st, insn, insn->reg, insn->opsize, dst);
	/* After @reg: where both are one register, XADD leaves the sum. */
	if (writes && !insn->has_mem)
		insn_reg_write(st, insn, insn->rm, insn->opsize, result);
done:
	st->rflags = rflags;
	st->rip += insn->len;
	return 0;
}
