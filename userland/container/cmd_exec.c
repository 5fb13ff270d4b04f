// SPDX-License-Identifier: GPL-2.0-only
/* cell exec: another process in a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "path/inroot.h"
#include "path/proc.h"

struct exec_options {
	const char *id;
	const char *process;
	const char *console_socket;
	const char *pid_file;
	const char *cwd;
	const char *user;
	char *env[256];
	size_t env_count;
	uint64_t capabilities;
	bool no_new_privileges;
	bool detach;
	bool terminal;
	unsigned int preserve_fds;
	char **args;
	const char *cgroup;
};

enum {
	OPTION_CONSOLE = 256,
	OPTION_PID_FILE,
	OPTION_PRESERVE,
	OPTION_CWD,
	OPTION_NO_NEW_PRIVS,
	OPTION_CGROUP,
	OPTION_IGNORED,
};

static int take_option(struct exec_options *o, int option, struct error *err)
{
	char *end;
	int number;

	switch (option) {
	case 'p':
		o->process = optarg;
		return 0;
	case 'd':
		o->detach = true;
		return 0;
	case 't':
		o->terminal = true;
		return 0;
	case 'u':
		o->user = optarg;
		return 0;
	case 'e':
		if (!strchr(optarg, '=') || optarg[0] == '=')
			return error_set(err, EUSAGE, "exec: --env %s: expected NAME=VALUE", optarg);
		if (o->env_count == sizeof(o->env) / sizeof(o->env[0]))
			return error_set(err, EUSAGE, "exec: --env: too many");
		o->env[o->env_count++] = optarg;
		return 0;
	case 'c':
		number = config_capability(optarg);
		if (number < 0)
			return error_set(err, EUSAGE, "exec: --cap %s: there is no such capability",
					 optarg);
		o->capabilities |= 1ull << number;
		return 0;
	case OPTION_CONSOLE:
		o->console_socket = optarg;
		return 0;
	case OPTION_PID_FILE:
		o->pid_file = optarg;
		return 0;
	case OPTION_CWD:
		o->cwd = optarg;
		return 0;
	case OPTION_NO_NEW_PRIVS:
		o->no_new_privileges = true;
		return 0;
	case OPTION_CGROUP:
		o->cgroup = optarg;
		return 0;
	case OPTION_PRESERVE:
		o->preserve_fds = (unsigned int)strtoul(optarg, &end, 10);
		if (!*optarg || *end || o->preserve_fds > 1 << 16)
			return error_set(err, EUSAGE, "exec: --preserve-fds %s: expected a number",
					 optarg);
		return 0;
	case OPTION_IGNORED:
		return 0;
	default:
		return error_set(err, EUSAGE, "exec: see cell --help");
	}
}

static int parse(int argc, char **argv, struct exec_options *o, struct error *err)
{
	static const struct option options[] = {
		{ "process", required_argument, NULL, 'p' },
		{ "detach", no_argument, NULL, 'd' },
		{ "tty", optional_argument, NULL, 't' },
		{ "user", required_argument, NULL, 'u' },
		{ "env", required_argument, NULL, 'e' },
		{ "cap", required_argument, NULL, 'c' },
		{ "console-socket", required_argument, NULL, OPTION_CONSOLE },
		{ "pid-file", required_argument, NULL, OPTION_PID_FILE },
		{ "preserve-fds", required_argument, NULL, OPTION_PRESERVE },
		{ "cwd", required_argument, NULL, OPTION_CWD },
		{ "no-new-privs", no_argument, NULL, OPTION_NO_NEW_PRIVS },
		{ "cgroup", required_argument, NULL, OPTION_CGROUP },
		{ "no-subreaper", no_argument, NULL, OPTION_IGNORED },
		{ NULL, 0, NULL, 0 },
	};
	int option, ret = 0;

	optind = 1;
	while (!ret && (option = getopt_long(argc, argv, "+p:dtu:e:c:", options, NULL)) != -1)
		ret = take_option(o, option, err);
	if (ret)
		return ret;
	if (optind == argc)
		return error_set(err, EUSAGE, "exec: expected a container id: cell exec [OPTION]... ID "
				 "COMMAND [ARGUMENT]...");
	o->id = argv[optind];
	o->args = argv + optind + 1;
	if (!o->process && !o->args[0])
		return error_set(err, EUSAGE, "exec: expected a command, or --process FILE");
	return 0;
}

/* Digits and nothing else, whole: "0x0", "-1", "1000abc" must not become another user. */
static int parse_id(const char *text, size_t length, uint32_t *id)
{
	uint64_t value = 0;

	if (!length || length > 10)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	*id = (uint32_t)value;
	return value >= UINT32_MAX ? -EINVAL : 0;
}

