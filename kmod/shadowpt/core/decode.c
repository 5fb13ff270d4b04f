// SPDX-License-Identifier: GPL-2.0
/*
 * From bytes to struct insn: a decoder for the instructions that a hypervisor
 * meets, in 32-bit and 64-bit code. Anything else is refused, which is safe:
 * the caller has another way or says so.
 *
 *	[prefixes] [REX] opcode [ModRM [SIB] [disp]] [imm]	APM vol. 3, 1.1
 *
 * Called by vcpu.c with bytes fetched through the guest's tables.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "insn.h"

/* Where we are in the bytes. @want more than there are sets @short_of. */
struct cursor {
	const u8 *bytes;
	unsigned int avail;
	unsigned int pos;
	bool short_of;
};

static u64 take(struct cursor *c, unsigned int n)
{
	u64 v = 0;
	unsigned int i;

	if (c->pos + n > c->avail) {
		c->short_of = true;
		return 0;
	}
	for (i = 0; i < n; i++)
		v |= (u64)c->bytes[c->pos++] << (8 * i);
	return v;
}

static s64 take_signed(struct cursor *c, unsigned int n)
{
	u64 v = take(c, n);

	return n < 8 ? (s64)(v << (64 - 8 * n)) >> (64 - 8 * n) : (s64)v;
}

/* What the prefixes said. */
struct prefixes {
	bool opsize;	/* 0x66 */
	bool adsize;	/* 0x67 */
	u8 rex;		/* 0x40..0x4f or 0 */
	u8 seg;		/* enum insn_seg, or REG_NONE */
	bool code64;
};

#define REX_W(p)	(((p)->rex >> 3) & 1)
#define REX_R(p)	(((p)->rex >> 2) & 1)
#define REX_X(p)	(((p)->rex >> 1) & 1)
#define REX_B(p)	((p)->rex & 1)

/* Legacy prefixes in any order, then REX, which only counts right before the opcode. */
static u8 take_prefixes(struct cursor *c, struct prefixes *p, struct insn *insn)
{
	for (;;) {
		u8 b = take(c, 1);

		if (c->short_of)
			return 0;
		if (p->code64 && (b & 0xf0) == 0x40) {
			p->rex = b;
			continue;
		}
		switch (b) {
		case 0x26:
			p->seg = SEG_ES;
			break;
		case 0x2e:
			p->seg = SEG_CS;
			break;
		case 0x36:
			p->seg = SEG_SS;
			break;
		case 0x3e:
			p->seg = SEG_DS;
			break;
		case 0x64:
			p->seg = SEG_FS;
			break;
		case 0x65:
			p->seg = SEG_GS;
			break;
		case 0x66:
			p->opsize = true;
			break;
		case 0x67:
			p->adsize = true;
			break;
		case 0xf0:
			insn->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			insn->rep = b;
			break;
		default:
			return b;
		}
		p->rex = 0;
	}
}

/*
 * ModRM, SIB, displacement: fills reg, and rm or the memory operand.
 * Returns the ModRM byte. APM vol. 3, 1.4; 16-bit addresses are not taken.
 */
static u8 take_modrm(struct cursor *c, const struct prefixes *p, struct insn *insn)
{
	u8 modrm = take(c, 1);
	u8 mod = modrm >> 6;
	u8 rm = modrm & 7;

	insn->reg = ((modrm >> 3) & 7) | (REX_R(p) << 3);
	if (mod == 3) {
		insn->rm = rm | (REX_B(p) << 3);
		return modrm;
	}

	insn->has_mem = true;
	insn->base = rm | (REX_B(p) << 3);
	insn->index = REG_NONE;
	insn->seg = SEG_DS;
	if (rm == 4) {
		u8 sib = take(c, 1);

		insn->scale = sib >> 6;
		insn->index = ((sib >> 3) & 7) | (REX_X(p) << 3);
		if (insn->index == REG_RSP)
			insn->index = REG_NONE;
		rm = sib & 7;
		insn->base = rm | (REX_B(p) << 3);
		if (rm == 5 && mod == 0) {
			insn->base = REG_NONE;
			insn->disp = take_signed(c, 4);
		}
	} else if (rm == 5 && mod == 0) {
		insn->base = REG_NONE;
		insn->rip_relative = p->code64;
		insn->disp = take_signed(c, 4);
	}
	if (mod == 1)
		insn->disp = take_signed(c, 1);
	else if (mod == 2)
		insn->disp = take_signed(c, 4);
	if (insn->base == REG_RSP || insn->base == REG_RBP)
		insn->seg = SEG_SS;
	return modrm;
}

