// SPDX-License-Identifier: GPL-2.0-only
/* Machine construction and the run loop, see machine.h. Called by the verbs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "boot.h"
#include "cleanup.h"
#include "interrupt.h"
#include "machine.h"

/* vmm's own exit statuses; man page vmm(1) lists them. */
static const struct {
	int status;
	const char *text;
} ends[RUN_END_NR] = {
	[RUN_EXIT] = { 0, NULL },
	[RUN_STOP] = { 0, NULL },
	[RUN_HALT] = { 110, "guest halted without an exit status: nothing can wake it" },
	[RUN_SHUTDOWN] = { 111, "guest shut down by a triple fault" },
	[RUN_MMIO] = { 112, "guest touched an address without memory" },
	[RUN_INTERNAL_ERROR] = { 113, "accelerator gave up on the guest" },
	[RUN_FAIL_ENTRY] = { 114, "CPU refused to enter the guest" },
	[RUN_UNKNOWN] = { 115, "guest left for a reason that vmm does not know" },
	[RUN_TIMEOUT] = { 124, "guest still running at the timeout: ended" },
	[RUN_SIGNAL] = { 128, "ended by signal" },
};

#define EXIT_NAME(reason) [KVM_EXIT_##reason] = #reason
static const char *const exit_names[MACHINE_EXIT_REASONS] = {
	EXIT_NAME(UNKNOWN), EXIT_NAME(EXCEPTION), EXIT_NAME(IO), EXIT_NAME(HYPERCALL),
	EXIT_NAME(DEBUG), EXIT_NAME(HLT), EXIT_NAME(MMIO), EXIT_NAME(IRQ_WINDOW_OPEN),
	EXIT_NAME(SHUTDOWN), EXIT_NAME(FAIL_ENTRY), EXIT_NAME(INTR), EXIT_NAME(SET_TPR),
	EXIT_NAME(TPR_ACCESS), EXIT_NAME(NMI), EXIT_NAME(INTERNAL_ERROR),
	EXIT_NAME(SYSTEM_EVENT), EXIT_NAME(X86_RDMSR), EXIT_NAME(X86_WRMSR),
};

const char *user_exit_name(uint32_t reason)
{
	return reason < MACHINE_EXIT_REASONS ? exit_names[reason] : NULL;
}

