// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls, with arguments that nobody should give: each must be refused with the
 * errno that KVM gives, and change nothing. Run on /dev/kvm, these tests show that
 * the errnos are KVM's; the few places where shadowpt differs on purpose
 * say on_shadowpt().
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "machine.h"

/* An address that is not mapped, and one that no process can have. */
#define NOWHERE		((void *)0x1000)
#define KERNEL_SPACE	((void *)0xffff888000000000ull)

#define UNKNOWN_IOCTL	_IO(KVMIO, 0xfe)

/* --- nothing changed --- */

struct state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_fpu fpu;
};

static struct state state_get(struct machine *m)
{
	struct state s;

	memset(&s, 0, sizeof(s));
	CHECK_OK(ioctl(m->vcpu, KVM_GET_REGS, &s.regs));
	CHECK_OK(ioctl(m->vcpu, KVM_GET_SREGS, &s.sregs));
	CHECK_OK(ioctl(m->vcpu, KVM_GET_FPU, &s.fpu));
	return s;
}

static void state_unchanged(struct machine *m, const struct state *before)
{
	struct state now = state_get(m);

	CHECK(!memcmp(&now.regs, &before->regs, sizeof(now.regs)), "registers changed");
	CHECK(!memcmp(&now.sregs, &before->sregs, sizeof(now.sregs)), "system registers changed");
	CHECK(!memcmp(&now.fpu, &before->fpu, sizeof(now.fpu)), "FPU registers changed");
}

/* The guest still runs: it counts up a word of its memory. */
GUEST(count, "incq 0x30000\n hlt");

static void still_runs(struct machine *m)
{
	uint64_t before = mem_read(m, DATA);

	LOAD(m, count);
	expect_halt(m);
	CHECK_EQ(mem_read(m, DATA), before + 1);
}

/* --- /dev/... --- */

static void version_is_12_and_takes_no_argument(void)
{
	int dev = device_open();

	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_GET_API_VERSION, 0)), 12);
	CHECK_ERRNO(ioctl(dev, KVM_GET_API_VERSION, 1), EINVAL);
}

static void mmap_size_holds_run_and_port_data(void)
{
	int dev = device_open();

	CHECK(CHECK_OK(ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0)) >= (long)(2 * PAGE), "too small");
	CHECK_ERRNO(ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 1), EINVAL);
}

static void create_vm_refuses_unknown_types(void)
{
	int dev = device_open();

	CHECK_ERRNO(ioctl(dev, KVM_CREATE_VM, 77), EINVAL);
	CHECK_ERRNO(ioctl(dev, KVM_CREATE_VM, ~0ul), EINVAL);
}

static void check_extension_answers_for_any_number(void)
{
	int dev = device_open(), vm = vm_create(dev);

	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY)), 1);
	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_IMMEDIATE_EXIT)), 1);
	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_EXT_CPUID)), 1);
	CHECK(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS) >= 32, "too few slots");
	CHECK(ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS) >= 1, "no vCPU");
	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_CHECK_EXTENSION, 0x7fffffff)), 0);
	CHECK_EQ(CHECK_OK(ioctl(dev, KVM_CHECK_EXTENSION, ~0ul)), 0);
	CHECK_EQ(CHECK_OK(ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY)), 1);
}

static void unknown_ioctls_are_refused_everywhere(void)
{
	struct machine m;

	machine_init(&m);
	CHECK_ERRNO(ioctl(m.dev, UNKNOWN_IOCTL, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.vm, UNKNOWN_IOCTL, 0), ENOTTY);
	CHECK_ERRNO(ioctl(m.vcpu, UNKNOWN_IOCTL, 0), EINVAL);
}

static void ioctls_of_another_fd_are_refused(void)
{
	struct kvm_userspace_memory_region region = {};
	struct kvm_regs regs;
	struct machine m;

	machine_init(&m);
	CHECK_ERRNO(ioctl(m.dev, KVM_RUN, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.dev, KVM_SET_USER_MEMORY_REGION, &region), EINVAL);
	CHECK_ERRNO(ioctl(m.dev, KVM_CREATE_VCPU, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.vm, KVM_CREATE_VM, 0), ENOTTY);
	CHECK_ERRNO(ioctl(m.vm, KVM_RUN, 0), ENOTTY);
	CHECK_ERRNO(ioctl(m.vm, KVM_GET_REGS, &regs), ENOTTY);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_CREATE_VM, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_CREATE_VCPU, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_USER_MEMORY_REGION, &region), EINVAL);
	still_runs(&m);
}

static void fds_are_for_ioctl_and_mmap_only(void)
{
	struct machine m;
	char c;

	machine_init(&m);
	CHECK_ERRNO(read(m.dev, &c, 1), EINVAL);
	CHECK_ERRNO(write(m.vm, &c, 1), EINVAL);
	CHECK_ERRNO(read(m.vcpu, &c, 1), EINVAL);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m.dev, 0), ENODEV);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m.vm, 0), ENODEV);
}

