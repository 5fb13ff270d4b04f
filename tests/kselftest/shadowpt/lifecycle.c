// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual machines come and go in every way there is, and leave nothing behind: no
 * memory, no pinned page, no module reference, no SVM left on. Needs root; loads and
 * unloads the module, whose file is MODULE in the environment, so no VM may be in
 * use elsewhere. Only for shadowpt.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "machine.h"

GUEST(count, "incq 0x30000\n hlt");
GUEST(spin, "1: incq 0x30000\n jmp 1b");
/* Touches all memory again and again, so that there is always something to fill. */
GUEST(roam,
	"1: mov $0x31000, %ebx\n"
	"2: incq (%rbx)\n"
	"add $0x1000, %rbx\n"
	"cmp $0x60000, %rbx\n"
	"jb 2b\n"
	"mov %cr3, %rax\n"
	"mov %rax, %cr3\n"
	"jmp 1b");

static void still_runs(struct machine *m)
{
	uint64_t before = mem_read(m, DATA);

	LOAD(m, count);
	expect_halt(m);
	CHECK_EQ(mem_read(m, DATA), before + 1);
}

/* --- files of the kernel --- */

static long file_number(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "r");

	CHECK(f, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (!key)
			value = strtol(line, NULL, 0);
		else if (!strncmp(line, key, strlen(key)))
			value = strtol(line + strlen(key), NULL, 0);
		if (value >= 0)
			break;
	}
	fclose(f);
	return value;
}

static bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return ok;
}

/* KiB of locked memory that this process is charged for. */
static long locked_kib(void)
{
	return file_number("/proc/self/status", "VmLck:");
}

/* Pages that the kernel holds pinned for anybody. Each CPU counts; have the counts added up. */
static long pages_pinned(void)
{
	CHECK(file_write("/proc/sys/vm/stat_refresh", "1"), "stat_refresh: %s", strerror(errno));
	return file_number("/proc/vmstat", "nr_foll_pin_acquired ") -
	       file_number("/proc/vmstat", "nr_foll_pin_released ");
}

static long module_references(void)
{
	return file_number("/sys/module/shadowpt/refcnt", NULL);
}

/* --- the module --- */

static const char *module_file(void)
{
	const char *path = getenv("MODULE");

	if (!path)
		SKIP("MODULE does not say where shadowpt.ko is");
	return path;
}

static int module_load(const char *parameters)
{
	int fd = open(module_file(), O_RDONLY | O_CLOEXEC), ret;

	CHECK(fd >= 0, "%s: %s", module_file(), strerror(errno));
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	close(fd);
	return ret;
}

static int module_unload(void)
{
	return syscall(SYS_delete_module, "shadowpt", O_NONBLOCK);
}

/* The parameters of this run are to be those of the next as well. */
static char parameters[256];

static void parameters_keep(void)
{
	FILE *f = fopen("/sys/module/shadowpt/parameters/audit", "r");
	unsigned int audit = 0;

	if (f && fscanf(f, "%u", &audit) != 1)
		audit = 0;
	if (f)
		fclose(f);
	snprintf(parameters, sizeof(parameters), "audit=%u", audit);
}

static bool device_is_there(void)
{
	int i;

	/* devtmpfs makes it in a thread of its own. */
	for (i = 0; i < 100; i++) {
		if (!access("/dev/shadowpt", F_OK))
			return true;
		usleep(10000);
	}
	return false;
}

/* A file may be put a moment after close() (by a task, or by RCU): wait for it. */
static void module_is_free(void)
{
	int i;

	for (i = 0; i < 500 && module_references() > 0; i++)
		usleep(10000);
	CHECK_EQ(module_references(), 0);
}

/* --- closing --- */

enum { DEV, VM, VCPU, RUN_PAGE, MEMORY, THINGS };

static void drop(struct machine *m, int thing)
{
	switch (thing) {
	case DEV:
		close(m->dev);
		break;
	case VM:
		close(m->vm);
		break;
	case VCPU:
		close(m->vcpu);
		break;
	case RUN_PAGE:
		munmap(m->run, m->run_size);
		break;
	case MEMORY:
		munmap(m->mem, MEM_SIZE);
		break;
	}
}

