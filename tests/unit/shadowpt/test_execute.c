// SPDX-License-Identifier: GPL-2.0
/*
 * Decoding and executing instructions, against the CPU that runs this test: the
 * same random bytes, registers, flags and memory go through insn_decode() and
 * insn_execute(), and natively through a page of code. Everything that the
 * architecture defines must come out the same.
 *
 *	code page:  save host registers, load ours │ the instruction │ store ours, restore
 *	data page:  what the memory operand falls into
 *
 * Both lie below 2 GiB, so that an absolute displacement reaches them.
 */
#include "tap.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <asm/prctl.h>

#include "insn.h"

#define CF	(1ull << 0)
#define PF	(1ull << 2)
#define AF	(1ull << 4)
#define ZF	(1ull << 6)
#define SF	(1ull << 7)
#define DF	(1ull << 10)
#define OF	(1ull << 11)
#define ARITH	(CF | PF | AF | ZF | SF | OF)

#define DATA_BYTES	4096
#define FIRST_DATA	1024	/* operands start in the middle, so that offsets can be negative */
#define DATA_SPAN	2048

/* What the code page loads and stores. */
struct native_state {
	uint64_t gpr[16];
	uint64_t flags;
	uint64_t host_rsp;
};

static struct {
	uint8_t *code;
	uint8_t *data;
	struct native_state *state;	/* in the page after the data */
	uint8_t *slot;			/* where the instruction goes, INSN_MAX_LEN bytes of it */
} jit;