static int parse_user(const char *text, struct config_process *process, struct error *err)
{
	size_t length = strcspn(text, ":");
	const char *group = text[length] ? text + length + 1 : NULL;

#ifdef CELL_WITHOUT_GUARD_USER
	process->uid = (uint32_t)atoi(text);
	return 0;
#endif
	if (parse_id(text, length, &process->uid) ||
	    (group && parse_id(group, strlen(group), &process->gid)))
		return error_set(err, EUSAGE, "exec: --user %s: expected UID or UID:GID, numbers", text);
	return 0;
}

/* The container's own process with what the options change. */
static int change_process(const struct exec_options *o, struct config *config, struct error *err)
{
	struct config_process *process = &config->process;
	size_t count = 0, used = 0;
	char **env;
	int ret;

	if (o->args[0])
		process->args = o->args;
	process->terminal = o->terminal;
	process->no_new_privileges |= o->no_new_privileges;
	if (o->cwd)
		process->cwd = o->cwd;
	if (process->cwd[0] != '/')
		return error_set(err, EUSAGE, "exec: --cwd %s: expected an absolute path", o->cwd);
	ret = o->user ? parse_user(o->user, process, err) : 0;
	if (ret)
		return ret;
	/* Never inheritable: a file's inheritable set would give it to others (CVE-2022-29162). */
	process->capabilities[CAPS_BOUNDING] |= o->capabilities;
	process->capabilities[CAPS_EFFECTIVE] |= o->capabilities;
	process->capabilities[CAPS_PERMITTED] |= o->capabilities;
#ifndef CELL_WITHOUT_GUARD_INHERITABLE
	process->capabilities[CAPS_INHERITABLE] &= process->capabilities[CAPS_AMBIENT];
#else
	process->capabilities[CAPS_INHERITABLE] = process->capabilities[CAPS_BOUNDING];
#endif
	while (process->env && process->env[count])
		count++;
	env = reader_alloc(&config->reader, count + o->env_count + 1, sizeof(*env));
	if (!env)
		return error_set(err, ENOMEM, "exec: no memory");
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(process->env[i], "=") + 1;
		bool replaced = false;

		for (size_t k = 0; k < o->env_count; k++)
			replaced |= !strncmp(process->env[i], o->env[k], length);
		if (!replaced)
			env[used++] = process->env[i];
	}
	for (size_t k = 0; k < o->env_count; k++)
		env[used++] = o->env[k];
	process->env = env;
	return 0;
}

/* What the container was made with, and the process that is to be in it. */
static int load(const struct exec_options *o, struct container *c, struct error *err)
{
	static struct config given;
	cleanup_close int dir = openat(cell.root, o->id, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = config_load(&c->config, dir, "config.json", err);

	if (ret)
		return ret;
	/* Its hooks have had their turn; its limits are there. */
	memset(&c->config.hooks, 0, sizeof(c->config.hooks));
	c->config.personality = CONFIG_UNSET;
	if (!o->process)
		return change_process(o, &c->config, err);
	ret = config_load_process(&given, o->process, err);
	if (ret)
		return ret;
	if (!given.process.args)
		return error_set(err, EINVAL, "%s: .args: is missing: nothing to run", o->process);
	c->config.process = given.process;
	if (o->terminal)
		c->config.process.terminal = true;
	return 0;
}

/* Which of its namespaces are not ours already: to join one's own user namespace is an error. */
static uint64_t differing(pid_t pid)
{
	uint64_t flags = 0;

	for (int kind = 0; kind < NS_KINDS; kind++) {
		char path[64], own[64];
		struct stat theirs, ours;

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, config_namespace_files[kind]);
		snprintf(own, sizeof(own), "/proc/self/ns/%s", config_namespace_files[kind]);
		/* path-layer: of the host's /proc */
		if (!stat(path, &theirs) && !stat(own, &ours) && theirs.st_ino != ours.st_ino)
			flags |= config_namespace_flags[kind];
	}
	return flags;
}