/* All 120 orders. */
static void close_order_does_not_matter(void)
{
	int a, b, c, d, e, orders = 0;

	module_is_free();
	for (a = 0; a < THINGS; a++)
	for (b = 0; b < THINGS; b++)
	for (c = 0; c < THINGS; c++)
	for (d = 0; d < THINGS; d++)
	for (e = 0; e < THINGS; e++) {
		const int order[] = { a, b, c, d, e };
		struct machine m;
		int i;

		if ((1 << a | 1 << b | 1 << c | 1 << d | 1 << e) != (1 << THINGS) - 1)
			continue;
		machine_init(&m);
		still_runs(&m);
		for (i = 0; i < THINGS; i++)
			drop(&m, order[i]);
		orders++;
	}
	CHECK_EQ(orders, 120);
	CHECK_EQ(locked_kib(), 0);
	module_is_free();
}

/* The vCPU's fd keeps the VM; the VM's memory stays pinned as long. */
static void a_vcpu_runs_on_after_its_vm_is_closed(void)
{
	struct machine m;

	machine_init(&m);
	close(m.dev);
	close(m.vm);
	still_runs(&m);
	CHECK_EQ(locked_kib(), MEM_SIZE / 1024);
	/* Even if the client has unmapped the memory: it is pinned. */
	memcpy(m.mem + CODE, guest_count, 16);
	munmap(m.mem, MEM_SIZE);
	rip_set(&m, CODE);
	expect_exit(&m, KVM_EXIT_HLT);
	munmap(m.run, m.run_size);
	CHECK_EQ(locked_kib(), MEM_SIZE / 1024);
	close(m.vcpu);
	CHECK_EQ(locked_kib(), 0);
}

static void run_page_can_be_read_after_the_vcpu_is_closed(void)
{
	struct machine m;

	machine_init(&m);
	still_runs(&m);
	close(m.vcpu);
	close(m.vm);
	close(m.dev);
	CHECK_EQ(m.run->exit_reason, KVM_EXIT_HLT);
	CHECK(module_references() > 0, "the module could go while its memory is mapped");
}

/* --- fork and exec --- */

static void a_vm_belongs_to_one_address_space(void)
{
	struct kvm_regs r;
	struct machine m;
	int status;
	pid_t pid;

	machine_init(&m);
	pid = fork();
	if (!pid) {
		CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EIO);
		CHECK_ERRNO(ioctl(m.vcpu, KVM_GET_REGS, &r), EIO);
		CHECK_ERRNO(ioctl(m.vm, KVM_CREATE_VCPU, 0), EIO);
		CHECK_ERRNO(memory_set(m.vm, 1, 16 << 20, PAGE, m.mem), EIO);
		CHECK_ERRNO(memory_set(m.vm, 0, 0, 0, NULL), EIO);
		_exit(KSFT_PASS);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	still_runs(&m);
}

/* The child has the last reference and frees what another process was charged for. */
static void a_child_may_close_last(void)
{
	int status, hold[2];
	struct machine m;
	pid_t pid;
	char c;

	machine_init(&m);
	still_runs(&m);
	CHECK_OK(pipe(hold));
	pid = fork();
	if (!pid) {
		close(hold[1]);
		if (read(hold[0], &c, 1))
			_exit(KSFT_FAIL);
		_exit(KSFT_PASS);
	}
	machine_free(&m);
	CHECK_EQ(locked_kib(), MEM_SIZE / 1024);
	close(hold[1]);
	waitpid(pid, &status, 0);
	CHECK_EQ(status, 0);
	CHECK_EQ(locked_kib(), 0);
}

/* ... or outlives it. */
static void a_child_may_outlive_its_parent(void)
{
	int gone[2], done[2], status;
	pid_t parent;
	char c;

	CHECK_OK(pipe(gone));
	CHECK_OK(pipe(done));
	parent = fork();
	if (!parent) {
		struct machine m;

		machine_init(&m);
		still_runs(&m);
		if (!fork()) {
			close(gone[1]);
			close(done[0]);
			if (read(gone[0], &c, 1))
				_exit(KSFT_FAIL);
			/* The parent's address space is gone; the VM is still here. */
			CHECK_ERRNO(ioctl(m.vcpu, KVM_RUN, 0), EIO);
			if (write(done[1], "k", 1) != 1)
				_exit(KSFT_FAIL);
			_exit(KSFT_PASS);
		}
		_exit(KSFT_PASS);
	}
	waitpid(parent, &status, 0);
	CHECK_EQ(status, 0);
	close(gone[1]);
	close(done[1]);
	CHECK_EQ(read(done[0], &c, 1), 1);
}

