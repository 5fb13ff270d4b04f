// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a bundle to a process that waits to become its program. Called by cmd_create.c and cmd_run.c.
 *
 * Everything that can be left behind is made in one order and undone in the reverse by
 * container_unmake(), at whichever step it ends:
 *
 *	state folder, control groups, network, (detached mounts: end with us), process, schedule
 *
 * But groups of cgroup v1 are made while the process gets ready, each of the two on a processor.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"
#include "path/proc.h"

int connect_socket(const char *path, const char *what, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int folder = -1, fd = -1;
	const char *name = strrchr(path, '/');

	/* The room for a path is short: the folder is named by its descriptor. */
	if (strlen(path) < sizeof(address.sun_path)) {
		strcpy(address.sun_path, path);
	} else {
		cleanup_free char *above = strndup(path, name ? (size_t)(name - path) : 0);

		folder = name && above ? open(above, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		if (folder < 0 || snprintf(address.sun_path, sizeof(address.sun_path),
					   "/proc/self/fd/%d%s", folder, name) >=
					  (int)sizeof(address.sun_path))
			return error_errno(err, ENAMETOOLONG, NULL, "%s: %s", what, path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return error_errno(err, errno, "somebody has to listen there", "%s: %s", what, path);
	return keep_fd(&fd);
}

int write_pid_file(const char *path, pid_t pid, struct error *err)
{
	cleanup_close int fd = -1;
	cleanup_free char *temporary = NULL;
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", pid);

	/* Whoever waits for the file must not read half of it. */
	if (asprintf(&temporary, "%s.%d", path, getpid()) < 0)
		return error_set(err, ENOMEM, "--pid-file: no memory");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)length) != length || rename(temporary, path)) {
		int failed = errno;

		unlink(temporary);
		return error_errno(err, failed, NULL, "--pid-file: %s", path);
	}
	return 0;
}

int check_preserved(unsigned int count, struct error *err)
{
	for (unsigned int i = 0; i < count; i++)
		/* One that is closed at execve came from ourselves, not from the caller. */
		if (fcntl(3 + (int)i, F_GETFD) & FD_CLOEXEC)
			return error_set(err, EBADF, "--preserve-fds %u: descriptor %u is not open: "
					 "give as many as there are after 2", count, 3 + i);
	return 0;
}

/* State of a container that is being made, for hooks. */
static char *creation_state(const struct container *c, const char *status)
{
	struct state state = { .owner = geteuid() };
	pid_t pid = 0;
	char *text;

	snprintf(state.id, sizeof(state.id), "%s", c->id);
	strcpy(state.bundle, c->bundle);
	strcpy(state.rootfs, c->rootfs);
	if (c->config.annotations_json)
		state.annotations = strdup(json_object_to_json_string_ext(
			c->config.annotations_json, JSON_C_TO_STRING_PLAIN));
	if (strcmp(status, "stopped") != 0)
		pid = c->pid > 0 ? c->pid : proc_own_pid(c->proc);
	text = state_json(&state, CELL_SPEC, status, pid);
	state_free(&state);
	return text;
}