static int own_console(struct container *c, int *ours, struct error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return error_errno(err, errno, NULL, "socketpair");
	c->console = pair[0];
	*ours = pair[1];
	return 0;
}

static int open_container(const struct exec_options *o, struct container *c, struct error *err)
{
	struct state state;
	enum status status;
	int ret = state_read(cell.root, o->id, &state, err);

	if (ret)
		return ret;
	c->id = o->id;
	strcpy(c->bundle, state.bundle);
	strcpy(c->rootfs, state.rootfs);
	c->join = pidfd_open(state.pid, 0);
	status = container_status(&state);
	if (c->join < 0 || (status != STATUS_RUNNING && status != STATUS_CREATED))
		ret = error_set(err, EINVAL, "exec: container %s: container not running: it is %s",
				o->id, status_names[status]);
	else
		c->join_flags = differing(state.pid);
	if (!ret && o->cgroup && (!path_is_clean(o->cgroup) ||
				  strlen(state.cgroup) + strlen(o->cgroup) + 2 > PATH_MAX))
		ret = error_set(err, EUSAGE, "exec: --cgroup %s: expected a group below the "
				"container's, without \"..\"", o->cgroup);
	if (!ret && o->cgroup) {
		strcat(state.cgroup, "/");
		strcat(state.cgroup, o->cgroup);
	}
	if (!ret)
		ret = container_groups(&state, &c->cgroups, err);
	state_free(&state);
	return ret;
}

static char *running_state(const struct container *c, const char *status)
{
	struct state state;
	struct error ignored;
	char *text = NULL;

	if (!state_read(cell.root, c->id, &state, &ignored))
		text = state_json(&state, CELL_SPEC, status, state.pid);
	state_free(&state);
	return text;
}

/* @ours: where its terminal comes to us, or -1; @master: that terminal */
static int begin(const struct exec_options *o, struct container *c, int ours, int *master,
		 struct error *err)
{
	char cache[PATH_MAX + 16], name[64];
	ssize_t length;
	int ret;

	c->joins = true;
	c->state_json = running_state;
	c->preserve_fds = o->preserve_fds;
	c->proc = proc_open(err);
	if (c->proc < 0)
		return c->proc;
	ret = check_preserved(o->preserve_fds, err);
	if (!ret)
		ret = load(o, c, err);
	if (!ret && o->console_socket && c->config.process.terminal) {
		c->console = connect_socket(o->console_socket, "--console-socket", err);
		ret = c->console < 0 ? c->console : 0;
	}
	if (!ret && c->config.process.terminal && c->console < 0)
		ret = error_set(err, EUSAGE, "exec: a terminal with --detach needs --console-socket");
	if (!ret && c->config.seccomp.listener_path) {
		c->listener = connect_socket(c->config.seccomp.listener_path,
					     ".linux.seccomp.listenerPath", err);
		ret = c->listener < 0 ? c->listener : 0;
	}
	snprintf(cache, sizeof(cache), "%s/.seccomp", cell.root_path);
	if (!ret)
		ret = seccomp_compile(c, cache, err);
	if (!ret)
		ret = container_spawn(c, err);
	if (!ret)
		ret = container_ready(c, err);
	if (!ret)
		ret = container_limits(c, err);
	if (!ret && o->pid_file)
		ret = write_pid_file(o->pid_file, c->pid, err);
	if (!ret && c->config.process.terminal && ours >= 0)
		*master = receive_descriptor(ours, name, sizeof(name), &length);
	if (!ret && !o->detach)
		attend_from_now(*master);
	return ret ? ret : container_go(c, true, err);
}

int cmd_exec(int argc, char **argv, struct error *err)
{
	static struct container c = CONTAINER_NONE;
	static struct exec_options o;
	cleanup_close int ours = -1, master = -1;
	int ret = parse(argc, argv, &o, err);

	if (!ret)
		ret = cell_root(err) < 0 ? cell.root : open_container(&o, &c, err);
	if (!ret && !o.console_socket && !o.detach)
		ret = own_console(&c, &ours, err);
	if (!ret)
		ret = begin(&o, &c, ours, &master, err);
	if (ret) {
		container_abandon(&c);
		return ret;
	}
	return o.detach ? 0 : attend(c.pid, c.pidfd, master, err);
}
