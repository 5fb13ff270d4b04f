// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.json of a container that was made from an image: the image's (as cell-image unpack wrote
 * it, image-spec conversion.md), with what the command line says. Called by keeper.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../image/bundle/bundle.h"
#include "../path/inroot.h"
#include "cleanup.h"
#include "run.h"

#define FILE_MOST	(1 << 20)
#define PERIOD_US	100000

static json_object *object_in(json_object *json, const char *key)
{
	json_object *value;

	if (json_object_object_get_ex(json, key, &value))
		return value;
	value = json_object_new_object();
	json_object_object_add(json, key, value);
	return value;
}

static json_object *array_in(json_object *json, const char *key)
{
	json_object *value;

	if (json_object_object_get_ex(json, key, &value) &&
	    json_object_is_type(value, json_type_array))
		return value;
	value = json_object_new_array();
	json_object_object_add(json, key, value);
	return value;
}

static void add_text(json_object *array, const char *text)
{
	json_object_array_add(array, json_object_new_string(text));
}

static void set_text(json_object *json, const char *key, const char *text)
{
	json_object_object_add(json, key, json_object_new_string(text));
}

static void append(json_object *to, json_object *image, const char *key)
{
	json_object *part, *from = NULL;

	if (!json_object_object_get_ex(image, "image", &part) ||
	    !json_object_object_get_ex(part, "config", &part) ||
	    !json_object_object_get_ex(part, key, &from) ||
	    !json_object_is_type(from, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(from); i++)
		add_text(to, json_object_get_string(json_object_array_get_idx(from, i)));
}

/* Words of the command line take the place of Cmd, and --entrypoint of both. */
static void set_args(const struct run_options *o, json_object *image, json_object *process)
{
	json_object *args;

	if (!o->command[0] && !o->entrypoint)
		return;
	args = json_object_new_array();
	if (o->entrypoint && *o->entrypoint)
		add_text(args, o->entrypoint);
	else if (!o->entrypoint)
		append(args, image, "Entrypoint");
	for (char **word = o->command; *word; word++)
		add_text(args, *word);
	json_object_object_add(process, "args", args);
}

static void set_variable(json_object *env, const char *word)
{
	const size_t name = strcspn(word, "=");

	for (size_t i = 0; i < json_object_array_length(env); i++) {
		const char *there = json_object_get_string(json_object_array_get_idx(env, i));

		if (!strncmp(there, word, name) && there[name] == '=') {
			json_object_array_put_idx(env, i, json_object_new_string(word));
			return;
		}
	}
	add_text(env, word);
}

static void set_env(const struct run_options *o, json_object *process)
{
	json_object *env = array_in(process, "env");

	if (o->tty)
		set_variable(env, "TERM=xterm");
	for (unsigned int i = 0; i < o->env.count; i++) {
		const char *word = o->env.at[i], *here;
		cleanup_free char *made = NULL;

		if (strchr(word, '=')) {
			set_variable(env, word);
			continue;
		}
		/* A name alone that is not set here is not set there. */
		here = getenv(word);
		if (here && asprintf(&made, "%s=%s", word, here) > 0)
			set_variable(env, made);
	}
}

static int read_users(int root, const char *path, char **text, struct error *err)
{
	ssize_t length;

	*text = malloc(FILE_MOST);
	if (!*text)
		return error_set(err, ENOMEM, "run: no memory");
	length = inroot_read(root, path, *text, FILE_MOST);
	if (length >= 0)
		return 0;
	free(*text);
	*text = NULL;
	if (length == -ENOENT || length == -ENOTDIR)
		return 0;
	return error_errno(err, (int)-length, NULL, "run: -u: /%s of the image", path);
}

/* By the files of the image's tree, which no container writes. */
static int set_user(const struct run_options *o, const char *tree, json_object *process,
		    struct error *err)
{
	cleanup_free char *passwd = NULL, *group = NULL;
	cleanup_close int root = -1;
	char path[PATH_MAX + RUN_TREE + 16], home[sizeof(((struct user *)0)->home) + 8];
	json_object *json, *groups;
	struct user user;
	int ret;

	if (!o->user)
		return 0;
	snprintf(path, sizeof(path), "%s/rootfs", tree);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ret = root < 0 ? error_errno(err, errno, NULL, "run: %s", path)
		       : read_users(root, "etc/passwd", &passwd, err);
	if (!ret)
		ret = read_users(root, "etc/group", &group, err);
	if (!ret)
		ret = user_find_in(o->user, passwd, group, &user, err);
	if (ret)
		return ret;
	json = json_object_new_object();
	json_object_object_add(json, "uid", json_object_new_int64(user.uid));
	json_object_object_add(json, "gid", json_object_new_int64(user.gid));
	groups = array_in(json, "additionalGids");
	for (size_t i = 0; i < user.count; i++)
		json_object_array_add(groups, json_object_new_int64(user.groups[i]));
	json_object_object_add(process, "user", json);
	snprintf(home, sizeof(home), "HOME=%s", user.home);
	set_variable(array_in(process, "env"), home);
	return 0;
}

static json_object *add_mount(json_object *mounts, const char *type, const char *source,
			      const char *destination)
{
	json_object *mount = json_object_new_object();

	set_text(mount, "destination", destination);
	set_text(mount, "type", type);
	set_text(mount, "source", source);
	json_object_array_add(mounts, mount);
	return array_in(mount, "options");
}

static int volume_source(const struct run_volume *v, char source[PATH_MAX], struct error *err)
{
	cleanup_free char *name = strndup(v->source, v->source_length);
	char volumes[PATH_MAX];
	int ret;

	if (!name)
		return error_set(err, ENOMEM, "run: no memory");
	if (!v->named)
		return realpath(name, source) ? 0
					      : error_errno(err, errno, "make it first",
							    "run: -v: %s", name);
	ret = run_data("volumes", volumes, err);
	if (ret)
		return ret;
	if (snprintf(source, PATH_MAX, "%s/%s", volumes, name) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "run: -v: %.60s", name);
	if (mkdir(source, 0755) && errno != EEXIST)
		return error_errno(err, errno, NULL, "run: -v: make volume %s", source);
	return 0;
}

static int add_volumes(const struct run_options *o, json_object *mounts, struct error *err)
{
	for (unsigned int i = 0; i < o->volumes.count; i++) {
		char source[PATH_MAX];
		struct run_volume v;
		json_object *options;
		int ret = run_read_volume(o->volumes.at[i], &v, err);
		cleanup_free char *destination = NULL;

		if (!ret)
			ret = volume_source(&v, source, err);
		if (ret)
			return ret;
		destination = strndup(v.destination, v.destination_length);
		options = add_mount(mounts, "bind", source, destination);
		add_text(options, "rbind");
		add_text(options, "rprivate");
		if (v.read_only)
			add_text(options, "ro");
	}
	return 0;
}

static int copy_octets(const char *source, int in, int out, struct error *err)
{
	char data[16384];
	size_t all = 0;
	ssize_t n;

	while ((n = read(in, data, sizeof(data))) > 0) {
		all += (size_t)n;
		if (all > FILE_MOST)
			return error_set(err, EFBIG, "run: --secret: %s: is larger than %d MiB", source,
					 FILE_MOST >> 20);
		for (ssize_t done = 0, written; done < n; done += written) {
			written = write(out, data + done, (size_t)(n - done));
			if (written < 0)
				return error_errno(err, errno, NULL, "run: --secret: copy %s", source);
		}
	}
	return n ? error_errno(err, errno, NULL, "run: --secret: %s", source) : 0;
}

/* A copy, so that its mode is not the host's file's: whose it is there says nothing inside. */
static int copy_secret(const char *source, const char *place, unsigned int mode, struct error *err)
{
	cleanup_close int in = open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cleanup_close int out = -1;
	struct stat st;
	int ret;

	if (in < 0 || fstat(in, &st))
		return error_errno(err, errno, NULL, "run: --secret: %s", source);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "run: --secret: %s: expected a file", source);
	out = open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return error_errno(err, errno, NULL, "run: --secret: make %s", place);
	ret = copy_octets(source, in, out, err);
	if (!ret && fchmod(out, mode))
		ret = error_errno(err, errno, NULL, "run: --secret: %s", place);
	return ret;
}

