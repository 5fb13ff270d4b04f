/*
 * init.c - process 1 of the course VM, from the initramfs to the final word.
 *
 * The same static program first mounts the root file system (as /init of the initramfs) and
 * then, without being started anew, stays as the guest's agent: it runs the one command that
 * the launcher asked for, sends back what came of it, and ends the machine by writing
 * EXIT_FINISHED to QEMU's isa-debug-exit port. A machine that stops in any other way has not
 * finished: a reset, a panic and a power-off all make QEMU exit 0.
 *
 * main() reads as the checklist of a boot.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT_DEVICE "/dev/pmem0"
#define JOB_DEVICE "/dev/pmem1"
#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define KMEMLEAK_AGE 5

/* Whether this kernel has kmemleak: asked before the command could hide it. */
static bool finds_leaks;

/* Ends the machine with `value` at the exit port. If the port is missing, power off. */
void leave(unsigned int value)
{
	if (ioperm(EXIT_PORT, 4, 1) == 0)
		outl(value, EXIT_PORT);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Adds a line to the kernel's log at a printk level. */
static void log_line(int level, const char *text)
{
	int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (kmsg >= 0) {
		dprintf(kmsg, "<%d>coursevm init: %s\n", level, text);
		close(kmsg);
	}
}

/* Leaves a warning where the scanner of the kernel log finds it (coursevm/vm/klog.py). */
void kernel_warning(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_line(4, text);
}

/* The guest cannot do its duty: tells the host why, on every way that is open, and ends. */
void trouble(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* KERN_ALERT, so that it shows on a quiet console */
	log_line(1, text);
	channel_print(CHANNEL_CONTROL, "trouble %s\n", text);
	leave(EXIT_TROUBLE);
}

/* Writes all of `data`. Returns 0, or -1 with errno set. */
int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= n;
	}
	return 0;
}

/* Writes `text` into an existing file, as echo would. Returns 0, or -1 with errno set. */
int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -1;
	rc = write_all(fd, text, strlen(text));
	close(fd);
	return rc;
}

/* Mounts a file system that the guest cannot work without. */
static void must_mount(const char *source, const char *target, const char *type,
		       unsigned long flags, const char *data)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, data) < 0)
		trouble("mount failed: %s on %s: %s", source, target, strerror(errno));
}

/* Mounts a file system that only some kernels have. */
static void may_mount(const char *source, const char *target, const char *type)
{
	mkdir(target, 0755);
	mount(source, target, type, MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
}

static void mount_early(void)
{
	must_mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	must_mount("proc", "/proc", "proc", 0, NULL);
	must_mount("sysfs", "/sys", "sysfs", 0, NULL);
}

/* Inserts the modules named, in order, by /modules/order; the image builder has sorted them. */
static void load_modules(void)
{
	char name[256], path[300];
	FILE *order = fopen("/modules/order", "re");

	if (!order)
		trouble("list of modules missing: /modules/order: %s", strerror(errno));
	while (fscanf(order, "%255s", name) == 1) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			trouble("module missing: %s: %s", path, strerror(errno));
		if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
			trouble("module does not load: %s: %s", name, strerror(errno));
		close(fd);
	}
	fclose(order);
}

/* Waits until the kernel has made a device node. Drivers probe in the background. */
static void wait_for(const char *path)
{
	for (int tries = 0; tries < 3000; tries++) {
		if (access(path, F_OK) == 0)
			return;
		usleep(10 * 1000);
	}
	trouble("device did not appear: %s: no driver took it within 30 s of guest time", path);
}

/*
 * The image is shared by all runs and mapped read-only by QEMU; what this run writes goes to
 * memory and is gone with it.
 */
static void mount_root(void)
{
	wait_for(ROOT_DEVICE);
	must_mount(ROOT_DEVICE, "/image", "ext4", MS_RDONLY | MS_NOATIME, "noload");
	must_mount("tmpfs", "/cow", "tmpfs", 0, "size=45%,mode=755");
	mkdir("/cow/upper", 0755);
	mkdir("/cow/work", 0755);
	must_mount("overlay", "/root", "overlay", MS_NOATIME,
		   "lowerdir=/image,upperdir=/cow/upper,workdir=/cow/work");
}

