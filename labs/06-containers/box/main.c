// SPDX-License-Identifier: GPL-2.0-only
/*
 * box: a container that is read in one sitting. This file: the command line, and the order of things.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

#include "box.h"

static const char usage[] =
	"usage: box [OPTION]... IMAGE COMMAND [ARGUMENT]...\n"
	"Runs a command in a container. IMAGE is a folder with `layers`: names of tar files in it, lowest first.\n"
	"  --name NAME             host name, and name of its cgroup (box)\n"
	"  --folder DIR            where its files are while it runs (/tmp/box-NAME); --keep: and stay\n"
	"  --ids BASE:COUNT        its root and others are these users outside (root: 100000:65536; else oneself)\n"
	"  --memory SIZE  --pids N  --cpu PERCENT  --weight N\n"
	"                          limits; SIZE with K, M or G; PERCENT of one processor; N of 1 to 10000 beside 100\n"
	"  --cgroups DIR           in which cgroup, for limits (/sys/fs/cgroup/boxes)\n"
	"  --caps NAME,...         capabilities that it keeps; none: none\n"
	"  --wire IN/BITS:OUT      a wire out of it, and the addresses of its ends\n"
	"Status: the command's; 128 + N if signal N ended it; 125 if box could not, 126 and 127 as a shell.\n";

/* As in <linux/capability.h>, without CAP_. */
static const char *const cap_names[] = {
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
	"lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
};

#define CAP(name) (1ULL << CAP_##name)
/* What programs that run as root, and know nothing of boxes, are used to. */
static const uint64_t caps_default = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) |
	CAP(KILL) | CAP(NET_BIND_SERVICE) | CAP(SETFCAP) | CAP(SETGID) | CAP(SETPCAP) | CAP(SETUID) |
	CAP(SYS_CHROOT);

/* --- the command line --- */

/* A number from @least to @most, and nothing after it but what @rest allows; or trouble(). */
static int number(const char *option, const char *text, uint64_t least, uint64_t most, char **rest,
		  uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno || *value < least || *value > most ||
	    (rest ? false : *end != '\0'))
		return trouble(0, "bad value: %s %s: a number from %llu to %llu", option, text,
			       (unsigned long long)least, (unsigned long long)most);
	if (rest)
		*rest = end;
	return 0;
}

static int parse_memory(const char *text, uint64_t *octets)
{
	char *unit;
	int shift;

	if (number("--memory", text, 1, 1ULL << 33, &unit, octets))
		return -1;
	shift = *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
	if (shift)
		unit++;
	if (*unit)
		return trouble(0, "bad value: --memory %s: a number, and K, M or G", text);
	*octets <<= shift;
	return 0;
}

static int parse_ids(const char *text, struct ids *ids)
{
	uint64_t base, count;
	char *rest;

	if (number("--ids", text, 0, UINT32_MAX - 1, &rest, &base))
		return -1;
	if (*rest != ':')
		return trouble(0, "bad value: --ids %s: BASE:COUNT", text);
	if (number("--ids", rest + 1, 1, UINT32_MAX - base, NULL, &count))
		return -1;
	*ids = (struct ids){ (unsigned int)base, (unsigned int)count };
	return 0;
}

static int parse_caps(char *text, uint64_t *caps)
{
	const size_t count = sizeof(cap_names) / sizeof(cap_names[0]);

	*caps = 0;
	if (!strcmp(text, "none"))
		return 0;
	for (char *name = strtok(text, ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;

		while (i < count && strcmp(cap_names[i], name))
			i++;
		if (i == count)
			return trouble(0, "no such capability: %s: as in capabilities(7), small letters, without cap_",
				       name);
		*caps |= 1ULL << i;
	}
	return 0;
}

static int parse_wire(const char *text, struct wire *wire)
{
	struct in_addr address;

	if (sscanf(text, "%15[0-9.]/%2u:%15[0-9.]", wire->inside, &wire->prefix, wire->outside) != 3 ||
	    inet_pton(AF_INET, wire->inside, &address) != 1 ||
	    inet_pton(AF_INET, wire->outside, &address) != 1 || wire->prefix < 8 || wire->prefix > 30)
		return trouble(0, "bad value: --wire %s: as 10.1.2.2/24:10.1.2.1", text);
	return 0;
}

/* It becomes part of paths, and the name of a device. */
static int check_name(const char *name)
{
	const size_t length = strlen(name);

	if (!length || length > 13 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length ||
	    *name == '-')
		return trouble(0, "bad value: --name %s: 1 to 13 letters a to z, digits, '-'", name);
	return 0;
}

enum { NAME = 1, FOLDER, IDS, MEMORY, PIDS, CPU, WEIGHT, CGROUPS, CAPS, WIRE, KEEP, HELP };

static const struct option options[] = {
	{ "name", 1, NULL, NAME }, { "folder", 1, NULL, FOLDER }, { "ids", 1, NULL, IDS },
	{ "memory", 1, NULL, MEMORY }, { "pids", 1, NULL, PIDS }, { "cpu", 1, NULL, CPU },
	{ "weight", 1, NULL, WEIGHT }, { "cgroups", 1, NULL, CGROUPS }, { "caps", 1, NULL, CAPS },
	{ "wire", 1, NULL, WIRE }, { "keep", 0, NULL, KEEP }, { "help", 0, NULL, HELP }, {},
};

static int parse_option(struct box *box, int option, char *text)
{
	uint64_t value;

	switch (option) {
	case NAME:
		box->name = text;
		return check_name(text);
	case FOLDER:
		box->folder = text;
		/* it becomes part of overlayfs' options */
		return strpbrk(text, ",:\\\"") || *text != '/' || strlen(text) > 200
			? trouble(0, "bad value: --folder %s: a path from / on, of 200 octets at most, without ',' ':' '\\' '\"'", text)
			: 0;
	case IDS:
		return parse_ids(text, &box->ids);
	case MEMORY:
		return parse_memory(text, &box->limits.memory);
	case PIDS:
		return number("--pids", text, 2, 1 << 22, NULL, &box->limits.pids);
	case CPU:
		if (number("--cpu", text, 1, 100000, NULL, &value))
			return -1;
		box->limits.cpu_percent = (unsigned int)value;
		return 0;
	case WEIGHT:
		if (number("--weight", text, 1, 10000, NULL, &value))
			return -1;
		box->limits.weight = (unsigned int)value;
		return 0;
	case CGROUPS:
		box->cgroups = text;
		return strlen(text) > 200 ? trouble(0, "bad value: --cgroups %s: 200 octets at most", text) : 0;
	case CAPS:
		return parse_caps(text, &box->caps);
	case WIRE:
		return parse_wire(text, &box->wire);
	default:
		return trouble(0, "bad usage: try --help");
	}
}

/* Return: 0; -1 after trouble(). */
static int parse(struct box *box, int argc, char **argv, bool *keep)
{
	static char folder[64];
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == '?')
			return trouble(0, "bad usage: %s: no such option, or a value is missing: try --help",
				       argv[optind - 1]);
		if (option == HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (option == KEEP)
			*keep = true;
		else if (parse_option(box, option, optarg))
			return -1;
	}
	if (argc - optind < 2)
		return trouble(0, "bad usage: %s missing: try --help",
			       argc == optind ? "the image is" : "the command is");
	box->layers.image = argv[optind];
	box->command = argv + optind + 1;
	if (!box->folder) {
		snprintf(folder, sizeof(folder), "/tmp/box-%s", box->name);
		box->folder = folder;
	}
	return 0;
}