static int add_secrets(const struct run_options *o, const char *folder, json_object *mounts,
		       struct error *err)
{
	char place[PATH_MAX + 32];
	int ret = 0;

	snprintf(place, sizeof(place), "%s/secrets", folder);
	if (o->secrets.count && mkdir(place, 0700))
		return error_errno(err, errno, NULL, "run: --secret: make %s", place);
	for (unsigned int i = 0; !ret && i < o->secrets.count; i++) {
		static const char *const options[] = { "bind", "rprivate", "ro", "nosuid", "nodev",
						       "noexec" };
		cleanup_free char *source = NULL, *destination = NULL;
		json_object *list;
		struct run_secret s;

		ret = run_read_secret(o->secrets.at[i], &s, err);
		if (ret)
			break;
		source = strndup(s.source, s.source_length);
		destination = strndup(s.destination, s.destination_length);
		if (!source || !destination)
			return error_set(err, ENOMEM, "run: no memory");
		snprintf(place, sizeof(place), "%s/secrets/%u", folder, i);
		ret = copy_secret(source, place, s.mode, err);
		list = add_mount(mounts, "bind", place, destination);
		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++)
			add_text(list, options[k]);
	}
	return ret;
}

static int add_tmpfs(const struct run_options *o, json_object *mounts, struct error *err)
{
	for (unsigned int i = 0; i < o->tmpfs.count; i++) {
		const char *word = o->tmpfs.at[i];
		const size_t length = strcspn(word, ":");
		cleanup_free char *destination = strndup(word, length);
		json_object *options = add_mount(mounts, "tmpfs", "tmpfs", destination);
		int64_t size;
		char text[48];
		int ret;

		add_text(options, "nosuid");
		add_text(options, "nodev");
		add_text(options, "mode=1777");
		if (!word[length])
			continue;
		ret = run_read_size("--tmpfs", word + length + 1, &size, err);
		if (ret)
			return ret;
		snprintf(text, sizeof(text), "size=%lld", (long long)size);
		add_text(options, text);
	}
	return 0;
}