static void supported_cpuid_checks_room_and_pointers(void)
{
	int dev = device_open();
	struct kvm_cpuid2 *half;
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[2];
	} small = {};
	char *page = memory_alloc(2 * PAGE);

	CHECK_ERRNO(ioctl(dev, KVM_GET_SUPPORTED_CPUID, NULL), EFAULT);
	CHECK_ERRNO(ioctl(dev, KVM_GET_SUPPORTED_CPUID, KERNEL_SPACE), EFAULT);
	CHECK_ERRNO(ioctl(dev, KVM_GET_SUPPORTED_CPUID, &small), E2BIG);
	small.head.nent = 2;
	CHECK_ERRNO(ioctl(dev, KVM_GET_SUPPORTED_CPUID, &small), E2BIG);
	/* The entries run off the end of what is mapped. */
	munmap(page + PAGE, PAGE);
	half = (void *)(page + PAGE - sizeof(*half));
	half->nent = 100;
	CHECK_ERRNO(ioctl(dev, KVM_GET_SUPPORTED_CPUID, half), EFAULT);
}

/* --- a VM --- */

struct bad_region {
	const char *what;
	uint32_t slot;
	uint32_t flags;
	uint64_t gpa;
	uint64_t size;
	uint64_t offset;
	int err;
};

static void bad_memory_regions_change_nothing(void)
{
	/* Slot 0 holds 4 MiB at 0; slot 1 a page at 16 MiB. */
	static const struct bad_region regions[] = {
		{ "size not a multiple of a page", 2, 0, 32 << 20, PAGE + 1, 0, EINVAL },
		{ "half a page", 2, 0, 32 << 20, PAGE / 2, 0, EINVAL },
		{ "guest address not aligned", 2, 0, (32 << 20) + 8, PAGE, 0, EINVAL },
		{ "user address not aligned", 2, 0, 32 << 20, PAGE, 8, EINVAL },
		{ "flags unknown", 2, 1u << 31, 32 << 20, PAGE, 0, EINVAL },
		{ "flags all", 2, ~0u, 32 << 20, PAGE, 0, EINVAL },
		{ "slot too high", 0xffff, 0, 32 << 20, PAGE, 0, EINVAL },
		{ "address space unknown", 7 << 16, 0, 32 << 20, PAGE, 0, EINVAL },
		{ "slot wild", ~0u, 0, 32 << 20, PAGE, 0, EINVAL },
		{ "wraps round", 2, 0, -PAGE, 2 * PAGE, 0, EINVAL },
		{ "ends at 2^64", 2, 0, -PAGE, PAGE, 0, EINVAL },
		{ "beyond 52 bits", 2, 0, 1ull << 52, PAGE, 0, EINVAL },
		{ "across 52 bits", 2, 0, (1ull << 52) - PAGE, 2 * PAGE, 0, EINVAL },
		{ "size wild", 2, 0, 32 << 20, -PAGE, 0, EINVAL },
		{ "more than 2^31 pages", 2, 0, 32 << 20, 1ull << 43, 0, EINVAL },
		{ "user address in the kernel", 2, 0, 32 << 20, PAGE, 1ull << 63, EINVAL },
		{ "overlaps, same start", 2, 0, 0, PAGE, 0, EEXIST },
		{ "overlaps, last page", 2, 0, MEM_SIZE - PAGE, 2 * PAGE, 0, EEXIST },
		{ "overlaps, covers", 2, 0, (16 << 20) - PAGE, 3 * PAGE, 0, EEXIST },
		{ "moved onto another", 1, 0, MEM_SIZE - PAGE, PAGE, 1 << 20, EEXIST },
		{ "another size", 1, 0, 16 << 20, 2 * PAGE, 1 << 20, EINVAL },
		{ "other memory", 1, 0, 16 << 20, PAGE, 2 << 20, EINVAL },
		{ "deleted twice", 2, 0, 0, 0, 0, EINVAL },
	};
	struct kvm_userspace_memory_region r;
	struct state before;
	struct machine m;
	size_t i;

	machine_init(&m);
	/* Slot 1 is the second MiB once more, far up. */
	CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE, m.mem + (1 << 20)));
	before = state_get(&m);
	for (i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		const struct bad_region *b = &regions[i];
		int ret;

		r = (struct kvm_userspace_memory_region) {
			.slot = b->slot, .flags = b->flags, .guest_phys_addr = b->gpa,
			.memory_size = b->size, .userspace_addr = (uintptr_t)m.mem + b->offset,
		};
		errno = 0;
		ret = ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, &r);
		CHECK(ret == -1 && errno == b->err, "%s: returned %d, errno %s", b->what, ret,
		      errno ? strerrorname_np(errno) : "0");
		state_unchanged(&m, &before);
	}
	CHECK_ERRNO(ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, NULL), EFAULT);
	CHECK_ERRNO(ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, NOWHERE), EFAULT);
	CHECK_ERRNO(ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, KERNEL_SPACE), EFAULT);
	state_unchanged(&m, &before);
	still_runs(&m);
}

