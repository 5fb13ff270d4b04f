// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command that runs in a box while it is judged: does what a line of its standard input says, and
 * tells what came of it, a line each. agent.py speaks to it. Judging is none of its business.
 *
 * An answer is "ok WORDS", "errno N", "signal N" or "status N".
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1UL << 20)

static void answer(long result)
{
	if (result < 0)
		printf("errno %d\n", errno);
	else
		printf("ok\n");
}

/* In a child, for it may not come back. */
static void in_child(void (*work)(char *), char *text)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		answer(-1);
		return;
	}
	if (!pid) {
		work(text);
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		;
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("status %d\n", WEXITSTATUS(status));
}

static void say_file(int fd)
{
	char text[201];
	ssize_t n;

	if (fd < 0) {
		answer(-1);
		return;
	}
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		answer(-1);
	} else {
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		printf("ok %s\n", text);
	}
	close(fd);
}

static void cat(char *path)
{
	say_file(open(path, O_RDONLY | O_CLOEXEC));
}

static void list(char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder) {
		answer(-1);
		return;
	}
	printf("ok");
	while ((entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			printf(" %s", entry->d_name);
	printf("\n");
	closedir(folder);
}

static void put(char *text)
{
	char *path = strsep(&text, " ");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || !text || write(fd, text, strlen(text)) < 0) {
		answer(-1);
	} else {
		answer(0);
	}
	if (fd >= 0)
		close(fd);
}

static void descriptors(char *unused)
{
	(void)unused;
	printf("ok");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

/* Through each folder that is open, to a file above it. */
static void through(char *path)
{
	for (int fd = 3; fd < 1024; fd++) {
		int found = openat(fd, path, O_RDONLY | O_CLOEXEC);

		if (found >= 0) {
			say_file(found);
			return;
		}
	}
	errno = ENOENT;
	answer(-1);
}

/* Out of a chroot(): a working directory above the root has no root above it. */
static void escape(char *path)
{
	if ((mkdir("/.out", 0700) && errno != EEXIST) || chroot("/.out")) {
		answer(-1);
		return;
	}
	for (int i = 0; i < 100; i++)
		if (chdir(".."))
			break;
	if (chroot(".")) {
		answer(-1);
		return;
	}
	cat(path);
}

static void hog(char *mib)
{
	const unsigned long most = strtoul(mib, NULL, 10);

	for (unsigned long i = 0; i < most; i++) {
		char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED) {
			answer(-1);
			return;
		}
		for (unsigned long at = 0; at < MIB; at += 4096)
			p[at] = 1;
	}
	answer(0);
}

/* As many children as there may be. They are gone afterwards. */
static void forks(char *text)
{
	const int most = atoi(text);
	static pid_t pids[4096];
	int n = 0;

	fflush(stdout);
	while (n < most && n < 4096) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid)
			for (;;)
				pause();
		pids[n++] = pid;
	}
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	printf("ok %d\n", n);
}

/* Processes whose parent ends before them: another one has to reap them. */
static void orphans(char *text)
{
	const int count = atoi(text);

	for (int i = 0; i < count; i++) {
		const struct timespec later = { 0, 100 * 1000 * 1000 };

		if (!fork()) {
			nanosleep(&later, NULL);
			_exit(3);
		}
	}
	printf("ok\n");
}

/* Processes that nobody asks to end, and that would not. */
static void linger(char *text)
{
	const int count = atoi(text);

	for (int i = 0; i < count; i++) {
		if (!fork()) {
			setsid();
			signal(SIGTERM, SIG_IGN);
			signal(SIGHUP, SIG_IGN);
			for (;;)
				pause();
		}
	}
	printf("ok\n");
}

static void burn(char *ms)
{
	const long most = atol(ms);
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < most);
	printf("ok\n");
}

/* Another user, who starts a program that would make root of him. */
static void set_user_id(char *path)
{
	char *argv[] = { path, "whoami", NULL };

	if (setresgid(1, 1, 1) || setresuid(1, 1, 1)) {
		answer(-1);
		return;
	}
	execv(path, argv);
	answer(-1);
}

static void connect_to(char *text)
{
	char *address = strsep(&text, " "), *port = strsep(&text, " ");
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct timeval most = { 2, 0 };

	if (fd < 0 || !port || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
		answer(-1);
		return;
	}
	to.sin_port = htons((unsigned short)atoi(port));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		answer(-1);
		close(fd);
		return;
	}
	say_file(fd);
}

/* One client, who is told a word. Whoever connects to this box's loopback device is served, too. */
static void serve(char *text)
{
	char *port = strsep(&text, " ");
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons((unsigned short)atoi(port));
	if (fd < 0 || !text || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1)) {
		answer(-1);
		return;
	}
	answer(0);
	fflush(stdout);
	if (!fork()) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			(void)!write(client, text, strlen(text));
		_exit(0);
	}
	close(fd);
}

