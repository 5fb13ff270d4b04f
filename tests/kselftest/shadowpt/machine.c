// SPDX-License-Identifier: GPL-2.0
/* The machine of machine.h: made, loaded, run and looked at. Used by every test program. */
#include <fcntl.h>

#include "machine.h"

const char *device_path = "/dev/shadowpt";
uint32_t paging = SPT_STRATEGY_DEFAULT;

/**
 * selftest_init - read the command line: [--paging vtlb|trap] [DEVICE]
 * @argc, @argv: as given to main()
 */
void selftest_init(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--paging") && i + 1 < argc) {
			i++;
			paging = !strcmp(argv[i], "vtlb") ? SPT_STRATEGY_VTLB : SPT_STRATEGY_TRAP;
		} else {
			device_path = argv[i];
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	if (access(device_path, F_OK)) {
		printf("Bail out! %s: %s: insmod the module first\n", device_path,
		       strerror(errno));
		exit(KSFT_FAIL);
	}
	/*
	 * KVM patches the scheduler's code when the first VM comes and when the last
	 * one goes, which QEMU's emulation of two CPUs does not always survive (seen with
	 * 7.2: oops at the int3 of the patching). So there is always one.
	 */
	if (!on_shadowpt())
		vm_create(device_open());
}

/* Is the device ours, or KVM itself? */
bool on_shadowpt(void)
{
	return !strcmp(device_path, "/dev/shadowpt");
}

int device_open(void)
{
	int fd = open(device_path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "%s: %s", device_path, strerror(errno));
	return fd;
}

/* A VM with the strategy of the command line. */
int vm_create(int dev)
{
	int vm = CHECK_OK(ioctl(dev, KVM_CREATE_VM, 0));

	if (on_shadowpt())
		CHECK_OK(ioctl(vm, SPT_SET_STRATEGY, &paging));
	return vm;
}

/* KVM_SET_USER_MEMORY_REGION. Returns what the ioctl does. */
int memory_set(int vm, uint32_t slot, uint64_t gpa, uint64_t size, void *mem)
{
	struct kvm_userspace_memory_region r = {
		.slot = slot, .guest_phys_addr = gpa, .memory_size = size,
		.userspace_addr = (uintptr_t)mem,
	};

	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r);
}

void *memory_alloc(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED, "mmap of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	return p;
}

/* What the device can offer a guest. The caller need not free it. */
struct kvm_cpuid2 *cpuid_supported(int dev)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[256];
	} all;

	all.head.nent = 256;
	CHECK_OK(ioctl(dev, KVM_GET_SUPPORTED_CPUID, &all.head));
	return &all.head;
}

/* --- tables in guest memory --- */

static void gdt_fill(struct machine *m)
{
	uint64_t *gdt = (uint64_t *)(m->mem + GDT);

	gdt[SEL_CODE / 8] = 0x00af9b000000ffff;
	gdt[SEL_DATA / 8] = 0x00cf93000000ffff;
	gdt[SEL_CODE32 / 8] = 0x00cf9b000000ffff;
	gdt[SEL_USER_DATA / 8] = 0x00cff3000000ffff;
	gdt[SEL_USER_CODE / 8] = 0x00affb000000ffff;
	gdt[SEL_TSS / 8] = 0x00008b0000000067 | TSS << 16;
	gdt[SEL_TSS / 8 + 1] = 0;
}

bool vector_has_error(int vector)
{
	return vector == VEC_DF || (vector >= 10 && vector <= VEC_PF) || vector == VEC_AC;
}

/* IDT, TSS, and the handlers: hlt; drop the error code; iretq. */
static void idt_fill(struct machine *m)
{
	static const uint8_t iretq[] = { 0x48, 0xcf };
	static const uint8_t drop[] = { 0x48, 0x83, 0xc4, 0x08 };
	uint64_t *tss = (uint64_t *)(m->mem + TSS + 4);
	int v;

	for (v = 0; v < VECTORS; v++) {
		uint64_t at = HANDLERS + 16 * v, *gate = (uint64_t *)(m->mem + IDT + 16 * v);
		uint64_t ist = v == VEC_DF ? 2 : v == VEC_PF ? 1 : 0;
		uint8_t *code = m->mem + at;

		gate[0] = (at & 0xffff) | SEL_CODE << 16 | ist << 32 | 0x8eull << 40 |
			  (v == VEC_BP ? 0x60ull << 40 : 0) | (at >> 16 & 0xffff) << 48;
		gate[1] = at >> 32;
		*code++ = 0xf4;
		if (vector_has_error(v)) {
			memcpy(code, drop, sizeof(drop));
			code += sizeof(drop);
		}
		memcpy(code, iretq, sizeof(iretq));
	}
	/* RSP0 at 4, IST1 at 36, IST2 at 44. */
	memcpy(tss, &(uint64_t){ STACK }, 8);
	memcpy(m->mem + TSS + 36, &(uint64_t){ PF_STACK }, 8);
	memcpy(m->mem + TSS + 44, &(uint64_t){ DF_STACK }, 8);
}