GUEST(read_16m, "mov 0x40000000, %rax\n hlt");

/* Map the guest page at 16 MiB where the tests look through at it. */
static void look_at_16m(struct machine *m)
{
	struct kvm_sregs s = sregs_get(m);

	*entry_of(m, MMIO_GVA) = (16 << 20) | W | P;
	sregs_set(m, &s);
	LOAD(m, read_16m);
}

static void slots_can_be_added_moved_and_deleted(void)
{
	struct machine m;
	void *page = memory_alloc(PAGE);

	machine_init(&m);
	*(uint64_t *)page = 0x1234567890;
	look_at_16m(&m);
	expect_exit(&m, KVM_EXIT_MMIO);
	CHECK_EQ(m.run->mmio.phys_addr, 16 << 20);
	CHECK_EQ(m.run->mmio.len, 8);
	memset(m.run->mmio.data, 0x11, 8);
	expect_halt(&m);
	CHECK_EQ(regs_get(&m).rax, 0x1111111111111111);

	CHECK_OK(memory_set(m.vm, 1, 32 << 20, PAGE, page));
	rip_set(&m, CODE);
	expect_exit(&m, KVM_EXIT_MMIO);
	expect_halt(&m);
	CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE, page));
	rip_set(&m, CODE);
	expect_halt(&m);
	CHECK_EQ(regs_get(&m).rax, 0x1234567890);
	/* The same again is no change. */
	CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE, page));
	CHECK_OK(memory_set(m.vm, 1, 0, 0, NULL));
	rip_set(&m, CODE);
	expect_exit(&m, KVM_EXIT_MMIO);
	CHECK_EQ(m.run->mmio.phys_addr, 16 << 20);
}

static void memory_may_end_at_52_bits(void)
{
	struct machine m;
	void *page = memory_alloc(PAGE);

	machine_init(&m);
	CHECK_OK(memory_set(m.vm, 1, (1ull << 52) - PAGE, PAGE, page));
	still_runs(&m);
}

static void every_slot_can_be_used(void)
{
	int dev = device_open(), vm = vm_create(dev);
	int n = ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	uint8_t *mem = memory_alloc(PAGE * 64);
	int i;

	/* KVM has 32764; the first and the last 32 do. */
	for (i = 0; i < 32; i++)
		CHECK_OK(memory_set(vm, i, i * 2 * PAGE, PAGE, mem + i * PAGE));
	for (i = n - 32; i < n; i++)
		CHECK_OK(memory_set(vm, i, i * 2 * PAGE, PAGE, mem + (i - n + 64) * PAGE));
	CHECK_ERRNO(memory_set(vm, n, n * 2 * PAGE, PAGE, mem), EINVAL);
	for (i = 0; i < 32; i++)
		CHECK_OK(memory_set(vm, i, 0, 0, NULL));
	for (i = n - 32; i < n; i++)
		CHECK_OK(memory_set(vm, i, 0, 0, NULL));
	CHECK_ERRNO(memory_set(vm, 0, 0, 0, NULL), EINVAL);
}

/* Pinned memory must be there when the slot is set, and writable; KVM looks later. */
static void shadowpt_wants_memory_that_is_there(void)
{
	struct machine m;
	uint8_t *hole, *readonly;

	machine_init(&m);
	if (!on_shadowpt())
		SKIP("KVM maps memory when the guest touches it");
	hole = memory_alloc(4 * PAGE);
	munmap(hole + 2 * PAGE, PAGE);
	readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_ERRNO(memory_set(m.vm, 1, 16 << 20, PAGE, NOWHERE), EFAULT);
	CHECK_ERRNO(memory_set(m.vm, 1, 16 << 20, 4 * PAGE, hole), EFAULT);
	CHECK_ERRNO(memory_set(m.vm, 1, 16 << 20, PAGE, readonly), EFAULT);
	CHECK_ERRNO(memory_set(m.vm, 1, 0, 0, NULL), EINVAL);
	still_runs(&m);
}

static void shadowpt_offers_no_dirty_log_nor_rom(void)
{
	struct kvm_userspace_memory_region r = { .slot = 1, .guest_phys_addr = 16 << 20,
						 .memory_size = PAGE };
	struct machine m;

	machine_init(&m);
	r.userspace_addr = (uintptr_t)memory_alloc(PAGE);
	if (!on_shadowpt())
		SKIP("KVM has both");
	CHECK_EQ(ioctl(m.dev, KVM_CHECK_EXTENSION, KVM_CAP_READONLY_MEM), 0);
	r.flags = KVM_MEM_LOG_DIRTY_PAGES;
	CHECK_ERRNO(ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, &r), EINVAL);
	r.flags = KVM_MEM_READONLY;
	CHECK_ERRNO(ioctl(m.vm, KVM_SET_USER_MEMORY_REGION, &r), EINVAL);
}

