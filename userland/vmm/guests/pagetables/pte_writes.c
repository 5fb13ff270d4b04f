// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of live tables, written by every kind of instruction that can: a
 * hypervisor that traps such writes must decode them or get out of the way.
 */
#include "tests.h"

/* Replace *@entry, now @old, by @new. The other entries of the table must not change. */
typedef void (*entry_writer)(volatile uint64_t *entry, uint64_t old, uint64_t new);

struct writer {
	const char *name;
	entry_writer write;
};

/*
 * Let @writer switch a live entry between two frames and through a few
 * changes of rights; each must count after INVLPG, and no neighbour may move.
 */
static void try_writer(const struct writer *writer)
{
	uint64_t *frames[2] = { tagged_frame(0), tagged_frame(1) };
	uint64_t gva, *entry;

	fresh_space();
	gva = fresh_gva() + 8 * PAGE_SIZE;
	for (int i = -8; i < 8; i++)
		map_page(space, gva + i * PAGE_SIZE, tagged_frame(100 + i), RWU);
	map_page(space, gva, frames[0], RWU);
	entry = pt_entry(space, gva, 1);
	for (unsigned int round = 1; round <= 6; round++) {
		uint64_t new =
			(uint64_t)frames[round % 2] | PTE_P | PTE_U | (round % 3 ? PTE_W : 0);

		if (round == 6)
			new = 0;
		EXPECT_OK(USER, READ, gva, tag((round + 1) % 2));
		EXPECT_OK(USER, READ, gva - PAGE_SIZE, tag(99));
		EXPECT_OK(USER, READ, gva + PAGE_SIZE, tag(101));
		writer->write(entry, *entry, new);
		invlpg(gva);
		/* Speculation may already have set A. */
		if (!EXPECT_EQ(*entry & ~PTE_A, new))
			break;
		if (!(new & PTE_P)) {
			EXPECT_PF(USER, READ, gva, 0);
		} else {
			EXPECT_OK(USER, READ, gva, tag(round % 2));
			if (new & PTE_W)
				EXPECT_OK(USER, WRITE, gva, tag(round % 2));
			else
				EXPECT_PF(USER, WRITE, gva, PF_P);
		}
	}
	flush_all();
	for (int i = -8; i < 8; i++)
		if (i != 0)
			EXPECT_OK(USER, READ, gva + i * PAGE_SIZE, tag(100 + i));
	if (tap_failed())
		print("#   the last writer was %s\n", writer->name);
}

static const char *try_writers(const struct writer *writers, unsigned int count)
{
	for (unsigned int i = 0; i < count && !tap_failed(); i++)
		try_writer(&writers[i]);
	return NULL;
}

#define TRY(writers)	try_writers(writers, sizeof(writers) / sizeof((writers)[0]))

static void write_8(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	asm volatile("movq %1, %0" : "=m"(*entry) : "r"(new));
}

static void write_4(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	volatile uint32_t *half = (volatile uint32_t *)entry;

	(void)old;
	half[1] = new >> 32;
	half[0] = new;
}

static void write_2(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	volatile uint16_t *part = (volatile uint16_t *)entry;

	(void)old;
	for (int i = 3; i >= 0; i--)
		part[i] = new >> (16 * i);
}

static void write_1(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	volatile uint8_t *part = (volatile uint8_t *)entry;

	(void)old;
	for (int i = 7; i >= 0; i--)
		part[i] = new >> (8 * i);
}

static void write_immediate(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	asm volatile("movq $0, %0" : "=m"(*entry));
	asm volatile("movq %1, %0" : "=m"(*entry) : "r"(new));
}

static void write_nontemporal(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	asm volatile("movnti %1, %0\n\tsfence" : "=m"(*entry) : "r"(new) : "memory");
}

static void write_indexed(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	asm volatile("movq %0, -0x120(%1,%2,8)" : : "r"(new), "r"((uint64_t)entry - 0x40),
		     "r"(0x160ull / 8) : "memory");
}

const char *test_write_sizes(void)
{
	static const struct writer writers[] = {
		{ "mov of 8 bytes", write_8 },
		{ "mov of 4 bytes", write_4 },
		{ "mov of 2 bytes", write_2 },
		{ "mov of 1 byte", write_1 },
		{ "mov of an immediate", write_immediate },
		{ "movnti", write_nontemporal },
		{ "mov with base, index and displacement", write_indexed },
	};

	return TRY(writers);
}

