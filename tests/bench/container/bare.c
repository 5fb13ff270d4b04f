// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel takes for a container, and nobody else: bare ROOTFS HIERARCHY...
 *
 * The calls that the bundle of `crun spec` asks for, written down as constants, on a host whose control
 * groups are of version 1: no configuration is read, nothing is checked, nothing that fails is undone, no
 * state is kept. Processes and groups are arranged as cell arranges them: the first process makes groups
 * while its child mounts. Whoever wants to be faster than this has to ask the kernel for less.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define GROUP		"bench-bare"
#define HIERARCHIES	16
#define TO_DESCRIPTORS	(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)
#define HARMLESS	(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define CAPABILITIES	41

#define NEEDS(call)						\
	({							\
		long needed_ = (call);				\
		if (needed_ < 0) {				\
			dprintf(2, "bare: %s: %m\n", #call);	\
			_exit(1);				\
		}						\
		(int)needed_;					\
	})

static const char *const *hierarchies;
static int count, rootfs;
/* Descriptors of the groups, and of mounts that show them. */
static int dirs[HIERARCHIES], trees[HIERARCHIES];

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(dirs) + sizeof(trees))];
};

/* As protect.c: from a copy of its mount that nobody can write. */
static void start_again(char **argv)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	int fd = NEEDS(syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe",
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));

	NEEDS(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)));
	NEEDS(syscall(SYS_execveat, fd, "", argv, (char *[]){ "BARE_AGAIN=1", NULL }, AT_EMPTY_PATH));
}

static void put_text(int dir, const char *name, const char *text)
{
	int fd = NEEDS(openat(dir, name, O_WRONLY | O_CLOEXEC));

	NEEDS(write(fd, text, strlen(text)));
	close(fd);
}

static int copy_of(int place)
{
	return NEEDS(syscall(SYS_open_tree, place, "",
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH));
}

/* Pairs of a key and its value, NULL for a flag. */
static int filesystem(const char *type, const char *const *options, unsigned int attributes)
{
	int fs = NEEDS(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)), tree;

	for (; *options; options += 2)
		NEEDS(syscall(SYS_fsconfig, fs, options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			      options[0], options[1], 0));
	NEEDS(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	tree = NEEDS(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes));
	close(fs);
	return tree;
}

#define OPTIONS(...)	((const char *const[]){ __VA_ARGS__, NULL, NULL })

static void put(int tree, int above, const char *name)
{
	int place = NEEDS(openat(above, name, O_PATH | O_CLOEXEC));

	NEEDS(syscall(SYS_move_mount, tree, "", place, "", TO_DESCRIPTORS));
	close(place);
	close(tree);
}

static void make_world(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	setsid();
	prctl(PR_SET_DUMPABLE, 0);
	NEEDS(sethostname("bare", 4));
	NEEDS(unshare(CLONE_NEWNET));
	fd = NEEDS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	NEEDS(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
	NEEDS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static void mount_all(const char *root)
{
	NEEDS(syscall(SYS_move_mount, rootfs, "", AT_FDCWD, root, MOVE_MOUNT_F_EMPTY_PATH));
	put(filesystem("proc", OPTIONS("source", "proc"), 0), rootfs, "proc");
	put(filesystem("tmpfs", OPTIONS("mode", "755", "size", "65536k"), MOUNT_ATTR_NOSUID), rootfs,
	    "dev");
	mkdirat(rootfs, "dev/pts", 0755);
	put(filesystem("devpts", OPTIONS("newinstance", NULL, "ptmxmode", "0666", "mode", "0620", "gid",
					 "5"), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), rootfs, "dev/pts");
	mkdirat(rootfs, "dev/shm", 0755);
	put(filesystem("tmpfs", OPTIONS("mode", "1777", "size", "65536k"), HARMLESS), rootfs, "dev/shm");
	mkdirat(rootfs, "dev/mqueue", 0755);
	put(filesystem("mqueue", OPTIONS("source", "mqueue"), HARMLESS), rootfs, "dev/mqueue");
	put(filesystem("sysfs", OPTIONS("source", "sysfs"), HARMLESS | MOUNT_ATTR_RDONLY), rootfs, "sys");
}

static void show_groups(void)
{
	struct mount_attr readonly = { .attr_set = HARMLESS | MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	int shown = filesystem("tmpfs", OPTIONS("mode", "755"), HARMLESS);

	put(dup(shown), rootfs, "sys/fs/cgroup");
	for (int i = 0; i < count; i++) {
		const char *name = strrchr(hierarchies[i], '/') + 1;

		NEEDS(syscall(SYS_mount_setattr, trees[i], "", AT_EMPTY_PATH, &readonly,
			      sizeof(readonly)));
		NEEDS(mkdirat(shown, name, 0755));
		put(trees[i], shown, name);
	}
	NEEDS(syscall(SYS_mount_setattr, shown, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)));
	close(shown);
}

static void make_devices(void)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = { { "null", 1, 3 },	   { "zero", 1, 5 },	{ "full", 1, 7 },
		      { "random", 1, 8 },  { "urandom", 1, 9 }, { "tty", 5, 0 } };
	static const struct {
		const char *to, *name;
	} links[] = { { "/proc/self/fd", "fd" },
		      { "/proc/self/fd/0", "stdin" },
		      { "/proc/self/fd/1", "stdout" },
		      { "/proc/self/fd/2", "stderr" },
		      { "pts/ptmx", "ptmx" } };
	int dev = NEEDS(openat(rootfs, "dev", O_PATH | O_CLOEXEC));

	umask(0);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		NEEDS(mknodat(dev, nodes[i].name, S_IFCHR | 0666,
			      makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		NEEDS(symlinkat(links[i].to, dev, links[i].name));
	umask(022);
	close(dev);
}

/* What a host does not have needs no cover. */
static void cover(void)
{
	static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
						"proc/sysrq-trigger" };
	static const char *const folders[] = { "proc/acpi", "proc/asound", "proc/scsi", "sys/firmware" };
	static const char *const files[] = { "proc/kcore",	"proc/keys",	    "proc/latency_stats",
					     "proc/timer_list", "proc/timer_stats", "proc/sched_debug" };
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int empty = filesystem("tmpfs", OPTIONS("size", "0k", "nr_inodes", "1"),
			       HARMLESS | MOUNT_ATTR_RDONLY);
	int null = NEEDS(open("/dev/null", O_PATH | O_CLOEXEC));

	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++) {
		int place = openat(rootfs, readonly[i], O_PATH | O_CLOEXEC), tree;

		if (place < 0)
			continue;
		tree = copy_of(place);
		NEEDS(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
		NEEDS(syscall(SYS_move_mount, tree, "", place, "", TO_DESCRIPTORS));
		close(tree);
		close(place);
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!faccessat(rootfs, folders[i], F_OK, 0))
			put(copy_of(empty), rootfs, folders[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!faccessat(rootfs, files[i], F_OK, 0))
			put(copy_of(null), rootfs, files[i]);
}

static void enter_root(void)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };

	NEEDS(fchdir(rootfs));
	NEEDS(syscall(SYS_pivot_root, ".", "."));
	NEEDS(umount2(".", MNT_DETACH));
	NEEDS(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &readonly, sizeof(readonly)));
}

