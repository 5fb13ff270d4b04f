// SPDX-License-Identifier: GPL-2.0
/*
 * Guests made of noise: random page tables, registers and instructions, with the
 * module's audit on; and random ioctls from several threads at once. Whatever they
 * do, KVM_RUN ends in a documented way and the host stays well (the kernel log is
 * judged by the caller). SEED=n repeats a run, SECONDS=n says how long it lasts.
 * Only for shadowpt.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/time.h>
#include <time.h>

#include "machine.h"

static uint64_t seed;
static uint64_t state;

static uint64_t any(uint64_t below)
{
	return tap_next(&state) % below;
}

static bool one_in(unsigned int n)
{
	return !any(n);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* --- a guest made of noise --- */

static uint64_t any_address(void)
{
	static const uint64_t places[] = { PML4, PDPT, PD, PT, MMIO_PD, MMIO_PT, GDT, IDT, TSS,
					   CODE, DATA, STACK, USER, LARGE, MMIO_GVA, MEM_SIZE };

	switch (any(8)) {
	case 0:
		return tap_next(&state);
	case 1:
		return any(MEM_SIZE);
	case 2:
		return any(512) << 39 | any(512) << 30 | any(512) << 21 | any(512) << 12;
	case 3:
		return 0x7fffffffffff - any(64);
	default:
		return places[any(sizeof(places) / sizeof(places[0]))] + 8 * any(1024) +
		       (one_in(8) ? any(8) : 0);
	}
}

static uint64_t any_entry(void)
{
	uint64_t e = one_in(4) ? any(1ull << 52) : any(MEM_SIZE / PAGE + 16) * PAGE;

	if (one_in(4))
		e = (1 + any(8)) * PAGE;	/* one of the tables */
	e &= ~0xfffull;
	e |= any(4096);
	e |= one_in(8) ? 0 : P;
	e |= one_in(3) ? W : 0;
	e &= one_in(3) ? ~0ull : ~PS;
	e |= one_in(8) ? NX : 0;
	e |= one_in(24) ? 1ull << (40 + any(24)) : 0;
	return e;
}

static void tables_disturb(struct machine *m)
{
	static const uint64_t tables[] = { PML4, PDPT, PD, PT, MMIO_PD, MMIO_PT };
	int i, n = one_in(3) ? 0 : one_in(4) ? 1000 : any(40);

	/* A table that maps itself, so that the guest can write its own entries. */
	if (one_in(2))
		mem_write(m, PML4 + 8 * (1 + any(511)), PML4 | U | W | P);
	for (i = 0; i < n; i++)
		mem_write(m, tables[any(6)] + 8 * any(512), any_entry());
}