static void memory_at(struct insn *insn, u8 reg, u8 seg)
{
	insn->has_mem = true;
	insn->base = reg;
	insn->index = REG_NONE;
	insn->seg = seg;
}

static int take_imm(struct cursor *c, struct insn *insn, unsigned int n)
{
	insn->has_imm = true;
	insn->imm = take_signed(c, n);
	return 0;
}

/* An immediate of the operand size is at most four bytes. */
static int take_imm_z(struct cursor *c, struct insn *insn)
{
	return take_imm(c, insn, insn->opsize == 8 ? 4 : insn->opsize);
}

/* 0x00..0x3b: the eight ALU operations, four forms each. */
static const enum insn_op alu_ops[8] = { INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB,
					 INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP };

static int decode_two_byte(struct cursor *c, const struct prefixes *p, struct insn *insn)
{
	static const enum insn_op bit_ops[4] = { INSN_BT, INSN_BTS, INSN_BTR, INSN_BTC };
	u8 op = take(c, 1);
	u8 modrm;

	switch (op) {
	case 0x01:
		modrm = take_modrm(c, p, insn);
		if (modrm == 0xd1)
			insn->op = INSN_XSETBV;
		else if (modrm == 0xd9 || modrm == 0xc1)
			insn->op = INSN_VMMCALL;
		else if (modrm == 0xf9)
			insn->op = INSN_RDTSCP;
		else if (((modrm >> 3) & 7) == 4)
			insn->op = INSN_SMSW;
		else if (((modrm >> 3) & 7) == 6)
			insn->op = INSN_LMSW;
		else if (((modrm >> 3) & 7) == 7 && insn->has_mem)
			insn->op = INSN_INVLPG;
		else
			return -EOPNOTSUPP;
		if (insn->op == INSN_SMSW)
			insn->mem_dst = insn->has_mem;
		if (insn->has_mem && insn->op != INSN_INVLPG)
			insn->opsize = 2;
		return 0;
	case 0x06:
		insn->op = INSN_CLTS;
		return 0;
	case 0x08:
		insn->op = INSN_INVD;
		return 0;
	case 0x09:
		insn->op = INSN_WBINVD;
		return 0;
	case 0x20:
	case 0x21:
	case 0x22:
	case 0x23:
		/* The mod field counts as 3 whatever it says. APM vol. 3, MOV CRn. */
		modrm = take(c, 1);
		insn->reg = ((modrm >> 3) & 7) | (REX_R(p) << 3);
		insn->rm = (modrm & 7) | (REX_B(p) << 3);
		insn->op = op == 0x20 ? INSN_MOV_FROM_CR : op == 0x21 ? INSN_MOV_FROM_DR :
			   op == 0x22 ? INSN_MOV_TO_CR : INSN_MOV_TO_DR;
		insn->opsize = p->code64 ? 8 : 4;
		return 0;
	case 0x30:
		insn->op = INSN_WRMSR;
		return 0;
	case 0x31:
		insn->op = INSN_RDTSC;
		return 0;
	case 0x32:
		insn->op = INSN_RDMSR;
		return 0;
	case 0x33:
		insn->op = INSN_RDPMC;
		return 0;
	case 0xa2:
		insn->op = INSN_CPUID;
		return 0;
	case 0xa3:
	case 0xab:
	case 0xb3:
	case 0xbb:
		insn->op = bit_ops[(op >> 3) & 3];
		take_modrm(c, p, insn);
		insn->mem_dst = insn->op != INSN_BT;
		return 0;
	case 0xba:
		modrm = take_modrm(c, p, insn);
		if (((modrm >> 3) & 7) < 4)
			return -EOPNOTSUPP;
		insn->op = bit_ops[(modrm >> 3) & 3];
		insn->mem_dst = insn->op != INSN_BT;
		return take_imm(c, insn, 1);
	case 0xb0:
	case 0xc0:
		insn->opsize = 1;
		fallthrough;
	case 0xb1:
	case 0xc1:
		insn->op = op < 0xc0 ? INSN_CMPXCHG : INSN_XADD;
		take_modrm(c, p, insn);
		insn->mem_dst = true;
		return 0;
	case 0xb6:
	case 0xb7:
	case 0xbe:
	case 0xbf:
		insn->op = op < 0xb8 ? INSN_MOVZX : INSN_MOVSX;
		insn->srcsize = op & 1 ? 2 : 1;
		take_modrm(c, p, insn);
		return 0;
	case 0xc3:
		/* MOVNTI: an ordinary store that asks the cache a favour. */
		insn->op = INSN_MOV;
		take_modrm(c, p, insn);
		insn->mem_dst = true;
		/* With 66, F2 or F3 in front it is #UD. */
		if (!insn->has_mem || p->opsize || insn->rep)
			return -EOPNOTSUPP;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int decode_one_byte(struct cursor *c, const struct prefixes *p, u8 op, struct insn *insn)
{
	u8 modrm;

	/* Most opcodes come in pairs: even for bytes, odd for the operand size. */
	bool byte_op = !(op & 1);

	if (op < 0x40 && (op & 7) < 4) {
		insn->op = alu_ops[op >> 3];
		if (byte_op)
			insn->opsize = 1;
		take_modrm(c, p, insn);
		insn->mem_dst = !(op & 2);
		return 0;
	}

	switch (op) {
	case 0x63:
		if (!p->code64)
			return -EOPNOTSUPP;
		insn->op = INSN_MOVSX;
		insn->srcsize = insn->opsize == 2 ? 2 : 4;
		take_modrm(c, p, insn);
		return 0;
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
		insn->op = op < 0x6e ? INSN_INS : INSN_OUTS;
		insn->opsize = byte_op ? 1 : insn->opsize == 8 ? 4 : insn->opsize;
		insn->mem_dst = op < 0x6e;
		memory_at(insn, op < 0x6e ? REG_RDI : REG_RSI, op < 0x6e ? SEG_ES : SEG_DS);
		return 0;
	case 0x80:
	case 0x81:
	case 0x83:
		if (byte_op)
			insn->opsize = 1;
		modrm = take_modrm(c, p, insn);
		insn->op = alu_ops[(modrm >> 3) & 7];
		insn->mem_dst = true;
		return op == 0x81 ? take_imm_z(c, insn) : take_imm(c, insn, 1);
	case 0x84:
	case 0x85:
	case 0x86:
	case 0x87:
		if (byte_op)
			insn->opsize = 1;
		insn->op = op < 0x86 ? INSN_TEST : INSN_XCHG;
		take_modrm(c, p, insn);
		insn->mem_dst = true;
		return 0;
	case 0x88:
	case 0x89:
	case 0x8a:
	case 0x8b:
		if (byte_op)
			insn->opsize = 1;
		insn->op = INSN_MOV;
		take_modrm(c, p, insn);
		insn->mem_dst = op < 0x8a;
		return 0;
	case 0xa0:
	case 0xa1:
	case 0xa2:
	case 0xa3:
		if (byte_op)
			insn->opsize = 1;
		insn->op = INSN_MOV;
		insn->reg = REG_RAX;
		memory_at(insn, REG_NONE, SEG_DS);
		insn->disp = take(c, insn->adsize);
		insn->mem_dst = op >= 0xa2;
		return 0;
	case 0xa4:
	case 0xa5:
	case 0xaa:
	case 0xab:
	case 0xac:
	case 0xad:
		if (byte_op)
			insn->opsize = 1;
		insn->op = op < 0xa8 ? INSN_MOVS : op < 0xac ? INSN_STOS : INSN_LODS;
		insn->reg = REG_RAX;
		insn->mem_dst = op < 0xac;
		memory_at(insn, op < 0xac ? REG_RDI : REG_RSI, op < 0xac ? SEG_ES : SEG_DS);
		return 0;
	case 0xc6:
	case 0xc7:
		if (byte_op)
			insn->opsize = 1;
		modrm = take_modrm(c, p, insn);
		if ((modrm >> 3) & 7)
			return -EOPNOTSUPP;
		insn->op = INSN_MOV;
		insn->mem_dst = true;
		return take_imm_z(c, insn);
	case 0xe4:
	case 0xe5:
	case 0xe6:
	case 0xe7:
	case 0xec:
	case 0xed:
	case 0xee:
	case 0xef:
		insn->op = op & 2 ? INSN_OUT : INSN_IN;
		insn->opsize = byte_op ? 1 : insn->opsize == 8 ? 4 : insn->opsize;
		if (op < 0xe8) {
			take_imm(c, insn, 1);
			insn->imm &= 0xff;
		}
		return 0;
	case 0xf4:
		insn->op = INSN_HLT;
		return 0;
	case 0xf6:
	case 0xf7:
		if (byte_op)
			insn->opsize = 1;
		modrm = take_modrm(c, p, insn);
		insn->mem_dst = true;
		switch ((modrm >> 3) & 7) {
		case 0:
		case 1:
			insn->op = INSN_TEST;
			return take_imm_z(c, insn);
		case 2:
			insn->op = INSN_NOT;
			return 0;
		case 3:
			insn->op = INSN_NEG;
			return 0;
		default:
			return -EOPNOTSUPP;
		}
	case 0xfe:
	case 0xff:
		if (byte_op)
			insn->opsize = 1;
		modrm = take_modrm(c, p, insn);
		insn->mem_dst = true;
		if (((modrm >> 3) & 7) > 1)
			return -EOPNOTSUPP;
		insn->op = (modrm >> 3) & 1 ? INSN_DEC : INSN_INC;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* LOCK is for read-modify-write of memory; elsewhere it is #UD. APM vol. 3, 1.2.5. */
static bool may_lock(const struct insn *insn)
{
	if (!insn->has_mem || !insn->mem_dst)
		return false;
	switch (insn->op) {
	case INSN_XCHG:
	case INSN_XADD:
	case INSN_CMPXCHG:
	case INSN_ADD:
	case INSN_OR:
	case INSN_ADC:
	case INSN_SBB:
	case INSN_AND:
	case INSN_SUB:
	case INSN_XOR:
	case INSN_NOT:
	case INSN_NEG:
	case INSN_INC:
	case INSN_DEC:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		return true;
	default:
		return false;
	}
}

/**
 * insn_decode - decode one instruction
 * @bytes: its bytes
 * @avail: how many bytes there are; INSN_MAX_LEN is always enough
 * @code64: 64-bit code, else 32-bit
 * @insn: filled on success
 *
 * Returns 0; -ENODATA if the instruction goes on past @avail; -EOPNOTSUPP if it
 * is none of those handled here, or no valid instruction.
 */
int insn_decode(const u8 *bytes, unsigned int avail, bool code64, struct insn *insn)
{
	struct cursor c = { .bytes = bytes, .avail = avail < INSN_MAX_LEN ? avail : INSN_MAX_LEN };
	struct prefixes p = { .seg = REG_NONE, .code64 = code64 };
	int ret;
	u8 op;

	memset(insn, 0, sizeof(*insn));
	insn->base = REG_NONE;
	insn->index = REG_NONE;

	op = take_prefixes(&c, &p, insn);
	insn->rex = p.rex;
	insn->opsize = REX_W(&p) ? 8 : p.opsize ? 2 : 4;
	insn->adsize = code64 ? (p.adsize ? 4 : 8) : (p.adsize ? 2 : 4);
	if (!c.short_of) {
		ret = op == 0x0f ? decode_two_byte(&c, &p, insn) :
				   decode_one_byte(&c, &p, op, insn);
		if (ret && !c.short_of)
			return ret;
	}
	if (c.short_of)
		return avail < INSN_MAX_LEN ? -ENODATA : -EOPNOTSUPP;

	if (insn->has_mem && insn->adsize == 2)
		return -EOPNOTSUPP;
	if (insn->lock && !may_lock(insn))
		return -EOPNOTSUPP;
	/* The destination of a string instruction cannot be moved to another segment. */
	if (insn->has_mem && p.seg != REG_NONE &&
	    !(insn->op == INSN_INS || insn->op == INSN_STOS || insn->op == INSN_MOVS))
		insn->seg = p.seg;
	/* MOVS has two memory operands: @seg is the source's, the destination is ES. */
	if (insn->op == INSN_MOVS)
		insn->seg = p.seg != REG_NONE ? p.seg : SEG_DS;
	insn->len = c.pos;
	return 0;
}
