// SPDX-License-Identifier: GPL-2.0-only
/* A bundle, the runtime, and what is left behind: see run.h. Called by step.c. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../bundle/bundle.h"
#include "../../path/tree.h"
#include "cleanup.h"

/* Places that the runtime mounts on. */
static const char *const places[] = { "proc", "dev", "sys", "etc", "etc/resolv.conf", "etc/hosts" };

#define PLACES (sizeof(places) / sizeof(places[0]))

/* --- config.json --- */

static void add_mount(json_object *mounts, const char *file)
{
	json_object *mount = json_object_new_object(), *options = json_object_new_array();

	json_object_object_add(mount, "destination", json_object_new_string(file));
	json_object_object_add(mount, "source", json_object_new_string(file));
	json_object_object_add(mount, "type", json_object_new_string("bind"));
	json_object_array_add(options, json_object_new_string("bind"));
	json_object_array_add(options, json_object_new_string("ro"));
	json_object_object_add(mount, "options", options);
	json_object_array_add(mounts, mount);
}

static void use_network(json_object *config, json_object *section)
{
	json_object *list, *item, *type, *mounts;

	json_object_object_get_ex(section, "namespaces", &list);
	for (size_t i = json_object_array_length(list); i-- > 0;) {
		item = json_object_array_get_idx(list, i);
		json_object_object_get_ex(item, "type", &type);
		if (!strcmp(json_object_get_string(type), "network"))
			json_object_array_del_idx(list, i, 1);
	}
	json_object_object_get_ex(config, "mounts", &mounts);
	if (!access("/etc/resolv.conf", R_OK))
		add_mount(mounts, "/etc/resolv.conf");
	if (!access("/etc/hosts", R_OK))
		add_mount(mounts, "/etc/hosts");
}

static json_object *id_map(unsigned int host)
{
	json_object *list = json_object_new_array(), *map = json_object_new_object();

	json_object_object_add(map, "containerID", json_object_new_int(0));
	json_object_object_add(map, "hostID", json_object_new_int64(host));
	json_object_object_add(map, "size", json_object_new_int(1));
	json_object_array_add(list, map);
	return list;
}

/* Who is not root is root of a user namespace of one id, and limits nothing. */
static void use_user_namespace(json_object *config, json_object *section)
{
	json_object *list, *user = json_object_new_object(), *mounts, *options;

	json_object_object_add(user, "type", json_object_new_string("user"));
	json_object_object_get_ex(section, "namespaces", &list);
	json_object_array_add(list, user);
	json_object_object_add(section, "uidMappings", id_map(geteuid()));
	json_object_object_add(section, "gidMappings", id_map(getegid()));
	json_object_object_del(section, "resources");
	json_object_object_get_ex(config, "mounts", &mounts);
	for (size_t i = 0; i < json_object_array_length(mounts); i++) {
		if (!json_object_object_get_ex(json_object_array_get_idx(mounts, i), "options", &options))
			continue;
		for (size_t k = json_object_array_length(options); k-- > 0;)
			if (!strcmp(json_object_get_string(json_object_array_get_idx(options, k)), "gid=5"))
				json_object_array_del_idx(options, k, 1);
	}
}

/* ENV is the stronger: an ARG of the same name is hidden by it. */
static void add_arguments(const struct stage *stage, json_object *env)
{
	size_t own = json_object_array_length(env);

	for (size_t i = 0; i < stage->arguments.count; i++) {
		size_t length = strcspn(stage->arguments.at[i], "=") + 1, k;

		for (k = 0; k < own; k++)
			if (!strncmp(json_object_get_string(json_object_array_get_idx(env, k)),
				     stage->arguments.at[i], length))
				break;
		if (k == own)
			json_object_array_add(env, json_object_new_string(stage->arguments.at[i]));
	}
}

