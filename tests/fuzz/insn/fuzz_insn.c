// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target: decode any bytes and execute what they give on any registers.
 *
 *	byte 0: bit 0: 64-bit code; bits 1..3: which memory access fails, 0: none
 *	bytes 1..16: registers and memory are made of these
 *	the rest: the instruction
 *
 * Nothing may crash or read beyond the input, and the promises of insn.h hold:
 * an instruction has at most 15 bytes and does not depend on what follows it;
 * one that fails has changed nothing; one that succeeds has moved on.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "fuzz_insn: %s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();					\
		}							\
	} while (0)

#define ARITHMETIC_FLAGS	0x8d5
#define ACCESS_FAILED		-1234

struct memory {
	u64 seed;
	int fail_at;
	int accesses;
	int writes;
};

static u64 mix(u64 a, u64 b)
{
	u64 z = (a ^ b * 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;

	return z ^ z >> 29;
}

static u64 cut(u64 value, unsigned int len)
{
	return len == 8 ? value : value & ((1ull << 8 * len) - 1);
}

static int access_memory(struct memory *m, unsigned int len)
{
	MUST(len == 1 || len == 2 || len == 4 || len == 8);
	return ++m->accesses == m->fail_at ? ACCESS_FAILED : 0;
}

static int mem_read(void *ctx, u64 gva, u64 *value, unsigned int len)
{
	struct memory *m = ctx;

	*value = cut(mix(m->seed, gva), len);
	return access_memory(m, len);
}

static int mem_write(void *ctx, u64 gva, u64 value, unsigned int len)
{
	struct memory *m = ctx;

	m->writes++;
	return access_memory(m, len);
}

static int mem_cmpxchg(void *ctx, u64 gva, u64 *old, u64 new, unsigned int len)
{
	struct memory *m = ctx;
	u64 found = cut(mix(m->seed, gva), len);
	int ret = access_memory(m, len);

	if (ret)
		return ret;
	if (found == *old)
		return 0;
	*old = found;
	return -EAGAIN;
}

static bool is_register(u8 reg)
{
	return reg < 16 || reg == REG_NONE;
}

static void check_shape(const struct insn *insn, unsigned int avail)
{
	MUST(insn->len >= 1 && insn->len <= INSN_MAX_LEN && insn->len <= avail);
	MUST(insn->opsize == 1 || insn->opsize == 2 || insn->opsize == 4 || insn->opsize == 8);
	MUST(insn->adsize == 2 || insn->adsize == 4 || insn->adsize == 8);
	MUST(insn->reg < 16 && insn->rm < 16);
	MUST(is_register(insn->base) && is_register(insn->index) && insn->scale < 4);
	MUST(!insn->has_mem || (insn->seg < SEG_NR && insn->adsize != 2));
}

static void execute(const struct insn *insn, bool code64, u64 seed, int fail_at)
{
	static const struct insn_mem ops = { mem_read, mem_write, mem_cmpxchg };
	struct memory memory = { .seed = seed, .fail_at = fail_at };
	struct insn_state st = { .code64 = code64 }, before;
	int ret;

	for (int r = 0; r < 16; r++)
		st.gpr[r] = cut(mix(seed, r), code64 ? 8 : 4);
	if (seed & 1)
		st.gpr[REG_RCX] &= 3;
	for (int s = 0; s < SEG_NR; s++)
		st.seg_base[s] = mix(seed, 32 + s);
	st.rip = mix(seed, 64);
	st.rflags = 2 | (mix(seed, 65) & (ARITHMETIC_FLAGS | 0x400));
	before = st;
	ret = insn_execute(insn, &st, &ops, &memory);
	if (ret) {
		MUST(!memcmp(&st, &before, sizeof(st)));
		MUST(insn->op < INSN_MOV ? ret == -EOPNOTSUPP
					 : ret == ACCESS_FAILED || ret == -EAGAIN);
		return;
	}
	MUST(insn->op >= INSN_MOV);
	MUST(!((st.rflags ^ before.rflags) & ~(u64)ARITHMETIC_FLAGS));
	MUST(!memcmp(st.seg_base, before.seg_base, sizeof(st.seg_base)));
	MUST(st.rip == before.rip + insn->len || (insn->rep && st.rip == before.rip));
	MUST(insn->has_mem || !memory.accesses);
	MUST(memory.accesses <= 2);
	MUST(insn->mem_dst || !memory.writes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct insn insn, again;
	unsigned int avail;
	bool code64;
	u64 seed[2];
	u8 *bytes;
	int ret;

	if (size < 17)
		return 0;
	code64 = data[0] & 1;
	memcpy(seed, data + 1, 16);
	bytes = (u8 *)data + 17;
	avail = size - 17;

	ret = insn_decode(bytes, avail, code64, &insn);
	MUST(!ret || ret == -EOPNOTSUPP || (ret == -ENODATA && avail < INSN_MAX_LEN));
	if (ret)
		return 0;
	check_shape(&insn, avail);
	/* In a block of its own size: nothing beyond is read, and the last byte counts. */
	bytes = malloc(insn.len);
	memcpy(bytes, data + 17, insn.len);
	MUST(!insn_decode(bytes, insn.len, code64, &again) && !memcmp(&insn, &again, sizeof(insn)));
	MUST(insn_decode(bytes, insn.len - 1, code64, &again) == -ENODATA);
	free(bytes);
	execute(&insn, code64, mix(seed[0], seed[1]), data[0] >> 1 & 7);
	return 0;
}