/* Instructions that the module has to do with. %reg fields are drawn when placed. */
static size_t any_instruction(uint8_t *out)
{
	uint8_t reg = any(8), base = any(8), modrm;
	uint64_t imm;
	size_t n = 0;

	/* (%base), not %rsp (SIB) nor %rbp (RIP-relative). */
	if (base == 4 || base == 5)
		base = 7;
	modrm = reg << 3 | base;
#define PUT(...)							\
	do {								\
		const uint8_t bytes[] = { __VA_ARGS__ };		\
		memcpy(out + n, bytes, sizeof(bytes));			\
		n += sizeof(bytes);					\
	} while (0)
	switch (any(30)) {
	case 0 ... 3:	/* mov $imm64, %reg */
		imm = any_address();
		PUT(0x48, 0xb8 | reg);
		memcpy(out + n, &imm, 8);
		n += 8;
		break;
	case 4:		/* mov $entry, %reg */
		imm = any_entry();
		PUT(0x48, 0xb8 | reg);
		memcpy(out + n, &imm, 8);
		n += 8;
		break;
	case 5 ... 7:
		PUT(0x48, 0x89, modrm);
		break;
	case 8:
		PUT(0x48, 0x8b, modrm);
		break;
	case 9:
		PUT(0x88 | any(4), modrm);
		break;
	case 10:
		PUT(0xf0, 0x48, 0x0f, 0xc1, modrm);	/* lock xadd */
		break;
	case 11:
		PUT(0xf0, 0x48, 0x0f, 0xb1, modrm);	/* lock cmpxchg */
		break;
	case 12:
		PUT(0x48, 0x87, modrm);			/* xchg */
		break;
	case 13:
		PUT(0x80 | any(2), (any(8) << 3) | base, any(256));	/* op $imm8, (%base) */
		if (out[n - 3] == 0x81)
			PUT(any(256), any(256), any(256));
		break;
	case 14:
		PUT(0x0f, 0xab | any(2) << 3, modrm);	/* bts, btr */
		break;
	case 15:
		PUT(0x0f, 0x20 | any(2) << 1, 0xc0 | any(9) << 3 | reg);	/* mov CR */
		break;
	case 16:	/* mov %cr3, %rax; mov %rax, %cr3 */
		PUT(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8);
		break;
	case 17:	/* WP, TS, or another bit of CR0 or CR4 */
		PUT(0x0f, 0x20, one_in(2) ? 0xc0 : 0xe0, 0x48, 0x0f, 0xba, 0xf8,
		    one_in(3) ? any(32) : one_in(2) ? 16 : 20 + any(2));
		PUT(0x0f, 0x22, out[2]);
		break;
	case 18 ... 19:
		PUT(0x0f, 0x01, 0x38 | base);		/* invlpg (%base) */
		break;
	case 20:	/* mov $n, %ecx; rep stos, movs, lods, ins, outs */
		PUT(0xb9, any(16), 0, 0, 0);
		PUT(0xf3, 0x48, (const uint8_t[]){ 0xab, 0xaa, 0xa5, 0xa4, 0xad, 0x6c, 0x6e }[any(7)]);
		break;
	case 21:
		PUT(0xe4 | any(4) | any(2) << 3, any(256));	/* in, out */
		break;
	case 22:
		PUT(0x0f, 0xa2);			/* cpuid */
		break;
	case 23:
		PUT(0x50 | reg, 0x58 | any(8));		/* push, pop */
		break;
	case 24:	/* mov $msr, %ecx; rdmsr or wrmsr */
		imm = one_in(2) ? 0xc0000080 + any(5) : 0xc0000100 + any(3);
		PUT(0xb9, imm, imm >> 8, imm >> 16, imm >> 24, 0x0f, one_in(2) ? 0x30 : 0x32);
		break;
	case 25:
		PUT((const uint8_t[]){ 0xcc, 0xf4, 0x9d, 0x9c, 0xfa, 0xfb }[any(6)]);
		break;
	case 26:
		PUT(0xeb, any(256));			/* jmp */
		break;
	case 27:
		PUT(0x48, 0x89, 0xc0 | base << 3 | 4);	/* mov %base, %rsp */
		break;
	case 28:
		PUT(0x0f, 0x01, 0x20 | (any(2) << 4) | base);	/* smsw, lmsw (%base) */
		break;
	default:	/* noise; but WRMSR only as above, for its low numbers reach QEMU's own */
		imm = tap_next(&state);
		memcpy(out, &imm, 4);
		for (n = 0; n < 4; n++)
			if (out[n] == 0x30)
				out[n] = 0x90;
	}
#undef PUT
	return n;
}

static void code_fill(struct machine *m, uint64_t at, size_t len)
{
	uint8_t insn[32];
	size_t i, n;

	for (i = 0; i + sizeof(insn) < len; i += n) {
		n = any_instruction(insn);
		memcpy(m->mem + at + i, insn, n);
	}
}

