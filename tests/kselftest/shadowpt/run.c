// SPDX-License-Identifier: GPL-2.0
/*
 * KVM_RUN as the client sees it: tiny guests, and the exits they must end in. Ports,
 * MMIO, HLT, SHUTDOWN, errors, signals, and memory that changes under a running guest.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>

#include "machine.h"

/* --- ports --- */

static void expect_port(struct machine *m, int direction, uint16_t port, uint8_t size)
{
	expect_exit(m, KVM_EXIT_IO);
	CHECK_EQ(m->run->io.direction, direction);
	CHECK_EQ(m->run->io.port, port);
	CHECK_EQ(m->run->io.size, size);
}

static void expect_out(struct machine *m, uint16_t port, uint8_t size, uint64_t value)
{
	uint64_t data = 0;

	expect_port(m, KVM_EXIT_IO_OUT, port, size);
	CHECK_EQ(m->run->io.count, 1);
	memcpy(&data, io_data(m), size);
	CHECK_EQ(data, value);
}

static void answer_in(struct machine *m, uint16_t port, uint8_t size, uint64_t value)
{
	expect_port(m, KVM_EXIT_IO_IN, port, size);
	CHECK_EQ(m->run->io.count, 1);
	memcpy(io_data(m), &value, size);
}

GUEST(outs_of_each_size,
	"mov $0x12345678, %eax\n"
	"mov $0xfff0, %dx\n"
	"out %al, %dx\n"
	"out %ax, %dx\n"
	"out %eax, %dx\n"
	"out %al, $0x42\n"
	"out %eax, $0xff\n"
	"hlt");

static void out_of_1_2_and_4_bytes(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, outs_of_each_size);
	expect_out(&m, 0xfff0, 1, 0x78);
	expect_out(&m, 0xfff0, 2, 0x5678);
	expect_out(&m, 0xfff0, 4, 0x12345678);
	expect_out(&m, 0x42, 1, 0x78);
	expect_out(&m, 0xff, 4, 0x12345678);
	expect_halt(&m);
}

GUEST(ins_of_each_size,
	"mov $0x1122334455667788, %rax\n"
	"mov $0x60, %dx\n"
	"in %dx, %al\n"
	"mov %rax, %rbx\n"
	"in %dx, %ax\n"
	"mov %rax, %rcx\n"
	"in %dx, %eax\n"
	"mov %rax, %rsi\n"
	"in $0x42, %al\n"
	"hlt");

static void in_of_1_2_and_4_bytes(void)
{
	struct kvm_regs r;
	struct machine m;

	machine_init(&m);
	LOAD(&m, ins_of_each_size);
	answer_in(&m, 0x60, 1, 0xffffffffffffffaa);
	answer_in(&m, 0x60, 2, 0xffffffffffffbbbb);
	answer_in(&m, 0x60, 4, 0xffffffffcccccccc);
	answer_in(&m, 0x42, 1, 0xdd);
	expect_halt(&m);
	r = regs_get(&m);
	CHECK_EQ(r.rbx, 0x11223344556677aa);
	CHECK_EQ(r.rcx, 0x112233445566bbbb);
	CHECK_EQ(r.rsi, 0xcccccccc);
	CHECK_EQ(r.rax, 0xccccccdd);
}

/* Serve a string of port exits, however many elements each has. Returns the elements. */
static unsigned int serve_string(struct machine *m, int direction, uint16_t port, uint8_t size,
				 uint8_t *bytes)
{
	unsigned int n = 0;

	while (machine_run(m) == KVM_EXIT_IO) {
		CHECK_EQ(m->run->io.direction, direction);
		CHECK_EQ(m->run->io.port, port);
		CHECK_EQ(m->run->io.size, size);
		CHECK(m->run->io.count > 0, "an exit for nothing");
		if (direction == KVM_EXIT_IO_OUT)
			memcpy(bytes + n * size, io_data(m), m->run->io.count * size);
		else
			memcpy(io_data(m), bytes + n * size, m->run->io.count * size);
		n += m->run->io.count;
	}
	CHECK_EQ(m->run->exit_reason, KVM_EXIT_HLT);
	return n;
}

GUEST(rep_outsb, "mov $0x30000, %esi\n mov $5, %ecx\n mov $0x70, %edx\n rep outsb\n hlt");
GUEST(rep_outsw, "mov $0x30000, %esi\n mov $5, %ecx\n mov $0x70, %edx\n rep outsw\n hlt");
GUEST(rep_outsl, "mov $0x30000, %esi\n mov $5, %ecx\n mov $0x70, %edx\n rep outsl\n hlt");
GUEST(outsb_backwards,
	"mov $0x30004, %esi\n mov $5, %ecx\n mov $0x70, %edx\n std\n rep outsb\n cld\n hlt");