static int load(const struct create_options *options, struct container *c, struct error *err)
{
	cleanup_close int dir = -1;
	char place[2 * PATH_MAX];
	int ret;

	if (!realpath(options->bundle, c->bundle))
		return error_errno(err, errno, "give a folder with config.json: --bundle DIR",
				   "bundle %s", options->bundle);
	dir = open(c->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_errno(err, errno, NULL, "bundle %s", c->bundle);
	ret = config_load(&c->config, dir, options->config, err);
	if (ret)
		return ret;
	if (!c->config.has_process || !c->config.process.args)
		return error_set(err, EINVAL, "%s: .process.args: is missing: nothing to run",
				 options->config);
	if (c->config.process.unknown_capability) {
		snprintf(place, sizeof(place), ".process.capabilities: %.60s: there is no such "
			 "capability: left out", c->config.process.unknown_capability);
		cell_log("warning", place);
	}
	snprintf(place, sizeof(place), "%s%s%s", c->config.rootfs[0] == '/' ? "" : c->bundle,
		 c->config.rootfs[0] == '/' ? "" : "/", c->config.rootfs);
	if (!realpath(place, c->rootfs))
		return error_errno(err, errno, NULL, "%s: .root.path: %s", options->config, place);
	if (!strcmp(c->rootfs, "/"))
		return error_set(err, EINVAL, "%s: .root.path: %s: is the host's root: give a folder",
				 options->config, c->config.rootfs);
	return 0;
}

/* A container that asks for no limit may do without groups where we cannot make any (rootless). */
static bool asks_for_limits(const struct config_resources *r)
{
	struct config_resources nothing;

	config_resources_unset(&nothing);
	/* Device rules that only deny all are in every default configuration. */
	nothing.devices = r->devices;
	nothing.device_count = r->device_count;
	/* Both began as zeroes, padding as well. */
	return memcmp(&nothing, r, sizeof(nothing)) != 0; /* NOLINT(bugprone-suspicious-memory-comparison) */
}

/*
 * Those of cgroup v1 can wait until the child is there, which has other things to do first. It would
 * not be let into them from a user namespace.
 */
static bool may_be_late(const struct container *c)
{
	return cgroups_versions(&c->cgroups) & CGROUPS_V1 && !geteuid() &&
	       !(c->config.namespaces.listed & 1u << NS_USER);
}

static int find_groups(struct container *c, struct error *err)
{
	int ret = cgroups_find(&c->cgroups, err);

	if (!ret)
		ret = cgroups_path(c->config.cgroups_path, c->id, cell.systemd_cgroup,
				   c->cgroups.path, err);
	if (ret)
		c->cgroups.path[0] = '\0';
	else
		c->late = may_be_late(c);
	return ret;
}

/* Limits are set when all of them are there. */
static int make_groups(struct container *c, unsigned int versions, struct error *err)
{
	int ret = cgroups_create(&c->cgroups, versions, err);

	if (ret && geteuid() && !asks_for_limits(&c->config.resources)) {
		struct error ignored;

		cgroups_remove(&c->cgroups, &ignored);
		c->cgroups.enabled = false;
		c->cgroups.path[0] = '\0';
		return 0;
	}
	if (!ret && c->config.namespaces.listed & 1u << NS_USER && geteuid())
		c->config.resources.device_count = 0;
	if (!ret && versions & CGROUPS_V1)
		ret = cgroups_apply(&c->cgroups, &c->config.resources, err);
	return ret;
}

static int make_late_groups(struct container *c, struct error *err)
{
	int ret = make_groups(c, CGROUPS_V1, err);

	if (ret)
		return ret;
	container_prepare_groups(c);
	return groups_give(c, err);
}

/* The configuration as it is now: `exec` and hooks after the end must not depend on the bundle. */
static int keep_config(const struct container *c, const char *name, int dir, struct error *err)
{
	cleanup_close int bundle = open(c->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int from = openat(bundle, name, O_RDONLY | O_CLOEXEC);
	cleanup_close int to = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				      0600);
	ssize_t n;

	if (from < 0 || to < 0)
		return error_errno(err, errno, NULL, "state: %s: config.json", c->id);
	do
		n = sendfile(to, from, NULL, READER_SIZE);
	while (n > 0);
	return n < 0 ? error_errno(err, errno, NULL, "state: %s: config.json", c->id) : 0;
}

static int listen_for_start(struct container *c, int dir, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/start", dir);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		return error_errno(err, errno, NULL, "state: %s: start", c->id);
	c->start = keep_fd(&fd);
	return 0;
}

static int open_sockets(const struct create_options *options, struct container *c,
			struct error *err)
{
	const char *listener = c->config.seccomp.listener_path;

	if (options->console_socket && !c->config.process.terminal)
		return error_set(err, EINVAL, "--console-socket: .process.terminal is not true: "
				 "there is no terminal to send");
	if (options->console_socket)
		c->console = connect_socket(options->console_socket, "--console-socket", err);
	else if (c->config.process.terminal && c->console < 0)
		return error_set(err, EINVAL, ".process.terminal: is true: give --console-socket");
	if (options->console_socket && c->console < 0)
		return c->console;
	if (!listener)
		return 0;
	c->listener = connect_socket(listener, ".linux.seccomp.listenerPath", err);
	return c->listener < 0 ? c->listener : 0;
}

static int remember(const struct container *c, int dir, struct error *err)
{
	struct state state = { .pid = c->pid, .owner = geteuid() };
	int ret;

	snprintf(state.id, sizeof(state.id), "%s", c->id);
	state.started = process_started(c->pid);
	strcpy(state.bundle, c->bundle);
	strcpy(state.rootfs, c->rootfs);
	strcpy(state.cgroup, c->cgroups.enabled ? c->cgroups.path : "");
	state.cgroup_made = c->cgroups.made;
	time_text(state.created, sizeof(state.created));
	if (c->config.annotations_json)
		state.annotations = strdup(json_object_to_json_string_ext(
			c->config.annotations_json, JSON_C_TO_STRING_PLAIN));
	ret = state_write(dir, &state, err);
	state_free(&state);
	return ret;
}

/* The device where there is one, which then is the caller's to close; else limits of groups. */
static int plan_schedule(const struct schedule *schedule, struct container *c, int *device,
			 struct error *err)
{
	struct cgroups groups = CGROUPS_NONE;
	char said[200], text[256];
	struct config_pair *pair;
	int ret;

	*device = schedule ? schedule_open(err) : -ENOENT;
	if (!schedule || *device >= 0 || *device != -ENOENT)
		return *device < 0 && *device != -ENOENT ? *device : 0;
	pair = reader_alloc(&c->config.reader, 1, sizeof(*pair));
	ret = pair ? cgroups_find(&groups, err) : error_set(err, ENOMEM, "--sched: no memory");
	if (!ret) {
		schedule_as_groups(schedule, &groups, &c->config.resources, pair, said,
				   sizeof(said));
		snprintf(text, sizeof(text), "--sched: credit_sched is not loaded: in its place: %s",
			 said);
		cell_log("warning", text);
	}
	cgroups_close(&groups);
	return ret;
}

/*
 * Is there nothing to be done for it between ready and go? And no hook before ready: who waits for
 * that may be ended by a signal, who has said go keeps signals for the container.
 */
static bool goes_ahead(const struct create_options *options, const struct container *c, int scheduler)
{
	const struct config_hooks *hooks = &c->config.hooks;

	return options->run && !options->pid_file && scheduler < 0 && !c->config.process.terminal &&
	       !makes_namespace(c, NS_USER) && !hooks->count[HOOK_PRESTART] &&
	       !hooks->count[HOOK_CREATE_RUNTIME] && !hooks->count[HOOK_CREATE_CONTAINER] &&
	       !hooks->count[HOOK_POSTSTOP] && !container_has_limits(c);
}

static int make_steps(const struct create_options *options, struct container *c, int dir,
		      struct error *err)
{
	cleanup_close int scheduler = -1;
	char cache[PATH_MAX + 16];
	int ret = plan_schedule(options->schedule, c, &scheduler, err);

	snprintf(cache, sizeof(cache), "%s/.seccomp", cell.root_path);
	if (!ret)
		ret = find_groups(c, err);
	if (!ret)
		ret = make_groups(c, c->late ? CGROUPS_V2 : CGROUPS_ALL, err);
	/* Who is killed from here on has told delete where its groups are, unless it can guess. */
	if (!ret && c->config.cgroups_path)
		ret = remember(c, dir, err);
	if (!ret)
		ret = network_attach(options->net, c, err);
	if (!ret)
		ret = container_prepare(c, err);
	if (!ret)
		ret = seccomp_compile(c, cache, err);
	if (!ret)
		ret = open_sockets(options, c, err);
	if (!ret && !options->run)
		ret = listen_for_start(c, dir, err);
	if (!ret && !c->late)
		container_prepare_groups(c);
	if (!ret)
		ret = container_spawn(c, err);
	/* While the child gets ready. */
	if (!ret && c->late)
		ret = make_late_groups(c, err);
	if (!ret)
		ret = keep_config(c, options->config, dir, err);
	if (!ret)
		ret = remember(c, dir, err);
	if (!ret && goes_ahead(options, c, scheduler)) {
		if (!options->detach)
			attend_from_now(-1);
		container_go_ahead(c);
	}
	if (!ret)
		ret = container_ready(c, err);
	if (!ret && !c->ahead)
		ret = container_limits(c, err);
	if (!ret && scheduler >= 0)
		ret = schedule_join(scheduler, c->id, options->schedule, c->pidfd, err);
	if (!ret && options->pid_file)
		ret = write_pid_file(options->pid_file, c->pid, err);
	return ret;
}

int container_make(const struct create_options *options, struct container *c, struct error *err)
{
	cleanup_close int dir = -1;
	struct stat st;
	int ret = id_check(options->id, err);

	if (!ret)
		ret = check_preserved(options->preserve_fds, err);
	if (!ret)
		ret = cell_root(err) < 0 ? cell.root : 0;
	if (!ret)
		ret = load(options, c, err);
	if (ret)
		return ret;
	c->id = options->id;
	c->preserve_fds = options->preserve_fds;
	c->no_pivot = options->no_pivot;
	c->no_keyring = options->no_keyring;
	c->state_json = creation_state;
	c->proc = proc_open(err);
	if (c->proc < 0)
		return c->proc;
	dir = state_make(cell.root, c->id, err);
	if (dir < 0)
		return dir;
	if (!fstat(dir, &st))
		c->state_inode = st.st_ino;
	ret = make_steps(options, c, dir, err);
	if (ret)
		container_unmake(c);
	state_unlock(dir);
	return ret;
}

/* Whose creation failed after its first hook (runtime.md#lifecycle, steps 3 to 13). */
static void poststop(const struct container *c)
{
	cleanup_free char *state = c->state_json(c, "stopped");
	struct error err;

	if (hooks_run(&c->config.hooks, HOOK_POSTSTOP, state, &err))
		cell_log("warning", err.text);
}

void container_unmake(struct container *c)
{
	struct error ignored;

	container_abandon(c);
	schedule_leave(c->id);
	if (network_detach(c->id, &ignored))
		cell_log("warning", ignored.text);
	cgroups_remove(&c->cgroups, &ignored);
	if (c->hooked)
		poststop(c);
	state_remove(cell.root, c->id, &ignored);
}

enum {
	OPTION_CONSOLE = 256,
	OPTION_PID_FILE,
	OPTION_PRESERVE,
	OPTION_NO_PIVOT,
	OPTION_NO_KEYRING,
	OPTION_NO_SUBREAPER,
	OPTION_KEEP,
	OPTION_IMAGE,
};

int world_take(struct world_options *world, int option, const char *word, struct error *err)
{
	int ret;

	if (!world->nets && !world->ports)
		net_config_init(&world->net);
	if (option == 'S') {
		world->sched = true;
		ret = schedule_parse(word, &world->schedule, err);
	} else if (option == 'p') {
		ret = net_parse_port(&world->net, word, err);
		world->ports = true;
	} else {
		ret = net_parse_network(&world->net, word, world->nets, err);
		world->nets++;
	}
	/* All that can be wrong with a word is how it was written. */
	return ret ? -EUSAGE : 0;
}

int world_settle(struct world_options *world, struct create_options *options, struct error *err)
{
	if (world->sched)
		options->schedule = &world->schedule;
	if (!world->nets && !world->ports)
		return 0;
	options->net = &world->net;
	return net_config_check(&world->net, err) ? -EUSAGE : 0;
}

static int preserve_count(const char *text, unsigned int *count, struct error *err)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || text[0] == '-' || value > 1 << 16)
		return error_set(err, EUSAGE, "--preserve-fds %s: expected a number", text);
	*count = (unsigned int)value;
	return 0;
}