static void vcpu_ids_are_checked(void)
{
	struct machine m;
	int vm;

	machine_init(&m);
	vm = vm_create(m.dev);
	CHECK_ERRNO(ioctl(vm, KVM_CREATE_VCPU, -1), EINVAL);
	CHECK_ERRNO(ioctl(vm, KVM_CREATE_VCPU, 0x80000000ul), EINVAL);
	CHECK_ERRNO(ioctl(vm, KVM_CREATE_VCPU, 1ul << 20), EINVAL);
	CHECK_ERRNO(ioctl(m.vm, KVM_CREATE_VCPU, 0), EEXIST);
	/* One vCPU a VM, and KVM_CAP_MAX_VCPU_ID says so. */
	if (on_shadowpt())
		CHECK_ERRNO(ioctl(vm, KVM_CREATE_VCPU,
				  ioctl(m.dev, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID)),
			    EINVAL);
	still_runs(&m);
}

/* --- a vCPU --- */

static void reset_state_is_as_the_manual_says(void)
{
	int dev = device_open(), vm = vm_create(dev), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_sregs s;
	struct kvm_regs r;
	struct kvm_fpu f;

	CHECK_OK(ioctl(vcpu, KVM_GET_REGS, &r));
	CHECK_OK(ioctl(vcpu, KVM_GET_SREGS, &s));
	CHECK_OK(ioctl(vcpu, KVM_GET_FPU, &f));
	CHECK_EQ(r.rip, 0xfff0);
	CHECK_EQ(r.rflags, 2);
	CHECK_EQ(r.rax | r.rbx | r.rcx | r.rsp | r.rbp | r.rsi | r.rdi | r.r8 | r.r15, 0);
	CHECK_EQ(s.cr0, 0x60000010);
	CHECK_EQ(s.cr2 | s.cr3 | s.cr4 | s.cr8 | s.efer, 0);
	CHECK_EQ(s.cs.selector, 0xf000);
	CHECK_EQ(s.cs.base, 0xffff0000);
	CHECK_EQ(s.cs.limit, 0xffff);
	CHECK_EQ(s.cs.present, 1);
	CHECK_EQ(s.cs.s, 1);
	CHECK_EQ(s.cs.db | s.cs.l | s.cs.g | s.cs.dpl, 0);
	CHECK_EQ(s.ds.type, 3);
	CHECK_EQ(s.ss.limit, 0xffff);
	CHECK_EQ(s.fs.base | s.gs.base | s.es.base, 0);
	CHECK_EQ(s.tr.present, 1);
	CHECK_EQ(s.tr.limit, 0xffff);
	CHECK_EQ(s.ldt.limit, 0xffff);
	CHECK_EQ(s.gdt.base | s.idt.base, 0);
	CHECK_EQ(s.gdt.limit, 0xffff);
	CHECK_EQ(s.idt.limit, 0xffff);
	CHECK_EQ(s.apic_base & 0xfffff000, 0xfee00000);
	CHECK_EQ(f.fcw, 0x37f);
	CHECK_EQ(f.fsw, 0);
	/* KVM never says what MXCSR is. */
	CHECK_EQ(f.mxcsr, on_shadowpt() ? 0x1f80 : 0);
}

static void run_takes_no_argument(void)
{
	struct state before;
	struct machine m;

	machine_init(&m);
	before = state_get(&m);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 1), EINVAL);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, &before), EINVAL);
	state_unchanged(&m, &before);
	still_runs(&m);
}

static void bad_pointers_get_efault(void)
{
	static const unsigned long gets[] = { KVM_GET_REGS, KVM_GET_SREGS, KVM_GET_FPU };
	static const unsigned long sets[] = { KVM_SET_REGS, KVM_SET_SREGS, KVM_SET_FPU,
					      KVM_SET_CPUID2 };
	void *const bad[] = { NULL, NOWHERE, KERNEL_SPACE, (void *)-1, (void *)-PAGE };
	uint8_t *pages = memory_alloc(2 * PAGE);
	const void *readonly;
	struct state before;
	struct machine m;
	size_t i, b;

	machine_init(&m);
	readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(pages, 0x5a, PAGE);
	munmap(pages + PAGE, PAGE);
	before = state_get(&m);
	for (i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
		for (b = 0; b < sizeof(bad) / sizeof(bad[0]); b++)
			CHECK_ERRNO(ioctl(m.vcpu, gets[i], bad[b]), EFAULT);
		CHECK_ERRNO(ioctl(m.vcpu, gets[i], readonly), EFAULT);
		CHECK_ERRNO(ioctl(m.vcpu, gets[i], pages + PAGE - 8), EFAULT);
	}
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (b = 0; b < sizeof(bad) / sizeof(bad[0]); b++)
			CHECK_ERRNO(ioctl(m.vcpu, sets[i], bad[b]), EFAULT);
		if (sets[i] != KVM_SET_CPUID2)
			CHECK_ERRNO(ioctl(m.vcpu, sets[i], pages + PAGE - 8), EFAULT);
	}
	state_unchanged(&m, &before);
	still_runs(&m);
}

