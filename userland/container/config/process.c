// SPDX-License-Identifier: GPL-2.0-only
/* The property process (config.md#process). Called by config.c. */
#include <ctype.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "config.h"

const struct config_process config_process_default = {
	.cwd = "/",
	.umask = -1,
	.oom_score_adj = CONFIG_UNSET,
	.io_class = -1,
	.policy = -1,
};

/* By number: linux/capability.h. */
static const char *const capabilities[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
	"SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
	"IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
	"SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
	"LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
};

int config_capability(const char *name)
{
	if (!strncasecmp(name, "CAP_", 4))
		name += 4;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (!strcasecmp(name, capabilities[i]))
			return (int)i;
	return -1;
}

const char *config_capability_name(unsigned int number)
{
	return number < sizeof(capabilities) / sizeof(capabilities[0]) ? capabilities[number] : NULL;
}

/* A name that this kernel or we do not know must not stop a container (config.md#linux-process). */
static void read_capabilities(const struct node *at, struct config_process *process)
{
	static const char *const sets[CAPS_SETS] = {
		"bounding", "effective", "inheritable", "permitted", "ambient",
	};
	struct node object = node_object(at, "capabilities");

	for (int set = 0; set < CAPS_SETS; set++) {
		size_t count;
		struct node array = node_array(&object, sets[set], &count);

		for (size_t i = 0; i < count; i++) {
			const char *name = node_item_string(&array, i);
			int number = name ? config_capability(name) : -1;

			if (number >= 0)
				process->capabilities[set] |= 1ull << number;
			else if (!process->unknown_capability)
				process->unknown_capability = name;
		}
	}
}

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

#define LIMITS	(sizeof(limits) / sizeof(limits[0]))

static void read_rlimit(const struct node *at, struct config_rlimit *limit,
			const struct config_rlimit *before, size_t count)
{
	size_t k = 0;

	limit->name = node_need_string(at, "type");
	while (k < LIMITS && strcmp(limit->name, limits[k].name) != 0)
		k++;
	if (k == LIMITS) {
		node_bad(at, "type", "expected RLIMIT_NOFILE or another of setrlimit(2): "
			 "it is \"%.40s\"", limit->name);
		return;
	}
	limit->resource = limits[k].resource;
	limit->soft = node_need_u64(at, "soft", UINT64_MAX);
	limit->hard = node_need_u64(at, "hard", UINT64_MAX);
	if (limit->soft > limit->hard)
		node_bad(at, "soft", "is above the hard limit");
	for (size_t i = 0; i < count; i++)
		if (before[i].resource == limit->resource)
			node_bad(at, "type", "%s is there twice", limit->name);
}

static void read_rlimits(const struct node *at, struct config_process *process)
{
	size_t count;
	struct node array = node_array(at, "rlimits", &count);

	if (!count)
		return;
	process->rlimits = reader_alloc(at->reader, count, sizeof(*process->rlimits));
	for (size_t i = 0; process->rlimits && i < count; i++) {
		struct node item = node_item(&array, i);

		read_rlimit(&item, &process->rlimits[i], process->rlimits, i);
		process->rlimit_count = i + 1;
	}
}

static void read_user(const struct node *at, struct config_process *process)
{
	struct node user = node_object(at, "user"), array;
	size_t count;

	/* (uid_t)-1 means "do not change" to setresuid(2). */
	process->uid = (uint32_t)node_u64(&user, "uid", UINT32_MAX - 1, 0);
	process->gid = (uint32_t)node_u64(&user, "gid", UINT32_MAX - 1, 0);
	process->umask = (int)node_int(&user, "umask", 0, 0777, -1);
	array = node_array(&user, "additionalGids", &count);
	if (!count)
		return;
	if (count > NGROUPS_MAX) {
		node_bad(&user, "additionalGids", "has more than %d", NGROUPS_MAX);
		return;
	}
	process->groups = reader_alloc(at->reader, count, sizeof(*process->groups));
	for (size_t i = 0; process->groups && i < count; i++)
		process->groups[i] = (uint32_t)node_item_u64(&array, i, UINT32_MAX - 1);
	process->group_count = process->groups ? count : 0;
}

static void read_scheduler(const struct node *at, struct config_process *process)
{
	static const char *const policies[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",
						"SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE",
						"SCHED_DEADLINE", NULL };
	static const char *const flags[] = { "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
					     "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
					     "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
					     "SCHED_FLAG_UTIL_CLAMP_MAX", NULL };
	struct node object = node_object(at, "scheduler"), array;
	size_t count;

	if (!object.value)
		return;
	node_need_string(&object, "policy");
	process->policy = node_choice(&object, "policy", policies, -1);
	process->nice = (int)node_int(&object, "nice", -20, 19, 0);
	process->priority = (uint32_t)node_u64(&object, "priority", 99, 0);
	process->runtime = node_u64(&object, "runtime", INT64_MAX, 0);
	process->deadline = node_u64(&object, "deadline", INT64_MAX, 0);
	process->period = node_u64(&object, "period", INT64_MAX, 0);
	array = node_array(&object, "flags", &count);
	for (size_t i = 0; i < count; i++) {
		const char *word = node_item_string(&array, i);
		int k = 0;

		while (flags[k] && strcmp(word, flags[k]) != 0)
			k++;
		if (!flags[k])
			node_bad(&object, "flags", "expected SCHED_FLAG_...: one is \"%.40s\"",
				 word);
		process->policy_flags |= 1ull << k;
	}
}

static void read_io_priority(const struct node *at, struct config_process *process)
{
	static const char *const classes[] = { "IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT",
					       "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE", NULL };
	struct node object = node_object(at, "ioPriority");

	if (!object.value)
		return;
	process->io_class = node_choice(&object, "class", classes, 2);
	process->io_priority = (int)node_int(&object, "priority", 0, 7, 4);
}

static void check_env(const struct node *at, const struct config_process *process)
{
	for (size_t i = 0; process->env && process->env[i]; i++) {
		const char *text = process->env[i];

		if (!text[0] || text[0] == '=' || !strchr(text, '='))
			node_bad(at, "env", "entry %zu: expected NAME=VALUE: it is \"%.40s\"", i,
				 text);
	}
}

void config_read_process(const struct node *at, struct config_process *process)
{
	struct node size;

	process->args = node_strings(at, "args");
	if (process->args && !process->args[0])
		node_bad(at, "args", "is empty: expected the program and its arguments");
	process->env = node_strings(at, "env");
	check_env(at, process);
	process->cwd = node_need_string(at, "cwd");
	if (process->cwd[0] != '/')
		node_bad(at, "cwd", "expected an absolute path: it is \"%.60s\"", process->cwd);
	process->terminal = node_bool(at, "terminal", false);
	size = node_object(at, "consoleSize");
	process->rows = (uint16_t)node_u64(&size, "height", UINT16_MAX, 0);
	process->columns = (uint16_t)node_u64(&size, "width", UINT16_MAX, 0);
	read_user(at, process);
	read_capabilities(at, process);
	process->no_new_privileges = node_bool(at, "noNewPrivileges", false);
	process->oom_score_adj = node_int(at, "oomScoreAdj", -1000, 1000, CONFIG_UNSET);
	read_rlimits(at, process);
	process->apparmor_profile = node_string(at, "apparmorProfile", NULL);
	process->selinux_label = node_string(at, "selinuxLabel", NULL);
	read_io_priority(at, process);
	read_scheduler(at, process);
}