/* --- a box's life --- */

static void run_command(char *const *command)
{
	static char *const environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
					     "HOME=/root", "TERM=linux", NULL };

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	execvpe(command[0], command, environment);
	trouble(errno, "cannot run: %s", command[0]);
	_exit(errno == ENOENT ? BOX_NOT_FOUND : BOX_CANNOT_RUN);
}

/* Process 1, from its first instruction to its last. */
static void inside(const struct box *box, int ready)
{
	pid_t command;
	char byte;

	if (read(ready, &byte, 1) != 1)
		_exit(BOX_TROUBLE);
	if (spawn_become_root(box))
		_exit(BOX_TROUBLE);
	/* a change of user has cleared it; who started it may have ended meanwhile */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (wire_take(box) || root_enter(box) || root_close_others() || caps_drop(box->caps) ||
	    filter_install(&filter_default))
		_exit(BOX_TROUBLE);
	command = fork();
	if (!command)
		run_command(box->command);
	if (command < 0)
		_exit(trouble(errno, "cannot start a process in the box") ? BOX_TROUBLE : 0);
	_exit(spawn_serve(command));
}

/* Process 1, as it is known here, for the handler. */
static volatile sig_atomic_t first;

static void pass_on(int number)
{
	if (first > 0)
		kill((pid_t)first, number);
}

/* Return: the status of the box. */
static int wait_for(pid_t pid)
{
	const struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	int status;

	first = pid;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return BOX_TROUBLE;
	first = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Makes the box, and is there until it ends. Its cgroup is there. */
static int live(const struct box *box)
{
	int ready[2], status;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return trouble(errno, "cannot make a pipe"), BOX_TROUBLE;
	pid = spawn();
	if (pid < 0) {
		trouble(errno, "cannot make namespaces: is /proc/sys/user/max_user_namespaces 0?");
		status = BOX_TROUBLE;
	} else if (!pid) {
		close(ready[1]);
		inside(box, ready[0]);
	}
	close(ready[0]);
	/* without the byte it ends */
	if (pid > 0 && !spawn_map(box, pid) && !limits_enter(box, pid) && !wire_lay(box, pid))
		(void)!write(ready[1], "", 1);
	close(ready[1]);
	return pid > 0 ? wait_for(pid) : status;
}

int main(int argc, char **argv)
{
	struct box box = { .name = "box", .cgroups = "/sys/fs/cgroup/boxes", .caps = caps_default,
			   .limits = { .memory = UNLIMITED, .pids = UNLIMITED } };
	int status = BOX_TROUBLE;
	bool keep = false;

	box.ids = geteuid() ? (struct ids){ geteuid(), 1 } : (struct ids){ 100000, 65536 };
	/* its modes are the image's, and its folder can be searched by its root */
	umask(0022);
	if (parse(&box, argc, argv, &keep))
		return BOX_TROUBLE;
	if (mkdir(box.folder, 0711)) {
		trouble(errno, "cannot make: %s: is a box of this name running?", box.folder);
		return BOX_TROUBLE;
	}
	if (!layers_unpack(&box) && !limits_make(&box)) {
		status = live(&box);
		if (limits_remove(&box))
			status = BOX_TROUBLE;
	}
	if (!keep && layers_remove(&box))
		status = BOX_TROUBLE;
	return status;
}