/* --- system calls --- */

static void call_x32(char *unused)
{
	long result;

	(void)unused;
	asm volatile("syscall" : "=a"(result) : "a"(0x40000000L + __NR_getpid) : "rcx", "r11", "memory");
	errno = result < 0 ? (int)-result : 0;
	answer(result < 0 ? -1 : 0);
}

static void call_i386(char *unused)
{
	long result;

	(void)unused;
	/* getpid() by the numbers of 32 bits */
	asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "r8", "r9", "r10", "r11", "memory");
	errno = result < 0 ? (int)-result : 0;
	answer(result < 0 ? -1 : 0);
}

static long call_named(const char *name)
{
	unsigned long args[11] = {};

	if (!strcmp(name, "sethostname"))
		return sethostname("other", 5);
	if (!strcmp(name, "mount"))
		return mount("tmpfs", "/", "tmpfs", 0, NULL);
	if (!strcmp(name, "umount"))
		return umount2("/proc", MNT_DETACH);
	if (!strcmp(name, "unshare"))
		return unshare(CLONE_NEWUSER);
	if (!strcmp(name, "chroot"))
		return chroot("/");
	if (!strcmp(name, "bpf"))
		return syscall(SYS_bpf, 0, args, sizeof(args));
	if (!strcmp(name, "keyctl"))
		return syscall(SYS_keyctl, 0, -1L, 1L);
	if (!strcmp(name, "ptrace"))
		return ptrace(PTRACE_TRACEME, 0, 0, 0);
	if (!strcmp(name, "io_uring"))
		return syscall(SYS_io_uring_setup, 1, args);
	if (!strcmp(name, "clone3"))
		return syscall(SYS_clone3, args, 0);
	if (!strcmp(name, "clone_newuser")) {
		long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

		if (!pid)
			_exit(0);
		return pid;
	}
	if (!strcmp(name, "clone")) {
		long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (!pid)
			_exit(0);
		return pid;
	}
	if (!strcmp(name, "tiocsti"))
		return ioctl(STDIN_FILENO, TIOCSTI, "x");
	/* the kernel reads 32 bits of that argument; a filter sees 64 */
	if (!strcmp(name, "tiocsti_high"))
		return syscall(SYS_ioctl, STDIN_FILENO, 0x700000000UL | TIOCSTI, "x");
	if (!strcmp(name, "getppid"))
		return getppid();
	if (!strcmp(name, "setuid"))
		return setuid(1);
	if (!strcmp(name, "chown"))
		return chown("/", 1, 1);
	errno = ENOSYS;
	return -1;
}

static void call(char *name)
{
	if (!strcmp(name, "x32"))
		call_x32(name);
	else if (!strcmp(name, "i386"))
		call_i386(name);
	else
		answer(call_named(name));
}

static void host_name(char *unused)
{
	char name[65] = "";

	(void)unused;
	gethostname(name, sizeof(name) - 1);
	printf("ok %s\n", name);
}

/* Processes as /proc shows them. */
static void processes(char *unused)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	(void)unused;
	if (!proc) {
		answer(-1);
		return;
	}
	printf("ok");
	while ((entry = readdir(proc)))
		if (*entry->d_name >= '0' && *entry->d_name <= '9')
			printf(" %s", entry->d_name);
	printf("\n");
	closedir(proc);
}

static const struct {
	const char *name;
	void (*work)(char *text);
	bool child;
} commands[] = {
	{ "hostname", host_name, false }, { "processes", processes, false }, { "cat", cat, false },
	{ "list", list, false }, { "put", put, false }, { "descriptors", descriptors, false },
	{ "through", through, false }, { "escape", escape, true }, { "hog", hog, true },
	{ "forks", forks, false }, { "orphans", orphans, true }, { "linger", linger, true },
	{ "burn", burn, true }, { "set_user_id", set_user_id, true },
	{ "connect", connect_to, false }, { "serve", serve, false }, { "call", call, true },
};

int main(int argc, char **argv)
{
	char line[1024];

	if (argc == 2 && !strcmp(argv[1], "whoami")) {
		printf("ok %d\n", geteuid());
		return 0;
	}
	printf("ok here\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		char *text = line, *word;

		line[strcspn(line, "\n")] = '\0';
		word = strsep(&text, " ");
		if (!strcmp(word, "exit"))
			return text ? atoi(text) : 0;
		if (!strcmp(word, "die"))
			raise(text ? atoi(text) : SIGKILL);
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			if (strcmp(word, commands[i].name))
				continue;
			if (commands[i].child)
				in_child(commands[i].work, text ? text : "");
			else
				commands[i].work(text ? text : "");
			break;
		}
		fflush(stdout);
	}
	return 0;
}