GUEST(one_outsb, "mov $0x30000, %esi\n mov $5, %ecx\n mov $0x70, %edx\n outsb\n hlt");
GUEST(outsb_fs, "mov $0, %esi\n mov $4, %ecx\n mov $0x70, %edx\n rep outsb %fs:(%rsi), %dx\n hlt");

static void string_out_moves_each_element(void)
{
	uint8_t data[] = "abcdefghijklmnopqrstuvwxyz", got[64];
	struct kvm_sregs s;
	struct kvm_regs r;
	struct machine m;

	machine_init(&m);
	memcpy(m.mem + DATA, data, sizeof(data));
	LOAD(&m, rep_outsb);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 1, got), 5);
	CHECK(!memcmp(got, data, 5), "bytes differ");
	r = regs_get(&m);
	CHECK_EQ(r.rsi, DATA + 5);
	CHECK_EQ(r.rcx, 0);

	LOAD(&m, rep_outsw);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 2, got), 5);
	CHECK(!memcmp(got, data, 10), "words differ");
	LOAD(&m, rep_outsl);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 4, got), 5);
	CHECK(!memcmp(got, data, 20), "double words differ");
	CHECK_EQ(regs_get(&m).rsi, DATA + 20);

	LOAD(&m, outsb_backwards);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 1, got), 5);
	CHECK(!memcmp(got, "edcba", 5), "bytes differ");
	CHECK_EQ(regs_get(&m).rsi, DATA - 1);

	LOAD(&m, one_outsb);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 1, got), 1);
	CHECK_EQ(regs_get(&m).rcx, 5);

	s = sregs_get(&m);
	s.fs.base = DATA + 10;
	sregs_set(&m, &s);
	LOAD(&m, outsb_fs);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_OUT, 0x70, 1, got), 4);
	CHECK(!memcmp(got, "klmn", 4), "not from FS");
}

GUEST(rep_insb, "mov $0x30000, %edi\n mov $5, %ecx\n mov $0x70, %edx\n rep insb\n hlt");
GUEST(rep_insl, "mov $0x30000, %edi\n mov $5, %ecx\n mov $0x70, %edx\n rep insl\n hlt");
GUEST(rep_insw_across,
	"mov $0x30ff9, %edi\n mov $6, %ecx\n mov $0x70, %edx\n rep insw\n hlt");
GUEST(rep_insb_nothing, "mov $0x30000, %edi\n xor %ecx, %ecx\n mov $0x70, %edx\n rep insb\n hlt");

static void string_in_moves_each_element(void)
{
	uint8_t data[] = "abcdefghijklmnopqrstuvwxyz";
	struct kvm_regs r;
	struct machine m;

	machine_init(&m);
	LOAD(&m, rep_insb);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_IN, 0x70, 1, data), 5);
	CHECK(!memcmp(m.mem + DATA, "abcde\0", 6), "bytes differ");
	r = regs_get(&m);
	CHECK_EQ(r.rdi, DATA + 5);
	CHECK_EQ(r.rcx, 0);
	LOAD(&m, rep_insl);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_IN, 0x70, 4, data), 5);
	CHECK(!memcmp(m.mem + DATA, data, 20), "double words differ");
	/* The fourth word lies in two pages. */
	LOAD(&m, rep_insw_across);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_IN, 0x70, 2, data), 6);
	CHECK(!memcmp(m.mem + DATA + 0xff9, data, 12), "words differ");
	LOAD(&m, rep_insb_nothing);
	CHECK_EQ(serve_string(&m, KVM_EXIT_IO_IN, 0x70, 1, data), 0);
}

static void string_in_to_an_absent_page_faults(void)
{
	uint8_t data[8] = "abcdefg";
	struct machine m;

	machine_init(&m);
	*entry_of(&m, DATA) = 0;
	LOAD(&m, rep_insb);
	serve_string(&m, KVM_EXIT_IO_IN, 0x70, 1, data);
	CHECK_EQ(regs_get(&m).rip, HANDLERS + 16 * VEC_PF + 1);
	CHECK_EQ(frame_get(&m).error, 2);
	CHECK_EQ(sregs_get(&m).cr2, DATA);
	CHECK_EQ(regs_get(&m).rcx, 5);
}