static void exec_closes_everything(void)
{
	int status;
	pid_t pid;

	module_is_free();
	pid = fork();
	if (!pid) {
		struct machine m;

		machine_init(&m);
		still_runs(&m);
		execl("/bin/sh", "sh", "-c", "ls -l /proc/self/fd | grep -q shadowpt && exit 9; exit 0",
		      NULL);
		_exit(8);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status 0x%x", status);
	module_is_free();
}

/* --- SIGKILL --- */

static void killed_at_any_moment_nothing_stays(void)
{
	uint64_t seed = tap_setting("SEED", 1);
	int i, rounds = tap_scaled(200), status;
	uint64_t state = seed;

	module_is_free();
	printf("# SEED=%lu, %d rounds\n", seed, rounds);
	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			struct machine m;

			machine_init(&m);
			if (i & 1)
				LOAD(&m, spin);
			else
				LOAD(&m, roam);
			for (;;)
				ioctl(m.vcpu, KVM_RUN, 0);
		}
		usleep(tap_next(&state) % 12000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		CHECK(WIFSIGNALED(status), "status 0x%x", status);
	}
	module_is_free();
}

/* --- rmmod --- */

static void rmmod_is_refused_while_anything_lives(void)
{
	struct machine m;

	module_is_free();
	machine_init(&m);
	CHECK_ERRNO(module_unload(), EWOULDBLOCK);
	close(m.dev);
	CHECK_ERRNO(module_unload(), EWOULDBLOCK);
	close(m.vm);
	CHECK_ERRNO(module_unload(), EWOULDBLOCK);
	still_runs(&m);
	close(m.vcpu);
	/* The mapping of the run page is a reference as well. */
	CHECK_ERRNO(module_unload(), EWOULDBLOCK);
	munmap(m.run, m.run_size);
	module_is_free();
	CHECK_OK(module_unload());
	CHECK(access("/dev/shadowpt", F_OK), "/dev/shadowpt is still there");
	CHECK_OK(module_load(parameters));
	CHECK(device_is_there(), "/dev/shadowpt is missing");
}

static void load_and_unload_many_times(void)
{
	int i, rounds = tap_scaled(50);
	struct machine m;

	module_is_free();
	for (i = 0; i < rounds; i++) {
		CHECK_OK(module_unload());
		CHECK_OK(module_load(parameters));
		if (i % 5)
			continue;
		CHECK(device_is_there(), "/dev/shadowpt is missing");
		machine_init(&m);
		still_runs(&m);
		machine_free(&m);
		module_is_free();
	}
	CHECK(device_is_there(), "/dev/shadowpt is missing");
}

static void module_parameters_are_checked(void)
{
	static const char *const bad[] = { "strategy=nested", "max_shadow_pages=15",
					   "max_shadow_pages=2000000", "max_shadow_pages=-1",
					   "audit=x" };
	size_t i;

	module_is_free();
	CHECK_OK(module_unload());
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(module_load(bad[i]) == -1, "%s was accepted", bad[i]);
	CHECK_OK(module_load(parameters));
	CHECK(device_is_there(), "/dev/shadowpt is missing");
	CHECK(!file_write("/sys/module/shadowpt/parameters/strategy", "nested"), "accepted");
	CHECK(file_write("/sys/module/shadowpt/parameters/strategy", "vtlb"), "%s", strerror(errno));
	CHECK(file_write("/sys/module/shadowpt/parameters/strategy", "trap"), "%s", strerror(errno));
}

/* --- memory --- */

static void memory_is_charged_and_given_back(void)
{
	long before = locked_kib();
	struct machine m;
	void *more = memory_alloc(PAGE * 100);

	machine_init(&m);
	CHECK_EQ(locked_kib(), before + (long)(MEM_SIZE / 1024));
	CHECK_OK(memory_set(m.vm, 1, 16 << 20, PAGE * 100, more));
	CHECK_EQ(locked_kib(), before + (long)(MEM_SIZE / 1024) + 400);
	/* What fails is not charged. */
	CHECK_ERRNO(memory_set(m.vm, 2, 32 << 20, PAGE * 100, (void *)0x10000), EFAULT);
	CHECK_ERRNO(memory_set(m.vm, 2, 16 << 20, PAGE * 100, more), EEXIST);
	CHECK_EQ(locked_kib(), before + (long)(MEM_SIZE / 1024) + 400);
	/* Moved, it is the same memory. */
	CHECK_OK(memory_set(m.vm, 1, 64 << 20, PAGE * 100, more));
	CHECK_EQ(locked_kib(), before + (long)(MEM_SIZE / 1024) + 400);
	CHECK_OK(memory_set(m.vm, 1, 0, 0, NULL));
	CHECK_EQ(locked_kib(), before + (long)(MEM_SIZE / 1024));
	machine_free(&m);
	CHECK_EQ(locked_kib(), before);
}

