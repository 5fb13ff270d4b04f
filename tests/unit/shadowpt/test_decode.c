// SPDX-License-Identifier: GPL-2.0
/*
 * The instruction decoder against GNU objdump (binutils, which the compiler
 * needs anyway): random bytes with the opcodes of interest go through both, in
 * 64-bit and 32-bit code. What the decoder accepts must be what objdump reads:
 * the same length, operation, address and registers.
 */
#define _GNU_SOURCE
#include "tap.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "insn.h"

static uint64_t seed;

static uint32_t pick(uint32_t n)
{
	return (tap_next(&seed) >> 32) * n >> 32;
}

/* Decode from a buffer of exactly @len bytes, so that ASan sees an overread. */
static int decode_exact(const uint8_t *bytes, unsigned int len, bool code64, struct insn *insn)
{
	uint8_t *exact = malloc(len ? len : 1);
	int ret;

	memcpy(exact, bytes, len);
	ret = insn_decode(exact, len, code64, insn);
	free(exact);
	return ret;
}

/* --- objdump's view --- */

#define SLOT	32	/* 15 random bytes, then NOPs until any reader is in step again */
#define SLOTS	6000

struct listing {
	char text[SLOTS][128];
	unsigned int len[SLOTS];
};

static uint8_t bytes[SLOTS][SLOT];
static struct listing listing;

static void disassemble(bool code64)
{
	int fd = memfd_create("code", 0);
	long slot = -1;
	char command[256], line[512];
	FILE *out;

	CHECK(fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes), "memfd: %s",
	      strerror(errno));
	memset(&listing, 0, sizeof(listing));
	snprintf(command, sizeof(command),
		 "objdump -D -b binary -m %s -M intel --no-show-raw-insn -w /proc/self/fd/%d",
		 code64 ? "i386:x86-64" : "i386", fd);
	out = popen(command, "r");
	CHECK(out, "objdump: %s", strerror(errno));
	while (fgets(line, sizeof(line), out)) {
		char *end;
		unsigned long at = strtoul(line, &end, 16);

		if (*end != ':' || end == line)
			continue;
		if (slot >= 0)
			listing.len[slot] = at - slot * SLOT;
		slot = at % SLOT ? -1 : (long)(at / SLOT);
		if (slot < 0 || slot >= SLOTS)
			continue;
		for (end++; isspace((unsigned char)*end); end++)
			;
		end[strcspn(end, "\n")] = 0;
		snprintf(listing.text[slot], sizeof(listing.text[slot]), "%s", end);
	}
	CHECK(pclose(out) == 0, "objdump (package binutils) failed");
	close(fd);
	CHECK(listing.text[0][0] && listing.text[SLOTS - 1][0], "objdump said too little");
}

static const struct { const char *mnemonic; int op; } mnemonics[] = {
	{ "cpuid", INSN_CPUID }, { "hlt", INSN_HLT },
	{ "rdmsr", INSN_RDMSR }, { "wrmsr", INSN_WRMSR },
	{ "rdtsc", INSN_RDTSC }, { "rdtscp", INSN_RDTSCP }, { "rdpmc", INSN_RDPMC },
	{ "invd", INSN_INVD }, { "wbinvd", INSN_WBINVD }, { "wbnoinvd", INSN_WBINVD },
	{ "xsetbv", INSN_XSETBV }, { "vmmcall", INSN_VMMCALL }, { "vmcall", INSN_VMMCALL },
	{ "vmgexit", INSN_VMMCALL }, { "clts", INSN_CLTS }, { "lmsw", INSN_LMSW },
	{ "smsw", INSN_SMSW }, { "invlpg", INSN_INVLPG }, { "in", INSN_IN }, { "out", INSN_OUT },
	{ "ins", INSN_INS }, { "outs", INSN_OUTS }, { "movabs", INSN_MOV }, { "movnti", INSN_MOV },
	{ "movzx", INSN_MOVZX }, { "movsx", INSN_MOVSX }, { "movsxd", INSN_MOVSX },
	{ "xchg", INSN_XCHG }, { "xadd", INSN_XADD }, { "cmpxchg", INSN_CMPXCHG },
	{ "add", INSN_ADD }, { "or", INSN_OR }, { "adc", INSN_ADC }, { "sbb", INSN_SBB },
	{ "and", INSN_AND }, { "sub", INSN_SUB }, { "xor", INSN_XOR }, { "cmp", INSN_CMP },
	{ "test", INSN_TEST }, { "not", INSN_NOT }, { "neg", INSN_NEG }, { "inc", INSN_INC },
	{ "dec", INSN_DEC }, { "bt", INSN_BT }, { "bts", INSN_BTS }, { "btr", INSN_BTR },
	{ "btc", INSN_BTC }, { "movs", INSN_MOVS }, { "stos", INSN_STOS }, { "lods", INSN_LODS },
};