/* --- MMIO --- */

static void expect_mmio(struct machine *m, bool write, uint64_t gpa, uint32_t len)
{
	expect_exit(m, KVM_EXIT_MMIO);
	CHECK_EQ(m->run->mmio.is_write, write);
	CHECK_EQ(m->run->mmio.phys_addr, gpa);
	CHECK_EQ(m->run->mmio.len, len);
}

static void expect_mmio_write(struct machine *m, uint64_t gpa, uint32_t len, uint64_t value)
{
	uint64_t data = 0;

	expect_mmio(m, true, gpa, len);
	memcpy(&data, m->run->mmio.data, len);
	CHECK_EQ(data, value);
}

static void answer_mmio_read(struct machine *m, uint64_t gpa, uint32_t len, uint64_t value)
{
	expect_mmio(m, false, gpa, len);
	memcpy(m->run->mmio.data, &value, 8);
}

GUEST(mmio_reads,
	"mov $0x40000000, %ebx\n"
	"mov $-1, %rax\n mov 1(%rbx), %al\n mov %rax, %r8\n"
	"mov $-1, %rax\n mov 2(%rbx), %ah\n mov %rax, %r9\n"
	"mov $-1, %rax\n mov 4(%rbx), %ax\n mov %rax, %r10\n"
	"mov $-1, %rax\n mov 8(%rbx), %eax\n mov %rax, %r11\n"
	"mov 16(%rbx), %r12\n"
	"movzbl 3(%rbx), %r13d\n"
	"movswq 6(%rbx), %r14\n"
	"movslq 12(%rbx), %r15\n"
	"hlt");

static void mmio_reads_of_each_size(void)
{
	struct kvm_regs r;
	struct machine m;

	machine_init(&m);
	LOAD(&m, mmio_reads);
	answer_mmio_read(&m, MMIO_GPA + 1, 1, 0xa1);
	answer_mmio_read(&m, MMIO_GPA + 2, 1, 0xa2);
	answer_mmio_read(&m, MMIO_GPA + 4, 2, 0xa3a4);
	answer_mmio_read(&m, MMIO_GPA + 8, 4, 0xa5a6a7a8);
	answer_mmio_read(&m, MMIO_GPA + 16, 8, 0xb1b2b3b4b5b6b7b8);
	answer_mmio_read(&m, MMIO_GPA + 3, 1, 0xf0);
	answer_mmio_read(&m, MMIO_GPA + 6, 2, 0x8001);
	answer_mmio_read(&m, MMIO_GPA + 12, 4, 0x80000001);
	expect_halt(&m);
	r = regs_get(&m);
	CHECK_EQ(r.r8, 0xffffffffffffffa1);
	CHECK_EQ(r.r9, 0xffffffffffffa2ff);
	CHECK_EQ(r.r10, 0xffffffffffffa3a4);
	CHECK_EQ(r.r11, 0xa5a6a7a8);
	CHECK_EQ(r.r12, 0xb1b2b3b4b5b6b7b8);
	CHECK_EQ(r.r13, 0xf0);
	CHECK_EQ(r.r14, 0xffffffffffff8001);
	CHECK_EQ(r.r15, 0xffffffff80000001);
}

GUEST(mmio_writes,
	"mov $0x40001000, %ebx\n"
	"mov $0x1122334455667788, %rax\n"
	"mov %al, (%rbx)\n"
	"mov %ah, 1(%rbx)\n"
	"mov %ax, 2(%rbx)\n"
	"mov %eax, 4(%rbx)\n"
	"mov %rax, 8(%rbx)\n"
	"movb $0x5a, 16(%rbx)\n"
	"movw $0x5a5b, 18(%rbx)\n"
	"movl $0x5a5b5c5d, 20(%rbx)\n"
	"movq $-2, 24(%rbx)\n"
	"hlt");

static void mmio_writes_of_each_size(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, mmio_writes);
	expect_mmio_write(&m, MMIO_GPA + PAGE, 1, 0x88);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 1, 1, 0x77);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 2, 2, 0x7788);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 4, 4, 0x55667788);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 8, 8, 0x1122334455667788);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 16, 1, 0x5a);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 18, 2, 0x5a5b);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 20, 4, 0x5a5b5c5d);
	expect_mmio_write(&m, MMIO_GPA + PAGE + 24, 8, -2ull);
	expect_halt(&m);
}