/* Without CAP_IPC_LOCK the limit holds, to the page. */
static void rlimit_memlock_holds(void)
{
	struct rlimit limit = { .rlim_cur = 64 * PAGE, .rlim_max = 64 * PAGE };
	int dev = device_open(), vm;
	uint8_t *mem = memory_alloc(PAGE * 128);

	CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
	CHECK_OK(setresgid(65534, 65534, 65534));
	CHECK_OK(setresuid(65534, 65534, 65534));
	vm = vm_create(dev);
	CHECK_ERRNO(memory_set(vm, 0, 0, PAGE * 65, mem), ENOMEM);
	CHECK_OK(memory_set(vm, 0, 0, PAGE * 60, mem));
	CHECK_ERRNO(memory_set(vm, 1, 1 << 20, PAGE * 5, mem + PAGE * 60), ENOMEM);
	CHECK_OK(memory_set(vm, 1, 1 << 20, PAGE * 4, mem + PAGE * 60));
	CHECK_EQ(locked_kib(), 64 * 4);
	CHECK_OK(memory_set(vm, 0, 0, 0, NULL));
	CHECK_OK(memory_set(vm, 0, 0, PAGE * 60, mem));
}

static void only_root_may_open_the_device(void)
{
	CHECK_OK(setresuid(65534, 65534, 65534));
	CHECK_ERRNO(open("/dev/shadowpt", O_RDWR), EACCES);
}

/*
 * Pages in use, by the count of those ever allocated and freed (what is free for a CPU
 * alone does not blur it), and kB of objects and of mappings.
 */
struct memory_use {
	long pages;
	long slab;
	long vmalloc;
};

static struct memory_use memory_use(void)
{
	static const char *const zones[] = { "pgalloc_dma ", "pgalloc_dma32 ", "pgalloc_normal ",
					     "pgalloc_movable " };
	struct memory_use use;
	size_t i;

	file_write("/proc/sys/vm/drop_caches", "3");
	CHECK_EQ(pages_pinned(), 0);
	use.pages = -file_number("/proc/vmstat", "pgfree ");
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		use.pages += file_number("/proc/vmstat", zones[i]) > 0 ?
			     file_number("/proc/vmstat", zones[i]) : 0;
	use.slab = file_number("/proc/meminfo", "SUnreclaim:");
	use.vmalloc = file_number("/proc/meminfo", "VmallocUsed:");
	return use;
}

static long least(long a, long b)
{
	return a < b ? a : b;
}

/*
 * What is lost with each machine is lost in every batch; what lies in some list for a
 * while is not. So the least of three counts.
 */
static void machines_leave_no_memory_behind(void)
{
	int batch, i, rounds = tap_scaled(120);
	struct memory_use use, last = {};
	struct memory_use lost = { LONG_MAX, LONG_MAX, LONG_MAX };
	struct machine m;

	CHECK_OK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	module_is_free();
	/* Batch 0 warms the caches. */
	for (batch = 0; batch < 4; batch++) {
		for (i = 0; i < rounds; i++) {
			machine_init(&m);
			still_runs(&m);
			machine_free(&m);
		}
		module_is_free();
		use = memory_use();
		if (batch) {
			lost.pages = least(lost.pages, use.pages - last.pages);
			lost.slab = least(lost.slab, use.slab - last.slab);
			lost.vmalloc = least(lost.vmalloc, use.vmalloc - last.vmalloc);
		}
		last = use;
	}
	printf("# lost with %d machines: %ld pages, %ld kB of objects, %ld kB of mappings\n",
	       rounds, lost.pages, lost.slab, lost.vmalloc);
	/* A page lost with each, an object of perhaps 1 kB. */
	CHECK(lost.pages < rounds / 2, "pages stay");
	CHECK(lost.slab < rounds / 2, "objects stay");
	CHECK(lost.vmalloc < rounds / 2, "mappings stay");
}