int create_parse(int argc, char **argv, bool run, struct create_options *o, struct error *err)
{
	static const struct option options[] = {
		{ "bundle", required_argument, NULL, 'b' },
		{ "config", required_argument, NULL, 'f' },
		{ "console-socket", required_argument, NULL, OPTION_CONSOLE },
		{ "pid-file", required_argument, NULL, OPTION_PID_FILE },
		{ "preserve-fds", required_argument, NULL, OPTION_PRESERVE },
		{ "no-pivot", no_argument, NULL, OPTION_NO_PIVOT },
		{ "no-new-keyring", no_argument, NULL, OPTION_NO_KEYRING },
		{ "no-subreaper", no_argument, NULL, OPTION_NO_SUBREAPER },
		{ "detach", no_argument, NULL, 'd' },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "net", required_argument, NULL, 'N' },
		{ "publish", required_argument, NULL, 'p' },
		{ "sched", required_argument, NULL, 'S' },
		{ "image", required_argument, NULL, OPTION_IMAGE },
		{ NULL, 0, NULL, 0 },
	};
	static struct world_options world;
	int option, ret = 0;

	*o = (struct create_options){ .bundle = ".", .config = "config.json", .run = run };
	optind = 1;
	while (!ret && (option = getopt_long(argc, argv, "+b:f:dp:", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			o->bundle = optarg;
			break;
		case 'f':
			o->config = optarg;
			break;
		case 'd':
			o->detach = true;
			break;
		case OPTION_CONSOLE:
			o->console_socket = optarg;
			break;
		case OPTION_PID_FILE:
			o->pid_file = optarg;
			break;
		case OPTION_PRESERVE:
			ret = preserve_count(optarg, &o->preserve_fds, err);
			break;
		case OPTION_NO_PIVOT:
			o->no_pivot = true;
			break;
		case OPTION_NO_KEYRING:
			o->no_keyring = true;
			break;
		case OPTION_NO_SUBREAPER:
			break;
		case OPTION_KEEP:
			o->keep = true;
			break;
		case 'N':
		case 'p':
		case 'S':
			ret = world_take(&world, option, optarg, err);
			break;
		case OPTION_IMAGE:
			return error_set(err, EUSAGE, "%s: --image: goes first: cell run --image NAME "
					 "[OPTION]... [COMMAND]...; a container of a bundle has none",
					 argv[0]);
		default:
			return error_set(err, EUSAGE, "%s: see cell --help", argv[0]);
		}
	}
	if (!ret && optind + 1 != argc)
		return error_set(err, EUSAGE, "%s: expected one container id: cell %s [OPTION]... ID",
				 argv[0], argv[0]);
	o->id = argv[optind];
	return ret ? ret : world_settle(&world, o, err);
}