static void registers_take_any_value(void)
{
	struct kvm_regs r, got;
	struct machine m;

	machine_init(&m);
	memset(&r, 0xff, sizeof(r));
	r.rflags = FLAG_FIXED;
	regs_set(&m, &r);
	got = regs_get(&m);
	CHECK(!memcmp(&r, &got, sizeof(r)), "not what was set");
	/* Bit 1 of RFLAGS is always set. */
	r.rflags = 0;
	regs_set(&m, &r);
	CHECK_EQ(regs_get(&m).rflags, FLAG_FIXED);
}

/* The guest starts with such a RIP or RFLAGS; what it meets is its own affair. */
static void wild_rip_and_rflags_are_the_guests_affair(void)
{
	static const struct { uint64_t rip, rflags; int vector; } wild[] = {
		{ CODE, 1ull << 17 | 2, -1 },			/* VM: nothing in long mode */
		{ CODE, 0xffffffff00000002, -1 },
		{ CODE, ~0ull, VECTORS },			/* some exception */
		{ 1ull << 47, 2, VEC_GP },			/* not canonical */
		{ ~0ull, 2, VEC_PF },
	};
	struct machine m;
	size_t i;

	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		struct kvm_regs r;

		machine_init(&m);
		LOAD(&m, count);
		r = regs_get(&m);
		r.rip = wild[i].rip;
		r.rflags = wild[i].rflags;
		regs_set(&m, &r);
		if (wild[i].vector < 0)
			expect_halt(&m);
		else if (wild[i].vector == VECTORS)
			expect_exit(&m, KVM_EXIT_HLT);
		else
			expect_fault(&m, wild[i].vector, wild[i].vector == VEC_PF ? 0x10 : 0);
		machine_free(&m);
	}
	machine_init(&m);
	still_runs(&m);
}

struct bad_sregs {
	const char *what;
	int field;	/* 0: CR0, 3: CR3, 4: CR4, 8: EFER, 9: APIC base */
	uint64_t clear;
	uint64_t set;
};

static uint64_t sregs_with(struct kvm_sregs *s, const struct bad_sregs *b)
{
	__u64 *field = b->field == 0 ? &s->cr0 : b->field == 3 ? &s->cr3 : b->field == 4 ? &s->cr4 :
		       b->field == 8 ? &s->efer : &s->apic_base;

	*field = (*field & ~b->clear) | b->set;
	return *field;
}

static void bad_control_registers_change_nothing(void)
{
	static const struct bad_sregs values[] = {
		{ "CR0 bit 32", 0, 0, 1ull << 32 },
		{ "CR0 bit 63", 0, 0, 1ull << 63 },
		{ "CR0 all", 0, 0, ~0ull },
		{ "PG without PE", 0, CR0_PE, 0 },
		{ "NW without CD", 0, 0, CR0_NW },
		{ "no PAE in long mode", 4, CR4_PAE, 0 },
		{ "CR4 bit 63", 4, 0, 1ull << 63 },
		{ "CR4 bit 31", 4, 0, 1ull << 31 },
		{ "CR4 bit 19", 4, 0, 1ull << 19 },
		{ "CR4 bit 15", 4, 0, 1ull << 15 },
		{ "CR4.VMXE", 4, 0, 1ull << 13 },
		{ "CR4 all", 4, 0, ~0ull },
		{ "CR3 bit 63", 3, 0, 1ull << 63 },
		{ "CR3 bit 52", 3, 0, 1ull << 52 },
		{ "LME and PG without LMA", 8, EFER_LMA, 0 },
		{ "LMA without LME", 8, EFER_LME, 0 },
		{ "long mode without PG", 0, CR0_PG, 0 },
		{ "APIC base reserved bits", 9, 0, 0xff },
		{ "APIC base bit 63", 9, 0, 1ull << 63 },
	};
	struct kvm_sregs s;
	struct state before;
	struct machine m;
	size_t i;
	int ret;

	machine_init(&m);
	before = state_get(&m);
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		s = before.sregs;
		sregs_with(&s, &values[i]);
		/* If this got through although refused, we should see it. */
		s.cr2 = 0x666;
		s.gdt.base = 0x666000;
		s.fs.base = 0x666000;
		errno = 0;
		ret = ioctl(m.vcpu, KVM_SET_SREGS, &s);
		CHECK(ret == -1 && errno == EINVAL, "%s: returned %d, errno %s", values[i].what,
		      ret, errno ? strerrorname_np(errno) : "0");
		state_unchanged(&m, &before);
	}
	still_runs(&m);
}

GUEST(read_cr8, "mov %cr8, %rax\n mov $7, %ecx\n mov %rcx, %cr8\n hlt");