/* MOV is one mnemonic for several operations: its operands tell. */
static int op_of_mov(const char *operands)
{
	if (!strncmp(operands, "cr", 2))
		return INSN_MOV_TO_CR;
	if (!strncmp(operands, "db", 2) || !strncmp(operands, "dr", 2))
		return INSN_MOV_TO_DR;
	if (strstr(operands, ",cr"))
		return INSN_MOV_FROM_CR;
	if (strstr(operands, ",db") || strstr(operands, ",dr"))
		return INSN_MOV_FROM_DR;
	return INSN_MOV;
}

static bool is_prefix_word(const char *word)
{
	static const char *const words[] = { "lock",   "rep",	 "repz",     "repnz",	 "data16",
					     "addr32", "addr16", "xacquire", "xrelease", "cs",
					     "ds",     "es",	 "ss",	     "fs",	 "gs" };

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return true;
	return !strncmp(word, "rex", 3);
}

/* The operation in objdump's words, or -1; @operands: where its operands start. */
static int op_of_text(const char *text, const char **operands)
{
	char word[32];
	int n;

	while (sscanf(text, "%31s%n", word, &n) == 1) {
		text += n;
		while (*text == ' ')
			text++;
		if (is_prefix_word(word))
			continue;
		*operands = text;
		if (!strcmp(word, "mov"))
			return op_of_mov(text);
		for (unsigned int i = 0; i < sizeof(mnemonics) / sizeof(mnemonics[0]); i++)
			if (!strcmp(word, mnemonics[i].mnemonic))
				return mnemonics[i].op;
		break;
	}
	return -1;
}

static const char *reg_name(int reg, int size, char *buf)
{
	static const char *const names[8] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di" };

	if (reg < 8)
		sprintf(buf, "%s%s", size == 8 ? "r" : size == 4 ? "e" : "", names[reg]);
	else
		sprintf(buf, "r%d%s", reg, size == 8 ? "" : size == 4 ? "d" : "w");
	return buf;
}

/* The address part of a memory operand, as objdump -M intel writes it. */
static void print_address(const struct insn *insn, char *buf)
{
	char reg[8];
	s64 disp = insn->disp;
	bool any = false;

	*buf = 0;
	if (insn->rip_relative) {
		strcat(buf, insn->adsize == 8 ? "rip" : "eip");
		any = true;
	}
	if (insn->base != REG_NONE) {
		strcat(buf, reg_name(insn->base, insn->adsize, reg));
		any = true;
	}
	if (insn->index != REG_NONE) {
		sprintf(buf + strlen(buf), "%s%s*%d", any ? "+" : "",
			reg_name(insn->index, insn->adsize, reg), 1 << insn->scale);
		any = true;
	}
	if (!any)
		sprintf(buf, "0x%llx", insn->adsize == 4 ? (u64)(u32)disp : (u64)disp);
	else if (disp < 0 && !insn->rip_relative)
		sprintf(buf + strlen(buf), "-0x%llx", -(u64)disp);
	else if (disp)
		sprintf(buf + strlen(buf), "+0x%llx", (u64)disp);
}

/*
 * objdump's address, without what says nothing: brackets, "+riz*1" for a SIB
 * without index, "+0x0". Returns false if there is no memory operand.
 */
static bool text_address(const char *operands, char *buf)
{
	const char *p = strchr(operands, '[');
	char *q;

	if (p) {
		sprintf(buf, "%.*s", (int)strcspn(p + 1, "]"), p + 1);
	} else {
		p = strstr(operands, "s:0x");	/* ds:0x1234 */
		if (!p)
			return false;
		sprintf(buf, "%.*s", (int)strcspn(p + 2, ", "), p + 2);
	}
	for (q = buf; (q = strstr(q, "iz*")); q = buf) {
		char *start = q - 1 > buf && q[-2] == '+' ? q - 2 : q - 1;
		char *end = q + 4;

		if (start == buf && *end == '+')
			end++;
		memmove(start, end, strlen(end) + 1);
	}
	q = strstr(buf, "+0x0");
	if (q && !q[4])
		*q = 0;
	return true;
}

static bool has_size_or_repeat_prefix(const uint8_t *p, unsigned int len)
{
	return memchr(p, 0x66, len) || memchr(p, 0xf2, len) || memchr(p, 0xf3, len);
}

