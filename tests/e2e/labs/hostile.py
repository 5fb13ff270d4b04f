"""Submissions to lab 02 that would rather cheat, break the grader, or break the machine.

Each is C for a region. `IN_KERNEL` is how such code can tell where it runs, so that it passes the
host tests and shows its face in the course VM.
"""
from __future__ import annotations

IN_KERNEL = "unsigned long here_;\n\tif ((unsigned long)&here_ >> 63)"

NOT_C = "\tthis is not C;"
ENDLESS = "\tfor (;;)\n\t\t;"
SEGFAULT = "\t*(volatile unsigned long *)0x123450 = 1;"

# Answers of the host's questions, on the channel of the answers.
PRINTS_ANSWERS = """\
	extern long write(int fd, const void *buf, unsigned long n);
	static int asked;
	char text[] = "00 ok gpa 0 level 1 access 7\\n";

	asked++;
	text[0] = '0' + asked / 10 % 10;
	text[1] = '0' + asked % 10;
	write(1, text, sizeof(text) - 1);
	walk->error = 0;
	return -EFAULT;"""

WRITES_RESULTS = """\
	extern int open(const char *path, int flags, ...);
	extern long write(int fd, const void *buf, unsigned long n);
	extern int unlink(const char *path);
	extern int kill(int pid, int sig);
	extern int fork(void);
	extern int getppid(void);
	int fd = open("RESULTS", 0102, 0666);

	write(fd, "{\\"score\\": 100}", 14);
	unlink("VICTIM");
	kill(getppid(), 9);
	while (fork() > 0)
		;
	walk->error = 0;
	return -EFAULT;"""

EARLY_EXIT = """\
	extern _Noreturn void _exit(int status);

	_exit(0);"""

# Before the reference's own code, in the kernel only.
OOPS = "\t{\n\t" + IN_KERNEL + "\n\t\t*(volatile unsigned long *)16 = 1;\n\t}\n"
HANG = "\t{\n\t" + IN_KERNEL + "\n\t\tfor (;;)\n\t\t\t;\n\t}\n"

# INVLPG that does nothing in the kernel but claim success wherever it can.
FORGES = """\
	{
		unsigned long here_;

		if ((unsigned long)&here_ >> 63) {
			struct file;
			extern int _printk(const char *text, ...) __attribute__((weak));
			extern struct file *filp_open(const char *path, int flags, unsigned short mode)
				__attribute__((weak));
			extern long kernel_write(struct file *file, const void *buf, unsigned long n, long long *at)
				__attribute__((weak));
			static const char *const names[] = {
				"/out/vtlb.witness.status", "/out/trap.witness.status",
				"/out/vtlb.pagetables.status", "/out/trap.pagetables.status",
				"/out/vtlb.pagetables.out", "/out/vtlb.witness.out",
			};
			int n;

			for (n = 0; n < 6; n++) {
				struct file *file = filp_open(names[n], 02101, 0644);
				long long at = 0;

				if ((unsigned long)file < -4095ul)
					kernel_write(file, "0\\n", 2, &at);
			}
			_printk("ok 1 - everything\\n1..1\\n");
			return;
		}
	}
"""

# Ends the machine as the course VM's own init does when all is well.
DEBUG_EXIT = """\
	{
		unsigned long here_;

		if ((unsigned long)&here_ >> 63) {
			extern void iowrite8(u8 value, void *port) __attribute__((weak));
			extern void *ioport_map(unsigned long port, unsigned int n) __attribute__((weak));
			unsigned int n;

			for (n = 0; n < 256; n++)
				iowrite8(n, ioport_map(0xf4, 1));
		}
	}
"""