static void registers_disturb(struct machine *m)
{
	struct kvm_regs r = { .rip = CODE + any(256), .rflags = FLAG_FIXED };
	struct kvm_sregs s;
	__u64 *gpr = &r.rax;
	int i;

	for (i = 0; i < 16; i++)
		gpr[i] = any_address();
	r.rcx = any(64);
	if (!one_in(4))
		r.rsp = STACK;
	if (one_in(8))
		r.rflags |= FLAG_TF;
	if (one_in(8))
		r.rflags |= FLAG_IF | FLAG_AC | FLAG_DF;
	if (one_in(20))
		r.rip = any_address();
	regs_set(m, &r);

	if (one_in(4))
		user_mode(m);
	s = sregs_get(m);
	if (one_in(3))
		s.cr0 ^= CR0_WP;
	if (one_in(3))
		s.cr4 ^= CR4_SMEP;
	if (one_in(3))
		s.cr4 ^= CR4_SMAP;
	if (one_in(4))
		s.cr4 ^= CR4_PGE;
	if (one_in(4))
		s.efer ^= EFER_NXE;
	if (one_in(6))
		s.cr3 = one_in(2) ? any(MEM_SIZE) : any(1ull << 42);
	if (one_in(8)) {
		s.cs.l = any(2);
		s.cs.db = any(2);
	}
	if (one_in(8))
		s.fs.base = any_address();
	if (one_in(16))
		s.idt.base = any_address();
	if (one_in(16))
		s.idt.limit = any(0x10000);
	if (one_in(16))
		s.cr4 ^= 1ull << any(64);
	if (one_in(16))
		s.cr0 ^= 1ull << any(64);
	/* What is refused leaves all as it was; either will do. */
	ioctl(m->vcpu, KVM_SET_SREGS, &s);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* KVM_RUN is interrupted every so many microseconds. */
static void interrupt_every(unsigned int us)
{
	struct itimerval t = { .it_value.tv_usec = us, .it_interval.tv_usec = us };
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static unsigned long ends[64], runs, interrupted;

/* One KVM_RUN. Returns false when there is no going on. */
static bool run_once(struct machine *m)
{
	uint64_t answer = tap_next(&state);
	uint32_t reason;

	runs++;
	if (ioctl(m->vcpu, KVM_RUN, 0)) {
		CHECK(errno == EINTR, "seed %lu: KVM_RUN: %s", seed, strerrorname_np(errno));
		interrupted++;
		return true;
	}
	reason = m->run->exit_reason;
	CHECK(reason < 64, "seed %lu: exit reason %u", seed, reason);
	ends[reason]++;
	switch (reason) {
	case KVM_EXIT_IO:
		CHECK(m->run->io.size <= 4 && m->run->io.count >= 1 &&
		      m->run->io.data_offset + m->run->io.count * m->run->io.size <= m->run_size,
		      "seed %lu: port data outside the page", seed);
		memcpy(io_data(m), &answer, 8);
		return true;
	case KVM_EXIT_MMIO:
		CHECK(m->run->mmio.len >= 1 && m->run->mmio.len <= 8, "seed %lu: MMIO of %u bytes",
		      seed, m->run->mmio.len);
		CHECK(m->run->mmio.phys_addr >= MEM_SIZE, "seed %lu: MMIO in memory", seed);
		memcpy(m->run->mmio.data, &answer, 8);
		return true;
	case KVM_EXIT_HLT:
		return true;
	case KVM_EXIT_SHUTDOWN:
	case KVM_EXIT_FAIL_ENTRY:
	case KVM_EXIT_INTERNAL_ERROR:
		return false;
	default:
		FAIL("seed %lu: exit reason %u is none of those that are documented", seed, reason);
	}
}

GUEST(count, "incq 0x30000\n hlt");

/* Has the noise been loud enough? */
static bool each_exit_came(void)
{
	return ends[KVM_EXIT_IO] && ends[KVM_EXIT_MMIO] && ends[KVM_EXIT_HLT] && ends[KVM_EXIT_SHUTDOWN];
}

static void guests_made_of_noise_do_no_harm(void)
{
	double seconds = tap_setting("SECONDS", 15), begin = now();
	uint64_t first = tap_setting("SEED", 1);
	unsigned long guests = 0;
	struct spt_entry entries[16];
	struct spt_tables t = { .entries = (uintptr_t)entries, .max = 16 };
	struct kvm_sregs s;
	struct machine m;
	int i;

	alarm(0);
	printf("# SEED=%lu\n", first);
	interrupt_every(2000);
	/* Each guest has a seed of its own, so that the last one can be run alone. A slow machine
	 * needs longer until all has been seen.
	 */
	for (seed = first; now() < begin + (each_exit_came() ? 1 : 5) * seconds; seed++) {
		state = seed;
		machine_init(&m);
		code_fill(&m, CODE, 0x2000);
		code_fill(&m, USER, 0x1000);
		tables_disturb(&m);
		registers_disturb(&m);
		for (i = 0; i < 40; i++) {
			if (!run_once(&m))
				break;
			if (m.run->exit_reason == KVM_EXIT_HLT && one_in(2))
				rip_set(&m, CODE + any(0x1000));
		}
		/* What the guest has made of its registers can be set again. */
		s = sregs_get(&m);
		sregs_set(&m, &s);
		if (ioctl(m.vcpu, SPT_GET_TABLES, &t))
			CHECK_EQ(errno, E2BIG);
		machine_free(&m);
		guests++;
	}
	printf("# %lu guests, %lu runs, %lu interrupted; IO %lu, MMIO %lu, HLT %lu, SHUTDOWN %lu, "
	       "FAIL_ENTRY %lu, INTERNAL_ERROR %lu\n", guests, runs, interrupted, ends[KVM_EXIT_IO],
	       ends[KVM_EXIT_MMIO], ends[KVM_EXIT_HLT], ends[KVM_EXIT_SHUTDOWN],
	       ends[KVM_EXIT_FAIL_ENTRY], ends[KVM_EXIT_INTERNAL_ERROR]);
	interrupt_every(0);
	CHECK(each_exit_came(), "the noise is too quiet: some exits never came");
	machine_init(&m);
	LOAD(&m, count);
	expect_halt(&m);
}

/* --- ioctls made of noise --- */

#define FDS	24

static int fds[FDS];
static volatile bool stop;
static uint8_t *backing;

struct thread {
	pthread_t id;
	uint64_t state;
	unsigned long calls;
	unsigned long accepted;
};

static uint64_t draw(struct thread *t, uint64_t below)
{
	return tap_next(&t->state) % below;
}

static void *bad_pointer(struct thread *t)
{
	void *const bad[] = { NULL, (void *)0x1000, (void *)0xffff888000000000, (void *)-8,
			      backing + MEM_SIZE - 4 };

	return bad[draw(t, 5)];
}

static void one_ioctl(struct thread *t)
{
	static const unsigned long numbers[] = {
		KVM_GET_API_VERSION, KVM_CREATE_VM, KVM_CHECK_EXTENSION, KVM_GET_VCPU_MMAP_SIZE,
		KVM_GET_SUPPORTED_CPUID, KVM_SET_USER_MEMORY_REGION, KVM_CREATE_VCPU, KVM_RUN,
		KVM_GET_REGS, KVM_SET_REGS, KVM_GET_SREGS, KVM_SET_SREGS, KVM_GET_FPU, KVM_SET_FPU,
		KVM_SET_CPUID2, SPT_GET_ABI_VERSION, SPT_SET_STRATEGY, SPT_GET_STATS,
		SPT_GET_TABLES, _IO(KVMIO, 0xfe),
	};
	/* The largest argument, and then some. */
	union {
		uint64_t words[1200];
		struct kvm_userspace_memory_region region;
		struct spt_tables tables;
		struct kvm_cpuid2 cpuid;
		struct kvm_sregs sregs;
	} arg;
	unsigned long number = numbers[draw(t, sizeof(numbers) / sizeof(numbers[0]))];
	int slot = draw(t, FDS), fd = fds[slot], ret;
	uint32_t id;
	size_t i;

	t->calls++;
	if (!draw(t, 12)) {
		/* Close something, and open the device in its place. */
		fds[slot] = open(device_path, O_RDWR | O_CLOEXEC);
		if (fd > 2)
			close(fd);
		return;
	}
	memset(&arg, 0, sizeof(arg));
	if (!draw(t, 3))
		for (i = 0; i < 64; i++)
			arg.words[i] = tap_next(&t->state) >> draw(t, 64);
	switch (number) {
	case KVM_CREATE_VM:
	case KVM_CREATE_VCPU:
		ret = ioctl(fd, number, draw(t, 8) ? 0 : draw(t, 1ull << 33));
		if (ret < 0)
			return;
		t->accepted++;
		slot = draw(t, FDS);
		fd = fds[slot];
		fds[slot] = ret;
		if (fd > 2)
			close(fd);
		return;
	case KVM_SET_USER_MEMORY_REGION:
		/* Each slot has memory of its own: aliases of a page table are not followed. */
		id = draw(t, 8);
		arg.region = (struct kvm_userspace_memory_region) {
			.slot = id, .flags = draw(t, 8) ? 0 : 1,
			.guest_phys_addr = draw(t, 16) * 16 * PAGE + (draw(t, 8) ? 0 : 8),
			.memory_size = draw(t, 3) * 16 * PAGE,
			.userspace_addr = (uintptr_t)backing + id * 64 * PAGE,
		};
		break;
	case KVM_SET_SREGS:
		if (!ioctl(fd, KVM_GET_SREGS, &arg.sregs))
			((uint64_t *)&arg.sregs)[draw(t, sizeof(arg.sregs) / 8)] ^= 1ull << draw(t, 64);
		break;
	case SPT_GET_TABLES:
		arg.tables = (struct spt_tables) { .entries = (uintptr_t)backing + 7 * 64 * PAGE,
						   .max = draw(t, 4) };
		break;
	case SPT_SET_STRATEGY:
		arg.words[0] = draw(t, 4);
		break;
	case KVM_GET_SUPPORTED_CPUID:
	case KVM_SET_CPUID2:
		arg.cpuid.nent = draw(t, 40);
		break;
	case KVM_RUN:
	case KVM_GET_API_VERSION:
		ret = ioctl(fd, number, draw(t, 8) ? 0 : tap_next(&t->state));
		t->accepted += ret >= 0;
		return;
	}
	ret = ioctl(fd, number, draw(t, 8) ? (void *)&arg : bad_pointer(t));
	t->accepted += ret >= 0;
}

static void *ioctls(void *arg)
{
	struct thread *t = arg;

	while (!stop)
		one_ioctl(t);
	return NULL;
}

static void ioctls_from_many_threads_do_no_harm(void)
{
	double end = now() + tap_setting("SECONDS", 15) * 0.4;
	unsigned long calls = 0, accepted = 0;
	struct sigaction sa = { .sa_handler = on_signal };
	struct thread threads[4] = {};
	struct machine m;
	int i;

	alarm(0);
	seed = tap_setting("SEED", 1);
	printf("# SEED=%lu\n", seed);
	sigaction(SIGUSR1, &sa, NULL);
	backing = memory_alloc(MEM_SIZE);
	for (i = 0; i < FDS; i++)
		fds[i] = device_open();
	for (i = 0; i < 4; i++) {
		threads[i].state = seed * 4 + i;
		pthread_create(&threads[i].id, NULL, ioctls, &threads[i]);
	}
	while (now() < end) {
		/* Out of KVM_RUN, in case a guest goes round for ever. */
		usleep(3000);
		for (i = 0; i < 4; i++)
			pthread_kill(threads[i].id, SIGUSR1);
	}
	stop = true;
	for (i = 0; i < 4; i++) {
		while (pthread_tryjoin_np(threads[i].id, NULL)) {
			pthread_kill(threads[i].id, SIGUSR1);
			usleep(1000);
		}
		calls += threads[i].calls;
		accepted += threads[i].accepted;
	}
	printf("# %lu ioctls, %lu accepted\n", calls, accepted);
	CHECK(accepted > calls / 50, "the noise is too wild: hardly any was accepted");
	for (i = 3; i < 1024; i++)
		close(i);
	machine_init(&m);
	LOAD(&m, count);
	expect_halt(&m);
}

int main(int argc, char **argv)
{
	selftest_init(argc, argv);
	if (!on_shadowpt()) {
		printf("1..0 # SKIP only for shadowpt\n");
		return KSFT_SKIP;
	}
	RUN(guests_made_of_noise_do_no_harm);
	RUN(ioctls_from_many_threads_do_no_harm);
	return tap_done();
}
