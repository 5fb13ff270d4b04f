// SPDX-License-Identifier: GPL-2.0-only
/* What the tests share: a fresh address space, switches of the CPU's modes, expectations. */
#include "tests.h"

uint64_t *space;

static unsigned int next_slot;

/* Kept here, as every read of them may cost an exit to the hypervisor. */
static uint64_t cr4;
static bool nxe = true;

void set_cr0_wp(bool on)
{
	write_cr0(on ? read_cr0() | CR0_WP : read_cr0() & ~CR0_WP);
}

void set_cr4(uint64_t bits, bool on)
{
	cr4 = on ? read_cr4() | bits : read_cr4() & ~bits;
	write_cr4(cr4);
}

bool have_cr4(uint64_t bits)
{
	return cr4 & bits;
}

void set_nxe(bool on)
{
	uint64_t efer = read_msr(MSR_EFER);

	write_msr(MSR_EFER, on ? efer | EFER_NXE : efer & ~EFER_NXE);
	nxe = on;
}

bool have_nxe(void)
{
	return nxe;
}

static bool have_leaf_7(unsigned int ebx_bit)
{
	static uint32_t ebx;
	static bool known;

	if (!known && cpuid(0, 0).eax >= 7)
		ebx = cpuid(7, 0).ebx;
	known = true;
	return ebx >> ebx_bit & 1;
}

bool have_smep(void)
{
	return have_leaf_7(7);
}

bool have_smap(void)
{
	return have_leaf_7(20);
}

bool have_1g_pages(void)
{
	static uint32_t edx;

	if (!edx)
		edx = cpuid(0x80000001, 0).edx;
	return edx >> 26 & 1;
}

unsigned int physical_address_bits(void)
{
	static unsigned int bits;

	if (!bits)
		bits = cpuid(0x80000000, 0).eax < 0x80000008 ? 36 :
		       cpuid(0x80000008, 0).eax & 0xff;
	return bits;
}

void fresh_space(void)
{
	set_cr0_wp(true);
	if (!have_nxe())
		set_nxe(true);
	if (have_cr4(CR4_PGE | CR4_SMEP | CR4_SMAP))
		set_cr4(CR4_PGE | CR4_SMEP | CR4_SMAP, false);
	space = space_new();
	space_switch(space);
	next_slot = 1;
}

uint64_t fresh_gva(void)
{
	if (next_slot > 250)
		panic("a test used all PML4 slots");
	return (uint64_t)next_slot++ << 39 | 3ull << 30 | 5ull << 21;
}

uint64_t *tagged_frame(uint64_t n)
{
	uint64_t *frame = frame_alloc();

	frame[0] = tag(n);
	return frame;
}

uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull >> 16;
}

uint32_t access_error_bits(enum mode mode, enum op op)
{
	uint32_t bits = mode == USER ? PF_U : 0;

	if (op == WRITE)
		bits |= PF_W;
	/* A fetch is told apart only where fetches can be denied. SDM vol. 3, 4.7. */
	if (op == FETCH && (have_nxe() || have_cr4(CR4_SMEP)))
		bits |= PF_I;
	return bits;
}

static const char *mode_name(enum mode mode)
{
	return mode == KERNEL ? "kernel" : "user";
}

static const char *op_name(enum op op)
{
	return op == READ ? "read" : op == WRITE ? "write" : "fetch";
}

static void print_got(const struct fault *fault)
{
	if (fault->vector == NO_FAULT)
		print("went through");
	else
		print("got exception %u, error code %x, cr2 %x", (uint64_t)fault->vector,
		      (uint64_t)fault->error, fault->cr2);
}

bool expect_ok_at(const char *file, int line, enum mode mode, enum op op, uint64_t gva,
		  uint64_t value)
{
	struct fault fault = probe(mode, op, gva, value);

	if (fault.vector == NO_FAULT && (op != READ || fault.value == value))
		return true;
	tap_note(file, line, "access allowed");
	print("%s %s at %x: ", mode_name(mode), op_name(op), gva);
	print_got(&fault);
	if (fault.vector == NO_FAULT)
		print(", read %x instead of %x", fault.value, value);
	print("\n");
	return false;
}

bool expect_pf_at(const char *file, int line, enum mode mode, enum op op, uint64_t gva,
		  uint32_t error)
{
	struct fault fault = probe(mode, op, gva, tag(0xbad));
	uint32_t wanted = error | access_error_bits(mode, op);

	if (fault.vector == VECTOR_PF && fault.error == wanted && fault.cr2 == gva)
		return true;
	tap_note(file, line, "page fault");
	print("%s %s at %x: ", mode_name(mode), op_name(op), gva);
	print_got(&fault);
	print(", wanted #PF with error code %x\n", (uint64_t)wanted);
	return false;
}

bool expect_eq_at(const char *file, int line, const char *what, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return true;
	tap_note(file, line, what);
	print("is %x, wanted %x\n", got, wanted);
	return false;
}