/* Write the page tables anew, as described in machine.h. */
void machine_tables(struct machine *m)
{
	uint64_t i, *pt = (uint64_t *)(m->mem + PT), *mmio = (uint64_t *)(m->mem + MMIO_PT);

	mem_write(m, PML4, PDPT | U | W | P);
	mem_write(m, PDPT, PD | U | W | P);
	mem_write(m, PDPT + 8, MMIO_PD | U | W | P);
	mem_write(m, PD, PT | U | W | P);
	for (i = 0; i < 512; i++)
		pt[i] = i * PAGE | (i * PAGE >= USER ? U : 0) | W | P;
	mem_write(m, PD + 8, LARGE | PS | W | P);
	mem_write(m, MMIO_PD, MMIO_PT | U | W | P);
	for (i = 0; i < 512; i++)
		mmio[i] = (MMIO_GPA + i * PAGE) | W | P;
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool code64)
{
	return (struct kvm_segment) {
		.limit = 0xffffffff, .selector = selector, .type = type, .present = 1,
		.dpl = selector & 3, .s = 1, .l = code64, .db = !code64, .g = 1,
	};
}

/**
 * machine_init - make a machine, ready to run in 64-bit mode
 * @m: filled in
 */
void machine_init(struct machine *m)
{
	struct kvm_sregs s;

	m->dev = device_open();
	m->vm = vm_create(m->dev);
	m->mem = memory_alloc(MEM_SIZE);
	CHECK_OK(memory_set(m->vm, 0, 0, MEM_SIZE, m->mem));
	m->vcpu = CHECK_OK(ioctl(m->vm, KVM_CREATE_VCPU, 0));
	CHECK_OK(ioctl(m->vcpu, KVM_SET_CPUID2, cpuid_supported(m->dev)));
	m->run_size = CHECK_OK(ioctl(m->dev, KVM_GET_VCPU_MMAP_SIZE, 0));
	m->run = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
	CHECK(m->run != MAP_FAILED, "mmap of the vCPU: %s", strerror(errno));

	machine_tables(m);
	gdt_fill(m);
	idt_fill(m);

	s = sregs_get(m);
	s.cr0 = CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE;
	s.cr3 = PML4;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s.efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
	s.cs = segment(SEL_CODE, 11, true);
	s.ds = s.es = s.fs = s.gs = s.ss = segment(SEL_DATA, 3, false);
	s.tr = (struct kvm_segment) { .base = TSS, .limit = 0x67, .selector = SEL_TSS, .type = 11,
				      .present = 1 };
	s.gdt.base = GDT;
	s.gdt.limit = SEL_TSS + 15;
	s.idt.base = IDT;
	s.idt.limit = VECTORS * 16 - 1;
	sregs_set(m, &s);
	regs_set(m, &(struct kvm_regs) { .rip = CODE, .rsp = STACK, .rflags = FLAG_FIXED });
}

/* Give everything back; the machine's fds are closed in order of creation. */
void machine_free(struct machine *m)
{
	munmap(m->run, m->run_size);
	close(m->dev);
	close(m->vm);
	close(m->vcpu);
	munmap(m->mem, MEM_SIZE);
}

/* Put guest code at CODE and start there. */
void machine_code(struct machine *m, const void *code, const void *end)
{
	size_t len = (const char *)end - (const char *)code;

	CHECK(len <= 0x8000, "guest code of %zu bytes", len);
	memcpy(m->mem + CODE, code, len);
	rip_set(m, CODE);
}

/* KVM_RUN, which must succeed. Returns the exit reason. */
int machine_run(struct machine *m)
{
	CHECK_OK(ioctl(m->vcpu, KVM_RUN, 0));
	return m->run->exit_reason;
}

/* --- registers and memory --- */

struct kvm_regs regs_get(struct machine *m)
{
	struct kvm_regs r;

	CHECK_OK(ioctl(m->vcpu, KVM_GET_REGS, &r));
	return r;
}

void regs_set(struct machine *m, const struct kvm_regs *regs)
{
	CHECK_OK(ioctl(m->vcpu, KVM_SET_REGS, regs));
}

struct kvm_sregs sregs_get(struct machine *m)
{
	struct kvm_sregs s;

	CHECK_OK(ioctl(m->vcpu, KVM_GET_SREGS, &s));
	return s;
}