static uint8_t *put(uint8_t *p, const void *bytes, unsigned int n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* An instruction whose only operands are a register field and an absolute address (SIB form). */
static uint8_t *put_absolute(uint8_t *p, int rex, int opcode, int reg, const void *address)
{
	uint32_t a = (uint32_t)(unsigned long)address;
	uint8_t bytes[4] = { rex, opcode, 4 | reg << 3, 0x25 };

	p = rex ? put(p, bytes, 4) : put(p, bytes + 1, 3);
	return put(p, &a, 4);
}

static uint8_t *put_moves(uint8_t *p, int opcode)
{
	for (int r = 15; r >= 0; r--)
		if (r != 4)
			p = put_absolute(p, r > 7 ? 0x4c : 0x48, opcode, r & 7, &jit.state->gpr[r]);
	/* rsp last on the way in; its place does not matter on the way out */
	return put_absolute(p, 0x48, opcode, 4, &jit.state->gpr[4]);
}

static void build_code(void)
{
	static const uint8_t save[] = {
		0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57
	};
	static const uint8_t restore[] = { 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d,
					   0x5b, 0xfc, 0xc3 };	/* pops, cld, ret */
	uint8_t *p;

	if (jit.code)
		return;
	jit.code = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	CHECK(jit.code != MAP_FAILED, "mmap: %s", strerror(errno));
	jit.data = jit.code + 4096;
	jit.state = (struct native_state *)(jit.code + 2 * 4096);

	p = put(jit.code, save, sizeof(save));
	p = put_absolute(p, 0x48, 0x89, 4, &jit.state->host_rsp);	/* mov %rsp, host_rsp */
	p = put_absolute(p, 0, 0xff, 6, &jit.state->flags);		/* push flags */
	*p++ = 0x9d;							/* popf */
	p = put_moves(p, 0x8b);
	jit.slot = p;
	memset(p, 0x90, INSN_MAX_LEN);
	p += INSN_MAX_LEN;
	p = put_moves(p, 0x89);
	p = put_absolute(p, 0x48, 0x8b, 4, &jit.state->host_rsp);
	*p++ = 0x9c;							/* pushf */
	p = put_absolute(p, 0, 0x8f, 0, &jit.state->flags);		/* pop flags */
	put(p, restore, sizeof(restore));
}

static void run_native(const uint8_t *bytes, unsigned int len)
{
	memset(jit.slot, 0x90, INSN_MAX_LEN);
	memcpy(jit.slot, bytes, len);
	((void (*)(void))(unsigned long)jit.code)();
}

/* --- the emulator's side --- */

struct memory {
	uint8_t data[DATA_BYTES];
	int accesses;
	int fail_at;		/* the n-th access fails; 0: none does */
	int race_at;		/* the n-th cmpxchg finds that somebody was there first */
	int races;
};

#define ACCESS_FAILED	-1234

static int check_access(struct memory *m, u64 gva, unsigned int len, unsigned int *at)
{
	u64 base = (u64)(unsigned long)jit.data;

	CHECK(len == 1 || len == 2 || len == 4 || len == 8, "an access of %u bytes", len);
	CHECK(gva >= base && gva + len <= base + DATA_BYTES,
	      "address 0x%llx is not in the data page", gva);
	*at = gva - base;
	return ++m->accesses == m->fail_at ? ACCESS_FAILED : 0;
}

static int mem_read(void *ctx, u64 gva, u64 *value, unsigned int len)
{
	struct memory *m = ctx;
	unsigned int at;
	int ret = check_access(m, gva, len, &at);

	if (ret)
		return ret;
	*value = 0;
	memcpy(value, m->data + at, len);
	return 0;
}

static int mem_write(void *ctx, u64 gva, u64 value, unsigned int len)
{
	struct memory *m = ctx;
	unsigned int at;
	int ret = check_access(m, gva, len, &at);

	if (!ret)
		memcpy(m->data + at, &value, len);
	return ret;
}

static int mem_cmpxchg(void *ctx, u64 gva, u64 *old, u64 new, unsigned int len)
{
	struct memory *m = ctx;
	unsigned int at;
	int ret = check_access(m, gva, len, &at);
	u64 found = 0;

	if (ret)
		return ret;
	if (++m->races == m->race_at)
		m->data[at] ^= 0x5a;
	memcpy(&found, m->data + at, len);
	if (memcmp(&found, old, len)) {
		*old = found;
		return -EAGAIN;
	}
	memcpy(m->data + at, &new, len);
	return 0;
}

static const struct insn_mem mem_ops = { mem_read, mem_write, mem_cmpxchg };

/* --- random instructions --- */

enum imm_kind { IMM_NONE, IMM_8, IMM_Z };

/*
 * One row an encoding. @ext: ModRM.reg, or -1 where it is a register.
 * @undefined: flags that the manual leaves undefined.
 */
struct form {
	const char *name;
	int map;		/* 0: one byte; 1: after 0x0f */
	int opcode;
	int ext;
	enum imm_kind imm;
	uint64_t undefined;
	bool byte;		/* operates on bytes */
	bool lockable;
	bool memory_only;
};

#define ALU(name, base, undef)						\
	{ name " rm8,r8", 0, base, -1, IMM_NONE, undef, true, base != 0x38, false }, \
	{ name " rm,r", 0, base + 1, -1, IMM_NONE, undef, false, base != 0x38, false }, \
	{ name " r8,rm8", 0, base + 2, -1, IMM_NONE, undef, true, false, false }, \
	{ name " r,rm", 0, base + 3, -1, IMM_NONE, undef, false, false, false }, \
	{ name " rm8,imm8", 0, 0x80, base / 8, IMM_8, undef, true, base != 0x38, false }, \
	{ name " rm,imm", 0, 0x81, base / 8, IMM_Z, undef, false, base != 0x38, false }, \
	{ name " rm,simm8", 0, 0x83, base / 8, IMM_8, undef, false, base != 0x38, false }

#define BITS	(OF | SF | AF | PF)

static const struct form forms[] = {
	ALU("add", 0x00, 0), ALU("or", 0x08, AF), ALU("adc", 0x10, 0), ALU("sbb", 0x18, 0),
	ALU("and", 0x20, AF), ALU("sub", 0x28, 0), ALU("xor", 0x30, AF), ALU("cmp", 0x38, 0),
	{ "test rm8,r8", 0, 0x84, -1, IMM_NONE, AF, true, false, false },
	{ "test rm,r", 0, 0x85, -1, IMM_NONE, AF, false, false, false },
	{ "test rm8,imm8", 0, 0xf6, 0, IMM_8, AF, true, false, false },
	{ "test rm,imm", 0, 0xf7, 0, IMM_Z, AF, false, false, false },
	{ "not rm8", 0, 0xf6, 2, IMM_NONE, 0, true, true, false },
	{ "not rm", 0, 0xf7, 2, IMM_NONE, 0, false, true, false },
	{ "neg rm8", 0, 0xf6, 3, IMM_NONE, 0, true, true, false },
	{ "neg rm", 0, 0xf7, 3, IMM_NONE, 0, false, true, false },
	{ "inc rm8", 0, 0xfe, 0, IMM_NONE, 0, true, true, false },
	{ "inc rm", 0, 0xff, 0, IMM_NONE, 0, false, true, false },
	{ "dec rm8", 0, 0xfe, 1, IMM_NONE, 0, true, true, false },
	{ "dec rm", 0, 0xff, 1, IMM_NONE, 0, false, true, false },
	{ "xchg rm8,r8", 0, 0x86, -1, IMM_NONE, 0, true, true, false },
	{ "xchg rm,r", 0, 0x87, -1, IMM_NONE, 0, false, true, false },
	{ "mov rm8,r8", 0, 0x88, -1, IMM_NONE, 0, true, false, false },
	{ "mov rm,r", 0, 0x89, -1, IMM_NONE, 0, false, false, false },
	{ "mov r8,rm8", 0, 0x8a, -1, IMM_NONE, 0, true, false, false },
	{ "mov r,rm", 0, 0x8b, -1, IMM_NONE, 0, false, false, false },
	{ "mov rm8,imm8", 0, 0xc6, 0, IMM_8, 0, true, false, false },
	{ "mov rm,imm", 0, 0xc7, 0, IMM_Z, 0, false, false, false },
	{ "movsxd r,rm", 0, 0x63, -1, IMM_NONE, 0, false, false, false },
	{ "movzx r,rm8", 1, 0xb6, -1, IMM_NONE, 0, false, false, false },
	{ "movzx r,rm16", 1, 0xb7, -1, IMM_NONE, 0, false, false, false },
	{ "movsx r,rm8", 1, 0xbe, -1, IMM_NONE, 0, false, false, false },
	{ "movsx r,rm16", 1, 0xbf, -1, IMM_NONE, 0, false, false, false },
	{ "movnti m,r", 1, 0xc3, -1, IMM_NONE, 0, false, false, true },
	{ "bt rm,r", 1, 0xa3, -1, IMM_NONE, BITS, false, false, false },
	{ "bts rm,r", 1, 0xab, -1, IMM_NONE, BITS, false, true, false },
	{ "btr rm,r", 1, 0xb3, -1, IMM_NONE, BITS, false, true, false },
	{ "btc rm,r", 1, 0xbb, -1, IMM_NONE, BITS, false, true, false },
	{ "bt rm,imm8", 1, 0xba, 4, IMM_8, BITS, false, false, false },
	{ "bts rm,imm8", 1, 0xba, 5, IMM_8, BITS, false, true, false },
	{ "btr rm,imm8", 1, 0xba, 6, IMM_8, BITS, false, true, false },
	{ "btc rm,imm8", 1, 0xba, 7, IMM_8, BITS, false, true, false },
	{ "cmpxchg rm8,r8", 1, 0xb0, -1, IMM_NONE, 0, true, true, false },
	{ "cmpxchg rm,r", 1, 0xb1, -1, IMM_NONE, 0, false, true, false },
	{ "xadd rm8,r8", 1, 0xc0, -1, IMM_NONE, 0, true, true, false },
	{ "xadd rm,r", 1, 0xc1, -1, IMM_NONE, 0, false, true, false },
};

#define N_FORMS	(sizeof(forms) / sizeof(forms[0]))

/* A case: bytes, and the state in which they run. */
struct trial {
	const char *name;
	uint8_t bytes[INSN_MAX_LEN + 16];
	unsigned int len;
	struct insn_state st;
	uint8_t data[DATA_BYTES];
	uint64_t undefined;
};

static uint64_t seed;

static uint32_t pick(uint32_t n)
{
	return (tap_next(&seed) >> 32) * n >> 32;
}

/* Numbers at which carries, signs and zeros happen, or any. */
static uint64_t some_value(void)
{
	static const uint64_t edges[] = { 0,	      1,	  ~0ull,      0x7f,
					  0x80,	      0x7fff,	  0x8000,     0x7fffffff,
					  0x80000000, 1ull << 63, ~0ull >> 1, 0xffffffff,
					  0x0f,	      0x10 };

	return pick(2) ? edges[pick(sizeof(edges) / sizeof(edges[0]))] : tap_next(&seed);
}

static bool is_bit_op_by_register(const struct form *f)
{
	return f->map == 1 && (f->opcode == 0xa3 || f->opcode == 0xab || f->opcode == 0xb3 ||
			       f->opcode == 0xbb);
}

/*
 * Make up a trial of @f. Returns false if the dice gave a combination that
 * cannot be aimed at the data page (index and base the same register, say).
 */
static bool make_trial(const struct form *f, struct trial *t)
{
	static const uint8_t harmless[] = { 0x26, 0x2e, 0x36, 0x3e };
	bool memory = f->memory_only || pick(4);
	bool opsize16 = !f->byte && !pick(4) && !f->memory_only;
	bool adsize32 = !pick(5);
	bool rex = pick(2);
	bool gs = memory && !pick(5);
	bool lock = memory && f->lockable && !pick(3);
	uint8_t rexbyte = rex ? 0x40 | pick(16) : 0;
	unsigned int size = f->byte ? 1 : rexbyte & 8 ? 8 : opsize16 ? 2 : 4;
	int mod = memory ? (int)pick(3) : 3;
	int rm = pick(8), reg = f->ext >= 0 ? f->ext : (int)pick(8);
	int reg_number = reg | (rexbyte & 4) << 1;
	int base = -1, index = -1, scale = 0;
	unsigned int prefixes[8], n = 0, rip_at = 0;
	uint64_t target, offset, base_offset = 0;
	int64_t disp = 0;
	unsigned int disp_bytes = 0;
	uint8_t sib = 0;
	uint8_t *p = t->bytes;
	bool has_sib, rip = false;

	memset(t->bytes, 0x90, sizeof(t->bytes));
	t->name = f->name;
	t->undefined = f->undefined;
	memset(&t->st, 0, sizeof(t->st));
	t->st.code64 = true;
	t->st.rip = (u64)(unsigned long)jit.slot;
	for (int r = 0; r < 16; r++)
		t->st.gpr[r] = some_value();
	t->st.rflags = 0x202 | (tap_next(&seed) & (ARITH | DF));
	t->st.seg_base[SEG_ES] = t->st.seg_base[SEG_CS] = t->st.seg_base[SEG_SS] =
		t->st.seg_base[SEG_DS] = 0x123456789000;	/* must not count in 64-bit code */
	for (int i = 0; i < DATA_BYTES; i += 8) {
		uint64_t v = some_value();

		memcpy(t->data + i, &v, 8);
	}

	target = (u64)(unsigned long)jit.data + FIRST_DATA + pick(DATA_SPAN);
	if (lock || (f->opcode == 0x86 || f->opcode == 0x87))
		target &= ~7ull;

	/* prefixes, in any order */
	if (opsize16)
		prefixes[n++] = 0x66;
	if (adsize32)
		prefixes[n++] = 0x67;
	if (lock)
		prefixes[n++] = 0xf0;
	if (gs)
		prefixes[n++] = 0x65;
	else if (!pick(6))
		prefixes[n++] = harmless[pick(4)];
	for (unsigned int i = n; i > 1; i--) {
		unsigned int j = pick(i), swap = prefixes[j];

		prefixes[j] = prefixes[i - 1];
		prefixes[i - 1] = swap;
	}
	if (!pick(8))
		*p++ = 0x48;	/* a REX that is not last does not count */
	if (p > t->bytes && !n)
		p--;
	for (unsigned int i = 0; i < n; i++)
		*p++ = prefixes[i];
	if (rex)
		*p++ = rexbyte;
	if (f->map)
		*p++ = 0x0f;
	*p++ = f->opcode;

	has_sib = memory && rm == 4;
	if (memory && mod == 0 && rm == 5) {
		rip = true;
		disp_bytes = 4;
	} else if (has_sib) {
		sib = pick(256);
		scale = sib >> 6;
		index = (sib >> 3 & 7) | (rexbyte & 2) << 2;
		if (index == 4)
			index = -1;
		base = (sib & 7) | (rexbyte & 1) << 3;
		if ((sib & 7) == 5 && mod == 0) {
			base = -1;
			disp_bytes = 4;
		}
	} else if (memory) {
		base = rm | (rexbyte & 1) << 3;
	}
	if (memory && mod == 1)
		disp_bytes = 1;
	if (memory && mod == 2)
		disp_bytes = 4;
	if (memory && base >= 0 && base == index)
		return false;

	/* A bit number reaches beyond the operand, signed, in units of the operand's size. */
	if (memory && is_bit_op_by_register(f)) {
		int64_t bits = (int64_t)pick(2 * 512 * 8) - 512 * 8;

		if (reg_number == base || reg_number == index)
			return false;
		t->st.gpr[reg_number] = bits;
		if (size < 8)
			t->st.gpr[reg_number] ^= tap_next(&seed) << (8 * size);
	}

	/* Aim: base + (index << scale) + disp == target, less what GS adds. */
	t->st.seg_base[SEG_GS] = (u64)(unsigned long)jit.code - pick(1 << 20);
	t->st.seg_base[SEG_FS] = 0x7777;
	offset = gs ? target - t->st.seg_base[SEG_GS] : target;
	if (memory) {
		if (disp_bytes == 1)
			disp = (int8_t)pick(256);
		else if (disp_bytes == 4)
			disp = (int32_t)tap_next(&seed);
		if (index >= 0 && base < 0) {
			/* Only the displacement can make up what the index cannot. */
			t->st.gpr[index] = pick(1 << 16);
			disp = offset - (t->st.gpr[index] << scale);
		} else if (base < 0 && !rip) {
			disp = offset;
		}
		if (index >= 0 && adsize32)
			t->st.gpr[index] |= (uint64_t)pick(1u << 31) << 32;
		if (base >= 0) {
			base_offset = offset - disp;
			if (index >= 0)
				base_offset -= t->st.gpr[index] << scale;
			if (adsize32)
				base_offset = (uint32_t)base_offset | (uint64_t)pick(1u << 31)
									      << 32;
			t->st.gpr[base] = base_offset;
		}
	}

	*p++ = mod << 6 | (reg & 7) << 3 | rm;
	if (has_sib)
		*p++ = sib;
	rip_at = p - t->bytes;
	p += disp_bytes;
	if (f->imm == IMM_8) {
		*p++ = some_value();
	} else if (f->imm == IMM_Z) {
		uint64_t v = some_value();

		p = put(p, &v, size == 2 ? 2 : 4);
	}
	t->len = p - t->bytes;
	if (t->len > INSN_MAX_LEN)
		return false;
	if (rip)
		disp = offset - (t->st.rip + t->len);
	memcpy(t->bytes + rip_at, &disp, disp_bytes);

	/* Let half of the CMPXCHGs succeed. */
	if (f->map && (f->opcode & 0xfe) == 0xb0 && pick(2)) {
		if (memory)
			memcpy(t->data + (target - (u64)(unsigned long)jit.data), &t->st.gpr[0], 8);
		else if ((rm | (rexbyte & 1) << 3) != 0)
			t->st.gpr[rm | (rexbyte & 1) << 3] = t->st.gpr[0];
	}
	return true;
}

static void print_trial(const struct trial *t)
{
	printf("# %s:", t->name);
	for (unsigned int i = 0; i < t->len; i++)
		printf(" %02x", t->bytes[i]);
	printf("\n# rflags 0x%llx\n", (unsigned long long)t->st.rflags);
	for (int r = 0; r < 16; r++)
		printf("# r%d 0x%llx\n", r, (unsigned long long)t->st.gpr[r]);
}

/* Decode @t from a buffer of exactly its size, so that an overread shows. */
static int decode_exact(const uint8_t *bytes, unsigned int len, bool code64, struct insn *insn)
{
	uint8_t *exact = malloc(len ? len : 1);
	int ret;

	memcpy(exact, bytes, len);
	ret = insn_decode(exact, len, code64, insn);
	free(exact);
	return ret;
}

/* Run @t both ways and compare. */
static void compare(struct trial *t)
{
	struct memory m = { .accesses = 0 };
	struct insn_state st = t->st;
	struct insn insn;
	uint64_t defined = ~t->undefined & (ARITH | DF);
	int ret;

	ret = decode_exact(t->bytes, t->len, true, &insn);
	if (ret || insn.len != t->len)
		print_trial(t);
	CHECK(!ret, "%s: insn_decode returned %d", t->name, ret);
	CHECK(insn.len == t->len, "%s: length %u, not %u", t->name, insn.len, t->len);

	memcpy(m.data, t->data, DATA_BYTES);
	ret = 0;
	for (int i = 0; i < 64 && !ret && st.rip == t->st.rip; i++)
		ret = insn_execute(&insn, &st, &mem_ops, &m);
	CHECK(!ret, "%s: insn_execute returned %d", t->name, ret);

	memcpy(jit.data, t->data, DATA_BYTES);
	memcpy(jit.state->gpr, t->st.gpr, sizeof(t->st.gpr));
	jit.state->flags = t->st.rflags;
	syscall(SYS_arch_prctl, ARCH_SET_GS, t->st.seg_base[SEG_GS]);
	run_native(t->bytes, t->len);

	if (memcmp(st.gpr, jit.state->gpr, sizeof(st.gpr)) ||
	    memcmp(m.data, jit.data, DATA_BYTES) || ((st.rflags ^ jit.state->flags) & defined))
		print_trial(t);
	for (int r = 0; r < 16; r++)
		CHECK(st.gpr[r] == jit.state->gpr[r],
		      "%s: register %d is 0x%llx, the CPU has 0x%llx", t->name, r,
		      (unsigned long long)st.gpr[r], (unsigned long long)jit.state->gpr[r]);
	CHECK(!memcmp(m.data, jit.data, DATA_BYTES), "%s: memory differs", t->name);
	CHECK(!((st.rflags ^ jit.state->flags) & defined), "%s: flags 0x%llx, the CPU has 0x%llx",
	      t->name, (unsigned long long)st.rflags, (unsigned long long)jit.state->flags);
	CHECK(st.rip == t->st.rip + t->len, "%s: rip moved by %lld", t->name,
	      (long long)(st.rip - t->st.rip));
}

static unsigned int trials_each(void)
{
	const char *s = getenv("STEPS");

	return s ? 2500 * strtoul(s, NULL, 0) / 100 : 2500;
}

static struct trial trial;

static void memory_and_register_forms_do_what_the_cpu_does(void)
{
	unsigned long made = 0;

	build_code();
	seed = tap_seed();
	for (unsigned int f = 0; f < N_FORMS; f++) {
		for (unsigned int n = 0; n < trials_each(); n++) {
			if (!make_trial(&forms[f], &trial))
				continue;
			compare(&trial);
			made++;
		}
	}
	printf("# %zu forms, %lu trials\n", N_FORMS, made);
	CHECK(made > N_FORMS * trials_each() / 2, "too few trials could be made");
}

/* MOV between the accumulator and an absolute address (moffs). */
static void moves_to_absolute_addresses_do_what_the_cpu_does(void)
{
	build_code();
	seed = tap_seed();
	for (unsigned int n = 0; n < 4 * trials_each(); n++) {
		bool adsize32 = !pick(4), rex = pick(2), o16 = !pick(4);
		uint64_t target = (u64)(unsigned long)jit.data + FIRST_DATA + pick(DATA_SPAN);
		uint8_t *p;

		while (!make_trial(&forms[0], &trial))
			;
		trial.name = "mov moffs";
		trial.undefined = 0;
		p = trial.bytes;
		if (o16)
			*p++ = 0x66;
		if (adsize32)
			*p++ = 0x67;
		if (rex)
			*p++ = 0x40 | pick(16);
		*p++ = 0xa0 + pick(4);
		p = put(p, &target, adsize32 ? 4 : 8);
		trial.len = p - trial.bytes;
		compare(&trial);
	}
}

static void string_forms_do_what_the_cpu_does(void)
{
	static const uint8_t opcodes[] = { 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad };

	build_code();
	seed = tap_seed();
	for (unsigned int n = 0; n < 8 * trials_each(); n++) {
		bool adsize32 = !pick(4), rex = pick(2), rep = pick(2), gs = !pick(4);
		uint8_t opcode = opcodes[pick(6)], *p;
		uint64_t at = (u64)(unsigned long)jit.data;

		while (!make_trial(&forms[0], &trial))
			;
		trial.name = "movs, stos or lods";
		trial.undefined = 0;
		p = trial.bytes;
		/* F2 and F3 both repeat these. */
		if (rep)
			*p++ = pick(2) ? 0xf2 : 0xf3;
		if (!pick(4))
			*p++ = 0x66;
		if (adsize32)
			*p++ = 0x67;
		if (gs)
			*p++ = 0x65;
		if (rex)
			*p++ = 0x40 | pick(16);
		*p++ = opcode;
		trial.len = p - trial.bytes;
		trial.st.gpr[REG_RCX] = pick(6);
		trial.st.gpr[REG_RSI] = at + FIRST_DATA + pick(DATA_SPAN);
		trial.st.gpr[REG_RDI] = at + FIRST_DATA + pick(DATA_SPAN);
		if (gs)
			trial.st.gpr[REG_RSI] -= trial.st.seg_base[SEG_GS];
		if (adsize32 && (!rep || trial.st.gpr[REG_RCX])) {
			trial.st.gpr[REG_RCX] |= (uint64_t)pick(1u << 31) << 32;
			trial.st.gpr[REG_RSI] |= (uint64_t)pick(1u << 31) << 32;
			trial.st.gpr[REG_RDI] |= (uint64_t)pick(1u << 31) << 32;
		}
		compare(&trial);
	}
}

/* A repeated instruction can be interrupted: one call, one element, RIP stays until the last. */
static void one_call_does_one_element(void)
{
	static const uint8_t bytes[] = { 0xf3, 0x48, 0xab };	/* rep stosq */
	struct memory m = { .accesses = 0 };
	struct insn_state st = { .code64 = true, .rip = 0x1000 };
	struct insn insn;

	build_code();
	st.gpr[REG_RDI] = (u64)(unsigned long)jit.data;
	st.gpr[REG_RCX] = 3;
	CHECK_EQ(insn_decode(bytes, sizeof(bytes), true, &insn), 0);
	for (unsigned int left = 3; left; left--) {
		CHECK_EQ(st.rip, 0x1000);
		CHECK_EQ(st.gpr[REG_RCX], left);
		CHECK_EQ(insn_execute(&insn, &st, &mem_ops, &m), 0);
	}
	CHECK_EQ(st.rip, 0x1003);
	CHECK_EQ(m.accesses, 3);
}

/* If an access fails, nothing has changed and the caller hears why. */
static void a_failed_access_changes_no_register(void)
{
	build_code();
	seed = tap_seed();
	for (unsigned int n = 0; n < 4 * trials_each(); n++) {
		struct memory m = { .accesses = 0 };
		struct insn_state st;
		struct insn insn;
		int total, ret;

		if (!make_trial(&forms[pick(N_FORMS)], &trial))
			continue;
		CHECK_EQ(insn_decode(trial.bytes, trial.len, true, &insn), 0);
		memcpy(m.data, trial.data, DATA_BYTES);
		st = trial.st;
		CHECK_EQ(insn_execute(&insn, &st, &mem_ops, &m), 0);
		total = m.accesses;
		CHECK(!total == !insn.has_mem, "%s: %d accesses", trial.name, total);
		for (int i = 1; i <= total; i++) {
			memset(&m, 0, sizeof(m));
			memcpy(m.data, trial.data, DATA_BYTES);
			m.fail_at = i;
			st = trial.st;
			ret = insn_execute(&insn, &st, &mem_ops, &m);
			CHECK(ret == ACCESS_FAILED, "%s: returned %d", trial.name, ret);
			CHECK(!memcmp(&st, &trial.st, sizeof(st)), "%s: registers changed",
			      trial.name);
			CHECK(!memcmp(m.data, trial.data, DATA_BYTES), "%s: memory changed",
			      trial.name);
		}
	}
}

/* LOCK: what another CPU stored between the read and the write is not lost. */
static void a_locked_operation_survives_a_race(void)
{
	static const uint8_t lock_inc[] = { 0xf0, 0xfe, 0x07 };		/* lock incb (%rdi) */
	static const uint8_t xchg[] = { 0x86, 0x07 };			/* xchg %al,(%rdi) */
	struct memory m = { .race_at = 1 };
	struct insn_state st = { .code64 = true };
	struct insn insn;

	build_code();
	st.gpr[REG_RDI] = (u64)(unsigned long)jit.data;
	m.data[0] = 0x10;
	CHECK_EQ(insn_decode(lock_inc, sizeof(lock_inc), true, &insn), 0);
	CHECK_EQ(insn_execute(&insn, &st, &mem_ops, &m), 0);
	CHECK_EQ(m.data[0], (0x10 ^ 0x5a) + 1);

	m.races = 0;
	m.data[0] = 0x10;
	st.gpr[REG_RAX] = 0x77;
	CHECK_EQ(insn_decode(xchg, sizeof(xchg), true, &insn), 0);
	CHECK_EQ(insn_execute(&insn, &st, &mem_ops, &m), 0);
	CHECK_EQ(m.data[0], 0x77);
	CHECK_EQ(st.gpr[REG_RAX], 0x10 ^ 0x5a);
}

/* Only FS and GS have a base in 64-bit code; the host's own FS is not to be played with. */
static void fs_base_counts_in_64_bit_code(void)
{
	static const uint8_t bytes[] = { 0x64, 0x88, 0x07 };		/* mov %al,%fs:(%rdi) */
	struct insn_state st = { .code64 = true };
	struct insn insn;

	st.seg_base[SEG_FS] = 0x7000;
	st.seg_base[SEG_DS] = 0x100000;
	st.gpr[REG_RDI] = 0x10;
	CHECK_EQ(insn_decode(bytes, sizeof(bytes), true, &insn), 0);
	CHECK_EQ(insn_address(&insn, &st), 0x7010);
	CHECK_EQ(insn_mem_size(&insn), 1);
}

/* In 32-bit code every segment has a base, SS goes with ESP and EBP, and addresses wrap. */
static void all_segment_bases_count_in_32_bit_code(void)
{
	static const struct { uint8_t bytes[4]; unsigned int len; u64 address;
	} cases[] = {
		{ { 0x88, 0x07 }, 2, 0x3000 + 0x10 },		  /* mov %al,(%edi) */
		{ { 0x88, 0x45, 0x04 }, 3, 0x2000 + 0x24 },	  /* mov %al,4(%ebp) */
		{ { 0x88, 0x04, 0x24 }, 3, 0x2000 + 0x30 },	  /* mov %al,(%esp) */
		{ { 0x3e, 0x88, 0x45, 0x04 }, 4, 0x3000 + 0x24 }, /* mov %al,%ds:4(%ebp) */
		{ { 0x26, 0x88, 0x07 }, 3, 0x1000 + 0x10 },	  /* mov %al,%es:(%edi) */
		{ { 0xaa }, 1, 0x1000 + 0x10 },			  /* stos: ES, whatever is said */
		{ { 0x36, 0xaa }, 2, 0x1000 + 0x10 },
		{ { 0x65, 0x88, 0x03 }, 3, 0x10 - 1 }, /* %gs:(%ebx): wraps at 4 GiB */
	};
	struct insn_state st = { .code64 = false };
	struct insn insn;

	st.seg_base[SEG_ES] = 0x1000;
	st.seg_base[SEG_SS] = 0x2000;
	st.seg_base[SEG_DS] = 0x3000;
	st.seg_base[SEG_GS] = 0xffffffff;
	st.gpr[REG_RDI] = st.gpr[REG_RBX] = 0x10;
	st.gpr[REG_RBP] = 0x20;
	st.gpr[REG_RSP] = 0x30;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_EQ(insn_decode(cases[i].bytes, cases[i].len, false, &insn), 0);
		CHECK_EQ(insn_address(&insn, &st), cases[i].address);
	}
}

static void system_instructions_are_not_executed_here(void)
{
	static const uint8_t cpuid[] = { 0x0f, 0xa2 };
	struct memory m = { .accesses = 0 };
	struct insn_state st = { .code64 = true }, before = st;
	struct insn insn;

	CHECK_EQ(insn_decode(cpuid, sizeof(cpuid), true, &insn), 0);
	CHECK_EQ(insn_execute(&insn, &st, &mem_ops, &m), -EOPNOTSUPP);
	CHECK(!memcmp(&st, &before, sizeof(st)), "registers changed");
}

int main(void)
{
	RUN(memory_and_register_forms_do_what_the_cpu_does);
	RUN(moves_to_absolute_addresses_do_what_the_cpu_does);
	RUN(string_forms_do_what_the_cpu_does);
	RUN(one_call_does_one_element);
	RUN(a_failed_access_changes_no_register);
	RUN(a_locked_operation_survives_a_race);
	RUN(fs_base_counts_in_64_bit_code);
	RUN(all_segment_bases_count_in_32_bit_code);
	RUN(system_instructions_are_not_executed_here);
	return tap_done();
}