struct __attribute__((packed)) unaligned8 {
	uint64_t value;
};

/* One 8-byte store that begins @back bytes before the entry, then one that ends after it. */
static void write_straddling(volatile uint64_t *entry, uint64_t new, unsigned int back)
{
	volatile uint8_t *bytes = (volatile uint8_t *)entry;
	uint64_t before = entry[-1], after = entry[1];
	uint64_t low = before >> (64 - 8 * back) | new << (8 * back);
	uint64_t high = new >> (64 - 8 * back) | after << (8 * back);

	asm volatile("movq %1, %0"
		     : "=m"(*(volatile struct unaligned8 *)(bytes + 8 - back)) : "r"(high));
	asm volatile("movq %1, %0"
		     : "=m"(*(volatile struct unaligned8 *)(bytes - back)) : "r"(low));
}

static void write_misaligned_4(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	write_straddling(entry, new, 4);
}

static void write_misaligned_1(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	write_straddling(entry, new, 1);
}

static void write_misaligned_7(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	write_straddling(entry, new, 7);
}

static void write_misaligned_word(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	volatile uint8_t *bytes = (volatile uint8_t *)entry;

	(void)old;
	bytes[7] = new >> 56;
	for (int i = 5; i >= 1; i -= 2)
		asm volatile("movw %1, %0" : "=m"(*(volatile uint16_t *)(bytes + i))
			     : "r"((uint16_t)(new >> (8 * i))));
	bytes[0] = new;
}

const char *test_write_misaligned(void)
{
	static const struct writer writers[] = {
		{ "8 bytes, half in the neighbour", write_misaligned_4 },
		{ "8 bytes, one in the neighbour", write_misaligned_1 },
		{ "8 bytes, seven in the neighbour", write_misaligned_7 },
		{ "2 bytes at odd addresses", write_misaligned_word },
	};

	return TRY(writers);
}

static void write_xchg(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t value = new;

	asm volatile("xchgq %1, %0" : "+m"(*entry), "+r"(value) : : "memory");
	EXPECT_EQ(value, old);
}

static void write_cmpxchg(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t expected = ~old;

	/* First with the wrong comparand: nothing may change. */
	asm volatile("lock cmpxchgq %2, %0"
		     : "+m"(*entry), "+a"(expected)
		     : "r"(new)
		     : "memory", "cc");
	EXPECT_EQ(expected, old);
	EXPECT_EQ(*entry, old);
	asm volatile("lock cmpxchgq %2, %0"
		     : "+m"(*entry), "+a"(expected)
		     : "r"(new)
		     : "memory", "cc");
	EXPECT_EQ(expected, old);
}

static void write_cmpxchg8b(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint32_t low = old, high = old >> 32;

	asm volatile("lock cmpxchg8b %0" : "+m"(*entry), "+a"(low), "+d"(high)
		     : "b"((uint32_t)new), "c"((uint32_t)(new >> 32)) : "memory", "cc");
}

static void write_and_or(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	asm volatile("andq %1, %0" : "+m"(*entry) : "r"(old & new) : "cc");
	asm volatile("lock orq %1, %0" : "+m"(*entry) : "r"(new) : "cc");
}

static void write_xor(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	asm volatile("xorq %1, %0" : "+m"(*entry) : "r"(old ^ new) : "cc");
}

static void write_add_sub(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	if (new > old)
		asm volatile("addq %1, %0" : "+m"(*entry) : "r"(new - old) : "cc");
	else
		asm volatile("lock subq %1, %0" : "+m"(*entry) : "r"(old - new) : "cc");
}

static void write_xadd(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t value = new - old;

	asm volatile("lock xaddq %1, %0" : "+m"(*entry), "+r"(value) : : "cc");
	EXPECT_EQ(value, old);
}

static void write_bits(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	for (uint64_t bit = 0; bit < 64; bit++) {
		if ((old ^ new) >> bit & 1) {
			if (new >> bit & 1)
				asm volatile("lock btsq %1, %0" : "+m"(*entry) : "r"(bit) : "cc");
			else
				asm volatile("btrq %1, %0" : "+m"(*entry) : "r"(bit) : "cc");
		}
	}
}