static void hand_over(int socket, bool give)
{
	union control control = { .header = { CMSG_LEN(2 * count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	size_t size = (size_t)count * sizeof(int);
	unsigned char *fds = CMSG_DATA(&control.header);
	char word = 0;
	struct iovec data = { &word, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(2 * size) };

	if (give) {
		memcpy(fds, dirs, size);
		memcpy(fds + size, trees, size);
		NEEDS(sendmsg(socket, &message, 0));
	} else {
		NEEDS(recvmsg(socket, &message, MSG_CMSG_CLOEXEC));
		memcpy(dirs, fds, size);
		memcpy(trees, fds + size, size);
	}
}

static void child(int socket, const char *root)
{
	char word = 0;

	make_world();
	mount_all(root);
	hand_over(socket, false);
	for (int i = 0; i < count; i++)
		put_text(dirs[i], "tasks", "0");
	show_groups();
	make_devices();
	cover();
	enter_root();
	NEEDS(write(socket, &word, 1));
	NEEDS(read(socket, &word, 1));
	for (int i = 0; i < CAPABILITIES; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	NEEDS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	close_range(3, ~0u, 0);
	NEEDS(execve("/bin/true", (char *[]){ "true", NULL }, (char *[]){ NULL }));
}

static void fill_group(const char *name, int dir, int above)
{
	static const char *const allowed[] = { "c *:* m",   "b *:* m",	   "c 1:3 rwm", "c 1:8 rwm",
					       "c 1:7 rwm", "c 5:0 rwm",   "c 1:5 rwm", "c 1:9 rwm",
					       "c 136:* rwm", "c 5:2 rwm" };
	static const char *const copied[] = { "cpuset.cpus", "cpuset.mems" };

	for (size_t i = 0; !strcmp(name, "cpuset") && i < ARRAY_SIZE(copied); i++) {
		char text[256];
		int fd = NEEDS(openat(above, copied[i], O_RDONLY | O_CLOEXEC));

		text[NEEDS(read(fd, text, sizeof(text) - 1))] = '\0';
		close(fd);
		put_text(dir, copied[i], text);
	}
	if (strcmp(name, "devices") != 0)
		return;
	put_text(dir, "devices.deny", "a");
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		put_text(dir, "devices.allow", allowed[i]);
}

static void make_groups(const int *above)
{
	for (int i = 0; i < count; i++) {
		NEEDS(mkdirat(above[i], GROUP, 0755));
		dirs[i] = NEEDS(openat(above[i], GROUP, O_PATH | O_CLOEXEC));
		fill_group(strrchr(hierarchies[i], '/') + 1, dirs[i], above[i]);
		trees[i] = copy_of(dirs[i]);
	}
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID,
				   .exit_signal = SIGCHLD };
	int above[HIERARCHIES], pair[2], status;
	char word;
	long pid;

	if (argc < 3 || argc - 2 > HIERARCHIES) {
		fputs("usage: bare ROOTFS HIERARCHY...: mount points of cgroup v1, 16 at most\n", stderr);
		return 2;
	}
	if (!getenv("BARE_AGAIN"))
		start_again(argv);
	hierarchies = (const char *const *)argv + 2;
	count = argc - 2;
	rootfs = NEEDS(syscall(SYS_open_tree, AT_FDCWD, argv[1],
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
	for (int i = 0; i < count; i++)
		above[i] = NEEDS(open(hierarchies[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
	NEEDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	pid = NEEDS(syscall(SYS_clone3, &args, sizeof(args)));
	if (!pid) {
		close(pair[0]);
		child(pair[1], argv[1]);
	}
	close(pair[1]);
	make_groups(above);
	hand_over(pair[0], true);
	for (int i = 0; i < count; i++)
		close(trees[i]);
	NEEDS(read(pair[0], &word, 1));
	NEEDS(write(pair[0], &word, 1));
	NEEDS(waitpid((pid_t)pid, &status, 0));
	for (int i = 0; i < count; i++)
		NEEDS(unlinkat(above[i], GROUP, AT_REMOVEDIR));
	return status ? 1 : 0;
}