GUEST(mmio_rmw,
	"mov $0x40000000, %ebx\n"
	"addl $5, (%rbx)\n"
	"setc 0x30000\n"
	"orb $0x80, 4(%rbx)\n"
	"lock incl 8(%rbx)\n"
	"mov $0x77, %eax\n"
	"xchg %eax, 12(%rbx)\n"
	"mov %eax, 0x30008\n"
	"mov $1, %eax\n mov $9, %ecx\n"
	"cmpxchg %ecx, 16(%rbx)\n"
	"setz 0x30010\n"
	"btsl $3, 20(%rbx)\n"
	"cmpl $7, 24(%rbx)\n"
	"setz 0x30018\n"
	"hlt");

static void mmio_read_modify_write_reads_and_writes_once(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, mmio_rmw);
	answer_mmio_read(&m, MMIO_GPA, 4, 0xfffffffe);
	expect_mmio_write(&m, MMIO_GPA, 4, 3);
	answer_mmio_read(&m, MMIO_GPA + 4, 1, 1);
	expect_mmio_write(&m, MMIO_GPA + 4, 1, 0x81);
	answer_mmio_read(&m, MMIO_GPA + 8, 4, 41);
	expect_mmio_write(&m, MMIO_GPA + 8, 4, 42);
	answer_mmio_read(&m, MMIO_GPA + 12, 4, 0x1234);
	expect_mmio_write(&m, MMIO_GPA + 12, 4, 0x77);
	answer_mmio_read(&m, MMIO_GPA + 16, 4, 1);
	expect_mmio_write(&m, MMIO_GPA + 16, 4, 9);
	answer_mmio_read(&m, MMIO_GPA + 20, 4, 0);
	expect_mmio_write(&m, MMIO_GPA + 20, 4, 8);
	answer_mmio_read(&m, MMIO_GPA + 24, 4, 7);
	expect_halt(&m);
	CHECK_EQ(mem_read(&m, DATA), 1);
	CHECK_EQ(mem_read(&m, DATA + 8), 0x1234);
	CHECK_EQ(mem_read(&m, DATA + 16), 1);
	CHECK_EQ(mem_read(&m, DATA + 24), 1);
}

GUEST(mmio_strings,
	"mov $0x30000, %esi\n mov $0x40000000, %edi\n mov $3, %ecx\n rep movsl\n"
	"mov $0x40000100, %esi\n mov $0x30100, %edi\n mov $2, %ecx\n rep movsq\n"
	"mov $0x40000200, %edi\n mov $2, %ecx\n mov $0x5a, %eax\n rep stosb\n"
	"mov $0x40000300, %esi\n lodsw\n"
	"hlt");

static void mmio_string_instructions_move_each_element(void)
{
	struct kvm_regs r;
	struct machine m;
	int i;

	machine_init(&m);
	for (i = 0; i < 3; i++)
		memcpy(m.mem + DATA + 4 * i, &(uint32_t){ 0x100 + i }, 4);
	LOAD(&m, mmio_strings);
	for (i = 0; i < 3; i++)
		expect_mmio_write(&m, MMIO_GPA + 4 * i, 4, 0x100 + i);
	for (i = 0; i < 2; i++)
		answer_mmio_read(&m, MMIO_GPA + 0x100 + 8 * i, 8, 0xaabbccdd00000000 + i);
	for (i = 0; i < 2; i++)
		expect_mmio_write(&m, MMIO_GPA + 0x200 + i, 1, 0x5a);
	answer_mmio_read(&m, MMIO_GPA + 0x300, 2, 0x4321);
	expect_halt(&m);
	CHECK_EQ(mem_read(&m, DATA + 0x100), 0xaabbccdd00000000);
	CHECK_EQ(mem_read(&m, DATA + 0x108), 0xaabbccdd00000001);
	r = regs_get(&m);
	CHECK_EQ(r.rax, 0x4321);
	CHECK_EQ(r.rsi, MMIO_GVA + 0x302);
	CHECK_EQ(r.rdi, MMIO_GVA + 0x202);
	CHECK_EQ(r.rcx, 0);
}

GUEST(mmio_fpu, "mov $0x1234, %eax\n fildl 0x40000000\n hlt");

static void what_cannot_be_emulated_is_an_internal_error(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, mmio_fpu);
	expect_exit(&m, KVM_EXIT_INTERNAL_ERROR);
	CHECK_EQ(m.run->internal.suberror, KVM_INTERNAL_ERROR_EMULATION);
	CHECK_EQ(regs_get(&m).rip, CODE + 5);
	CHECK_EQ(regs_get(&m).rax, 0x1234);
}