/* Without an interrupt controller in the kernel, the client keeps CR8. */
static void cr8_comes_and_goes_through_the_run_page(void)
{
	struct state before;
	struct machine m;

	machine_init(&m);
	LOAD(&m, read_cr8);
	m.run->cr8 = 5;
	expect_halt(&m);
	CHECK_EQ(regs_get(&m).rax, 5);
	CHECK_EQ(m.run->cr8, 7);
	CHECK_EQ(sregs_get(&m).cr8, 7);
	before = state_get(&m);
	m.run->cr8 = 16;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EINVAL);
	m.run->cr8 = ~0ull;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EINVAL);
	state_unchanged(&m, &before);
	m.run->cr8 = 7;
	still_runs(&m);
}

/* A bit that CPUID does not offer must not be settable. */
static void features_without_cpuid_cannot_be_set(void)
{
	static const uint64_t cr4_bits[] = { CR4_SMEP, CR4_SMAP, 1ull << 12, 1ull << 16, 1ull << 17,
					     1ull << 18, 1ull << 22 };
	struct state before;
	struct kvm_sregs s;
	struct machine m;
	struct kvm_cpuid2 none = {};
	size_t i;

	machine_init(&m);
	CHECK_OK(ioctl(m.vcpu, KVM_SET_CPUID2, &none));
	before = state_get(&m);
	for (i = 0; i < sizeof(cr4_bits) / sizeof(cr4_bits[0]); i++) {
		s = before.sregs;
		s.cr4 |= cr4_bits[i];
		CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_SREGS, &s), EINVAL);
		state_unchanged(&m, &before);
	}
}

/* Older KVM takes them and fails when it enters the guest; newer refuses, as we do. */
static void reserved_efer_bits_do_not_reach_the_guest(void)
{
	static const uint64_t bits[] = { 2, 1ull << 9, 1ull << 12, 1ull << 20, 1ull << 63 };
	struct state before;
	struct kvm_sregs s;
	struct machine m;
	size_t i;

	machine_init(&m);
	before = state_get(&m);
	if (!on_shadowpt()) {
		s = before.sregs;
		s.efer |= bits[0];
		if (ioctl(m.vcpu, KVM_SET_SREGS, &s))
			CHECK_EQ(errno, EINVAL);
		else
			expect_exit(&m, KVM_EXIT_FAIL_ENTRY);
		return;
	}
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		s = before.sregs;
		s.efer |= bits[i];
		CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_SREGS, &s), EINVAL);
		state_unchanged(&m, &before);
	}
	still_runs(&m);
}

static void fpu_registers_round_trip(void)
{
	struct kvm_fpu f, got;
	struct machine m;

	machine_init(&m);
	CHECK_OK(ioctl(m.vcpu, KVM_GET_FPU, &f));
	memset(f.xmm, 0xa5, sizeof(f.xmm));
	memset(f.fpr, 0x3c, 10);
	f.fcw = 0x27f;
	f.fsw = 0x3800;
	f.ftwx = 1;
	CHECK_OK(ioctl(m.vcpu, KVM_SET_FPU, &f));
	CHECK_OK(ioctl(m.vcpu, KVM_GET_FPU, &got));
	CHECK(!memcmp(f.xmm, got.xmm, sizeof(f.xmm)), "XMM registers differ");
	CHECK(!memcmp(f.fpr, got.fpr, 10), "ST0 differs");
	CHECK_EQ(got.fcw, f.fcw);
	CHECK_EQ(got.fsw, f.fsw);
	CHECK_EQ(got.ftwx, f.ftwx);
	still_runs(&m);
}

/* Whatever it holds, loading it must not fault in the host. */
static void fpu_registers_take_garbage(void)
{
	struct kvm_fpu f;
	struct machine m;

	machine_init(&m);
	memset(&f, 0xff, sizeof(f));
	CHECK_OK(ioctl(m.vcpu, KVM_SET_FPU, &f));
	still_runs(&m);
}

static void cpuid_is_checked(void)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[300];
	} c = {};
	struct kvm_cpuid2 *edge;
	struct machine m;
	char *page = memory_alloc(2 * PAGE);

	machine_init(&m);
	c.head.nent = 257;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_CPUID2, &c), E2BIG);
	c.head.nent = ~0u;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_CPUID2, &c), E2BIG);
	munmap(page + PAGE, PAGE);
	edge = (void *)(page + PAGE - sizeof(*edge));
	edge->nent = 4;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_CPUID2, edge), EFAULT);
	/* Virtual addresses of 48 or 57 bits, or unsaid. */
	c.head.nent = 1;
	c.entries[0].function = 0x80000008;
	c.entries[0].eax = 40 << 8 | 40;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_CPUID2, &c), EINVAL);
	c.entries[0].eax = 48 << 8 | 40;
	CHECK_OK(ioctl(m.vcpu, KVM_SET_CPUID2, &c));
	c.head.nent = 0;
	CHECK_OK(ioctl(m.vcpu, KVM_SET_CPUID2, &c));
	still_runs(&m);
}