static void set_number(json_object *json, const char *key, int64_t value)
{
	json_object_object_add(json, key, json_object_new_int64(value));
}

static void set_limits(const struct run_options *o, json_object *limits)
{
	json_object *resources = object_in(limits, "resources"), *part;

	if (o->memory) {
		part = object_in(resources, "memory");
		set_number(part, "limit", o->memory);
	}
	if (o->cpu_quota) {
		part = object_in(resources, "cpu");
		set_number(part, "quota", o->cpu_quota);
		set_number(part, "period", PERIOD_US);
	}
	if (o->cpuset)
		set_text(object_in(resources, "cpu"), "cpus", o->cpuset);
	if (o->pids)
		set_number(object_in(resources, "pids"), "limit", o->pids);
}

static void set_labels(const struct run_options *o, json_object *annotations)
{
	for (unsigned int i = 0; i < o->labels.count; i++) {
		const char *equals = strchr(o->labels.at[i], '=');
		cleanup_free char *name = strndup(o->labels.at[i],
						  (size_t)(equals - o->labels.at[i]));

		set_text(annotations, name, equals + 1);
	}
	set_text(annotations, "cell.image", o->image);
}

static int set_seccomp(const struct run_options *o, json_object *process, json_object *limits,
		       struct error *err)
{
	json_object *bounding = array_in(object_in(process, "capabilities"), "bounding"), *filter;
	int ret = run_seccomp(o->seccomp, bounding, &filter, err);

	if (!ret && filter)
		json_object_object_add(limits, "seccomp", filter);
	return ret;
}

static int change(const struct run_options *o, const char *tree, const char *folder,
		  json_object *image, json_object *config, struct error *err)
{
	json_object *process = object_in(config, "process"), *root = object_in(config, "root");
	json_object *mounts = array_in(config, "mounts");
	char hostname[65];
	int ret;

	set_args(o, image, process);
	set_env(o, process);
	ret = set_user(o, tree, process, err);
	if (!ret)
		ret = add_volumes(o, mounts, err);
	if (!ret)
		ret = add_tmpfs(o, mounts, err);
	/* Last: a volume or memory may lie on /run. */
	if (!ret)
		ret = add_secrets(o, folder, mounts, err);
	if (ret)
		return ret;
	if (o->workdir)
		set_text(process, "cwd", o->workdir);
	if (o->tty)
		json_object_object_add(process, "terminal", json_object_new_boolean(true));
	set_text(root, "path", "rootfs");
	if (o->read_only)
		json_object_object_add(root, "readonly", json_object_new_boolean(true));
	snprintf(hostname, sizeof(hostname), "%.63s", o->id);
	set_text(config, "hostname", o->hostname ? o->hostname : hostname);
	set_limits(o, object_in(config, "linux"));
	/* ping needs no capability where its group may open such sockets (icmp(7)). */
	if (o->world.net.mode != NET_HOST)
		set_text(object_in(object_in(config, "linux"), "sysctl"), "net.ipv4.ping_group_range",
			 "0 2147483647");
	set_labels(o, object_in(config, "annotations"));
	return set_seccomp(o, process, object_in(config, "linux"), err);
}

int run_bundle(const struct run_options *o, const char *tree, json_object *image,
	       const char *folder, struct error *err)
{
	char trees[PATH_MAX], path[PATH_MAX + RUN_TREE + 16], files[PATH_MAX + RUN_TREE + 2];
	json_object *config;
	int ret = run_data("trees", trees, err);

	if (ret)
		return ret;
	snprintf(files, sizeof(files), "%s/%s", trees, tree);
	snprintf(path, sizeof(path), "%s/config.json", files);
	config = json_object_from_file(path);
	if (!config)
		return error_set(err, EINVAL, "run: %s: cannot be read: cell prune, then again", path);
	ret = change(o, files, folder, image, config, err);
	snprintf(path, sizeof(path), "%s/config.json", folder);
	if (!ret && json_object_to_file_ext(path, config, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE))
		ret = error_errno(err, errno, NULL, "run: write %s", path);
	json_object_put(config);
	return ret;
}