/* --- HLT, SHUTDOWN --- */

GUEST(two_halts, "mov $1, %eax\n hlt\n mov $2, %eax\n hlt");

static void halt_goes_on_after_it(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, two_halts);
	expect_halt(&m);
	CHECK_EQ(regs_get(&m).rax, 1);
	CHECK_EQ(regs_get(&m).rip, CODE + 6);
	expect_halt(&m);
	CHECK_EQ(regs_get(&m).rax, 2);
}

GUEST(undefined, "ud2");
GUEST(count, "incq 0x30000\n hlt");

static void triple_fault_is_a_shutdown(void)
{
	struct kvm_sregs s;
	struct machine m;

	machine_init(&m);
	s = sregs_get(&m);
	s.idt.limit = 0;
	sregs_set(&m, &s);
	LOAD(&m, undefined);
	expect_exit(&m, KVM_EXIT_SHUTDOWN);
}

static void garbage_page_tables_are_a_shutdown(void)
{
	struct kvm_sregs s;
	struct machine m;

	/* CR3 where there is no memory. */
	machine_init(&m);
	LOAD(&m, count);
	s = sregs_get(&m);
	s.cr3 = 0x80000000;
	sregs_set(&m, &s);
	machine_run(&m);
	CHECK(m.run->exit_reason == KVM_EXIT_SHUTDOWN ||
	      m.run->exit_reason == KVM_EXIT_INTERNAL_ERROR, "exit reason %u",
	      m.run->exit_reason);
	machine_free(&m);

	/* Reserved bits everywhere. */
	machine_init(&m);
	LOAD(&m, count);
	memset(m.mem + PML4, 0xff, PAGE);
	expect_exit(&m, KVM_EXIT_SHUTDOWN);
	machine_free(&m);

	/* Nothing present. */
	machine_init(&m);
	LOAD(&m, count);
	memset(m.mem + PML4, 0, PAGE);
	expect_exit(&m, KVM_EXIT_SHUTDOWN);
}

/* --- signals and immediate_exit --- */

GUEST(in_then_spin, "in $0x42, %al\n incq 0x30000\n 1: jmp 1b");

static void immediate_exit_completes_and_leaves(void)
{
	struct machine m;

	machine_init(&m);
	LOAD(&m, in_then_spin);
	m.run->immediate_exit = 1;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EINTR);
	CHECK_EQ(regs_get(&m).rip, CODE);
	m.run->immediate_exit = 0;
	answer_in(&m, 0x42, 1, 0x99);
	/* The answer is taken, then the vCPU leaves before the guest goes on. */
	m.run->immediate_exit = 1;
	CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EINTR);
	CHECK_EQ(regs_get(&m).rip, CODE + 2);
	CHECK_EQ(regs_get(&m).rax & 0xff, 0x99);
	CHECK_EQ(mem_read(&m, DATA), 0);
}

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void alarm_in_us(unsigned int us)
{
	struct itimerval t = { .it_value = { .tv_usec = us } };
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

GUEST(spin, "1: incq 0x30000\n jmp 1b");

static void signal_ends_an_endless_loop(void)
{
	struct machine m;
	uint64_t before = 0, now;
	int i, runs = 0;

	machine_init(&m);
	LOAD(&m, spin);
	for (i = 0; i < 5; i++) {
		unsigned int us = 20000;

		/* On a slow machine the signal may come before the guest does. */
		do {
			alarm_in_us(us);
			CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EINTR);
			CHECK_EQ(m.run->exit_reason, KVM_EXIT_INTR);
			CHECK_EQ(signals, ++runs);
			now = mem_read(&m, DATA);
			us *= 2;
		} while (now == before && us < 900000);
		CHECK(now > before, "the guest did not run");
		before = now;
		CHECK(regs_get(&m).rip <= CODE + 10, "rip");
	}
}

/* Something else on every CPU, so that the vCPU is preempted often. */
static volatile bool stop;

static void *burn(void *unused)
{
	(void)unused;
	while (!stop)
		;
	return NULL;
}

GUEST(long_loop, "mov $3000000, %ecx\n 1: dec %ecx\n jnz 1b\n hlt");

/* Only a signal may end KVM_RUN with EINTR. */
static void preemption_is_not_the_clients_affair(void)
{
	pthread_t threads[4];
	struct machine m;
	int i, rounds = tap_scaled(60);

	machine_init(&m);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, burn, NULL);
	for (i = 0; i < rounds; i++) {
		LOAD(&m, long_loop);
		expect_halt(&m);
	}
	stop = true;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* --- memory that changes while the guest runs --- */

