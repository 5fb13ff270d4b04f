// SPDX-License-Identifier: GPL-2.0-only
/* cell: builds and runs containers. This file takes the options before the verb and finds it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cell.h"
#include "cleanup.h"

struct cell cell = { .root = -1 };

static const struct verb verbs[] = {
	{ "run", cmd_run, true, "[OPTION]... ID", "create, start, wait, delete" },
	{ "run", cmd_run, true, "--image NAME ...", "the same from an image, see below" },
	{ "create", cmd_create, true, "[OPTION]... ID", "make a container that waits for start" },
	{ "start", cmd_start, false, "ID", "let it become its program" },
	{ "exec", cmd_exec, true, "[OPTION]... ID COMMAND", "another process in it" },
	{ "kill", cmd_kill, false, "[--all] ID [SIGNAL]", "a signal to its first process, or to all" },
	{ "stop", cmd_stop, false, "[-t SECONDS] ID...", "TERM, then KILL; it is not started again" },
	{ "wait", cmd_wait, false, "ID", "until one of an image has ended; its exit status" },
	{ "logs", cmd_logs, false, "[-f] ID", "what a detached one wrote" },
	{ "delete", cmd_delete, false, "[--force] ID...", "remove what is left of it" },
	{ "state", cmd_state, false, "ID", "its state as JSON" },
	{ "list", cmd_list, false, "[-q] [--format json]", "all containers" },
	{ "ps", cmd_ps, false, "[--format json] ID", "its processes" },
	{ "pause", cmd_pause, false, "ID", "freeze all its processes" },
	{ "resume", cmd_resume, false, "ID", "thaw them" },
	{ "update", cmd_update, false, "[OPTION]... ID", "other limits" },
	{ "events", cmd_events, false, "[--stats] ID", "what it uses, as JSON" },
	{ "spec", cmd_spec, false, "[--rootless] [-b DIR]", "write a config.json to begin with" },
	{ "top", cmd_top, false, "[--json] [--sort KEY]", "what each uses, live; -d SECONDS, -n TIMES" },
	{ "explain", cmd_explain, false, "ID", "what isolates it, beside the host's view" },
	{ "features", cmd_features, false, "", "what this runtime can do, as JSON" },
};

#define COUNT	(sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
	puts("usage: cell [OPTION]... VERB ...\n"
	     "Run containers as the OCI runtime specification describes them.\n");
	for (size_t i = 0; i < COUNT; i++)
		printf("  %-10s%-24s%s\n", verbs[i].name, verbs[i].arguments, verbs[i].summary);
	puts("\n  pull, push, load, save, images, inspect, history, tag, rmi, prune, verify, unpack,\n"
	     "  mount, umount, base, build: images, see cell-image --help\n"
	     "  compose: several containers as one, see cell compose --help\n"
	     "\noptions before the verb:\n"
	     "  --root DIR           where containers are kept track of (/run/cell)\n"
	     "  --log FILE           errors go there too; --log-format text or json\n"
	     "  --systemd-cgroup     cgroupsPath is slice:prefix:name; the groups are made directly\n"
	     "  --debug, --version, --help\n"
	     "\noptions of create and run:\n"
	     "  -b, --bundle DIR     the folder with config.json and the root file system (.)\n"
	     "  -f, --config NAME    another name for config.json\n"
	     "  --console-socket S   the terminal goes there; run without it uses ours\n"
	     "  --pid-file FILE      the pid goes there\n"
	     "  --preserve-fds N     descriptors 3 to 2+N stay open\n"
	     "  --no-pivot           for a host whose root is an initramfs\n"
	     "  --no-new-keyring     keep the session's keyring\n"
	     "  -d, --detach         run: do not wait; --keep: do not delete\n"
	     "  --net WORD           none, host, private[:NAME][,via=..][,subnet=..][,ip=..][,alias=..]\n"
	     "  -p, --publish WORD   [ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp]\n"
	     "  --sched WORD         share[:N], lottery[:N], credit[:weight=N,cap=PERCENT,burst=30s]\n"
	     "\ncell run --image NAME [OPTION]... [COMMAND...], --image first; the three above, and:\n"
	     "  --name ID, --hostname NAME, --entrypoint PROGRAM, --label NAME=VALUE\n"
	     "  -e, --env NAME[=VALUE]; -v, --volume FOLDER|VOLUME:/DESTINATION[:ro]; --tmpfs /D[:SIZE]\n"
	     "  -w, --workdir DIR; -u, --user NAME|UID[:GROUP]; --read-only; -t, --tty\n"
	     "  --memory 512m, --cpus 1.5, --cpuset 0-1, --pids N; --seccomp FILE|unconfined\n"
	     "  --secret FILE:/DESTINATION[:MODE]; --log-opt max-size=10m,max-file=2\n"
	     "  -d, --detach; --rm; --restart no|always|unless-stopped|on-failure[:N]; --store DIR\n"
	     "  Without --net it is in the network named default. It stays until cell delete, or --rm.\n"
	     "\noptions of exec: -p, --process FILE; -d, --detach; -t, --tty; -u, --user UID[:GID];\n"
	     "  -e, --env NAME=VALUE; -c, --cap CAP; --cwd DIR; --cgroup PATH; --no-new-privs;\n"
	     "  --console-socket, --pid-file, --preserve-fds\n"
	     "\noptions of update: -r, --resources FILE; --memory, --memory-swap, --memory-reservation,\n"
	     "  --cpu-quota, --cpu-period, --cpu-burst, --cpu-share, --cpu-idle, --cpuset-cpus,\n"
	     "  --cpuset-mems, --pids-limit, --blkio-weight");
}

int cell_root(struct error *err)
{
	if (cell.root < 0)
		cell.root = state_root(cell.root_option, cell.root_path, sizeof(cell.root_path),
				       err);
	return cell.root;
}

void cell_log(const char *level, const char *text)
{
	char when[40];
	FILE *file;

	fprintf(cell.said ?: stderr, "cell: %s%s\n", strcmp(level, "error") != 0 ? "warning: " : "", text);
	fflush(cell.said ?: stderr);
	file = cell.log ? fopen(cell.log, "ae") : NULL;
	if (!file)
		return;
	time_text(when, sizeof(when));
	if (cell.log_json) {
		fprintf(file, "{\"level\":\"%s\",\"msg\":", level);
		json_print_string(file, text);
		fprintf(file, ",\"time\":\"%s\"}\n", when);
	} else {
		fprintf(file, "time=\"%s\" level=%s msg=", when, level);
		json_print_string(file, text);
		fputc('\n', file);
	}
	fclose(file);
}

static int run(const struct verb *verb, char **whole, int argc, char **argv)
{
	struct error err = { "" };
	int ret;

	if (verb->enters)
		beside_remember();
	ret = verb->enters ? protect_self(whole, &err) : 0;

	if (!ret)
		ret = verb->run(argc, argv, &err);
	if (ret >= 0 && (fflush(stdout) || ferror(stdout))) {
		fprintf(stderr, "cell: standard output: cannot write\n");
		return 1;
	}
	if (ret >= 0)
		return ret;
	cell_log("error", err.text);
	return ret == -EUSAGE ? 2 : 1;
}

static int unknown(const char *word)
{
	char text[256];

	snprintf(text, sizeof(text), "%.100s: no such verb: see cell --help", word);
	cell_log("error", text);
	return 2;
}

static int find_verb(int argc, char **argv, int first)
{
	struct error err;

	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(argv[first], verbs[i].name))
			return run(&verbs[i], argv, argc - first, argv + first);
	if (beside_program(argv[first])) {
		int ret = run_beside(beside_program(argv[first]), argv + first - 1, &err);

		if (ret < 0)
			cell_log("error", err.text);
		return ret < 0 ? 1 : ret;
	}
	return unknown(argv[first]);
}

static void print_version(void)
{
	/* podman takes the first word as the runtime's name. */
	puts("cell version " CELL_VERSION "\nspec: " CELL_SPEC "\n+SELINUX +APPARMOR +CAP +SECCOMP "
	     "+EBPF +JSON-C");
}