/* Makes the overlay the root directory. The initramfs is a ramfs, so there is no pivot_root. */
static void enter_root(void)
{
	static const char *const moved[] = { "/dev", "/proc", "/sys" };
	char target[64];

	for (size_t i = 0; i < sizeof(moved) / sizeof(*moved); i++) {
		snprintf(target, sizeof(target), "/root%s", moved[i]);
		mkdir(target, 0755);
		if (mount(moved[i], target, NULL, MS_MOVE, NULL) < 0)
			trouble("mount cannot be moved: %s: %s", moved[i], strerror(errno));
	}
	if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		trouble("root cannot be entered: %s", strerror(errno));
}

/* All that lives in memory must leave some of it free even when full: 80 % with /cow. */
static void mount_filesystems(void)
{
	must_mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
	must_mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=10%");
	must_mount("tmpfs", "/run", "tmpfs", 0, "size=5%,mode=755");
	must_mount("tmpfs", OUT_DIR, "tmpfs", 0, "size=20%,mode=1777");
	may_mount("cgroup2", "/sys/fs/cgroup", "cgroup2");
	may_mount("debugfs", "/sys/kernel/debug", "debugfs");
	may_mount("tracefs", "/sys/kernel/tracing", "tracefs");
	may_mount("bpf", "/sys/fs/bpf", "bpf");
}

static void bring_up_loopback(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &ifr);
		close(fd);
	}
}

/* The agent must outlive whatever the command does to memory. */
static void prepare_system(void)
{
	sethostname("coursevm", 8);
	bring_up_loopback();
	write_file("/proc/self/oom_score_adj", "-1000");
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	umask(022);
}

/* From here on every kernel message, a WARN's trace too, reaches the console and so the host. */
static void open_kernel_log(void)
{
	channel_boot_log();
	/* absent where the kernel's command line has already settled it */
	write_file("/proc/sys/kernel/printk_devkmsg", "on\n");
	klogctl(8, NULL, 8);
	/* leaks of the boot itself are not the command's; stock kernels have no kmemleak */
	finds_leaks = write_file(KMEMLEAK, "clear") == 0;
}

/*
 * An object is reported if no pointer to it was found in two scans, its contents did not
 * change between them, and it was KMEMLEAK_AGE old when the second began (kmemleak.c:
 * update_checksum, MSECS_MIN_AGE). The report goes to the kernel log in kmemleak's own words.
 */
static void scan_for_leaks(void)
{
	char line[512];
	FILE *report, *kmsg;
	time_t end = time(NULL);

	if (!finds_leaks)
		return;
	write_file(KMEMLEAK, "scan");
	while (time(NULL) <= end + KMEMLEAK_AGE)
		usleep(100 * 1000);
	write_file(KMEMLEAK, "scan");
	report = fopen(KMEMLEAK, "re");
	kmsg = fopen("/dev/kmsg", "we");
	if (!report || !kmsg)
		trouble("leaks cannot be reported: " KMEMLEAK ": %s", strerror(errno));
	setvbuf(kmsg, NULL, _IOLBF, sizeof(line) + 64);
	while (fgets(line, sizeof(line), report)) {
		line[strcspn(line, "\n")] = '\0';
		fprintf(kmsg, "<4>kmemleak: %s\n", line);
	}
	fclose(report);
	fclose(kmsg);
}

int main(void)
{
	struct job job;
	int status;

	mount_early();
	load_modules();
	mount_root();
	enter_root();
	mount_filesystems();
	prepare_system();
	wait_for(JOB_DEVICE);
	channels_open();
	open_kernel_log();

	channel_print(CHANNEL_CONTROL, "ready\n");
	job_wait_for_disk(JOB_DEVICE);
	must_mount(JOB_DEVICE, JOB_DIR, "ext4", MS_NOATIME, NULL);
	job_read(&job);
	status = job_run(&job);

	scan_for_leaks();
	if (archive_send(OUT_DIR) < 0)
		trouble("/out cannot be sent: %s", strerror(errno));
	channel_print(CHANNEL_CONTROL, "status %d\n", status);
	channels_settle(job.settle);
	leave(EXIT_FINISHED);
}
