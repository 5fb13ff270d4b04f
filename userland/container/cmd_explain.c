// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell explain: what isolates a container, each beside the host's view: what its processes see, and
 * what is. All of it is read from the kernel as it is now; the configuration is asked only for what
 * the kernel does not tell (the rules of a seccomp filter).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "path/proc.h"

#define TEXT	65536

/**
 * struct look - at one process
 * @proc: the host's procfs
 * @status: of the process, /proc/PID/status
 */
struct look {
	const struct state *state;
	struct config config;
	struct cgroups groups;
	int proc;
	char status[TEXT];
};

static void heading(const char *text)
{
	printf("\n%-16s %-34s %s\n", text, "THE CONTAINER SEES", "THE HOST SEES");
}

static void line(const char *what, const char *inside, const char *outside)
{
	printf("  %-14s %-34s %s\n", what, inside, outside);
}

/* A line "Key:\tvalue" of the status; "" if there is none. */
static const char *field(const struct look *look, const char *key, char *value, size_t room)
{
	size_t length = strlen(key);

	value[0] = '\0';
	for (const char *at = look->status; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!strncmp(at, key, length) && at[length] == ':') {
			at += length + 1;
			at += strspn(at, " \t");
			snprintf(value, room, "%.*s", (int)strcspn(at, "\n"), at);
			break;
		}
	return value;
}

static uint64_t namespace_of(const struct look *look, const char *process, const char *file)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/ns/%s", process, file);
	return fstatat(look->proc, path, &st, 0) ? 0 : (uint64_t)st.st_ino; /* path-layer: procfs */
}