enum {
	OPTION_ROOT = 256,
	OPTION_LOG,
	OPTION_LOG_FORMAT,
	OPTION_LOG_LEVEL,
	OPTION_SYSTEMD,
	OPTION_ROOTLESS,
	OPTION_DEBUG,
};

static const struct option options[] = {
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "log-format", required_argument, NULL, OPTION_LOG_FORMAT },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "systemd-cgroup", no_argument, NULL, OPTION_SYSTEMD },
	{ "cgroup-manager", required_argument, NULL, OPTION_ROOTLESS },
	{ "rootless", optional_argument, NULL, OPTION_ROOTLESS },
	{ "debug", no_argument, NULL, OPTION_DEBUG },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Returns 0, or an exit status and 1 more. */
static int take_option(int option)
{
	switch (option) {
	case OPTION_ROOT:
		cell.root_option = optarg;
		return 0;
	case OPTION_LOG:
		cell.log = optarg;
		return 0;
	case OPTION_LOG_FORMAT:
		cell.log_json = !strcmp(optarg, "json");
		if (cell.log_json || !strcmp(optarg, "text"))
			return 0;
		fprintf(stderr, "cell: --log-format %s: expected text or json\n", optarg);
		return 3;
	case OPTION_SYSTEMD:
		cell.systemd_cgroup = true;
		return 0;
	case OPTION_DEBUG:
		cell.debug = true;
		return 0;
	case OPTION_LOG_LEVEL:
	case OPTION_ROOTLESS:
		return 0;
	case 'v':
		print_version();
		return 1;
	case 'h':
		print_help();
		return 1;
	default:
		return 3;
	}
}

/* A caller without standard streams must not have its files taken for them. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	if (fd >= 3)
		close(fd);
}

int main(int argc, char **argv)
{
	int option, ret;

	open_standard_streams();
	while ((option = getopt_long(argc, argv, "+vh", options, NULL)) != -1) {
		ret = take_option(option);
		if (ret)
			return ret - 1;
	}
	if (optind == argc) {
		fprintf(stderr, "cell: no verb given: see cell --help\n");
		return 2;
	}
	return find_verb(argc, argv, optind);
}