/* As much memory as @limit allows, for a child that makes a machine and runs it. */
static int run_in_cgroup(const char *procs, const char *max, uint64_t limit)
{
	char text[32];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%lu", limit);
	CHECK(file_write(max, text), "%s: %s", max, strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct machine m;

		CHECK(file_write(procs, "0"), "%s: %s", procs, strerror(errno));
		machine_init(&m);
		still_runs(&m);
		_exit(KSFT_PASS);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* The kernel runs out of what a process may have while it pins and shadows: no oops. */
static void out_of_memory_is_an_error(void)
{
	static const char *const procs = "/tmp/cgroup/selftest/cgroup.procs";
	static const char *const max = "/tmp/cgroup/selftest/memory.max";
	uint64_t limit;
	int runs = 0, failed = 0;

	mkdir("/tmp/cgroup", 0700);
	if (mount("none", "/tmp/cgroup", "cgroup2", 0, NULL) && errno != EBUSY)
		SKIP("cgroup2: %s", strerror(errno));
	file_write("/tmp/cgroup/cgroup.subtree_control", "+memory");
	mkdir("/tmp/cgroup/selftest", 0700);
	if (access(max, W_OK))
		SKIP("no memory controller: %s", strerror(errno));
	module_is_free();
	for (limit = 2 << 20; limit < 7 << 20; limit += 192 << 10) {
		failed += run_in_cgroup(procs, max, limit) != 0;
		runs++;
	}
	printf("# %d of %d found too little memory\n", failed, runs);
	CHECK(failed > 0 && failed < runs, "the limits are of no use");
	module_is_free();
	CHECK_EQ(pages_pinned(), 0);
	rmdir("/tmp/cgroup/selftest");
	umount("/tmp/cgroup");
}

/* The fewest shadow pages there can be: slow, but right. */
static void sixteen_shadow_pages_are_enough(void)
{
	static const char *const path = "/sys/module/shadowpt/parameters/max_shadow_pages";
	uint64_t *pd, *pdpt, *pml4;
	struct spt_stats stats;
	struct kvm_regs r;
	struct machine m;
	int i, round;

	CHECK(file_write(path, "16"), "%s: %s", path, strerror(errno));
	machine_init(&m);
	CHECK(file_write(path, "4096"), "%s: %s", path, strerror(errno));
	/* The same page table at 64 places, each with tables of its own above it. */
	pml4 = (uint64_t *)(m.mem + PML4);
	for (i = 1; i < 64; i++) {
		pdpt = (uint64_t *)(m.mem + LARGE + 2 * i * PAGE);
		pd = (uint64_t *)(m.mem + LARGE + (2 * i + 1) * PAGE);
		pml4[i] = (LARGE + 2 * i * PAGE) | W | P;
		pdpt[0] = (LARGE + (2 * i + 1) * PAGE) | W | P;
		pd[0] = PT | W | P;
	}
	LOAD(&m, count);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 64; i++) {
			/* incq DATA(%rbx) is what count does with another address */
			static const uint8_t code[] = { 0x48, 0xff, 0x83, 0, 0, 3, 0, 0xf4 };

			memcpy(m.mem + CODE, code, sizeof(code));
			r = regs_get(&m);
			r.rip = CODE;
			r.rbx = (uint64_t)i << 39;
			regs_set(&m, &r);
			expect_halt(&m);
		}
	CHECK_EQ(mem_read(&m, DATA), 3 * 64);
	CHECK_OK(ioctl(m.vm, SPT_GET_STATS, &stats));
	CHECK_EQ(stats.shadow_pages_max, 16);
	CHECK(stats.shadow_pages_peak <= 16, "%u shadow pages", stats.shadow_pages_peak);
	if (stats.strategy == SPT_STRATEGY_TRAP)
		CHECK(stats.events[SPT_EV_RECLAIM] > 0, "nothing was reclaimed");
}

/* --- CPUs --- */

static void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
}