void sregs_set(struct machine *m, const struct kvm_sregs *sregs)
{
	CHECK_OK(ioctl(m->vcpu, KVM_SET_SREGS, sregs));
}

void rip_set(struct machine *m, uint64_t rip)
{
	struct kvm_regs r = regs_get(m);

	r.rip = rip;
	regs_set(m, &r);
}

/* Go on at CPL 3, with the stack on a page that user mode may use. */
void user_mode(struct machine *m)
{
	struct kvm_sregs s = sregs_get(m);
	struct kvm_regs r = regs_get(m);

	s.cs = segment(SEL_USER_CODE, 11, true);
	s.ds = s.es = s.ss = segment(SEL_USER_DATA, 3, false);
	sregs_set(m, &s);
	r.rsp = USER + 0x8000;
	regs_set(m, &r);
}

/* The entry of the first page table that maps @gva, below 2 MiB or in the MMIO window. */
uint64_t *entry_of(struct machine *m, uint64_t gva)
{
	uint64_t table = gva >= MMIO_GVA ? MMIO_PT : PT;

	return (uint64_t *)(m->mem + table) + (gva / PAGE & 511);
}

uint64_t mem_read(struct machine *m, uint64_t gpa)
{
	uint64_t value;

	memcpy(&value, m->mem + gpa, sizeof(value));
	return value;
}

void mem_write(struct machine *m, uint64_t gpa, uint64_t value)
{
	memcpy(m->mem + gpa, &value, sizeof(value));
}

/* Where the data of the port exit in m->run is. */
void *io_data(struct machine *m)
{
	return (uint8_t *)m->run + m->run->io.data_offset;
}

/* --- expectations --- */

static void describe_exit(struct machine *m)
{
	struct kvm_regs r = regs_get(m);
	struct kvm_sregs s = sregs_get(m);
	uint32_t reason = m->run->exit_reason;

	printf("# exit %u, rip 0x%llx rsp 0x%llx rflags 0x%llx cr2 0x%llx\n", reason, r.rip, r.rsp,
	       r.rflags, s.cr2);
	if (reason == KVM_EXIT_MMIO)
		printf("# MMIO at 0x%llx, %u bytes, write %u\n", m->run->mmio.phys_addr,
		       m->run->mmio.len, m->run->mmio.is_write);
	if (reason == KVM_EXIT_INTERNAL_ERROR)
		printf("# internal error %u, data 0x%llx 0x%llx 0x%llx 0x%llx\n",
		       m->run->internal.suberror, m->run->internal.data[0],
		       m->run->internal.data[1], m->run->internal.data[2],
		       m->run->internal.data[3]);
	if (reason == KVM_EXIT_HLT && r.rip > HANDLERS && r.rip < HANDLERS + 16 * VECTORS) {
		struct frame f = frame_get(m);

		printf("# vector %llu, error 0x%lx, from rip 0x%lx\n", (r.rip - HANDLERS) / 16,
		       f.error, f.rip);
	}
}

/* Run; the guest must stop for this reason. */
void expect_exit(struct machine *m, uint32_t reason)
{
	if ((uint32_t)machine_run(m) != reason) {
		describe_exit(m);
		FAIL("exit reason is %u, not %u", m->run->exit_reason, reason);
	}
}

/* Run; the guest must halt, and not in a handler. */
void expect_halt(struct machine *m)
{
	uint64_t rip;

	expect_exit(m, KVM_EXIT_HLT);
	rip = regs_get(m).rip;
	if (rip >= HANDLERS && rip < HANDLERS + 16 * VECTORS) {
		describe_exit(m);
		FAIL("an exception came, vector %llu", (rip - HANDLERS) / 16);
	}
}

/* Run; the guest must halt in the handler of @vector, with this error code if it has one. */
void expect_fault(struct machine *m, int vector, uint64_t error)
{
	uint64_t rip;

	expect_exit(m, KVM_EXIT_HLT);
	rip = regs_get(m).rip;
	if (rip != HANDLERS + 16 * vector + 1) {
		describe_exit(m);
		FAIL("rip is 0x%lx: vector %d did not come", rip, vector);
	}
	if (vector_has_error(vector))
		CHECK_EQ(frame_get(m).error, error);
}

/* The frame of the exception in whose handler the guest has halted. */
struct frame frame_get(struct machine *m)
{
	struct kvm_regs r = regs_get(m);
	int vector = (r.rip - HANDLERS) / 16;
	struct frame f = {};

	if (vector_has_error(vector))
		memcpy(&f, m->mem + r.rsp, sizeof(f));
	else
		memcpy(&f.rip, m->mem + r.rsp, sizeof(f) - sizeof(f.error));
	return f;
}