static void read_text(const struct look *look, const char *file, char *text, size_t room)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", look->state->pid, file);
	if (proc_read(look->proc, path, text, room) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* What a namespace means for this container, in a few words. */
static void tell_namespace(const struct look *look, enum config_namespace_kind kind, bool own,
			   char *inside, size_t room)
{
	char value[256], *last;

	inside[0] = '\0';
	if (!own) {
		snprintf(inside, room, "the host's");
		return;
	}
	switch (kind) {
	case NS_PID:
		field(look, "NSpid", value, sizeof(value));
		last = strrchr(value, '\t');
		snprintf(inside, room, "itself as process %.20s", last ? last + 1 : value);
		break;
	case NS_UTS:
		snprintf(inside, room, "host name %.20s", look->config.hostname ?: "of its own");
		break;
	case NS_USER:
		read_text(look, "uid_map", value, sizeof(value));
		snprintf(inside, room, "uids %.*s", (int)room - 8, value + strspn(value, " "));
		break;
	case NS_NETWORK:
		snprintf(inside, room, "devices of its own");
		break;
	case NS_MOUNT:
		snprintf(inside, room, "its own root and mounts");
		break;
	case NS_CGROUP:
		snprintf(inside, room, "its group as /");
		break;
	case NS_IPC:
		snprintf(inside, room, "no queues of others");
		break;
	default:
		snprintf(inside, room, "clocks of its own");
	}
}

static void tell_namespaces(const struct look *look)
{
	char process[16], inside[64], outside[128], network[200];

	heading("NAMESPACES");
	snprintf(process, sizeof(process), "%d", look->state->pid);
	network_show(look->state->id, network, sizeof(network));
	for (int kind = 0; kind < NS_KINDS; kind++) {
		uint64_t its = namespace_of(look, process, config_namespace_files[kind]);
		uint64_t ours = namespace_of(look, "self", config_namespace_files[kind]);

		/* An old kernel does not have them all. */
		if (!its)
			continue;
		tell_namespace(look, (enum config_namespace_kind)kind, its != ours, inside,
			       sizeof(inside));
		if (its == ours)
			snprintf(outside, sizeof(outside), "%" PRIu64 ", the same", ours);
		else
			snprintf(outside, sizeof(outside), "%" PRIu64 ", here %" PRIu64 "%s%s", its, ours,
				 kind == NS_PID ? "; process " : "", kind == NS_PID ? process : "");
		line(config_namespace_names[kind], inside, outside);
	}
	if (network[0])
		line("", "", network);
}

static void size_text(uint64_t octets, char *text, size_t room)
{
	if (octets >= 10ull << 20)
		snprintf(text, room, "%" PRIu64 " MiB", octets >> 20);
	else
		snprintf(text, room, "%" PRIu64 " KiB", octets >> 10);
}

/* The container sees all of the machine in /proc; its group is what it can have. */
static void tell_memory(const struct cgroup_sample *s)
{
	char total[32], used[32], limit[32], outside[128];
	struct sysinfo machine;

	if (sysinfo(&machine))
		return;
	size_text((uint64_t)machine.totalram * machine.mem_unit, total, sizeof(total));
	size_text(s->memory, used, sizeof(used));
	size_text(s->memory_limit, limit, sizeof(limit));
	snprintf(outside, sizeof(outside), "uses %s, may use %s; killed for it: %" PRIu64, used,
		 s->memory_limit ? limit : "all", s->oom_kills);
	line("memory", total, outside);
}

static void read_value(const struct cgroup_hierarchy *h, const char *file, char *text, size_t room)
{
	if (!h || h->dir < 0 || cgroup_read(h->dir, file, text, room) <= 0)
		snprintf(text, room, "-");
}

static void tell_cpu(const struct look *look, const struct cgroup_sample *s)
{
	const struct cgroup_hierarchy *cpu = cgroups_with((struct cgroups *)&look->groups, CG_CPU);
	const struct cgroup_hierarchy *set = cgroups_with((struct cgroups *)&look->groups, CG_CPUSET);
	char quota[64], period[64] = "", weight[64], cpus[128], inside[64], outside[200];

	read_value(cpu, cpu && cpu->v2 ? "cpu.max" : "cpu.cfs_quota_us", quota, sizeof(quota));
	if (cpu && !cpu->v2)
		read_value(cpu, "cpu.cfs_period_us", period, sizeof(period));
	read_value(cpu, cpu && cpu->v2 ? "cpu.weight" : "cpu.shares", weight, sizeof(weight));
	read_value(set, set && set->v2 ? "cpuset.cpus.effective" : "cpuset.cpus", cpus, sizeof(cpus));
	snprintf(inside, sizeof(inside), "%d CPUs, at %.40s", get_nprocs(), cpus);
	snprintf(outside, sizeof(outside), "used %.2f s; %s %s; quota %s%s%s us; held back %.2f s",
		 (double)s->cpu_ns / 1e9, cpu && cpu->v2 ? "weight" : "shares", weight, quota,
		 *period ? " of " : "", period, (double)s->throttled_ns / 1e9);
	line("cpu", inside, outside);
	schedule_show(look->state->id, outside, sizeof(outside));
	if (outside[0])
		line("credit_sched", "", outside);
}

static void tell_groups(const struct look *look)
{
	struct cgroup_sample s;
	char outside[PATH_MAX + 64], limit[32] = "any number";

	heading("CONTROL GROUPS");
	snprintf(outside, sizeof(outside), "%s", look->state->cgroup);
	line("group", look->config.namespaces.listed & 1u << NS_CGROUP ? "/" : outside, outside);
	cgroups_sample((struct cgroups *)&look->groups, &s);
	tell_memory(&s);
	tell_cpu(look, &s);
	if (s.pids_limit)
		snprintf(limit, sizeof(limit), "%" PRIu64, s.pids_limit);
	snprintf(outside, sizeof(outside), "%" PRIu64 " tasks, may have %s", s.pids, limit);
	line("pids", "its own", outside);
}

static void tell_caps(const struct look *look, const char *key, const char *what)
{
	char value[64], names[1024] = "", count[64];
	uint64_t bits = strtoull(field(look, key, value, sizeof(value)), NULL, 16);

	for (unsigned int n = 0; n < 64; n++) {
		const char *name = bits >> n & 1 ? config_capability_name(n) : NULL;
		size_t used = strlen(names);

		if (!strncmp(name ?: "", "CAP_", 4))
			name += 4;
		if (name && used + strlen(name) + 2 < sizeof(names))
			sprintf(names + used, "%s%s", used ? " " : "", name);
	}
	snprintf(count, sizeof(count), "%d capabilities", __builtin_popcountll(bits));
	line(what, bits ? count : "none", names);
}

static void tell_rights(const struct look *look)
{
	char value[128], inside[64], label[128];

	heading("RIGHTS");
	field(look, "Uid", value, sizeof(value));
	snprintf(inside, sizeof(inside), "uid %u", look->config.process.uid);
	snprintf(label, sizeof(label), "uid %.*s", (int)strcspn(value, "\t"), value);
	line("user", inside, label);
	tell_caps(look, "CapBnd", "bounding");
	tell_caps(look, "CapEff", "effective");
	tell_caps(look, "CapInh", "inheritable");
	line("new rights", !strcmp(field(look, "NoNewPrivs", value, sizeof(value)), "1")
			   ? "none by any program" : "by setuid programs", "no_new_privs");
	read_text(look, "attr/current", label, sizeof(label));
	if (label[0])
		line("label", "", label);
}

/* How many system calls get which verdict: the kernel runs the filter, but does not show it. */
static void tell_seccomp(const struct look *look)
{
	static const char *const verdicts[] = { "kill thread", "kill process", "trap", "errno", "trace",
						"allow", "log", "notify" };
	const struct config_seccomp *s = &look->config.seccomp;
	size_t counts[8] = { 0 };
	char value[32], filters[32], outside[200];

	field(look, "Seccomp", value, sizeof(value));
	field(look, "Seccomp_filters", filters, sizeof(filters));
	snprintf(outside, sizeof(outside), "%s filters", filters[0] ? filters : "no count of");
	heading("SYSTEM CALLS");
	line("seccomp", !strcmp(value, "2") ? "some, see below" : "all there are",
	     !strcmp(value, "2") ? outside : "no filter");
	if (!s->present)
		return;
	for (size_t i = 0; i < s->rule_count; i++)
		for (char **name = s->rules[i].names; name && *name; name++)
			counts[s->rules[i].action & 7]++;
	for (int i = 0; i < 8; i++) {
		if (!counts[i] && s->action != i)
			continue;
		snprintf(outside, sizeof(outside), "%zu names%s", counts[i],
			 s->action == i ? ", and all that are not named" : "");
		line("", verdicts[i], outside);
	}
}

static void tell_files(const struct look *look)
{
	size_t masked = 0, readonly = 0, mounts = 0;
	char outside[PATH_MAX + 64], inside[64];
	static char table[TEXT * 4];

	heading("FILES");
	line("root", look->config.readonly ? "/, read-only" : "/", look->state->rootfs);
	snprintf(outside, sizeof(outside), "%d/mountinfo", look->state->pid);
	if (proc_read(look->proc, outside, table, sizeof(table)) >= 0)
		for (const char *at = table; (at = strchr(at, '\n')); at++)
			mounts++;
	snprintf(inside, sizeof(inside), "%zu mounts", mounts);
	for (char **p = look->config.masked_paths; p && *p; p++)
		masked++;
	for (char **p = look->config.readonly_paths; p && *p; p++)
		readonly++;
	snprintf(outside, sizeof(outside), "%zu paths masked, %zu read-only", masked, readonly);
	line("mounts", inside, outside);
	for (size_t i = 0; i < look->config.mount_count; i++)
		if (look->config.mounts[i].bind && look->config.mounts[i].source)
			line("", look->config.mounts[i].destination, look->config.mounts[i].source);
}

static int explain(struct look *look, struct error *err)
{
	const struct state *state = look->state;
	char path[64], command[512];
	ssize_t n;

	look->proc = proc_open(err);
	if (look->proc < 0)
		return look->proc;
	snprintf(path, sizeof(path), "%d/status", state->pid);
	n = proc_read(look->proc, path, look->status, sizeof(look->status));
	if (n < 0)
		return error_errno(err, (int)-n, NULL, "explain: /proc/%s", path);
	snprintf(path, sizeof(path), "%d/cmdline", state->pid);
	n = proc_read(look->proc, path, command, sizeof(command));
	for (ssize_t i = 0; i < n - 1; i++)
		if ((unsigned char)command[i] < ' ' || command[i] == 127)
			command[i] = ' ';
	printf("container %s: %s, process %d: %s\n", state->id, status_names[container_status(state)],
	       state->pid, n > 0 ? command : "");
	tell_namespaces(look);
	tell_groups(look);
	tell_rights(look);
	tell_seccomp(look);
	tell_files(look);
	return 0;
}

int cmd_explain(int argc, char **argv, struct error *err)
{
	static struct look look = { .proc = -1 };
	cleanup_close int dir = -1;
	struct state state;
	int ret;

	if (argc != 2)
		return error_set(err, EUSAGE, "explain: expected a container id: cell explain ID");
	if (cell_root(err) < 0)
		return cell.root;
	ret = state_read(cell.root, argv[1], &state, err);
	if (!ret && !state_alive(&state))
		ret = error_set(err, ESRCH, "explain: container %s: is stopped: there is nothing that "
				"would be isolated", argv[1]);
	if (!ret)
		dir = openat(cell.root, argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	look.state = &state;
	if (!ret)
		ret = config_load(&look.config, dir, "config.json", err);
	if (!ret)
		ret = container_groups(&state, &look.groups, err);
	if (!ret)
		ret = explain(&look, err);
	cgroups_close(&look.groups);
	cleanup_fd(&look.proc);
	config_free(&look.config);
	state_free(&state);
	return ret;
}
