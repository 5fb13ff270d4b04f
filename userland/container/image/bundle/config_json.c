// SPDX-License-Identifier: GPL-2.0-only
/*
 * config.json of an image: what the image says (conversion.md), in the container that runtimes
 * give by default. Called by unpack, mount and build.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "cleanup.h"

/* All that is the same for every image. OCI runtime-spec config.md, config-linux.md. */
static const char standard[] =
	"{\"ociVersion\":\"1.0.2\","
	"\"process\":{\"terminal\":false,\"noNewPrivileges\":true,"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}]},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":false},"
	"\"mounts\":["
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
	"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":["
	"\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
	"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
	"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],"
	"\"pids\":{\"limit\":2048}},"
	"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
	"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
	"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
	"\"/proc/scsi\",\"/sys/firmware\",\"/sys/fs/selinux\",\"/sys/dev/block\"],"
	"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

static const char *const capabilities[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
	"CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
	"CAP_SYS_CHROOT",
};

static json_object *strings(const char *const *texts, size_t count)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_string(texts[i]));
	return array;
}

static json_object *capabilities_json(void)
{
	static const char *const sets[] = { "bounding", "effective", "permitted" };
	json_object *object = json_object_new_object();

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		json_object_object_add(object, sets[i],
				       strings(capabilities, sizeof(capabilities) /
							     sizeof(capabilities[0])));
	return object;
}

static json_object *user_json(const struct user *user)
{
	json_object *object = json_object_new_object(), *groups;

	json_object_object_add(object, "uid", json_object_new_int64(user->uid));
	json_object_object_add(object, "gid", json_object_new_int64(user->gid));
	if (user->count) {
		groups = json_object_new_array();
		for (size_t i = 0; i < user->count; i++)
			json_object_array_add(groups, json_object_new_int64(user->groups[i]));
		json_object_object_add(object, "additionalGids", groups);
	}
	return object;
}

static void append(json_object *to, json_object *from)
{
	for (size_t i = 0; from && i < json_object_array_length(from); i++)
		json_object_array_add(to, json_object_get(json_object_array_get_idx(from, i)));
}

static bool has_variable(json_object *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < json_object_array_length(env); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(env, i));

		if (!strncmp(text, name, length) && text[length] == '=')
			return true;
	}
	return false;
}

static json_object *env_json(const struct image_config *config, const struct user *user)
{
	static const char path[] =
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	json_object *env = json_object_new_array();
	char home[sizeof(user->home) + 8];

	append(env, image_config_member(config, "Env"));
	if (!has_variable(env, "PATH"))
		json_object_array_add(env, json_object_new_string(path));
	if (!has_variable(env, "HOME")) {
		snprintf(home, sizeof(home), "HOME=%s", user->home);
		json_object_array_add(env, json_object_new_string(home));
	}
	return env;
}

/* conversion.md: annotations from labels and from what else the image says of itself. */
static json_object *annotations_json(const struct image_config *config)
{
	json_object *object = json_object_new_object(), *labels, *created;

	if (config->platform.os[0])
		json_object_object_add(object, "org.opencontainers.image.os",
				       json_object_new_string(config->platform.os));
	if (config->platform.architecture[0])
		json_object_object_add(object, "org.opencontainers.image.architecture",
				       json_object_new_string(config->platform.architecture));
	if (json_object_object_get_ex(config->json, "created", &created) &&
	    json_object_is_type(created, json_type_string))
		json_object_object_add(object, "org.opencontainers.image.created",
				       json_object_get(created));
	if (image_config_text(config, "StopSignal")[0])
		json_object_object_add(object, "org.opencontainers.image.stopSignal",
				       json_object_new_string(image_config_text(config,
										"StopSignal")));
	labels = image_config_member(config, "Labels");
	if (labels) {
		json_object_object_foreach(labels, key, value)
			json_object_object_add(object, key, json_object_get(value));
	}
	return object;
}

int bundle_config(const struct image_config *config, int root, json_object **json,
		  struct error *err)
{
	json_object *object, *process, *args;
	const char *cwd = image_config_text(config, "WorkingDir");
	struct user user;
	int ret;

	*json = NULL;
	ret = user_find(root, image_config_text(config, "User"), &user, err);
	if (ret)
		return ret;
	object = json_tokener_parse(standard);
	args = json_object_new_array();
	if (!object || !args)
		return error_set(err, ENOMEM, "config.json: out of memory");
	append(args, image_config_member(config, "Entrypoint"));
	append(args, image_config_member(config, "Cmd"));
	/* The specification wants one; an image that names none is for a shell. */
	if (!json_object_array_length(args))
		json_object_array_add(args, json_object_new_string("/bin/sh"));
	json_object_object_get_ex(object, "process", &process);
	json_object_object_add(process, "user", user_json(&user));
	json_object_object_add(process, "args", args);
	json_object_object_add(process, "env", env_json(config, &user));
	json_object_object_add(process, "cwd",
			       json_object_new_string(cwd[0] == '/' ? cwd : "/"));
	json_object_object_add(process, "capabilities", capabilities_json());
	json_object_object_add(object, "annotations", annotations_json(config));
	*json = object;
	return 0;
}

int bundle_write(int folder, json_object *json, struct error *err)
{
	cleanup_close int fd = openat(folder, "config.json.new",
				      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	const char *text = json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t length = text ? strlen(text) : 0;

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || write(fd, "\n", 1) != 1 ||
	    renameat(folder, "config.json.new", folder, "config.json"))
		return error_errno(err, errno ? errno : EIO, NULL, "bundle: write config.json");
	return 0;
}