static int map_image(const char *path, const uint8_t **image, size_t *length, struct error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *map;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(err, errno, NULL, "cannot read image: %s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, EINVAL, "cannot read image: %s: not a regular file", path);
	*length = status.st_size;
	if (*length == 0)
		return 0;
	map = mmap(NULL, *length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return error_errno(err, errno, NULL, "cannot read image: %s", path);
	*image = map;
	return 0;
}

static int load(struct machine *machine, const struct machine_config *config, uint64_t *entry,
		struct error *err)
{
	const uint8_t *image = NULL;
	struct error why;
	size_t length = 0;
	int ret;

	ret = map_image(config->image, &image, &length, err);
	if (ret < 0)
		return ret;
	ret = image_load(image, length, &machine->memory, entry, &why);
	if (image)
		munmap((void *)image, length);
	if (ret < 0)
		return error_set(err, -ret, "cannot load image: %s: %s", config->image, why.text);
	return 0;
}

int machine_open(struct machine *machine, const struct machine_config *config, struct error *err)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	uint64_t entry;
	void *ram;
	int ret;

	*machine = (struct machine){ .kvm = KVM_CLOSED };

	/* The image first: its faults are found on any machine, with or without a device. */
	ram = mmap(NULL, config->memory, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED)
		return error_errno(err, errno, "lower --mem",
				   "cannot allocate guest memory: %llu KiB",
				   (unsigned long long)(config->memory >> 10));
	machine->memory = (struct guest_memory){ .host = ram, .size = config->memory };
	ret = load(machine, config, &entry, err);
	if (ret < 0)
		return ret;
	ret = boot_write_tables(&machine->memory, config->argc, config->argv, err);
	if (ret < 0)
		return ret;

	ret = kvm_open(&machine->kvm, config->accel, err);
	if (ret < 0)
		return ret;
	ret = kvm_create_vm(&machine->kvm, config->strategy, err);
	if (ret < 0)
		return ret;
	ret = kvm_set_memory(&machine->kvm, ram, config->memory, err);
	if (ret < 0)
		return ret;
	ret = kvm_create_vcpu(&machine->kvm, err);
	if (ret < 0)
		return ret;
	ret = kvm_get_registers(&machine->kvm, &regs, &sregs, err);
	if (ret < 0)
		return ret;
	boot_registers(entry, &sregs, &regs);
	ret = kvm_set_registers(&machine->kvm, &regs, &sregs, err);
	if (ret < 0)
		return ret;

	ret = bus_open(&machine->bus, config->console_in, config->console_out, err);
	if (ret < 0)
		return ret;
	machine->bus_is_open = true;
	return interrupt_arm(machine->kvm.run, config->timeout, err);
}

void machine_close(struct machine *machine)
{
	interrupt_disarm();
	if (machine->bus_is_open)
		bus_close(&machine->bus);
	kvm_close(&machine->kvm);
	if (machine->memory.host)
		munmap(machine->memory.host, machine->memory.size);
}

/* Serve KVM_EXIT_IO: @count accesses to one port, data in the shared page. */
static int serve_io(struct machine *machine, struct error *err)
{
	struct kvm_run *run = machine->kvm.run;
	uint64_t bytes = (uint64_t)run->io.count * run->io.size;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	if ((run->io.size != 1 && run->io.size != 2 && run->io.size != 4) ||
	    run->io.data_offset > machine->kvm.run_size ||
	    bytes > machine->kvm.run_size - run->io.data_offset)
		return error_set(err, EPROTO,
				 "bad port I/O from %s: %u accesses of %u bytes at offset 0x%llx",
				 machine->kvm.path, run->io.count, run->io.size,
				 (unsigned long long)run->io.data_offset);
	for (uint32_t i = 0; i < run->io.count && machine->bus.request == BUS_NONE; i++)
		bus_access(&machine->bus, run->io.direction == KVM_EXIT_IO_OUT, run->io.port,
			   data + i * run->io.size, run->io.size);
	return 0;
}

static bool set_end(struct run_result *result, enum run_end end, uint32_t value)
{
	result->end = end;
	result->value = value;
	return true;
}

/* After an access: did a device ask for the run to end? */
static int serve_request(struct machine *machine, bool stops, int label,
			 struct run_result *result, bool *done, struct error *err)
{
	struct bus *bus = &machine->bus;
	enum bus_request request = bus->request;

	bus->request = BUS_NONE;
	switch (request) {
	case BUS_NONE:
		break;
	case BUS_EXIT:
		*done = set_end(result, RUN_EXIT, bus->value);
		break;
	case BUS_STOP:
		if (!stops || (label >= 0 && bus->value != (uint32_t)label))
			break;
		*done = set_end(result, RUN_STOP, bus->value);
		break;
	case BUS_FAILED:
		*err = bus->error;
		return -EIO;
	}
	return 0;
}

static void describe_mmio(const struct kvm_run *run, struct run_result *result)
{
	uint64_t value = 0;

	if (run->mmio.len <= sizeof(value))
		memcpy(&value, run->mmio.data, run->mmio.len);
	if (run->mmio.is_write)
		snprintf(result->detail, sizeof(result->detail),
			 "write of %u bytes, 0x%" PRIx64 ", to physical 0x%llx", run->mmio.len, value,
			 (unsigned long long)run->mmio.phys_addr);
	else
		snprintf(result->detail, sizeof(result->detail),
			 "read of %u bytes at physical 0x%llx", run->mmio.len,
			 (unsigned long long)run->mmio.phys_addr);
}

static void describe_internal_error(const struct kvm_run *run, struct run_result *result)
{
	static const char *const suberrors[] = {
		[KVM_INTERNAL_ERROR_EMULATION] = "cannot emulate the instruction",
		[KVM_INTERNAL_ERROR_SIMUL_EX] = "exception while delivering an exception",
		[KVM_INTERNAL_ERROR_DELIVERY_EV] = "exit while delivering an event",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "unexpected exit",
	};
	uint32_t suberror = run->internal.suberror;
	size_t known = sizeof(suberrors) / sizeof(suberrors[0]);
	int used =
		snprintf(result->detail, sizeof(result->detail), "suberror %u (%s)", suberror,
			 suberror < known && suberrors[suberror] ? suberrors[suberror] : "unknown");

	for (uint32_t i = 0; i < run->internal.ndata && i < 4; i++)
		used += snprintf(result->detail + used, sizeof(result->detail) - used, " 0x%llx",
				 (unsigned long long)run->internal.data[i]);
}

/* Serve one return of KVM_RUN. Sets *@done with @result when the run is over. */
static int serve_exit(struct machine *machine, bool stops, int label, struct run_result *result,
		      bool *done, struct error *err)
{
	struct kvm_run *run = machine->kvm.run;
	uint32_t reason = run->exit_reason;
	int ret;

	machine->user_exits[reason < MACHINE_EXIT_REASONS ? reason : MACHINE_EXIT_REASONS - 1]++;
	switch (reason) {
	case KVM_EXIT_IO:
		ret = serve_io(machine, err);
		if (ret < 0)
			return ret;
		return serve_request(machine, stops, label, result, done, err);
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_HLT:
		*done = set_end(result, RUN_HALT, 0);
		break;
	case KVM_EXIT_SHUTDOWN:
		*done = set_end(result, RUN_SHUTDOWN, 0);
		break;
	case KVM_EXIT_MMIO:
		describe_mmio(run, result);
		*done = set_end(result, RUN_MMIO, 0);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		describe_internal_error(run, result);
		*done = set_end(result, RUN_INTERNAL_ERROR, 0);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		snprintf(result->detail, sizeof(result->detail), "hardware reason 0x%llx",
			 (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		*done = set_end(result, RUN_FAIL_ENTRY, 0);
		break;
	default:
		snprintf(result->detail, sizeof(result->detail), "exit reason %u%s%s", reason,
			 user_exit_name(reason) ? " " : "",
			 user_exit_name(reason) ? user_exit_name(reason) : "");
		*done = set_end(result, RUN_UNKNOWN, 0);
		break;
	}
	return 0;
}

int machine_run(struct machine *machine, bool stops, int label, struct run_result *result,
		struct error *err)
{
	bool done = false;

	*result = (struct run_result){ 0 };
	while (!done) {
		int ret;

		switch (interrupt_pending()) {
		case INTERRUPT_TIMEOUT:
			set_end(result, RUN_TIMEOUT, 0);
			return 0;
		case INTERRUPT_SIGNAL:
			set_end(result, RUN_SIGNAL, interrupt_signal());
			return 0;
		case INTERRUPT_NONE:
			break;
		}
		if (ioctl(machine->kvm.vcpu_fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return error_errno(err, errno, NULL, "cannot run the vCPU: %s",
					   machine->kvm.path);
		}
		ret = serve_exit(machine, stops, label, result, &done, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int run_exit_status(const struct run_result *result)
{
	switch (result->end) {
	case RUN_EXIT:
		return result->value;
	case RUN_SIGNAL:
		return 128 + result->value;
	default:
		return ends[result->end].status;
	}
}

static void print_registers(struct kvm *kvm, FILE *out)
{
	struct kvm_sregs s;
	struct kvm_regs r;
	struct error err;

	if (kvm_get_registers(kvm, &r, &s, &err) < 0) {
		fprintf(out, "vmm: %s\n", err.text);
		return;
	}
	fprintf(out,
		"  rip %016llx  rsp %016llx  rflags %08llx\n"
		"  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx\n"
		"  rsi %016llx  rdi %016llx  rbp %016llx\n"
		"  r8  %016llx  r9  %016llx  r10 %016llx  r11 %016llx\n"
		"  r12 %016llx  r13 %016llx  r14 %016llx  r15 %016llx\n"
		"  cr0 %08llx  cr2 %016llx  cr3 %016llx  cr4 %08llx  efer %llx\n"
		"  cs %04x base %llx  ss %04x  tr %04x  gdt %llx/%x  idt %llx/%x\n",
		r.rip, r.rsp, r.rflags, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp,
		r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15,
		s.cr0, s.cr2, s.cr3, s.cr4, s.efer,
		s.cs.selector, s.cs.base, s.ss.selector, s.tr.selector,
		s.gdt.base, s.gdt.limit, s.idt.base, s.idt.limit);
}

void machine_report(struct machine *machine, const struct run_result *result, FILE *out)
{
	if (!ends[result->end].text)
		return;
	if (result->end == RUN_SIGNAL)
		fprintf(out, "vmm: %s %u: %s\n", ends[result->end].text, result->value,
			strsignal(result->value));
	else
		fprintf(out, "vmm: %s%s%s\n", ends[result->end].text, result->detail[0] ? ": " : "",
			result->detail);
	if (result->end != RUN_SIGNAL)
		print_registers(&machine->kvm, out);
}