static int make_bundle(struct build *build, struct stage *stage, json_object *command,
		       bool network, const char *name, struct error *err)
{
	struct image_config view = { .json = stage->config, .run = stage->run };
	cleanup_put json_object *config = NULL;
	json_object *process, *section, *env, *root;
	char path[PATH_MAX + 32];
	cleanup_close int folder = -1;
	int ret = bundle_config(&view, stage->root, &config, err);

	if (ret)
		return ret;
	json_object_object_get_ex(config, "process", &process);
	json_object_object_get_ex(config, "linux", &section);
	json_object_object_get_ex(config, "root", &root);
	json_object_object_get_ex(process, "env", &env);
	add_arguments(stage, env);
	json_object_object_add(process, "args", json_object_get(command));
	json_object_object_add(process, "noNewPrivileges", json_object_new_boolean(false));
	json_object_object_add(config, "hostname", json_object_new_string("build"));
	snprintf(path, sizeof(path), "%s/%s", build->work_path, stage->folder);
	json_object_object_add(root, "path", json_object_new_string(path));
	if (network)
		use_network(config, section);
	if (geteuid())
		use_user_namespace(config, section);
	if (mkdirat(build->work, name, 0700))
		return error_errno(err, errno, NULL, "build: %s", build->work_path);
	folder = openat(build->work, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? error_errno(err, errno, NULL, "build: %s", build->work_path)
			  : bundle_write(folder, config, err);
}

/* --- places --- */

/* It is not there, or leads nowhere. Anything else is no answer. */
static bool is_absent(int failed)
{
	return failed == ENOENT || failed == ENOTDIR || failed == ELOOP;
}

static int find_missing(int root, bool missing[PLACES], struct error *err)
{
	for (size_t i = 0; i < PLACES; i++) {
		int fd = inroot_open(root, places[i], O_PATH | O_NOFOLLOW);

		missing[i] = fd < 0;
		if (fd < 0 && !is_absent(-fd))
			return error_errno(err, -fd, NULL, "build: RUN: %s", places[i]);
		cleanup_fd(&fd);
	}
	return 0;
}

static int remove_empty(int root, const char *place)
{
	const char *name;
	cleanup_close int parent = tree_parent(root, place, false, &name);
	struct stat info;

	if (parent < 0)
		return is_absent(-parent) ? 0 : parent;
	if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW))
		return is_absent(errno) ? 0 : -errno;
	if (!S_ISDIR(info.st_mode) && (!S_ISREG(info.st_mode) || info.st_size))
		return 0;
	if (!unlinkat(parent, name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0))
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? 0 : -errno;
}

/* What was not there, and is empty now, was made for a mount; left, it would be in the image. */
static int remove_places(int root, const bool missing[PLACES], struct error *err)
{
	for (size_t i = PLACES; i-- > 0;) {
		int ret = missing[i] ? remove_empty(root, places[i]) : 0;

		if (ret)
			return error_errno(err, -ret, NULL, "build: RUN: %s: made for a mount: cannot be "
					   "removed", places[i]);
	}
	return 0;
}

/* --- the runtime --- */

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
}

static int find_runtime(char path[PATH_MAX], struct error *err)
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (length < 0)
		return error_errno(err, errno, "is /proc mounted?", "build: /proc/self/exe");
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (slash - path > PATH_MAX - 8)
		return error_set(err, ENAMETOOLONG, "build: %.200s: the path is too long", path);
	strcpy(slash + 1, "cell");
	return access(path, X_OK) ? error_errno(err, errno, "RUN needs the runtime cell beside "
						"cell-image", "build: %.300s", path) : 0;
}

/* @output: where both of its streams go */
static pid_t start(const char *runtime, char *const argv[], int output)
{
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv(runtime, argv);
	_exit(127);
}

/* The command is the container's first process, and would not hear a signal; so the container goes. */
static void stop_container(const char *runtime, char *state, char *id)
{
	char *const argv[] = { "cell", "--root", state, "delete", "--force", id, NULL };
	pid_t pid = start(runtime, argv, STDERR_FILENO);

	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int wait_for(pid_t pid, const char *runtime, char *state, char *id)
{
	bool told = false;
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (stopped && !told) {
			told = true;
			stop_container(runtime, state, id);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* With --quiet, what a command says is shown only if it fails. */
static int open_output(const struct build *build)
{
	int fd = build->options->quiet ? memfd_create("output", MFD_CLOEXEC) : -1;

	return fd >= 0 ? fd : dup(STDERR_FILENO);
}

static void show_output(int output)
{
	off_t at = 0;

	while (sendfile(STDERR_FILENO, output, &at, 1 << 20) > 0)
		;
}

static int run_bundle(struct build *build, const char *name, struct error *err)
{
	cleanup_close int output = open_output(build);
	struct sigaction action = { .sa_handler = on_signal }, old[3];
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	char runtime[PATH_MAX], state[PATH_MAX + 32], bundle[PATH_MAX + 32], id[64];
	char *const argv[] = { "cell", "--root", state, "run", "--bundle", bundle, id, NULL };
	int ret = find_runtime(runtime, err);
	pid_t pid;

	if (ret)
		return ret;
	snprintf(state, sizeof(state), "%s/state", build->work_path);
	snprintf(bundle, sizeof(bundle), "%s/%s", build->work_path, name);
	snprintf(id, sizeof(id), "build-%d-%s", getpid(), name);
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &action, &old[i]);
	fflush(NULL);
	pid = start(runtime, argv, output);
	ret = pid < 0 ? error_errno(err, errno, NULL, "build: fork") : wait_for(pid, runtime, state, id);
	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &old[i], NULL);
	if (ret && build->options->quiet)
		show_output(output);
	if (stopped)
		return error_set(err, EINTR, "build: stopped by signal %d", (int)stopped);
	return ret;
}

int run_command(struct build *build, struct stage *stage, json_object *command, bool network,
		struct error *err)
{
	bool missing[PLACES];
	char name[32];
	int ret;

	snprintf(name, sizeof(name), "run-%u", build->runs++);
	ret = make_bundle(build, stage, command, network, name, err);
	if (ret)
		return ret;
	ret = find_missing(stage->root, missing, err);
	if (!ret)
		ret = run_bundle(build, name, err);
	return ret ? ret : remove_places(stage->root, missing, err);
}