static void cpuid_cannot_change_after_the_guest_has_run(void)
{
	struct kvm_cpuid2 *cpuid, none = {};
	struct machine m;

	machine_init(&m);
	still_runs(&m);
	cpuid = cpuid_supported(m.dev);
	CHECK_ERRNO(ioctl(m.vcpu, KVM_SET_CPUID2, &none), EINVAL);
	CHECK_OK(ioctl(m.vcpu, KVM_SET_CPUID2, cpuid));
	still_runs(&m);
}

static void mmap_reaches_no_further_than_its_size(void)
{
	volatile uint8_t *p;
	struct machine m;
	int status;
	pid_t pid;

	machine_init(&m);
	p = mmap(NULL, 64 * PAGE + m.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m.vcpu, 0);
	if (p == MAP_FAILED) {
		CHECK_EQ(errno, EINVAL);
	} else {
		/* The child maps it again in vain: a VM belongs to one address space. */
		pid = fork();
		if (!pid) {
			signal(SIGBUS, SIG_DFL);
			p[32 * PAGE + m.run_size] = 1;
			_exit(0);
		}
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status), "memory beyond the vCPU's can be written");
	}
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m.vcpu, 1000 * PAGE);
	if (p != MAP_FAILED) {
		pid = fork();
		if (!pid)
			_exit(*p & 0);
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status), "memory beyond the vCPU's can be read");
	}
	still_runs(&m);
}

static void mmap_is_shared_by_all_mappings(void)
{
	struct machine m;
	struct kvm_run *again;

	machine_init(&m);
	again = mmap(NULL, m.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m.vcpu, 0);
	CHECK(again != MAP_FAILED, "mmap: %s", strerror(errno));
	LOAD(&m, count);
	expect_halt(&m);
	CHECK_EQ(again->exit_reason, KVM_EXIT_HLT);
	munmap(m.run, m.run_size);
	m.run = again;
	still_runs(&m);
}