/* With a register, the bit offset reaches beyond the operand: here from 8 entries below. */
static void write_far_bits(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	for (int64_t bit = 0; bit < 64; bit++)
		if ((old ^ new) >> bit & 1)
			asm volatile("btcq %1, %0" : "+m"(*(entry - 8)) : "r"(bit + 8 * 64)
				     : "cc", "memory");
}

static void write_not_inc(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	*entry = ~new;
	asm volatile("notq %0" : "+m"(*entry));
	asm volatile("incq %0" : "+m"(*entry) : : "cc");
	asm volatile("decq %0" : "+m"(*entry) : : "cc");
}

static void write_shift(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	*entry = new >> 9 << 1;
	asm volatile("shlq $8, %0" : "+m"(*entry) : : "cc");
	asm volatile("orb %1, %0" : "+m"(*(volatile uint8_t *)entry) : "r"((uint8_t)new) : "cc");
	asm volatile("orw %1, %0" : "+m"(*(volatile uint16_t *)entry) : "r"((uint16_t)new) : "cc");
}

const char *test_write_rmw(void)
{
	static const struct writer writers[] = {
		{ "xchg", write_xchg },
		{ "cmpxchg", write_cmpxchg },
		{ "cmpxchg8b", write_cmpxchg8b },
		{ "and, or", write_and_or },
		{ "xor", write_xor },
		{ "add, sub", write_add_sub },
		{ "xadd", write_xadd },
		{ "bts, btr", write_bits },
		{ "btc from afar", write_far_bits },
		{ "not, inc, dec", write_not_inc },
		{ "shl, or of parts", write_shift },
	};

	return TRY(writers);
}

/* The string writers rewrite sixteen entries, eight before and seven after, all the same but one. */
static void gather(volatile uint64_t *entry, uint64_t new, uint64_t *copy)
{
	for (int i = -8; i < 8; i++)
		copy[i + 8] = entry[i];
	copy[8] = new;
}

#define STRING_WRITER(name, instruction, unit)						\
static void name(volatile uint64_t *entry, uint64_t old, uint64_t new)			\
{											\
	uint64_t copy[16];								\
	void *from = copy, *to = (void *)(entry - 8);					\
	uint64_t count = sizeof(copy) / (unit);						\
											\
	(void)old;									\
	gather(entry, new, copy);							\
	asm volatile(instruction : "+D"(to), "+S"(from), "+c"(count) : : "memory");	\
}

STRING_WRITER(write_movsq, "rep movsq", 8)
STRING_WRITER(write_movsl, "rep movsl", 4)
STRING_WRITER(write_movsw, "rep movsw", 2)
STRING_WRITER(write_movsb, "rep movsb", 1)

static void write_movsq_down(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t copy[16];
	void *from = copy + 15, *to = (void *)(entry + 7);
	uint64_t count = 16;

	(void)old;
	gather(entry, new, copy);
	asm volatile("std\n\trep movsq\n\tcld" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void write_stosq(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	void *to = (void *)entry;
	uint64_t count = 1;

	(void)old;
	asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(new) : "memory");
	/* A count of zero writes nothing. */
	asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(~0ull) : "memory");
}

static void write_stosl(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	void *to = (void *)entry;

	(void)old;
	asm volatile("stosl" : "+D"(to) : "a"((uint32_t)new) : "memory");
	asm volatile("stosl" : "+D"(to) : "a"((uint32_t)(new >> 32)) : "memory");
}

/* Clear a whole table by one REP STOS, then put all of it back by one REP MOVS. */
static void write_whole_table(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	static uint64_t copy[512];
	uint64_t *table = (uint64_t *)((uint64_t)entry & ~(PAGE_SIZE - 1));
	void *to = table, *from = copy;
	uint64_t count = 512;

	(void)old;
	for (unsigned int i = 0; i < 512; i++)
		copy[i] = table[i];
	copy[((uint64_t)entry & (PAGE_SIZE - 1)) / 8] = new;
	asm volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0ull) : "memory");
	flush_all();
	to = table;
	count = 512;
	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

const char *test_write_strings(void)
{
	static const struct writer writers[] = {
		{ "rep movsq", write_movsq },
		{ "rep movsl", write_movsl },
		{ "rep movsw", write_movsw },
		{ "rep movsb", write_movsb },
		{ "rep movsq, downwards", write_movsq_down },
		{ "rep stosq", write_stosq },
		{ "stosl", write_stosl },
		{ "a table cleared and copied", write_whole_table },
	};

	return TRY(writers);
}