static void cpus_come_and_go_under_a_machine(void)
{
	static const char *const online = "/sys/devices/system/cpu/cpu1/online";
	struct machine m;
	int i;

	if (access(online, W_OK))
		SKIP("%s: %s", online, strerror(errno));
	machine_init(&m);
	for (i = 0; i < 3; i++) {
		still_runs(&m);
		CHECK(file_write(online, "0"), "%s: %s", online, strerror(errno));
		still_runs(&m);
		CHECK(file_write(online, "1"), "%s: %s", online, strerror(errno));
		/* SVM is on again there. */
		pin_to(1);
		still_runs(&m);
		pin_to(0);
		still_runs(&m);
	}
	machine_free(&m);
	/* Gone while there is no machine, back while there is one. */
	CHECK(file_write(online, "0"), "%s: %s", online, strerror(errno));
	machine_init(&m);
	CHECK(file_write(online, "1"), "%s: %s", online, strerror(errno));
	pin_to(1);
	still_runs(&m);
}

static volatile bool stop;

static void *run_on_cpu(void *arg)
{
	struct machine *m = arg;
	static int next;
	int i, rounds = tap_scaled(2000);

	pin_to(__atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST) & 1);
	for (i = 0; i < rounds; i++) {
		if (i % 100 == 0)
			pin_to(i / 100 & 1);
		rip_set(m, CODE);
		CHECK_OK(ioctl(m->vcpu, KVM_RUN, 0));
		CHECK_EQ(m->run->exit_reason, KVM_EXIT_HLT);
	}
	return NULL;
}

/* At the same time, on two CPUs and changing them; each counts its own turns. */
static void two_machines_run_at_once(void)
{
	struct machine m[2];
	pthread_t t[2];
	int i, rounds = tap_scaled(2000);

	for (i = 0; i < 2; i++) {
		machine_init(&m[i]);
		LOAD(&m[i], count);
	}
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, run_on_cpu, &m[i]);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_EQ(mem_read(&m[0], DATA), rounds);
	CHECK_EQ(mem_read(&m[1], DATA), rounds);
}

/* --- beside KVM --- */

static int shell(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void kvm_keeps_the_hardware_it_has(void)
{
	struct machine kvm, ours;
	int dev;

	if (shell("modprobe kvm-amd npt=0 2>/dev/null"))
		SKIP("no kvm-amd here");
	/* From 6.12 on KVM has SVM on only while it has a VM (enable_virt_at_load=0). */
	device_path = "/dev/kvm";
	machine_init(&kvm);
	still_runs(&kvm);
	device_path = "/dev/shadowpt";
	dev = device_open();
	CHECK_ERRNO(ioctl(dev, KVM_CREATE_VM, 0), EBUSY);
	still_runs(&kvm);
	machine_free(&kvm);
	CHECK_EQ(shell("modprobe -r kvm-amd"), 0);
	machine_init(&ours);
	still_runs(&ours);
	machine_free(&ours);
	close(dev);
	/* And KVM gets it back. */
	CHECK_EQ(shell("modprobe kvm-amd npt=0"), 0);
	device_path = "/dev/kvm";
	machine_init(&kvm);
	still_runs(&kvm);
	machine_free(&kvm);
	CHECK_EQ(shell("modprobe -r kvm-amd"), 0);
}

int main(int argc, char **argv)
{
	selftest_init(argc, argv);
	if (!on_shadowpt()) {
		printf("1..0 # SKIP only for shadowpt\n");
		return KSFT_SKIP;
	}
	parameters_keep();

	RUN(close_order_does_not_matter);
	RUN(a_vcpu_runs_on_after_its_vm_is_closed);
	RUN(run_page_can_be_read_after_the_vcpu_is_closed);
	RUN(a_vm_belongs_to_one_address_space);
	RUN(a_child_may_close_last);
	RUN(a_child_may_outlive_its_parent);
	RUN(exec_closes_everything);
	RUN(killed_at_any_moment_nothing_stays);

	RUN(rmmod_is_refused_while_anything_lives);
	RUN(load_and_unload_many_times);
	RUN(module_parameters_are_checked);

	RUN(memory_is_charged_and_given_back);
	RUN(rlimit_memlock_holds);
	RUN(only_root_may_open_the_device);
	RUN(machines_leave_no_memory_behind);
	RUN(out_of_memory_is_an_error);
	RUN(sixteen_shadow_pages_are_enough);

	RUN(cpus_come_and_go_under_a_machine);
	RUN(two_machines_run_at_once);
	RUN(kvm_keeps_the_hardware_it_has);
	return tap_done();
}