static void run_before_anything_is_set_up_ends_in_an_exit(void)
{
	int dev = device_open(), vm = vm_create(dev), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	struct kvm_run *run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	CHECK(run != MAP_FAILED, "mmap: %s", strerror(errno));
	/* Without any memory, KVM has no room for shadow pages: ENOSPC. */
	CHECK_OK(memory_set(vm, 0, 0, PAGE * 16, memory_alloc(PAGE * 16)));
	CHECK_OK(ioctl(vcpu, KVM_RUN, 0));
	CHECK_EQ(run->exit_reason, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
}

/* --- beyond KVM: <shadowpt.h> --- */

static void shadowpt_ioctls_mean_nothing_to_kvm(void)
{
	struct spt_stats stats;
	uint32_t id = 0;
	struct machine m;

	machine_init(&m);
	if (on_shadowpt()) {
		CHECK_EQ(CHECK_OK(ioctl(m.dev, SPT_GET_ABI_VERSION, 0)), SPT_ABI_VERSION);
		CHECK_ERRNO(ioctl(m.dev, SPT_GET_ABI_VERSION, 1), EINVAL);
		return;
	}
	CHECK_ERRNO(ioctl(m.dev, SPT_GET_ABI_VERSION, 0), EINVAL);
	CHECK_ERRNO(ioctl(m.vm, SPT_SET_STRATEGY, &id), ENOTTY);
	CHECK_ERRNO(ioctl(m.vm, SPT_GET_STATS, &stats), ENOTTY);
}

static void strategy_is_chosen_before_the_vcpu(void)
{
	uint32_t id = SPT_STRATEGY_VTLB, unknown = SPT_STRATEGY_NR, wild = ~0u;
	struct spt_stats stats;
	struct machine m;
	int vm;

	if (!on_shadowpt())
		SKIP("KVM has one");
	machine_init(&m);
	CHECK_ERRNO(ioctl(m.vm, SPT_SET_STRATEGY, &id), EBUSY);
	vm = vm_create(m.dev);
	CHECK_ERRNO(ioctl(vm, SPT_SET_STRATEGY, &unknown), EINVAL);
	CHECK_ERRNO(ioctl(vm, SPT_SET_STRATEGY, &wild), EINVAL);
	CHECK_ERRNO(ioctl(vm, SPT_SET_STRATEGY, NULL), EFAULT);
	CHECK_OK(ioctl(vm, SPT_SET_STRATEGY, &id));
	CHECK_OK(ioctl(vm, SPT_GET_STATS, &stats));
	CHECK_EQ(stats.strategy, SPT_STRATEGY_VTLB);
	id = SPT_STRATEGY_TRAP;
	CHECK_OK(ioctl(vm, SPT_SET_STRATEGY, &id));
	CHECK_OK(ioctl(vm, SPT_GET_STATS, &stats));
	CHECK_EQ(stats.strategy, SPT_STRATEGY_TRAP);
	still_runs(&m);
}

static void stats_count_and_check_pointers(void)
{
	struct spt_stats stats, later;
	struct machine m;

	if (!on_shadowpt())
		SKIP("KVM has others");
	machine_init(&m);
	CHECK_ERRNO(ioctl(m.vm, SPT_GET_STATS, NULL), EFAULT);
	CHECK_ERRNO(ioctl(m.vm, SPT_GET_STATS, KERNEL_SPACE), EFAULT);
	CHECK_OK(ioctl(m.vm, SPT_GET_STATS, &stats));
	CHECK_EQ(stats.exits[SPT_EXIT_HLT], 0);
	still_runs(&m);
	CHECK_OK(ioctl(m.vm, SPT_GET_STATS, &later));
	CHECK_EQ(later.exits[SPT_EXIT_HLT], 1);
	CHECK(later.events[SPT_EV_FILL] > 0, "nothing was filled");
	CHECK(later.shadow_pages >= 4 && later.shadow_pages <= later.shadow_pages_max,
	      "%u shadow pages", later.shadow_pages);
	CHECK(later.shadow_pages_peak >= later.shadow_pages, "peak %u", later.shadow_pages_peak);
}

static void tables_show_what_the_guest_touched(void)
{
	struct spt_entry entries[64];
	struct spt_tables t = { .entries = (uintptr_t)entries, .max = 64 };
	struct machine m;
	uint32_t i;
	bool code = false, data = false;

	if (!on_shadowpt())
		SKIP("KVM does not show them");
	machine_init(&m);
	still_runs(&m);
	CHECK_OK(ioctl(m.vcpu, SPT_GET_TABLES, &t));
	CHECK_EQ(t.cr3, PML4);
	CHECK(t.count >= 5 && t.count <= 64, "%u entries", t.count);
	for (i = 0; i < t.count; i++) {
		if (!(entries[i].flags & SPT_E_LEAF))
			continue;
		CHECK_EQ(entries[i].gva, entries[i].gpa);
		code |= entries[i].gva == CODE;
		data |= entries[i].gva == DATA && (entries[i].flags & SPT_E_WRITE);
	}
	CHECK(code && data, "code page %d, data page %d", code, data);

	t.max = 2;
	CHECK_ERRNO(ioctl(m.vcpu, SPT_GET_TABLES, &t), E2BIG);
	CHECK_EQ(t.count, i);
	t.max = ~0u;
	t.entries = (uintptr_t)NOWHERE;
	CHECK_ERRNO(ioctl(m.vcpu, SPT_GET_TABLES, &t), EFAULT);
	t.pad = 1;
	CHECK_ERRNO(ioctl(m.vcpu, SPT_GET_TABLES, &t), EINVAL);
	CHECK_ERRNO(ioctl(m.vcpu, SPT_GET_TABLES, NULL), EFAULT);
	still_runs(&m);
}

int main(int argc, char **argv)
{
	selftest_init(argc, argv);

	RUN(version_is_12_and_takes_no_argument);
	RUN(mmap_size_holds_run_and_port_data);
	RUN(create_vm_refuses_unknown_types);
	RUN(check_extension_answers_for_any_number);
	RUN(unknown_ioctls_are_refused_everywhere);
	RUN(ioctls_of_another_fd_are_refused);
	RUN(fds_are_for_ioctl_and_mmap_only);
	RUN(supported_cpuid_checks_room_and_pointers);

	RUN(bad_memory_regions_change_nothing);
	RUN(slots_can_be_added_moved_and_deleted);
	RUN(memory_may_end_at_52_bits);
	RUN(every_slot_can_be_used);
	RUN(shadowpt_wants_memory_that_is_there);
	RUN(shadowpt_offers_no_dirty_log_nor_rom);
	RUN(vcpu_ids_are_checked);

	RUN(reset_state_is_as_the_manual_says);
	RUN(run_takes_no_argument);
	RUN(bad_pointers_get_efault);
	RUN(registers_take_any_value);
	RUN(wild_rip_and_rflags_are_the_guests_affair);
	RUN(bad_control_registers_change_nothing);
	RUN(cr8_comes_and_goes_through_the_run_page);
	RUN(features_without_cpuid_cannot_be_set);
	RUN(reserved_efer_bits_do_not_reach_the_guest);
	RUN(fpu_registers_round_trip);
	RUN(fpu_registers_take_garbage);
	RUN(cpuid_is_checked);
	RUN(cpuid_cannot_change_after_the_guest_has_run);
	RUN(mmap_reaches_no_further_than_its_size);
	RUN(mmap_is_shared_by_all_mappings);
	RUN(run_before_anything_is_set_up_ends_in_an_exit);

	RUN(shadowpt_ioctls_mean_nothing_to_kvm);
	RUN(strategy_is_chosen_before_the_vcpu);
	RUN(stats_count_and_check_pointers);
	RUN(tables_show_what_the_guest_touched);
	return tap_done();
}