static void write_push(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t saved;

	(void)old;
	asm volatile("mov %%rsp, %0\n\t"
		     "mov %1, %%rsp\n\t"
		     "push %2\n\t"
		     "mov %0, %%rsp"
		     : "=&r"(saved) : "r"(entry + 1), "r"(new) : "memory");
}

static void write_pop(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	(void)old;
	asm volatile("push %1\n\t"
		     "popq (%0)"
		     : : "r"(entry), "r"(new) : "memory");
}

static void write_enter_by_call(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	uint64_t saved;

	/* CALL pushes a return address: any value will do, so long as it lands in the entry. */
	(void)old;
	asm volatile("mov %%rsp, %0\n\t"
		     "mov %1, %%rsp\n\t"
		     "call 1f\n"
		     "1:\tmov %0, %%rsp"
		     : "=&r"(saved) : "r"(entry + 1) : "memory");
	*entry = new;
}

static void write_setcc(volatile uint64_t *entry, uint64_t old, uint64_t new)
{
	*entry = new & ~1ull;
	(void)old;
	asm volatile("btq $0, %1\n\t"
		     "jnc 1f\n\t"
		     "setc %0\n\t"
		     "orb %b1, %0\n"
		     "1:"
		     : "+m"(*(volatile uint8_t *)entry) : "r"(new) : "cc");
}

const char *test_write_push(void)
{
	static const struct writer writers[] = {
		{ "push", write_push },
		{ "pop", write_pop },
		{ "call, then mov", write_enter_by_call },
		{ "mov, then setcc", write_setcc },
	};

	return TRY(writers);
}

const char *test_write_flood(void)
{
	uint64_t gva, *entry, *frames[3];

	fresh_space();
	gva = fresh_gva();
	for (unsigned int i = 0; i < 3; i++)
		frames[i] = tagged_frame(i);
	map_page(space, gva, frames[0], RWU);
	map_page(space, gva + PAGE_SIZE, tagged_frame(7), RWU);
	entry = pt_entry(space, gva, 1);
	for (unsigned int i = 0; i < 1000; i++) {
		*(volatile uint64_t *)entry = (uint64_t)frames[i % 3] | RWU;
		if (i % 10 == 9) {
			invlpg(gva);
			if (!EXPECT_OK(USER, READ, gva, tag(i % 3)) ||
			    !EXPECT_OK(USER, READ, gva + PAGE_SIZE, tag(7)))
				return NULL;
		}
	}
	return NULL;
}

const char *test_write_upper(void)
{
	static const entry_writer writers[] = {
		write_8, write_4, write_1, write_xchg, write_cmpxchg, write_bits, write_and_or,
		write_push, write_stosq,
	};
	uint64_t gva, other;

	fresh_space();
	gva = fresh_gva();
	other = fresh_gva();
	map_page(space, gva, tagged_frame(1), RWU);
	map_page(space, other, tagged_frame(2), RWU);
	for (int level = 4; level >= 2; level--) {
		uint64_t *entry = pt_entry(space, gva, level);
		uint64_t mine, theirs = *pt_entry(space, other, level);

		for (unsigned int i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
			EXPECT_OK(USER, READ, gva, tag(1));
			mine = *entry;
			writers[i](entry, *entry, theirs);
			flush_all();
			EXPECT_OK(USER, READ, gva, tag(2));
			writers[i](entry, *entry, mine & ~PTE_W);
			flush_all();
			EXPECT_OK(USER, READ, gva, tag(1));
			EXPECT_PF(USER, WRITE, gva, PF_P);
			writers[i](entry, *entry, 0);
			flush_all();
			EXPECT_PF(KERNEL, READ, gva, 0);
			writers[i](entry, *entry, mine);
			if (tap_failed()) {
				print("#   level %d, writer %u\n", level, (uint64_t)i);
				return NULL;
			}
		}
	}
	return NULL;
}

void write_entry_somehow(uint64_t *entry, uint64_t new, uint64_t choice)
{
	/* Those that touch nothing but the entry. */
	static const entry_writer writers[] = {
		write_8, write_4, write_2, write_1, write_immediate, write_nontemporal,
		write_xchg, write_cmpxchg8b, write_and_or, write_xor, write_add_sub, write_bits,
		write_stosq, write_stosl, write_push, write_pop,
	};

	writers[choice % (sizeof(writers) / sizeof(writers[0]))](entry, *entry, new);
}