static void check_one(unsigned int slot, bool code64, unsigned int *accepted)
{
	const char *text = listing.text[slot], *operands = "";
	char ours[64], theirs[128], why[512], reg[8];
	struct insn insn;
	int ret = decode_exact(bytes[slot], INSN_MAX_LEN, code64, &insn);
	int op = op_of_text(text, &operands);
	int n = snprintf(why, sizeof(why), "%s:", text);

	for (int i = 0; i < INSN_MAX_LEN; i++)
		n += snprintf(why + n, sizeof(why) - n, " %02x", bytes[slot][i]);
	if (ret) {
		CHECK(ret == -EOPNOTSUPP, "returned %d for %s", ret, why);
		return;
	}
	/* objdump has it that these need to be bare; CPUs ignore the prefix. */
	if (op < 0 && insn.op < INSN_IN && has_size_or_repeat_prefix(bytes[slot], insn.len))
		return;
	(*accepted)++;
	CHECK(insn.len == listing.len[slot], "length %u, not %u: %s", insn.len, listing.len[slot],
	      why);
	CHECK((int)insn.op == op, "operation %d, not %d: %s", insn.op, op, why);
	if (insn.op == INSN_MOV_TO_CR || insn.op == INSN_MOV_FROM_CR) {
		reg_name(insn.rm, insn.opsize, reg);
		snprintf(ours, sizeof(ours), insn.op == INSN_MOV_TO_CR ? "cr%d,%s" : "%2$s,cr%1$d",
			 insn.reg, reg);
		CHECK(!strcmp(ours, operands), "%s, not %s: %s", ours, operands, why);
	} else if (insn.op == INSN_MOV_TO_DR || insn.op == INSN_MOV_FROM_DR) {
		reg_name(insn.rm, insn.opsize, reg);
		snprintf(ours, sizeof(ours),
			 insn.op == INSN_MOV_TO_DR ? "d%c%d,%s" : "%3$s,d%1$c%2$d",
			 strstr(operands, "db") ? 'b' : 'r', insn.reg, reg);
		CHECK(!strcmp(ours, operands), "%s, not %s: %s", ours, operands, why);
	} else if (insn.op == INSN_IN || insn.op == INSN_OUT) {
		const char *acc = insn.opsize == 1 ? "al" : insn.opsize == 2 ? "ax" : "eax";
		char port[16] = "dx";

		if (insn.has_imm)
			sprintf(port, "0x%llx", insn.imm);
		snprintf(ours, sizeof(ours), "%s,%s", insn.op == INSN_IN ? acc : port,
			 insn.op == INSN_IN ? port : acc);
		CHECK(!strcmp(ours, operands), "%s, not %s: %s", ours, operands, why);
	} else if (insn.op == INSN_LMSW || insn.op == INSN_SMSW || insn.op == INSN_INVLPG ||
		   insn.op >= INSN_MOV) {
		bool memory = text_address(operands, theirs);

		CHECK(insn.has_mem == memory, "memory operand: %d, not %d: %s", insn.has_mem,
		      memory, why);
		if (!memory)
			return;
		/* MOVS has two; insn_address() knows the destination: look at the source. */
		if (insn.op == INSN_MOVS) {
			text_address(strchr(operands, ','), theirs);
			insn.base = REG_RSI;
		}
		/* "[eiz*1-0x10]" is 0xfffffff0. */
		if (*theirs == '-' || *theirs == '+') {
			u64 v = strtoll(theirs, NULL, 16);

			sprintf(theirs, "0x%llx", insn.adsize == 4 ? (u64)(u32)v : v);
		}
		print_address(&insn, ours);
		CHECK(!strcmp(ours, theirs), "address %s, not %s: %s", ours, theirs, why);
	}
}

/* Bytes that are likely to be an instruction of interest. REX comes right before the opcode. */
static void make_bytes(uint8_t *p, bool code64)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26,
					    0x64, 0x65 };
	static const uint8_t one[] = {
		0x63, 0x6c, 0x6d, 0x6e, 0x6f, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
		0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xc6, 0xc7,
		0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, 0xf4, 0xf6, 0xf7, 0xfe, 0xff,
	};
	static const uint8_t two[] = {
		0x01, 0x01, 0x01, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23,
		0x30, 0x31, 0x32, 0x33, 0xa2, 0xa3, 0xab, 0xb0, 0xb1, 0xb3,
		0xb6, 0xb7, 0xba, 0xbb, 0xbe, 0xbf, 0xc0, 0xc1, 0xc3,
	};
	uint8_t *end = p + INSN_MAX_LEN;

	memset(p, 0x90, SLOT);
	for (unsigned int n = pick(4) ? pick(2) : pick(4); n; n--) {
		uint8_t b = prefixes[pick(sizeof(prefixes))];

		/* Twice the same: objdump makes an instruction of the first. */
		if (memchr(p, b, 0))
			continue;
		*p++ = b;
	}
	if (code64 && pick(2))
		*p++ = 0x40 | pick(16);
	switch (pick(5)) {
	case 0:
		*p++ = pick(0x40) & ~4;
		break;
	case 1:
	case 2:
		*p++ = one[pick(sizeof(one))];
		break;
	case 3:
		*p++ = 0x0f;
		*p++ = two[pick(sizeof(two))];
		break;
	default:
		/* Anything but one more prefix. */
		do {
			*p = pick(256);
		} while (memchr(prefixes, *p, sizeof(prefixes)) || (*p & 0xf0) == 0x40);
		p++;
		break;
	}
	while (p < end)
		*p++ = pick(256);
}