#define SEEN	DATA
#define TURNS	(DATA + 8)
#define MAGIC	0x600d600d600d600dull
#define NO_MEMORY	0x1111111111111111ull

GUEST(watch, "1: mov 0x40000000, %rax\n mov %rax, 0x30000\n incq 0x30008\n jmp 1b");

static void *run_until_stopped(void *arg)
{
	struct machine *m = arg;

	while (!stop) {
		if (ioctl(m->vcpu, KVM_RUN, 0)) {
			CHECK_EQ(errno, EINTR);
			continue;
		}
		CHECK_EQ(m->run->exit_reason, KVM_EXIT_MMIO);
		memset(m->run->mmio.data, 0x11, 8);
	}
	return NULL;
}

/* Wait until the guest has gone twice round its loop, so that it saw what is now. */
static uint64_t seen_now(struct machine *m)
{
	volatile uint64_t *turns = (void *)(m->mem + TURNS), *seen = (void *)(m->mem + SEEN);
	uint64_t before = *turns;

	while (*turns < before + 3)
		sched_yield();
	return *seen;
}

static void slots_change_under_a_running_guest(void)
{
	uint64_t *page = memory_alloc(PAGE);
	int i, rounds = tap_scaled(100);
	pthread_t vcpu;
	struct machine m;

	machine_init(&m);
	*page = MAGIC;
	*entry_of(&m, MMIO_GVA) = (16 << 20) | W | P;
	LOAD(&m, watch);
	signal(SIGUSR1, on_signal);
	pthread_create(&vcpu, NULL, run_until_stopped, &m);
	for (i = 0; i < rounds; i++) {
		CHECK_EQ(seen_now(&m), NO_MEMORY);
		CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE, page));
		CHECK_EQ(seen_now(&m), MAGIC);
		CHECK_OK(memory_set(m.vm, 1, 17 << 20, PAGE, page));
		CHECK_EQ(seen_now(&m), NO_MEMORY);
		CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE, page));
		CHECK_EQ(seen_now(&m), MAGIC);
		CHECK_OK(memory_set(m.vm, 1, 0, 0, NULL));
	}
	stop = true;
	/* The guest may be in its loop for good: fetch it out. */
	while (pthread_tryjoin_np(vcpu, NULL)) {
		pthread_kill(vcpu, SIGUSR1);
		sched_yield();
	}
}

/* Asking a running VM for its statistics gets an answer, and the guest goes on. */
static void statistics_of_a_running_guest(void)
{
	volatile uint64_t *counter;
	struct spt_stats stats;
	pthread_t vcpu;
	struct machine m;
	uint64_t before;
	int i;

	if (!on_shadowpt())
		SKIP("KVM has others");
	machine_init(&m);
	LOAD(&m, spin);
	counter = (void *)(m.mem + DATA);
	pthread_create(&vcpu, NULL, run_until_stopped, &m);
	for (i = 0; i < 50; i++) {
		before = *counter;
		while (*counter == before)
			sched_yield();
		CHECK_OK(ioctl(m.vm, SPT_GET_STATS, &stats));
	}
	CHECK(stats.exits[SPT_EXIT_INTR] > 0, "nothing fetched the guest out");
	_exit(KSFT_PASS);
}

int main(int argc, char **argv)
{
	selftest_init(argc, argv);

	RUN(out_of_1_2_and_4_bytes);
	RUN(in_of_1_2_and_4_bytes);
	RUN(string_out_moves_each_element);
	RUN(string_in_moves_each_element);
	RUN(string_in_to_an_absent_page_faults);

	RUN(mmio_reads_of_each_size);
	RUN(mmio_writes_of_each_size);
	RUN(mmio_read_modify_write_reads_and_writes_once);
	RUN(mmio_string_instructions_move_each_element);
	RUN(what_cannot_be_emulated_is_an_internal_error);

	RUN(halt_goes_on_after_it);
	RUN(triple_fault_is_a_shutdown);
	RUN(garbage_page_tables_are_a_shutdown);

	RUN(immediate_exit_completes_and_leaves);
	RUN(signal_ends_an_endless_loop);
	RUN(preemption_is_not_the_clients_affair);

	RUN(slots_change_under_a_running_guest);
	RUN(statistics_of_a_running_guest);
	return tap_done();
}