static void against_objdump(bool code64)
{
	unsigned int accepted = 0;

	seed = tap_seed();
	for (unsigned int i = 0; i < SLOTS; i++)
		make_bytes(bytes[i], code64);
	disassemble(code64);
	for (unsigned int i = 0; i < SLOTS; i++)
		check_one(i, code64, &accepted);
	printf("# %d-bit code: %u of %d accepted\n", code64 ? 64 : 32, accepted, SLOTS);
	CHECK(accepted > SLOTS / 3, "only %u of %d were accepted", accepted, SLOTS);
}

static void accepts_only_what_objdump_reads_in_64_bit_code(void)
{
	against_objdump(true);
}

static void accepts_only_what_objdump_reads_in_32_bit_code(void)
{
	against_objdump(false);
}

/* Cut anywhere, an instruction asks for more; with more behind it, it is the same. */
static void every_truncation_asks_for_more(void)
{
	uint8_t buf[SLOT];

	seed = tap_seed();
	for (int i = 0; i < 20000; i++) {
		bool code64 = pick(2);
		struct insn whole, part;
		int ret;

		make_bytes(buf, code64);
		ret = decode_exact(buf, INSN_MAX_LEN, code64, &whole);
		for (unsigned int n = 0; n <= INSN_MAX_LEN + 2; n++) {
			int cut = decode_exact(buf, n, code64, &part);

			if (ret) {
				CHECK(cut == -ENODATA || cut == -EOPNOTSUPP, "%d at %u bytes", cut,
				      n);
				CHECK(n < INSN_MAX_LEN || cut == ret, "%d, not %d, at %u bytes",
				      cut, ret, n);
			} else if (n < whole.len) {
				CHECK(cut == -ENODATA, "%d at %u of %u bytes: %02x %02x %02x", cut,
				      n, whole.len, buf[0], buf[1], buf[2]);
			} else {
				CHECK(!cut && !memcmp(&whole, &part, sizeof(whole)),
				      "%d at %u bytes, length %u", cut, n, whole.len);
			}
		}
	}
}

static void no_instruction_is_longer_than_15_bytes(void)
{
	/* 14 segment prefixes and HLT are 15 bytes; one more is no instruction. */
	uint8_t buf[SLOT];
	struct insn insn;

	memset(buf, 0x3e, sizeof(buf));
	buf[14] = 0xf4;
	CHECK_EQ(decode_exact(buf, 16, true, &insn), 0);
	CHECK_EQ(insn.len, 15);
	buf[14] = 0x3e;
	buf[15] = 0xf4;
	CHECK_EQ(decode_exact(buf, 15, true, &insn), -EOPNOTSUPP);
	CHECK_EQ(decode_exact(buf, 16, true, &insn), -EOPNOTSUPP);
	CHECK_EQ(decode_exact(buf, 32, true, &insn), -EOPNOTSUPP);
}

/* The instructions that SVM intercepts, byte by byte. */
static void intercepted_instructions_are_known(void)
{
	static const struct { uint8_t bytes[8]; unsigned int len; int op, reg, rm; } cases[] = {
		{ { 0x0f, 0xa2 }, 2, INSN_CPUID, 0, 0 },
		{ { 0xf4 }, 1, INSN_HLT, 0, 0 },
		{ { 0x0f, 0x32 }, 2, INSN_RDMSR, 0, 0 },
		{ { 0x0f, 0x30 }, 2, INSN_WRMSR, 0, 0 },
		{ { 0x0f, 0x31 }, 2, INSN_RDTSC, 0, 0 },
		{ { 0x0f, 0x01, 0xf9 }, 3, INSN_RDTSCP, 7, 1 },
		{ { 0x0f, 0x33 }, 2, INSN_RDPMC, 0, 0 },
		{ { 0x0f, 0x08 }, 2, INSN_INVD, 0, 0 },
		{ { 0x0f, 0x09 }, 2, INSN_WBINVD, 0, 0 },
		{ { 0x0f, 0x01, 0xd1 }, 3, INSN_XSETBV, 2, 1 },
		{ { 0x0f, 0x01, 0xd9 }, 3, INSN_VMMCALL, 3, 1 },
		{ { 0x0f, 0x06 }, 2, INSN_CLTS, 0, 0 },
		{ { 0x0f, 0x20, 0xc0 }, 3, INSN_MOV_FROM_CR, 0, REG_RAX },
		{ { 0x41, 0x0f, 0x22, 0xdc }, 4, INSN_MOV_TO_CR, 3, 12 },
		{ { 0x44, 0x0f, 0x20, 0xc1 }, 4, INSN_MOV_FROM_CR, 8, REG_RCX },
		{ { 0x0f, 0x22, 0x18 }, 3, INSN_MOV_TO_CR, 3, REG_RAX },	/* mod is ignored */
		{ { 0x0f, 0x21, 0xf8 }, 3, INSN_MOV_FROM_DR, 7, REG_RAX },
		{ { 0x0f, 0x01, 0xf0 }, 3, INSN_LMSW, 6, REG_RAX },
		{ { 0x41, 0x0f, 0x01, 0xe4 }, 4, INSN_SMSW, 4, 12 },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct insn insn;

		CHECK_EQ(decode_exact(cases[i].bytes, cases[i].len, true, &insn), 0);
		CHECK(insn.op == (enum insn_op)cases[i].op, "case %u: operation %d", i, insn.op);
		CHECK(insn.len == cases[i].len, "case %u: length %u", i, insn.len);
		CHECK(insn.reg == cases[i].reg && insn.rm == cases[i].rm, "case %u: reg %u rm %u",
		      i, insn.reg, insn.rm);
	}
}

/* SWAPGS and MONITOR look like INVLPG and others, with a register where memory belongs. */
static void look_alikes_are_refused(void)
{
	static const uint8_t cases[][4] = {
		{ 0x0f, 0x01, 0xf8 },		/* swapgs */
		{ 0x0f, 0x01, 0xc8 },		/* monitor */
		{ 0x0f, 0x01, 0xd8 },		/* vmrun */
		{ 0x0f, 0xc3, 0xc0 },		/* movnti to a register */
		{ 0xf0, 0x01, 0xc0 },		/* lock add of registers */
		{ 0xf0, 0x39, 0x07 },		/* lock cmp */
		{ 0xf0, 0x03, 0x07 },		/* lock add from memory */
		{ 0xf0, 0x89, 0x07 },		/* lock mov */
		{ 0xff, 0x17 },			/* call *(%rdi) */
		{ 0xf7, 0x27 },			/* mul */
		{ 0xc7, 0x0f, 0x00, 0x00 },	/* mov with /1 */
		{ 0x0f, 0x0b },			/* ud2 */
	};
	struct insn insn;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buf[INSN_MAX_LEN] = { 0 };

		memcpy(buf, cases[i], 4);
		CHECK(decode_exact(buf, INSN_MAX_LEN, true, &insn) == -EOPNOTSUPP, "case %u", i);
	}
}

/* A port is a number from 0 to 255, not a signed one. */
static void ports_are_unsigned(void)
{
	static const uint8_t out_f4[] = { 0xe7, 0xf4 };
	struct insn insn;

	CHECK_EQ(decode_exact(out_f4, 2, true, &insn), 0);
	CHECK_EQ(insn.imm, 0xf4);
	CHECK_EQ(insn.opsize, 4);
}

/* The address in 16-bit form is not taken: nothing that runs here uses it. */
static void sixteen_bit_addresses_are_refused(void)
{
	static const uint8_t mov[] = { 0x67, 0x88, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct insn insn;

	CHECK_EQ(decode_exact(mov, sizeof(mov), false, &insn), -EOPNOTSUPP);
	CHECK_EQ(decode_exact(mov, sizeof(mov), true, &insn), 0);
}

int main(void)
{
	RUN(accepts_only_what_objdump_reads_in_64_bit_code);
	RUN(accepts_only_what_objdump_reads_in_32_bit_code);
	RUN(every_truncation_asks_for_more);
	RUN(no_instruction_is_longer_than_15_bytes);
	RUN(intercepted_instructions_are_known);
	RUN(look_alikes_are_refused);
	RUN(ports_are_unsigned);
	RUN(sixteen_bit_addresses_are_refused);
	return tap_done();
}
